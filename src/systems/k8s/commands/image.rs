//! Purpose: have a workload run other images.

use serde::Serialize;
use serde_json::{Value, json};

use super::{ONE, Where, not_written, patch, preview, rollout, undo};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Habits, Preview, UserError,
        arguments::InvalidValue,
        row::Canonical,
        values::{self, KeyValue},
    },
    reply::Reply,
    systems::k8s::{
        images::Image,
        target::{self, Target},
        workload::Workload,
    },
};

/// Letters of an image at most; a registry's name, a path, a tag and a digest.
const MAX: usize = 400;

/// Have a workload run other images
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SetImage {
    /// Which workload: web, sts/mysql, ds/agent
    #[arg(value_parser = target::workload, required = true)]
    workload: Target,
    /// CONTAINER=IMAGE, such as app=registry.example.com/web:1.4.2
    #[arg(value_parser = pair, required = true)]
    #[serde(serialize_with = "values::object")]
    image: Vec<KeyValue>,
    #[command(flatten)]
    #[serde(flatten)]
    at: Where,
}

/// The value parser of an image.
///
/// # Errors
/// For what can be none.
pub(super) fn image(typed: &str) -> Result<String, InvalidValue> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@');
    let is_image = typed.starts_with(|c: char| c.is_ascii_alphanumeric())
        && typed.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && typed.chars().all(inside)
        && typed.len() <= MAX
        && Image::of(typed).is_some()
        && !typed.contains("..")
        && !typed.contains("//");
    if is_image { Ok(typed.to_owned()) } else { Err(InvalidValue::new("k8s.image")) }
}

fn pair(typed: &str) -> Result<KeyValue, InvalidValue> {
    if !typed.contains(['=', '＝']) {
        return Err(InvalidValue::new("k8s.image_pair"));
    }
    let pair = values::pair(typed)?;
    target::container(&pair.key).map_err(|error| error.at(0..pair.key.len()))?;
    let from = typed.len() - pair.value.len();
    image(&pair.value).map_err(|error| error.at(from..typed.len()))?;
    Ok(pair)
}

/// Whether an image may be put into a cluster.
///
/// # Errors
/// When it may not, or nobody said which may.
pub(super) fn allowed(on: &Option<String>, image: &str, ctx: &Ctx) -> Result<(), UserError> {
    // Whoever may use one that is turned off is told that instead.
    let Some(k8s) = ctx.settings.systems.k8s.usable(on.as_deref()) else { return Ok(()) };
    match k8s.allows(image) {
        Some(true) => Ok(()),
        Some(false) => {
            let patterns = k8s.images.join(&ctx.locale.say("usage.separator", &[]));
            let values: [(&str, &dyn std::fmt::Display); 2] = [("image", &image), ("patterns", &patterns)];
            Err(UserError(ctx.locale.say("k8s.image_not_allowed", &values)))
        }
        None => Err(UserError(ctx.locale.say("k8s.no_images_allowed", &[]))),
    }
}

impl Command for SetImage {
    const PATH: &'static [&'static str] = &["k8s", "set", "image"];
    const ALIASES: &'static [&'static str] = &["k8s 换镜像", "换镜像"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["workload", "image", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::WORKLOAD, target::NAMESPACE];
    const IS_KIND: fn(&str) -> bool = target::is_kind;
    const HABITS: Habits = &[ONE];
    const EXAMPLES: &'static [&'static str] =
        &["k8s set image web app=registry.example.com/web:1.4.2 -n prod"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)?;
        self.image.iter().try_for_each(|pair| allowed(&self.at.on, &pair.value, ctx))
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.found(&client, &self.workload, ctx).await?;
        let namespace = self.at.namespace();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("system", &client.title()), ("target", &self.workload), ("namespace", &namespace)];
        let mut lines = vec![ctx.locale.say("k8s.will_set_image", &values)];
        for change in self.changes(&workload, ctx)? {
            lines.push(ctx.locale.say(
                "k8s.image_becomes",
                &[("container", &change.container), ("old", &change.old), ("new", &change.new)],
            ));
        }
        if workload.is_paused() {
            lines.push(ctx.locale.say("k8s.paused", &[]));
        }
        if workload.is_updated_by_hand() {
            lines.push(ctx.locale.say("k8s.by_hand", &[]));
        }
        preview(lines, workload.witness())
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.unchanged(&client, &self.workload, ctx).await?;
        let changes = self.changes(&workload, ctx)?;
        let mut pods = serde_json::Map::new();
        for (list, prepares) in [("containers", false), ("initContainers", true)] {
            let of = changes.iter().filter(|change| change.prepares == prepares);
            let of: Vec<Value> =
                of.map(|change| json!({ "name": change.container, "image": change.new })).collect();
            if !of.is_empty() {
                pods.insert(list.to_owned(), of.into());
            }
        }
        let cause: Vec<String> =
            changes.iter().map(|change| format!("{}={}", change.container, change.new)).collect();
        let cause = format!("set image {}", cause.join(" "));
        let patch = patch(&workload, json!({ "template": { "spec": pods } }), Some(&cause), ctx);
        let look = rollout::Status { workload: self.workload.clone(), at: self.at.clone() };
        let patched = client.patch(self.at.namespace(), &self.workload, patch).await;
        let patched =
            patched.map_err(|failure| not_written(&failure, &self.workload, ctx.line(&look), ctx))?;
        let title = ctx.locale.say("k8s.image_set", &[("target", &self.workload)]);
        let reply = rollout::begun(title, &patched, &self.workload, &self.at, &client, ctx);
        let undo = undo::Undo { workload: self.workload, to_revision: None, at: self.at };
        Ok(reply.action(ctx.locale.say("k8s.do_undo", &[]), ctx.line(&undo)))
    }
}

/// One container's new image.
struct Change {
    container: String,
    /// Whether it only prepares for the others.
    prepares: bool,
    old: String,
    new: String,
}

impl SetImage {
    fn changes(&self, workload: &Workload, ctx: &Ctx) -> Result<Vec<Change>, UserError> {
        let preparing = workload.init_containers();
        let own = workload.containers().iter().map(|container| (container, false));
        let all: Vec<_> = own.chain(preparing.iter().map(|container| (container, true))).collect();
        let names: Vec<&str> = all.iter().map(|(container, _)| container.name.as_str()).collect();
        let names = names.join(&ctx.locale.say("usage.separator", &[]));
        let change = |KeyValue { key, value }: &KeyValue| {
            let found = all.iter().find(|(container, _)| container.name == *key);
            let Some((container, prepares)) = found else {
                let values: [(&str, &dyn std::fmt::Display); 2] = [("container", key), ("names", &names)];
                return Err(UserError(ctx.locale.say("k8s.no_container", &values)));
            };
            let old = container.image.clone().unwrap_or_default();
            Ok(Change { container: key.clone(), prepares: *prepares, old, new: value.clone() })
        };
        let changes: Vec<Change> = self.image.iter().map(change).collect::<Result<_, _>>()?;
        match changes.iter().all(|change| change.old == change.new) {
            true => Err(UserError(ctx.locale.say("k8s.image_is_so", &[("target", &self.workload)]))),
            false => Ok(changes),
        }
    }
}
