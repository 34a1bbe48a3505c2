//! One request in, a response out, and perhaps work to do after it.
//!
//! A POST to any path but `/hooks/…` is a callback of DingTalk. The order of checks is fixed:
//!
//! | # | check | otherwise |
//! |---|---|---|
//! | 1 | method: GET and HEAD are told the name, POST goes on | 405 |
//! | 2 | a body: the console probes with an empty one when the address is saved | 200, nothing done |
//! | 3 | `timestamp` and `sign`, before the body is read any further; of what was passed on, the seal over all of it | 401 |
//! | 4 | at most 1 MiB, within five seconds; a callback as [`callback::decode`] reads it | 413, 408, 400 |
//! | 5 | the sender's organisation (none named at all: open commands only), and the robot's code if one is configured | 403 |
//! | 6 | the session webhook: a host on the list, not expired | 400; expired or missing: the OpenAPI if it is configured, else 200, nothing run |
//! | 7 | a message id not seen in the last ten minutes | 200, not run again |
//! | 8 | acknowledge: all that follows happens after the response | |
//! | 9 | no more than a person may say in a minute and a day; words, row, arguments | said once, then silence; a reply that shows what is wrong |
//! | 10 | access | a reply that says what is missing, once a minute for each person and command |
//! | 11 | run, before the deadline | a reply either way |
//! | 12 | deliver, record what came of it, and report it where it was a write | an error in the log |
//!
//! 1 to 8 are here, the rest is a [`Job`]: 9 to 11 in [`crate::dispatch`].

mod job;
mod limits;
mod memory;
mod refusal;
mod refusals;
mod relay;
mod report;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::BufMut;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use tracing::Instrument;

pub use self::job::Job;
use self::job::MAX_ID;
use self::{
    limits::Limits,
    memory::{Recently, Sparingly},
    refusal::{Refusal, Silent},
    refusals::Refusals,
    relay::{Passing, Relay},
};
use crate::{
    clock::Clock,
    config::{ConfigError, Environment, Mistake, Settings},
    dingtalk::{
        callback::{self, Callback, Content, ConversationKind},
        deliver::{Deliver, Reach},
        error::DeliveryError,
        robot::{Address, OpenApi},
        signature::Verifier,
        webhook::{CustomRobot, Webhook},
    },
    dispatch::{
        Ctx, Membership, Person, Place, access::Rules, confirm::code::Codes, progress::Progress,
        table::Table, values,
    },
    outbound::Outbound,
    systems, text,
};

/// The largest body, in bytes. Real callbacks have a few KiB.
pub const MAX_BODY: usize = 1024 * 1024;
/// What DingTalk expects of a robot that answers by the session webhook (protocol.md 2).
const EMPTY: &str = r#"{"msgtype":"empty"}"#;
const NAME: &str = "dingops";
/// For the body of a request; DingTalk gives up after less.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// DingTalk repeats a callback that was not acknowledged in time (protocol.md 2).
const REPEATED_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// For what the operator must mend to be said again in a chat.
const SAID_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// For a line about the same person to be logged again.
const SAID_AGAIN_SOON: SignedDuration = SignedDuration::from_mins(1);

/// The function.
pub struct App {
    settings: Arc<Settings>,
    verifier: Verifier,
    relay: Option<Relay>,
    robot_code: Option<String>,
    table: Arc<Table>,
    rules: Arc<Rules>,
    codes: Arc<Codes>,
    robots: Arc<BTreeMap<String, Arc<Webhook>>>,
    clock: Arc<dyn Clock>,
    outbound: Arc<Outbound>,
    deliver: Arc<Deliver>,
    seen: Recently,
    refusals: Refusals,
    limits: Limits,
    /// Where it was said that the quota is used up.
    said: Recently,
    /// What strangers cause to be logged, and what DingTalk's callbacks do: the former hides nothing of the latter.
    strangers: Sparingly,
    lines: Sparingly,
    /// Whom a line in the log says to have gone on.
    unanswered: Recently,
    disowned: Limits,
}

/// What a host knows of a request.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Names the request in the log.
    pub request_id: String,
    /// When the host ends the work.
    pub deadline: Timestamp,
}

