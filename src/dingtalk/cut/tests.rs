use proptest::{collection::vec, prelude::*, sample::select};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::*;

fn markdown(text: &str, room: usize) -> String {
    shorten(text, room, Syntax::Markdown, Locale::En)
}

#[test]
fn what_fits_stays() {
    assert_eq!(markdown("中文\n", 8), "中文\n", "a line break takes two bytes");
    assert_eq!(markdown("", 0), "");
}

#[test]
fn whole_lines_are_kept_and_the_others_counted() {
    let text = "line of text\n".repeat(10);
    assert_eq!(markdown(&text, 60), "line of text\nline of text\n\n… 8 more lines");
    assert_eq!(markdown(&text, 10), "", "not even the count has room");
}

#[test]
fn a_line_that_is_too_long_is_cut_between_letters() {
    let cut = |line: &str, room| {
        let cut = markdown(line, room);
        cut.strip_suffix("\n\n… 1 more line").map(str::to_owned).unwrap_or(cut)
    };
    assert_eq!(cut(&"字".repeat(20), 40), "字字字字…");
    // A family is one letter of 18 bytes, and é may be two characters.
    assert_eq!(cut(&"👨‍👩‍👧".repeat(5), 45), "👨‍👩‍👧…");
    assert_eq!(cut(&"e\u{301}".repeat(20), 37), "e\u{301}e\u{301}e\u{301}…");
    assert_eq!(cut(&format!("short\n{}", "x".repeat(200)), 60), format!("short\n{}…", "x".repeat(28)));
}

#[test]
fn a_code_block_is_closed() {
    let text = format!("```text\n{}```\nbehind", "line\n".repeat(20));
    assert_eq!(markdown(&text, 60), "```text\nline\nline\nline\nline\n```\n\n… 17 more lines");
    let text = format!("- ~~~~\n{}", "  line\n".repeat(20));
    assert_eq!(markdown(&text, 70), "- ~~~~\n  line\n  line\n  line\n  line\n  ~~~~\n\n… 16 more lines");
    let line = format!("```\n{}", "x".repeat(100));
    assert_eq!(markdown(&line, 60), format!("```\n{}…\n```\n\n… 1 more line", "x".repeat(25)));
    for (text, closed) in [
        ("```\nx", "\n```"),
        ("```\nx\n```", ""),
        ("````\n```", "\n````"),
        ("```x```", ""),
        ("   ~~~\nx", "\n~~~"),
        ("    ~~~\nx", ""),
        ("1. a\n   ```\n   x\n   ```\n2. b", ""),
        ("10. a\n\n    ```sh\n    x", "\n    ```"),
        ("- a\n  - b\n    ```\n    - ```", "\n    ```"),
        ("- ```\n  x\nbehind", ""),
        ("> ```\n> x", "\n> ```"),
        ("> ```\nbehind", ""),
        ("text\n2. ```", ""),
    ] {
        assert_eq!(close(text), closed, "{text}");
    }
}

#[test]
fn no_empty_code_block_and_no_blank_line_is_left_at_the_end() {
    let text = format!("first\n\n```\n{}\n```", "x ".repeat(50));
    assert_eq!(markdown(&text, 32), "first\n\n… 1 more line");
}

#[test]
fn what_is_strong_is_strong_until_the_end() {
    let text = format!("- **{}** behind", "x".repeat(100));
    assert_eq!(markdown(&text, 50), format!("- **{}…**\n\n… 1 more line", "x".repeat(20)));
}

#[test]
fn links_addresses_and_mentions_are_not_parted() {
    for whole in [
        "[the log](https://example.com/log)",
        "![](https://example.com/a(1).png)",
        "[![a](https://example.com/a)](https://example.com/b)",
        "https://example.com/a?u=http%3A%2F%2Fb",
        "@0147000002",
        "@张三",
        "&#64;",
        "<font color=#FF0000>",
        "[a\\]b](https://example.com/a\\)b)",
        "[a](<https://example.com/a)b c>)",
        "[a](https://example.com/ \"a ) b\")",
        "[a](https://example.com/ (b))",
        "HTTPS://example.com/a",
        "\\[",
    ] {
        let text = format!("before {whole} behind {}", "x".repeat(100));
        for room in 0..whole.len() + 7 {
            let kept = &text[..end(&text, room, true)];
            let rest = kept.strip_prefix("before ").unwrap_or("");
            assert!(rest.is_empty() || rest.starts_with(whole), "{whole}: {kept}");
        }
    }
    // What is as long as no address and no name is, is none.
    let long = format!("https://example.com/{}", "a".repeat(5000));
    assert_eq!(end(&long, 4000, true), 4000);
    assert_eq!(end(&format!("@{}", "字".repeat(100)), 100, true), 100);
    // Nor is what is no pair of brackets, and what stands behind a link belongs to none.
    for text in ["[a] (https", "[a](b c d", "\\[a](b c", "[a](https://example.com/)bb"] {
        let text = format!("{text}{}", "x".repeat(99));
        assert_eq!(whole::before(&text, 30, true), 30, "{text}");
    }
    let link = format!("[a](https://example.com/{})", "a".repeat(20_000));
    assert_eq!(end(&format!("before {link}"), 19_000, true), 7, "however long it is");
}

