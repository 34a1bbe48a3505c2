//! Purpose: list pods, workloads, and what happened: first what is not well.

use serde::Serialize;

use super::{LIST, client, describe, namespace_of};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, UserError, arguments, row::Canonical},
    reply::{Reply, Text},
    systems::{
        k8s::{
            client::{By, Client, Listed},
            health,
            target::{self, Kind, Target},
            types::{Event, Pod},
            workload::{Progress, Workload},
        },
        listing::listed,
    },
};

/// Letters of an event's message that are shown in a list.
const MAX_MESSAGE: usize = 90;

/// List pods, those that are not well first
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Pods {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

/// List deployments
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Deployments {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

/// List stateful sets
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StatefulSets {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

/// List daemon sets
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct DaemonSets {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

/// List what happened lately, warnings first
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Events {
    #[command(flatten)]
    #[serde(flatten)]
    which: Which,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Which {
    /// Only those whose names begin so
    #[arg(value_parser = target::name)]
    name: Option<String>,
    /// In which namespace
    #[arg(long, short, value_parser = target::namespace)]
    namespace: Option<String>,
    /// In all namespaces
    #[arg(long, short = 'A')]
    all_namespaces: bool,
    /// Only those with these labels, such as app=web
    #[arg(long, short = 'l', value_parser = target::selector)]
    selector: Option<String>,
    /// In which cluster
    #[arg(long, value_parser = arguments::text)]
    pub(super) on: Option<String>,
}

pub(super) const ARGUMENTS: &[&str] = &["name", "namespace", "all-namespaces", "selector", "on"];
pub(super) const CANONICAL: &[(&str, Canonical)] = &[target::NAMED, target::NAMESPACE, target::SELECTOR];
pub(super) const HABITS: Habits = &[LIST];
const HABITS_OF_PODS: Habits =
    &[&[("-o", "k8s.no_output_of_pods"), ("--output", "k8s.no_output_of_pods")], LIST];

impl Events {
    /// Of what is called so.
    pub(super) fn of(name: &str, at: &super::Where) -> Self {
        Self { which: Pods::of(name, at).which }
    }
}

impl Pods {
    /// Those whose names begin so.
    pub(super) fn of(name: &str, at: &super::Where) -> Self {
        let (namespace, on) = (at.namespace.clone(), at.on.clone());
        Self {
            which: Which {
                name: Some(name.to_owned()),
                namespace,
                all_namespaces: false,
                selector: None,
                on,
            },
        }
    }
}

impl Command for Pods {
    const PATH: &'static [&'static str] = &["k8s", "get", "pods"];
    const ALIASES: &'static [&'static str] = &["k8s get po", "k8s get pod", "k8s 容器组", "容器组"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const CANONICAL: &'static [(&'static str, Canonical)] = CANONICAL;
    const HABITS: Habits = HABITS_OF_PODS;
    const EXAMPLES: &'static [&'static str] = &["k8s get pods -n prod", "k8s get pods web -l app=web"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let which = &self.which;
        let client = client(&which.on, ctx)?;
        let name = |pod: &Pod| pod.metadata.name.clone().unwrap_or_default();
        let pods = client.list_of(&which.by(), |pod| which.means(&name(pod))).await;
        let mut pods = pods.map_err(|failure| failure.tell(ctx))?;
        pods.items.sort_by_key(|pod| (health::is_well(pod), name(pod)));
        let unwell = pods.items.iter().filter(|pod| !health::is_well(pod)).count();
        let title = which.title("k8s.pods", &pods, ("k8s.of_which", unwell), ctx);
        let line = |pod: &Pod| {
            let (ready, total) = health::readiness(pod);
            let mut text = format!("　{ready}/{total} {}", health::word(pod));
            let restarts = health::restarts(pod);
            if restarts > 0 {
                text.push_str(&ctx.locale.say("k8s.restarts", &[("count", &restarts)]));
            }
            text.push_str(&format!("　{}", health::age(&pod.metadata, ctx)));
            let namespace = pod.metadata.namespace.as_deref();
            let line = which.line(namespace, &name(pod), text);
            match health::is_well(pod) {
                true => line,
                false => which.diagnosed(line, Target::new(Kind::Pod, &name(pod)), namespace, ctx),
            }
        };
        Ok(which.listed(title, &pods, line, &client, ctx))
    }
}

impl Command for Deployments {
    const PATH: &'static [&'static str] = &["k8s", "get", "deploy"];
    const ALIASES: &'static [&'static str] =
        &["k8s get deployment", "k8s get deployments", "k8s 工作负载", "工作负载"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const CANONICAL: &'static [(&'static str, Canonical)] = CANONICAL;
    const HABITS: Habits = HABITS;
    const EXAMPLES: &'static [&'static str] = &["k8s get deploy -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        self.which.workloads(Kind::Deployment, "k8s.deployments", ctx).await
    }
}

