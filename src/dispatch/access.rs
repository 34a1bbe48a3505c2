//! Whether this person may run this, here.
//!
//! There are no rules in dingops.toml yet. What holds meanwhile is what the shipped rule will say, and it fails closed:
//! `Open` commands for everyone, `Read` for members of the robot's own organisation, `Write` for nobody.

use super::{
    Ctx, Membership,
    invocation::Invocation,
    row::{Effect, Row},
};

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A staff id.
    StaffId,
    /// An organisation: the callback names none.
    Organisation,
    /// Membership in the robot's own organisation.
    OtherOrganisation,
    /// A signature made a moment ago: an old one may be used again by somebody else.
    Freshness,
    /// A rule that allows it.
    Rule,
}

/// Decides.
///
/// # Errors
/// What is missing.
pub fn decide(row: &Row, _invocation: &Invocation, ctx: &Ctx) -> Result<(), Missing> {
    match (row.effect, ctx.who.membership) {
        (Effect::Open, _) => Ok(()),
        (Effect::Read, Membership::Unknown) => Err(Missing::Organisation),
        (Effect::Read, Membership::Listed) => Err(Missing::OtherOrganisation),
        (Effect::Read, _) if ctx.who.staff().is_some() => Ok(()),
        (Effect::Read, _) => Err(Missing::StaffId),
        (Effect::Write, _) if ctx.skew.unsigned_abs() > ctx.settings.dingtalk.max_skew_write => {
            Err(Missing::Freshness)
        }
        (Effect::Write, _) => Err(Missing::Rule),
    }
}
