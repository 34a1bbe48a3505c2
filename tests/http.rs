//! The real program on plain HTTP: what is answered on the wire, what happens beside it, and how it ends.
//!
//! The program runs as a process of its own and goes by the machine's clock. Nothing here waits for time to pass: a
//! test waits for what happens next, and fails when it did not happen within [`support::PATIENCE`].
#![cfg(unix)]

mod support;

use std::{
    io::{self, BufRead, BufReader, ErrorKind},
    net::SocketAddr,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
};

use dingops::{
    app::MAX_BODY,
    testing::{SECRET, alice},
};
use jiff::Timestamp;
use serde_json::Value;
use simulator::{AnswerFault, Place, Pushed, Robot, Simulator};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{
    Config, EMPTY, dingtalk, event, hold_next, release, reply, session, session_webhook, within,
};

async fn in_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    within(tokio::task::spawn_blocking(work)).await.expect("a thread")
}

/// A process that does not outlive its test, also when that fails.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program serving plain HTTP, with a DingTalk.
struct Server {
    process: Process,
    address: SocketAddr,
    dingtalk: Simulator,
    _config: Config,
    log: Option<BufReader<ChildStderr>>,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(&["serve", "--listen", "127.0.0.1:0"], &[]).await
    }

    async fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
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

    async fn connect(&self) -> Connection {
        Connection::open(self.address).await
    }

    /// The two headers and the body in which somebody says this in a private chat.
    fn callback(&self, line: &str) -> Callback {
        callback(&session_webhook(&self.dingtalk), line)
    }

    /// Somebody says this in a private chat; it must be acknowledged.
    async fn say(&self, line: &str) {
        let said = within(self.dingtalk.say(&alice(), &Place::private(&alice()), line)).await;
        let acknowledged = Pushed { status: Ok(200), body: EMPTY.into() };
        assert_eq!(said.expect("something one can say").pushed, [acknowledged]);
    }

    async fn reply(&self) -> String {
        reply(&self.dingtalk).await
    }

    fn terminate(&self) {
        // The shell's own: a small machine may have no program of that name.
        let killed =
            Command::new("sh").args(["-c", "kill -TERM $0", &self.process.0.id().to_string()]).status();
        assert!(killed.expect("a shell").success());
    }

    /// Waits until it ends by itself; gives what it logged after its first line.
    async fn ended(&mut self) -> (ExitStatus, String) {
        // Standard error is at its end when the process is.
        let log = self.log.take().expect("the log is read once");
        let log = in_a_thread(|| io::read_to_string(log)).await.expect("UTF-8");
        (self.process.0.wait().expect("a process of ours"), log)
    }
}

/// Two headers and a body, made and signed by the program itself.
struct Callback {
    timestamp: String,
    sign: String,
    body: String,
}

fn callback(session_webhook: &str, line: &str) -> Callback {
    let event = event(session_webhook, line);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let headers = &event["headers"];
    Callback {
        timestamp: text(&headers["timestamp"]),
        sign: text(&headers["sign"]),
        body: text(&event["body"]),
    }
}

/// The head of a signed POST, up to the headers that the test adds.
fn head(callback: &Callback) -> String {
    let Callback { timestamp, sign, .. } = callback;
    format!("POST / HTTP/1.1\r\nhost: bot.example\r\ntimestamp: {timestamp}\r\nsign: {sign}\r\n")
}

fn post(callback: &Callback) -> String {
    format!("{}content-length: {}\r\n\r\n{}", head(callback), callback.body.len(), callback.body)
}

/// A connection on which a test says exactly what it wants to.
struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

