//! Conditions on labels as they are typed, `severity=~"warning|critical"`, and what a silence is for.

use std::{fmt, ops::Range};

use serde::{Serialize, Serializer};

use super::client::Matcher;
use crate::{
    dispatch::{arguments::InvalidValue, table, values::Duration},
    text,
};

/// Letters of a value.
const MAX: usize = 300;

/// What stands between conditions and around them where Alertmanager writes several: `{a="b", c="d"}`.
const SEPARATORS: [char; 2] = [',', '，'];
const BRACES: [[char; 2]; 2] = [['{', '｛'], ['}', '｝']];
/// What begins a value in quotes: phones type curly ones.
const QUOTES: [char; 4] = ['"', '“', '”', '＂'];
/// The label that has the name of an alert.
const NAME: &str = "alertname";

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
    parts(typed).into_iter().map(|at| condition(typed, at)).collect::<Result<_, _>>().map(Conditions)
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
        Err(error) if typed.contains(['=', '＝', '~']) => Err(error),
        // It is the last word that says for how long.
        Err(_) if Duration::parse(typed).is_some() => Err(InvalidValue::new("alertmanager.behind_duration")),
        Err(_) => Err(InvalidValue::new("alertmanager.target")),
    }
}

/// Where in a word conditions stand: between commas that others follow, in braces or not.
fn parts(typed: &str) -> Vec<Range<usize>> {
    let opens = |c: char| BRACES[0].contains(&c) || c.is_whitespace();
    let mut begin = typed.len() - typed.trim_start_matches(opens).len();
    let mut end = typed.trim_end_matches(SEPARATORS).len();
    let count = |braces: [char; 2]| typed[begin.min(end)..end].matches(braces).count();
    // The one that ends all: what is in quotes does not count, and an expression has as many of both.
    if let Some(before) = typed[..end].strip_suffix(BRACES[1]) {
        let is_opened = begin > 0 && end == typed.len();
        if is_opened || before.ends_with(QUOTES) || count(BRACES[1]) > count(BRACES[0]) {
            end = before.len();
        }
    }
    let mut parts = Vec::new();
    let value = |begin: usize| operator(&typed[begin.min(end)..end]).map(|(.., value)| begin + value);
    let (mut quote, mut value_at) = (None, value(begin));
    let first = begin;
    let mut letters = typed[..end].char_indices().skip_while(|(at, _)| *at < first);
    while let Some((at, c)) = letters.next() {
        let behind = at + c.len_utf8();
        match quote {
            Some(_) if c == '\\' => drop(letters.next()),
            Some(open) if closes(open, c) => quote = None,
            Some(_) => {}
            None if value_at == Some(at) && QUOTES.contains(&c) => quote = Some(c),
            None if SEPARATORS.contains(&c) && operator(typed[behind..end].trim_start()).is_some() => {
                parts.push(begin..at);
                begin = end - typed[behind..end].trim_start().len();
                value_at = value(begin);
            }
            None => {}
        }
    }
    parts.push(begin.min(end)..end);
    parts.retain(|part| !typed[part.clone()].trim().is_empty());
    parts
}

