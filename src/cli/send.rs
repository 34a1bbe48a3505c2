//! `dingops send`: a message from a shell or a CI job, to a group or a person.
//!
//! Exit codes: 0 delivered, 1 not delivered, 2 usage or settings, 3 delivery unknown: it may have arrived. Nothing is
//! printed but why it was not delivered.

mod written;

use std::{fmt::Display, path::PathBuf, sync::Arc, time::Duration};

use super::{CliError, env};
use crate::{
    clock::{Clock, SystemClock},
    config::{Environment, Settings},
    dingtalk::{
        deliver::{Deliver, Reach, Undelivered, Way},
        markdown::is_id,
        robot::{Address, Credentials, OpenApi},
        webhook::{CustomRobot, Webhook},
    },
    locale::Locale,
    outbound::Outbound,
    text,
};

/// All tries together.
const PATIENCE: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
Examples:
  dingops send --to robot:ops --text 'Build 17 failed' --at alice
  make report | dingops send --to robot:ops --markdown -
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
    /// robot:NAME, group:NAME or group:CONVERSATION-ID, person:NAME or person:STAFF-ID; names are those of dingops.toml
    #[arg(long, value_name = "TARGET")]
    to: String,
    /// Plain text, or what a link says below its title; - reads it from standard input
    #[arg(long, allow_hyphen_values = true, required_unless_present_any = ["markdown", "card", "feed"],
        conflicts_with_all = ["markdown", "card", "feed"])]
    text: Option<String>,
    /// Markdown from a file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["link", "card", "feed"])]
    markdown: Option<PathBuf>,
    /// A card that opens this page, with --title and --text
    #[arg(long, value_name = "URL", requires_all = ["title", "text"], conflicts_with_all = ["card", "feed"])]
    link: Option<String>,
    /// A picture on the card of --link
    #[arg(long, value_name = "URL", requires = "link")]
    picture: Option<String>,
    /// Markdown from a file, with buttons below it; - is standard input
    #[arg(long, value_name = "FILE", requires = "button", conflicts_with = "feed")]
    card: Option<PathBuf>,
    /// A button of --card; several are allowed. The label ends at the first = that an address follows
    #[arg(long, value_name = "LABEL=URL", requires = "card")]
    button: Vec<String>,
    /// Puts two buttons beside one another instead of below
    #[arg(long, requires = "card")]
    horizontal: bool,
    /// One card of a feed: its title, the page it opens and, behind a blank, a picture; several are allowed
    #[arg(long, value_name = "TITLE=URL PICTURE")]
    feed: Vec<String>,
    /// Title of a link; of Markdown and a card, what the conversation list previews, otherwise their first heading or
    /// line
    #[arg(long, allow_hyphen_values = true, conflicts_with = "feed")]
    title: Option<String>,
    /// Mentions somebody: a name of the settings or a staff id; several are allowed
    #[arg(long, value_name = "PERSON", conflicts_with_all = ["link", "feed"])]
    at: Vec<String>,
    /// Mentions somebody by mobile number; several are allowed
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["link", "feed"])]
    at_mobile: Vec<String>,
    /// Mentions everybody
    #[arg(long, conflicts_with_all = ["link", "feed"])]
    at_all: bool,
    /// A link behind the text; several are allowed
    #[arg(long, value_name = "LABEL=URL", conflicts_with_all = ["link", "feed"])]
    attach: Vec<String>,
    /// A picture behind the text, by its address; several are allowed
    #[arg(long, value_name = "URL", conflicts_with_all = ["link", "feed"])]
    image: Vec<String>,
}

