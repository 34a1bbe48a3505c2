//! What each step posts and tells. What is to be reported is in no language, so that it can be compared.

use jiff::{SignedDuration, Timestamp};

use super::{By, LiveCheck, Posted};
use crate::{
    dingtalk::{
        deliver::Way,
        markdown::{self, Reader},
        message::Message,
    },
    dispatch::{Command, CommandError, Ctx, UserError},
    reply::{Action, Reply, Text},
};

const NONE: &str = "none";

/// Posts something to tap by each way.
pub(super) async fn buttons(ctx: &Ctx) -> Reply {
    let button = async |by: By| {
        let command = format!("{} buttons --by {by}", LiveCheck::PATH.join(" "));
        let action = |label: &str| Action { label: ctx.locale.say(label, &[]), command: command.clone() };
        let reply = Reply::new(ctx.locale.say("live_check.tap_title", &[("way", &by.name(ctx))]))
            .text(ctx.locale.say("live_check.tap", &[]));
        let link = action("live_check.tap_link");
        let reply = reply.action(link.label, link.command);
        let button = action("live_check.tap_button");
        by.post(ctx, |way| markdown::with_button(rendered(&reply, way, ctx), &button)).await
    };
    let posted = [
        (By::Session, button(By::Session).await),
        (By::Openapi, button(By::Openapi).await),
        (By::Robot, button(By::Robot).await),
    ];
    let reply = titled("live_check.step_buttons", ctx).text(ctx.locale.say("live_check.buttons_then", &[]));
    let words = posted.iter().map(|(by, posted)| format!("{by}={}", posted.word()));
    let words = words.collect::<Vec<_>>().join(" ");
    report(reply.fields(told(&posted, ctx)), &format!("buttons posted {words}"), ctx)
}

/// A tap reached the robot.
pub(super) fn tapped(by: By, ctx: &Ctx) -> Reply {
    let reply = titled("live_check.step_buttons", ctx)
        .text(ctx.locale.say("live_check.tapped", &[("way", &by.name(ctx))]));
    let place = if ctx.place.private { "private" } else { "group" };
    let line = format!("buttons tapped by={by} place={place} isInAtList={}", shown(ctx.heard.in_at_list));
    report(reply, &line, ctx)
}

/// Posts something to quote, or tells what a quote carried.
pub(super) async fn quote(ctx: &Ctx) -> Reply {
    let reply = titled("live_check.step_quote", ctx);
    if let Some(quote) = &ctx.heard.quote {
        let line = format!(
            "quote msgId={} senderId={} text={} processQueryKey={}",
            shown(quote.msg_id.as_ref()),
            shown(quote.sender_id.as_ref()),
            quote.text.map_or_else(|| NONE.to_owned(), |letters| format!("{letters} letters")),
            shown(quote.process_query_key.as_ref()),
        );
        return report(reply.text(ctx.locale.say("live_check.quoted", &[])), &line, ctx);
    }
    let line = format!("{} {}", ctx.locale.say("live_check.command", &[]), super::Step::Quote.name(ctx));
    let post = async |by: By| {
        let title = ctx.locale.say("live_check.quote_title", &[("way", &by.name(ctx))]);
        let reply = Reply::new(title).text(ctx.locale.say("live_check.quote_me", &[("line", &line)]));
        by.post(ctx, |way| rendered(&reply, way, ctx)).await
    };
    let posted = [(By::Openapi, post(By::Openapi).await), (By::Robot, post(By::Robot).await)];
    reply.text(ctx.locale.say("live_check.quote_me", &[("line", &line)])).fields(told(&posted, ctx))
}

