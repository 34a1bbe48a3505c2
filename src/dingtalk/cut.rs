//! A text that is too long, cut where nobody trips over it: behind a line, or inside a line that is too long by itself
//! between two letters; never in a code block, a link, an address, a mention or a character reference.

mod fence;
mod whole;

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
    // Nobody misses blank lines at the end.
    let text = text.trim_end();
    if wire_length(text) <= room {
        return text.to_owned();
    }
    let most = wire_length(SEPARATOR) + wire_length(&more(text.lines().count(), locale));
    let Some(room) = room.checked_sub(most) else { return String::new() };
    match beginning(text, room, syntax) {
        Beginning { text, hidden: 0 } => text,
        Beginning { text, hidden } if text.is_empty() => more(hidden, locale),
        Beginning { text, hidden } => text + SEPARATOR + &more(hidden, locale),
    }
}

/// The beginning of a text, of at most `room` bytes on the wire.
pub(super) fn beginning(text: &str, room: usize, syntax: Syntax) -> Beginning {
    let text = text.trim_end().trim_start_matches('\n');
    let links = match syntax {
        Syntax::Markdown => whole::links(&without_code(text), room),
        Syntax::Plain => Vec::new(),
    };
    let mut links = links.into_iter().peekable();
    let mut link_around = |at: usize| {
        while links.next_if(|link| link.end <= at).is_some() {}
        links.peek().map(|link| link.start).filter(|start| *start < at)
    };
    let mut lines = text.split('\n').peekable();
    let (mut seen, mut left, mut fence) = (0, room, Fence::default());
    // It ends behind something to read, and not behind the beginning of a code block, a blank line or half a link.
    let (mut end, mut close) = (0, String::new());
    while let Some(line) = lines.peek() {
        let mut behind = fence.clone();
        let kind = behind.pass(line, syntax);
        let line_break = usize::from(seen > 0);
        let cost = wire_length(line) + 2 * line_break;
        if cost + wire_length(&behind.close()) > left {
            break;
        }
        seen += line_break + line.len();
        (left, fence) = (left - cost, behind);
        if matches!(kind, Kind::Content | Kind::Closes) && link_around(seen).is_none() {
            (end, close) = (seen, fence.close());
        }
        lines.next();
    }
    let part = match (link_around(seen), lines.peek()) {
        // The line is cut in which the link begins.
        (Some(link), _) => {
            let begin = text[..link].rfind('\n').map_or(0, |at| at + 1);
            let room = left + wire_length(&text[begin..seen]);
            part(&text[begin..], room, true).map(|part| (begin, part, String::new()))
        }
        (None, Some(line)) if left > LONG_LINE.min(room / 2) => {
            let kind = fence.pass(line, syntax);
            let prose = syntax == Syntax::Markdown && !fence.is_open();
            let (begin, close) = (seen + usize::from(seen > 0), fence.close());
            part(&text[begin..], left.saturating_sub(wire_length(&close) + 2), prose)
                .filter(|_| kind == Kind::Content)
                .map(|part| (begin, part, close))
        }
        _ => None,
    };
    let (end, part, close) = part.unwrap_or((end, String::new(), close));
    let (mut at, mut fence) = (0, Fence::default());
    let is_hidden = |line: &&str| {
        at += line.len() + 1;
        fence.pass(line, syntax) == Kind::Content && at > end + 1
    };
    let hidden = text.split('\n').filter(is_hidden).count();
    Beginning { text: format!("{}{part}{close}", &text[..end]), hidden }
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

/// A text in which HTML begins no block. DingTalk documents no HTML (protocol.md 7), and in a block of it no Markdown is
/// read: a comment would hide all behind it. What would go on until its own end is shown as text; a tag, such as
/// `<font>`, is left to clients that know it, as it is inside a line.
pub(super) fn without_html_blocks(text: &str) -> String {
    let mut fence = Fence::default();
    let line = |line| {
        fence.pass(line, Syntax::Markdown);
        match line.split_once('<').filter(|_| fence.begins_html()) {
            Some((before, html)) if goes_on(html) => format!("{before}&lt;{html}"),
            Some((before, html)) if is_tag(html) => format!("{before}\u{200B}<{html}"),
            _ => line.to_owned(),
        }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Whether what stands behind a `<` begins HTML that no blank line ends (CommonMark 0.31, 4.6, kinds 1 to 5).
fn goes_on(html: &str) -> bool {
    let known = |name: &&str| tag_name(html).eq_ignore_ascii_case(name);
    html.starts_with(['!', '?']) || ["pre", "script", "style", "textarea"].iter().any(known)
}

fn is_tag(html: &str) -> bool {
    let html = html.strip_prefix('/').unwrap_or(html);
    let name = tag_name(html);
    let ends = |c: char| c.is_whitespace() || ['/', '>'].contains(&c);
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && html[name.len()..].chars().next().is_none_or(ends)
}

fn tag_name(html: &str) -> &str {
    &html[..html.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(html.len())]
}

/// A text with blanks for each line of its code blocks.
fn without_code(text: &str) -> String {
    let mut fence = Fence::default();
    let line = |line: &str| {
        let kind = fence.pass(line, Syntax::Markdown);
        let code = fence.is_open() || kind == Kind::Closes;
        if code { " ".repeat(line.len()) } else { line.to_owned() }
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The paragraphs of a text that are surely no code, no HTML and no link.
pub(super) fn prose(text: &str) -> Vec<String> {
    let text = without_code(text);
    let is_none = |line: &str| line.starts_with("    ") || line.starts_with('\t') || line.trim().is_empty();
    let lines: Vec<&str> = text.split('\n').map(|line| if is_none(line) { "" } else { line }).collect();
    let plain = |paragraph: &&[&str]| !paragraph.iter().any(|line| line.contains(['`', '~', '<', '[']));
    lines.split(|line| line.is_empty()).filter(plain).map(|paragraph| paragraph.join("\n")).collect()
}

/// The beginning of the line that a text begins with, of at most `room` bytes on the wire, where there is something to
/// show of it.
fn part(text: &str, room: usize, prose: bool) -> Option<String> {
    const STRONG: &str = "**";
    let room = room.checked_sub(ELLIPSIS.len() + STRONG.len())?;
    let (mut kept, mut rest) = text.split_at(end(text, room, prose));
    if prose {
        kept = kept.trim_end_matches('*');
        rest = text[kept.len()..].split('\n').next().unwrap_or_default();
    }
    // What is strong until behind the end is strong until the end.
    let strong = prose && kept.matches(STRONG).count() % 2 == 1 && rest.contains(STRONG);
    let strong = if strong { STRONG } else { "" };
    (!kept.trim().is_empty()).then(|| format!("{kept}{ELLIPSIS}{strong}"))
}

/// Where the line that a text begins with is cut so that at most `room` bytes on the wire are left of it.
fn end(text: &str, mut room: usize, prose: bool) -> usize {
    let mut end = 0;
    for (at, letter) in text.grapheme_indices(true) {
        let cost = wire_length(letter);
        if cost > room || letter.contains('\n') {
            break;
        }
        room -= cost;
        end = at + letter.len();
    }
    whole::before(text, end, prose)
}

#[cfg(test)]
mod tests;
