//! A small Runtime API of Lambda, for tests and benches.
//!
//! It hands out the events that a test queues, and records what the function calls, in order and with the time
//! (docs.aws.amazon.com/lambda, "Using the Lambda runtime API for custom runtimes").

use std::{collections::VecDeque, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::clock::{Clock, SystemClock};

const PREFIX: &str = "/2018-06-01/runtime/";
/// How long an event may take, unless the test says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What `AWS_LAMBDA_RUNTIME_API` points to.
#[derive(Debug, Clone)]
pub struct RuntimeApi {
    address: SocketAddr,
    state: watch::Sender<State>,
}

/// A call of the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was complete, body included.
    pub at: Timestamp,
    /// What was called.
    pub call: Call,
}

/// What the function calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// It asks for an event: whatever it did before is done.
    Next,
    /// It answers an event.
    Response {
        /// The event's.
        request_id: String,
        /// What the caller of the function gets.
        body: Value,
    },
    /// An event failed.
    Error {
        /// The event's.
        request_id: String,
        /// Type and message.
        body: Value,
    },
    /// It could not start.
    InitError {
        /// Type and message.
        body: Value,
    },
    /// Nothing that there is.
    Unknown {
        /// Method and path.
        line: String,
    },
}

/// How a response is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It is answered with this status.
    Status(u16),
    /// The connection is closed without an answer.
    Close,
}

#[derive(Debug, Default)]
struct State {
    queued: u64,
    events: VecDeque<Queued>,
    failures: VecDeque<Failure>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Queued {
    request_id: String,
    deadline_ms: i64,
    event: String,
}

impl RuntimeApi {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = watch::Sender::default();
        let api = Self { address, state };
        let shared = api.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        api
    }

    /// Host and port, as `AWS_LAMBDA_RUNTIME_API` has them.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Queues an event that may take a minute; gives its request id.
    pub fn queue(&self, event: &Value) -> String {
        self.queue_until(event, (SystemClock.now() + TIMEOUT).as_millisecond())
    }

    /// Queues an event with a deadline, in milliseconds since 1970; gives its request id.
    pub fn queue_until(&self, event: &Value, deadline_ms: i64) -> String {
        let mut id = String::new();
        self.state.send_modify(|state| {
            state.queued += 1;
            id = format!("{:08x}-0000-4000-8000-000000000000", state.queued);
            state.events.push_back(Queued { request_id: id.clone(), deadline_ms, event: event.to_string() });
        });
        id
    }

    /// Does not take the next response.
    pub fn fail_next_response(&self, failure: Failure) {
        self.state.send_modify(|state| state.failures.push_back(failure));
    }

    /// All calls so far, in order.
    pub fn entries(&self) -> Vec<Entry> {
        self.state.borrow().entries.clone()
    }

    /// Waits until the calls are as described; gives them.
    pub async fn until(&self, described: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        let mut watched = self.state.subscribe();
        let state = watched.wait_for(|state| described(&state.entries)).await.expect("the sender is here");
        state.entries.clone()
    }

    /// Waits until an event was asked for this many times: the function is then done with all but the last.
    pub async fn asked(&self, times: usize) -> Vec<Entry> {
        self.until(|entries| entries.iter().filter(|entry| entry.call == Call::Next).count() >= times).await
    }

    fn record(&self, call: Call) {
        self.state.send_modify(|state| state.entries.push(Entry { at: SystemClock.now(), call }));
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let line = format!("{} {}", request.method(), request.uri().path());
        let method = request.method().clone();
        let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default().to_owned();
        let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
        let body = || serde_json::from_slice(&body).unwrap_or(Value::Null);
        let request_id = |id: &&str| (*id).to_owned();
        match (&method, path.split('/').collect::<Vec<_>>().as_slice()) {
            (&Method::GET, ["invocation", "next"]) => {
                self.record(Call::Next);
                Ok(self.next().await)
            }
            (&Method::POST, ["invocation", id, "response"]) => {
                self.record(Call::Response { request_id: request_id(id), body: body() });
                self.taken()
            }
            (&Method::POST, ["invocation", id, "error"]) => {
                self.record(Call::Error { request_id: request_id(id), body: body() });
                Ok(accepted(StatusCode::ACCEPTED))
            }
            (&Method::POST, ["init", "error"]) => {
                self.record(Call::InitError { body: body() });
                Ok(accepted(StatusCode::ACCEPTED))
            }
            _ => {
                self.record(Call::Unknown { line });
                Ok(accepted(StatusCode::NOT_FOUND))
            }
        }
    }

    /// The next event, once there is one.
    async fn next(&self) -> Response<Full<Bytes>> {
        let mut watched = self.state.subscribe();
        loop {
            let waiting = watched.wait_for(|state| !state.events.is_empty()).await.map(drop);
            waiting.expect("the sender is here");
            let mut taken = None;
            self.state.send_modify(|state| taken = state.events.pop_front());
            let Some(Queued { request_id, deadline_ms, event }) = taken else { continue };
            return Response::builder()
                .header("content-type", "application/json")
                .header("lambda-runtime-aws-request-id", request_id)
                .header("lambda-runtime-deadline-ms", deadline_ms)
                .header(
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:ap-east-1:123456789012:function:dingops",
                )
                .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0")
                .body(Full::new(event.into()))
                .expect("a response");
        }
    }

    fn taken(&self) -> io::Result<Response<Full<Bytes>>> {
        let mut failure = None;
        self.state.send_modify(|state| failure = state.failures.pop_front());
        match failure {
            None => Ok(accepted(StatusCode::ACCEPTED)),
            Some(Failure::Status(status)) => Ok(accepted(StatusCode::from_u16(status).expect("a status"))),
            Some(Failure::Close) => Err(io::Error::other("closed")),
        }
    }
}

fn accepted(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(json!({ "status": status.as_str() }).to_string().into()));
    *response.status_mut() = status;
    response
}

async fn serve(stream: TcpStream, api: RuntimeApi) {
    // Without this, the kernel waits for more to send, and a bench would measure that.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| api.answer(request));
    // A function that was ended leaves its connection; a closed one is what some tests ask for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
