//! Values of names, in the ways that configuration, logs, headers and command lines write them.

use std::ops::Range;

use super::{
    Scan,
    names::{self, Kind},
    phrases, tokens,
};

/// A name whose value is secret, and how that is written.
struct Name {
    kind: Kind,
    /// The quote before the name, which ends the value too: `-H "Cookie: …"`.
    quote: Option<u8>,
    /// Whether it is a parameter of an address.
    is_of_query: bool,
    /// Whether it is an element: `<password>…</password>`.
    is_element: bool,
}

/// What may close what a value stands in, or end a sentence.
const CLOSING: &[u8] = b",;:.)]}>&|";

/// What values may be that tell nothing.
const NOTHING: &[&[u8]] = &[b"true", b"false", b"null", b"none", b"nil", b"undefined"];

/// The value after a name and the sign that is here.
pub(super) fn after_name(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let sign = match &scan.text[at..] {
        [b':', b':', ..] => return None,
        [b'=', b'=', b'=', ..] => 3,
        [b'=', b'=' | b'>', ..] | [b':', b'=', ..] => 2,
        [b'=' | b':' | b'>', ..] => 1,
        // `：` and `＝`
        [0xEF, 0xBC, 0x9A | 0x9D, ..] => 3,
        _ => return None,
    };
    let (sign, value) = (scan.text[at], at + sign);
    let before = scan.before(at);
    let is_element = sign == b'>';
    let shown = if is_element { before } else { trimmed(before) };
    // `TOKEN ?= …` of make.
    let (named, is_quoted) = unquoted(shown.strip_suffix(b"?").map_or(shown, trimmed));
    let named = phrases::without_verb(named);
    let length = named.iter().rev().take(names::LONGEST).take_while(|byte| names::is_of_name(byte)).count();
    let (outside, name) = named.split_at(named.len() - length);
    // `\u0026` is `&`, as JSON of Go writes it.
    let escaped = name.strip_prefix(b"u0026").filter(|_| outside.ends_with(b"\\"));
    let name = escaped.unwrap_or(name);
    let is_of_query = escaped.is_some() || matches!(outside, [.., b'?' | b'&']);
    let element = phrases::element(before).filter(|_| is_element);
    let is_value = || name.eq_ignore_ascii_case(b"value") && phrases::is_value_of_secret(outside);
    let kind = match names::kind(element.unwrap_or(name), is_of_query) {
        Some(kind) => kind,
        None if names::is_chinese(named) || names::is_written_so(name, sign, is_quoted) || is_value() => {
            Kind::Word
        }
        None => {
            return if is_ended(scan.text, value) { phrases::alone_below(scan, before, value) } else { None };
        }
    };
    let start = after_blanks(scan.text, value);
    if sign == b':'
        && let Some(below) = phrases::below(scan, before, value)
    {
        return Some(below);
    }
    // `registry/token:1.2`
    let is_image = sign == b':' && !is_quoted && start == value && outside.ends_with(b"/");
    // `PASSWORD= USER=…`
    let is_empty =
        sign == b'=' && start > value && shown.len() == before.len() && is_pair(&scan.text[start..]);
    let is_other = is_image || is_empty || is_element && element.is_none() && !outside.ends_with(b"<");
    if is_other || names::is_directory(name, &scan.text[start..]) {
        return None;
    }
    let kind = if sign == b':' { kind } else { Kind::Word };
    let quote = outside.last().copied().filter(|byte| !is_quoted && is_quote(*byte));
    Name { kind, quote, is_of_query, is_element }.secret(scan.text, start)
}

/// The value after an option: `--password …`, and in a list `"--password", "…"`.
pub(super) fn after_option(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    if scan.before(at).last().is_some_and(names::is_of_name) {
        return None;
    }
    let length =
        scan.text[at..].iter().take(names::LONGEST).take_while(|byte| names::is_of_name(byte)).count();
    let (name, rest) = scan.text[at..].split_at(length);
    names::kind(name, false)?;
    let is_listed = matches!(rest, [b'"' | b'\'', b',', ..]);
    let value = at + length + if is_listed { 2 } else { 0 };
    let start = after_blanks(scan.text, value);
    if start == value && !is_listed || scan.text[start..].starts_with(b"-") {
        return None;
    }
    word(scan.text, start)
}

