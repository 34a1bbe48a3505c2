//! Passwords that a shell traces (`set -x`): what is behind an option that only some tools mean so.

use std::ops::Range;

use super::{
    Scan,
    values::{after_blanks, word},
};

/// A tool whose option takes a password.
#[derive(Clone, Copy)]
pub(super) struct Tool {
    name: &'static [u8],
    option: &'static [u8],
    /// How its value is written.
    value: Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    /// `-pX`; alone, it asks for one.
    Attached,
    /// `-a X`
    Word,
    /// `-p X` or `-pX`
    Either,
    /// `-u user:X`
    Pair,
}

const TOOLS: &[Tool] = &[
    Tool { name: b"mysql", option: b"-p", value: Value::Attached },
    Tool { name: b"mysqldump", option: b"-p", value: Value::Attached },
    Tool { name: b"mysqladmin", option: b"-p", value: Value::Attached },
    Tool { name: b"mariadb", option: b"-p", value: Value::Attached },
    Tool { name: b"mongo", option: b"-p", value: Value::Word },
    Tool { name: b"mongosh", option: b"-p", value: Value::Word },
    Tool { name: b"mongodump", option: b"-p", value: Value::Word },
    // Of docker, podman, helm, az and others.
    Tool { name: b"login", option: b"-p", value: Value::Word },
    Tool { name: b"sshpass", option: b"-p", value: Value::Either },
    Tool { name: b"redis-cli", option: b"-a", value: Value::Word },
    Tool { name: b"curl", option: b"-u", value: Value::Pair },
    Tool { name: b"curl", option: b"--user", value: Value::Pair },
];

/// The name of the tool that stands here.
pub(super) fn named(scan: &Scan<'_>, at: usize) -> Option<&'static [u8]> {
    let rest = &scan.text[at..];
    let tool =
        |tool: &&Tool| rest.strip_prefix(tool.name).is_some_and(|rest| matches!(rest, [b' ' | b'\t', ..]));
    TOOLS.iter().find(tool).filter(|_| scan.starts_word(at)).map(|tool| tool.name)
}

/// Where the value of an option of this tool begins, if one stands here, and what of it is secret.
pub(super) fn option(scan: &Scan<'_>, at: usize, name: &[u8]) -> Option<Option<Range<usize>>> {
    let is_word = matches!(scan.before(at).last(), None | Some(b' ' | b'\t' | b'\'' | b'"'));
    let rest = &scan.text[at..];
    let tool =
        TOOLS.iter().find(|tool| tool.name == name && rest.starts_with(tool.option)).filter(|_| is_word)?;
    let value = at + tool.option.len();
    let start = after_blanks(scan.text, value);
    let value = match tool.value {
        Value::Attached if start > value => None,
        Value::Word if start == value => return None,
        Value::Attached | Value::Word | Value::Either => word(scan.text, start),
        Value::Pair if start == value && tool.option.starts_with(b"--") => return None,
        Value::Pair => pair(scan.text, start),
    };
    Some(value)
}

/// The password of `user:X`, perhaps in quotes.
fn pair(text: &[u8], at: usize) -> Option<Range<usize>> {
    let quote = text.get(at).filter(|byte| matches!(byte, b'\'' | b'"'));
    let ends = |byte: &u8| *byte == b'\n' || quote.map_or(byte.is_ascii_whitespace(), |quote| byte == quote);
    let start = at + usize::from(quote.is_some());
    let pair = &text[start..];
    let pair = &pair[..pair.iter().position(ends).unwrap_or(pair.len())];
    let password = start + pair.iter().position(|byte| *byte == b':')? + 1;
    match quote {
        Some(_) => Some(password..start + pair.len()).filter(|password| !password.is_empty()),
        None => word(text, password),
    }
}
