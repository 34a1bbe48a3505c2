//! Purpose: list nodes, those that are not well first.

use serde::Serialize;

use super::{LIST, client, node};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, UserError, arguments, row::Canonical},
    reply::{Reply, Text},
    systems::{
        k8s::{
            client::{By, Listed},
            health, target,
            types::Node,
        },
        listing::listed,
    },
};

/// List nodes, those that are not well first
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Nodes {
    /// Only those whose names begin so
    #[arg(value_parser = target::name)]
    name: Option<String>,
    /// Only those with these labels, such as zone=a
    #[arg(long, short = 'l', value_parser = target::selector)]
    selector: Option<String>,
    /// In which cluster
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

pub(super) const HABITS: Habits = &[
    &[
        ("-o", "k8s.no_output_of_nodes"),
        ("--output", "k8s.no_output_of_nodes"),
        ("-n", "k8s.no_namespace"),
        ("--namespace", "k8s.no_namespace"),
        ("-A", "k8s.no_namespace"),
        ("--all-namespaces", "k8s.no_namespace"),
    ],
    LIST,
];

impl Nodes {
    /// One of them.
    pub(super) fn of(name: &str, on: Option<String>) -> Self {
        Self { name: Some(name.to_owned()), selector: None, on }
    }
}

impl Command for Nodes {
    const PATH: &'static [&'static str] = &["k8s", "get", "nodes"];
    const ALIASES: &'static [&'static str] = &["k8s get no", "k8s get node", "k8s 节点", "集群节点"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["name", "selector", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::NAMED, target::SELECTOR];
    const HABITS: Habits = HABITS;
    const EXAMPLES: &'static [&'static str] = &["k8s get nodes"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.on = ctx.settings.systems.k8s.choose(self.on.as_deref(), ctx.locale)?;
        Ok(())
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let by = By { labels: self.selector.as_deref(), ..By::default() };
        let begin = self.name.as_deref().unwrap_or_default();
        let name = |node: &Node| node.metadata.name.clone().unwrap_or_default();
        let found = client.list_of(&by, |node| name(node).starts_with(begin)).await;
        let Listed { items: mut nodes, more } = found.map_err(|failure| failure.tell(ctx))?;
        nodes.sort_by_key(|node| (is_well(node), name(node)));
        let unwell = nodes.iter().filter(|node| !is_well(node)).count();
        let mut title = ctx.locale.say("k8s.nodes", &[("count", &nodes.len())]);
        if unwell > 0 {
            title.push_str(&ctx.locale.say("k8s.of_which", &[("count", &unwell)]));
        }
        let reply = client.reply(title);
        let reply = match more {
            0 => reply,
            _ => reply.note(ctx.locale.say("k8s.too_many", &[])),
        };
        if nodes.is_empty() && more > 0 {
            return Ok(reply.text(ctx.locale.say("k8s.none_in_part", &[])));
        }
        if nodes.is_empty() {
            return Ok(reply.text(ctx.locale.say("k8s.no_nodes", &[])));
        }
        let line = |node: &Node| {
            let version = health::quoted(&node.status.node_info.kubelet_version);
            let age = health::age(&node.metadata, ctx);
            let roles = roles(node);
            let rest = [words(node, ctx), roles, version, age];
            let rest: Vec<String> = rest.into_iter().filter(|part| !part.is_empty()).collect();
            let line = Text::default().strong(name(node)).plain(format!("　{}", rest.join("　")));
            if is_well(node) {
                return line;
            }
            let shown = node::Describe::of(name(node), self.on.clone());
            line.plain("　").action(ctx.locale.say("k8s.do_describe", &[]), ctx.line(&shown))
        };
        Ok(listed(reply, nodes.iter().map(line).collect(), client.page().map(str::to_owned)))
    }
}

/// Whether pods are kept off a node by hand.
pub(super) fn is_cordoned(node: &Node) -> bool {
    node.spec.unschedulable.unwrap_or_default()
}

/// Whether nothing is wrong with a node. One that pods are kept off by hand is well.
pub(super) fn is_well(node: &Node) -> bool {
    state(node) == ["Ready"]
}

/// How a node is, in Kubernetes' words, and whether pods are kept off it.
pub(super) fn words(node: &Node, ctx: &Ctx) -> String {
    let cordoned = is_cordoned(node).then(|| ctx.locale.say("k8s.is_cordoned", &[]));
    state(node).into_iter().chain(cordoned).collect::<Vec<_>>().join(&ctx.locale.say("usage.separator", &[]))
}

/// Whether a node is ready, and what it lacks.
fn state(node: &Node) -> Vec<String> {
    let conditions = node.status.conditions.iter().flatten();
    let mut words = Vec::new();
    let mut ready = "NotReady";
    for condition in conditions {
        match (condition.kind.as_str(), condition.status.as_str()) {
            ("Ready", "True") => ready = "Ready",
            ("Ready", _) => {}
            (other, "True") => words.push(health::quoted(other)),
            _ => {}
        }
    }
    words.insert(0, ready.to_owned());
    words
}

pub(super) fn roles(node: &Node) -> String {
    let labels = node.metadata.labels.iter().flatten();
    let roles = labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"));
    roles.filter(|role| !role.is_empty()).collect::<Vec<_>>().join(",")
}
