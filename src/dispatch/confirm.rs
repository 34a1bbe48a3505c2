//! Confirmation: a write is shown before it is run, and run when its code comes back.
//!
//! Nothing is remembered. The code stands for who asked, where, what exactly, and the state of the world that the
//! preview saw, its witness; the witness is read again before the command is run, so what was done once no longer
//! matches, in whatever process the second tap arrives.
//!
//! Where the OpenAPI is configured, codes go by it to the staff id alone, and never to an address that a callback
//! named. Without it the code is shown in place, and protects against slips only.

pub mod code;
pub mod line;

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use jiff::SignedDuration;

use self::{
    code::{Bound, Found, Purpose, Typed},
    line::{Given, with_code},
};
use super::{
    Ctx, Membership, Person, Place, Understood,
    access::{self, Grant},
    audit::Outcome,
    row::Preview,
};
use crate::{
    config::{Confirm, Who, Whom},
    dingtalk::{
        deliver::{Reach, Way},
        markdown::{self, Reader},
        robot::Address,
    },
    locale::Locale,
    reply::Reply,
};

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
            Self::Slip => "confirm.slip",
        };
        let reply = Reply::new(ctx.locale.say("confirm.refused", &[])).text(ctx.locale.say(sentence, &[]));
        if matches!(self, Self::Expired | Self::Changed) { reply.code(line) } else { reply }
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
        let nick = person_name(&staff_id, ctx);
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
    let valid = if grant.valid.is_zero() { Duration::from_secs(600) } else { grant.valid };
    match ctx.codes.find(&bound(purpose, holder, understood, ctx), typed, valid, ctx.clock.now()) {
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

/// What is said when a command waits for a code, and whether it went by the way that codes go.
pub struct Asking {
    /// The reply in place.
    pub reply: Reply,
    /// Whether it holds a code, and must not go to an address that a callback named.
    pub sensitive: bool,
    /// What came of it.
    pub outcome: Outcome,
}

/// Shows what a command will do, and asks for its code.
pub async fn ask(understood: &Understood<'_>, grant: &Grant, preview: &Preview, ctx: &Ctx) -> Asking {
    match &grant.confirm {
        Confirm::Peer(peers) => ask_peers(understood, grant, peers, preview, ctx).await,
        _ => ask_asker(understood, grant, preview, ctx).await,
    }
}

async fn ask_asker(understood: &Understood<'_>, grant: &Grant, preview: &Preview, ctx: &Ctx) -> Asking {
    let asker = ctx.who.staff().unwrap_or_default();
    let code =
        ctx.codes.make(&bound(Purpose::Confirm, asker, understood, ctx), &preview.witness, ctx.clock.now());
    let openapi = ctx.deliver.has_openapi();
    // In a private chat the card is the reply; it goes where codes go, since its reply is sensitive.
    let elsewhere = openapi && !ctx.place.private;
    let place = elsewhere.then(|| place_name(&ctx.place, ctx));
    let line = with_code(understood.line(), None, &code, place.as_deref());
    let title = ctx.locale.say("confirm.title", &[("command", &understood.row.path)]);
    let card = Reply::new(title);
    let card = if elsewhere {
        let place = shown_place(&ctx.place, ctx);
        card.text(ctx.locale.say("confirm.asked_in", &[("place", &place)]))
    } else {
        card
    };
    let card = changes(card, understood, preview, ctx);
    let valid = shown_validity(grant, ctx.locale);
    let how = match (openapi, ctx.place.private) {
        (_, true) | (true, false) => "confirm.tap",
        (false, false) => "confirm.copy",
    };
    let card = card.text(ctx.locale.say(how, &[("valid", &valid)])).code(line.clone());
    let card = if openapi || ctx.place.private {
        card.action(ctx.locale.say("confirm.confirm", &[]), line)
    } else {
        card
    };
    let card = if openapi {
        let disown = ctx.locale.say("confirm.not_me_command", &[]);
        card.action(ctx.locale.say("confirm.not_me", &[]), format!("{disown} {}", understood.row.path))
    } else {
        card
    };
    if !elsewhere {
        return Asking { reply: card, sensitive: openapi, outcome: Outcome::Asked };
    }
    let title = ctx.locale.say("confirm.title", &[("command", &understood.row.path)]);
    match send(asker, &card, ctx).await {
        Ok(()) => {
            let reply = changes(Reply::new(title), understood, preview, ctx)
                .text(ctx.locale.say("confirm.sent", &[("valid", &valid)]));
            Asking { reply, sensitive: false, outcome: Outcome::Asked }
        }
        Err(reason) => Asking {
            reply: Reply::new(title).text(ctx.locale.say("confirm.not_sent", &[("reason", &reason)])),
            sensitive: false,
            outcome: Outcome::Failed,
        },
    }
}

async fn ask_peers(
    understood: &Understood<'_>,
    grant: &Grant,
    peers: &[Who],
    preview: &Preview,
    ctx: &Ctx,
) -> Asking {
    let title = ctx.locale.say("confirm.approval_title", &[("command", &understood.row.path)]);
    let asker = ctx.who.staff().unwrap_or_default();
    let ids: BTreeSet<&str> = peers
        .iter()
        .flat_map(|peer| match &peer.is {
            Whom::Ids(ids) => ids.as_slice(),
            _ => &[],
        })
        .map(String::as_str)
        .filter(|id| *id != asker)
        .collect();
    if ids.is_empty() {
        let reply = Reply::new(title).text(ctx.locale.say("confirm.no_approver", &[]));
        return Asking { reply, sensitive: false, outcome: Outcome::Refused };
    }
    let valid = shown_validity(grant, ctx.locale);
    let place = place_name(&ctx.place, ctx);
    let asker_name = callable_name(asker, ctx);
    let cards = ids.iter().map(|approver| {
        let bound = bound(Purpose::Approve, approver, understood, ctx);
        let code = ctx.codes.make(&bound, &preview.witness, ctx.clock.now());
        let line = with_code(understood.line(), Some(&asker_name), &code, Some(&place));
        let who = format!("{}（{asker}）", ctx.who.nick);
        let shown = shown_place(&ctx.place, ctx);
        let card = Reply::new(title.clone())
            .text(ctx.locale.say("confirm.asks_you", &[("who", &who), ("place", &shown)]));
        let card = changes(card, understood, preview, ctx)
            .text(ctx.locale.say("confirm.tap", &[("valid", &valid)]))
            .code(line.clone())
            .action(ctx.locale.say("confirm.approve", &[]), line);
        async move { (*approver, send(approver, &card, ctx).await) }
    });
    let (mut reached, mut missed) = (Vec::new(), Vec::new());
    for (approver, sent) in join_all(cards).await {
        let name = person_name(approver, ctx);
        match sent {
            Ok(()) => reached.push(name),
            Err(reason) => missed.push((name, reason)),
        }
    }
    let separator = ctx.locale.say("usage.separator", &[]);
    let reply = changes(Reply::new(title), understood, preview, ctx);
    let (reply, outcome) = if reached.is_empty() {
        (reply.text(ctx.locale.say("confirm.nobody_reached", &[])), Outcome::Failed)
    } else {
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("approvers", &reached.join(&separator)), ("valid", &valid)];
        (reply.text(ctx.locale.say("confirm.waiting", &values)), Outcome::Asked)
    };
    let reply = if missed.is_empty() {
        reply
    } else {
        reply.text(ctx.locale.say("confirm.missed", &[])).fields(missed)
    };
    Asking { reply, sensitive: false, outcome }
}

