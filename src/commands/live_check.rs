//! Purpose: try out with an administrator what only a real DingTalk can settle, and print what to report
//! (docs/live-check.md). It posts nowhere but where it is said: as the reply does, by the OpenAPI, and as the custom
//! robot that has the same name in the settings as the group.
//!
//! Every message of its own counts in the month's quota, so it is a write; none of them changes anything, so a rule
//! may let it run without a confirmation, which is one of the things to try.

mod steps;
#[cfg(test)]
mod tests;

use std::fmt;

use clap::ValueEnum;
use jiff::SignedDuration;
use serde::Serialize;

use crate::{
    clock::before,
    dingtalk::{
        deliver::{Reach, Way},
        message::Message,
    },
    dispatch::{
        Command, CommandError, Ctx, Effect, Preview, UserError,
        values::{self, Choice},
    },
    reply::{Block, Reply, Text},
};

/// Kept back of the deadline to tell what came of it.
const TO_TELL: SignedDuration = SignedDuration::from_secs(1);

/// Try out what only a real DingTalk can settle, step by step
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LiveCheck {
    /// Which step; without one all are listed
    #[arg(value_parser = values::choice::<Step>())]
    step: Option<Choice<Step>>,
    /// The one way to try; a button says it by itself
    #[arg(long, value_parser = values::choice::<By>())]
    by: Option<Choice<By>>,
}

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Whether a tapped command reaches the robot
    #[value(alias = "按钮")]
    Buttons,
    /// What a quoted message carries
    #[value(alias = "引用")]
    Quote,
    /// What a command costs of the month's quotas
    #[value(alias = "用量")]
    Cost,
    /// The time of the header against that of the message
    #[value(alias = "时间")]
    Clock,
    /// Whether a push that is not answered comes again
    #[value(alias = "重推")]
    Again,
    /// Whether the conversation id is the OpenAPI's
    #[value(alias = "会话")]
    Id,
}

/// A way to the place where it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// As replies go
    #[value(alias = "回复")]
    Session,
    /// By the OpenAPI
    Openapi,
    /// As the group's custom robot
    #[value(alias = "群机器人")]
    Robot,
}

impl Command for LiveCheck {
    const PATH: &'static [&'static str] = &["live-check"];
    const ALIASES: &'static [&'static str] = &["体检"];
    const EFFECT: Effect = Effect::Write;
    const MILD: bool = true;
    const ARGUMENTS: &'static [&'static str] = &["step", "by"];
    const EXAMPLES: &'static [&'static str] =
        &["live-check", "live-check buttons", "live-check cost --by openapi"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        match (self.step, self.by) {
            (Some(Choice(Step::Buttons | Step::Cost)), _) | (_, None) => Ok(()),
            (_, Some(_)) => Err(UserError(ctx.locale.say("live_check.no_by", &[]))),
        }
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let ways: Vec<String> = self.ways().into_iter().map(|by| by.name(ctx)).collect();
        let ways = ways.join(&ctx.locale.say("usage.separator", &[]));
        let line = match ways.is_empty() {
            true => ctx.locale.say("live_check.posts_nothing", &[]),
            false => ctx.locale.say("live_check.posts", &[("ways", &ways)]),
        };
        Ok(Preview { lines: vec![line], witness: String::new() })
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let by = self.by.map(|Choice(by)| by);
        let Some(Choice(step)) = self.step else { return Ok(list(ctx)) };
        ctx.progress.waits_for(ctx.locale.say("say.waiting", &[]));
        match (step, by) {
            (Step::Buttons, None) => Ok(steps::buttons(ctx).await),
            (Step::Buttons, Some(by)) => Ok(steps::tapped(by, ctx)),
            (Step::Quote, _) => Ok(steps::quote(ctx).await),
            (Step::Cost, by) => Ok(steps::cost(by, ctx).await),
            (Step::Clock, _) => Ok(steps::clock(ctx)),
            (Step::Again, _) => Ok(steps::again(ctx)),
            (Step::Id, _) => steps::id(ctx).await,
        }
    }
}

impl LiveCheck {
    /// The ways that messages beside the reply go.
    fn ways(&self) -> Vec<By> {
        match (self.step, self.by) {
            (Some(Choice(Step::Buttons)), None) => By::value_variants().to_vec(),
            (Some(Choice(Step::Quote)), _) => vec![By::Openapi, By::Robot],
            (Some(Choice(Step::Cost)), Some(Choice(by))) if by != By::Session => vec![by],
            (Some(Choice(Step::Id)), _) => vec![By::Openapi],
            _ => Vec::new(),
        }
    }
}

