//! What is written down of each command: who, where, what, by which rule, and what came of it.
//!
//! A write has two lines in the log, `intent` before it is begun and `outcome` at its end: where the second is missing,
//! the process was ended in between, and it may have happened. Everything else has the second alone. Nothing that is
//! secret gets here: no code, no argument that is marked, and of anybody's words only how long they are, and a hash to
//! compare them by.

use std::fmt::{Display, Write};

use jiff::SignedDuration;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tracing::field::display;

use super::{
    Ctx, Effect, Person, Place, Understood,
    confirm::Disowned,
    help,
    row::{Row, Tail},
    table::Table,
};
use crate::{mask::HIDDEN, systems::redact::redacted};

/// The target of the lines, for filters of the log.
pub const TARGET: &str = "dingops::audit";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it says.
    Done,
    /// Nothing was run: there is no such command, or its arguments are wrong.
    NotUnderstood,
    /// Nothing was run: this person may not, here.
    Refused,
    /// Nothing was run: this person said too much.
    Limited,
    /// Nothing was run yet: it waits for a code.
    Asked,
    /// Nothing was run: its code does not hold.
    NotConfirmed,
    /// It did not do what it says.
    Failed,
    /// It may have happened.
    Unknown,
}

impl Outcome {
    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotUnderstood => "not understood",
            Self::Refused => "refused",
            Self::Limited => "limited",
            Self::Asked => "asked",
            Self::NotConfirmed => "not confirmed",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of the reply.
pub enum Delivery<'a> {
    /// It arrived, by this way.
    Delivered(&'a dyn Display),
    /// It was said a moment ago.
    Withheld,
    /// It did not arrive.
    Failed(Lost<'a>),
    /// It may have arrived.
    Unknown(Lost<'a>),
}

/// A reply that did not arrive, or perhaps not.
pub struct Lost<'a> {
    /// Its size.
    pub bytes: usize,
    /// Why.
    pub reason: &'a dyn Display,
    /// What the operator can do.
    pub remedy: String,
}

/// What to record of a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The command's path; empty when there was none.
    pub path: String,
    /// What the command does to the world.
    pub effect: Option<Effect>,
    /// The alias it was said through.
    pub alias: Option<String>,
    /// Its canonical values, as far as anyone may read them.
    pub values: Map<String, Value>,
    /// Whether only its preview was wanted.
    pub dry_run: bool,
    /// The rule that decided, or what is missing.
    pub decision: Option<String>,
    /// Who asked for it, and where, if a code proved that the line is about something said before.
    pub asked: Option<(Person, Place)>,
    /// Where the code that came with it is for, where that is a place of the settings.
    pub code_place: Option<String>,
    /// Whether a write was begun.
    pub begun: bool,
    /// What came of it.
    pub outcome: Outcome,
}

impl Record {
    /// Of a line that was not judged.
    pub fn new(path: &str, outcome: Outcome) -> Self {
        Self {
            path: path.to_owned(),
            effect: None,
            alias: None,
            values: Map::new(),
            dry_run: false,
            decision: None,
            asked: None,
            code_place: None,
            begun: false,
            outcome,
        }
    }

    /// Of a command that will be judged.
    pub(super) fn of(understood: &Understood<'_>, table: &Table) -> Self {
        let Understood { row, invocation, dry_run, .. } = understood;
        Self {
            effect: Some(row.effect),
            alias: invocation.alias.as_ref().map(|via| via.name.clone()),
            values: readable(row, &invocation.values, table),
            dry_run: *dry_run,
            ..Self::new(&invocation.path, Outcome::Failed)
        }
    }

    /// Whose command it is, and where it was asked, if this line was said so.
    pub fn asked<'r>(&'r self, said: &'r Ctx) -> (&'r Person, &'r Place) {
        self.asked.as_ref().map_or((&said.who, &said.place), |(who, place)| (who, place))
    }

    /// Who approved it, if this line was said so.
    pub fn approver<'r>(&self, said: &'r Ctx) -> Option<&'r Person> {
        Some(&said.who).filter(|sender| self.asked(said).0.staff() != sender.staff())
    }
}

/// Those that were given or are filled in, as far as anyone may read them.
fn readable(row: &Row, values: &Map<String, Value>, table: &Table) -> Map<String, Value> {
    let tail = match row.tail {
        Tail::Words | Tail::Conditions => None,
        Tail::Verbatim | Tail::Query => row.clap().get_positionals().last().map(help::name),
    };
    let path = |value: &Value| {
        let said = match value {
            Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            value => value.as_str()?.to_owned(),
        };
        Some(Value::from(table.named(&said)?.path.to_string()))
    };
    let shown = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::Null => return None,
            Value::Array(values) if values.is_empty() => return None,
            Value::Object(pairs) if pairs.is_empty() => return None,
            _ if row.secret.iter().any(|secret| secret == name) => HIDDEN.into(),
            value if tail.as_ref() == Some(name) || row.free_text.iter().any(|text| text == name) => {
                // A command that is asked about, such as by help, is nobody's words.
                path(value).filter(|_| name == "command").unwrap_or_else(|| measured(value))
            }
            Value::Object(pairs) => pairs.iter().map(pair).collect(),
            value => value.clone(),
        };
        Some((name.clone(), value))
    };
    values.iter().filter_map(shown).collect()
}

