//! Replies of every kind of block, of any length, by both ways.

use proptest::{collection::vec, prelude::*, sample::select};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

use super::*;

/// Where a link begins: a word that stands nowhere else.
const LABEL: &str = "链接";
const URL: &str = "https://example.com/a?b=(c)";
const PIECES: &[&str] = &[
    "中文字，",
    "👨‍👩‍👧",
    "🇨🇳",
    "e\u{301}",
    "plain ",
    "\n",
    "\n\n",
    "\"\\",
    "`",
    "```",
    "\n~~~\n",
    "[",
    "](",
    "<b>&amp;",
    "@0147000002",
    "https://example.com/ ",
    "- ",
    "1. ",
    "\u{1}\t",
    LINK,
    LINK,
    LINK,
    LINK,
];
/// What only an operator may write.
const MARKUP: &[&str] = &[
    "中文字，",
    "👨‍👩‍👧",
    "e\u{301}",
    "plain ",
    "\n",
    "\n\n",
    "\n```\n",
    "\n   ~~~~ sh\n",
    "\n- ",
    "\n1. ```\n   ",
    "\n> ",
    "   ",
    "&#64;",
    LINK,
    LINK,
    LINK,
    LINK,
];
/// Stands for a link in a text; in Markdown it is one.
const LINK: &str = "[链接](dtmd://dingtalkclient/sendMessage?content=ping)";

/// What is markup at the beginning of a line, or behind or before another.
const SHARDS: &[&str] = &[
    "1",
    ".",
    ". x",
    ")",
    "!",
    "http:",
    "//evil.example",
    "www",
    "\r",
    "\r\n",
    "\n",
    "#",
    " #",
    "- ",
    "* ",
    "+",
    "=",
    "@all",
    "`",
    "```",
    "~~~",
    "[",
    "](x)",
    "<b",
    "<!--",
    ">",
    "&lt",
    ";",
    "中文",
    "    ",
    "\t",
    "\u{a0}",
    "\u{2003}",
    "|",
    "\\",
    "_",
    "**",
    "",
];

/// A text whose links are links.
fn spans(text: &str) -> Text {
    let mut spans = Vec::new();
    for (index, plain) in text.split(LINK).enumerate() {
        match index % 3 {
            _ if index == 0 => {}
            1 => spans.push(Span::Link(Link { label: LABEL.into(), url: URL.into() })),
            _ => spans.push(Span::Action(Action { label: LABEL.into(), command: "ping".into() })),
        }
        let plain = plain.to_owned();
        spans.push(if index % 4 == 3 { Span::Strong(plain) } else { Span::Plain(plain) });
    }
    Text(spans)
}

/// One block of each kind.
fn block(kind: usize, text: &str, markup: &str) -> Block {
    let parts = || text.split("\n\n").map(spans);
    match kind {
        0 => Block::Text(spans(text)),
        1 => Block::Fields(parts().map(|value| ("名称".to_owned(), value)).collect()),
        2 => Block::List { heading: "heading".into(), items: parts().collect() },
        3 => Block::Table {
            head: vec!["a".into(), "b".into()],
            rows: parts().map(|cell| vec!["cell".into(), cell]).collect(),
        },
        4 => Block::Code(text.into()),
        5 => Block::Note(spans(text)),
        _ => Block::Markdown(markup.into()),
    }
}

fn mixed(pieces: &[&str], bytes: usize) -> String {
    let mut length = 0;
    let fits = |piece: &&&str| {
        length += piece.len();
        length <= bytes
    };
    pieces.iter().cycle().take_while(fits).copied().collect()
}

/// Most are about as long as a message may be.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![2 => 0_usize..2_000, 4 => 8_000_usize..22_000, 1 => 22_000_usize..200_000]
}

