//! Why a message did not reach DingTalk, or may not have (protocol.md 3).

/// A message that was not, or perhaps not, delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// No connection was made: nothing was posted.
    #[error("no connection to DingTalk: {0}")]
    NotConnected(String),
    /// The request was never sent.
    #[error("the message was not sent: {0}")]
    NotSent(String),
    /// The request may have arrived, the answer did not.
    #[error("delivery unknown, the answer was lost: {0}")]
    AnswerLost(String),
    /// DingTalk answered with an error code.
    #[error("DingTalk answered HTTP {status}, errcode {code}: {message}")]
    Refused {
        /// HTTP status
        status: u16,
        /// `errcode`
        code: i64,
        /// `errmsg`, cut
        message: String,
    },
    /// The answer was not one of DingTalk's API: a ban page, a proxy.
    #[error("expected JSON with errcode, came HTTP {status} with {} (a ban page or a proxy?): {excerpt}", kind(*.json))]
    NotDingTalk {
        /// HTTP status
        status: u16,
        /// Whether it was JSON at all
        json: bool,
        /// Its beginning
        excerpt: String,
    },
}

fn kind(json: bool) -> &'static str {
    if json { "other JSON" } else { "no JSON" }
}

impl DeliveryError {
    /// What reqwest reports, without the address: it holds the session.
    pub(super) fn from_reqwest(error: reqwest::Error) -> Self {
        let connect = error.is_connect();
        let chain = crate::outbound::describe(error);
        if connect { Self::NotConnected(chain) } else { Self::AnswerLost(chain) }
    }

    /// Whether the message cannot have been posted and a second try may succeed.
    pub fn may_be_tried_again(&self) -> bool {
        matches!(self, Self::NotConnected(_) | Self::Refused { code: -1, .. })
    }
}
