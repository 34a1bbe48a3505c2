//! Steps 9 to 12: what is done with a callback after it was acknowledged.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use tracing::Instrument;

use super::{
    Accepted, App, Arrival,
    limits::{Over, Turn, Window},
    refusals::Told,
    report,
};
use crate::{
    clock::before,
    dingtalk::{
        callback::{Callback, Content, ConversationKind},
        deliver::{Reach, Undelivered, Way},
        markdown::{self, Mention, Reader},
    },
    dispatch::{
        self, Ctx, Dispatched, Elsewhere, Heard, Membership, Mentioned, Person, Place,
        audit::{self, Delivery, Lost, Outcome},
        confirm,
        progress::Waits,
    },
    locale::Locale,
    reply::Reply,
    text,
};

/// Bytes of an id, and letters of a name. DingTalk's are short; what is not was made to do harm.
pub(super) const MAX_ID: usize = 256;
const MAX_NAME: usize = 64;
/// Mentions in one message (protocol.md 3).
const MAX_MENTIONS: usize = 50;
/// Kept back of the host's time to say that a command took too long.
const TO_SAY_SO: SignedDuration = SignedDuration::from_secs(3);
/// Kept back to record that even that did not arrive.
const TO_RECORD: SignedDuration = SignedDuration::from_millis(300);

/// Work to do after the response. It never fails and never panics on account of a command.
pub struct Job {
    work: Pin<Box<dyn Future<Output = ()> + Send>>,
    passing: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

impl Job {
    /// A job holds no more of a callback than it needs: there may be many.
    pub(super) fn new(app: Arc<App>, accepted: Accepted, arrival: Arrival) -> Self {
        let Accepted { callback, reach, membership, received, skew, passing } = accepted;
        let task = Task::of(&callback);
        let heard = Heard::of(&callback, &reach);
        let id = |id: &Option<String>| id.clone().filter(|id| id.len() <= MAX_ID);
        let name = |name: &Option<String>| name.as_deref().map(|name| text::cut(name, MAX_NAME));
        let (sender, conversation) = (&callback.sender, &callback.conversation);
        // A staff id counts only in the robot's own organisation; people of others have none here.
        let mut mentioned: Vec<Mentioned> = Vec::new();
        for person in callback.mentioned.iter().filter(|_| membership == Membership::Own) {
            let Some(staff_id) = id(&person.staff_id) else { continue };
            if mentioned.len() < MAX_MENTIONS && !mentioned.iter().any(|other| other.staff_id == staff_id) {
                mentioned.push(Mentioned { staff_id, dingtalk_id: id(&person.dingtalk_id) });
            }
        }
        let who = Person {
            nick: name(&sender.nick).unwrap_or_default(),
            staff_id: id(&sender.staff_id),
            dingtalk_id: id(&sender.id),
            membership,
            admin: sender.is_admin,
        };
        let place = Place {
            private: conversation.kind == ConversationKind::Private,
            conversation_id: id(&conversation.id),
            title: name(&conversation.title),
        };
        let ctx = Ctx {
            corp: callback.robot.corp_id.clone().unwrap_or_default(),
            mentioned,
            received,
            skew,
            deadline: before(arrival.deadline, TO_SAY_SO, received),
            once: id(&callback.msg_id),
            heard: Arc::new(heard),
            ..app.ctx(who, place)
        };
        // The span of the request, which names it in the log, is its job's too.
        Self {
            work: Box::pin(async move { work(&app, task, ctx, reach, arrival).await }.in_current_span()),
            passing: passing.map(|passing| Box::pin(passing.pass_on().in_current_span()) as _),
        }
    }

    /// Does it.
    pub async fn run(self) {
        self.work.await;
    }

