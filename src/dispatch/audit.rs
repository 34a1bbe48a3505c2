//! One line in the log for each command: who, where, what, and what came of it.

use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::Ctx;
use crate::{dingtalk::error::DeliveryError, log::AUDIT};

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
    /// It was cut off; a write may have happened.
    Late {
        /// Whether it changes something.
        write: bool,
    },
}

impl Outcome {
    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotUnderstood => "not understood",
            Self::Refused => "refused",
            Self::Failed | Self::Late { write: false } => "failed",
            Self::Unknown | Self::Late { write: true } => "unknown",
        }
    }
}

/// What to record of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The command's path; empty when there was none.
    pub path: String,
    /// Its canonical values, once they were read.
    pub values: Option<Map<String, Value>>,
    /// What came of it.
    pub outcome: Outcome,
}

/// Writes the line; at error level when the reply did not arrive.
pub fn write(record: &Record, ctx: &Ctx, took: SignedDuration, delivered: &Result<(), DeliveryError>) {
    let who = ctx.who.staff_id.as_deref().unwrap_or("");
    let nick = ctx.who.nick.as_str();
    let place = ctx.place.conversation_id.as_deref().unwrap_or("");
    let command = record.path.as_str();
    let outcome = record.outcome.name();
    let ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
    match delivered {
        Ok(()) => tracing::info!(target: AUDIT, who, nick, place, command, outcome, ms, "command"),
        Err(error) => tracing::error!(
            target: AUDIT, who, nick, place, command, outcome, ms, error = %error, "command ended, its reply did not arrive"
        ),
    }
}
