//! Purpose: tell that the bot is there, and how long it took from the verified callback to the answer.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect},
    reply::Reply,
};

/// Check that the bot is up, and how fast it answers
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ping {}

impl Command for Ping {
    const PATH: &'static [&'static str] = &["ping"];
    const ALIASES: &'static [&'static str] = &["在吗"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let now = ctx.clock.now();
        let milliseconds = now.duration_since(ctx.received).as_millis();
        let time = now.to_zoned(ctx.zone.clone()).strftime("%F %T %:z").to_string();
        Ok(Reply::new("pong")
            .text(ctx.locale.say("ping.took", &[("milliseconds", &milliseconds), ("time", &time)])))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Chat, alice};

    #[tokio::test]
    async fn ping() {
        let mut chat = Chat::start().await;
        chat.say(alice(), "ping").await;
        insta::assert_snapshot!(chat.read(), @"
        #### pong

        从收到回调到生成这条回复用时 0 毫秒，当前时间 2026-01-01 08:00:00 +08:00

        @0147000002
        ");
    }
}
