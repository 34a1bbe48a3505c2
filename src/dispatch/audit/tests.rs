//! Conversations, and what is written down of them.

mod codes;
mod reports;
mod values;

use serde::Serialize;
use serde_json::Value;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Row, Tail, UserError, arguments, row},
    reply::Reply,
    testing::{Chat, Log, Setup, alice, bob, nobody},
};

/// Change something
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Change {
    /// How it ends
    #[arg(value_parser = arguments::text, required = true)]
    how: String,
    /// What to change it with
    #[arg(long, value_parser = arguments::text)]
    password: Option<String>,
    /// Why
    #[arg(long, value_parser = arguments::text)]
    why: Vec<String>,
}

impl Command for Change {
    const PATH: &'static [&'static str] = &["change"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["how", "password", "why"];
    const SECRET: &'static [&'static str] = &["password"];
    const FREE_TEXT: &'static [&'static str] = &["why"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        match self.how.as_str() {
            "well" => Ok(Reply::new("changed")),
            "badly" => Err(UserError("it is closed".into()).into()),
            "late" => std::future::pending().await,
            how => panic!("{how}"),
        }
    }
}

/// Ask something
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Query {
    /// Where
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
    /// What
    #[arg(value_parser = arguments::text, required = true)]
    query: String,
}

impl Command for Query {
    const PATH: &'static [&'static str] = &["query"];
    const EFFECT: Effect = Effect::Read;
    const TAIL: Tail = Tail::Verbatim;
    const ARGUMENTS: &'static [&'static str] = &["on", "query"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("42"))
    }
}

static ROWS: &[Row] = &[row::<Change>(), row::<Query>(), row::<crate::commands::Help>()];

const RULES: &str = "
[people]
alice = '0147000002'
bob = '0147000003'
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
[[deny]]
who = ['anyone']
effect = 'read'
in = ['private']
[[allow]]
who = ['alice']
effect = 'read'
[[allow]]
who = ['alice']
effect = 'write'
confirm = 'none'
accept_one_tap = true
";

async fn chat(toml: &str, openapi: bool) -> Chat {
    Chat::set_up(Setup { toml, rows: Some(ROWS), openapi, ..Setup::default() }).await
}

