//! One request in, a response out, and perhaps work to do after it.
//!
//! A POST to any path but `/hooks/…` is a callback of DingTalk. The order of checks is fixed:
//!
//! | # | check | otherwise |
//! |---|---|---|
//! | 1 | method: GET and HEAD are told the name, POST goes on | 405 |
//! | 2 | a body: the console probes with an empty one when the address is saved | 200, nothing done |
//! | 3 | `timestamp` and `sign`, before the body is read any further | 401 |
//! | 4 | at most 1 MiB; a callback as [`callback::decode`] reads it | 413, 400 |
//! | 5 | the sender's organisation, and the robot's code if one is configured | 403 |
//! | 6 | the session webhook: a host on the list, not expired | 400; expired or missing: 200, nothing run |
//! | 7 | a message id not seen in the last ten minutes | 200, not run again |
//! | 8 | acknowledge: all that follows happens after the response | |
//! | 9 | words, row, arguments | a reply that shows what is wrong |
//! | 10 | access | a reply that says what is missing, once a minute for each person |
//! | 11 | run, before the deadline | a reply either way |
//! | 12 | deliver, and record what came of it | an error in the log |
//!
//! 1 to 8 are here, 9 to 11 in [`crate::dispatch`].

mod memory;
mod refusal;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::BufMut;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use tracing::Instrument;

use self::{
    memory::Recently,
    refusal::{Kind, Refusal},
};
use crate::{
    clock::Clock,
    config::{Environment, Settings},
    dingtalk::{
        callback::{self, Callback, Content, ConversationKind},
        deliver::Deliver,
        markdown::{self, Mention, Reader},
        session::SessionWebhook,
        signature::Verifier,
    },
    dispatch::{
        self, Ctx, Membership, Person, Place,
        audit::{self, Outcome, Record},
        table::Table,
    },
    log::Sparingly,
    outbound::Outbound,
    reply::Reply,
};

/// The largest body, in bytes. Real callbacks have a few KiB.
pub const MAX_BODY: usize = 1024 * 1024;
/// What DingTalk expects of a robot that answers by the session webhook (protocol.md 2).
const EMPTY: &str = r#"{"msgtype":"empty"}"#;
const NAME: &str = "dingops";
/// Bytes of an id, and letters of a name.
const MAX_ID: usize = 256;
const MAX_NAME: usize = 64;
/// For the body of a request; DingTalk gives up after less.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// DingTalk repeats a callback that was not acknowledged in time (protocol.md 2).
const REPEATED_WITHIN: SignedDuration = SignedDuration::from_mins(10);
const REFUSED_AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// The function.
pub struct App {
    settings: Arc<Settings>,
    verifier: Verifier,
    robot_code: Option<String>,
    table: Arc<Table>,
    clock: Arc<dyn Clock>,
    outbound: Arc<Outbound>,
    deliver: Deliver,
    seen: Recently,
    refused: Recently,
    refusals: Sparingly<Kind>,
}

/// What a host knows of a request.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Names the request in the log.
    pub request_id: String,
    /// When the host ends the work.
    pub deadline: Timestamp,
}

