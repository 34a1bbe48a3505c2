//! Why a request was refused: a few words for the caller, the reason for the log. And why one that is in order is not
//! run.

use std::time::Duration;

use http::{HeaderValue, Method, Response, StatusCode, header};

use super::relay::SealError;
use crate::dingtalk::{callback::DecodeError, session::SessionError, signature::SignatureError};

/// Why a request was refused. `Display` is for the log only.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("expected GET, HEAD or POST, came {0}")]
    Method(Method),
    #[error("{0}")]
    Malformed(&'static str),
    #[error("no hook of that name")]
    NoHook,
    #[error("{0}")]
    NotSigned(#[from] SignatureError),
    #[error("{0}")]
    NotPassedOn(#[from] SealError),
    #[error("the body is over {} bytes", super::MAX_BODY)]
    TooLarge,
    #[error("the body ended early: {0}")]
    Interrupted(String),
    #[error("the request did not come within {} s", .0.as_secs())]
    Slow(Duration),
    #[error("{0}")]
    NotCallback(#[from] DecodeError),
    #[error("senderCorpId: expected the robot's ({robot}) or one of dingtalk.corps, came {sender}")]
    OtherOrganisation { sender: String, robot: String },
    #[error("robotCode: expected that of DINGTALK_ROBOT_CODE, came {came}")]
    OtherRobot { came: String },
    #[error("{0}")]
    Session(#[from] SessionError),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoHook => StatusCode::NOT_FOUND,
            Self::NotSigned(_) | Self::NotPassedOn(_) => StatusCode::UNAUTHORIZED,
            Self::Slow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(_) | Self::Interrupted(_) | Self::NotCallback(_) | Self::Session(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::OtherOrganisation { .. } | Self::OtherRobot { .. } => StatusCode::FORBIDDEN,
        }
    }

    /// Whether only who holds a signature of DingTalk can cause it.
    pub(super) fn is_signed(&self) -> bool {
        match self {
            Self::NotPassedOn(_)
            | Self::TooLarge
            | Self::NotCallback(_)
            | Self::OtherOrganisation { .. }
            | Self::OtherRobot { .. }
            | Self::Session(_) => true,
            Self::Method(_)
            | Self::Malformed(_)
            | Self::NoHook
            | Self::NotSigned(_)
            | Self::Interrupted(_)
            | Self::Slow(_) => false,
        }
    }

    /// What of a refusal is counted together in the log.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::NotSigned(SignatureError::Missing(header) | SignatureError::Repeated(header)) => header,
            Self::NotSigned(SignatureError::MalformedTimestamp | SignatureError::MalformedSign) => {
                "malformed"
            }
            Self::NotSigned(SignatureError::Skewed { .. }) => "skewed",
            Self::NotSigned(SignatureError::Mismatch) => "mismatch",
            Self::NotPassedOn(_) => "passed on",
            other => other.words(),
        }
    }

    /// What the caller is told: never which of timestamp and sign was wrong.
    fn words(&self) -> &'static str {
        match self {
            Self::Method(_) => "method not allowed",
            Self::Malformed(_) => "not a request",
            Self::NoHook => "no such hook",
            Self::NotSigned(_) | Self::NotPassedOn(_) => "not signed by DingTalk",
            Self::Slow(_) => "too slow",
            Self::TooLarge => "body too large",
            Self::Interrupted(_) | Self::NotCallback(_) => "not a callback",
            Self::OtherOrganisation { .. } => "not of this organisation",
            Self::OtherRobot { .. } => "not this robot",
            Self::Session(_) => "unknown session webhook",
        }
    }

    pub(super) fn response(&self) -> Response<String> {
        let body = format!(r#"{{"error":"{}"}}"#, self.words());
        let mut response = super::respond(self.status(), "application/json", &body);
        if matches!(self, Self::Method(_)) {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
        }
        response
    }
}

/// Why a callback that is in order is acknowledged and not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum Silent {
    #[error("a callback came again and was not run again")]
    Again,
    #[error("a callback without a sessionWebhook: nothing was run, since no reply could be sent")]
    NoSession,
    #[error("the sessionWebhook of a callback is expired: nothing was run, since no reply could be sent")]
    SessionExpired,
    #[error(
        "a callback without its text: the monthly message quota seems to be used up; wait for the next month, or have an \
         administrator buy more (DingTalk says: {message})"
    )]
    NoQuota { message: String },
}

impl Silent {
    /// What is counted together in the log.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::NoSession => "no session",
            Self::SessionExpired => "session expired",
            Self::NoQuota { .. } => "no quota",
        }
    }
}
