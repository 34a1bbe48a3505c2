//! Why a request was refused: a few words for the caller, the reason for the log.

use std::{
    mem::{Discriminant, discriminant},
    time::Duration,
};

use http::{HeaderValue, Method, Response, StatusCode, header};

use crate::dingtalk::{callback::DecodeError, session::SessionError, signature::SignatureError};

/// The reason of a refusal, without its details.
pub(super) type Kind = (Discriminant<Refusal>, Option<Discriminant<SignatureError>>);

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
            Self::NotSigned(_) => StatusCode::UNAUTHORIZED,
            Self::Slow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(_) | Self::Interrupted(_) | Self::NotCallback(_) | Self::Session(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::OtherOrganisation { .. } | Self::OtherRobot { .. } => StatusCode::FORBIDDEN,
        }
    }

    /// What of a refusal is counted together.
    pub(super) fn kind(&self) -> Kind {
        let signature = match self {
            Self::NotSigned(error) => Some(discriminant(error)),
            _ => None,
        };
        (discriminant(self), signature)
    }

    /// What the caller is told: never which of timestamp and sign was wrong.
    fn words(&self) -> &'static str {
        match self {
            Self::Method(_) => "method not allowed",
            Self::Malformed(_) => "not a request",
            Self::NoHook => "no such hook",
            Self::NotSigned(_) => "not signed by DingTalk",
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
