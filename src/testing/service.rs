//! A stand-in for a service on the web that a command asks.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// Answers what it was told to, and writes down what it was asked.
#[derive(Clone)]
pub struct Service {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<Asked>>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// How.
    pub method: Method,
    /// The path, encoded.
    pub path: String,
    /// What follows the question mark, encoded; empty for none.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

impl Asked {
    /// A header; empty for none.
    pub fn header(&self, name: &str) -> String {
        let value =
            self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        value.unwrap_or_default()
    }
}

/// What a request is answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With this status and body.
    Body(u16, String),
    /// With a redirect to this address.
    Redirect(String),
    /// Not at all: the connection is closed.
    Close,
    /// Not at all: nothing comes back, and the connection stays.
    Hang,
}

impl Service {
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

    /// One that answers the first request with this.
    pub async fn answering(answer: Answer) -> Self {
        let service = Self::start().await;
        service.answer(answer);
        service
    }

    /// Answers the next request that has no answer yet with this.
    pub fn answer(&self, answer: Answer) {
        lock(&self.state.answers).push_back(answer);
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Method and path of each request so far, whatever came of it.
    pub fn requests(&self) -> Vec<String> {
        let line = |asked: &Asked| match asked.query.as_str() {
            "" => format!("{} {}", asked.method, asked.path),
            query => format!("{} {}?{query}", asked.method, asked.path),
        };
        lock(&self.state.requests).iter().map(line).collect()
    }

    /// Each request so far, whatever came of it.
    pub fn asked(&self) -> Vec<Asked> {
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
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    lock(&state.requests).push(Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let mut response = Response::new(Full::default());
    let answer = lock(&state.answers).pop_front();
    match answer {
        None => *response.status_mut() = StatusCode::NOT_FOUND,
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
