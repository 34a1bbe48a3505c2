//! The cards that ask for a code, and where they go.

use std::{collections::BTreeSet, fmt::Display};

use futures_util::future::join_all;
use jiff::SignedDuration;

use super::{PRIVATE, bound, code::Purpose, line::with_code, shown_validity};
use crate::{
    config::{Confirm, Ids, Who, Whom, name_of},
    dingtalk::{
        deliver::{Reach, Way},
        markdown::{self, Reader},
        robot::Address,
    },
    dispatch::{Ctx, Person, Understood, access::Grant, audit::Outcome, row::Preview},
    reply::Reply,
};

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
    let say = |key, values: &[(&str, &dyn Display)]| ctx.locale.say(key, values);
    let asker = ctx.who.staff().unwrap_or_default();
    let bound = bound(Purpose::Confirm, asker, understood, ctx);
    let code = ctx.codes.make(&bound, &preview.witness, ctx.clock.now());
    let (openapi, private) = (ctx.deliver.has_openapi(), ctx.place.private);
    // In a private chat the card is the reply; it goes where codes go, since its reply is sensitive.
    let elsewhere = openapi && !private;
    let line = with_code(understood.line(), None, &code, elsewhere.then(|| place_name(ctx)).as_deref());
    let reply = Reply::new(say("confirm.title", &[("command", &understood.row.path)]));
    let valid = shown_validity(grant, ctx.locale);
    let card = match elsewhere {
        true => reply.clone().text(say("confirm.asked_in", &[("place", &ctx.shown_place(&ctx.place))])),
        false => reply.clone(),
    };
    let can_tap = openapi || private;
    let how = if can_tap { "confirm.tap" } else { "confirm.copy" };
    let card =
        changes(card, understood, preview, ctx).text(say(how, &[("valid", &valid)])).code(line.clone());
    let card = if can_tap { card.action(say("confirm.confirm", &[]), line) } else { card };
    let card = match openapi {
        true => {
            let named = format!("{} {}", say("confirm.not_me_command", &[]), understood.row.path);
            let disown = with_code(&named, None, &code, elsewhere.then(|| place_name(ctx)).as_deref());
            card.action(say("confirm.not_me", &[]), disown)
        }
        false => card,
    };
    if !elsewhere {
        return Asking { reply: card, sensitive: openapi, outcome: Outcome::Asked };
    }
    let (reply, outcome) = match send(asker, &card, ctx).await {
        Ok(()) => {
            let sent = say("confirm.sent", &[("valid", &valid)]);
            (changes(reply, understood, preview, ctx).text(sent), Outcome::Asked)
        }
        Err(reason) => (reply.text(say("confirm.not_sent", &[("reason", &reason)])), Outcome::Failed),
    };
    Asking { reply, sensitive: false, outcome }
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
    let values = &understood.invocation.values;
    let is_given = |name: &&str| values.get(*name).is_some_and(|value| !value.is_null());
    // The line that an approver sends has all values.
    if let Some(secret) = understood.row.secret.iter().find(is_given) {
        let reply = Reply::new(title).text(ctx.locale.say("confirm.secret", &[("argument", &secret)]));
        return Asking { reply, sensitive: false, outcome: Outcome::Refused };
    }
    if ids.is_empty() {
        let reply = Reply::new(title).text(ctx.locale.say("confirm.no_approver", &[]));
        return Asking { reply, sensitive: false, outcome: Outcome::Refused };
    }
    let valid = shown_validity(grant, ctx.locale);
    let place = place_name(ctx);
    let asker_name = plain_name(asker, &ctx.settings.people).unwrap_or(asker);
    let cards = ids.iter().map(|approver| {
        let bound = bound(Purpose::Approve, approver, understood, ctx);
        let code = ctx.codes.make(&bound, &preview.witness, ctx.clock.now());
        let line = with_code(understood.line(), Some(asker_name), &code, Some(&place));
        let who = format!("{}（{asker}）", ctx.who.nick);
        let shown = ctx.shown_place(&ctx.place);
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
        let name = ctx.person_name(approver);
        match sent {
            Ok(()) => reached.push(name),
            Err(reason) => missed.push((name, reason)),
        }
    }
    let separator = ctx.locale.say("usage.separator", &[]);
    let waiting = ctx.locale.say("confirm.waiting_title", &[("command", &understood.row.path)]);
    let reply = changes(Reply::new(waiting), understood, preview, ctx);
    let (reply, outcome) = if reached.is_empty() {
        (reply.text(ctx.locale.say("confirm.nobody_reached", &[])), Outcome::Failed)
    } else {
        let values: [(&str, &dyn Display); 2] = [("approvers", &reached.join(&separator)), ("valid", &valid)];
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
    let place = ctx.shown_place(&ctx.place);
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

/// How this place is called in a line: by its name in the settings, where that is one word, or by its id.
fn place_name(ctx: &Ctx) -> String {
    if ctx.place.private {
        return PRIVATE.to_owned();
    }
    let id = ctx.place.conversation_id.as_deref().unwrap_or_default();
    plain_name(id, &ctx.settings.groups).unwrap_or(id).to_owned()
}

/// The name of an id, where it can stand in a line as it is.
fn plain_name<'i>(id: &str, ids: &'i Ids) -> Option<&'i str> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    name_of(id, ids).filter(|name| name.chars().all(is_plain))
}
