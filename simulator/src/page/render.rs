//! A robot's Markdown as DingTalk shows it (protocol.md 7).
//!
//! What DingTalk's Markdown does not have is shown as its source, which is what somebody with a phone sees, inside
//! `<span class="unrendered" data-unrendered="…">`: the page says what it is and why it looks like that.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::{
    sanitise::sanitise,
    unrendered::{RawTag, Unrendered, push_escaped},
};

/// How somebody is written in a message, and the nick that is shown for it: `@0147000002` is `@爱丽丝`.
pub(crate) type Nicks = Vec<(String, String)>;

/// Markdown as HTML that can be put into a page.
pub(crate) fn markdown(text: &str, nicks: &Nicks) -> String {
    // As an HTML parser would take them, so that source text is the same before and after it.
    let text = text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}");
    let mut out = String::new();
    html::push_html(&mut out, Renderer::new(&text, nicks).render().into_iter());
    sanitise(&out)
}

/// The first `@…` in a text that stands for somebody: where it is, and the nick.
pub(crate) fn find_mention<'a>(text: &str, nicks: &'a Nicks) -> Option<(Range<usize>, &'a str)> {
    text.match_indices('@').find_map(|(at, _)| {
        let after = &text[at + 1..];
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
        let fits = nicks.iter().filter(|(written, _)| after.strip_prefix(written.as_str()).is_some_and(ends));
        let (written, nick) = fits.max_by_key(|(written, _)| written.len())?;
        Some((at..at + 1 + written.len(), nick.as_str()))
    })
}

/// The extensions that DingTalk's users try. Those that would change what DingTalk does render, quotes and headings,
/// are off, and so are those whose marks stand in ordinary texts.
const EXTENSIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS);

/// How many events away a closing tag is looked for.
const NEAR: usize = 200;

struct Renderer<'a> {
    text: &'a str,
    nicks: &'a Nicks,
    events: Vec<(Event<'a>, Range<usize>)>,
    out: Vec<Event<'a>>,
    /// Colours that are not closed yet.
    colors: usize,
}

impl<'a> Renderer<'a> {
    fn new(text: &'a str, nicks: &'a Nicks) -> Self {
        let events = Parser::new_ext(text, EXTENSIONS).into_offset_iter().collect();
        Self { text, nicks, events, out: Vec::new(), colors: 0 }
    }

