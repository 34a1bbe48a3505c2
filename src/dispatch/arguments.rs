//! What follows a command's name, read by clap, and what is wrong with it, said in the reader's language.
//!
//! clap speaks English and knows no positions, so its errors are taken apart and said anew, with the place in the
//! line as it was typed.

use std::ops::Range;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{
    Ctx, Effect, access, help,
    row::{self, Prepared, Row, Tail},
    words::{Line, SplitError, SplitErrorKind, Word},
};
use crate::{config::PlaceDefault, locale::Locale};

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// A sentence: what was expected, what came.
    pub message: String,
    /// Where, in bytes of the line as typed.
    pub at: Option<Range<usize>>,
}

/// What follows a command's name.
pub enum Arguments {
    /// Its arguments.
    Given {
        /// As read.
        prepared: Box<dyn Prepared>,
        /// Those that are defaults of the place, with their values.
        defaulted: Vec<(String, String)>,
        /// Whether only the preview of a write is wanted.
        dry_run: bool,
    },
    /// The question how it is said.
    HelpWanted,
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
pub fn read(row: &Row, line: &Line, words: &[Word], ctx: &Ctx) -> Result<Arguments, Complaint> {
    let locale = ctx.locale;
    let defaults = defaults(ctx);
    let command = row.clap_with(&defaults);
    let (words, verbatim) = match row.tail {
        Tail::Words => (words, None),
        Tail::Verbatim => {
            let (options, tail) = words.split_at(leading_options(&command, words));
            (options, Some(line.rest_after(tail_start(line, options, tail))))
        }
    };
    let mut options = words.iter().take_while(|word| word.quoted || word.text != "--");
    if options.any(Word::asks_for_help) {
        return Ok(Arguments::HelpWanted);
    }
    let read_as_words = verbatim.as_ref().map_or(line.text().len(), |(_, span)| span.start);
    if let Some(error) = line.error().filter(|error| error.span.start < read_as_words) {
        return Err(Complaint { message: quote(error, locale), at: Some(error.span.clone()) });
    }
    let mut typed: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    if let Some((tail, _)) = verbatim.as_ref().filter(|(tail, _)| !tail.is_empty()) {
        typed.extend(["--", tail]);
    }
    let complain = |error| complaint(&error, row, line, words, locale);
    let names: Vec<String> = command.get_arguments().map(help::name).collect();
    let matches = command.try_get_matches_from(typed).map_err(complain)?;
    let used = |(name, _): &(&str, &str)| {
        let id = name.replace('-', "_");
        names.iter().any(|known| known == name)
            && matches.value_source(&id) == Some(clap::parser::ValueSource::DefaultValue)
    };
    let defaulted = defaults.iter().copied().filter(used);
    Ok(Arguments::Given {
        prepared: row.parser().read(&matches).map_err(complain)?,
        defaulted: defaulted.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        dry_run: row.effect == Effect::Write && matches.get_flag(row::DRY_RUN),
    })
}

/// The defaults that hold in this place, by argument.
fn defaults(ctx: &Ctx) -> Vec<(&str, &str)> {
    let holds = |default: &&PlaceDefault| access::is_in(&ctx.place, &default.place);
    let defaults = ctx.settings.defaults.iter().filter(holds);
    defaults.map(|default| (default.argument.text(), default.value.text())).collect()
}

/// What is wrong with a quote.
pub fn quote(error: &SplitError, locale: Locale) -> String {
    match error.kind {
        SplitErrorKind::QuoteInside => locale.say("arguments.quote_inside", &[]),
        SplitErrorKind::QuoteOpen => locale.say("arguments.quote_open", &[]),
    }
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
        let Some(option) = option else {
            if word.asks_for_help() {
                count += 1;
                continue;
            }
            break;
        };
        let value_follows = option.get_action().takes_values() && !word.text.contains('=');
        count += if value_follows { 2 } else { 1 };
    }
    count.min(words.len())
}

/// Where what is taken as typed begins: behind the options, and behind a `--` that ends them.
fn tail_start(line: &Line, options: &[Word], tail: &[Word]) -> usize {
    match (tail.first(), options.last()) {
        (Some(word), _) if word.text == "--" && !word.quoted => word.span.end,
        (_, Some(option)) => option.span.end,
        (Some(word), None) => word.span.start,
        // The name stands alone, or the tail could not be split: it begins where the words end.
        (None, None) => line.words().last().map_or(0, |word| word.span.end),
    }
}

fn complaint(error: &clap::Error, row: &Row, line: &Line, words: &[Word], locale: Locale) -> Complaint {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let came = context(ContextKind::InvalidArg).unwrap_or_default();
    let argument = in_words(row, &came);
    let value = context(ContextKind::InvalidValue);
    let about_value =
        |key| locale.say(key, &[("argument", &argument), ("came", &value.as_deref().unwrap_or_default())]);
    // clap names an option as `--on <NAME>`; what was typed is its first word.
    let option = came.split(' ').next().unwrap_or_default().to_owned();
    let (message, said) = match error.kind() {
        ErrorKind::UnknownArgument if came.starts_with('-') => {
            (locale.say("arguments.no_such_option", &[("came", &came)]), Some(option))
        }
        ErrorKind::UnknownArgument => {
            let key = if row.arguments.is_empty() { "arguments.none" } else { "arguments.too_many" };
            (locale.say(key, &[("came", &came)]), Some(came))
        }
        ErrorKind::ValueValidation => {
            let source =
                std::error::Error::source(error).and_then(|source| source.downcast_ref::<InvalidValue>());
            (about_value(source.map_or("arguments.invalid", |invalid| invalid.key)), value)
        }
        ErrorKind::InvalidValue if value.as_deref().is_none_or(str::is_empty) => {
            (locale.say("arguments.no_value", &[("argument", &argument)]), Some(option))
        }
        ErrorKind::MissingRequiredArgument => {
            (locale.say("arguments.missing", &[("argument", &argument)]), None)
        }
        ErrorKind::ArgumentConflict => {
            (locale.say("arguments.twice", &[("argument", &argument)]), Some(option))
        }
        _ => (about_value("arguments.invalid"), value),
    };
    let is_said = |word: &&Word| said.as_deref().is_some_and(|said| holds(&word.text, said));
    let at = match words.iter().rfind(is_said) {
        Some(word) => Some(word.span.clone()),
        // Something is missing: point at the end.
        None => line.words().last().map(|word| word.span.end..word.span.end),
    };
    Complaint { message, at }
}

/// An argument as a sentence names it, for one as clap does: `[COMMAND]...`, `--on <ON>`.
fn in_words(row: &Row, named: &str) -> String {
    let mut command = row.clap();
    command.build();
    let argument = command.get_arguments().find(|argument| argument.to_string() == named);
    argument.map_or_else(|| named.to_owned(), help::mentioned)
}

/// Whether a word is a value or an option, or an option with its value behind `=`.
fn holds(word: &str, said: &str) -> bool {
    word == said
        || word
            .split_once('=')
            .is_some_and(|(option, value)| option.starts_with('-') && (option == said || value == said))
}
