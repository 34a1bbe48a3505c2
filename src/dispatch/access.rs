//! Whether this person may run this, here.
//!
//! There are no rules in dingops.toml yet. What holds meanwhile is what the shipped rule will say, and it fails closed:
//! `Open` commands for everyone, `Read` for members of the robot's own organisation, `Write` for nobody.

use super::{
    Ctx,
    invocation::Invocation,
    table::{Effect, Row},
};

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A staff id of the robot's own organisation.
    Staff,
    /// A rule that allows it.
    Rule,
}

impl Refusal {
    /// The key of the sentence that says so.
    pub fn key(self) -> &'static str {
        match self {
            Self::Staff => "access.staff",
            Self::Rule => "access.rule",
        }
    }
}

/// Decides.
///
/// # Errors
/// What is missing.
pub fn decide(row: &Row, _invocation: &Invocation, ctx: &Ctx) -> Result<(), Refusal> {
    match row.effect {
        Effect::Open => Ok(()),
        Effect::Read if ctx.who.staff().is_some() => Ok(()),
        Effect::Read => Err(Refusal::Staff),
        Effect::Write => Err(Refusal::Rule),
    }
}
