//! Purpose: split the line someone typed into words, and remember where each word stood.
//!
//! A command that silently lost its second half is the worst that can happen here, so the splitter knows
//! no comments and no expansion, takes a quote for a quote only where nothing else is meant by it, and
//! refuses a line whose quotes do not add up instead of guessing.
//!
//! What phones and Chinese input methods do to a command line is undone here as well, outside quotes
//! only, and only for the code points of [`CODE_POINTS`]. Everything else stays as it was typed.
//!
//! ```text
//! k8s rollout restart web —n prod     →  k8s  rollout  restart  web  -n  prod
//! build deploy -p ENV＝“a b”          →  build  deploy  -p  ENV=a b
//! say it's fine                       →  say  it's  fine
//! say "a"b                            →  say, and an error at the second quote
//! ```
//!
//! Deliberately left to others: which words are a command, `？` for help, and what an error says in the chat.

mod code_points;
mod conditions;
mod error;

use std::ops::Range;

pub(crate) use self::code_points::ENDS;
#[cfg(test)]
pub(crate) use self::conditions::OPERATORS;
use self::conditions::{CHIP, begins_value};
pub(crate) use self::conditions::{
    CLOSING, LIKE_SEPARATORS, OPENING, SEPARATORS, escaped, is_quote, operator,
};
pub(super) use self::conditions::{lacks_value, open_braces};
pub use self::{
    code_points::{CODE_POINTS, Meaning, meaning},
    error::{SplitError, SplitErrorKind},
};
use Meaning::{Blank, Colon, DoubleQuote, Dropped, Equals, FullStop, LongDash, SingleQuote, Slash, WideDash};

/// A line split into words, with where each stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    text: String,
    words: Vec<Word>,
    error: Option<SplitError>,
    /// Where a word ends although nothing stands there.
    word_break: Option<usize>,
}

impl Line {
    /// Splits a line. Never fails: where the quotes do not add up, the words before that place are kept
    /// along with the error, because a command whose tail is taken as typed need not care.
    pub fn split(text: &str) -> Line {
        Splitter::new(text, None, false).line()
    }

    /// As [`Line::split`], but a word ends before byte `at` of `text` and a new one starts there, as if a
    /// blank stood between them: for `重启web`, where the table of commands knows the name `重启`.
    /// An `at` inside quotes, or one that is no character boundary, changes nothing.
    pub fn split_with_break(text: &str, at: usize) -> Line {
        Splitter::new(text, Some(at), false).line()
    }

    /// The same line again, but that a value in quotes inside a word keeps them, and everything between them as it was
    /// typed. It may stand behind `=`, `!=`, `=~` or `!~` and a key, at the start of the word, a brace or a comma, and
    /// a brace or a comma may stand behind it: `{a="b c",d=~"e"}` is one word, and says just that. There a `+` is a comma.
    pub(crate) fn keeping_quotes(&self) -> Line {
        Splitter::new(&self.text, self.word_break, true).line()
    }

    /// The line as it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words, in order; all of them if [`Line::error`] is none, otherwise those before the word with the error.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// Why the line could not be split to its end, if so.
    pub fn error(&self) -> Option<&SplitError> {
        self.error.as_ref()
    }

    /// What follows byte `span_end` (the end of some word's span) as it was typed, quotes and all, without
    /// blanks and zero-width characters at both ends, and the bytes of the line where it stands.
    pub fn rest_after(&self, span_end: usize) -> (&str, Range<usize>) {
        let from = self.text.floor_char_boundary(span_end);
        let unseen = |c| matches!(meaning(c), Some(Blank | Dropped));
        let rest = self.text.get(from..).unwrap_or_default();
        let tail = rest.trim_start_matches(unseen);
        let start = from + rest.len() - tail.len();
        let tail = tail.trim_end_matches(unseen);
        (tail, start..start + tail.len())
    }
}

/// One word of a [`Line`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What the word says: after the table of code points, without the quotes.
    pub text: String,
    /// The bytes of the line as typed where the word stands, quotes included.
    pub span: Range<usize>,
    /// Whether the word, or its part after `=`, stood in quotes. An empty word always did.
    pub quoted: bool,
    /// Whether all of it stood in quotes.
    is_quotation: bool,
    /// From this byte of `text` on, up to the next entry, the line runs alongside from that byte. Nothing is known of
    /// a word that was put together of others.
    origins: Vec<(usize, usize)>,
}

impl Word {
    /// Whether it asks how a command is said: `--help` or `-h`.
    pub fn asks_for_help(&self) -> bool {
        !self.quoted && matches!(self.text.as_str(), "--help" | "-h")
    }

