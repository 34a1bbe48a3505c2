//! The rules that would allow a command, and what each lacks: for whoever is refused.

use super::{
    Person, Place, Rule, RuleName,
    condition::{Condition, Key},
};
use crate::{dispatch::invocation::Invocation, locale::Locale};

/// As many rules as whoever is refused is told of.
const MOST: usize = 3;

/// A rule that does not allow a command, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Which.
    pub rule: RuleName,
    who: Option<Vec<String>>,
    places: Option<Vec<String>>,
    when: Vec<When>,
}

/// What does not fit of the arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
enum When {
    /// This one was not given.
    Missing(Asked),
    /// This one has another value.
    Other(Asked),
    /// Keys that the rule does not name.
    Unnamed { argument: String, keys: Vec<String> },
}

/// An argument as it is typed, with what the rule asks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    argument: String,
    written: Vec<String>,
    is_range: bool,
}

/// A condition that does not hold.
pub(super) struct Broken<'r> {
    pub(super) condition: &'r Condition,
    /// Whether the argument has a value at all.
    pub(super) is_given: bool,
    /// Keys that are used though the rule does not name them.
    pub(super) unnamed: Vec<String>,
}

impl Rule {
    /// What it lacks.
    pub(super) fn near(&self, invocation: &Invocation, who: &Person, place: &Place) -> Near {
        let names = || self.who.iter().map(|who| who.name.clone()).collect();
        let places = || self.places.iter().map(|place| place.name.clone()).collect();
        Near {
            rule: self.name,
            who: (!self.is_for(who)).then(names),
            places: (!self.is_here(place)).then(places),
            when: self.broken(invocation).map(When::from).collect(),
        }
    }
}

impl From<Broken<'_>> for When {
    fn from(Broken { condition, is_given, unnamed }: Broken<'_>) -> Self {
        let argument = match (&condition.key, unnamed.is_empty()) {
            (None, _) | (_, false) => condition.said.clone(),
            (Some(Key::Named(key)), true) => format!("{} {key}=…", condition.said),
            (Some(Key::Rest), true) => format!("{} *=…", condition.said),
        };
        if !unnamed.is_empty() {
            return Self::Unnamed { argument, keys: unnamed };
        }
        let (written, is_range) = (condition.written.clone(), condition.takes_ranges());
        let asked = Asked { argument, written, is_range };
        if is_given { Self::Other(asked) } else { Self::Missing(asked) }
    }
}

/// Those that lack least, each thing that is lacking once.
pub(super) fn nearest(rules: impl Iterator<Item = Near>) -> Vec<Near> {
    let mut nearest: Vec<Near> = Vec::new();
    for near in rules {
        if nearest.iter().all(|other| Near { rule: near.rule, ..other.clone() } != near) {
            nearest.push(near);
            nearest.sort_by_key(Near::lacks);
            nearest.truncate(MOST);
        }
    }
    nearest
}

/// What would have to be different, where it is one thing: one sentence for each rule.
pub(super) fn sentences(rules: &[Near], locale: Locale) -> Vec<String> {
    let ways: Vec<String> =
        rules.iter().filter(|near| near.lacks() == 1).map(|near| near.lacking(locale)).collect();
    let last = ways.len().saturating_sub(1);
    let way = |(index, way): (usize, &String)| match index {
        0 if last == 0 => locale.say("access.only", &[("way", way)]),
        0 => locale.say("access.either", &[("way", way)]),
        _ if index < last => locale.say("access.or", &[("way", way)]),
        _ => locale.say("access.or_last", &[("way", way)]),
    };
    match ways.is_empty() {
        true => vec![locale.say("access.rule", &[])],
        false => ways.iter().enumerate().map(way).collect(),
    }
}

impl Near {
    /// How many of who, where and with which arguments do not fit.
    fn lacks(&self) -> usize {
        [self.who.is_some(), self.places.is_some(), !self.when.is_empty()]
            .iter()
            .filter(|lacks| **lacks)
            .count()
    }

    /// All that does not fit.
    pub fn lacking(&self, locale: Locale) -> String {
        let list = |names: &[String]| names.join(&locale.say("usage.separator", &[]));
        let who = self.who.as_ref().map(|who| locale.say("access.who", &[("who", &list(who))]));
        let places =
            self.places.as_ref().map(|places| locale.say("access.place", &[("places", &list(places))]));
        let when = self.when.iter().map(|when| when.sentence(locale));
        let all: Vec<String> = who.into_iter().chain(places).chain(when).collect();
        all.join(&locale.say("access.and", &[]))
    }
}

impl When {
    fn sentence(&self, locale: Locale) -> String {
        let (key, argument, values) = match self {
            Self::Missing(asked) => ("access.missing", &asked.argument, asked.values(locale)),
            Self::Other(asked) => ("access.when", &asked.argument, asked.values(locale)),
            Self::Unnamed { argument, keys } => {
                let keys = keys.join(&locale.say("usage.separator", &[]));
                ("access.when", argument, locale.say("access.not", &[("values", &keys)]))
            }
        };
        locale.say(key, &[("argument", argument), ("values", &values)])
    }
}

impl Asked {
    /// What it may be, in words.
    fn values(&self, locale: Locale) -> String {
        let list = |texts: Vec<String>| texts.join(&locale.say("usage.separator", &[]));
        let (not, plain): (Vec<&str>, Vec<&str>) =
            self.written.iter().map(String::as_str).partition(|entry| entry.starts_with('!'));
        let in_words = |entries: &[&str]| {
            list(entries.iter().map(|entry| self.in_words(entry.trim_start_matches('!'), locale)).collect())
        };
        let plain = match plain.as_slice() {
            [] => None,
            entries if entries.contains(&"*") => Some(locale.say("access.any", &[])),
            [one] if self.is_range && (one.starts_with("..") || one.ends_with("..")) => {
                Some(self.in_words(one, locale))
            }
            entries => Some(locale.say("access.be", &[("values", &in_words(entries))])),
        };
        let not = (!not.is_empty()).then(|| locale.say("access.not", &[("values", &in_words(&not))]));
        plain.into_iter().chain(not).collect::<Vec<_>>().join(&locale.say("access.but", &[]))
    }

    /// An entry: `1..10` as 1 to 10.
    fn in_words(&self, entry: &str, locale: Locale) -> String {
        match entry.split_once("..").filter(|_| self.is_range) {
            None => entry.to_owned(),
            Some(("", to)) => locale.say("access.most", &[("to", &to)]),
            Some((from, "")) => locale.say("access.least", &[("from", &from)]),
            Some((from, to)) => locale.say("access.range", &[("from", &from), ("to", &to)]),
        }
    }
}
