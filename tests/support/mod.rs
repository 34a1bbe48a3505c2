//! What the tests of both hosts share.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

pub use dingops::testing::EMPTY;
use dingops::{
    clock::{Clock, SystemClock},
    testing::{SECRET, TestClock, alice},
};
use jiff::Timestamp;
use serde_json::Value;
use simulator::{AnswerFault, Message, Place, Simulator};

/// What a slow machine may need; nothing takes this long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What happens, which must be soon.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test goes by the machine's clock, so must its limit"
)]
pub async fn within<T>(happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens).await.expect("this should have happened by now")
}

/// A DingTalk whose clock stands at the machine's time, which the program goes by: nothing is pushed again because a
/// machine is slow, and an answer that is held up waits until the test moves the clock.
pub async fn dingtalk() -> Simulator {
    dingops::testing::dingtalk(TestClock::at(SystemClock.now().as_millisecond())).await
}

/// A session webhook of a private chat.
pub fn session_webhook(dingtalk: &Simulator) -> String {
    dingtalk.open_session(&Place::private(&alice()))
}

/// The Markdown of the next message, which must arrive soon.
pub async fn reply(dingtalk: &Simulator) -> String {
    markdown(&dingtalk.next(PATIENCE).await.expect("this should have happened by now"))
}

/// What a message says; it must be Markdown.
pub fn markdown(message: &Message) -> String {
    message.posted["markdown"]["text"].as_str().unwrap_or_else(|| panic!("{message:?}")).to_owned()
}

const HELD: Duration = Duration::from_secs(1);

/// The next message arrives, and its post is not answered before [`release`].
pub fn hold_next(dingtalk: &Simulator) {
    dingtalk.fail_next(AnswerFault::Slow(HELD.as_millis() as u64));
}

/// Answers the post that is held up.
pub async fn release(dingtalk: &Simulator) {
    within(dingtalk.clock().pass(2 * HELD)).await;
}

/// The session of the callback in an event: whoever knows it can post to the chat.
pub fn session(callback: &Value) -> String {
    let webhook = callback["sessionWebhook"].as_str().expect("a text");
    webhook.split_once("session=").expect("a session").1.to_owned()
}

/// A function URL event in which somebody says this in a private chat, made and signed by the program itself.
pub fn event(session_webhook: &str, line: &str) -> Value {
    let made = Command::new(env!("CARGO_BIN_EXE_dingops"))
        .args(["event", "--session-webhook", session_webhook, "--", line])
        .env_clear()
        .env("DINGTALK_APP_SECRET", SECRET)
        .output()
        .expect("the program starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    serde_json::from_slice(&made.stdout).expect("JSON")
}

/// A dingops.toml that is gone when the test is over.
pub struct Config(PathBuf);

impl Config {
    /// The shipped settings in English, with `toml` over them, and replies allowed to `origin`.
    pub fn new(toml: &str, origin: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("host-{}-{count}.toml", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let settings = dingops::testing::settings(&format!("locale = \"en\"\n{toml}"), &[origin]);
        std::fs::write(&path, settings).expect("a file");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The lines of a log, each with what every line has.
pub fn log_lines(log: &str) -> Vec<Value> {
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        let time = line["timestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        assert!(time.is_some(), "{line}");
        assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap_or_default()), "{line}");
        assert!(line["message"].is_string(), "{line}");
    }
    lines
}
