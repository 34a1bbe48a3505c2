//! The callback that a message causes (protocol.md 1.2 to 1.5).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    message::{Author, Content, Message, RichPart},
    organisation::{App, CORP, Organisation, Person, Place},
    world::World,
};

/// What a callback is built from.
pub(crate) struct Callback<'a> {
    pub world: &'a World,
    pub person: &'a Person,
    pub message: &'a Message,
    pub session_webhook: String,
    pub session_until: Timestamp,
}

impl Callback<'_> {
    pub(crate) fn build(&self) -> Value {
        let Self { world, person, message, .. } = self;
        let app = &world.organisation.app;
        let conversation_id = world.conversation_id(&message.place);
        let mut callback = json!({
            "senderPlatform": "Mac",
            "conversationId": conversation_id,
            "openThreadId": conversation_id,
            "chatbotCorpId": CORP,
            "chatbotUserId": App::USER_ID,
            "msgId": message.id,
            "senderNick": person.nick,
            "senderId": person.dingtalk_id(),
            "sessionWebhook": self.session_webhook,
            "sessionWebhookExpiredTime": self.session_until.as_millisecond(),
            "createAt": message.at.as_millisecond(),
            "robotCode": app.robot_code,
        });
        let mut put = |key: &str, value: Value| callback[key] = value;
        if let Some(corp) = &person.corp {
            put("senderCorpId", corp.as_str().into());
        }
        if app.published {
            put("isAdmin", person.admin.into());
            if let Some(staff_id) = &person.staff_id {
                put("senderStaffId", staff_id.as_str().into());
            }
        }
        match &message.place {
            Place::Group(name) => {
                put("conversationType", "2".into());
                if let Some(group) = world.organisation.group(name) {
                    put("conversationTitle", group.title.as_str().into());
                }
                put("isInAtList", message.mentions_robot.into());
                put("atUsers", self.at_users());
            }
            Place::Private(_) => put("conversationType", "1".into()),
        }
        for (key, value) in self.content() {
            put(&key, value);
        }
        callback
    }

    /// The robot, then the people mentioned: the order is documented nowhere.
    fn at_users(&self) -> Value {
        let organisation = &self.world.organisation;
        let people = self.message.mentions.people.iter().filter_map(|name| organisation.person(name));
        let user = |person: &Person| {
            let mut user = json!({ "dingtalkId": person.dingtalk_id() });
            if let Some(staff_id) = person.staff_id.as_deref().filter(|_| organisation.app.published) {
                user["staffId"] = staff_id.into();
            }
            user
        };
        let robot = self.message.mentions_robot.then(|| json!({ "dingtalkId": App::USER_ID }));
        robot.into_iter().chain(people.map(user)).collect()
    }

    /// `msgtype` and the keys that hold what was said.
    fn content(&self) -> Map<String, Value> {
        let (msgtype, mut content) = self.typed();
        let mut keys = Map::new();
        if let Some(quoted) = &self.message.quotes {
            content["isReplyMsg"] = true.into();
            content["repliedMsg"] = self.replied(quoted);
            keys.insert("originalMsgId".into(), quoted.as_str().into());
            let key = self.world.message(quoted).and_then(|message| message.process_query_key.as_deref());
            keys.extend(key.map(|key| ("originalProcessQueryKey".to_owned(), key.into())));
        }
        keys.insert(if msgtype == "text" { "text" } else { "content" }.into(), content);
        keys.insert("msgtype".into(), msgtype.into());
        keys
    }

    fn typed(&self) -> (&'static str, Value) {
        let code = || self.message.id.replace("msg", "mIofN6");
        match &self.message.content {
            // A quote without a word of one's own arrives as a blank.
            Content::Text { text } if text.is_empty() => ("text", json!({ "content": " " })),
            Content::Text { text } => ("text", json!({ "content": self.heard(text) })),
            Content::RichText { parts } => {
                let part = |part: &RichPart| match part {
                    RichPart::Text { text } => json!({ "text": self.heard(text) }),
                    RichPart::Picture => json!({ "type": "picture", "downloadCode": code() }),
                };
                ("richText", json!({ "richText": parts.iter().map(part).collect::<Vec<_>>() }))
            }
            Content::Audio { duration, recognition } => {
                let content =
                    json!({ "duration": duration, "downloadCode": code(), "recognition": recognition });
                ("audio", content)
            }
            Content::Video { duration, format } => {
                ("video", json!({ "duration": duration, "downloadCode": code(), "videoType": format }))
            }
            Content::File { name } => ("file", json!({ "downloadCode": code(), "fileName": name })),
            Content::Picture { .. } => ("picture", json!({ "downloadCode": code() })),
            Content::ChatRecord { title, lines } => {
                let record = |line: &String| json!({ "msgType": "text", "content": line });
                let records: Value = lines.iter().map(record).collect();
                let summary = lines.join("\n");
                let content =
                    json!({ "title": title, "summary": summary, "chatRecord": records.to_string() });
                ("chatRecord", content)
            }
            Content::Unknown { kind } => ("unknownMsgType", json!({ "unknownMsgType": kind })),
            // What robots write, should a robot's message be said by a person: as its text.
            content => ("text", json!({ "content": self.heard(&content.to_string()) })),
        }
    }

    /// What a robot hears of a text: mentions are gone, and the blank after each stays (protocol.md 1.4).
    fn heard(&self, text: &str) -> String {
        match &self.message.place {
            Place::Group(_) => mentions(text, &self.world.organisation).0,
            Place::Private(_) => text.into(),
        }
    }

    /// `repliedMsg`; other projects' code is all there is to go by (protocol.md 1.5).
    fn replied(&self, quoted: &str) -> Value {
        let world = self.world;
        let Some(message) = world.message(quoted) else { return Value::Null };
        let mut replied = json!({
            "msgId": message.id,
            "createdAt": message.at.as_millisecond(),
            "senderId": match &message.author {
                Author::Person(name) => {
                    world.organisation.person(name).map(Person::dingtalk_id).unwrap_or_default()
                }
                Author::CustomRobot(nick) => format!("$:LWCP_v1:${nick}"),
                Author::Robot => App::USER_ID.into(),
            },
        });
        let text = || json!({ "text": message.content.to_string() });
        let (kind, content) = match &message.content {
            Content::Text { .. } => ("text", text()),
            Content::RichText { parts } => {
                let part = |part: &RichPart| match part {
                    RichPart::Text { text } => json!({ "msgType": "text", "content": text }),
                    RichPart::Picture => json!({ "msgType": "picture", "downloadCode": "mIofN6" }),
                };
                ("richText", json!({ "richText": parts.iter().map(part).collect::<Vec<_>>() }))
            }
            Content::Picture { .. } => ("picture", json!({ "downloadCode": "mIofN6" })),
            Content::File { name } => ("file", json!({ "downloadCode": "mIofN6", "fileName": name })),
            Content::Audio { .. } => ("audio", json!({ "downloadCode": "mIofN6" })),
            Content::Video { .. } => ("video", json!({ "downloadCode": "mIofN6" })),
            Content::ChatRecord { title, .. } => ("chatRecord", json!({ "summary": title })),
            Content::Unknown { kind } => ("unknownMsgType", json!({ "unknownMsgType": kind })),
            Content::Markdown { .. } if world.unknowns.quotes_carry_text => ("markdown", text()),
            Content::ActionCard { text, .. } if world.unknowns.quotes_carry_text => {
                let value = json!({ "elementType": "TEXT", "value": text });
                let rich = json!({ "elementType": "RICHTEXT", "children": [value] });
                ("interactiveCard", json!({ "cardContent": [rich] }))
            }
            _ => ("interactiveCard", Value::Null),
        };
        replied["msgType"] = kind.into();
        if !content.is_null() {
            replied["content"] = content;
        }
        replied
    }
}

