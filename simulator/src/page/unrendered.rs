//! What DingTalk's Markdown does not have, and how its source is shown.

use super::sanitise::is_color;

/// What DingTalk does not render everywhere, as the page's translations name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unrendered {
    Code,
    CodeBlock,
    Table,
    Rule,
    Strikethrough,
    TaskList,
    Footnote,
    Html,
    Font,
}

impl Unrendered {
    /// Every one.
    pub(super) const ALL: [Self; 9] = [
        Self::Code,
        Self::CodeBlock,
        Self::Table,
        Self::Rule,
        Self::Strikethrough,
        Self::TaskList,
        Self::Footnote,
        Self::Html,
        Self::Font,
    ];

    /// As the page's translations call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::CodeBlock => "code-block",
            Self::Table => "table",
            Self::Rule => "rule",
            Self::Strikethrough => "strikethrough",
            Self::TaskList => "task-list",
            Self::Footnote => "footnote",
            Self::Html => "html",
            Self::Font => "font",
        }
    }

    /// The source of it, marked.
    pub(super) fn mark(self, source: &str, class: &str) -> String {
        let mut out = format!(r#"<span class="{class}" data-unrendered="{}">"#, self.name());
        push_escaped(&mut out, source);
        out.push_str("</span>");
        out
    }
}

/// A tag in raw HTML.
pub(super) enum RawTag<'a> {
    /// `<font color=#RRGGBB>`, as phones take it: without quotes, in six digits.
    Color(&'a str),
    Open(&'a str),
    Close(&'a str),
    /// A comment or something else.
    Other,
}

impl<'a> RawTag<'a> {
    /// Reads one tag.
    pub(super) fn of(source: &'a str) -> Self {
        let Some(inside) = source.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) else {
            return Self::Other;
        };
        let (is_close, inside) = inside.strip_prefix('/').map_or((false, inside), |rest| (true, rest));
        let end = inside.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(end);
        match attributes.trim().strip_prefix("color=") {
            _ if name.is_empty() => Self::Other,
            _ if is_close => Self::Close(name),
            Some(color) if name.eq_ignore_ascii_case("font") && is_color(color) => Self::Color(color),
            _ => Self::Open(name),
        }
    }
}

/// Appends text so that it stays text.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}
