//! A TOML document in which every value keeps its key and line, also after `${…}` was replaced.

mod replace;

use std::{borrow::Cow, cell::RefCell, cmp::Reverse, fmt, ops::Range, path::Path};

use serde::{Deserialize, de::DeserializeOwned};
use toml::de::{DeTable, DeValue, Deserializer};

use self::replace::{not_set, replaced};
use super::Env;
use crate::text;

/// What stands for a value that was replaced.
const ELSEWHERE: &str = "something else from the environment or a file";

/// A mistake in a document: where, and what was expected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The key, `dingtalk.max_skew` or `answer[2].name`; empty where it is none's.
    pub key: String,
    /// What was expected, and what came.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, key, problem } = self;
        let colon = if key.is_empty() { "" } else { ": " };
        write!(f, "{line}:{column}: {key}{colon}{problem}")
    }
}

impl std::error::Error for Mistake {}

/// A text of the settings that still knows where it stands, for mistakes that only show when all is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    text: String,
    at: Mistake,
    /// What an error may not repeat, where it may not.
    hidden: Option<&'static str>,
}

impl Located {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line it stands in, counted from 1.
    pub fn line(&self) -> usize {
        self.at.line
    }

    /// Whether an error may not repeat it.
    pub fn is_hidden(&self) -> bool {
        self.hidden.is_some()
    }

    /// It does not fit: what was expected, and what came, unless that is or may be a secret.
    pub fn unexpected(&self, expected: &str) -> Mistake {
        let came = self.hidden.map_or_else(|| format!("{:?}", text::cut(&self.text, 40)), str::to_owned);
        self.mistake(format!("{expected}, came {came}"))
    }

    /// A mistake here. `problem` repeats no value.
    pub fn mistake(&self, problem: impl Into<String>) -> Mistake {
        Mistake { problem: problem.into(), ..self.at.clone() }
    }
}

/// A value that still knows where it stands. To a schema it is the value alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(crate) struct Spanned<T>(toml::Spanned<T>);

impl<T> Spanned<T> {
    /// A value with its bytes; none for what nobody wrote.
    pub(crate) fn new(at: Range<usize>, value: T) -> Self {
        Self(toml::Spanned::new(at, value))
    }

    /// Its bytes.
    pub(crate) fn span(&self) -> Range<usize> {
        self.0.span()
    }

    /// The value.
    pub(crate) fn get_ref(&self) -> &T {
        self.0.get_ref()
    }

    /// The value, without its place.
    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

/// A parsed document with its text.
pub(super) struct Document<'t> {
    text: &'t str,
    root: toml::Spanned<DeTable<'t>>,
    replaced: Vec<Range<usize>>,
    unusable: Vec<Mistake>,
}

/// Finds lines and keys, after the values were taken out of a document.
pub(crate) struct Places<'t> {
    text: &'t str,
    keys: Vec<(Range<usize>, String)>,
    /// Values that hold something from the environment or a file, which no error may repeat.
    replaced: Vec<Range<usize>>,
    /// What could not be replaced where that does not stop the start.
    unusable: Vec<Mistake>,
}

