//! Values whose name does not stand right before a sign: in a sentence, in a statement, in a list, a line above.

use std::ops::Range;

use super::{
    Scan, is_word, names,
    values::{after_blanks, is_pair, trimmed, word},
};

/// How far back a name is looked for.
const BACK: usize = 160;
/// Letters of a password that stands alone on a line.
const ALONE: usize = 8;

/// The value after a verb: `password is X`, `密码是 X`.
pub(super) fn after_verb(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let before = scan.before(at);
    let verb = ["is", "为", "是"].into_iter().find(|verb| scan.text[at..].starts_with(verb.as_bytes()))?;
    let value = at + verb.len();
    let start = after_blanks(scan.text, value);
    // "password is required" is a sentence, and so is 密码是否正确.
    if verb != "is" {
        let is_written = names::is_chinese(before) && scan.text.get(start).is_some_and(u8::is_ascii_graphic);
        let password = if is_written { word(scan.text, start)? } else { return None };
        return Some(password.start..scan.end_of(password.start, u8::is_ascii).min(password.end));
    }
    let is_named = start > value && before.ends_with(b" ") && name(trimmed(before)).is_some();
    let is_odd = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let is_secret = |password: &Range<usize>| scan.text[password.clone()].iter().skip(1).any(is_odd);
    if is_named { word(scan.text, start).filter(is_secret) } else { None }
}

/// What a statement has in quotes: `IDENTIFIED BY 'X'`, `WITH PASSWORD 'X'`.
pub(super) fn in_quotes(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let before = scan.before(at);
    let shown = trimmed(before);
    let ends = |end: &[u8]| {
        shown.len().checked_sub(end.len()).is_some_and(|from| shown[from..].eq_ignore_ascii_case(end))
    };
    let back = &shown[shown.len().saturating_sub(BACK / 2)..];
    let is_identified = || back.windows(10).any(|word| word.eq_ignore_ascii_case(b"identified"));
    let is_named = shown.len() < before.len() && (ends(b" password") || ends(b" by") && is_identified());
    if is_named { word(scan.text, at) } else { None }
}

/// The value of an instruction of an image: `ENV DB_PASSWORD X`.
pub(super) fn of_instruction(scan: &Scan<'_>, at: usize) -> Option<Range<usize>> {
    let rest = scan.text[at..].strip_prefix(b"ENV ").filter(|_| scan.starts_word(at))?;
    let start = scan.text.len() - rest.len();
    let length = rest.iter().take(names::LONGEST).take_while(|byte| names::is_of_name(byte)).count();
    names::kind(&rest[..length], false)?;
    let value = after_blanks(scan.text, start + length);
    if value > start + length && scan.text.get(value) != Some(&b'=') { word(scan.text, value) } else { None }
}

/// Whether what stands before `value` and a sign is a name that is secret: `name: DB_PASSWORD`, `name="password"`.
pub(super) fn is_value_of_secret(before: &[u8]) -> bool {
    let before = &before[before.len().saturating_sub(BACK)..];
    let is_between = |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b',' | b'\\');
    let without = |text: &[u8]| text.len() - text.iter().rev().take_while(is_between).count();
    let named = &before[..without(before)];
    let length = named.iter().rev().take_while(|byte| names::is_of_name(byte)).count();
    let (rest, name) = named.split_at(named.len() - length);
    let rest = &rest[..without(rest)];
    let Some(rest) = rest.strip_suffix(b":").or_else(|| rest.strip_suffix(b"=")) else { return false };
    let rest = &rest[..without(rest)];
    let is_key = |key: &[u8]| {
        let from = rest.len().checked_sub(key.len());
        from.is_some_and(|from| {
            rest[from..].eq_ignore_ascii_case(key)
                && !from.checked_sub(1).is_some_and(|at| is_word(&rest[at]))
        })
    };
    (is_key(b"name") || is_key(b"key")) && names::kind(name, false).is_some()
}

