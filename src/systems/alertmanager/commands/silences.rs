//! Purpose: the silences that hold, or will.

use serde::Serialize;

use super::{MAX_TEXT, client, joined, resolve, unsilence, written};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, UserError, arguments},
    reply::{Reply, Text},
    systems::{alertmanager::client::Silence, listing::listed},
    text,
};

/// List the silences that hold
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Silences {
    /// On which Alertmanager
    #[arg(long, value_parser = arguments::text)]
    pub(super) on: Option<String>,
}

impl Command for Silences {
    const PATH: &'static [&'static str] = &["alerts", "silences"];
    const ALIASES: &'static [&'static str] = &["alerts 静默列表", "静默列表"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["on"];
    const EXAMPLES: &'static [&'static str] = &["alerts silences"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve(&mut self.on, ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let mut silences = client.silences().await.map_err(|failure| failure.tell(ctx))?;
        silences.retain(|silence| !silence.is_over());
        silences.sort_by_key(|silence| silence.ends_at);
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("system", &client.title()), ("count", &silences.len())];
        let page = client.page("/silences");
        let reply = Reply::new(ctx.locale.say("alertmanager.silences", &values));
        let reply = reply.link(ctx.locale.say("alertmanager.open", &[]), page.clone());
        if silences.is_empty() {
            return Ok(reply.text(ctx.locale.say("alertmanager.no_silences", &[])));
        }
        Ok(listed(reply, silences.iter().map(|silence| self.line(silence, ctx)).collect(), Some(page)))
    }
}

impl Silences {
    fn line(&self, silence: &Silence, ctx: &Ctx) -> Text {
        let (begins, until) = (ctx.local(silence.starts_at), ctx.local(silence.ends_at));
        let when = match silence.status.state.as_str() {
            "pending" => ctx.locale.say("alertmanager.from_to", &[("from", &begins), ("until", &until)]),
            _ => ctx.locale.say("alertmanager.until", &[("until", &until)]),
        };
        let written = written(silence).into_iter().filter(|text| !text.is_empty());
        let written = written.map(|text| text::cut(text, MAX_TEXT));
        let more: String = [when].into_iter().chain(written).map(|text| format!("　{text}")).collect();
        let undo = unsilence::Unsilence { id: silence.id.clone(), on: self.on.clone() };
        let matchers = text::cut(&joined(&silence.matchers), MAX_TEXT);
        let label = ctx.locale.say("alertmanager.do_unsilence", &[]);
        Text::default().strong(matchers).plain(format!("{more}　")).action(label, ctx.line(&undo))
    }
}
