//! Purpose: tell each person how DingTalk names them, for the people and groups of dingops.toml.

use serde::Serialize;

use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Membership},
    reply::{Reply, Text},
};

/// Who you are to the bot, and the lines for dingops.toml
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Whoami {}

impl Command for Whoami {
    const PATH: &'static [&'static str] = &["whoami"];
    const ALIASES: &'static [&'static str] = &["我是谁"];
    const EFFECT: Effect = Effect::Open;

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let say = |key: &str| Text::from(ctx.locale.say(key, &[]));
        let or_none = |value: Option<&str>| value.map_or_else(|| say("whoami.none"), Text::from);
        let organisation = match ctx.who.membership {
            Membership::Own => "whoami.own",
            Membership::Listed => "whoami.listed",
            Membership::Unknown => "whoami.unknown",
        };
        let admin = if ctx.who.admin { "whoami.yes" } else { "whoami.no" };
        let place = if ctx.place.private { "whoami.private" } else { "whoami.group" };
        let name = |key: &str| ctx.locale.say(key, &[]);
        let reply = Reply::new(name("whoami.title")).fields([
            (name("whoami.nick"), Text::from(ctx.who.nick.as_str())),
            (name("whoami.staff_id"), or_none(ctx.who.staff_id.as_deref())),
            (name("whoami.organisation"), say(organisation)),
            (name("whoami.admin"), say(admin)),
            (name(place), or_none(ctx.place.conversation_id.as_deref())),
        ]);
        let reply = if ctx.who.staff_id.is_none() { reply.note(name("whoami.no_staff_id")) } else { reply };
        let lines = lines(ctx);
        if lines.is_empty() {
            return Ok(reply);
        }
        Ok(reply.text(name("whoami.paste")).code(lines))
    }
}

/// What dingops.toml needs to know this person and this group by name.
fn lines(ctx: &Ctx) -> String {
    let mut lines = String::new();
    let mut section = |name: &str, key: &str, id: &str| {
        lines.push_str(&format!("[{name}]\n{} = {}\n", toml_text(key), toml_text(id)));
    };
    if let Some(id) = ctx.who.staff() {
        section("people", &ctx.who.nick, id);
    }
    if let Some(id) = ctx.place.conversation_id.as_deref().filter(|_| !ctx.place.private) {
        section("groups", ctx.place.title.as_deref().unwrap_or("group"), id);
    }
    lines
}

/// A text as a TOML string, whatever is in it.
fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars().take(64) {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // What a reader could not see, or a chat would take for markup.
            c if c.is_control() || crate::log::is_bidi_control(c) || matches!(c, '`' | '<') => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
