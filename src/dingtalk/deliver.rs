//! Which way a message goes to its reader, and how often it is tried: the one place that says the order.
//!
//! 1. the session webhook of the callback;
//! 2. where that is over, unknown or missing, or its quota is used up: the OpenAPI, if it is configured;
//! 3. the webhook of a custom robot. It belongs to a group and not to a callback, so it is the way of what was sent
//!    to it by name, and of nothing else.
//!
//! A sensitive reply goes by the OpenAPI alone where that is configured: a session webhook is an address that the
//! body of a callback named. Each way is tried again at most twice, and only where the message cannot have been
//! posted, or where DingTalk knows it again by its `msgUuid`: a custom robot's. What may have arrived is sent by no
//! other way, so that nobody reads a message twice; what was refused is sent by the next, for which time is kept.
//! What DingTalk takes nothing by for a while is not asked again meanwhile.

mod rests;

use std::{fmt, hash::Hash, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use self::rests::Rests;
use super::{
    error::{Cause, Class, DeliveryError},
    markdown::Limit,
    message::Message,
    robot::{Address, OpenApi},
    session::SessionWebhook,
    webhook::{EXHAUSTED_FOR, SILENCE, Webhook, seconds},
    wire::{self, Until},
};
use crate::{
    clock::{self, Clock},
    locale::Locale,
    outbound::Outbound,
};

/// One try and at most two more.
const TRIES: u32 = 3;
/// Kept back from the tries of one way for the next one.
const FOR_THE_NEXT: SignedDuration = SignedDuration::from_secs(5);

/// Where a message may go.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// The session webhook, while it holds.
    pub session: Option<SessionWebhook>,
    /// The conversation, as the OpenAPI addresses it.
    pub address: Option<Address>,
    /// The custom robot that it is sent to.
    pub robot: Option<Arc<Webhook>>,
    /// What DingTalk knows a message of a custom robot again by (`msgUuid`), where it may be sent once more by another
    /// process; otherwise it is new with each delivery. No other way has the like.
    pub once: Option<String>,
}

/// A way to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// The session webhook of the callback.
    Session,
    /// The robot OpenAPI.
    OpenApi,
    /// The webhook of a custom robot.
    Robot,
}

impl Way {
    /// The largest message that it takes.
    pub fn limit(self) -> Limit {
        match self {
            Self::Session | Self::Robot => Limit::Webhook,
            Self::OpenApi => Limit::MsgParam,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session => "session webhook",
            Self::OpenApi => "OpenAPI",
            Self::Robot => "robot webhook",
        })
    }
}

/// A message that did not arrive, or perhaps not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// There is no way that it may go.
    #[error(
        "no way to the reader: no session webhook that it may go to, and nobody whom the OpenAPI could reach"
    )]
    NoWay {
        /// The size of the message.
        bytes: usize,
    },
    /// The month's quota was used up a while ago, and no other way is left.
    #[error("the month's quota is used up: no way is left for this hour")]
    Exhausted {
        /// The size of the message.
        bytes: usize,
    },
    /// The last way that was tried.
    #[error("by {way}: {error}")]
    Failed {
        /// Which one
        way: Way,
        /// The size of the message.
        bytes: usize,
        /// What came of it.
        error: DeliveryError,
    },
}

impl Undelivered {
    /// Whether the message may have arrived all the same.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Failed { error, .. } if error.class() == Class::Unknown)
    }

    /// The size of the message.
    pub fn bytes(&self) -> usize {
        match self {
            Self::NoWay { bytes } | Self::Exhausted { bytes } | Self::Failed { bytes, .. } => *bytes,
        }
    }

    /// What it means, and what the operator can do.
    pub fn remedy(&self, locale: Locale) -> String {
        match self {
            Self::NoWay { .. } => locale.say("undelivered.no_way", &[]),
            Self::Exhausted { .. } => Cause::QuotaExhausted.meaning(locale),
            Self::Failed { error, .. } => error.remedy(locale),
        }
    }
}

/// Delivers messages.
pub struct Deliver {
    outbound: Arc<Outbound>,
    clock: Arc<dyn Clock>,
    openapi: Option<OpenApi>,
    /// The ways whose quota is used up, and the conversations that got too much by their session webhook.
    rests: Rests,
}

impl Deliver {
    /// Delivers with this client, by this clock, and by the OpenAPI if there is one.
    pub fn new(outbound: Arc<Outbound>, clock: Arc<dyn Clock>, openapi: Option<OpenApi>) -> Self {
        Self { outbound, clock, openapi, rests: Rests::default() }
    }

    /// Whether the OpenAPI is configured.
    pub fn has_openapi(&self) -> bool {
        self.openapi.is_some()
    }

    /// Whether the OpenAPI can be used; none where it is not configured.
    pub async fn check_openapi(&self, deadline: Timestamp) -> Option<Result<(), DeliveryError>> {
        match &self.openapi {
            Some(openapi) => Some(openapi.check(deadline).await),
            None => None,
        }
    }

    /// Whether there is any way that could be tried.
    pub fn can_reach(&self, to: &Reach) -> bool {
        !self.ways(to, false).is_empty()
    }

