//! Purpose: what Prometheus scrapes, and what it cannot reach.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{client, resolve};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, UserError, arguments},
    reply::{Reply, Text},
    systems::{listing::listed, prometheus::client::Target, redact::redacted},
    text,
};

/// Letters of an error.
const MAX_ERROR: usize = 120;

/// What Prometheus scrapes, and what it cannot reach
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Targets {
    /// Only what it cannot reach
    #[arg(long)]
    down: bool,
    /// On which Prometheus
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

impl Command for Targets {
    const PATH: &'static [&'static str] = &["prom", "targets"];
    const ALIASES: &'static [&'static str] = &["prom 采集目标", "采集目标"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["down", "on"];
    const EXAMPLES: &'static [&'static str] = &["prom targets", "prom targets --down"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve(&mut self.on, ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let targets = client.targets().await.map_err(|failure| failure.tell(ctx))?;
        let down: Vec<&Target> = targets.iter().filter(|target| target.health != "up").collect();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("system", &client.title()), ("count", &targets.len()), ("down", &down.len())];
        let reply = Reply::new(ctx.locale.say("prometheus.targets", &values));
        let page = client.page("targets", &[]);
        let reply = reply.link(ctx.locale.say("prometheus.open", &[]), page.clone());
        if self.down {
            return Ok(match down.as_slice() {
                [] => reply.text(ctx.locale.say("prometheus.none_down", &[])),
                down => listed(reply, down.iter().map(|target| line(target, ctx)).collect(), Some(page)),
            });
        }
        let mut pools: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for target in &targets {
            let (up, all) = pools.entry(pool(target)).or_default();
            *all += 1;
            *up += usize::from(target.health == "up");
        }
        // Those that lack something first.
        let mut pools: Vec<_> = pools.into_iter().collect();
        pools.sort_by_key(|(_, (up, all))| up == all);
        let items = pools.into_iter().map(|(name, (up, all))| {
            let values: [(&str, &dyn std::fmt::Display); 2] = [("up", &up), ("all", &all)];
            Text::default().strong(name).plain(format!("　{}", ctx.locale.say("prometheus.up", &values)))
        });
        let reply = match targets.is_empty() {
            true => reply.text(ctx.locale.say("prometheus.no_targets", &[])),
            false => listed(reply, items.collect(), Some(page)),
        };
        Ok(match down.is_empty() {
            true => reply,
            false => {
                let line = ctx.line(&Self { down: true, ..self });
                reply.action(ctx.locale.say("prometheus.do_down", &[]), line)
            }
        })
    }
}

fn pool(target: &Target) -> &str {
    match target.scrape_pool.as_str() {
        "" => target.labels.get("job").map(String::as_str).unwrap_or_default(),
        pool => pool,
    }
}

fn line(target: &Target, ctx: &Ctx) -> Text {
    let instance = target.labels.get("instance").cloned().unwrap_or_default();
    let state = match target.health.as_str() {
        "down" => ctx.locale.say("prometheus.down", &[]),
        _ => ctx.locale.say("prometheus.unknown", &[]),
    };
    // One that was never scraped has the year 1.
    let scraped = target.last_scrape.filter(|at| at.as_second() > 0).map(|at| ctx.local(at));
    // The error may repeat the address, with what stands in its query.
    let error = text::cut(&redacted(&target.last_error), MAX_ERROR);
    let more = [scraped, Some(error)].into_iter().flatten().filter(|text| !text.is_empty());
    let more: String = more.map(|text| format!("　{text}")).collect();
    Text::default().strong(instance).plain(format!("　{}　{state}{more}", pool(target)))
}
