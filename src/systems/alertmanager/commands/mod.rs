//! The commands, and what they have in common: on which Alertmanager, and alerts as lines.

mod list;
mod silence;
mod silences;
mod unsilence;

use super::{
    client::{Alert, Client, Labels, Matcher, Silence},
    matcher,
};
use crate::{
    dispatch::{Ctx, Row, UserError, row, values},
    locale::Locale,
    text,
};

/// In the order of help.
pub(super) static ROWS: &[Row] = &[
    row::<list::List>(),
    row::<silence::Silence>(),
    row::<silences::Silences>(),
    row::<unsilence::Unsilence>(),
];

/// What silences the alert with these labels, as a button: what it says, and the line. None where there is no
/// Alertmanager, or none is meant where it is not said.
pub(in crate::systems) fn silencing(labels: &Labels, ctx: &Ctx) -> Option<(String, String)> {
    let alertmanagers = &ctx.settings.systems.alertmanager;
    let on = alertmanagers.choose(None, ctx.locale).ok()?;
    let (kept, _) = alertmanagers.get(on.as_deref(), ctx.locale).ok()?.lasting(labels);
    let conditions = kept.iter().map(|(name, value)| Matcher::equal(name, value).to_string());
    let line = silence::Silence::of(conditions, on)?;
    let label = ctx.locale.say("alertmanager.do_silence", &[("duration", &silence::OFFERED)]);
    Some((label, ctx.line(&line)))
}

/// Alerts that a preview names.
const MAX_NAMED: usize = 5;
/// Letters of an alert's labels, and of what somebody wrote.
const MAX_TEXT: usize = 100;

/// The canonical value of `--on`.
fn resolve(on: &mut Option<String>, ctx: &Ctx) -> Result<(), UserError> {
    *on = ctx.settings.systems.alertmanager.choose(on.as_deref(), ctx.locale)?;
    Ok(())
}

/// Refuses what no alert can fit, and says how it is written what is likely meant.
fn refuse_several(matchers: &[Matcher], ctx: &Ctx) -> Result<(), UserError> {
    let Some(either) = matcher::either(matchers) else { return Ok(()) };
    let values: [(&str, &dyn std::fmt::Display); 2] = [("name", &either.name), ("either", &either.filter())];
    Err(UserError(ctx.locale.say("alertmanager.several_values", &values)))
}

fn client<'c>(on: &Option<String>, ctx: &'c Ctx) -> Result<Client<'c>, UserError> {
    let alertmanager = ctx.settings.systems.alertmanager.get(on.as_deref(), ctx.locale)?;
    let client = Client::new(alertmanager, ctx);
    ctx.progress.waits_for(client.title());
    Ok(client)
}

/// Who made a silence, and why: that it came from DingTalk is no reason, and who made it says so already.
fn written(silence: &Silence) -> [&str; 2] {
    let is_reason = |comment: &str| {
        [Locale::Zh, Locale::En].iter().all(|locale| locale.say("alertmanager.no_comment", &[]) != comment)
    };
    let [by, comment] = [&silence.created_by, &silence.comment].map(|text| text.trim());
    [by, Some(comment).filter(|comment| by.is_empty() || is_reason(comment)).unwrap_or_default()]
}

/// An alert by its name and those labels that are not said already, or where it has none by its fingerprint.
fn named(alert: &Alert, said: &Labels) -> String {
    let unsaid = |(name, value): &(&String, &String)| {
        !matches!(name.as_str(), "alertname" | "severity") && said.get(*name) != Some(*value)
    };
    let labels = alert.labels.iter().filter(unsaid).map(|(name, value)| format!(" {name}={value}"));
    let name = format!("{}{}", alert.name(), labels.collect::<String>());
    match name.trim() {
        "" => alert.fingerprint.clone(),
        name => text::cut(name, MAX_TEXT),
    }
}

/// A few alerts, and how many more there are.
fn few(alerts: &[Alert], ctx: &Ctx) -> Vec<String> {
    let mut lines: Vec<String> =
        alerts.iter().take(MAX_NAMED).map(|alert| named(alert, &Labels::new())).collect();
    if let Some(count) = alerts.len().checked_sub(MAX_NAMED).filter(|count| *count > 0) {
        lines.push(ctx.locale.say("alertmanager.others", &[("count", &count)]));
    }
    lines
}

/// Conditions like these that alerts fit now, at most three. What one of them asks for is nearly the value of its label,
/// or where it is the name of an alert, of any.
fn near(matchers: &[Matcher], alerts: &[Alert]) -> Vec<Vec<Matcher>> {
    let near = matchers.iter().enumerate().filter(|(_, typed)| typed.is_equal && !typed.is_regex);
    let near = near.flat_map(|(at, typed)| {
        let mut others = matchers.to_vec();
        others.remove(at);
        let fits = |alert: &&Alert| others.iter().all(|other| other.may_fit(&alert.labels));
        let labels = alerts.iter().filter(fits).flat_map(|alert| &alert.labels);
        let is_meant = |name: &str| typed.name == name || typed.name == matcher::NAME;
        let labels: Vec<(&String, &String)> = labels.filter(|(name, _)| is_meant(name)).collect();
        let near = |value: String| {
            let (name, value) = labels.iter().find(|(_, other)| **other == value)?;
            Some([&others[..at], &[Matcher::equal(name, value)], &others[at..]].concat())
        };
        let values = values::near(&typed.value, labels.iter().map(|(_, value)| value.as_str()));
        values.into_iter().filter_map(near).collect::<Vec<_>>()
    });
    near.take(3).collect()
}

/// Matchers as one text, which says the same where it is typed.
fn joined(matchers: &[Matcher]) -> String {
    matchers.iter().map(Matcher::to_string).collect::<Vec<_>>().join(" ")
}
