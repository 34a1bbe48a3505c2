//! What each type of argument takes, what comes out, and what is said of what it does not take.

mod wrong;

use clap::ValueEnum;
use serde::Serialize;

use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Row, arguments,
        arguments::Arguments,
        help, row,
        table::{Found, Table},
        values::{self, Choice, Duration, GroupName, Identifier, KeyValue, Kind, PersonName, Time},
        words::Line,
    },
    locale::Locale,
    reply::Reply,
    testing::{Chat, Setup, alice, bob},
};

/// Where
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Environment {
    /// Where customers are
    #[value(alias = "生产")]
    Prod,
    /// Before that
    #[value(alias = "预发")]
    Staging,
}

/// Letters
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Letter {
    Alpha,
    Beta,
    Gamma,
    Delta,
    Epsilon,
    Zeta,
    Theta,
    Iota,
    Kappa,
}

/// Take one of everything
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Take {
    /// What
    #[arg(value_parser = Identifier::NAME.parser(), required = true)]
    service: String,
    /// How many
    #[arg(value_parser = values::number(1..=100), default_value = "1")]
    count: i64,
    /// Anything else
    #[arg(value_parser = arguments::text)]
    note: Vec<String>,
    /// For how long
    #[arg(long = "for", short, value_parser = values::duration(Duration::minutes(1)..=Duration::days(7)))]
    #[serde(rename = "for")]
    r#for: Option<Duration>,
    /// When
    #[arg(long, value_parser = values::time)]
    at: Option<Time>,
    /// For whom
    #[arg(long, value_parser = values::person)]
    to: Option<PersonName>,
    /// Where it is told
    #[arg(id = "in", long, value_parser = values::group)]
    #[serde(rename = "in")]
    group: Option<GroupName>,
    /// Which environment
    #[arg(long, value_parser = values::choice::<Environment>())]
    env: Option<Choice<Environment>>,
    /// Which letter
    #[arg(long, value_parser = values::choice::<Letter>())]
    letter: Option<Choice<Letter>>,
    /// With which parameters
    #[arg(long, short, value_parser = values::pair)]
    #[serde(serialize_with = "values::object")]
    param: Vec<KeyValue>,
    /// Under which labels
    #[arg(short = 'l', value_parser = arguments::text)]
    label: Vec<String>,
    /// Louder
    #[arg(long, short = 'v')]
    loud: bool,
}

impl Command for Take {
    const PATH: &'static [&'static str] = &["take"];
    const ALIASES: &'static [&'static str] = &["拿"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] =
        &["service", "count", "note", "for", "at", "to", "in", "env", "letter", "param", "label", "loud"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        let mut values = serde_json::to_value(&self)?;
        // What was not said is told by what was.
        if let Some(values) = values.as_object_mut() {
            values.retain(|_, value| *value != serde_json::Value::Null && *value != false);
            values.retain(|_, value| *value != serde_json::json!([]) && *value != serde_json::json!({}));
        }
        Ok(Reply::new("take").code(values.to_string()))
    }
}

static ROWS: &[Row] = &[row::<crate::commands::Help>(), row::<Take>()];

const SETTINGS: &str = "
    [people]
    alice = '0147000002'
    bob = '0147000003'
    albert = '0147000004'
    '小王' = 'wang5'
    [groups]
    ops = 'cidOPSAAAAAAAAAAAAAAAA=='
    dev = 'cidDEVAAAAAAAAAAAAAAAA=='
";

async fn set_up(toml: &str) -> Chat {
    Chat::set_up(Setup { rows: Some(ROWS), toml, ..Setup::default() }).await
}

async fn chat(toml: &str) -> Chat {
    set_up(&format!("{toml}\n{SETTINGS}")).await.privately()
}

/// The canonical values of what was taken.
async fn taken(chat: &mut Chat, line: &str) -> String {
    chat.say(alice(), line).await;
    let reply = chat.read();
    reply.split("```").nth(1).filter(|_| reply.starts_with("#### take\n")).unwrap_or(&reply).trim().to_owned()
}

