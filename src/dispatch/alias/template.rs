//! A command with placeholders, split into words once. What is filled in is never split again, so it stays one word, or
//! part of one.

use std::ops::{Range, RangeInclusive};

use crate::dispatch::words::{Word, escaped};

/// Characters that stand for a word nobody typed yet. They are for private use, so that nobody ever does.
pub(super) const UNKNOWN: RangeInclusive<char> = '\u{F0000}'..='\u{FFFFD}';

/// What a template is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it is written.
    Text(String),
    /// `{1}` is 0, `{2}` is 1.
    Slot(usize),
    /// The same in double quotes, out of which nothing gets.
    Quoted(usize),
    /// The same beside what is written, where nothing but a name can be.
    Name(usize),
    /// `{*}`.
    Rest,
}

/// A numbered placeholder, and its default if it has one.
pub(super) type Numbered = (usize, Option<String>);

/// The command, without its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    /// Its words, each with the pieces it is made of.
    pub(super) words: Vec<(Word, Vec<Piece>)>,
    /// What is taken as it is written, of a command whose tail is.
    pub(super) tail: Option<Vec<Piece>>,
}

/// What is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) text: String,
    /// Where it was typed, if it was.
    pub(super) at: Option<Range<usize>>,
}

/// What cannot be filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It would become an option.
    Dash(Given),
    /// It has a sign in it that would make another condition of a name.
    Sign(Given),
}

/// What stands for the word of a numbered placeholder.
pub(super) fn unknown(slot: usize) -> char {
    let number = u32::try_from(slot).ok().map(|slot| u32::from(*UNKNOWN.start()) + slot);
    number.and_then(char::from_u32).unwrap_or(*UNKNOWN.end())
}

/// The pieces of a text, and the default of each numbered placeholder in it. `{{` is a literal `{`, and so is one before
/// what nobody takes for a placeholder, as in `up{job="web"}`.
///
/// # Errors
/// What was expected of a placeholder.
pub(super) fn pieces(text: &str) -> Result<(Vec<Piece>, Vec<Numbered>), String> {
    const EXPECTED: &str = "expected {1}, {2:default} or {*} (a literal { is {{)";
    let (mut pieces, mut slots, mut plain) = (Vec::new(), Vec::new(), String::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        plain.push_str(before);
        rest = after;
        if let Some(after) = after.strip_prefix('{') {
            plain.push('{');
            rest = after;
            continue;
        }
        let (inside, behind) = after.split_once('}').unwrap_or((after, ""));
        let is_closed = inside.len() < after.len();
        let begins = |c: char| c.is_ascii_digit() || c == '*';
        let is_meant = is_closed && inside.chars().all(char::is_alphanumeric);
        if !is_meant && !inside.starts_with(begins) {
            plain.push('{');
            continue;
        }
        let unexpected = || format!("{EXPECTED}, came {{{inside}{}", if is_closed { "}" } else { "" });
        if !is_closed {
            return Err(unexpected());
        }
        let (number, default) = match inside.split_once(':') {
            Some((number, default)) => (number, Some(default.to_owned())),
            None => (inside, None),
        };
        let piece = match (number, default) {
            ("*", None) => Piece::Rest,
            (number, default) => {
                let is_number = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
                let number = number.parse::<u8>().ok().filter(|_| is_number).ok_or_else(unexpected)?;
                let slot = usize::from(number) - 1;
                slots.push((slot, default));
                Piece::Slot(slot)
            }
        };
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(piece);
        rest = behind;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok((pieces, slots))
}

impl Template {
    /// All its pieces.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.words.iter().flat_map(|(_, pieces)| pieces).chain(self.tail.iter().flatten())
    }

    /// Its words with everything filled in. `name` is where what was not typed is said to stand.
    ///
    /// # Errors
    /// When what is filled in would make something else of a word.
    pub(super) fn fill(
        &self,
        given: &[Given],
        rest: &[Given],
        name: &Range<usize>,
    ) -> Result<Vec<Word>, Unfit> {
        let mut words = Vec::new();
        for (word, pieces) in &self.words {
            if pieces.contains(&Piece::Rest) {
                for given in rest {
                    words.push(self.one(word, std::slice::from_ref(given), &[Piece::Slot(0)], name)?);
                }
            } else {
                words.push(self.one(word, given, pieces, name)?);
            }
        }
        Ok(words)
    }

    /// Its tail with everything filled in, and where that stands.
    pub(super) fn fill_tail(
        &self,
        given: &[Given],
        rest: &[Given],
        name: &Range<usize>,
    ) -> Option<(String, Range<usize>)> {
        let tail = self.tail.as_ref()?;
        let (text, at) = joined(tail, given, rest);
        Some((text, at.unwrap_or_else(|| name.clone())))
    }

    fn one(
        &self,
        word: &Word,
        given: &[Given],
        pieces: &[Piece],
        name: &Range<usize>,
    ) -> Result<Word, Unfit> {
        let (text, at) = joined(pieces, given, &[]);
        let is_sign = |c: char| {
            let is_plain = c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
            !is_plain && !UNKNOWN.contains(&c)
        };
        let mut names = pieces.iter().filter_map(|piece| match piece {
            Piece::Name(slot) => given.get(*slot),
            _ => None,
        });
        if let Some(given) = names.find(|given| given.text.contains(is_sign)) {
            return Err(Unfit::Sign(given.clone()));
        }
        let is_written = pieces.iter().all(|piece| matches!(piece, Piece::Text(_)));
        if let Some(Piece::Slot(slot) | Piece::Name(slot)) = pieces.first()
            && text.starts_with('-')
        {
            return Err(Unfit::Dash(Given { text, at: at.or_else(|| given.get(*slot)?.at.clone()) }));
        }
        let at = at.unwrap_or_else(|| name.clone());
        Ok(word.filled(text, at, word.quoted || !is_written))
    }
}

