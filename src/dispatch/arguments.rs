//! What follows a command's name, read, and what is wrong with it, said in the reader's language.
//!
//! Which word belongs to which argument is found here, with positions (`said`); clap, which speaks English and knows
//! no positions, gets it in one plain form and judges values. What only the context knows is filled in before: names
//! become ids, times of day become times, and somebody mentioned becomes the person who is missing.

mod mentions;
mod said;
mod wrong;

use std::{borrow::Cow, fmt, ops::Range};

pub(super) use self::said::{ends_options, is_option, options_behind};
use self::{
    said::{Said, Value},
    wrong::Wrong,
};
use super::{
    Ctx, Effect, access, help,
    row::{self, Prepared, Row, Tail},
    values,
    words::{Line, SplitError, SplitErrorKind, Word},
};
use crate::locale::Locale;

/// Words behind a command's name, what is taken as typed not among them.
const MAX_WORDS: usize = 200;
/// Bytes of each.
const MAX_WORD: usize = 1024;

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

/// A value that does not fit. Value parsers of arguments return it. Its sentence of the locale files has `%{argument}`
/// and `%{came}` in it, and what else is given along.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}")]
pub struct InvalidValue {
    key: &'static str,
    with: Vec<(&'static str, Vec<String>)>,
    at: Option<Range<usize>>,
}

impl InvalidValue {
    /// What was expected is said by the sentence under `key`.
    pub fn new(key: &'static str) -> Self {
        Self { key, with: Vec::new(), at: None }
    }

    /// Gives something along for the sentence.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl fmt::Display) -> Self {
        self.with_all(name, vec![value.to_string()])
    }

    /// Gives a list along for the sentence.
    #[must_use]
    pub fn with_all(mut self, name: &'static str, values: Vec<String>) -> Self {
        self.with.push((name, values));
        self
    }

    /// What was given along under this name.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.with.iter().find(|(other, _)| *other == name)?.1.first().map(String::as_str)
    }

    /// Only these bytes of the value are wrong.
    #[must_use]
    pub fn at(mut self, at: Range<usize>) -> Self {
        self.at = Some(at);
        self
    }
}

/// The value parser of an argument that is any text but an empty one.
///
/// # Errors
/// For an empty text.
pub fn text(typed: &str) -> Result<String, InvalidValue> {
    if typed.is_empty() { Err(InvalidValue::new("arguments.empty")) } else { Ok(typed.to_owned()) }
}