/// Some fields of each line; the level and the message of all.
fn lines(log: &Log, fields: &[&str]) -> String {
    let fields = ["level", "message"].iter().chain(fields);
    let shown = |line: Value| {
        let field = |name: &&str| line.get(*name).map(|value| format!("{name}={value}"));
        fields.clone().filter_map(field).collect::<Vec<_>>().join(" ")
    };
    log.audit().into_iter().map(shown).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_write_has_a_line_before_and_one_after() {
    let log = Log::start(None);
    let mut chat = chat(RULES, false).await;
    chat.say(alice(), "change well --password hunter2 --why 'the disk is full'").await;
    chat.read();
    let lines: Vec<String> = log.audit().iter().map(|line| format!("{line:#}")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {
      "command": "change",
      "decision": "allow #2",
      "effect": "write",
      "level": "INFO",
      "message": "intent",
      "nick": "爱丽丝",
      "place": "cidOPSAAAAAAAAAAAAAAAA==",
      "private": false,
      "sender": "$:LWCP_v1:$alice",
      "values": {
        "how": "well",
        "password": "***",
        "why": [
          "text(16 bytes, sha256 7ce4583a)"
        ]
      },
      "who": "0147000002"
    }
    {
      "command": "change",
      "decision": "allow #2",
      "delivery": "delivered",
      "effect": "write",
      "level": "INFO",
      "message": "outcome",
      "ms": 0,
      "nick": "爱丽丝",
      "outcome": "done",
      "place": "cidOPSAAAAAAAAAAAAAAAA==",
      "private": false,
      "sender": "$:LWCP_v1:$alice",
      "values": {
        "how": "well",
        "password": "***",
        "why": [
          "text(16 bytes, sha256 7ce4583a)"
        ]
      },
      "way": "session webhook",
      "who": "0147000002"
    }
    "#);
}

#[tokio::test]
async fn a_read_has_one() {
    let log = Log::start(None);
    let mut chat = chat(RULES, false).await;
    chat.say(alice(), "query --on prod sum(rate(x[5m]))").await;
    chat.read();
    insta::assert_snapshot!(lines(&log, &["effect", "command", "values", "decision", "outcome"]), @r#"level="INFO" message="outcome" effect="read" command="query" values={"on":"prod","query":"text(16 bytes, sha256 fa07676b)"} decision="allow #1" outcome="done""#);
}

#[tokio::test]
async fn how_a_command_ends_and_what_decided() {
    let log = Log::start(None);
    let mut chat = chat(RULES, false).await;
    for (who, line) in [
        (alice(), "change badly"),
        (alice(), "change panics"),
        (alice(), "change well --dry-run"),
        (alice(), "change well --confirm 0123456789AB"),
        (bob(), "change well"),
        (nobody(), "change well"),
        (alice(), "change"),
        (alice(), "change --help"),
        (alice(), "chance"),
        (alice(), "help"),
    ] {
        chat.say(who, line).await;
        chat.read();
    }
    chat.say_privately(alice(), "query 1").await;
    chat.forget();
    chat.say(bob(), "change well").await;
    let fields = ["who", "command", "decision", "outcome", "dryRun", "delivery"];
    insta::assert_snapshot!(lines(&log, &fields), @r#"
    level="INFO" message="intent" who="0147000002" command="change" decision="allow #2"
    level="INFO" message="outcome" who="0147000002" command="change" decision="allow #2" outcome="failed" delivery="delivered"
    level="INFO" message="intent" who="0147000002" command="change" decision="allow #2"
    level="INFO" message="outcome" who="0147000002" command="change" decision="allow #2" outcome="unknown" delivery="delivered"
    level="INFO" message="outcome" who="0147000002" command="change" decision="allow #2" outcome="done" dryRun=true delivery="delivered"
    level="INFO" message="outcome" who="0147000002" command="change" decision="allow #2" outcome="not confirmed" delivery="delivered"
    level="INFO" message="outcome" who="0147000003" command="change" decision="no rule" outcome="refused" delivery="delivered"
    level="INFO" message="outcome" who="" command="change" decision="no staff id" outcome="refused" delivery="delivered"
    level="INFO" message="outcome" who="0147000002" command="change" outcome="not understood" delivery="delivered"
    level="INFO" message="outcome" who="0147000002" command="help" outcome="done" delivery="delivered"
    level="INFO" message="outcome" who="0147000002" command="" outcome="not understood" delivery="delivered"
    level="INFO" message="outcome" who="0147000002" command="help" decision="open" outcome="done" delivery="delivered"
    level="INFO" message="outcome" who="0147000002" command="query" decision="deny #1" outcome="refused" delivery="delivered"
    level="INFO" message="outcome" who="0147000003" command="change" decision="no rule" outcome="refused" delivery="withheld"
    "#);
}

#[tokio::test]
async fn a_code_that_is_for_another_place_is_noted_as_such() {
    let log = Log::start(None);
    let mut chat = chat(RULES, true).await;
    for code in ["0123456789AB@ops", "0123456789AB@private", "0123456789AB@0123456789AB", "0123456789AB"] {
        chat.say_privately(alice(), format!("change well --confirm {code}")).await;
    }
    chat.forget();
    insta::assert_snapshot!(lines(&log, &["private", "codePlace", "outcome"]), @r#"
    level="INFO" message="outcome" private=true codePlace="ops" outcome="not confirmed"
    level="INFO" message="outcome" private=true codePlace="private" outcome="not confirmed"
    level="INFO" message="outcome" private=true outcome="not confirmed"
    level="INFO" message="outcome" private=true outcome="not confirmed"
    "#);
}

#[tokio::test]
async fn a_write_that_is_cut_off_is_unknown() {
    let log = Log::start(None);
    let mut chat = chat(RULES, false).await;
    let clock = chat.clock().clone();
    tokio::join!(clock.pass(std::time::Duration::from_secs(58)), chat.say(alice(), "change late"));
    chat.read();
    insta::assert_snapshot!(lines(&log, &["outcome", "ms"]), @r#"
    level="INFO" message="intent"
    level="INFO" message="outcome" outcome="unknown" ms=57000
    "#);
}

#[tokio::test]
async fn what_was_asked_with_an_old_signature_is_refused_for_that() {
    let log = Log::start(None);
    let mut chat = chat(RULES, false).await;
    chat.dingtalk().spoil_next(simulator::CallbackFault::SkewedClock(-301));
    chat.say(alice(), "change well").await;
    chat.read();
    insta::assert_snapshot!(lines(&log, &["decision", "outcome"]), @r#"level="INFO" message="outcome" decision="signed too long ago" outcome="refused""#);
}

#[tokio::test]
async fn the_lines_of_a_message_have_its_ids() {
    let log = Log::start(None);
    let mut chat = chat(RULES, false).await;
    let callback = chat.text(&alice(), "change well");
    chat.post(&callback).await;
    chat.read();
    let text = log.text();
    let of_the_audit = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<Value> = of_the_audit.filter(|line| line["target"] == super::TARGET).collect();
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert_eq!((&line["msgId"], &line["requestId"]), (&callback["msgId"], &"0123456789abcdef".into()));
    }
}