impl<'t> Document<'t> {
    /// Parses TOML.
    pub(super) fn parse(text: &'t str) -> Result<Self, Mistake> {
        let places = Places { text, keys: Vec::new(), replaced: Vec::new(), unusable: Vec::new() };
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().unwrap_or_default();
            // Nothing is known of keys yet; the one that comes twice is what stands there.
            let twice = text.get(at.clone()).filter(|_| error.message() == "duplicate key");
            let key = twice.map(|key| format!(" {key}")).unwrap_or_default();
            places.mistake(at, format!("{}{key}", one_line(error.message())))
        })?;
        Ok(Self { text, root, replaced: Vec::new(), unusable: Vec::new() })
    }

    /// Replaces `${NAME}` in every string by the environment's value, `${file:PATH}` by what that file holds, and `$${`
    /// by `${`. A path goes from `folder`, if there is one. Variables that are not set are named all at once, where the
    /// first one stands. In the sections called `apart` a mistake is kept for [`Places::unusable`] instead.
    pub(super) fn substitute(
        &mut self,
        env: Env<'_>,
        folder: Option<&Path>,
        apart: &[&str],
    ) -> Result<(), Mistake> {
        let missing = RefCell::new(Vec::new());
        let env = |name: &str| {
            let value = env(name);
            let mut missing = missing.borrow_mut();
            if value.is_none() && !missing.iter().any(|known| known == name) {
                missing.push(name.to_owned());
            }
            value
        };
        let places = self.places();
        let mut wrong = Vec::new();
        let (replaced_values, unusable) = (&mut self.replaced, &mut self.unusable);
        strings(self.root.get_mut(), &mut |span, text| {
            if text.contains("${") {
                match replaced(text, &env, folder, places.is_secret(&span)) {
                    Ok(new) => {
                        *text = Cow::Owned(new);
                        replaced_values.push(span);
                    }
                    Err(problem) if places.is_of(&span, apart) => {
                        unusable.push(places.mistake(span, problem))
                    }
                    Err(problem) => wrong.push((span, problem)),
                }
            }
        });
        // Tables are in the order of their keys.
        let Some((span, problem)) = wrong.into_iter().min_by_key(|(span, _)| span.start) else {
            return Ok(());
        };
        let (first, more): (Vec<_>, Vec<_>) =
            missing.into_inner().into_iter().partition(|name| not_set(name) == problem);
        let more = match more.as_slice() {
            more if !first.is_empty() && !more.is_empty() => format!(", nor {}", more.join(", ")),
            _ => String::new(),
        };
        Err(places.mistake(span, problem + &more))
    }

    /// A whole number at the top, before anything else is read.
    pub(super) fn integer(&self, key: &str) -> Option<Spanned<i64>> {
        let value = self.root.get_ref().get(key)?;
        let DeValue::Integer(integer) = value.get_ref() else { return None };
        let integer = i64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
        Some(Spanned::new(value.span(), integer))
    }

    /// Takes the document apart into `T`.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<(T, Places<'t>), Mistake> {
        let places = self.places();
        match T::deserialize(Deserializer::from(self.root)) {
            Ok(value) => Ok((value, places)),
            Err(error) => {
                let at = error.span().unwrap_or_default();
                // serde's sentence quotes the value.
                let problem = if places.is_replaced(&at) {
                    format!("expected another value, came {ELSEWHERE}")
                } else if error.span().is_none() || places.is_secret(&at) {
                    without_value(&one_line(error.message()))
                } else {
                    one_line(error.message())
                };
                Err(places.mistake(at, problem))
            }
        }
    }

    pub(super) fn places(&self) -> Places<'t> {
        let mut keys = Vec::new();
        collect(self.root.get_ref(), "", &mut keys);
        Places { text: self.text, keys, replaced: self.replaced.clone(), unusable: self.unusable.clone() }
    }
}