/// Words, and the tail that is taken as typed, with where it stands.
type Parted<'l> = (Cow<'l, [Word]>, Option<(&'l str, Range<usize>)>);

/// Reads a row's arguments from the words after its name.
///
/// # Errors
/// What is wrong, and where.
pub fn read(row: &Row, line: &Line, words: &[Word], ctx: &Ctx) -> Result<Arguments, Complaint> {
    let mut command = row.clap();
    command.build();
    let recipient = mentions::recipient(&command, words, ctx);
    let fewer = recipient.as_ref().map_or(0, mentions::Recipient::fewer);
    let is_missing = |option: &clap::Arg, word: &Word| mentions::is_missing(option, word, ctx);
    let (words, tail) = parted_but(row, line, words, fewer, is_missing);
    read_with(row, line, &words, recipient, tail, ctx.locale, Some(ctx))
}

/// The same from words that an alias put together, and the tail with where it stands.
///
/// # Errors
/// What is wrong, and where.
pub(super) fn read_parted(
    row: &Row,
    line: &Line,
    words: &[Word],
    tail: Option<(&str, Range<usize>)>,
    ctx: &Ctx,
) -> Result<Arguments, Complaint> {
    read_with(row, line, words, None, tail, ctx.locale, Some(ctx))
}

/// The same of a line that nobody said yet, such as an example of the settings: any name in it is taken for one, and
/// a time needs its offset.
///
/// # Errors
/// What is wrong, and where.
pub fn check(row: &Row, line: &Line, words: &[Word], locale: Locale) -> Result<Arguments, Complaint> {
    let (words, tail) = parted(row, line, words);
    read_with(row, line, &words, None, tail, locale, None)
}

/// Whether one of a row's arguments is a person.
pub(super) fn has_people(row: &Row) -> bool {
    row.clap().get_arguments().any(values::is_person)
}

/// A value of a template, and whether it is a person.
pub(super) struct Filled {
    pub(super) value: String,
    pub(super) is_person: bool,
}

/// Whether words of which some are not known yet can become a row's arguments, all of them where nothing can
/// follow.
/// Tells each value.
///
/// # Errors
/// What is wrong, for the operator.
pub(super) fn check_form(
    row: &Row,
    line: &Line,
    words: &[Word],
    tail: Option<&str>,
    is_whole: bool,
    is_known: impl Fn(&str) -> bool,
) -> Result<Vec<Filled>, String> {
    let command = row.clap();
    let said = arranged(row, &command, words, None, tail.map(|tail| (tail, 0..0)));
    let wrong = Wrong { row, line, locale: Locale::En };
    let form = wrong.conditions(&said).and_then(|()| wrong.form(&command, &said));
    form.and_then(|()| wrong.keys(&said)).map_err(|complaint| complaint.message)?;
    let is_said = |argument: &&clap::Arg| said.iter().any(|said| said.argument == Some(argument));
    let mut missing = command.get_positionals().filter(|argument| argument.is_required_set());
    let missing = missing.find(|argument| !is_said(argument) && !values::is_person(argument));
    if let Some(missing) = missing.filter(|_| is_whole) {
        return Err(Locale::En.say("arguments.missing", &[("argument", &help::name(missing))]));
    }
    let values = said.iter().filter_map(|said| Some((said.argument?, said.value.as_ref()?)));
    let filled = values.map(|(argument, value)| {
        if is_known(&value.text) && !values::takes(argument, &value.text) {
            return Err(format!("“{}” is no {}", value.text, help::mentioned(argument)));
        }
        Ok(Filled { value: value.text.clone(), is_person: values::is_person(argument) })
    });
    filled.collect()
}

fn read_with(
    row: &Row,
    line: &Line,
    words: &[Word],
    recipient: Option<mentions::Recipient>,
    tail: Option<(&str, Range<usize>)>,
    locale: Locale,
    ctx: Option<&Ctx>,
) -> Result<Arguments, Complaint> {
    let mut command = row.clap();
    command.build();
    bounded(words, locale)?;
    let mut options = words.iter().take_while(|word| !said::ends_options(word));
    if options.any(Word::asks_for_help) {
        return Ok(Arguments::HelpWanted);
    }
    let read_as_words = tail.as_ref().map_or(line.text().len(), |(_, span)| span.start);
    if let Some(error) = line.error().filter(|error| error.span.start < read_as_words) {
        return Err(Complaint { message: quote(error, locale), at: Some(error.span.clone()) });
    }
    let wrong = Wrong { row, line, locale };
    let mut said = arranged(row, &command, words, recipient, tail);
    wrong.conditions(&said)?;
    let mut defaulted = Vec::new();
    if let Some(ctx) = ctx {
        defaulted = add_defaults(&command, &mut said, ctx);
        mentions::fill(&command, &mut said, ctx).map_err(|key| wrong.at_the_end(key))?;
        resolve(&mut said, &wrong, ctx)?;
    }
    wrong.form(&command, &said)?;
    wrong.keys(&said)?;
    wrong.missing_among(&command, &said)?;
    let complain = |error: clap::Error| wrong.value(&error, &command, &said);
    let matches = command.clone().try_get_matches_from(said::plainly(&said)).map_err(complain)?;
    let dry_run = row.effect == Effect::Write && matches.get_flag(row::DRY_RUN);
    let prepared = row.parser().read(&matches).map_err(complain)?;
    Ok(Arguments::Given { prepared, defaulted, dry_run })
}

/// More, and longer ones, are looked at by nobody.
fn bounded(words: &[Word], locale: Locale) -> Result<(), Complaint> {
    let complaint = |key, limit: usize, word: &Word| {
        Err(Complaint { message: locale.say(key, &[("limit", &limit)]), at: Some(word.span.clone()) })
    };
    if let Some(word) = words.get(MAX_WORDS) {
        return complaint("arguments.words_many", MAX_WORDS, word);
    }
    match words.iter().find(|word| word.text.len() > MAX_WORD) {
        Some(word) => complaint("arguments.word_long", MAX_WORD, word),
        None => Ok(()),
    }
}

/// The words after a name, and of a row with a verbatim tail those beside it and the tail, with where it stands.
pub(super) fn parted<'l>(row: &Row, line: &'l Line, words: &'l [Word]) -> Parted<'l> {
    parted_but(row, line, words, 0, |_, _| false)
}

/// The same with `fewer` words before the tail than there are arguments; see [`said::before_tail`].
fn parted_but<'l>(
    row: &Row,
    line: &'l Line,
    words: &'l [Word],
    fewer: usize,
    is_missing: impl Fn(&clap::Arg, &Word) -> bool,
) -> Parted<'l> {
    match row.tail {
        Tail::Words | Tail::Conditions => (words.into(), None),
        Tail::Verbatim | Tail::Query => {
            let mut command = row.clap();
            command.build();
            let alone = command.get_positionals().count().saturating_sub(1 + fewer);
            let (before, tail) = words.split_at(said::before_tail(&command, words, alone, is_missing));
            let (query, at) = line.rest_after(tail_start(line, before, tail));
            if row.tail == Tail::Verbatim || tail.first().is_some_and(said::ends_options) {
                return (before.into(), Some((query, at)));
            }
            let (query, behind) = said::options_behind(&command, query, at.start);
            ([before, &behind].concat().into(), Some((query, at.start..at.start + query.len())))
        }
    }
}