/// All steps, with what to do.
fn list(ctx: &Ctx) -> Reply {
    let item = |step: &Step| {
        let line = format!("{} {}", ctx.locale.say("live_check.command", &[]), step.name(ctx));
        let what = ctx.locale.say(
            match step {
                Step::Buttons => "live_check.buttons",
                Step::Quote => "live_check.quote",
                Step::Cost => "live_check.cost",
                Step::Clock => "live_check.clock",
                Step::Again => "live_check.again",
                Step::Id => "live_check.id",
            },
            &[],
        );
        Text::default()
            .action(line.clone(), line)
            .plain(format!("{}{what}", ctx.locale.say("reply.colon", &[])))
    };
    let items = Step::value_variants().iter().map(item).collect();
    Reply::new(ctx.locale.say("live_check.title", &[]))
        .text(ctx.locale.say("live_check.text", &[]))
        .block(Block::List { heading: String::new(), items })
}

impl Step {
    /// As a reader of this language says it.
    fn name(self, ctx: &Ctx) -> String {
        let key = match self {
            Self::Buttons => "live_check.step_buttons",
            Self::Quote => "live_check.step_quote",
            Self::Cost => "live_check.step_cost",
            Self::Clock => "live_check.step_clock",
            Self::Again => "live_check.step_again",
            Self::Id => "live_check.step_id",
        };
        ctx.locale.say(key, &[])
    }
}

impl By {
    fn name(self, ctx: &Ctx) -> String {
        let key = match self {
            Self::Session => "live_check.by_session",
            Self::Openapi => "live_check.by_openapi",
            Self::Robot => "live_check.by_robot",
        };
        ctx.locale.say(key, &[])
    }

    /// How to post here by it; what is missing otherwise.
    fn reach(self, ctx: &Ctx) -> Result<Reach, &'static str> {
        let Reach { session, address, .. } = &ctx.heard.reach;
        let id = ctx.place.conversation_id.as_ref().filter(|_| !ctx.place.private);
        match self {
            Self::Session => {
                let session = session.clone().ok_or("live_check.no_session")?;
                Ok(Reach { session: Some(session), ..Reach::default() })
            }
            Self::Openapi => {
                let address = address.clone().filter(|_| ctx.deliver.has_openapi());
                Ok(Reach { address: Some(address.ok_or("live_check.no_openapi")?), ..Reach::default() })
            }
            Self::Robot => {
                let mut names = ctx.settings.groups.iter().filter(|(_, other)| Some(*other) == id);
                let robot = names.find_map(|(name, _)| ctx.robots.get(name)).cloned();
                let robot = Some(robot.ok_or("live_check.no_robot")?);
                Ok(Reach { robot, once: ctx.once.clone(), ..Reach::default() })
            }
        }
    }

    /// Posts a message here by it.
    async fn post(self, ctx: &Ctx, render: impl Fn(Way) -> Message) -> Posted {
        let reach = match self.reach(ctx) {
            Ok(reach) => reach,
            Err(missing) => return Posted::Not(ctx.locale.say(missing, &[])),
        };
        let by = before(ctx.deadline, TO_TELL, ctx.clock.now());
        match ctx.deliver.deliver(&reach, false, render, by).await {
            Ok(_) => Posted::Yes,
            Err(undelivered) => {
                tracing::warn!(error = %undelivered, "a message to try something out was not delivered");
                let reason = undelivered.remedy(ctx.locale);
                if undelivered.may_have_arrived() { Posted::Perhaps(reason) } else { Posted::Not(reason) }
            }
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Choice(*self).fmt(f)
    }
}

/// What became of a message of a step.
enum Posted {
    Yes,
    Not(String),
    Perhaps(String),
}

impl Posted {
    /// As it is reported.
    fn word(&self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Not(_) => "no",
            Self::Perhaps(_) => "unknown",
        }
    }

    fn told(&self, ctx: &Ctx) -> String {
        match self {
            Self::Yes => ctx.locale.say("live_check.posted", &[]),
            Self::Not(reason) => ctx.locale.say("live_check.not_posted", &[("reason", reason)]),
            Self::Perhaps(reason) => ctx.locale.say("live_check.perhaps_posted", &[("reason", reason)]),
        }
    }
}
