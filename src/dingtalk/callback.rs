//! What DingTalk posts to a robot's message receive address (消息接收地址), decoded into one [`Callback`].
//!
//! The fields are those of protocol.md 1.2, the kinds of message those of 1.3, quotes those of 1.5. The documentation
//! (open.dingtalk.com "receive-message", "robot-message-type"), the SDKs and logged messages disagree on much, so
//! everything but `msgtype` may be missing or null, an id, time or flag may be a number or a string, and unknown
//! fields are ignored, even twice.
//!
//! The signature does not cover the body (protocol.md 1.1), so the body may be hostile. It is refused when it nests
//! deeper than [`MAX_DEPTH`], when a known key comes twice in one object (two readers would see two messages), or when
//! an object or array stands where a plain value belongs. What a person did not write is not worth losing a message
//! for: an entry of `richText` or `atUsers` of the wrong type, and whatever is wrong in a quote, is skipped instead.
//! Strings are kept as they came, control characters included.

mod body;
mod json;
#[cfg(test)]
mod tests;

use std::fmt;

use self::{body::Body, json::Json};

/// How many objects and arrays may stand inside each other. JSON inside a string is counted by itself.
pub const MAX_DEPTH: usize = 32;

/// One message to the robot. Empty strings count as missing, so an id that is there says something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// `msgId`: the same when DingTalk delivers the message again.
    pub msg_id: Option<String>,
    /// `createAt`: when it was sent, in milliseconds since 1970.
    pub created_at: Option<i64>,
    /// Where it was said.
    pub conversation: Conversation,
    /// Who said it.
    pub sender: Sender,
    /// To which robot.
    pub robot: Robot,
    /// `atUsers`: who was mentioned, without the robot itself, in the order received, which is documented nowhere.
    pub mentioned: Vec<Mention>,
    /// `isInAtList`: whether the robot was mentioned; only groups have it.
    pub in_at_list: Option<bool>,
    /// `sessionWebhook`: where the reply may go, not checked yet.
    pub session_webhook: Option<RawSessionWebhook>,
    /// `sessionWebhookExpiredTime`: until when it holds, in milliseconds since 1970.
    pub session_expires_at: Option<i64>,
    /// What was said.
    pub content: Content,
    /// The message that this one quotes.
    pub quote: Option<Quote>,
}

/// Where a message was said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    /// `conversationType`: group or private chat.
    pub kind: ConversationKind,
    /// `conversationId`: `cid…==`, also the OpenAPI's `openConversationId`.
    pub id: Option<String>,
    /// `conversationTitle`: the group's name; private chats have none.
    pub title: Option<String>,
}

/// `conversationType`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ConversationKind {
    /// `2`: a group.
    Group,
    /// `1`: between one person and the robot.
    Private,
    /// Missing, or a value that no document names.
    #[default]
    Unknown,
}

/// Who sent a message. Nothing of it is proven: the signature does not cover it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// `senderId`: encrypted, `$:LWCP_v1:$…`; not the staff id.
    pub id: Option<String>,
    /// `senderStaffId`: the user id in the robot's organisation; missing for outsiders and before the app is published.
    pub staff_id: Option<String>,
    /// `senderUnionId`.
    pub union_id: Option<String>,
    /// `senderNick`: the name shown in the chat.
    pub nick: Option<String>,
    /// `senderCorpId`: the sender's organisation.
    pub corp_id: Option<String>,
    /// `isAdmin`: an administrator of the organisation; false when missing.
    pub is_admin: bool,
    /// `senderPlatform`: `Mac`, `Win`, …
    pub platform: Option<String>,
}

/// The robot that a message was sent to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Robot {
    /// `chatbotUserId`: encrypted; how `atUsers` names the robot.
    pub user_id: Option<String>,
    /// `chatbotCorpId`: its organisation.
    pub corp_id: Option<String>,
    /// `robotCode`: `normal` for a custom robot with Outgoing.
    pub code: Option<String>,
}

/// Somebody who was mentioned; at least one of the three is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mention {
    /// `dingtalkId`: encrypted.
    pub dingtalk_id: Option<String>,
    /// `staffId`: missing for people of other organisations.
    pub staff_id: Option<String>,
    /// `unionId`.
    pub union_id: Option<String>,
}

/// The `sessionWebhook` as it came. Whoever has it can speak as the robot in that chat, so `Debug` does not show it,
/// and nothing may be posted to it before its host has been checked.
#[derive(Clone, PartialEq, Eq)]
pub struct RawSessionWebhook(String);

impl RawSessionWebhook {
    /// Takes an address as it came.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The address, to be checked.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawSessionWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawSessionWebhook(..)")
    }
}

