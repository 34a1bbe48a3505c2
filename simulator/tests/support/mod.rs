//! What the tests share: a DingTalk whose clock they move, and a client that speaks HTTP to it.
#![allow(dead_code, reason = "each test target uses some of it")]

use std::{
    io,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use simulator::{
    Answer, Clock, CustomRobot, Exchange, Heard, Note, Organisation, Person, Place, Robot, Said, Simulator,
    TOKEN, TOKEN_SECRET,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// 2024-02-19 15:20:04.136 in China: the time of a published sample.
pub const NOW: i64 = 1_708_327_204_136;
/// What a slow machine may need; nothing takes this long.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// `access_token` of a custom robot that anybody may post as.
pub const OPEN: &str = "open";
/// Its target.
pub const OPEN_TARGET: &str = "/robot/send?access_token=open";

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn ops() -> Place {
    Place::group("ops")
}

/// What happens, which must be soon.
pub async fn soon<T>(happens: impl Future<Output = T>) -> T {
    Clock::machine().within(PATIENCE, happens).await.expect("this should have happened by now")
}

/// Lets other tasks go on until this is so.
pub async fn until(is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    soon(wait).await;
}

/// A simulator under a clock that stands, and a client.
pub struct DingTalk {
    pub simulator: Simulator,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Deref for DingTalk {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}

/// The default organisation, and a custom robot without security settings.
pub async fn start() -> DingTalk {
    start_with(|_| {}).await
}

pub async fn start_with(change: impl FnOnce(&mut Organisation)) -> DingTalk {
    let mut organisation = Organisation::default();
    organisation.custom_robots.push(CustomRobot::new("公告", OPEN, "ops"));
    change(&mut organisation);
    let builder = Simulator::builder().organisation(organisation).clock(Clock::at(NOW));
    DingTalk::around(builder.start().await.expect("it listens"))
}

impl DingTalk {
    pub fn around(simulator: Simulator) -> Self {
        Self { simulator, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub fn who(&self, name: &str) -> Person {
        self.person(name).expect("somebody of this name")
    }

    pub async fn says(&self, name: &str, place: &Place, said: impl Into<Said>) -> Heard {
        soon(self.say(&self.who(name), place, said)).await.expect("it can be said")
    }

    /// The callback of what somebody says in the group `ops`.
    pub fn hears(&self, name: &str, said: impl Into<Said>) -> Value {
        self.callback(&self.who(name), &ops(), said).expect("it can be said")
    }

    /// The callback of what somebody says privately.
    pub fn hears_privately(&self, name: &str, said: impl Into<Said>) -> Value {
        let person = self.who(name);
        self.callback(&person, &Place::private(&person), said).expect("it can be said")
    }

    /// Path and query of a new session of this place.
    pub fn session(&self, place: &Place) -> String {
        let url = self.open_session(place);
        url.strip_prefix(self.origin()).expect("its own address").to_owned()
    }

    /// Path and query of the custom robot that wants signed posts, signed now.
    pub fn signed(&self) -> String {
        signed_at(self.clock().now().as_millisecond())
    }

    pub async fn request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answered {
        let mut request = Request::builder().method(method).uri(format!("{}{target}", self.origin()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let response = soon(self.client.request(request)).await.expect("an answer");
        Answered::of(response).await
    }

    /// Posts a text that is said to be JSON.
    pub async fn post(&self, target: &str, body: impl Into<Bytes>) -> Answered {
        self.request("POST", target, &[("content-type", "application/json")], body).await
    }

    pub async fn post_json(&self, target: &str, body: &Value) -> Answered {
        self.post(target, body.to_string()).await
    }

    /// Calls the OpenAPI with this token.
    pub async fn api(&self, target: &str, token: &str, body: &Value) -> Answered {
        let headers = [("content-type", "application/json"), ("x-acs-dingtalk-access-token", token)];
        self.request("POST", target, &headers, body.to_string()).await
    }

    /// The app's access token.
    pub async fn token(&self) -> String {
        let (key, secret) = self.organise(|org| (org.app.key.clone(), org.app.secret.clone()));
        let body = json!({ "appKey": key, "appSecret": secret });
        let answer = self.post_json("/v1.0/oauth2/accessToken", &body).await;
        answer.json["accessToken"].as_str().expect("a token").to_owned()
    }

    /// Writes these bytes, and reads until the connection ends.
    pub async fn raw(&self, request: &[u8]) -> Raw {
        let mut stream = self.connection(request).await;
        let mut bytes = Vec::new();
        let ended = soon(stream.read_to_end(&mut bytes)).await;
        Raw { text: String::from_utf8_lossy(&bytes).into_owned(), ended: ended.map(|_| ()) }
    }

    /// Writes these bytes.
    pub async fn connection(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).await.expect("it listens");
        stream.write_all(request).await.expect("it reads");
        stream
    }

    /// What a robot's message shows; it is the next.
    pub fn shown(&self) -> String {
        self.read().expect("a message").to_string()
    }

    /// The code of the one request that was not taken.
    pub fn refused(&self) -> String {
        let rejected = self.rejected();
        assert_eq!(rejected.len(), 1, "{rejected:?}");
        rejected[0].code.clone()
    }

    /// The last request that was written down.
    pub fn last(&self) -> Exchange {
        self.traffic().pop().expect("a request")
    }

    pub fn last_notes(&self) -> Vec<Note> {
        self.last().notes
    }

    pub fn last_answer(&self) -> Answer {
        self.last().answer.expect("it is answered")
    }
}

/// What a client read.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
    /// Null where the body is no JSON.
    pub json: Value,
}

impl Answered {
    async fn of(response: Response<hyper::body::Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let body = soon(body.collect()).await.expect("a whole answer").to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json: serde_json::from_slice(&body).unwrap_or_default(),
            body: String::from_utf8(body.to_vec()).expect("UTF-8"),
        }
    }

    /// `errcode` of the old API, which must be a number on a 200.
    pub fn errcode(&self) -> i64 {
        assert_eq!(self.status, 200, "{self:?}");
        self.json["errcode"].as_i64().unwrap_or_else(|| panic!("no errcode: {self:?}"))
    }

    pub fn errmsg(&self) -> &str {
        self.json["errmsg"].as_str().unwrap_or_else(|| panic!("no errmsg: {self:?}"))
    }

    /// Status and `code` of the OpenAPI, which must come with a message and an id.
    pub fn api_code(&self) -> (u16, &str) {
        for key in ["message", "requestid"] {
            assert!(self.json[key].as_str().is_some_and(|text| !text.is_empty()), "no {key}: {self:?}");
        }
        (self.status, self.json["code"].as_str().unwrap_or_else(|| panic!("no code: {self:?}")))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What came over a bare connection, and how it ended.
#[derive(Debug)]
pub struct Raw {
    pub text: String,
    pub ended: io::Result<()>,
}

/// A robot that is a function: it answers this, and what it gets is kept.
pub fn recorder(status: u16, content_type: &'static str, body: &'static str) -> (Robot, Received) {
    let received = Received::default();
    let kept = received.clone();
    let robot = Robot::function(move |request| {
        kept.keep(request);
        let mut response = Response::builder().status(status);
        if !content_type.is_empty() {
            response = response.header("content-type", content_type);
        }
        let response = response.body(Bytes::from_static(body.as_bytes())).expect("a response");
        async move { response }
    });
    (robot, received)
}

/// The callbacks that a robot got.
#[derive(Debug, Clone, Default)]
pub struct Received(Arc<Mutex<Vec<Request<Bytes>>>>);

impl Received {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Request<Bytes>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one more, and says how many there are.
    pub fn keep(&self, request: Request<Bytes>) -> usize {
        let mut kept = self.lock();
        kept.push(request);
        kept.len()
    }

    /// All of them; they are forgotten.
    pub fn take(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut *self.lock())
    }

    /// The bodies of all of them; they are forgotten.
    pub fn bodies(&self) -> Vec<Value> {
        let body = |request: &Request<Bytes>| serde_json::from_slice(request.body()).expect("JSON");
        self.take().iter().map(body).collect()
    }
}

/// Path and query of the custom robot that wants signed posts.
pub fn signed_at(milliseconds: i64) -> String {
    let timestamp = milliseconds.to_string();
    let sign = encode(&signature(TOKEN_SECRET, &timestamp));
    format!("/robot/send?access_token={TOKEN}&timestamp={timestamp}&sign={sign}")
}

pub fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The documented signature, with the HMAC written out (RFC 2104): nothing here can share a mistake with what it
/// checks.
pub fn signature(secret: &str, timestamp: &str) -> String {
    let mut key = [0; 64];
    if secret.len() > key.len() {
        key[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        key[..secret.len()].copy_from_slice(secret.as_bytes());
    }
    let hash = |pad: u8, message: &[u8]| {
        let mut hash = Sha256::new();
        hash.update(key.map(|byte| byte ^ pad));
        hash.update(message);
        hash.finalize()
    };
    let inner = hash(0x36, format!("{timestamp}\n{secret}").as_bytes());
    BASE64_STANDARD.encode(hash(0x5c, &inner))
}

/// A text of so many bytes, in Chinese: a character takes three.
pub fn chinese(bytes: usize) -> String {
    "汉".repeat(bytes / 3) + &"x".repeat(bytes % 3)
}
