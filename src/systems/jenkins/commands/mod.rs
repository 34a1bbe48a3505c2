//! The commands, and what they have in common: a job, perhaps a number, and on which Jenkins.

mod build;
mod input;
mod jobs;
mod log;
mod status;
mod stop;

use super::{
    client::{Client, Job},
    job,
};
use crate::{
    dispatch::{
        CommandError, Ctx, Row, UserError, row,
        values::{self, Caseless},
    },
    systems::failure::Failure,
};

/// In the order of help.
pub(super) static ROWS: &[Row] = &[
    row::<jobs::Jobs>(),
    row::<build::Build>(),
    row::<status::Status>(),
    row::<log::Log>(),
    row::<stop::Stop>(),
    row::<input::Approve>(),
    row::<input::Reject>(),
];

/// The canonical values of `--on` and of a job.
fn resolve(on: &mut Option<String>, job: Option<&mut Caseless>, ctx: &Ctx) -> Result<(), UserError> {
    let all = &ctx.settings.systems.jenkins;
    *on = all.choose(on.as_deref(), ctx.locale)?;
    match job {
        Some(job) => job::resolve(job, all.get(on.as_deref(), ctx.locale)?, ctx.locale),
        None => Ok(()),
    }
}

fn client<'c>(on: &Option<String>, ctx: &'c Ctx) -> Result<Client<'c>, UserError> {
    let jenkins = ctx.settings.systems.jenkins.get(on.as_deref(), ctx.locale)?;
    ctx.progress.waits_for("Jenkins");
    Ok(Client::new(jenkins, ctx))
}

/// A job that can be built, or why there is none.
async fn found(client: &Client<'_>, job: &Caseless, ctx: &Ctx) -> Result<Job, CommandError> {
    let found = match client.job(job.as_str()).await {
        Ok(found) => found,
        Err(failure) => return Err(no_job(client, job, failure, ctx).await),
    };
    let key = match (found.next_build_number, found.buildable) {
        (None, _) => "jenkins.folder",
        (Some(_), Some(false)) => "jenkins.disabled",
        _ => return Ok(found),
    };
    Err(UserError(ctx.locale.say(key, &[("job", job)])).into())
}

/// What to say where a job could not be read: of one that is not there, those like it.
async fn no_job(client: &Client<'_>, job: &Caseless, failure: Failure, ctx: &Ctx) -> CommandError {
    if failure.status() != Some(404) {
        return failure.tell(ctx);
    }
    let (folder, name) = job::parts(job.as_str());
    let beside = client.jobs(folder).await.ok().flatten().unwrap_or_default();
    let near = values::near(name, beside.iter().map(|item| item.name.as_str()));
    let path = |name: &String| folder.map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
    let near: Vec<String> = near.iter().map(path).collect();
    let near = near.join(&ctx.locale.say("usage.separator", &[]));
    let system = client.title();
    UserError(match near.as_str() {
        "" => ctx.locale.say("jenkins.no_job", &[("system", &system), ("job", job)]),
        near => ctx.locale.say("jenkins.no_job_near", &[("system", &system), ("job", job), ("near", &near)]),
    })
    .into()
}

/// What to say where a build could not be read.
async fn no_build(
    client: &Client<'_>,
    job: &Caseless,
    number: Option<u64>,
    failure: Failure,
    ctx: &Ctx,
) -> CommandError {
    if failure.status() != Some(404) {
        return failure.tell(ctx);
    }
    // Is it the build or the job that is not there?
    if let Err(failure) = client.job(job.as_str()).await {
        return no_job(client, job, failure, ctx).await;
    }
    UserError(match number {
        Some(number) => ctx.locale.say("jenkins.no_build", &[("job", job), ("number", &number)]),
        None => ctx.locale.say("jenkins.never_built", &[("job", job)]),
    })
    .into()
}

/// The value parser of a build's number.
fn number()
-> impl Fn(&str) -> Result<i64, crate::dispatch::arguments::InvalidValue> + Clone + Send + Sync + 'static {
    let number = values::number(1..=i64::from(i32::MAX));
    move |typed| number(typed.strip_prefix('#').unwrap_or(typed))
}
