//! What stays whole where a text is cut: links, addresses, mentions, character references and tags.
//!
//! A text is read once, from its beginning to the cut, and only a little further: whoever writes ten thousand brackets
//! gains nothing.

use std::ops::Range;

/// How far behind the cut a link may end. A longer one may be cut.
const MAX_LINK: usize = 65_536;
/// Addresses are shorter, and a longer one may be cut.
const MAX_ADDRESS: usize = 4096;
/// A longer name is nobody's.
const MAX_NAME: usize = 64;
/// A longer reference or tag is none.
const MAX_REFERENCE: usize = 12;
const MAX_TAG: usize = 256;
/// What parsers of Markdown take in an address.
const MAX_PARENTHESES: usize = 32;

/// The last place up to `end` that is inside nothing that stays whole. Only in prose there is markup.
pub(super) fn before(text: &str, end: usize, prose: bool) -> usize {
    let mut links = if prose { links(text, end) } else { Vec::new() }.into_iter().peekable();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next().filter(|_| at < end) {
        let rest = &text[at..];
        while links.next_if(|link| link.start < at).is_some() {}
        let length = match first {
            '!' | '[' if links.peek().is_some_and(|link| link.start == at) => {
                links.next().map(|link| link.len())
            }
            'h' | 'H' => address(rest),
            '@' => mention(rest),
            '&' if prose => reference(rest),
            '<' if prose => tag(rest),
            '\\' if prose => rest[1..].starts_with(|c: char| c.is_ascii_punctuation()).then_some(2),
            _ => None,
        };
        let length = length.unwrap_or(first.len_utf8());
        if at + length > end {
            return at;
        }
        at += length;
    }
    end
}

/// The links and pictures `[…](…)` that begin before `end`, in their order, without those in others.
pub(super) fn links(text: &str, end: usize) -> Vec<Range<usize>> {
    let bytes = &text.as_bytes()[..text.floor_char_boundary(end.saturating_add(MAX_LINK))];
    let (mut open, mut found) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            // What is escaped is no bracket.
            b'\\' if bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) => at += 1,
            b'[' => {
                // The mark before a picture is a part of it.
                let picture = at > 0 && bytes[at - 1] == b'!' && (at < 2 || bytes[at - 2] != b'\\');
                open.push(at - usize::from(picture));
            }
            b']' => {
                let target = open.pop().zip(target(&text[at + 1..]));
                found.extend(target.map(|(from, length)| from..at + 1 + length));
            }
            // A blank line ends a paragraph, and all that is open in it.
            b'\n' if is_blank(&bytes[at + 1..]) => open.clear(),
            _ => {}
        }
        at += 1;
    }
    found.sort_by_key(|link| link.start);
    let mut behind = 0;
    found.retain(|link| {
        link.start < end && link.start >= behind && {
            behind = link.end;
            true
        }
    });
    found
}

/// Whether nothing stands in the line that a text begins with.
fn is_blank(text: &[u8]) -> bool {
    text.iter().find(|byte| ![b' ', b'\t'].contains(byte)).is_none_or(|byte| *byte == b'\n')
}

/// Behind the `(…)` of a link that a text begins with (CommonMark 0.31, 6.3).
fn target(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('(')?.trim_start();
    let rest = match rest.strip_prefix('<') {
        Some(address) => behind(address, '<', '>')?,
        None => &rest[bare(rest)?..],
    };
    let title = rest.trim_start();
    let rest = match title.chars().next().filter(|_| title.len() < rest.len()) {
        Some(quote @ ('"' | '\'')) => behind(&title[1..], quote, quote)?,
        Some('(') => behind(&title[1..], '(', ')')?,
        _ => title,
    };
    let rest = rest.trim_start().strip_prefix(')')?;
    Some(text.len() - rest.len())
}

/// What stands behind the first `close` that is not escaped, if no `open` stands before it.
fn behind(text: &str, open: char, close: char) -> Option<&str> {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = !escaped && (c == open || c == close);
        escaped = c == '\\' && !escaped;
        ends
    })?;
    text[end..].strip_prefix(close)
}

/// The length of the address that a text begins with, as far as its parentheses are pairs.
fn bare(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if c.is_ascii_control() || c == ' ' => return (depth == 0).then_some(at),
            '(' | ')' if escaped => {}
            '(' if depth == MAX_PARENTHESES => return None,
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

fn address(text: &str) -> Option<usize> {
    let of_an_address = |c: char| c.is_ascii_graphic() && !['<', '>', '"'].contains(&c);
    let scheme = |scheme: &&str| text.get(..scheme.len()).is_some_and(|is| is.eq_ignore_ascii_case(scheme));
    ["http://", "https://"].iter().find(|known| scheme(known))?;
    run(text, MAX_ADDRESS, of_an_address)
}

fn mention(text: &str) -> Option<usize> {
    let of_a_name = |c: char| c.is_alphanumeric() || ['_', '-', '.'].contains(&c);
    run(&text[1..], MAX_NAME, of_a_name).map(|length| 1 + length)
}

fn reference(text: &str) -> Option<usize> {
    let length = 1 + run(&text[1..], MAX_REFERENCE, |c| c.is_ascii_alphanumeric() || c == '#')?;
    text[length..].starts_with(';').then_some(length + 1)
}

fn tag(text: &str) -> Option<usize> {
    let length = run(text, MAX_TAG, |c| c != '>')?;
    text[length..].starts_with('>').then_some(length + 1)
}

/// The bytes of such characters that a text begins with, if they are at most so many.
fn run(text: &str, most: usize, such: impl Fn(char) -> bool) -> Option<usize> {
    let head = &text[..text.ceil_char_boundary(most + 1)];
    Some(head.find(|c| !such(c)).unwrap_or(head.len())).filter(|length| *length <= most)
}
