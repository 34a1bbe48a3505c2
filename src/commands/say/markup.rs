//! What a person wrote, as parts of a reply: of Markdown only what cannot deceive.
//!
//! Bold, lists, quotes and code blocks are what they are; headings become bold, since the one heading says who speaks.
//! A link is http(s) and its label ends in its host, or is the address itself; a picture becomes a link, for it could show
//! anything. All else stands as typed.

use url::Url;

use crate::{
    reply::{Block, Link, Span, Text},
    text,
};

const FENCE: &str = "```";
/// Letters of a link's label: the host behind it must not be cut off.
const MAX_LABEL: usize = 200;

/// Text as typed, its addresses links.
pub(super) fn plain(text: &str) -> Text {
    inline(text, false)
}

/// Markdown.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            continue;
        }
        let block = if trimmed.starts_with(FENCE) {
            let code = lines.by_ref().take_while(|line| !line.trim().starts_with(FENCE));
            Block::Code(code.collect::<Vec<_>>().join("\n"))
        } else if let Some(heading) = heading(trimmed) {
            Block::Text(strong(inline(heading, true)))
        } else if let Some(first) = item(line) {
            let mut items = vec![inline(first, true)];
            while let Some(next) = lines.next_if(|line| item(line).is_some()) {
                items.extend(item(next).map(|item| inline(item, true)));
            }
            Block::List { heading: String::new(), items }
        } else if let Some(first) = quoted(line) {
            let mut quote = vec![first];
            while let Some(next) = lines.next_if(|line| quoted(line).is_some()) {
                quote.extend(quoted(next));
            }
            Block::Note(inline(&quote.join("\n"), true))
        } else {
            let mut paragraph = vec![line];
            while let Some(next) = lines.next_if(|line| !begins_block(line)) {
                paragraph.push(next);
            }
            Block::Text(inline(&paragraph.join("\n"), true))
        };
        blocks.push(block);
    }
    blocks
}

fn begins_block(line: &str) -> bool {
    let trimmed = line.trim();
    let starts = trimmed.is_empty() || trimmed.starts_with(FENCE);
    starts || heading(trimmed).is_some() || item(line).is_some() || quoted(line).is_some()
}

fn heading(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches('#');
    let level = line.len() - rest.len();
    rest.strip_prefix(' ').filter(|_| (1..=6).contains(&level)).map(str::trim).filter(|rest| !rest.is_empty())
}

fn item(line: &str) -> Option<&str> {
    let line = line.trim_start();
    ["- ", "* ", "+ "].iter().find_map(|mark| line.strip_prefix(mark)).map(str::trim)
}

fn quoted(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix('>').map(str::trim)
}

/// The pieces of a line; without `markup` only addresses are more than text.
fn inline(text: &str, markup: bool) -> Text {
    let mut spans = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let in_word = plain.ends_with(|c: char| c.is_ascii_alphanumeric());
        let found = match c {
            '!' | '[' if markup => labelled(rest),
            '*' if markup => bold(rest),
            '\\' if markup => escaped(rest),
            'h' | 'H' if !in_word => address(rest),
            _ => None,
        };
        let (piece, length) = found.unwrap_or((vec![Span::Plain(c.into())], c.len_utf8()));
        for span in piece {
            match span {
                Span::Plain(text) => plain.push_str(&text),
                other => {
                    if !plain.is_empty() {
                        spans.push(Span::Plain(std::mem::take(&mut plain)));
                    }
                    spans.push(other);
                }
            }
        }
        rest = &rest[length..];
    }
    if !plain.is_empty() {
        spans.push(Span::Plain(plain));
    }
    Text(spans)
}

/// Pieces at the beginning of a text, and how many bytes they take.
type Found = Option<(Vec<Span>, usize)>;

/// `[label](address)`, or the picture that stands behind `!`.
fn labelled(text: &str) -> Found {
    let link = text.strip_prefix('!').unwrap_or(text).strip_prefix('[')?;
    let (label, behind) = link.split_once("](")?;
    let end =
        behind.find(|c: char| c == ')' || c.is_whitespace()).filter(|&end| behind[end..].starts_with(')'))?;
    let url = web(&behind[..end])?;
    if label.contains(['[', ']', '\n']) {
        return None;
    }
    let length = text.len() - behind.len() + end + 1;
    let (label, address) = (label.trim(), &behind[..end]);
    if label.is_empty() || label == address {
        return Some((vec![link_to(address, &url)], length));
    }
    let label = format!("{} ({})", text::cut(label, MAX_LABEL), url.host_str().unwrap_or_default());
    Some((vec![link_to(&label, &url)], length))
}

