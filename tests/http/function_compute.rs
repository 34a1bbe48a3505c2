//! On Alibaba Cloud Function Compute, with a stand-in that freezes the program while it has nothing to answer.

use std::{collections::BTreeSet, process::Command};

use bytes::Bytes;
use dingops::testing::SECRET;
use http::HeaderMap;
use serde_json::Value;
use simulator::{CallbackFault, Organisation, Robot, Way};

use crate::{
    connection::{Callback, head, post},
    gateway::{Gateway, Invocation, KEY, Queue},
    server::Server,
    support::{EMPTY, PATIENCE, hold_next, log_lines, release, within},
};

const SEAL: &str = "x-dingops-passed-on";

struct Function {
    gateway: Gateway,
    server: Server,
}

impl Function {
    /// A function that passes callbacks on to itself.
    async fn start() -> Self {
        let gateway = Gateway::start().await;
        let url = gateway.url();
        Self::with(gateway, &[("DINGOPS_SELF_URL", &url)]).await
    }

    async fn with(gateway: Gateway, variables: &[(&str, &str)]) -> Self {
        let platform = [("FC_FUNCTION_NAME", "dingops"), ("FC_SERVER_PORT", "0")];
        let server = Server::start_with(&[], &[&platform, variables].concat()).await;
        assert!(server.address.ip().is_unspecified(), "{}", server.address);
        let address = ([127, 0, 0, 1], server.address.port()).into();
        gateway.runs(server.process.0.id(), address);
        server.dingtalk.connect(Robot::at(&gateway.url()).expect("an address"));
        Self { gateway, server }
    }

    /// Ends it; gives what it logged.
    async fn log(&mut self) -> String {
        self.gateway.thaw();
        self.server.terminate();
        self.server.ended().await.1
    }
}

/// A callback that was acknowledged, as the first invocation passed it on.
async fn passed_on(function: &Function, line: &str) -> (HeaderMap, Bytes) {
    function.gateway.hold();
    function.server.say(line).await;
    function.gateway.held().pop().expect("what was passed on")
}

#[tokio::test]
async fn a_callback_is_acknowledged_and_its_work_done_by_an_invocation_of_its_own() {
    let mut function = Function::start().await;
    function.server.say("ping").await;
    assert!(function.server.reply().await.contains("pong"));
    let invocations = function.gateway.invocations(2).await;
    let [first, second] = &invocations[..] else { panic!("{invocations:?}") };
    assert_eq!((first.queued, first.status, second.queued, second.status), (false, 200, true, 200));
    assert_eq!(first.body, second.body, "passed on as it came");
    for name in ["timestamp", "sign"] {
        assert_eq!(first.headers.get(name), second.headers.get(name), "{name}");
    }
    assert!(second.headers.contains_key(SEAL) && !first.headers.contains_key(SEAL));

    // Again, in the process that knows its first message.
    function.server.say("whoami").await;
    assert!(function.server.reply().await.contains("0147000002"));

    let log = function.log().await;
    let audit: Vec<Value> =
        log_lines(&log).into_iter().filter(|line| line["target"] == "dingops::audit").collect();
    assert_eq!(audit.len(), 2, "one for each message: {log}");
    let seals: BTreeSet<&str> = invocations
        .iter()
        .filter_map(|Invocation { headers, .. }| headers.get(SEAL)?.to_str().ok())
        .collect();
    for hidden in [SECRET, KEY, "x-fc", "security-token"].into_iter().chain(seals) {
        assert!(!log.contains(hidden), "{hidden} is in the log: {log}");
    }
}

#[tokio::test]
async fn without_its_address_the_work_is_done_before_the_response() {
    let function = Function::with(Gateway::start().await, &[]).await;
    // The reply is being posted, so its work is not done.
    hold_next(&function.server.dingtalk);
    let meanwhile = async {
        assert!(function.server.reply().await.contains("pong"));
        assert_eq!(function.gateway.answered(), 0);
        release(&function.server.dingtalk).await;
    };
    tokio::join!(function.server.say("ping"), meanwhile);
    let [invocation] = &function.gateway.invocations(1).await[..] else { panic!() };
    assert_eq!((invocation.queued, invocation.status), (false, 200));
}

