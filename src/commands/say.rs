//! Purpose: post to a group, to a person, or as a custom robot, in the name of whoever says it.
//!
//! The first line, the only heading, says who that is by their staff id; nothing that they wrote can look like it.
//! Links are http(s) and tell their host, and nobody is mentioned who was not named. Everybody never is: one slip would
//! reach a whole group, and a job that must has `dingops send --at-all`.
//!
//! There is no witness, since nobody can read a chat. A custom robot's message carries a `msgUuid`, so that a second
//! tap shows it no second time; the OpenAPI has no such thing, and the preview says so.

mod markup;

use jiff::SignedDuration;
use serde::Serialize;

use crate::{
    clock::before,
    config::Target,
    dingtalk::{
        deliver::{Reach, Way},
        draft::Draft,
        markdown::{self, Reader},
        message::{At, Message},
        robot::Address,
    },
    dispatch::{
        Command, CommandError, Ctx, Effect, Preview, Tail, UserError, arguments,
        values::{self, PersonName, Recipient},
    },
    reply::{Block, Reply},
    text,
};

/// Letters of the message in the preview; all of it stands in the line above.
const MAX_SHOWN: usize = 300;
/// Kept back of the deadline to tell what came of it.
const TO_TELL: SignedDuration = SignedDuration::from_secs(1);

/// Post a message in your name: to a group, to a person, or as a group's robot
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Say {
    /// To whom: group:NAME, person:NAME or robot:NAME, the name alone if nobody else has it, or mention them
    #[arg(value_parser = values::recipient, required = true)]
    to: Recipient,
    /// Read bold, links, lists, quotes and code in the text as Markdown
    #[arg(long, short)]
    markdown: bool,
    /// Whom to mention; only as a group's robot
    #[arg(long, value_parser = values::person)]
    at: Vec<PersonName>,
    /// What to say, as typed, up to the end of the message
    #[arg(value_parser = arguments::text, required = true)]
    text: String,
}

impl Command for Say {
    const PATH: &'static [&'static str] = &["say"];
    const ALIASES: &'static [&'static str] = &["说", "发消息", "通知"];
    const EFFECT: Effect = Effect::Write;
    const TAIL: Tail = Tail::Verbatim;
    const ARGUMENTS: &'static [&'static str] = &["to", "markdown", "at", "text"];
    const EXAMPLES: &'static [&'static str] =
        &["say group:ops web goes out at 22:00", "say robot:ops --at alice have a look, please"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        let mut known: Vec<PersonName> = Vec::new();
        self.at.retain(|person| {
            !known.contains(person) && {
                known.push(person.clone());
                true
            }
        });
        let mistake = |key| Err(UserError(ctx.locale.say(key, &[("to", &self.to)])));
        match self.to.destination(&ctx.settings) {
            Target::Address(_) if !ctx.deliver.has_openapi() => mistake("say.no_openapi"),
            Target::Address(_) if !self.at.is_empty() => mistake("say.no_mentions"),
            _ => match self.mentions() {
                Ok(_) => Ok(()),
                Err(_) => mistake("say.too_many"),
            },
        }
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let (key, again) = match self.to.destination(&ctx.settings) {
            Target::Address(Address::Group(_)) => ("say.to_group", true),
            Target::Address(Address::Person(_)) => ("say.to_person", true),
            Target::Robot(_) => ("say.to_robot", false),
        };
        let mut lines = vec![ctx.locale.say(key, &[("to", &self.to)])];
        if !self.at.is_empty() {
            let at: Vec<String> = self.at.iter().map(|person| ctx.person_name(person.staff_id())).collect();
            let at = at.join(&ctx.locale.say("usage.separator", &[]));
            lines.push(ctx.locale.say("say.mentions", &[("people", &at)]));
        }
        lines.push(format!("{}\n{}", self.title(ctx), text::cut(&self.text, MAX_SHOWN)));
        if again {
            lines.push(ctx.locale.say("say.again", &[]));
        }
        Ok(Preview { lines, witness: String::new() })
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let reach = match self.to.destination(&ctx.settings) {
            Target::Address(address) => Reach { address: Some(address), ..Reach::default() },
            Target::Robot(name) => {
                let robot = ctx.robots.get(&name).cloned();
                Reach { robot, once: ctx.once.clone(), ..Reach::default() }
            }
        };
        ctx.progress.waits_for(ctx.locale.say("say.waiting", &[]));
        let by = before(ctx.deadline, TO_TELL, ctx.clock.now());
        match ctx.deliver.deliver(&reach, false, |way| self.message(way, ctx), by).await {
            Ok(_) => Ok(Reply::new(ctx.locale.say("say.done", &[("to", &self.to)]))),
            Err(undelivered) => {
                tracing::warn!(error = %undelivered, "what somebody said was not delivered");
                let values: [(&str, &dyn std::fmt::Display); 2] =
                    [("to", &self.to), ("reason", &undelivered.remedy(ctx.locale))];
                Err(match undelivered.may_have_arrived() {
                    true => {
                        CommandError::Unknown { look: ctx.locale.say("say.perhaps", &values), command: None }
                    }
                    false => UserError(ctx.locale.say("say.not_sent", &values)).into(),
                })
            }
        }
    }
}

impl Say {
    /// Who says it: nobody's nick can end the brackets that the staff id stands in.
    fn title(&self, ctx: &Ctx) -> String {
        let staff_id = ctx.who.staff().unwrap_or_default();
        ctx.locale.say("say.title", &[("nick", &ctx.who.plain_nick()), ("staff_id", &staff_id)])
    }

    fn mentions(&self) -> Result<At, impl std::error::Error + use<>> {
        At::new(self.at.iter().map(|person| person.staff_id().to_owned()).collect(), Vec::new(), false)
    }

    fn message(&self, way: Way, ctx: &Ctx) -> Message {
        let reply = Reply::new(self.title(ctx));
        let reply = match self.markdown {
            true => markup::blocks(&self.text).into_iter().fold(reply, Reply::block),
            false => reply.block(Block::Text(markup::plain(&self.text))),
        };
        let message = markdown::render(&reply, &Reader::default(), way.limit(), ctx.locale);
        let Ok(at) = self.mentions() else { return message };
        let draft = Draft { message: Message { at, ..message }, links: Vec::new(), pictures: Vec::new() };
        draft.within(way.limit(), ctx.locale).unwrap_or(draft.message)
    }
}

#[cfg(test)]
mod tests;
