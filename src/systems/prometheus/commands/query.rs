//! Purpose: what a query gives now.

use serde::Serialize;

use super::{client, failed, histogram, range, resolve, shortened, with_common, with_remarks};
use crate::{
    dispatch::{Command, CommandError, Ctx, Effect, Tail, UserError, arguments},
    reply::{Reply, Text},
    systems::{
        listing::listed,
        prometheus::{
            client::{Found, Labels, Sample},
            promql::straightened,
            series::{apart, common, shown, told},
        },
    },
};

/// What a query in PromQL gives now
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Query {
    /// On which Prometheus
    #[arg(long, value_parser = arguments::text)]
    pub(super) on: Option<String>,
    /// The query, as it is typed to the end of the message
    #[arg(value_parser = arguments::text, required = true)]
    pub(super) query: String,
}

impl Command for Query {
    const PATH: &'static [&'static str] = &["prom", "query"];
    const ALIASES: &'static [&'static str] = &["prom 查询", "查询"];
    const EFFECT: Effect = Effect::Read;
    const TAIL: Tail = Tail::Query;
    const ARGUMENTS: &'static [&'static str] = &["on", "query"];
    const EXAMPLES: &'static [&'static str] =
        &["prom query up", "prom query sum by (job) (rate(http_requests_total[5m]))"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.query = straightened(&self.query);
        resolve(&mut self.on, ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let answer = client
            .query(&self.query)
            .await
            .map_err(|failure| failed(&failure, &self.query, &self.on, ctx))?;
        let page = client.page("graph", &[("g0.expr", &self.query), ("g0.tab", "1")]);
        let is_number = matches!(answer.result, Found::Scalar(_));
        let rows: Vec<(&Labels, String)> = match &answer.result {
            Found::Scalar(Sample(_, value)) | Found::String(Sample(_, value)) => {
                let value = if is_number { shown(value) } else { value.clone() };
                let title = client.named(shortened(&self.query));
                let reply = Reply::new(title).text(Text::default().strong(value));
                let reply = with_remarks(reply, &answer, ctx);
                return Ok(reply.link(ctx.locale.say("prometheus.open", &[]), page));
            }
            Found::Vector(all) => all
                .iter()
                .map(|series| {
                    let value = series.value.as_ref().map(|Sample(_, value)| shown(value));
                    let told = || series.histogram.as_ref().map(|sample| histogram(sample, ctx));
                    (&series.metric, value.or_else(told).unwrap_or_default())
                })
                .collect(),
            Found::Matrix(all) => all
                .iter()
                .map(|series| {
                    let last = || series.histograms.last().map(|sample| histogram(sample, ctx));
                    (&series.metric, told(&series.values, ctx).or_else(last).unwrap_or_default())
                })
                .collect(),
        };
        let values: [(&str, &dyn std::fmt::Display); 2] =
            [("query", &shortened(&self.query)), ("count", &rows.len())];
        let reply = Reply::new(client.named(ctx.locale.say("prometheus.series", &values)));
        let reply = reply.link(ctx.locale.say("prometheus.open", &[]), page.clone());
        if rows.is_empty() {
            return Ok(with_remarks(reply.text(ctx.locale.say("prometheus.no_series", &[])), &answer, ctx));
        }
        if let [(labels, value)] = rows.as_slice()
            && labels.is_empty()
        {
            let reply = Reply { title: client.named(shortened(&self.query)), ..reply };
            let reply = with_remarks(reply.text(Text::default().strong(value)), &answer, ctx);
            return Ok(self.with_range(reply, &answer.result, ctx));
        }
        let common = common(rows.iter().map(|(labels, _)| *labels));
        let reply = with_common(reply, &common, ctx);
        let item = |(labels, value): &(&Labels, String)| {
            Text::default().strong(value).plain(format!("　{}", apart(labels, &common)))
        };
        let reply = with_remarks(listed(reply, rows.iter().map(item).collect(), Some(page)), &answer, ctx);
        Ok(self.with_range(reply, &answer.result, ctx))
    }
}

impl Query {
    /// With how the values went, where they are of one time.
    fn with_range(&self, reply: Reply, found: &Found, ctx: &Ctx) -> Reply {
        match found {
            Found::Vector(_) => {
                let range = range::Range::of(self.query.clone(), self.on.clone());
                reply.action(ctx.locale.say("prometheus.do_range", &[]), ctx.line(&range))
            }
            _ => reply,
        }
    }
}
