//! The commands, and what they have in common: a job, perhaps a number, and on which Jenkins.

mod build;
mod input;
mod jobs;
mod log;
mod status;
mod stop;

use percent_encoding::percent_decode_str;

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
    text,
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
    if job::is_page(job) { Ok(()) } else { needed(*number, job, on, ctx).map(drop) }
}

/// The number of a build that must be said.
fn needed(number: Option<i64>, job: &Caseless, on: &Option<String>, ctx: &Ctx) -> Result<u64, UserError> {
    let number = number.map(i64::unsigned_abs);
    number.ok_or_else(|| {
        let last = status::Status { job: job.clone(), number: None, on: on.clone() };
        UserError(ctx.locale.say("jenkins.which_build", &[("line", &ctx.line(&last))]))
    })
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
    match (found.next_build_number, found.buildable) {
        (None, _) => Err(a_folder(client, job, ctx).await),
        (Some(_), Some(false)) => Err(UserError(ctx.locale.say("jenkins.disabled", &[("job", job)])).into()),
        _ => Ok(found),
    }
}

/// What to say where a folder is named and a job is meant.
async fn a_folder(client: &Client<'_>, folder: &Caseless, ctx: &Ctx) -> CommandError {
    let within = client.names(Some(folder.as_str())).await.unwrap_or_default();
    let names = within.iter().take(NEAR).map(|item| format!("{folder}/{}", item.name));
    let more = within.get(NEAR).map(|_| "…".to_owned());
    let within: Vec<String> = names.chain(more).collect();
    let within = within.join(&ctx.locale.say("usage.separator", &[]));
    UserError(match within.as_str() {
        "" => ctx.locale.say("jenkins.folder", &[("job", folder)]),
        within => ctx.locale.say("jenkins.folder_with", &[("job", folder), ("jobs", &within)]),
    })
    .into()
}

/// What to say where a job could not be read: of one that is not there, those like it, whatever the width of its letters.
async fn no_job(client: &Client<'_>, job: &Caseless, failure: Failure, ctx: &Ctx) -> CommandError {
    if failure.status() != Some(404) {
        return failure.tell(ctx);
    }
    let near = near(client, &text::narrow(job.as_str())).await.join(&ctx.locale.say("usage.separator", &[]));
    let system = client.title();
    UserError(match near.as_str() {
        "" => ctx.locale.say("jenkins.no_job", &[("system", &system), ("job", job)]),
        near => ctx.locale.say("jenkins.no_job_near", &[("system", &system), ("job", job), ("near", &near)]),
    })
    .into()
}

/// The names that may be meant by one that is not there.
async fn near(client: &Client<'_>, job: &str) -> Vec<String> {
    let (mut folder, _) = job::parts(job);
    let mut beside = client.names(folder).await;
    // A name further up may be the wrong one, and a branch is typed as git calls it.
    for _ in 0..NEAR {
        match (&beside, folder) {
            (Err(failure), Some(missing)) if failure.status() == Some(404) => {
                (folder, _) = job::parts(missing);
                beside = client.names(folder).await;
            }
            _ => break,
        }
    }
    let beside = beside.unwrap_or_default();
    let name = folder.map_or(job, |folder| &job[folder.len() + 1..]);
    let (first, rest) = name.split_once('/').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let is_same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    let path = |name: String| folder.map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
    let is_branch = |item: &&Name| is_same(&percent_decode_str(&item.name).decode_utf8_lossy(), name);
    if let Some(branch) = beside.iter().find(is_branch) {
        return vec![path(branch.name.clone())];
    }
    // Who leaves out the folder knows the name.
    let below = beside.iter().filter_map(|item| {
        let job = item.jobs.iter().find(|job| is_same(&job.name, name))?;
        Some(format!("{}/{}", item.name, job.name))
    });
    let near = values::near(first, beside.iter().map(|item| item.name.as_str()));
    let near =
        near.into_iter().map(|near| rest.map_or_else(|| near.clone(), |rest| format!("{near}/{rest}")));
    below.chain(near).take(NEAR).map(path).collect()
}

/// A value that may have many lines, as one that is no longer than it need be to be known.
fn one_line(value: &str) -> String {
    text::cut(&value.split_whitespace().collect::<Vec<_>>().join(" "), 80)
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
    match client.job(job.as_str()).await {
        Ok(found) if found.next_build_number.is_none() => return a_folder(client, job, ctx).await,
        Ok(_) => {}
        Err(failure) => return no_job(client, job, failure, ctx).await,
    }
    UserError(match number {
        Some(number) => ctx.locale.say("jenkins.no_build", &[("job", job), ("number", &number)]),
        None => ctx.locale.say("jenkins.never_built", &[("job", job)]),
    })
    .into()
}
