//! What somebody does on the page.

use std::sync::Arc;

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Refused, view};
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
        };
        let said = if mention { said } else { said.unmentioned() };
        match &self.quote {
            Some(id) => said.quoting(id),
            None => said,
        }
    }
}

/// Says it, and answers as soon as it stands in the conversation: what the robot makes of it comes as events.
pub(super) async fn say(State(shared): State<Arc<Shared>>, body: Body<Say>) -> Answer {
    let say = read(body)?;
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
    let view = view::message(&shared.world(), &message);
    if message.mentions_robot || matches!(place, Place::Private(_)) {
        // Not in this request: DingTalk pushes to the end, also when the page is closed meanwhile.
        let pushing = Arc::clone(&shared);
        shared.tasks.spawn(async move {
            let callback = pushing.callback(&person, &message);
            pushing.push(callback, &message.place).await;
        });
    }
    Ok(Json(json!({ "message": view })))
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
            Self::Answer { fault: Some(F::Slow(wait)), .. } if *wait > LONGEST_WAIT => {
                "expected at most 600000 milliseconds"
            }
            Self::Answer { fault: Some(F::Answer(status, _)), .. } if !(200..600).contains(status) => {
                "expected a status from 200 to 599"
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
