//! `dingops check`: what the settings say, or what is wrong with them.

use std::collections::BTreeMap;

use super::{CliError, env};
use crate::{
    app,
    config::{self, Confirm, Environment, Limits, Located, RuleEntry, Settings, Who},
    dingtalk::webhook::{CustomRobot, Keyword},
    dispatch::{
        self, Ctx, Membership, Person, Place,
        access::{Missing, Near, RuleName},
        help,
        table::Table,
    },
    locale::Locale,
    reply::{Block, Reply},
    systems,
};

/// Read the settings of the function; print them and its commands, or what is wrong
///
/// Without DINGTALK_APP_SECRET the function does not start; settings with a custom robot are checked all the same,
/// since `send --to robot:NAME` does without it.
#[derive(clap::Args)]
pub(super) struct Check {
    /// Explain whether this person may run COMMAND: a name of `people` or a staff id
    #[arg(long = "as", value_name = "WHO", requires = "command")]
    who: Option<String>,
    /// Where it is said: a name of `groups`, a conversation id, or "private"
    #[arg(long = "in", value_name = "WHERE", requires = "command", default_value = "private")]
    place: String,
    /// WHO administers the organisation
    #[arg(long, requires = "who")]
    admin: bool,
    /// Also call what is configured: DingTalk for an access token, and each system
    #[arg(long, conflicts_with = "who")]
    online: bool,
    /// The command to explain, in quotes
    #[arg(requires = "who")]
    command: Option<String>,
    /// Print the JSON Schema of dingops.toml instead, for editors; needs no variables
    #[arg(long, exclusive = true)]
    schema: bool,
}

impl Check {
    pub(super) fn run(&self) -> Result<(), CliError> {
        if self.schema {
            return super::print(config::SCHEMA);
        }
        if let (Some(who), Some(command)) = (&self.who, &self.command) {
            return self.explain(who, command);
        }
        let (environment, settings, table) = match env("DINGTALK_APP_SECRET") {
            Some(_) => {
                super::load().map(|(environment, settings, table)| (Some(environment), settings, table))
            }
            None => without_secret().map(|(settings, table)| (None, settings, table)),
        }?;
        // Whether codes can be sent in private is for the function to know.
        let openapi = environment.as_ref().is_none_or(|environment| environment.credentials().is_some());
        app::rules(&settings, &table, openapi).map_err(|mistake| settings.mistake(mistake))?;
        let version = match settings.source.is_versioned {
            true => "1",
            false => "taken to be 1: write version = 1, so that a later dingops can tell what to change",
        };
        crate::log::levels()?;
        let robots: Vec<String> =
            settings.robots.iter().map(|(name, robot)| described(name, robot)).collect();
        let reports: Vec<String> = settings.reports.iter().map(|(at, _)| at.text().to_owned()).collect();
        let Limits { per_minute, per_day } = settings.limits;
        let function = match &environment {
            Some(environment) => function(environment, &settings)?,
            None => {
                let none = "none: DINGTALK_APP_SECRET is not set, so only `send --to robot:NAME` works";
                vec![("secret", none.to_owned())]
            }
        };
        let settings_are = format!("{} (SHA-256 {}…)", settings.source.file, settings.source.hash);
        let in_the_clear = systems::in_the_clear(&settings).into_iter();
        let told = |title| {
            format!("{title}: user and password, or a token, over http://; whoever is between reads them")
        };
        let in_the_clear = in_the_clear.map(|title| ("unsafe", told(title))).collect();
        let facts = [
            vec![
                ("settings", settings_are),
                ("version", version.to_owned()),
                ("locale", settings.locale.name().to_owned()),
                ("time zone", settings.zone.iana_name().unwrap_or("UTC").to_owned()),
            ],
            function,
            vec![
                ("corps", or_none(&settings.dingtalk.corps)),
                ("people", names(&settings.people)),
                ("teams", names(&settings.teams)),
                ("groups", names(&settings.groups)),
                ("robots", or_none(&robots)),
                ("reports to", or_none(&reports)),
                ("limits", format!("{per_minute} messages a minute and {per_day} a day for each person")),
            ],
            in_the_clear,
        ];
        let facts = facts.concat().into_iter();
        let facts: String = facts.map(|(name, value)| format!("{name:<10} {value}\n")).collect();
        let rows = table.rows().map(|row| {
            let effect = row.effect.name();
            let names = row.names().collect::<Vec<_>>().join(", ");
            format!("{effect:<10} {names}: {}\n", help::about(row, Locale::En))
        });
        let aliases =
            table.aliases().iter().map(|alias| format!("alias      {}: {}\n", alias.name, alias.run));
        let rules =
            numbered(&settings.rules).map(|(name, rule)| described_rule(name, rule)).collect::<String>();
        super::print(&format!("{facts}\n{}\n{rules}", rows.chain(aliases).collect::<String>()))?;
        // The function starts without them, and somebody should know.
        if let Some(mistake) = systems::off(&settings).first() {
            return Err(CliError::Config(settings.mistake((*mistake).clone())));
        }
        if self.online { online() } else { Ok(()) }
    }