/// What was said (protocol.md 1.3), by `msgtype`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// `text`: as received, with the blanks that removed mentions leave (protocol.md 1.4).
    Text(String),
    /// `richText`: text with pictures.
    RichText {
        /// The text items joined; any other item (a picture, a mention, what cannot be read) leaves one blank, since
        /// two words must not become one.
        text: String,
        /// How many items were pictures.
        pictures: usize,
    },
    /// `audio`: only in private chats.
    Audio {
        /// What DingTalk heard.
        recognition: Option<String>,
    },
    /// `picture`.
    Picture,
    /// `video`: only in private chats.
    Video,
    /// `file`: only in private chats.
    File {
        /// `fileName`.
        name: Option<String>,
    },
    /// `markdown`: what another robot sent.
    Markdown(String),
    /// `interactiveCard`: a card or a shared document.
    InteractiveCard,
    /// `actionCard`.
    ActionCard,
    /// `chatRecord`: forwarded messages.
    ChatRecord,
    /// `reply`.
    Reply,
    /// `unknownMsgType`: robots cannot receive what was sent.
    Unreceivable,
    /// The organisation's monthly quota is used up (error 20001): DingTalk sends neither `text` nor `content`.
    QuotaExhausted {
        /// `errorMessage`: DingTalk's own sentence, Chinese; empty when there was none.
        message: String,
    },
    /// A `msgtype` that this table does not have.
    Other(String),
}

impl Content {
    /// The line that the person said, as received: a text (an empty one too), a rich text or a recording in which
    /// there are words. `None` for everything that is no line.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::RichText { text, .. } | Self::Audio { recognition: Some(text) } => {
                Some(text.as_str()).filter(|text| !text.trim().is_empty())
            }
            _ => None,
        }
    }
}

/// The message that a message quotes (protocol.md 1.5; in no official document). There only if `isReplyMsg` is true:
/// `originalMsgId` comes with ordinary messages as well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quote {
    /// `repliedMsg.msgId`, or else `originalMsgId`.
    pub msg_id: Option<String>,
    /// `repliedMsg.senderId`: who wrote the quoted message, encrypted.
    pub sender_id: Option<String>,
    /// Its text, where it is a text, a rich text, Markdown or a card that carries one.
    pub text: Option<String>,
    /// `originalProcessQueryKey`: there when this robot sent it through the OpenAPI.
    pub process_query_key: Option<String>,
}

/// Why a body is no callback. No variant holds a value of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON in UTF-8, or JSON that cannot be held: half a surrogate pair, a number beyond 64-bit floats.
    #[error("expected JSON, came something else at line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1; 0 before the first.
        column: usize,
    },
    /// JSON, but a plain value or an array.
    #[error("expected a JSON object, came {came}")]
    NotAnObject {
        /// Its JSON type.
        came: &'static str,
    },
    /// More objects and arrays inside each other than any message has.
    #[error("expected at most {limit} objects and arrays inside each other, came more")]
    TooDeep {
        /// [`MAX_DEPTH`].
        limit: usize,
    },
    /// A key that is read came twice in one object.
    #[error("expected `{key}` once in its object, came twice")]
    DuplicateKey {
        /// The key.
        key: &'static str,
    },
    /// No `msgtype`, or an empty one.
    #[error("expected `msgtype`, came none")]
    MissingMsgtype,
    /// A value of a type that its key does not have.
    #[error("expected `{key}` to be {expected}, came {came}")]
    WrongType {
        /// The key, with the object it is in.
        key: &'static str,
        /// What belongs there.
        expected: &'static str,
        /// The JSON type of what came.
        came: &'static str,
    },
    /// `{"encrypt": …}`: the envelope of encrypted event pushes (protocol.md 1.1), which robots are not known to use.
    #[error(
        "expected a plain callback, came an encrypted envelope: turn encryption (数据加密) off where the message receive \
         address is set in DingTalk's console"
    )]
    Encrypted,
}

/// Decodes the body of a callback, whose signature has been verified.
///
/// ```
/// # use dingops::dingtalk::callback::decode;
/// let callback = decode(r#"{"msgtype":"text","text":{"content":" ping"},"senderNick":"小钉"}"#.as_bytes())?;
/// assert_eq!(callback.content.words(), Some(" ping"));
/// assert_eq!(callback.sender.nick.as_deref(), Some("小钉"));
/// # Ok::<(), dingops::dingtalk::callback::DecodeError>(())
/// ```
///
/// # Errors
/// When the body is not a JSON object of the shape described at the head of this module.
pub fn decode(body: &[u8]) -> Result<Callback, DecodeError> {
    match json::parse::<Body<'_>>(json::utf8(body)?)? {
        Json::Object(body) => body.into_callback(),
        other => Err(DecodeError::NotAnObject { came: other.type_name() }),
    }
}
