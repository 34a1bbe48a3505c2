//! Values in quotes inside a word, as those write them who name conditions on labels: `{a="b c",d=~"e"}`.

use super::{DoubleQuote, Meaning, SplitError, SplitErrorKind, Splitter, Word, closes, meaning};
use crate::dispatch::table;

/// What stands between conditions on labels and around them, in full width too.
pub(crate) const SEPARATORS: [char; 2] = [',', '，'];
/// What people take for those: without quotes it is not clear what is meant.
pub(crate) const LIKE_SEPARATORS: [char; 3] = ['、', '；', ';'];
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

/// How many braces are open behind these conditions, where so many were before: those in quotes and in `\{` are none.
pub(in crate::dispatch) fn open_braces(conditions: &str, before: usize) -> usize {
    let (mut open, mut begin) = (before, 0);
    let mut letters = conditions.char_indices();
    while let Some((at, c)) = letters.next() {
        if is_quote(c) && begins_value(&conditions[begin..at]) {
            while let Some((_, inside)) = letters.next().filter(|(_, inside)| !closes(c, *inside)) {
                if inside == '\\' && meaning(c) == Some(DoubleQuote) {
                    letters.next();
                }
            }
            continue;
        }
        match c {
            '\\' => drop(letters.next()),
            c if SEPARATORS.contains(&c) => begin = at + c.len_utf8(),
            c if OPENING.contains(&c) => open += 1,
            c if CLOSING.contains(&c) => open = open.saturating_sub(1),
            _ => {}
        }
    }
    open
}

/// Whether these conditions end behind an operator, with no value.
pub(in crate::dispatch) fn lacks_value(conditions: &str) -> bool {
    let is_around = |c: char| [SEPARATORS, OPENING].as_flattened().contains(&c) || c.is_whitespace();
    let last = conditions.trim_end_matches(is_around).rsplit(SEPARATORS).next().unwrap_or_default();
    let last = last.trim_start_matches(is_around);
    operator(last).is_some_and(|(.., begin)| begin == last.len())
}

/// The operator behind the name that a condition begins with: where the name ends, and where the value begins.
pub(crate) fn operator(condition: &str) -> Option<(usize, &'static str, usize)> {
    let end = condition.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(condition.len());
    let rest = &condition[end..];
    // Phones type them in full width.
    let folded: String = rest.chars().take(2).map(|c| table::folded(&c.to_string())).collect();
    let operator = OPERATORS.into_iter().find(|operator| folded.starts_with(operator))?;
    let begin = rest.char_indices().nth(operator.len()).map_or(rest.len(), |(at, _)| at);
    Some((end, operator, end + begin))
}

/// Whether this begins a value in quotes: phones type curly ones.
pub(crate) fn is_quote(c: char) -> bool {
    matches!(meaning(c), Some(Meaning::DoubleQuote | Meaning::SingleQuote))
}

/// A text as it stands in double quotes, out of which nothing of it gets.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
