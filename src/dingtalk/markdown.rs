//! A [`Reply`] as DingTalk shows it: the one place that writes Markdown.
//!
//! DingTalk documents headings, quotes, bold, italic, links, images and lists (protocol.md 7). Everything else in a
//! reply is text, and text is escaped with character references, which are documented too: a backslash would be
//! shown by clients that do not know it. So nothing from outside becomes markup, HTML, a link or a mention.

mod escape;
mod written;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub use self::escape::plain_title;
pub(crate) use self::escape::{escape_anywhere, fenced, link};
pub(super) use self::escape::{link_to, picture};
use self::{
    escape::{BREAK, MAX_TITLE, code, label, line, link_target, linked, unmention},
    written::{Written, strong},
};
use super::{
    cut::{self, Beginning, SEPARATOR, Syntax},
    message::{At, Body, Button, Buttons, Message, Shown, Target},
};
use crate::{
    locale::Locale,
    reply::{Action, Block, Link, More, Reply, Span, Text},
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

    /// Bytes of a message without its text.
    pub(super) fn beside(self, message: &Message) -> usize {
        const NOTHING: &str = "-";
        let message = message.with_text(Shown::or_ellipsis(NOTHING));
        let without = if message.body.text().is_some() { NOTHING.len() } else { 0 };
        match self {
            Self::Webhook => message.to_json().to_string().len() - without,
            Self::MsgParam => message.to_msg_param().1.len() - without,
        }
    }

    /// Bytes that the text of a message may have on the wire.
    fn room(self, message: &Message) -> usize {
        self.bytes().saturating_sub(self.beside(message))
    }
}

/// The longest mention: each letter of a nick takes at most six bytes, as `&#64;` does five.
const MAX_MENTION: usize = SEPARATOR.len() * 2 + "@".len() + 6 * MAX_TITLE + "…".len();

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

/// Renders a reply, within the size that DingTalk takes.
pub fn render(reply: &Reply, reader: &Reader, limit: Limit, locale: Locale) -> Message {
    let (mention, at) = reader.mention.as_ref().map(mention).unwrap_or_default();
    let colon = locale.say("reply.colon", &[]);
    let writer = Writer { can_tap: reader.can_tap, colon, mentioned: at.staff_ids() };
    let (content, actions) = (writer.content(reply), writer.actions(reply));
    let message = frame(reply, at.clone(), limit);
    let room = limit.room(&message).saturating_sub(wire_length(&mention));
    let text = fit(&content, &actions, reply.more.as_ref(), room, locale);
    message.with_text(Shown::or_ellipsis(text + &mention))
}

/// How many bytes a fixed answer of this name may have on the wire so that everybody reads the whole of it, whichever
/// way it goes, and how many it has.
pub(crate) fn answer_sizes(name: &str, markdown: &str) -> (usize, usize) {
    let limit = Limit::MsgParam;
    let reply = Reply::new(name);
    let room = limit.room(&frame(&reply, At::default(), limit));
    let beside = wire_length(&heading(&reply)) + wire_length(SEPARATOR) + MAX_MENTION;
    (room.saturating_sub(beside), wire_length(&closed(markdown)))
}

/// The message without its text, with as many buttons as leave half of it to the text.
fn frame(reply: &Reply, at: At, limit: Limit) -> Message {
    let title = plain_title(&reply.title);
    let with = |buttons: &[Button]| {
        let (title, text) = (title.clone(), Shown::or_ellipsis(""));
        let body = match Buttons::vertical(buttons.to_vec()) {
            None => Body::Markdown { title, text },
            Some(buttons) => Body::ActionCard { title, text, buttons },
        };
        Message { body, at: at.clone() }
    };
    let mut buttons = Vec::new();
    for link in &reply.links {
        let Some(target) = link_target(&link.url).and_then(Target::new) else { continue };
        buttons.push(Button { title: plain_title(&link.label), target });
        if limit.beside(&with(&buttons)) > limit.bytes() / 2 {
            buttons.pop();
        }
    }
    with(&buttons)
}

