//! Conditions on labels as they are typed, `severity=~"warning|critical"`, and what a silence is for.

use std::fmt;

use serde::{Serialize, Serializer};

use super::client::Matcher;
use crate::{
    dispatch::{arguments::InvalidValue, table},
    text,
};

/// Letters of a value.
const MAX: usize = 300;

/// A condition on a label. Its canonical form has no quotes but where they are needed to tell it from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition(Matcher);

/// What a silence is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// One alert, by its fingerprint.
    Fingerprint(String),
    /// Whatever fits.
    Condition(Condition),
}

/// Whether a text can be the name of a label.
pub(super) fn is_name(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(inside)
}

/// The value parser of a condition: `name=value`, `name!=value`, `name=~regex` or `name!~regex`.
///
/// # Errors
/// For anything else.
pub(super) fn condition(typed: &str) -> Result<Condition, InvalidValue> {
    let error = || InvalidValue::new("alertmanager.matcher").with("max", MAX);
    let end = typed.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(typed.len());
    let (name, rest) = typed.split_at(end);
    // Phones type them in full width.
    let folded: String = rest.chars().take(2).map(|c| table::folded(&c.to_string())).collect();
    let (operator, length) = [("!=", 2), ("=~", 2), ("!~", 2), ("=", 1)]
        .into_iter()
        .find(|(operator, _)| folded.starts_with(operator))
        .ok_or_else(|| error().at(end..typed.len()))?;
    let begin = rest.char_indices().nth(length).map_or(rest.len(), |(at, _)| at);
    let value = unquoted(&rest[begin..]);
    if !is_name(name) {
        return Err(error().at(0..end));
    }
    if value.chars().count() > MAX || value.contains(|c| c != '\n' && text::is_control(c)) {
        return Err(error().at(end + begin..typed.len()));
    }
    Ok(Condition(Matcher {
        name: name.to_owned(),
        value,
        is_regex: operator.ends_with('~'),
        is_equal: !operator.starts_with('!'),
    }))
}

/// The value parser of what a silence is for: a fingerprint or a condition.
///
/// # Errors
/// For anything else.
pub(super) fn target(typed: &str) -> Result<Target, InvalidValue> {
    let is_fingerprint = typed.len() == 16 && typed.chars().all(|c| c.is_ascii_hexdigit());
    if is_fingerprint {
        return Ok(Target::Fingerprint(typed.to_ascii_lowercase()));
    }
    match condition(typed) {
        Ok(condition) => Ok(Target::Condition(condition)),
        Err(error) if typed.contains(['=', '＝', '~']) => Err(error),
        Err(_) => Err(InvalidValue::new("alertmanager.target")),
    }
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
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    let Some(quoted) = quoted else { return value.to_owned() };
    let mut plain = String::with_capacity(quoted.len());
    let mut letters = quoted.chars();
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

impl Condition {
    /// As it is sent.
    pub(super) fn matcher(&self) -> &Matcher {
        &self.0
    }
}

impl From<Matcher> for Condition {
    fn from(matcher: Matcher) -> Self {
        Self(matcher)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(fingerprint) => f.write_str(fingerprint),
            Self::Condition(condition) => condition.fmt(f),
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
            true => regex_syntax::parse(&self.value)
                .is_ok_and(|expression| expression.properties().minimum_len() == Some(0)),
        };
        fits == self.is_equal
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, .. } = self;
        // Without quotes `a="~b"` would be another condition.
        let plain = !value.is_empty() && !value.starts_with(['~', '"', '～']) && !value.contains('\n');
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
        let condition = condition(typed).unwrap();
        format!("{condition} {}", condition.0.filter())
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
        assert_eq!(shown(r#"a=x",b="y"#), r#"a=x",b="y a="x\",b=\"y""#);
        for wrong in ["", "critical", "=a", "a-b=c", "a b=c", "1a=b", "中=b", "a=b\u{7}", "a~b"] {
            assert!(condition(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_silence_is_for() {
        assert!(
            matches!(target("C2B8C7D5E6F70812"), Ok(Target::Fingerprint(it)) if it == "c2b8c7d5e6f70812")
        );
        assert!(matches!(target("a=b"), Ok(Target::Condition(_))));
        assert!(target("c2b8c7d5e6f7081").is_err() && target("c2b8c7d5e6f7081g").is_err());
        assert!(id("8D4162B1-5741-4acf-a408-2be23d7038b4").is_ok());
        for wrong in ["", "..", "8d4162b1-5741-4acf-a408-2be23d7038b", "8d4162b1/5741-4acf-a408-2be23d7038b4"]
        {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_fits_a_label_that_is_not_there() {
        let fits = |typed| condition(typed).unwrap().0.fits_nothing();
        for typed in ["a=", "a!=b", "a=~.*", "a=~|b", "a=~b?", "a!~b.+", "a=~\"\""] {
            assert!(fits(typed), "{typed}");
        }
        for typed in ["a=b", "a!=", "a=~.+", "a=~b|c", "a!~.*", "a=~("] {
            assert!(!fits(typed), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn a_condition_is_read_again_as_the_same(
            value in "[^\\pC]{0,20}", is_regex: bool, is_equal: bool
        ) {
            let matcher = Matcher { name: "a_1".into(), value, is_regex, is_equal };
            prop_assert_eq!(condition(&matcher.to_string()).unwrap().0, matcher.clone());
            prop_assert_eq!(condition(&matcher.filter()).unwrap().0, matcher);
        }
    }
}
