//! `when`: what a rule asks of an argument, judged on its canonical value.

use serde_json::Value;

use crate::dispatch::{
    row::Canonical,
    values::{self, Caseless, Duration, Kind},
};

/// What a rule asks of one argument.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Condition {
    /// The argument.
    pub(super) argument: String,
    /// Which of its keys, for KEY=VALUE.
    pub(super) key: Option<Key>,
    /// The argument as it is typed: `--duration`.
    pub(super) said: String,
    /// As it is written, for whoever is refused.
    pub(super) written: Vec<String>,
    fits: Vec<Pattern>,
    breaks: Vec<Pattern>,
}

/// Which keys of a KEY=VALUE argument a condition is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    /// This one.
    Named(String),
    /// All that no other condition of the rule names.
    Rest,
}

/// What one entry of a condition fits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Pattern {
    Text(String),
    Caseless(String),
    Number(Option<i64>, Option<i64>),
    Duration(Option<Duration>, Option<Duration>),
}

/// What is wrong with an entry, and which.
pub(super) struct Wrong {
    pub(super) index: usize,
    pub(super) expected: &'static str,
}

impl Condition {
    /// Reads the entries for an argument of this kind. A name such as `param.ENV` is parted at its first dot.
    pub(super) fn new(name: &str, entries: &[&str], kind: Kind) -> Result<Self, Wrong> {
        let (argument, key) = match name.split_once('.') {
            None => (name, None),
            Some((argument, "*")) => (argument, Some(Key::Rest)),
            Some((argument, key)) => (argument, Some(Key::Named(key.to_owned()))),
        };
        let written = entries.iter().map(|entry| (*entry).to_owned()).collect();
        let mut condition = Self {
            argument: argument.to_owned(),
            key,
            said: argument.to_owned(),
            written,
            fits: Vec::new(),
            breaks: Vec::new(),
        };
        for (index, entry) in entries.iter().enumerate() {
            let (list, text) = match entry.strip_prefix('!') {
                Some(text) => (&mut condition.breaks, text),
                None => (&mut condition.fits, *entry),
            };
            list.push(Pattern::new(text, kind).map_err(|expected| Wrong { index, expected })?);
        }
        for list in [&mut condition.fits, &mut condition.breaks] {
            list.sort();
            list.dedup();
        }
        Ok(condition)
    }

    /// The condition without the words it was written in: two that ask the same are equal.
    pub(super) fn bare(&self) -> Self {
        Self { said: String::new(), written: Vec::new(), ..self.clone() }
    }

    /// Whether its entries may be ranges.
    pub(super) fn takes_ranges(&self) -> bool {
        let is_range = |pattern: &Pattern| !matches!(pattern, Pattern::Text(_) | Pattern::Caseless(_));
        self.fits.iter().chain(&self.breaks).any(is_range)
    }

    /// Whether it holds whatever is said. Of what was not given, a deny rule does not know that it does not fit; an allow rule
    /// knows it only of the rest of keys, of which there may be none.
    pub(super) fn is_constant(&self, denies: bool) -> bool {
        let is_all = self.breaks.is_empty() && self.fits.iter().any(Pattern::fits_all);
        is_all && (denies || self.key == Some(Key::Rest))
    }

    /// Whether one plain value fits: some plain entry (or there is none) and no `!` entry.
    pub(super) fn admits(&self, value: &Value) -> bool {
        let fits = |pattern: &Pattern| pattern.fits(value);
        (self.fits.is_empty() || self.fits.iter().any(fits)) && !self.breaks.iter().any(fits)
    }
}

