//! What follows a command's name, read by clap, and what is wrong with it, said in the reader's language.
//!
//! clap speaks English and knows no positions, so its errors are taken apart and said anew, with the place in the
//! line as it was typed.

use std::ops::Range;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{
    table::{Prepared, Row, Tail},
    words::{Line, SplitErrorKind, Word},
};
use crate::locale::Locale;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// A sentence: what was expected, what came.
    pub message: String,
    /// Where, in bytes of the line as typed.
    pub at: Option<Range<usize>>,
}

/// A value that does not fit. Value parsers of arguments return it; `key` is a sentence of the locale files with
/// `%{came}` in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{key}")]
pub struct InvalidValue {
    /// The key of the sentence that says what was expected.
    pub key: &'static str,
}

/// The value parser of an argument that is any text but an empty one.
///
/// # Errors
/// For an empty text.
pub fn text(typed: &str) -> Result<String, InvalidValue> {
    if typed.is_empty() { Err(InvalidValue { key: "arguments.empty" }) } else { Ok(typed.to_owned()) }
}

/// Reads a row's arguments from the words after its name.
///
/// # Errors
/// What is wrong, and where.
pub fn read(row: &Row, line: &Line, words: &[Word], locale: Locale) -> Result<Box<dyn Prepared>, Complaint> {
    let command = row.clap();
    let options = match row.tail {
        Tail::Words => words.len(),
        Tail::Verbatim => leading_options(&command, words),
    };
    let (words, tail) = words.split_at(options);
    let verbatim = match row.tail {
        Tail::Words => None,
        Tail::Verbatim => Some(line.rest_after(tail_start(line, words, tail))),
    };
    let read_as_words = verbatim.as_ref().map_or(line.text().len(), |(_, span)| span.start);
    if let Some(error) = line.error().filter(|error| error.span.start < read_as_words) {
        let key = match error.kind {
            SplitErrorKind::QuoteInside => "arguments.quote_inside",
            SplitErrorKind::QuoteOpen => "arguments.quote_open",
        };
        return Err(Complaint { message: locale.say(key, &[]), at: Some(error.span.clone()) });
    }
    let mut typed: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if let Some((tail, _)) = verbatim.as_ref().filter(|(tail, _)| !tail.is_empty()) {
        typed.extend(["--", tail]);
    }
    let complain = |error| complaint(&error, line, words, locale);
    let matches = command.try_get_matches_from(typed).map_err(complain)?;
    row.parser().read(&matches).map_err(complain)
}

/// How many words are options of a command whose last argument is taken as typed.
fn leading_options(command: &clap::Command, words: &[Word]) -> usize {
    let mut count = 0;
    while let Some(word) = words.get(count).filter(|word| !word.quoted) {
        let option = command.get_arguments().filter(|option| !option.is_positional()).find(|option| {
            let long = option.get_long().map(|long| format!("--{long}"));
            let short = option.get_short().map(|short| format!("-{short}"));
            let name = word.text.split('=').next();
            long.as_deref() == name || short.as_deref() == name
        });
        let Some(option) = option else { break };
        let value_follows = option.get_action().takes_values() && !word.text.contains('=');
        count += if value_follows { 2 } else { 1 };
    }
    count.min(words.len())
}

fn tail_start(line: &Line, options: &[Word], tail: &[Word]) -> usize {
    match (options.last(), tail.first()) {
        (Some(option), _) => option.span.end,
        (None, Some(word)) => word.span.start,
        // The name stands alone, or the tail could not be split: it begins where the words end.
        (None, None) => line.words().last().map_or(0, |word| word.span.end),
    }
}

fn complaint(error: &clap::Error, line: &Line, words: &[Word], locale: Locale) -> Complaint {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    let (message, said) = match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues if argument.starts_with('-') => {
            (locale.say("arguments.no_such_option", &[("came", &argument)]), argument)
        }
        ErrorKind::UnknownArgument => (locale.say("arguments.too_many", &[("came", &argument)]), argument),
        ErrorKind::ValueValidation => {
            let source =
                std::error::Error::source(error).and_then(|source| source.downcast_ref::<InvalidValue>());
            let key = source.map_or("arguments.invalid", |invalid| invalid.key);
            (locale.say(key, &[("argument", &argument), ("came", &value)]), value)
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            (locale.say("arguments.no_value", &[("argument", &argument)]), argument)
        }
        ErrorKind::MissingRequiredArgument => {
            (locale.say("arguments.missing", &[("argument", &argument)]), String::new())
        }
        ErrorKind::ArgumentConflict => (locale.say("arguments.twice", &[("argument", &argument)]), argument),
        _ => (locale.say("arguments.invalid", &[("argument", &argument), ("came", &value)]), value),
    };
    // clap names an option as `--on <NAME>`; what was typed is its first word, perhaps with a value behind it.
    let said = said.split(' ').next().filter(|said| !said.is_empty());
    let is_said =
        |word: &&Word| said.is_some_and(|said| word.text == said || starts_option(&word.text, said));
    let at = match words.iter().rfind(is_said) {
        Some(word) => Some(word.span.clone()),
        // Something is missing: point at the end.
        None => line.words().last().map(|word| word.span.end..word.span.end),
    };
    Complaint { message, at }
}

fn starts_option(word: &str, option: &str) -> bool {
    let value = word.strip_prefix(option);
    option.starts_with('-') && value.is_some_and(|rest| rest.starts_with('='))
        || word.ends_with(&format!("={option}"))
}
