//! What the other side says, without the secrets and codes that it was asked with, should it repeat them.

use crate::text;

/// More than is kept of an answer, so that no part of a secret is left at the cut.
const MOST: usize = 8192;

/// Capitals and digits in a row that may be a code of confirmation.
const CODE: usize = 12;

/// The beginning of an answer, for the log, without these secrets, in whatever case and however encoded: in a query,
/// twice, or as JSON escapes it. What may be a code of the message is left out as well: an id in capitals loses a part.
pub(super) fn masked<'a>(answer: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let answer = text::cut_bytes(answer, MOST);
    let plain = |text: &str| letters(text).into_iter().map(|(letter, _)| letter).collect::<Vec<_>>();
    let secrets: Vec<_> = secrets.into_iter().map(plain).filter(|secret| !secret.is_empty()).collect();
    let (letters, plain) = (letters(answer), plain(answer));
    let (mut shown, mut at) = (Vec::new(), 0);
    while let Some((_, written)) = letters.get(at) {
        let hidden = secrets.iter().filter(|secret| plain[at..].starts_with(secret)).map(Vec::len).max();
        shown.extend(if hidden.is_some() { b"***" } else { *written });
        at += hidden.unwrap_or(1);
    }
    without_codes(&String::from_utf8_lossy(&shown))
}

fn without_codes(answer: &str) -> String {
    let of_a_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let mut shown = String::with_capacity(answer.len());
    let mut rest = answer;
    while let Some(start) = rest.find(of_a_code) {
        let (before, row) = rest.split_at(start);
        let (row, after) = row.split_at(row.find(|c| !of_a_code(c)).unwrap_or(row.len()));
        shown.push_str(before);
        shown.push_str(if row.len() < CODE { row } else { "***" });
        rest = after;
    }
    shown + rest
}

/// The bytes of a text, decoded and in small letters, each with how it is written.
fn letters(text: &str) -> Vec<(u8, &[u8])> {
    let (mut rest, mut letters) = (text.as_bytes(), Vec::with_capacity(text.len()));
    while !rest.is_empty() {
        let (letter, length) = first(rest);
        // A query may write a blank as a plus.
        let letter = if letter == b'+' { b' ' } else { letter.to_ascii_lowercase() };
        let (written, others) = rest.split_at(length);
        letters.push((letter, written));
        rest = others;
    }
    letters
}

/// The first byte, decoded, and the length of what it is written with.
fn first(text: &[u8]) -> (u8, usize) {
    let hex = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        u8::from_str_radix(digits, 16).ok()
    };
    match text {
        [b'\\', b'u', b'0', b'0', high, low, ..] => hex(&[*high, *low]).map_or((b'\\', 1), |byte| (byte, 6)),
        [b'\\', b'/', ..] => (b'/', 2),
        [b'%', ..] => {
            // `%2F`, `%252F`, and so on.
            let nested = text[1..].chunks(2).take_while(|chunk| *chunk == b"25").count();
            let at = 1 + 2 * nested;
            match text.get(at..at + 2).and_then(hex) {
                Some(byte) => (byte, at + 2),
                None if nested > 0 => (b'%', at),
                None => (b'%', 1),
            }
        }
        [byte, ..] => (*byte, 1),
        [] => (b' ', 0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_is_known_however_it_is_written() {
        let secret = "NCJLKIN+AB/x3SnC==";
        for written in [
            "NCJLKIN+AB/x3SnC==",
            "ncjlkin+ab/X3SNC==",
            "NCJLKIN%2BAB%2Fx3SnC%3D%3D",
            "ncjlkin%2bab%2fx3snc%3d%3d",
            "NCJLKIN%252BAB%252Fx3SnC%253D%253D",
            r"NCJLKIN+AB\/x3SnC==",
            r"NCJLKIN\u002bAB\u002Fx3SnC\u003d\u003D",
            "NCJLKIN AB/x3SnC==",
            "%4eCJLKIN+AB/x3SnC==",
        ] {
            assert_eq!(masked(&format!("sign={written}&中文"), [secret]), "sign=***&中文");
            assert_eq!(masked(written, ["x", secret]), "***", "the longest");
        }
        // As it stands in an address.
        assert_eq!(masked("ab+cd/ef", ["ab%2Bcd%2Fef"]), "***");
        assert_eq!(masked("50% of 中文 + %zz \\u00", ["", "secret"]), "50% of 中文 + %zz \\u00");
    }

    #[test]
    fn nothing_that_may_be_a_code_is_left() {
        for (answer, shown) in [
            ("bad: ip --confirm 0123456789AB", "bad: ip --confirm ***"),
            ("--approve alice:ABCDEFGHJKMN@ops", "--approve alice:***@ops"),
            ("%2D%2Dconfirm%20ABCDEFGHJKMN%40ops", "%2D%2Dconfirm%***%40ops"),
            ("InvalidParameter.SESSION 400101 ABCDEFGHJKM", "InvalidParameter.SESSION 400101 ABCDEFGHJKM"),
            ("", ""),
        ] {
            assert_eq!(masked(answer, []), shown);
        }
        assert_eq!(masked("it is hidden 0123456789AB", ["hidden"]), "it is *** ***");
    }

    proptest! {
        #[test]
        fn nothing_else_is_changed(text in "[a-z%\\\\+/2 中]{0,60}") {
            prop_assert_eq!(masked(&text, ["0147"]), text);
        }

        #[test]
        fn no_part_of_a_secret_is_left(secret in "[A-Za-z0-9+/=%]{6,40}", before in "[ -~]{0,10}", after in "[ -~]{0,10}") {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let upper = encoded.to_uppercase();
            for written in [&encoded, &upper] {
                let shown = masked(&format!("<{before}> {written} <{after}>"), [secret.as_str()]);
                prop_assert!(!shown.contains(written.as_str()), "{}", shown);
                prop_assert!(shown.contains("***"), "{}", shown);
            }
        }
    }
}
