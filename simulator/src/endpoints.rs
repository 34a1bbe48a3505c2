//! What a robot talks to: which endpoint a request is for, and what becomes of it under a fault.

mod openapi;
mod session;
mod token;
mod webhook;

pub use self::session::{UNSAFE_CONTENT, UNSAFE_HOST, UNSAFE_TEXT};
pub(crate) use self::session::{checked, fits, mentioned, standing};

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Extension, State},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Value, json};

use crate::{
    fault::AnswerFault,
    message::Message,
    refusal::{API_COUNT_LIMIT, ApiError, QPS_LIMIT, Refusal},
    server::{Abort, Peer},
    simulator::{Change, Shared},
    traffic::{Answer, Direction, Exchange, Note, headers, kept},
    world::{Rejected, World},
};

/// What both APIs answer with.
const JSON: &str = "application/json;charset=UTF-8";
/// More than any message.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// A path that DingTalk has for robots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// `POST /robot/sendBySession`
    SendBySession,
    /// `POST /robot/send`
    Send,
    /// `POST /v1.0/oauth2/accessToken`
    AccessToken,
    /// `POST /v1.0/robot/groupMessages/send`
    GroupMessages,
    /// `POST /v1.0/robot/oToMessages/batchSend`
    OneToOne,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 5] =
        [Self::SendBySession, Self::Send, Self::AccessToken, Self::GroupMessages, Self::OneToOne];

    /// Its path.
    pub fn path(self) -> &'static str {
        match self {
            Self::SendBySession => "/robot/sendBySession",
            Self::Send => "/robot/send",
            Self::AccessToken => "/v1.0/oauth2/accessToken",
            Self::GroupMessages => "/v1.0/robot/groupMessages/send",
            Self::OneToOne => "/v1.0/robot/oToMessages/batchSend",
        }
    }

    /// Whether it takes messages.
    pub(crate) fn is_message(self) -> bool {
        self != Self::AccessToken
    }

    pub(crate) fn is_old(self) -> bool {
        matches!(self, Self::SendBySession | Self::Send)
    }

    fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.path() == path)
    }
}

/// A request of a robot.
pub(crate) struct Call {
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The size of the body; more than what is read of it where that is cut off.
    pub bytes: usize,
    pub peer: IpAddr,
    pub now: jiff::Timestamp,
}

impl Call {
    /// A parameter of the query, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether the body is said to be JSON.
    pub(crate) fn is_json(&self) -> bool {
        let value = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = value.unwrap_or("").split(';').next().unwrap_or("").trim();
        essence.eq_ignore_ascii_case("application/json")
    }
}

/// What an endpoint makes of a request.
pub(crate) struct Reply {
    status: u16,
    body: Value,
    /// `errcode` or `code`; none is success.
    refused: Option<(String, String)>,
    pub notes: Vec<Note>,
    pub messages: Vec<Message>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body, refused: None, notes: Vec::new(), messages: Vec::new() }
    }

    /// The old API's success, to the letter: clients compare it.
    pub(crate) fn taken() -> Self {
        Self::ok(json!({ "errcode": 0, "errmsg": "ok" }))
    }

    fn code(&self) -> String {
        self.refused.as_ref().map_or_else(|| "0".into(), |(code, _)| code.clone())
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let refused = Some((refusal.code.to_string(), refusal.message.clone()));
        Self { refused, ..Self::ok(refusal.body()) }
    }
}

/// An error of the OpenAPI, with an id for its answer.
fn api_error(error: ApiError, world: &mut World) -> Reply {
    let body = error.body(&world.uuid());
    Reply { status: error.status, refused: Some((error.code, error.message)), ..Reply::ok(body) }
}

