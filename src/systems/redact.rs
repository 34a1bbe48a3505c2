//! What a log must not show: secrets, and numbers that are a person. Replies of `sensitive` commands pass through here
//! before a chat sees them.
//!
//! A text is read from its beginning to its end, without going back further than a name is long, so that a log takes
//! time in proportion to its length whatever stands in it. There are these kinds of what is hidden:
//!
//! | kind | known by | where |
//! |---|---|---|
//! | values | the name before them: `DB_PASSWORD=…`, `"token": "…"`, `--secret …`, `密码：…` | `names`, `values` |
//! | values | the name elsewhere: `name: DB_PASSWORD`, `value: …`; `IDENTIFIED BY '…'`; a block below it | `phrases` |
//! | values | the tool before them: `mysql -p…`, `curl -u user:…`, `redis-cli -a …` | `tools` |
//! | tokens | how they begin: `ghp_…`, `AKIA…`, `eyJ….….…`, `Bearer …`; `scheme://user:…@host` | `tokens` |
//! | private keys | `-----BEGIN … PRIVATE KEY-----`, and the `END`, each without the other as well | `blocks` |
//! | numbers | a mobile number, a resident identity card, of mainland China | `numbers` |
//!
//! In doubt a value is hidden: what a reader loses is a word, what a chat would keep is a secret.

mod blocks;
mod names;
mod numbers;
mod phrases;
mod tokens;
mod tools;
mod values;

use std::{borrow::Cow, ops::Range};

/// What stands for what is hidden.
const HIDDEN: &str = "***";

/// How often a text is read at most. Twice is enough for what people write: once more tells that nothing is left to
/// hide, as what is hidden may have been in the way of something else, such as a token with a slash in an address.
const READINGS: usize = 4;

/// A text without its secrets: `***` stands for each. What tells its kind stays: the name, the prefix, the user of an
/// address. A text that was redacted stays as it is.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    for _ in 0..READINGS {
        match read(&shown) {
            Cow::Borrowed(_) => break,
            Cow::Owned(next) => shown = next.into(),
        }
    }
    shown
}

fn read(text: &str) -> Cow<'_, str> {
    let mut shown = Shown { text, written: String::new(), copied: 0 };
    let mut at = 0;
    for block in blocks::in_text(text) {
        shown.hide_secrets(at..block.start);
        shown.hide(block.body);
        at = block.end;
    }
    shown.hide_secrets(at..text.len());
    shown.finish()
}

/// What is written of a text.
struct Shown<'t> {
    text: &'t str,
    written: String,
    /// How much of the text is written.
    copied: usize,
}

impl<'t> Shown<'t> {
    fn hide(&mut self, hidden: Range<usize>) {
        if hidden.is_empty() || &self.text[hidden.clone()] == HIDDEN {
            return;
        }
        self.written.push_str(&self.text[self.copied..hidden.start]);
        self.written.push_str(HIDDEN);
        self.copied = hidden.end;
    }

    fn hide_secrets(&mut self, part: Range<usize>) {
        let mut scan =
            Scan { text: &self.text.as_bytes()[part.clone()], hidden: 0, user: None, tool: None, no_jwt: 0 };
        let mut at = 0;
        while at < scan.text.len() {
            match scan.secret(at) {
                Some(secret) => {
                    self.hide(part.start + secret.start..part.start + secret.end);
                    (at, scan.hidden) = (secret.end, secret.end);
                }
                None => at += 1,
            }
        }
    }

    fn finish(mut self) -> Cow<'t, str> {
        if self.copied == 0 {
            return self.text.into();
        }
        self.written.push_str(&self.text[self.copied..]);
        self.written.into()
    }
}

/// A part of a text while it is read.
struct Scan<'t> {
    text: &'t [u8],
    /// Where the last secret ended: nobody looks at it again, as nobody could once it is hidden.
    hidden: usize,
    /// The password of the address that is being read.
    user: Option<Range<usize>>,
    /// The tool whose options are being read.
    tool: Option<&'static [u8]>,
    /// Where the parts of what was no JWT end: what begins in them is none either.
    no_jwt: usize,
}

impl Scan<'_> {
    /// The secret that is known by what stands here; it begins here or after a name, a sign and blanks.
    fn secret(&mut self, at: usize) -> Option<Range<usize>> {
        let password =
            self.user.take_if(|password| password.start <= at + 1).filter(|password| at < password.end);
        if let Some(password) = password {
            return Some(password.start.max(at)..password.end);
        }
        match self.text[at] {
            b':' if self.text[at..].starts_with(b"://") || self.text[at..].starts_with(br":\/\/") => {
                self.user = tokens::password_of_address(self, at);
                None
            }
            b'=' | b':' | b'>' | 0xEF => values::after_name(self, at),
            b'-' => match self.tool.and_then(|tool| tools::option(self, at, tool)) {
                Some(password) => {
                    self.tool = None;
                    password
                }
                None => values::after_option(self, at),
            },
            b'\n' | b'|' | b';' => {
                self.tool = None;
                None
            }
            b'\'' | b'"' => phrases::in_quotes(self, at),
            0xE4 | 0xE6 => phrases::after_verb(self, at),
            b'0'..=b'9' => numbers::personal(self, at).or_else(|| tokens::known(self, at)),
            b'A'..=b'Z' | b'a'..=b'z' => {
                self.tool = tools::named(self, at).or(self.tool);
                let token = tokens::known(self, at).or_else(|| tokens::jwt(self, at));
                let token = token.or_else(|| tokens::credentials(self, at));
                token.or_else(|| phrases::after_verb(self, at)).or_else(|| phrases::of_instruction(self, at))
            }
            _ => None,
        }
    }

    /// What stands before, as far as it is shown.
    fn before(&self, at: usize) -> &[u8] {
        &self.text[self.hidden.min(at)..at]
    }

    /// Whether a word may begin here: after what is no letter, or after an escape, which ends in letters.
    fn starts_word(&self, at: usize) -> bool {
        let hex = |digits: &[&u8]| digits.iter().all(|digit| digit.is_ascii_hexdigit());
        match self.before(at) {
            [] | [.., b'\\', b'n' | b'r' | b't'] => true,
            [.., b'%', a, b] if hex(&[a, b]) => true,
            [.., b'\\', b'u', a, b, c, d] if hex(&[a, b, c, d]) => true,
            // The colours of a terminal: `\x1b[1;32m`.
            [before @ .., b'm'] => {
                let numbers = before.iter().rev().take(12).take_while(|b| b.is_ascii_digit() || **b == b';');
                before[..before.len() - numbers.count()].ends_with(b"[")
            }
            [.., last] => !is_word(last),
        }
    }

    /// Where what is made of these bytes ends.
    fn end_of(&self, at: usize, of: fn(&u8) -> bool) -> usize {
        at + self.text[at..].iter().take_while(|byte| of(byte)).count()
    }
}

/// Whether a byte is of a word.
fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

#[cfg(test)]
mod tests;
