//! Purpose: let a build go on that waits for somebody, or end it.

use serde::Serialize;

use super::{client, needed, no_build, resolve_numbered, status};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Preview, UserError, arguments, values::Caseless},
    reply::Reply,
    systems::jenkins::{client::Client, job, types::Input},
};

/// Let a build go on that waits for approval
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Approve {
    #[command(flatten)]
    #[serde(flatten)]
    step: Step,
}

/// End a build that waits for approval
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Reject {
    #[command(flatten)]
    #[serde(flatten)]
    step: Step,
}

#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Step {
    /// Which job
    #[arg(value_parser = job::job, required = true)]
    job: Caseless,
    /// Which build; that of the page where one is pasted
    #[arg(value_parser = job::number())]
    number: Option<i64>,
    /// Which step, by its id, where several wait
    #[arg(long, value_parser = arguments::text)]
    input: Option<String>,
    /// On which Jenkins
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

const ARGUMENTS: &[&str] = &["job", "number", "input", "on"];

impl Approve {
    /// Of a step of a build; by its id where several wait.
    pub(super) fn of(job: Caseless, number: i64, input: Option<String>, on: Option<String>) -> Self {
        Self { step: Step { job, number: Some(number), input, on } }
    }
}

impl Reject {
    /// Of a step of a build; by its id where several wait.
    pub(super) fn of(job: Caseless, number: i64, input: Option<String>, on: Option<String>) -> Self {
        Self { step: Step { job, number: Some(number), input, on } }
    }
}

impl Command for Approve {
    const PATH: &'static [&'static str] = &["jenkins", "approve"];
    const ALIASES: &'static [&'static str] = &["同意构建", "jenkins 同意"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const EXAMPLES: &'static [&'static str] = &["jenkins approve team/web 42"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.step.resolve(ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        self.step.preview(true, "jenkins.will_approve", ctx).await
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        self.step.settle(true, "jenkins.approved", ctx).await
    }
}

impl Command for Reject {
    const PATH: &'static [&'static str] = &["jenkins", "reject"];
    const ALIASES: &'static [&'static str] = &["驳回构建", "jenkins 驳回"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = ARGUMENTS;
    const EXAMPLES: &'static [&'static str] = &["jenkins reject team/web 42"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.step.resolve(ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        self.step.preview(false, "jenkins.will_reject", ctx).await
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        self.step.settle(false, "jenkins.rejected", ctx).await
    }
}

impl Step {
    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve_numbered(&mut self.on, &mut self.job, &mut self.number, ctx)
    }

    async fn preview(&self, goes_on: bool, key: &str, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = client(&self.on, ctx)?;
        let number = needed(self.number, &self.job, &self.on, ctx)?;
        let (input, witness) = self.waits(&client, number, goes_on, ctx).await?;
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("job", &self.job), ("number", &number), ("message", &input.message)];
        let line = client.named(ctx.locale.say(key, &values));
        Ok(Preview { lines: vec![line], witness })
    }

    async fn settle(self, goes_on: bool, key: &str, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let number = needed(self.number, &self.job, &self.on, ctx)?;
        let (input, witness) = self.waits(&client, number, goes_on, ctx).await?;
        ctx.unchanged(&witness)?;
        let look = status::Status { job: self.job.clone(), number: self.number, on: self.on.clone() };
        let look = ctx.line(&look);
        let settled = client.settle(self.job.as_str(), number, &input.id, goes_on).await;
        if let Err(failure) = settled {
            return Err(match failure.status() {
                Some(400) => not_settled(&input, ctx),
                _ => failure.tell_of_write(look, ctx),
            });
        }
        let title = ctx.locale.say(key, &[("job", &self.job), ("number", &number)]);
        let page = client.page(Some(self.job.as_str()), &[&number.to_string()]);
        Ok(Reply::new(client.named(title))
            .text(input.message)
            .action(ctx.locale.say("jenkins.do_status", &[]), look)
            .link(ctx.locale.say("jenkins.open", &[]), page))
    }

    /// The step that is meant, if it waits, and what will not be so once it was settled.
    async fn waits(
        &self,
        client: &Client<'_>,
        number: u64,
        goes_on: bool,
        ctx: &Ctx,
    ) -> Result<(Input, String), CommandError> {
        let build = match client.build(self.job.as_str(), Some(number)).await {
            Ok(build) => build,
            Err(failure) => return Err(no_build(client, &self.job, Some(number), failure, ctx).await),
        };
        let inputs = client.inputs(self.job.as_str(), number).await.map_err(|failure| failure.tell(ctx))?;
        let ids: Vec<&str> = inputs.iter().map(|input| input.id.as_str()).collect();
        let ids = ids.join(&ctx.locale.say("usage.separator", &[]));
        let is_meant = |input: &&Input| self.input.as_ref().is_none_or(|id| *id == input.id);
        let mut meant = inputs.iter().filter(is_meant);
        let place: [(&str, &dyn std::fmt::Display); 2] = [("job", &self.job), ("number", &number)];
        let sentence = match (meant.next(), meant.next(), inputs.is_empty()) {
            (Some(input), None, _) if goes_on && input.has_parameters => {
                let page = client.page(Some(self.job.as_str()), &[&number.to_string(), "input"]);
                ctx.locale.say("jenkins.asks_for_values", &[("page", &page)])
            }
            (Some(input), None, _) => {
                // A step that asks again may ask something else under the same id.
                let Input { id, message, .. } = input;
                let witness = format!("waits {id:?} {} {message:?}", build.approvals());
                return Ok((input.clone(), witness));
            }
            (Some(_), Some(_), _) => ctx.locale.say("jenkins.which_input", &[("ids", &ids)]),
            (None, _, true) => ctx.locale.say("jenkins.nothing_waits", &place),
            (None, _, false) => ctx.locale.say("jenkins.no_input", &[("ids", &ids)]),
        };
        Err(UserError(sentence).into())
    }
}

/// Jenkins says no to who is not among those that a step names, and where somebody was quicker.
fn not_settled(input: &Input, ctx: &Ctx) -> CommandError {
    UserError(match &input.submitter {
        Some(who) => ctx.locale.say("jenkins.not_submitter", &[("who", who)]),
        None => ctx.locale.say("jenkins.not_settled", &[]),
    })
    .into()
}