    /// Delivers what `render` makes for the way it goes, before `deadline`; says by which way it went.
    ///
    /// # Errors
    /// What came of the last way that was tried.
    pub async fn deliver(
        &self,
        to: &Reach,
        sensitive: bool,
        render: impl Fn(Way) -> Message,
        deadline: Timestamp,
    ) -> Result<Way, Undelivered> {
        let size = |message: &Message| message.to_json().to_string().len();
        let (ways, now) = (self.ways(to, sensitive), self.clock.now());
        let mut open = ways.iter().copied().filter(|way| self.rests.of(way, now).is_none()).peekable();
        let mut undelivered = None;
        while let Some(way) = open.next() {
            let message = match (way, &to.robot) {
                (Way::Robot, Some(robot)) => robot.with_keyword(render(way)),
                _ => render(way),
            };
            let tries_end = match open.peek() {
                Some(_) => clock::before(deadline, FOR_THE_NEXT, self.clock.now()),
                None => deadline,
            };
            let until = Until { clock: self.clock.as_ref(), sent: tries_end, answered: deadline };
            let error = match self.insist(way, to, &message, until).await {
                Ok(()) => return Ok(way),
                Err(error) => error,
            };
            // A robot keeps to its own: an administrator may have given it a quota of its own.
            if error.cause() == Some(Cause::QuotaExhausted) && way != Way::Robot {
                self.rests.begin(way, self.clock.now() + EXHAUSTED_FOR, Cause::QuotaExhausted);
            }
            let goes_on = matches!(error.class(), Class::OtherWay | Class::Retry);
            let failed = Undelivered::Failed { way, bytes: size(&message), error };
            if !goes_on {
                return Err(failed);
            }
            tracing::warn!(reason = %failed, remedy = failed.remedy(Locale::En), "a message was not posted");
            undelivered = Some(failed);
        }
        Err(undelivered.unwrap_or_else(|| match ways.first() {
            None => Undelivered::NoWay { bytes: size(&render(Way::Session)) },
            Some(&way) => Undelivered::Exhausted { bytes: size(&render(way)) },
        }))
    }

    /// The ways there are, in order.
    fn ways(&self, to: &Reach, sensitive: bool) -> Vec<Way> {
        let openapi = (self.has_openapi() && to.address.is_some()).then_some(Way::OpenApi);
        let session = to.session.is_some().then_some(Way::Session);
        let robot = to.robot.is_some().then_some(Way::Robot);
        if sensitive && self.has_openapi() {
            // That way or none: a callback that names no conversation does not make it go where the callback says.
            return openapi.into_iter().collect();
        }
        session.into_iter().chain(openapi).chain(robot).collect()
    }

    /// Tries one way, and again where the message cannot have been posted or is known again, and where one more try
    /// that takes as long ends before it must be sent. A try that hangs is waited for until the end: no other way may
    /// be taken after it.
    async fn insist(
        &self,
        way: Way,
        to: &Reach,
        message: &Message,
        until: Until<'_>,
    ) -> Result<(), DeliveryError> {
        let uuid = match &to.once {
            Some(once) => Sha256::digest(once).iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
            None => format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)),
        };
        let mut lost = None;
        let mut tried = 0;
        loop {
            let turn = match (way, &to.robot) {
                (Way::Robot, Some(robot)) => robot.turn(until.clock, until.answered).await,
                (Way::Session, _) => self.awake(to),
                _ => Ok(()),
            };
            let begun = until.clock.now();
            let sent = match turn {
                Ok(()) => self.once(way, to, message, &uuid, until).await,
                not_yet => not_yet,
            };
            let Err(error) = sent else { return Ok(()) };
            tried += 1;
            let is_lost = error.class() == Class::Unknown;
            let again = error.class() == Class::Retry || way == Way::Robot && is_lost;
            let pause = error.pause(tried) + Duration::from_millis(fastrand::u64(0..200));
            let now = until.clock.now();
            if tried == TRIES || !again || now + pause + now.duration_since(begun) > until.sent {
                // An earlier try may have arrived, whatever became of this one.
                return Err(lost.unwrap_or(error));
            }
            tracing::warn!(tried, %way, %error, "a message was not posted, it is tried again");
            if is_lost {
                lost = Some(error);
            }
            until.clock.sleep(pause).await;
        }
    }

    /// Tries one way once.
    async fn once(
        &self,
        way: Way,
        to: &Reach,
        message: &Message,
        uuid: &str,
        until: Until<'_>,
    ) -> Result<(), DeliveryError> {
        let client = || self.outbound.client().map_err(|error| DeliveryError::NotSent(error.to_string()));
        match (way, to, &self.openapi) {
            (Way::Session, Reach { session: Some(session), .. }, _) => {
                let sent = session.post(client()?, message, until).await;
                if let Err(error) = &sent
                    && let Some(cause @ Cause::TooFast) = error.cause()
                {
                    places(to).for_each(|place| self.rests.begin(place, until.clock.now() + SILENCE, cause));
                }
                sent
            }
            (Way::OpenApi, Reach { address: Some(address), .. }, Some(openapi)) => {
                openapi.send(address, message, until).await
            }
            (Way::Robot, Reach { robot: Some(robot), .. }, _) => {
                let patience = until.clock.now() + wire::PATIENCE;
                let (sent, answered) = (until.sent.min(patience), until.answered.min(patience));
                robot.post(client()?, message, uuid, Until { sent, answered, ..until }).await
            }
            _ => Err(DeliveryError::NotSent("there is no such way".into())),
        }
    }

    /// Whether the conversation did not get too much of late by its session webhook.
    fn awake(&self, to: &Reach) -> Result<(), DeliveryError> {
        let now = self.clock.now();
        match places(to).find_map(|place| self.rests.of(place, now)) {
            Some((until, cause)) => Err(DeliveryError::Resting { wait: seconds(now, until), cause }),
            None => Ok(()),
        }
    }
}

/// What a conversation is known again by: its id, and its session, since not every message has both.
fn places(to: &Reach) -> impl Iterator<Item = impl Hash> {
    let address = to.address.as_ref().map(|address| (Some(address), None));
    let session = to.session.as_ref().map(|session| (None, Some(session)));
    address.into_iter().chain(session)
}

#[cfg(test)]
mod tests;