/// Work to do after the response. It never fails and never panics on account of a command.
pub struct Job(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Job {
    /// Does it.
    pub async fn run(self) {
        self.0.await;
    }
}

/// What passed all checks.
struct Accepted {
    callback: Callback,
    session: SessionWebhook,
    membership: Membership,
    received: Timestamp,
}

/// How a request that is in order ends.
enum Admitted {
    /// Somebody looks whether anyone is there.
    Greeting,
    /// Nothing to do.
    Silence,
    /// Something to do.
    Work(Box<Accepted>),
}

impl App {
    /// The function with these settings.
    ///
    /// # Errors
    /// When two commands have the same name.
    pub fn new(
        settings: Settings,
        environment: Environment,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, dispatch::table::Taken> {
        let table = crate::commands::table(&settings.answers)?;
        Ok(Self::with_table(settings, environment, clock, table))
    }

    /// The function with a table of one's own.
    pub fn with_table(
        settings: Settings,
        environment: Environment,
        clock: Arc<dyn Clock>,
        table: Table,
    ) -> Self {
        let outbound = Arc::new(Outbound::default());
        let max_skew = settings.dingtalk.max_skew;
        Self {
            verifier: Verifier::new(environment.secret, environment.previous, max_skew),
            robot_code: environment.robot_code,
            table: Arc::new(table),
            deliver: Deliver::new(Arc::clone(&outbound), Arc::clone(&clock)),
            seen: Recently::new(REPEATED_WITHIN),
            refused: Recently::new(REFUSED_AGAIN_AFTER),
            refusals: Sparingly::new(2, 10),
            settings: Arc::new(settings),
            clock,
            outbound,
        }
    }

    /// Prints replies to standard output instead of posting them.
    #[must_use]
    pub fn printing(self) -> Self {
        Self { deliver: self.deliver.printing(), ..self }
    }

    /// The clock it goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Checks a request and answers it; what is left to do comes back as a [`Job`].
    pub async fn handle<B>(
        self: &Arc<Self>,
        request: Request<B>,
        arrival: Arrival,
    ) -> (Response<String>, Option<Job>)
    where
        B: http_body::Body + Unpin,
        B::Error: std::fmt::Display,
    {
        let head = request.method() == Method::HEAD;
        let span =
            tracing::info_span!("request", requestId = arrival.request_id, msgId = tracing::field::Empty);
        let checked = self.check(request).instrument(span.clone()).await;
        let _in_span = span.enter();
        match checked {
            Ok(Admitted::Greeting) => {
                (respond(StatusCode::OK, "text/plain", if head { "" } else { NAME }), None)
            }
            Ok(Admitted::Silence) => (respond(StatusCode::OK, "application/json", EMPTY), None),
            Ok(Admitted::Work(accepted)) => {
                let job = self.job(*accepted, arrival);
                (respond(StatusCode::OK, "application/json", EMPTY), Some(job))
            }
            Err(refusal) => (self.refuse(&refusal), None),
        }
    }

    /// Answers what the host could not read as a request.
    pub(crate) fn malformed(&self, why: &'static str, arrival: &Arrival) -> Response<String> {
        let _in_span = tracing::info_span!("request", requestId = arrival.request_id).entered();
        self.refuse(&Refusal::Malformed(why))
    }

    fn refuse(&self, refusal: &Refusal) -> Response<String> {
        if let Some(withheld) = self.refusals.admit(refusal.kind(), self.clock.now()) {
            tracing::warn!(status = refusal.status().as_u16(), withheld, reason = %refusal, "refused");
        }
        refusal.response()
    }

    /// Checks 1 to 7.
    async fn check<B>(&self, request: Request<B>) -> Result<Admitted, Refusal>
    where
        B: http_body::Body + Unpin,
        B::Error: std::fmt::Display,
    {
        let received = self.clock.now();
        let (head, mut body) = request.into_parts();
        match head.method {
            Method::POST => {}
            Method::GET | Method::HEAD => return Ok(Admitted::Greeting),
            other => return Err(Refusal::Method(other)),
        }
        if head.uri.path().starts_with("/hooks/") {
            return Err(Refusal::NoHook);
        }
        let mut bytes = Vec::new();
        let empty = match body.size_hint().exact() {
            Some(length) => length == 0,
            None => {
                // Whether a body of unknown length is empty shows only at its beginning.
                self.read(&mut body, &mut bytes, 1).await?;
                bytes.is_empty()
            }
        };
        if empty {
            return Ok(Admitted::Silence);
        }
        self.verifier.verify(&head.headers, received)?;
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(Refusal::TooLarge);
        }
        self.read(&mut body, &mut bytes, MAX_BODY + 1).await?;
        if bytes.len() > MAX_BODY {
            return Err(Refusal::TooLarge);
        }
        let callback = callback::decode(&bytes)?;
        if let Some(id) = &callback.msg_id {
            tracing::Span::current().record("msgId", id);
        }
        let membership = self.membership(&callback)?;
        if self.robot_code.is_some() && self.robot_code != callback.robot.code {
            return Err(Refusal::OtherRobot { came: shown(callback.robot.code.as_deref()) });
        }
        if let Content::QuotaExhausted { .. } = &callback.content {
            tracing::error!(
                "DingTalk's monthly message quota is used up, callbacks come without their text (20001): wait for the next month, \
                 or have an administrator buy more"
            );
            return Ok(Admitted::Silence);
        }
        let Some(raw) = &callback.session_webhook else {
            tracing::error!(
                "a callback without a sessionWebhook: nothing was run, since no reply could be sent"
            );
            return Ok(Admitted::Silence);
        };
        let session = self.settings.dingtalk.session_hosts.check(raw)?;
        if callback.session_expires_at.is_some_and(|expiry| expiry <= received.as_millisecond()) {
            tracing::error!(
                "the sessionWebhook of a callback is expired: nothing was run, since no reply could be sent"
            );
            return Ok(Admitted::Silence);
        }
        if callback.msg_id.as_deref().is_some_and(|id| !self.seen.first_time(id, received)) {
            tracing::info!("a callback came again and was not run again");
            return Ok(Admitted::Silence);
        }
        Ok(Admitted::Work(Box::new(Accepted { callback, session, membership, received })))
    }

    /// Reads until `enough` bytes are there or the body ends, and does not wait for ever.
    async fn read<B>(&self, body: &mut B, bytes: &mut Vec<u8>, enough: usize) -> Result<(), Refusal>
    where
        B: http_body::Body + Unpin,
        B::Error: std::fmt::Display,
    {
        let by = self.clock.now() + BODY_TIMEOUT;
        self.clock.within(by, read(body, bytes, enough)).await.unwrap_or(Err(Refusal::Slow(BODY_TIMEOUT)))
    }

    /// Check 5: whose member the sender is.
    fn membership(&self, callback: &Callback) -> Result<Membership, Refusal> {
        match (&callback.sender.corp_id, &callback.robot.corp_id) {
            (None, None) => Ok(Membership::Unknown),
            (Some(sender), Some(robot)) if sender == robot => Ok(Membership::Own),
            (Some(sender), Some(_)) if self.settings.dingtalk.corps.contains(sender) => {
                Ok(Membership::Listed)
            }
            (sender, robot) => Err(Refusal::OtherOrganisation {
                sender: shown(sender.as_deref()),
                robot: shown(robot.as_deref()),
            }),
        }
    }

    /// Steps 9 to 12, to be done after the response. A job holds no more of a callback than it needs: there may be many.
    fn job(self: &Arc<Self>, accepted: Accepted, arrival: Arrival) -> Job {
        let Accepted { callback, session, membership, received } = accepted;
        let ctx = self.ctx(&callback, membership, received, &arrival);
        let said = said(&callback.content).map(|line| cut(line, dispatch::MAX_LINE + 1));
        let span = tracing::info_span!("callback", requestId = arrival.request_id, msgId = ctx.once);
        let app = Arc::clone(self);
        Job(Box::pin(async move { app.work(said, ctx, session, arrival).await }.instrument(span)))
    }

    async fn work(&self, said: Option<String>, ctx: Ctx, session: SessionWebhook, arrival: Arrival) {
        let dispatched = match said {
            Some(line) => dispatch::dispatch(&line, &ctx, short(&arrival.request_id)).await,
            None if ctx.place.private => unreadable(&ctx),
            None => return,
        };
        let who = ctx.who.staff_id.as_deref().or(ctx.who.dingtalk_id.as_deref()).unwrap_or(&ctx.who.nick);
        let refused = dispatched.record.outcome == Outcome::Refused;
        let delivered = if refused && !self.refused.first_time(who, self.clock.now()) {
            Ok(())
        } else {
            let message = markdown::render(&dispatched.reply, &reader(&ctx), ctx.locale);
            self.deliver.deliver(&session, &message, arrival.deadline).await
        };
        let took = self.clock.now().duration_since(ctx.received);
        audit::write(&dispatched.record, &ctx, took, &delivered);
    }

    fn ctx(
        &self,
        callback: &Callback,
        membership: Membership,
        received: Timestamp,
        arrival: &Arrival,
    ) -> Ctx {
        // DingTalk's ids and names are short; what is not was made to do harm.
        let id = |id: &Option<String>| id.clone().filter(|id| id.len() <= MAX_ID);
        let name = |name: &Option<String>| name.as_deref().map(|name| name.chars().take(MAX_NAME).collect());
        Ctx {
            settings: Arc::clone(&self.settings),
            table: Arc::clone(&self.table),
            who: Person {
                nick: name(&callback.sender.nick).unwrap_or_default(),
                staff_id: id(&callback.sender.staff_id),
                dingtalk_id: id(&callback.sender.id),
                membership,
                admin: callback.sender.is_admin,
            },
            place: Place {
                private: callback.conversation.kind == ConversationKind::Private,
                conversation_id: id(&callback.conversation.id),
                title: name(&callback.conversation.title),
            },
            locale: self.settings.locale,
            zone: self.settings.zone.clone(),
            clock: Arc::clone(&self.clock),
            received,
            deadline: reserve(received, arrival.deadline),
            once: id(&callback.msg_id).unwrap_or_else(|| arrival.request_id.clone()),
            outbound: Arc::clone(&self.outbound),
        }
    }
}

/// The deadline of a command: the host's, less three seconds (less half of what is left, where that is little) to say
/// that it was missed.
fn reserve(received: Timestamp, host: Timestamp) -> Timestamp {
    let left = host.duration_since(received).max(SignedDuration::ZERO);
    host - left.checked_div(2).unwrap_or_default().min(SignedDuration::from_secs(3))
}

/// The line that was said. A picture in rich text alone says nothing; a mention of the bot alone asks for help.
fn said(content: &Content) -> Option<&str> {
    content.words().filter(|words| matches!(content, Content::Text(_)) || !words.trim().is_empty())
}

/// The beginning of a text, in bytes.
fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

fn unreadable(ctx: &Ctx) -> dispatch::Dispatched {
    let reply =
        Reply::new(ctx.locale.say("unreadable.title", &[])).text(ctx.locale.say("unreadable.text", &[]));
    let record = Record { path: String::new(), values: None, outcome: Outcome::NotUnderstood };
    dispatch::Dispatched { reply, record }
}

fn reader(ctx: &Ctx) -> Reader {
    let mention = Mention {
        staff_id: ctx.who.staff_id.clone(),
        dingtalk_id: ctx.who.dingtalk_id.clone(),
        nick: ctx.who.nick.clone(),
    };
    Reader { mention: (!ctx.place.private).then_some(mention), can_tap: ctx.place.private }
}

/// The beginning of a request id: enough to find it in the log, short enough to be read out.
fn short(request_id: &str) -> &str {
    request_id.get(..8).unwrap_or(request_id)
}

/// Reads until `enough` bytes are there or the body ends.
async fn read<B>(body: &mut B, bytes: &mut Vec<u8>, enough: usize) -> Result<(), Refusal>
where
    B: http_body::Body + Unpin,
    B::Error: std::fmt::Display,
{
    while bytes.len() < enough {
        let Some(frame) = body.frame().await else { break };
        let frame = frame.map_err(|error| Refusal::Interrupted(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            bytes.put(data);
        }
    }
    Ok(())
}

/// An id for the log, cut.
fn shown(id: Option<&str>) -> String {
    id.map_or_else(|| "none".to_owned(), |id| id.chars().take(64).collect())
}

fn respond(status: StatusCode, content_type: &'static str, body: &str) -> Response<String> {
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests;
