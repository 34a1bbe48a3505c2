//! Purpose: write down that somebody was asked to confirm what they never asked for. Whoever holds a signed request
//! can name any sender, so this is how it comes to light.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, arguments, audit},
    reply::Reply,
};

/// Say that you did not ask for what you are to confirm
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NotMe {
    /// The command you were asked to confirm
    #[arg(value_parser = arguments::text)]
    command: Vec<String>,
}

impl Command for NotMe {
    const PATH: &'static [&'static str] = &["not-me"];
    const ALIASES: &'static [&'static str] = &["不是我"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["command"];
    const FREE_TEXT: &'static [&'static str] = &["command"];
    const EXAMPLES: &'static [&'static str] = &["not-me ping"];

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        // Only what is a command is written down: the rest is anybody's text.
        let named = ctx.table.named(&self.command.join(" "));
        let command = named.map(|row| row.path.to_string()).unwrap_or_default();
        audit::disowned(&command, ctx);
        Ok(Reply::new(ctx.locale.say("not_me.title", &[])).text(ctx.locale.say("not_me.text", &[])))
    }
}
