//! The real program on a Runtime API of Lambda: acknowledged before the work is done, the work done before the next
//! event is asked for, and nothing of the order lost when something goes wrong.
//!
//! The program runs as a process of its own and goes by the machine's clock. A test waits for what happens next, and
//! fails when it did not happen within [`support::PATIENCE`].

mod support;

use std::{
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use dingops::{
    app::App,
    clock::{Clock, SystemClock},
    config::{Environment, Settings},
    dispatch::{self, CommandError, Ctx, Effect, Row, row, table::Table},
    reply::Reply,
    testing::{
        Answer, SECRET, Service,
        runtime_api::{Call, Entry, Failure, RuntimeApi},
    },
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use simulator::{Message, Simulator};
use tokio::net::TcpListener;

use crate::support::{
    Config, EMPTY, dingtalk, event, hold_next, markdown, release, reply, session, session_webhook, within,
};

/// Tells the program of this file to be the function of [`a_panic_is_answered_and_survived`].
const BE_THE_FUNCTION: &str = "DINGOPS_TEST_FUNCTION";

/// Whether this does not happen. A machine can be so slow that it would only happen later: then a mistake is missed, and
/// nothing fails without one.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test goes by the machine's clock, so must its limit"
)]
async fn not_soon<T>(happens: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_millis(200), happens).await.is_err()
}

/// The program on a Runtime API, with a DingTalk.
struct Function {
    process: Child,
    api: RuntimeApi,
    dingtalk: Simulator,
    _config: Config,
}

