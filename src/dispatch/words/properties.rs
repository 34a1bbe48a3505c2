//! Purpose: what must hold for any line. The side that says what is right uses the string functions of
//! std and lists of its own, not the table and not the splitter.

use proptest::prelude::*;

use super::tests::{read, show};
use super::*;

const LONG_DASHES: [char; 7] = ['—', '―', '–', '‒', '−', '‐', '‑'];
const WIDE_DASHES: [char; 3] = ['-', '－', '﹣'];
const ZERO_WIDTH: [char; 5] = ['\u{200B}', '\u{200C}', '\u{200D}', '\u{2060}', '\u{FEFF}'];
const QUOTES: [char; 12] = ['"', '“', '”', '„', '‟', '＂', '\'', '‘', '’', '‚', '‛', '＇'];

/// What is left of a text when all that the table or the quotes may touch is taken away or made alike.
fn essence(text: &str) -> String {
    let is_kept = |c: &char| {
        !c.is_whitespace()
            && !ZERO_WIDTH.contains(c)
            && !QUOTES.contains(c)
            && !LONG_DASHES.contains(c)
            && !WIDE_DASHES.contains(c)
            && *c != '\\'
    };
    let alike = |c| match c {
        ':' | '：' | '＝' => '=',
        '。' | '．' => '.',
        c => c,
    };
    text.chars().filter(is_kept).map(alike).collect()
}

fn without_zero_width(text: &str) -> String {
    text.replace(ZERO_WIDTH, "")
}

fn without_slash(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || ZERO_WIDTH.contains(&c));
    text.strip_prefix(['/', '／', '、']).unwrap_or(text)
}

/// The words of a line without any quote, by rewriting.
fn words_without_quotes(text: &str) -> Vec<String> {
    let text = without_zero_width(text);
    let words = without_slash(&text).split_whitespace();
    words.map(|word| with_dots(&with_equals(&with_dashes(word)))).collect()
}

fn with_dashes(word: &str) -> String {
    let starts_with_letter = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
    let name = word.trim_start_matches(LONG_DASHES);
    let dashes = word.chars().count() - name.chars().count();
    if (1..=3).contains(&dashes) && starts_with_letter(name) {
        let one_letter = name.len() == 1 || name[1..].starts_with(['=', '＝', '：']);
        return (if one_letter { "-" } else { "--" }).to_owned() + name;
    }
    let name = word.trim_start_matches(WIDE_DASHES);
    let dashes = word.chars().count() - name.chars().count();
    if starts_with_letter(name) { "-".repeat(dashes) + name } else { word.to_owned() }
}

fn with_equals(word: &str) -> String {
    let is_key = |c: char| c.is_ascii_alphanumeric() || "_.-。．".contains(c);
    let is_option =
        word.starts_with('-') && word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic());
    // A full-width dot belongs to the key only where it will be a dot.
    let dotted = with_dots(word);
    let word = dotted.as_str();
    let key = word.find(|c| !is_key(c) || "。．".contains(c)).unwrap_or(word.len());
    let (key, value) = word.split_at(key);
    let value = match value.chars().next() {
        Some('＝') if !key.is_empty() => value.replacen('＝', "=", 1),
        Some('：') if is_option => value.replacen('：', "=", 1),
        _ => value.to_owned(),
    };
    let value = if is_option { value.replace('：', ":").replace('＝', "=") } else { value };
    key.to_owned() + &value
}

fn with_dots(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    let is_ascii =
        |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_alphanumeric);
    let dot = |(at, c): (usize, &char)| match c {
        '。' | '．' if is_ascii(at.checked_sub(1)) && is_ascii(Some(at + 1)) => '.',
        c => *c,
    };
    chars.iter().enumerate().map(dot).collect()
}

fn in_double_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A piece of a line, rich in what the splitter looks at.
fn piece(quotes: bool) -> impl Strategy<Value = String> {
    let chars = |text: &str| prop::sample::select(text.chars().collect::<Vec<_>>());
    let quote = if quotes { chars("\"\"'“”„‟＂‘’‚‛＇\\\\") } else { chars("#!") };
    prop_oneof![
        4 => chars("anZ059_.-=:/#$\\"),
        4 => chars(" \t\n\u{A0}\u{3000}\u{2005}\u{200B}\u{200D}\u{FEFF}"),
        4 => quote,
        4 => chars("—――–‒−‐‑－﹣--/／、：＝＝。．"),
        2 => chars("重启服务，？！🎉👩é\u{301}\0"),
        1 => any::<char>().prop_map(move |c| if QUOTES.contains(&c) && !quotes { '?' } else { c }),
    ]
    .prop_map(String::from)
}

