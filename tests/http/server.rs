//! The program as a server, in a process of its own.

use std::{
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
};

use dingops::testing::{SECRET, alice};
use serde_json::Value;
use simulator::{Place, Pushed, Robot, Simulator};

use crate::{
    connection::{Callback, Connection, callback},
    support::{Config, EMPTY, dingtalk, reply, session_webhook, within},
};

/// The program serving plain HTTP, with a DingTalk.
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
    pub dingtalk: Simulator,
    _config: Config,
    pub log: Option<BufReader<ChildStderr>>,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(&["serve", "--listen", "127.0.0.1:0"], &[]).await
    }

    pub async fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let dingtalk = dingtalk().await;
        let config = Config::new("", dingtalk.origin());
        let child = Command::new(env!("CARGO_BIN_EXE_dingops"))
            .args(arguments)
            .env_clear()
            .env("DINGTALK_APP_SECRET", SECRET)
            .env("DINGOPS_CONFIG", config.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut process = Process(child.expect("the program starts"));
        let mut log = BufReader::new(process.0.stderr.take().expect("a pipe"));
        let (line, log) = in_a_thread(move || {
            let mut line = String::new();
            log.read_line(&mut line).expect("UTF-8");
            (line, log)
        })
        .await;
        let first: Value = serde_json::from_str(&line).expect(&line);
        let address = first["message"].as_str().and_then(|text| text.strip_prefix("listening on http://"));
        let address = address.expect(&line).parse().expect(&line);
        dingtalk.connect(Robot::at(&format!("http://{address}/")).expect("an address"));
        Self { process, address, dingtalk, _config: config, log: Some(log) }
    }

    pub async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// The two headers and the body in which somebody says this in a private chat.
    pub fn callback(&self, line: &str) -> Callback {
        callback(&session_webhook(&self.dingtalk), line)
    }

    /// Somebody says this in a private chat; it must be acknowledged.
    pub async fn say(&self, line: &str) {
        let said = within(self.dingtalk.say(&alice(), &Place::private(&alice()), line)).await;
        let acknowledged = Pushed { status: Ok(200), body: EMPTY.into() };
        assert_eq!(said.expect("something one can say").pushed, [acknowledged]);
    }

    pub async fn reply(&self) -> String {
        reply(&self.dingtalk).await
    }

    pub fn terminate(&self) {
        // The shell's own: a small machine may have no program of that name.
        let killed =
            Command::new("sh").args(["-c", "kill -TERM $0", &self.process.0.id().to_string()]).status();
        assert!(killed.expect("a shell").success());
    }

    /// Waits until it ends by itself; gives what it logged after its first line.
    pub async fn ended(&mut self) -> (ExitStatus, String) {
        // Standard error is at its end when the process is.
        let log = self.log.take().expect("the log is read once");
        let log = in_a_thread(|| io::read_to_string(log)).await.expect("UTF-8");
        (self.process.0.wait().expect("a process of ours"), log)
    }
}

/// A process that does not outlive its test, also when that fails.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn in_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    within(tokio::task::spawn_blocking(work)).await.expect("a thread")
}
