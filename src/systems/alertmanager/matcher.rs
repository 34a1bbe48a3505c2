//! Conditions on labels as they are typed, `severity=~"warning|critical"`, and what a silence is for.

mod canonical;

use std::{collections::BTreeSet, fmt, ops::Range};

use serde::{Serialize, Serializer};

pub(super) use self::canonical::{MATCHER, TARGET};
use super::client::{Labels, Matcher};
use crate::{
    dispatch::{
        arguments::InvalidValue,
        values::Duration,
        words::{
            CLOSING, ENDS, LIKE_SEPARATORS, Meaning, OPENING, SEPARATORS, closes, escaped, is_quote, meaning,
            operator,
        },
    },
    text,
};

/// Letters of a value.
const MAX: usize = 300;

/// The label that has the name of an alert.
pub(super) const NAME: &str = "alertname";

/// What joins conditions in a sentence. As the name of an alert it would make a condition that nothing fits.
const JOINING: [&str; 15] =
    ["and", "or", "for", "&", "&&", "|", "||", "和", "与", "及", "或", "且", "以及", "或者", "并且"];

/// The conditions on labels that one word says; one each where it is resolved. Their canonical form has no quotes but
/// where they are needed to tell a condition from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Conditions(Vec<Matcher>);

/// What a silence is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// One alert, by its fingerprint.
    Fingerprint(String),
    /// Whatever fits.
    Conditions(Conditions),
}

/// Whether a text can be the name of a label.
pub(super) fn is_name(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(inside)
}

/// The value parser of conditions: `name=value`, `name!=value`, `name=~regex` or `name!~regex`, several of them as
/// Alertmanager writes them, or the name of an alert alone.
///
/// # Errors
/// For anything else.
pub(super) fn conditions(typed: &str) -> Result<Conditions, InvalidValue> {
    if typed.is_empty() {
        return Err(InvalidValue::new("arguments.empty"));
    }
    if is_joining(typed) {
        return Err(InvalidValue::new("alertmanager.joining"));
    }
    // Between conditions as they are copied from Alertmanager's page.
    if typed == "+" {
        return Ok(Conditions(Vec::new()));
    }
    let conditions = parts(typed)?.into_iter().map(|at| condition(typed, at));
    conditions.collect::<Result<_, _>>().map(Conditions)
}

/// The value parser of what a silence is for: a fingerprint, conditions, or the name of an alert.
///
/// # Errors
/// For anything else.
pub(super) fn target(typed: &str) -> Result<Target, InvalidValue> {
    let is_fingerprint = typed.len() == 16 && typed.chars().all(|c| c.is_ascii_hexdigit());
    if is_fingerprint {
        return Ok(Target::Fingerprint(typed.to_ascii_lowercase()));
    }
    match conditions(typed) {
        Ok(conditions) => Ok(Target::Conditions(conditions)),
        Err(error) if is_joining(typed) || typed.contains(['=', '＝', '~']) => Err(error),
        // It is the last word that says for how long.
        Err(_) if Duration::parse(typed).is_some() => Err(InvalidValue::new("alertmanager.behind_duration")),
        Err(_) => Err(InvalidValue::new("alertmanager.target")),
    }
}

/// Where in a word conditions stand: between commas that others follow, in braces or not.
fn parts(typed: &str) -> Result<Vec<Range<usize>>, InvalidValue> {
    let opens = |c: char| OPENING.contains(&c) || c.is_whitespace();
    let first = typed.len() - typed.trim_start_matches(opens).len();
    let is_opened = typed[..first].contains(OPENING);
    if typed[..first].matches(OPENING).count() > 1 {
        return Err(InvalidValue::new("alertmanager.braces").at(0..first));
    }
    let trimmed = |text: &str| text.trim_end_matches(is_between).len();
    let last = trimmed(typed).max(first);
    let (mut begin, mut end) = (first, last);
    let value = |begin: usize| operator(&typed[begin..last]).map(|(.., value)| begin + value);
    let (mut parts, mut value_at, mut quote, mut depth) = (Vec::new(), value(begin), None, 0_usize);
    let mut is_closed = false;
    let mut letters = typed[..last].char_indices().skip_while(|(at, _)| *at < first).peekable();
    while let Some((at, c)) = letters.next() {
        let behind = at + c.len_utf8();
        match quote {
            Some(open) if c == '\\' && meaning(open) == Some(Meaning::DoubleQuote) => drop(letters.next()),
            Some(open) if closes(open, c) => quote = None,
            Some(_) => {}
            None if value_at == Some(at) && is_quote(c) => quote = Some(c),
            // Of an expression, as `\{` is.
            None if c == '\\' => {
                let _escaped = letters.next_if(|(_, c)| [OPENING, CLOSING].as_flattened().contains(c));
            }
            None if OPENING.contains(&c) => depth += 1,
            None if CLOSING.contains(&c) && depth > 0 => depth -= 1,
            None if CLOSING.contains(&c) && behind == last => {
                (is_closed, end) = (true, trimmed(&typed[..at]))
            }
            None if CLOSING.contains(&c) => {
                return Err(InvalidValue::new("alertmanager.braces").at(at..behind));
            }
            None if SEPARATORS.contains(&c) && operator(typed[behind..last].trim_start()).is_some() => {
                parts.push(begin..at);
                begin = last - typed[behind..last].trim_start().len();
                value_at = value(begin);
            }
            None => {}
        }
    }
    // Whether the last brace of `{a=~b{2}` ends the value, or all.
    if is_opened && !is_closed && typed.ends_with(CLOSING) {
        return Err(InvalidValue::new("alertmanager.quotes").at(begin..last));
    }
    parts.push(begin.min(end)..end);
    parts.retain(|part| !typed[part.clone()].trim().is_empty());
    Ok(parts)
}

