//! What a terminal obeys and a phone shows as rubbish: the output of a build has colours, and lines that overwrite
//! themselves.

/// A text as a terminal shows it in the end: nothing that it would obey, and of each line what was written last.
pub(super) fn as_displayed(text: &str) -> String {
    let text = without_sequences(text);
    let lines = text.split('\n').map(|line| {
        // A line of Windows ends in one; a progress bar begins anew behind each.
        let last = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
        last.chars().fold(String::new(), |mut shown, c| {
            match c {
                '\u{8}' => drop(shown.pop()),
                '\t' => shown.push(c),
                c if c.is_control() => {}
                c => shown.push(c),
            }
            shown
        })
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Without the sequences of ECMA-48: `ESC [ 31 m` for a colour, `ESC ] … BEL` for the title of the window.
fn without_sequences(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\u{1b}', '\u{9b}']) {
        shown.push_str(&rest[..at]);
        let introduced = rest[at..].strip_prefix('\u{9b}').map(|rest| ('[', rest));
        let introduced = introduced.or_else(|| {
            let rest = rest[at..].strip_prefix('\u{1b}')?;
            let kind = rest.chars().next()?;
            Some((kind, &rest[kind.len_utf8()..]))
        });
        rest = match introduced {
            Some(('[', rest)) => behind(rest, ' '..='?', '@'..='~'),
            // A text for the terminal itself, up to its end. One that has none on its line is not taken for one.
            Some((']' | 'P' | 'X' | '^' | '_', string)) => {
                let end = string.find(['\u{7}', '\u{1b}', '\n']);
                match end.map(|end| &string[end..]) {
                    Some(rest) if rest.starts_with('\u{7}') => &rest[1..],
                    Some(rest) if rest.starts_with("\u{1b}\\") => &rest[2..],
                    _ => string,
                }
            }
            Some((kind, rest)) if (' '..='/').contains(&kind) => behind(rest, ' '..='/', '0'..='~'),
            Some((kind, rest)) if ('0'..='~').contains(&kind) => rest,
            // Nothing that a terminal knows, or the end of the text.
            _ => &rest[at + 1..],
        };
    }
    shown + rest
}

/// What stands behind any number of these characters and the one that ends them.
fn behind(
    text: &str,
    parameters: std::ops::RangeInclusive<char>,
    last: std::ops::RangeInclusive<char>,
) -> &str {
    let rest = text.trim_start_matches(|c| parameters.contains(&c));
    rest.strip_prefix(|c| last.contains(&c)).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_phone_shows_what_a_terminal_shows() {
        for (text, shown) in [
            ("中文 é 👨‍👩‍👧\n\tb", "中文 é 👨‍👩‍👧\n\tb"),
            ("\u{1b}[1;31merror\u{1b}[0m: \u{1b}[38;5;9mx\u{1b}[K", "error: x"),
            ("\u{9b}31mred", "red"),
            ("a\u{0}b\u{7}c\u{7f}d\u{c}\u{85}", "abcd"),
            ("one\r\ntwo\r\r\n\r\nthree\r", "one\ntwo\n\nthree"),
            ("10%\r50%\r100%\ndone", "100%\ndone"),
            ("10%\r\u{1b}[2K100%", "100%"),
            ("N\u{8}NA\u{8}A\u{8}\u{8}\u{8}\u{8}x", "x"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;https://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("\u{1b}]0;no end\nnext", "0;no end\nnext"),
            ("\u{1b}(Ba\u{1b}7b\u{1b}cd\u{1b}", "abd"),
            ("a\u{1b}", "a"),
            ("a\u{1b}[", "a"),
            ("\u{1b}中", "中"),
        ] {
            assert_eq!(as_displayed(text), shown, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_a_terminal_obeys_is_left(text in "[\u{1b}\u{9b}\\[\\]0-9;mPq中\u{7}\\\\\r\n\u{8}a ]{0,60}") {
            let shown = as_displayed(&text);
            prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{shown:?}");
            prop_assert_eq!(as_displayed(&shown), shown);
        }

        #[test]
        fn what_has_none_stays_as_it_is(text in "[^\\p{Cc}]{0,60}(\n[^\\p{Cc}]{0,20}){0,3}") {
            prop_assert_eq!(as_displayed(&text), text);
        }
    }
}
