//! A [`Reply`] as DingTalk shows it: the one place that writes Markdown.
//!
//! DingTalk documents headings, quotes, bold, italic, links, images and lists (protocol.md 7). Everything else in a
//! reply is text, and text is escaped with character references, which are documented too: a backslash would be
//! shown by clients that do not know it. So nothing from outside becomes markup, HTML, a link or a mention.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::message::{At, Body, Button, Buttons, Message, Shown, Target};
use crate::{
    locale::Locale,
    reply::{Action, Block, Link, Reply, Span, Text},
    text,
};

/// How long a message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A webhook takes bodies of 20,000 bytes (protocol.md 4).
    Webhook,
    /// The OpenAPI takes 15,000 bytes of `msgParam` (protocol.md 5).
    MsgParam,
}

impl Limit {
    /// Bytes of the whole. What the webhook of a custom robot puts in by itself, a keyword and a `msgUuid`, has room
    /// beside it.
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Webhook => 20_000 - 500,
            Self::MsgParam => 15_000,
        }
    }

    /// Bytes of text; the rest is for what stands around it.
    fn text(self) -> usize {
        match self {
            Self::Webhook => 18_000,
            Self::MsgParam => 13_000,
        }
    }
}

/// A longer piece from outside is cut: nobody reads it on a phone.
const MAX_PIECE: usize = 2_000;
const MAX_TITLE: usize = 64;
/// What stands around the label and the address of a button: `{"title":"","actionURL":""},`.
const BUTTON: usize = 40;
/// "Two spaces before and after" make a line break (protocol.md 7).
const BREAK: &str = "  \n  ";

/// Who reads a reply, and where.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// The asker to mention; none in a private chat, where nobody needs it.
    pub mention: Option<Mention>,
    /// Whether a tapped command reaches the bot: in a private chat yes, in a group it would need a mention
    /// (protocol.md 6).
    pub can_tap: bool,
}

/// How to mention a member.
#[derive(Debug, Clone, Default)]
pub struct Mention {
    /// Staff id, where it is known.
    pub staff_id: Option<String>,
    /// `senderId`, the only way without a staff id.
    pub dingtalk_id: Option<String>,
    /// What to show then.
    pub nick: String,
}

/// A part of a message: lines, perhaps inside a fence.
struct Part {
    open: &'static str,
    lines: Vec<String>,
    close: &'static str,
}

/// Renders a reply, within the size that DingTalk takes.
pub fn render(reply: &Reply, reader: &Reader, limit: Limit, locale: Locale) -> Message {
    let writer = Writer { can_tap: reader.can_tap, colon: locale.say("reply.colon", &[]) };
    let mut parts = vec![lines(vec![format!("#### {}", escape_line(&reply.title))])];
    parts.extend(reply.blocks.iter().map(|block| writer.block(block)));
    if !reply.actions.is_empty() {
        parts
            .push(lines(reply.actions.iter().map(|action| format!("- {}", writer.action(action))).collect()));
    }
    if let Some(more) = &reply.more {
        let text = locale.say("reply.more", &[("count", &more.count)]);
        let text = match &more.url {
            Some(url) => link(&Link { label: text, url: url.clone() }),
            None => escape(&text),
        };
        parts.push(lines(vec![text]));
    }
    let (mention, at) = reader.mention.as_ref().map(mention).unwrap_or_default();
    let (buttons, weight) = buttons(&reply.links, limit.text() / 2);
    let beside = wire_length(&mention) + serde_json::to_string(&at).map_or(0, |at| at.len()) + weight;
    let text = Shown::or_ellipsis(fit(&parts, limit.text().saturating_sub(beside), locale, &at) + &mention);
    let title = plain_title(&reply.title);
    let body = match buttons {
        None => Body::Markdown { title, text },
        Some(buttons) => Body::ActionCard { title, text, buttons },
    };
    Message { body, at }
}

fn lines(lines: Vec<String>) -> Part {
    Part { open: "", lines, close: "" }
}

