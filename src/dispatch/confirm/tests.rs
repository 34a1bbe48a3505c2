//! Conversations about confirmation, with a write made for them. Its world is a number for each simulated DingTalk.

mod aliases;
mod approval;
mod codes;
mod private;

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
    time::Duration,
};

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Preview, Row, UserError, arguments, row, values},
    reply::Reply,
    testing::{Chat, Setup, alice, bob},
};

/// How many copies of a thing run, by DingTalk: what a Kubernetes would know.
#[derive(Default, Clone, Copy)]
struct World {
    replicas: i64,
    writes: u64,
}

static WORLDS: LazyLock<Mutex<HashMap<String, World>>> = LazyLock::new(Mutex::default);

fn world<T>(key: &str, change: impl FnOnce(&mut World) -> T) -> T {
    change(WORLDS.lock().unwrap().entry(key.to_owned()).or_default())
}

/// Set how many copies run
#[derive(clap::Args, Serialize)]
struct Scale {
    /// What
    #[arg(value_parser = arguments::text, required = true)]
    workload: String,
    /// How many
    #[arg(value_parser = values::number(0..=100), required = true)]
    replicas: i64,
    /// Where
    #[arg(long, short = 'n', value_parser = arguments::text, default_value = "dev")]
    namespace: String,
}

impl Command for Scale {
    const PATH: &'static [&'static str] = &["k8s", "scale"];
    const ALIASES: &'static [&'static str] = &["扩容"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["workload", "replicas", "namespace"];

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let World { replicas, writes } = world(ctx.settings.dingtalk.api.as_str(), |world| *world);
        let lines = vec![format!("副本数 {replicas} → {}", self.replicas)];
        Ok(Preview { lines, witness: writes.to_string() })
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let replicas = self.replicas;
        tokio::task::yield_now().await;
        // As a Kubernetes takes a patch with a resourceVersion.
        let holds =
            |world: &World| ctx.witness.as_ref().is_none_or(|witness| *witness == world.writes.to_string());
        let is_written = world(ctx.settings.dingtalk.api.as_str(), |world| {
            let holds = holds(world);
            if holds {
                *world = World { replicas, writes: world.writes + 1 };
            }
            holds
        });
        if !is_written {
            return Err(UserError("conflict".into()).into());
        }
        Ok(Reply::new(format!("{} × {replicas}", self.workload)).text(ctx.once.clone().unwrap_or_default()))
    }
}

static ROWS: &[Row] = &[row::<Scale>()];

const RULES: &str = "
[people]
alice = '0147000002'
bob = '0147000003'
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
[[allow]]
who = ['alice', 'bob']
effect = 'write'
";

async fn chat(openapi: bool) -> Chat {
    with_rules(RULES, openapi).await
}

async fn with_rules(toml: &str, openapi: bool) -> Chat {
    let chat = Chat::set_up(Setup { toml, rows: Some(ROWS), openapi, ..Setup::default() }).await;
    // A port may have been another DingTalk's a moment ago.
    world(&origin(&chat), |world| *world = World::default());
    chat
}

fn origin(chat: &Chat) -> String {
    format!("{}/", chat.dingtalk().origin())
}

fn writes(chat: &Chat) -> u64 {
    world(&origin(chat), |world| world.writes)
}

/// The line with a code in a card.
fn line(card: &str) -> String {
    let is_coded = |line: &&str| line.contains("--confirm ") || line.contains("--approve ");
    let line = card.lines().filter(|line| !line.contains("dtmd://")).find(is_coded);
    line.expect("a line with a code").to_owned()
}

/// A card with its code made the same in every run.
fn shown(card: &str) -> String {
    let line = line(card);
    let (before, code) = line.rsplit_once([' ', ':']).unwrap();
    let code = code.split('@').next().unwrap();
    assert!(code.len() == 12 && !before.is_empty(), "{line}");
    card.replace(code, "CODE")
}

