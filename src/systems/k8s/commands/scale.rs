//! Purpose: change how many pods a workload has.

use serde::Serialize;
use serde_json::json;

use super::{ONE, Where, not_written, patch, preview, rollout};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Habits, Preview, UserError,
        arguments::InvalidValue,
        row::Canonical,
        values::{self},
    },
    reply::Reply,
    systems::k8s::{
        client::{By, Client},
        target::{self, Kind, Target},
        workload::Workload,
    },
};

/// Most pods that a workload may be given.
const MOST: i64 = 1000;

/// Change how many pods a workload has
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Scale {
    /// Which workload: web, sts/mysql
    #[arg(value_parser = target::workload, required = true)]
    workload: Target,
    /// How many; also as --replicas 5
    #[arg(value_parser = count, required = true, alias = "replicas")]
    replicas: i64,
    #[command(flatten)]
    #[serde(flatten)]
    at: Where,
}

/// The value parser of how many pods there are to be. With a sign somebody means how many more or fewer, and what `+2` comes
/// to depends on when it is read.
fn count(typed: &str) -> Result<i64, InvalidValue> {
    match typed.starts_with(['+', '-', '＋', '－']) {
        true => Err(InvalidValue::new("k8s.relative_count").with("max", MOST)),
        false => values::number(0..=MOST)(typed),
    }
}

impl Command for Scale {
    const PATH: &'static [&'static str] = &["k8s", "scale"];
    const ALIASES: &'static [&'static str] = &["k8s 扩缩容", "扩缩容", "扩容", "缩容"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["workload", "replicas", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::WORKLOAD, target::NAMESPACE];
    const IS_KIND: fn(&str) -> bool = target::is_kind;
    const HABITS: Habits = &[ONE];
    const EXAMPLES: &'static [&'static str] = &["k8s scale web 5 -n prod", "k8s scale sts/mysql 3"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        if self.workload.kind == Kind::DaemonSet {
            return Err(UserError(ctx.locale.say("k8s.has_no_replicas", &[("target", &self.workload)])));
        }
        self.at.resolve(ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.found(&client, &self.workload, ctx).await?;
        let now = self.check(&workload, ctx)?;
        let autoscaler = self.autoscaler(&client, ctx).await;
        let namespace = self.at.namespace();
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("system", &client.title()),
            ("target", &self.workload),
            ("namespace", &namespace),
            ("now", &now),
            ("then", &self.replicas),
        ];
        let mut lines = vec![ctx.locale.say("k8s.will_scale", &values)];
        if self.replicas == 0 {
            lines.push(ctx.locale.say("k8s.scales_to_zero", &values));
        }
        lines.extend(autoscaler);
        preview(lines, workload.witness())
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.unchanged(&client, &self.workload, ctx).await?;
        let now = self.check(&workload, ctx)?;
        let patch = patch(&workload, json!({ "replicas": self.replicas }), None, ctx);
        let look = rollout::Status { workload: self.workload.clone(), at: self.at.clone() };
        let look = ctx.line(&look);
        let patched = client.patch(self.at.namespace(), &self.workload, patch).await;
        patched.map_err(|failure| not_written(&failure, &self.workload, look.clone(), ctx))?;
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("target", &self.workload), ("now", &now), ("then", &self.replicas)];
        let reply = client.reply(ctx.locale.say("k8s.scaled_now", &values));
        let back = Self { replicas: now, ..self };
        Ok(reply
            .action(ctx.locale.say("k8s.do_status", &[]), look)
            .action(ctx.locale.say("k8s.do_scale_back", &[("count", &now)]), ctx.line(&back)))
    }
}

impl Scale {
    /// How many there are to be now, where that is another number.
    fn check(&self, workload: &Workload, ctx: &Ctx) -> Result<i64, UserError> {
        let now = i64::from(workload.replicas().unwrap_or_default());
        let values: [(&str, &dyn std::fmt::Display); 2] = [("target", &self.workload), ("count", &now)];
        match now == self.replicas {
            true => Err(UserError(ctx.locale.say("k8s.is_scaled_so", &values))),
            false => Ok(now),
        }
    }

    /// What scales it by itself, and may undo this.
    async fn autoscaler(&self, client: &Client<'_>, ctx: &Ctx) -> Option<String> {
        let by = By { namespace: Some(self.at.namespace()), ..By::default() };
        let Ok(listed) = client.autoscalers(&by, |_| true).await else {
            return Some(ctx.locale.say("k8s.autoscaler_unknown", &[]));
        };
        let spec = listed.items.into_iter().filter_map(|it| Some((it.metadata.name?, it.spec)));
        let (name, spec) = { spec }.find(|(_, spec)| {
            let of = &spec.scale_target_ref;
            of.kind.as_deref() == Some(self.workload.kind.name())
                && of.name.as_ref() == Some(&self.workload.name)
        })?;
        let least = spec.min_replicas.unwrap_or(1);
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("name", &name), ("least", &least), ("most", &spec.max_replicas)];
        // At zero it rests.
        Some(match self.replicas {
            0 => ctx.locale.say("k8s.autoscaler_rests", &values),
            _ => ctx.locale.say("k8s.autoscaler", &values),
        })
    }
}
