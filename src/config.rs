//! The settings: dingops.toml and the environment, checked.
//!
//! dingops.toml is read from `DINGOPS_CONFIG`, else beside the executable, else from `/opt` (a Lambda layer), else the
//! copy embedded at build time. A string in it may hold `${NAME}`, replaced from the environment, and `${file:PATH}`,
//! replaced by what that file holds; `$${` is a literal `${`. Every mistake stops the start with the key and line, or the variable, it is in.

mod aliases;
mod answers;
mod defaults;
mod dingtalk;
mod document;
mod environment;
mod hosts;
pub mod http;
mod limits;
mod names;
mod robots;
mod rules;
#[cfg(test)]
mod schema;
mod spoken;
mod targets;
mod version;

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use jiff::{SignedDuration, tz::TimeZone};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::Url;

use self::{
    aliases::AliasSection,
    answers::AnswerSection,
    defaults::DefaultsSection,
    dingtalk::DingTalkSection,
    document::Document,
    http::HttpSection,
    limits::LimitsSection,
    names::Names,
    robots::RobotSection,
    rules::{AllowSection, DenySection},
    targets::AuditSection,
};
pub use self::{
    aliases::{AliasArgument, AliasEntry},
    answers::Answer,
    defaults::PlaceDefault,
    dingtalk::DingTalk,
    document::{Located, Mistake},
    environment::Environment,
    http::Http,
    limits::Limits,
    names::{Ids, name_of},
    rules::{Confirm, RuleEntry, VALID, Where, Wherever, Who, Whom},
    spoken::Spoken,
    targets::Target,
};
pub(crate) use self::{
    document::{Places, Spanned},
    names::called,
};
use crate::{
    dingtalk::webhook::CustomRobot,
    dispatch::words::Line,
    locale::Locale,
    systems::{
        SYSTEMS, Systems, alertmanager::AlertmanagerSection, instance::Instances, jenkins::JenkinsSection,
        k8s::KubernetesSection, prometheus::PrometheusSection,
    },
    text,
};

const FILE: &str = "dingops.toml";
const EMBEDDED: &str = include_str!("../dingops.toml");
/// The JSON Schema of dingops.toml, for editors. A test makes it from the sections and compares.
pub const SCHEMA: &str = include_str!("../dingops.schema.json");
/// Reads a variable of the environment.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Checked settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where they come from.
    pub source: Source,
    /// The language of replies.
    pub locale: Locale,
    /// The time zone of times in replies.
    pub zone: TimeZone,
    /// How to tell DingTalk's callbacks and reply to them.
    pub dingtalk: DingTalk,
    /// Staff ids by name.
    pub people: Ids,
    /// Staff ids of the members of each team.
    pub teams: BTreeMap<String, Vec<String>>,
    /// Conversation ids by name.
    pub groups: Ids,
    /// Who may run what, where.
    pub rules: Vec<RuleEntry>,
    /// Values of arguments that nobody has to type in some group.
    pub defaults: Vec<PlaceDefault>,
    /// Words of the operator's own for commands.
    pub aliases: Vec<AliasEntry>,
    /// Custom robots of groups by name.
    pub robots: BTreeMap<String, CustomRobot>,
    /// Who is told what came of writes.
    pub reports: Vec<(Located, Target)>,
    /// How much one person may say.
    pub limits: Limits,
    /// Services that tell the address this function calls out from.
    pub ip: Ip,
    /// Fixed answers.
    pub answers: Vec<Answer>,
    /// Commands over HTTP.
    pub http: Vec<Http>,
    /// What is operated.
    pub systems: Systems,
}

/// Where settings come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub file: SettingsFile,
    /// The beginning of the SHA-256 of the file as it is, in hex: equal files, equal hashes.
    pub hash: String,
    /// Whether it says of which version it is; otherwise it is read as of the current one.
    pub is_versioned: bool,
}

/// Where settings are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsFile {
    /// A file.
    Path(PathBuf),
    /// The copy embedded at build time.
    Embedded,
}

impl fmt::Display for SettingsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Embedded => f.write_str("dingops.toml (built in)"),
        }
    }
}

/// Services that tell the address this function calls out from.
#[derive(Debug, Clone)]
pub struct Ip {
    /// Asked in turn.
    pub services: Vec<Url>,
    /// Whether the address stays the same.
    pub static_ip: bool,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable of the environment.
    #[error("{name}: {problem}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What was expected.
        problem: String,
    },
    /// A file that was named cannot be read.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A mistake in the file.
    #[error("{file}:{mistake}")]
    Mistake {
        /// The file.
        file: SettingsFile,
        /// What is wrong, and where.
        mistake: Mistake,
    },
}

