//! Texts without the secrets in them: what the other side says may repeat what it was asked with.

use std::{cmp::Reverse, iter, ops::Range};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// Stands for what nobody is shown.
pub(crate) const HIDDEN: &str = "***";
/// Letters of base64 that are nothing else by chance.
const IN_BASE64: usize = 6;
/// Letters of what stands between `&` and `;`, with room.
const ENTITY: usize = 10;

/// How often what is written may be encoded: JSON in a query in JSON.
const LAYERS: usize = 4;
/// Letters of a line of a secret that are nothing else by chance.
const LINE: usize = 16;

/// A byte of a text, perhaps decoded, and where in the text it is written.
type Letter = (u8, Range<usize>);

/// A text without these secrets, in whatever case and however encoded: in a query, as JSON or a page escapes it, and that
/// in one another. Of one with several lines, each is hidden by itself as well.
pub(crate) fn hide<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let layers = |text: &str| -> Vec<Vec<Letter>> {
        let written = text.bytes().enumerate().map(|(at, byte)| (byte, at..at + 1)).collect();
        let next = |letters: &Vec<Letter>| Some(decoded(letters)).filter(|next| next.len() < letters.len());
        iter::successors(Some(written), next).take(LAYERS).collect()
    };
    let folded =
        |letters: Vec<Letter>| letters.into_iter().map(|(letter, _)| fold(letter)).collect::<Vec<_>>();
    let lines = |secret: &'a str| {
        let lines =
            secret.lines().map(str::trim).filter(|line| line.len() >= LINE && !line.starts_with("-----"));
        iter::once(secret.trim()).chain(lines)
    };
    // A secret may itself have what looks encoded in it.
    let secrets = secrets.into_iter().flat_map(lines).filter(|secret| !secret.is_empty());
    let mut secrets: Vec<_> = secrets.flat_map(layers).map(folded).collect();
    secrets.sort_by_key(|secret| Reverse(secret.len()));
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for letters in layers(text) {
        let plain: Vec<u8> = letters.iter().map(|(letter, _)| fold(*letter)).collect();
        let mut at = 0;
        while at < plain.len() {
            let length = secrets.iter().find(|secret| plain[at..].starts_with(secret)).map_or(0, Vec::len);
            if let [(_, first), ..] = &letters[at..at + length]
                && let [.., (_, last)] = &letters[at..at + length]
            {
                hidden.push(first.start..last.end);
            }
            at += length.max(1);
        }
    }
    hidden.sort_by_key(|hidden| (hidden.start, Reverse(hidden.end)));
    let (mut shown, mut copied) = (String::with_capacity(text.len()), 0);
    for hidden in hidden {
        if hidden.start >= copied {
            shown.push_str(text.get(copied..hidden.start).unwrap_or_default());
            shown.push_str(HIDDEN);
        }
        copied = copied.max(hidden.end);
    }
    shown.push_str(text.get(copied..).unwrap_or_default());
    shown
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

/// A byte as it is compared: a query may write a blank as a plus, and a text may be wrapped.
fn fold(letter: u8) -> u8 {
    match letter {
        b'+' | b'\t' | b'\n' | b'\r' => b' ',
        letter => letter.to_ascii_lowercase(),
    }
}

/// What is written, with one layer of what encodes it undone.
fn decoded(letters: &[Letter]) -> Vec<Letter> {
    let bytes: Vec<u8> = letters.iter().map(|(letter, _)| *letter).collect();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let Some((char, length)) = first(&bytes[at..]) else {
            decoded.push(letters[at].clone());
            at += 1;
            continue;
        };
        let written = letters[at].1.start..letters[at + length - 1].1.end;
        match char {
            Decoded::Byte(byte) => decoded.push((byte, written)),
            Decoded::Char(char) => {
                let mut utf8 = [0; 4];
                decoded.extend(char.encode_utf8(&mut utf8).bytes().map(|byte| (byte, written.clone())));
            }
        }
        at += length;
    }
    decoded
}

/// What something encoded stands for.
enum Decoded {
    Byte(u8),
    Char(char),
}

