//! A message that somebody wrote, at any length, and what stands behind its text: pictures, links and mentions. Made
//! into one that DingTalk takes.

use super::{
    cut::{self, Syntax},
    markdown::{self, Limit, wire_length},
    message::{Body, Message, Shown},
};
use crate::{locale::Locale, reply::Link};

/// Less room than this for a text would leave nothing of it worth reading.
const LEAST_TEXT: usize = 200;

/// A message as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its parts, whoever it mentions included; the text may be of any length.
    pub message: Message,
    /// Shown behind the text. A link and a feed have no room for them.
    pub links: Vec<Link>,
    /// Addresses of pictures, shown before the links; plain text shows the address.
    pub pictures: Vec<String>,
}

/// There is no room for a text, or there is none that could be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected at most {most} bytes without the text, came {came}: shorten titles and addresses, or send fewer"
)]
pub struct TooLong {
    /// What there is room for.
    pub most: usize,
    /// The size of everything that cannot be cut.
    pub came: usize,
}

impl Draft {
    /// The message for a way with this limit: its text is cut where it is too long, what stands behind it is not.
    ///
    /// # Errors
    /// When the rest of it is too long by itself.
    pub fn within(&self, limit: Limit, locale: Locale) -> Result<Message, TooLong> {
        let (most, beside) = (limit.bytes(), limit.beside(&self.message));
        let Some(text) = self.message.body.text().map(Shown::as_str) else {
            return if beside <= most {
                Ok(self.message.clone())
            } else {
                Err(TooLong { most, came: beside })
            };
        };
        let text = match self.syntax() {
            Syntax::Markdown => cut::without_html_blocks(text),
            Syntax::Plain => text.to_owned(),
        };
        let text = text.as_str();
        let with = |text: String| self.message.with_text(Shown::or_ellipsis(text));
        let behind = |text: &str| format!("{}{}", self.close(text), self.behind(text, locale));
        let whole = format!("{text}{}", behind(text));
        if beside + wire_length(&whole) <= most {
            return Ok(with(whole));
        }
        // What is mentioned in the text may be cut off.
        let beside = beside + wire_length(&self.behind("", locale));
        let room = most.saturating_sub(beside);
        if room < LEAST_TEXT {
            return Err(TooLong { most: most - LEAST_TEXT, came: beside });
        }
        let cut = cut::shorten(text, room, self.syntax(), locale);
        let behind = behind(&cut);
        Ok(with(cut + &behind))
    }

    fn syntax(&self) -> Syntax {
        match self.message.body {
            Body::Markdown { .. } | Body::ActionCard { .. } => Syntax::Markdown,
            Body::Text(_) | Body::Link { .. } | Body::FeedCard(_) => Syntax::Plain,
        }
    }

    /// What ends the code block that a text ends in, or all behind it would be code.
    fn close(&self, text: &str) -> String {
        if self.syntax() == Syntax::Markdown { cut::close(text) } else { String::new() }
    }

    /// What stands behind this text. Whom it mentions already is not mentioned again (protocol.md 3).
    fn behind(&self, text: &str, locale: Locale) -> String {
        // DingTalk looks for mentions there. Where one cannot be sure it does not: a mention that is shown twice is
        // better than one that nobody gets.
        let looked_at = match self.syntax() {
            Syntax::Plain => vec![text.to_owned()],
            Syntax::Markdown => cut::prose(text),
        };
        let is_there = |id: &str| looked_at.iter().any(|part| stands_in(part, id));
        let named = self.message.at.named();
        let mentions: Vec<String> = named.filter(|id| !is_there(id)).map(|id| format!("@{id}")).collect();
        let mentions = (!mentions.is_empty()).then(|| mentions.join(" "));
        let (parts, separator): (Vec<String>, &str) = match &self.message.body {
            Body::Markdown { .. } | Body::ActionCard { .. } => {
                let pictures = self.pictures.iter().map(|url| markdown::picture(url));
                let links: Vec<String> =
                    self.links.iter().map(|link| format!("- {}", markdown::link(link))).collect();
                let links = (!links.is_empty()).then(|| links.join("\n"));
                (pictures.chain(links).chain(mentions).collect(), "\n\n")
            }
            Body::Text(_) => {
                let colon = locale.say("reply.colon", &[]);
                let links = self.links.iter().map(|Link { label, url }| format!("{label}{colon}{url}"));
                (self.pictures.iter().cloned().chain(links).chain(mentions).collect(), "\n")
            }
            Body::Link { .. } | Body::FeedCard(_) => (Vec::new(), ""),
        };
        parts.iter().map(|part| format!("{separator}{part}")).collect()
    }
}

/// Whether `@` and the id stand in a text as a word of their own: not in an address, nor in another id.
fn stands_in(text: &str, id: &str) -> bool {
    let of_a_word = |c: char| c.is_ascii_alphanumeric() || "_-@/".contains(c);
    text.match_indices(&format!("@{id}")).any(|(at, mention)| {
        let (before, behind) = (&text[..at], &text[at + mention.len()..]);
        let goes_on = behind.trim_start_matches('.').starts_with(of_a_word);
        !before.ends_with(|c| of_a_word(c) || ".:=".contains(c)) && !goes_on
    })
}

#[cfg(test)]
mod tests;
