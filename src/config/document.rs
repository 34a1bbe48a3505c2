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
/// Keys of secrets, wherever they stand.
const SECRETS: [&str; 5] = ["token", "password", "secret", "kubeconfig", "proxy"];

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
    unusable: Vec<(Range<usize>, String)>,
}

/// A key, or the place of a value in an array, with the number of the key that it stands under.
struct Key<'t> {
    under: Option<usize>,
    name: Name<'t>,
}

enum Name<'t> {
    Key(Cow<'t, str>),
    Index(usize),
}

/// Finds lines and keys, after the values were taken out of a document.
pub(crate) struct Places<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    keys: Vec<Key<'t>>,
    /// Which key, by number, these bytes are of: by where they begin, each before those within it.
    spans: Vec<(Range<usize>, usize)>,
    /// Values that hold something from the environment or a file, which no error may repeat.
    replaced: Vec<Range<usize>>,
    /// What could not be replaced where that does not stop the start.
    unusable: Vec<Mistake>,
}

impl<'t> Document<'t> {
    /// Parses TOML.
    pub(super) fn parse(text: &'t str) -> Result<Self, Mistake> {
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().unwrap_or_default();
            // Nothing is known of keys yet; the one that comes twice is what stands there.
            let twice = text.get(at.clone()).filter(|_| error.message() == "duplicate key");
            let key = twice.map(|key| format!(" {key}")).unwrap_or_default();
            Places::new(text, Vec::new()).mistake(at, format!("{}{key}", one_line(error.message())))
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
        let mut wrong = Vec::new();
        let (replaced_values, unusable) = (&mut self.replaced, &mut self.unusable);
        for (name, value) in self.root.get_mut().iter_mut() {
            let is_apart = apart.contains(&name.get_ref().as_ref());
            let is_secret = is_apart || is_secret(name.get_ref());
            strings(value, &mut |span, text| {
                if text.contains("${") {
                    match replaced(text, &env, folder, is_secret) {
                        Ok(new) => {
                            *text = Cow::Owned(new);
                            replaced_values.push(span);
                        }
                        Err(problem) if is_apart => unusable.push((span, problem)),
                        Err(problem) => wrong.push((span, problem)),
                    }
                }
            });
        }
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
        Err(self.places().mistake(span, problem + &more))
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
        let mut places = Places::new(self.text, self.replaced.clone());
        places.collect(self.root.get_ref(), None);
        // In the order of the text. Where an array of one table covers the same bytes as the table, that comes later.
        places.spans.sort_by_key(|(span, _)| (span.start, Reverse(span.end)));
        let unusable = self.unusable.iter().map(|(at, problem)| places.mistake(at.clone(), problem.clone()));
        Places { unusable: unusable.collect(), ..places }
    }
}

impl<'t> Places<'t> {
    fn new(text: &'t str, replaced: Vec<Range<usize>>) -> Self {
        let lines = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(lines).collect();
        Self { text, lines, keys: Vec::new(), spans: Vec::new(), replaced, unusable: Vec::new() }
    }

    /// Notes each key's and value's bytes.
    fn collect(&mut self, table: &DeTable<'t>, under: Option<usize>) {
        for (name, value) in table {
            let key = self.note(Name::Key(name.get_ref().clone()), under);
            self.spans.push((name.span(), key));
            self.collect_value(value, key);
        }
    }

    fn collect_value(&mut self, value: &toml::Spanned<DeValue<'t>>, key: usize) {
        self.spans.push((value.span(), key));
        match value.get_ref() {
            DeValue::Table(table) => self.collect(table, Some(key)),
            DeValue::Array(values) => {
                for (index, value) in values.iter().enumerate() {
                    let element = self.note(Name::Index(index + 1), Some(key));
                    self.collect_value(value, element);
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, name: Name<'t>, under: Option<usize>) -> usize {
        self.keys.push(Key { under, name });
        self.keys.len() - 1
    }

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
        let key = self.key(&at).map(|key| self.path(key)).unwrap_or_default();
        let end = at.start.min(self.text.len());
        let line = self.lines.partition_point(|begin| *begin <= end);
        let begin = line.checked_sub(1).map_or(0, |index| self.lines[index]);
        let column = self.text[begin..end].chars().count() + 1;
        Mistake { line, column, key, problem }
    }

    /// The innermost key around these bytes.
    fn key(&self, at: &Range<usize>) -> Option<usize> {
        let before = self.spans.partition_point(|(span, _)| span.start <= at.start);
        let around = self.spans[..before].iter().rev().find(|(span, _)| at.end <= span.end);
        around.map(|(_, key)| *key)
    }

    /// A key with all that it stands under: `answer[2].name`.
    fn path(&self, key: usize) -> String {
        let Key { under, name } = &self.keys[key];
        match (under.map(|under| self.path(under)), name) {
            (None, Name::Key(name)) => name.to_string(),
            (Some(path), Name::Key(name)) => format!("{path}.{name}"),
            (path, Name::Index(index)) => format!("{}[{index}]", path.unwrap_or_default()),
        }
    }

    /// What could not be replaced in an entry of a section; counted from 0.
    pub(crate) fn unusable(&self, section: &str, index: usize) -> Option<&Mistake> {
        let entry = format!("{section}[{}].", index + 1);
        self.unusable.iter().find(|mistake| mistake.key.starts_with(&entry))
    }

    /// Whether the value at these bytes may be a secret.
    fn is_secret(&self, at: &Range<usize>) -> bool {
        let Some(mut key) = self.key(at) else { return false };
        if matches!(&self.keys[key].name, Name::Key(name) if SECRETS.contains(&name.as_ref())) {
            return true;
        }
        while let Some(under) = self.keys[key].under {
            key = under;
        }
        matches!(&self.keys[key].name, Name::Key(name) if is_secret(name))
    }

    /// Whether the value at these bytes came from the environment.
    pub(crate) fn is_replaced(&self, at: &Range<usize>) -> bool {
        self.replaced.iter().any(|span| span.start <= at.start && at.end <= span.end)
    }
}

/// Whether what stands under this key at the top may be a secret, whatever it was put there for: all that a robot has
/// is next to its token.
fn is_secret(key: &str) -> bool {
    key == "robots"
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

fn strings<'t>(
    value: &mut toml::Spanned<DeValue<'t>>,
    visit: &mut dyn FnMut(Range<usize>, &mut Cow<'t, str>),
) {
    let span = value.span();
    match value.get_mut() {
        DeValue::String(text) => visit(span, text),
        DeValue::Table(table) => table.iter_mut().for_each(|(_, value)| strings(value, visit)),
        DeValue::Array(values) => values.iter_mut().for_each(|value| strings(value, visit)),
        _ => {}
    }
}