/// What the first bytes stand for, and how many they are; none where they stand for themselves.
fn first(text: &[u8]) -> Option<(Decoded, usize)> {
    let byte = |byte, length| Some((Decoded::Byte(byte), length));
    let char = |code, length| Some((Decoded::Char(char::from_u32(code)?), length));
    match text {
        [b'\r', b'\n', ..] => byte(b'\n', 2),
        [b'%', rest @ ..] => byte(u8::try_from(number(rest.get(..2)?, 16)?).ok()?, 3),
        [b'\\', b'x', rest @ ..] => byte(u8::try_from(number(rest.get(..2)?, 16)?).ok()?, 4),
        [b'\\', b'u', rest @ ..] => {
            let high = number(rest.get(..4)?, 16)?;
            let low = rest.get(4..10).and_then(|low| number(low.strip_prefix(b"\\u")?, 16));
            match (high, low) {
                (0xD800..0xDC00, Some(low @ 0xDC00..0xE000)) => {
                    char(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), 12)
                }
                _ => char(high, 6),
            }
        }
        [b'\\', escaped, ..] => {
            let escapes = [(b'n', b'\n'), (b'r', b'\r'), (b't', b'\t'), (b'b', 8), (b'f', 12)];
            let control =
                escapes.into_iter().find(|(letter, _)| letter == escaped).map(|(_, control)| control);
            byte(control.or_else(|| b"\"'\\/".contains(escaped).then_some(*escaped))?, 2)
        }
        [b'&', rest @ ..] => {
            let name = &rest[..rest.iter().take(ENTITY).position(|byte| *byte == b';')?];
            let code = match name {
                [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
                [b'#', digits @ ..] => number(digits, 10)?,
                _ => {
                    let names = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];
                    u32::from(names.into_iter().find(|(known, _)| known.as_bytes() == name)?.1)
                }
            };
            char(code, name.len() + 2)
        }
        _ => None,
    }
}

/// Digits alone as a number.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_secret_is_read_however_it_is_encoded() {
        const KEY: &str = "-----BEGIN KEY-----\r\nMIIEvQIBADANBgkqhkiG9w0BAQEF\r\nAASCBKcwggSjAgEAAoIBAQC7\r\n-----END KEY-----\r\n";
        for (secret, written) in [
            (r#"a"b\c"#, r#"a\"b\\c"#),
            (r#"a"b\c"#, r#"a\\\"b\\\\c"#),
            (r"a\nb\u0041", r"a\\nb\\u0041"),
            (r"a\nb", r"a\nb"),
            ("a\nb\tc", r"a\nb\tc"),
            ("密码é😀", r"\u5bc6\u7801\u00E9\ud83d\ude00"),
            ("密码", "%E5%AF%86%E7%A0%81"),
            ("a&b'c\"d<e", "a&amp;b&#39;c&quot;d&lt;e"),
            ("a&b'c", "A&amp;B&#x27;C"),
            ("a+b/c", r"a\x2bb\/c"),
            ("a+b c", "a%2Bb+c"),
            ("a/b%41", "a%252Fb%252541"),
            ("a&b", r"a\u0026b"),
            ("a&b", r"a\\u0026amp;b"),
            (KEY, KEY.trim()),
            (KEY, KEY.replace("\r\n", "\n").trim().to_owned().leak()),
            (KEY, KEY.trim().replace("\r\n", r"\r\n").leak()),
            (KEY, KEY.trim().replace("\r\n", "%0A").leak()),
        ] {
            let shown = hide(&format!("<{written}>é"), [secret]);
            assert_eq!(shown, format!("<{HIDDEN}>é"), "{written} of {secret}");
        }
        let shown =
            hide("1 MIIEvQIBADANBgkqhkiG9w0BAQEF\n2 AASCBKcwggSjAgEAAoIBAQC7\n-----END KEY-----", [KEY]);
        assert_eq!(shown, "1 ***\n2 ***\n-----END KEY-----");
        assert_eq!(
            hide("a % b \\ & c; &unknown; %zz \\u12 é", ["secret", ""]),
            "a % b \\ & c; &unknown; %zz \\u12 é"
        );
        assert_eq!(hide("secretsecret", ["secret"]), "******");
    }

    proptest! {
        #[test]
        fn no_secret_is_read_in_json(secret in "[ -~中é\n\t]{1,20}", before in "[ -~é]{0,5}", times in 0..3) {
            prop_assume!(!secret.trim().is_empty());
            let mut echoed = format!("{before}{}|", secret.trim());
            for _ in 0..times {
                echoed = serde_json::to_string(&echoed).unwrap();
            }
            // What stands before may be read as the beginning of what encodes it.
            prop_assume!(!before.contains(['\\', '%', '&']));
            prop_assert!(hide(&echoed, [secret.as_str()]).contains(HIDDEN), "{}", echoed);
        }

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
