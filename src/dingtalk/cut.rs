//! A text that is too long, cut where nobody trips over it: behind a line, or inside a line that is too long by itself
//! between two letters; never in a code block, a link, an address or a mention.

use unicode_segmentation::UnicodeSegmentation;

use super::markdown::wire_length;
use crate::locale::Locale;

/// What a line ends in that was cut.
const ELLIPSIS: &str = "…";
/// Addresses are shorter, and a longer one may be cut.
const MAX_LINK: usize = 4096;
/// A longer name is nobody's.
const MAX_NAME: usize = 64;

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Plain,
    Markdown,
}

/// The beginning of a text, of at most `room` bytes on the wire, and how many lines are left out of it. Where not even
/// that has room there is nothing.
pub(super) fn shorten(text: &str, room: usize, syntax: Syntax, locale: Locale) -> String {
    if wire_length(text) <= room {
        return text.to_owned();
    }
    // A line break may be two characters, and nobody misses blank lines at the end.
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let text = lines.join("\n");
    if wire_length(&text) <= room {
        return text;
    }
    let more = |count: usize| format!("\n\n{}", locale.say("reply.more", &[("count", &count)]));
    let Some(room) = room.checked_sub(wire_length(&more(lines.len()))) else { return String::new() };
    let (mut kept, mut left, mut count) = (String::new(), room, 0);
    let mut fence = Fence::default();
    for line in &lines {
        let mut behind = fence.clone();
        behind.pass(line, syntax);
        let cost = wire_length(line) + if count == 0 { 0 } else { 2 };
        if cost + wire_length(&behind.close()) > left {
            break;
        }
        if count > 0 {
            kept.push('\n');
        }
        kept.push_str(line);
        (left, fence, count) = (left - cost, behind, count + 1);
    }
    // Whole lines that are not even half of what may stand there are followed by a part of the next.
    if let Some(line) = lines.get(count)
        && left > room / 2
        && !fence.turns(line, syntax)
    {
        let beside = wire_length(ELLIPSIS) + wire_length(&fence.close()) + 2;
        let part = beginning(line, left.saturating_sub(beside));
        if !part.trim().is_empty() {
            if count > 0 {
                kept.push('\n');
            }
            kept.push_str(part);
            kept.push_str(ELLIPSIS);
            count += 1;
        }
    }
    kept.push_str(&fence.close());
    if count < lines.len() {
        kept.push_str(&more(lines.len() - count));
    }
    kept
}

/// What ends the code block that a text ends in.
pub(super) fn close(text: &str) -> String {
    let mut fence = Fence::default();
    text.lines().for_each(|line| fence.pass(line, Syntax::Markdown));
    fence.close()
}

/// The paragraphs of a text that are surely no code, no HTML and no link.
pub(super) fn prose(text: &str) -> Vec<String> {
    let mut fence = Fence::default();
    let mut lines = Vec::new();
    for line in text.lines() {
        let inside = fence.0.is_some();
        fence.pass(line, Syntax::Markdown);
        let code = inside || fence.0.is_some() || line.starts_with("    ") || line.starts_with('\t');
        lines.push(if code || line.trim().is_empty() { "" } else { line });
    }
    let plain = |paragraph: &&[&str]| !paragraph.iter().any(|line| line.contains(['`', '~', '<', '[']));
    lines.split(|line| line.is_empty()).filter(plain).map(|paragraph| paragraph.join("\n")).collect()
}

/// The code block that one is in: three or more of a character, until a line has at least as many.
#[derive(Debug, Clone, Default)]
struct Fence(Option<(char, usize)>);

impl Fence {
    fn pass(&mut self, line: &str, syntax: Syntax) {
        if syntax == Syntax::Markdown {
            self.0 = match (self.0, marks(line)) {
                (None, Some((mark, count, _))) => Some((mark, count)),
                (Some((open, least)), Some((mark, count, true))) if mark == open && count >= least => None,
                (open, _) => open,
            };
        }
    }

    /// Whether this line begins or ends a code block.
    fn turns(&self, line: &str, syntax: Syntax) -> bool {
        let mut behind = self.clone();
        behind.pass(line, syntax);
        behind.0 != self.0
    }

    fn close(&self) -> String {
        self.0.map(|(mark, count)| format!("\n{}", mark.to_string().repeat(count))).unwrap_or_default()
    }
}

/// The marks of a code block at the beginning of a line, how many, and whether nothing follows them.
fn marks(line: &str) -> Option<(char, usize, bool)> {
    // In a list or a quote as well.
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || "->*+".contains(c));
    let mark = line.chars().next().filter(|mark| ['`', '~'].contains(mark))?;
    let rest = line.trim_start_matches(mark);
    let count = line.len() - rest.len();
    // A line such as ```x``` is code within a line.
    let block = count >= 3 && !(mark == '`' && rest.contains('`'));
    block.then_some((mark, count, rest.trim().is_empty()))
}

/// The beginning of a line, of at most `room` bytes on the wire.
fn beginning(line: &str, mut room: usize) -> &str {
    let mut end = 0;
    for (at, letter) in line.grapheme_indices(true) {
        let cost = wire_length(letter);
        if cost > room {
            break;
        }
        room -= cost;
        end = at + letter.len();
    }
    for whole in [before_link, before_address, before_mention] {
        end = whole(line, end);
    }
    &line[..end]
}

/// `end`, or where the link `[…](…)` begins that it is in: the outermost one.
fn before_link(line: &str, end: usize) -> usize {
    let from = line.floor_char_boundary(end.saturating_sub(MAX_LINK));
    let until = line.floor_char_boundary(end + MAX_LINK);
    let parted = line[from..end].match_indices('[').find_map(|(at, _)| {
        let link = &line[from + at..until];
        let label = matching(link, b'[', b']')?;
        let address = link.get(label..).filter(|rest| rest.starts_with('('))?;
        let whole = label + matching(address, b'(', b')')?;
        (from + at + whole > end).then_some(from + at)
    });
    // The mark before a picture is a part of it.
    match parted.unwrap_or(end) {
        at if line[..at].ends_with('!') && line[at..].starts_with('[') => at - 1,
        at => at,
    }
}

/// Behind the bracket that closes the one a text begins with.
fn matching(text: &str, open: u8, close: u8) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

/// `end`, or where the address begins that it is in.
fn before_address(line: &str, end: usize) -> usize {
    let of_an_address = |c: char| c.is_ascii_graphic() && !['<', '>', '"'].contains(&c);
    let from = line.floor_char_boundary(end.saturating_sub(MAX_LINK));
    // What begins an address may be parted itself.
    let until = line.floor_char_boundary(end + "https:/".len());
    let parted = line[from..until].match_indices("http").map(|(at, _)| from + at).find(|&at| {
        let address = &line[at..];
        let length = address.find(|c| !of_an_address(c)).unwrap_or(address.len());
        let begins = address.starts_with("http://") || address.starts_with("https://");
        begins && at < end && at + length > end && length <= MAX_LINK
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

#[cfg(test)]
mod tests;
