//! A name whose letters' case may mean nothing to the system that it is of.

use std::fmt;

use serde::Serialize;

/// A name as it was typed. Access rules compare it without case: what one forbids stays forbidden in capitals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Caseless(String);

impl Caseless {
    /// This name.
    pub fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// A text with all letters that differ by case alone made one, letter by letter as Java's `equalsIgnoreCase` does: the
    /// long s and the dotless i are letters of that kind, too.
    pub fn fold(text: &str) -> String {
        let upper = |letter: char| {
            let mut letters = letter.to_uppercase();
            letters.next().filter(|_| letters.len() == 0).unwrap_or(letter)
        };
        text.chars().map(|letter| upper(letter).to_lowercase().next().unwrap_or(letter)).collect()
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Caseless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