/// What passed all checks.
struct Accepted {
    callback: Callback,
    reach: Reach,
    membership: Membership,
    received: Timestamp,
    skew: SignedDuration,
    /// Where another invocation can do the work.
    passing: Option<Passing>,
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
    /// The function with these settings and commands.
    ///
    /// # Errors
    /// When a rule of the settings does not fit the commands.
    pub fn new(
        settings: Settings,
        environment: Environment,
        table: Table,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let rules = rules(&settings, &table, environment.credentials().is_some())
            .map_err(|mistake| settings.mistake(mistake))?;
        for mistake in systems::off(&settings) {
            tracing::error!(file = %settings.source.file, %mistake, "a system is turned off");
        }
        let outbound = Arc::new(Outbound::default());
        let openapi = environment.credentials().map(|credentials| {
            OpenApi::new(
                settings.dingtalk.api.clone(),
                credentials,
                Arc::clone(&outbound),
                Arc::clone(&clock),
            )
        });
        let webhook = |robot: &CustomRobot| Webhook::new(settings.dingtalk.oapi.clone(), robot.clone());
        let robots = settings.robots.iter().map(|(name, robot)| (name.clone(), Arc::new(webhook(robot))));
        let robots = Arc::new(robots.collect());
        let max_skew = settings.dingtalk.max_skew;
        Ok(Self {
            codes: Arc::new(Codes::new(environment.code_keys())),
            relay: environment.self_url.clone().map(|url| Relay::new(url, &environment.secrets())),
            rules: Arc::new(rules),
            robots,
            verifier: Verifier::new(environment.secret, environment.previous, max_skew),
            robot_code: environment.robot_code,
            table: Arc::new(table),
            deliver: Arc::new(Deliver::new(Arc::clone(&outbound), Arc::clone(&clock), openapi)),
            seen: Recently::new(REPEATED_WITHIN),
            refusals: Refusals::new(),
            limits: Limits::new(settings.limits),
            said: Recently::new(SAID_AGAIN_AFTER),
            strangers: Sparingly::new(2, 10),
            lines: Sparingly::new(2, 10),
            unanswered: Recently::new(SAID_AGAIN_SOON),
            disowned: Limits::new(limits::DISOWNED),
            settings: Arc::new(settings),
            clock,
            outbound,
        })
    }

    /// The settings it goes by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the OpenAPI can be used; none where it is not configured.
    pub async fn check_openapi(&self, by: Timestamp) -> Option<Result<(), DeliveryError>> {
        self.deliver.check_openapi(by).await
    }

    /// The clock it goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What a command knows of the world when this person says it here and now.
    pub fn ctx(&self, who: Person, place: Place) -> Ctx {
        let now = self.clock.now();
        Ctx {
            settings: Arc::clone(&self.settings),
            table: Arc::clone(&self.table),
            rules: Arc::clone(&self.rules),
            codes: Arc::clone(&self.codes),
            robots: Arc::clone(&self.robots),
            corp: String::new(),
            who,
            place,
            mentioned: Vec::new(),
            locale: self.settings.locale,
            zone: self.settings.zone.clone(),
            clock: Arc::clone(&self.clock),
            received: now,
            skew: SignedDuration::ZERO,
            deadline: now,
            once: None,
            witness: None,
            heard: Arc::default(),
            outbound: Arc::clone(&self.outbound),
            deliver: Arc::clone(&self.deliver),
            progress: Progress::default(),
        }
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
                let job = Job::new(Arc::clone(self), *accepted, arrival);
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
        let lines = if refusal.is_signed() { &self.lines } else { &self.strangers };
        if let Some(withheld) = lines.admit(refusal.kind(), self.clock.now()) {
            tracing::warn!(status = refusal.status().as_u16(), withheld, reason = %refusal, "refused");
        }
        refusal.response()
    }

