//! A line of text in the making.

use super::escape::{escape, line};

const STRONG: &str = "**";

/// Pieces one behind another. Those that show literally are escaped together: two that are harmless alone may be markup
/// together, such as `1` and `. x`.
#[derive(Debug, Default)]
pub(super) struct Written {
    done: String,
    literal: String,
}

impl Written {
    /// Adds text from outside.
    pub(super) fn literal(&mut self, text: &str) {
        self.literal.push_str(text);
    }

    /// Adds text from outside, emphasised; blanks around it are not, since Markdown knows no such emphasis.
    pub(super) fn strong(&mut self, text: &str) {
        let (before, rest) = text.split_at(text.len() - text.trim_start().len());
        let (text, behind) = rest.split_at(rest.trim_end().len());
        self.literal(before);
        self.markup(&strong(&line(text)));
        self.literal(behind);
    }

    /// Adds Markdown.
    pub(super) fn markup(&mut self, mut markup: &str) {
        if markup.is_empty() {
            return;
        }
        self.escape();
        // Two that are strong are one, and a link behind an exclamation mark is no picture.
        if let (Some(done), Some(more)) = (self.done.strip_suffix(STRONG), markup.strip_prefix(STRONG)) {
            self.done.truncate(done.len());
            markup = more;
        } else if markup.starts_with('[') && self.done.ends_with('!') {
            self.done.pop();
            self.done.push_str("&#33;");
        }
        self.done.push_str(markup);
    }

    /// All of it.
    pub(super) fn end(mut self) -> String {
        self.escape();
        self.done
    }

    fn escape(&mut self) {
        self.done.push_str(&escape(&std::mem::take(&mut self.literal)));
    }
}

/// Markdown, emphasised where there is some and none of it is.
pub(super) fn strong(markdown: &str) -> String {
    if markdown.is_empty() || markdown.contains(STRONG) {
        markdown.to_owned()
    } else {
        format!("{STRONG}{markdown}{STRONG}")
    }
}
