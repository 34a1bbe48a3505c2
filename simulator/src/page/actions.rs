//! What somebody does on the page.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Page, Refused, view};
use crate::{
    fault::{AnswerFault, CallbackFault, Unknowns},
    message::{Content, RichPart},
    organisation::Place,
    said::Said,
    simulator::{Change, Shared},
};

type Answer = Result<Json<Value>, Refused>;
type Body<T> = Result<Json<T>, JsonRejection>;

fn read<T>(body: Body<T>) -> Result<T, Refused> {
    let refused = |rejection: JsonRejection| Refused::new(rejection.status(), rejection.body_text());
    body.map(|Json(body)| body).map_err(refused)
}

/// Something to say, as the person of this name.
#[derive(Debug, Deserialize)]
pub(super) struct Say {
    person: String,
    place: SayPlace,
    #[serde(default)]
    text: String,
    quote: Option<String>,
    #[serde(default = "yes")]
    mention: bool,
    #[serde(default)]
    kind: Kind,
    /// A `dtmd` button or link says it.
    #[serde(default)]
    pressed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "name")]
enum SayPlace {
    Group(String),
    Private(String),
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    #[default]
    Text,
    Picture,
    Audio,
    File,
    Video,
    RichText,
    ChatRecord,
    Unknown,
}

fn yes() -> bool {
    true
}

impl Say {
    fn said(&self, mention: bool) -> Said {
        let text = self.text.trim_end();
        let said = match self.kind {
            Kind::Text => Said::text(text),
            Kind::Picture => Said::picture(),
            Kind::Audio => Said::audio(text),
            Kind::File => Said::file(text),
            Kind::Video => Said::video(),
            Kind::RichText => Said::new(Content::RichText {
                parts: vec![RichPart::Text { text: text.into() }, RichPart::Picture],
            }),
            Kind::ChatRecord => {
                // The first line is the title, as in the window that forwards it.
                let mut lines = text.lines().map(str::to_owned);
                let title = lines.next().unwrap_or_default();
                Said::new(Content::ChatRecord { title, lines: lines.collect() })
            }
            Kind::Unknown => Said::unknown(text),
        };
        let said = if mention { said } else { said.unmentioned() };
        match &self.quote {
            Some(id) => said.quoting(id),
            None => said,
        }
    }
}

/// Says it, and answers as soon as it stands in the conversation: what the robot makes of it comes as events.
pub(super) async fn say(State(page): State<Page>, body: Body<Say>) -> Answer {
    let (say, shared) = (read(body)?, &page.shared);
    let (person, may_mention) = {
        let world = shared.world();
        let person = world.organisation.person(&say.person).cloned();
        (person, !say.pressed || world.unknowns.buttons_mention_robot)
    };
    let person = person.ok_or_else(|| {
        Refused::new(StatusCode::NOT_FOUND, format!("expected somebody who is there, came {:?}", say.person))
    })?;
    let place = match &say.place {
        SayPlace::Group(name) => Place::Group(name.clone()),
        SayPlace::Private(name) => Place::Private(name.clone()),
    };
    let message = shared
        .put(&person, &place, say.said(say.mention && may_mention))
        .map_err(|error| Refused::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))?;
    let organisation = shared.world().organisation.clone();
    let view = page.rendered.view(&organisation, &message).json;
    if message.mentions_robot || matches!(place, Place::Private(_)) {
        // Not in this request: DingTalk pushes to the end, also when the page is closed meanwhile.
        let pushing = Arc::clone(shared);
        shared.tasks.spawn(async move {
            let callback = pushing.callback(&person, &message);
            pushing.push(callback, &message.place).await;
        });
    }
    Ok(Json(json!({ "message": *view })))
}

/// A fault, once or until another is set; none takes away those that were asked for once, or the one that is set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", tag = "of")]
pub(super) enum Fault {
    Answer {
        fault: Option<AnswerFault>,
        #[serde(default)]
        once: bool,
    },
    Callback {
        fault: Option<CallbackFault>,
        #[serde(default)]
        once: bool,
    },
}

/// A longer wait, or a clock further off, shows nothing more.
const LONGEST_WAIT: u64 = 600_000;
const FURTHEST_CLOCK: i64 = 10 * 366 * 24 * 3600;

