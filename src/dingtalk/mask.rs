//! What the other side says, without the secrets and codes that it was asked with, should it repeat them.

use crate::{
    mask::{HIDDEN, hide},
    text,
};

/// More than is kept of an answer, so that no part of a secret is left at the cut.
const MOST: usize = 8192;

/// Capitals and digits in a row that may be a code of confirmation.
const CODE: usize = 12;

/// The beginning of an answer, for the log, without these secrets, and without what may be a code of the message: an id in
/// capitals loses a part.
pub(super) fn masked<'a>(answer: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    without_codes(&hide(text::cut_bytes(answer, MOST), secrets))
}

fn without_codes(answer: &str) -> String {
    let of_a_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let mut shown = String::with_capacity(answer.len());
    let mut rest = answer;
    while let Some(start) = rest.find(of_a_code) {
        let (before, row) = rest.split_at(start);
        let (row, after) = row.split_at(row.find(|c| !of_a_code(c)).unwrap_or(row.len()));
        shown.push_str(before);
        shown.push_str(if row.len() < CODE { row } else { HIDDEN });
        rest = after;
    }
    shown + rest
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
