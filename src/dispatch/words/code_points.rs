//! What phones and Chinese input methods make of the signs of a command line: one table.

use Meaning::{Blank, Colon, DoubleQuote, Dropped, Equals, FullStop, LongDash, SingleQuote, Slash, WideDash};

/// What a code point of the table stands for in a command line, outside quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Separates words.
    Blank,
    /// Cannot be seen, and comes along with pasted text: as if it were not there.
    Dropped,
    /// Opens a quotation where one may open; elsewhere an ordinary character.
    DoubleQuote,
    /// As [`Meaning::DoubleQuote`], without escapes inside.
    SingleQuote,
    /// What autocorrection makes of `-` or `--`: one to three of them before an ASCII letter at the start of a word are `-`
    /// if the option's name is one letter, and `--` otherwise.
    LongDash,
    /// A `-` typed in full width: one for one, before an ASCII letter at the start of a word.
    WideDash,
    /// The habit of other chats to begin a command with a slash: one is dropped at the start of the line.
    Slash,
    /// In an option: `=` directly after its name, `:` later.
    Colon,
    /// `=` in an option, and after the key of KEY=VALUE.
    Equals,
    /// `.` between two ASCII letters or digits.
    FullStop,
}

/// The table of code points: first, last, and what they mean. A code point that is not here is never changed.
pub static CODE_POINTS: &[(char, char, Meaning)] = &[
    ('\t', '\r', Blank),             // tab, line feed, vertical tab, form feed, carriage return
    (' ', ' ', Blank),               //
    ('\u{0085}', '\u{0085}', Blank), // next line
    ('\u{00A0}', '\u{00A0}', Blank), // no-break space
    ('\u{1680}', '\u{1680}', Blank), // ogham space mark
    ('\u{2000}', '\u{200A}', Blank), // en quad to hair space; DingTalk writes U+2005 after a mention
    ('\u{2028}', '\u{2029}', Blank), // line and paragraph separator
    ('\u{202F}', '\u{202F}', Blank), // narrow no-break space
    ('\u{205F}', '\u{205F}', Blank), // medium mathematical space
    ('\u{3000}', '\u{3000}', Blank), // ideographic (full-width) space
    ('\u{200B}', '\u{200D}', Dropped), // zero-width space, non-joiner, joiner
    ('\u{2060}', '\u{2060}', Dropped), // word joiner
    ('\u{FEFF}', '\u{FEFF}', Dropped), // byte order mark
    ('"', '"', DoubleQuote),
    ('\u{201C}', '\u{201F}', DoubleQuote), // “ ” „ ‟
    ('\u{FF02}', '\u{FF02}', DoubleQuote), // ＂
    ('\'', '\'', SingleQuote),
    ('\u{2018}', '\u{201B}', SingleQuote), // ‘ ’ ‚ ‛
    ('\u{FF07}', '\u{FF07}', SingleQuote), // ＇
    ('\u{2010}', '\u{2015}', LongDash),    // ‐ ‑ ‒ – — ―
    ('\u{2212}', '\u{2212}', LongDash),    // − minus sign
    ('\u{FE63}', '\u{FE63}', WideDash),    // ﹣
    ('\u{FF0D}', '\u{FF0D}', WideDash),    // －
    ('/', '/', Slash),
    ('\u{3001}', '\u{3001}', Slash), // 、 is what the slash key types in Chinese
    ('\u{FF0F}', '\u{FF0F}', Slash), // ／
    ('\u{FF1A}', '\u{FF1A}', Colon), // ：
    ('\u{FF1D}', '\u{FF1D}', Equals), // ＝
    ('\u{3002}', '\u{3002}', FullStop), // 。
    ('\u{FF0E}', '\u{FF0E}', FullStop), // ．
];

/// Marks that end a sentence and no value: speech recognition and Chinese input methods write them behind the last word.
pub(crate) const ENDS: [char; 2] = ['。', '？'];

/// Looks a code point up in [`CODE_POINTS`].
pub fn meaning(c: char) -> Option<Meaning> {
    if c.is_ascii_alphanumeric() {
        return None;
    }
    let row = CODE_POINTS.iter().find(|(first, last, _)| (*first..=*last).contains(&c));
    row.map(|(_, _, meaning)| *meaning)
}
