//! `POST /robot/sendBySession`: a reply to a callback (protocol.md 3).

use serde_json::Value;

use super::{Call, Reply};
use crate::{
    message::{
        Author, Content, Mentions, Way,
        webhook::{At, TYPES, json, read},
    },
    organisation::{Person, Place},
    refusal::Refusal,
    traffic::Note,
    world::{Posted, World},
};

/// The largest body in bytes. Documented for custom robots; taken to hold for sessions as well.
const MAX_BODY: usize = 20_000;
/// The most mentions of one message.
const MAX_MENTIONS: usize = 50;

pub(super) fn send(world: &mut World, call: &Call) -> Result<Reply, Refusal> {
    let body = body(call)?;
    let session = call.parameter("session").unwrap_or("");
    let place = world.session(session, call.now).ok_or_else(|| Refusal::of(300001))?;
    standing(world, &place)?;
    let (content, at) = checked(&body, TYPES)?;
    if !world.quotas.at(call.now).messages.take() {
        return Err(Refusal::of(90020));
    }
    let (mentions, notes) = mentioned(world, &content, &at);
    let posted = Posted {
        place,
        content,
        mentions,
        author: Author::Robot,
        way: Way::SessionWebhook,
        process_query_key: None,
        posted: body,
    };
    Ok(shown(world, call, posted, notes))
}

/// The body as JSON.
pub(super) fn body(call: &Call) -> Result<Value, Refusal> {
    if !call.is_json() {
        return Err(Refusal::of(43004));
    }
    fits(call.bytes)?;
    json(&call.body).ok_or_else(Refusal::no_json)
}

/// Whether a body of so many bytes is not too long.
pub(crate) fn fits(bytes: usize) -> Result<(), Refusal> {
    if bytes > MAX_BODY { Err(Refusal::of(460101)) } else { Ok(()) }
}

/// The message in a body.
pub(crate) fn checked(body: &Value, types: &[&str]) -> Result<(Content, At), Refusal> {
    let (content, at) = read(body, types)?;
    harmless(&content)?;
    Ok((content, at))
}

/// Whether the place is still there.
pub(crate) fn standing(world: &World, place: &Place) -> Result<(), Refusal> {
    match place {
        Place::Group(name) if world.organisation.group(name).is_none_or(|group| group.disbanded) => {
            Err(Refusal::of(400013))
        }
        _ => Ok(()),
    }
}

/// Shows a message that was taken.
pub(super) fn shown(world: &mut World, call: &Call, posted: Posted, notes: Vec<Note>) -> Reply {
    let message = world.post(posted, call.now);
    Reply { messages: vec![message], notes, ..Reply::taken() }
}

/// A host that counts as unsafe, in a link (430101) or as a picture's (430103). What DingTalk's own filter finds is its
/// secret; this and the next two stand for it.
pub const UNSAFE_HOST: &str = "unsafe.example";
/// What no message may say: 430102.
pub const UNSAFE_TEXT: &str = "违规文本";
/// What no message may be about: 430104.
pub const UNSAFE_CONTENT: &str = "违规内容";

fn harmless(content: &Content) -> Result<(), Refusal> {
    let pictures = match content {
        Content::Link { picture, .. } => vec![picture],
        Content::FeedCard { links } => links.iter().map(|link| &link.picture).collect(),
        Content::Picture { url } => vec![url],
        _ => Vec::new(),
    };
    // Links and buttons are shown with their addresses, and so are pictures in Markdown.
    let shown = content.to_string();
    let is_unsafe = |text: &str| text.contains(&format!("//{UNSAFE_HOST}"));
    if pictures.into_iter().any(|url| is_unsafe(url)) || is_unsafe_picture(&shown) {
        Err(Refusal::of(430103))
    } else if is_unsafe(&shown) {
        Err(Refusal::of(430101))
    } else if shown.contains(UNSAFE_TEXT) {
        Err(Refusal::of(430102))
    } else if shown.contains(UNSAFE_CONTENT) {
        Err(Refusal::of(430104))
    } else {
        Ok(())
    }
}

/// Whether Markdown has a picture of the unsafe host: `![…](https://unsafe.example/…)`.
fn is_unsafe_picture(markdown: &str) -> bool {
    markdown.split("![").skip(1).any(|rest| {
        let address = rest.split_once("](").map_or("", |(_, address)| address);
        address.split(')').next().is_some_and(|address| address.contains(&format!("//{UNSAFE_HOST}")))
    })
}

/// Whether `@` and this id stand in a text, and not as the beginning of a longer one.
fn stands_in(text: &str, id: &str) -> bool {
    let is_id = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split('@').skip(1).any(|rest| rest.strip_prefix(id).is_some_and(|next| !next.starts_with(is_id)))
}

/// Whom a message mentions to anybody's notice, and what a developer should know about the rest.
pub(crate) fn mentioned(world: &World, content: &Content, at: &At) -> (Mentions, Vec<Note>) {
    let organisation = &world.organisation;
    let wanted = at.staff_ids.len() + at.mobiles.len() + at.dingtalk_ids.len();
    let (mut mentions, mut notes) = (Mentions::default(), Vec::new());
    if matches!(content, Content::ActionCard { buttons, .. } if buttons.is_empty()) {
        notes.push(Note::CardWithoutButtons);
    }
    if wanted == 0 && !at.all {
        return (mentions, notes);
    }
    let text = match content {
        Content::Text { text } | Content::Markdown { text, .. } | Content::ActionCard { text, .. } => text,
        _ => {
            notes.push(Note::MentionIgnored);
            return (mentions, notes);
        }
    };
    if wanted > MAX_MENTIONS {
        notes.push(Note::TooManyMentions);
    }
    let people = || organisation.people.iter();
    let by_staff_id = at.staff_ids.iter().map(|id| (id, organisation.person_by_staff_id(id)));
    let by_mobile = at
        .mobiles
        .iter()
        .map(|number| (number, people().find(|person| person.mobile.as_ref() == Some(number))));
    let by_dingtalk_id =
        at.dingtalk_ids.iter().map(|id| (id, people().find(|person| person.dingtalk_id() == *id)));
    let by_text = by_staff_id.chain(by_mobile).map(|found| (found, true));
    let found = by_text.chain(by_dingtalk_id.map(|found| (found, false)));
    for ((id, person), must_be_in_text) in found.take(MAX_MENTIONS) {
        match person {
            None => notes.push(Note::MentionUnknown(id.clone())),
            Some(_) if must_be_in_text && !stands_in(text, id) => {
                notes.push(Note::MentionNotInText(id.clone()));
            }
            Some(Person { name, .. }) if mentions.people.contains(name) => {}
            Some(Person { name, .. }) => mentions.people.push(name.clone()),
        }
    }
    mentions.all = at.all;
    (mentions, notes)
}
