//! From words to a decision, and nothing of HTTP.
//!
//! [`confirm`] takes a code off the line, [`words`] splits it, [`table`] finds the row, where an [`alias`] is said
//! its words go into the command it stands for, [`arguments`] reads what follows into [`values`], [`access`] decides, [`confirm`] asks or checks, [`audit`] records, [`progress`] tells what
//! takes long. A command sees a [`Ctx`] and answers with a [`Reply`].

pub mod access;
pub mod alias;
pub mod arguments;
pub mod audit;
pub mod canonical;
pub mod confirm;
pub mod heard;
pub mod help;
pub mod invocation;
pub mod progress;
pub mod row;
pub mod table;
pub mod values;
pub mod words;

use std::{collections::BTreeMap, future::Future, panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use self::{
    access::{Grant, Missing, Rules},
    alias::Alias,
    arguments::{Arguments, Complaint},
    audit::{Outcome, Record},
    canonical::canonical_line,
    confirm::{Pending, code::Codes, line::Given},
    invocation::Invocation,
    progress::Progress,
    row::Prepared,
    table::{Found, Table},
    words::Line,
};
pub use self::{
    heard::Heard,
    row::{Command, Effect, Preview, Row, Tail, row},
};
use crate::{
    clock::Clock,
    config::{Confirm, Settings},
    dingtalk::{deliver::Deliver, robot::Address, webhook::Webhook},
    locale::Locale,
    outbound::{self, Outbound},
    reply::{Block, Reply},
};

/// The longest line that is read, in bytes. Nobody types more, and what is read takes time and memory.
pub const MAX_LINE: usize = 4096;

/// What a command knows of the world: who asks, where, and what it may use to answer.
#[derive(Clone)]
pub struct Ctx {
    /// The settings.
    pub settings: Arc<Settings>,
    /// All commands.
    pub table: Arc<Table>,
    /// Who may run them, and where.
    pub rules: Arc<Rules>,
    /// Makes and checks the codes of confirmation.
    pub codes: Arc<Codes>,
    /// Custom robots of groups, by their names in the settings. A process has one of each, which knows its pace.
    pub robots: Arc<BTreeMap<String, Arc<Webhook>>>,
    /// The robot's organisation; empty where the callback names none.
    pub corp: String,
    /// Who asks.
    pub who: Person,
    /// Where.
    pub place: Place,
    /// Who was mentioned beside the robot, in no order that means anything.
    pub mentioned: Vec<Mentioned>,
    /// The language to answer in.
    pub locale: Locale,
    /// The time zone to show times in.
    pub zone: TimeZone,
    /// The only time to use.
    pub clock: Arc<dyn Clock>,
    /// When the request arrived.
    pub received: Timestamp,
    /// How long before its arrival the request was signed.
    pub skew: SignedDuration,
    /// When a command is cut off.
    pub deadline: Timestamp,
    /// A key that is the same when the same request is made again; the message id, where there is one.
    pub once: Option<String>,
    /// What else the callback carried.
    pub heard: Arc<Heard>,
    /// Makes requests to the outside.
    pub outbound: Arc<Outbound>,
    /// Delivers messages, to other places than this too.
    pub deliver: Arc<Deliver>,
    /// Tells whoever asked what a command waits for, once, when it takes long.
    pub progress: Progress,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name shown in DingTalk; anyone can choose theirs.
    pub nick: String,
    /// The id in the organisation. Missing before the robot is published and for people from outside.
    pub staff_id: Option<String>,
    /// DingTalk's `senderId`.
    pub dingtalk_id: Option<String>,
    /// Which organisation they belong to.
    pub membership: Membership,
    /// Whether they administer the organisation.
    pub admin: bool,
}

/// How the sender's organisation relates to the robot's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// The same.
    Own,
    /// Another one, listed in `dingtalk.corps`.
    Listed,
    /// The callback names neither.
    Unknown,
}

impl Person {
    /// The staff id, where it means something: in the robot's own organisation.
    pub fn staff(&self) -> Option<&str> {
        self.staff_id.as_deref().filter(|_| self.membership == Membership::Own)
    }
}

/// Somebody of the robot's organisation who was mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentioned {
    /// The id in the organisation.
    pub staff_id: String,
    /// DingTalk's `dingtalkId`.
    pub dingtalk_id: Option<String>,
}

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// A private chat with the bot; anything else counts as a group.
    pub private: bool,
    /// The conversation id, `cid…`.
    pub conversation_id: Option<String>,
    /// The group's title.
    pub title: Option<String>,
}

/// A mistake of the person in the chat, told to them in their language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserError(pub String);

