//! Purpose: go back to an earlier revision of a workload.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    ONE, Where, not_written, patch, preview,
    rollout::{self, Revision},
};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Habits, Preview, UserError,
        row::Canonical,
        values::{self},
    },
    reply::Reply,
    systems::{
        failure::Failure,
        k8s::{
            client::Client,
            differences::differences,
            health,
            target::{self, Target},
            workload::Workload,
        },
    },
};

/// Places beside images in which revisions differ, shown in one preview.
const MAX_PLACES: usize = 12;

/// Go back to an earlier revision of a workload
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Undo {
    /// Which workload: web, sts/mysql, ds/agent
    #[arg(value_parser = target::workload, required = true)]
    pub(super) workload: Target,
    /// To which revision; to the one before where it is left out
    #[arg(long, value_parser = values::number(1..=1_000_000_000))]
    pub(super) to_revision: Option<i64>,
    #[command(flatten)]
    #[serde(flatten)]
    pub(super) at: Where,
}

impl Command for Undo {
    const PATH: &'static [&'static str] = &["k8s", "rollout", "undo"];
    const ALIASES: &'static [&'static str] = &["k8s rollback", "k8s 回滚", "回滚", "回退"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["workload", "to-revision", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::WORKLOAD, target::NAMESPACE];
    const IS_KIND: fn(&str) -> bool = target::is_kind;
    const HABITS: Habits = &[ONE];
    const EXAMPLES: &'static [&'static str] =
        &["k8s rollout undo web -n prod", "k8s rollout undo web --to-revision 3"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.found(&client, &self.workload, ctx).await?;
        let Chosen { now, then, other } = self.chosen(&workload, &client, ctx).await?;
        let namespace = self.at.namespace();
        let current = client.template_now(namespace, &self.workload).await;
        let current = current.map_err(|failure| failure.tell(ctx))?;
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("system", &client.title()),
            ("target", &self.workload),
            ("namespace", &namespace),
            ("now", &now.number),
            ("then", &then.number),
        ];
        let mut lines = vec![ctx.locale.say("k8s.will_undo", &values)];
        for (container, image) in &then.images {
            let current =
                now.images.iter().find(|(name, _)| name == container).map(|(_, image)| image.as_str());
            lines.push(match current {
                Some(current) if current == image => {
                    ctx.locale.say("k8s.image_stays", &[("container", container), ("image", image)])
                }
                current => ctx.locale.say(
                    "k8s.image_becomes",
                    &[("container", container), ("old", &current.unwrap_or("-")), ("new", image)],
                ),
            });
        }
        let places = differences(&current, &then.template);
        if places.is_empty() && now.images == then.images {
            lines.push(self.only_restarts(&then, other, ctx));
        }
        lines.extend(others(&places, ctx));
        if let Some(cause) = &then.cause {
            lines.push(ctx.locale.say("k8s.cause_then", &[("cause", cause)]));
        }
        // Where nobody said which images may be used, none is worse than another.
        let k8s = ctx.settings.systems.k8s.get(self.at.on.as_deref(), ctx.locale)?;
        for (_, image) in then.images.iter().filter(|(_, image)| k8s.allows(image) == Some(false)) {
            if let Err(UserError(why)) = super::image::allowed(&self.at.on, image, ctx) {
                lines.push(ctx.locale.say("k8s.warned", &[("why", &why)]));
            }
        }
        preview(lines, witness(&workload, &then))
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        let workload = self.at.found(&client, &self.workload, ctx).await?;
        let Chosen { mut then, .. } = self.chosen(&workload, &client, ctx).await?;
        if !ctx.holds(&witness(&workload, &then)) {
            return Err(super::changed(&self.workload, ctx));
        }
        // What the old one has not, the new one is to lose.
        if let Some(template) = then.template.as_object_mut() {
            template.insert("$patch".to_owned(), Value::from("replace"));
        }
        let cause = format!("rollback to revision {}", then.number);
        let patch = patch(&workload, json!({ "template": then.template }), Some(&cause), ctx);
        let look = rollout::Status { workload: self.workload.clone(), at: self.at.clone() };
        let patched = client.patch(self.at.namespace(), &self.workload, patch).await;
        let patched =
            patched.map_err(|failure| not_written(&failure, &self.workload, ctx.line(&look), ctx))?;
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("target", &self.workload), ("revision", &then.number)];
        let title = ctx.locale.say("k8s.undone", &values);
        Ok(rollout::begun(title, &patched, &self.workload, &self.at, &client, ctx))
    }
}