impl Pattern {
    fn new(text: &str, kind: Kind) -> Result<Self, &'static str> {
        match kind {
            Kind::Number => {
                let expected = "expected a number such as 3, or a range of numbers such as \"1..10\"";
                range(text, |text| text.parse().ok()).map(|(from, to)| Self::Number(from, to)).ok_or(expected)
            }
            Kind::Duration => {
                let expected = "expected a duration such as \"2h\", or a range of durations such as \"..4h\"";
                range(text, Duration::parse).map(|(from, to)| Self::Duration(from, to)).ok_or(expected)
            }
            Kind::Flag if !matches!(text, "true" | "false" | "*") => Err("expected true or false"),
            Kind::Flag | Kind::Text | Kind::KeyValue => Ok(Self::Text(plain(text))),
            Kind::Caseless => Ok(Self::Caseless(plain(&text.to_lowercase()))),
        }
    }

    fn fits_all(&self) -> bool {
        match self {
            Self::Text(glob) | Self::Caseless(glob) => glob == "*",
            Self::Number(from, to) => from.is_none() && to.is_none(),
            Self::Duration(from, to) => from.is_none() && to.is_none(),
        }
    }

    fn fits(&self, value: &Value) -> bool {
        match self {
            Self::Text(glob) => match value {
                Value::String(text) => matches(glob, text),
                other => matches(glob, &other.to_string()),
            },
            Self::Caseless(glob) => value.as_str().is_some_and(|text| matches(glob, &Caseless::fold(text))),
            Self::Number(from, to) => value.as_i64().is_some_and(|number| between(*from, *to, number)),
            Self::Duration(from, to) => {
                let duration = value.as_str().and_then(Duration::parse);
                duration.is_some_and(|duration| between(*from, *to, duration))
            }
        }
    }
}

/// A glob as it is written shortest: `**` is `*`.
fn plain(glob: &str) -> String {
    let mut plain = String::with_capacity(glob.len());
    for c in glob.chars() {
        if c != '*' || !plain.ends_with('*') {
            plain.push(c);
        }
    }
    plain
}

/// Whether some value of an argument fits an entry.
///
/// # Errors
/// What was expected, when none does: an entry that fits nothing forbids or allows less than is meant.
pub(super) fn can_fit(entry: &str, kind: Kind, argument: &clap::Arg) -> Result<(), String> {
    let text = entry.strip_prefix('!').unwrap_or(entry);
    match kind {
        Kind::Flag | Kind::KeyValue => Ok(()),
        Kind::Number | Kind::Duration => {
            let Some([min, max]) = values::ends(argument) else { return Ok(()) };
            let overlap = match (Pattern::new(text, kind), Pattern::new(&format!("{min}..{max}"), kind)) {
                (Ok(Pattern::Number(from, to)), Ok(Pattern::Number(min, max))) => {
                    overlap((from, to), (min, max))
                }
                (Ok(Pattern::Duration(from, to)), Ok(Pattern::Duration(min, max))) => {
                    overlap((from, to), (min, max))
                }
                _ => true,
            };
            if overlap { Ok(()) } else { Err(format!("expected something within {min}..{max}")) }
        }
        Kind::Text | Kind::Caseless => {
            let choices = argument.get_possible_values();
            let names: Vec<&str> = choices.iter().map(clap::builder::PossibleValue::get_name).collect();
            match names.is_empty() {
                true if text.contains('*') || values::takes(argument, text) => Ok(()),
                true => Err("expected a value that the argument takes".to_owned()),
                false if names.iter().any(|name| matches(text, name)) => Ok(()),
                false => Err(format!("expected one of {}", names.join(", "))),
            }
        }
    }
}

/// How an entry would have to be spelt to match anything, where it is spelt otherwise: rules judge what will be executed.
pub(super) fn misspelt(entry: &str, canonical: Canonical) -> Option<String> {
    let text = entry.strip_prefix('!').unwrap_or(entry);
    match text.split_once('*') {
        None => canonical(text).filter(|form| form != text),
        // Of a glob only what stands before the first star can be told.
        Some((begins, _)) if !begins.is_empty() => {
            let form = canonical(&format!("{begins}x"))?;
            (!form.starts_with(begins)).then(|| format!("{}*", form.strip_suffix('x').unwrap_or(&form)))
        }
        Some(_) => None,
    }
}

/// Whether two ranges have something in common.
fn overlap<T: PartialOrd>(one: (Option<T>, Option<T>), other: (Option<T>, Option<T>)) -> bool {
    let before = |to: &Option<T>, from: &Option<T>| matches!((to, from), (Some(to), Some(from)) if to < from);
    !before(&one.1, &other.0) && !before(&other.1, &one.0)
}

fn between<T: PartialOrd>(from: Option<T>, to: Option<T>, value: T) -> bool {
    from.is_none_or(|from| from <= value) && to.is_none_or(|to| value <= to)
}

