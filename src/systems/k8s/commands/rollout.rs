//! Purpose: how a rollout goes, and which revisions there are to go back to.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ONE, Where, describe, undo};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, UserError, row::Canonical},
    reply::{Reply, Text},
    systems::{
        failure::Failure,
        k8s::{
            cause,
            client::{Client, revision_of},
            differences::differences,
            health,
            target::{self, Kind, Target},
            types::{ControllerRevision, Metadata, PodSpec, ReplicaSet},
            workload::{CAUSE, Progress, Workload, annotation},
        },
        listing::listed,
    },
};

/// How a rollout goes
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Status {
    /// Which workload: web, sts/mysql, ds/agent
    #[arg(value_parser = target::workload, required = true)]
    pub(super) workload: Target,
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) at: Where,
}

/// The revisions of a workload, the newest first
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct History {
    /// Which workload: web, sts/mysql, ds/agent
    #[arg(value_parser = target::workload, required = true)]
    pub(super) workload: Target,
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) at: Where,
}

impl Command for Status {
    const PATH: &'static [&'static str] = &["k8s", "rollout", "status"];
    const ALIASES: &'static [&'static str] = &["k8s 发布进度", "发布进度"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["workload", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::WORKLOAD, target::NAMESPACE];
    const IS_KIND: fn(&str) -> bool = target::is_kind;
    const HABITS: Habits = &[ONE, &[("-w", "k8s.no_follow"), ("--watch", "k8s.no_follow")]];
    const EXAMPLES: &'static [&'static str] = &["k8s rollout status web -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.found(&client, &self.workload, ctx).await?;
        let ready = ready(self.at.namespace(), &workload, &client).await;
        Ok(shown(&workload, ready, &self.workload, &self.at, &client, ctx))
    }
}

/// Its pods, counted, in words; `ready` of them are new ones, where that is known.
pub(super) fn counted(workload: &Workload, ready: Option<i32>, ctx: &Ctx) -> String {
    let counts = workload.counts();
    let ready = ready.map(|ready| ctx.locale.say("k8s.of_them_ready", &[("count", &ready)]));
    let values: [(&str, &dyn std::fmt::Display); 5] = [
        ("updated", &counts.updated),
        ("ready", &ready.unwrap_or_default()),
        ("available", &counts.available),
        ("wanted", &counts.wanted),
        ("old", &counts.old()),
    ];
    ctx.locale.say(if counts.old() > 0 { "k8s.counted_with_old" } else { "k8s.counted" }, &values)
}

/// How many pods of the newest revision are ready: what a deployment counts itself may be old ones. None where that goes
/// without saying, or cannot be read.
async fn ready(namespace: &str, workload: &Workload, client: &Client<'_>) -> Option<i32> {
    if workload.kind != Kind::Deployment || workload.counts().old() == 0 {
        return None;
    }
    let sets = client.replica_sets(namespace, workload).await.ok()?;
    sets.first().map(|newest| newest.status.ready_replicas)
}

/// How a rollout goes, with what one may want to do next.
fn shown(
    workload: &Workload,
    ready: Option<i32>,
    target: &Target,
    at: &Where,
    client: &Client<'_>,
    ctx: &Ctx,
) -> Reply {
    let say = |key: &str| ctx.locale.say(key, &[]);
    let progress = workload.progress();
    let state = match progress {
        Progress::Done => say("k8s.rolled_out"),
        Progress::GoesOn => say("k8s.rolls_out"),
        Progress::Stuck => say("k8s.stuck"),
        Progress::ByHand => say("k8s.by_hand"),
    };
    let namespace = at.namespace();
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("target", target), ("namespace", &namespace), ("state", &state)];
    let mut fields: Vec<(String, Text)> = vec![(say("k8s.pods_of_it"), counted(workload, ready, ctx).into())];
    for container in workload.containers() {
        let image = container.image.clone().unwrap_or_default();
        fields.push((ctx.locale.say("k8s.image_of", &[("container", &container.name)]), image.into()));
    }
    if let Some(revision) = workload.revision() {
        fields.push((say("k8s.revision"), revision.to_string().into()));
    }
    if let Some(cause) = annotation(workload.metadata(), CAUSE) {
        fields.push((say("k8s.cause"), cause::told(cause).into()));
    }
    let reply = client.reply(ctx.locale.say("k8s.rollout", &values)).fields(fields);
    let reply = if workload.is_paused() { reply.note(say("k8s.paused")) } else { reply };
    let status = Status { workload: target.clone(), at: at.clone() };
    let shown = describe::Describe { workload: target.clone(), at: at.clone() };
    let undo = undo::Undo { workload: target.clone(), to_revision: None, at: at.clone() };
    let reply = match progress {
        Progress::Done | Progress::ByHand => reply,
        Progress::GoesOn | Progress::Stuck => reply.action(say("k8s.do_status"), ctx.line(&status)),
    };
    let reply = reply.action(say("k8s.do_describe"), ctx.line(&shown));
    // Old pods are still there to go back to.
    let has_old = progress == Progress::GoesOn && workload.counts().old() > 0;
    match progress == Progress::Stuck || has_old {
        true => reply.action(say("k8s.do_undo"), ctx.line(&undo)),
        false => reply,
    }
}