    /// Decides as if somebody had said it there; nothing is run.
    fn explain(&self, who: &str, command: &str) -> Result<(), CliError> {
        let app = super::app()?;
        let settings = app.settings();
        let staff_id = settings.people.get(who).map_or(who, String::as_str).to_owned();
        let private = self.place == "private";
        let conversation_id = settings.groups.get(&self.place).unwrap_or(&self.place).clone();
        let known =
            private || settings.groups.contains_key(&self.place) || conversation_id.starts_with("cid");
        if !known {
            let expected = "a name of [groups], a conversation id (cid…) or private";
            return Err(CliError::Value { name: "--in", expected, came: self.place.clone() });
        }
        if !settings.people.contains_key(who) && !who.chars().any(|c| c.is_ascii_digit()) {
            return Err(CliError::Value {
                name: "--as",
                expected: "a name of `people` or a staff id",
                came: who.to_owned(),
            });
        }
        let person = Person {
            nick: who.to_owned(),
            staff_id: Some(staff_id),
            dingtalk_id: None,
            membership: Membership::Own,
            admin: self.admin,
        };
        let place = Place { private, conversation_id: (!private).then_some(conversation_id), title: None };
        let ctx = Ctx { locale: Locale::En, ..app.ctx(person, place) };
        let explained = match dispatch::explain(command, &ctx) {
            Ok(explained) => explained,
            Err(answered) => return Err(CliError::Usage(written(&answered.reply))),
        };
        let rule = |name: RuleName| {
            let entry = numbered(&settings.rules).find(|(other, _)| *other == name);
            entry.map(|(name, rule)| described_rule(name, rule)).unwrap_or_default()
        };
        super::print(&format!("{}\n", explained.canonical))?;
        match explained.decision {
            Ok(grant) => {
                let confirm = match &grant.confirm {
                    Confirm::Nobody => "allowed".to_owned(),
                    Confirm::Asker => "allowed, once they confirm it".to_owned(),
                    Confirm::Peer(peers) => format!("allowed, once one of {} approves it", who_names(peers)),
                };
                let by = grant.rule.map_or_else(|| "an open command: everyone may run it\n".to_owned(), rule);
                super::print(&format!("{confirm}: {by}"))
            }
            Err(missing) => {
                let nearest = missing.nearest(&ctx.who);
                let why = match nearest.is_empty() {
                    true => missing.sentences(&ctx.who, ctx.locale).join(" "),
                    false => ctx.locale.say("access.rule", &[]),
                };
                let near = |near: &Near| {
                    format!("\n{}\n           {}", rule(near.rule).trim_end(), near.lacking(ctx.locale))
                };
                let by = match missing {
                    Missing::Denied(name) => format!("\n{}", rule(name).trim_end()),
                    _ => nearest.iter().map(near).collect(),
                };
                Err(CliError::NotAllowed(format!("not allowed: {why}{by}")))
            }
        }
    }
}

/// Calls what is configured.
fn online() -> Result<(), CliError> {
    let app = super::app()?;
    let by = app.clock().now() + jiff::SignedDuration::from_secs(10);
    let somebody = Person {
        nick: String::new(),
        staff_id: None,
        dingtalk_id: None,
        membership: Membership::Own,
        admin: false,
    };
    let place = Place { private: true, conversation_id: None, title: None };
    let ctx = Ctx { locale: Locale::En, deadline: by, ..app.ctx(somebody, place) };
    let runtime = super::runtime()?;
    let (openapi, systems) = runtime
        .block_on(async { futures_util::future::join(app.check_openapi(by), systems::probe(&ctx)).await });
    let openapi = match openapi {
        None => Ok("nothing to call: the OpenAPI is off".to_owned()),
        Some(Ok(())) => Ok("the OpenAPI gave an access token".to_owned()),
        Some(Err(error)) => {
            let remedy = error.remedy(Locale::En);
            Err(format!("the OpenAPI gave no access token: {error} ({remedy})"))
        }
    };
    let systems = systems.iter().map(|probed| {
        let sentence = format!("{}: {}", probed.title, probed.sentence(&ctx).trim_end());
        if probed.is_well() { Ok(sentence) } else { Err(sentence) }
    });
    let (mut well, mut wrong) = (String::from("\n"), Vec::new());
    for called in std::iter::once(openapi).chain(systems) {
        match called {
            Ok(sentence) => well.push_str(&format!("online     {sentence}\n")),
            Err(sentence) => wrong.push(sentence),
        }
    }
    super::print(&well)?;
    if wrong.is_empty() { Ok(()) } else { Err(CliError::NotDelivered(wrong.join("\n"))) }
}

