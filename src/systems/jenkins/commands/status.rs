//! Purpose: how a build goes or ended.

use jiff::Timestamp;
use serde::Serialize;

use super::{build, client, input, log, no_build, one_line, resolve_build, stop};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, UserError, arguments,
        values::{Caseless, Duration, KeyValue},
    },
    reply::{Reply, Text},
    systems::{
        failure::Failure,
        jenkins::{
            client::Client,
            job,
            types::{Build, Given, Input},
        },
        redact::redacted,
    },
};

/// How a build goes or ended
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Status {
    /// Which job
    #[arg(value_parser = job::job, required = true)]
    pub(super) job: Caseless,
    /// Which build; the last where it is left out
    #[arg(value_parser = job::number())]
    pub(super) number: Option<i64>,
    /// On which Jenkins
    #[arg(long, value_parser = arguments::text)]
    pub(super) on: Option<String>,
}

impl Command for Status {
    const PATH: &'static [&'static str] = &["jenkins", "status"];
    const ALIASES: &'static [&'static str] = &["构建状态", "jenkins 状态"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["job", "number", "on"];
    const EXAMPLES: &'static [&'static str] = &["jenkins status team/web", "jenkins status team/web 42"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve_build(&mut self.on, &mut self.job, &mut self.number, ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let number = self.number.map(i64::unsigned_abs);
        let build = match client.build(self.job.as_str(), number).await {
            Ok(build) => build,
            Err(failure) => return self.not_begun(&client, failure, ctx).await,
        };
        let inputs = inputs(&build, &self.job, &client, ctx).await;
        let reply = shown(&build, &inputs, &self.job, &self.on, &client, ctx);
        // Without a number one asks what the job is doing.
        let waits = match number {
            None => client.job(self.job.as_str()).await.ok().and_then(|job| job.queue_item),
            Some(_) => None,
        };
        Ok(match waits {
            Some(queued) => {
                let why = queued.why.unwrap_or_default();
                reply.note(ctx.locale.say("jenkins.waits", &[("why", &why)]))
            }
            None => reply,
        })
    }
}

impl Status {
    /// What to say where there is no build: the first of a job may be waiting in the queue, or nobody asked for one.
    async fn not_begun(
        &self,
        client: &Client<'_>,
        failure: Failure,
        ctx: &Ctx,
    ) -> Result<Reply, CommandError> {
        let number = self.number.map(i64::unsigned_abs);
        let job = match (number, failure.status()) {
            (None, Some(404)) => client.job(self.job.as_str()).await.ok(),
            _ => None,
        };
        // A folder has no builds either.
        let Some(job) = job.filter(|job| job.next_build_number.is_some()) else {
            return Err(no_build(client, &self.job, number, failure, ctx).await);
        };
        let titled = |key| Reply::new(client.named(ctx.locale.say(key, &[("job", &self.job)])));
        let reply = match job.queue_item {
            Some(queued) => titled("jenkins.queued")
                .text(queued.why.unwrap_or_default())
                .action(ctx.locale.say("jenkins.do_status", &[]), ctx.line(self)),
            None if job.buildable == Some(false) => titled("jenkins.not_built_yet"),
            None => {
                let (job, on) = (self.job.clone(), self.on.clone());
                let build = build::Build { job, param: Vec::new(), wait: false, on };
                titled("jenkins.not_built_yet")
                    .action(ctx.locale.say("jenkins.do_build", &[]), ctx.line(&build))
            }
        };
        Ok(reply.link(ctx.locale.say("jenkins.open", &[]), client.page(Some(self.job.as_str()), &[])))
    }
}

/// How a build ended, in the reader's language; none while it runs.
pub(super) fn ended(build: &Build, ctx: &Ctx) -> Option<String> {
    if build.building {
        return None;
    }
    let key = match build.result.as_deref()? {
        "SUCCESS" => "jenkins.success",
        "UNSTABLE" => "jenkins.unstable",
        "FAILURE" => "jenkins.failure",
        "ABORTED" => "jenkins.aborted",
        "NOT_BUILT" => "jenkins.not_built",
        other => return Some(other.to_owned()),
    };
    Some(ctx.locale.say(key, &[]))
}

/// The steps of a running build that wait for somebody. None where Jenkins does not tell: the build itself is known.
pub(super) async fn inputs(build: &Build, job: &Caseless, client: &Client<'_>, ctx: &Ctx) -> Vec<Input> {
    match ended(build, ctx) {
        None => client.inputs(job.as_str(), build.number).await.unwrap_or_default(),
        Some(_) => Vec::new(),
    }
}