/// The mention as it stands in the text, and as DingTalk wants it beside the text: both are needed (protocol.md 3).
fn mention(mention: &Mention) -> (String, At) {
    let at = match (&mention.staff_id, &mention.dingtalk_id) {
        (Some(id), _) if is_id(id) => {
            return (format!("\n\n@{id}"), At::staff(id));
        }
        (_, Some(id)) => At::dingtalk(id),
        _ => At::default(),
    };
    let nick = escape_line(mention.nick.trim());
    let everyone = ["all", "所有人"].contains(&nick.to_lowercase().as_str());
    (if everyone || nick.is_empty() { String::new() } else { format!("\n\n@{nick}") }, at)
}

/// A staff id stands in the text as it is, so it must not be able to do anything there; `@all` is everyone.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    id.len() <= 64 && id.bytes().all(plain) && !id.eq_ignore_ascii_case("all")
}

/// As many buttons as fit into `room` bytes, and how many bytes they take.
fn buttons(links: &[Link], room: usize) -> (Option<Buttons>, usize) {
    let button = |link: &Link| {
        let target = link_target(&link.url).and_then(Target::new)?;
        Some(Button { title: plain_title(&link.label), target })
    };
    let (mut list, mut weight) = (Vec::new(), 0);
    for button in links.iter().filter_map(button) {
        let more = BUTTON + wire_length(button.title.as_str()) + wire_length(button.target.as_str());
        if weight + more <= room {
            weight += more;
            list.push(button);
        }
    }
    (Buttons::vertical(list), weight)
}

/// The parts as one text of at most `left` bytes on the wire, whole lines only.
fn fit(parts: &[Part], mut left: usize, locale: Locale, at: &At) -> String {
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        let mut kept = 0;
        let mut piece = String::new();
        let mut room = left.saturating_sub(wire_length(part.open) + wire_length(part.close) + 4);
        for line in &part.lines {
            let line = unmention(line, at);
            let cost = wire_length(&line) + if kept > 0 { 2 } else { 0 };
            if cost > room {
                break;
            }
            room -= cost;
            if kept > 0 {
                piece.push('\n');
            }
            piece.push_str(&line);
            kept += 1;
        }
        if kept > 0 || part.lines.is_empty() {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            text.push_str(part.open);
            text.push_str(&piece);
            text.push_str(part.close);
        }
        left = room;
        if kept < part.lines.len() {
            let later: usize = parts[index + 1..].iter().map(|part| part.lines.len()).sum();
            let count = part.lines.len() - kept + later;
            text.push_str("\n\n");
            text.push_str(&locale.say("reply.more", &[("count", &count)]));
            break;
        }
    }
    text
}

/// Bytes of a text inside a JSON string.
pub(super) fn wire_length(text: &str) -> usize {
    let length = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        c if c.is_control() => 6,
        c => c.len_utf8(),
    };
    text.chars().map(length).sum()
}

/// Takes the effect from an `@id` of somebody who is mentioned anyway: in a fence nothing can be escaped.
fn unmention(line: &str, at: &At) -> String {
    at.staff_ids()
        .iter()
        .fold(line.to_owned(), |line, id| line.replace(&format!("@{id}"), &format!("@\u{200B}{id}")))
}

struct Writer {
    can_tap: bool,
    colon: String,
}

impl Writer {
    fn block(&self, block: &Block) -> Part {
        match block {
            Block::Text(text) => lines(vec![self.text(text)]),
            Block::Fields(fields) => lines(
                fields
                    .iter()
                    .map(|(name, value)| {
                        format!("- **{}**{}{}", escape_line(name), self.colon, self.text(value))
                    })
                    .collect(),
            ),
            Block::List { heading, items } => {
                let heading = (!heading.is_empty()).then(|| format!("**{}**\n", escape_line(heading)));
                let items = items.iter().map(|item| format!("- {}", self.text(item)));
                lines(heading.into_iter().chain(items).collect())
            }
            Block::Table { head, rows } => lines(rows.iter().map(|row| self.row(head, row)).collect()),
            Block::Code(code) => Part { open: "```\n", lines: code_lines(code), close: "\n```" },
            Block::Note(text) => {
                lines(vec![format!("> {}", self.text(text).replace(BREAK, &format!("{BREAK}> ")))])
            }
            Block::Markdown(markdown) => lines(markdown.trim().lines().map(str::to_owned).collect()),
        }
    }