#[test]
fn a_link_of_several_lines_is_whole_or_left_out() {
    let link = "[first\nsecond](https://example.com/a)";
    let text = format!("one\ntwo {link}\nthree {link}\n{}", "line\n".repeat(50));
    for room in 25..200 {
        let cut = markdown(&text, room);
        assert_eq!(cut.matches("[first").count(), cut.matches("](https://example.com/a)").count(), "{cut}");
        let (kept, count) = cut.rsplit_once("\n\n… ").unwrap_or(("", cut.trim_start_matches("… ")));
        let count: usize = count.split_once(' ').unwrap().0.parse().unwrap();
        assert_eq!(kept.lines().filter(|line| !line.ends_with('…')).count() + count, 55, "{cut}");
    }
    // What stands before it in its line is shown, and a blank line ends what is open.
    let text = format!("{}[first\nsecond](https://example.com/a) {}", "x ".repeat(990), "y".repeat(3000));
    for room in 2020..2040 {
        assert_eq!(markdown(&text, room), format!("{}…\n\n… 2 more lines", "x ".repeat(990)));
    }
    let code = format!("[first\n```\nsecond](b)\n{}", "line\n".repeat(50));
    assert_eq!(markdown(&code, 58), "[first\n```\nsecond](b)\nline\n```\n\n… 49 more lines");
    let open = format!("[first\n\nsecond](b)\n{}", "line\n".repeat(50));
    assert_eq!(markdown(&open, 44), "[first\n\nsecond](b)\n\n… 50 more lines");
}

#[test]
fn html_begins_no_block() {
    for (text, safe) in [
        ("<!-- a -->", "&lt;!-- a -->"),
        ("<?php", "&lt;?php"),
        ("> - <PRE>", "> - &lt;PRE>"),
        ("<script\n", "&lt;script\n"),
        ("<div>\n</div>", "\u{200B}<div>\n\u{200B}</div>"),
        ("<font color=#FF0000>red</font>", "\u{200B}<font color=#FF0000>red</font>"),
        ("1. a\n   <br/>", "1. a\n   \u{200B}<br/>"),
    ] {
        assert_eq!(without_html_blocks(text), safe, "{text}");
    }
    for text in [
        "a <!-- b",
        "<3 < 4",
        "<https://example.com/a>",
        "<a@example.com>",
        "    <pre>",
        "```\n<!--\n<p>\n```",
    ] {
        assert_eq!(without_html_blocks(text), text);
    }
}

const PIECES: &[&str] = &[
    "中文字",
    "😀",
    "👨‍👩‍👧",
    "e\u{301}",
    "plain ",
    "\n",
    "\n\n",
    "\"\\",
    "\n```\n",
    "\n~~~~ sh\n",
    "[一](https://example.com/(1))",
    "![](https://example.com/a.png)",
    "https://example.com/x?y=z ",
    "@0147000002 ",
    "[",
    "](",
    "\u{1}",
    "> - ",
];

/// What lines of nested lists, quotes and code blocks are made of.
const MARKS: &[&str] = &[
    "```",
    "~~~",
    "````",
    "```sh",
    "- ",
    "1. ",
    "12) ",
    "> ",
    "  ",
    "   ",
    "    ",
    "x",
    "# ",
    "```x```",
    "**",
    "<div>",
    "</p>",
    "<!--",
    "-->",
    "<pre>",
    "<?",
    "<font color=#FF0000>",
    "\tx",
];

/// How many code blocks there are, and whether the last words are in one, as a parser of Markdown reads it. HTML is as
/// bad: nobody reads it.
fn read(text: &str) -> (usize, bool) {
    let (mut blocks, mut inside, mut last) = (0, false, false);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => (blocks, inside) = (blocks + 1, true),
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(_) => last = inside,
            Event::Html(_) => return (usize::MAX, true),
            _ => {}
        }
    }
    (blocks, last)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn it_is_closed_as_a_parser_reads_it(lines in vec(vec(select(MARKS), 0..4), 1..8)) {
        let text = lines.iter().map(|line| line.concat()).collect::<Vec<_>>().join("\n");
        let text = without_html_blocks(&text);
        let (blocks, _) = read(&text);
        prop_assert_eq!(read(&format!("{text}{}\n\nbehind", close(&text))), (blocks, false), "{}", text);
    }
}

proptest! {
    #[test]
    fn it_is_never_longer_and_ends_in_the_count(
        pieces in vec(select(PIECES), 1..40), bytes in 0_usize..4000, room in 0_usize..2000,
    ) {
        let mut text: String = pieces.iter().cycle().take(bytes).copied().collect();
        text.truncate(text.floor_char_boundary(bytes));
        let cut = markdown(&text, room);
        prop_assert!(wire_length(&cut) <= room, "{} > {room}", wire_length(&cut));
        if cut != text && cut != text.trim_end() && !cut.is_empty() {
            prop_assert_eq!(close(&cut), "");
            prop_assert!(cut.ends_with(" more lines") || cut.ends_with(" more line"), "{}", cut);
        }
    }
}
