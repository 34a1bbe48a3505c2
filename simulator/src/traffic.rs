//! What went over the wire, as a developer wants to see it.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;

/// A request and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// Rises by one.
    pub id: u64,
    /// When it began.
    #[serde(serialize_with = "crate::message::milliseconds")]
    pub at: Timestamp,
    /// Who called whom.
    pub direction: Direction,
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The beginning of the request's body, as text: at most 64 KiB, without the app's secret.
    pub body: String,
    /// The size of the request's body in bytes.
    pub bytes: usize,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
    /// What a developer should know about it.
    pub notes: Vec<Note>,
}

/// Who called whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// DingTalk pushed a callback.
    ToRobot,
    /// A robot called DingTalk.
    ToDingTalk,
}

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// HTTP status; none where no answer came.
    pub status: Option<u16>,
    /// The body as text, or why there is none.
    pub body: String,
    /// `errcode`, or `code` of the OpenAPI, where the answer has one; `0` is success.
    pub code: Option<String>,
    /// How long it took.
    #[serde(serialize_with = "took")]
    pub took: Duration,
}

/// What a developer should know about an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "note", content = "value")]
pub enum Note {
    /// A fault that was asked for decided the answer.
    Fault(String),
    /// DingTalk has no such path, or another method for it.
    UnknownPath,
    /// More than 2.5 s passed: DingTalk pushes again, and takes no reply from this answer.
    Late,
    /// The same `msgId` was pushed once more.
    Redelivered,
    /// The answer was taken as a reply.
    Replied,
    /// The answer is no message of the kinds that DingTalk takes here: code and reason.
    NoReply(String),
    /// Mentioned, and `@` with the id is not in the text: nobody sees it.
    MentionNotInText(String),
    /// Mentioned, and nobody in the organisation has this id.
    MentionUnknown(String),
    /// Mentions of this type of message are ignored.
    MentionIgnored,
    /// More than 50 mentions: the rest are left out.
    TooManyMentions,
    /// A card without a button: taken, and there is nothing to press.
    CardWithoutButtons,
    /// The same `msgUuid` was posted before: taken, and not shown again.
    SameUuid,
    /// The month's quota is used up.
    QuotaExhausted,
}

fn took<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(took.as_secs_f64() * 1000.0)
}

/// What is kept of a body.
const KEPT: usize = 64 * 1024;

/// A body as it is kept: its beginning as text, without the app's secret, which the access token is asked for with.
pub(crate) fn kept(body: &[u8], secret: &str) -> String {
    let text = String::from_utf8_lossy(body.get(..KEPT).unwrap_or(body)).into_owned();
    if secret.is_empty() { text } else { text.replace(secret, "***") }
}

pub(crate) fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    map.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}
