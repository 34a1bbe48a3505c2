//! Which word of a line belongs to which argument.
//!
//! An option's value stands behind `=`, or is the next word; a short option's may follow it directly. What stands in
//! quotes is a value, whatever it begins with, and so is a negative number. `--` ends the options.

use std::{collections::VecDeque, ops::Range};

use clap::{Arg, ArgAction, Command};

use crate::dispatch::{
    help,
    words::{self, Line, Word},
};

/// One argument as it was said.
pub(super) struct Said<'a> {
    /// Which; none for what the command does not have.
    pub(super) argument: Option<&'a Arg>,
    /// The option as typed, `--on` or `-n`, and where; none for what stands by itself.
    pub(super) option: Option<(String, Range<usize>)>,
    /// Its value.
    pub(super) value: Option<Value<'a>>,
}

/// A value as it was said.
pub(super) struct Value<'a> {
    /// What it says.
    pub(super) text: String,
    /// It is meant as it stands: quoted, or a tail taken as typed.
    pub(super) is_literal: bool,
    /// It is a word, and not the end of one that begins with its option.
    pub(super) follows: bool,
    place: Place<'a>,
}

enum Place<'a> {
    /// In a word, from this byte of its text on.
    Word(&'a Word, usize),
    /// These bytes of the line.
    Line(Range<usize>),
}

impl<'a> Said<'a> {
    /// What stands by itself.
    pub(super) fn positional(value: Value<'a>) -> Self {
        Self { argument: None, option: None, value: Some(value) }
    }

    /// What nobody said: the value of an option, which stands nowhere.
    pub(super) fn default(argument: &'a Arg, value: &str) -> Self {
        let option = Some((help::mentioned(argument), 0..0));
        Self { argument: Some(argument), option, value: Some(Value::literal(value, 0..0)) }
    }

    /// Where it begins and ends in the line.
    pub(super) fn at(&self) -> Option<Range<usize>> {
        let option = self.option.as_ref().map(|(_, at)| at.clone());
        option.or_else(|| self.value.as_ref().map(|value| value.at(None)))
    }
}

impl<'a> Value<'a> {
    /// Taken as it stands in these bytes of the line.
    pub(super) fn literal(text: &str, at: Range<usize>) -> Self {
        Self { text: text.to_owned(), is_literal: true, follows: false, place: Place::Line(at) }
    }

    fn of(word: &'a Word, from: usize) -> Self {
        let text = word.text.get(from..).unwrap_or_default().to_owned();
        Self { text, is_literal: word.quoted, follows: from == 0, place: Place::Word(word, from) }
    }

    /// Where it stands in the line, or these bytes of it.
    pub(super) fn at(&self, part: Option<Range<usize>>) -> Range<usize> {
        match (&self.place, part) {
            (Place::Line(at), _) => at.clone(),
            (Place::Word(word, 0), None) => word.span.clone(),
            (Place::Word(word, from), part) => {
                let part = part.unwrap_or(0..word.text.len() - from);
                word.part(from + part.start..from + part.end)
            }
        }
    }
}

/// Whether a word ends the options.
pub(in crate::dispatch) fn ends_options(word: &Word) -> bool {
    !word.quoted && word.text == "--"
}

/// What was said, in its order.
pub(super) fn said<'a>(command: &'a Command, words: &'a [Word]) -> Vec<Said<'a>> {
    let mut said = Vec::new();
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        if ends_options(word) {
            said.extend(after.iter().map(|word| Said::positional(Value::of(word, 0))));
            break;
        }
        let taken = if is_option(word) { take_option(command, rest, &mut said) } else { 0 };
        if taken == 0 {
            said.push(Said::positional(Value::of(word, 0)));
        }
        rest = &rest[taken.max(1)..];
    }
    assign(command, &mut said);
    said
}

/// How many words stand before the last argument of a command, which is taken as typed: options, and this many that
/// stand by themselves. `is_missing` tells of an option that the word behind it is not its value.
pub(super) fn before_tail(
    command: &Command,
    words: &[Word],
    mut alone: usize,
    is_missing: impl Fn(&Arg, &Word) -> bool,
) -> usize {
    let mut count = 0;
    while let Some(word) = words.get(count).filter(|word| !ends_options(word)) {
        if !is_option(word) {
            let Some(left) = alone.checked_sub(1) else { break };
            (alone, count) = (left, count + 1);
            continue;
        }
        let mut said = Vec::new();
        let taken = take_option(command, &words[count..], &mut said);
        let is_known = said.iter().all(|said| said.argument.is_some());
        let behind = words.get(count + 1).filter(|_| taken > 1);
        let option = said.last().and_then(|said| said.argument);
        let is_missing = option.zip(behind).is_some_and(|(option, word)| is_missing(option, word));
        match (is_known, word.asks_for_help()) {
            (true, _) if is_missing => count += 1,
            (true, _) => count += taken,
            (false, true) => count += 1,
            (false, false) => break,
        }
    }
    count
}

/// Makes one value of a kind and the name behind it: `deployment web` is `deployment/web`.
pub(super) fn join_kind<'a>(command: &'a Command, is_kind: fn(&str) -> bool, said: &mut Vec<Said<'a>>) {
    let mut alone = said.iter().enumerate().filter(|(_, said)| said.option.is_none());
    let (Some((first, kind)), Some((second, name))) = (alone.next(), alone.next()) else { return };
    let (Some(kind), Some(name)) = (&kind.value, &name.value) else { return };
    if !kind.is_literal && is_kind(&kind.text) {
        let text = format!("{}/{}", kind.text, name.text);
        let joined = Value::literal(&text, kind.at(None).start..name.at(None).end);
        said[first].value = Some(joined);
        said.remove(second);
        assign(command, said);
    }
}