    /// Whether all of it stood in quotes, so that it is a value whatever it begins with.
    pub fn is_quotation(&self) -> bool {
        self.is_quotation
    }

    /// Takes the marks off that end a sentence, unless the word is quoted or nothing else.
    pub(super) fn end_without_mark(&mut self) {
        let length = self.text.trim_end_matches(ENDS).len();
        if !self.quoted && length > 0 {
            self.text.truncate(length);
        }
    }

    /// This word of a template with its text filled in. All that is known of its parts is that they stand in these
    /// bytes of the line that was typed.
    pub(super) fn filled(&self, text: String, span: Range<usize>, quoted: bool) -> Word {
        Word { text, span, quoted, is_quotation: self.is_quotation, origins: Vec::new() }
    }

    /// Where byte `at` of [`Word::text`] stands in the line as typed, for a caret below part of a word.
    /// The end of the text is where the content ends, before a closing quote. An `at` that is
    /// past the end or inside a character counts as the end or the start of that character.
    pub fn offset_in_line(&self, at: usize) -> usize {
        let at = self.text.floor_char_boundary(at);
        let entry = self.origins.partition_point(|&(start, _)| start <= at);
        match self.origins[..entry].last() {
            Some(&(start, in_line)) => in_line + (at - start),
            None => self.span.start,
        }
    }

    /// Where these bytes of [`Word::text`] stand in the line as typed.
    pub fn part(&self, bytes: Range<usize>) -> Range<usize> {
        match self.origins.is_empty() {
            true => self.span.clone(),
            false => self.offset_in_line(bytes.start)..self.offset_in_line(bytes.end),
        }
    }

    fn starting_at(start: usize) -> Word {
        let (text, span) = (String::new(), start..start);
        Word { text, span, quoted: false, is_quotation: false, origins: Vec::new() }
    }

    fn push(&mut self, c: char, in_line: usize) {
        self.continue_from(in_line);
        self.text.push(c);
    }

    fn continue_from(&mut self, in_line: usize) {
        let here = self.text.len();
        let runs_on = |&(start, origin): &(usize, usize)| origin + (here - start) == in_line;
        if !self.origins.last().is_some_and(runs_on) {
            self.origins.push((here, in_line));
        }
    }
}

/// Goes over the line once. `at` is always a character boundary.
struct Splitter<'a> {
    text: &'a str,
    at: usize,
    /// Here a word ends although nothing stands there.
    word_break: Option<usize>,
    /// See [`Line::keeping_quotes`].
    keeps_quotes: bool,
}

impl<'a> Splitter<'a> {
    fn new(text: &'a str, word_break: Option<usize>, keeps_quotes: bool) -> Self {
        Splitter { text, at: 0, word_break, keeps_quotes }
    }

    fn line(mut self) -> Line {
        let word_break = self.word_break;
        let mut words = Vec::new();
        let mut error = None;
        if let Some(first) = self.start_of_word()
            && meaning(first) == Some(Slash)
        {
            self.at += first.len_utf8();
        }
        while self.start_of_word().is_some() {
            match self.word() {
                Ok(word) => words.push(word),
                Err(found) => {
                    error = Some(found);
                    break;
                }
            }
        }
        Line { text: self.text.to_owned(), words, error, word_break }
    }

