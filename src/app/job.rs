//! Steps 9 to 12: what is done with a callback after it was acknowledged.

use std::{future::Future, pin::Pin, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use tracing::Instrument;

use super::{Accepted, App, Arrival};
use crate::{
    dingtalk::{
        callback::ConversationKind,
        markdown::{self, Mention, Reader},
        session::SessionWebhook,
    },
    dispatch::{
        self, Ctx, Dispatched, Person, Place,
        audit::{self, Delivery, Outcome, Record},
    },
    reply::Reply,
    text,
};

/// Bytes of an id, and letters of a name. DingTalk's are short; what is not was made to do harm.
const MAX_ID: usize = 256;
const MAX_NAME: usize = 64;
/// Kept back of the host's time to say that a command took too long.
const TO_SAY_SO: SignedDuration = SignedDuration::from_secs(3);
/// Kept back to record that even that did not arrive.
const TO_RECORD: SignedDuration = SignedDuration::from_millis(300);

/// Work to do after the response. It never fails and never panics on account of a command.
pub struct Job(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Job {
    /// A job holds no more of a callback than it needs: there may be many.
    pub(super) fn new(app: Arc<App>, accepted: Accepted, arrival: Arrival) -> Self {
        let Accepted { callback, session, membership, received, skew } = accepted;
        let said =
            callback.content.words().map(|line| text::cut_bytes(line, dispatch::MAX_LINE + 1).to_owned());
        let id = |id: &Option<String>| id.clone().filter(|id| id.len() <= MAX_ID);
        let name = |name: &Option<String>| name.as_deref().map(|name| name.chars().take(MAX_NAME).collect());
        let (sender, conversation) = (&callback.sender, &callback.conversation);
        let ctx = Ctx {
            settings: Arc::clone(&app.settings),
            table: Arc::clone(&app.table),
            who: Person {
                nick: name(&sender.nick).unwrap_or_default(),
                staff_id: id(&sender.staff_id),
                dingtalk_id: id(&sender.id),
                membership,
                admin: sender.is_admin,
            },
            place: Place {
                private: conversation.kind == ConversationKind::Private,
                conversation_id: id(&conversation.id),
                title: name(&conversation.title),
            },
            locale: app.settings.locale,
            zone: app.settings.zone.clone(),
            clock: Arc::clone(&app.clock),
            received,
            skew,
            deadline: before(arrival.deadline, TO_SAY_SO, received),
            once: id(&callback.msg_id),
            outbound: Arc::clone(&app.outbound),
        };
        // The span of the request, which names it in the log, is its job's too.
        Self(Box::pin(async move { work(&app, said, ctx, session, arrival).await }.in_current_span()))
    }

    /// Does it.
    pub async fn run(self) {
        self.0.await;
    }
}

async fn work(app: &App, said: Option<String>, ctx: Ctx, session: SessionWebhook, arrival: Arrival) {
    let Dispatched { reply, record } = match said {
        Some(line) => dispatch::dispatch(&line, &ctx, short(&arrival.request_id)).await,
        None if ctx.place.private => unreadable(&ctx),
        None => return,
    };
    let refused = record.outcome == Outcome::Refused;
    let delivered = if refused && !app.refused.first_time(sender(&ctx), app.clock.now()) {
        None
    } else {
        let message = markdown::render(&reply, &reader(&ctx), ctx.locale);
        let by = before(arrival.deadline, TO_RECORD, app.clock.now());
        Some(app.deliver.deliver(&session, &message, by).await)
    };
    let delivery = match &delivered {
        None => Delivery::Withheld,
        Some(Ok(())) => Delivery::Delivered,
        Some(Err(error)) => Delivery::Failed(error),
    };
    let took = app.clock.now().duration_since(ctx.received);
    audit::write(&record, &ctx, took, &delivery);
}

/// The host's deadline less what is kept back, or less half of what is left, where that is little.
fn before(deadline: Timestamp, kept_back: SignedDuration, now: Timestamp) -> Timestamp {
    let left = deadline.duration_since(now).max(SignedDuration::ZERO);
    deadline - left.checked_div(2).unwrap_or_default().min(kept_back)
}

/// Who it was, for a refusal not to be said too often. A staff id may be that of another organisation.
fn sender(ctx: &Ctx) -> &str {
    ctx.who.dingtalk_id.as_deref().or(ctx.who.staff_id.as_deref()).unwrap_or(&ctx.who.nick)
}

fn unreadable(ctx: &Ctx) -> Dispatched {
    let reply = Reply::new(ctx.locale.say("unreadable.title", &[]));
    Dispatched {
        reply: reply.text(ctx.locale.say("unreadable.text", &[])),
        record: Record { path: String::new(), outcome: Outcome::NotUnderstood },
    }
}

fn reader(ctx: &Ctx) -> Reader {
    let mention = Mention {
        // In a group of this organisation, another's staff id would be somebody else.
        staff_id: ctx.who.staff().map(str::to_owned),
        dingtalk_id: ctx.who.dingtalk_id.clone(),
        nick: ctx.who.nick.clone(),
    };
    Reader { mention: (!ctx.place.private).then_some(mention), can_tap: ctx.place.private }
}

/// The beginning of a request id: enough to find it in the log, short enough to be read out.
fn short(request_id: &str) -> &str {
    request_id.get(..8).unwrap_or(request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_left_to_say_that_a_deadline_was_missed() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        assert_eq!(before(at(60), TO_SAY_SO, at(0)), at(57));
        assert_eq!(before(at(4), TO_SAY_SO, at(0)), at(2));
        assert_eq!(before(at(0), TO_SAY_SO, at(10)), at(0));
    }
}