/// Gives each value that stands by itself to the argument whose turn it is. One that takes many leaves one to each that
/// follows it. None that is said by its name.
pub(super) fn assign<'a>(command: &'a Command, said: &mut [Said<'a>]) {
    let is_named =
        |argument: &&Arg| said.iter().any(|said| said.option.is_some() && said.argument == Some(argument));
    let mut positionals: VecDeque<&Arg> =
        command.get_positionals().filter(|argument| !is_named(argument)).collect();
    let mut left = said.iter().filter(|said| said.option.is_none()).count();
    for said in said.iter_mut().filter(|said| said.option.is_none()) {
        said.argument = positionals.front().copied();
        left -= 1;
        if said.argument.is_none_or(|argument| !takes_many(argument)) || left < positionals.len() {
            positionals.pop_front();
        }
    }
}

/// A query, and the words behind it that are options of its command, with their values. Where its quotes end is not
/// known, so they are looked for from the end.
pub(in crate::dispatch) fn options_behind<'q>(
    command: &Command,
    query: &'q str,
    at: usize,
) -> (&'q str, Vec<Word>) {
    let blanks = query.char_indices().filter(|(_, c)| words::meaning(*c) == Some(words::Meaning::Blank));
    for (end, _) in blanks.skip_while(|(at, _)| query[..*at].trim().is_empty()) {
        // As if it stood where it stands in the line.
        let behind = Line::split(&format!("{}{}", " ".repeat(at + end), &query[end..]));
        let options = said_as_options(command, behind.words());
        if behind.error().is_none() && behind.words().first().is_some_and(is_option) && options {
            return (query[..end].trim_end(), behind.words().to_vec());
        }
    }
    (query, Vec::new())
}

/// Whether words are known options and nothing else, each with its value.
fn said_as_options(command: &Command, words: &[Word]) -> bool {
    said(command, words).iter().all(|said| {
        let takes_value = |argument: &Arg| argument.get_action().takes_values() == said.value.is_some();
        said.option.is_some() && said.argument.is_some_and(takes_value)
    })
}

/// Whether an argument may be given several times.
pub(super) fn takes_many(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Append | ArgAction::Count)
}

/// Whether this is a value of an argument that stands by itself, by its name or not.
fn is_positional(said: &Said<'_>) -> bool {
    said.option.is_none() || said.argument.is_some_and(Arg::is_positional)
}

/// What was said as clap reads it without a doubt. Nothing in it is unknown.
pub(super) fn plainly(said: &[Said<'_>]) -> Vec<String> {
    let text = |said: &Said<'_>| said.value.as_ref().map(|value| value.text.clone());
    let option = |said: &Said<'_>| {
        let name = said.argument.map(help::mentioned)?;
        Some(text(said).map_or_else(|| name.clone(), |value| format!("{name}={value}")))
    };
    let (mut positionals, options): (Vec<&Said<'_>>, Vec<&Said<'_>>) =
        said.iter().partition(|said| is_positional(said));
    positionals.sort_by_key(|said| said.argument.and_then(Arg::get_index));
    let positionals = positionals.into_iter().filter_map(text);
    options.into_iter().filter_map(option).chain(["--".to_owned()]).chain(positionals).collect()
}

/// Whether a word is an option, or several short ones.
pub(in crate::dispatch) fn is_option(word: &Word) -> bool {
    let name = word.text.strip_prefix('-').filter(|_| !word.is_quotation());
    name.is_some_and(|name| !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()))
        && !ends_options(word)
}

/// Takes the option, or the short options, that the first word is, and says how many words that were.
fn take_option<'a>(command: &'a Command, words: &'a [Word], said: &mut Vec<Said<'a>>) -> usize {
    let Some((word, after)) = words.split_first() else { return 0 };
    let next = after.first().filter(|word| !is_option(word) && !ends_options(word));
    let mut push = |argument: Option<&'a Arg>, name: String, from: Option<usize>| {
        let takes_next = from.is_none() && argument.is_some_and(|it| it.get_action().takes_values());
        let following = next.filter(|_| takes_next).map(|word| Value::of(word, 0));
        let follows = following.is_some();
        let value = from.map(|from| Value::of(word, from)).or(following);
        said.push(Said { argument, option: Some((name, word.span.clone())), value });
        if follows { 2 } else { 1 }
    };
    if let Some(long) = word.text.strip_prefix("--") {
        let (name, from) = match long.find('=') {
            Some(at) => (&long[..at], Some("--=".len() + at)),
            None => (long, None),
        };
        let argument = command.get_arguments().find(|argument| {
            argument.get_long() == Some(name)
                || argument.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
        });
        return push(argument, format!("--{name}"), from);
    }
    let mut taken = 1;
    for (at, short) in word.text.char_indices().skip(1) {
        let argument = command.get_arguments().find(|argument| argument.get_short() == Some(short));
        let after = at + short.len_utf8();
        let rest = &word.text[after..];
        let takes_rest = argument.is_some_and(|argument| argument.get_action().takes_values());
        let from = match rest.strip_prefix('=') {
            Some(_) => Some(after + 1),
            None => Some(after).filter(|_| takes_rest && !rest.is_empty()),
        };
        // `-days` is more likely `--days` than several options of which the first is unknown.
        let is_whole = argument.is_none() && taken == 1 && at == 1;
        let whole = word.text.split('=').next().filter(|_| is_whole).map(str::to_owned);
        taken = push(argument, whole.unwrap_or_else(|| format!("-{short}")), from);
        if takes_rest || from.is_some() || argument.is_none() {
            break;
        }
    }
    taken
}
