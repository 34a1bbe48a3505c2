//! Purpose: what is wrong with a workload or a pod, in words.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ONE, Where, get, logs, restart, rollout, undo};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, UserError, row::Canonical},
    reply::{Reply, Text},
    systems::k8s::{
        cause,
        client::{By, Client},
        health,
        target::{self, Kind, Target},
        types::{Event, Pod},
        workload::{Workload, annotation},
    },
};

/// Different things that are wrong, shown in one reply.
const MAX_FINDINGS: usize = 8;

/// What is wrong with a workload or a pod
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Describe {
    /// Which workload, or pod/NAME
    #[arg(value_parser = target::any, required = true)]
    pub(super) workload: Target,
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) at: Where,
}

impl Command for Describe {
    const PATH: &'static [&'static str] = &["k8s", "describe"];
    const ALIASES: &'static [&'static str] = &["k8s 诊断", "诊断"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["workload", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::ANY, target::NAMESPACE];
    const IS_KIND: fn(&str) -> bool = target::is_any_kind;
    const HABITS: Habits = &[ONE];
    const EXAMPLES: &'static [&'static str] = &["k8s describe web -n prod", "k8s describe sts/mysql"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        match self.workload.kind {
            Kind::Pod => self.pod(&client, ctx).await,
            _ => self.of_workload(&client, ctx).await,
        }
    }
}

impl Describe {
    async fn pod(&self, client: &Client<'_>, ctx: &Ctx) -> Result<Reply, CommandError> {
        let namespace = self.at.namespace();
        let pod = match client.pod(namespace, &self.workload.name).await {
            Ok(pod) => pod,
            Err(failure) => return Err(self.at.not_found(client, &self.workload, failure, ctx).await),
        };
        let by = By {
            namespace: Some(namespace),
            fields: Some(format!("involvedObject.name={}", self.workload.name)),
            labels: None,
        };
        let (events, unknown) = self.events(client, &by).await;
        let found = health::findings(&pod, &events.iter().collect::<Vec<_>>(), ctx);
        let (ready, total) = health::readiness(&pod);
        let state = format!("{ready}/{total} {}", health::word(&pod));
        let reply = self.titled(&state, found.is_empty(), client, ctx);
        let reply = reply.list(found).fields(fields_of_pod(&pod, ctx));
        let reply = if unknown { reply.note(ctx.locale.say("k8s.no_events", &[])) } else { reply };
        let log = log(Some(&pod), self.workload.clone(), &self.at);
        let reply = match health::has_log(&pod) {
            true => reply.action(ctx.locale.say("k8s.do_logs", &[]), ctx.line(&log)),
            false => {
                reply.action(ctx.locale.say("k8s.do_events", &[]), ctx.line(&self.its_events(&self.workload)))
            }
        };
        Ok(reply)
    }