/// Where those words stand that are neither options nor their values.
pub(super) fn alone(row: &Row, words: &[Word]) -> Vec<Range<usize>> {
    let command = row.clap();
    let said = said::said(&command, words);
    let alone = said.iter().filter(|said| said.option.is_none());
    alone.filter_map(Said::at).collect()
}

/// What was said, with the tail behind it.
fn arranged<'a>(
    row: &Row,
    command: &'a clap::Command,
    words: &'a [Word],
    recipient: Option<mentions::Recipient>,
    tail: Option<(&str, Range<usize>)>,
) -> Vec<Said<'a>> {
    let mut said = said::said(command, words);
    said::join_kind(command, row.is_kind, &mut said);
    if let Some(recipient) = recipient {
        recipient.put(&mut said);
    }
    if let Some((tail, span)) = tail.filter(|(tail, _)| !tail.is_empty()) {
        said.push(Said::positional(Value::literal(tail, span)));
        said::assign(command, &mut said);
    }
    said
}

/// Says what nobody typed and is a default of this place; tells names and values.
fn add_defaults<'a>(
    command: &'a clap::Command,
    said: &mut Vec<Said<'a>>,
    ctx: &'a Ctx,
) -> Vec<(String, String)> {
    let mut defaulted = Vec::new();
    for default in ctx.settings.defaults.iter().filter(|default| access::is_in(&ctx.place, &default.place)) {
        let (name, value) = (default.argument.text(), default.value.text());
        let argument = command.get_opts().find(|argument| help::name(argument) == name);
        let Some(argument) =
            argument.filter(|&argument| said.iter().all(|said| said.argument != Some(argument)))
        else {
            continue;
        };
        said.push(Said::default(argument, value));
        defaulted.push((name.to_owned(), value.to_owned()));
    }
    defaulted
}

/// What is wrong with a quote.
pub fn quote(error: &SplitError, locale: Locale) -> String {
    match error.kind {
        SplitErrorKind::QuoteInside => locale.say("arguments.quote_inside", &[]),
        SplitErrorKind::QuoteOpen => locale.say("arguments.quote_open", &[]),
    }
}

/// Puts what names and times of day stand for in their places.
fn resolve(said: &mut [Said<'_>], wrong: &Wrong<'_>, ctx: &Ctx) -> Result<(), Complaint> {
    for said in said {
        let (Some(argument), Some(value)) = (said.argument, &mut said.value) else { continue };
        let resolved = values::resolve(argument, &value.text, ctx);
        if let Some(text) = resolved.map_err(|error| wrong.invalid(&error, argument, value))? {
            value.text = text;
        }
    }
    Ok(())
}

/// Where what is taken as typed begins: behind what stands before it, and behind a `--` that ends the options.
fn tail_start(line: &Line, before: &[Word], tail: &[Word]) -> usize {
    match (tail.first(), before.last()) {
        (Some(word), _) if said::ends_options(word) => word.span.end,
        (_, Some(last)) => last.span.end,
        (Some(word), None) => word.span.start,
        // The name stands alone, or the tail could not be split: it begins where the words end.
        (None, None) => line.words().last().map_or(0, |word| word.span.end),
    }
}
