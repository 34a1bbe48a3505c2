//! What a robot posts, as JSON (protocol.md 3 to 5; open.dingtalk.com "robot-message-type").
//!
//! The parts can only be made whole: a text is not blank, an address is http(s) or a command to say, a card has a
//! button and a feed a link. So there is no [`Message`] that DingTalk would refuse for its form. Sizes are
//! those of [`crate::dingtalk::markdown`] and [`crate::dingtalk::draft`].

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::markdown;
use crate::text;

/// The most members that one message may mention.
const MAX_MENTIONS: usize = 50;

/// A message with the members it mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What is shown.
    pub body: Body,
    /// Who is mentioned. The OpenAPI mentions nobody.
    pub at: At,
}

/// The five types of message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Plain text.
    Text(Shown),
    /// Markdown.
    Markdown {
        /// Preview in the conversation list.
        title: Shown,
        /// The message.
        text: Shown,
    },
    /// A card that opens a page.
    Link {
        /// First line.
        title: Shown,
        /// The rest.
        text: Shown,
        /// What it opens.
        url: Target,
        /// A picture's address, or an empty text.
        picture: String,
    },
    /// Markdown with buttons.
    ActionCard {
        /// Preview in the conversation list.
        title: Shown,
        /// The message.
        text: Shown,
        /// What can be pressed.
        buttons: Buttons,
    },
    /// Cards below one another.
    FeedCard(FeedLinks),
}

/// Text that shows something, its lines ended by `\n`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown(String);

impl Shown {
    /// Nothing for a text of blanks.
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (!text.trim().is_empty()).then(|| Self(text::line_feeds(&text).into_owned()))
    }

    /// An ellipsis for a text of blanks.
    pub fn or_ellipsis(text: impl Into<String>) -> Self {
        Self::new(text).unwrap_or_else(|| Self("…".into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// With more behind it.
    #[must_use]
    pub fn and(&self, more: &str) -> Self {
        Self(format!("{}{more}", self.0))
    }
}

/// What a link or button opens: an http(s) page, or `dtmd://`, a command to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target(String);

impl Target {
    /// Nothing for an address of another kind.
    pub fn new(url: impl Into<String>) -> Option<Self> {
        let url = url.into();
        let known = url.starts_with("dtmd://dingtalkclient/") || text::web_address(&url).is_some();
        known.then_some(Self(url))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// Its label.
    pub title: Shown,
    /// What it opens.
    pub target: Target,
}

/// The buttons of a card; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buttons {
    list: Vec<Button>,
    horizontal: bool,
}

impl Buttons {
    /// Below one another; one alone takes the whole width. Nothing for no button.
    pub fn vertical(list: Vec<Button>) -> Option<Self> {
        (!list.is_empty()).then_some(Self { list, horizontal: false })
    }

    /// Two, beside one another.
    pub fn horizontal(first: Button, second: Button) -> Self {
        Self { list: vec![first, second], horizontal: true }
    }

    /// All of them.
    pub fn list(&self) -> &[Button] {
        &self.list
    }
}

/// One card of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedLink {
    /// Its text.
    pub title: Shown,
    /// What it opens.
    pub target: Target,
    /// A picture's address.
    pub picture: Target,
}

/// The cards of a feed; there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedLinks(Vec<FeedLink>);

impl FeedLinks {
    /// Nothing for no card.
    pub fn new(links: Vec<FeedLink>) -> Option<Self> {
        (!links.is_empty()).then_some(Self(links))
    }

    /// All of them.
    pub fn list(&self) -> &[FeedLink] {
        &self.0
    }
}

/// The members that a message mentions. The text holds `@` and the staff id or mobile number as well, or the nick
/// where there is neither (protocol.md 3).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct At {
    /// Staff ids.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    at_user_ids: Vec<String>,
    /// Mobile numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    at_mobiles: Vec<String>,
    /// `senderId`s, the only way to mention somebody without a staff id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    at_dingtalk_ids: Vec<String>,
    /// Everybody.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_at_all: bool,
}

/// More members than one message may mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {MAX_MENTIONS} members to mention, came {0}")]
pub struct TooMany(pub usize);

impl At {
    /// These members, or everybody.
    ///
    /// # Errors
    /// When there are more than 50.
    pub fn new(staff_ids: Vec<String>, mobiles: Vec<String>, everybody: bool) -> Result<Self, TooMany> {
        let count = staff_ids.len() + mobiles.len();
        let at =
            Self { at_user_ids: staff_ids, at_mobiles: mobiles, is_at_all: everybody, ..Self::default() };
        if count > MAX_MENTIONS { Err(TooMany(count)) } else { Ok(at) }
    }

    /// The member with this staff id.
    pub fn staff(id: &str) -> Self {
        Self { at_user_ids: vec![id.into()], ..Self::default() }
    }

    /// The person with this `senderId`.
    pub fn dingtalk(id: &str) -> Self {
        Self { at_dingtalk_ids: vec![id.into()], ..Self::default() }
    }

    /// Staff ids.
    pub fn staff_ids(&self) -> &[String] {
        &self.at_user_ids
    }

    /// The texts that must stand in the message, behind `@`.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.at_user_ids.iter().chain(&self.at_mobiles).map(String::as_str)
    }

    /// Whether nobody is mentioned.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Message {
    /// A message that mentions nobody.
    pub fn new(body: Body) -> Self {
        Self { body, at: At::default() }
    }

    /// The same with another text. A feed has none.
    #[must_use]
    pub fn with_text(&self, new: Shown) -> Self {
        let mut message = self.clone();
        match &mut message.body {
            Body::Text(text)
            | Body::Markdown { text, .. }
            | Body::Link { text, .. }
            | Body::ActionCard { text, .. } => *text = new,
            Body::FeedCard(_) => {}
        }
        message
    }

    /// The body for both webhooks.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// `msgKey` and `msgParam` of the OpenAPI: the nearest kind it has (protocol.md 5).
    pub fn to_msg_param(&self) -> (&'static str, String) {
        let (key, fields) = self.body.msg_param();
        (key, Value::Object(fields).to_string())
    }
}

