//! A text that is too long, cut where nobody trips over it: behind a line, or inside a line that is too long by itself
//! between two letters; never in a code block, a link, an address, a mention or a character reference.

mod fence;

use unicode_segmentation::UnicodeSegmentation;

use self::fence::{Fence, Kind};
use super::markdown::wire_length;
use crate::locale::Locale;

/// What a line ends in that was cut.
const ELLIPSIS: &str = "…";
/// What stands between two parts of a message.
pub(super) const SEPARATOR: &str = "\n\n";
/// A line with this much of it to show is cut rather than left out.
const LONG_LINE: usize = 1000;
/// The longest that is said by tapping it is shorter, and a longer link may be cut.
const MAX_LINK: usize = 16_384;
/// Addresses are shorter, and a longer one may be cut.
const MAX_ADDRESS: usize = 4096;
/// A longer name is nobody's.
const MAX_NAME: usize = 64;
/// A longer reference or tag is none.
const MAX_REFERENCE: usize = 12;
const MAX_TAG: usize = 256;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Plain,
    Markdown,
}

/// The beginning of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    pub(super) text: String,
    /// How many lines are not whole in it: those with something to read, and those of code blocks.
    pub(super) hidden: usize,
}

/// How many lines are left out.
pub(super) fn more(count: usize, locale: Locale) -> String {
    match count {
        1 => locale.say("reply.one_more", &[]),
        _ => locale.say("reply.more", &[("count", &count)]),
    }
}

/// The beginning of a text, of at most `room` bytes on the wire, and how many lines are left out of it. Where not even
/// that has room there is nothing.
pub(super) fn shorten(text: &str, room: usize, syntax: Syntax, locale: Locale) -> String {
    if wire_length(text) <= room {
        return text.to_owned();
    }
    // A line break may be two characters, and nobody misses blank lines at the end.
    let text = text.trim_end().lines().collect::<Vec<_>>().join("\n");
    if wire_length(&text) <= room {
        return text;
    }
    let most = wire_length(SEPARATOR) + wire_length(&more(text.lines().count(), locale));
    let Some(room) = room.checked_sub(most) else { return String::new() };
    match beginning(&text, room, syntax) {
        Beginning { text, hidden: 0 } => text,
        Beginning { text, hidden } if text.is_empty() => more(hidden, locale),
        Beginning { text, hidden } => text + SEPARATOR + &more(hidden, locale),
    }
}

