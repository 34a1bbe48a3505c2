//! What a robot posts, as JSON (protocol.md 3 and 4; open.dingtalk.com "robot-message-type").

use serde::Serialize;

/// A message with the members it mentions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// What is shown.
    #[serde(flatten)]
    pub body: Body,
    /// Who is mentioned.
    #[serde(skip_serializing_if = "At::is_empty")]
    pub at: At,
}

/// The kinds of message, in the casing of the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "msgtype", rename_all = "camelCase")]
pub enum Body {
    /// Markdown.
    Markdown {
        /// The message.
        markdown: Markdown,
    },
    /// Markdown with buttons that open pages.
    ActionCard {
        /// The message.
        #[serde(rename = "actionCard")]
        action_card: ActionCard,
    },
}

/// A Markdown message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Markdown {
    /// Preview in the conversation list; required.
    pub title: String,
    /// The message.
    pub text: String,
}

/// Markdown with buttons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActionCard {
    /// Preview in the conversation list.
    pub title: String,
    /// The message, in Markdown.
    pub text: String,
    /// What opens pages.
    #[serde(flatten)]
    pub buttons: Buttons,
}

/// One button, or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Buttons {
    /// One button over the whole width.
    Single {
        /// Its label.
        #[serde(rename = "singleTitle")]
        title: String,
        /// What it opens.
        #[serde(rename = "singleURL")]
        url: String,
    },
    /// Buttons below one another.
    #[serde(rename_all = "camelCase")]
    Several {
        /// `"0"`: below one another.
        btn_orientation: &'static str,
        /// At least two.
        btns: Vec<Button>,
    },
}

/// A button that opens a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Button {
    /// Its label.
    pub title: String,
    /// What it opens.
    #[serde(rename = "actionURL")]
    pub action_url: String,
}

/// The members that a message mentions. The text holds `@` and the staff id as well, or the nick where there is no
/// staff id (protocol.md 3).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct At {
    /// Staff ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at_user_ids: Vec<String>,
    /// `senderId`s, the only way to mention somebody without a staff id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub at_dingtalk_ids: Vec<String>,
}

impl At {
    fn is_empty(&self) -> bool {
        self.at_user_ids.is_empty() && self.at_dingtalk_ids.is_empty()
    }
}
