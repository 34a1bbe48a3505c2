//! What the tests of both hosts share.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use dingops::testing::SECRET;
use serde_json::Value;

/// What a slow machine may need; nothing takes this long.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The acknowledgement of a callback.
pub const EMPTY: &str = r#"{"msgtype":"empty"}"#;
/// The session of the stand-in's session webhook.
pub const SESSION: &str = "0123456789abcdef0123456789abcdef";

/// What happens, which must be soon.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test goes by the machine's clock, so must its limit"
)]
pub async fn within<T>(happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens).await.expect("this should have happened by now")
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
