//! One line in the log for each command: who, where, what, and what came of it.

use std::fmt::Display;

use jiff::SignedDuration;

use super::Ctx;

/// The target of the lines, for filters of the log.
const AUDIT: &str = "dingops::audit";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it says.
    Done,
    /// Nothing was run: there is no such command, or its arguments are wrong.
    NotUnderstood,
    /// Nothing was run: this person may not, here.
    Refused,
    /// It did not do what it says.
    Failed,
    /// It may have happened.
    Unknown,
}

impl Outcome {
    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotUnderstood => "not understood",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of the reply.
pub enum Delivery<'a> {
    /// It arrived, by this way.
    Delivered(&'a dyn Display),
    /// It was said a moment ago.
    Withheld,
    /// It did not arrive.
    Failed(Lost<'a>),
    /// It may have arrived.
    Unknown(Lost<'a>),
}

/// A reply that did not arrive, or perhaps not.
pub struct Lost<'a> {
    /// Its size.
    pub bytes: usize,
    /// Why.
    pub reason: &'a dyn Display,
    /// What the operator can do.
    pub remedy: String,
}

/// What to record of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The command's path; empty when there was none.
    pub path: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// Writes the line; at error level when the reply did not arrive.
pub fn write(record: &Record, ctx: &Ctx, took: SignedDuration, delivery: &Delivery<'_>) {
    let who = ctx.who.staff().unwrap_or_default();
    let sender = ctx.who.dingtalk_id.as_deref().unwrap_or_default();
    let nick = ctx.who.nick.as_str();
    let place = ctx.place.conversation_id.as_deref().unwrap_or_default();
    let command = record.path.as_str();
    let outcome = record.outcome.name();
    let ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
    match delivery {
        Delivery::Delivered(way) => {
            tracing::info!(target: AUDIT, who, sender, nick, place, command, outcome, ms, %way, "command");
        }
        Delivery::Withheld => {
            tracing::info!(target: AUDIT, who, sender, nick, place, command, outcome, ms, "command, its reply withheld");
        }
        Delivery::Failed(Lost { bytes, reason, remedy }) => tracing::error!(
            target: AUDIT, who, sender, nick, place, command, outcome, ms, bytes, error = %reason, remedy,
            "command ended, its reply did not arrive"
        ),
        Delivery::Unknown(Lost { bytes, reason, remedy }) => tracing::error!(
            target: AUDIT, who, sender, nick, place, command, outcome, ms, bytes, error = %reason, remedy,
            "command ended, delivery of its reply unknown: it may have arrived"
        ),
    }
}