impl Command for StatefulSets {
    const PATH: &'static [&'static str] = &["k8s", "get", "sts"];
    const ALIASES: &'static [&'static str] = &["k8s get statefulset", "k8s get statefulsets"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const CANONICAL: &'static [(&'static str, Canonical)] = CANONICAL;
    const HABITS: Habits = HABITS;
    const EXAMPLES: &'static [&'static str] = &["k8s get sts -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        self.which.workloads(Kind::StatefulSet, "k8s.stateful_sets", ctx).await
    }
}

impl Command for DaemonSets {
    const PATH: &'static [&'static str] = &["k8s", "get", "ds"];
    const ALIASES: &'static [&'static str] = &["k8s get daemonset", "k8s get daemonsets"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const CANONICAL: &'static [(&'static str, Canonical)] = CANONICAL;
    const HABITS: Habits = HABITS;
    const EXAMPLES: &'static [&'static str] = &["k8s get ds -n kube-system"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        self.which.workloads(Kind::DaemonSet, "k8s.daemon_sets", ctx).await
    }
}

impl Command for Events {
    const PATH: &'static [&'static str] = &["k8s", "get", "events"];
    const ALIASES: &'static [&'static str] = &["k8s get ev", "k8s get event", "k8s 事件", "集群事件"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const CANONICAL: &'static [(&'static str, Canonical)] = CANONICAL;
    const HABITS: Habits = HABITS;
    const EXAMPLES: &'static [&'static str] = &["k8s get events -n prod", "k8s get events web"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.which.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let which = &self.which;
        let client = client(&which.on, ctx)?;
        let name = |event: &Event| event.involved_object.name.clone().unwrap_or_default();
        let events = client.events(&which.by(), |name| which.means(name)).await;
        let mut events = events.map_err(|failure| failure.tell(ctx))?;
        let is_warning = |event: &Event| event.kind.as_deref() == Some("Warning");
        // They are the newest first, and stay so.
        events.items.sort_by_key(|event| !is_warning(event));
        let warnings = events.items.iter().filter(|event| is_warning(event)).count();
        let title = which.title("k8s.events", &events, ("k8s.warnings", warnings), ctx);
        let line = |event: &Event| {
            let at = health::happened(event).map(|at| ctx.local(at)).unwrap_or_default();
            // Whoever may write events may put any text into each of these.
            let kind =
                health::quoted(event.involved_object.kind.as_deref().unwrap_or_default()).to_lowercase();
            let reason = health::quoted(event.reason.as_deref().unwrap_or_default());
            let name = health::quoted(&name(event));
            let times = match health::times(event) {
                ..2 => String::new(),
                times => format!(" ×{times}"),
            };
            let message = health::quoted(event.message.as_deref().unwrap_or_default());
            let message = crate::text::cut(&message, MAX_MESSAGE);
            let namespace = event.involved_object.namespace.as_deref();
            let line = which.line(namespace, &format!("{kind}/{name}"), String::new());
            Text::default().plain(format!("{at} {reason}{times} ")).join(line).plain(format!("：{message}"))
        };
        Ok(which.listed(title, &events, line, &client, ctx))
    }
}

