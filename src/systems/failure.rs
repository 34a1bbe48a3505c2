//! What a system did not do, as a sentence that says what to do about it.

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::{Timestamp, fmt::rfc2822};
use serde_json::Value;

use crate::{
    dispatch::{CommandError, Ctx, UserError},
    mask::hide,
    outbound::{Answer, OutboundError},
    systems::redact::redacted,
    text,
};

/// Letters of the other side's own words that are quoted.
const MAX_QUOTED: usize = 200;

/// Why a call of a system came to nothing, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The request never left.
    Unreachable {
        /// What the system is called.
        system: String,
    },
    /// The request never left: its certificate is not trusted.
    Untrusted {
        /// What the system is called.
        system: String,
    },
    /// The request left, and no answer came.
    Lost {
        /// What the system is called.
        system: String,
    },
    /// It said no.
    Refused {
        /// What the system is called.
        system: String,
        /// With which status.
        status: StatusCode,
        /// In its own words; empty where it has none that can be read.
        message: String,
        /// When it may be asked again, in seconds since 1970 or from now.
        retry: Option<Retry>,
    },
    /// It answered in another form than is documented.
    Malformed {
        /// What the system is called.
        system: String,
    },
    /// It answered more than is read.
    TooLong {
        /// What the system is called.
        system: String,
    },
    /// What was typed can be no name.
    Name(String),
}

/// When a system may be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// In so many seconds.
    After(i64),
    /// At this time.
    At(Timestamp),
}

impl Failure {
    pub(super) fn from_outbound(error: OutboundError, system: &str) -> Self {
        let system = system.to_owned();
        match error {
            OutboundError::Unsent(_) => Self::Unreachable { system },
            OutboundError::Untrusted(_) => Self::Untrusted { system },
            OutboundError::TooLong(_) => Self::TooLong { system },
            OutboundError::Failed(_) | OutboundError::Late | OutboundError::Status(_) => {
                Self::Lost { system }
            }
        }
    }

    /// `hidden` is what the answer's words are shown without.
    pub(super) fn refused(answer: &Answer, system: &str, hidden: &[String]) -> Self {
        let body = answer.body.as_deref().unwrap_or_default();
        Self::Refused {
            system: system.to_owned(),
            status: answer.status,
            message: quoted(body, &answer.headers, hidden),
            retry: retry(answer),
        }
    }

    /// The status it was refused with.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(status.as_u16()),
            _ => None,
        }
    }

    /// Whether a write may have been done all the same: no answer came, or a gateway answered in the system's place.
    pub fn may_have_happened(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::Malformed { .. } | Self::TooLong { .. } => true,
            Self::Refused { status, retry, .. } => is_open(*status, retry.is_some()),
            Self::Unreachable { .. } | Self::Untrusted { .. } | Self::Name(_) => false,
        }
    }

    /// As the answer to a read.
    pub fn tell(&self, ctx: &Ctx) -> CommandError {
        UserError(self.sentence(ctx)).into()
    }

    /// As the answer to a write: `look` is the line that finds out whether it happened.
    pub fn tell_of_write(&self, look: String, ctx: &Ctx) -> CommandError {
        match self.may_have_happened() {
            true => CommandError::Unknown {
                look: ctx.locale.say("systems.unknown", &[("why", &self.told(false, ctx))]),
                command: Some(look),
            },
            false => self.tell(ctx),
        }
    }

    /// What happened, and what to do about it.
    pub fn sentence(&self, ctx: &Ctx) -> String {
        self.told(true, ctx)
    }

    /// What happened; what was a write and may have been done is not to be tried `again`.
    fn told(&self, again: bool, ctx: &Ctx) -> String {
        let say = |key, system: &String| ctx.locale.say(key, &[("system", system)]);
        match self {
            Self::Unreachable { system } => say("systems.unreachable", system),
            Self::Untrusted { system } => say("systems.untrusted", system),
            Self::Lost { system } if again => say("systems.lost_again", system),
            Self::Lost { system } => say("systems.lost", system),
            Self::Malformed { system } => say("systems.malformed", system),
            Self::TooLong { system } => say("systems.too_long", system),
            Self::Name(name) => ctx.locale.say("systems.name", &[("name", &text::cut(name, 60))]),
            Self::Refused { system, status, message, retry } => {
                let code = status.as_u16();
                let key = match code {
                    300..400 => "systems.redirected",
                    401 => "systems.unauthorized",
                    403 => "systems.forbidden",
                    404 => "systems.not_found",
                    409 => "systems.conflict",
                    400 | 422 => "systems.invalid",
                    429 => return limited(system, *retry, ctx),
                    500.. if again => "systems.broken_again",
                    500.. => "systems.broken",
                    _ => "systems.refused",
                };
                let sentence = ctx.locale.say(key, &[("system", system), ("status", &code)]);
                let key = if again { "systems.quoted" } else { "systems.quoted_before" };
                match message.as_str() {
                    "" => sentence,
                    message => ctx.locale.say(key, &[("sentence", &sentence), ("message", &message)]),
                }
            }
        }
    }
}

