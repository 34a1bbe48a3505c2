//! Somebody who was mentioned, where a person is missing.
//!
//! DingTalk takes `@nick` out of the text, or leaves it in, and says beside it who was mentioned, in an order that is
//! documented nowhere. So a mention fills an argument only where there is exactly one of each; what is left of it in
//! the text is no word.

use clap::{Arg, Command};

use super::said::{self, Said, Value};
use crate::dispatch::{Ctx, Mentioned, help, values, words::Word};

/// Where a person is missing.
enum Gap<'a> {
    /// The value of an option that was said, which is this one.
    Value(usize),
    /// An option that was not said.
    Option(&'a Arg),
    /// Before what stands here by itself.
    Before(usize),
    /// Behind all that was said, where this argument is next.
    Last(&'a Arg),
}

/// Somebody mentioned whom a message is for.
pub(super) struct Recipient {
    text: String,
    /// What is left of the mention in the text stands for it.
    is_rest: bool,
}

impl Recipient {
    /// How many words that stand by themselves are fewer, since the mention is none.
    pub(super) fn fewer(&self) -> usize {
        usize::from(!self.is_rest)
    }

    /// Puts the mention where the recipient belongs.
    pub(super) fn put(self, said: &mut Vec<Said<'_>>) {
        if self.is_rest
            && let Some(rest) = said.iter().position(|said| said.option.is_none())
        {
            said.remove(rest);
        }
        said.insert(0, Said::positional(Value::literal(&self.text, 0..0)));
    }
}

/// Whether a mention is the recipient of what is said: where that comes first and the first word is nobody, nor nearly
/// somebody.
pub(super) fn recipient(command: &Command, words: &[Word], ctx: &Ctx) -> Option<Recipient> {
    let argument = command.get_positionals().next().filter(|argument| values::is_recipient(argument))?;
    let [person] = ctx.mentioned.as_slice() else { return None };
    let first = words
        .get(said::before_tail(command, words, 0, |option, word| is_missing(option, word, ctx)))
        .filter(|word| !said::ends_options(word));
    let resolved = first.map(|word| values::resolve(argument, &word.text, ctx));
    let is_rest = match (first, resolved) {
        (_, Some(Ok(_))) => return None,
        (Some(word), _) if word.quoted => return None,
        (Some(word), _) if word.text.starts_with(['@', '＠']) => true,
        (_, Some(Err(error)))
            if !matches!(error.key, "arguments.recipient" | "arguments.recipient_groups") =>
        {
            return None;
        }
        _ => false,
    };
    Some(Recipient { text: values::mentioned(&person.staff_id), is_rest })
}

/// Whether the value of this option was a mention, and the word behind it is none of a person.
pub(super) fn is_missing(option: &Arg, word: &Word, ctx: &Ctx) -> bool {
    let is_person =
        word.quoted || word.text.starts_with(['@', '＠']) || values::staff_id(&word.text, ctx).is_ok();
    values::is_person(option) && !ctx.mentioned.is_empty() && !is_person
}

/// Fills the gap; an option that takes many takes all who are mentioned.
///
/// # Errors
/// The sentence that asks for names.
pub(super) fn fill<'a>(
    command: &'a Command,
    said: &mut Vec<Said<'a>>,
    ctx: &Ctx,
) -> Result<(), &'static str> {
    let people: Vec<&Arg> = command.get_arguments().filter(|argument| values::is_person(argument)).collect();
    if people.is_empty() || ctx.mentioned.is_empty() {
        return Ok(());
    }
    let id = |value: &Value<'_>| values::staff_id(&value.text, ctx).ok();
    let is_rest =
        |value: &Value<'_>| !value.is_literal && value.text.starts_with(['@', '＠']) && id(value).is_none();
    let values = |said: &[Said<'_>]| said.iter().filter(|said| said.value.is_some()).count();
    let before = values(said);
    for said in said.iter_mut().filter(|said| said.option.is_some()) {
        said.value = said.value.take().filter(|value| !(value.follows && is_rest(value)));
    }
    said.retain(|said| said.option.is_some() || !said.value.as_ref().is_some_and(is_rest));
    // Nothing vanishes: each of them is what is left of a mention that is put in below.
    let rests = before - values(said);
    if rests > ctx.mentioned.len() {
        return Err("arguments.mention");
    }
    said::assign(command, said);

    let names = |argument: &&Arg| values::is_person(argument) || values::is_recipient(argument);
    let named: Vec<String> = said
        .iter()
        .filter_map(|said| values::person_in(said.argument.filter(names)?, &said.value.as_ref()?.text, ctx))
        .collect();
    let mut mentioned = ctx.mentioned.iter().filter(|person| !named.contains(&person.staff_id));
    let Some(person) = mentioned.next() else {
        return if rests == 0 { Ok(()) } else { Err("arguments.mention") };
    };
    let mut gaps = people.into_iter().filter_map(|argument| {
        let at = said.iter().position(|said| said.argument == Some(argument));
        let is_meant = |value: &Value<'_>| value.is_literal || !value.follows || id(value).is_some();
        let is_filled = |at: &usize| said[*at].value.as_ref().is_some_and(is_meant);
        match (argument.is_positional(), at) {
            (_, Some(at)) if is_filled(&at) && !said::takes_many(argument) => None,
            (false, _) if said::takes_many(argument) && at.is_none_or(|at| is_filled(&at)) => {
                Some(Gap::Option(argument))
            }
            (true, Some(at)) => Some(Gap::Before(at)),
            (true, None) => Some(Gap::Last(argument)),
            (false, Some(at)) => Some(Gap::Value(at)),
            (false, None) => Some(Gap::Option(argument)),
        }
    });
    let (Some(gap), None) = (gaps.next(), gaps.next()) else { return Err("arguments.mention") };
    drop(gaps);
    let others: Vec<_> = mentioned.collect();
    let option = |argument: &'a Arg, person: &Mentioned| {
        let value = Value::literal(&values::PersonName::new(&person.staff_id).to_string(), 0..0);
        let option = Some((help::mentioned(argument), 0..0));
        Said { argument: Some(argument), option, value: Some(value) }
    };
    match gap {
        Gap::Option(argument) if said::takes_many(argument) => {
            said.extend(others.iter().map(|person| option(argument, person)));
        }
        _ if !others.is_empty() => return Err("arguments.mention"),
        _ => {}
    }
    let value = Value::literal(&values::PersonName::new(&person.staff_id).to_string(), 0..0);
    match gap {
        Gap::Before(at) => said.insert(at, Said::positional(value)),
        Gap::Last(argument) => {
            let count = said.iter().filter(|said| said.option.is_none()).count();
            match command.get_positionals().nth(count) {
                Some(next) if next == argument => said.push(Said::positional(value)),
                // What is missing before it is said to be missing.
                Some(next) if next.is_required_set() => {}
                _ => return Err("arguments.mention"),
            }
        }
        Gap::Option(argument) => said.push(option(argument, person)),
        Gap::Value(at) => {
            // `--to @alice web`: without the mention, what comes next stood as its value.
            let next = said[at].value.replace(value).filter(|value| value.follows);
            said.splice(at + 1..at + 1, next.map(Said::positional));
        }
    }
    said::assign(command, said);
    Ok(())
}
