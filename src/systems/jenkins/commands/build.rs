//! Purpose: begin a build, with the job's own parameters.

use std::time::Duration;

use serde::Serialize;

use super::{client, found, one_line, resolve, status};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Habits, Preview, UserError, arguments,
        values::{self, Caseless, KeyValue},
    },
    reply::Reply,
    systems::{
        jenkins::{
            client::{Asked, Client},
            job,
            types::{Job, Parameter},
        },
        redact::redacted,
    },
};

/// How long the queue is watched for the build's number.
const IN_QUEUE: Duration = Duration::from_secs(7);
/// How long a build is waited for at most, whatever the host allows.
const WAIT: Duration = Duration::from_secs(120);
/// Kept back of the deadline to tell how far it came.
const TO_TELL: Duration = Duration::from_secs(5);

/// Begin a build
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Build {
    /// Which job
    #[arg(value_parser = job::job, required = true)]
    pub(super) job: Caseless,
    /// A parameter of the job; those left out have its defaults
    #[arg(long, short, value_parser = values::pair)]
    #[serde(serialize_with = "values::object")]
    pub(super) param: Vec<KeyValue>,
    /// Wait until it is over, two minutes at most
    #[arg(long)]
    pub(super) wait: bool,
    /// On which Jenkins
    #[arg(long, value_parser = arguments::text)]
    pub(super) on: Option<String>,
}

impl Command for Build {
    const PATH: &'static [&'static str] = &["jenkins", "build"];
    const ALIASES: &'static [&'static str] = &["构建", "jenkins 构建"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["job", "param", "wait", "on"];
    const HABITS: Habits = &[&[("-w", "jenkins.use_wait"), ("-s", "jenkins.use_wait")]];
    const EXAMPLES: &'static [&'static str] =
        &["jenkins build team/web", "jenkins build team/web -p ENV=staging --wait"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve(&mut self.on, Some(&mut self.job), ctx).map(drop)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = client(&self.on, ctx)?;
        let job = found(&client, &self.job, ctx).await?;
        self.check(&job, ctx)?;
        let next = job.next_build_number.unwrap_or_default();
        let name = job.full_name.as_deref().unwrap_or(self.job.as_str());
        let why = job.queue_item.as_ref().map(|queued| queued.why.as_deref().unwrap_or_default());
        let values: [(&str, &dyn std::fmt::Display); 4] = [
            ("system", &client.title()),
            ("job", &name),
            ("number", &next),
            ("why", &why.unwrap_or_default()),
        ];
        // The next number is that of the build that waits.
        let key = if why.is_some() { "jenkins.will_build_behind" } else { "jenkins.will_build" };
        let mut lines = vec![ctx.locale.say(key, &values)];
        for KeyValue { key, value } in &self.param {
            let default = job.parameters().find(|parameter| parameter.name == *key).and_then(shown_default);
            lines.push(match default.filter(|default| default != value) {
                Some(default) => ctx
                    .locale
                    .say("jenkins.instead_of", &[("name", key), ("value", value), ("default", &default)]),
                None => format!("{key} = {value}"),
            });
        }
        let left_out =
            job.parameters().filter(|parameter| !self.param.iter().any(|pair| pair.key == parameter.name));
        let left_out: Vec<String> = left_out
            .map(|parameter| match shown_default(parameter) {
                Some(default) => format!("{} = {default}", parameter.name),
                None => parameter.name.clone(),
            })
            .collect();
        if !left_out.is_empty() {
            let defaults = left_out.join(&ctx.locale.say("usage.separator", &[]));
            lines.push(ctx.locale.say("jenkins.defaults", &[("defaults", &defaults)]));
        }
        Ok(Preview { lines, witness: witness(&job) })
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let job = found(&client, &self.job, ctx).await?;
        self.check(&job, ctx)?;
        ctx.unchanged(&witness(&job))?;
        let look = status::Status { job: self.job.clone(), number: None, on: self.on.clone() };
        let look = ctx.line(&look);
        let pairs: Vec<(&str, &str)> =
            self.param.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect();
        let is_parameterized = job.parameters().next().is_some();
        let asked = client.start(self.job.as_str(), is_parameterized, &pairs).await;
        let asked = asked.map_err(|failure| failure.tell_of_write(look.clone(), ctx))?;
        let say = |key: &str| ctx.locale.say(key, &[("job", &self.job)]);
        let page = client.page(Some(self.job.as_str()), &[]);
        let titled = |key: &str| {
            let reply = Reply::new(client.named(say(key)));
            reply.action(say("jenkins.do_status"), look.clone()).link(say("jenkins.open"), page.clone())
        };
        let waited = job.queue_item.as_ref().map(|queued| queued.id);
        let id = match asked {
            Asked::Queued(id) if Some(id) != waited => id,
            Asked::Queued(_) | Asked::Already => return Ok(titled("jenkins.already_queued")),
            Asked::Vetoed => return Err(UserError(say("jenkins.vetoed")).into()),
            Asked::Somehow => return Ok(titled("jenkins.asked")),
        };
        let number = match self.begun(&client, id, ctx).await {
            Begun::As(number) => number,
            Begun::Not(why) => {
                let reply = titled("jenkins.queued");
                return Ok(if why.is_empty() { reply } else { reply.text(why) });
            }
            Begun::Cancelled => return Ok(titled("jenkins.cancelled")),
        };
        let described = client.describe(self.job.as_str(), number, &ctx.signature()).await;
        let reply = self.watched(&client, number, ctx).await;
        Ok(match described {
            Ok(()) => reply,
            Err(failure) => {
                tracing::warn!(?failure, "a build has no description");
                reply.note(say("jenkins.not_described"))
            }
        })
    }
}