impl Settings {
    /// Reads the settings from the first place that has them.
    ///
    /// # Errors
    /// When a named file cannot be read, or for the first mistake in it.
    pub fn load(env: Env<'_>) -> Result<Self, ConfigError> {
        let read = |path: PathBuf| match std::fs::read_to_string(&path) {
            Ok(text) => Ok((SettingsFile::Path(path), text)),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                let error = std::io::Error::other("expected a file in UTF-8, came another encoding (GBK?)");
                Err(ConfigError::Unreadable { path, error })
            }
            Err(error) => Err(ConfigError::Unreadable { path, error }),
        };
        let named = env("DINGOPS_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(FILE)));
        let layer = PathBuf::from("/opt").join(FILE);
        let found = named.or_else(|| beside.into_iter().chain([layer]).find(|path| path.exists()));
        let (file, text) = found.map_or_else(|| Ok((SettingsFile::Embedded, EMBEDDED.to_owned())), read)?;
        Self::parse(&text, file.clone(), env).map_err(|mistake| ConfigError::Mistake { file, mistake })
    }

    /// Checks the text of a dingops.toml.
    ///
    /// # Errors
    /// The first mistake, with key and line.
    pub fn parse(text: &str, file: SettingsFile, env: Env<'_>) -> Result<Self, Mistake> {
        let mut document = Document::parse(text)?;
        version::check(&document)?;
        let folder = match &file {
            SettingsFile::Path(path) => path.parent(),
            SettingsFile::Embedded => None,
        };
        let apart: Vec<&str> = SYSTEMS.iter().map(|system| system.section).collect();
        document.substitute(env, folder, &apart)?;
        let (sections, places): (Sections, _) = document.read()?;
        let zone = TimeZone::get(sections.timezone.get_ref()).map_err(|_| {
            let problem = "expected a time zone such as \"Asia/Shanghai\"";
            places.unexpected(sections.timezone.span(), problem, sections.timezone.get_ref())
        })?;
        let dingtalk = sections.dingtalk.check(&places)?;
        let ip = sections.ip.check(&places)?;
        let people = names::people(sections.people, &places)?;
        let teams = names::teams(sections.teams, &people, &places)?;
        let groups = names::groups(sections.groups, &places)?;
        let names = Names { people: &people, teams: &teams, groups: &groups };
        let denies =
            sections.deny.into_iter().map(|deny| (Spanned::new(deny.span(), deny.into_inner().into()), true));
        let allows = sections.allow.into_iter().map(|allow| (allow, false));
        let rule = |(rule, denies)| rules::check(rule, denies, &names, &places);
        let rules = denies.chain(allows).map(rule).collect::<Result<_, _>>()?;
        let defaults = defaults::check(sections.defaults, &names, &places)?;
        let robot = |(name, robot): (Spanned<String>, RobotSection)| {
            Ok((names::called(name, &[], &places)?, robot.check(&places)?))
        };
        let robots = sections.robots.into_iter().map(robot).collect::<Result<_, _>>()?;
        Ok(Self {
            source: Source { file, hash: hash(text), is_versioned: sections.version.is_some() },
            locale: sections.locale,
            zone,
            dingtalk,
            reports: sections.audit.check(&people, &groups, &robots, &places)?,
            limits: sections.limits.check(&places)?,
            people,
            teams,
            groups,
            rules,
            defaults,
            aliases: sections
                .alias
                .into_iter()
                .map(|alias| alias.check(&places))
                .collect::<Result<_, _>>()?,
            robots,
            ip,
            answers: sections.answer.iter().map(|answer| answer.check(&places)).collect::<Result<_, _>>()?,
            http: sections.http.into_iter().map(|http| http.check(&places)).collect::<Result<_, _>>()?,
            systems: Systems {
                jenkins: Instances::check(sections.jenkins, &places)?,
                k8s: Instances::check(sections.k8s, &places)?,
                prometheus: Instances::check(sections.prometheus, &places)?,
                alertmanager: Instances::check(sections.alertmanager, &places)?,
            },
        })
    }

