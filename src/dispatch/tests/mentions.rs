//! People who are mentioned instead of named.

use serde::Serialize;
use serde_json::json;

use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Row, Tail, arguments, row,
        values::{self, PersonName},
    },
    reply::Reply,
    testing::{Chat, Setup, alice, bob},
};

/// Hand something over
#[derive(clap::Args, Serialize)]
pub(super) struct Hand {
    /// To whom
    #[arg(value_parser = values::person, required = true)]
    to: PersonName,
    /// What
    #[arg(value_parser = arguments::text, required = true)]
    what: String,
    /// And then
    #[arg(value_parser = arguments::text)]
    note: Vec<String>,
}

impl Command for Hand {
    const PATH: &'static [&'static str] = &["hand"];
    const ALIASES: &'static [&'static str] = &["转交"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["to", "what", "note"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("hand").code(serde_json::to_string(&self)?))
    }
}

/// Swap shifts
#[derive(clap::Args, Serialize)]
struct Swap {
    /// Whose
    #[arg(long, value_parser = values::person)]
    from: Option<PersonName>,
    /// With whom
    #[arg(long, value_parser = values::person)]
    to: Option<PersonName>,
    /// Which
    #[arg(value_parser = arguments::text)]
    shift: Option<String>,
}

impl Command for Swap {
    const PATH: &'static [&'static str] = &["swap"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["from", "to", "shift"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("swap").code(serde_json::to_string(&self)?))
    }
}

/// Give something away
#[derive(clap::Args, Serialize)]
struct Give {
    /// What
    #[arg(value_parser = arguments::text, required = true)]
    what: String,
    /// Whom
    #[arg(value_parser = values::person)]
    to: Option<PersonName>,
}

impl Command for Give {
    const PATH: &'static [&'static str] = &["give"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["what", "to"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("give").code(serde_json::to_string(&self)?))
    }
}

/// Tell somebody something
#[derive(clap::Args, Serialize)]
struct Tell {
    /// Whom
    #[arg(long, value_parser = values::person)]
    to: Option<PersonName>,
    /// What
    #[arg(value_parser = arguments::text, required = true)]
    what: String,
}

impl Command for Tell {
    const PATH: &'static [&'static str] = &["tell"];
    const EFFECT: Effect = Effect::Open;
    const TAIL: Tail = Tail::Verbatim;
    const ARGUMENTS: &'static [&'static str] = &["to", "what"];

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("tell").code(serde_json::to_string(&self)?))
    }
}

static ROWS: &[Row] = &[row::<Hand>(), row::<Give>(), row::<Swap>(), row::<Tell>()];

async fn chat() -> Chat {
    Chat::set_up(Setup { rows: Some(ROWS), toml: "[people]\ncarol = '0147000009'", ..Setup::default() }).await
}

fn heard(reply: &str) -> String {
    let code = reply.split("```").nth(1).filter(|_| reply.contains("{\""));
    code.or(reply.split("\n\n").nth(1)).unwrap_or(reply).trim().to_owned()
}

const ALICE: &str = "0147000002";
const BOB: &str = "0147000003";
const ASKS: &str =
    "分不清消息里 &#64; 的人对应哪个参数，请直接写名字（配置里 &#91;people&#93; 的名字）或员工 ID。";

#[tokio::test]
async fn one_mention_fills_the_one_gap() {
    let mut chat = chat().await;
    let hand = |to: &str, what: &str, note: &[&str]| json!({ "to": to, "what": what, "note": note });
    let swap = |from: Option<&str>, to: Option<&str>, shift: Option<&str>| json!({ "from": from, "to": to, "shift": shift });
    for (line, expected) in [
        ("hand @爱丽丝 web", hand(ALICE, "web", &[])),
        ("hand web @爱丽丝", hand(ALICE, "web", &[])),
        ("转交 @Bob web 请 看看", hand(BOB, "web", &["请", "看看"])),
        ("hand @爱丽丝 @爱丽丝 web", hand(ALICE, "web", &[])),
        ("hand carol web", hand("0147000009", "web", &[])),
        ("swap --from carol @Bob", swap(Some("0147000009"), Some(BOB), None)),
        ("swap --from @Bob --to carol late", swap(Some(BOB), Some("0147000009"), Some("late"))),
        ("swap late --from=carol --to @Bob", swap(Some("0147000009"), Some(BOB), Some("late"))),
        ("give @Bob web", json!({ "what": "web", "to": BOB })),
        ("tell @Bob it's late", json!({ "to": BOB, "what": "it's late" })),
        // Who is named may be mentioned as well.
        ("swap --from 0147000003 --to carol @Bob", swap(Some(BOB), Some("0147000009"), None)),
    ] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        let said: serde_json::Value = serde_json::from_str(&heard(&reply)).unwrap_or_default();
        assert_eq!(said, expected, "{line}: {reply}");
    }
}

#[tokio::test]
async fn the_nick_may_be_left_in_the_text() {
    let mut chat = chat().await;
    for (line, expected) in [
        ("hand @爱丽丝 web", r#"{"to":"0147000002","what":"web","note":[]}"#),
        ("hand web @爱丽丝", r#"{"to":"0147000002","what":"web","note":[]}"#),
        ("swap --from carol --to @爱丽丝 late", r#"{"from":"0147000009","to":"0147000002","shift":"late"}"#),
    ] {
        let mut callback = chat.text(&bob(), "hand @爱丽丝 web");
        callback["text"]["content"] = line.into();
        chat.post(&callback).await;
        let reply = chat.read();
        assert_eq!(heard(&reply), expected, "{line}: {reply}");
    }
}

#[tokio::test]
async fn otherwise_names_are_asked_for() {
    let mut chat = chat().await;
    for line in [
        "swap @Bob late",
        "swap --from @Bob late",
        "hand @爱丽丝 @Bob web",
        "swap --from carol --to carol @Bob",
        "hand carol @Bob web",
    ] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert_eq!(heard(&reply), ASKS, "{line}: {reply}");
    }
}

#[tokio::test]
async fn a_wrong_name_is_not_somebody_who_is_mentioned() {
    let mut chat = chat().await;
    for line in ["swap --from carol --to=dave @Bob", "hand 'dave' web @Bob"] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.contains("dave") && !reply.contains("{\""), "{line}: {reply}");
    }
}

#[tokio::test]
async fn only_people_of_the_robots_organisation_count() {
    let mut chat = chat().await;
    // 卡罗尔 is of another organisation, and 无名 has no staff id before the robot is published.
    for nick in ["卡罗尔", "无名"] {
        chat.say(alice(), format!("hand @{nick} web")).await;
        let reply = chat.read();
        assert!(reply.contains("没有找到「web」") || reply.contains("缺少参数"), "{nick}: {reply}");
    }
}

#[tokio::test]
async fn a_mention_is_no_text() {
    let mut chat = chat().await;
    chat.say(alice(), "give @Bob").await;
    let reply = chat.read();
    assert_eq!(heard(&reply), "缺少参数「what」。");
}

#[tokio::test]
async fn no_word_vanishes_because_somebody_is_mentioned() {
    let mut chat = chat().await;
    for line in [
        "hand 0147000003 what @prod @staging last @Bob",
        "hand what @prod @staging @Bob",
        "hand 0147000003 what @prod @Bob",
    ] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(!reply.starts_with("#### hand\n"), "{line}: {reply}");
    }
}
