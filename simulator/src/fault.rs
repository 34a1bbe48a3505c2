//! What can go wrong between DingTalk and a robot, on demand.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::endpoints::Endpoint;

/// What becomes of a robot's post instead of the usual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fault", content = "value")]
pub enum AnswerFault {
    /// 300001, or `session.expired` by the OpenAPI: nothing arrives. Switched on it is said to session webhooks only.
    SessionExpired,
    /// -1, or 500 `system.error` by the OpenAPI: nothing arrives.
    Busy,
    /// The same, after this many milliseconds: nothing arrives.
    SlowlyBusy(u64),
    /// 410100, or 403 `QpsLimitForAppkeyAndApi`: nothing arrives.
    Throttled,
    /// This `errcode`, or this code of the OpenAPI: nothing arrives.
    Code(String),
    /// A page in HTML, as an address gets that calls too often: nothing arrives.
    BanPage,
    /// HTTP 502: nothing arrives.
    ServerError,
    /// 90020, or 403 `ApiCountLimitForOrg`: the organisation's quota for the month is used up. Switched on it is that of
    /// messages by webhooks; the OpenAPI has its own.
    QuotaExhausted,
    /// The message arrives, and the answer comes this many milliseconds later.
    Slow(u64),
    /// The message arrives, and no answer comes.
    Hang,
    /// The message arrives, and the connection is reset in the middle of the answer.
    Reset,
    /// The connection is reset before anything arrives.
    Refuse,
    /// The message arrives, and this status and body are the answer.
    Answer(u16, String),
    /// A gateway in front of DingTalk answers with this status and body: nothing arrives.
    TurnAway(u16, String),
    /// HTTP 302 to this address: nothing arrives.
    Redirect(String),
}

impl AnswerFault {
    /// Whether it can become of a message that is sent to this endpoint. One that is asked for once becomes of the next
    /// message, wherever it is sent.
    pub(crate) fn concerns(&self, endpoint: Endpoint) -> bool {
        match self {
            Self::SessionExpired => endpoint == Endpoint::SendBySession,
            Self::QuotaExhausted => endpoint.is_old(),
            _ => endpoint.is_message(),
        }
    }
}

/// What is wrong with a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fault", content = "value")]
pub enum CallbackFault {
    /// It comes twice with the same `msgId`.
    Redelivered,
    /// It was signed this many seconds from now; DingTalk's limit is an hour.
    SkewedClock(i64),
    /// It is signed with another secret.
    WrongSecret,
    /// It is not signed.
    Unsigned,
    /// It says that the organisation's quota is used up, and nothing else (20001).
    QuotaExhausted,
    /// It names another sender: an administrator of the organisation.
    ForgedSender,
    /// Replies shall go to a stranger's address.
    ForgedWebhook,
    /// Its session has expired.
    SessionExpired,
    /// It has no session.
    NoSession,
}

/// What nobody outside DingTalk could confirm (protocol.md 6, 1.5), to be tried both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unknowns {
    /// A `dtmd` button that is pressed in a group mentions the robot.
    pub buttons_mention_robot: bool,
    /// A quote of a robot's Markdown or card carries its text.
    pub quotes_carry_text: bool,
}

impl Default for Unknowns {
    fn default() -> Self {
        Self { buttons_mention_robot: false, quotes_carry_text: true }
    }
}

/// Where [`CallbackFault::ForgedWebhook`] wants replies.
pub const STRANGER: &str =
    "https://stranger.example/robot/sendBySession?session=0123456789abcdef0123456789abcdef";

/// After this long without an answer DingTalk pushes a callback again (protocol.md 2).
pub(crate) const PATIENCE: Duration = Duration::from_millis(2500);