/// Answers whatever a robot asks, and writes it down.
pub(crate) async fn answer(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let (body, bytes) = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => {
            let body = body.to_bytes();
            let bytes = body.len();
            (body, bytes)
        }
        Err(error) if error.is::<LengthLimitError>() => (Bytes::new(), MAX_BODY + 1),
        // Whoever sent the rest is gone: nobody reads an answer, and no robot is to blame.
        Err(_) => return abort(),
    };
    let secret = shared.world().organisation.app.secret.clone();
    let now = shared.clock.now();
    let exchange = shared.begin(Exchange {
        id: 0,
        at: now,
        direction: Direction::ToDingTalk,
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: headers(&parts.headers),
        body: kept(&body, &secret),
        bytes,
        answer: None,
        notes: Vec::new(),
    });
    let call = Call { query: query(&parts.uri), headers: parts.headers, body, bytes, peer: peer.ip(), now };
    let endpoint = Endpoint::of(parts.uri.path()).filter(|_| parts.method == Method::POST);
    let fault = endpoint.and_then(|endpoint| shared.world().answer_fault(endpoint));
    let arrives = fault.as_ref().is_none_or(arrives);
    let reply = match endpoint {
        None => unknown(&shared, &parts.method, &parts.uri),
        Some(endpoint) if arrives => take(&shared, endpoint, &call),
        Some(endpoint) => refused(&shared, endpoint, fault.as_ref()),
    };
    finish(&shared, &exchange, reply, fault).await
}

/// Whether a message arrives despite the fault.
fn arrives(fault: &AnswerFault) -> bool {
    use AnswerFault as F;
    matches!(fault, F::Slow(_) | F::Hang | F::Reset | F::Answer(..))
}

/// What the endpoint makes of the request.
fn take(shared: &Shared, endpoint: Endpoint, call: &Call) -> Reply {
    let mut world = shared.world();
    let world = &mut *world;
    let reply = match endpoint {
        Endpoint::SendBySession => session::send(world, call).unwrap_or_else(Reply::from),
        Endpoint::Send => webhook::send(world, call).unwrap_or_else(Reply::from),
        Endpoint::AccessToken => token::get(world, call).unwrap_or_else(|error| api_error(error, world)),
        Endpoint::GroupMessages => {
            openapi::group(world, call).unwrap_or_else(|error| api_error(error, world))
        }
        Endpoint::OneToOne => {
            openapi::one_to_one(world, call).unwrap_or_else(|error| api_error(error, world))
        }
    };
    if let Some((code, message)) = &reply.refused {
        let rejected =
            Rejected { target: endpoint.path().into(), code: code.clone(), message: message.clone() };
        world.reject(rejected);
    }
    reply
}

/// A path that DingTalk does not have, or not with this method.
fn unknown(shared: &Shared, method: &Method, uri: &Uri) -> Reply {
    let mut world = shared.world();
    let is_known = Endpoint::of(uri.path()).is_some_and(Endpoint::is_old);
    let refusal =
        if is_known { Refusal::of(43002) } else { Refusal::new(404, "请求的URI地址不存在") };
    let mut reply = Reply::from(refusal);
    let (code, message) = reply.refused.clone().unwrap_or_default();
    world.reject(Rejected { target: format!("{method} {uri}"), code, message });
    reply.notes.push(Note::UnknownPath);
    reply
}

/// What DingTalk says under a fault that keeps the message from arriving.
fn refused(shared: &Shared, endpoint: Endpoint, fault: Option<&AnswerFault>) -> Reply {
    let old = |code: &str| Reply::from(Refusal::of(code.parse().unwrap_or(-1)));
    let new = |error: ApiError| api_error(error, &mut shared.world());
    let (old_code, new_code) = match fault {
        Some(AnswerFault::SessionExpired) => ("300001", "session.expired"),
        Some(AnswerFault::Throttled) => ("410100", QPS_LIMIT),
        Some(AnswerFault::QuotaExhausted) => ("90020", API_COUNT_LIMIT),
        Some(AnswerFault::Code(code)) => (code.as_str(), code.as_str()),
        _ => ("-1", "system.error"),
    };
    if endpoint.is_old() { old(old_code) } else { new(ApiError::of(new_code)) }
}