impl Send {
    pub(super) fn run(&self) -> Result<(), CliError> {
        let settings = Settings::load(&env)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let outbound = Arc::new(Outbound::default());
        let (way, to, openapi) = match target(&self.to, &settings)? {
            Target::Robot(robot) => {
                let robot = Webhook::new(settings.dingtalk.oapi.clone(), robot);
                (Way::Robot, Reach { robot: Some(Arc::new(robot)), ..Reach::default() }, None)
            }
            Target::Address(address) => {
                let (api, credentials) = (settings.dingtalk.api.clone(), self.credentials()?);
                let openapi = OpenApi::new(api, credentials, Arc::clone(&outbound), Arc::clone(&clock));
                (Way::OpenApi, Reach { address: Some(address), ..Reach::default() }, Some(openapi))
            }
        };
        let draft = written::draft(self, &settings)?;
        if way == Way::OpenApi && !draft.message.at.is_empty() {
            return Err(usage("--at", "the OpenAPI mentions nobody; a custom robot does: --to robot:NAME"));
        }
        let message = draft.within(way.limit(), settings.locale);
        let message = message.map_err(|error| usage("the message", error))?;
        let deadline = clock.now() + PATIENCE;
        let deliver = Deliver::new(outbound, clock, openapi);
        let sent = deliver.deliver(&to, false, |_| message.clone(), deadline);
        super::runtime()?.block_on(sent).map(drop).map_err(|undelivered| self.failed(&undelivered))
    }

    /// What the OpenAPI needs.
    fn credentials(&self) -> Result<Credentials, CliError> {
        Environment::read(&env)?.credentials().ok_or_else(|| {
            let problem =
                "a group or a person is reached by the OpenAPI: set DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE";
            usage(&format!("--to {}", self.to), problem)
        })
    }

    /// Why it did not arrive, or perhaps not, and what to do about it, in one line.
    fn failed(&self, undelivered: &Undelivered) -> CliError {
        let why = match undelivered {
            Undelivered::Failed { error, .. } => format!("{error} ({})", error.remedy(Locale::En)),
            no_way => no_way.to_string(),
        };
        let why: String = why.chars().map(|c| if text::is_control(c) { ' ' } else { c }).collect();
        match undelivered.may_have_arrived() {
            true => CliError::Unknown(format!(
                "{}: it may have arrived, look before you send it again: {why}",
                self.to
            )),
            false => CliError::NotDelivered(format!("{}: not delivered: {why}", self.to)),
        }
    }
}

/// Whom a message is for.
enum Target {
    Robot(CustomRobot),
    Address(Address),
}

fn target(to: &str, settings: &Settings) -> Result<Target, CliError> {
    let known = |names: Vec<&String>| match names.is_empty() {
        true => "there are none".to_owned(),
        false => names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    };
    let problem = match to.split_once(':') {
        Some(("robot", name)) => match settings.robots.get(name) {
            Some(robot) => return Ok(Target::Robot(robot.clone())),
            None => format!(
                "expected a name of [robots] ({}), came {name:?}",
                known(settings.robots.keys().collect())
            ),
        },
        Some(("group", name)) => match settings.groups.get(name) {
            Some(id) => return Ok(Target::Address(Address::Group(id.clone()))),
            None if name.starts_with("cid") => return Ok(Target::Address(Address::Group(name.into()))),
            None => format!(
                "expected a name of [groups] ({}) or a conversation id (cid…), came {name:?}",
                known(settings.groups.keys().collect())
            ),
        },
        Some(("person", name)) => {
            return staff_id("--to", name, settings).map(|id| Target::Address(Address::Person(id)));
        }
        _ => format!("expected robot:NAME, group:NAME or person:NAME, came {to:?}"),
    };
    Err(usage("--to", problem))
}

/// The staff id of a name of the settings, or what is one already.
fn staff_id(option: &str, person: &str, settings: &Settings) -> Result<String, CliError> {
    match settings.people.get(person) {
        Some(id) => Ok(id.clone()),
        None if is_id(person) && !person.is_empty() => Ok(person.to_owned()),
        None => Err(usage(option, format!("expected a name of [people] or a staff id, came {person:?}"))),
    }
}

fn usage(what: &str, problem: impl Display) -> CliError {
    CliError::Usage(format!("{what}: {problem}"))
}