    fn render(mut self) -> Vec<Event<'a>> {
        let mut index = 0;
        while let Some((event, range)) = self.events.get(index).cloned() {
            index = self.step(index, event, range);
        }
        self.out
    }

    /// Takes one event, or all of an element; the index to go on at.
    fn step(&mut self, index: usize, event: Event<'a>, range: Range<usize>) -> usize {
        use Unrendered as U;
        match event {
            Event::Start(Tag::CodeBlock(_)) => self.block(index, U::CodeBlock, range),
            Event::Start(Tag::Table(_)) => self.block(index, U::Table, range),
            Event::Start(Tag::FootnoteDefinition(_)) => self.block(index, U::Footnote, range),
            Event::Start(Tag::HtmlBlock) => self.html_block(index, range),
            Event::Rule => self.block(index, U::Rule, range),
            Event::Start(Tag::Strikethrough) => self.inline(self.after(index), U::Strikethrough, range),
            Event::Code(_) => self.inline(index + 1, U::Code, range),
            Event::FootnoteReference(_) => self.inline(index + 1, U::Footnote, range),
            Event::TaskListMarker(_) => self.inline(index + 1, U::TaskList, range),
            Event::InlineHtml(_) | Event::Html(_) => self.inline_html(index, range),
            Event::Start(Tag::Image { .. }) => self.image(index),
            Event::Text(_) => self.texts(index),
            event => {
                self.out.push(event);
                index + 1
            }
        }
    }

    fn source(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// The index after the element that starts at this one.
    fn after(&self, index: usize) -> usize {
        let mut depth = 0_usize;
        for (offset, (event, _)) in self.events.iter().enumerate().skip(index) {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return offset + 1;
            }
        }
        self.events.len()
    }

    fn block(&mut self, index: usize, what: Unrendered, range: Range<usize>) -> usize {
        let marked = what.mark(self.source(range).trim_end_matches('\n'), "unrendered block");
        self.out.push(Event::Html(marked.into()));
        self.after(index)
    }

    fn inline(&mut self, next: usize, what: Unrendered, range: Range<usize>) -> usize {
        let marked = what.mark(self.source(range), "unrendered");
        self.out.push(Event::InlineHtml(marked.into()));
        next
    }

    /// A block of raw HTML; one that is only a colour around text is what DingTalk takes.
    fn html_block(&mut self, index: usize, range: Range<usize>) -> usize {
        let source = self.source(range.clone()).trim_end_matches('\n');
        let colored = source.split_once('>').and_then(|(tag, rest)| {
            let RawTag::Color(color) = RawTag::of(source.get(..=tag.len())?) else { return None };
            let text = rest.strip_suffix("</font>")?;
            (!text.contains('<')).then_some((color, text))
        });
        let Some((color, text)) = colored else {
            return self.block(index, Unrendered::Html, range);
        };
        let mut html = format!(r#"<p><font color="{color}">"#);
        push_escaped(&mut html, text);
        html.push_str("</font></p>");
        self.out.push(Event::Html(html.into()));
        self.after(index)
    }

    fn inline_html(&mut self, index: usize, range: Range<usize>) -> usize {
        match RawTag::of(self.source(range.clone())) {
            RawTag::Color(color) => {
                self.colors += 1;
                self.out.push(Event::InlineHtml(format!(r#"<font color="{color}">"#).into()));
                index + 1
            }
            RawTag::Close(name) if name.eq_ignore_ascii_case("font") && self.colors > 0 => {
                self.colors -= 1;
                self.out.push(Event::InlineHtml("</font>".into()));
                index + 1
            }
            RawTag::Open(name) => {
                let what = match name.eq_ignore_ascii_case("font") {
                    true => Unrendered::Font,
                    false => Unrendered::Html,
                };
                // One mark for all from the tag to its end, if that is in the same paragraph.
                match self.closing(index, name) {
                    Some(close) => self.inline(close + 1, what, range.start..self.events[close].1.end),
                    None => self.inline(index + 1, what, range),
                }
            }
            _ => self.inline(index + 1, Unrendered::Html, range),
        }
    }

    /// Where the tag that opens at this index is closed, if that is near.
    fn closing(&self, index: usize, name: &str) -> Option<usize> {
        let (mut depth, mut open) = (0_usize, 0_usize);
        for (offset, (event, range)) in self.events.iter().enumerate().skip(index).take(NEAR) {
            match event {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth = depth.checked_sub(1)?,
                Event::InlineHtml(_) if depth == 0 => match RawTag::of(self.source(range.clone())) {
                    RawTag::Open(other) if other.eq_ignore_ascii_case(name) => open += 1,
                    RawTag::Close(other) if other.eq_ignore_ascii_case(name) => {
                        open -= 1;
                        if open == 0 {
                            return Some(offset);
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        None
    }

    /// A picture; its description is plain text, whatever is written in it.
    fn image(&mut self, index: usize) -> usize {
        let after = self.after(index);
        let end = Event::End(TagEnd::Image);
        for (event, range) in self.events.get(index..after).into_iter().flatten() {
            match event {
                Event::Start(Tag::Image { .. }) => self.out.push(event.clone()),
                Event::Text(text) | Event::Code(text) => self.out.push(Event::Text(text.clone())),
                event if *event == end => self.out.push(event.clone()),
                Event::InlineHtml(_) => {
                    self.out.push(Event::Text(self.text.get(range.clone()).unwrap_or_default().into()));
                }
                _ => {}
            }
        }
        after
    }

    /// Texts that follow each other, with the nicks of those mentioned in them.
    fn texts(&mut self, mut index: usize) -> usize {
        let mut text = String::new();
        while let Some((Event::Text(part), _)) = self.events.get(index) {
            text.push_str(part);
            index += 1;
        }
        let mut shown = String::new();
        let mut rest = text.as_str();
        while let Some((range, nick)) = find_mention(rest, self.nicks) {
            shown.push_str(&rest[..range.start]);
            shown.push('@');
            shown.push_str(nick);
            rest = &rest[range.end..];
        }
        shown.push_str(rest);
        self.out.push(Event::Text(CowStr::from(shown)));
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::sanitise::tests::text_of;

    fn shown(text: &str) -> String {
        markdown(text, &vec![("0147000002".into(), "爱丽丝".into()), ("13800000002".into(), "爱丽丝".into())])
    }

    /// Each source is shown as it is, and marked as this.
    fn assert_unrendered(source: &str, what: &str) {
        let html = shown(source);
        assert!(html.contains(&format!("data-unrendered=\"{what}\"")), "{html}");
        assert!(text_of(&html).contains(source.trim_end_matches('\n')), "{html}");
    }

    #[test]
    fn headings_quotes_and_emphasis_are_rendered() {
        for level in 1..=6 {
            let html = shown(&format!("{} 标题", "#".repeat(level)));
            assert_eq!(html.trim(), format!("<h{level}>标题</h{level}>"));
        }
        assert_eq!(shown("> 引用").replace('\n', ""), "<blockquote><p>引用</p></blockquote>");
        assert_eq!(shown("**粗** *斜*").trim(), "<p><strong>粗</strong> <em>斜</em></p>");
    }

    #[test]
    fn lists_are_rendered() {
        assert_eq!(shown("- a\n- b").replace('\n', ""), "<ul><li>a</li><li>b</li></ul>");
        assert_eq!(shown("3. a\n4. b").replace('\n', ""), r#"<ol start="3"><li>a</li><li>b</li></ol>"#);
    }

    #[test]
    fn lines_break_where_dingtalk_breaks_them() {
        assert_eq!(shown("a\nb").trim(), "<p>a\nb</p>");
        assert_eq!(shown("a  \nb").replace('\n', ""), "<p>a<br>b</p>");
        assert_eq!(shown("a\r\n\r\nb").replace('\n', ""), "<p>a</p><p>b</p>");
    }

    #[test]
    fn links_open_elsewhere() {
        assert_eq!(
            shown("[文档](https://example.com/a?b=1&c=2)").trim(),
            r#"<p><a href="https://example.com/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer">文档</a></p>"#
        );
        let html = shown("[帮助](dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9)");
        assert!(
            html.contains(r#"href="dtmd://dingtalkclient/sendMessage?content=%E5%B8%AE%E5%8A%A9""#),
            "{html}"
        );
        let html = shown("[开](dingtalk://dingtalkclient/page/link?url=https%3A%2F%2Fexample.com)");
        assert!(html.contains(r#"href="dingtalk://dingtalkclient/page/link?url="#), "{html}");
    }

    #[test]
    fn pictures_come_from_the_web_only() {
        let html = shown("![图 `a` <b>](https://example.com/a.png)");
        assert_eq!(
            html.trim(),
            r#"<p><img src="https://example.com/a.png" alt="图 a &lt;b&gt;" loading="lazy"></p>"#
        );
        for address in
            ["javascript:alert(1)", "data:image/png;base64,AA", "/page/state", "dtmd://a/b", "//a/b.png"]
        {
            let html = shown(&format!("![x]({address})"));
            assert!(!html.contains("src="), "{html}");
        }
    }

    #[test]
    fn colours_and_character_references_are_rendered() {
        assert_eq!(
            shown("<font color=#FF0000>红 **粗**</font>&nbsp;&#42;a&#42;").trim(),
            "<p><font color=\"#FF0000\">红 <strong>粗</strong></font>&nbsp;*a*</p>"
        );
        assert_eq!(
            shown("<font color=#00aa00>\n绿\n</font>").replace('\n', ""),
            "<p><font color=\"#00aa00\">绿</font></p>"
        );
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

    #[test]
    fn mentions_show_the_nick() {
        assert_eq!(
            shown("@0147000002 好，@13800000002。@01470000021").trim(),
            "<p>@爱丽丝 好，@爱丽丝。@01470000021</p>"
        );
        let nicks = vec![("a_b_c".to_owned(), "**x** <img>".to_owned())];
        assert_eq!(markdown("@a_b_c", &nicks).trim(), "<p>@**x** &lt;img&gt;</p>");
        assert!(text_of(&shown("`@0147000002`")).contains("`@0147000002`"), "source stays source");
    }

    #[test]
    fn broken_nesting_ends_with_the_message() {
        let html = shown("<font color=#FF0000>**a</font>** > b\n\n</font></font>");
        assert_eq!(html.matches("<font").count(), html.matches("</font>").count(), "{html}");
        let deep = "> ".repeat(3000) + &"*a ".repeat(3000);
        assert!(shown(&deep).contains('a'));
        assert!(shown("a\0b").contains("a\u{fffd}b"));
    }
}