    fn chars_from(&self, from: usize) -> impl Iterator<Item = (usize, char)> + use<'a> {
        let rest = self.text.get(from..).unwrap_or_default();
        rest.char_indices().map(move |(offset, c)| (from + offset, c))
    }

    /// Goes to the next character that is not skipped between words.
    fn start_of_word(&mut self) -> Option<char> {
        let (at, first) =
            self.chars_from(self.at).find(|&(_, c)| !matches!(meaning(c), Some(Blank | Dropped)))?;
        self.at = at;
        if self.word_break == Some(at) {
            self.word_break = None; // it has done its work, and must not end the word that starts here
        }
        Some(first)
    }

    /// The first character from byte `from` on that counts outside quotes; none where the word ends.
    fn next_in_word(&self, from: usize) -> Option<(usize, char)> {
        self.chars_from(from)
            .take_while(|&(at, c)| self.word_break != Some(at) && meaning(c) != Some(Blank))
            .find(|&(_, c)| meaning(c) != Some(Dropped))
    }

    fn word(&mut self) -> Result<Word, SplitError> {
        let mut word = Word::starting_at(self.at);
        let is_option = self.leading_dashes(&mut word);
        let keeps_quotes = self.keeps_quotes && !is_option;
        let mut condition = 0; // where the one that is being read begins
        let mut behind_kept = false; // a value in quotes
        let mut only_key_so_far = true; // nothing but [A-Za-z0-9_.-]
        let mut quote_may_open = true; // dashes taken here are followed by a letter, never by a quote
        while let Some((at, c)) = self.next_in_word(self.at) {
            self.at = at + c.len_utf8();
            word.span.end = self.at;
            let meaning = meaning(c);
            if let Some(kind @ (DoubleQuote | SingleQuote)) = meaning {
                if keeps_quotes && begins_value(&word.text[condition..]) {
                    self.kept_quotation(&mut word, at, c, kind)?;
                    (quote_may_open, behind_kept) = (false, true);
                    continue;
                }
                if quote_may_open {
                    self.quotation(&mut word, at, c, kind)?;
                    return Ok(word);
                }
            }
            let after_key = only_key_so_far && !word.text.is_empty();
            let c = match meaning {
                Some(Equals) if is_option || after_key => '=',
                Some(Colon) if is_option && after_key => '=',
                Some(Colon) if is_option => ':',
                Some(FullStop) if self.is_between_ascii(&word.text) => '.',
                None if c == CHIP && behind_kept => SEPARATORS[0],
                _ => c,
            };
            behind_kept = false;
            word.push(c, at);
            if SEPARATORS.contains(&c) {
                condition = word.text.len();
            }
            quote_may_open = c == '=' && after_key;
            only_key_so_far &= c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        }
        word.continue_from(word.span.end);
        Ok(word)
    }

    fn is_between_ascii(&self, before: &str) -> bool {
        before.ends_with(|c: char| c.is_ascii_alphanumeric())
            && self.next_in_word(self.at).is_some_and(|(_, c)| c.is_ascii_alphanumeric())
    }

    /// Takes the dashes at the start of an option, if this is one: dashes, then an ASCII letter.
    fn leading_dashes(&mut self, word: &mut Word) -> bool {
        let Some((_, first)) = self.next_in_word(self.at) else {
            return false;
        };
        let long = meaning(first) == Some(LongDash);
        let is_dash = |c| match meaning(c) {
            Some(LongDash) => long,
            Some(WideDash) => !long,
            _ => c == '-' && !long,
        };
        let mut dashes = Vec::new();
        let mut end = self.at;
        let mut next = self.next_in_word(end);
        while let Some((at, c)) = next
            && is_dash(c)
        {
            dashes.push(at);
            end = at + c.len_utf8();
            next = self.next_in_word(end);
        }
        let (Some(&first_dash), Some((letter_at, letter))) = (dashes.first(), next) else {
            return false;
        };
        if !letter.is_ascii_alphabetic() || (long && dashes.len() > 3) {
            return false;
        }
        if long {
            let name_is_one_letter = self
                .next_in_word(letter_at + letter.len_utf8())
                .is_none_or(|(_, c)| c == '=' || matches!(meaning(c), Some(Equals | Colon)));
            dashes.resize(if name_is_one_letter { 1 } else { 2 }, first_dash);
        }
        for at in dashes {
            word.push('-', at);
        }
        self.at = end;
        true
    }

    /// Takes what stands in quotes, and the quote that closes.
    fn quotation(
        &mut self,
        word: &mut Word,
        open_at: usize,
        open: char,
        kind: Meaning,
    ) -> Result<(), SplitError> {
        let closes = |c| closes(open, c);
        word.quoted = true;
        word.is_quotation = word.text.is_empty();
        let mut inside = self.chars_from(self.at).peekable();
        while let Some((at, c)) = inside.next() {
            let after = at + c.len_utf8();
            if closes(c) {
                if self.next_in_word(after).is_some() {
                    return Err(SplitError { span: at..after, kind: SplitErrorKind::QuoteInside });
                }
                word.continue_from(at);
                word.span.end = after;
                self.at = after;
                return Ok(());
            }
            let escaped = match c {
                '\\' if kind == DoubleQuote => inside.next_if(|&(_, c)| c == '\\' || closes(c)),
                _ => None,
            };
            word.push(escaped.map_or(c, |(_, c)| c), at);
        }
        Err(SplitError { span: open_at..open_at + open.len_utf8(), kind: SplitErrorKind::QuoteOpen })
    }
}

/// Whether this closes what that quote opened. Phones do not agree on which curly quote closes which. A straight one is
/// closed by its like alone, so that any text, with curly quotes too, can be written in straight quotes.
pub(crate) fn closes(open: char, c: char) -> bool {
    match open {
        '"' | '\'' => c == open,
        _ => meaning(c) == meaning(open),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