/// Whether this stands between conditions.
fn is_between(c: char) -> bool {
    SEPARATORS.contains(&c) || c.is_whitespace()
}

fn condition(typed: &str, at: Range<usize>) -> Result<Matcher, InvalidValue> {
    let error = || InvalidValue::new("alertmanager.matcher").with("max", MAX);
    let part = &typed[at.clone()];
    let Some((end, operator, begin)) = operator(part) else {
        let name_end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(part.len());
        return match is_alert(part) {
            true => Ok(Matcher::equal(NAME, part)),
            false => Err(error().at(at.start + name_end..at.end)),
        };
    };
    let name = &part[..end];
    if !is_name(name) {
        return Err(error().at(at.start..at.start + end));
    }
    let value_at = at.start + begin..at.end;
    let value =
        value(&part[begin..]).ok_or_else(|| InvalidValue::new("alertmanager.quotes").at(value_at.clone()))?;
    if value.chars().count() > MAX || value.contains(|c| c != '\n' && text::is_control(c)) {
        return Err(error().at(value_at));
    }
    Ok(Matcher {
        name: name.to_owned(),
        value,
        is_regex: operator.ends_with('~'),
        is_equal: !operator.starts_with('!'),
    })
}

fn is_joining(word: &str) -> bool {
    JOINING.iter().any(|joining| word.eq_ignore_ascii_case(joining))
}

/// Where these ask one label for several values, which no alert has: the condition that any of them fits.
pub(super) fn either(matchers: &[Matcher]) -> Option<Matcher> {
    let asks = |matcher: &&Matcher| matcher.is_equal && !matcher.is_regex;
    let values = |name: &str| -> BTreeSet<&str> {
        let same = matchers.iter().filter(asks).filter(|matcher| matcher.name == name);
        same.map(|matcher| matcher.value.as_str()).collect()
    };
    let all = matchers.iter().map(|matcher| (&matcher.name, values(&matcher.name)));
    let (name, values) = { all }.find(|(_, values)| values.len() > 1)?;
    let literal = |value: &str| -> String {
        let is_sign = |c: char| r"\.+*?()|[]{}^$".contains(c);
        value.chars().flat_map(|c| is_sign(c).then_some('\\').into_iter().chain([c])).collect()
    };
    let value = values.into_iter().map(literal).collect::<Vec<_>>().join("|");
    Some(Matcher { name: name.clone(), value, is_regex: true, is_equal: true })
}

/// Whether a word alone can be the name of an alert.
fn is_alert(word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
    // A digit more or less makes no name of a fingerprint.
    let is_number = word.len() > 8 && word.chars().all(|c| c.is_ascii_hexdigit());
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && word.chars().all(inside)
        && word.chars().count() <= MAX
        && !is_number
}

/// The value parser of a silence's id.
///
/// # Errors
/// For what is no UUID.
pub(super) fn id(typed: &str) -> Result<String, InvalidValue> {
    let letters = typed.char_indices().all(|(at, c)| match at {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    });
    match letters && typed.len() == 36 {
        true => Ok(typed.to_ascii_lowercase()),
        false => Err(InvalidValue::new("alertmanager.id")),
    }
}