    /// A row as a list item, since phones do not draw tables: the first cell names it.
    fn row(&self, head: &[String], row: &[Text]) -> String {
        let cells = head.iter().zip(row).enumerate().map(|(column, (name, cell))| match column {
            0 => format!("**{}**", self.text(cell)),
            _ => format!("{} {}", escape_line(name), self.text(cell)),
        });
        format!("- {}", cells.collect::<Vec<_>>().join(" · "))
    }

    fn text(&self, text: &Text) -> String {
        text.0
            .iter()
            .map(|span| match span {
                Span::Plain(text) => escape(text),
                Span::Strong(text) => format!("**{}**", escape_line(text)),
                Span::Link(to) => link(to),
                Span::Action(action) => self.action(action),
            })
            .collect()
    }

    fn action(&self, action: &Action) -> String {
        let label = escape_line(&action.label);
        if self.can_tap {
            let content = utf8_percent_encode(&action.command, NON_ALPHANUMERIC);
            format!("[{label}](dtmd://dingtalkclient/sendMessage?content={content})")
        } else if action.label == action.command {
            format!("**{label}**")
        } else {
            format!("{label}{}**{}**", self.colon, escape_line(&action.command))
        }
    }
}

/// A link with a label that shows literally; the label alone for what is no http(s) address.
pub(super) fn link(link: &Link) -> String {
    match link_target(&link.url) {
        Some(url) => format!("[{}]({url})", escape_line(&link.label)),
        None => escape_line(&link.label),
    }
}

/// A picture; nothing for what is no http(s) address.
pub(super) fn picture(url: &str) -> String {
    link_target(url).map(|url| format!("![]({url})")).unwrap_or_default()
}

/// An http(s) address that cannot end the link it stands in.
fn link_target(url: &str) -> Option<String> {
    let url = text::web_address(url)?;
    let mut safe = String::new();
    for c in url.as_str().chars() {
        match c {
            '(' | ')' | '<' | '>' | '"' | '\'' | '\\' | '[' | ']' => {
                safe.extend(utf8_percent_encode(c.encode_utf8(&mut [0; 4]), NON_ALPHANUMERIC));
            }
            _ => safe.push(c),
        }
    }
    Some(safe)
}

/// Text as one line of Markdown that shows it literally.
fn escape_line(text: &str) -> String {
    escape(&text.split(['\n', '\r']).collect::<Vec<_>>().join(" "))
}

/// Text as Markdown that shows it literally, its line breaks kept.
fn escape(text: &str) -> String {
    let text = text::cut(text, MAX_PIECE);
    text.split('\n').map(escape_one).collect::<Vec<_>>().join(BREAK)
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
            ':' if rest.as_str().starts_with("//") => reference(&mut escaped, c),
            '.' if ends_in_www(&escaped) => reference(&mut escaped, c),
            ' ' if beginning => escaped.push_str("&nbsp;"),
            '\t' => escaped.push_str("&nbsp;"),
            '\r' => escaped.push(' '),
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

/// The lines of a code block. References mean nothing in a fence, so what could end it or begin an HTML tag (which
/// some clients read even there, protocol.md 7) or a link is parted by a zero-width space.
fn code_lines(code: &str) -> Vec<String> {
    let line = |line: &str| -> String {
        let line =
            text::cut(line, MAX_PIECE).replace("```", "`\u{200B}`\u{200B}`").replace("](", "]\u{200B}(");
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
    code.trim_end_matches('\n').split('\n').map(|text| line(text.trim_end_matches('\r'))).collect()
}

/// A character, or the replacement character for one that shows nothing.
fn shown(c: char) -> char {
    if text::is_control(c) { '\u{FFFD}' } else { c }
}

/// A title in one line, cut to what a conversation list shows.
pub fn plain_title(title: &str) -> Shown {
    let one_line = |c: char| if c.is_whitespace() { ' ' } else { shown(c) };
    Shown::or_ellipsis(text::cut(title, MAX_TITLE).chars().map(one_line).collect::<String>())
}

#[cfg(test)]
mod tests;
