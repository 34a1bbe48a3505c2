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
            client::{Alert, Labels},
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
        let firing = alerts.iter().filter(|alert| alert.state == "firing").count();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("system", &client.title()), ("firing", &firing), ("pending", &(alerts.len() - firing))];
        let reply = Reply::new(ctx.locale.say("prometheus.alerts", &values));
        let page = client.page("alerts", &[]);
        let reply = reply.link(ctx.locale.say("prometheus.open", &[]), page.clone());
        if alerts.is_empty() {
            return Ok(reply.text(ctx.locale.say("prometheus.no_alerts", &[])));
        }
        Ok(listed(reply, alerts.iter().map(|alert| self.line(alert, ctx)).collect(), Some(page)))
    }
}

impl Alerts {
    /// An alert, with what can be done about it.
    fn line(&self, alert: &Alert, ctx: &Ctx) -> Text {
        let name = alert.labels.get("alertname").cloned().unwrap_or_default();
        let text = line(alert, &name, ctx).plain("　");
        // Alertmanager does not know of what is pending.
        let silence = Some(&alert.labels).filter(|_| alert.state == "firing");
        match silence.and_then(|labels| alertmanager::silencing(labels, ctx)) {
            Some((label, line)) => text.action(label, line),
            None => {
                let range = range::Range::of(format!("ALERTS{{alertname={name:?}}}"), self.on.clone());
                text.action(ctx.locale.say("prometheus.do_range", &[]), ctx.line(&range))
            }
        }
    }
}

fn line(alert: &Alert, name: &str, ctx: &Ctx) -> Text {
    let state = match alert.state.as_str() {
        "firing" => ctx.locale.say("prometheus.firing", &[]),
        "pending" => ctx.locale.say("prometheus.pending", &[]),
        other => other.to_owned(),
    };
    let since = alert.active_at.map(|at| ctx.local(at)).unwrap_or_default();
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("state", &state), ("since", &since), ("value", &shown(&alert.value))];
    let said = Labels::from([("alertname".to_owned(), name.to_owned())]);
    let labels = named(&alert.labels, &said);
    let summary = alert.annotations.get("summary").map(|summary| text::cut(summary.trim(), MAX_SUMMARY));
    let more = [Some(labels), summary].into_iter().flatten().filter(|text| !text.is_empty());
    let more: String = more.map(|text| format!("　{text}")).collect();
    Text::default().strong(name).plain(format!("　{}{more}", ctx.locale.say("prometheus.alert", &values)))
}