/// Tells an approver that it is under way; what comes of it is told where it was asked.
pub async fn acknowledge(approver: &Person, understood: &Understood<'_>, ctx: &Ctx) {
    let title = ctx.locale.say("confirm.approved_title", &[("command", &understood.row.path)]);
    let place = shown_place(&ctx.place, ctx);
    let reply = Reply::new(title).text(ctx.locale.say("confirm.approved", &[("place", &place)]));
    if let Some(staff_id) = approver.staff()
        && let Err(reason) = send(staff_id, &reply, ctx).await
    {
        tracing::warn!(reason, "an approver was not told that their approval arrived");
    }
}

/// What a command will do, as a part of a reply: the command, and its preview.
pub fn changes(reply: Reply, understood: &Understood<'_>, preview: &Preview, ctx: &Ctx) -> Reply {
    let reply = reply.code(understood.shown(ctx));
    let reply = match understood.defaults(ctx) {
        Some(defaults) => reply.note(defaults),
        None => reply,
    };
    let reply = match &understood.invocation.alias {
        Some(via) => reply.note(ctx.locale.say("confirm.alias", &[("line", &via.line)])),
        None => reply,
    };
    if preview.lines.is_empty() { reply } else { reply.list(preview.lines.iter().map(String::as_str)) }
}

