//! The message types of both webhooks, field by field (protocol.md 3 and 4; KB-0699, KB-0717).

use serde_json::Value;

use super::{
    Button, Content, FeedLink,
    fields::{Fault, Fields},
};
use crate::refusal::Refusal;

/// Types that `/robot/sendBySession` and `/robot/send` take.
/// `image` is in no documentation of theirs; robots send it, and it arrives (DingtalkChatbot#44).
pub(crate) const TYPES: &[&str] = &["text", "markdown", "link", "actionCard", "feedCard", "image"];
/// Types that the HTTP response to a callback may have (KB-0718).
pub(crate) const RESPONSE_TYPES: &[&str] = &["text", "markdown", "actionCard", "feedCard"];

/// Whom a body asks to mention.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct At {
    pub staff_ids: Vec<String>,
    pub mobiles: Vec<String>,
    /// `senderId`s; undocumented, and used by robots (protocol.md 3).
    pub dingtalk_ids: Vec<String>,
    pub all: bool,
}

/// Reads a body. What clients send and DingTalk takes is taken: keys that mean nothing, `null` and `""` for what is
/// left out, an `at` of any form.
pub(crate) fn read(body: &Value, types: &[&str]) -> Result<(Content, At), Refusal> {
    let Value::Object(object) = body else { return Err(Refusal::no_json()) };
    let fields = Fields::new(object, "");
    let msgtype = fields.optional_text("msgtype").unwrap_or_default();
    if msgtype.is_empty() {
        return Err(Refusal::new(300001, "msgtype is null"));
    }
    if !types.contains(&msgtype.as_str()) {
        return Err(Refusal::unsupported(&msgtype));
    }
    Ok((content(&fields, &msgtype)?, at(&fields)))
}

fn content(fields: &Fields<'_>, msgtype: &str) -> Result<Content, Fault> {
    let of_type = fields.object(msgtype)?;
    Ok(match msgtype {
        "text" => Content::Text { text: of_type.text("content")? },
        "markdown" => Content::Markdown { title: of_type.text("title")?, text: of_type.text("text")? },
        "link" => Content::Link {
            text: of_type.text("text")?,
            title: of_type.text("title")?,
            url: of_type.text("messageUrl")?,
            picture: of_type.optional_text("picUrl")?,
        },
        "actionCard" => action_card(&of_type)?,
        "image" => Content::Picture { url: of_type.text("picURL")? },
        _ => feed_card(&of_type)?,
    })
}

/// KB-0699 wants a button as well; DingTalk takes a card without one, as some clients send it.
fn action_card(card: &Fields<'_>) -> Result<Content, Fault> {
    let (text, title) = (card.text("text")?, card.text("title")?);
    // singleTitle and singleURL win over btns (KB-0717); one without the other does not.
    let single = [card.has("singleTitle"), card.has("singleURL")];
    let buttons = if single == [true, true] || single != [false, false] && !card.has_any("btns") {
        vec![Button { title: card.text("singleTitle")?, url: card.text("singleURL")? }]
    } else if card.has_any("btns") {
        let button =
            |button: Fields<'_>| Ok(Button { title: button.text("title")?, url: button.text("actionURL")? });
        card.objects("btns")?.into_iter().map(button).collect::<Result<_, Fault>>()?
    } else {
        Vec::new()
    };
    let (horizontal, hide_avatar) = (card.is_on("btnOrientation"), card.is_on("hideAvatar"));
    Ok(Content::ActionCard { title, text, buttons, horizontal, hide_avatar })
}

fn feed_card(card: &Fields<'_>) -> Result<Content, Fault> {
    let link = |link: Fields<'_>| {
        let (title, url) = (link.text("title")?, link.text("messageURL")?);
        Ok(FeedLink { title, url, picture: link.text("picURL")? })
    };
    let links = card.objects("links")?.into_iter().map(link).collect::<Result<_, Fault>>()?;
    Ok(Content::FeedCard { links })
}

fn at(fields: &Fields<'_>) -> At {
    let Ok(at) = fields.object("at") else { return At::default() };
    At {
        staff_ids: at.texts("atUserIds"),
        mobiles: at.texts("atMobiles").iter().map(|number| number.trim_start_matches('@').into()).collect(),
        dingtalk_ids: at.texts("atDingtalkIds"),
        all: at.is_on("isAtAll"),
    }
}

/// Parses a body as DingTalk does: there may be a byte order mark, a line break or another control character may stand
/// in a text as it is, and half of a surrogate pair, which is what is left of an emoji that was cut, is no mistake.
pub(crate) fn json(body: &[u8]) -> Option<Value> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let parsed = serde_json::from_slice(body).ok();
    parsed.or_else(|| serde_json::from_str(&paired(&escaped(std::str::from_utf8(body).ok()?))).ok())
}

/// With a replacement character for each escape of half a surrogate pair.
fn paired(json: &str) -> String {
    // What follows a backslash that is not itself escaped: `u` and four digits.
    let unit = |rest: &str| u16::from_str_radix(rest.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let (mut out, mut rest) = (String::new(), json);
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let first = unit(escape);
        let second = escape.get(6..).and_then(unit);
        let is_pair = matches!((first, second), (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)));
        let length = match first {
            Some(_) if is_pair => 12,
            Some(_) => 6,
            None => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (escape, after) = escape.split_at(length);
        out.push_str(if !is_pair && matches!(first, Some(0xD800..=0xDFFF)) { "\\ufffd" } else { escape });
        rest = after;
    }
    out + rest
}

/// With the control characters in texts escaped.
fn escaped(json: &str) -> String {
    let (mut out, mut in_text, mut after_backslash) = (String::new(), false, false);
    for c in json.chars() {
        match c {
            '"' if !after_backslash => in_text = !in_text,
            c if in_text && c.is_ascii_control() => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
                continue;
            }
            _ => {}
        }
        after_backslash = c == '\\' && !after_backslash;
        out.push(c);
    }
    out
}
