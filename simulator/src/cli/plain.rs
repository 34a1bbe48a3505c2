//! A message as plain text, for a terminal.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::harmless;
use crate::message::{Button, Content, FeedLink, Message};

/// A message as lines, with what can be pressed in it numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plain {
    pub text: String,
    /// The links behind the numbers.
    pub links: Vec<String>,
}

impl Plain {
    pub(super) fn of(message: &Message) -> Self {
        let mut plain = Self::default();
        match &message.content {
            Content::Markdown { text, .. } => plain.markdown(text),
            Content::ActionCard { text, buttons, .. } => {
                plain.markdown(text);
                for Button { title, url } in buttons {
                    plain.line();
                    plain.link(&format!("({title})"), url);
                }
            }
            Content::FeedCard { links } => {
                for FeedLink { title, url, .. } in links {
                    plain.line();
                    plain.link(title, url);
                }
            }
            Content::Link { title, text, url, .. } => {
                plain.text = format!("{title}\n{text}\n");
                plain.link("", url);
            }
            content => plain.text = content.to_string(),
        }
        plain.text = harmless(plain.text.trim_end());
        plain
    }

    fn markdown(&mut self, markdown: &str) {
        // What stands before each line of a list or a quote, and the number of the next item of each list.
        let (mut quotes, mut lists, mut links) = (0, Vec::<Option<u64>>::new(), Vec::<String>::new());
        for event in Parser::new(markdown) {
            match event {
                Event::Start(Tag::BlockQuote(_)) => quotes += 1,
                Event::End(TagEnd::BlockQuote(_)) => quotes -= 1,
                Event::Start(Tag::List(first)) => {
                    self.line();
                    lists.push(first);
                }
                Event::End(TagEnd::List(_)) => {
                    lists.pop();
                    self.line();
                    if lists.is_empty() {
                        self.text.push('\n');
                    }
                }
                Event::Start(Tag::Item) => {
                    self.line();
                    self.text.push_str(&"  ".repeat(lists.len().saturating_sub(1)));
                    match lists.last_mut() {
                        Some(Some(number)) => {
                            self.text.push_str(&format!("{number}. "));
                            *number += 1;
                        }
                        _ => self.text.push_str("- "),
                    }
                }
                Event::Start(Tag::Paragraph) if quotes > 0 => self.text.push_str(&"> ".repeat(quotes)),
                Event::Start(Tag::Link { dest_url, .. }) => links.push(dest_url.into_string()),
                Event::End(TagEnd::Link) => {
                    if let Some(url) = links.pop() {
                        self.link("", &url);
                    }
                }
                Event::Start(Tag::CodeBlock(_)) => self.line(),
                Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock) => {
                    self.line();
                    if lists.is_empty() {
                        self.text.push('\n');
                    }
                }
                Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                    self.text.push_str(&text);
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    self.text.push_str(&format!("[picture {dest_url}] "));
                }
                Event::SoftBreak => self.text.push(' '),
                Event::HardBreak => {
                    self.text.push('\n');
                    self.text.push_str(&"> ".repeat(quotes));
                }
                Event::Rule => self.text.push_str("---\n"),
                _ => {}
            }
        }
    }

    /// A label, and where it leads: a number where it can be pressed, the address where it opens a page.
    fn link(&mut self, label: &str, url: &str) {
        self.links.push(url.into());
        let number = self.links.len();
        let address = if url.starts_with("dtmd:") { String::new() } else { format!(" {url}") };
        self.text.push_str(&format!("{label} [{number}]{address}"));
    }

    /// Begins a line, unless one has just begun.
    fn line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Plain;

    fn plain(markdown: &str) -> (String, Vec<String>) {
        let mut plain = Plain::default();
        plain.markdown(markdown);
        (plain.text.trim_end().to_owned(), plain.links)
    }

    #[test]
    fn what_a_phone_shows_without_its_marks() {
        let markdown = "#### 标题\n\n第一行  \n第二行\n\n- **甲**：static&#95;ip\n- [帮助](dtmd://dingtalkclient/sendMessage?content=help)：说明\n\n\
            > 注意\n\n```\na  b\n```\n\n[页面](https://example.com/)";
        let (text, links) = plain(markdown);
        assert_eq!(
            text,
            "标题\n\n第一行\n第二行\n\n- 甲：static_ip\n- 帮助 [1]：说明\n\n> 注意\n\na  b\n\n页面 [2] https://example.com/"
        );
        assert_eq!(links, ["dtmd://dingtalkclient/sendMessage?content=help", "https://example.com/"]);
    }
}
