//! Whether this person may run this, here.
//!
//! There are no rules in dingops.toml yet. What holds meanwhile is what the shipped rule will say, and it fails closed:
//! `Open` commands for everyone, `Read` for members of the robot's own organisation, `Write` for nobody.

use super::{
    Ctx, Membership,
    invocation::Invocation,
    table::{Effect, Row},
};

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A staff id.
    StaffId,
    /// Membership in the robot's own organisation.
    OtherOrganisation,
    /// A rule that allows it.
    Rule,
}

/// Decides.
///
/// # Errors
/// What is missing.
pub fn decide(row: &Row, _invocation: &Invocation, ctx: &Ctx) -> Result<(), Refusal> {
    match (row.effect, ctx.who.membership) {
        (Effect::Open, _) => Ok(()),
        (Effect::Read, Membership::Listed) => Err(Refusal::OtherOrganisation),
        (Effect::Read, _) if ctx.who.staff().is_some() => Ok(()),
        (Effect::Read, _) => Err(Refusal::StaffId),
        (Effect::Write, _) => Err(Refusal::Rule),
    }
}