fn limited(system: &str, retry: Option<Retry>, ctx: &Ctx) -> String {
    match retry {
        None => ctx.locale.say("systems.limited", &[("system", &system)]),
        Some(Retry::After(seconds)) => {
            ctx.locale.say("systems.limited_for", &[("system", &system), ("seconds", &seconds)])
        }
        Some(Retry::At(time)) => {
            let time = time.to_zoned(ctx.zone.clone()).strftime("%H:%M:%S");
            ctx.locale.say("systems.limited_until", &[("system", &system), ("time", &time)])
        }
    }
}

/// Whether the same request may be answered otherwise at once.
pub(super) fn is_passing(answer: &Answer) -> bool {
    answer.status != StatusCode::INTERNAL_SERVER_ERROR && is_open(answer.status, retry(answer).is_some())
}

/// Whether the system answered, and nothing between here and it in its place.
pub(super) fn is_its_own(answer: &Answer) -> bool {
    serde_json::from_slice::<Value>(answer.body.as_deref().unwrap_or_default()).is_ok()
}

/// Something broke, or something between here and the system answered in its place, or gave up waiting for it. What is
/// not known there (501, 505) was not begun, nor what shall be asked for later (503).
fn is_open(status: StatusCode, is_later: bool) -> bool {
    match status.as_u16() {
        501 | 505 => false,
        503 => !is_later,
        408 | 499 => true,
        code => code >= 500,
    }
}

/// `Retry-After` in seconds or as a date, or the reset time that many APIs tell in seconds since 1970, on answers of
/// every status.
fn retry(answer: &Answer) -> Option<Retry> {
    let text = |name: &str| answer.headers.get(name)?.to_str().ok();
    if let Some(after) = text(RETRY_AFTER.as_str()) {
        let at = || rfc2822::parse(after).ok().map(|at| Retry::At(at.timestamp()));
        return after.parse().ok().filter(|seconds| *seconds >= 0).map(Retry::After).or_else(at);
    }
    let is_limited = answer.status == StatusCode::TOO_MANY_REQUESTS;
    let reset = ["x-ratelimit-reset", "ratelimit-reset"].into_iter().filter(|_| is_limited).find_map(text)?;
    let seconds: i64 = reset.parse().ok().filter(|seconds| *seconds >= 0)?;
    // Some tell the time, some how long it is until then.
    match seconds {
        ..1_000_000_000 => Some(Retry::After(seconds)),
        _ => Timestamp::from_second(seconds).ok().map(Retry::At),
    }
}

/// The other side's own words without secrets: a JSON text, or the field that most APIs have them in, or plain text. A page is none.
fn quoted(body: &[u8], headers: &HeaderMap, hidden: &[String]) -> String {
    let Ok(body) = std::str::from_utf8(body) else { return String::new() };
    let is_page = headers
        .get(http::header::CONTENT_TYPE)
        .is_some_and(|value| value.to_str().is_ok_and(|value| value.contains("html")))
        || body.trim_start().starts_with('<');
    let words = match serde_json::from_str::<Value>(body) {
        Ok(value) => said(&value).unwrap_or_default().to_owned(),
        Err(_) if is_page => String::new(),
        Err(_) => body.to_owned(),
    };
    let words = hide(&words, hidden.iter().map(String::as_str));
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    text::cut(&redacted(&words), MAX_QUOTED)
}

fn said(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(items) => items.first().and_then(said),
        Value::Object(fields) => {
            ["message", "error", "errorMessages", "detail", "errors", "error_description"]
                .into_iter()
                .find_map(|name| fields.get(name).and_then(said))
        }
        _ => None,
    }
}