#[tokio::test]
async fn without_the_openapi_the_card_is_in_place() {
    let mut chat = chat(false).await;
    chat.say(alice(), "扩容 web 3").await;
    let card = chat.read();
    insta::assert_snapshot!(shown(&card), @"
    #### k8s scale：请确认

    ```
    k8s scale web 3 --namespace dev
    ```

    - 副本数 0 → 3

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s scale web 3 --namespace dev --confirm CODE
    ```

    @0147000002
    ");
    assert_eq!(writes(&chat), 0);
    chat.say(alice(), line(&card)).await;
    assert!(chat.read().starts_with("#### web × 3"));
    assert_eq!(writes(&chat), 1);
}

#[tokio::test]
async fn a_double_tap_in_two_processes_runs_once() {
    let mut chat = chat(false).await;
    chat.say(alice(), "k8s scale web 3").await;
    let line = line(&chat.read());
    chat.another_process();
    chat.say(alice(), &line).await;
    assert!(chat.read().starts_with("#### web × 3"));
    chat.another_process();
    chat.say(alice(), &line).await;
    insta::assert_snapshot!(chat.read(), @"
    #### 没有执行

    可能已经执行过，或者在你发起之后情况有变。请先查看现状，仍需要的话重新发送：

    ```
    k8s scale web 3 --namespace dev
    ```

    @0147000002
    ");
    assert_eq!(writes(&chat), 1);
}

#[tokio::test]
async fn a_quote_with_a_word_of_consent_stands_for_the_line() {
    for consent in ["确认", "confirm", " 确认。", "确认执行", "“确认”"] {
        let mut chat = chat(false).await;
        chat.say(alice(), "k8s scale web 3").await;
        let card = chat.dingtalk().read().expect("a card");
        chat.say(alice(), simulator::Said::text(consent).quoting(&card.id)).await;
        assert!(chat.read().starts_with("#### web × 3"), "{consent}");
    }
}

#[tokio::test]
async fn consent_without_a_code_is_told_where_codes_are() {
    for (openapi, where_to_look) in [(false, "请引用带确认码的那条消息"), (true, "确认码在单聊里")]
    {
        let mut chat = chat(openapi).await;
        chat.say(alice(), "hello").await;
        let other = chat.dingtalk().read().expect("an answer");
        for said in [
            simulator::Said::text("确认"),
            simulator::Said::text("批准执行"),
            simulator::Said::text("confirm").quoting(&other.id),
        ] {
            chat.say(alice(), said).await;
            let reply = chat.read();
            assert!(reply.starts_with(&format!("#### 没有执行\n\n{where_to_look}")), "{reply}");
        }
        chat.say_privately(alice(), "approve").await;
        assert!(chat.read().contains("请引用带确认码的那条消息"));
        assert_eq!(writes(&chat), 0);
    }
}

#[tokio::test]
async fn one_minute_is_one() {
    for (valid, told) in [("1m", "Holds for 1 minute, for"), ("2m", "Holds for 2 minutes, for")] {
        let mut chat = with_rules(&format!("locale = 'en'\n{RULES}valid = '{valid}'"), false).await;
        chat.say(alice(), "k8s scale web 3").await;
        let card = chat.read();
        assert!(card.contains(told), "{card}");
    }
}

#[tokio::test]
async fn a_code_holds_ten_minutes_and_under_one_more() {
    for (seconds, runs) in [(600, true), (659, true), (660, false), (3600 * 23, false)] {
        let mut chat = chat(false).await;
        chat.say(alice(), "k8s scale web 3").await;
        let line = line(&chat.read());
        chat.clock().advance(Duration::from_secs(seconds));
        chat.say(alice(), &line).await;
        let reply = chat.read();
        assert_eq!(reply.contains("web × 3"), runs, "{seconds}: {reply}");
        assert_eq!(reply.contains("确认码已过期"), !runs, "{seconds}: {reply}");
    }
}

#[tokio::test]
async fn a_dry_run_shows_the_preview_alone() {
    let mut chat = chat(false).await;
    chat.say(alice(), "k8s scale web 3 --dry-run").await;
    insta::assert_snapshot!(chat.read(), @"
    #### k8s scale：预览，没有执行

    ```
    k8s scale web 3 --namespace dev
    ```

    - 副本数 0 → 3

    @0147000002
    ");
    assert_eq!(writes(&chat), 0);
}

#[tokio::test]
async fn what_was_not_asked_is_not_run() {
    let mut chat = chat(false).await;
    chat.say(alice(), "k8s scale web 3").await;
    let line = line(&chat.read());
    let code = line.rsplit(' ').next().unwrap().to_owned();
    let mut changed = code.clone();
    let last = if changed.pop() == Some('0') { '1' } else { '0' };
    changed.push(last);
    for (who, other) in [
        (alice(), format!("k8s scale web 4 --confirm {code}")),
        (alice(), format!("k8s scale web 3 -n prod --confirm {code}")),
        (alice(), format!("k8s scale api 3 --confirm {code}")),
        (alice(), format!("k8s scale web 3 --confirm {changed}")),
        (alice(), "k8s scale web 3 --confirm 1".to_owned()),
        (bob(), line.clone()),
        (alice(), format!("k8s scale web 3 --approve alice:{code}")),
        (bob(), format!("k8s scale web 3 --approve alice:{code}@ops")),
        (alice(), format!("{line}@ops")),
    ] {
        chat.say(who, &other).await;
        let reply = chat.read();
        assert!(reply.starts_with("#### 没有执行\n"), "{other}: {reply}");
        assert!(!reply.contains(&code), "{other}: {reply}");
    }
    assert_eq!(writes(&chat), 0);
}

#[tokio::test]
async fn a_card_says_which_values_are_defaults_of_the_group() {
    let rules = format!("{RULES}\n[[defaults]]\nin = ['ops']\nnamespace = 'prod'");
    let mut chat = with_rules(&rules, false).await;
    chat.say(alice(), "k8s scale web 3").await;
    let card = chat.read();
    assert!(card.contains("k8s scale web 3 --namespace prod\n"), "{card}");
    assert!(card.contains("> 本群默认：namespace = prod"), "{card}");
}

#[tokio::test]
async fn two_taps_at_the_same_moment_in_two_processes_write_once() {
    let mut chat = chat(false).await;
    chat.say(alice(), "k8s scale web 3").await;
    let line = line(&chat.read());
    let mut taps = Vec::new();
    for _ in 0..2 {
        let callback = chat.text(&alice(), &line);
        let (_, job) = chat.handle(chat.signed(callback.to_string())).await;
        taps.push(job.expect("work"));
        chat.another_process();
    }
    let (second, first) = (taps.pop().unwrap(), taps.pop().unwrap());
    tokio::join!(first.run(), second.run());
    let replies = [chat.read(), chat.read()];
    assert_eq!(replies.iter().filter(|reply| reply.starts_with("#### web × 3")).count(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|reply| reply.contains("conflict")).count(), 1, "{replies:?}");
    assert_eq!(writes(&chat), 1);
}

#[tokio::test]
async fn a_code_of_what_surely_was_not_done_holds_on() {
    let mut chat = Chat::set_up(Setup { toml: RULES, rows: Some(TRIES), ..Setup::default() }).await;
    world(&origin(&chat), |world| *world = World::default());
    chat.say(alice(), "try").await;
    let line = line(&chat.read());
    chat.say(alice(), &line).await;
    assert!(chat.read().contains("busy"));
    chat.say(alice(), &line).await;
    assert!(chat.read().starts_with("#### tried"));
    chat.say(alice(), &line).await;
    assert!(chat.read().contains("可能已经执行过"));
}

/// Try, which works the second time
#[derive(clap::Args, Serialize)]
struct Try {}

static TRIES: &[Row] = &[row::<Try>()];

impl Command for Try {
    const PATH: &'static [&'static str] = &["try"];
    const EFFECT: Effect = Effect::Write;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let count = world(ctx.settings.dingtalk.api.as_str(), |world| {
            world.writes += 1;
            world.writes
        });
        if count == 1 { Err(UserError("busy".into()).into()) } else { Ok(Reply::new("tried")) }
    }
}
