//! Purpose: what is wrong with a node, in words.

use serde::Serialize;

use super::{client, cordon, get, nodes};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Habits, UserError, arguments,
        row::Canonical,
        values::{self},
    },
    reply::{Reply, Text},
    systems::k8s::{
        client::{By, Client},
        health, target,
        types::{Condition, Node, Taint},
    },
};

/// Where Kubernetes keeps what happened to nodes, which are in no namespace.
const NAMESPACE_OF_EVENTS: &str = "default";
/// Taints that Kubernetes puts on by itself: conditions and the cordon say the same.
const OF_KUBERNETES: &str = "node.kubernetes.io/";

/// What is wrong with a node
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Describe {
    /// Which node
    #[arg(value_parser = target::node, required = true)]
    node: String,
    /// In which cluster
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

impl Describe {
    /// One of them.
    pub(super) fn of(node: String, on: Option<String>) -> Self {
        Self { node, on }
    }
}

impl Command for Describe {
    const PATH: &'static [&'static str] = &["k8s", "describe", "node"];
    const ALIASES: &'static [&'static str] =
        &["k8s describe nodes", "k8s describe no", "k8s 诊断节点", "诊断节点", "诊断 node", "诊断 节点"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["node", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::NODE];
    const HABITS: Habits = nodes::HABITS;
    const EXAMPLES: &'static [&'static str] = &["k8s describe node node-1"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.on = ctx.settings.systems.k8s.choose(self.on.as_deref(), ctx.locale)?;
        Ok(())
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let node = found(&client, &self.node, ctx).await?;
        let by = By {
            namespace: Some(NAMESPACE_OF_EVENTS),
            fields: Some(format!("involvedObject.name={}", self.node)),
            labels: None,
        };
        let events = client.events(&by, |_| true).await;
        let has_events = events.is_ok_and(|events| !events.items.is_empty());
        let is_well = nodes::is_well(&node);
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("node", &self.node), ("state", &nodes::words(&node, ctx))];
        let reply = client.reply(match is_well {
            true => ctx.locale.say("k8s.node_is_well", &values),
            false => ctx.locale.say("k8s.node_is_unwell", &values),
        });
        let reply = reply.list(findings(&node, ctx)).fields(fields(&node, ctx));
        let at = super::Where { namespace: Some(NAMESPACE_OF_EVENTS.to_owned()), on: self.on.clone() };
        let reply = match has_events {
            true => {
                let events = ctx.line(&get::Events::of(&self.node, &at));
                reply.action(ctx.locale.say("k8s.do_events", &[]), events)
            }
            false => reply,
        };
        Ok(match (nodes::is_cordoned(&node), is_well) {
            (true, _) => reply.action(
                ctx.locale.say("k8s.do_uncordon", &[]),
                ctx.line(&cordon::Uncordon::of(self.node, self.on)),
            ),
            (false, false) => reply.action(
                ctx.locale.say("k8s.do_cordon", &[]),
                ctx.line(&cordon::Cordon::of(self.node, self.on)),
            ),
            (false, true) => reply,
        })
    }
}

/// A node, or why it cannot be had: of what is not there, those like it.
pub(super) async fn found(client: &Client<'_>, name: &str, ctx: &Ctx) -> Result<Node, CommandError> {
    match client.node(name).await {
        Ok(node) => return Ok(node),
        Err(failure) if failure.status() == Some(404) => {}
        Err(failure) => return Err(failure.tell(ctx)),
    }
    let nodes = client.list::<Node>(&By::default()).await.map(|listed| listed.items);
    let nodes = nodes.unwrap_or_default();
    let names = nodes.iter().filter_map(|node| node.metadata.name.as_deref());
    let near = values::near(name, names).join(&ctx.locale.say("usage.separator", &[]));
    let values: [(&str, &dyn std::fmt::Display); 2] = [("node", &name), ("near", &near)];
    Err(UserError(client.named(match near.as_str() {
        "" => ctx.locale.say("k8s.no_node", &values),
        _ => ctx.locale.say("k8s.no_node_near", &values),
    }))
    .into())
}

/// What is to be known of a node; nothing where all is as usual.
fn findings(node: &Node, ctx: &Ctx) -> Vec<String> {
    let conditions = || node.status.conditions.iter().flatten();
    let told = |key: &str, condition: &Condition| {
        let since = condition.last_transition_time.as_ref().map(|at| health::since(at.0, ctx));
        let since = since.map(|since| ctx.locale.say("k8s.for_so_long", &[("since", &since)]));
        let said = [condition.reason.as_deref(), condition.message.as_deref()];
        let said: Vec<String> = said.into_iter().flatten().map(health::quoted).collect();
        let values: [(&str, &dyn std::fmt::Display); 3] = [
            ("kind", &health::quoted(&condition.kind)),
            ("since", &since.unwrap_or_default()),
            ("said", &said.join(" ")),
        ];
        ctx.locale.say(key, &values)
    };
    let mut found = Vec::new();
    match conditions().find(|condition| condition.kind == "Ready") {
        Some(ready) if ready.status == "True" => {}
        // Nobody heard of it for so long.
        Some(ready) if ready.status == "Unknown" => found.push(told("k8s.node_is_lost", ready)),
        Some(ready) => found.push(told("k8s.node_not_ready", ready)),
        None => found.push(ctx.locale.say("k8s.node_never_ready", &[])),
    }
    let others = conditions().filter(|condition| condition.kind != "Ready" && condition.status == "True");
    found.extend(others.map(|condition| {
        let key = match condition.kind.as_str() {
            "MemoryPressure" => "k8s.node_memory",
            "DiskPressure" => "k8s.node_disk",
            "PIDPressure" => "k8s.node_processes",
            "NetworkUnavailable" => "k8s.node_network",
            _ => "k8s.node_condition",
        };
        told(key, condition)
    }));
    if nodes::is_cordoned(node) {
        found.push(ctx.locale.say("k8s.node_cordoned", &[]));
    }
    found
}

fn fields(node: &Node, ctx: &Ctx) -> Vec<(String, Text)> {
    let say = |key: &str| ctx.locale.say(key, &[]);
    let taints = node.spec.taints.iter().flatten().filter(|taint| !taint.key.starts_with(OF_KUBERNETES));
    let taints: Vec<String> = taints.map(tainted).collect();
    let ips = node.status.addresses.iter().flatten().filter(|it| it.kind.ends_with("IP"));
    let ips: Vec<String> = ips.map(|it| health::quoted(&it.address)).collect();
    [
        ("k8s.roles", nodes::roles(node)),
        ("k8s.ip", ips.join(&say("usage.separator"))),
        ("k8s.taints", taints.join(&say("usage.separator"))),
        ("k8s.kubelet", health::quoted(&node.status.node_info.kubelet_version)),
        ("k8s.age", health::age(&node.metadata, ctx)),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(key, value)| (say(key), value.into()))
    .collect()
}

/// As kubectl writes it: `dedicated=gpu:NoSchedule`.
fn tainted(taint: &Taint) -> String {
    let value = taint.value.as_deref().filter(|value| !value.is_empty());
    let value = value.map(|value| format!("={value}")).unwrap_or_default();
    health::quoted(&format!("{}{value}:{}", taint.key, taint.effect))
}
