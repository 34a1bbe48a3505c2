//! Numbers that are a person of mainland China: of a mobile telephone, and of a resident identity card.

use std::ops::Range;

use jiff::civil::Date;

use super::{Scan, is_word};

/// The divisions of the first level, by the first two digits (GB/T 2260); 83 and 91 are of residence permits and abroad.
const DIVISIONS: &[u8] = &[
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54,
    61, 62, 63, 64, 65, 71, 81, 82, 83, 91,
];

/// What the digits weigh, and what stands for the sum modulo 11 (GB 11643, ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

/// The number of a person that begins here, and is no part of a longer one.
pub(super) fn personal(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let before = scan.before(at);
    let is_free = is_free(before) || scan.starts_word(at) && !is_fraction(before);
    let of_country = before.strip_suffix(b"86").map(|rest| rest.strip_suffix(b"00").unwrap_or(rest));
    let length = match identity_card(&scan.text[at..]) {
        Some(length) if is_free => length,
        _ if is_free || of_country.is_some_and(self::is_free) => mobile(&scan.text[at..])?,
        _ => return None,
    };
    (!scan.text.get(at + length).is_some_and(is_word)).then_some(at..at + length)
}

/// Whether no letter and no digit stands before.
fn is_free(before: &[u8]) -> bool {
    before.last().is_none_or(|last| !last.is_ascii_alphanumeric()) && !is_fraction(before)
}

fn is_fraction(before: &[u8]) -> bool {
    matches!(before, [.., digit, b'.'] if digit.is_ascii_digit())
}

/// Eleven digits from 13 to 19, as they are or as 3, 4 and 4 with a blank or a dash between them.
fn mobile(text: &[u8]) -> Option<usize> {
    let [b'1', b'3'..=b'9', ..] = text else { return None };
    let is_apart = matches!(text.get(3), Some(b' ' | b'-'));
    let length = if is_apart { 13 } else { 11 };
    let is_written = |(at, byte): (usize, &u8)| match at {
        3 | 8 if is_apart => matches!(byte, b' ' | b'-'),
        _ => byte.is_ascii_digit(),
    };
    text.get(..length)?.iter().enumerate().all(is_written).then_some(length)
}

/// Eighteen characters with a division, a birthday and a check that fits.
fn identity_card(text: &[u8]) -> Option<usize> {
    let (digits, check) = (text.get(..17)?, text.get(17)?);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number =
        |at: Range<usize>| digits[at].iter().fold(0, |number, digit| number * 10 + i16::from(digit - b'0'));
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let is_checked = CHECKS[sum as usize % 11] == check.to_ascii_uppercase();
    let is_division = DIVISIONS.iter().any(|division| i16::from(*division) == number(0..2));
    let (month, day) = (number(10..12) as i8, number(12..14) as i8);
    let is_born = (1900..2100).contains(&number(6..10)) && Date::new(number(6..10), month, day).is_ok();
    (is_checked && is_division && is_born).then_some(18)
}