fn line(quotes: bool) -> impl Strategy<Value = String> {
    prop::collection::vec(piece(quotes), 0..24).prop_map(|pieces| pieces.concat())
}

fn check_positions(line: &Line) -> Result<(), TestCaseError> {
    let text = line.text();
    let mut end = 0;
    for word in line.words() {
        prop_assert!(end <= word.span.start && word.span.start < word.span.end);
        end = word.span.end;
        let slice = text.get(word.span.clone());
        prop_assert!(slice.is_some());
        prop_assert_eq!(essence(slice.unwrap_or_default()), essence(&word.text));
        prop_assert!(word.quoted || !word.text.is_empty());
        let mut last = word.span.start;
        for at in 0..=word.text.len() + 1 {
            let found = word.offset_in_line(at);
            prop_assert!(last <= found && found <= word.span.end);
            prop_assert!(text.is_char_boundary(found));
            last = found;
        }
        let (rest, span) = line.rest_after(end);
        prop_assert_eq!(&text[span], rest);
    }
    if let Some(error) = line.error() {
        prop_assert!(end <= error.span.start);
        let quote = text.get(error.span.clone()).unwrap_or_default();
        prop_assert!(quote.chars().count() == 1 && quote.starts_with(QUOTES));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn positions_hold_wherever_the_line_breaks(text in line(true), at in 0..80_usize) {
        check_positions(&Line::split(&text))?;
        let broken = Line::split_with_break(&text, at);
        check_positions(&broken)?;
        if text.is_char_boundary(at) {
            let holds = |word: &Word| word.quoted || at <= word.span.start || word.span.end <= at;
            prop_assert!(broken.words().iter().all(holds));
        }
    }

    #[test]
    fn nothing_is_lost(text in line(true)) {
        let line = Line::split(&text);
        if line.error().is_none() {
            let joined: String = line.words().iter().map(|word| word.text.as_str()).collect();
            prop_assert_eq!(essence(&joined), essence(without_slash(&text)));
        }
    }

    #[test]
    fn lines_without_quotes_are_words_rewritten(text in line(false)) {
        let line = Line::split(&text);
        prop_assert_eq!(line.error(), None);
        let words: Vec<_> = line.words().iter().map(|word| word.text.clone()).collect();
        prop_assert_eq!(words, words_without_quotes(&text));
    }

    #[test]
    fn a_break_is_a_blank(text in line(false), at in 0..80_usize) {
        let at = text.floor_char_boundary(at);
        let with_blank = format!("{} {}", &text[..at], &text[at..]);
        prop_assert_eq!(show(&Line::split_with_break(&text, at)), read(&with_blank));
    }

    #[test]
    fn no_comment_and_no_apostrophe_shortens_a_line(
        before in line(true),
        after in line(true),
        kept in prop::sample::select(vec!["#x", "it's", "a#x"]),
    ) {
        let line = Line::split(&format!("{before}{kept}{after}"));
        prop_assert!(
            line.error().is_some() || line.words().iter().any(|word| word.text.contains(kept))
        );
    }

    #[test]
    fn ascii_words_come_back(words in prop::collection::vec("[!#-&(-~]{1,8}", 0..8)) {
        let line = Line::split(&format!("run {}", words.join(" ")));
        prop_assert_eq!(line.error(), None);
        let found: Vec<_> = line.words().iter().skip(1).map(|word| word.text.clone()).collect();
        prop_assert_eq!(found, words);
    }

    #[test]
    fn any_text_comes_back_from_double_quotes(
        words in prop::collection::vec((line(true), "([a-z0-9_.-]{1,5}=)?"), 0..5),
    ) {
        let typed: Vec<_> =
            words.iter().map(|(text, key)| key.clone() + &in_double_quotes(text)).collect();
        let line = Line::split(&typed.join(" "));
        prop_assert_eq!(line.error(), None);
        let found: Vec<_> = line.words().iter().map(|word| word.text.clone()).collect();
        let expected: Vec<_> = words.iter().map(|(text, key)| key.clone() + text).collect();
        prop_assert_eq!(found, expected);
    }
}