/// A build, with what one may want to do next.
pub(super) fn shown(
    build: &Build,
    inputs: &[Input],
    job: &Caseless,
    on: &Option<String>,
    client: &Client<'_>,
    ctx: &Ctx,
) -> Reply {
    let say = |key: &str| ctx.locale.say(key, &[]);
    let ended = ended(build, ctx);
    let goes = if inputs.is_empty() { "jenkins.running" } else { "jenkins.pending" };
    let state = ended.clone().unwrap_or_else(|| say(goes));
    let title =
        ctx.locale.say("jenkins.build", &[("job", job), ("number", &build.number), ("state", &state)]);
    let pending = |input: &Input| (say("jenkins.pending"), input.message.as_str().into());
    let mut fields: Vec<(String, Text)> = inputs.iter().map(pending).collect();
    let began = Timestamp::from_millisecond(build.timestamp).ok().filter(|_| build.timestamp > 0);
    if let Some(began) = began {
        fields.push((say("jenkins.began"), ctx.local(began).into()));
        let took = match &ended {
            Some(_) => build.duration,
            None => ctx.clock.now().duration_since(began).as_millis().try_into().unwrap_or_default(),
        };
        let took = lasted(took);
        let takes = match (&ended, build.estimated_duration) {
            (None, usual @ 1..) => {
                ctx.locale.say("jenkins.usually", &[("took", &took), ("usual", &lasted(usual))])
            }
            _ => took.to_string(),
        };
        fields.push((say("jenkins.took"), takes.into()));
    }
    if let Some(cause) = build.cause() {
        fields.push((say("jenkins.cause"), cause.into()));
    }
    let pairs: Vec<String> = build
        .parameters()
        .filter_map(|given| Some(one_line(&redacted(&format!("{}={}", given.name, given.value()?)))))
        .collect();
    if !pairs.is_empty() {
        fields.push((say("jenkins.parameters"), pairs.join(" ").into()));
    }
    if let Some(description) = build.description.as_ref().filter(|text| !text.trim().is_empty()) {
        fields.push((say("jenkins.description"), description.as_str().into()));
    }
    let number = i64::try_from(build.number).unwrap_or(i64::MAX);
    let reply = Reply::new(client.named(title)).fields(fields);
    let page = client.page(Some(job.as_str()), &[&build.number.to_string()]);
    let (job, on) = (job.clone(), on.clone());
    let reply = match &ended {
        None => {
            let again = Status { job: job.clone(), number: Some(number), on: on.clone() };
            let stop = stop::Stop { job: job.clone(), number: Some(number), on: on.clone() };
            let reply = inputs.iter().fold(reply, |reply, input| {
                let id = (inputs.len() > 1).then(|| input.id.clone());
                let approve = input::Approve::of(job.clone(), number, id.clone(), on.clone());
                let reject = input::Reject::of(job.clone(), number, id, on.clone());
                // One that asks for values goes on at its page alone.
                let reply = match input.has_parameters {
                    true => reply,
                    false => reply.action(say("jenkins.do_approve"), ctx.line(&approve)),
                };
                reply.action(say("jenkins.do_reject"), ctx.line(&reject))
            });
            reply
                .action(say("jenkins.do_status"), ctx.line(&again))
                .action(say("jenkins.do_log"), ctx.line(&log::Log::of(job, number, on)))
                .action(say("jenkins.do_stop"), ctx.line(&stop))
        }
        Some(_) => {
            let reply =
                reply.action(say("jenkins.do_log"), ctx.line(&log::Log::of(job.clone(), number, on.clone())));
            match again(build, job, on) {
                Some(again) => reply.action(say("jenkins.do_rebuild"), ctx.line(&again)),
                None => reply,
            }
        }
    };
    reply.link(say("jenkins.open"), page)
}

/// What begins a build again; none where a line cannot say all that it was begun with, or must not: it would begin another
/// one.
pub(super) fn again(build: &Build, job: Caseless, on: Option<String>) -> Option<build::Build> {
    let pair = |given: &Given| {
        let pair = KeyValue { key: given.name.clone(), value: given.said()? };
        let line = format!("{}={}", pair.key, pair.value);
        (redacted(&line) == line).then_some(pair)
    };
    let param = build.parameters().map(pair).collect::<Option<_>>()?;
    Some(build::Build { job, param, wait: false, on })
}

/// Milliseconds in whole seconds.
pub(super) fn lasted(milliseconds: i64) -> Duration {
    Duration::seconds(u64::try_from(milliseconds).unwrap_or_default() / 1000)
}
