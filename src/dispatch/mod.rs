//! From words to a decision, and nothing of HTTP.
//!
//! [`confirm`] takes a code off the line, [`words`] splits it, [`table`] finds the row; where an [`alias`] is said, its
//! words go into the command that it stands for. [`arguments`] reads what follows into [`values`], [`access`] decides,
//! [`confirm`] asks or checks, [`audit`] records, [`progress`] tells what takes long. A command sees a [`Ctx`] and
//! answers with a [`Reply`].

pub mod access;
pub mod alias;
pub mod arguments;
pub mod audit;
pub mod canonical;
pub mod confirm;
mod context;
mod execute;
pub mod family;
pub mod heard;
pub mod help;
pub mod invocation;
pub mod nearest;
pub mod progress;
pub mod row;
pub mod table;
pub mod values;
pub mod words;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use self::{
    alias::Alias,
    arguments::{Arguments, Complaint},
    audit::{Outcome, Record},
    canonical::canonical_line,
    execute::{execute, internal},
    invocation::Invocation,
    row::Prepared,
    table::Found,
};
pub use self::{
    context::{CommandError, Ctx, Membership, Mentioned, Person, Place, UserError},
    execute::{Explained, explain},
    heard::Heard,
    row::{Command, Effect, Habits, Preview, Row, Tail, row},
};
use crate::{dingtalk::robot::Address, mask::HIDDEN, reply::Reply};

/// The longest line that is read, in bytes. Nobody types more, and what is read takes time and memory.
pub const MAX_LINE: usize = 4096;
const ZERO_WIDTH_SPACE: char = '\u{200B}';

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
    // A line that is shown to be copied has them where it would be markup; nobody types them.
    let text = text.replace(ZERO_WIDTH_SPACE, "");
    let (line, given) = confirm::line::take(&text);
    if confirm::line::is_slip(line) {
        let refused = confirm::Refused::Slip;
        return Dispatched::new(refused.reply(line, ctx), "", Outcome::NotConfirmed);
    }
    // Who disowns a command gives its code to have it refused.
    let is_disowning = confirm::line::disowns(line);
    let Some(given) = given.filter(|_| !is_disowning) else {
        return match understand(if is_disowning { &text } else { line }, ctx) {
            Ok(understood) => execute(understood, None, ctx, ctx, id).await,
            Err(answered) => *answered,
        };
    };
    let asked = match confirm::asked(&given, ctx) {
        Ok(asked) => asked,
        Err(refused) => {
            let mut dispatched = Dispatched::new(refused.reply(line, ctx), "", Outcome::NotConfirmed);
            dispatched.record.code_place = confirm::known_place(&given, ctx);
            return dispatched;
        }
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

/// Whether nothing was given: there is nothing to hide.
fn is_nothing(value: &serde_json::Value) -> bool {
    value.is_null()
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

impl Understood<'_> {
    /// The command with all its values, as it is shown: what is secret in it is not.
    pub fn shown(&self, ctx: &Ctx) -> String {
        let mut values = self.invocation.values.clone();
        for name in self.row.secret.iter() {
            if let Some(value) = values.get_mut(name).filter(|value| !is_nothing(value)) {
                *value = HIDDEN.into();
            }
        }
        canonical_line(self.row, &values, &ctx.table)
    }

    /// What was not typed and is a default of the place, in words; not what something that was typed makes void.
    fn defaults(&self, ctx: &Ctx) -> Option<String> {
        let is_meant = |name: &str| self.invocation.values.get(name).is_some_and(|value| !is_nothing(value));
        let values = self.defaulted.iter().filter(|(name, _)| is_meant(name));
        let values: Vec<String> = values.map(|(name, value)| format!("{name} = {value}")).collect();
        let values = values.join(&ctx.locale.say("usage.separator", &[]));
        (!values.is_empty()).then(|| ctx.locale.say("arguments.defaulted", &[("values", &values)]))
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
    let (row, alias, line, words) = match ctx.table.read(text) {
        Found::Row { row, alias, line, words } => (row, alias, line, words),
        Found::Nothing { .. } if confirm::line::is_consent(text) => {
            return Err(ended(confirm::nothing_to_confirm(ctx), "", Outcome::NotConfirmed));
        }
        Found::Nothing { line, nearest } => {
            if let Some(reply) = help::left_out(&line, ctx) {
                return Err(ended(reply, "", Outcome::NotUnderstood));
            }
            if let Some(reply) = help::of_system(&line, &nearest, ctx) {
                return Err(ended(reply, "help", Outcome::Done));
            }
            let lines = nearest.iter().map(|near| near.line(&line)).collect();
            let reply = help::unknown(line.text(), lines, ctx);
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
    let takes_tail = alias.map_or(row.tail.is_typed(), Alias::takes_tail);
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

#[cfg(test)]
mod tests;