#[tokio::test]
async fn what_means_the_same_is_the_same() {
    let mut chat = chat("").await;
    for (line, values) in [
        ("take web", r#"{"count":1,"service":"web"}"#),
        ("take web 007", r#"{"count":7,"service":"web"}"#),
        ("拿web １０", r#"{"count":10,"service":"web"}"#),
        ("take web 2 a 'b c' -- -d", r#"{"count":2,"note":["a","b c","-d"],"service":"web"}"#),
        ("take web 2 '--loud'", r#"{"count":2,"note":["--loud"],"service":"web"}"#),
        ("take web --for 120m", r#"{"count":1,"for":"2h","service":"web"}"#),
        ("take web -f 2H", r#"{"count":1,"for":"2h","service":"web"}"#),
        ("take web -f2h", r#"{"count":1,"for":"2h","service":"web"}"#),
        ("take web —f=90分钟", r#"{"count":1,"for":"1h30m","service":"web"}"#),
        ("take web --for 1小时30分", r#"{"count":1,"for":"1h30m","service":"web"}"#),
        ("take web --for 3天", r#"{"count":1,"for":"3d","service":"web"}"#),
        ("take web --for 1.5h", r#"{"count":1,"for":"1h30m","service":"web"}"#),
        ("take web --for 半小时", r#"{"count":1,"for":"30m","service":"web"}"#),
        ("take web --for 90s", r#"{"count":1,"for":"1m30s","service":"web"}"#),
        ("take web --at 15:04", r#"{"at":"2026-01-01T15:04:00+08:00","count":1,"service":"web"}"#),
        ("take web --at 9：30", r#"{"at":"2026-01-01T09:30:00+08:00","count":1,"service":"web"}"#),
        ("take web --at 2026-01-02", r#"{"at":"2026-01-02T00:00:00+08:00","count":1,"service":"web"}"#),
        (
            "take web --at '2026-01-02 15:04'",
            r#"{"at":"2026-01-02T15:04:00+08:00","count":1,"service":"web"}"#,
        ),
        (
            "take web --at 2026-01-02T07:04:00Z",
            r#"{"at":"2026-01-02T15:04:00+08:00","count":1,"service":"web"}"#,
        ),
        ("take web --to alice", r#"{"count":1,"service":"web","to":"0147000002"}"#),
        ("take web --to ALICE", r#"{"count":1,"service":"web","to":"0147000002"}"#),
        ("take web --to @alice", r#"{"count":1,"service":"web","to":"0147000002"}"#),
        ("take web --to 小王", r#"{"count":1,"service":"web","to":"wang5"}"#),
        ("take web --to wang5", r#"{"count":1,"service":"web","to":"wang5"}"#),
        ("take web --to 0999", r#"{"count":1,"service":"web","to":"0999"}"#),
        ("take web --to id:zhangsan", r#"{"count":1,"service":"web","to":"zhangsan"}"#),
        ("take web --to id:alice", r#"{"count":1,"service":"web","to":"alice"}"#),
        ("take web --in ops", r#"{"count":1,"in":"cidOPSAAAAAAAAAAAAAAAA==","service":"web"}"#),
        ("take web --in cidX+/8==", r#"{"count":1,"in":"cidX+/8==","service":"web"}"#),
        ("take web --env prod", r#"{"count":1,"env":"prod","service":"web"}"#),
        ("take web --env 生产", r#"{"count":1,"env":"prod","service":"web"}"#),
        ("take web --env PROD", r#"{"count":1,"env":"prod","service":"web"}"#),
        (
            "take web -p B=2 -p A='x y' --param=C=",
            r#"{"count":1,"param":{"A":"x y","B":"2","C":""},"service":"web"}"#,
        ),
        ("take web -pA=-1 -p 环境＝测试", r#"{"count":1,"param":{"A":"-1","环境":"测试"},"service":"web"}"#),
        ("take web -vl a -l=b -l -1", r#"{"count":1,"label":["a","b","-1"],"loud":true,"service":"web"}"#),
    ] {
        assert_eq!(taken(&mut chat, line).await, values, "{line}");
    }
}

#[tokio::test]
async fn somebody_from_outside_learns_no_names() {
    let corps = "[dingtalk]\ncorps = ['ding0001other']";
    let mut chat = set_up(&format!("{corps}\n{SETTINGS}")).await.privately();
    let mut carol = bob();
    carol.corp = Some("ding0001other".into());
    chat.say(carol, "take web --to alcie").await;
    let reply = chat.read();
    assert!(reply.contains("没有找到「alcie」") && !reply.contains("alice"), "{reply}");
    chat.say(bob(), "take web --to alcie").await;
    assert!(chat.read().contains("alice"));
}

#[test]
fn what_rules_may_ask_of_each_argument() {
    let command = ROWS[1].clap();
    let kinds: Vec<(String, Kind)> =
        command.get_arguments().map(|argument| (help::name(argument), values::kind(argument))).collect();
    let other = |name: &str| match name {
        "count" => Kind::Number,
        "for" => Kind::Duration,
        "param" => Kind::KeyValue,
        "loud" => Kind::Flag,
        _ => Kind::Text,
    };
    assert_eq!(kinds.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), Take::ARGUMENTS);
    for (name, kind) in kinds {
        assert_eq!(kind, other(&name), "{name}");
    }
}

#[test]
fn an_example_is_checked_without_anyone_who_says_it() {
    let table = Table::new(ROWS, Vec::new()).unwrap();
    let check = |line: &str| {
        let Found::Row { row, line, words, .. } = table.find(Line::split(line)) else { panic!("{line}") };
        arguments::check(row, &line, &words, Locale::En).map(|arguments| match arguments {
            Arguments::Given { prepared, .. } => prepared.values(),
            Arguments::HelpWanted => panic!("{}", line.text()),
        })
    };
    let values = check("take web 3 --to carol -f 60m").unwrap();
    assert_eq!((&values["to"], &values["for"]), (&"carol".into(), &"1h".into()));
    assert!(check("take web 101").unwrap_err().message.contains("from 1 to 100"));
}
