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
    // A parenthesis belongs to an address, but not if it ends a link before it.
    let kept = end(&format!("[a](https://example.com/){}", "b".repeat(99)), 50, true);
    assert_eq!(kept, 0);
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
    "\r\n",
];

/// What lines of nested lists, quotes and code blocks are made of.
const MARKS: &[&str] = &[
    "```", "~~~", "````", "```sh", "- ", "1. ", "12) ", "> ", "  ", "   ", "    ", "x", "# ", "```x```", "**",
];

/// How many code blocks there are, and whether the last words are in one, as a parser of Markdown reads it.
fn read(text: &str) -> (usize, bool) {
    let (mut blocks, mut inside, mut last) = (0, false, false);
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => (blocks, inside) = (blocks + 1, true),
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(_) => last = inside,
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
        let lines = text.trim_end().lines().collect::<Vec<_>>().join("\n");
        if cut != text && cut != lines && !cut.is_empty() {
            prop_assert_eq!(close(&cut), "");
            prop_assert!(cut.ends_with(" more lines") || cut.ends_with(" more line"), "{}", cut);
        }
    }
}
