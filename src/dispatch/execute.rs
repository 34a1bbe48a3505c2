//! From a line that was understood to what comes of it: judged, asked for its code or checked, run, and cut off at its
//! deadline.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;

use super::{
    CommandError, Ctx, Dispatched, Effect, Elsewhere, Person, Place, Preview, Row, Understood, UserError,
    access::{Grant, Missing},
    audit::{self, Outcome, Record},
    confirm::{self, Pending, line::Given},
    understand,
};
use crate::{
    config::Confirm,
    dingtalk::robot::Address,
    outbound,
    reply::{Block, Reply},
};

/// What may be run, and on what terms.
struct Admitted {
    /// As it was asked.
    ctx: Ctx,
    grant: Grant,
    /// The code that came with it.
    pending: Option<Pending>,
}

/// Why nothing is run.
enum Denied {
    Missing(Missing),
    Code(Grant, confirm::Refused),
}

/// Judges a command, and the code that came with it. `ctx` is as it was asked, `sender` who sent this line: they
/// differ where somebody approves.
fn admit(
    understood: &Understood<'_>,
    given: Option<&Given>,
    ctx: &Ctx,
    sender: &Person,
) -> Result<Admitted, Denied> {
    let judge = |ctx: Ctx| {
        let grant = decide(understood, &ctx).map_err(Denied::Missing)?;
        let pending = given.map(|given| confirm::find(given, understood, &grant, &ctx, sender));
        let pending = pending.transpose().map_err(|refused| Denied::Code(grant.clone(), refused))?;
        Ok(Admitted { ctx, grant, pending })
    };
    let admitted = judge(ctx.clone());
    if admitted.is_ok() || given.is_none_or(|given| given.asker.is_none()) {
        return admitted;
    }
    // Whether the asker administers the organisation is what only the code tells an approver's callback.
    let who = Person { admin: true, ..ctx.who.clone() };
    judge(Ctx { who, ..ctx.clone() }).or(admitted)
}

/// Decides on a command, asks for its code or checks it, and runs it. `ctx` is as it was asked, `said` as this line was
/// said: they differ where it is confirmed elsewhere or approved by somebody else.
pub(super) async fn execute(
    understood: Understood<'_>,
    given: Option<&Given>,
    ctx: &Ctx,
    said: &Ctx,
    id: &str,
) -> Dispatched {
    let row = understood.row;
    let sender = &said.who;
    let mut record = Record::of(&understood, &ctx.table);
    record.code_place = given.and_then(|given| confirm::known_place(given, said));
    let Admitted { ctx, grant, pending } = match admit(&understood, given, ctx, sender) {
        Ok(admitted) => admitted,
        Err(Denied::Missing(missing)) => {
            record.decision = Some(missing.to_log(&ctx.who));
            return Dispatched::of(record, refused(&understood, &missing, ctx), Outcome::Refused);
        }
        Err(Denied::Code(grant, refused)) => {
            record.decision = Some(grant.to_string());
            return Dispatched::of(record, refused.reply(understood.line(), ctx), Outcome::NotConfirmed);
        }
    };
    record.decision = Some(grant.to_string());
    let confirmed = grant.confirm != Confirm::Nobody;
    // An approver's callback does not tell the asker's nick: what is approved is shown with the name that it will have.
    let ctx = match (&grant.confirm, &pending) {
        (Confirm::Peer(_), None) => confirm::without_nick(ctx),
        _ => ctx,
    };
    let preview = if confirmed || pending.is_some() || understood.dry_run {
        match attempt(row, understood.prepared.preview(&ctx), Outcome::Failed, &ctx, id).await {
            Ok(preview) => preview,
            Err((reply, outcome)) => return Dispatched::of(record, reply, outcome),
        }
    } else {
        Preview::default()
    };
    if understood.dry_run {
        let title = ctx.locale.say("confirm.dry_run", &[("command", &row.path)]);
        let reply = confirm::changes(Reply::new(title), &understood, &preview, &ctx);
        return Dispatched { sensitive: row.sensitive, ..Dispatched::of(record, reply, Outcome::Done) };
    }
    let Some(pending) = pending else {
        if confirmed {
            let asking = confirm::ask(&understood, &grant, &preview, &ctx).await;
            let sensitive = asking.sensitive || row.sensitive;
            return Dispatched { sensitive, ..Dispatched::of(record, asking.reply, asking.outcome) };
        }
        return run(understood, record, &ctx, said, id).await;
    };
    record.asked = Some((ctx.who.clone(), ctx.place.clone()));
    let once = match pending.settle(&understood, &preview, &ctx, sender) {
        Ok(once) => once,
        Err(refused) => {
            return Dispatched::of(record, refused.reply(understood.line(), &ctx), Outcome::NotConfirmed);
        }
    };
    if let Some(approver) = &pending.approver {
        confirm::acknowledge(approver, &understood, &ctx).await;
    }
    let ctx = Ctx { once: Some(once.clone()), witness: Some(preview.witness), ..ctx };
    let address = match (&ctx.place, given.is_some_and(|given| given.place.is_some())) {
        (_, false) => None,
        (Place { private: true, .. }, true) => ctx.who.staff().map(|id| Address::Person(id.to_owned())),
        (Place { conversation_id, .. }, true) => conversation_id.clone().map(Address::Group),
    };
    let elsewhere =
        address.map(|address| Elsewhere { address, asker: ctx.who.clone(), place: ctx.place.clone() });
    let dispatched = run(understood, record, &ctx, said, id).await;
    // Nothing was done, for a reason that may be mended: the code holds on.
    if dispatched.record.outcome == Outcome::Failed {
        ctx.codes.unused(&once);
    }
    Dispatched { elsewhere, ..dispatched }
}