/// One word that is secret, or what is in quotes.
pub(super) fn word(text: &[u8], at: usize) -> Option<Range<usize>> {
    Name { kind: Kind::Word, quote: None, is_of_query: false, is_element: false }.secret(text, at)
}

/// Whether a line ends here.
fn is_ended(text: &[u8], at: usize) -> bool {
    matches!(text[after_blanks(text, at)..], [b'\n', ..])
}

impl Name {
    /// What is secret of the value that begins here.
    fn secret(&self, text: &[u8], at: usize) -> Option<Range<usize>> {
        let slashes = text[at..].iter().take_while(|byte| **byte == b'\\').count();
        let value = match text[at + slashes..] {
            [quote, ..] if is_quote(quote) && slashes == 0 && self.quote == Some(quote) => return None,
            [quote, ..] if is_quote(quote) => {
                let start = at + slashes + 1;
                let start = tokens::scheme(text, start).unwrap_or(start);
                let end = closing(text, start, quote, slashes);
                match text[end..] {
                    // A shell goes on: `'abc'def`.
                    [_, next, ..] if slashes == 0 && text[end] == quote && next.is_ascii_alphanumeric() => {
                        at..self.end_of_word(text, end + 1)
                    }
                    _ => start..end,
                }
            }
            _ => self.unquoted(text, at)?,
        };
        let shown = text[value.clone()].trim_ascii_end();
        let value = value.start..value.start + shown.len();
        let is_nothing = shown.iter().all(is_mark) || NOTHING.iter().any(|no| no.eq_ignore_ascii_case(shown));
        // `kubectl describe secret` tells how long a value is.
        let is_length = shown.iter().all(u8::is_ascii_digit) && text[value.end..].starts_with(b" bytes");
        (!is_nothing && !is_length).then_some(value)
    }

    fn unquoted(&self, text: &[u8], at: usize) -> Option<Range<usize>> {
        let scheme = tokens::scheme(text, at);
        let at = scheme.unwrap_or(at);
        match text[at..] {
            [b'{', ref inside @ ..] if is_structure(inside) => None,
            // `<none>`, `<set to the key 'password' in secret 'db'>`
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => None,
            [b'[', ..] => Some(at + 1..find(text, at + 1, |rest| rest[0] == b']')),
            _ if self.is_element => Some(at..find(text, at, |rest| rest[0] == b'<')),
            _ if self.kind == Kind::Header && scheme.is_none() => Some(at..self.end_of_header(text, at)),
            _ => Some(at..self.end_of_word(text, at)),
        }
    }

    fn end_of_header(&self, text: &[u8], at: usize) -> usize {
        find(text, at, |rest| match rest {
            [b'\\', b'n' | b'r', ..] => true,
            [b'\\', quote, ..] | [quote, ..] => self.quote == Some(*quote),
            [] => true,
        })
    }

    /// Where a value without quotes ends: at a blank, at what closes a quote around it, or where a next name follows.
    /// A secret may have any sign in it.
    fn end_of_word(&self, text: &[u8], at: usize) -> usize {
        let end = find(text, at, |rest| match rest {
            [0..=b' ', ..] => true,
            [quote, after @ ..] if is_quote(*quote) => !after.first().is_some_and(u8::is_ascii_alphanumeric),
            [b'\\', quote, ..] if is_quote(*quote) => true,
            [b'\\', b'u', b'0', b'0', b'2', b'6', ..] | [b'<', b'/', ..] => true,
            // U+3000 to U+303F and U+FF00 to U+FF1F: `，`, `。`, `）`.
            [0xE3, 0x80, ..] | [0xEF, 0xBC, 0x80..=0x8F | 0x9A..=0x9F, ..] => true,
            [b'&' | b'#' | b',' | b';' | b')' | b']' | b'}', ..] if self.is_of_query => true,
            [b'&' | b',' | b';', after @ ..] => is_pair(after),
            _ => false,
        });
        at + text[at..end].iter().rposition(|byte| !CLOSING.contains(byte)).map_or(0, |last| last + 1)
    }
}

