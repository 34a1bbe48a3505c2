//! The commands, and what they have in common: a workload, where it is, and in which cluster.

mod cordon;
mod create;
mod delete;
mod describe;
mod get;
mod hpa;
mod image;
mod left_out;
mod logs;
mod node;
mod nodes;
mod restart;
mod rollout;
mod scale;
mod undo;

use http::HeaderValue;
use serde::Serialize;

pub(super) use self::left_out::LEFT_OUT;
use super::{
    client::{ActsAs, By, Client},
    health,
    target::{self, Kind, Target},
    types::Pod,
    workload::{CAUSE, Workload},
};
use crate::{
    dispatch::{
        CommandError, Ctx, Preview, Row, UserError, arguments, row,
        values::{self},
    },
    systems::failure::Failure,
};

/// The annotation that says who asked for a change: a staff id.
const ASKED_BY: &str = "dingops/asked-by";

/// What kubectl takes of one target, and of lists, with what to say instead.
const ONE: &[(&str, &str)] = &[
    ("-l", "k8s.no_selector"),
    ("--selector", "k8s.no_selector"),
    ("-A", "k8s.one_namespace"),
    ("--all-namespaces", "k8s.one_namespace"),
    ("--context", "k8s.use_on"),
    ("--cluster", "k8s.use_on"),
    ("--record", "k8s.no_record"),
    ("-f", "k8s.no_file"),
    ("--filename", "k8s.no_file"),
];
const LIST: &[(&str, &str)] = &[
    ("-o", "k8s.no_output"),
    ("--output", "k8s.no_output"),
    ("-w", "k8s.no_follow"),
    ("--watch", "k8s.no_follow"),
    ("--sort-by", "k8s.is_sorted"),
    ("--field-selector", "k8s.no_fields"),
    ("--show-labels", "k8s.no_labels"),
    ("--context", "k8s.use_on"),
    ("--cluster", "k8s.use_on"),
];

/// In the order of help.
pub(super) static ROWS: &[Row] = &[
    row::<get::Pods>(),
    row::<get::Deployments>(),
    row::<get::StatefulSets>(),
    row::<get::DaemonSets>(),
    row::<nodes::Nodes>(),
    row::<hpa::Autoscalers>(),
    row::<get::Events>(),
    row::<describe::Describe>(),
    row::<node::Describe>(),
    row::<logs::Logs>(),
    row::<rollout::Status>(),
    row::<rollout::History>(),
    row::<restart::Restart>(),
    row::<undo::Undo>(),
    row::<scale::Scale>(),
    row::<image::SetImage>(),
    row::<create::Create>(),
    row::<delete::Delete>(),
    row::<cordon::Cordon>(),
    row::<cordon::Uncordon>(),
];

/// Where in a cluster, and in which. Its namespace is always said once it is resolved: rules are judged on it.
#[derive(clap::Args, Serialize, Debug, Clone, Default)]
#[serde(rename_all = "kebab-case")]
struct Where {
    /// In which namespace
    #[arg(long, short, value_parser = target::namespace)]
    namespace: Option<String>,
    /// In which cluster
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

impl Where {
    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.on = ctx.settings.systems.k8s.choose(self.on.as_deref(), ctx.locale)?;
        self.namespace = self.namespace.take().or_else(|| namespace_of(&self.on, ctx));
        Ok(())
    }

    fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }

    fn client<'c>(&self, ctx: &'c Ctx) -> Result<Client<'c>, UserError> {
        client(&self.on, ctx)
    }

    /// A workload as it is, or why it cannot be had.
    async fn found(&self, client: &Client<'_>, target: &Target, ctx: &Ctx) -> Result<Workload, CommandError> {
        match client.workload(self.namespace(), target).await {
            Ok(workload) => Ok(workload),
            Err(failure) => Err(self.not_found(client, target, failure, ctx).await),
        }
    }

    /// A workload that is as it was when its change was confirmed.
    async fn unchanged(
        &self,
        client: &Client<'_>,
        target: &Target,
        ctx: &Ctx,
    ) -> Result<Workload, CommandError> {
        let workload = self.found(client, target, ctx).await?;
        if ctx.holds(&workload.witness()) { Ok(workload) } else { Err(changed(target, ctx)) }
    }

    /// What to say where something could not be read: of what is not there, those like it.
    async fn not_found(
        &self,
        client: &Client<'_>,
        target: &Target,
        failure: Failure,
        ctx: &Ctx,
    ) -> CommandError {
        if failure.status() != Some(404) {
            return failure.tell(ctx);
        }
        if client.node(&target.name).await.is_ok() {
            let line = ctx.line(&node::Describe::of(target.name.clone(), self.on.clone()));
            let values: [(&str, &dyn std::fmt::Display); 4] = [
                ("namespace", &self.namespace()),
                ("target", target),
                ("name", &target.name),
                ("line", &line),
            ];
            return UserError(client.named(ctx.locale.say("k8s.is_a_node", &values))).into();
        }
        let by = By { namespace: Some(self.namespace()), ..By::default() };
        let mut beside: Vec<Target> = match target.kind {
            Kind::Pod => Vec::new(),
            kind => match client.workloads(kind, &by, |_| true).await {
                Ok(listed) => listed.items.iter().map(Workload::target).collect(),
                Err(_) => Vec::new(),
            },
        };
        // Somebody may have meant a pod, or another kind of the same name.
        for kind in [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet] {
            if kind != target.kind
                && client.workload(self.namespace(), &Target::new(kind, &target.name)).await.is_ok()
            {
                beside.push(Target::new(kind, &target.name));
            }
        }
        let pods = client.list::<Pod>(&by).await;
        let pods = pods.map(|listed| listed.items).unwrap_or_default();
        let is_meant = |name: &&str| target.kind == Kind::Pod || *name == target.name;
        let pods = pods.iter().filter_map(|pod| pod.metadata.name.as_deref()).filter(is_meant);
        beside.extend(pods.map(|name| Target::new(Kind::Pod, name)));
        let near = values::near(&target.name, beside.iter().map(|target| target.name.as_str()));
        let near: Vec<String> = near
            .iter()
            .filter_map(|name| beside.iter().find(|target| target.name == *name))
            .map(Target::to_string)
            .collect();
        let near = near.join(&ctx.locale.say("usage.separator", &[]));
        let namespace = self.namespace();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("namespace", &namespace), ("target", target), ("near", &near)];
        UserError(client.named(match near.as_str() {
            "" => ctx.locale.say("k8s.no_target", &values),
            _ => ctx.locale.say("k8s.no_target_near", &values),
        }))
        .into()
    }
}

/// The namespace that is meant where none is typed. None in a cluster that is turned off: whoever may use it is told that.
fn namespace_of(on: &Option<String>, ctx: &Ctx) -> Option<String> {
    let k8s = ctx.settings.systems.k8s.usable(on.as_deref());
    k8s.map(|k8s| k8s.namespace.clone())
}

fn client<'c>(on: &Option<String>, ctx: &'c Ctx) -> Result<Client<'c>, UserError> {
    let k8s = ctx.settings.systems.k8s.get(on.as_deref(), ctx.locale)?;
    let acts_as = match k8s.impersonate {
        true => Some(asker(ctx).ok_or_else(|| UserError(ctx.locale.say("k8s.nobody", &[])))?),
        false => None,
    };
    let client = Client::new(k8s, acts_as, ctx);
    ctx.progress.waits_for(client.title());
    Ok(client)
}

/// Whoever asks, as Kubernetes is to know them: `dingtalk:CORP:STAFF_ID`, of the group `dingtalk:CORP`. None without a
/// staff id: a nick says nothing, and the bot's own rights are never taken instead.
fn asker(ctx: &Ctx) -> Option<ActsAs> {
    // A colon would move what stands behind it from one part to the next.
    let is_part = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && c != ':');
    let corp = Some(ctx.corp.as_str()).filter(is_part)?;
    let staff_id = ctx.who.staff().filter(is_part)?;
    Some(ActsAs {
        user: HeaderValue::from_str(&format!("dingtalk:{corp}:{staff_id}")).ok()?,
        group: HeaderValue::from_str(&format!("dingtalk:{corp}")).ok()?,
    })
}

/// Something else than what was confirmed is there now.
fn changed(target: &dyn std::fmt::Display, ctx: &Ctx) -> CommandError {
    UserError(ctx.locale.say("k8s.changed", &[("target", target)])).into()
}

/// What came of a write that failed. A conflict is somebody else's change between looking and writing.
fn not_written(failure: &Failure, target: &dyn std::fmt::Display, look: String, ctx: &Ctx) -> CommandError {
    match failure.status() {
        Some(409) => changed(target, ctx),
        _ => failure.tell_of_write(look, ctx),
    }
}

/// A patch that only fits what was looked at, and says who asked; of a rollout, in its history too.
fn patch(seen: &Workload, spec: serde_json::Value, cause: Option<&str>, ctx: &Ctx) -> serde_json::Value {
    let mut annotations = asked_by(ctx);
    if let (Some(cause), Some(annotations)) = (cause, annotations.as_object_mut()) {
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("cause", &cause), ("signature", &ctx.signature())];
        annotations.insert(CAUSE.to_owned(), ctx.locale.say("k8s.cause_of", &values).into());
    }
    let version = seen.metadata().resource_version.as_deref();
    serde_json::json!({ "metadata": { "resourceVersion": version, "annotations": annotations }, "spec": spec })
}

/// Who asked, as an annotation.
fn asked_by(ctx: &Ctx) -> serde_json::Value {
    serde_json::json!({ ASKED_BY: ctx.who.staff().unwrap_or_default() })
}

/// A preview of these lines.
fn preview(lines: Vec<String>, witness: String) -> Result<Preview, CommandError> {
    Ok(Preview { lines, witness })
}