#[tokio::test]
async fn one_process_takes_several_requests_at_once() {
    let function = Function::start().await;
    let addresses = [(); 8].map(|()| function.gateway.address);
    let callbacks = addresses.map(|_| function.server.callback("ping"));
    let asked = callbacks.iter().map(|callback| async {
        let mut connection = crate::connection::Connection::open(function.gateway.address).await;
        connection.send(post(callback)).await;
        connection.response().await
    });
    for response in futures_util::future::join_all(asked).await {
        assert_eq!((response.status, response.body.as_str()), (200, EMPTY));
    }
    for _ in 0..callbacks.len() {
        assert!(function.server.reply().await.contains("pong"));
    }
    function.gateway.invocations(2 * callbacks.len()).await;
}

/// What a process says seldom must not be withheld because the invocation before it was the same process.
#[tokio::test]
async fn a_callback_without_its_text_is_told_by_the_second_invocation_and_once() {
    let gateway = Gateway::start().await;
    let (url, app) = (gateway.url(), Organisation::default().app);
    let variables = [
        ("DINGOPS_SELF_URL", url.as_str()),
        ("DINGTALK_APP_KEY", app.key.as_str()),
        ("DINGTALK_ROBOT_CODE", app.robot_code.as_str()),
    ];
    let mut function = Function::with(gateway, &variables).await;
    for _ in 0..2 {
        function.server.dingtalk.spoil_next(CallbackFault::QuotaExhausted);
        function.server.say("ping").await;
    }
    let told = within(function.server.dingtalk.next(PATIENCE)).await.expect("a message");
    assert_eq!(told.way, Way::OneToOne);
    function.gateway.invocations(3).await;
    assert_eq!(function.server.dingtalk.read(), None);
    let log = function.log().await;
    assert_eq!(log.matches("the monthly message quota").count(), 2, "one line for each callback: {log}");
}

#[tokio::test]
async fn what_was_passed_on_is_taken_once() {
    let mut function = Function::start().await;
    let (headers, body) = passed_on(&function, "ping").await;
    assert_eq!(function.server.dingtalk.read(), None, "nothing is done by the first invocation");
    assert_eq!(function.gateway.invoke(headers.clone(), body.clone()).await, 200);
    assert!(function.server.reply().await.contains("pong"));
    assert_eq!(function.gateway.invoke(headers, body).await, 401);
    assert_eq!(function.server.dingtalk.read(), None);
    let log = function.log().await;
    assert!(log.contains("a callback that was passed on came again"), "{log}");
}

#[tokio::test]
async fn what_is_altered_or_forged_is_refused_and_nothing_is_done() {
    let mut function = Function::start().await;
    let (headers, body) = passed_on(&function, "ping").await;
    let altered = |change: &dyn Fn(&mut HeaderMap)| {
        let mut headers = headers.clone();
        change(&mut headers);
        headers
    };
    let seal = headers[SEAL].to_str().expect("a text").to_owned();
    let (at, mac) = seal.split_once('.').expect("a seal");
    let at: i64 = at.parse().expect("milliseconds");
    let sealed =
        |seal: String| altered(&move |headers| drop(headers.insert(SEAL, seal.parse().expect("a header"))));
    // Signed by DingTalk at another moment: a pair of headers that somebody holds.
    let Callback { timestamp, sign, body: other } = function.server.callback("whoami");
    let by_another_pair = altered(&|headers| {
        headers.insert("timestamp", timestamp.parse().expect("a header"));
        headers.insert("sign", sign.parse().expect("a header"));
    });
    let unsigned = altered(&|headers| drop(headers.remove("sign")));
    let twice = altered(&|headers| assert!(headers.append(SEAL, seal.parse().expect("a header"))));
    let body_with = |from: &str, to: &str| Bytes::from(String::from_utf8_lossy(&body).replacen(from, to, 1));
    let forged = [
        (headers.clone(), Bytes::from(other), "another body"),
        (headers.clone(), body_with("0147000002", "0147000003"), "another sender"),
        (headers.clone(), body_with("{", "{ "), "a blank"),
        (by_another_pair, body.clone(), "another signature"),
        (unsigned, body.clone(), "no signature"),
        (twice, body.clone(), "two seals"),
        (sealed(format!("{}.{mac}", at + 1)), body.clone(), "another time"),
        (sealed(format!("{at}.{}", "A".repeat(43) + "=")), body.clone(), "a made-up seal"),
        (sealed(format!("{at}.")), body.clone(), "an empty seal"),
        (sealed(mac.to_owned()), body.clone(), "no time"),
        (sealed(String::new()), body.clone(), "nothing"),
    ];
    for (headers, body, what) in forged {
        assert_eq!(function.gateway.invoke(headers, body).await, 401, "{what}");
    }
    assert_eq!(function.server.dingtalk.read(), None);
    // What came through untouched still counts.
    assert_eq!(function.gateway.invoke(headers.clone(), body.clone()).await, 200);
    assert!(function.server.reply().await.contains("pong"));
    let log = function.log().await;
    assert!(log.contains("its seal does not match"), "{log}");
}