/// What would come of a line: what it is exactly, and whether it may be run.
pub struct Explained {
    /// The command with all its values, as it is shown.
    pub canonical: String,
    /// What allows it, or what is missing.
    pub decision: Result<Grant, Missing>,
}

/// Decides on a line, and runs nothing.
///
/// # Errors
/// What would be answered instead: what is wrong with it.
pub fn explain(line: &str, ctx: &Ctx) -> Result<Explained, Box<Dispatched>> {
    let understood = understand(confirm::line::take(line).0, ctx)?;
    let decision = decide(&understood, ctx);
    Ok(Explained { canonical: understood.shown(ctx), decision })
}

/// Whether a command may be run as it was asked; a write only on a signature made a moment ago.
fn decide(understood: &Understood<'_>, ctx: &Ctx) -> Result<Grant, Missing> {
    let stale = ctx.skew.unsigned_abs() > ctx.settings.dingtalk.max_skew_write;
    if understood.row.effect == Effect::Write && stale {
        return Err(Missing::Freshness);
    }
    let mut grant = ctx.rules.decide(understood.row, &understood.invocation, &ctx.who, &ctx.place)?;
    // What a rule lets run because it is slight is confirmed where it is not.
    if grant.confirm == Confirm::Nobody && understood.row.mild && !understood.prepared.is_mild() {
        grant.confirm = Confirm::Asker;
    }
    Ok(grant)
}

/// Runs a command until its deadline. Of a write that did not end well it is unknown whether it happened.
async fn run(understood: Understood<'_>, mut record: Record, ctx: &Ctx, said: &Ctx, id: &str) -> Dispatched {
    let defaults = understood.defaults(ctx);
    let Understood { row, prepared, .. } = understood;
    let badly = match row.effect {
        Effect::Write => {
            audit::intent(&mut record, said);
            Outcome::Unknown
        }
        _ => Outcome::Failed,
    };
    ctx.progress.begins(row.sensitive);
    let (mut reply, outcome) = match attempt(row, prepared.run(ctx), badly, ctx, id).await {
        Ok(reply) => (reply, Outcome::Done),
        Err(ended) => ended,
    };
    if let Some(defaults) = defaults {
        reply.blocks.insert(0, Block::Note(defaults.into()));
    }
    Dispatched { sensitive: row.sensitive, ..Dispatched::of(record, reply, outcome) }
}

/// Waits for a command until its deadline. What is said where it does not end well comes back, with `badly` as what
/// came of it where nobody knows better.
async fn attempt<T>(
    row: &Row,
    running: impl Future<Output = Result<T, CommandError>>,
    badly: Outcome,
    ctx: &Ctx,
    id: &str,
) -> Result<T, (Reply, Outcome)> {
    let title = |key| Reply::new(ctx.locale.say(key, &[("command", &row.path)]));
    let perhaps = |reply: Reply| match badly {
        Outcome::Unknown => reply.text(ctx.locale.say("failed.perhaps", &[])),
        _ => reply,
    };
    let running = AssertUnwindSafe(running).catch_unwind();
    let error = match ctx.clock.within(ctx.deadline, running).await {
        Some(Ok(Ok(done))) => return Ok(done),
        Some(Ok(Err(error))) => error,
        Some(Err(_panic)) => return Err((perhaps(internal(ctx, id)), badly)),
        None => return Err((perhaps(late(row, ctx)), badly)),
    };
    Err(match error {
        CommandError::User(UserError(message)) => (title("failed.title").text(message), Outcome::Failed),
        CommandError::Unknown { look, command } => {
            let reply = title("failed.unknown").text(look);
            let label = ctx.locale.say("failed.look", &[]);
            (command.into_iter().fold(reply, |reply, line| reply.action(&label, line)), Outcome::Unknown)
        }
        CommandError::Other(error) => {
            let error = outbound::chain(error.as_ref());
            tracing::error!(id, command = %row.path, error, "command failed");
            (perhaps(internal(ctx, id)), badly)
        }
    })
}

/// What is missing, for the chat. Who may is told to people of the organisation only.
fn refused(understood: &Understood<'_>, missing: &Missing, ctx: &Ctx) -> Reply {
    let invocation = &understood.invocation;
    let name = invocation.alias.as_ref().map_or(&invocation.path, |via| &via.name);
    let reply = Reply::new(ctx.locale.say("access.title", &[("command", name)]));
    missing.tell(reply, &ctx.who, ctx.locale)
}

/// One plain sentence for what only the operator can mend.
pub(super) fn internal(ctx: &Ctx, id: &str) -> Reply {
    Reply::new(ctx.locale.say("failed.internal_title", &[]))
        .text(ctx.locale.say("failed.internal", &[("id", &id)]))
}

fn late(row: &Row, ctx: &Ctx) -> Reply {
    let waited = ctx.clock.now().duration_since(ctx.received);
    let seconds = (waited.as_millis() + 500) / 1000;
    Reply::new(ctx.locale.say("failed.late_title", &[("command", &row.path)]))
        .text(ctx.locale.say("failed.late", &[("seconds", &seconds)]))
}
