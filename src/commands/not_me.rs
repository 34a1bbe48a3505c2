//! Purpose: write down that somebody was asked to confirm what they never asked for. Whoever holds a signed request
//! can name any sender, so this is how it comes to light.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Tail, arguments, audit, confirm},
    reply::Reply,
};

/// Say that you did not ask for what you are to confirm
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NotMe {
    /// The command you were asked to confirm, with its code if that is to be refused
    #[arg(value_parser = arguments::text)]
    command: Option<String>,
}

impl Command for NotMe {
    const PATH: &'static [&'static str] = &["not-me"];
    const ALIASES: &'static [&'static str] = &["不是我"];
    const EFFECT: Effect = Effect::Open;
    const TAIL: Tail = Tail::Verbatim;
    const ARGUMENTS: &'static [&'static str] = &["command"];
    const EXAMPLES: &'static [&'static str] = &["not-me ping"];

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        // Only what is a command is written down: the rest is anybody's text.
        let disowned = confirm::disown(self.command.as_deref().unwrap_or_default(), ctx);
        audit::disowned(&disowned, ctx);
        let code = match (disowned.is_void, ctx.deliver.has_openapi()) {
            (true, _) => "not_me.void",
            (false, true) => "not_me.only_yours",
            (false, false) => "not_me.no_code",
        };
        let reply = Reply::new(ctx.locale.say("not_me.title", &[])).text(ctx.locale.say(code, &[]));
        Ok(reply.text(ctx.locale.say("not_me.text", &[])))
    }
}