impl Fault {
    fn check(&self) -> Result<(), Refused> {
        use AnswerFault as F;
        let expected = match self {
            Self::Answer { fault: Some(F::Slow(wait) | F::SlowlyBusy(wait)), .. } if *wait > LONGEST_WAIT => {
                "expected at most 600000 milliseconds"
            }
            Self::Answer { fault: Some(F::Answer(status, _) | F::TurnAway(status, _)), .. }
                if !(200..600).contains(status) =>
            {
                "expected a status from 200 to 599"
            }
            Self::Answer { fault: Some(F::Code(code)), .. } if !is_code(code) => {
                "expected an errcode, which is a number such as 460101, or a code of the OpenAPI such as \
                 InvalidAuthentication"
            }
            Self::Answer { fault: Some(F::Redirect(to)), .. } if url::Url::parse(to).is_err() => {
                "expected an address to redirect to"
            }
            Self::Callback { fault: Some(CallbackFault::SkewedClock(seconds)), .. }
                if seconds.unsigned_abs() > FURTHEST_CLOCK.unsigned_abs() =>
            {
                "expected a clock at most ten years off"
            }
            _ => return Ok(()),
        };
        Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, expected))
    }
}

/// An `errcode`, or a code of the OpenAPI: `InvalidAuthentication`, `robot.oto.notExist`.
fn is_code(code: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_name =
        || code.starts_with(|c: char| c.is_ascii_alphabetic()) && code.split(['.', '_']).all(is_part);
    code.parse::<i64>().is_ok() || (4..=100).contains(&code.len()) && is_name()
}

pub(super) async fn faults(State(shared): State<Arc<Shared>>, body: Body<Fault>) -> Answer {
    let fault = read(body)?;
    fault.check()?;
    let switches = {
        let mut world = shared.world();
        let faults = &mut world.faults;
        match fault {
            Fault::Answer { fault, once: false } => faults.every_answer = fault,
            Fault::Answer { fault: Some(fault), once: true } => faults.answers.push_back((None, fault)),
            Fault::Answer { fault: None, once: true } => faults.answers.clear(),
            Fault::Callback { fault, once: false } => faults.every_callback = fault,
            Fault::Callback { fault: Some(fault), once: true } => faults.callbacks.push_back(fault),
            Fault::Callback { fault: None, once: true } => faults.callbacks.clear(),
        }
        view::switches(&world)
    };
    shared.tell(Change::Switches);
    Ok(Json(switches))
}

pub(super) async fn unknowns(State(shared): State<Arc<Shared>>, body: Body<Unknowns>) -> Answer {
    let unknowns = read(body)?;
    let switches = {
        let mut world = shared.world();
        world.unknowns = unknowns;
        view::switches(&world)
    };
    shared.tell(Change::Switches);
    Ok(Json(switches))
}

