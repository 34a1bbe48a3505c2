//! Which of the five types of message is sent, and whether the other options go with it.
//!
//! clap's own `requires` says nothing where what is required is ruled out by another option: `--text x --button …` would
//! be a text without a button.

use std::fmt;

use super::{Send, usage};
use crate::cli::CliError;

/// A type of message, by the option that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Markdown,
    Link,
    Card,
    Feed,
}

/// Those with a text that may be of any length and may mention somebody.
const WRITTEN: &[Kind] = &[Kind::Text, Kind::Markdown, Kind::Card];

impl Kind {
    /// The one type that these options ask for.
    pub(super) fn of(send: &Send) -> Result<Self, CliError> {
        let asked = [
            (Self::Text, send.text.is_some() && send.link.is_none()),
            (Self::Markdown, send.markdown.is_some()),
            (Self::Link, send.link.is_some()),
            (Self::Card, send.card.is_some()),
            (Self::Feed, !send.feed.is_empty()),
        ];
        let asked: Vec<Self> = asked.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind).collect();
        let [kind] = asked[..] else {
            let came = if asked.is_empty() { "none".to_owned() } else { list(&asked) };
            let expected = "one of --text, --markdown, --link (with --title and --text), --card and --feed";
            return Err(CliError::Usage(format!("expected {expected}, came {came}")));
        };
        kind.check(send)?;
        Ok(kind)
    }

    fn check(self, send: &Send) -> Result<(), CliError> {
        let titled: &[Self] = &[Self::Markdown, Self::Link, Self::Card];
        let options = [
            ("--title", send.title.is_some(), titled),
            ("--picture", send.picture.is_some(), &[Self::Link]),
            ("--button", !send.button.is_empty(), &[Self::Card]),
            ("--horizontal", send.horizontal, &[Self::Card]),
            ("--attach", !send.attach.is_empty(), WRITTEN),
            ("--image", !send.image.is_empty(), WRITTEN),
            ("--at", !send.at.is_empty(), WRITTEN),
            ("--at-mobile", !send.at_mobile.is_empty(), WRITTEN),
            ("--at-all", send.at_all, WRITTEN),
        ];
        if let Some((option, _, with)) =
            options.iter().find(|(_, is_given, with)| *is_given && !with.contains(&self))
        {
            return Err(usage(option, format!("goes with {}, and not with {self}", list(with))));
        }
        let needed = match self {
            Self::Link => [("--title", send.title.is_none()), ("--text", send.text.is_none())],
            Self::Card => [("--button", send.button.is_empty()), ("", false)],
            _ => return Ok(()),
        };
        match needed.iter().find(|(_, is_missing)| *is_missing) {
            Some((option, _)) => {
                Err(usage(&self.to_string(), format!("expected {option} beside it, came none")))
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "--text",
            Self::Markdown => "--markdown",
            Self::Link => "--link",
            Self::Card => "--card",
            Self::Feed => "--feed",
        })
    }
}

/// `--text, --markdown and --card`
fn list(kinds: &[Kind]) -> String {
    let names: Vec<String> = kinds.iter().map(Kind::to_string).collect();
    match names.split_last() {
        Some((last, rest @ [_, ..])) => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