    /// Notes why a callback that is in order is not run.
    fn silence(&self, why: Silent) -> Admitted {
        if let Some(withheld) = self.lines.admit(why.kind(), self.clock.now()) {
            match why {
                Silent::Again => tracing::info!(withheld, "{why}"),
                _ => tracing::error!(withheld, "{why}"),
            }
        }
        Admitted::Silence
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
        let skew = self.verifier.verify(&head.headers, received)?;
        let seal = self.relay.as_ref().map(|relay| relay.seal(&head.headers)).transpose()?.flatten();
        if body.size_hint().lower() > MAX_BODY as u64 {
            return Err(Refusal::TooLarge);
        }
        self.read(&mut body, &mut bytes, MAX_BODY + 1).await?;
        if bytes.len() > MAX_BODY {
            return Err(Refusal::TooLarge);
        }
        let (passed_on, received, skew) = match (&self.relay, &seal) {
            (Some(relay), Some(seal)) => {
                let arrived = relay.verify(seal, &head.headers, &bytes, received)?;
                (true, arrived, skew - received.duration_since(arrived))
            }
            _ => (false, received, skew),
        };
        let callback = callback::decode(&bytes)?;
        if let Some(id) = &callback.msg_id {
            tracing::Span::current().record("msgId", id);
        }
        let membership = self.membership(&callback)?;
        if self.robot_code.is_some() && self.robot_code != callback.robot.code {
            return Err(Refusal::OtherRobot { came: shown(callback.robot.code.as_deref()) });
        }
        let reach = self.reach(&callback, membership, received)?;
        // What was passed on is new to one process and not to another; it was looked at before.
        let again = |id: &str| !passed_on && !self.seen.first_time(id, received);
        if callback.msg_id.as_deref().is_some_and(again) {
            return Ok(self.silence(Silent::Again));
        }
        if let Content::QuotaExhausted { message } = &callback.content {
            if !passed_on {
                self.silence(Silent::NoQuota { message: text::cut(message, 200) });
            }
            // It is said by the way whose quota is another one, wherever somebody waits for a reply.
            let openapi = Reach { session: None, ..reach.clone() };
            let is_news = |address: &Address| passed_on || self.said.first_time(address.id(), received);
            if !self.deliver.can_reach(&openapi) || !openapi.address.as_ref().is_some_and(is_news) {
                return Ok(Admitted::Silence);
            }
        }
        if !self.deliver.can_reach(&reach) {
            let expired = callback.session_webhook.is_some();
            return Ok(self.silence(if expired { Silent::SessionExpired } else { Silent::NoSession }));
        }
        let relay = self.relay.as_ref().filter(|_| !passed_on);
        let passing = relay
            .and_then(|relay| relay.passing(&head.headers, bytes, received, &self.outbound, &self.clock));
        Ok(Admitted::Work(Box::new(Accepted { callback, reach, membership, received, skew, passing })))
    }

    /// Check 6: where the reply may go. A session webhook of a stranger is refused, whatever other ways there are.
    fn reach(&self, callback: &Callback, membership: Membership, now: Timestamp) -> Result<Reach, Refusal> {
        let raw = callback.session_webhook.as_ref();
        let session = raw.map(|raw| self.settings.dingtalk.session_hosts.check(raw)).transpose()?;
        let expired = callback.session_expires_at.is_some_and(|expiry| expiry <= now.as_millisecond());
        let own = membership == Membership::Own;
        let address = match callback.conversation.kind {
            ConversationKind::Private => {
                callback.sender.staff_id.clone().filter(|_| own).map(Address::Person)
            }
            _ => callback
                .conversation
                .id
                .clone()
                .filter(|_| membership != Membership::Unknown)
                .map(Address::Group),
        };
        // An id that DingTalk would never make is not called by.
        let address = address.filter(|address| {
            let id = address.id();
            id.len() <= MAX_ID && !id.chars().any(|c| c.is_whitespace() || c.is_control())
        });
        Ok(Reach { session: session.filter(|_| !expired), address, ..Reach::default() })
    }

    /// Reads until `enough` bytes are there or the body ends, and does not wait for ever.
    async fn read<B>(&self, body: &mut B, bytes: &mut Vec<u8>, enough: usize) -> Result<(), Refusal>
    where
        B: http_body::Body + Unpin,
        B::Error: std::fmt::Display,
    {
        let reading = async {
            while bytes.len() < enough {
                let Some(frame) = body.frame().await else { break };
                let frame = frame.map_err(|error| Refusal::Interrupted(error.to_string()))?;
                if let Ok(data) = frame.into_data() {
                    bytes.put(data);
                }
            }
            Ok(())
        };
        let by = self.clock.now() + BODY_TIMEOUT;
        self.clock.within(by, reading).await.unwrap_or(Err(Refusal::Slow(BODY_TIMEOUT)))
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
}

/// The rules of the settings, once all that the settings say of commands was held against the table. `openapi` tells
/// whether it is configured.
///
/// # Errors
/// The first mistake.
pub(crate) fn rules(settings: &Settings, table: &Table, openapi: bool) -> Result<Rules, Mistake> {
    let rules = Rules::new(settings, table, openapi)?;
    table.check_defaults(&settings.defaults)?;
    settings.check_reports(openapi)?;
    values::check_recipients(&settings.rules, table, settings)?;
    Ok(rules)
}

/// An id for the log.
fn shown(id: Option<&str>) -> String {
    id.map_or_else(|| "none".to_owned(), |id| text::cut(id, 64))
}

fn respond(status: StatusCode, content_type: &'static str, body: &str) -> Response<String> {
    let mut response = Response::new(body.to_owned());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests;