/// How much of a quota is used.
#[derive(Debug, Deserialize)]
pub(super) struct Use {
    quota: Which,
    used: Used,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Which {
    Api,
    Messages,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Used {
    All,
    Nothing,
}

pub(super) async fn quotas(State(shared): State<Arc<Shared>>, body: Body<Use>) -> Answer {
    let Use { quota, used } = read(body)?;
    let quotas = {
        let mut world = shared.world();
        let quotas = world.quotas.at(shared.clock.now());
        let quota = match quota {
            Which::Api => &mut quotas.api,
            Which::Messages => &mut quotas.messages,
        };
        quota.used = match used {
            Used::All => quota.limit,
            Used::Nothing => 0,
        };
        json!(quotas)
    };
    shared.tell(Change::Quotas);
    Ok(Json(quotas))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Simulator;

    async fn shared() -> Arc<Shared> {
        Simulator::builder().unattended().start().await.expect("a simulator").shared()
    }

    fn body<T: serde::de::DeserializeOwned>(json: Value) -> Body<T> {
        Ok(Json(serde_json::from_value(json).expect("a body")))
    }

    fn status(answer: Answer) -> u16 {
        answer.map_or_else(|Refused(status, _)| status.as_u16(), |_| 200)
    }

    #[tokio::test]
    async fn somebody_says_what_dingtalk_lets_them_say() {
        let page = Page::new(shared().await);
        let (ops, hers) =
            (json!({"kind": "group", "name": "ops"}), json!({"kind": "private", "name": "alice"}));
        for (said, expected) in [
            (json!({"person": "alice", "place": ops, "text": "hi"}), 200),
            (json!({"person": "alice", "place": hers, "text": "a.pdf", "kind": "file"}), 200),
            (json!({"person": "alice", "place": ops, "text": "a\nb: c", "kind": "chatRecord"}), 200),
            (json!({"person": "alice", "place": hers, "text": "location", "kind": "unknown"}), 200),
            (json!({"person": "alice", "place": ops, "text": "a.pdf", "kind": "file"}), 422),
            (json!({"person": "alice", "place": hers, "text": ""}), 422),
            (json!({"person": "alice", "place": ops, "text": "hi", "quote": "msg0"}), 422),
            (json!({"person": "bob", "place": hers, "text": "hi"}), 422),
            (json!({"person": "mallory", "place": ops, "text": "hi"}), 404),
        ] {
            assert_eq!(status(say(State(page.clone()), body(said.clone())).await), expected, "{said}");
        }
    }

    #[tokio::test]
    async fn a_button_mentions_the_robot_only_where_that_is_so() {
        let shared = shared().await;
        let page = Page::new(Arc::clone(&shared));
        let pressed = json!({"person": "alice", "place": {"kind": "group", "name": "ops"}, "text": "hi", "pressed": true});
        for mentions in [false, true] {
            let asked = json!({"buttonsMentionRobot": mentions, "quotesCarryText": true});
            assert_eq!(status(unknowns(State(Arc::clone(&shared)), body(asked)).await), 200);
            let said = say(State(page.clone()), body(pressed.clone())).await.expect("it is said");
            assert_eq!(said.0["message"]["mentionsRobot"], json!(mentions));
        }
    }

    #[tokio::test]
    async fn a_fault_is_set_and_taken_away() {
        let shared = shared().await;
        let set = async |of: &str, fault: Value, once: bool| {
            let asked = json!({"of": of, "fault": fault, "once": once});
            faults(State(Arc::clone(&shared)), body(asked)).await
        };
        let slow = json!({"fault": "slow", "value": 3000});
        let answer = set("answer", slow.clone(), false).await.expect("it is set").0["answer"].clone();
        assert_eq!(answer, json!({"every": slow, "next": []}));
        let answer = set("answer", slow.clone(), true).await.expect("it is set").0["answer"].clone();
        assert_eq!(answer, json!({"every": slow, "next": [slow]}));
        let _ = set("answer", Value::Null, true).await.expect("the next one is taken away");
        let answer = set("answer", Value::Null, false).await.expect("and the other").0["answer"].clone();
        assert_eq!(answer, json!({"every": null, "next": []}));
        let unsigned = json!({"fault": "unsigned"});
        let callback =
            set("callback", unsigned.clone(), true).await.expect("it is set").0["callback"].clone();
        assert_eq!(callback, json!({"every": null, "next": [unsigned]}));
        for code in ["460101", "-1", "InvalidAuthentication", "robot.oto.notExist", "Forbidden.AccessDenied"]
        {
            let code = json!({"fault": "code", "value": code});
            assert_eq!(status(set("answer", code.clone(), false).await), 200, "{code}");
        }
        for (of, fault) in [
            ("answer", json!({"fault": "slow", "value": u64::MAX})),
            ("answer", json!({"fault": "answer", "value": [101, ""]})),
            ("answer", json!({"fault": "redirect", "value": "here"})),
            ("answer", json!({"fault": "code", "value": "x"})),
            ("answer", json!({"fault": "code", "value": ""})),
            ("answer", json!({"fault": "code", "value": "99999999999999999999"})),
            ("answer", json!({"fault": "code", "value": "robot..send"})),
            ("answer", json!({"fault": "code", "value": "no such code"})),
            ("callback", json!({"fault": "skewed-clock", "value": i64::MIN})),
        ] {
            assert_eq!(status(set(of, fault.clone(), false).await), 422, "{fault}");
        }
    }
}