/// What a reply says, what may be said next and how much is left out, in at most `room` bytes on the wire. Only what it
/// says is cut, since the rest is small: actions that are not are left out.
fn fit(content: &str, actions: &[String], more: Option<&More>, room: usize, locale: Locale) -> String {
    let count = |count: usize, url: Option<&String>| {
        let label = cut::more(count, locale);
        match url {
            Some(url) => link(&Link { label, url: url.clone() }),
            None => label,
        }
    };
    let left_out = more.map_or(0, |more| more.count);
    let url = more.and_then(|more| more.url.as_ref());
    let last = more.map(|_| count(left_out, url));
    let whole = join([content, &actions.join("\n"), &last.unwrap_or_default()]);
    if wire_length(&whole) <= room {
        return whole;
    }
    let most = left_out + content.lines().count();
    let url = url.filter(|url| wire_length(&count(most, Some(url))) <= room / 4);
    let mut room = room.saturating_sub(wire_length(SEPARATOR) + wire_length(&count(most, url)));
    let mut for_actions = room / 2;
    let mut kept = Vec::new();
    for action in actions {
        // The first is parted from the content by one line break more.
        let cost = wire_length(action) + if kept.is_empty() { 4 } else { 2 };
        if cost <= for_actions {
            for_actions -= cost;
            room -= cost;
            kept.push(action.as_str());
        }
    }
    let Beginning { text, hidden } = cut::beginning(content, room, Syntax::Markdown);
    let hidden = hidden + left_out;
    let last = if hidden > 0 || more.is_some() { count(hidden, url) } else { String::new() };
    join([text.as_str(), &kept.join("\n"), &last])
}

/// The address that says a command when it is tapped (protocol.md 6).
fn said_by_tap(command: &str) -> String {
    let content = utf8_percent_encode(command, NON_ALPHANUMERIC);
    format!("dtmd://dingtalkclient/sendMessage?content={content}")
}

/// A message in Markdown as a card with a button that says a command.
pub(crate) fn with_button(message: Message, action: &Action) -> Message {
    let button = Target::new(said_by_tap(&action.command))
        .map(|target| Button { title: plain_title(&action.label), target });
    let buttons = Buttons::vertical(button.into_iter().collect());
    let body = match (message.body, buttons) {
        (Body::Markdown { title, text }, Some(buttons)) => Body::ActionCard { title, text, buttons },
        (body, _) => body,
    };
    Message { body, ..message }
}

/// The parts that are not empty, with a blank line between them.
fn join<'p>(parts: impl IntoIterator<Item = &'p str>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(SEPARATOR)
}

/// The first line of a message.
fn heading(reply: &Reply) -> String {
    let label = label(reply.title.trim());
    match label.strip_suffix('#') {
        // Behind a heading it would be a part of the markup.
        Some(rest) => format!("#### {rest}&#35;"),
        None => format!("#### {label}"),
    }
}

/// The operator's Markdown, without blanks around it and with its last code block closed, or all behind it would be
/// code. HTML begins no block of it.
fn closed(markdown: &str) -> String {
    let mut markdown = cut::without_html_blocks(text::line_feeds(markdown).trim());
    markdown.push_str(&cut::close(&markdown));
    markdown
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
    let nick = line(&text::cut(mention.nick.trim(), MAX_TITLE));
    let everyone = ["all", "所有人"].contains(&nick.to_lowercase().as_str());
    (if everyone || nick.is_empty() { String::new() } else { format!("\n\n@{nick}") }, at)
}

/// A staff id stands in the text as it is, so it must not be able to do anything there; `@all` is everyone.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    id.len() <= 64 && id.bytes().all(plain) && !id.eq_ignore_ascii_case("all")
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

/// A longer link leaves no room for a text, and cannot be cut: its label stands alone. The longest command that can be
/// said, each byte of it encoded as three, has room in it.
const MAX_LINK: usize = 12_800;

