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
    /// What is nested too deep, or too long.
    Nesting,
}

impl Unrendered {
    /// Every one.
    pub(super) const ALL: [Self; 10] = [
        Self::Code,
        Self::CodeBlock,
        Self::Table,
        Self::Rule,
        Self::Strikethrough,
        Self::TaskList,
        Self::Footnote,
        Self::Html,
        Self::Font,
        Self::Nesting,
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
            Self::Nesting => "nesting",
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

#[cfg(test)]
mod tests {
    use crate::page::{render::tests::shown, sanitise::tests::text_of};

    /// Each source is shown as it is, and marked as this.
    fn assert_unrendered(source: &str, what: &str) {
        let html = shown(source);
        assert!(html.contains(&format!("data-unrendered=\"{what}\"")), "{html}");
        assert!(text_of(&html).contains(source.trim_end_matches('\n')), "{html}");
    }

    #[test]
    fn what_dingtalk_does_not_render_is_marked() {
        for (source, what) in [
            ("`kubectl get <pods> && a`", "code"),
            ("```rust\nfn main() {\n    let a = \"<b>&amp;\";\n}\n```\n", "code-block"),
            ("~~~\nunclosed\n  | a", "code-block"),
            ("    indented", "code-block"),
            ("| a | b |\n|---|:-:|\n| `1` | **2** |\n", "table"),
            ("---", "rule"),
            ("***", "rule"),
            ("~~a **b** c~~", "strikethrough"),
            ("a<br>b", "html"),
            ("<b>a *b* c</b>", "html"),
            ("<div>\n\n", "html"),
            ("<!-- a -->", "html"),
            ("<font color=red>a</font>", "font"),
            ("<font color=\"#FF0000\">a</font>", "font"),
            ("<font size=3>a", "font"),
        ] {
            match source.strip_prefix("a<br>") {
                Some(_) => assert_unrendered("<br>", what),
                None if source.starts_with("    ") => assert!(shown(source).contains("indented")),
                None => assert_unrendered(source, what),
            }
        }
        let tasks = shown("- [ ] a\n- [x] b");
        assert!(
            tasks.contains(r#"<span class="unrendered" data-unrendered="task-list">[x]</span>"#),
            "{tasks}"
        );
        let notes = shown("a[^1]\n\n[^1]: b");
        assert_eq!(notes.matches(r#"data-unrendered="footnote""#).count(), 2, "{notes}");
        assert!(text_of(&notes).contains("[^1]: b"), "{notes}");
    }

    #[test]
    fn an_element_inside_another_is_marked_there() {
        let html = shown("- a\n\n  ```\n  b\n  ```\n- **`c`**");
        assert!(
            html.contains("<strong><span class=\"unrendered\" data-unrendered=\"code\">`c`</span></strong>"),
            "{html}"
        );
        assert!(
            html.contains("<span class=\"unrendered block\" data-unrendered=\"code-block\">```\n"),
            "{html}"
        );
    }
}
