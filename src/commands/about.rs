//! Purpose: tell what is running here: version, settings, source.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect},
    reply::{Reply, Text},
};

/// What is running here: version, settings, source
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {}

impl Command for About {
    const PATH: &'static [&'static str] = &["about"];
    const ALIASES: &'static [&'static str] = &["关于", "版本"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let say = |key: &str| ctx.locale.say(key, &[]);
        let source = &ctx.settings.source;
        Ok(Reply::new(concat!("dingops ", env!("CARGO_PKG_VERSION")))
            .text(say("about.text"))
            .fields([
                (say("about.changed"), Text::from(say("about.changes"))),
                (say("about.settings"), Text::from(source.place.to_string())),
                (say("about.hash"), Text::from(source.hash.as_str())),
            ])
            .link(say("about.source"), env!("CARGO_PKG_REPOSITORY")))
    }
}