/// Where else than in images its pods become others.
fn others(places: &[String], ctx: &Ctx) -> Option<String> {
    let shown: Vec<String> = places.iter().take(MAX_PLACES).map(|place| health::quoted(place)).collect();
    let places_shown = shown.join(&ctx.locale.say("usage.separator", &[]));
    let values: [(&str, &dyn std::fmt::Display); 2] = [("places", &places_shown), ("count", &places.len())];
    match places.len() {
        0 => None,
        1..=MAX_PLACES => Some(ctx.locale.say("k8s.changes_too", &values)),
        _ => Some(ctx.locale.say("k8s.changes_many", &values)),
    }
}

/// What the change is said of: which one, as it is, and where it goes back to, with all that is in it.
fn witness(workload: &Workload, then: &Revision) -> String {
    let hash = Sha256::digest(then.template.to_string());
    format!("{} {} {}", workload.witness(), then.number, BASE64_STANDARD.encode(hash))
}

/// Which revisions are meant.
struct Chosen {
    /// The one there is.
    now: Revision,
    /// The one to go back to.
    then: Revision,
    /// The newest whose pods are others than those there are.
    other: Option<i64>,
}

impl Undo {
    /// That it changes nothing, and which revision would.
    fn only_restarts(&self, then: &Revision, other: Option<i64>, ctx: &Ctx) -> String {
        let Some(other) = other else {
            return ctx.locale.say("k8s.only_restarts", &[("then", &then.number)]);
        };
        let instead = Self { workload: self.workload.clone(), to_revision: Some(other), at: self.at.clone() };
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("then", &then.number), ("line", &ctx.line(&instead))];
        ctx.locale.say("k8s.only_restarts_other", &values)
    }

    /// The revision that there is, the one that is meant, and one that would change something.
    async fn chosen(
        &self,
        workload: &Workload,
        client: &Client<'_>,
        ctx: &Ctx,
    ) -> Result<Chosen, CommandError> {
        if workload.is_paused() {
            let sentence = ctx.locale.say("k8s.cannot_while_paused", &[("target", &self.workload)]);
            return Err(UserError(sentence).into());
        }
        let revisions = rollout::revisions(self.at.namespace(), workload, client, ctx).await?;
        let numbers: Vec<String> = revisions.iter().map(|revision| revision.number.to_string()).collect();
        let numbers = numbers.join(&ctx.locale.say("usage.separator", &[]));
        let target: [(&str, &dyn std::fmt::Display); 1] = [("target", &self.workload)];
        let mut revisions = revisions.into_iter();
        let now = revisions.next();
        let now = now.ok_or_else(|| UserError(ctx.locale.say("k8s.no_earlier", &target)))?;
        let wanted = self.to_revision;
        if wanted == Some(now.number) {
            return Err(UserError(
                ctx.locale.say("k8s.is_there", &[("target", &self.workload), ("revision", &now.number)]),
            )
            .into());
        }
        let other = revisions.as_slice().iter().find(|other| !other.is_same(&now)).map(|other| other.number);
        let then = revisions.find(|revision| wanted.is_none_or(|wanted| wanted == revision.number));
        let then = then.ok_or_else(|| {
            UserError(match wanted {
                None => ctx.locale.say("k8s.no_earlier", &target),
                Some(wanted) => ctx.locale.say(
                    "k8s.no_revision",
                    &[("target", &self.workload), ("revision", &wanted), ("numbers", &numbers)],
                ),
            })
        })?;
        if !then.template.is_object() {
            return Err(Failure::Malformed { system: client.title().to_owned() }.tell(ctx));
        }
        Ok(Chosen { now, then, other })
    }
}
