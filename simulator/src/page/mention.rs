//! Mentions in a text, by the rules that decide who is mentioned.

use std::ops::Range;

/// How those who are mentioned are written in a message, and the nick that is shown: `@0147000002` is `@爱丽丝`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Nicks {
    written: Vec<(String, String)>,
    by: By,
}

/// Robots write ids; people pick names from a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum By {
    #[default]
    Robot,
    Person,
}

impl Nicks {
    pub(crate) fn new(by: By, written: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { written: written.into_iter().collect(), by }
    }

    /// The first `@…` in a text that stands for somebody, from this byte on: where it is, and the nick.
    pub(crate) fn find(&self, text: &str, from: usize) -> Option<(Range<usize>, &str)> {
        if self.written.is_empty() {
            return None;
        }
        text.get(from..)?.match_indices('@').find_map(|(at, _)| {
            let at = from + at;
            // An address, not a mention.
            let is_glued = text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            if self.by == By::Person && is_glued {
                return None;
            }
            let after = &text[at + 1..];
            let fits = self.written.iter().filter(|(written, _)| {
                after.strip_prefix(written.as_str()).is_some_and(|next| !self.goes_on(written, next))
            });
            let (written, nick) = fits.max_by_key(|(written, _)| written.len())?;
            Some((at..at + 1 + written.len(), nick.as_str()))
        })
    }

    /// Whether `next` makes another id or name of this one: `@01470000021` is not `@0147000002`, nor `@Bobby` Bob. A
    /// name ends where another script begins.
    fn goes_on(&self, written: &str, next: &str) -> bool {
        let next = match self.by {
            By::Robot => next,
            By::Person => next.trim_start_matches(['.', '-']),
        };
        let is_ascii = written.ends_with(|c: char| c.is_ascii());
        next.starts_with(|c: char| c == '_' || c.is_alphanumeric() && c.is_ascii() == is_ascii)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{callback::mentions, organisation::Organisation};

    #[test]
    fn an_id_ends_where_no_longer_one_begins() {
        let nicks = Nicks::new(By::Robot, [("0147000002".into(), "爱丽丝".into())]);
        for (text, expected) in [
            ("@0147000002", Some(0..11)),
            ("见@0147000002好", Some(3..14)),
            ("a@0147000002.", Some(1..12)),
            ("@01470000021", None),
            ("@0147000002a", None),
            ("@0147000002_", None),
            ("@01470000021 @0147000002", Some(13..24)),
        ] {
            assert_eq!(nicks.find(text, 0).map(|(range, _)| range), expected, "{text}");
        }
    }

    #[test]
    fn a_name_is_shown_as_mentioned_where_it_is() {
        let organisation = Organisation::default();
        let person = organisation.person("bob").expect("Bob");
        let written = [&person.nick, &person.name].map(|name| (name.clone(), person.nick.clone()));
        let nicks = Nicks::new(By::Person, written);
        for text in
            ["@Bob", "@bob 好", "@bob好", "@Bobby", "@bob.x", "@bob_", "a@bob", "见@Bob。", "@bob2 @bob"]
        {
            let is_mentioned = mentions(text, &organisation).1.people == ["bob"];
            assert_eq!(nicks.find(text, 0).is_some(), is_mentioned, "{text}");
        }
    }
}
