//! Text from outside: cut to a length, its line breaks, its characters that show nothing, and addresses in it.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use url::{Host, Url};

/// The beginning of a text, at most `letters` characters long, with an ellipsis where something is left out. What is
/// shown as one letter, such as a family, stays whole or is left out.
pub(crate) fn cut(text: &str, letters: usize) -> String {
    let Some((most, _)) = text.char_indices().nth(letters) else { return text.to_owned() };
    let ends = text.grapheme_indices(true).map(|(at, letter)| at + letter.len());
    let end = ends.take_while(|end| *end <= most).last().unwrap_or(0);
    format!("{}…", &text[..end])
}

/// The beginning of a text, at most `bytes` long.
pub(crate) fn cut_bytes(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A text whose letters, digits and signs of full width, as Chinese input methods write them, are those of ASCII.
pub(crate) fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    };
    text.chars().map(narrow).collect()
}

/// A text whose lines end in `\n` alone: Markdown ends them at `\r` and `\r\n` as well.
pub(crate) fn line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// Whether a character controls instead of showing something: it ends a line, moves a cursor, or changes the direction
/// of what follows, so that a line reads as another one.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A text as an http(s) address, if it is one.
pub(crate) fn web_address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether what is sent there can be read on the way: plain http to another machine.
pub(crate) fn is_open(url: &Url) -> bool {
    url.scheme() == "http" && !is_loopback(url)
}

/// Whether an address is of this machine itself.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_letters() {
        assert_eq!(cut("中文", 2), "中文");
        assert_eq!(cut("中文字", 2), "中文…");
        assert_eq!(cut("", 0), "");
        assert_eq!(cut("👨‍👩‍👧👨‍👩‍👧", 9), "👨‍👩‍👧…", "a family is five characters");
        assert_eq!(cut("e\u{301}e\u{301}", 3), "e\u{301}…");
        assert_eq!(cut_bytes("中文", 4), "中");
        assert_eq!(cut_bytes("中文", 6), "中文");
    }
}
