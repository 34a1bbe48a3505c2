//! Purpose: replace all pods of a workload, one after the other.

use serde::Serialize;
use serde_json::json;

use super::{ONE, Where, not_written, patch, preview, rollout};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, Preview, UserError, row::Canonical},
    reply::Reply,
    systems::k8s::{
        target::{self, Target},
        workload::Workload,
    },
};

/// The annotation of the pods' template that kubectl restarts by.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// Restart a workload: replace its pods, one after the other
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Restart {
    /// Which workload: web, sts/mysql, ds/agent
    #[arg(value_parser = target::workload, required = true)]
    pub(super) workload: Target,
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) at: Where,
}

impl Command for Restart {
    const PATH: &'static [&'static str] = &["k8s", "rollout", "restart"];
    const ALIASES: &'static [&'static str] = &["k8s restart", "k8s 重启", "重启"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["workload", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::WORKLOAD, target::NAMESPACE];
    const IS_KIND: fn(&str) -> bool = target::is_kind;
    const HABITS: Habits = &[ONE];
    const EXAMPLES: &'static [&'static str] = &["k8s rollout restart web -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.found(&client, &self.workload, ctx).await?;
        self.check(&workload, ctx)?;
        let counts = workload.counts();
        let namespace = self.at.namespace();
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("system", &client.title()),
            ("target", &self.workload),
            ("namespace", &namespace),
            ("count", &counts.wanted),
            ("ready", &counts.ready),
        ];
        let mut lines = vec![ctx.locale.say("k8s.will_restart", &values)];
        if counts.ready < counts.wanted {
            lines.push(ctx.locale.say("k8s.only_ready", &values));
        }
        if workload.is_updated_by_hand() {
            lines.push(ctx.locale.say("k8s.by_hand", &[]));
        }
        preview(lines, workload.witness())
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.unchanged(&client, &self.workload, ctx).await?;
        self.check(&workload, ctx)?;
        let now = ctx.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let spec = json!({ "template": { "metadata": { "annotations": { RESTARTED_AT: now } } } });
        let patch = patch(&workload, spec, Some("restart"), ctx);
        let look = rollout::Status { workload: self.workload.clone(), at: self.at.clone() };
        let patched = client.patch(self.at.namespace(), &self.workload, patch).await;
        let patched =
            patched.map_err(|failure| not_written(&failure, &self.workload, ctx.line(&look), ctx))?;
        let title = ctx.locale.say("k8s.restarts_now", &[("target", &self.workload)]);
        Ok(rollout::begun(title, &patched, &self.workload, &self.at, &client, ctx))
    }
}

impl Restart {
    fn check(&self, workload: &Workload, ctx: &Ctx) -> Result<(), UserError> {
        let target: [(&str, &dyn std::fmt::Display); 1] = [("target", &self.workload)];
        if workload.is_paused() {
            return Err(UserError(ctx.locale.say("k8s.cannot_while_paused", &target)));
        }
        match workload.replicas() {
            Some(0) => Err(UserError(ctx.locale.say("k8s.nothing_to_restart", &target))),
            _ => Ok(()),
        }
    }
}
