//! Purpose: keep new pods off a node, or let them on again.

use serde::Serialize;
use serde_json::json;

use super::{asked_by, changed, client, node, nodes, not_written, preview};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Preview, UserError, arguments, row::Canonical},
    reply::Reply,
    systems::k8s::{client::Client, target, types::Node, workload::annotation},
};

/// The annotation that says when a node was changed last from a chat.
const CHANGED_AT: &str = "dingops/changed-at";

/// Keep new pods off a node
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Cordon {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

/// Let new pods on a node again
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Uncordon {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Which {
    /// Which node
    #[arg(value_parser = target::node, required = true)]
    node: String,
    /// In which cluster
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

const ARGUMENTS: &[&str] = &["node", "on"];

impl Cordon {
    /// Of this one.
    pub(super) fn of(node: String, on: Option<String>) -> Self {
        Self { which: Which { node, on } }
    }
}

impl Uncordon {
    /// Of this one.
    pub(super) fn of(node: String, on: Option<String>) -> Self {
        Self { which: Which { node, on } }
    }
}

impl Command for Cordon {
    const PATH: &'static [&'static str] = &["k8s", "cordon"];
    const ALIASES: &'static [&'static str] = &["k8s 停止调度", "停止调度"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::NODE];
    const EXAMPLES: &'static [&'static str] = &["k8s cordon node-1"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        self.which.preview(true, "k8s.will_cordon", ctx).await
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        self.which.set(true, "k8s.cordoned", ctx).await
    }
}

impl Command for Uncordon {
    const PATH: &'static [&'static str] = &["k8s", "uncordon"];
    const ALIASES: &'static [&'static str] = &["k8s 恢复调度", "恢复调度"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::NODE];
    const EXAMPLES: &'static [&'static str] = &["k8s uncordon node-1"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        self.which.preview(false, "k8s.will_uncordon", ctx).await
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        self.which.set(false, "k8s.uncordoned", ctx).await
    }
}

impl Which {
    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.on = ctx.settings.systems.k8s.choose(self.on.as_deref(), ctx.locale)?;
        Ok(())
    }

    async fn preview(&self, cordons: bool, key: &str, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = client(&self.on, ctx)?;
        let node = self.found(&client, cordons, ctx).await?;
        let values: [(&str, &dyn std::fmt::Display); 2] = [("system", &client.title()), ("node", &self.node)];
        preview(vec![ctx.locale.say(key, &values)], witness(&node))
    }

    async fn set(self, cordons: bool, key: &str, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let node = self.found(&client, cordons, ctx).await?;
        if !ctx.holds(&witness(&node)) {
            return Err(changed(&self.node, ctx));
        }
        let version = node.metadata.resource_version.as_deref();
        let mut annotations = asked_by(ctx);
        annotations[CHANGED_AT] = ctx.clock.now().to_string().into();
        let patch = json!({
            "metadata": { "resourceVersion": version, "annotations": annotations },
            "spec": { "unschedulable": cordons },
        });
        let look = ctx.line(&nodes::Nodes::of(&self.node, self.on.clone()));
        if let Err(failure) = client.patch_node(&self.node, patch).await {
            return Err(not_written(&failure, &self.node, look, ctx));
        }
        let title = ctx.locale.say(key, &[("node", &self.node)]);
        let reply = client.reply(title).action(ctx.locale.say("k8s.do_nodes", &[]), look);
        Ok(match cordons {
            true => {
                let back = Uncordon { which: self };
                reply.action(ctx.locale.say("k8s.do_uncordon", &[]), ctx.line(&back))
            }
            false => reply,
        })
    }

    /// The node, unless it is so already.
    async fn found(&self, client: &Client<'_>, cordons: bool, ctx: &Ctx) -> Result<Node, CommandError> {
        let node = node::found(client, &self.node, ctx).await?;
        if nodes::is_cordoned(&node) != cordons {
            return Ok(node);
        }
        let node: [(&str, &dyn std::fmt::Display); 1] = [("node", &self.node)];
        Err(UserError(match cordons {
            true => ctx.locale.say("k8s.cordoned_already", &node),
            false => ctx.locale.say("k8s.not_cordoned", &node),
        })
        .into())
    }
}

/// What the change is said of: which one, how it is, and since which change of ours. A code must not work again because
/// somebody put things back.
fn witness(node: &Node) -> String {
    let changed = annotation(&node.metadata, CHANGED_AT).unwrap_or_default();
    let uid = node.metadata.uid.as_deref().unwrap_or_default();
    format!("{uid} {} {changed}", nodes::is_cordoned(node))
}