/// Posts as little as can be, so that the counters tell what that costs.
pub(super) async fn cost(by: Option<By>, ctx: &Ctx) -> Reply {
    let by = by.filter(|by| *by != By::Session);
    let posted = match by {
        None => None,
        Some(by) => {
            let reply = titled("live_check.step_cost", ctx);
            Some((by, by.post(ctx, |way| rendered(&reply, way, ctx)).await))
        }
    };
    let reply = titled("live_check.step_cost", ctx).text(ctx.locale.say("live_check.cost_then", &[]));
    let count = |way: By| match &posted {
        Some((by, posted)) if *by == way => posted.word(),
        _ => "no",
    };
    let line =
        format!("cost callback=yes reply=yes openapi={} robot={}", count(By::Openapi), count(By::Robot));
    report(reply.fields(told(posted.as_slice(), ctx)), &line, ctx)
}

/// Tells the times of this callback.
pub(super) fn clock(ctx: &Ctx) -> Reply {
    timed(titled("live_check.step_clock", ctx), "clock", ctx)
}

/// The same, with how to make DingTalk push once more.
pub(super) fn again(ctx: &Ctx) -> Reply {
    let reply = titled("live_check.step_again", ctx).text(ctx.locale.say("live_check.again_how", &[]));
    timed(reply, "again", ctx)
}

/// Posts by the OpenAPI to the conversation id of this callback.
pub(super) async fn id(ctx: &Ctx) -> Result<Reply, CommandError> {
    if ctx.place.private {
        return Err(UserError(ctx.locale.say("live_check.only_in_groups", &[])).into());
    }
    let reply = titled("live_check.step_id", ctx).text(ctx.locale.say("live_check.id_seen", &[]));
    let posted = [(By::Openapi, By::Openapi.post(ctx, |way| rendered(&reply, way, ctx)).await)];
    let id = ctx.place.conversation_id.as_deref().map(crate::dispatch::heard::masked);
    let line = format!("id conversationId={} taken={}", shown(id), posted[0].1.word());
    Ok(report(titled("live_check.step_id", ctx).fields(told(&posted, ctx)), &line, ctx))
}

fn titled(step: &str, ctx: &Ctx) -> Reply {
    let step = ctx.locale.say(step, &[]);
    Reply::new(ctx.locale.say("live_check.step_title", &[("step", &step)]))
}

fn rendered(reply: &Reply, way: Way, ctx: &Ctx) -> Message {
    markdown::render(reply, &Reader { mention: None, can_tap: true }, way.limit(), ctx.locale)
}

fn told(posted: &[(By, Posted)], ctx: &Ctx) -> Vec<(String, Text)> {
    posted.iter().map(|(by, posted)| (by.name(ctx), posted.told(ctx).into())).collect()
}

/// The times of a callback, as far as they are there.
fn timed(reply: Reply, step: &str, ctx: &Ctx) -> Reply {
    let signed = ctx.received - ctx.skew;
    let (created, received) = (ctx.heard.created_at, ctx.received);
    let time = |at: Timestamp| at.to_zoned(ctx.zone.clone()).strftime("%F %T%.3f").to_string();
    let none = || ctx.locale.say("whoami.none", &[]);
    let reply = reply.fields([
        (ctx.locale.say("live_check.created", &[]), created.map_or_else(none, time)),
        (ctx.locale.say("live_check.signed", &[]), time(signed)),
        (ctx.locale.say("live_check.received", &[]), time(received)),
    ]);
    let since = |from: Timestamp, to: Timestamp| -> SignedDuration { to.duration_since(from) };
    let milliseconds = |duration: SignedDuration| format!("{} ms", duration.as_millis());
    let line = format!(
        "{step} msgId={} created→signed={} signed→received={}",
        shown(ctx.heard.msg_id.as_ref()),
        created.map_or_else(|| NONE.to_owned(), |created| milliseconds(since(created, signed))),
        milliseconds(since(signed, received)),
    );
    report(reply, &line, ctx)
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| value.to_string())
}

/// What to report stands last, as one line to copy.
fn report(reply: Reply, line: &str, ctx: &Ctx) -> Reply {
    let line = format!("{} {line}", LiveCheck::PATH.join(" "));
    reply.text(ctx.locale.say("live_check.report", &[])).code(line)
}
