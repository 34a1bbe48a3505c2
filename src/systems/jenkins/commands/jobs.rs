//! Purpose: list jobs, with how their last builds ended; those that failed or run come first.

use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::{client, no_job, resolve};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, UserError, arguments, values::Caseless},
    reply::{Reply, Text},
    systems::{
        jenkins::{job, types::Item},
        listing::listed,
    },
};

/// List jobs, with how their last builds ended; those that failed or run come first
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Jobs {
    /// Which folder
    #[arg(value_parser = job::job)]
    folder: Option<Caseless>,
    /// On which Jenkins
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
}

impl Command for Jobs {
    const PATH: &'static [&'static str] = &["jenkins", "jobs"];
    const ALIASES: &'static [&'static str] = &["构建任务", "jenkins 任务"];
    const EFFECT: Effect = Effect::Read;
    const ARGUMENTS: &'static [&'static str] = &["folder", "on"];
    const EXAMPLES: &'static [&'static str] = &["jenkins jobs", "jenkins jobs team"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        resolve(&mut self.on, self.folder.as_mut(), ctx).map(drop)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let folder = self.folder.as_ref().map(Caseless::as_str);
        let mut jobs = match (client.jobs(folder).await, &self.folder) {
            (Ok(Some(jobs)), _) => jobs,
            (Ok(None), None) => Vec::new(),
            (Ok(None), Some(job)) => {
                let status = super::status::Status { job: job.clone(), number: None, on: self.on.clone() };
                let reply = Reply::new(client.named(ctx.locale.say("jenkins.no_folder", &[("job", job)])));
                return Ok(reply
                    .action(ctx.locale.say("jenkins.do_status", &[]), ctx.line(&status))
                    .link(ctx.locale.say("jenkins.open", &[]), client.page(folder, &[])));
            }
            (Err(failure), Some(folder)) => return Err(no_job(&client, folder, failure, ctx).await),
            (Err(failure), None) => return Err(failure.tell(ctx)),
        };
        let name = folder.map_or_else(|| client.title().to_owned(), |folder| client.named(folder.to_owned()));
        let reply = Reply::new(ctx.locale.say("jenkins.jobs", &[("name", &name), ("count", &jobs.len())]));
        let page = client.page(folder, &[]);
        let reply = reply.link(ctx.locale.say("jenkins.open", &[]), page.clone());
        if jobs.is_empty() {
            return Ok(reply.text(ctx.locale.say("jenkins.no_jobs", &[])));
        }
        jobs.sort_by_key(|job| !job.matters());
        let items = jobs.iter().map(|item| self.line(item, ctx)).collect();
        Ok(listed(reply, items, Some(page)))
    }
}

impl Jobs {
    fn line(&self, item: &Item, ctx: &Ctx) -> Text {
        let path = self
            .folder
            .as_ref()
            .map_or_else(|| item.name.clone(), |folder| format!("{folder}/{}", item.name));
        let named = || Some(Caseless::new(&path));
        // A branch is shown as git calls it.
        let shown = percent_decode_str(&item.name).decode_utf8_lossy().into_owned();
        let Some(color) = &item.color else {
            let line = ctx.line(&Self { folder: named(), on: self.on.clone() });
            return Text::default().action(shown, line).plain(ctx.locale.say("jenkins.is_folder", &[]));
        };
        let line =
            ctx.line(&super::status::Status { job: Caseless::new(&path), number: None, on: self.on.clone() });
        let (color, runs) =
            color.strip_suffix("_anime").map_or((color.as_str(), false), |color| (color, true));
        let state = match color {
            "blue" | "green" => "jenkins.success",
            "red" => "jenkins.failure",
            "yellow" => "jenkins.unstable",
            "aborted" => "jenkins.aborted",
            "disabled" | "grey" => "jenkins.is_disabled",
            _ => "jenkins.not_built",
        };
        let state = match (runs, state) {
            (true, "jenkins.not_built") => ctx.locale.say("jenkins.runs_first", &[]),
            (true, state) => ctx.locale.say("jenkins.runs_after", &[("state", &ctx.locale.say(state, &[]))]),
            (false, state) => ctx.locale.say(state, &[]),
        };
        Text::default().action(shown, line).plain(format!("　{state}"))
    }
}