    /// Passes it on to another invocation, where that is configured and this is not the other one already; gives it back
    /// where it is to be done here.
    pub async fn pass_on(mut self) -> Option<Self> {
        let is_done_here = match self.passing.take() {
            Some(passing) => passing.await,
            None => true,
        };
        is_done_here.then_some(self)
    }
}

/// What there is to do.
enum Task {
    /// Somebody said this.
    Line(String),
    /// Somebody sent what cannot be read.
    Unreadable,
    /// The message quota of the month is used up, and this is all that DingTalk says.
    NoQuota,
}

impl Task {
    fn of(Callback { content, quote, .. }: &Callback) -> Self {
        let cut = |line: &str| text::cut_bytes(line, dispatch::MAX_LINE + 1).to_owned();
        let quoted = quote.as_ref().and_then(|quote| quote.text.as_deref());
        match (content, content.words()) {
            (Content::QuotaExhausted { .. }, _) => Self::NoQuota,
            (_, Some(line)) => Self::Line(confirm::line::meant(&cut(line), quoted)),
            (_, None) => Self::Unreadable,
        }
    }
}

async fn work(app: &App, task: Task, ctx: Ctx, mut reach: Reach, arrival: Arrival) {
    if matches!(task, Task::Unreadable) && !ctx.place.private {
        return;
    }
    let turn = match &task {
        Task::NoQuota => Turn::Free,
        Task::Line(line) if confirm::line::disowns(line) => {
            match app.disowned.take(sender(&ctx), app.clock.now()) {
                Turn::Free => Turn::Free,
                Turn::Over(_) | Turn::Silent => Turn::Silent,
            }
        }
        _ => app.limits.take(sender(&ctx), app.clock.now()),
    };
    let by = before(arrival.deadline, TO_RECORD, app.clock.now());
    let deliver = async |reach: &Reach, reply: &Reply, sensitive, by| {
        let render =
            |way| markdown::render(reply, &reader(way, &ctx.who, &ctx.place), way.limit(), ctx.locale);
        app.deliver.deliver(reach, sensitive, render, by).await
    };
    let is_no_quota = matches!(task, Task::NoQuota);
    let Dispatched { reply, record, sensitive, elsewhere } = match (turn, task) {
        (Turn::Over(over), _) => limited(over, &ctx),
        (Turn::Silent, _) => {
            unanswered(app, &ctx);
            return;
        }
        (Turn::Free, Task::Line(line)) => {
            let mut dispatching = pin!(dispatch::dispatch(&line, &ctx, short(&arrival.request_id)));
            tokio::select! {
                biased;
                dispatched = &mut dispatching => dispatched,
                Waits { what, sensitive } = ctx.progress.worth_telling(app.clock.as_ref()) => {
                    let progress = Reply::new(ctx.locale.say("progress.title", &[]))
                        .text(ctx.locale.say("progress.text", &[("what", &what.unwrap_or_default())]));
                    // Told beside the work, and no longer than the work: the reply itself comes after it.
                    let told = deliver(&reach, &progress, sensitive, ctx.deadline);
                    let (dispatched, told) = tokio::join!(dispatching, told);
                    if let Err(error) = told {
                        tracing::warn!(%error, "nobody was told what a command waits for");
                    }
                    dispatched
                }
            }
        }
        (Turn::Free, Task::Unreadable) => {
            plain("unreadable.title", "unreadable.text", Outcome::NotUnderstood, &ctx)
        }
        (Turn::Free, Task::NoQuota) => {
            reach.session = None;
            plain("no_quota.title", "no_quota.text", Outcome::Failed, &ctx)
        }
    };
    let refused = record.outcome == Outcome::Refused;
    // Another reason, or another place, is news.
    let refusal = format!("{}\n{:?}\n{reply:?}", record.path, ctx.place.conversation_id);
    let told = if refused { app.refusals.tell(sender(&ctx), &refusal, app.clock.now()) } else { Told::Now };
    let reply = match told {
        Told::Last => reply.note(ctx.locale.say("access.last", &[])),
        _ => reply,
    };
    let delivered = if told == Told::Never {
        None
    } else {
        let there = match &elsewhere {
            Some(elsewhere) => Some(deliver_elsewhere(app, elsewhere, &reply, &ctx, by).await),
            None => None,
        };
        // What was asked elsewhere is answered there, and only where that cannot be, here.
        let delivered = match there {
            Some(Ok(way)) => Ok(way),
            Some(Err(undelivered)) if undelivered.may_have_arrived() => Err(undelivered),
            _ => deliver(&reach, &reply, sensitive, by).await,
        };
        // What must not go to the address that a callback named is not sent there after all; that it could not be
        // sent is.
        if let Err(undelivered) = &delivered
            && sensitive
            && app.deliver.has_openapi()
            && reach.session.is_some()
            && !undelivered.may_have_arrived()
        {
            let reason = undelivered.remedy(ctx.locale);
            let notice = Reply::new(ctx.locale.say("withheld.title", &[("command", &record.path)]))
                .text(ctx.locale.say("withheld.text", &[("reason", &reason)]));
            let session = Reach { address: None, ..reach.clone() };
            if let Err(error) = deliver(&session, &notice, false, by).await {
                tracing::error!(%error, "nobody was told that a reply was withheld");
            }
        }
        Some(delivered)
    };
    // What is said seldom was not said if it surely did not arrive: the next may say it.
    if let Some(Err(undelivered)) = &delivered
        && !undelivered.may_have_arrived()
    {
        if refused {
            app.refusals.untold(sender(&ctx), &refusal, app.clock.now());
        }
        if record.outcome == Outcome::Limited {
            app.limits.untold(sender(&ctx), app.clock.now());
        }
        if is_no_quota && let Some(address) = &reach.address {
            app.said.forget(address.id());
        }
    }
    let took = app.clock.now().duration_since(ctx.received);
    audit::outcome(&record, &ctx, took, &delivery(&delivered));
    report::post(app, &record, &ctx, by).await;
}

/// What became of a reply, for the audit.
fn delivery(delivered: &Option<Result<Way, Undelivered>>) -> Delivery<'_> {
    let lost = |undelivered| Lost {
        bytes: Undelivered::bytes(undelivered),
        reason: undelivered,
        remedy: undelivered.remedy(Locale::En),
    };
    match delivered {
        None => Delivery::Withheld,
        Some(Ok(way)) => Delivery::Delivered(way),
        Some(Err(error)) if error.may_have_arrived() => Delivery::Unknown(lost(error)),
        Some(Err(error)) => Delivery::Failed(lost(error)),
    }
}

