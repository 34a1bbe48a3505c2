//! What an answer becomes in the chat.

use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use serde_json::{Map, Value as Json, json};

use super::{Call, template};
use crate::{
    config::http::Http,
    dispatch::{CommandError, Ctx, Effect, UserError},
    mask::{HIDDEN, hide, in_base64},
    outbound::{Answer, OutboundError, chain},
    reply::{Block, More, Reply},
    text::{cut, is_control},
};

/// Letters of the other side's own message that are quoted.
const MAX_QUOTED: usize = 200;
/// Lines of an answer that are shown where no template says what of it.
const MAX_LINES: usize = 60;
/// Where an answer says what is wrong.
const MESSAGES: [&str; 9] =
    ["message", "msg", "errmsg", "error_description", "error", "detail", "title", "reason", "errors"];

/// An answer, without what nobody is shown.
struct Seen {
    status: u16,
    headers: Map<String, Json>,
    text: String,
    json: Json,
}

/// The reply to an answer.
pub(super) fn of(call: &Call, answer: Answer, ctx: &Ctx) -> Result<Reply, CommandError> {
    let entry = &call.entry;
    let (status, body_error) = (answer.status, answer.body.as_ref().err().cloned());
    let seen = Seen::new(call, answer);
    let expected = match entry.expect.as_slice() {
        [] => status.is_success(),
        expected => expected.contains(&status.as_u16()),
    };
    if !expected {
        return Err(unexpected(entry, status, &seen, ctx));
    }
    let note = match body_error {
        // It was read for nothing else.
        Some(error) if entry.effect == Effect::Read => return Err(unanswered(entry, &error, ctx)),
        Some(_) => Some("http.unread"),
        None => None,
    };
    let title = Reply::new(entry.name.text());
    let rendered = entry.reply.as_ref().filter(|_| note.is_none()).map(|reply| {
        let mut context = call.said(ctx, true);
        context.extend(seen.context());
        template::markdown(reply, &template::from_json(&Json::Object(context)))
    });
    match rendered {
        Some(Ok(markdown)) => Ok(title.block(Block::Markdown(markdown))),
        Some(Err(error)) => {
            tracing::error!(
                command = entry.name.text(),
                error = chain(&error),
                "a reply could not be rendered"
            );
            Ok(seen.shown(title, ctx).note(ctx.locale.say("http.reply_failed", &[])))
        }
        None => {
            let reply = seen.shown(title, ctx);
            Ok(note.into_iter().fold(reply, |reply, key| reply.note(ctx.locale.say(key, &[]))))
        }
    }
}

/// A status that does not mean that it worked, with what the other side says to it.
fn unexpected(entry: &Http, status: StatusCode, seen: &Seen, ctx: &Ctx) -> CommandError {
    let host = entry.request.url.host_str().unwrap_or_default();
    let sentence = match seen.message() {
        Some(message) => ctx.locale.say(
            "http.status_message",
            &[("host", &host), ("status", &status.as_u16()), ("message", &message)],
        ),
        None => ctx.locale.say("http.status", &[("host", &host), ("status", &status.as_u16())]),
    };
    // A server that failed, or a gateway that waited for one, does not know how far it came.
    let perhaps = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
    if entry.effect == Effect::Write && perhaps {
        let look = format!("{sentence}\n{}", look(entry, ctx));
        return CommandError::Unknown { look, command: None };
    }
    UserError(sentence).into()
}

/// No answer, or none that can be used.
pub(super) fn unanswered(entry: &Http, error: &OutboundError, ctx: &Ctx) -> CommandError {
    let host = entry.request.url.host_str().unwrap_or_default();
    tracing::warn!(command = entry.name.text(), host, %error, "no answer to a command over HTTP");
    let sentence = match error {
        OutboundError::Unsent(_) => ctx.locale.say("http.unreachable", &[("host", &host)]),
        OutboundError::Untrusted(_) => ctx.locale.say("http.untrusted", &[("host", &host)]),
        OutboundError::TooLong(limit) => {
            ctx.locale.say("http.too_long", &[("host", &host), ("limit", limit)])
        }
        OutboundError::Late => ctx.locale.say("http.late", &[("host", &host)]),
        OutboundError::Failed(_) | OutboundError::Status(_) => {
            ctx.locale.say("http.lost", &[("host", &host)])
        }
    };
    if entry.effect == Effect::Write && error.may_have_arrived() {
        let look = format!("{sentence}\n{}", look(entry, ctx));
        return CommandError::Unknown { look, command: None };
    }
    UserError(sentence).into()
}

