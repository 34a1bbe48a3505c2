//! A robot's Markdown as DingTalk shows it (protocol.md 7).
//!
//! What DingTalk's Markdown does not have is shown as its source, which is what somebody with a phone sees, inside
//! `<span class="unrendered" data-unrendered="…">`: the page says what it is and why it looks like that.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::{
    mention::Nicks,
    nesting::Nesting,
    unrendered::{RawTag, Unrendered, push_escaped},
};

/// As long as a message can be at DingTalk's, in bytes (protocol.md 3). What is longer came some other way, and is not
/// worth the time that it takes.
const LONGEST: usize = 20_000;
/// How many marks a message has: a browser has to draw each of them.
const MARKS: usize = 200;

/// Markdown as HTML, to be cleaned before it is put into a page.
pub(super) fn markdown(text: &str, nicks: &Nicks) -> String {
    // As an HTML parser would take them, so that source text is the same before and after it.
    let shown = text[..text.floor_char_boundary(LONGEST)]
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\0', "\u{fffd}");
    if text.len() > LONGEST {
        return Unrendered::Nesting.mark(&format!("{shown}…"), "unrendered block");
    }
    let mut out = String::new();
    html::push_html(&mut out, Renderer::new(&shown, nicks).render().into_iter());
    out
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
    out: Nesting<'a>,
    marks: usize,
}

impl<'a> Renderer<'a> {
    fn new(text: &'a str, nicks: &'a Nicks) -> Self {
        let events = Parser::new_ext(text, EXTENSIONS).into_offset_iter().collect();
        Self { text, nicks, events, out: Nesting::default(), marks: 0 }
    }

    fn render(mut self) -> Vec<Event<'a>> {
        let mut index = 0;
        while let Some((event, range)) = self.events.get(index).cloned() {
            index = self.step(index, event, range);
        }
        self.out.into_events()
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
            Event::Start(tag) => self.start(index, tag, range),
            Event::End(tag) => {
                self.out.end(tag);
                index + 1
            }
            event => {
                self.out.push(event);
                index + 1
            }
        }
    }

    /// An element, where there is room for it.
    fn start(&mut self, index: usize, tag: Tag<'a>, range: Range<usize>) -> usize {
        match tag {
            Tag::BlockQuote(_) | Tag::List(_) if !self.out.has_room() => {
                self.block(index, Unrendered::Nesting, range)
            }
            Tag::Emphasis | Tag::Strong | Tag::Link { .. } if !self.out.has_room() => {
                self.inline(self.after(index), Unrendered::Nesting, range)
            }
            tag => {
                self.out.start(tag);
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
        let source = self.source(range).trim_end_matches('\n');
        self.marks += 1;
        if self.marks > MARKS {
            self.out.push(Event::Start(Tag::Paragraph));
            self.out.push(Event::Text(source.into()));
            self.out.push(Event::End(TagEnd::Paragraph));
        } else {
            self.out.push(Event::Html(what.mark(source, "unrendered block").into()));
        }
        self.after(index)
    }

    fn inline(&mut self, next: usize, what: Unrendered, range: Range<usize>) -> usize {
        let source = self.source(range);
        self.marks += 1;
        self.out.push_inline(match self.marks > MARKS {
            true => Event::Text(source.into()),
            false => Event::InlineHtml(what.mark(source, "unrendered").into()),
        });
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
            RawTag::Color(color) if self.out.color(color) => index + 1,
            RawTag::Color(_) => self.inline(index + 1, Unrendered::Nesting, range),
            RawTag::Close(name) if name.eq_ignore_ascii_case("font") && self.out.end_color() => index + 1,
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
                Event::Start(Tag::Image { .. }) => self.out.push_inline(event.clone()),
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
        let mut at = 0;
        while let Some((range, nick)) = self.nicks.find(&text, at) {
            shown.push_str(&text[at..range.start]);
            shown.push('@');
            shown.push_str(nick);
            at = range.end;
        }
        shown.push_str(&text[at..]);
        self.out.push_inline(Event::Text(CowStr::from(shown)));
        index
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::page::{
        mention::By,
        own::tests::own,
        sanitise::{Sanitiser, tests::text_of},
    };

    fn clean(text: &str, nicks: &[(&str, &str)]) -> String {
        let nicks = nicks.iter().map(|&(written, nick)| (written.into(), nick.into()));
        Sanitiser::new(own()).clean(&markdown(text, &Nicks::new(By::Robot, nicks)))
    }

    pub(in crate::page) fn shown(text: &str) -> String {
        clean(text, &[("0147000002", "爱丽丝"), ("13800000002", "爱丽丝")])
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
        for address in ["http://a.b/c.png", "http://127.0.0.1:3000/a.png", "data:image/png;base64,AA"] {
            let html = shown(&format!("![x]({address})"));
            assert!(html.contains(&format!("src=\"{address}\"")), "{html}");
        }
        for address in [
            "javascript:alert(1)",
            "data:image/svg+xml;base64,AA",
            "data:text/html,a",
            "/page/state",
            "dtmd://a/b",
            "//a/b.png",
            // The simulator itself.
            "http://127.0.0.1:8000/page/events?0",
            "http://localhost:8000/robot/send",
            "http://dingtalk.test:81/",
        ] {
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
    fn mentions_show_the_nick() {
        assert_eq!(
            shown("@0147000002 好，@13800000002。@01470000021").trim(),
            "<p>@爱丽丝 好，@爱丽丝。@01470000021</p>"
        );
        assert_eq!(clean("@a_b_c", &[("a_b_c", "**x** <img>")]).trim(), "<p>@**x** &lt;img&gt;</p>");
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
