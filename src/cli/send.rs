//! `dingops send`: a message from a shell or a CI job, to a group or a person.
//!
//! Exit codes: 0 delivered, 1 not delivered, 2 usage or settings, 3 delivery unknown: it may have arrived. Nothing is
//! printed but why it was not delivered.

mod kind;
mod terminal;
mod title;
mod told;
mod written;

use std::{collections::BTreeMap, fmt::Display, path::PathBuf, sync::Arc, time::Duration};

use self::{kind::Kind, told::Teller};
use super::{CliError, env, given};
use crate::{
    clock::{Clock, SystemClock},
    config::{Environment, Settings, SettingsFile},
    dingtalk::{
        deliver::{Deliver, Reach, Way},
        markdown::is_id,
        robot::{Address, Credentials, OpenApi},
        webhook::{CustomRobot, Webhook},
    },
    outbound::Outbound,
};

/// All tries together.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the OpenAPI needs of the environment.
const OPENAPI: [&str; 3] = ["DINGTALK_APP_SECRET", "DINGTALK_APP_KEY", "DINGTALK_ROBOT_CODE"];
/// Names that are listed where one is unknown.
const MAX_NAMES: usize = 20;

const TO: &str = "To whom";
const WHAT: &str = "What (one of them)";
const WITH: &str = "With";
const MENTIONS: &str = "Mentions (in --text, --markdown and --card, by a custom robot)";

const EXAMPLES: &str = "\
Examples:
  dingops send --to robot:ops --text 'Build 17 failed' --at alice
  make report | dingops send --to robot:ops --text -
  dingops send --to robot:ops --link https://ci.example.com/17 --title 'Build 17' --text 'failed after 3 min'
  dingops send --to group:ops --card release.md --button 'Open=https://example.com/1.2' --button 'Log=https://ci.example.com/17'
  dingops send --to robot:ops --feed '1.2 is out=https://example.com/1.2 https://example.com/1.2.png'

Exit codes: 0 delivered, 1 not delivered, 2 usage or settings, 3 unknown: it may have been delivered.";

/// Send a message to a group or a person, from a shell or a CI job
///
/// A custom robot needs its lines in dingops.toml and no DINGTALK_APP_SECRET. A group or a person is reached by the
/// OpenAPI: DINGTALK_APP_SECRET, DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE must be set. A text that is too long is cut
/// at a line and says how many are left out.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Send {
    /// robot:NAME, group:NAME or group:CONVERSATION-ID, person:NAME or person:STAFF-ID; names are those of the settings
    #[arg(long, value_name = "KIND:NAME", help_heading = TO)]
    to: String,

    /// Plain text, or what a link says below its title; - reads it from standard input
    #[arg(long, allow_hyphen_values = true, help_heading = WHAT)]
    text: Option<String>,
    /// Markdown from a file; - is standard input
    #[arg(long, value_name = "FILE", help_heading = WHAT)]
    markdown: Option<PathBuf>,
    /// A message that opens this page, with --title and --text
    #[arg(long, value_name = "URL", help_heading = WHAT)]
    link: Option<String>,
    /// Markdown from a file, with buttons below it; - is standard input
    #[arg(long, value_name = "FILE", help_heading = WHAT)]
    card: Option<PathBuf>,
    /// One entry of a feed: its title, the page it opens and, behind a blank, a picture; several are allowed
    #[arg(long, value_name = "TITLE=URL PICTURE-URL", help_heading = WHAT)]
    feed: Vec<String>,

    /// Title of --link; of --markdown and --card, what the conversation list shows, otherwise their first heading or
    /// line
    #[arg(long, allow_hyphen_values = true, help_heading = WITH)]
    title: Option<String>,
    /// A picture beside the text of --link
    #[arg(long, value_name = "URL", help_heading = WITH)]
    picture: Option<String>,
    /// A button of --card; several are allowed. The label ends at the first = that an address follows. To a person it
    /// may be dtmd://dingtalkclient/sendMessage?content=…, which says a command when it is pressed
    #[arg(long, value_name = "LABEL=URL", help_heading = WITH)]
    button: Vec<String>,
    /// Puts the two buttons of --card side by side
    #[arg(long, help_heading = WITH)]
    horizontal: bool,
    /// A link behind the text; several are allowed
    #[arg(long, value_name = "LABEL=URL", help_heading = WITH)]
    attach: Vec<String>,
    /// A picture behind the text; several are allowed
    #[arg(long, value_name = "URL", help_heading = WITH)]
    image: Vec<String>,

    /// Mentions this member: a name of the settings or a staff id; several are allowed
    #[arg(long, value_name = "PERSON", help_heading = MENTIONS)]
    at: Vec<String>,
    /// Mentions the member with this mobile number; several are allowed
    #[arg(long, value_name = "NUMBER", help_heading = MENTIONS)]
    at_mobile: Vec<String>,
    /// Mentions everybody in the group
    #[arg(long, help_heading = MENTIONS)]
    at_all: bool,
}