    /// A mistake that shows only when the settings are held against the table of commands.
    pub fn mistake(&self, mistake: Mistake) -> ConfigError {
        ConfigError::Mistake { file: self.source.file.clone(), mistake }
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The settings of dingops: what an operator edits.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Sections {
    /// The version of this file's form.
    #[cfg_attr(test, schemars(extend("const" = version::VERSION)))]
    version: Option<i64>,
    /// The language of replies; "zh" where it is left out.
    #[serde(default)]
    locale: Locale,
    /// The time zone of times in replies; "Asia/Shanghai" where it is left out.
    #[serde(default = "default_timezone")]
    timezone: Spanned<String>,
    /// How to tell DingTalk's callbacks and reply to them.
    #[serde(default)]
    dingtalk: DingTalkSection,
    /// Names for staff ids; `whoami` tells each person theirs.
    #[serde(default)]
    people: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Names for several people: names of `[people]`, or other teams as "@name".
    #[serde(default)]
    teams: BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>,
    /// Names for conversation ids; `whoami` in a group tells its id.
    #[serde(default)]
    groups: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Who may run what, where. The first rule that matches decides.
    #[serde(default)]
    allow: Vec<Spanned<AllowSection>>,
    /// Who may not run what, where. Checked before every `[[allow]]`.
    #[serde(default)]
    deny: Vec<Spanned<DenySection>>,
    /// Values of arguments that nobody has to type in some place.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::defaults"))]
    defaults: Vec<DefaultsSection>,
    /// Words of your own for a command.
    #[serde(default)]
    alias: Vec<AliasSection>,
    /// Custom robots (自定义机器人) of groups, to send to.
    #[serde(default)]
    robots: BTreeMap<Spanned<String>, RobotSection>,
    /// Who is told what came of commands that change something.
    #[serde(default)]
    audit: AuditSection,
    /// How much one person may say to one process.
    #[serde(default)]
    limits: LimitsSection,
    /// Services that tell the address this function calls out from.
    #[serde(default)]
    ip: IpSection,
    /// Fixed replies.
    #[serde(default)]
    answer: Vec<AnswerSection>,
    /// Commands of your own over HTTP.
    #[serde(default)]
    http: Vec<HttpSection>,
    /// Jenkins. Several have names, and are chosen by `--on`.
    #[serde(default)]
    jenkins: Vec<Spanned<JenkinsSection>>,
    /// Kubernetes clusters. Several have names, and are chosen by `--on`.
    #[serde(default)]
    k8s: Vec<Spanned<KubernetesSection>>,
    /// Prometheus, or what speaks its language. Several have names, and are chosen by `--on`.
    #[serde(default)]
    prometheus: Vec<Spanned<PrometheusSection>>,
    /// Alertmanager. Several have names, and are chosen by `--on`.
    #[serde(default)]
    alertmanager: Vec<Spanned<AlertmanagerSection>>,
}

fn default_timezone() -> Spanned<String> {
    Spanned::new(0..0, "Asia/Shanghai".to_owned())
}

/// A duration as it is written in the settings: `1h`, `90s`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    text.parse::<SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok())
}

#[derive(Deserialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct IpSection {
    /// Asked in turn.
    services: Option<Spanned<Vec<Spanned<String>>>>,
    /// Whether that address is fixed (a NAT gateway): `ip` then does not warn.
    #[serde(default)]
    static_ip: bool,
}

impl IpSection {
    fn check(self, places: &Places<'_>) -> Result<Ip, Mistake> {
        let default = ["https://checkip.amazonaws.com", "https://4.ipw.cn"];
        let default = || default.map(|service| Spanned::new(0..0, service.to_owned())).to_vec();
        let service = |service: Spanned<String>| {
            text::web_address(service.get_ref()).ok_or_else(|| {
                places.unexpected(service.span(), "expected an http(s) address", service.get_ref())
            })
        };
        let services = match self.services {
            Some(services) if services.get_ref().is_empty() => {
                return Err(
                    places.mistake(services.span(), "expected at least one address, came none".into())
                );
            }
            services => services.map_or_else(default, Spanned::into_inner),
        };
        let services = services.into_iter().map(service).collect::<Result<_, _>>()?;
        Ok(Ip { services, static_ip: self.static_ip })
    }
}

/// A name as it is said. One with a quote, a leading slash or dash, or blanks of another kind is never what is heard.
fn said(name: &Spanned<String>, expected: &str, places: &Places<'_>) -> Result<Located, Mistake> {
    let plain = name.get_ref().split_whitespace().collect::<Vec<_>>().join(" ");
    let line = Line::split(&plain);
    let words: Vec<&str> = line.words().iter().map(|word| word.text.as_str()).collect();
    if plain.is_empty() || line.error().is_some() || words.join(" ") != plain || plain.starts_with('-') {
        return Err(places.unexpected(name.span(), expected, name.get_ref()));
    }
    Ok(places.locate(&Spanned::new(name.span(), plain)))
}

#[cfg(test)]
mod tests;
