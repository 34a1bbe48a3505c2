//! Texts without the secrets in them: what the other side says may repeat what it was asked with.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// Stands for what nobody is shown.
pub(crate) const HIDDEN: &str = "***";
/// Letters of base64 that are nothing else by chance.
const IN_BASE64: usize = 6;

/// A text without these secrets, in whatever case and however encoded: in a query, twice, or as JSON escapes it.
pub(crate) fn hide<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let plain = |text: &str| letters(text).into_iter().map(|(letter, _)| letter).collect::<Vec<_>>();
    let secrets: Vec<_> = secrets.into_iter().map(plain).filter(|secret| !secret.is_empty()).collect();
    let (letters, plain) = (letters(text), plain(text));
    let (mut shown, mut at) = (Vec::new(), 0);
    while let Some((_, written)) = letters.get(at) {
        let hidden = secrets.iter().filter(|secret| plain[at..].starts_with(secret)).map(Vec::len).max();
        shown.extend(if hidden.is_some() { HIDDEN.as_bytes() } else { *written });
        at += hidden.unwrap_or(1);
    }
    String::from_utf8_lossy(&shown).into_owned()
}

/// A secret as base64 writes it, by itself or with something before and behind it, as in `user:secret`: the letters
/// that are the same whatever that is.
pub(crate) fn in_base64(secret: &str) -> Vec<String> {
    let mut written = Vec::new();
    for before in 0..3 {
        let bytes = [&[0; 2][..before], secret.as_bytes()].concat();
        // Six bits a letter.
        let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let whole = engine.encode(&bytes);
            let inner = whole.get(from..to).unwrap_or_default();
            let alone = if before == 0 { whole.as_str() } else { inner };
            written
                .extend([inner, alone].into_iter().filter(|text| text.len() >= IN_BASE64).map(str::to_owned));
        }
    }
    written.sort();
    written.dedup();
    written
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
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_secret_is_read_in_base64(secret in "[!-~]{6,40}", before in "[ -~]{0,5}", behind in "[ -~]{0,5}") {
            let forms = in_base64(&secret);
            let hide = |text: &str| hide(text, forms.iter().map(String::as_str));
            for engine in [STANDARD, URL_SAFE] {
                let echoed = engine.encode(format!("{before}{secret}{behind}"));
                let shown = hide(&echoed);
                // Beside it, a letter holds some bits of its first or last byte.
                let most = echoed.len() - (secret.len() * 8 / 6).saturating_sub(2);
                prop_assert!(shown.contains(HIDDEN) && shown.len() <= most + HIDDEN.len(), "{} {}", echoed, shown);
            }
            let alone = hide(&STANDARD.encode(&secret));
            prop_assert_eq!(alone.trim_end_matches('='), HIDDEN);
        }
    }
}
