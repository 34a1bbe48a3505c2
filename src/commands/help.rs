//! Purpose: tell what one can say.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, UserError, arguments, help},
    reply::Reply,
};

/// What one can say
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Help {
    /// The command to explain
    #[arg(value_parser = arguments::text)]
    command: Vec<String>,
}

impl Command for Help {
    const PATH: &'static [&'static str] = &["help"];
    const ALIASES: &'static [&'static str] = &["帮助", "菜单", "？", "?"];
    const EFFECT: Effect = Effect::Open;
    const ARGUMENTS: &'static [&'static str] = &["command"];

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        if self.command.is_empty() {
            return Ok(help::list(ctx));
        }
        let name = self.command.join(" ");
        match ctx.table.named(&name) {
            Some(row) => Ok(help::usage(row, ctx)),
            None => Err(UserError(ctx.locale.say("help_command.none", &[("name", &name)])).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Chat, alice};

    #[tokio::test]
    async fn the_table_in_groups() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "帮助").await;
        insta::assert_snapshot!(chat.read(), @"");
    }
}