/// The texts of a reply, for a terminal.
fn written(reply: &Reply) -> String {
    let texts = reply.blocks.iter().filter_map(|block| match block {
        Block::Text(text) | Block::Note(text) => Some(text.to_string()),
        Block::Code(code) => Some(code.clone()),
        _ => None,
    });
    std::iter::once(reply.title.clone()).chain(texts).collect::<Vec<_>>().join("\n")
}

/// The rules by their names: denies and allows are counted by themselves.
fn numbered(rules: &[RuleEntry]) -> impl Iterator<Item = (RuleName, &RuleEntry)> {
    let (denies, allows): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| rule.denies);
    let name = |denies| move |(index, rule)| (RuleName { denies, number: index + 1 }, rule);
    let denies = denies.into_iter().enumerate().map(name(true));
    denies.chain(allows.into_iter().enumerate().map(name(false)))
}

/// A rule in one line.
fn described_rule(name: RuleName, rule: &RuleEntry) -> String {
    let places: Vec<&str> = rule.places.iter().map(|place| place.name.as_str()).collect();
    let texts = |list: &[Located]| list.iter().map(Located::text).collect::<Vec<_>>().join(", ");
    let mut parts = vec![who_names(&rule.who)];
    if !places.is_empty() {
        parts.push(format!("in {}", places.join(", ")));
    }
    if !rule.run.is_empty() {
        parts.push(format!("run {}", texts(&rule.run)));
    }
    parts.extend(rule.effect.map(|effect| format!("effect {}", effect.name())));
    parts.extend(rule.when.iter().map(|(name, values)| format!("{} = {}", name.text(), texts(values))));
    parts.extend(rule.confirm.as_ref().map(|confirm| match confirm {
        Confirm::Nobody => "confirm none".to_owned(),
        Confirm::Asker => "confirm self".to_owned(),
        Confirm::Peer(peers) => format!("confirm by {}", who_names(peers)),
    }));
    format!("{name:<10} line {}: {}\n", rule.at.line(), parts.join("; "))
}

fn who_names(who: &[Who]) -> String {
    who.iter().map(|who| who.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The settings alone, where they are of some use without the secret: there is a custom robot to send to.
fn without_secret() -> Result<(Settings, Table), CliError> {
    let settings = Settings::load(&env)?;
    if settings.robots.is_empty() {
        Environment::read(&env)?;
    }
    let table = super::table(&settings)?;
    Ok((settings, table))
}

/// What the function goes by.
fn function(environment: &Environment, settings: &Settings) -> Result<Vec<(&'static str, String)>, CliError> {
    let rotation =
        if environment.previous.is_some() { "current and previous secret" } else { "current secret" };
    let (_, listen) = super::listen(None)?;
    let timeout = super::timeout()?.as_secs();
    let skew = settings.dingtalk.max_skew.as_secs();
    let robot = environment.robot_code.clone();
    Ok(vec![
        ("signature", format!("{rotation}, at most {skew} s from now")),
        ("replies to", settings.dingtalk.session_hosts.to_string()),
        ("robot", robot.unwrap_or_else(|| "any: DINGTALK_ROBOT_CODE is not set".to_owned())),
        ("OpenAPI", openapi(environment, settings)),
        ("HTTP", format!("on {listen}, a command may take {timeout} s")),
    ])
}

/// Whether messages can go by the OpenAPI, and why or why not.
fn openapi(environment: &Environment, settings: &Settings) -> String {
    match environment.credentials() {
        Some(credentials) => format!("on: {} sends by {}", credentials.robot_code, settings.dingtalk.api),
        None => match &environment.robot_code {
            Some(_) => "off: DINGTALK_APP_KEY is not set".to_owned(),
            None => "off: DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE are not set".to_owned(),
        },
    }
}

/// A robot with the security settings that are known of it.
fn described(name: &str, robot: &CustomRobot) -> String {
    let secret = if robot.secret.is_some() { "secret" } else { "no secret" };
    let keywords = match robot.keywords.len() {
        0 => "no keywords".to_owned(),
        _ => {
            let keywords: Vec<&str> = robot.keywords.iter().map(Keyword::as_str).collect();
            format!("keywords {}", keywords.join(" "))
        }
    };
    format!("{name} ({secret}, {keywords})")
}

fn names<T>(map: &BTreeMap<String, T>) -> String {
    or_none(&map.keys().cloned().collect::<Vec<_>>())
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