/// The beginning of a text, of at most `room` bytes on the wire.
pub(super) fn beginning(text: &str, room: usize, syntax: Syntax) -> Beginning {
    let mut lines = text.trim_end().lines().peekable();
    let (mut seen, mut left, mut fence) = (String::new(), room, Fence::default());
    // It ends behind something to read, and not behind the beginning of a code block or a blank line.
    let (mut end, mut end_fence) = (0, Fence::default());
    while let Some(line) = lines.peek() {
        let mut behind = fence.clone();
        let kind = behind.pass(line, syntax);
        let cost = wire_length(line) + if seen.is_empty() { 0 } else { 2 };
        if cost + wire_length(&behind.close()) > left {
            break;
        }
        push_line(&mut seen, line);
        (left, fence) = (left - cost, behind);
        if matches!(kind, Kind::Content | Kind::Closes) {
            (end, end_fence) = (seen.len(), fence.clone());
        }
        lines.next();
    }
    if let Some(line) = lines.peek()
        && left > LONG_LINE.min(room / 2)
    {
        let mut behind = fence.clone();
        let kind = behind.pass(line, syntax);
        let prose = syntax == Syntax::Markdown && !behind.is_open();
        let part = part(line, left.saturating_sub(wire_length(&behind.close()) + 2), prose);
        if let (Kind::Content, Some(part)) = (kind, part) {
            push_line(&mut seen, &part);
            (end, end_fence) = (seen.len(), behind);
        }
    }
    seen.truncate(end);
    seen.push_str(&end_fence.close());
    let hidden = lines.filter(|line| fence.pass(line, syntax) == Kind::Content).count();
    Beginning { text: seen, hidden }
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// What ends the code block that a text ends in.
pub(super) fn close(text: &str) -> String {
    let mut fence = Fence::default();
    for line in text.lines() {
        fence.pass(line, Syntax::Markdown);
    }
    let close = fence.close();
    // A blank line would end a quote, and the code block with it.
    if text.ends_with('\n') { close.trim_start_matches('\n').to_owned() } else { close }
}

/// The paragraphs of a text that are surely no code, no HTML and no link.
pub(super) fn prose(text: &str) -> Vec<String> {
    let mut fence = Fence::default();
    let mut lines = Vec::new();
    for line in text.lines() {
        let inside = fence.is_open();
        fence.pass(line, Syntax::Markdown);
        let code = inside || fence.is_open() || line.starts_with("    ") || line.starts_with('\t');
        lines.push(if code || line.trim().is_empty() { "" } else { line });
    }
    let plain = |paragraph: &&[&str]| !paragraph.iter().any(|line| line.contains(['`', '~', '<', '[']));
    lines.split(|line| line.is_empty()).filter(plain).map(|paragraph| paragraph.join("\n")).collect()
}

/// The beginning of a line, of at most `room` bytes on the wire, where there is something to show of it.
fn part(line: &str, room: usize, prose: bool) -> Option<String> {
    const STRONG: &str = "**";
    let room = room.checked_sub(ELLIPSIS.len() + STRONG.len())?;
    let mut kept = &line[..end(line, room, prose)];
    if prose {
        kept = kept.trim_end_matches('*');
    }
    // What is strong until behind the end is strong until the end.
    let strong = prose && kept.matches(STRONG).count() % 2 == 1 && line[kept.len()..].contains(STRONG);
    let strong = if strong { STRONG } else { "" };
    (!kept.trim().is_empty()).then(|| format!("{kept}{ELLIPSIS}{strong}"))
}

/// Where a line is cut so that at most `room` bytes on the wire are left of it.
fn end(line: &str, mut room: usize, prose: bool) -> usize {
    let mut end = 0;
    for (at, letter) in line.grapheme_indices(true) {
        let cost = wire_length(letter);
        if cost > room {
            break;
        }
        room -= cost;
        end = at + letter.len();
    }
    // Before one of them may be in another.
    loop {
        let mut before = before_mention(line, before_address(line, before_link(line, end)));
        if prose {
            before = before_tag(line, before_reference(line, before));
        }
        if before == end {
            return end;
        }
        end = before;
    }
}

/// `end`, or where the link `[…](…)` begins that it is in: the outermost one.
fn before_link(line: &str, end: usize) -> usize {
    let until = line.floor_char_boundary(end.saturating_add(MAX_LINK));
    let mut open = Vec::new();
    let mut parted = end;
    for (at, byte) in line[..until].bytes().enumerate() {
        match byte {
            b'[' => open.push(at),
            b']' => {
                let Some(from) = open.pop().filter(|from| *from < parted) else { continue };
                let address = &line[at + 1..line.floor_char_boundary(at + 1 + MAX_LINK)];
                let length = address.starts_with('(').then(|| parenthesis(address)).flatten();
                if length.is_some_and(|length| at + 1 + length > end) {
                    parted = from;
                }
            }
            _ => {}
        }
    }
    // The mark before a picture is a part of it.
    if line[..parted].ends_with('!') && line[parted..].starts_with('[') { parted - 1 } else { parted }
}

/// Behind the parenthesis that closes the one a text begins with.
fn parenthesis(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `end`, or where the address begins that it is in.
fn before_address(line: &str, end: usize) -> usize {
    let of_an_address = |c: char| c.is_ascii_graphic() && !['<', '>', '"'].contains(&c);
    let from = line.floor_char_boundary(end.saturating_sub(MAX_ADDRESS));
    // What begins an address may be parted itself.
    let until = line.floor_char_boundary(end + "https:/".len());
    let parted = line[from..until].match_indices("http").map(|(at, _)| from + at).find(|&at| {
        let address = &line[at..];
        let length = address.find(|c| !of_an_address(c)).unwrap_or(address.len());
        let begins = address.starts_with("http://") || address.starts_with("https://");
        begins && at < end && at + length > end && length <= MAX_ADDRESS
    });
    parted.unwrap_or(end)
}

/// `end`, or where the mention `@…` begins that it is in.
fn before_mention(line: &str, end: usize) -> usize {
    let of_a_name = |c: char| c.is_alphanumeric() || ['_', '-', '.'].contains(&c);
    let parted = line[..end].rfind('@').filter(|&at| {
        let name = &line[at + 1..];
        let length = name.find(|c| !of_a_name(c)).unwrap_or(name.len());
        at + 1 + length > end && length <= MAX_NAME
    });
    parted.unwrap_or(end)
}

/// `end`, or where the character reference `&…;` begins that it is in.
fn before_reference(line: &str, end: usize) -> usize {
    let of_a_reference = |c: char| c.is_ascii_alphanumeric() || c == '#';
    let parted = line[..end].rfind('&').filter(|&at| {
        let name = &line[at + 1..];
        let length = name.find(|c| !of_a_reference(c));
        length.is_some_and(|length| {
            at + 1 + length >= end && length <= MAX_REFERENCE && name[length..].starts_with(';')
        })
    });
    parted.unwrap_or(end)
}

/// `end`, or where the tag `<…>` begins that it is in.
fn before_tag(line: &str, end: usize) -> usize {
    let parted = line[..end]
        .rfind('<')
        .filter(|&at| line[at..].find('>').is_some_and(|length| at + length >= end && length <= MAX_TAG));
    parted.unwrap_or(end)
}

#[cfg(test)]
mod tests;
