//! Purpose: list what scales workloads by itself, and how far it went.

use serde::Serialize;

use super::{
    client,
    get::{ARGUMENTS, CANONICAL, HABITS, Which},
};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, UserError, row::Canonical},
    reply::Reply,
    systems::k8s::{
        health,
        types::{Amount, Autoscaler, Measured, Metric},
    },
};

/// List what scales workloads by itself
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Autoscalers {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

impl Command for Autoscalers {
    const PATH: &'static [&'static str] = &["k8s", "get", "hpa"];
    const ALIASES: &'static [&'static str] = &["k8s 弹性伸缩", "弹性伸缩"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const CANONICAL: &'static [(&'static str, Canonical)] = CANONICAL;
    const HABITS: Habits = HABITS;
    const EXAMPLES: &'static [&'static str] = &["k8s get hpa -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let which = &self.which;
        let client = client(&which.on, ctx)?;
        let name = |it: &Autoscaler| it.metadata.name.clone().unwrap_or_default();
        let found = client.autoscalers(&which.by(), |name| which.means(name)).await;
        let found = found.map_err(|failure| failure.tell(ctx))?;
        let is_at_most = |it: &&Autoscaler| it.status.current_replicas >= it.spec.max_replicas;
        let at_most = found.items.iter().filter(is_at_most).count();
        let title = which.title("k8s.autoscalers", &found, ("k8s.at_most", at_most), ctx);
        let line = |it: &Autoscaler| which.line(it.metadata.namespace.as_deref(), &name(it), scaled(it, ctx));
        Ok(which.listed(title, &found, line, &client, ctx))
    }
}

/// How far something is scaled, between which ends, and by what.
fn scaled(it: &Autoscaler, ctx: &Ctx) -> String {
    let target = &it.spec.scale_target_ref;
    let kind = target.kind.as_deref().unwrap_or_default().to_lowercase();
    let current = it.status.current_metrics.as_deref().unwrap_or_default();
    let metrics: Vec<String> =
        it.spec.metrics.iter().flatten().filter_map(|metric| measured(metric, current)).collect();
    ctx.locale.say(
        "k8s.scaled",
        &[
            ("target", &health::quoted(&format!("{kind}/{}", target.name.as_deref().unwrap_or_default()))),
            ("now", &it.status.current_replicas),
            ("least", &it.spec.min_replicas.unwrap_or(1)),
            ("most", &it.spec.max_replicas),
            ("metrics", &health::quoted(&metrics.join(" "))),
        ],
    )
}

/// `cpu 82%/70%`: what is measured of what is aimed at.
fn measured(metric: &Metric, current: &[Metric]) -> Option<String> {
    let aimed = of(metric)?;
    let name = aimed.called()?;
    let now = current.iter().filter_map(of).find(|now| now.called() == Some(name));
    let in_percent = aimed.target.average_utilization.is_some();
    let now = now.and_then(|now| amount(&now.current, in_percent)).unwrap_or_else(|| "?".to_owned());
    Some(format!("{name} {now}/{}", amount(&aimed.target, in_percent)?))
}

fn of(metric: &Metric) -> Option<&Measured> {
    metric.resource.as_ref().or(metric.pods.as_ref())
}

fn amount(amount: &Amount, in_percent: bool) -> Option<String> {
    match in_percent {
        true => amount.average_utilization.map(|percent| format!("{percent}%")),
        false => amount.average_value.as_ref().or(amount.value.as_ref()).map(|value| value.0.clone()),
    }
}