/// How to find out what became of a write.
fn look(entry: &Http, ctx: &Ctx) -> String {
    ctx.locale.say("http.look", &[("host", &entry.request.url.host_str().unwrap_or_default())])
}

impl Seen {
    fn new(call: &Call, answer: Answer) -> Self {
        let hidden = hidden(call);
        let mask = |text: &str| hide(text, hidden.iter().map(String::as_str));
        let body = answer.body.unwrap_or_default();
        let mut json = serde_json::from_slice(&body).unwrap_or_default();
        masked(&mut json, &mask);
        Self {
            status: answer.status.as_u16(),
            headers: headers(&answer.headers, &mask),
            text: mask(&String::from_utf8_lossy(&body)),
            json,
        }
    }

    /// What a template of the reply has of it.
    fn context(&self) -> [(String, Json); 4] {
        [
            ("status".to_owned(), json!(self.status)),
            ("headers".to_owned(), self.headers.clone().into()),
            ("text".to_owned(), json!(self.text)),
            ("json".to_owned(), self.json.clone()),
        ]
    }

    /// What is shown where no template says what: the status, and the beginning of the body.
    fn shown(&self, reply: Reply, ctx: &Ctx) -> Reply {
        let reply = reply.text(ctx.locale.say("http.answered", &[("status", &self.status)]));
        let text = match &self.json {
            Json::Null => self.text.clone(),
            json => serde_json::to_string_pretty(json).unwrap_or_default(),
        };
        let mut lines = text.trim().lines();
        let shown: Vec<&str> = lines.by_ref().take(MAX_LINES).collect();
        let reply = if shown.is_empty() { reply } else { reply.code(shown.join("\n")) };
        match lines.count() {
            0 => reply,
            count => Reply { more: Some(More { count, url: None }), ..reply },
        }
    }

    /// What the other side says is wrong, in one line.
    fn message(&self) -> Option<String> {
        let is_page = self.headers.get(CONTENT_TYPE.as_str()).and_then(Json::as_str);
        let is_page = is_page.is_some_and(|kind| kind.starts_with("text/html"));
        let message = match &self.json {
            Json::Null if is_page => return None,
            Json::Null => self.text.clone(),
            json => message(json)?,
        };
        let words: Vec<&str> = message.split(|c: char| c.is_whitespace() || is_control(c)).collect();
        let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        (!line.is_empty()).then(|| cut(&line, MAX_QUOTED))
    }
}

fn message(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Array(items) => items.first().and_then(message),
        Json::Object(entries) => MESSAGES.iter().find_map(|name| message(entries.get(*name)?)),
        _ => None,
    }
}

fn headers(headers: &HeaderMap, mask: &dyn Fn(&str) -> String) -> Map<String, Json> {
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), mask(&String::from_utf8_lossy(value.as_bytes())).into())
    };
    headers.iter().map(header).collect()
}

/// What nobody is shown, should the other side repeat it: secrets, and what was typed for arguments marked so.
fn hidden(call: &Call) -> Vec<String> {
    let typed = call.entry.arguments.iter().filter(|argument| argument.secret);
    let typed = typed.filter_map(|argument| call.values.get(&argument.name));
    let texts = typed.flat_map(|value| match value {
        Json::Array(items) => items.iter().map(template::text).collect(),
        Json::Object(entries) => entries.values().map(template::text).collect(),
        value => vec![template::text(value)],
    });
    let secrets = call.entry.secrets.iter().map(|(_, value)| value.to_owned());
    let plain: Vec<String> = secrets.chain(texts).collect();
    let encoded: Vec<String> = plain.iter().flat_map(|text| in_base64(text)).collect();
    plain.into_iter().chain(encoded).collect()
}

fn masked(json: &mut Json, mask: &dyn Fn(&str) -> String) {
    match json {
        Json::String(text) => *text = mask(text),
        Json::Number(number) => {
            let shown = mask(&number.to_string());
            if shown == HIDDEN {
                *json = shown.into();
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| masked(item, mask)),
        Json::Object(entries) => {
            let old = std::mem::take(entries);
            entries.extend(old.into_iter().map(|(name, mut value)| {
                masked(&mut value, mask);
                (mask(&name), value)
            }));
        }
        Json::Null | Json::Bool(_) => {}
    }
}
