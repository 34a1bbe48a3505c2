//! A Function Compute in front of the program: its gateway, its queue, and the freezing of what has nothing to answer.
//!
//! It adds the headers that the platform adds, keys among them. `X-Fc-Invocation-Type: Async` is answered 202 at once, and
//! what came with it is invoked later and once, whatever comes of it. While no request is open the process is stopped
//! (SIGSTOP), as the platform does: what was left for later does not happen.

use std::{
    net::SocketAddr,
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use dingops::outbound::Outbound;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::watch};

use crate::support::within;

/// What no line of a log may hold.
pub const KEY: &str = "a-key-of-the-platform";

/// The platform.
#[derive(Clone)]
pub struct Gateway {
    pub address: SocketAddr,
    state: Arc<State>,
    done: watch::Sender<Vec<Invocation>>,
}

/// A request that the program answered.
#[derive(Debug, Clone)]
pub struct Invocation {
    pub queued: bool,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub status: u16,
}

/// What the gateway does with what is to be queued.
#[derive(Debug, Clone, Copy)]
pub enum Queue {
    Takes,
    /// It is answered with this status and forgotten.
    Answers(u16),
    /// It is answered with this status and body, as by whoever else has the address.
    Says(u16, &'static str),
    /// It is queued, and the connection is closed without an answer.
    Hangs,
}

struct State {
    outbound: Outbound,
    inner: Mutex<Inner>,
}

struct Inner {
    process: Option<(u32, SocketAddr)>,
    open: usize,
    queue: Queue,
    held: Vec<(HeaderMap, Bytes)>,
    holds: bool,
}

impl Gateway {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let inner = Inner { process: None, open: 0, queue: Queue::Takes, held: Vec::new(), holds: false };
        let state = Arc::new(State { outbound: Outbound::default(), inner: Mutex::new(inner) });
        let gateway = Self { address, state, done: watch::Sender::new(Vec::new()) };
        let serving = gateway.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let gateway = serving.clone();
                let service = service_fn(move |request| {
                    let gateway = gateway.clone();
                    async move { gateway.handle(request).await }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        gateway
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// From here on this process is the function, frozen until it is asked something.
    pub fn runs(&self, process: u32, address: SocketAddr) {
        self.lock().process = Some((process, address));
        signal(process, "STOP");
    }

    pub fn queue(&self, queue: Queue) {
        self.lock().queue = queue;
    }

    /// Keeps what is queued from here on, until it is told to go on.
    pub fn hold(&self) {
        self.lock().holds = true;
    }

    /// What was held.
    pub fn held(&self) -> Vec<(HeaderMap, Bytes)> {
        self.lock().held.clone()
    }

    /// Invokes the function with this; gives the status.
    pub async fn invoke(&self, headers: HeaderMap, body: Bytes) -> u16 {
        self.forward(Method::POST, headers, body, true).await.0.as_u16()
    }

    /// Invocations that were answered, once there are so many.
    pub async fn invocations(&self, count: usize) -> Vec<Invocation> {
        let mut done = self.done.subscribe();
        let done = within(done.wait_for(|done| done.len() >= count)).await.expect("a gateway");
        assert_eq!(done.len(), count, "{done:?}");
        done.clone()
    }

    /// How many invocations were answered so far.
    pub fn answered(&self) -> usize {
        self.done.borrow().len()
    }

    /// Lets the process run, so that it can be ended.
    pub fn thaw(&self) {
        let process = self.lock().process.take();
        process.into_iter().for_each(|(process, _)| signal(process, "CONT"));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.state.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        if head.headers.get("x-fc-invocation-type").is_some_and(|kind| kind == "Async") {
            let queue = self.lock().queue;
            let other = match queue {
                Queue::Answers(status) => Some((status, "")),
                Queue::Says(status, body) => Some((status, body)),
                _ => None,
            };
            if let Some((status, body)) = other {
                return Ok(answer(StatusCode::from_u16(status).expect("a status"), body.into()));
            }
            let holds = self.lock().holds;
            if holds {
                self.lock().held.push((head.headers, body));
            } else {
                let gateway = self.clone();
                tokio::spawn(async move { gateway.forward(head.method, head.headers, body, true).await });
            }
            return match queue {
                Queue::Hangs => Err(std::io::Error::other("closed")),
                _ => Ok(answer(StatusCode::ACCEPTED, Bytes::new())),
            };
        }
        let (status, body) = self.forward(head.method, head.headers, body, false).await;
        Ok(answer(status, body))
    }

    async fn forward(
        &self,
        method: Method,
        mut headers: HeaderMap,
        body: Bytes,
        queued: bool,
    ) -> (StatusCode, Bytes) {
        let came = headers.clone();
        for name in ["x-fc-access-key-id", "x-fc-access-key-secret", "x-fc-security-token", "x-fc-request-id"]
        {
            headers.insert(name, KEY.parse().expect("a header"));
        }
        headers.remove("content-length");
        let (process, address) = {
            let mut inner = self.lock();
            inner.open += 1;
            inner.process.expect("a process")
        };
        signal(process, "CONT");
        let client = self.state.outbound.client().expect("a client");
        let answer =
            client.request(method, format!("http://{address}/")).headers(headers).body(body.clone()).send();
        let answer = within(answer).await.expect("an answer");
        let status = answer.status();
        let said = within(answer.bytes()).await.expect("a body");
        let freezes = {
            let mut inner = self.lock();
            inner.open -= 1;
            inner.open == 0 && inner.process.is_some()
        };
        if freezes {
            signal(process, "STOP");
        }
        let invocation = Invocation { queued, headers: came, body, status: status.as_u16() };
        self.done.send_modify(|done| done.push(invocation));
        (status, said)
    }
}

fn answer(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
}

/// The shell's own: a small machine may have no program of that name.
fn signal(process: u32, name: &str) {
    let killed = Command::new("sh").args(["-c", &format!("kill -{name} $0"), &process.to_string()]).status();
    assert!(killed.expect("a shell").success(), "SIG{name}");
}
