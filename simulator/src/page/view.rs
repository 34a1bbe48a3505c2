//! What the page is told: the world as its scripts take it.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::{Value, json};

use super::render::{Nicks, find_mention, markdown};
use crate::{
    fault::{AnswerFault, CallbackFault},
    message::{Author, Content, Message, RichPart},
    organisation::Organisation,
    simulator::Shared,
    traffic::Exchange,
    world::World,
};

/// How many of the last messages and exchanges a page that opens gets.
const MESSAGES: usize = 500;
const EXCHANGES: usize = 200;
/// What of a body is shown, in bytes: more than any message that DingTalk takes.
const SHOWN: usize = 64 * 1024;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "camelCase")]
enum Run {
    Plain(String),
    /// Highlighted.
    Mention(String),
    /// A web address: DingTalk makes a link of it.
    Link(String),
    Picture,
}

/// Everything.
pub(super) async fn state(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let now = shared.clock.now();
    let mut world = shared.world();
    let quotas = json!(world.quotas.at(now));
    let last = |kept: usize, wanted: usize| kept.saturating_sub(wanted);
    let messages = world.messages.iter().skip(last(world.messages.len(), MESSAGES));
    let traffic = world.exchanges.iter().skip(last(world.exchanges.len(), EXCHANGES));
    Json(json!({
        "origin": shared.origin(),
        "now": now.as_millisecond(),
        "messages": messages.map(|shown| message(&world, shown)).collect::<Value>(),
        "traffic": traffic.map(exchange).collect::<Value>(),
        "quotas": quotas,
        "switches": switches(&world),
        "faults": { "answer": answer_faults(), "callback": callback_faults() },
    }))
}

/// Whatever can be switched, people and groups included.
pub(super) fn switches(world: &World) -> Value {
    let next = world.faults.answers.iter().map(|(_, fault)| fault);
    json!({
        "robot": { "nick": world.organisation.app.nick },
        "people": world.organisation.people,
        "groups": world.organisation.groups,
        "unknowns": world.unknowns,
        "answer": { "every": world.faults.every_answer, "next": next.collect::<Vec<_>>() },
        "callback": { "every": world.faults.every_callback, "next": world.faults.callbacks },
    })
}

/// A message, with its Markdown as HTML and its text in runs.
pub(super) fn message(world: &World, message: &Message) -> Value {
    let nicks = nicks(&world.organisation, message);
    let mut view = json!(message);
    match &message.content {
        Content::Markdown { text, .. } | Content::ActionCard { text, .. } => {
            view["html"] = markdown(text, &nicks).into();
        }
        Content::Text { text } => view["runs"] = json!(text_runs(world, message, text, &nicks)),
        Content::RichText { parts } => {
            let part = |part: &RichPart| match part {
                RichPart::Text { text } => runs(text, &nicks),
                RichPart::Picture => vec![Run::Picture],
            };
            view["runs"] = json!(parts.iter().flat_map(part).collect::<Vec<_>>());
        }
        _ => {}
    }
    view
}

/// An exchange, with bodies of a size that can be shown.
pub(super) fn exchange(exchange: &Exchange) -> Value {
    let mut shown = exchange.clone();
    cut(&mut shown.body);
    if let Some(answer) = &mut shown.answer {
        cut(&mut answer.body);
    }
    json!(shown)
}

fn cut(text: &mut String) {
    if text.len() > SHOWN {
        text.truncate(text.floor_char_boundary(SHOWN));
        text.push('…');
    }
}

/// How those who are mentioned are written in a message. People pick nicks from a list; a robot writes ids.
fn nicks(organisation: &Organisation, message: &Message) -> Nicks {
    let mentioned = message.mentions.people.iter().filter_map(|name| organisation.person(name));
    let mut nicks = Nicks::new();
    for person in mentioned {
        let written: [Option<&String>; 2] = match message.is_from_robot() {
            true => [person.staff_id.as_ref(), person.mobile.as_ref()],
            false => [Some(&person.nick), Some(&person.name)],
        };
        nicks.extend(written.into_iter().flatten().map(|id| (id.clone(), person.nick.clone())));
    }
    if message.mentions_robot {
        let nick = &organisation.app.nick;
        nicks.push((nick.clone(), nick.clone()));
    }
    nicks
}

/// The runs of a text. Who is mentioned by an id that is not in it, as `atDingtalkIds` are, stands at its end.
fn text_runs(world: &World, message: &Message, text: &str, nicks: &Nicks) -> Vec<Run> {
    let mut runs = runs(text, nicks);
    if message.author == Author::Robot {
        let people = message.mentions.people.iter().filter_map(|name| world.organisation.person(name));
        for mention in people.map(|person| Run::Mention(format!("@{}", person.nick))) {
            if !runs.contains(&mention) {
                runs.extend([Run::Plain(" ".into()), mention]);
            }
        }
    }
    runs
}

fn runs(text: &str, nicks: &Nicks) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some((range, nick)) = find_mention(rest, nicks) {
        push_links(&mut runs, &rest[..range.start]);
        runs.push(Run::Mention(format!("@{nick}")));
        rest = &rest[range.end..];
    }
    push_links(&mut runs, rest);
    runs
}

fn push_links(runs: &mut Vec<Run>, mut rest: &str) {
    while let Some(at) = ["http://", "https://"].iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(at);
        // An address ends where Chinese begins, as it does in DingTalk.
        let end = from.find(|c: char| !c.is_ascii_graphic() || "<>\"".contains(c)).unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ';', ')', '!', '?', '\'']);
        push_plain(runs, before);
        runs.push(Run::Link(address.into()));
        rest = &from[address.len()..];
    }
    push_plain(runs, rest);
}

fn push_plain(runs: &mut Vec<Run>, text: &str) {
    match runs.last_mut() {
        _ if text.is_empty() => {}
        Some(Run::Plain(before)) => before.push_str(text),
        _ => runs.push(Run::Plain(text.into())),
    }
}

/// What can be asked for, each with a value to start from.
fn answer_faults() -> [AnswerFault; 13] {
    use AnswerFault as F;
    [
        F::SessionExpired,
        F::Busy,
        F::Throttled,
        F::QuotaExhausted,
        F::Code("460101".into()),
        F::ServerError,
        F::BanPage,
        F::Redirect("https://stranger.example/".into()),
        F::Slow(3000),
        F::Hang,
        F::Reset,
        F::Refuse,
        F::Answer(200, r#"{"errcode":"0","errmsg":"ok"}"#.into()),
    ]
}

fn callback_faults() -> [CallbackFault; 9] {
    use CallbackFault as F;
    [
        F::Redelivered,
        F::SkewedClock(-3601),
        F::WrongSecret,
        F::Unsigned,
        F::QuotaExhausted,
        F::ForgedSender,
        F::ForgedWebhook,
        F::SessionExpired,
        F::NoSession,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_into_runs() {
        let nicks = vec![("0147000002".to_owned(), "爱丽丝".to_owned())];
        assert_eq!(
            runs("@0147000002 看 https://example.com/a?b=1。再看(http://a.b/c).", &nicks),
            [
                Run::Mention("@爱丽丝".into()),
                Run::Plain(" 看 ".into()),
                Run::Link("https://example.com/a?b=1".into()),
                Run::Plain("。再看(".into()),
                Run::Link("http://a.b/c".into()),
                Run::Plain(").".into()),
            ]
        );
        assert_eq!(runs("@bob", &nicks), [Run::Plain("@bob".into())]);
        assert_eq!(runs("", &nicks), []);
    }
}
