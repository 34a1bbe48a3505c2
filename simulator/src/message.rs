//! What a conversation holds: messages of people and of robots.

pub(crate) mod fields;
pub(crate) mod msg_param;
pub(crate) mod webhook;

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::organisation::Place;

/// A message in a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// `msgId`.
    pub id: String,
    /// Where it stands.
    pub place: Place,
    /// When it arrived.
    #[serde(serialize_with = "milliseconds")]
    pub at: Timestamp,
    /// Who wrote it.
    pub author: Author,
    /// What it shows.
    pub content: Content,
    /// Whom it mentions, the robot aside.
    pub mentions: Mentions,
    /// Whether a person mentioned the robot in it.
    pub mentions_robot: bool,
    /// The `msgId` of the message that it quotes.
    pub quotes: Option<String>,
    /// The way it came.
    pub way: Way,
    /// `processQueryKey` of a message that came by the OpenAPI.
    pub process_query_key: Option<String>,
    /// What a robot posted; null for a person's message.
    #[serde(skip)]
    pub posted: Value,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "name")]
pub enum Author {
    /// The person of this name.
    Person(String),
    /// The robot that is driven.
    Robot,
    /// The custom robot with this nick.
    CustomRobot(String),
}

/// The way a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// A person said it.
    Said,
    /// The HTTP response to a callback (protocol.md 2).
    Response,
    /// `/robot/sendBySession`.
    SessionWebhook,
    /// `/robot/send`.
    CustomRobot,
    /// `/v1.0/robot/groupMessages/send`.
    GroupMessage,
    /// `/v1.0/robot/oToMessages/batchSend`.
    OneToOne,
}

/// What a message shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Content {
    /// Plain text.
    Text {
        /// As written, mentions of people included.
        text: String,
    },
    /// Markdown.
    Markdown {
        /// Preview in the conversation list.
        title: String,
        /// The message.
        text: String,
    },
    /// A card that opens a page.
    Link {
        /// First line.
        title: String,
        /// The rest.
        text: String,
        /// What it opens.
        url: String,
        /// A picture's address, or nothing.
        picture: String,
    },
    /// Markdown with buttons.
    ActionCard {
        /// Preview in the conversation list.
        title: String,
        /// The message, in Markdown.
        text: String,
        /// At least one.
        buttons: Vec<Button>,
        /// Beside one another instead of below.
        horizontal: bool,
        /// Without the robot's picture (`hideAvatar`).
        hide_avatar: bool,
    },
    /// Cards below one another, the first with a large picture.
    FeedCard {
        /// At least one.
        links: Vec<FeedLink>,
    },
    /// A picture: a robot's with an address, a person's without.
    Picture {
        /// The picture's address, or nothing.
        url: String,
    },
    /// Speech; only in private chats.
    Audio {
        /// Milliseconds.
        duration: u64,
        /// What DingTalk understood.
        recognition: String,
    },
    /// A film; only in private chats.
    Video {
        /// Seconds.
        duration: u64,
        /// `mp4`.
        format: String,
    },
    /// A file; only in private chats.
    File {
        /// Its name.
        name: String,
    },
    /// Texts and pictures in one message of a person.
    RichText {
        /// In order.
        parts: Vec<RichPart>,
    },
    /// History that a person forwards (`chatRecord`).
    ChatRecord {
        /// First line.
        title: String,
        /// The messages, each with its author.
        lines: Vec<String>,
    },
    /// A kind that the client cannot send to robots (`unknownMsgType`).
    Unknown {
        /// What it is.
        kind: String,
    },
}

/// A part of a rich text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum RichPart {
    /// Text, as written.
    Text {
        /// The text.
        text: String,
    },
    /// A picture.
    Picture,
}

/// A button of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Button {
    /// Its label.
    pub title: String,
    /// What it opens, or says (`dtmd://`).
    pub url: String,
}

/// One card of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedLink {
    /// Its text.
    pub title: String,
    /// What it opens.
    pub url: String,
    /// A picture's address.
    pub picture: String,
}

/// Whom a message mentions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mentions {
    /// Names of people.
    pub people: Vec<String>,
    /// Everybody in the group.
    pub all: bool,
}

impl Message {
    /// Whether a robot wrote it.
    pub fn is_from_robot(&self) -> bool {
        !matches!(self.author, Author::Person(_))
    }
}

/// As somebody without DingTalk would read it: the text, then the buttons.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.content.fmt(f)
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { text } | Self::Markdown { text, .. } => f.write_str(text),
            Self::Link { title, text, url, .. } => write!(f, "{title}\n{text}\n{url}"),
            Self::ActionCard { text, buttons, .. } => {
                f.write_str(text)?;
                buttons.iter().try_for_each(|Button { title, url }| write!(f, "\n\n[{title}]({url})"))
            }
            Self::FeedCard { links } => {
                let mut lines = links.iter().map(|FeedLink { title, url, .. }| format!("[{title}]({url})"));
                f.write_str(&lines.by_ref().collect::<Vec<_>>().join("\n"))
            }
            Self::Picture { url } => write!(f, "[picture] {url}"),
            Self::Audio { duration, recognition } => write!(f, "[audio {duration} ms] {recognition}"),
            Self::Video { duration, format } => write!(f, "[video {duration} s {format}]"),
            Self::File { name } => write!(f, "[file] {name}"),
            Self::RichText { parts } => parts.iter().try_for_each(|part| match part {
                RichPart::Text { text } => f.write_str(text),
                RichPart::Picture => f.write_str("[picture]"),
            }),
            Self::ChatRecord { title, lines } => write!(f, "{title}\n{}", lines.join("\n")),
            Self::Unknown { kind } => write!(f, "[{kind}]"),
        }
    }
}

/// A time as the page's scripts take it.
pub(crate) fn milliseconds<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.as_millisecond())
}