/// The name of the element that a `>` ends which has attributes: `<password encrypted="false">`.
pub(super) fn element(before: &[u8]) -> Option<&[u8]> {
    let back = &before[before.len().saturating_sub(BACK)..];
    let open =
        back.iter().rposition(|byte| matches!(byte, b'<' | b'>' | b'\n')).filter(|at| back[*at] == b'<')?;
    let element = &back[open + 1..];
    let length = element.iter().take_while(|byte| names::is_of_name(byte)).count();
    (element.get(length) == Some(&b' ') && matches!(element.last(), Some(b'"' | b'\'')))
        .then_some(&element[..length])
}

/// What stands below a name and a sign: a block of YAML, or a list.
pub(super) fn below(scan: &Scan<'_>, before: &[u8], value: usize) -> Option<Range<usize>> {
    let rest = &scan.text[value..];
    let end = rest.iter().take(BACK).position(|byte| *byte == b'\n')?;
    let head = rest[..end].trim_ascii();
    let is_block = match head {
        [b'|' | b'>', more @ ..] => {
            more.len() < 3 && more.iter().all(|byte| matches!(byte, b'+' | b'-') || byte.is_ascii_digit())
        }
        [] => false,
        _ => return None,
    };
    let indent = indent(last_line(before));
    let (mut found, mut at): (Option<Range<usize>>, usize) = (None, value + end + 1);
    while at < scan.text.len() {
        let line = first_line(&scan.text[at..]);
        let (deep, shown) = (self::indent(line), line.trim_ascii());
        let item = shown.strip_prefix(b"- ").map(<[u8]>::trim_ascii_start);
        let length = match item {
            Some(item) if !is_block && deep >= indent && !is_pair(item) => item.len(),
            _ if is_block && deep > indent => shown.len(),
            _ if shown.is_empty() => 0,
            _ => break,
        };
        let end = at + line.trim_ascii_end().len();
        if length > 0 {
            found = Some(found.map_or(end - length, |found| found.start)..end);
        }
        at += line.len() + 1;
    }
    found.filter(|found| scan.text[found.clone()].iter().any(|byte| *byte != b'*'))
}

/// One word on a line of its own below a sentence about a password, as Jenkins tells its first: the sentence ends with a
/// colon, and a blank line follows.
pub(super) fn alone_below(scan: &Scan<'_>, before: &[u8], value: usize) -> Option<Range<usize>> {
    let is_about = last_line(before).windows(8).any(|word| word.eq_ignore_ascii_case(b"password"));
    let blank = scan.text[value..].iter().take_while(|byte| byte.is_ascii_whitespace());
    let (count, lines) =
        blank.fold((0, 0), |(count, lines), byte| (count + 1, lines + usize::from(*byte == b'\n')));
    let start = value + count;
    let word = first_line(&scan.text[start..]).trim_ascii_end();
    let is_alone = is_about && lines > 1 && word.len() >= ALONE;
    let is_secret = word.iter().all(u8::is_ascii_alphanumeric) && word.iter().any(u8::is_ascii_digit);
    (is_alone && is_secret).then_some(start..start + word.len())
}

/// What ends here, without a verb before a sign: `password is: X`, `密码为：X`.
pub(super) fn without_verb(named: &[u8]) -> &[u8] {
    let chinese = ["为", "是"].into_iter().find_map(|verb| named.strip_suffix(verb.as_bytes()));
    let chinese = chinese.filter(|named| names::is_chinese(named));
    chinese.or_else(|| named.strip_suffix(b" is")).unwrap_or(named)
}

/// The line that ends here, as far as it is looked at.
fn last_line(before: &[u8]) -> &[u8] {
    let back = &before[before.len().saturating_sub(BACK)..];
    &back[back.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)..]
}

fn first_line(text: &[u8]) -> &[u8] {
    &text[..text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len())]
}

fn indent(line: &[u8]) -> usize {
    line.iter().take_while(|byte| **byte == b' ').count()
}

/// A secret name at the end of this.
fn name(before: &[u8]) -> Option<names::Kind> {
    let length = before.iter().rev().take(names::LONGEST).take_while(|byte| names::is_of_name(byte)).count();
    names::kind(&before[before.len() - length..], false)
}