/// A value without the quotes around it, and without what they make necessary. None where it is not sure what is meant:
/// it has more than one in quotes, or without them what could be another condition.
fn value(typed: &str) -> Option<String> {
    let mut letters = typed.chars();
    let Some(open) = letters.next().filter(|c| is_quote(*c)) else {
        return Some(typed.to_owned()).filter(|typed| !is_unclear(typed));
    };
    let mut plain = String::with_capacity(typed.len());
    loop {
        match letters.next()? {
            '\\' if meaning(open) == Some(Meaning::DoubleQuote) => match letters.next()? {
                'n' => plain.push('\n'),
                letter if letter == '\\' || closes(open, letter) => plain.push(letter),
                letter => plain.extend(['\\', letter]),
            },
            letter if closes(open, letter) => break,
            letter => plain.push(letter),
        }
    }
    Some(plain).filter(|_| letters.as_str().trim().is_empty())
}

/// Whether what stands without quotes could be more than one value: there is a double quote in it, or what stands between
/// conditions or is taken for that, or a brace, but for the bounds of `a{2,3}`.
fn is_unclear(value: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let is_bound = |at: usize| {
        let begins = value[..at].trim_end_matches(is_digit).ends_with('{');
        begins
            && value[at..].starts_with(',')
            && value[at + 1..].trim_start_matches(is_digit).starts_with('}')
    };
    value.char_indices().any(|(at, c)| match c {
        _ if LIKE_SEPARATORS.contains(&c) => true,
        _ if OPENING.contains(&c) => {
            !value[..at].ends_with('\\') && !value[at + c.len_utf8()..].starts_with(is_digit)
        }
        _ if is_between(c) => !is_bound(at),
        _ => meaning(c) == Some(Meaning::DoubleQuote),
    })
}

impl Conditions {
    /// As they are sent.
    pub(super) fn matchers(&self) -> &[Matcher] {
        &self.0
    }

    /// Each for itself.
    pub(super) fn apart(self) -> impl Iterator<Item = Self> {
        self.0.into_iter().map(Self::from)
    }
}

impl Target {
    /// Each condition for itself.
    pub(super) fn apart(self) -> Vec<Self> {
        match self {
            Self::Fingerprint(_) => vec![self],
            Self::Conditions(conditions) => conditions.apart().map(Self::Conditions).collect(),
        }
    }
}

impl From<Matcher> for Conditions {
    fn from(matcher: Matcher) -> Self {
        Self(vec![matcher])
    }
}

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(Matcher::to_string).collect();
        f.write_str(&all.join(","))
    }
}

impl Serialize for Conditions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => f.write_str(fingerprint),
            Self::Conditions(conditions) => conditions.fmt(f),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Matcher {
    /// That a label has this value.
    pub(super) fn equal(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), is_regex: false, is_equal: true }
    }

    fn operator(&self) -> &'static str {
        match (self.is_equal, self.is_regex) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        }
    }

    /// As Alertmanager reads it in an address: always in quotes, out of which nothing gets.
    pub(super) fn filter(&self) -> String {
        format!("{}{}{}", self.name, self.operator(), quoted(&self.value))
    }

    /// Whether it may fit these labels: Alertmanager alone knows it of an expression.
    pub(super) fn may_fit(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.name).map(String::as_str).unwrap_or_default();
        self.is_regex || (value == self.value) == self.is_equal
    }

    /// Whether it fits a label that is not there. Of an expression that is not understood nothing is known: Alertmanager
    /// has the last word.
    pub(super) fn fits_nothing(&self) -> bool {
        let fits = match self.is_regex {
            false => self.value.is_empty(),
            true => regex_syntax::ParserBuilder::new()
                .unicode(false)
                .utf8(false)
                .build()
                .parse(&self.value)
                .is_ok_and(|expression| expression.properties().minimum_len() == Some(0)),
        };
        fits == self.is_equal
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, .. } = self;
        // Without quotes `a="~b"` would be another condition, `a="b,c=d"` two, and `a="b。c"` what phones make of it.
        let is_plain = |c| matches!(c, '/' | '\'') || meaning(c).is_none();
        let is_apart = |c: char| [SEPARATORS, OPENING, CLOSING].as_flattened().contains(&c);
        let plain = !value.is_empty()
            && !value.starts_with(['~', '～', '\''])
            && !value.ends_with(ENDS)
            && value.chars().all(|c| is_plain(c) && !is_apart(c))
            && !is_unclear(value);
        match plain {
            true => write!(f, "{name}{}{value}", self.operator()),
            false => write!(f, "{name}{}{}", self.operator(), quoted(value)),
        }
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", escaped(value).replace('\n', "\\n"))
}

#[cfg(test)]
mod tests;
