//! What the conversation list shows of a text in Markdown that was given no title.

use crate::text;

/// More of a line than this is not looked at: a title is shorter.
const MAX_LINE: usize = 1024;

/// The first heading, or the first line that says something; pictures and marks say nothing.
pub(super) fn of(markdown: &str) -> String {
    let (mut heading, mut first, mut fence) = (None, None, None);
    for line in markdown.lines().map(|line| text::cut_bytes(line.trim(), MAX_LINE)) {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            // Code is as it is, and `#` begins a comment there.
            (Some(_), _) => first = first.or_else(|| said(line)),
            (None, None) => {
                let shown = line.trim_start_matches(|c: char| c.is_whitespace() || "#>*+-".contains(c));
                let shown = said(&unmarked(shown));
                if line.starts_with('#') {
                    heading = shown.clone();
                }
                first = first.or(shown);
            }
        }
        if heading.is_some() {
            break;
        }
    }
    heading.or(first).unwrap_or_default()
}

/// Nothing for a line of rules and blanks.
fn said(line: &str) -> Option<String> {
    let says = |c: char| !c.is_ascii_punctuation() && !c.is_whitespace();
    line.contains(says).then(|| line.trim().to_owned())
}

/// A line without the marks of Markdown: a link is its text, and a picture nothing.
fn unmarked(line: &str) -> String {
    let (mut shown, mut rest) = (String::new(), line);
    while let Some(c) = rest.chars().next() {
        let (picture, label) = match rest.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if let Some((label, behind)) = link(label) {
            if !picture {
                shown.push_str(&unmarked(label));
            }
            rest = behind;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let escaped = rest.chars().next().filter(char::is_ascii_punctuation);
        match (c, escaped) {
            ('\\', Some(escaped)) => {
                shown.push(escaped);
                rest = &rest[1..];
            }
            ('*' | '`', _) => {}
            ('<', _) if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') => {
                match rest.split_once('>') {
                    // An address between angle brackets is a link that shows itself.
                    Some((tag, behind)) => {
                        shown.push_str(text::web_address(tag).map_or("", |_| tag));
                        rest = behind;
                    }
                    None => shown.push(c),
                }
            }
            _ => shown.push(c),
        }
    }
    shown
}

/// The text of `[text](address)`, and what stands behind it.
fn link(text: &str) -> Option<(&str, &str)> {
    let (label, rest) = enclosed(text, '[', ']')?;
    let (_, behind) = enclosed(rest, '(', ')')?;
    Some((label, behind))
}

/// What stands between a bracket and the one that closes it, and behind that.
fn enclosed(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let inside = text.strip_prefix(open)?;
    let (mut depth, mut escaped) = (1, false);
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => {}
            c if c == open => depth += 1,
            c if c == close => depth -= 1,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        if depth == 0 {
            return Some((&inside[..at], &inside[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn marks_pictures_and_addresses_are_left_out() {
        for (markdown, title) in [
            ("intro\n\n## **Build** `17`\n", "Build 17"),
            ("# [Build 17](https://example.com/a_(b)) failed", "Build 17 failed"),
            ("![logo](https://example.com/a.png)\n\n> all **good**", "all good"),
            ("[![badge](https://example.com/b.svg)](https://example.com/) ok", "ok"),
            ("```sh\n# make\nmake: *** [all] Error 1\n```\n\nend", "# make"),
            ("```\nlog\n```\n\n# Build", "Build"),
            ("~~~\n```\n# no\n~~~\n# yes", "yes"),
            ("---\n| a | b |\n|---|---|", "| a | b |"),
            ("<font color=#D4380D>red</font> <https://example.com/> a < b", "red https://example.com/ a < b"),
            ("1\\. static_ip \\[x]", "1. static_ip [x]"),
            ("[x] done [a](b", "[x] done [a](b"),
            ("![](https://example.com/a.png)", ""),
            ("", ""),
        ] {
            assert_eq!(of(markdown), title, "{markdown:?}");
        }
        assert_eq!(of(&"[".repeat(100_000)), "", "and in no time");
    }
}
