//! Text from outside as Markdown that shows it literally.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    dingtalk::message::{Shown, Target},
    reply::Link,
    text,
};

/// A longer label or name is cut: unlike a text it stands where nothing can be cut later.
const MAX_LABEL: usize = 2_000;
/// What a conversation list shows.
pub(super) const MAX_TITLE: usize = 64;
/// "Two spaces before and after" make a line break (protocol.md 7).
pub(super) const BREAK: &str = "  \n  ";

/// A link with a label that shows literally; the label alone for what is no http(s) address.
pub(crate) fn link(link: &Link) -> String {
    linked(link).unwrap_or_else(|| label(&link.label))
}

/// A link to an http(s) address. Without a label it could not be seen: then it shows the address.
pub(super) fn linked(link: &Link) -> Option<String> {
    let shown = if link.label.trim().is_empty() { &link.url } else { &link.label };
    link_target(&link.url).map(|url| format!("[{}]({url})", label(shown)))
}

/// A picture; nothing for what is no http(s) address.
pub(in crate::dingtalk) fn picture(url: &str) -> String {
    link_target(url).map(|url| format!("![]({url})")).unwrap_or_default()
}

/// A link to what a button opens.
pub(in crate::dingtalk) fn link_to(label: &str, target: &Target) -> String {
    let url = target.as_str();
    let url = link_target(url).unwrap_or_else(|| enclosed(url));
    format!("[{}]({url})", self::label(label))
}

/// An http(s) address that cannot end the link it stands in.
pub(super) fn link_target(url: &str) -> Option<String> {
    text::web_address(url).map(|url| enclosed(url.as_str()))
}

/// An address without what could end a link, or be more than a part of it: code, a mention, a character reference.
fn enclosed(url: &str) -> String {
    let host = url.find("://").map_or(0, |at| at + "://".len());
    let path = url[host..].find('/').map_or(url.len(), |at| host + at);
    let mut safe = String::with_capacity(url.len());
    let mut in_reference = false;
    for (at, c) in url.char_indices() {
        let ends = matches!(c, '(' | ')' | '<' | '>' | '"' | '\'' | '\\' | '[' | ']' | '`');
        // Before the path it parts a name from the host.
        let mentions = c == '@' && at > path;
        if ends || mentions || (c == ';' && in_reference) || c.is_whitespace() || text::is_control(c) {
            safe.extend(utf8_percent_encode(c.encode_utf8(&mut [0; 4]), NON_ALPHANUMERIC));
        } else {
            safe.push(c);
        }
        in_reference = c == '&' || (in_reference && (c.is_ascii_alphanumeric() || c == '#'));
    }
    safe
}

/// A label or a name as one line of Markdown that shows it literally.
pub(super) fn label(text: &str) -> String {
    line(&text::cut(text, MAX_LABEL))
}

/// Text as one line of Markdown that shows it literally.
pub(super) fn line(text: &str) -> String {
    escape_one(&text::line_feeds(text).replace('\n', " "))
}

/// Text as Markdown that shows it literally, its line breaks kept.
pub(super) fn escape(text: &str) -> String {
    text::line_feeds(text).split('\n').map(escape_one).collect::<Vec<_>>().join(BREAK)
}

/// Text as Markdown that shows it literally, wherever in a text of the operator's it stands and whatever stands beside
/// it: two values side by side make no address that neither has.
pub(crate) fn escape_anywhere(text: &str) -> String {
    let behind_www = text.trim_start_matches(['w', 'W']);
    let first = match text.len() - behind_www.len() {
        at @ 0..=2 if behind_www.starts_with('.') => Some(at),
        _ if text.starts_with("//") || text.starts_with(')') => Some(0),
        _ => None,
    };
    let last = ["", "/"].iter().find_map(|end| text.strip_suffix(end)?.strip_suffix(':')).map(str::len);
    let mut escaped = String::new();
    let mut done = 0;
    for at in [first, last].into_iter().flatten() {
        escaped.push_str(&escape(&text[done..at]));
        // Each of these is ASCII.
        reference(&mut escaped, char::from(text.as_bytes()[at]));
        done = at + 1;
    }
    escaped + &escape(&text[done..])
}