/// How a command can fail. It is no [`std::error::Error`] itself, so that `?` turns every error into
/// [`CommandError::Other`].
#[derive(Debug)]
pub enum CommandError {
    /// The person in the chat can mend it.
    User(UserError),
    /// It may have happened; `look` tells how to find out, in the reader's language.
    Unknown {
        /// How to find out.
        look: String,
    },
    /// Anything else: logged, and the chat gets one plain sentence with an id.
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl From<UserError> for CommandError {
    fn from(error: UserError) -> Self {
        Self::User(error)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for CommandError {
    fn from(error: E) -> Self {
        Self::Other(Box::new(error))
    }
}

/// What came of a line.
pub struct Dispatched {
    /// What to say.
    pub reply: Reply,
    /// What to record.
    pub record: Record,
    /// Whether the reply holds what must not go to an address that a callback named.
    pub sensitive: bool,
    /// Where to say it, where that is not where the line was said.
    pub elsewhere: Option<Elsewhere>,
}

/// A place that a command was asked in, when its code came from another.
pub struct Elsewhere {
    /// As the OpenAPI addresses it.
    pub address: Address,
    /// Who asked there.
    pub asker: Person,
    /// The place itself.
    pub place: Place,
}

impl Dispatched {
    /// Of a line that was not judged.
    pub fn new(reply: Reply, path: &str, outcome: Outcome) -> Self {
        Self::of(Record::new(path, outcome), reply, outcome)
    }

    fn of(record: Record, reply: Reply, outcome: Outcome) -> Self {
        Self { reply, record: Record { outcome, ..record }, sensitive: false, elsewhere: None }
    }
}

/// Reads a line, decides, runs, and always has a reply. `id` names this request in the log and, after an internal
/// error, in the chat.
pub async fn dispatch(text: &str, ctx: &Ctx, id: &str) -> Dispatched {
    let answered = AssertUnwindSafe(answer(text, ctx, id)).catch_unwind().await;
    // The panic itself is in the log. It was before anything was run: `run` catches its own.
    answered.unwrap_or_else(|_panic| Dispatched::new(internal(ctx, id), "", Outcome::Failed))
}

async fn answer(text: &str, ctx: &Ctx, id: &str) -> Dispatched {
    if text.len() > MAX_LINE {
        let sentence = ctx.locale.say("arguments.too_long", &[("limit", &MAX_LINE)]);
        let reply = Reply::new(ctx.locale.say("arguments.too_long_title", &[])).text(sentence);
        return Dispatched::new(reply, "", Outcome::NotUnderstood);
    }
    let (line, given) = confirm::line::take(text);
    let Some(given) = given else {
        return match understand(line, ctx) {
            Ok(understood) => execute(understood, None, ctx, ctx, id).await,
            Err(answered) => *answered,
        };
    };
    let asked = match confirm::asked(&given, ctx) {
        Ok(asked) => asked,
        Err(refused) => return Dispatched::new(refused.reply(line, ctx), "", Outcome::NotConfirmed),
    };
    match understand(line, &asked) {
        Ok(understood) => execute(understood, Some(&given), &asked, ctx, id).await,
        Err(answered) => *answered,
    }
}

/// A line that is a command, with what it will do exactly.
pub struct Understood<'t> {
    /// The command.
    pub row: &'t Row,
    prepared: Box<dyn Prepared>,
    /// Its canonical values.
    pub invocation: Invocation,
    canonical: String,
    /// What was not typed and is a default of the place.
    pub defaulted: Vec<(String, String)>,
    /// Whether only its preview is wanted.
    pub dry_run: bool,
}

impl Understood<'_> {
    /// The command with all its values, as a line that says the same again.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The line that asks for it again: through its alias, which may be all that is granted.
    pub fn line(&self) -> &str {
        self.invocation.alias.as_ref().map_or(&*self.canonical, |via| &*via.line)
    }
}

/// Reads a line as somebody says it in some place.
///
/// # Errors
/// What to answer instead: what is wrong with it, or the help that it asks for.
pub fn understand<'c>(text: &str, ctx: &'c Ctx) -> Result<Understood<'c>, Box<Dispatched>> {
    let ended = |reply, path: &str, outcome| Box::new(Dispatched::new(reply, path, outcome));
    let (row, alias, line, words) = match ctx.table.find(Line::split(text)) {
        Found::Row { row, alias, line, words } => (row, alias, line, words),
        Found::Nothing { line, nearest } => {
            if let Some(reply) = help::of_system(&line, ctx) {
                return Err(ended(reply, "help", Outcome::Done));
            }
            let reply = help::unknown(line.text(), nearest, "", ctx);
            let reply = match line.error() {
                Some(error) => reply.note(arguments::quote(error, ctx.locale)),
                None => reply,
            };
            return Err(ended(reply, "", Outcome::NotUnderstood));
        }
    };
    let path = row.path.to_string();
    let complained = |complaint: &Complaint| {
        ended(help::complain(row, alias, &line, complaint, ctx), &path, Outcome::NotUnderstood)
    };
    let takes_tail = alias.map_or(row.tail == Tail::Verbatim, Alias::takes_tail);
    if let Some(at) = ctx.table.second(&line).filter(|_| !takes_tail) {
        let message = ctx.locale.say("arguments.several", &[]);
        return Err(complained(&Complaint { message, at: Some(at) }));
    }
    let read = match alias {
        Some(alias) => alias.read(row, &line, &words, ctx),
        None => arguments::read(row, &line, &words, ctx).map(|arguments| (arguments, None)),
    };
    let (mut prepared, defaulted, dry_run, via) = match read {
        Ok((Arguments::Given { prepared, defaulted, dry_run }, via)) => (prepared, defaulted, dry_run, via),
        Ok((Arguments::HelpWanted, _)) => {
            let usage = alias.map_or_else(|| help::usage(row, ctx), |alias| help::alias_usage(alias, ctx));
            return Err(ended(usage, "help", Outcome::Done));
        }
        Err(complaint) => return Err(complained(&complaint)),
    };
    if let Err(UserError(message)) = prepared.resolve(ctx) {
        return Err(complained(&Complaint { message, at: None }));
    }
    let invocation = Invocation { path: path.clone(), values: prepared.values(), alias: via };
    let canonical = canonical_line(row, &invocation.values, &ctx.table);
    Ok(Understood { row, prepared, invocation, canonical, defaulted, dry_run })
}

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
async fn execute(
    understood: Understood<'_>,
    given: Option<&Given>,
    ctx: &Ctx,
    said: &Ctx,
    id: &str,
) -> Dispatched {
    let row = understood.row;
    let sender = &said.who;
    let mut record = Record::of(&understood);
    let Admitted { ctx, grant, pending } = match admit(&understood, given, ctx, sender) {
        Ok(admitted) => admitted,
        Err(Denied::Missing(missing)) => {
            record.decision = Some(missing.to_string());
            return Dispatched::of(record, refused(&understood, &missing, ctx), Outcome::Refused);
        }
        Err(Denied::Code(grant, refused)) => {
            record.decision = Some(grant.to_string());
            return Dispatched::of(record, refused.reply(understood.line(), ctx), Outcome::NotConfirmed);
        }
    };
    record.decision = Some(grant.to_string());
    let confirmed = grant.confirm != Confirm::Nobody;
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
    let ctx = Ctx { once: Some(once), ..ctx };
    let address = match (&ctx.place, given.is_some_and(|given| given.place.is_some())) {
        (_, false) => None,
        (Place { private: true, .. }, true) => ctx.who.staff().map(|id| Address::Person(id.to_owned())),
        (Place { conversation_id, .. }, true) => conversation_id.clone().map(Address::Group),
    };
    let elsewhere =
        address.map(|address| Elsewhere { address, asker: ctx.who.clone(), place: ctx.place.clone() });
    Dispatched { elsewhere, ..run(understood, record, &ctx, said, id).await }
}

