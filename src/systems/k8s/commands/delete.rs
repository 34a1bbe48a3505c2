//! Purpose: delete a pod, so that a new one takes its place.

use serde::Serialize;

use super::{Where, changed, get, health, not_written, preview};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Habits, Preview, UserError, row::Canonical},
    reply::Reply,
    systems::k8s::{
        client::Client,
        target::{self, Target},
        types::{Owner, Pod},
    },
};

/// Delete a pod, so that a new one takes its place
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Delete {
    /// Which pod
    #[arg(value_parser = target::pod, required = true)]
    #[serde(serialize_with = "target::by_name")]
    pod: Target,
    #[command(flatten)]
    #[serde(flatten)]
    at: Where,
}

impl Command for Delete {
    const PATH: &'static [&'static str] = &["k8s", "delete", "pod"];
    const ALIASES: &'static [&'static str] =
        &["k8s delete po", "k8s delete pods", "k8s 删除容器组", "删除容器组"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["pod", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::POD, target::NAMESPACE];
    const HABITS: Habits = &[&[("--force", "k8s.no_force"), ("--grace-period", "k8s.no_force")]];
    const EXAMPLES: &'static [&'static str] = &["k8s delete pod web-7d4b9c6f5d-x2x4z -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = self.at.client(ctx)?;
        let pod = self.found(&client, ctx).await?;
        let namespace = self.at.namespace();
        let (ready, total) = health::readiness(&pod);
        let state = format!("{ready}/{total} {}", health::word(&pod));
        let values: [(&str, &dyn std::fmt::Display); 4] = [
            ("system", &client.title()),
            ("pod", &self.pod.name),
            ("namespace", &namespace),
            ("state", &state),
        ];
        let owner = owner(&pod).map(|owner| health::quoted(&format!("{}/{}", owner.kind, owner.name)));
        let after = match owner {
            Some(owner) => ctx.locale.say("k8s.is_replaced", &[("owner", &owner)]),
            None => ctx.locale.say("k8s.is_not_replaced", &[]),
        };
        preview(vec![ctx.locale.say("k8s.will_delete", &values), after], witness(&pod))
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        let pod = self.found(&client, ctx).await?;
        if !ctx.holds(&witness(&pod)) {
            return Err(changed(&self.pod, ctx));
        }
        let look = ctx.line(&get::Pods::of(&self.pod.name, &self.at));
        if let Err(failure) = client.delete_pod(self.at.namespace(), &pod.metadata).await {
            return Err(not_written(&failure, &self.pod, look, ctx));
        }
        let reply = client.reply(ctx.locale.say("k8s.deleted", &[("pod", &self.pod.name)]));
        // Its successor has a name that begins as its owner's.
        let begin = owner(&pod).map_or(self.pod.name.as_str(), |owner| owner.name.as_str());
        let beside = ctx.line(&get::Pods::of(begin, &self.at));
        Ok(reply.action(ctx.locale.say("k8s.do_pods", &[]), beside))
    }
}

/// What the deletion is said of.
fn witness(pod: &Pod) -> String {
    pod.metadata.uid.clone().unwrap_or_default()
}

fn owner(pod: &Pod) -> Option<&Owner> {
    pod.metadata.owner_references.as_ref()?.iter().find(|owner| owner.controller == Some(true))
}

impl Delete {
    /// The pod, unless it goes already.
    async fn found(&self, client: &Client<'_>, ctx: &Ctx) -> Result<Pod, CommandError> {
        let pod = match client.pod(self.at.namespace(), &self.pod.name).await {
            Ok(pod) => pod,
            Err(failure) => return Err(self.at.not_found(client, &self.pod, failure, ctx).await),
        };
        match pod.metadata.deletion_timestamp {
            Some(_) => Err(UserError(ctx.locale.say("k8s.goes_already", &[("pod", &self.pod.name)])).into()),
            None => Ok(pod),
        }
    }
}
