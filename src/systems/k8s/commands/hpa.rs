//! Purpose: list what scales workloads by itself, and how far it went.

use k8s_openapi::api::autoscaling::v2::{
    HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus,
};
use serde::Serialize;

use super::{
    client,
    get::{ARGUMENTS, HABITS, Which},
};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, UserError},
    reply::Reply,
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
    const ALIASES: &'static [&'static str] = &["k8s 弹性伸缩"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const HABITS: Habits = HABITS;
    const EXAMPLES: &'static [&'static str] = &["k8s get hpa -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let which = &self.which;
        let client = client(&which.on, ctx)?;
        let name = |it: &HorizontalPodAutoscaler| it.metadata.name.clone().unwrap_or_default();
        let found = which.narrowed(client.autoscalers(&which.by()).await, name, ctx)?;
        let is_at_most = |it: &&HorizontalPodAutoscaler| {
            let now = it.status.as_ref().and_then(|status| status.current_replicas);
            now.is_some_and(|now| now >= it.spec.max_replicas)
        };
        let at_most = found.items.iter().filter(is_at_most).count();
        let title = which.title("k8s.autoscalers", &found, ("k8s.at_most", at_most), ctx);
        let line = |it: &HorizontalPodAutoscaler| {
            which.line(it.metadata.namespace.as_deref(), &name(it), scaled(it, ctx))
        };
        Ok(which.listed(title, &found, line, &client, ctx))
    }
}

/// How far something is scaled, between which ends, and by what.
fn scaled(it: &HorizontalPodAutoscaler, ctx: &Ctx) -> String {
    let spec = &it.spec;
    let target = &spec.scale_target_ref;
    let status = it.status.as_ref();
    let now = status.and_then(|status| status.current_replicas).unwrap_or_default();
    let least = spec.min_replicas.unwrap_or(1);
    let current = status.and_then(|status| status.current_metrics.as_deref()).unwrap_or_default();
    let metrics: Vec<String> =
        spec.metrics.iter().flatten().filter_map(|metric| measured(metric, current)).collect();
    let kind = target.kind.to_lowercase();
    ctx.locale.say(
        "k8s.scaled",
        &[
            ("target", &format!("{kind}/{}", target.name)),
            ("now", &now),
            ("least", &least),
            ("most", &spec.max_replicas),
            ("metrics", &metrics.join(" ")),
        ],
    )
}

/// `cpu 82%/70%`: what is measured of what is aimed at.
fn measured(metric: &MetricSpec, current: &[MetricStatus]) -> Option<String> {
    let aim = |target: &MetricTarget| match (target.average_utilization, &target.average_value, &target.value)
    {
        (Some(percent), ..) => format!("{percent}%"),
        (_, Some(value), _) | (_, None, Some(value)) => value.0.clone(),
        _ => "?".to_owned(),
    };
    let is =
        |value: &MetricValueStatus, percent: bool| match (value.average_utilization, &value.average_value) {
            (Some(now), _) if percent => Some(format!("{now}%")),
            (_, Some(value)) => Some(value.0.clone()),
            _ => value.value.as_ref().map(|value| value.0.clone()),
        };
    let (name, target, now) = if let Some(resource) = &metric.resource {
        let of = |it: &&MetricStatus| it.resource.as_ref().is_some_and(|it| it.name == resource.name);
        let percent = resource.target.average_utilization.is_some();
        let now = current.iter().find(of).and_then(|it| is(&it.resource.as_ref()?.current, percent));
        (resource.name.clone(), &resource.target, now)
    } else if let Some(pods) = &metric.pods {
        let of = |it: &&MetricStatus| it.pods.as_ref().is_some_and(|it| it.metric.name == pods.metric.name);
        let now = current.iter().find(of).and_then(|it| is(&it.pods.as_ref()?.current, false));
        (pods.metric.name.clone(), &pods.target, now)
    } else {
        return None;
    };
    Some(format!("{name} {}/{}", now.unwrap_or_else(|| "?".to_owned()), aim(target)))
}
