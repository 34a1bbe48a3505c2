//! Purpose: the end of a build's log, without what looks like a secret.

use serde::Serialize;

use super::{client, no_build, resolve_build, status};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Habits, UserError, arguments,
        values::{self, Caseless},
    },
    reply::Reply,
    systems::{jenkins::job, log::tail},
};

/// Lines that are shown where nobody says how many.
const LINES: i64 = 30;

/// The end of a build's log
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Log {
    /// Which job
    #[arg(value_parser = job::job, required = true)]
    job: Caseless,
    /// Which build; the last where it is left out
    #[arg(value_parser = job::number())]
    number: Option<i64>,
    /// How many lines
    #[arg(long, alias = "tail", value_parser = values::number(1..=200), default_value = "30")]
    lines: i64,
    /// On which Jenkins
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

impl Log {
    /// The log of a build.
    pub(super) fn of(job: Caseless, number: i64, on: Option<String>) -> Self {
        Self { job, number: Some(number), lines: LINES, on }
    }
}

impl Command for Log {
    const PATH: &'static [&'static str] = &["jenkins", "log"];
    const ALIASES: &'static [&'static str] = &["构建日志", "jenkins 日志", "jenkins logs", "jenkins console"];
    const EFFECT: Effect = Effect::Read;
    const SENSITIVE: bool = true;
    const ARGUMENTS: &'static [&'static str] = &["job", "number", "lines", "on"];
    const HABITS: Habits = &[&[("-f", "jenkins.no_follow"), ("--follow", "jenkins.no_follow")]];
    const EXAMPLES: &'static [&'static str] =
        &["jenkins log team/web", "jenkins log team/web 42 --lines 100"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve_build(&mut self.on, &mut self.job, &mut self.number, ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let number = self.number.map(i64::unsigned_abs);
        let build = match client.build(self.job.as_str(), number).await {
            Ok(build) => build,
            Err(failure) => return Err(no_build(&client, &self.job, number, failure, ctx).await),
        };
        let log = client.log(self.job.as_str(), build.number).await.map_err(|failure| failure.tell(ctx))?;
        let (text, lines) = tail(&log.text, usize::try_from(self.lines).unwrap_or_default());
        let state = status::ended(&build, ctx).unwrap_or_else(|| ctx.locale.say("jenkins.running", &[]));
        let key = if text.is_empty() { "jenkins.no_log" } else { "jenkins.log" };
        let title = ctx
            .locale
            .say(key, &[("job", &self.job), ("number", &build.number), ("state", &state), ("lines", &lines)]);
        let page = client.page(Some(self.job.as_str()), &[&build.number.to_string(), "console"]);
        let reply = Reply::new(client.named(title)).link(ctx.locale.say("jenkins.open", &[]), page);
        let reply = match text.as_str() {
            "" => reply,
            text => reply.code(text),
        };
        let number = Some(i64::try_from(build.number).unwrap_or(i64::MAX));
        let (job, on) = (self.job.clone(), self.on.clone());
        let shown = status::Status { job: job.clone(), number, on: on.clone() };
        let reply = match log.goes_on {
            true => {
                let more = Self { number, ..self };
                reply.action(ctx.locale.say("jenkins.do_more_log", &[]), ctx.line(&more))
            }
            false => reply,
        };
        let reply = reply.action(ctx.locale.say("jenkins.do_status", &[]), ctx.line(&shown));
        let again = status::again(&build, job, on).filter(|_| status::ended(&build, ctx).is_some());
        Ok(match again {
            Some(again) => reply.action(ctx.locale.say("jenkins.do_rebuild", &[]), ctx.line(&again)),
            None => reply,
        })
    }
}