/// A text without what is in its code blocks, and whether its last words are in one.
fn prose(text: &str) -> (String, bool) {
    let (mut prose, mut begin, mut inside) = (String::new(), 0, false);
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                prose.push_str(&text[begin..range.start]);
                inside = true;
            }
            Event::End(TagEnd::CodeBlock) => (begin, inside) = (range.end, false),
            _ => {}
        }
    }
    let open = inside || begin == text.len();
    (prose + &text[begin..], open)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_reply_is_whole_or_says_what_is_left_out(
        pieces in vec(select(PIECES), 1..30), markup in vec(select(MARKUP), 1..30), bytes in length(),
        kinds in vec(0_usize..7, 1..4), more in prop::option::of(0_usize..5), actions in 0_usize..4,
        buttons in 0_usize..8, can_tap in prop::bool::ANY, webhook in prop::bool::ANY,
    ) {
        let (long, markup) = (mixed(&pieces, bytes / kinds.len()), mixed(&markup, bytes / kinds.len()));
        let blocks = kinds.iter().map(|&kind| block(kind, &long, &markup)).collect();
        let mut reply = Reply { blocks, ..Reply::new("title") };
        for index in 0..actions {
            reply = reply.action("next", format!("next {index}"));
        }
        for index in 0..buttons {
            reply = reply.link("page", format!("https://example.com/{index}"));
        }
        let url = || Some("https://example.com/all".to_owned());
        reply.more = more.map(|count| More { count, url: url().filter(|_| count % 2 == 0) });
        let limit = if webhook { Limit::Webhook } else { Limit::MsgParam };
        let reader = Reader { can_tap, ..group() };
        let message = render(&reply, &reader, limit, Locale::En);

        let size = if webhook { message.to_json().to_string() } else { message.to_msg_param().1 }.len();
        prop_assert!(size <= limit.bytes(), "{size}");

        let text = message.body.text().unwrap().as_str();
        let (mention, at) = super::mention(reader.mention.as_ref().unwrap());
        let text = text.strip_suffix(&mention).unwrap();
        let writer = Writer { can_tap, colon: ": ".into(), mentioned: at.staff_ids() };
        let (content, actions) = (writer.content(&reply), writer.actions(&reply));
        let whole = fit(&content, &actions, reply.more.as_ref(), usize::MAX, Locale::En);
        let room = limit.room(&message) - wire_length(&mention);
        let (prose, open) = prose(&format!("{text}\n\nbehind"));
        prop_assert!(!open && prose.ends_with("behind"), "{}", text);
        // The label of a link is not cut, nor what it opens.
        if !kinds.contains(&4) {
            let links = [format!("[{LABEL}](https://example.com/a?b=%28c%29)"), LINK.to_owned()];
            let links: usize = links.iter().map(|link| text.matches(link).count()).sum();
            prop_assert_eq!(text.matches("[链").count(), links, "{}", text);
        }
        if wire_length(&whole) <= room {
            prop_assert_eq!(text, &whole);
            return Ok(());
        }
        // Nobody misses blank lines at the end.
        let said = |text: &str| text.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n");
        if said(text) == said(&whole) {
            return Ok(());
        }
        if ![&long, &markup].iter().any(|text| text.trim().is_empty()) {
            prop_assert!(size > limit.bytes() - 3_000, "{size}");
        }

        let (before, last) = text.rsplit_once("\n\n").unwrap();
        let count = last.trim_start_matches('[');
        let count = count.strip_prefix("… ").and_then(|count| count.split_once(" more line"));
        let Some((count, rest)) = count else {
            return Err(TestCaseError::fail(format!("no count: {last}")));
        };
        let count: usize = count.parse().unwrap();
        prop_assert_eq!(last.starts_with('['), more.is_some_and(|count| count % 2 == 0));
        prop_assert_eq!(count == 1, !rest.starts_with('s'));
        prop_assert!(count > reply.more.as_ref().map_or(0, |more| more.count));
        let before = before.strip_suffix(&actions.join("\n")).unwrap().trim_end_matches('\n');

        // Whole lines, and perhaps a part of one that ends behind a letter.
        let mut lines = content.lines();
        for line in before.lines() {
            let whole = lines.next().unwrap_or_default();
            if line == whole {
                continue;
            }
            if let Some((part, strong)) = line.rsplit_once('…').filter(|(part, _)| whole.starts_with(part)) {
                prop_assert!(["", "**"].contains(&strong), "{}", strong);
                let mut ends = whole.grapheme_indices(true).map(|(at, _)| at);
                prop_assert!(ends.any(|end| end == part.len()), "{}", part);
                // In code there are no references.
                let parted = part.ends_with('&') || part.ends_with("&#");
                prop_assert!(!parted || kinds.iter().any(|kind| [4, 6].contains(kind)), "{}", part);
            } else {
                let marks = line.trim_start_matches([' ', '>']);
                prop_assert!(marks.starts_with("```") || marks.starts_with("~~~"), "{line} | {whole}");
            }
        }
    }

    #[test]
    fn an_answer_that_is_admitted_is_never_cut(
        markup in vec(select(MARKUP), 1..30), bytes in 14_000_usize..14_900, name in "[a-z中\"&@]{1,80}",
        nick in "[a-z中&*😀]{0,99}",
    ) {
        let markdown = mixed(&markup, bytes);
        let (most, came) = answer_sizes(&name, &markdown);
        let reply = Reply::new(&name).block(Block::Markdown(markdown.clone()));
        let mention = Mention { nick, ..Mention::default() };
        let reader = Reader { mention: Some(mention), can_tap: false };
        let message = render(&reply, &reader, Limit::MsgParam, Locale::En);
        prop_assert!(came > most || shown(&message).contains(markdown.trim()));
        let (_, param) = message.to_msg_param();
        prop_assert!(param.len() <= 15_000, "{}", param.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn nothing_from_outside_is_read_as_markup(
        spans in vec((0..5, select(SHARDS)), 1..8), title in vec(select(SHARDS), 0..4), can_tap in prop::bool::ANY,
    ) {
        let span = |(kind, text): &(i32, &str)| match kind {
            0 | 1 => Span::Plain((*text).into()),
            2 => Span::Strong((*text).into()),
            3 => Span::Link(Link { label: (*text).into(), url: if text.len() % 2 == 0 { URL } else { text }.into() }),
            _ => Span::Action(Action { label: (*text).into(), command: "ping".into() }),
        };
        let spans: Vec<Span> = spans.iter().map(span).collect();
        let is_link = |span: &&Span| match span {
            Span::Link(link) => link.url == URL,
            Span::Action(_) => can_tap,
            _ => false,
        };
        let expected = spans.iter().filter(is_link).count();
        let reply = Reply::new(title.concat()).text(Text(spans));
        let reader = Reader { mention: None, can_tap };
        let message = render(&reply, &reader, Limit::Webhook, Locale::En);
        let text = message.body.text().unwrap().as_str();
        let (mut links, mut headings) = (0, 0);
        for event in Parser::new(text) {
            match event {
                Event::Start(Tag::Link { .. }) => links += 1,
                Event::Start(Tag::Heading { .. }) => headings += 1,
                Event::Start(Tag::Paragraph | Tag::Strong) | Event::End(_) | Event::Text(_) => {}
                Event::SoftBreak | Event::HardBreak => {}
                other => return Err(TestCaseError::fail(format!("{other:?} in {text}"))),
            }
        }
        prop_assert_eq!((links, headings), (expected, 1), "{}", text);
        let bare = text.replace("](https://", "").replace("](dtmd://", "");
        prop_assert!(!bare.contains("://") && !bare.contains("www."), "{}", text);
    }
}