/// What is another once the job was built, or is to be.
fn witness(job: &Job) -> String {
    let queued = job.queue_item.as_ref().map_or_else(String::new, |queued| queued.id.to_string());
    format!("{} {queued}", job.next_build_number.unwrap_or_default())
}

/// A default that anybody may read.
fn shown_default(parameter: &Parameter) -> Option<String> {
    let default = parameter.default().filter(|_| !parameter.is_secret())?;
    let pair = format!("{}={default}", parameter.name);
    (redacted(&pair) == pair).then(|| one_line(&default))
}

/// What became of a build that waited.
enum Begun {
    As(u64),
    /// What it waits for, in Jenkins' words.
    Not(String),
    Cancelled,
}

impl Build {
    /// Whether the parameters are the job's own, and their values fit.
    fn check(&self, job: &Job, ctx: &Ctx) -> Result<(), UserError> {
        let names: Vec<&str> = job.parameters().map(|parameter| parameter.name.as_str()).collect();
        let separator = ctx.locale.say("usage.separator", &[]);
        for KeyValue { key, value } in &self.param {
            let Some(parameter) = job.parameters().find(|parameter| parameter.name == *key) else {
                let near = values::near(key, names.iter().copied());
                let known = if near.is_empty() { names.join(&separator) } else { near.join(&separator) };
                return Err(UserError(match (names.is_empty(), near.is_empty()) {
                    (true, _) => ctx.locale.say("jenkins.no_parameters", &[("job", &self.job)]),
                    (false, true) => ctx
                        .locale
                        .say("jenkins.no_parameter", &[("job", &self.job), ("name", key), ("names", &known)]),
                    (false, false) => ctx.locale.say(
                        "jenkins.no_parameter_near",
                        &[("job", &self.job), ("name", key), ("names", &known)],
                    ),
                }));
            };
            let choices = parameter.choices();
            let wrong = if parameter.is_secret() {
                Some(ctx.locale.say("jenkins.secret_parameter", &[("name", key)]))
            } else if parameter.is_file() {
                Some(ctx.locale.say("jenkins.file_parameter", &[("name", key)]))
            } else if !choices.is_empty() && !choices.contains(value) {
                let choices = choices.join(&separator);
                Some(
                    ctx.locale
                        .say("jenkins.no_choice", &[("name", key), ("value", value), ("choices", &choices)]),
                )
            } else {
                None
            };
            if let Some(sentence) = wrong {
                return Err(UserError(sentence));
            }
        }
        Ok(())
    }

    /// Watches the queue for a while.
    async fn begun(&self, client: &Client<'_>, id: u64, ctx: &Ctx) -> Begun {
        let until = ctx.clock.now() + IN_QUEUE.min(ctx.clock.until(ctx.deadline).saturating_sub(TO_TELL));
        let mut why = String::new();
        loop {
            match client.queued(id).await {
                Ok(Some(queued)) if queued.cancelled => return Begun::Cancelled,
                Ok(Some(queued)) => match queued.executable {
                    Some(build) => return Begun::As(build.number),
                    None => why = queued.why.unwrap_or_default(),
                },
                // Its number is not known, and that it was asked for is.
                Ok(None) | Err(_) => return Begun::Not(why),
            }
            if ctx.clock.now() >= until {
                return Begun::Not(why);
            }
            ctx.clock.sleep(Duration::from_secs(1)).await;
        }
    }

    /// The build, once it is over where that was asked for.
    async fn watched(&self, client: &Client<'_>, number: u64, ctx: &Ctx) -> Reply {
        let job = self.job.as_str();
        ctx.progress.waits_for(client.named(format!("{job} #{number}")));
        let until = ctx.clock.now() + WAIT.min(ctx.clock.until(ctx.deadline).saturating_sub(TO_TELL));
        let (seen, goes_on) = loop {
            let seen = match client.build(job, Some(number)).await {
                Ok(build) => {
                    let inputs = status::inputs(&build, &self.job, client, ctx).await;
                    Some((build, inputs))
                }
                Err(_) => None,
            };
            // It is over, or waits itself: for somebody.
            let rests = seen
                .as_ref()
                .is_some_and(|(build, inputs)| status::ended(build, ctx).is_some() || !inputs.is_empty());
            if !self.wait || rests || ctx.clock.now() >= until {
                break (seen, !rests);
            }
            ctx.clock.sleep(Duration::from_secs(2)).await;
        };
        let begun = || ctx.locale.say("jenkins.begun", &[("job", &self.job), ("number", &number)]);
        let reply = match seen {
            Some((build, inputs)) => status::shown(&build, &inputs, &self.job, &self.on, client, ctx),
            None => Reply::new(client.named(begun()))
                .link(ctx.locale.say("jenkins.open", &[]), client.page(Some(job), &[&number.to_string()])),
        };
        match self.wait && goes_on {
            true => reply.note(ctx.locale.say("jenkins.still_runs", &[])),
            false => reply,
        }
    }
}