impl Places<'_> {
    /// A text with where it stands.
    pub(crate) fn locate(&self, text: &Spanned<String>) -> Located {
        let span = text.span();
        let hidden = match (self.is_replaced(&span), self.is_secret(&span)) {
            (true, _) => Some(ELSEWHERE),
            (false, true) if text.get_ref().is_empty() => Some("an empty text"),
            (false, true) => Some("something else"),
            (false, false) => None,
        };
        Located { text: text.get_ref().clone(), at: self.mistake(span, String::new()), hidden }
    }

    /// A value that does not fit: what was expected, and what came, unless that is or may be a secret.
    pub(crate) fn unexpected(&self, at: Range<usize>, expected: &str, came: &str) -> Mistake {
        self.locate(&Spanned::new(at, came.to_owned())).unexpected(expected)
    }

    /// A mistake at these bytes, with the innermost key around them. `problem` repeats no value.
    pub(crate) fn mistake(&self, at: Range<usize>, problem: String) -> Mistake {
        let key = self.key(&at).unwrap_or_default().to_owned();
        let before = &self.text[..at.start.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Mistake { line, column, key, problem }
    }

    /// The innermost key around these bytes.
    fn key(&self, at: &Range<usize>) -> Option<&str> {
        let around = self.keys.iter().filter(|(span, _)| span.start <= at.start && at.end <= span.end);
        // An array of one table covers the same bytes as the table: the longer path is the innermost.
        let key = around.min_by_key(|(span, key)| (span.len(), Reverse(key.len())));
        key.map(|(_, key)| key.as_str())
    }

    /// Whether the value at these bytes may be a secret, whatever it was put there for: all that a robot has is next
    /// to its token, and a system's secrets have such names.
    fn is_secret(&self, at: &Range<usize>) -> bool {
        let names = ["token", "password", "secret", "kubeconfig", "proxy"];
        let last = |key: &str| names.contains(&key.rsplit('.').next().unwrap_or_default());
        self.is_of(at, &["robots"]) || self.key(at).is_some_and(last)
    }

    /// Whether the value at these bytes is in one of these sections.
    fn is_of(&self, at: &Range<usize>, sections: &[&str]) -> bool {
        let section = self.key(at).and_then(|key| key.split(['.', '[']).next());
        section.is_some_and(|section| sections.contains(&section))
    }

    /// What could not be replaced in an entry of a section; counted from 0.
    pub(crate) fn unusable(&self, section: &str, index: usize) -> Option<&Mistake> {
        let entry = format!("{section}[{}]", index + 1);
        let is_of = |mistake: &&Mistake| {
            mistake.key.strip_prefix(&entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.unusable.iter().find(is_of)
    }

    /// Whether the value at these bytes came from the environment.
    pub(crate) fn is_replaced(&self, at: &Range<usize>) -> bool {
        self.replaced.iter().any(|span| span.start <= at.start && at.end <= span.end)
    }
}

fn one_line(message: &str) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    // In the words of TOML rather than of Rust, with what to do.
    let message = message.replace("expected i64", "expected an integer").replace(
        "invalid type: map, expected a sequence",
        "expected [[…]] with two brackets, came […] or {…}",
    );
    if message.starts_with("invalid unquoted key") {
        return format!("{message}; a name with other letters than A-Z and a-z needs quotes: \"张三\" = …");
    }
    message
}

/// serde's sentence without the value in it: `invalid type: string "…", expected a map`.
fn without_value(message: &str) -> String {
    if ["missing field", "unknown field", "duplicate field"].iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    match (message.split(['"', '`', ',']).next(), message.rsplit_once(", expected ")) {
        (Some(what), Some((_, expected))) => format!("{}, expected {expected}", what.trim_end()),
        _ => "expected another value".to_owned(),
    }
}

/// Each key's and value's bytes with the path to it.
fn collect(table: &DeTable<'_>, path: &str, keys: &mut Vec<(Range<usize>, String)>) {
    for (name, value) in table {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", name.get_ref());
        keys.push((name.span(), path.clone()));
        collect_value(value, &path, keys);
    }
}

fn collect_value(value: &toml::Spanned<DeValue<'_>>, path: &str, keys: &mut Vec<(Range<usize>, String)>) {
    keys.push((value.span(), path.to_owned()));
    match value.get_ref() {
        DeValue::Table(table) => collect(table, path, keys),
        DeValue::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                collect_value(value, &format!("{path}[{}]", index + 1), keys);
            }
        }
        _ => {}
    }
}

fn strings<'t>(table: &mut DeTable<'t>, visit: &mut dyn FnMut(Range<usize>, &mut Cow<'t, str>)) {
    for (_, value) in table.iter_mut() {
        strings_in(value, visit);
    }
}

fn strings_in<'t>(
    value: &mut toml::Spanned<DeValue<'t>>,
    visit: &mut dyn FnMut(Range<usize>, &mut Cow<'t, str>),
) {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) => visit(span, text),
        DeValue::Table(table) => strings(table, visit),
        DeValue::Array(values) => values.iter_mut().for_each(|value| strings_in(value, visit)),
        _ => {}
    }
}
