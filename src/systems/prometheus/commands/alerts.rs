//! Purpose: the alerts that Prometheus' own rules raise, those too that wait for their time.

use serde::Serialize;

use super::{client, range, resolve};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, UserError, arguments},
    reply::{Reply, Text},
    systems::{
        alertmanager,
        listing::listed,
        prometheus::{
            client::{Alert, Labels, Rule},
            series::{named, shown},
        },
    },
    text,
};

/// Letters of a summary.
const MAX_SUMMARY: usize = 80;

/// List the alerts of Prometheus' own rules
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Alerts {
    /// On which Prometheus
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

impl Command for Alerts {
    const PATH: &'static [&'static str] = &["prom", "alerts"];
    const ALIASES: &'static [&'static str] = &["prom 告警"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["on"];
    const EXAMPLES: &'static [&'static str] = &["prom alerts"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve(&mut self.on, ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let mut alerts = client.alerts().await.map_err(|failure| failure.tell(ctx))?;
        // What fires first, and of that the newest.
        alerts.sort_by_key(|alert| (alert.state != "firing", std::cmp::Reverse(alert.active_at)));
        let silences: Vec<_> = alerts.iter().map(|alert| silencing(alert, ctx)).collect();
        // Without its rules an alert is told all the same.
        let rules = match silences.contains(&None) {
            true => client.rules().await.unwrap_or_default(),
            false => Vec::new(),
        };
        let firing = alerts.iter().filter(|alert| alert.state == "firing").count();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("system", &client.title()), ("firing", &firing), ("pending", &(alerts.len() - firing))];
        let reply = Reply::new(ctx.locale.say("prometheus.alerts", &values));
        let page = client.page("alerts", &[]);
        let reply = reply.link(ctx.locale.say("prometheus.open", &[]), page.clone());
        if alerts.is_empty() {
            return Ok(reply.text(ctx.locale.say("prometheus.no_alerts", &[])));
        }
        let item = |(alert, silence): (&Alert, Option<_>)| {
            let rule = || rules.iter().find(|rule| rule.raises(alert));
            line(alert, silence.or_else(|| Some(self.range(rule()?, ctx))), ctx)
        };
        Ok(listed(reply, alerts.iter().zip(silences).map(item).collect(), Some(page)))
    }
}

impl Alerts {
    /// How what a rule is about went, as a button.
    fn range(&self, rule: &Rule, ctx: &Ctx) -> (String, String) {
        let range = range::Range::of(rule.query.clone(), self.on.clone());
        (ctx.locale.say("prometheus.do_range", &[]), ctx.line(&range))
    }
}

/// What silences an alert, as a button. Alertmanager does not know of what is pending.
fn silencing(alert: &Alert, ctx: &Ctx) -> Option<(String, String)> {
    alertmanager::silencing(&alert.labels, ctx).filter(|_| alert.state == "firing")
}

/// An alert, with what can be done about it.
fn line(alert: &Alert, todo: Option<(String, String)>, ctx: &Ctx) -> Text {
    let name = alert.labels.get("alertname").cloned().unwrap_or_default();
    let state = match alert.state.as_str() {
        "firing" => ctx.locale.say("prometheus.firing", &[]),
        "pending" => ctx.locale.say("prometheus.pending", &[]),
        other => other.to_owned(),
    };
    let since = alert.active_at.map(|at| ctx.local(at)).unwrap_or_default();
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("state", &state), ("since", &since), ("value", &shown(&alert.value))];
    let said = Labels::from([("alertname".to_owned(), name.clone())]);
    let labels = named(&alert.labels, &said);
    let summary = alert.annotations.get("summary").map(|summary| text::cut(summary.trim(), MAX_SUMMARY));
    let more = [Some(labels), summary].into_iter().flatten().filter(|text| !text.is_empty());
    let more: String = more.map(|text| format!("　{text}")).collect();
    let text = Text::default().strong(name);
    let text = text.plain(format!("　{}{more}", ctx.locale.say("prometheus.alert", &values)));
    match todo {
        Some((label, line)) => text.plain("　").action(label, line),
        None => text,
    }
}