/// The text without its mentions, and who they are. The blank after a mention stays; one stands where none did.
pub(crate) fn mentions(text: &str, organisation: &Organisation) -> (String, Mentioned) {
    let mut known: Vec<(&str, Option<&str>)> = vec![(&organisation.app.nick, None)];
    for person in &organisation.people {
        known
            .extend([(person.nick.as_str(), Some(person.name.as_str())), (&person.name, Some(&person.name))]);
    }
    known.sort_by_key(|(shown, _)| std::cmp::Reverse(shown.len()));
    let (mut heard, mut mentioned, mut rest) = (String::new(), Mentioned::default(), text);
    while let Some(at) = rest.find('@') {
        let (before, after) = rest.split_at(at);
        heard.push_str(before);
        let glued = heard.ends_with(|c: char| c.is_ascii_alphanumeric());
        let after = after.strip_prefix('@').unwrap_or(after);
        let named = known
            .iter()
            .find(|(shown, _)| after.strip_prefix(shown).is_some_and(|next| !goes_on(shown, next)));
        match named.filter(|_| !glued) {
            None => {
                heard.push('@');
                rest = after;
            }
            Some(&(shown, person)) => {
                rest = after.strip_prefix(shown).unwrap_or(after);
                if !rest.starts_with(' ') {
                    heard.push(' ');
                }
                mentioned.add(person);
            }
        }
    }
    heard.push_str(rest);
    (heard, mentioned)
}

/// Whether `next` makes another name of this one: `@bobby`, `@bob.x` and `@无名氏` mention neither bob nor 无名. A name
/// ends where another script begins.
fn goes_on(shown: &str, next: &str) -> bool {
    let is_ascii = shown.ends_with(|c: char| c.is_ascii());
    let next = next.trim_start_matches(['.', '-']).chars().next();
    next.is_some_and(|c| c == '_' || c.is_alphanumeric() && c.is_ascii() == is_ascii)
}

/// Who is mentioned in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Mentioned {
    pub robot: bool,
    /// Names of people, each once.
    pub people: Vec<String>,
}

impl Mentioned {
    fn add(&mut self, person: Option<&str>) {
        match person {
            None => self.robot = true,
            Some(name) if self.people.iter().any(|known| known == name) => {}
            Some(name) => self.people.push(name.into()),
        }
    }
}