impl Body {
    /// The text, where there is one that may be of any length.
    pub fn text(&self) -> Option<&Shown> {
        match self {
            Self::Text(text)
            | Self::Markdown { text, .. }
            | Self::Link { text, .. }
            | Self::ActionCard { text, .. } => Some(text),
            Self::FeedCard(_) => None,
        }
    }

    fn msg_param(&self) -> (&'static str, Map<String, Value>) {
        let fields = |fields: &[(&str, &str)]| -> Map<String, Value> {
            fields.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect()
        };
        match self {
            Self::Text(text) => ("sampleText", fields(&[("content", text.as_str())])),
            Self::Markdown { title, text } => {
                ("sampleMarkdown", fields(&[("title", title.as_str()), ("text", text.as_str())]))
            }
            Self::Link { title, text, url, picture } => {
                let link = [("title", title), ("text", text)].map(|(key, shown)| (key, shown.as_str()));
                let rest = [("messageUrl", url.as_str()), ("picUrl", picture)];
                ("sampleLink", fields(&[&link[..], &rest[..]].concat()))
            }
            Self::ActionCard { title, text, buttons } => {
                let Some((key, names)) = card_names(buttons) else {
                    let links = buttons.list.iter().map(|button| item(&button.title, &button.target));
                    let text = format!("{}\n\n{}", text.as_str(), links.collect::<Vec<_>>().join("\n"));
                    return ("sampleMarkdown", fields(&[("title", title.as_str()), ("text", &text)]));
                };
                let mut card = fields(&[("title", title.as_str()), ("text", text.as_str())]);
                for ((label, target), button) in names.iter().zip(&buttons.list) {
                    card.insert((*label).into(), button.title.as_str().into());
                    card.insert((*target).into(), button.target.as_str().into());
                }
                (key, card)
            }
            // There is no feed in the OpenAPI.
            Self::FeedCard(links) => {
                let lines = links.list().iter().map(|link| item(&link.title, &link.target));
                let text = lines.collect::<Vec<_>>().join("\n");
                let title = links.list().first().map_or("", |link| link.title.as_str());
                ("sampleMarkdown", fields(&[("title", title), ("text", &text)]))
            }
        }
    }
}

/// A link as an item of a list.
fn item(title: &Shown, target: &Target) -> String {
    format!("- {}", markdown::link_to(title.as_str().trim(), target))
}

/// The `msgKey` for so many buttons, and what it calls their labels and addresses; none for more than it has.
fn card_names(buttons: &Buttons) -> Option<(&'static str, &'static [(&'static str, &'static str)])> {
    const VERTICAL: [(&str, &str); 5] = [
        ("actionTitle1", "actionURL1"),
        ("actionTitle2", "actionURL2"),
        ("actionTitle3", "actionURL3"),
        ("actionTitle4", "actionURL4"),
        ("actionTitle5", "actionURL5"),
    ];
    Some(match (buttons.list.len(), buttons.horizontal) {
        (1, _) => ("sampleActionCard", &[("singleTitle", "singleURL")]),
        (2, true) => ("sampleActionCard6", &[("buttonTitle1", "buttonUrl1"), ("buttonTitle2", "buttonUrl2")]),
        (2, false) => ("sampleActionCard2", &VERTICAL),
        (3, _) => ("sampleActionCard3", &VERTICAL),
        (4, _) => ("sampleActionCard4", &VERTICAL),
        (5, _) => ("sampleActionCard5", &VERTICAL),
        _ => return None,
    })
}

/// As both webhooks want it, in the casing of protocol.md 4.
impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let (kind, body) = self.body.wire();
        map.serialize_entry("msgtype", kind)?;
        map.serialize_entry(kind, &body)?;
        if !self.at.is_empty() {
            map.serialize_entry("at", &self.at)?;
        }
        map.end()
    }
}

impl Body {
    fn wire(&self) -> (&'static str, Value) {
        use serde_json::json;
        match self {
            Self::Text(content) => ("text", json!({ "content": content })),
            Self::Markdown { title, text } => ("markdown", json!({ "title": title, "text": text })),
            Self::Link { title, text, url, picture } => {
                ("link", json!({ "title": title, "text": text, "messageUrl": url, "picUrl": picture }))
            }
            Self::ActionCard { title, text, buttons } => {
                let card = match buttons.list.as_slice() {
                    [only] => json!({
                        "title": title, "text": text, "singleTitle": only.title, "singleURL": only.target,
                    }),
                    several => {
                        let button =
                            |button: &Button| json!({ "title": button.title, "actionURL": button.target });
                        let btns: Value = several.iter().map(button).collect();
                        let orientation = if buttons.horizontal { "1" } else { "0" };
                        json!({ "title": title, "text": text, "btnOrientation": orientation, "btns": btns })
                    }
                };
                ("actionCard", card)
            }
            Self::FeedCard(links) => {
                let link = |link: &FeedLink| json!({ "title": link.title, "messageURL": link.target, "picURL": link.picture });
                ("feedCard", json!({ "links": links.list().iter().map(link).collect::<Vec<_>>() }))
            }
        }
    }
}

#[cfg(test)]
mod tests;
