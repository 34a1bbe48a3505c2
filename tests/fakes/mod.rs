//! Stand-ins for what people operate: each holds a small world that requests change, as the real one's would.
//!
//! The tests in `tests/systems` ask them through the real handler, and the playground shows them.
#![allow(dead_code, reason = "the playground and each test use a part of it")]

pub mod alertmanager;
mod expression;
pub mod jenkins;
pub mod k8s;
mod k8s_rollout;
mod k8s_shop;
pub mod prometheus;
mod promql;

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio::net::TcpListener;

/// What answers requests.
pub trait World: Send + 'static {
    /// Does what is asked, and says what came of it.
    fn answer(&mut self, asked: &Asked) -> Answer;
}

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    /// The segments of the path, decoded.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: String,
    /// Method, path and query as they came.
    pub line: String,
}

impl Asked {
    /// The segments of the path, to match on.
    pub fn segments(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// A value behind the question mark.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as a form.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    /// The body as JSON; null where it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A header; empty for none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// What a request is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    /// JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_default();
        Self { status, headers: vec![("content-type", "application/json".into())], body }
    }

    /// Plain text, empty for none.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    /// A page for browsers.
    pub fn page(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "text/html;charset=utf-8".into())];
        Self { status, headers, body: format!("<html><body>{body}</body></html>") }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It is answered this, and nothing is done.
    Answer(Answer),
    /// It is done, and the answer is lost.
    Lost,
    /// Nothing comes back.
    Hang,
}

/// A world behind a port of this machine.
pub struct Fake<W> {
    origin: String,
    shared: Arc<Shared<W>>,
}

struct Shared<W> {
    world: Mutex<W>,
    faults: Mutex<VecDeque<(Method, Fault)>>,
    asked: Mutex<Vec<Asked>>,
}

impl<W: World> Fake<W> {
    /// Begins to answer.
    pub async fn start(world: W) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let shared =
            Arc::new(Shared { world: Mutex::new(world), faults: Mutex::default(), asked: Mutex::default() });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                let service = service_fn(move |request| respond(request, Arc::clone(&shared)));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { origin, shared })
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The world, to look at and to change.
    pub fn world(&self) -> MutexGuard<'_, W> {
        lock(&self.shared.world)
    }

    /// The next request with this method meets this.
    pub fn fail_next(&self, method: Method, fault: Fault) {
        lock(&self.shared.faults).push_back((method, fault));
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// Method, path and query of each request that may have changed something.
    pub fn writes(&self) -> Vec<String> {
        let asked = self.asked().into_iter().filter(|asked| asked.method != Method::GET);
        asked.map(|asked| asked.line).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn respond<W: World>(
    request: Request<Incoming>,
    shared: Arc<Shared<W>>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let query = head.uri.query().unwrap_or_default();
    let asked = Asked {
        path: head.uri.path().split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        line: format!("{} {}", head.method, head.uri),
        method: head.method,
        headers: head.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    lock(&shared.asked).push(asked.clone());
    let fault = {
        let mut faults = lock(&shared.faults);
        let meant = faults.iter().position(|(method, _)| *method == asked.method);
        meant.and_then(|index| faults.remove(index)).map(|(_, fault)| fault)
    };
    let answer = match fault {
        None => lock(&shared.world).answer(&asked),
        Some(Fault::Answer(answer)) => answer,
        Some(Fault::Lost) => {
            lock(&shared.world).answer(&asked);
            return Err(std::io::Error::other("lost"));
        }
        Some(Fault::Hang) => match std::future::pending::<Infallible>().await {},
    };
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}
