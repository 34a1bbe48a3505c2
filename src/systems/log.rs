//! The end of a log, as a chat may see it.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Bytes of a log that a reply holds at most, so that its last line arrives whatever else is in the message.
const MAX_BYTES: usize = 8 * 1024;
/// Letters of one line.
const MAX_LINE: usize = 400;

/// A log that is read from its middle, without the line that is cut in two: half a
/// secret is known by nothing.
pub fn whole_lines(text: &str) -> &str {
    text.split_once('\n').map_or("…", |(_, whole)| whole)
}

/// The last lines of a log without colours and secrets, and how many they are. Blank lines at the end do not count.
pub fn tail(text: &str, lines: usize) -> (String, usize) {
    let plain = plain(text);
    let all: Vec<&str> = plain.trim_end().lines().collect();
    // A secret may be over several lines, of which the first ones are not shown.
    let redacted = super::redact::redacted(&all.join("\n")).into_owned();
    let all: Vec<&str> = redacted.lines().collect();
    let mut shown: Vec<Cow<'_, str>> = Vec::new();
    let mut bytes = 0;
    for line in all.iter().rev().take(lines) {
        let line = short(line);
        bytes += line.len() + 1;
        if bytes > MAX_BYTES {
            break;
        }
        shown.push(line);
    }
    shown.reverse();
    (shown.join("\n"), shown.len())
}

fn short(line: &str) -> Cow<'_, str> {
    match line.grapheme_indices(true).nth(MAX_LINE) {
        Some((at, _)) => Cow::Owned(format!("{}…", &line[..at])),
        None => Cow::Borrowed(line),
    }
}

/// A text as a terminal would show it: without escapes, of a line that was written over the last writing, with tabs as
/// blanks.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        let line = line.rsplit('\r').next().unwrap_or_default();
        let mut letters = line.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\u{1b}' => escape(&mut letters),
                '\t' => plain.push_str("    "),
                letter if crate::text::is_control(letter) => {}
                letter => plain.push(letter),
            }
        }
        plain.push('\n');
    }
    plain
}

/// Goes past an escape: `ESC [ … m`, `ESC ] … BEL`, or one letter. What `ESC [ 8 m` conceals goes with it: Jenkins' notes
/// on a line, in base64.
fn escape(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match letters.next() {
        Some('[') => {
            while conceals(letters) {
                let _ = letters.find(|letter| *letter == '\u{1b}');
                let _ = letters.next();
            }
        }
        Some(']') => {
            let _ = letters.find(|letter| matches!(letter, '\u{7}' | '\\'));
        }
        _ => {}
    }
}

/// Goes to the end of `ESC [ …`, and tells whether what follows is not to be shown.
fn conceals(letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let mut codes = String::new();
    let end = letters.find(|letter| match letter {
        '@'..='~' => true,
        letter => {
            codes.push(*letter);
            false
        }
    });
    end == Some('m') && has_conceal(codes.split(';'))
}

/// Whether one of these codes is 8, and none of the numbers of a colour: `38;5;8`, `48;2;8;8;8`.
fn has_conceal<'c>(mut codes: impl Iterator<Item = &'c str>) -> bool {
    while let Some(code) = codes.next() {
        let numbers = match code {
            "8" => return true,
            "38" | "48" | "58" => match codes.next() {
                Some("5") => 1,
                Some("2") => 3,
                _ => 0,
            },
            _ => 0,
        };
        codes.by_ref().take(numbers).for_each(drop);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_as_a_terminal_shows_it() {
        let text = "first\r\n\u{1b}[32mgreen\u{1b}[0m\n 10%\r 50%\r100%\na\tb\n\n\n";
        assert_eq!(tail(text, 3), ("green\n100%\na    b".to_owned(), 3));
        assert_eq!(tail(text, 30).1, 4);
        assert_eq!(tail("", 3), (String::new(), 0));
        let note = "\u{1b}[8mha:////4AbC/9==\u{1b}[0m";
        let noted = format!("by {note}bob{note}\u{1b}[1;32m!\u{1b}[0m\n{note}\nx\u{1b}[8mhidden");
        assert_eq!(tail(&noted, 3), ("by bob!\n\nx".to_owned(), 3));
        let long = "x".repeat(1000);
        assert_eq!(tail(&long, 3).0, format!("{}…", "x".repeat(400)));
        let (shown, lines) = tail(&format!("{long}\n").repeat(100), 100);
        assert!(lines == 20 && shown.len() <= MAX_BYTES, "{lines}");
    }

    #[test]
    fn a_number_of_a_colour_conceals_nothing() {
        for (colour, shown) in [
            ("38;5;8", "grey"),
            ("1;48;5;8", "grey"),
            ("58;5;8;4", "grey"),
            ("38;2;8;8;8", "grey"),
            ("38:5:8", "grey"),
            ("0;8", ""),
            ("38;5;8;8", ""),
            ("48;2;8;8;8;8", ""),
        ] {
            assert_eq!(tail(&format!("\u{1b}[{colour}mgrey\u{1b}[0m"), 1).0, shown, "{colour}");
        }
    }
}