impl Send {
    pub(super) fn run(&self) -> Result<(), CliError> {
        let kind = Kind::of(self)?;
        let settings = Settings::load(&env)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let outbound = Arc::new(Outbound::default());
        let target = target(&self.to, &settings)?;
        let (way, to, openapi) = match &target {
            Target::Robot(_, robot) => {
                let robot = Webhook::new(settings.dingtalk.oapi.clone(), robot.clone());
                (Way::Robot, Reach { robot: Some(Arc::new(robot)), ..Reach::default() }, None)
            }
            Target::Address(address) => {
                let (api, credentials) = (settings.dingtalk.api.clone(), self.credentials()?);
                let openapi = OpenApi::new(api, credentials, Arc::clone(&outbound), Arc::clone(&clock));
                (Way::OpenApi, Reach { address: Some(address.clone()), ..Reach::default() }, Some(openapi))
            }
        };
        let draft = written::draft(self, kind, &settings, way)?;
        let message = draft.within(way.limit(), settings.locale);
        let message = message.map_err(|error| usage("the message", error))?;
        let deadline = clock.now() + PATIENCE;
        let deliver = Deliver::new(outbound, clock, openapi);
        let sent = deliver.deliver(&to, false, |_| message.clone(), deadline);
        let teller = Teller::new(self, &target, &settings);
        super::runtime()?.block_on(sent).map(drop).map_err(|undelivered| teller.tell(&undelivered))
    }

    /// What the OpenAPI needs; all that is missing of it is named at once.
    fn credentials(&self) -> Result<Credentials, CliError> {
        let missing: Vec<&str> = OPENAPI.into_iter().filter(|name| given(name).is_none()).collect();
        let credentials = if missing.is_empty() { Environment::read(&env)?.credentials() } else { None };
        credentials.ok_or_else(|| {
            let (needed, missing) = (OPENAPI.join(", "), missing.join(", "));
            let problem = format!("goes by the OpenAPI, which needs {needed}; not set: {missing}");
            usage(&format!("--to {}", self.to), problem)
        })
    }
}

/// Whom a message is for.
enum Target {
    /// The custom robot of this name.
    Robot(String, CustomRobot),
    Address(Address),
}

fn target(to: &str, settings: &Settings) -> Result<Target, CliError> {
    match to.split_once(':') {
        Some(("robot", name)) => match settings.robots.get(name) {
            Some(robot) => Ok(Target::Robot(name.to_owned(), robot.clone())),
            None => Err(unknown("--to", "[robots]", &settings.robots, "", name, settings)),
        },
        Some(("group", name)) => match settings.groups.get(name) {
            Some(id) => Ok(Target::Address(Address::Group(id.clone()))),
            None if name.starts_with("cid") => Ok(Target::Address(Address::Group(name.into()))),
            None => Err(unknown(
                "--to",
                "[groups]",
                &settings.groups,
                " or a conversation id (cid…)",
                name,
                settings,
            )),
        },
        Some(("person", name)) => {
            staff_id("--to", name, settings).map(|id| Target::Address(Address::Person(id)))
        }
        _ => Err(usage("--to", format!("expected robot:NAME, group:NAME or person:NAME, came {to:?}"))),
    }
}

/// The staff id of a name of the settings, or what is one already. One without a digit is rather a name with a slip
/// in it: DingTalk would mention nobody, and say nothing.
fn staff_id(option: &str, person: &str, settings: &Settings) -> Result<String, CliError> {
    match settings.people.get(person) {
        Some(id) => Ok(id.clone()),
        None if is_id(person) && person.contains(|c: char| c.is_ascii_digit()) => Ok(person.to_owned()),
        None => {
            let or = " or a staff id (letters with a digit among them)";
            Err(unknown(option, "[people]", &settings.people, or, person, settings))
        }
    }
}

/// A name that the settings do not have: which were read, and which names are there.
fn unknown<T>(
    option: &str,
    section: &str,
    names: &BTreeMap<String, T>,
    or: &str,
    came: &str,
    settings: &Settings,
) -> CliError {
    let shown = names.keys().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    let shown = match names.len() {
        0 => "it has none".to_owned(),
        count if count > MAX_NAMES => format!("{shown} and {} more", count - MAX_NAMES),
        _ => shown,
    };
    let file = &settings.source.file;
    let other = match (file, env("DINGOPS_CONFIG")) {
        (SettingsFile::Path(_), _) => "",
        (SettingsFile::Embedded, Some(_)) => "; DINGOPS_CONFIG is empty: set it to your file",
        (SettingsFile::Embedded, None) => "; set DINGOPS_CONFIG to your file",
    };
    usage(option, format!("expected a name of {section} in {file} ({shown}){or}, came {came:?}{other}"))
}

fn usage(what: &str, problem: impl Display) -> CliError {
    CliError::Usage(format!("{what}: {problem}"))
}
