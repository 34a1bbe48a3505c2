//! Confirmation: a write is shown before it is run, and run when its code comes back.
//!
//! Nothing is remembered. The code stands for who asked, where, what exactly, and the state of the world that the
//! preview saw, its witness; the witness is read again before the command is run, so what was done once no longer
//! matches, in whatever process the second tap arrives.
//!
//! Where the OpenAPI is configured, codes go by it to the staff id alone, and never to an address that a callback
//! named. Without it the code is shown in place, and protects against slips only.

mod ask;
pub mod code;
pub mod line;

pub use self::ask::{Asking, acknowledge, ask, changes};
use self::{
    code::{Bound, Found, Purpose, Typed},
    line::Given,
};
use super::{
    Ctx, Membership, Person, Place, Understood,
    access::{self, Grant},
    row::Preview,
    table,
    words::Line,
};
use crate::{config::Confirm, locale::Locale, reply::Reply};

/// How a private chat is called where a code names the place it was asked in.
const PRIVATE: &str = "private";

/// Why a code does not let a command run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It was made for something else, or never.
    Foreign,
    /// It is over.
    Expired,
    /// The world is no longer what it was: it was done already, or something changed.
    Changed,
    /// An approver's code, from somebody the rule does not name, or from the asker.
    NotApprover,
    /// A code of the asker where somebody else has to approve, or the other way round.
    OtherWay,
    /// Somebody said that they never asked for it.
    Disowned,
    /// Something stands behind the code, or its option is misspelled. The line is not shown again: the code may hold.
    Slip,
}

impl Refused {
    /// What is said of it; `line` asks again.
    pub fn reply(self, line: &str, ctx: &Ctx) -> Reply {
        let sentence = match self {
            Self::Foreign => "confirm.foreign",
            Self::Expired => "confirm.expired",
            Self::Changed => "confirm.changed",
            Self::NotApprover => "confirm.not_approver",
            Self::OtherWay => "confirm.other_way",
            Self::Disowned => "confirm.disowned",
            Self::Slip => "confirm.slip",
        };
        let reply = Reply::new(ctx.locale.say("confirm.refused", &[])).text(ctx.locale.say(sentence, &[]));
        if matches!(self, Self::Expired | Self::Changed | Self::Disowned) { reply.code(line) } else { reply }
    }
}

/// A line whose code was looked at, though not yet at the world.
pub struct Pending {
    typed: Typed,
    live: Vec<i64>,
    /// Who approved it, if somebody else did.
    pub approver: Option<Person>,
}

/// Where a code says that it was asked, and by whom: the command is read, judged and answered as if said there.
///
/// # Errors
/// When there is no such place or person, or it names itself.
pub fn asked(given: &Given, ctx: &Ctx) -> Result<Ctx, Refused> {
    let mut asked = ctx.clone();
    if let Some(name) = &given.asker {
        let staff_id = ctx.settings.people.get(name).unwrap_or(name).clone();
        if staff_id.is_empty() {
            return Err(Refused::Foreign);
        }
        let nick = ctx.person_name(&staff_id);
        let membership = Membership::Own;
        asked.who = Person { nick, staff_id: Some(staff_id), dingtalk_id: None, membership, admin: false };
    }
    if let Some(name) = &given.place {
        // A place by name is what only the holder of a code can speak for, so it takes the way that codes take.
        if !ctx.deliver.has_openapi() {
            return Err(Refused::Foreign);
        }
        let conversation_id = ctx.settings.groups.get(name).unwrap_or(name).clone();
        asked.place = if name == PRIVATE {
            Place { private: true, conversation_id: None, title: None }
        } else {
            Place { private: false, conversation_id: Some(conversation_id), title: None }
        };
    } else if given.asker.is_some() {
        // An approver sits in another chat than the asker: the place is part of the line.
        return Err(Refused::Foreign);
    }
    Ok(asked)
}

/// Looks whether a code is for this. `ctx` is as the code says that it was asked, `sender` who sent it.
///
/// # Errors
/// Why it is not.
pub fn find(
    given: &Given,
    understood: &Understood<'_>,
    grant: &Grant,
    ctx: &Ctx,
    sender: &Person,
) -> Result<Pending, Refused> {
    let typed = given.code.ok_or(Refused::Foreign)?;
    let holder = sender.staff().unwrap_or_default();
    let purpose = match (&given.asker, &grant.confirm) {
        (None, Confirm::Peer(_)) => return Err(Refused::OtherWay),
        (None, _) => Purpose::Confirm,
        (Some(_), Confirm::Peer(peers)) => {
            let is_asker = ctx.who.staff() == sender.staff();
            if is_asker || !peers.iter().any(|peer| access::is(sender, peer)) {
                return Err(Refused::NotApprover);
            }
            Purpose::Approve
        }
        (Some(_), _) => return Err(Refused::OtherWay),
    };
    if ctx.codes.is_disowned(typed) {
        return Err(Refused::Disowned);
    }
    match ctx.codes.find(&bound(purpose, holder, understood, ctx), typed, grant.valid, ctx.clock.now()) {
        Found::Live(live) => {
            let approver = given.asker.is_some().then(|| sender.clone());
            Ok(Pending { typed, live, approver })
        }
        Found::Expired => Err(Refused::Expired),
        Found::Foreign => Err(Refused::Foreign),
    }
}