#[tokio::test]
async fn what_cannot_be_passed_on_is_done_before_the_response() {
    let mut function = Function::start().await;
    for status in [404, 429] {
        function.gateway.queue(Queue::Answers(status));
        function.server.say("ping").await;
        let message = function.server.dingtalk.read().expect("it arrived before the response");
        assert!(message.to_string().contains("pong"), "{message}");
    }
    let log = function.log().await;
    assert!(log.contains("was not passed on") && log.contains("HTTP 429"), "{log}");

    // Nobody listens there.
    let gateway = Gateway::start().await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", closed.local_addr().expect("an address"));
    drop(closed);
    let function = Function::with(gateway, &[("DINGOPS_SELF_URL", &url)]).await;
    function.server.say("ping").await;
    assert!(function.server.dingtalk.read().is_some());
}

#[tokio::test]
async fn an_address_that_is_someone_elses_loses_no_command() {
    let mut function = Function::start().await;
    for body in ["<html>Welcome to nginx!</html>", r#"{"msgtype":"text"}"#] {
        function.gateway.queue(Queue::Says(200, body));
        function.server.say("ping").await;
        let message = function.server.dingtalk.read().expect("it arrived before the response");
        assert!(message.to_string().contains("pong"), "{message}");
    }
    // It may have been the function itself, which has then done the work.
    for body in ["", EMPTY] {
        function.gateway.queue(Queue::Says(200, body));
        function.server.say("ping").await;
        assert_eq!(function.server.dingtalk.read(), None, "{body:?}");
    }
    let log = function.log().await;
    let errors: Vec<Value> = log_lines(&log).into_iter().filter(|line| line["level"] == "ERROR").collect();
    let said = |words: &str| errors.iter().filter(|line| line.to_string().contains(words)).count();
    assert_eq!(
        (said("was not passed on"), said("perhaps passed on"), said("expected 202")),
        (2, 2, 4),
        "{log}"
    );
}

#[tokio::test]
async fn what_was_perhaps_passed_on_is_not_done_twice() {
    let mut function = Function::start().await;
    // It is queued, and the answer is lost.
    function.gateway.queue(Queue::Hangs);
    function.server.say("ping").await;
    assert!(function.server.reply().await.contains("pong"));
    function.gateway.invocations(2).await;
    assert_eq!(function.server.dingtalk.read(), None);
    function.gateway.queue(Queue::Answers(502));
    function.server.say("ping").await;
    assert_eq!(function.server.dingtalk.read(), None);
    let log = function.log().await;
    assert_eq!(log.matches("perhaps passed on").count(), 2, "{log}");
}

#[tokio::test]
async fn elsewhere_its_address_and_seals_mean_nothing() {
    let gateway = Gateway::start().await;
    gateway.hold();
    let url = gateway.url();
    let variables = [("DINGOPS_SELF_URL", url.as_str())];
    let mut server = Server::start_with(&["serve", "--listen", "127.0.0.1:0"], &variables).await;
    let callback = server.callback("ping");
    let mut connection = server.connect().await;
    let (head, length) = (head(&callback), callback.body.len());
    connection
        .send(format!("{head}{SEAL}: 1.AAAA\r\ncontent-length: {length}\r\n\r\n{}", callback.body))
        .await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
    server.terminate();
    let (_, log) = server.ended().await;
    assert!(gateway.held().is_empty() && !log.contains("passed on"), "{log}");
}

#[test]
fn a_port_that_is_none_is_named() {
    for name in ["FC_SERVER_PORT", "FC_CUSTOM_LISTEN_PORT"] {
        let program = Command::new(env!("CARGO_BIN_EXE_dingops"))
            .env_clear()
            .envs([("DINGTALK_APP_SECRET", SECRET), ("FC_FUNCTION_NAME", "dingops"), (name, "http")])
            .output();
        let ended = program.expect("the program starts");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains(name) && said.contains("\"http\""), "{said}");
    }
}