/// Writes down what came of a request and answers it, as the fault has it.
async fn finish(
    shared: &Arc<Shared>,
    exchange: &Exchange,
    reply: Reply,
    fault: Option<AnswerFault>,
) -> Response<Body> {
    let (mut status, mut body, mut code) = (reply.status, reply.body.to_string(), Some(reply.code()));
    let mut content_type = JSON;
    let mut notes = reply.notes;
    notes.extend(fault.as_ref().map(|fault| Note::Fault(name(fault))));
    for message in reply.messages {
        shared.tell(Change::Message(message));
    }
    match &fault {
        Some(AnswerFault::BanPage) => {
            (status, body, code) = (200, BAN_PAGE.into(), None);
            content_type = "text/html;charset=UTF-8";
        }
        Some(AnswerFault::ServerError) => {
            (status, body, code) = (502, "<html><h1>502 Bad Gateway</h1></html>".into(), None);
            content_type = "text/html;charset=UTF-8";
        }
        Some(AnswerFault::Answer(own_status, own_body) | AnswerFault::TurnAway(own_status, own_body)) => {
            code = own_code(own_body);
            (status, body) = (*own_status, own_body.clone());
        }
        Some(AnswerFault::Redirect(_)) => (status, body, code) = (302, String::new(), None),
        Some(AnswerFault::Slow(milliseconds) | AnswerFault::SlowlyBusy(milliseconds)) => {
            shared.clock.sleep(Duration::from_millis(*milliseconds)).await;
        }
        Some(fault @ (AnswerFault::Hang | AnswerFault::Reset | AnswerFault::Refuse)) => {
            let nothing =
                Answer { status: None, body: String::new(), code: None, took: shared.since(exchange) };
            shared.end(exchange.id, Some(nothing), notes);
            return match fault {
                AnswerFault::Hang => std::future::pending().await,
                AnswerFault::Reset => broken_off(&body),
                _ => abort(),
            };
        }
        _ => {}
    }
    let answer = Answer { status: Some(status), body: body.clone(), code, took: shared.since(exchange) };
    shared.end(exchange.id, Some(answer), notes);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    if let Some(AnswerFault::Redirect(to)) = &fault
        && let Ok(to) = to.parse()
    {
        response.headers_mut().insert(header::LOCATION, to);
    }
    response
}

/// `errcode`, a number or a text, or `code` of what a fault answers.
fn own_code(body: &str) -> Option<String> {
    let json: Value = serde_json::from_str(body).ok()?;
    let code = json.get("errcode").or_else(|| json.get("code"))?;
    Some(code.as_str().map_or_else(|| code.to_string(), str::to_owned))
}

const BAN_PAGE: &str = "<!DOCTYPE html><html><head><title>访问被拒绝</title></head>\
    <body>亲，访问受限了，请稍后再试</body></html>";

/// A response whose body ends in its middle, and the connection with it.
fn broken_off(body: &str) -> Response<Body> {
    let half = Bytes::copy_from_slice(&body.as_bytes()[..body.len() / 2]);
    let first = stream::once(async { Ok(half) });
    let then = stream::once(async {
        // What was written so far goes out before the connection breaks.
        tokio::task::yield_now().await;
        Err(std::io::Error::other("reset on purpose"))
    });
    let mut response = Response::new(Body::from_stream(first.chain(then)));
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(JSON));
    response.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
    response
}

/// No response: the connection is reset.
fn abort() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Abort);
    response
}

/// `session-expired`
pub(crate) fn name<T: serde::Serialize>(fault: &T) -> String {
    let value = serde_json::to_value(fault).unwrap_or_else(|_| json!({}));
    value["fault"].as_str().unwrap_or_default().to_owned()
}

fn query(uri: &Uri) -> Vec<(String, String)> {
    url::form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()).into_owned().collect()
}
