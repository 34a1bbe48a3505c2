//! A stand-in for the host that a session webhook is on.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// Records what is posted to it, and answers as DingTalk does.
#[derive(Clone)]
pub struct Inbox {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    messages: Mutex<VecDeque<Value>>,
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<String>>,
    arrived: Notify,
}

/// What a request is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With this status and body; the message counts as arrived.
    Body(u16, String),
    /// With a redirect to this address.
    Redirect(String),
    /// Not at all: the connection is closed once the message has arrived.
    Close,
    /// Not at all: nothing comes back, and the connection stays.
    Hang,
}

impl Inbox {
    /// Listens on a free port of this machine.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    /// Scheme, host and port, as `session_hosts` spells them out.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// An address that a callback may carry.
    pub fn session_webhook(&self) -> String {
        format!("{}/robot/sendBySession?session=0123456789abcdef0123456789abcdef", self.origin())
    }

    /// Answers the next request with this, and those after it with success again.
    pub fn answer_next(&self, answer: Answer) {
        lock(&self.state.answers).push_back(answer);
    }

    /// The messages that arrived since the last look.
    pub fn take(&self) -> Vec<Value> {
        lock(&self.state.messages).drain(..).collect()
    }

    /// Waits for the next message.
    pub async fn next(&self) -> Value {
        loop {
            let arrived = self.state.arrived.notified();
            if let Some(message) = lock(&self.state.messages).pop_front() {
                return message;
            }
            arrived.await;
        }
    }

    /// Method and path of each request so far, whatever came of it.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.state.requests).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(stream: TcpStream, state: Arc<State>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&state)));
    // A closed connection is what some tests ask for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    lock(&state.requests).push(format!("{} {}", request.method(), request.uri()));
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if let Ok(message) = serde_json::from_slice(&body) {
        lock(&state.messages).push_back(message);
        state.arrived.notify_one();
    }
    let answer = lock(&state.answers).pop_front();
    let mut response = Response::new(Full::new(Bytes::from_static(br#"{"errcode":0,"errmsg":"ok"}"#)));
    match answer {
        None => {}
        Some(Answer::Body(status, body)) => {
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            *response.body_mut() = Full::new(body.into());
        }
        Some(Answer::Redirect(to)) => {
            *response.status_mut() = StatusCode::FOUND;
            response.headers_mut().insert(http::header::LOCATION, to.parse().expect("an address"));
        }
        Some(Answer::Close) => return Err(std::io::Error::other("closed")),
        Some(Answer::Hang) => match std::future::pending::<Infallible>().await {},
    }
    Ok(response)
}