impl Function {
    async fn start(toml: &str) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_dingops")), toml).await
    }

    async fn start_as(mut program: Command, toml: &str) -> Self {
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
    fn event(&self, line: &str) -> Value {
        event(&session_webhook(&self.dingtalk), line)
    }

    /// Hands over an event; gives the answer and what arrived, once the function asks for the next.
    async fn invoke(&self, event: &Value) -> (Value, Vec<Message>) {
        let so_far = self.api.entries().iter().filter(|entry| entry.call == Call::Next).count();
        let id = self.api.queue(event);
        let entries = within(self.api.asked(so_far + 1)).await;
        (response(&entries, &id), std::iter::from_fn(|| self.dingtalk.read()).collect())
    }

    /// As [`Self::invoke`], for an event that must be acknowledged and replied to once.
    async fn reply(&self, event: &Value) -> String {
        let (response, posted) = self.invoke(event).await;
        assert_eq!((response["statusCode"].as_u64(), response["body"].as_str()), (Some(200), Some(EMPTY)));
        assert_eq!(posted.len(), 1, "{posted:?}");
        markdown(&posted[0])
    }

    /// Waits until it ends by itself.
    async fn ended(&mut self) -> ExitStatus {
        // Standard error is at its end when the process is.
        let stderr = self.process.stderr.take().expect("a pipe");
        within(tokio::task::spawn_blocking(|| std::io::read_to_string(stderr)))
            .await
            .expect("a thread")
            .expect("UTF-8");
        self.process.wait().expect("a process of ours")
    }

    /// Ends it; gives what it logged.
    fn log(mut self) -> String {
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

fn body_of(event: &Value) -> Value {
    serde_json::from_str(event["body"].as_str().expect("a text")).expect("JSON")
}

fn response(entries: &[Entry], id: &str) -> Value {
    let found = entries.iter().find_map(|entry| match &entry.call {
        Call::Response { request_id, body } if request_id == id => Some(body.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no response to {id}: {entries:?}"))
}

/// Entries without their times and bodies.
fn order(entries: &[Entry]) -> Vec<&'static str> {
    let name = |entry: &Entry| match entry.call {
        Call::Next => "next",
        Call::Response { .. } => "response",
        Call::Error { .. } => "error",
        Call::InitError { .. } => "init error",
        Call::Unknown { .. } => "unknown",
    };
    entries.iter().map(name).collect()
}

#[tokio::test]
async fn acknowledged_before_the_work_and_worked_before_the_next_event() {
    let function = Function::start("").await;
    hold_next(&function.dingtalk);
    let id = function.api.queue(&function.event("ping"));

    // Its post is not answered yet.
    assert!(reply(&function.dingtalk).await.contains("pong"));
    let entries = function.api.entries();
    assert_eq!(order(&entries), ["next", "response"], "the work is under way");
    let acknowledgement = response(&entries, &id);
    assert_eq!(acknowledgement["statusCode"], 200);
    assert_eq!(acknowledgement["headers"]["content-type"], "application/json");
    assert_eq!(acknowledgement["body"], EMPTY);

    assert!(
        not_soon(function.api.asked(2)).await,
        "the next event was asked for while the work was under way"
    );

    release(&function.dingtalk).await;
    let entries = within(function.api.asked(2)).await;
    assert_eq!(order(&entries), ["next", "response", "next"]);
}

#[tokio::test]
async fn several_events_in_turn_leave_their_replies_in_turn() {
    let function = Function::start("").await;
    for (line, title) in [("ping", "#### pong"), ("nothing-like-it", "nothing"), ("whoami", "####")] {
        let reply = function.reply(&function.event(line)).await;
        assert!(reply.contains(title), "{line}: {reply}");
    }
    let in_turn = ["next", "response", "next", "response", "next", "response", "next"];
    assert_eq!(order(&function.api.entries()), in_turn);
}

#[tokio::test]
async fn a_missed_deadline_is_said_in_the_chat() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let service = format!("http://{}", silent.local_addr().expect("an address"));
    let function = Function::start(&format!("[ip]\nservices = [{service:?}, {service:?}]")).await;
    let deadline = SystemClock.now() + SignedDuration::from_secs(3);
    function.api.queue_until(&function.event("ip"), deadline.as_millisecond());

    let entries = within(function.api.asked(2)).await;
    let reply = markdown(&function.dingtalk.read().expect("a message"));
    assert!(reply.contains("ip: took too long"), "{reply}");
    assert!(entries[2].at < deadline, "the function would have been ended before it could say so");
}

#[tokio::test]
async fn a_deadline_in_the_past_is_not_known() {
    // As cargo-lambda's emulator sends it.
    const EMULATED: i64 = 600_000;
    let service = Service::answering(Answer::Body(200, "203.0.113.9\n".to_owned())).await;
    let function = Function::start(&format!("[ip]\nservices = [{:?}]", service.origin())).await;
    function.api.queue_until(&function.event("ip"), EMULATED);
    within(function.api.asked(2)).await;
    let reply = markdown(&function.dingtalk.read().expect("a message"));
    assert!(reply.contains("203.0.113.9"), "{reply}");
}

/// The program has no command that panics, so this test is the function too: it starts the program of this file again,
/// which runs this test alone and finds in its environment that it is to be the function, with a row that panics.
#[test]
fn a_panic_is_answered_and_survived() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    if std::env::var_os(BE_THE_FUNCTION).is_some() {
        dingops::log::init().expect("levels");
        let ended = runtime().block_on(dingops::host::lambda::run(Arc::new(app_with_a_row_that_panics())));
        panic!("the function ended: {ended:?}");
    }
    runtime().block_on(async {
        let mut program = Command::new(std::env::current_exe().expect("a path"));
        program.args(["--exact", "a_panic_is_answered_and_survived", "--nocapture", "--test-threads=1"]);
        let function = Function::start_as(program, "").await;

        let reply = function.reply(&function.event("panic")).await;
        assert!(reply.contains("Something went wrong"), "{reply}");
        assert!(!reply.contains("words of a panic"), "{reply}");
        let reply = function.reply(&function.event("calm")).await;
        assert!(reply.contains("#### calm"), "{reply}");

        let log = function.log();
        let panicked = log.lines().find(|line| line.contains(r#""message":"panicked""#)).expect("a line");
        assert!(panicked.contains(r#""requestId":"00000001-"#), "{panicked}");
    });
}

fn app_with_a_row_that_panics() -> App {
    static ROWS: &[Row] = &[row::<Panic>(), row::<Calm>()];
    let env = |name: &str| std::env::var(name).ok();
    App::new(
        Settings::load(&env).expect("settings"),
        Environment::read(&env).expect("a secret"),
        Table::new(ROWS, Vec::new()).expect("a table"),
        Arc::new(SystemClock),
    )
}

/// Panics
#[derive(clap::Args, serde::Serialize)]
struct Panic {}

impl dispatch::Command for Panic {
    const PATH: &'static [&'static str] = &["panic"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        panic!("words of a panic")
    }
}

/// Does not
#[derive(clap::Args, serde::Serialize)]
struct Calm {}

impl dispatch::Command for Calm {
    const PATH: &'static [&'static str] = &["calm"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, _: &Ctx) -> Result<Reply, CommandError> {
        Ok(Reply::new("calm"))
    }
}

#[tokio::test]
async fn a_response_that_is_refused_does_not_lose_the_reply() {
    let function = Function::start("").await;
    function.api.fail_next_response(Failure::Status(500));
    let reply = function.reply(&function.event("ping")).await;
    assert!(reply.contains("pong"), "{reply}");
    assert!(function.reply(&function.event("ping")).await.contains("pong"), "the function goes on");
}

#[tokio::test]
async fn a_response_that_cannot_be_posted_does_not_lose_the_reply() {
    let mut function = Function::start("").await;
    function.api.fail_next_response(Failure::Close);
    function.api.queue(&function.event("ping"));
    assert!(reply(&function.dingtalk).await.contains("pong"));
    // Lambda starts another process then.
    assert!(!function.ended().await.success());
    assert_eq!(order(&function.api.entries()), ["next", "response"]);
}

#[tokio::test]
async fn a_stage_before_the_path_does_not_count() {
    let function = Function::start("").await;
    let mut event = function.event("ping");
    for (stage, path, status) in [
        ("prod", "/prod/hooks/x", 404),
        ("prod", "/prod/prod/hooks/x", 200),
        ("prod", "/prod/", 200),
        ("prod", "/prod", 200),
        ("$default", "/hooks/x", 404),
        ("$default", "/prod/hooks/x", 200),
    ] {
        event["requestContext"]["stage"] = stage.into();
        event["requestContext"]["http"]["path"] = path.into();
        event["rawPath"] = path.into();
        let mut body = body_of(&event);
        body["msgId"] = format!("{stage} {path}").into();
        event["body"] = body.to_string().into();
        let (response, posted) = function.invoke(&event).await;
        assert_eq!(response["statusCode"], status, "{stage} {path}");
        assert_eq!(posted.len(), usize::from(status == 200), "{stage} {path}");
    }
}

#[tokio::test]
async fn a_body_may_come_in_base64() {
    let function = Function::start("").await;
    let mut event = function.event("ping");
    event["body"] = STANDARD.encode(event["body"].as_str().expect("a text")).into();
    event["isBase64Encoded"] = true.into();
    assert!(function.reply(&event).await.contains("pong"));
}

#[tokio::test]
async fn probes_are_answered_and_nothing_is_done() {
    let function = Function::start("").await;
    for (method, body, expected) in [
        ("GET", Value::Null, "dingops"),
        ("HEAD", Value::Null, ""),
        ("POST", Value::Null, EMPTY),
        ("POST", "".into(), EMPTY),
    ] {
        let mut event = function.event("ping");
        event["requestContext"]["http"]["method"] = method.into();
        event["body"] = body;
        let (response, posted) = function.invoke(&event).await;
        assert_eq!(response["statusCode"], 200, "{method}");
        assert_eq!(response["body"].as_str().unwrap_or_default(), expected, "{method}");
        assert!(posted.is_empty(), "{method}: {posted:?}");
    }
}

#[tokio::test]
async fn what_is_not_signed_is_refused_and_nothing_is_posted() {
    let function = Function::start("").await;
    let signed = function.event("ping");
    let (timestamp, sign) = (signed["headers"]["timestamp"].clone(), signed["headers"]["sign"].clone());
    // Lambda joins a header that came twice by a comma.
    let twice = |value: &Value| Value::from(format!("{0},{0}", value.as_str().expect("a text")));
    for (timestamp, sign) in [
        (timestamp.clone(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
        (twice(&timestamp), sign.clone()),
        (timestamp, twice(&sign)),
        (1.to_string().into(), sign),
    ] {
        let mut event = signed.clone();
        event["headers"]["timestamp"] = timestamp;
        event["headers"]["sign"] = sign;
        let (response, posted) = function.invoke(&event).await;
        assert_eq!(response["statusCode"], 401);
        assert_eq!(response["body"], r#"{"error":"not signed by DingTalk"}"#);
        assert!(posted.is_empty(), "{posted:?}");
    }
    assert!(function.reply(&signed).await.contains("pong"));
}

#[tokio::test]
async fn cookies_and_other_headers_do_not_matter() {
    let function = Function::start("").await;
    let mut event = function.event("ping");
    event["cookies"] = json!(["a=1", "b=2"]);
    event["headers"]["accept"] = "text/html,application/json,*/*".into();
    event["headers"]["content-length"] = "7".into();
    event["headers"]["content-type"] = "text/plain".into();
    event["headers"]["x-forwarded-for"] = "198.51.100.1, 203.0.113.7".into();
    event["rawQueryString"] = "a=1&a=2&b=%2f".into();
    assert!(function.reply(&event).await.contains("pong"));
}

#[tokio::test]
async fn what_came_before_is_not_run_again() {
    let function = Function::start("").await;
    let event = function.event("ping");
    assert!(function.reply(&event).await.contains("pong"));
    let (response, posted) = function.invoke(&event).await;
    assert_eq!((response["statusCode"].as_u64(), response["body"].as_str()), (Some(200), Some(EMPTY)));
    assert!(posted.is_empty(), "{posted:?}");
}

#[tokio::test]
async fn events_of_another_kind_are_refused_and_not_repeated_in_the_log() {
    let function = Function::start("").await;
    let mut broken = function.event("ping");
    broken["body"] = "not Base64!".into();
    broken["isBase64Encoded"] = true.into();
    let twice_encoded = json!(function.event("ping").to_string());
    for event in [
        json!({}),
        json!([]),
        json!({ "Records": [] }),
        json!({ "headers": "sign=SECx" }),
        broken,
        twice_encoded,
    ] {
        let (response, posted) = function.invoke(&event).await;
        assert_eq!((response["statusCode"].as_u64(), posted), (Some(400), vec![]), "{event}");
    }
    assert!(function.reply(&function.event("ping")).await.contains("pong"));
    let log = function.log();
    assert!(!log.contains("sign=") && !log.contains("senderNick"), "{log}");
}

#[tokio::test]
async fn the_log_tells_what_happened_and_no_secret() {
    let function = Function::start("").await;
    let mut said = function.event("words that nobody should find in a log");
    said["headers"]["authorization"] = "a header that nobody should find in a log".into();
    function.reply(&said).await;
    let mut refused = said.clone();
    let sign = STANDARD.encode([7; 32]);
    refused["headers"]["sign"] = sign.as_str().into();
    function.invoke(&refused).await;
    let message_id = body_of(&said)["msgId"].as_str().expect("a text").to_owned();
    let session = session(&body_of(&said));
    let headers = [said["headers"]["sign"].as_str().expect("a text").to_owned(), sign];

    let log = function.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        let time = line["timestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        assert!(time.is_some(), "{line}");
        assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap_or_default()), "{line}");
        assert!(line["message"].is_string(), "{line}");
        assert!(line["requestId"].is_string(), "{line}");
    }
    let of = |target: &str| lines.iter().find(|line| line["target"] == target).expect(target);
    let audit = of("dingops::audit");
    assert_eq!(audit["requestId"], "00000001-0000-4000-8000-000000000000");
    assert_eq!(audit["msgId"], message_id.as_str());
    assert_eq!(audit["outcome"], "not understood");
    let refusal = of("dingops::app");
    assert_eq!((&refusal["level"], &refusal["status"]), (&"WARN".into(), &401.into()));
    assert_eq!(refusal["requestId"], "00000002-0000-4000-8000-000000000000");
    for hidden in [SECRET, &session, "nobody should find", &headers[0], &headers[1]] {
        assert!(!log.contains(hidden), "{hidden} is in the log: {log}");
    }
}