/// Where the quote is closed that began after so many backslashes: JSON in JSON has one, once more in JSON three. A line
/// that ends closes it too.
fn closing(text: &[u8], at: usize, quote: u8, slashes: usize) -> usize {
    let (mut before, mut end) = (0, at);
    for byte in &text[at..] {
        if *byte == quote && (before < slashes || before % (2 * (slashes + 1)) == slashes) {
            return end - before.min(slashes);
        }
        if *byte == b'\n' {
            break;
        }
        before = if *byte == b'\\' { before + 1 } else { 0 };
        end += 1;
    }
    end
}

/// Where this is so, or the line ends.
fn find(text: &[u8], at: usize, is_end: impl Fn(&[u8]) -> bool) -> usize {
    (at..text.len()).find(|at| text[*at] == b'\n' || is_end(&text[*at..])).unwrap_or(text.len())
}

/// Whether a name and its value follow: `name=…`, `"name": …`; not `cGFzcw==`, which is base64.
pub(super) fn is_pair(text: &[u8]) -> bool {
    let opening =
        text.iter().take(2).take_while(|byte| is_quote(**byte) || matches!(byte, b'[' | b'(' | b'{')).count();
    let text = &text[opening..];
    let length = text.iter().take_while(|byte| names::is_of_name(byte) || **byte == b'*').count();
    match &text[length..] {
        _ if length == 0 => false,
        [b':', ..] => true,
        [quote, b':' | b'=', ..] if is_quote(*quote) => true,
        [b'=', after, ..] => !matches!(after, 0..=b' ' | b'='),
        _ => false,
    }
}

/// Whether a brace opens names and values, which are looked at one by one.
fn is_structure(inside: &[u8]) -> bool {
    matches!(inside, [] | [0..=b' ' | b'"' | b'\'' | b'\\' | b'}', ..]) || is_pair(inside)
}

/// A name without the quotes, and the brackets of an index, around its end; and whether it had some.
fn unquoted(before: &[u8]) -> (&[u8], bool) {
    match before.strip_suffix(b"]").unwrap_or(before) {
        [name @ .., quote] if is_quote(*quote) => {
            let slashes = name.iter().rev().take_while(|byte| **byte == b'\\').count();
            (&name[..name.len() - slashes], true)
        }
        _ => (before, false),
    }
}

pub(super) fn trimmed(before: &[u8]) -> &[u8] {
    let blanks = before.iter().rev().take_while(|byte| is_blank(byte)).count();
    &before[..before.len() - blanks]
}

/// Where blanks, and the colours of a terminal, end.
pub(super) fn after_blanks(text: &[u8], mut at: usize) -> usize {
    loop {
        while let Some(blank) = blank(&text[at..]) {
            at += blank;
        }
        let Some(colour) = text[at..].strip_prefix(b"\x1b[") else { return at };
        let numbers = colour.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
        if colour.get(numbers) != Some(&b'm') {
            return at;
        }
        at = text.len() - colour.len() + numbers + 1;
    }
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// How long the blank is that stands here: one of ASCII, a no-break one, or a full-width one.
fn blank(text: &[u8]) -> Option<usize> {
    match text {
        [b' ' | b'\t', ..] => Some(1),
        [0xC2, 0xA0, ..] => Some(2),
        [0xE3, 0x80, 0x80, ..] => Some(3),
        _ => None,
    }
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Whether a byte is a sign of a notation, or of what is hidden already.
fn is_mark(byte: &u8) -> bool {
    byte.is_ascii_whitespace() || is_quote(*byte) || CLOSING.contains(byte) || b"{[(<*-\\".contains(byte)
}
