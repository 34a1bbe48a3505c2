//! Purpose: stop a build that runs.

use serde::Serialize;

use super::{client, needed, no_build, resolve_numbered, status};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Preview, UserError, arguments, values::Caseless},
    reply::Reply,
    systems::jenkins::{client::Client, job, types::Build},
};

/// Stop a build that runs
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Stop {
    /// Which job
    #[arg(value_parser = job::job, required = true)]
    pub(super) job: Caseless,
    /// Which build; that of the page where one is pasted
    #[arg(value_parser = job::number())]
    pub(super) number: Option<i64>,
    /// On which Jenkins
    #[arg(long, value_parser = arguments::text)]
    pub(super) on: Option<String>,
}

impl Command for Stop {
    const PATH: &'static [&'static str] = &["jenkins", "stop"];
    const ALIASES: &'static [&'static str] = &["停止构建", "jenkins 停止", "jenkins abort"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["job", "number", "on"];
    const EXAMPLES: &'static [&'static str] = &["jenkins stop team/web 42"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve_numbered(&mut self.on, &mut self.job, &mut self.number, ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = client(&self.on, ctx)?;
        let build = self.running(&client, ctx).await?;
        let runs = ctx.clock.now().as_millisecond() - build.timestamp;
        let mut lines = vec![client.named(ctx.locale.say(
            "jenkins.will_stop",
            &[("job", &self.job), ("number", &build.number), ("runs", &status::lasted(runs))],
        ))];
        if let Some(cause) = build.cause() {
            lines.push(ctx.locale.say("jenkins.because", &[("cause", &cause)]));
        }
        Ok(Preview { lines, witness: format!("{} runs", build.timestamp) })
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let number = self.running(&client, ctx).await?.number;
        let look = status::Status { job: self.job.clone(), number: self.number, on: self.on.clone() };
        let look = ctx.line(&look);
        if let Err(failure) = client.stop(self.job.as_str(), number).await {
            return Err(failure.tell_of_write(look, ctx));
        }
        let title = ctx.locale.say("jenkins.stopped", &[("job", &self.job), ("number", &number)]);
        let page = client.page(Some(self.job.as_str()), &[&number.to_string()]);
        Ok(Reply::new(client.named(title))
            .action(ctx.locale.say("jenkins.do_status", &[]), look)
            .link(ctx.locale.say("jenkins.open", &[]), page))
    }
}

impl Stop {
    /// The build, if it runs.
    async fn running(&self, client: &Client<'_>, ctx: &Ctx) -> Result<Build, CommandError> {
        let number = needed(self.number, &self.job, &self.on, ctx)?;
        let build = match client.build(self.job.as_str(), Some(number)).await {
            Ok(build) => build,
            Err(failure) => return Err(no_build(client, &self.job, Some(number), failure, ctx).await),
        };
        match status::ended(&build, ctx) {
            None => Ok(build),
            Some(state) => {
                Err(UserError(ctx.locale.say(
                    "jenkins.not_running",
                    &[("job", &self.job), ("number", &number), ("state", &state)],
                ))
                .into())
            }
        }
    }
}
