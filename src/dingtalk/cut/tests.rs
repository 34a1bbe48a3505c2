use proptest::{prelude::*, sample::select};

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
    let cut = |line: &str, room| markdown(line, room);
    assert_eq!(cut(&"字".repeat(20), 40), "字字字字字…");
    // A family is one letter of 18 bytes, and é may be two characters.
    assert_eq!(cut(&"👨‍👩‍👧".repeat(5), 45), "👨‍👩‍👧…");
    assert_eq!(cut(&"e\u{301}".repeat(20), 34), "e\u{301}e\u{301}e\u{301}…");
    assert_eq!(cut(&format!("short\n{}", "x".repeat(200)), 60), format!("short\n{}…", "x".repeat(30)));
}

#[test]
fn a_code_block_is_closed() {
    let text = format!("```text\n{}```\nbehind", "line\n".repeat(20));
    assert_eq!(markdown(&text, 60), "```text\nline\nline\nline\nline\n```\n\n… 18 more lines");
    let text = format!("- ~~~~\n{}", "line\n".repeat(20));
    assert_eq!(markdown(&text, 60), "- ~~~~\nline\nline\nline\nline\n~~~~\n\n… 16 more lines");
    let line = format!("```\n{}", "x".repeat(100));
    assert_eq!(markdown(&line, 50), format!("```\n{}…\n```", "x".repeat(17)));
    for (text, closed) in [("```\nx", "\n```"), ("```\nx\n```", ""), ("````\n```", "\n````"), ("```x```", "")]
    {
        assert_eq!(close(text), closed, "{text}");
    }
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
    ] {
        let text = format!("before {whole} behind {}", "x".repeat(100));
        for end in 0..whole.len() + 7 {
            let end = text.ceil_char_boundary(end);
            let kept = beginning(&text, end);
            let rest = kept.strip_prefix("before ").unwrap_or("");
            assert!(rest.is_empty() || rest.starts_with(whole), "{whole}: {kept}");
        }
    }
    // What is as long as no address and no name is, is none.
    let long = format!("https://example.com/{}", "a".repeat(5000));
    assert_eq!(beginning(&long, 4000).len(), 4000);
    assert_eq!(beginning(&format!("@{}", "字".repeat(100)), 100).len(), 100);
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

proptest! {
    #[test]
    fn it_is_never_longer_and_never_ends_in_code(
        pieces in proptest::collection::vec(select(PIECES), 1..40), bytes in 0_usize..4000, room in 0_usize..2000,
    ) {
        let mut text: String = pieces.iter().cycle().take(bytes).copied().collect();
        text.truncate(text.floor_char_boundary(bytes));
        let cut = markdown(&text, room);
        prop_assert!(wire_length(&cut) <= room, "{} > {room}", wire_length(&cut));
        let lines = text.trim_end().lines().collect::<Vec<_>>().join("\n");
        if cut != text && cut != lines && !cut.is_empty() {
            prop_assert_eq!(close(&cut), "");
            prop_assert!(cut.ends_with("more lines") || cut.ends_with('…') || cut.ends_with("…\n```") || cut.ends_with("…\n~~~~"), "{}", cut);
        }
    }
}
