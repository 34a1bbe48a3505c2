//! Purpose: how a query's values went over time.

use std::ops::RangeInclusive;

use serde::Serialize;

use super::{client, failed, histogram, query, resolve, shortened, with_common, with_remarks};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Tail, UserError, arguments,
        values::{self, Duration},
    },
    reply::{Reply, Text},
    systems::{
        listing::listed,
        prometheus::{
            client::{Found, Window},
            promql::straightened,
            series::{apart, common, drawn, told},
        },
    },
};

/// How far back is looked where nobody says it.
const LAST: Duration = Duration::hours(1);
const LASTS: RangeInclusive<Duration> = Duration::minutes(1)..=Duration::days(50);
/// Points of a series at most.
const POINTS: i64 = 60;
/// Bars of a line at most: as many as a phone shows without a break.
const BARS: usize = 16;
/// Seconds between two points: those that a clock shows.
const STEPS: [i64; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/// How the values of a query in PromQL went
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Range {
    /// How far back
    #[arg(
        long,
        value_parser = values::duration(LASTS),
        default_value = "1h"
    )]
    last: Duration,
    /// On which Prometheus
    #[arg(long, value_parser = arguments::text)]
    on: Option<String>,
    /// The query, as it is typed to the end of the message
    #[arg(value_parser = arguments::text, required = true)]
    query: String,
}

impl Range {
    /// A query over the last hour.
    pub(super) fn of(query: String, on: Option<String>) -> Self {
        Self { last: LAST, on, query }
    }

    /// What a query with a duration behind it is meant to be, which is none in PromQL: `up 2h`.
    pub(super) fn meant(typed: &str, on: Option<String>) -> Option<Self> {
        let (query, last) = typed.trim_end().rsplit_once(char::is_whitespace)?;
        let last = Duration::parse(last).filter(|last| LASTS.contains(last))?;
        Some(Self { last, on, query: query.trim_end().to_owned() })
    }
}

impl Command for Range {
    const PATH: &'static [&'static str] = &["prom", "range"];
    const ALIASES: &'static [&'static str] = &["prom 区间", "prom 走势", "走势"];
    const EFFECT: Effect = Effect::Read;
    const TAIL: Tail = Tail::Query;
    const ARGUMENTS: &'static [&'static str] = &["last", "on", "query"];
    const EXAMPLES: &'static [&'static str] =
        &["prom range node_load1", "prom range sum(rate(http_requests_total[5m])) --last 6h"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.query = straightened(&self.query);
        resolve(&mut self.on, ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = client(&self.on, ctx)?;
        let window = window(self.last, ctx.clock.now().as_second());
        let answer = client
            .range(&self.query, window)
            .await
            .map_err(|failure| failed(&failure, &self.query, &self.on, ctx))?;
        let last = self.last.to_string();
        let page = [("g0.expr", self.query.as_str()), ("g0.tab", "0"), ("g0.range_input", &last)];
        let page = client.page("graph", &page);
        let all = match &answer.result {
            Found::Matrix(all) => all.as_slice(),
            _ => &[],
        };
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("query", &shortened(&self.query)), ("last", &last), ("count", &all.len())];
        let reply = Reply::new(client.named(ctx.locale.say("prometheus.over", &values)));
        let reply = reply.link(ctx.locale.say("prometheus.open", &[]), page.clone());
        if all.is_empty() {
            return Ok(with_remarks(reply.text(ctx.locale.say("prometheus.no_series", &[])), &answer, ctx));
        }
        let each = window.times().count().div_ceil(BARS);
        let step = Duration::seconds(window.step.unsigned_abs() * each as u64);
        let reply = reply.text(ctx.locale.say("prometheus.step", &[("step", &step)]));
        let common = common(all.iter().map(|series| &series.metric));
        let reply = with_common(reply, &common, ctx);
        let items = all.iter().map(|series| {
            let is_nameless = all.len() == 1 && series.metric.is_empty();
            let name = (!is_nameless).then(|| format!("{}\n", apart(&series.metric, &common)));
            let text = Text::default().plain(name.unwrap_or_default());
            match (told(&series.values, ctx), series.histograms.last()) {
                (Some(told), _) => {
                    let line = drawn(&series.values, window.times(), each);
                    text.plain(format!("{line}\n{told}"))
                }
                (None, Some(sample)) => text.plain(histogram(sample, ctx)),
                (None, None) => text,
            }
        });
        let reply = with_remarks(listed(reply, items.collect(), Some(page)), &answer, ctx);
        let now = query::Query { on: self.on, query: self.query };
        Ok(reply.action(ctx.locale.say("prometheus.do_query", &[]), ctx.line(&now)))
    }
}

/// A window that ends now, with at most [`POINTS`] points.
fn window(last: Duration, now: i64) -> Window {
    let last = last.get().as_secs();
    let steps = |step: i64| i64::try_from(last.div_ceil(step.unsigned_abs())).unwrap_or(i64::MAX);
    let step = STEPS.into_iter().find(|step| steps(*step) < POINTS).unwrap_or(86_400);
    Window { start: now - steps(step).saturating_mul(step), end: now, step }
}

impl Window {
    /// When there can be points.
    fn times(self) -> impl Iterator<Item = i64> {
        std::iter::successors(Some(self.start), move |at| at.checked_add(self.step))
            .take_while(move |at| *at <= self.end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_are_those_of_a_clock() {
        for (last, step) in
            [("1m", 2), ("1h", 120), ("6h", 600), ("1d", 1800), ("7d", 10_800), ("50d", 86_400)]
        {
            assert_eq!(window(Duration::parse(last).unwrap(), 0).step, step, "{last}");
        }
    }

    proptest! {
        #[test]
        fn a_window_has_all_of_it_and_few_points(seconds in 60_u64..=50 * 24 * 60 * 60) {
            let window = window(Duration::seconds(seconds), 0);
            prop_assert!(window.times().count() <= 60);
            prop_assert!(window.start <= -i64::try_from(seconds).unwrap());
            prop_assert_eq!(window.times().last(), Some(0));
        }
    }
}
