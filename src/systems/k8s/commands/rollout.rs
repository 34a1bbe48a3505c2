//! Purpose: how a rollout goes, and which revisions there are to go back to.

use serde::{Deserialize, Serialize};

use super::{ONE, Where, describe, undo};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, UserError, row::Canonical},
    reply::{Reply, Text},
    systems::{
        k8s::{
            cause,
            client::{Client, revision_of},
            health,
            target::{self, Kind, Target},
            types::PodSpec,
            workload::{CAUSE, Workload, annotation},
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
        Ok(shown(&workload, &self.workload, &self.at, &client, ctx))
    }
}

/// How far a rollout is, as kubectl judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Done,
    GoesOn,
    Stuck,
    /// Pods are replaced when somebody deletes them.
    ByHand,
}

fn progress(workload: &Workload) -> Progress {
    let counts = workload.counts();
    if workload.is_updated_by_hand() {
        return Progress::ByHand;
    }
    if !workload.is_observed() {
        return Progress::GoesOn;
    }
    if workload.is_late() {
        return Progress::Stuck;
    }
    let updated = counts.wanted - workload.partition();
    let goes_on = match workload.kind {
        Kind::Deployment | Kind::Pod => {
            counts.updated < counts.wanted
                || counts.present > counts.updated
                || counts.available < counts.updated
        }
        Kind::StatefulSet => counts.ready < counts.wanted || counts.updated < updated,
        Kind::DaemonSet => counts.updated < counts.wanted || counts.available < counts.wanted,
    };
    if goes_on { Progress::GoesOn } else { Progress::Done }
}

/// Its pods, counted, in words.
pub(super) fn counted(workload: &Workload, ctx: &Ctx) -> String {
    let counts = workload.counts();
    ctx.locale.say(
        "k8s.counted",
        &[
            ("updated", &counts.updated),
            ("available", &counts.available),
            ("wanted", &counts.wanted),
            ("old", &(counts.present - counts.updated).max(0)),
        ],
    )
}

/// How a rollout goes, with what one may want to do next.
fn shown(workload: &Workload, target: &Target, at: &Where, client: &Client<'_>, ctx: &Ctx) -> Reply {
    let say = |key: &str| ctx.locale.say(key, &[]);
    let progress = progress(workload);
    let state = match progress {
        Progress::Done => say("k8s.rolled_out"),
        Progress::GoesOn => say("k8s.rolls_out"),
        Progress::Stuck => say("k8s.stuck"),
        Progress::ByHand => say("k8s.by_hand"),
    };
    let namespace = at.namespace();
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("target", target), ("namespace", &namespace), ("state", &state)];
    let mut fields: Vec<(String, Text)> = vec![(say("k8s.pods_of_it"), counted(workload, ctx).into())];
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
    match progress {
        Progress::Stuck => reply.action(say("k8s.do_undo"), ctx.line(&undo)),
        _ => reply,
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
            let now = if index == 0 { ctx.locale.say("k8s.is_current", &[]) } else { String::new() };
            let parts =
                [short(&revision.images), revision.age.clone(), revision.cause.clone().unwrap_or_default()];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            Text::default()
                .strong(format!("#{}", revision.number))
                .plain(format!("{now}　{}", parts.join("　")))
        };
        let reply =
            listed(reply, revisions.iter().enumerate().map(line).collect(), client.page().map(str::to_owned));
        let Some(before) = revisions.get(1) else { return Ok(reply) };
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
    /// What holds it: a replica set or a controller revision.
    pub(super) name: String,
    /// Containers with their images; those that only prepare are the last.
    pub(super) images: Vec<(String, String)>,
    pub(super) cause: Option<String>,
    age: String,
}

/// The revisions of a workload, the newest first.
pub(super) async fn revisions(
    namespace: &str,
    workload: &Workload,
    client: &Client<'_>,
    ctx: &Ctx,
) -> Result<Vec<Revision>, CommandError> {
    let tell = |failure: crate::systems::failure::Failure| failure.tell(ctx);
    if workload.kind == Kind::Deployment {
        let sets = client.replica_sets(namespace, workload).await.map_err(tell)?;
        return Ok(sets
            .into_iter()
            .map(|set| Revision {
                number: revision_of(&set),
                images: set.spec.template.spec.images(),
                cause: annotation(&set.metadata, CAUSE).map(cause::told),
                age: health::age(&set.metadata, ctx),
                name: set.metadata.name.unwrap_or_default(),
            })
            .collect());
    }
    let revisions = client.revisions(namespace, workload).await.map_err(tell)?;
    Ok(revisions
        .into_iter()
        .map(|revision| {
            let pods = revision.data.pointer("/spec/template/spec");
            let pods = pods.and_then(|pods| PodSpec::deserialize(pods).ok()).unwrap_or_default();
            Revision {
                number: revision.revision,
                images: pods.images(),
                cause: annotation(&revision.metadata, CAUSE).map(cause::told),
                age: health::age(&revision.metadata, ctx),
                name: revision.metadata.name.unwrap_or_default(),
            }
        })
        .collect())
}

/// Images without where they come from.
fn short(images: &[(String, String)]) -> String {
    let last = |(_, image): &(String, String)| image.rsplit('/').next().unwrap_or_default().to_owned();
    images.iter().map(last).collect::<Vec<_>>().join(" ")
}