/// Text in a fence of its own, which begins a line wherever it is put.
pub(crate) fn fenced(text: &str) -> String {
    format!("\n```\n{}\n```\n", code(text))
}

fn escape_one(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len() + 16);
    // What begins a line may begin a heading, a list, a quote or a code block.
    let mut beginning = true;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '|' | '@' => reference(&mut escaped, c),
            '#' | '+' | '-' | '=' if beginning => reference(&mut escaped, c),
            '.' | ')' if numbers_a_list(&escaped, rest.as_str()) => reference(&mut escaped, c),
            // Before a link it would make a picture of it.
            '!' if rest.as_str().is_empty() => reference(&mut escaped, c),
            ':' if rest.as_str().starts_with("//") => reference(&mut escaped, c),
            '.' if ends_in_www(&escaped) => reference(&mut escaped, c),
            ' ' if beginning => escaped.push_str("&nbsp;"),
            '\t' => escaped.push_str("&nbsp;"),
            c => escaped.push(shown(c)),
        }
        beginning = beginning && c.is_whitespace();
    }
    escaped
}

/// Whether a full stop or bracket after `before` makes a line an item of a numbered list.
fn numbers_a_list(before: &str, after: &str) -> bool {
    !before.is_empty()
        && before.bytes().all(|byte| byte.is_ascii_digit())
        && (after.is_empty() || after.starts_with(' '))
}

/// A bare `www.` makes a link for some clients.
fn ends_in_www(escaped: &str) -> bool {
    let end = escaped.len().checked_sub(3).and_then(|at| escaped.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

fn reference(escaped: &mut String, c: char) {
    escaped.push_str(&format!("&#{};", u32::from(c)));
}

/// Code as it stands in a fence. References mean nothing in a fence, so what could end it or begin an HTML tag (which
/// some clients read even there, protocol.md 7) or a link is parted by a zero-width space.
pub(super) fn code(code: &str) -> String {
    let line = |line: &str| -> String {
        let line = line.replace("```", "`\u{200B}`\u{200B}`").replace("](", "]\u{200B}(");
        let mut safe = String::with_capacity(line.len());
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            safe.push(if c == '\t' { c } else { shown(c) });
            let tag = |next: &char| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?');
            if c == '<' && chars.peek().is_some_and(tag) {
                safe.push('\u{200B}');
            }
        }
        safe
    };
    text::line_feeds(code).trim_end_matches('\n').split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// A character, or the replacement character for one that shows nothing.
pub(super) fn shown(c: char) -> char {
    if text::is_control(c) { '\u{FFFD}' } else { c }
}

/// Takes the effect from an `@id` of somebody who is mentioned anyway: in a fence nothing can be escaped.
pub(super) fn unmention(code: &str, staff_ids: &[String]) -> String {
    let of_an_id = |c: char| c.is_ascii_alphanumeric() || ['_', '-'].contains(&c);
    let unmention = |code: String, id: &String| {
        let mut parts = code.split(&format!("@{id}")).map(str::to_owned).collect::<Vec<_>>().into_iter();
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |code, part| {
            // What goes on is somebody else's.
            let mark = if part.starts_with(of_an_id) { "" } else { "\u{200B}" };
            code + "@" + mark + id + &part
        })
    };
    staff_ids.iter().fold(code.to_owned(), unmention)
}

/// A title in one line, cut to what a conversation list shows.
pub fn plain_title(title: &str) -> Shown {
    let one_line = |c: char| if c.is_whitespace() { ' ' } else { shown(c) };
    Shown::or_ellipsis(text::cut(title, MAX_TITLE).chars().map(one_line).collect::<String>())
}