/// A rollout that somebody has just begun.
pub(super) fn begun(
    title: String,
    workload: &Workload,
    target: &Target,
    at: &Where,
    client: &Client<'_>,
    ctx: &Ctx,
) -> Reply {
    let status = Status { workload: target.clone(), at: at.clone() };
    let reply = client.reply(title);
    let reply = match (workload.is_paused(), workload.is_updated_by_hand()) {
        (true, _) => reply.note(ctx.locale.say("k8s.paused", &[])),
        (false, true) => reply.note(ctx.locale.say("k8s.by_hand", &[])),
        (false, false) => reply,
    };
    reply.action(ctx.locale.say("k8s.do_status", &[]), ctx.line(&status))
}

impl Command for History {
    const PATH: &'static [&'static str] = &["k8s", "rollout", "history"];
    const ALIASES: &'static [&'static str] = &["k8s 发布历史", "发布历史"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["workload", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::WORKLOAD, target::NAMESPACE];
    const IS_KIND: fn(&str) -> bool = target::is_kind;
    const HABITS: Habits = &[ONE, &[("--revision", "k8s.no_revision_option")]];
    const EXAMPLES: &'static [&'static str] = &["k8s rollout history web -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.found(&client, &self.workload, ctx).await?;
        let revisions = revisions(self.at.namespace(), &workload, &client, ctx).await?;
        let namespace = self.at.namespace();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("target", &self.workload), ("namespace", &namespace), ("count", &revisions.len())];
        let reply = client.reply(ctx.locale.say("k8s.history", &values));
        if revisions.is_empty() {
            return Ok(reply.text(ctx.locale.say("k8s.no_history", &[])));
        }
        let line = |(index, revision): (usize, &Revision)| {
            let now = match index {
                0 => ctx.locale.say("k8s.is_current", &[]),
                _ if revision.is_same(&revisions[0]) => ctx.locale.say("k8s.is_as_current", &[]),
                _ => String::new(),
            };
            let parts =
                [short(&revision.images), revision.age.clone(), revision.cause.clone().unwrap_or_default()];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            Text::default()
                .strong(format!("#{}", revision.number))
                .plain(format!("{now}　{}", parts.join("　")))
        };
        let reply =
            listed(reply, revisions.iter().enumerate().map(line).collect(), client.page().map(str::to_owned));
        // A restart alone makes a revision too.
        let Some(before) = revisions.iter().find(|it| !it.is_same(&revisions[0])) else { return Ok(reply) };
        let undo = undo::Undo {
            workload: self.workload.clone(),
            to_revision: Some(before.number),
            at: self.at.clone(),
        };
        let label = ctx.locale.say("k8s.do_undo_to", &[("revision", &before.number)]);
        Ok(reply.action(label, ctx.line(&undo)))
    }
}

/// A revision of a workload.
pub(super) struct Revision {
    pub(super) number: i64,
    /// As its pods are to be, with all that is in it, known here or not.
    pub(super) template: Value,
    /// Containers with their images; those that only prepare are the last.
    pub(super) images: Vec<(String, String)>,
    pub(super) cause: Option<String>,
    age: String,
}

impl Revision {
    fn new(number: i64, metadata: &Metadata, mut template: Value, ctx: &Ctx) -> Self {
        // The replica set's own label is not the deployment's.
        if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
            labels.remove("pod-template-hash");
        }
        let pods = template.get("spec").and_then(|pods| PodSpec::deserialize(pods).ok()).unwrap_or_default();
        Self {
            number,
            images: pods.images(),
            cause: annotation(metadata, CAUSE).map(cause::told),
            age: health::age(metadata, ctx),
            template,
        }
    }

    /// Whether pods of both are the same, but for when they were restarted.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.images == other.images && differences(&self.template, &other.template).is_empty()
    }
}

/// The revisions of a workload, the newest first.
pub(super) async fn revisions(
    namespace: &str,
    workload: &Workload,
    client: &Client<'_>,
    ctx: &Ctx,
) -> Result<Vec<Revision>, CommandError> {
    let tell = |failure: Failure| failure.tell(ctx);
    if workload.kind == Kind::Deployment {
        let sets = client.replica_sets(namespace, workload).await.map_err(tell)?.into_iter();
        let revision =
            |set: ReplicaSet| Revision::new(revision_of(&set), &set.metadata, set.spec.template, ctx);
        return Ok(sets.map(revision).collect());
    }
    let revisions = client.revisions(namespace, workload).await.map_err(tell)?.into_iter();
    let revision = |mut it: ControllerRevision| {
        let template = it.data.pointer_mut("/spec/template").map(Value::take).unwrap_or_default();
        Revision::new(it.revision, &it.metadata, template, ctx)
    };
    Ok(revisions.map(revision).collect())
}

/// Images without where they come from.
fn short(images: &[(String, String)]) -> String {
    let last = |(_, image): &(String, String)| image.rsplit('/').next().unwrap_or_default().to_owned();
    images.iter().map(last).collect::<Vec<_>>().join(" ")
}