struct Writer<'a> {
    can_tap: bool,
    colon: String,
    /// Staff ids of those who are mentioned, and must not be where somebody else wrote it.
    mentioned: &'a [String],
}

impl Writer<'_> {
    fn content(&self, reply: &Reply) -> String {
        let blocks: Vec<String> = reply.blocks.iter().map(|block| self.block(block)).collect();
        let heading = heading(reply);
        join([heading.as_str()].into_iter().chain(blocks.iter().map(String::as_str)))
    }

    fn block(&self, block: &Block) -> String {
        let lines = |lines: Vec<String>| lines.join("\n");
        match block {
            Block::Text(text) => self.text(text),
            Block::Fields(fields) => {
                let field = |(name, value): &(String, Text)| {
                    format!("- {}{}{}", strong(&label(name.trim())), self.colon, self.text(value))
                };
                lines(fields.iter().map(field).collect())
            }
            Block::List { heading, items } => {
                let heading = Some(strong(&label(heading.trim()))).filter(|heading| !heading.is_empty());
                let heading = heading.map(|heading| heading + "\n");
                let items = items.iter().map(|item| format!("- {}", self.text(item)));
                lines(heading.into_iter().chain(items).collect())
            }
            Block::Table { head, rows } => lines(rows.iter().map(|row| self.row(head, row)).collect()),
            Block::Code(text) => format!("```\n{}\n```", unmention(&code(text), self.mentioned)),
            Block::Note(text) => format!("> {}", self.text(text).replace(BREAK, &format!("{BREAK}> "))),
            Block::Markdown(markdown) => closed(markdown),
        }
    }

    /// A row as a list item, since phones do not draw tables: the first cell names it.
    fn row(&self, head: &[String], row: &[Text]) -> String {
        let cells = head.iter().zip(row).enumerate().map(|(column, (name, cell))| {
            let cell = self.text(cell).replace(BREAK, " ");
            if column == 0 { strong(&cell) } else { format!("{} {cell}", label(name)) }
        });
        format!("- {}", cells.filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" · "))
    }

    fn text(&self, text: &Text) -> String {
        let mut written = Written::default();
        let (named, spans) = match text.0.split_first() {
            // Where nothing can be tapped, what is said of a name stands beside it, and the line to send at the end.
            Some((Span::Action(named), spans))
                if !self.can_tap && !spans.is_empty() && named.label != named.command =>
            {
                written.literal(&named.label);
                (Some(named), spans)
            }
            _ => (None, text.0.as_slice()),
        };
        for span in spans {
            match span {
                Span::Plain(text) => written.literal(text),
                Span::Strong(text) => written.strong(text),
                Span::Link(to) => match linked(to).filter(|link| link.len() <= MAX_LINK) {
                    Some(link) => written.link(&link),
                    None => written.literal(&to.label),
                },
                Span::Action(action) => self.action(action, &mut written),
            }
        }
        if let Some(Action { command, .. }) = named {
            written.literal("　");
            written.strong(command);
        }
        written.end()
    }

    /// What may be said next, an item each.
    fn actions(&self, reply: &Reply) -> Vec<String> {
        let action = |action: &Action| {
            let mut written = Written::default();
            self.action(action, &mut written);
            format!("- {}", written.end())
        };
        reply.actions.iter().map(action).collect()
    }

    fn action(&self, action: &Action, written: &mut Written) {
        let Action { label, command } = action;
        let shown = if label.trim().is_empty() { command } else { label };
        let link = format!("[{}]({})", self::label(shown), said_by_tap(command));
        if link.len() > MAX_LINK {
            written.literal(shown);
        } else if self.can_tap {
            written.link(&link);
        } else {
            if shown != command {
                written.literal(&format!("{shown}{}", self.colon));
            }
            written.strong(command);
        }
    }
}

#[cfg(test)]
mod tests;
