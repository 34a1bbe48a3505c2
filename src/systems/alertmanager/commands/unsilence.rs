//! Purpose: end a silence before its time.

use serde::Serialize;

use super::{client, few, joined, list, resolve, silences, written};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Preview, UserError, arguments, values},
    reply::Reply,
    systems::alertmanager::{
        client::{Client, Silence},
        matcher,
    },
};

/// End a silence before its time
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Unsilence {
    /// The id of the silence
    #[arg(value_parser = matcher::id, required = true)]
    pub(super) id: String,
    /// On which Alertmanager
    #[arg(long, value_parser = arguments::text)]
    pub(super) on: Option<String>,
}

impl Command for Unsilence {
    const PATH: &'static [&'static str] = &["alerts", "unsilence"];
    const ALIASES: &'static [&'static str] =
        &["alerts 取消静默", "取消静默", "取消屏蔽", "解除静默", "解除屏蔽"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] = &["id", "on"];
    const EXAMPLES: &'static [&'static str] = &["alerts unsilence 8d4162b1-5741-4acf-a408-2be23d7038b4"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve(&mut self.on, ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = client(&self.on, ctx)?;
        let silence = self.found(&client, ctx).await?;
        let mut alerts = client.alerts(&[]).await.map_err(|failure| failure.tell(ctx))?;
        alerts.retain(|alert| alert.status.silenced_by.contains(&self.id));
        let (again, still): (Vec<_>, Vec<_>) =
            alerts.into_iter().partition(|alert| alert.is_hidden_by(&self.id));
        let until = ctx.local(silence.ends_at);
        let matchers = joined(&silence.matchers);
        let system = client.title();
        let mut lines = vec![
            ctx.locale.say("alertmanager.will_end", &[("system", &system), ("until", &until)]),
            ctx.locale.say("alertmanager.where", &[("matchers", &matchers)]),
        ];
        lines.extend(match written(&silence) {
            ["", ""] => None,
            ["", only] | [only, ""] => Some(only.to_owned()),
            [by, comment] => Some(ctx.locale.say("alertmanager.made", &[("by", &by), ("comment", &comment)])),
        });
        lines.extend(match (again.len(), still.len()) {
            (0, 0) => Some(ctx.locale.say("alertmanager.hid_none", &[])),
            (0, _) => None,
            (count, _) => Some(ctx.locale.say("alertmanager.hid", &[("count", &count)])),
        });
        lines.extend(few(&again, ctx));
        if !still.is_empty() {
            lines.push(ctx.locale.say("alertmanager.hid_still", &[("count", &still.len())]));
        }
        Ok(Preview { lines, witness: format!("{} {}", silence.updated_at, silence.status.state) })
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let silence = self.found(&client, ctx).await?;
        let look = ctx.line(&silences::Silences { on: self.on.clone() });
        if let Err(failure) = client.expire(&self.id).await {
            return Err(failure.tell_of_write(look, ctx));
        }
        let matchers = joined(&silence.matchers);
        let page = client.page_of(&silence.matchers);
        let title = client.named(ctx.locale.say("alertmanager.ended", &[]));
        let alerts = list::List::of(&silence.matchers, self.on);
        Ok(Reply::new(title)
            .text(ctx.locale.say("alertmanager.where", &[("matchers", &matchers)]))
            .action(ctx.locale.say("alertmanager.do_list", &[]), ctx.line(&alerts))
            .link(ctx.locale.say("alertmanager.open", &[]), page))
    }
}

impl Unsilence {
    /// The silence, if it is not over, or those like it.
    async fn found(&self, client: &Client<'_>, ctx: &Ctx) -> Result<Silence, CommandError> {
        let silence = match client.silence(&self.id).await {
            Ok(silence) => silence,
            Err(failure) if failure.status() == Some(404) => {
                let others = client.silences().await.unwrap_or_default();
                let others = others.iter().filter(|silence| !silence.is_over());
                let near = values::near(&self.id, others.map(|silence| silence.id.as_str()));
                let near = near.join(&ctx.locale.say("usage.separator", &[]));
                let system = client.title();
                let key =
                    if near.is_empty() { "alertmanager.no_silence" } else { "alertmanager.no_silence_near" };
                let values: [(&str, &dyn std::fmt::Display); 2] = [("system", &system), ("near", &near)];
                let values = if near.is_empty() { &values[..1] } else { &values };
                return Err(UserError(ctx.locale.say(key, values)).into());
            }
            Err(failure) => return Err(failure.tell(ctx)),
        };
        match silence.is_over() {
            false => Ok(silence),
            true => {
                let ended = ctx.local(silence.ends_at);
                Err(UserError(ctx.locale.say("alertmanager.is_over", &[("ended", &ended)])).into())
            }
        }
    }
}
