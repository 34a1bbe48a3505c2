//! What came of a write, told where the settings want it: a group that watches what is changed.
//!
//! Only writes that were begun, and never where the command was said: they read the reply there.

use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::App;
use crate::{
    config::Target,
    dingtalk::{
        deliver::{Reach, Way},
        markdown::{self, Reader},
        robot::Address,
    },
    dispatch::{
        Ctx, Person, Place,
        audit::{self, Outcome, Record},
    },
    locale::Locale,
    reply::Reply,
};

/// Posts what came of a write to everyone who is to know, before `by`. Where it does not arrive, only the log says so.
pub(super) async fn post(app: &App, record: &Record, said: &Ctx, by: Timestamp) {
    if !record.begun {
        return;
    }
    let (who, place) = record.asked(said);
    let targets = app.settings.reports.iter().map(|(_, target)| target);
    let posts = targets.filter(|target| !is_where(target, who, place)).map(async |target| {
        let reach = match target {
            Target::Address(address) => Reach { address: Some(address.clone()), ..Reach::default() },
            Target::Robot(name) => Reach { robot: app.robots.get(name).cloned(), ..Reach::default() },
        };
        let reader = Reader { mention: None, can_tap: false };
        let reply = told(record, said);
        let render = |way: Way| markdown::render(&reply, &reader, way.limit(), said.locale);
        if let Err(error) = app.deliver.deliver(&reach, false, render, by).await {
            tracing::error!(%error, remedy = error.remedy(Locale::En), "a report of a write did not arrive");
        }
    });
    join_all(posts).await;
}

/// Whether whoever is to know reads the reply itself.
fn is_where(target: &Target, who: &Person, place: &Place) -> bool {
    match target {
        Target::Address(Address::Group(id)) => !place.private && place.conversation_id.as_ref() == Some(id),
        Target::Address(Address::Person(id)) => place.private && who.staff() == Some(id),
        Target::Robot(_) => false,
    }
}

/// Who did what, where, by whose approval, and what came of it.
fn told(record: &Record, said: &Ctx) -> Reply {
    let say = |key: &str| said.locale.say(key, &[]);
    let title = match record.outcome {
        Outcome::Done => "reports.done",
        Outcome::Unknown => "failed.unknown",
        _ => "failed.title",
    };
    let (who, place) = record.asked(said);
    let named =
        |person: &Person| format!("{}（{}）", person.plain_nick(), person.staff().unwrap_or_default());
    let given = record.values.iter().filter(|(_, value)| **value != Value::Bool(false));
    let values: Vec<String> =
        given.map(|(name, value)| format!("{name} = {}", text(value, said.locale))).collect();
    let fields = [
        ("reports.who", Some(named(who))),
        ("reports.approver", record.approver(said).map(named)),
        ("reports.place", Some(said.shown_place(place))),
        ("reports.alias", record.alias.clone()),
        ("reports.values", (!values.is_empty()).then(|| values.join(&say("usage.separator")))),
    ];
    let fields = fields.into_iter().filter_map(|(key, value)| Some((say(key), value?)));
    Reply::new(said.locale.say(title, &[("command", &record.path)])).fields(fields)
}

/// A value as one reads it.
fn text(value: &Value, locale: Locale) -> String {
    let shown = |value: &Value| text(value, locale);
    match value {
        Value::String(text) => match audit::bytes_of(text) {
            Some(bytes) => locale.say("reports.bytes", &[("bytes", &bytes)]),
            None => text.clone(),
        },
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(" "),
        Value::Object(values) => {
            let pairs = values.iter().map(|(key, value)| format!("{key}={}", shown(value)));
            pairs.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