impl Pending {
    /// Whether the world is still as it was when the code was made; a key that is the same for each use of the code.
    ///
    /// # Errors
    /// When it is not.
    pub fn settle(
        &self,
        understood: &Understood<'_>,
        preview: &Preview,
        ctx: &Ctx,
        sender: &Person,
    ) -> Result<String, Refused> {
        let purpose = if self.approver.is_some() { Purpose::Approve } else { Purpose::Confirm };
        let bound = bound(purpose, sender.staff().unwrap_or_default(), understood, ctx);
        let once = ctx.codes.once(self.typed);
        let holds = ctx.codes.holds(&bound, self.typed, &self.live, &preview.witness);
        if holds && ctx.codes.first_use(&once) { Ok(once) } else { Err(Refused::Changed) }
    }
}

/// What somebody says that they never asked for.
pub struct Disowned {
    /// The command that they name, by its path.
    pub command: Option<String>,
    /// Whether they gave its code, which this process refuses from now on.
    pub is_void: bool,
    /// Where the code is for, where that is a place of the settings.
    pub place: Option<String>,
}

/// Reads what stands behind 不是我, and refuses its code from now on. Whether the code was ever made does not matter: who has
/// it may not use it.
pub fn disown(text: &str, ctx: &Ctx) -> Disowned {
    let (line, given) = line::take(text);
    let command = match ctx.table.find(Line::split(line)) {
        table::Found::Row { row, .. } if !line.is_empty() => Some(row.path.to_string()),
        _ => None,
    };
    let code = given.as_ref().and_then(|given| given.code);
    if let Some(code) = code {
        ctx.codes.disown(code);
    }
    let place = given.and_then(|given| known_place(&given, ctx));
    Disowned { command, is_void: code.is_some(), place }
}

/// The place that a code is for, for the log: anything else that stands there is anybody's text.
pub fn known_place(given: &Given, ctx: &Ctx) -> Option<String> {
    let groups = &ctx.settings.groups;
    let is_known = |name: &&String| {
        *name == PRIVATE || groups.contains_key(*name) || groups.values().any(|id| id == *name)
    };
    given.place.as_ref().filter(is_known).cloned()
}

/// What is said to a 确认 that quotes no code: where codes are.
pub fn nothing_to_confirm(ctx: &Ctx) -> Reply {
    let sentence = match ctx.deliver.has_openapi() && !ctx.place.private {
        true => "confirm.nothing_elsewhere",
        false => "confirm.nothing",
    };
    Reply::new(ctx.locale.say("confirm.refused", &[])).text(ctx.locale.say(sentence, &[]))
}

/// How long a rule's codes hold, in words.
pub(crate) fn shown_validity(grant: &Grant, locale: Locale) -> String {
    match grant.valid.as_secs() / 60 {
        1 => locale.say("confirm.minute", &[]),
        count => locale.say("confirm.minutes", &[("count", &count)]),
    }
}

fn bound<'b>(purpose: Purpose, holder: &'b str, understood: &'b Understood<'_>, ctx: &'b Ctx) -> Bound<'b> {
    let invocation = &understood.invocation;
    Bound {
        purpose,
        corp: &ctx.corp,
        asker: ctx.who.staff().unwrap_or_default(),
        asker_is_admin: ctx.who.admin,
        holder,
        is_private: ctx.place.private,
        place: if ctx.place.private { "" } else { ctx.place.conversation_id.as_deref().unwrap_or_default() },
        path: &invocation.path,
        alias: invocation.alias.as_ref().map_or("", |via| via.name.as_str()),
        values: &invocation.values,
    }
}

/// The same with the asker's name from the settings.
pub fn without_nick(ctx: Ctx) -> Ctx {
    let nick = ctx.person_name(ctx.who.staff().unwrap_or_default());
    Ctx { who: Person { nick, ..ctx.who.clone() }, ..ctx }
}

#[cfg(test)]
mod tests;
