//! The line that says an invocation again.

use clap::Arg;
use serde_json::{Map, Value};

use super::{
    arguments, help,
    row::{Row, Tail},
    table::{self, Found, Table},
    values,
    words::{ENDS, Line},
};

/// A row with these canonical values as one line: read again, it gives the same values.
pub fn canonical_line(row: &Row, values: &Map<String, Value>, table: &Table) -> String {
    let command = row.clap();
    let word = word_of(row);
    let (mut texts, mut options) = (Vec::new(), Vec::new());
    for argument in command.get_arguments() {
        let value = values.get(&help::name(argument)).unwrap_or(&Value::Null);
        match argument.is_positional() {
            true => texts.extend(said(argument, value).into_iter().flatten()),
            false => {
                options.extend(said(argument, value).into_iter().map(|said| option(argument, said, word)))
            }
        }
    }
    let path = row.path.to_string();
    let line = |parts: [&[String]; 3]| {
        std::iter::once(&path).chain(parts.into_iter().flatten()).cloned().collect::<Vec<_>>().join(" ")
    };
    if row.tail.is_typed() {
        let others = command.get_positionals().count().saturating_sub(1);
        let tail = texts.split_off(others.min(texts.len()));
        let before: Vec<String> = texts.iter().map(|text| word(text)).chain(options).collect();
        let plain = line([&before, &tail, &[]]);
        let ends_so = |tail: &String| !arguments::options_behind(&command, tail, 0).1.is_empty();
        let is_option = |tail: &String| begins_as_option(tail) || (row.tail == Tail::Query && ends_so(tail));
        let is_said = !tail.iter().any(is_option) && is_read_as(row, &plain, table);
        return if is_said || tail.is_empty() { plain } else { line([&before, &["--".to_owned()], &tail]) };
    }
    let words: Vec<String> = texts.iter().map(|text| word(text)).collect();
    let plain = line([&words, &options, &[]]);
    match texts.first() {
        // Where the value could be part of a longer name, quotes make a value of it.
        Some(first) if !is_read_as(row, &plain, table) => line([&[quoted(first)], &words[1..], &options]),
        _ => plain,
    }
}

/// Whether what is taken as typed begins with what could be an option.
pub(super) fn begins_as_option(tail: &str) -> bool {
    let line = after_dash(tail);
    line.words().get(1).is_some_and(|word| word.text.starts_with('-') && !word.is_quotation())
}

/// Whether a line is found to be this row, with nothing but its path taken for its name.
fn is_read_as(row: &Row, line: &str, table: &Table) -> bool {
    match table.read(line) {
        Found::Row { row: found, alias: None, line, words } => {
            found.path == row.path && words.len() + row.path.iter().count() == line.words().len()
        }
        _ => false,
    }
}

/// A value as it is said, as often as it is; without a text where the argument has none.
fn said(argument: &Arg, value: &Value) -> Vec<Option<String>> {
    match value {
        Value::Null | Value::Bool(false) => Vec::new(),
        Value::Bool(true) if !argument.get_action().takes_values() => vec![None],
        Value::Bool(true) => vec![Some("true".to_owned())],
        Value::Number(number) => vec![Some(number.to_string())],
        Value::String(text) => vec![Some(values::retyped(argument, text))],
        Value::Array(values) => values.iter().flat_map(|value| said(argument, value)).collect(),
        Value::Object(pairs) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            pairs.iter().map(|(key, value)| Some(format!("{key}={}", text(value)))).collect()
        }
    }
}

fn option(argument: &Arg, value: Option<String>, word: fn(&str) -> String) -> String {
    let name = help::mentioned(argument);
    match value {
        None => name,
        Some(value) if value.starts_with('-') => {
            let plain = format!("{name}={value}");
            if is_one_word(&after_dash(&plain), &plain) {
                plain
            } else {
                format!("{name}={}", quoted(&value))
            }
        }
        Some(value) => format!("{name} {}", word(&value)),
    }
}

/// A text as one word: quoted where it would be read as something else, behind the key where it has one.
pub(super) fn word(text: &str) -> String {
    if !text.starts_with('-') && is_one_word(&after_dash(text), text) {
        return text.to_owned();
    }
    let is_key = |key: &str| {
        let of_a_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        !key.is_empty() && !key.starts_with('-') && key.chars().all(of_a_key)
    };
    match text.split_once('=').filter(|(key, _)| is_key(key)) {
        Some((key, value)) => format!("{key}={}", quoted(value)),
        None => quoted(text),
    }
}

/// How a text is one word of a row.
pub(super) fn word_of(row: &Row) -> fn(&str) -> String {
    if row.tail == Tail::Conditions { condition } else { word }
}

/// The same for a row of conditions, where a value in quotes keeps them: the whole is quoted.
fn condition(text: &str) -> String {
    let is_said = !text.starts_with('-') && is_one_word(&after_dash(text).keeping_quotes(), text);
    if is_said { text.to_owned() } else { quoted(text) }
}

/// A text as it would be read behind other words.
fn after_dash(text: &str) -> Line {
    Line::split(&format!("- {text}"))
}

/// Whether a text, typed as it is, is one word that says it.
fn is_one_word(typed: &Line, text: &str) -> bool {
    match typed.words() {
        [_, word] => {
            typed.error().is_none()
                && word.text == text
                && !word.is_quotation()
                && !table::separates(word)
                && !text.ends_with(ENDS)
        }
        _ => false,
    }
}

/// A text in quotes, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
