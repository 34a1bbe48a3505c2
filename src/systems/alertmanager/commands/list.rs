//! Purpose: the alerts that Alertmanager has, silenced or not.

use serde::Serialize;

use super::{client, joined, named, near, refuse_several, resolve, silence, silences};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Tail, UserError, arguments, row::Canonical},
    reply::{Reply, Text},
    systems::{
        alertmanager::{
            client::{Alert, Client, Labels, Matcher, sent},
            matcher::{self, Conditions},
        },
        listing::listed,
    },
    text,
};

/// Letters of a summary.
const MAX_SUMMARY: usize = 60;

/// List the alerts that Alertmanager has
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct List {
    /// Only those of this name, or whose label is so: name=value, !=, =~ or !~; may be repeated
    #[arg(value_parser = matcher::conditions)]
    matcher: Vec<Conditions>,
    /// On which Alertmanager
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

impl Command for List {
    const PATH: &'static [&'static str] = &["alerts", "list"];
    const ALIASES: &'static [&'static str] = &["alerts 列表", "告警"];
    const EFFECT: Effect = Effect::Read;
    const TAIL: Tail = Tail::Conditions;
    const ARGUMENTS: &'static [&'static str] = &["matcher", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[matcher::MATCHER];
    const EXAMPLES: &'static [&'static str] =
        &["alerts list", "alerts list HostDown", "alerts list severity=critical job=~api|web"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.matcher = std::mem::take(&mut self.matcher).into_iter().flat_map(Conditions::apart).collect();
        refuse_several(&sent(&self.matcher), ctx)?;
        resolve(&mut self.on, ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let matchers = sent(&self.matcher);
        let mut alerts = client.alerts(&matchers).await.map_err(|failure| failure.tell(ctx))?;
        if alerts.is_empty() && !matchers.is_empty() {
            return self.none_fits(&client, &matchers, ctx).await;
        }
        alerts
            .sort_by_key(|alert| (alert.hidden().is_some(), rank(alert), std::cmp::Reverse(alert.starts_at)));
        let hidden = alerts.iter().filter(|alert| alert.hidden().is_some()).count();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("system", &client.title()), ("count", &alerts.len()), ("hidden", &hidden)];
        let key = if hidden == 0 { "alertmanager.alerts" } else { "alertmanager.alerts_hidden" };
        let page = client.page_of(&matchers);
        let reply = Reply::new(ctx.locale.say(key, &values));
        let reply = reply.link(ctx.locale.say("alertmanager.open", &[]), page.clone());
        let reply = match hidden {
            0 => reply,
            _ => {
                let line = ctx.line(&silences::Silences { on: self.on.clone() });
                reply.action(ctx.locale.say("alertmanager.do_silences", &[]), line)
            }
        };
        if alerts.is_empty() {
            return Ok(reply.text(ctx.locale.say("alertmanager.no_alerts", &[])));
        }
        let common = common(&alerts);
        let labels: Vec<String> = common.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let reply = match labels.is_empty() {
            true => reply,
            false => {
                let labels = labels.join(" ");
                reply.text(ctx.locale.say("alertmanager.common", &[("labels", &labels)]))
            }
        };
        let items = alerts.iter().map(|alert| self.line(alert, &common, ctx)).collect();
        Ok(listed(reply, items, Some(page)))
    }
}

impl List {
    /// The alerts that fit these.
    pub(super) fn of(matchers: &[Matcher], on: Option<String>) -> Self {
        Self { matcher: matchers.iter().cloned().map(Conditions::from).collect(), on }
    }

    /// That none fits, which is no sign that all is well: how many there are, and what may have been meant.
    async fn none_fits(
        &self,
        client: &Client<'_>,
        matchers: &[Matcher],
        ctx: &Ctx,
    ) -> Result<Reply, CommandError> {
        let alerts = client.alerts(&[]).await.map_err(|failure| failure.tell(ctx))?;
        let say = |key: &str, values: &[(&str, &dyn std::fmt::Display)]| ctx.locale.say(key, values);
        let reply = Reply::new(say("alertmanager.none_fits", &[("system", &client.title())]))
            .text(say("alertmanager.where", &[("matchers", &joined(matchers))]))
            .link(say("alertmanager.open", &[]), client.page_of(matchers));
        if alerts.is_empty() {
            return Ok(reply.text(say("alertmanager.no_alerts", &[])));
        }
        let reply = reply.text(say("alertmanager.in_all", &[("count", &alerts.len())]));
        let offer = |reply: Reply, near: Vec<Matcher>| {
            let label = say("alertmanager.do_near", &[("matchers", &joined(&near))]);
            reply.action(label, ctx.line(&Self::of(&near, self.on.clone())))
        };
        let reply = near(matchers, &alerts).into_iter().fold(reply, offer);
        Ok(reply.action(say("alertmanager.do_all", &[]), ctx.line(&Self::of(&[], self.on.clone()))))
    }

    /// An alert, with the line that silences it where nothing hides it yet.
    fn line(&self, alert: &Alert, common: &Labels, ctx: &Ctx) -> Text {
        let state = alert.hidden().map(|key| ctx.locale.say(key, &[]));
        let since = ctx.locale.say("alertmanager.since", &[("since", &ctx.local(alert.starts_at))]);
        let summary = alert.annotations.get("summary").map(|summary| text::cut(summary.trim(), MAX_SUMMARY));
        let severity = alert.labels.get("severity").cloned();
        let is_hidden = state.is_some();
        let more = [state, severity, Some(since), summary].into_iter().flatten();
        let more: String = more.filter(|text| !text.is_empty()).map(|text| format!("　{text}")).collect();
        let name = named(alert, common);
        let line = silence::Silence::of([alert.fingerprint.clone()], self.on.clone());
        match line.filter(|_| !is_hidden) {
            None => Text::default().strong(name).plain(more),
            Some(line) => {
                let label = ctx.locale.say("alertmanager.do_silence", &[("duration", &silence::OFFERED)]);
                Text::default().strong(name).plain(format!("{more}　")).action(label, ctx.line(&line))
            }
        }
    }
}

/// How soon somebody should look, 0 for now.
fn rank(alert: &Alert) -> usize {
    let severity = alert.labels.get("severity").map(|severity| severity.to_lowercase());
    match severity.as_deref().unwrap_or_default() {
        "critical" | "page" | "emergency" | "fatal" => 0,
        "error" | "high" => 1,
        "warning" | "warn" => 2,
        "info" | "none" => 4,
        _ => 3,
    }
}

/// The labels that several alerts have in common, but their name and severity.
fn common(alerts: &[Alert]) -> Labels {
    let [first, others @ ..] = alerts else { return Labels::new() };
    let is_common = |name: &String, value: &String| {
        !matches!(name.as_str(), "alertname" | "severity")
            && others.iter().all(|alert| alert.labels.get(name) == Some(value))
    };
    let labels = first.labels.iter().filter(|_| !others.is_empty());
    let labels = labels.filter(|(name, value)| is_common(name, value));
    labels.map(|(name, value)| (name.clone(), value.clone())).collect()
}
