//! What a person says.

use url::Url;

use crate::{
    fault::Unknowns,
    message::{Content, RichPart},
};

/// Something to say: a text, or another kind of message, that may quote one.
///
/// `@nick` or `@name` of somebody the organisation has is a mention, as if it had been picked from DingTalk's list. In
/// a group the robot is mentioned unless [`Said::unmentioned`] says otherwise; a robot hears nothing else there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub(crate) content: Content,
    pub(crate) quotes: Option<String>,
    pub(crate) mentions_robot: bool,
}

impl Said {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::new(Content::Text { text: text.into() })
    }

    /// Any kind of message.
    pub fn new(content: Content) -> Self {
        Self { content, quotes: None, mentions_robot: true }
    }

    /// Texts and pictures in one message; a part without text is a picture.
    pub fn rich_text(parts: &[Option<&str>]) -> Self {
        let part =
            |part: &Option<&str>| part.map_or(RichPart::Picture, |text| RichPart::Text { text: text.into() });
        Self::new(Content::RichText { parts: parts.iter().map(part).collect() })
    }

    /// Speech, and what DingTalk understood of it. Only in private chats.
    pub fn audio(recognition: &str) -> Self {
        Self::new(Content::Audio { duration: 4000, recognition: recognition.into() })
    }

    /// A picture.
    pub fn picture() -> Self {
        Self::new(Content::Picture { url: String::new() })
    }

    /// A film. Only in private chats.
    pub fn video() -> Self {
        Self::new(Content::Video { duration: 4, format: "mp4".into() })
    }

    /// A file of this name. Only in private chats.
    pub fn file(name: &str) -> Self {
        Self::new(Content::File { name: name.into() })
    }

    /// A message of a kind that the client cannot send to robots.
    pub fn unknown(kind: &str) -> Self {
        Self::new(Content::Unknown { kind: kind.into() })
    }

    /// What pressing this link says, if it is one that says something:
    /// `dtmd://dingtalkclient/sendMessage?content=…` (protocol.md 6).
    pub(crate) fn pressed(url: &str, unknowns: Unknowns) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let sends = url.scheme() == "dtmd"
            && url.host_str() == Some("dingtalkclient")
            && url.path() == "/sendMessage";
        let content = url.query_pairs().find(|(name, _)| sends && name == "content");
        let said = Self::text(&content?.1);
        Some(if unknowns.buttons_mention_robot { said } else { said.unmentioned() })
    }

    /// As an answer to the message with this `msgId`. Who quotes the robot mentions it.
    #[must_use]
    pub fn quoting(self, message_id: &str) -> Self {
        Self { quotes: Some(message_id.into()), ..self }
    }

    /// Without mentioning the robot.
    #[must_use]
    pub fn unmentioned(self) -> Self {
        Self { mentions_robot: false, ..self }
    }
}

impl<T: AsRef<str> + ?Sized> From<&T> for Said {
    fn from(text: &T) -> Self {
        Self::text(text.as_ref())
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

/// Why something cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SayError {
    /// No such person.
    #[error("expected one of the people {known}, came {name:?}")]
    NoPerson {
        /// What was asked for.
        name: String,
        /// Who there is.
        known: String,
    },
    /// No such group.
    #[error("expected one of the groups {known}, or \"private\", came {name:?}")]
    NoGroup {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The group is disbanded.
    #[error("the group {0:?} is disbanded")]
    Disbanded(String),
    /// The private chat is another person's.
    #[error("expected the private chat of {person:?}, came that of {other:?}")]
    NotTheirChat {
        /// Who wants to say something.
        person: String,
        /// Whose chat it is.
        other: String,
    },
    /// DingTalk offers this kind of message only in private chats (protocol.md 1.3).
    #[error(
        "expected a text, a rich text or a picture: in a group nobody can send audio, video or files to a robot"
    )]
    OnlyPrivately,
    /// No such message there.
    #[error("expected a message of this conversation to quote, came {0:?}")]
    NoSuchMessage(String),
    /// Nothing to say.
    #[error("expected something to say, came nothing")]
    Nothing,
}