    async fn of_workload(&self, client: &Client<'_>, ctx: &Ctx) -> Result<Reply, CommandError> {
        let namespace = self.at.namespace();
        let workload = self.at.found(client, &self.workload, ctx).await?;
        let mut pods = client.pods_of(namespace, &workload).await.map_err(|failure| failure.tell(ctx))?;
        pods.retain(|pod| !health::is_past(pod));
        let by = By { namespace: Some(namespace), ..By::default() };
        let (events, unknown) = self.events(client, &by).await;
        let of = |kind: &str, name: &str| {
            let is_of = |event: &&Event| {
                event.involved_object.kind.as_deref() == Some(kind)
                    && event.involved_object.name.as_deref() == Some(name)
            };
            events.iter().filter(is_of).collect::<Vec<_>>()
        };
        let own = of(self.workload.kind.name(), &self.workload.name);
        let mut found = health::findings_of_workload(&workload, &own, ctx);
        // What is wrong with many in the same way is said once.
        let mut same: BTreeMap<String, Vec<&Pod>> = BTreeMap::new();
        let mut unwell: Vec<&Pod> = Vec::new();
        for pod in &pods {
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            let findings = health::findings(pod, &of("Pod", name), ctx);
            if !findings.is_empty() {
                unwell.push(pod);
            }
            for finding in findings {
                same.entry(finding).or_default().push(pod);
            }
        }
        let mut same: Vec<(String, Vec<&Pod>)> = same.into_iter().collect();
        same.sort_by_key(|(_, pods)| std::cmp::Reverse(pods.len()));
        for (finding, pods) in &same {
            let name = pods.first().and_then(|pod| pod.metadata.name.as_deref()).unwrap_or_default();
            let values: [(&str, &dyn std::fmt::Display); 3] =
                [("pod", &name), ("finding", finding), ("count", &pods.len())];
            found.push(match pods.len() {
                1 => ctx.locale.say("k8s.one_pod", &values),
                _ => ctx.locale.say("k8s.many_pods", &values),
            });
        }
        let counts = workload.counts();
        if found.is_empty() && counts.available < counts.wanted {
            found.push(ctx.locale.say("k8s.not_available_yet", &[]));
        }
        let state = ctx.locale.say("k8s.ready_of", &[("ready", &counts.ready), ("wanted", &counts.wanted)]);
        let more = found.len().saturating_sub(MAX_FINDINGS);
        found.truncate(MAX_FINDINGS);
        let reply = self.titled(&state, found.is_empty(), client, ctx).list(found);
        let reply = match more {
            0 => reply,
            _ => reply.note(ctx.locale.say("k8s.more_findings", &[("count", &more)])),
        };
        let reply = reply.fields(fields(&workload, ctx));
        let reply = if unknown { reply.note(ctx.locale.say("k8s.no_events", &[])) } else { reply };
        let first = unwell.first().and_then(|pod| pod.metadata.name.as_deref());
        let target = first.map_or(self.workload.clone(), |pod| Target::new(Kind::Pod, pod));
        let of_pod = |pod: &Pod| Target::new(Kind::Pod, pod.metadata.name.as_deref().unwrap_or_default());
        // Beside one that never ran, another may tell something.
        let logged = unwell.iter().copied().chain(&pods).find(|pod| health::has_log(pod));
        let log = logged.map(|pod| match unwell.is_empty() {
            true => log(None, self.workload.clone(), &self.at),
            false => log(Some(pod), of_pod(pod), &self.at),
        });
        let history = rollout::History { workload: self.workload.clone(), at: self.at.clone() };
        let restart = restart::Restart { workload: self.workload.clone(), at: self.at.clone() };
        // What the newest revision broke, the one before it mends.
        let is_newest = |pod: &&&Pod| {
            let images = pod.spec.containers.iter().filter_map(|container| container.image.as_deref());
            images.eq(workload.images())
        };
        let broke = unwell
            .iter()
            .find(is_newest)
            .is_some_and(|pod| health::has_log(pod) || health::has_no_image(pod));
        let reply = match workload.revision() {
            Some(2..) if broke => {
                let undo =
                    undo::Undo { workload: self.workload.clone(), to_revision: None, at: self.at.clone() };
                reply.action(ctx.locale.say("k8s.do_undo", &[]), ctx.line(&undo))
            }
            _ => reply,
        };
        let reply = match unwell.first() {
            Some(pod) if health::has_no_image(pod) => {
                let on = self.at.on.as_ref().map(|on| format!(" --on {on}")).unwrap_or_default();
                let values: [(&str, &dyn std::fmt::Display); 3] =
                    [("target", &self.workload), ("namespace", &namespace), ("on", &on)];
                reply.note(ctx.locale.say("k8s.hint_image", &values))
            }
            _ => reply,
        };
        let has_log = unwell.first().map_or(!pods.is_empty(), |pod| health::has_log(pod));
        let reply = match has_log {
            true => reply,
            false => reply.action(ctx.locale.say("k8s.do_events", &[]), ctx.line(&self.its_events(&target))),
        };
        let reply = match log {
            Some(log) => reply.action(ctx.locale.say("k8s.do_logs", &[]), ctx.line(&log)),
            None => reply,
        };
        let reply = reply.action(ctx.locale.say("k8s.do_history", &[]), ctx.line(&history));
        let reply = match unwell.is_empty() || !has_log {
            true => reply,
            false => reply.action(ctx.locale.say("k8s.do_restart", &[]), ctx.line(&restart)),
        };
        Ok(reply)
    }