/// `**text**`.
fn bold(text: &str) -> Found {
    let (inner, behind) = text.strip_prefix("**")?.split_once("**")?;
    let fits = !inner.is_empty() && inner.trim() == inner && !inner.contains('\n');
    fits.then(|| (strong(inline(inner, true)).0, text.len() - behind.len()))
}

/// A mark that a backslash takes its meaning from.
fn escaped(text: &str) -> Found {
    let mark = text.chars().nth(1).filter(char::is_ascii_punctuation)?;
    Some((vec![Span::Plain(mark.into())], "\\".len() + mark.len_utf8()))
}

/// An address that stands by itself.
fn address(text: &str) -> Found {
    let is_web =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    if !is_web("http://") && !is_web("https://") {
        return None;
    }
    let is_end = |c: char| !c.is_ascii_graphic() || "<>\"`|\\^{}[]".contains(c);
    let end = text.find(is_end).unwrap_or(text.len());
    let address = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', '*', '_', '~']);
    let url = web(address)?;
    Some((vec![link_to(address, &url)], address.len()))
}

/// An http(s) address. One with a name before its host reads as another host.
fn web(address: &str) -> Option<Url> {
    let is_plain = |url: &Url| url.username().is_empty() && url.password().is_none();
    text::web_address(address).filter(is_plain)
}

fn link_to(label: &str, url: &Url) -> Span {
    Span::Link(Link { label: label.to_owned(), url: url.to_string() })
}

/// With its text emphasised.
fn strong(Text(spans): Text) -> Text {
    let span = |span| match span {
        Span::Plain(text) => Span::Strong(text),
        other => other,
    };
    Text(spans.into_iter().map(span).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Parser, Tag, TagEnd};

    use super::*;
    use crate::{
        dingtalk::markdown::{self, Limit, Reader},
        locale::Locale,
        reply::Reply,
    };

    proptest! {
        #[test]
        fn no_text_looks_like_who_says_it(
            parts in prop::collection::vec(prop::sample::select(&[
                "# Bob（1）说：", "\n", "\n\n", "- ", "> ", "```", "**", "*", "[", "](", ")", "!", "\\", "<b>", "@all", "@1",
                "https://a.example/x", "dtmd://dingtalkclient/sendMessage?content=x", "javascript:x", "http://u@b.example",
                "[点](https://a.example/x)", "[https://b.example](https://a.example/x)", "[x](dtmd://dingtalkclient/x)",
                "bank.example", " ", "中", "===", "---", "1. ", "&#64;", "|", "~~", "www.a.example", "    ", "\t",
            ][..]), 0..24), is_markdown in prop::bool::ANY,
        ) {
            let text = parts.concat();
            let reply = Reply::new("who");
            let reply = match is_markdown {
                true => blocks(&text).into_iter().fold(reply, Reply::block),
                false => reply.block(Block::Text(plain(&text))),
            };
            let message = markdown::render(&reply, &Reader::default(), Limit::Webhook, Locale::Zh);
            let shown = message.body.text().unwrap().as_str().to_owned();
            // All that is read, and where in it each link begins and ends.
            let (mut headings, mut read, mut links) = (0, String::new(), Vec::new());
            for event in Parser::new(&shown) {
                match event {
                    Event::Start(Tag::Heading { .. }) => headings += 1,
                    Event::Start(Tag::Image { .. }) | Event::Html(_) | Event::InlineHtml(_) | Event::Rule => {
                        return Err(TestCaseError::fail(shown));
                    }
                    Event::Start(Tag::Link { dest_url, .. }) => {
                        links.push((dest_url.parse::<Url>().unwrap(), read.len(), read.len()));
                    }
                    Event::End(TagEnd::Link) => links.last_mut().unwrap().2 = read.len(),
                    Event::Text(text) => read.push_str(&text.replace('\u{A0}', " ")),
                    _ => {}
                }
            }
            for (url, begin, end) in links {
                prop_assert!(matches!(url.scheme(), "http" | "https") && url.username().is_empty(), "{}", shown);
                let host = url.host_str().unwrap();
                let is_itself = read[begin..end].parse::<Url>().is_ok_and(|label| label.host_str() == Some(host));
                prop_assert!(is_itself || read[begin..end].ends_with(&format!(" ({host})")), "{}", shown);
            }
            prop_assert_eq!(headings, 1, "{}", shown);
            prop_assert!(!shown.contains("](dtmd") && !shown.contains("](javascript"), "{}", shown);
        }
    }
}