/// Who it was, for limits, and for a refusal not to be said too often. A staff id may be that of another organisation.
fn sender(ctx: &Ctx) -> &str {
    ctx.who.dingtalk_id.as_deref().or(ctx.who.staff_id.as_deref()).unwrap_or(&ctx.who.nick)
}

/// Notes once a minute who went on after they were told that they said too much: perhaps somebody else in their name.
fn unanswered(app: &App, ctx: &Ctx) {
    if app.unanswered.first_time(sender(ctx), app.clock.now()) {
        tracing::warn!(
            who = ctx.who.staff().unwrap_or_default(),
            sender = ctx.who.dingtalk_id.as_deref().unwrap_or_default(),
            nick = ctx.who.nick.as_str(),
            place = ctx.place.conversation_id.as_deref().unwrap_or_default(),
            private = ctx.place.private,
            "somebody who said too much went on, and was not answered"
        );
    }
}

/// A reply to what is no command: a title and a sentence.
fn plain(title: &str, text: &str, outcome: Outcome, ctx: &Ctx) -> Dispatched {
    let reply = Reply::new(ctx.locale.say(title, &[])).text(ctx.locale.say(text, &[]));
    Dispatched::new(reply, "", outcome)
}

/// What somebody is told, once, who said too much.
fn limited(Over { most, window, until }: Over, ctx: &Ctx) -> Dispatched {
    let title = Reply::new(ctx.locale.say("limits.title", &[]));
    let sentence = match window {
        Window::Minute => "limits.minute",
        Window::Day => "limits.day",
    };
    let until = until.to_zoned(ctx.zone.clone()).strftime("%m-%d %H:%M:%S");
    let reply = title.text(ctx.locale.say(sentence, &[("most", &most), ("until", &until)]));
    Dispatched::new(reply, "", Outcome::Limited)
}

/// Answers in the place where a command was asked, when its code came from another.
async fn deliver_elsewhere(
    app: &App,
    elsewhere: &Elsewhere,
    reply: &Reply,
    ctx: &Ctx,
    by: Timestamp,
) -> Result<Way, Undelivered> {
    let Elsewhere { address, asker, place } = elsewhere;
    let reach = Reach { address: Some(address.clone()), ..Reach::default() };
    let render = |way: Way| markdown::render(reply, &reader(way, asker, place), way.limit(), ctx.locale);
    app.deliver.deliver(&reach, true, render, by).await
}

/// Whoever asked. The OpenAPI mentions nobody, so there it is only their name.
fn reader(way: Way, who: &Person, place: &Place) -> Reader {
    let ids = way == Way::Session;
    let mention = Mention {
        // In a group of this organisation, another's staff id would be somebody else.
        staff_id: who.staff().filter(|_| ids).map(str::to_owned),
        dingtalk_id: who.dingtalk_id.clone().filter(|_| ids),
        nick: who.nick.clone(),
    };
    Reader { mention: (!place.private).then_some(mention), can_tap: place.private }
}

/// The beginning of a request id: enough to find it in the log, short enough to be read out.
fn short(request_id: &str) -> &str {
    request_id.get(..8).unwrap_or(request_id)
}
