//! The types that arguments have, each with its value parser.
//!
//! A value has one form, whatever was typed: `120m` and `2h` are the same [`Duration`]. That form is what a value
//! serializes to, and so what access rules, codes and the audit see; typed, it is read as the same value again.
//!
//! What only the context knows is put in before a value parser is asked (`resolve`): `alice` becomes a staff id,
//! and `15:04` a time with its day and offset. A default written in the program is taken as it stands, so it can be
//! neither a name nor a time of day.
//!
//! ```
//! use dingops::dispatch::values::{self, Duration, KeyValue};
//!
//! #[derive(clap::Args, serde::Serialize)]
//! struct Silence {
//!     /// How many
//!     #[arg(value_parser = values::number(1..=100))]
//!     replicas: i64,
//!     /// For how long
//!     #[arg(long, value_parser = values::duration(Duration::minutes(1)..=Duration::hours(4)))]
//!     duration: Duration,
//!     /// With which parameters
//!     #[arg(long, short, value_parser = values::pair)]
//!     #[serde(serialize_with = "values::object")]
//!     param: Vec<KeyValue>,
//! }
//! ```

mod caseless;
mod choice;
mod duration;
mod identifier;
mod names;
mod pairs;
mod recipient;
mod time;

use std::{any::TypeId, ops::RangeInclusive};

pub use self::{
    caseless::Caseless,
    choice::{Choice, ChoiceParser, OneOf, choice, chosen},
    duration::{Duration, duration},
    identifier::Identifier,
    names::{GroupName, PersonName, group, person},
    pairs::{KeyValue, object, pair},
    recipient::{Recipient, check as check_recipients, recipient},
    time::{Time, time},
};
pub(super) use self::{
    names::{known_group, known_person, staff_id},
    recipient::mentioned,
};
use super::{Ctx, arguments::InvalidValue, nearest, table};

/// What an access rule may ask of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Globs.
    Text,
    /// Globs, whatever the case of their letters.
    Caseless,
    /// Ranges of numbers.
    Number,
    /// Ranges of durations.
    Duration,
    /// `true` or `false`.
    Flag,
    /// Its keys are asked for by name.
    KeyValue,
}

/// What an access rule may ask of this argument.
pub fn kind(argument: &clap::Arg) -> Kind {
    let is = |id| argument.get_value_parser().type_id() == id;
    match argument.get_action().takes_values() {
        false => Kind::Flag,
        true if is(TypeId::of::<i64>()) => Kind::Number,
        true if is(TypeId::of::<Duration>()) => Kind::Duration,
        true if is(TypeId::of::<KeyValue>()) => Kind::KeyValue,
        true if is(TypeId::of::<Caseless>()) => Kind::Caseless,
        true => Kind::Text,
    }
}

/// The value parser of a whole number in this range.
pub fn number(
    range: RangeInclusive<i64>,
) -> impl Fn(&str) -> Result<i64, InvalidValue> + Clone + Send + Sync + 'static {
    move |typed| {
        let number = table::folded(typed).parse().ok().filter(|number| range.contains(number));
        let error = || InvalidValue::new("arguments.number").with("min", range.start());
        number.ok_or_else(|| error().with("max", range.end()))
    }
}

/// Whether an argument's value is a person.
pub(super) fn is_person(argument: &clap::Arg) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<PersonName>()
}

/// Whether an argument takes texts, and this one among them.
pub(super) fn is_text(argument: &clap::Arg, value: &str) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<String>() && takes(argument, value)
}

/// Whether an argument's value is a time.
pub(super) fn is_time(argument: &clap::Arg) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<Time>()
}

/// Whether an argument's value is whom a message is for.
pub(super) fn is_recipient(argument: &clap::Arg) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<Recipient>()
}

/// The staff id of the person that this value of an argument names.
pub(super) fn person_in(argument: &clap::Arg, typed: &str, ctx: &Ctx) -> Option<String> {
    if is_recipient(argument) { recipient::person_in(typed, ctx) } else { staff_id(typed, ctx).ok() }
}

/// A value with what only the context knows put in; none where the context knows nothing of it.
///
/// # Errors
/// When it names nobody, or no time.
pub(super) fn resolve(argument: &clap::Arg, typed: &str, ctx: &Ctx) -> Result<Option<String>, InvalidValue> {
    if is_person(argument) {
        staff_id(typed, ctx).map(|id| Some(PersonName::new(&id).to_string()))
    } else if argument.get_value_parser().type_id() == TypeId::of::<GroupName>() {
        names::conversation_id(typed, ctx).map(Some)
    } else if is_recipient(argument) {
        recipient::resolve(typed, ctx).map(Some)
    } else if is_time(argument) {
        time::resolve(typed, ctx).map(Some)
    } else {
        Ok(None)
    }
}

/// Whether an argument takes this value, as far as that can be told without a context: a time of day is a time only
/// on some day.
pub(super) fn takes(argument: &clap::Arg, value: &str) -> bool {
    is_time(argument) || parse(argument, value).is_ok()
}

/// What an argument says to this value where it does not take it.
pub(super) fn refusal(argument: &clap::Arg, value: &str) -> Option<InvalidValue> {
    let error = parse(argument, value).err()?;
    std::error::Error::source(&error)?.downcast_ref::<InvalidValue>().cloned()
}

fn parse(argument: &clap::Arg, value: &str) -> Result<clap::ArgMatches, clap::Error> {
    let option = argument.clone().index(None).required(false).last(false).long("it").num_args(1);
    let command = clap::Command::new("dingops").no_binary_name(true).arg(option);
    command.try_get_matches_from([format!("--it={value}")])
}

/// The ends of the range that a number or a duration must be in, where its parser has one.
pub(super) fn ends(argument: &clap::Arg) -> Option<[String; 2]> {
    // Beyond the one end or the other, and no number at all.
    ["0s", "18446744073709551615s"].into_iter().find_map(|beyond| {
        let invalid = refusal(argument, beyond)?;
        Some([invalid.given("min")?.to_owned(), invalid.given("max")?.to_owned()])
    })
}

/// What an argument's canonical value is the id of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// Somebody.
    Person,
    /// A group.
    Group,
}

impl Named {
    /// None where an argument's value is no id.
    pub(super) fn of(argument: &clap::Arg) -> Option<Self> {
        let is_group = argument.get_value_parser().type_id() == TypeId::of::<GroupName>();
        is_person(argument).then_some(Self::Person).or_else(|| is_group.then_some(Self::Group))
    }
}

/// A text as it is typed, from what it serializes to.
pub(super) fn retyped(argument: &clap::Arg, canonical: &str) -> String {
    if is_person(argument) { PersonName::new(canonical).to_string() } else { canonical.to_owned() }
}

/// At most three names like what was typed, nearest first.
pub fn near<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let distance = |name: &'n str| nearest::distance(name, &[typed]).map(|distance| (distance, name));
    let mut near: Vec<(usize, &str)> = names.filter_map(distance).collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests;