impl Which {
    pub(super) fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.on = ctx.settings.systems.k8s.choose(self.on.as_deref(), ctx.locale)?;
        let namespace = self.namespace.take().or_else(|| namespace_of(&self.on, ctx));
        self.namespace = namespace.filter(|_| !self.all_namespaces);
        Ok(())
    }

    pub(super) fn by(&self) -> By<'_> {
        By { namespace: self.namespace.as_deref(), labels: self.selector.as_deref(), fields: None }
    }

    /// Where one of the listed is.
    fn at(&self, namespace: Option<&str>) -> super::Where {
        super::Where { namespace: namespace.map(str::to_owned), on: self.on.clone() }
    }

    /// Whether a name begins as asked for.
    pub(super) fn means(&self, name: &str) -> bool {
        name.starts_with(self.name.as_deref().unwrap_or_default())
    }

    /// A title with how many there are, and how many of them are so, which `kind` says.
    pub(super) fn title<T>(
        &self,
        key: &str,
        listed: &Listed<T>,
        (kind, some): (&str, usize),
        ctx: &Ctx,
    ) -> String {
        let all = || ctx.locale.say("k8s.all_namespaces", &[]);
        let mut place = self.namespace.clone().unwrap_or_else(all);
        if let Some(begin) = &self.name {
            place.push_str(&format!("/{begin}*"));
        }
        if let Some(selector) = &self.selector {
            place.push_str(&format!(" {selector}"));
        }
        let count = listed.items.len();
        let title = ctx.locale.say(key, &[("place", &place), ("count", &count)]);
        match some {
            0 => title,
            _ => format!("{title}{}", ctx.locale.say(kind, &[("count", &some)])),
        }
    }

    pub(super) fn line(&self, namespace: Option<&str>, name: &str, rest: String) -> Text {
        match namespace.filter(|_| self.namespace.is_none()) {
            Some(namespace) => Text::default().plain(format!("{namespace}/")).strong(name).plain(rest),
            None => Text::default().strong(name).plain(rest),
        }
    }

    /// The line of one that is not well, with what tells why.
    fn diagnosed(&self, line: Text, target: Target, namespace: Option<&str>, ctx: &Ctx) -> Text {
        let shown = describe::Describe { workload: target, at: self.at(namespace) };
        line.plain("　").action(ctx.locale.say("k8s.do_describe", &[]), ctx.line(&shown))
    }

    pub(super) fn listed<T>(
        &self,
        title: String,
        found: &Listed<T>,
        line: impl Fn(&T) -> Text,
        client: &Client<'_>,
        ctx: &Ctx,
    ) -> Reply {
        let reply = client.reply(title);
        let reply = match found.more {
            0 => reply,
            _ => reply.note(ctx.locale.say("k8s.too_many", &[])),
        };
        if found.items.is_empty() {
            return reply.text(match &self.namespace {
                // What was not looked at may hold some.
                _ if found.more > 0 => ctx.locale.say("k8s.none_in_part", &[]),
                Some(namespace) => ctx.locale.say("k8s.nothing", &[("namespace", namespace)]),
                None => ctx.locale.say("k8s.nothing_anywhere", &[]),
            });
        }
        listed(reply, found.items.iter().map(line).collect(), client.page().map(str::to_owned))
    }

    async fn workloads(&self, kind: Kind, key: &str, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let name = |workload: &Workload| workload.metadata().name.clone().unwrap_or_default();
        let found = client.workloads(kind, &self.by(), |name| self.means(name)).await;
        let mut found = found.map_err(|failure| failure.tell(ctx))?;
        let lacks = |workload: &Workload| workload.counts().ready < workload.counts().wanted;
        found.items.sort_by_key(|workload| (workload.is_well(), !lacks(workload), name(workload)));
        let unwell = found.items.iter().filter(|workload| !workload.is_well()).count();
        let title = self.title(key, &found, ("k8s.not_done", unwell), ctx);
        let line = |workload: &Workload| {
            let counts = workload.counts();
            let mut text = format!("　{}/{}", counts.ready, counts.wanted);
            match workload.progress() {
                Progress::Stuck => text.push_str(&ctx.locale.say("k8s.is_stuck", &[])),
                // Fewer that are ready say it themselves.
                Progress::GoesOn if counts.ready >= counts.wanted => {
                    text.push_str(&ctx.locale.say("k8s.is_rolling_out", &[]));
                }
                _ => {}
            }
            if counts.updated < counts.wanted {
                text.push_str(&ctx.locale.say("k8s.updated", &[("count", &counts.updated)]));
            }
            // Those that are ready may be these.
            if counts.old() > 0 {
                text.push_str(&ctx.locale.say("k8s.old", &[("count", &counts.old())]));
            }
            let images = workload.images();
            let images: Vec<&str> = images.iter().filter_map(|image| image.rsplit('/').next()).collect();
            text.push_str(&format!("　{}　{}", images.join(" "), health::age(workload.metadata(), ctx)));
            let namespace = workload.metadata().namespace.as_deref();
            let line = self.line(namespace, &name(workload), text);
            match workload.is_well() {
                true => line,
                false => self.diagnosed(line, workload.target(), namespace, ctx),
            }
        };
        Ok(self.listed(title, &found, line, &client, ctx))
    }
}