/// Pieces with everything filled in, and where the first that was typed stands.
fn joined(pieces: &[Piece], given: &[Given], rest: &[Given]) -> (String, Option<Range<usize>>) {
    let (mut text, mut at) = (String::new(), None);
    for piece in pieces {
        let filled = match piece {
            Piece::Text(written) => {
                text.push_str(written);
                continue;
            }
            Piece::Slot(slot) | Piece::Quoted(slot) | Piece::Name(slot) => given.get(*slot),
            Piece::Rest => rest.first(),
        };
        if let Some(filled) = filled {
            match piece {
                Piece::Quoted(_) => text.push_str(&escaped(&filled.text)),
                _ => text.push_str(&filled.text),
            }
            at = at.or_else(|| filled.at.clone());
        }
    }
    (text, at)
}

#[cfg(test)]
mod tests {
    use super::{Piece::*, *};

    #[test]
    fn texts_and_placeholders() {
        let text = |text: &str| Text(text.to_owned());
        for (written, expected) in [
            ("", vec![]),
            ("web", vec![text("web")]),
            ("{1}", vec![Slot(0)]),
            ("{12}", vec![Slot(11)]),
            ("deploy-{1}", vec![text("deploy-"), Slot(0)]),
            ("ENV={2:staging}x", vec![text("ENV="), Slot(1), text("x")]),
            ("{1}{2:}", vec![Slot(0), Slot(1)]),
            ("{*}", vec![Rest]),
            ("a{{1}b}", vec![text("a{1}b}")]),
            (r#"up{job="{1}"}"#, vec![text(r#"up{job=""#), Slot(0), text(r#""}"#)]),
            ("{a b} { {a-b", vec![text("{a b} { {a-b")]),
        ] {
            assert_eq!(pieces(written).unwrap().0, expected, "{written}");
        }
        let defaults = pieces("{1:a b}{2:}{3:x:y}{4}").unwrap().1;
        let default = |text: &str| Some(text.to_owned());
        assert_eq!(defaults, [(0, default("a b")), (1, default("")), (2, default("x:y")), (3, None)]);
    }

    #[test]
    fn what_is_no_placeholder() {
        for (written, came) in [
            ("{0}", "{0}"),
            ("{01}", "{01}"),
            ("{999}", "{999}"),
            ("x{1", "{1"),
            ("{1 }", "{1 }"),
            ("{1,2}", "{1,2}"),
            ("{*:x}", "{*:x}"),
            ("{**}", "{**}"),
            ("{}", "{}"),
            ("{service}", "{service}"),
            ("{服务}", "{服务}"),
            ("{1：x}", "{1：x}"),
        ] {
            let expected =
                format!("expected {{1}}, {{2:default}} or {{*}} (a literal {{ is {{{{), came {came}");
            assert_eq!(pieces(written).unwrap_err(), expected, "{written}");
        }
    }
}
