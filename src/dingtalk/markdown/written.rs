//! A line of text in the making.

use super::escape::{escape, line};

const STRONG: &str = "**";

/// Pieces one behind another. Those that are shown alike are escaped together: two that are harmless alone may be markup
/// together, such as `1` and `. x`.
#[derive(Debug, Default)]
pub(super) struct Written {
    done: String,
    pending: String,
    is_strong: bool,
}

impl Written {
    /// Adds text from outside.
    pub(super) fn literal(&mut self, text: &str) {
        self.piece(text, false);
    }

    /// Adds text from outside, emphasised; blanks around it are not, since Markdown knows no such emphasis.
    pub(super) fn strong(&mut self, text: &str) {
        let (before, rest) = text.split_at(text.len() - text.trim_start().len());
        let (text, behind) = rest.split_at(rest.trim_end().len());
        self.piece(before, false);
        self.piece(text, true);
        self.piece(behind, false);
    }

    fn piece(&mut self, text: &str, is_strong: bool) {
        if text.is_empty() {
            return;
        }
        if self.is_strong != is_strong {
            self.escape();
            self.is_strong = is_strong;
        }
        self.pending.push_str(text);
    }

    /// Adds a link.
    pub(super) fn link(&mut self, markdown: &str) {
        self.escape();
        // Behind an exclamation mark it would be a picture.
        if self.done.ends_with('!') {
            self.done.pop();
            self.done.push_str("&#33;");
        }
        self.done.push_str(markdown);
    }

    /// All of it.
    pub(super) fn end(mut self) -> String {
        self.escape();
        self.done
    }

    fn escape(&mut self) {
        let text = std::mem::take(&mut self.pending);
        self.done.push_str(&if self.is_strong { strong(&line(&text)) } else { escape(&text) });
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
