//! Why a line cannot be split.

use std::{error::Error, fmt, ops::Range};

/// Why a line could not be split, and at which quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitError {
    /// The bytes of the line as typed where the quote stands.
    pub span: Range<usize>,
    /// What is wrong with it.
    pub kind: SplitErrorKind,
}

/// What is wrong with a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitErrorKind {
    /// The quote that closes stands inside a word: expected a blank or the end of the line after it.
    QuoteInside,
    /// The quote is never closed.
    QuoteOpen,
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            SplitErrorKind::QuoteInside => "expected a blank or the end of the line after the quote",
            SplitErrorKind::QuoteOpen => "expected a closing quote for the quote",
        };
        write!(f, "{what} at byte {}", self.span.start)
    }
}

impl Error for SplitError {}
