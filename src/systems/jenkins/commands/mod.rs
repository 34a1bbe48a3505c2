//! The commands, and what they have in common: a job, perhaps a number, and on which Jenkins.

mod build;
mod input;
mod jobs;
mod log;
mod status;
mod stop;

use super::{
    client::Client,
    job,
    types::{Job, Name},
};
use crate::{
    dispatch::{
        CommandError, Ctx, Row, UserError, row,
        values::{self, Caseless},
    },
    systems::failure::Failure,
};

/// Names that are suggested at most.
const NEAR: usize = 3;

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

/// The canonical values of `--on` and of a job. Tells the number of the build whose page was pasted.
fn resolve(on: &mut Option<String>, job: Option<&mut Caseless>, ctx: &Ctx) -> Result<Option<i64>, UserError> {
    let all = &ctx.settings.systems.jenkins;
    *on = all.choose(on.as_deref(), ctx.locale)?;
    match (job, all.usable(on.as_deref())) {
        (Some(job), Some(jenkins)) => job::resolve(job, jenkins, ctx.locale),
        _ => Ok(None),
    }
}

/// The same where a build is meant: its number is that of the page where none is typed.
fn resolve_build(
    on: &mut Option<String>,
    job: &mut Caseless,
    number: &mut Option<i64>,
    ctx: &Ctx,
) -> Result<(), UserError> {
    let shown = resolve(on, Some(job), ctx)?;
    match (*number, shown) {
        (Some(typed), Some(shown)) if typed != shown => {
            Err(UserError(ctx.locale.say("jenkins.two_numbers", &[("shown", &shown), ("typed", &typed)])))
        }
        _ => {
            *number = number.or(shown);
            Ok(())
        }
    }
}

/// The same where that cannot be the last one.
fn resolve_numbered(
    on: &mut Option<String>,
    job: &mut Caseless,
    number: &mut Option<i64>,
    ctx: &Ctx,
) -> Result<(), UserError> {
    resolve_build(on, job, number, ctx)?;
    // A page that could not be read is of a Jenkins that is turned off, which is told in place of what is done.
    if job::is_page(job) { Ok(()) } else { needed(*number, ctx).map(drop) }
}

/// The number of a build that must be said.
fn needed(number: Option<i64>, ctx: &Ctx) -> Result<u64, UserError> {
    let number = number.map(i64::unsigned_abs);
    number.ok_or_else(|| UserError(ctx.locale.say("jenkins.which_build", &[])))
}

fn client<'c>(on: &Option<String>, ctx: &'c Ctx) -> Result<Client<'c>, UserError> {
    let jenkins = ctx.settings.systems.jenkins.get(on.as_deref(), ctx.locale)?;
    let client = Client::new(jenkins, ctx);
    ctx.progress.waits_for(client.title());
    Ok(client)
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
    let beside = client.names(folder).await.unwrap_or_default();
    let near = values::near(name, beside.iter().map(|item| item.name.as_str()));
    // Who leaves out the folder knows the name.
    let is_meant = |job: &&Name| job.name.to_lowercase() == name.to_lowercase();
    let below = beside
        .iter()
        .filter_map(|item| Some(format!("{}/{}", item.name, item.jobs.iter().find(is_meant)?.name)));
    let near = below.chain(near).take(NEAR);
    let path = |name: String| folder.map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
    let near: Vec<String> = near.map(path).collect();
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