/// The operator behind the name that a condition begins with, and where its value begins.
fn operator(condition: &str) -> Option<(usize, &'static str, usize)> {
    let end = condition.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(condition.len());
    let rest = &condition[end..];
    // Phones type them in full width.
    let folded: String = rest.chars().take(2).map(|c| table::folded(&c.to_string())).collect();
    let operators = [("!=", 2), ("=~", 2), ("!~", 2), ("=", 1)];
    let (operator, length) = operators.into_iter().find(|(operator, _)| folded.starts_with(operator))?;
    let begin = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
    Some((end, operator, end + begin))
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
    let (name, value) = (&part[..end], unquoted(&part[begin..]));
    if !is_name(name) {
        return Err(error().at(at.start..at.start + end));
    }
    if value.chars().count() > MAX || value.contains(|c| c != '\n' && text::is_control(c)) {
        return Err(error().at(at.start + begin..at.end));
    }
    Ok(Matcher {
        name: name.to_owned(),
        value,
        is_regex: operator.ends_with('~'),
        is_equal: !operator.starts_with('!'),
    })
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

/// Whether this ends what that quote began: a straight one is ended by its like alone.
fn closes(open: char, c: char) -> bool {
    if open == '"' { c == open } else { QUOTES.contains(&c) }
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

/// A value without the quotes around it, and without what they make necessary.
fn unquoted(value: &str) -> String {
    let mut letters = value.chars();
    let (open, close) = (letters.next(), letters.next_back());
    let is_quoted =
        open.zip(close).is_some_and(|(open, close)| QUOTES.contains(&open) && closes(open, close));
    if !is_quoted {
        return value.to_owned();
    }
    let mut plain = String::with_capacity(value.len());
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('n') => plain.push('\n'),
                Some(letter @ ('"' | '\\')) => plain.push(letter),
                other => plain.extend(['\\'].into_iter().chain(other)),
            },
            (letter, false) => plain.push(letter),
        }
    }
    plain
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
        // Without quotes `a="~b"` would be another condition, and `a="b,c=d"` two.
        let is_apart = |c: char| c == '\n' || SEPARATORS.contains(&c) || BRACES.as_flattened().contains(&c);
        let plain = !value.is_empty()
            && !value.starts_with(['~', '～'])
            && !value.starts_with(QUOTES)
            && !value.contains(is_apart);
        match plain {
            true => write!(f, "{name}{}{value}", self.operator()),
            false => write!(f, "{name}{}{}", self.operator(), quoted(value)),
        }
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(typed: &str) -> String {
        let conditions = conditions(typed).unwrap();
        let filters: Vec<String> = conditions.matchers().iter().map(Matcher::filter).collect();
        format!("{conditions} {}", filters.join(","))
    }

    #[test]
    fn conditions_as_they_are_typed() {
        assert_eq!(shown("severity=critical"), r#"severity=critical severity="critical""#);
        assert_eq!(shown("severity!=\"info\""), r#"severity!=info severity!="info""#);
        assert_eq!(shown(r#"job=~"a\\.b|c""#), r#"job=~a\.b|c job=~"a\\.b|c""#);
        assert_eq!(shown("job!~web.*"), r#"job!~web.* job!~"web.*""#);
        assert_eq!(shown("severity！＝info"), r#"severity!=info severity!="info""#);
        assert_eq!(shown("pod="), r#"pod="" pod="""#);
        assert_eq!(shown(r#"a="~b""#), r#"a="~b" a="~b""#);
        assert_eq!(shown(r#"a="x\",b=\"y""#), r#"a="x\",b=\"y" a="x\",b=\"y""#);
        assert_eq!(shown("a=“x”"), r#"a=x a="x""#);
        assert_eq!(shown("HostDown"), r#"alertname=HostDown alertname="HostDown""#);
        assert_eq!(shown("磁盘满"), r#"alertname=磁盘满 alertname="磁盘满""#);
        for wrong in ["=a", "a-b=c", "a b=c", "1a=b", "中=b", "a=b\u{7}", "a~b", "2h", "a b", "a!"] {
            assert!(conditions(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn several_as_alertmanager_writes_them() {
        for (typed, canonical) in [
            (r#"{alertname="HostDown", severity="critical"}"#, "alertname=HostDown,severity=critical"),
            (r#"alertname="HostDown",severity=~"a|b""#, "alertname=HostDown,severity=~a|b"),
            ("{alertname=HostDown,severity!=info}", "alertname=HostDown,severity!=info"),
            ("｛a=“b，c=d”，e！=f｝", r#"a="b，c=d",e!=f"#),
            (r#"{alertname="HostDown","#, "alertname=HostDown"),
            ("severity=critical}", "severity=critical"),
            ("pod=~web-[0-9]{2,3}", r#"pod=~"web-[0-9]{2,3}""#),
            ("{pod=~web{2}}", r#"pod=~"web{2}""#),
            (r#"a="}""#, r#"a="}""#),
            (r#"a=x",b="y"#, r#"a=x",b="\"y""#),
            ("{}", ""),
            ("{", ""),
            (",", ""),
        ] {
            assert_eq!(conditions(typed).unwrap().to_string(), canonical, "{typed}");
        }
    }

    #[test]
    fn what_a_silence_is_for() {
        assert!(
            matches!(target("C2B8C7D5E6F70812"), Ok(Target::Fingerprint(it)) if it == "c2b8c7d5e6f70812")
        );
        assert!(matches!(target("a=b"), Ok(Target::Conditions(_))));
        assert!(target("c2b8c7d5e6f7081").is_err() && target("c2b8c7d5e6f70812a").is_err());
        assert!(id("8D4162B1-5741-4acf-a408-2be23d7038b4").is_ok());
        for wrong in ["", "..", "8d4162b1-5741-4acf-a408-2be23d7038b", "8d4162b1/5741-4acf-a408-2be23d7038b4"]
        {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_fits_a_label_that_is_not_there() {
        let fits = |typed| conditions(typed).unwrap().matchers()[0].fits_nothing();
        for typed in ["a=", "a!=b", "a=~.*", "a=~|b", "a=~b?", "a!~b.+", "a=~\"\"", "a=~中?\\d*"] {
            assert!(fits(typed), "{typed}");
        }
        for typed in ["a=b", "a!=", "a=~.+", "a=~b|c", "a!~.*", "a=~(", "a=~中", "a=~\\d+"] {
            assert!(!fits(typed), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn a_condition_is_read_again_as_the_same(
            value in r#"([^\pC\p{Zl}\p{Zp}]|[{},，"=~＝“” ]|,b=){0,12}"#, is_regex: bool, is_equal: bool
        ) {
            let matcher = Matcher { name: "a_1".into(), value, is_regex, is_equal };
            let conditions = |typed: String| conditions(&typed).unwrap().0;
            prop_assert_eq!(conditions(matcher.to_string()), [matcher.clone()]);
            prop_assert_eq!(conditions(matcher.filter()), [matcher.clone()]);
            let both = format!("{{{matcher}, {}}}", matcher.filter());
            prop_assert_eq!(conditions(both), [matcher.clone(), matcher]);
        }
    }
}
