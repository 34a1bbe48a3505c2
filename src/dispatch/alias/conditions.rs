//! Conditions on labels with placeholders in their values: whatever is filled in there, it is the value that the operator
//! made room for, and neither another operator nor one more condition.

use super::template::{Piece, UNKNOWN, unknown};
use crate::dispatch::{
    table,
    words::{
        CLOSING, LIKE_SEPARATORS, Meaning, OPENING, SEPARATORS, closes, escaped, is_quote, meaning, operator,
    },
};

const IN_NAME: &str =
    "expected a placeholder as a word of its own or in the value of a condition, came one elsewhere in it";
const IN_SINGLE: &str = "expected double quotes around a placeholder, came single ones";
const UNCLEAR: &str = "expected double quotes around a value with a placeholder, came a blank, quote, brace, 、 or ; in it without";

/// The pieces of a word, with every value that has a placeholder in double quotes.
///
/// # Errors
/// Where a placeholder could be more than a value or a part of one.
pub(super) fn in_quotes(pieces: Vec<Piece>) -> Result<Vec<Piece>, &'static str> {
    if matches!(pieces.as_slice(), [_]) {
        return Ok(pieces);
    }
    let text: String = pieces.iter().map(written).collect();
    let mut rest = text.as_str();
    let mut quoted = Vec::new();
    while !rest.is_empty() {
        let behind = rest.trim_start_matches(is_around);
        push(&mut quoted, &rest[..rest.len() - behind.len()], Piece::Slot);
        let Some((_, _, begin)) = operator(behind) else {
            let (name, behind) = behind.split_at(behind.find(is_around).unwrap_or(behind.len()));
            let is_name = name == text && !table::folded(name).contains(['=', '!', '~']);
            if has_slot(name) && !is_name {
                return Err(IN_NAME);
            }
            push(&mut quoted, name, Piece::Name);
            rest = behind;
            continue;
        };
        let (name, typed) = behind.split_at(begin);
        push(&mut quoted, name, Piece::Slot);
        let (value, behind) = typed.split_at(end_of(typed));
        match has_slot(value) {
            true => push(&mut quoted, &format!("\"{}\"", inside(value)?), Piece::Quoted),
            false => push(&mut quoted, value, Piece::Slot),
        }
        rest = behind;
    }
    Ok(quoted)
}

/// Whether this stands around conditions.
fn is_around(c: char) -> bool {
    [SEPARATORS, OPENING, CLOSING].as_flattened().contains(&c) || c.is_whitespace()
}

/// A piece as a text, in which a private character is the placeholder.
fn written(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => text.clone(),
        Piece::Rest => "{*}".to_owned(),
        Piece::Slot(slot) | Piece::Quoted(slot) | Piece::Name(slot) => unknown(*slot).to_string(),
    }
}

/// The number of the placeholder that a character stands for.
fn slot(c: char) -> Option<usize> {
    let number = u32::from(c).checked_sub(u32::from(*UNKNOWN.start())).filter(|_| UNKNOWN.contains(&c))?;
    usize::try_from(number).ok()
}

fn has_slot(text: &str) -> bool {
    text.contains(|c| slot(c).is_some())
}

/// Adds a text, its placeholders as such pieces.
fn push(pieces: &mut Vec<Piece>, text: &str, piece: fn(usize) -> Piece) {
    for c in text.chars() {
        match (slot(c), pieces.last_mut()) {
            (Some(slot), _) => pieces.push(piece(slot)),
            (None, Some(Piece::Text(before))) => before.push(c),
            (None, _) => pieces.push(Piece::Text(c.to_string())),
        }
    }
}

/// Where the value ends that a text begins with.
fn end_of(typed: &str) -> usize {
    let Some(open) = typed.chars().next().filter(|c| is_quote(*c)) else {
        let ends = |c: char| [SEPARATORS, CLOSING].as_flattened().contains(&c);
        return typed.find(ends).unwrap_or(typed.len());
    };
    let mut letters = typed.char_indices().skip(1);
    while let Some((at, c)) = letters.next() {
        if closes(open, c) {
            return at + c.len_utf8();
        }
        if c == '\\' && meaning(open) == Some(Meaning::DoubleQuote) {
            letters.next();
        }
    }
    typed.len()
}

/// A value as it stands in straight double quotes.
fn inside(value: &str) -> Result<String, &'static str> {
    let Some(open) = value.chars().next().filter(|c| is_quote(*c)) else {
        let is_unclear = |c: char| is_around(c) || is_quote(c) || LIKE_SEPARATORS.contains(&c);
        return if value.contains(is_unclear) { Err(UNCLEAR) } else { Ok(escaped(value)) };
    };
    if meaning(open) == Some(Meaning::SingleQuote) {
        return Err(IN_SINGLE);
    }
    let (mut inside, mut letters) = (String::new(), value.chars().skip(1));
    while let Some(c) = letters.next() {
        match c {
            '\\' => match letters.next() {
                Some(c) if c != '"' && closes(open, c) => inside.push(c),
                Some(c) => inside.extend(['\\', c]),
                None => return Err(UNCLEAR),
            },
            c if closes(open, c) => return Ok(inside),
            c => inside.push(c),
        }
    }
    Err(UNCLEAR)
}
