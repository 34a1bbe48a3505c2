//! Values in quotes inside a word, as those write them who name conditions on labels: `{a="b c",d=~"e"}`.

use super::{DoubleQuote, Line, Meaning, SplitError, SplitErrorKind, Splitter, Word, closes, meaning};
use crate::dispatch::table;

/// What stands between conditions on labels and around them, in full width too.
pub(crate) const SEPARATORS: [char; 2] = [',', '，'];
pub(crate) const OPENING: [char; 2] = ['{', '｛'];
pub(crate) const CLOSING: [char; 2] = ['}', '｝'];
/// The same behind a value in quotes: Alertmanager's page has a button there that is copied along.
pub(super) const CHIP: char = '+';
/// What stands between the name of a label and its value; no other begins with an earlier one.
pub(crate) const OPERATORS: [&str; 4] = ["!=", "=~", "!~", "="];

impl Splitter<'_> {
    /// Takes what stands in quotes inside a word, and both quotes, as typed. The word may go on behind them.
    pub(super) fn kept_quotation(
        &mut self,
        word: &mut Word,
        open_at: usize,
        open: char,
        kind: Meaning,
    ) -> Result<(), SplitError> {
        word.quoted = true;
        word.push(open, open_at);
        let mut inside = self.chars_from(self.at);
        while let Some((at, c)) = inside.next() {
            self.at = at + c.len_utf8();
            word.push(c, at);
            if closes(open, c) {
                word.span.end = self.at;
                let behind = self.next_in_word(self.at);
                let ends = |c: char| SEPARATORS.contains(&c) || CLOSING.contains(&c) || c == CHIP;
                return match behind.is_none_or(|(_, c)| ends(c)) {
                    true => Ok(()),
                    false => Err(SplitError { span: at..self.at, kind: SplitErrorKind::QuoteInside }),
                };
            }
            if c == '\\'
                && kind == DoubleQuote
                && let Some((at, c)) = inside.next()
            {
                word.push(c, at);
            }
        }
        Err(SplitError { span: open_at..open_at + open.len_utf8(), kind: SplitErrorKind::QuoteOpen })
    }
}

/// Whether a quote behind this begins a value: a key and an operator, behind braces or not.
pub(super) fn begins_value(condition: &str) -> bool {
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let condition = condition.trim_start_matches(OPENING);
    let (key, operator) = condition.split_at(condition.find(|c| !is_key(c)).unwrap_or_default());
    !key.is_empty() && OPERATORS.contains(&table::folded(operator).as_str())
}

/// The quote of a kept value that these conditions break off in.
pub(in crate::dispatch) fn open_quote(conditions: &str) -> Option<char> {
    let line = Line::split(conditions).keeping_quotes();
    let error = line.error().filter(|error| error.kind == SplitErrorKind::QuoteOpen)?;
    conditions[error.span.clone()].chars().next()
}

/// A text as a value, or a part of one, behind these conditions: in quotes nothing gets out of them, and as all of a value
/// without quotes it is put into some. `behind` is what follows it.
pub(in crate::dispatch) fn value_behind(conditions: &str, text: &str, behind: Option<char>) -> String {
    let escaped = |open: char| {
        let is_escaped = |c: char| meaning(open) == Some(DoubleQuote) && (c == '\\' || closes(open, c));
        text.chars().flat_map(|c| is_escaped(c).then_some('\\').into_iter().chain([c])).collect::<String>()
    };
    let is_whole = behind.is_none_or(|c| SEPARATORS.contains(&c) || CLOSING.contains(&c));
    let condition = conditions.rsplit(SEPARATORS).next().unwrap_or_default();
    match open_quote(conditions) {
        // An option's value is no condition.
        _ if conditions.starts_with('-') => text.to_owned(),
        Some(open) => escaped(open),
        None if is_whole && begins_value(condition) => format!("\"{}\"", escaped('"')),
        None => text.to_owned(),
    }
}
