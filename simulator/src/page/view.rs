//! What the page is told: the world as its scripts take it.

use axum::{
    Json, extract,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Page,
    runs::{SHOWN, head},
};
use crate::{
    fault::{AnswerFault, CallbackFault},
    message::Message,
    traffic::{Answer, Exchange},
    world::World,
};

/// How many of the last messages and exchanges a page that opens gets.
const MESSAGES: usize = 200;
const EXCHANGES: usize = 200;
/// And about how many bytes of each: a browser has to draw them.
const BYTES: usize = 2 * 1024 * 1024;

#[derive(Serialize)]
struct State<'a> {
    origin: &'a str,
    now: i64,
    messages: Vec<&'a Value>,
    traffic: Vec<Value>,
    quotas: Value,
    switches: Value,
    faults: Value,
}

/// Everything.
pub(super) async fn state(extract::State(page): extract::State<Page>) -> Response {
    let shared = &page.shared;
    let now = shared.clock.now();
    let (organisation, messages, traffic, quotas, switches) = {
        let mut world = shared.world();
        let quotas = json!(world.quotas.at(now));
        // What is rendered is rendered when nobody waits for the world.
        let messages: Vec<Message> = world.messages.iter().rev().take(MESSAGES).cloned().collect();
        let traffic = last_exchanges(world.exchanges.iter().rev());
        (world.organisation.clone(), messages, traffic, quotas, switches(&world))
    };
    let (mut views, mut bytes) = (Vec::new(), 0);
    for message in &messages {
        if !page.rendered.has(message) {
            // Others have their turn between two messages.
            tokio::task::yield_now().await;
        }
        let view = page.rendered.view(&organisation, message);
        bytes += view.size;
        if bytes > BYTES && !views.is_empty() {
            break;
        }
        views.push(view);
    }
    Json(State {
        origin: shared.origin(),
        now: now.as_millisecond(),
        messages: views.iter().rev().map(|view| &*view.json).collect(),
        traffic,
        quotas,
        switches,
        faults: json!({ "answer": answer_faults(), "callback": callback_faults() }),
    })
    .into_response()
}

/// The last ones, the oldest of them first.
fn last_exchanges<'a>(newest_first: impl Iterator<Item = &'a Exchange>) -> Vec<Value> {
    let mut bytes = 0;
    let fits = |shown: &&Exchange| {
        let answer = shown.answer.as_ref().map_or(0, |answer| answer.body.len());
        bytes += shown.body.len().min(SHOWN) + answer.min(SHOWN);
        bytes <= BYTES
    };
    let mut last: Vec<Value> = newest_first.take(EXCHANGES).take_while(fits).map(exchange).collect();
    last.reverse();
    last
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

/// An exchange, with bodies of a size that can be shown.
pub(super) fn exchange(shown: &Exchange) -> Value {
    json!(Exchange {
        method: shown.method.clone(),
        target: shown.target.clone(),
        headers: shown.headers.clone(),
        body: cut(&shown.body),
        answer: shown.answer.as_ref().map(|answer| Answer {
            body: cut(&answer.body),
            code: answer.code.clone(),
            ..*answer
        }),
        notes: shown.notes.clone(),
        ..*shown
    })
}

fn cut(text: &str) -> String {
    let shown = head(text);
    if shown.len() < text.len() { format!("{shown}…") } else { shown.to_owned() }
}

/// What can be asked for, each with a value to start from.
fn answer_faults() -> [AnswerFault; 15] {
    use AnswerFault as F;
    [
        F::SessionExpired,
        F::Busy,
        F::SlowlyBusy(3000),
        F::Throttled,
        F::QuotaExhausted,
        F::Code("460101".into()),
        F::ServerError,
        F::BanPage,
        F::TurnAway(200, r#"{"status":1111,"wait":5,"source":"x5","punish":"deny"}"#.into()),
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
    use crate::{Simulator, organisation::Place, said::Said};

    async fn messages(page: &Page) -> Vec<Value> {
        let body = state(extract::State(page.clone())).await.into_body();
        let body = axum::body::to_bytes(body, 2 * BYTES).await.expect("a body of a size that can be shown");
        let state: Value = serde_json::from_slice(&body).expect("JSON");
        state["messages"].as_array().expect("messages").clone()
    }

    #[tokio::test]
    async fn a_page_that_opens_gets_the_last_messages() {
        let simulator = Simulator::builder().unattended().start().await.expect("a simulator");
        let page = Page::new(simulator.shared());
        let alice = simulator.person("alice").expect("Alice");
        let say = |text: String| {
            page.shared.put(&alice, &Place::private(&alice), Said::text(&text)).expect("it is said");
        };
        (0..MESSAGES + 5).for_each(|index| say(index.to_string()));
        let shown = messages(&page).await;
        assert_eq!((shown.len(), &shown[0]["content"]["text"]), (MESSAGES, &json!("5")));
        (0..MESSAGES).for_each(|_| say("长".repeat(5000)));
        let shown = messages(&page).await.len();
        assert!((10..MESSAGES).contains(&shown), "{shown}");
        say("长".repeat(BYTES));
        assert!(!messages(&page).await.is_empty());
    }
}
