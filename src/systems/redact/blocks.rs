//! Private keys in PEM (RFC 7468), whole or cut: a log is a tail, and its lines may have something before them.

use std::{iter, ops::Range};

/// The letters of a whole line are 64 (RFC 7468), 70 of OpenSSH, 76 of others.
const WHOLE_LINE: usize = 60;

/// The longest label that is one, `ENCRYPTED`, with room.
const LABEL: usize = 40;

/// Where a block stands.
pub(super) struct Block {
    /// Where its first line begins, or its body.
    pub(super) start: usize,
    /// What is hidden.
    pub(super) body: Range<usize>,
    /// Where its last line ends, or its body.
    pub(super) end: usize,
}

enum Mark {
    Begin(Range<usize>),
    End(Range<usize>),
}

/// The blocks of a text, in its order.
pub(super) fn in_text(text: &str) -> Vec<Block> {
    let mut marks = text.match_indices("PRIVATE KEY").filter_map(|(at, _)| mark(text, at)).peekable();
    let (mut blocks, mut last) = (Vec::new(), 0);
    while let Some(mark) = marks.next() {
        let block = match mark {
            Mark::Begin(begin) => {
                let end = marks.next_if(|next| matches!(next, Mark::End(_)));
                let body = match (&end, marks.peek()) {
                    (Some(Mark::End(end)), _) => begin.end..end.start,
                    (_, Some(Mark::Begin(next))) => after(text, begin.end..next.start),
                    _ => after(text, begin.end..text.len()),
                };
                let end = if let Some(Mark::End(end)) = end { end.end } else { body.end };
                Block { start: begin.start, body, end }
            }
            Mark::End(end) => {
                let body = before(text, last..end.start);
                Block { start: body.start, body, end: end.end }
            }
        };
        last = block.end;
        let is_empty = text[block.body.clone()].trim().is_empty();
        let body = if is_empty { block.body.end..block.body.end } else { block.body };
        blocks.push(Block { body, ..block });
    }
    blocks
}

/// The first or last line of a block, whose label has these words here.
fn mark(text: &str, at: usize) -> Option<Mark> {
    let rest = &text[at + "PRIVATE KEY".len()..];
    let rest = rest.strip_prefix(" BLOCK").unwrap_or(rest).strip_prefix("-----")?;
    let end = text.len() - rest.len();
    let label = text.as_bytes()[..at].iter().rev().take(LABEL);
    let label = label.take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b' ').count();
    let dashes = text[..at - label].strip_suffix("-----")?.len();
    let label = &text[at - label..at];
    let begins = label.starts_with("BEGIN ").then_some(Mark::Begin(dashes..end));
    begins.or_else(|| label.starts_with("END ").then_some(Mark::End(dashes..end)))
}

/// The body that begins where this part does, and has no end.
fn after(text: &str, part: Range<usize>) -> Range<usize> {
    let (mut end, mut is_key) = (part.start, false);
    let mut lines = text[part.clone()].split('\n').flat_map(|line| line.split("\\n")).peekable();
    while let Some(line) = lines.next() {
        let is_last = lines.peek().is_none() && part.end == text.len();
        if line.contains("Proc-Type:") || line.contains("DEK-Info:") {
            end = offset(text, line) + line.len();
        } else if line.trim_matches(is_around).is_empty() {
            if is_key {
                break;
            }
        } else if let Some(word) = encoded(line)
            && (is_key || is_last || word.len() >= WHOLE_LINE)
        {
            is_key = true;
            end = offset(text, word) + word.len();
            if word.len() < WHOLE_LINE {
                break;
            }
        } else {
            break;
        }
    }
    part.start..end
}

/// The body that ends where this part does, and has no beginning.
fn before(text: &str, part: Range<usize>) -> Range<usize> {
    let shown = &text[part.clone()];
    if shown.ends_with(super::HIDDEN) {
        return part.end - super::HIDDEN.len()..part.end;
    }
    let lines = shown.rsplit('\n').flat_map(|line| line.rsplit("\\n"));
    let mut start = part.end;
    // What stands before `-----END` is of no line of the key; the line above may be short.
    for (line, may_be_short) in lines.skip(1).zip(iter::once(true).chain(iter::repeat(false))) {
        match encoded(line) {
            Some(word) if may_be_short || offset(text, word) == 0 || word.len() >= WHOLE_LINE => {
                start = offset(text, word)
            }
            _ => break,
        }
    }
    start..part.end
}

/// The last word of a line, if it is base64.
fn encoded(line: &str) -> Option<&str> {
    let word = line.trim_matches(is_around).rsplit(char::is_whitespace).next()?.trim_start_matches(is_around);
    let of_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    (!word.is_empty() && word.trim_end_matches('=').chars().all(of_base64)).then_some(word)
}

/// What may stand around a line that is quoted in another one.
fn is_around(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ',')
}

/// Where a part of a text begins.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}
