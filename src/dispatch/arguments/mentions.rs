//! Somebody who was mentioned, where a person is missing.
//!
//! DingTalk takes `@nick` out of the text, or leaves it in, and says beside it who was mentioned, in an order that is
//! documented nowhere. So a mention fills an argument only where there is exactly one of each; what is left of it in
//! the text is no word.

use clap::{Arg, Command};

use super::said::{self, Said, Value};
use crate::dispatch::{Ctx, help, values};

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

/// Fills the gap.
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
    for said in said.iter_mut().filter(|said| said.option.is_some()) {
        said.value = said.value.take().filter(|value| !(value.follows && is_rest(value)));
    }
    said.retain(|said| said.option.is_some() || !said.value.as_ref().is_some_and(is_rest));
    said::assign(command, said);

    let named: Vec<String> = said
        .iter()
        .filter(|said| said.argument.is_some_and(values::is_person))
        .filter_map(|said| said.value.as_ref().and_then(id))
        .collect();
    let mut mentioned = ctx.mentioned.iter().filter(|person| !named.contains(&person.staff_id));
    let Some(person) = mentioned.next() else { return Ok(()) };
    let mut gaps = people.into_iter().filter_map(|argument| {
        let at = said.iter().position(|said| said.argument == Some(argument));
        let is_meant = |value: &Value<'_>| value.is_literal || !value.follows || id(value).is_some();
        let is_filled = |at: &usize| said[*at].value.as_ref().is_some_and(is_meant);
        match (argument.is_positional(), at) {
            (_, Some(at)) if is_filled(&at) => None,
            (true, Some(at)) => Some(Gap::Before(at)),
            (true, None) => Some(Gap::Last(argument)),
            (false, Some(at)) => Some(Gap::Value(at)),
            (false, None) => Some(Gap::Option(argument)),
        }
    });
    let (Some(gap), None, None) = (gaps.next(), gaps.next(), mentioned.next()) else {
        return Err("arguments.mention");
    };
    drop(gaps);
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
        Gap::Option(argument) => {
            let option = Some((help::mentioned(argument), 0..0));
            said.push(Said { argument: Some(argument), option, value: Some(value) });
        }
        Gap::Value(at) => {
            // `--to @alice web`: without the mention, what comes next stood as its value.
            let next = said[at].value.replace(value).filter(|value| value.follows);
            said.splice(at + 1..at + 1, next.map(Said::positional));
        }
    }
    said::assign(command, said);
    Ok(())
}
