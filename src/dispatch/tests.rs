//! Conversations about lines, with commands made for them.

mod aliases;
mod canonical;
mod endings;
mod help;
mod lines;
mod mentions;
mod mistakes;
mod several;
mod values;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::Serialize;

use super::{
    Command, CommandError, Ctx, Effect, Membership, Person, Place, Row, Tail, UserError, arguments,
    confirm::code::Codes, progress::Progress, row, table::Table,
};
use crate::{
    clock::SystemClock,
    config::{Settings, SettingsFile},
    dingtalk::deliver::Deliver,
    locale::Locale,
    reply::Reply,
    testing::{Chat, alice},
};

/// Say something back
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Echo {
    /// What to say
    #[arg(value_parser = arguments::text, required = true)]
    word: String,
    /// How often
    #[arg(long, short = 'n', value_parser = arguments::text)]
    times: Option<String>,
    /// Louder
    #[arg(long)]
    loud: bool,
}

impl Command for Echo {
    const PATH: &'static [&'static str] = &["echo"];
    const ALIASES: &'static [&'static str] = &["回声", "重启"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["word", "times", "loud"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        let Self { word, times, loud } = self;
        Ok(Reply::new("echo").code(format!("{word:?} {times:?} {loud}")))
    }
}

/// Ask something
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Query {
    /// Where to ask
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
    /// The question
    #[arg(value_parser = arguments::text, required = true)]
    query: String,
}

impl Command for Query {
    const PATH: &'static [&'static str] = &["prom", "query"];
    const ALIASES: &'static [&'static str] = &["查询"];
    const EFFECT: Effect = Effect::Open;
    const TAIL: Tail = Tail::Verbatim;
    const ARGUMENTS: &'static [&'static str] = &["on", "query"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("query").code(format!("{:?}\n{}", self.on, self.query)))
    }
}

/// End as told
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct End {
    /// How
    #[arg(value_parser = arguments::text, required = true)]
    how: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the database at secret.example refused password hunter2")]
struct Inner;

impl Command for End {
    const PATH: &'static [&'static str] = &["end"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["how"];

    fn resolve(&mut self, _: &Ctx) -> Result<(), UserError> {
        match self.how.as_str() {
            "early" => Err(UserError("too early".into())),
            "earlier" => panic!("as told, before anything ran"),
            _ => Ok(()),
        }
    }

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        match self.how.as_str() {
            "panic" => panic!("as told"),
            "never" => std::future::pending().await,
            "user" => Err(UserError("mend this".into()).into()),
            "unknown" => Err(CommandError::Unknown { look: "look there".into(), command: None }),
            _ => Err(Inner)?,
        }
    }
}

/// Change the world
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Change {}

impl Command for Change {
    const PATH: &'static [&'static str] = &["change"];
    const EFFECT: Effect = Effect::Write;

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        panic!("a write without a rule")
    }
}

static ROWS: &[Row] =
    &[row::<crate::commands::Help>(), row::<Echo>(), row::<Query>(), row::<End>(), row::<Change>()];

/// What is known of somebody who asks in English, in a group, with these settings alone.
fn ctx(toml: &str, rows: &'static [Row]) -> Ctx {
    let settings = Settings::parse(toml, SettingsFile::Embedded, &|_| None).unwrap();
    let table = Table::new(rows, Vec::new()).unwrap().with_aliases(&settings.aliases).unwrap();
    let now = Timestamp::from_millisecond(crate::testing::NOW_MS).unwrap();
    Ctx {
        settings: Arc::new(settings),
        table: Arc::new(table),
        rules: Arc::default(),
        codes: Arc::new(Codes::new(Vec::new())),
        robots: Arc::default(),
        corp: String::new(),
        who: Person {
            nick: String::new(),
            staff_id: None,
            dingtalk_id: None,
            membership: Membership::Own,
            admin: false,
        },
        place: Place { private: false, conversation_id: None, title: None },
        mentioned: Vec::new(),
        locale: Locale::En,
        zone: TimeZone::get("Asia/Shanghai").unwrap(),
        clock: Arc::new(SystemClock),
        received: now,
        skew: SignedDuration::ZERO,
        deadline: now,
        once: None,
        witness: None,
        heard: Arc::default(),
        outbound: Arc::default(),
        deliver: Arc::new(Deliver::new(Arc::default(), Arc::new(SystemClock), None)),
        progress: Progress::default(),
    }
}

/// What the bot answers to each line.
async fn answers(lines: &[&str]) -> String {
    let mut chat = Chat::with_rows(ROWS).await.privately();
    let mut answers = Vec::new();
    for line in lines {
        chat.say(alice(), line).await;
        answers.push(format!("> {line}\n{}", chat.read()));
    }
    answers.join("\n\n")
}

/// What the echo heard.
async fn heard(line: &str) -> String {
    let mut chat = Chat::with_rows(ROWS).await;
    chat.say(alice(), line).await;
    let reply = chat.read();
    reply.split("```").nth(1).unwrap_or(&reply).trim().to_owned()
}