/// What would come of a line: what it is exactly, and whether it may be run.
pub struct Explained {
    /// The command with all its values.
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
    Ok(Explained { canonical: understood.canonical, decision })
}

/// Whether a command may be run as it was asked; a write only on a signature made a moment ago.
fn decide(understood: &Understood<'_>, ctx: &Ctx) -> Result<Grant, Missing> {
    let stale = ctx.skew.unsigned_abs() > ctx.settings.dingtalk.max_skew_write;
    if understood.row.effect == Effect::Write && stale {
        return Err(Missing::Freshness);
    }
    let grant = ctx.rules.decide(understood.row, &understood.invocation, &ctx.who, &ctx.place)?;
    // A code is bound to a staff id.
    if grant.confirm != Confirm::Nobody && ctx.who.staff().is_none() {
        return Err(Missing::StaffId);
    }
    Ok(grant)
}

/// Runs a command until its deadline. Of a write that did not end well it is unknown whether it happened.
async fn run(understood: Understood<'_>, mut record: Record, ctx: &Ctx, said: &Ctx, id: &str) -> Dispatched {
    let Understood { row, prepared, defaulted, .. } = understood;
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
    if !defaulted.is_empty() {
        let separator = ctx.locale.say("usage.separator", &[]);
        let defaults: Vec<String> =
            defaulted.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let line = ctx.locale.say("arguments.defaulted", &[("values", &defaults.join(&separator))]);
        reply.blocks.insert(0, Block::Note(line.into()));
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
        CommandError::Unknown { look } => (title("failed.unknown").text(look), Outcome::Unknown),
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
    missing.sentences(&ctx.who, ctx.locale).into_iter().fold(reply, Reply::text)
}

/// One plain sentence for what only the operator can mend.
fn internal(ctx: &Ctx, id: &str) -> Reply {
    Reply::new(ctx.locale.say("failed.internal_title", &[]))
        .text(ctx.locale.say("failed.internal", &[("id", &id)]))
}

fn late(row: &Row, ctx: &Ctx) -> Reply {
    let waited = ctx.clock.now().duration_since(ctx.received);
    let seconds = (waited.as_millis() + 500) / 1000;
    Reply::new(ctx.locale.say("failed.late_title", &[("command", &row.path)]))
        .text(ctx.locale.say("failed.late", &[("seconds", &seconds)]))
}

#[cfg(test)]
mod tests;