/// Sends a card to somebody's private chat, by the OpenAPI alone.
///
/// # Errors
/// Why it was not sent, for the chat.
async fn send(staff_id: &str, card: &Reply, ctx: &Ctx) -> Result<(), String> {
    let reach = Reach { address: Some(Address::Person(staff_id.to_owned())), ..Reach::default() };
    let reader = Reader { mention: None, can_tap: true };
    let render = |way: Way| markdown::render(card, &reader, way.limit(), ctx.locale);
    let by = ctx.deadline.min(ctx.clock.now() + SignedDuration::from_secs(15));
    match ctx.deliver.deliver(&reach, true, render, by).await {
        Ok(_) => Ok(()),
        // The message itself is a card with a code: no part of the error repeats it.
        Err(error) => {
            tracing::warn!(%error, "a card was not delivered");
            Err(error.remedy(ctx.locale))
        }
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

/// How a place is called in a line: by its name in the settings, where that is one word, or by its id.
fn place_name(place: &Place, ctx: &Ctx) -> String {
    if place.private {
        return PRIVATE.to_owned();
    }
    let id = place.conversation_id.clone().unwrap_or_default();
    called(&id, &ctx.settings.groups).unwrap_or(id)
}

/// How somebody is called in a line.
fn callable_name(staff_id: &str, ctx: &Ctx) -> String {
    called(staff_id, &ctx.settings.people).unwrap_or_else(|| staff_id.to_owned())
}

fn called(id: &str, names: &crate::config::Ids) -> Option<String> {
    let plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    names.iter().find(|(name, other)| *other == id && plain(name)).map(|(name, _)| name.clone())
}

/// The same with the asker's name from the settings.
pub fn without_nick(ctx: Ctx) -> Ctx {
    let nick = person_name(ctx.who.staff().unwrap_or_default(), &ctx);
    Ctx { who: Person { nick, ..ctx.who.clone() }, ..ctx }
}

/// How somebody is called in a sentence.
fn person_name(staff_id: &str, ctx: &Ctx) -> String {
    let known = ctx.settings.people.iter().find(|(_, id)| *id == staff_id);
    known.map_or_else(|| staff_id.to_owned(), |(name, _)| name.clone())
}

/// How a place is called in a sentence.
pub(crate) fn shown_place(place: &Place, ctx: &Ctx) -> String {
    if place.private {
        return ctx.locale.say("confirm.private_chat", &[]);
    }
    let id = place.conversation_id.as_deref().unwrap_or_default();
    // A title is what the callback says: it stands beside the id, and cannot read like a sentence of the bot's.
    match (ctx.settings.groups.iter().find(|(_, other)| *other == id), &place.title) {
        (Some((name, _)), _) => name.clone(),
        (None, Some(title)) => format!("{}…{id}", title.replace(['「', '」', '（', '）', '(', ')', '"'], "")),
        (None, None) => id.to_owned(),
    }
}

#[cfg(test)]
mod tests;
