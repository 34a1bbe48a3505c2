//! The elements that are open while Markdown is rendered: what comes out nests properly, and not too deep.
//!
//! An HTML parser takes time with the square of the depth, and repairs colours that are closed in the wrong order by
//! making more of them: a message could grow without an end.

use pulldown_cmark::{Event, Tag, TagEnd};

/// How deep quotes, lists, emphasis and links go into each other.
pub(super) const DEPTH: usize = 32;
/// How many colours are one inside another.
const COLORS: usize = 4;

#[derive(Debug)]
enum Open<'a> {
    Element,
    Color {
        color: &'a str,
        /// It was closed inside an element that is open still, and ends with that.
        is_over: bool,
    },
}

/// What was written so far, and what is open in it.
#[derive(Debug, Default)]
pub(super) struct Nesting<'a> {
    out: Vec<Event<'a>>,
    open: Vec<Open<'a>>,
    /// Colours that go on after the element that they began in.
    carried: Vec<&'a str>,
}

impl<'a> Nesting<'a> {
    pub(super) fn into_events(self) -> Vec<Event<'a>> {
        self.out
    }

    /// Whether another element has its place inside.
    pub(super) fn has_room(&self) -> bool {
        self.open.iter().filter(|open| matches!(open, Open::Element)).count() < DEPTH
    }

    /// A block, or what has no colour.
    pub(super) fn push(&mut self, event: Event<'a>) {
        self.out.push(event);
    }

    /// Something in a line, in the colour that goes on.
    pub(super) fn push_inline(&mut self, event: Event<'a>) {
        for color in std::mem::take(&mut self.carried) {
            self.open_color(color);
        }
        self.out.push(event);
    }

    pub(super) fn start(&mut self, tag: Tag<'a>) {
        match tag {
            Tag::Emphasis | Tag::Strong | Tag::Link { .. } => self.push_inline(Event::Start(tag)),
            tag => self.out.push(Event::Start(tag)),
        }
        self.open.push(Open::Element);
    }

    pub(super) fn end(&mut self, tag: TagEnd) {
        while let Some(Open::Color { color, is_over }) = self.open.pop_if(|open| open.is_color()) {
            self.out.push(END_COLOR);
            if !is_over {
                self.carried.insert(0, color);
            }
        }
        self.open.pop();
        self.out.push(Event::End(tag));
        while self.open.pop_if(|open| matches!(open, Open::Color { is_over: true, .. })).is_some() {
            self.out.push(END_COLOR);
        }
    }

    /// Whether the colour has its place.
    pub(super) fn color(&mut self, color: &'a str) -> bool {
        let colors = self.open.iter().filter(|open| open.is_color()).count() + self.carried.len();
        if colors >= COLORS {
            return false;
        }
        self.carried.push(color);
        true
    }

    /// Whether there was a colour to end.
    pub(super) fn end_color(&mut self) -> bool {
        if self.carried.pop().is_some() {
            return true;
        }
        let goes_on = |open: &Open<'_>| matches!(open, Open::Color { is_over: false, .. });
        let Some(index) = self.open.iter().rposition(goes_on) else { return false };
        if index + 1 == self.open.len() {
            self.open.pop();
            self.out.push(END_COLOR);
        } else if let Some(Open::Color { is_over, .. }) = self.open.get_mut(index) {
            *is_over = true;
        }
        true
    }

    fn open_color(&mut self, color: &'a str) {
        self.out.push(Event::InlineHtml(format!(r#"<font color="{color}">"#).into()));
        self.open.push(Open::Color { color, is_over: false });
    }
}

const END_COLOR: Event<'static> = Event::InlineHtml(pulldown_cmark::CowStr::Borrowed("</font>"));

impl Open<'_> {
    fn is_color(&self) -> bool {
        matches!(self, Self::Color { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::render::tests::shown;

    /// The most elements that are open at once.
    fn depth(html: &str) -> usize {
        let (mut depth, mut deepest) = (0_usize, 0);
        for tag in html.split('<').skip(1) {
            match tag {
                tag if tag.starts_with('/') => depth -= 1,
                tag if tag.starts_with("br") || tag.starts_with("img") => {}
                _ => depth += 1,
            }
            deepest = deepest.max(depth);
        }
        assert_eq!(depth, 0, "all is closed");
        deepest
    }

    #[test]
    fn no_message_is_deep_or_large() {
        let nested = |bytes: usize| {
            let list: String = (0..).map(|depth| "  ".repeat(depth) + "- a\n").take(bytes.isqrt()).collect();
            let colors = |text: &str| {
                let color = |index: usize| format!("<font color=#{index:06x}>{text}");
                (0..bytes / 24).map(color).collect::<String>()
            };
            [
                ">".repeat(bytes),
                "> ".repeat(bytes / 2) + &"> a\n".repeat(100),
                "[".repeat(bytes),
                "![".repeat(bytes / 2) + &"](a)".repeat(bytes / 8),
                "[a](".repeat(bytes / 4),
                "*".repeat(bytes),
                "*a ".repeat(bytes / 3),
                "*a ".repeat(bytes / 6) + &"a* ".repeat(bytes / 6),
                "**a _b ".repeat(bytes / 7),
                "- ".repeat(bytes / 2),
                list,
                "<".repeat(bytes),
                "<a>".repeat(bytes / 3),
                "`".repeat(bytes),
                "`a` ".repeat(bytes / 4),
                "&".repeat(bytes),
                "@".repeat(bytes),
                "|".repeat(bytes) + "\n|-",
                "[^1]: ".repeat(bytes / 6),
                colors("a"),
                colors("a\n\n"),
            ]
        };
        for bytes in [2_000, 19_900, 100_000] {
            for source in nested(bytes) {
                let html = shown(&source);
                let start: String = source.chars().take(20).collect();
                assert!(depth(&html) <= DEPTH + COLORS + 3, "{start}: {} deep", depth(&html));
                let most = 9 * source.len() + 25_000;
                assert!(html.len() <= most, "{start}: {} of {}", html.len(), source.len());
            }
        }
    }

    #[test]
    fn what_is_deeper_is_source() {
        let html = shown(&"> ".repeat(40));
        assert_eq!(html.matches("<blockquote>").count(), DEPTH, "{html}");
        let html = shown(&format!("{}a", "> ".repeat(40)));
        assert!(html.contains(r#"data-unrendered="nesting">&gt; &gt; "#), "{html}");
        assert!(html.contains("&gt; a</span>"), "{html}");
        let html = shown(&format!("{}a", "> ".repeat(DEPTH)));
        assert!(!html.contains("unrendered"), "{html}");
    }

    #[test]
    fn a_colour_goes_on_until_it_is_closed() {
        for (source, html) in [
            (
                "<font color=#FF0000>a\n\nb</font>c",
                "<p><font color=\"#FF0000\">a</font></p><p><font color=\"#FF0000\">b</font>c</p>",
            ),
            (
                "<font color=#FF0000>**a</font>b** c",
                "<p><font color=\"#FF0000\"><strong>ab</strong></font> c</p>",
            ),
            (
                "**<font color=#FF0000>a** b</font>c",
                "<p><strong><font color=\"#FF0000\">a</font></strong><font color=\"#FF0000\"> b</font>c</p>",
            ),
            ("<font color=#FF0000></font>", "<p></p>"),
        ] {
            assert_eq!(shown(source).replace('\n', ""), html, "{source}");
        }
    }
}
