//! From words to a decision, and nothing of HTTP.
//!
//! [`words`] splits the line, [`table`] finds the row, [`arguments`] reads what follows into [`values`], [`access`]
//! decides, [`audit`] records, [`progress`] tells what takes long. A command sees a [`Ctx`] and answers with a [`Reply`].

pub mod access;
pub mod arguments;
pub mod audit;
pub mod canonical;
pub mod help;
pub mod invocation;
pub mod progress;
pub mod row;
pub mod table;
pub mod values;
pub mod words;

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub use self::row::{Command, Effect, Preview, Row, Tail, row};
use self::{
    access::Missing,
    arguments::{Arguments, Complaint},
    audit::{Outcome, Record},
    invocation::Invocation,
    progress::Progress,
    row::Prepared,
    table::{Found, Table},
    words::Line,
};
use crate::{
    clock::Clock,
    config::Settings,
    locale::Locale,
    outbound::{self, Outbound},
    reply::Reply,
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
    /// Makes requests to the outside.
    pub outbound: Arc<Outbound>,
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
}

/// Reads a line, decides, runs, and always has a reply. `id` names this request in the log and, after an internal
/// error, in the chat.
pub async fn dispatch(text: &str, ctx: &Ctx, id: &str) -> Dispatched {
    let answered = AssertUnwindSafe(answer(text, ctx, id)).catch_unwind().await;
    // The panic itself is in the log. It was before anything was run: `run` catches its own.
    answered.unwrap_or_else(|_panic| Dispatched {
        reply: internal(ctx, id),
        record: Record { path: String::new(), outcome: Outcome::Failed },
        sensitive: false,
    })
}

async fn answer(text: &str, ctx: &Ctx, id: &str) -> Dispatched {
    let ended = |reply: Reply, path: &str, outcome: Outcome| Dispatched {
        reply,
        record: Record { path: path.to_owned(), outcome },
        sensitive: false,
    };
    if text.len() > MAX_LINE {
        let sentence = ctx.locale.say("arguments.too_long", &[("limit", &MAX_LINE)]);
        let reply = Reply::new(ctx.locale.say("arguments.too_long_title", &[])).text(sentence);
        return ended(reply, "", Outcome::NotUnderstood);
    }
    let (row, line, words) = match ctx.table.find(Line::split(text)) {
        Found::Row { row, line, words } => (row, line, words),
        Found::Nothing { line, nearest } => {
            let reply = help::unknown(line.text(), nearest, "", ctx);
            let reply = match line.error() {
                Some(error) => reply.note(arguments::quote(error, ctx.locale)),
                None => reply,
            };
            return ended(reply, "", Outcome::NotUnderstood);
        }
    };
    let path = row.path.to_string();
    let complained = |complaint: &Complaint| {
        ended(help::complain(row, &line, complaint, ctx), &path, Outcome::NotUnderstood)
    };
    if row.tail == Tail::Words
        && let Some(at) = ctx.table.second(&line)
    {
        let message = ctx.locale.say("arguments.several", &[]);
        return complained(&Complaint { message, at: Some(at) });
    }
    let mut prepared = match arguments::read(row, &line, &words, ctx) {
        Ok(Arguments::Given(prepared)) => prepared,
        Ok(Arguments::HelpWanted) => return ended(help::usage(row, ctx), &path, Outcome::Done),
        Err(complaint) => return complained(&complaint),
    };
    if let Err(UserError(message)) = prepared.resolve(ctx) {
        return complained(&Complaint { message, at: None });
    }
    let invocation = Invocation { path: path.clone(), values: prepared.values(), alias: None };
    if let Err(missing) = access::decide(row, &invocation, ctx) {
        return ended(refused(row, missing, ctx), &path, Outcome::Refused);
    }
    ctx.progress.begins(row.sensitive);
    let (reply, outcome) = run(row, prepared, ctx, id).await;
    Dispatched { sensitive: row.sensitive, ..ended(reply, &path, outcome) }
}

/// Runs a command until its deadline. Of a write that did not end well it is unknown whether it happened.
async fn run(row: &Row, prepared: Box<dyn Prepared>, ctx: &Ctx, id: &str) -> (Reply, Outcome) {
    let badly = if row.effect == Effect::Write { Outcome::Unknown } else { Outcome::Failed };
    let title = |key| Reply::new(ctx.locale.say(key, &[("command", &row.path)]));
    let running = AssertUnwindSafe(prepared.run(ctx)).catch_unwind();
    let error = match ctx.clock.within(ctx.deadline, running).await {
        Some(Ok(Ok(reply))) => return (reply, Outcome::Done),
        Some(Ok(Err(error))) => error,
        Some(Err(_panic)) => return (unexpected(row, ctx, id), badly),
        None => return (late(row, ctx), badly),
    };
    match error {
        CommandError::User(UserError(message)) => (title("failed.title").text(message), Outcome::Failed),
        CommandError::Unknown { look } => (title("failed.unknown").text(look), Outcome::Unknown),
        CommandError::Other(error) => {
            let error = outbound::chain(error.as_ref());
            tracing::error!(id, command = %row.path, error, "command failed");
            (unexpected(row, ctx, id), badly)
        }
    }
}

fn refused(row: &Row, missing: Missing, ctx: &Ctx) -> Reply {
    let reply = Reply::new(ctx.locale.say("access.title", &[("command", &row.path)]));
    let sentence = match missing {
        Missing::StaffId => "access.staff_id",
        Missing::Organisation => "access.unknown_organisation",
        Missing::OtherOrganisation => "access.other_organisation",
        Missing::Freshness => "access.stale",
        Missing::Rule => "access.rule",
    };
    reply.text(ctx.locale.say(sentence, &[]))
}

/// One plain sentence for what only the operator can mend.
fn internal(ctx: &Ctx, id: &str) -> Reply {
    Reply::new(ctx.locale.say("failed.internal_title", &[]))
        .text(ctx.locale.say("failed.internal", &[("id", &id)]))
}

/// The same for a command under way.
fn unexpected(row: &Row, ctx: &Ctx, id: &str) -> Reply {
    perhaps(row, ctx, internal(ctx, id))
}

fn late(row: &Row, ctx: &Ctx) -> Reply {
    let waited = ctx.clock.now().duration_since(ctx.received);
    let seconds = (waited.as_millis() + 500) / 1000;
    let reply = Reply::new(ctx.locale.say("failed.late_title", &[("command", &row.path)]));
    perhaps(row, ctx, reply.text(ctx.locale.say("failed.late", &[("seconds", &seconds)])))
}

/// Of a write, that it may have happened all the same.
fn perhaps(row: &Row, ctx: &Ctx, reply: Reply) -> Reply {
    if row.effect == Effect::Write { reply.text(ctx.locale.say("failed.perhaps", &[])) } else { reply }
}

#[cfg(test)]
mod tests;