#[derive(Debug)]
struct Response {
    status: u16,
    head: String,
    body: String,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = within(TcpStream::connect(address)).await.expect("a connection");
        Self { stream, read: Vec::new() }
    }

    async fn send(&self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the other side reads");
    }

    async fn try_send(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            within(self.stream.writable()).await?;
            match self.stream.try_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads more; whether there was more.
    async fn more(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        loop {
            within(self.stream.readable()).await?;
            match self.stream.try_read(&mut buffer) {
                Ok(count) => {
                    self.read.extend_from_slice(&buffer[..count]);
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn response(&mut self) -> Response {
        self.response_to("POST").await
    }

    async fn response_to(&mut self, method: &str) -> Response {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            assert!(self.more().await.expect("a response"), "closed without a response");
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).expect("UTF-8");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let length = if method == "HEAD" { 0 } else { length.unwrap_or(0) };
        while self.read.len() < length {
            assert!(self.more().await.expect("a body"), "closed within a body");
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = String::from_utf8(self.read.drain(..length).collect()).expect("UTF-8");
        Response { status, head, body }
    }

    /// Waits until the other side closes; gives what it said before.
    async fn closed(&mut self) -> String {
        // Bytes that it never read make the end a reset.
        while self.more().await.unwrap_or(false) {}
        String::from_utf8_lossy(&self.read).into_owned()
    }
}

#[tokio::test]
async fn a_callback_is_acknowledged_and_its_reply_arrives() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    connection.send(&post(&server.callback("ping"))).await;
    let response = connection.response().await;
    assert_eq!((response.status, response.body.as_str()), (200, EMPTY));
    assert!(response.head.contains("content-type: application/json\r\n"), "{}", response.head);
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn acknowledged_before_the_work_is_done() {
    let server = Server::start().await;
    server.dingtalk.fail_next(AnswerFault::Hang);
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
    // That reply is still being posted: others do not wait for it.
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn a_connection_takes_several_requests() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    for _ in 0..2 {
        connection.send(&post(&server.callback("ping"))).await;
        assert_eq!(connection.response().await.status, 200);
        assert!(server.reply().await.contains("pong"));
    }
    // Also when they come at once.
    let both = [(); 2].map(|()| post(&server.callback("ping"))).concat();
    connection.send(both).await;
    for _ in 0..2 {
        assert_eq!(connection.response().await.status, 200);
        assert!(server.reply().await.contains("pong"));
    }
}

#[tokio::test]
async fn probes_are_told_the_name_and_other_methods_nothing() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    for (method, status, body) in [
        ("GET", 200, "dingops"),
        ("HEAD", 200, ""),
        ("POST", 200, EMPTY),
        ("PUT", 405, r#"{"error":"method not allowed"}"#),
    ] {
        connection
            .send(format!("{method} /anything HTTP/1.1\r\nhost: bot.example\r\ncontent-length: 0\r\n\r\n"))
            .await;
        let response = connection.response_to(method).await;
        assert_eq!((response.status, response.body.as_str()), (status, body), "{method}");
        assert!(!response.head.to_lowercase().contains("\r\nserver:"), "{}", response.head);
    }
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let server = Server::start().await;
    let callback = server.callback("ping");
    let mut connection = server.connect().await;
    connection.send(format!("{}transfer-encoding: chunked\r\n\r\n", head(&callback))).await;
    let (one, two) = callback.body.as_bytes().split_at(callback.body.len() / 2);
    for part in [one, two, b""] {
        connection.send(format!("{:x}\r\n", part.len())).await;
        connection.send(part).await;
        connection.send("\r\n").await;
    }
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn a_request_that_says_to_wait_is_told_to_go_on() {
    let server = Server::start().await;
    let callback = server.callback("ping");
    let mut connection = server.connect().await;
    let length = callback.body.len();
    connection
        .send(format!("{}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n", head(&callback)))
        .await;
    assert_eq!(connection.response().await.status, 100);
    connection.send(&callback.body).await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn what_is_not_signed_is_refused_before_its_body_was_read() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    connection.send("POST / HTTP/1.1\r\nhost: bot.example\r\ncontent-length: 1000000000\r\n\r\n{").await;
    let response = connection.response().await;
    assert_eq!((response.status, response.body.as_str()), (401, r#"{"error":"not signed by DingTalk"}"#));
    // The rest of it is not waited for.
    connection.closed().await;
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused() {
    let server = Server::start().await;
    let callback = server.callback("ping");
    let too_large = r#"{"error":"body too large"}"#;

    let mut told = server.connect().await;
    told.send(format!("{}content-length: {}\r\n\r\n{{", head(&callback), MAX_BODY + 1)).await;
    let response = told.response().await;
    assert_eq!((response.status, response.body.as_str()), (413, too_large));

    let mut untold = server.connect().await;
    untold.send(format!("{}transfer-encoding: chunked\r\n\r\n{:x}\r\n", head(&callback), MAX_BODY + 1)).await;
    untold.send(vec![b' '; MAX_BODY + 1]).await;
    let response = untold.response().await;
    assert_eq!((response.status, response.body.as_str()), (413, too_large));

    // One of exactly that size is read.
    let mut largest = server.connect().await;
    largest.send(format!("{}content-length: {MAX_BODY}\r\n\r\n", head(&callback))).await;
    largest.send(format!("{}{}", callback.body, " ".repeat(MAX_BODY - callback.body.len()))).await;
    assert_eq!(largest.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn headers_are_limited() {
    let server = Server::start().await;
    let start = "GET / HTTP/1.1\r\nhost: bot.example\r\n";
    let many: String = (0..100).map(|number| format!("x-{number}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(256 * 1024));
    for headers in [many, long] {
        let mut connection = server.connect().await;
        // The other side may close before it has read all.
        let _ = connection.try_send(format!("{start}{headers}\r\n")).await;
        let said = connection.closed().await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 431 "), "{said}");
    }
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn hostile_bytes_end_a_connection_and_not_the_program() {
    let server = Server::start().await;
    let signed = server.callback("ping");
    let hostile: Vec<Vec<u8>> = vec![
        b"\0\0\0\0\r\n\r\n".to_vec(),
        // What a TLS client and an HTTP/2 client begin with.
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: \xff\xfe\r\nx: \0\r\n\r\n".to_vec(),
        b"GET  HTTP/1.1\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"\xe4\xb8\xad / HTTP/1.1\r\n\r\n".to_vec(),
        format!("{}content-length: -1\r\n\r\n", head(&signed)).into_bytes(),
        format!("{}content-length: 5\r\ncontent-length: 6\r\n\r\n", head(&signed)).into_bytes(),
        format!("{}content-length: 99999999999999999999999\r\n\r\n", head(&signed)).into_bytes(),
        format!("{}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n", head(&signed)).into_bytes(),
        format!("{}transfer-encoding: chunked\r\n\r\nnot a size\r\n", head(&signed)).into_bytes(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(128 * 1024)).into_bytes(),
        (0..=255).cycle().take(4096).collect(),
    ];
    for bytes in hostile {
        let mut connection = server.connect().await;
        let _ = connection.try_send(&bytes).await;
        let said = connection.closed().await;
        let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{beginning:?}: {said}");
    }
    // A request that breaks off in the middle, and one of which only half a body comes.
    for bytes in ["POST / HTT".to_owned(), format!("{}content-length: 1000\r\n\r\n{{", head(&signed))] {
        server.connect().await.send(bytes).await;
    }
    assert_eq!(server.dingtalk.read(), None);
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn a_reply_that_dingtalk_refuses_does_not_stop_the_next() {
    let mut server = Server::start().await;
    let refusal = r#"{"errcode":300001,"errmsg":"session is gone"}"#;
    server.dingtalk.fail_next(AnswerFault::Answer(200, refusal.into()));
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
    server.terminate();
    let (status, log) = server.ended().await;
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("300001"), "{log}");
}

#[tokio::test]
async fn told_to_stop_it_finishes_its_work_and_takes_no_more() {
    let mut server = Server::start().await;
    // DingTalk answers this reply only at the end of this test.
    hold_next(&server.dingtalk);
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: bot.example\r\n\r\n").await;
    assert_eq!(idle.response().await.status, 200);
    let mut connection = server.connect().await;
    connection.send(&post(&server.callback("ping"))).await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));

    server.terminate();
    assert_eq!(idle.closed().await, "");
    assert_eq!(connection.closed().await, "");
    // The listener goes before the connections do.
    let refused = within(TcpStream::connect(server.address)).await;
    assert!(refused.is_err(), "{refused:?}");
    assert!(server.process.0.try_wait().expect("a process of ours").is_none(), "its work is not done");

    release(&server.dingtalk).await;
    let (status, log) = server.ended().await;
    assert_eq!(status.code(), Some(0));
    let audit = log.lines().find(|line| line.contains(r#""target":"dingops::audit""#)).expect(&log);
    assert!(audit.contains(r#""outcome":"done""#) && !audit.contains("did not arrive"), "{audit}");
}

#[tokio::test]
async fn told_to_stop_twice_it_ends_at_once() {
    let mut server = Server::start().await;
    server.dingtalk.fail_next(AnswerFault::Hang);
    let mut connection = server.connect().await;
    connection.send(&post(&server.callback("ping"))).await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));

    server.terminate();
    assert_eq!(connection.closed().await, "");
    server.terminate();
    let (_, log) = server.ended().await;
    assert!(log.contains("stopped twice"), "{log}");
}

#[tokio::test]
async fn a_request_under_way_is_answered_when_it_is_told_to_stop() {
    let mut server = Server::start().await;
    let callback = server.callback("ping");
    let mut connection = server.connect().await;
    let length = callback.body.len();
    connection
        .send(format!("{}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n", head(&callback)))
        .await;
    assert_eq!(connection.response().await.status, 100);
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: bot.example\r\n\r\n").await;
    assert_eq!(idle.response().await.status, 200);

    server.terminate();
    idle.closed().await;
    connection.send(&callback.body).await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
    assert_eq!(server.ended().await.0.code(), Some(0));
}

#[tokio::test]
async fn without_arguments_it_serves_where_the_environment_says() {
    let server = Server::start_with(&[], &[("DINGOPS_LISTEN", "127.0.0.1:0")]).await;
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn the_command_line_goes_before_the_environment() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    // Where a Runtime API is told of, `serve` serves plain HTTP all the same.
    let variables = [("DINGOPS_LISTEN", taken.as_str()), ("AWS_LAMBDA_RUNTIME_API", taken.as_str())];
    let server = Server::start_with(&["serve", "--listen", "127.0.0.1:0"], &variables).await;
    assert_ne!(server.address.to_string(), taken);
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn the_log_tells_what_happened_and_no_secret() {
    let mut server = Server::start().await;
    let said = server.callback("words that nobody should find in a log");
    let body: Value = serde_json::from_str(&said.body).expect("JSON");
    let length = said.body.len();
    let extra = "authorization: a header that nobody should find in a log\r\n";
    let mut connection = server.connect().await;
    connection.send(format!("{}{extra}content-length: {length}\r\n\r\n{}", head(&said), said.body)).await;
    assert_eq!(connection.response().await.status, 200);
    server.reply().await;
    let forged = Callback { sign: "A".repeat(43) + "=", ..server.callback("ping") };
    let sessions =
        [&said, &forged].map(|callback| session(&serde_json::from_str(&callback.body).expect("JSON")));
    connection.send(&post(&forged)).await;
    assert_eq!(connection.response().await.status, 401);

    server.terminate();
    let (_, log) = server.ended().await;
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    for line in &lines {
        let time = line["timestamp"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        assert!(time.is_some(), "{line}");
        assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap_or_default()), "{line}");
        assert!(line["message"].is_string(), "{line}");
    }
    let of = |target: &str| lines.iter().find(|line| line["target"] == target).expect(target);
    let (audit, refusal) = (of("dingops::audit"), of("dingops::app"));
    assert_eq!(audit["msgId"], body["msgId"]);
    assert_eq!(audit["outcome"], "not understood");
    assert_eq!((&refusal["level"], &refusal["status"]), (&"WARN".into(), &401.into()));
    let (one, other) = (audit["requestId"].as_str(), refusal["requestId"].as_str());
    assert!(one.is_some() && other.is_some() && one != other, "{log}");
    for hidden in [SECRET, &sessions[0], &sessions[1], "nobody should find", &said.sign, &forged.sign] {
        assert!(!log.contains(hidden), "{hidden} is in the log: {log}");
    }
}