/// `5`, `1..10`, `1..`, `..10`, `*`: both ends belong to it.
fn range<T: PartialOrd + Clone>(
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<(Option<T>, Option<T>)> {
    if text == "*" {
        return Some((None, None));
    }
    let Some((from, to)) = text.split_once("..") else {
        let value = parse(text)?;
        return Some((Some(value.clone()), Some(value)));
    };
    let end = |text: &str| match text.trim() {
        "" => Some(None),
        text => parse(text).map(Some),
    };
    let (from, to) = (end(from)?, end(to)?);
    let empty = matches!((&from, &to), (Some(from), Some(to)) if from > to);
    (!empty && (from.is_some() || to.is_some())).then_some((from, to))
}

/// Whether a text fits a glob, in which `*` is any text, `/` too.
pub(crate) fn matches(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// The same by trying everything, for short texts.
    fn slowly(glob: &[char], text: &[char]) -> bool {
        match (glob, text) {
            (['*', rest @ ..], _) => (0..=text.len()).any(|at| slowly(rest, &text[at..])),
            ([one, glob @ ..], [other, text @ ..]) => one == other && slowly(glob, text),
            ([], []) => true,
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_glob_fits_what_it_says(glob in "[ab/*]{0,6}", text in "[ab/]{0,7}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&glob, &text), slowly(&chars(&glob), &chars(&text)));
        }

        #[test]
        fn a_range_holds_its_ends(from in -50_i64..50, width in 0_i64..50, value in -120_i64..120) {
            let condition = Condition::new("n", &[&format!("{from}..{}", from + width)], Kind::Number);
            let admits = condition.ok().map(|condition| condition.admits(&json!(value)));
            prop_assert_eq!(admits, Some((from..=from + width).contains(&value)));
        }
    }

    #[test]
    fn an_entry_that_could_never_match_is_told() {
        let form: Canonical = |typed| match typed.split_once('/') {
            Some(("deployment", name)) => Some(format!("deploy/{name}")),
            Some(_) => Some(typed.to_owned()),
            None => Some(format!("deploy/{typed}")),
        };
        for (entry, expected) in [
            ("web", Some("deploy/web")),
            ("!deployment/web", Some("deploy/web")),
            ("web*", Some("deploy/web*")),
            ("deployment/*", Some("deploy/*")),
            ("deploy/web", None),
            ("deploy/w*", None),
            ("sts/*", None),
            ("*/web", None),
            ("*", None),
        ] {
            assert_eq!(misspelt(entry, form).as_deref(), expected, "{entry}");
        }
    }

    #[test]
    fn entries_for_and_against() {
        let admits = |entries: &[&str], kind, value: Value| {
            Condition::new("a", entries, kind).ok().map(|condition| condition.admits(&value))
        };
        for (entries, kind, value, expected) in [
            (&["dev-*", "staging"][..], Kind::Text, json!("dev-1"), Some(true)),
            (&["dev-*", "staging"], Kind::Text, json!("prod"), Some(false)),
            (&["!prod"], Kind::Text, json!("prod"), Some(false)),
            (&["!prod"], Kind::Text, json!("dev"), Some(true)),
            (&["*", "!kube-*"], Kind::Text, json!("kube-system"), Some(false)),
            (&["..4h"], Kind::Duration, json!("4h"), Some(true)),
            (&["..4h"], Kind::Duration, json!("241m"), Some(false)),
            (&["1h..2h", "1d.."], Kind::Duration, json!("26h"), Some(true)),
            (&["3"], Kind::Number, json!(3), Some(true)),
            (&["3"], Kind::Number, json!("3"), Some(false)),
            (&["true"], Kind::Flag, json!(true), Some(true)),
            (&["10..1"], Kind::Number, json!(3), None),
            (&[".."], Kind::Number, json!(3), None),
            (&["a..b"], Kind::Number, json!(3), None),
            (&["1..10"], Kind::Text, json!("1..10"), Some(true)),
            (&["Team/*"], Kind::Caseless, json!("team/WEB"), Some(true)),
            (&["!prod-*"], Kind::Caseless, json!("PROD-web"), Some(false)),
            (&["!prod-service"], Kind::Caseless, json!("prod-\u{17f}erv\u{131}ce"), Some(false)),
            (&["!wiki"], Kind::Caseless, json!("w\u{130}\u{212a}i"), Some(false)),
            (&["yes"], Kind::Flag, json!(true), None),
        ] {
            assert_eq!(admits(entries, kind, value.clone()), expected, "{entries:?} {value}");
        }
    }
}
