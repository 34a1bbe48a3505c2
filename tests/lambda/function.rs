//! The program as a function, in a process of its own.

use std::process::{Child, Command, ExitStatus, Stdio};

use dingops::testing::{
    SECRET,
    runtime_api::{Call, Entry, RuntimeApi},
};
use serde_json::Value;
use simulator::{Message, Simulator};

use crate::support::{Config, EMPTY, dingtalk, event, markdown, session_webhook, within};

/// Tells the program of these tests to be the function of [`crate::panics`].
pub const BE_THE_FUNCTION: &str = "DINGOPS_TEST_FUNCTION";

/// The program on a Runtime API, with a DingTalk.
pub struct Function {
    pub process: Child,
    pub api: RuntimeApi,
    pub dingtalk: Simulator,
    _config: Config,
}

impl Function {
    pub async fn start(toml: &str) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_dingops")), toml).await
    }

    pub async fn start_as(mut program: Command, toml: &str) -> Self {
        let dingtalk = dingtalk().await;
        let config = Config::new(toml, dingtalk.origin());
        let api = RuntimeApi::start().await;
        let process = program
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "dingops")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/dingops")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]0")
            .env("DINGTALK_APP_SECRET", SECRET)
            .env("DINGOPS_CONFIG", config.path())
            .env(BE_THE_FUNCTION, "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let function = Self { process, api, dingtalk, _config: config };
        within(function.api.asked(1)).await;
        function
    }

    /// An event in which somebody says this in a private chat.
    pub fn event(&self, line: &str) -> Value {
        event(&session_webhook(&self.dingtalk), line)
    }

    /// Hands over an event; gives the answer and what arrived, once the function asks for the next.
    pub async fn invoke(&self, event: &Value) -> (Value, Vec<Message>) {
        let so_far = self.api.entries().iter().filter(|entry| entry.call == Call::Next).count();
        let id = self.api.queue(event);
        let entries = within(self.api.asked(so_far + 1)).await;
        (response(&entries, &id), std::iter::from_fn(|| self.dingtalk.read()).collect())
    }

    /// As [`Self::invoke`], for an event that must be acknowledged and replied to once.
    pub async fn reply(&self, event: &Value) -> String {
        let (response, posted) = self.invoke(event).await;
        assert_eq!((response["statusCode"].as_u64(), response["body"].as_str()), (Some(200), Some(EMPTY)));
        assert_eq!(posted.len(), 1, "{posted:?}");
        markdown(&posted[0])
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        // Standard error is at its end when the process is.
        let stderr = self.process.stderr.take().expect("a pipe");
        within(tokio::task::spawn_blocking(|| std::io::read_to_string(stderr)))
            .await
            .expect("a thread")
            .expect("UTF-8");
        self.process.wait().expect("a process of ours")
    }

    /// Ends it; gives what it logged.
    pub fn log(mut self) -> String {
        let _ = self.process.kill();
        std::io::read_to_string(self.process.stderr.take().expect("a pipe")).expect("UTF-8")
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn body_of(event: &Value) -> Value {
    serde_json::from_str(event["body"].as_str().expect("a text")).expect("JSON")
}

pub fn response(entries: &[Entry], id: &str) -> Value {
    let found = entries.iter().find_map(|entry| match &entry.call {
        Call::Response { request_id, body } if request_id == id => Some(body.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no response to {id}: {entries:?}"))
}

/// Entries without their times and bodies.
pub fn order(entries: &[Entry]) -> Vec<&'static str> {
    let name = |entry: &Entry| match entry.call {
        Call::Next => "next",
        Call::Response { .. } => "response",
        Call::Error { .. } => "error",
        Call::InitError { .. } => "init error",
        Call::Unknown { .. } => "unknown",
    };
    entries.iter().map(name).collect()
}