    /// What happened lately, and whether that could not be read: the rest can be said without.
    async fn events(&self, client: &Client<'_>, by: &By<'_>) -> (Vec<Event>, bool) {
        match client.events(by, |name| name.starts_with(&self.workload.name)).await {
            Ok(listed) => (listed.items, false),
            Err(failure) => {
                tracing::warn!(?failure, "no events");
                (Vec::new(), true)
            }
        }
    }

    fn its_events(&self, target: &Target) -> get::Events {
        get::Events::of(&target.name, &self.at)
    }

    fn titled(&self, state: &str, is_well: bool, client: &Client<'_>, ctx: &Ctx) -> Reply {
        let namespace = self.at.namespace();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("target", &self.workload), ("namespace", &namespace), ("state", &state)];
        client.reply(match is_well {
            true => ctx.locale.say("k8s.is_well", &values),
            false => ctx.locale.say("k8s.is_unwell", &values),
        })
    }
}

/// The log that tells most: of what crashes, that of the container before.
fn log(pod: Option<&Pod>, target: Target, at: &Where) -> logs::Logs {
    match pod.is_some_and(|pod| health::word(pod) == "CrashLoopBackOff") {
        true => logs::Logs::before(target, at.clone()),
        false => logs::Logs::of(target, at.clone()),
    }
}

fn fields(workload: &Workload, ctx: &Ctx) -> Vec<(String, Text)> {
    let say = |key: &str| ctx.locale.say(key, &[]);
    let mut fields: Vec<(String, Text)> = Vec::new();
    let counts = workload.counts();
    if counts.updated < counts.wanted || counts.old() > 0 {
        fields.push((say("k8s.pods_of_it"), rollout::counted(workload, None, ctx).into()));
    }
    for container in workload.containers() {
        let image = container.image.clone().unwrap_or_default();
        fields.push((ctx.locale.say("k8s.image_of", &[("container", &container.name)]), image.into()));
    }
    if let Some(revision) = workload.revision() {
        fields.push((say("k8s.revision"), revision.to_string().into()));
    }
    if let Some(cause) = annotation(workload.metadata(), super::CAUSE) {
        fields.push((say("k8s.cause"), cause::told(cause).into()));
    }
    fields.push((say("k8s.age"), health::age(workload.metadata(), ctx).into()));
    fields
}

fn fields_of_pod(pod: &Pod, ctx: &Ctx) -> Vec<(String, Text)> {
    let say = |key: &str| ctx.locale.say(key, &[]);
    let mut fields: Vec<(String, Text)> = Vec::new();
    for container in &pod.spec.containers {
        let image = container.image.clone().unwrap_or_default();
        fields.push((ctx.locale.say("k8s.image_of", &[("container", &container.name)]), image.into()));
    }
    if let Some(node) = pod.spec.node_name.clone() {
        fields.push((say("k8s.node"), node.into()));
    }
    if let Some(ip) = &pod.status.pod_ip {
        fields.push((say("k8s.ip"), health::quoted(ip).into()));
    }
    let restarts = health::restarts(pod);
    if restarts > 0 {
        fields.push((say("k8s.restart_count"), restarts.to_string().into()));
    }
    fields.push((say("k8s.age"), health::age(&pod.metadata, ctx).into()));
    fields
}