/// One of KEY=VALUE, whose key may tell that it is a secret, and whose value may be one by itself.
fn pair((key, value): (&String, &Value)) -> (String, Value) {
    let Some(text) = value.as_str() else { return (key.clone(), value.clone()) };
    let is_secret = redacted(&format!("{key}=hunter2")).ends_with(HIDDEN);
    (key.clone(), if is_secret { HIDDEN.into() } else { redacted(text).into() })
}

/// How many bytes a text has of which the audit has only that and a hash.
pub(crate) fn bytes_of(value: &str) -> Option<&str> {
    let (bytes, hash) = value.strip_prefix("text(")?.strip_suffix(')')?.split_once(" bytes, sha256 ")?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (digits(bytes) && digits(hash)).then_some(bytes)
}

/// Anybody's words, by their length and the beginning of their hash.
fn measured(value: &Value) -> Value {
    let text = match value {
        Value::Array(values) => return values.iter().map(measured).collect(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut shown = format!("text({} bytes, sha256 ", text.len());
    for byte in Sha256::digest(&text).iter().take(4) {
        let _ = write!(shown, "{byte:02x}");
    }
    (shown + ")").into()
}

/// One line, with what is known of a record.
macro_rules! line {
    ($level:ident, $what:literal, $record:expr, $said:expr $(, $($more:tt)*)?) => {{
        let (record, said): (&Record, &Ctx) = ($record, $said);
        let (person, place) = record.asked(said);
        let approver = record.approver(said);
        let values = (!record.values.is_empty()).then(|| Value::Object(record.values.clone()));
        tracing::$level!(
            target: TARGET,
            who = person.staff().unwrap_or_default(),
            sender = person.dingtalk_id.as_deref().unwrap_or_default(),
            nick = person.nick.as_str(),
            place = place.conversation_id.as_deref().unwrap_or_default(),
            private = place.private,
            approver = approver.and_then(Person::staff),
            approverNick = approver.map(|approver| approver.nick.as_str()),
            command = record.path.as_str(),
            effect = record.effect.map(Effect::name),
            alias = record.alias.as_deref(),
            values.json = values.map(display),
            dryRun = record.dry_run.then_some(true),
            decision = record.decision.as_deref(),
            codePlace = record.code_place.as_deref(),
            $($($more)*,)?
            $what
        )
    }};
}

/// Writes the line of a write that is about to begin. `said` is where and by whom the line was said that begins it.
pub(super) fn intent(record: &mut Record, said: &Ctx) {
    record.begun = true;
    line!(info, "intent", record, said);
}

/// Writes the line of what came of it; at error level when the reply did not arrive.
pub fn outcome(record: &Record, said: &Ctx, took: SignedDuration, delivery: &Delivery<'_>) {
    let ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
    let outcome = record.outcome.name();
    let (delivery, way, lost) = match delivery {
        Delivery::Delivered(way) => ("delivered", Some(display(way)), None),
        Delivery::Withheld => ("withheld", None, None),
        Delivery::Failed(lost) => ("failed", None, Some(lost)),
        Delivery::Unknown(lost) => ("unknown", None, Some(lost)),
    };
    match lost {
        None => line!(info, "outcome", record, said, outcome, ms, delivery, way),
        Some(Lost { bytes, reason, remedy }) => {
            line!(error, "outcome", record, said, outcome, ms, delivery, bytes, error = %reason, remedy);
        }
    }
}

/// Writes that somebody did not ask for what they were to confirm: somebody else speaks in their name.
pub fn disowned(disowned: &Disowned, ctx: &Ctx) {
    let Disowned { command, is_void, place: code_place } = disowned;
    let who = ctx.who.staff().unwrap_or_default();
    let sender = ctx.who.dingtalk_id.as_deref().unwrap_or_default();
    let nick = ctx.who.nick.as_str();
    let place = ctx.place.conversation_id.as_deref().unwrap_or_default();
    let private = ctx.place.private;
    let (command, code_place) = (command.as_deref(), code_place.as_deref());
    if command.is_none() && !is_void {
        tracing::warn!(target: TARGET, who, sender, nick, place, private, "somebody says that they did not ask for something, and names no command");
        return;
    }
    tracing::error!(
        target: TARGET,
        who,
        sender,
        nick,
        place,
        private,
        command,
        codeIsVoid = is_void,
        codePlace = code_place,
        "security: a command was not asked for by who it names"
    );
}

#[cfg(test)]
mod tests;
