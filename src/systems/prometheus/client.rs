//! What is asked of a Prometheus, and what it answers. Fields, statuses and paths: tools.md 10.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use url::Url;

use super::Prometheus;
use crate::{
    dispatch::Ctx,
    outbound,
    systems::{
        api::{Call, null_is_empty},
        failure::Failure,
        listing::MAX_ITEMS,
    },
};

/// How long an evaluation may take there, less than its answer is waited for.
const TIMEOUT: &str = "10s";
/// Series that are asked for: what is shown, and enough to tell how many more there are.
const SERIES: usize = MAX_ITEMS * 20;
/// Bytes of an answer that are read; 300 series of 60 points have room.
const ANSWER: usize = 2 * 1024 * 1024;
/// A longer query is sent as a form: proxies cut addresses at 4 KiB or 8. A shorter one is in the address, since some
/// let nothing through but GET.
const IN_ADDRESS: usize = 2000;

/// A Prometheus, asked by a command.
pub(super) struct Client<'c> {
    prometheus: &'c Prometheus,
    ctx: &'c Ctx,
}

/// Labels by name.
pub(super) type Labels = BTreeMap<String, String>;

/// What all answers are wrapped in.
#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
    #[serde(default, deserialize_with = "null_is_empty")]
    warnings: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    infos: Vec<String>,
}

/// What a query gives.
pub(super) struct Answer {
    pub(super) result: Found,
    /// What Prometheus has to say of it, in its own words.
    pub(super) remarks: Vec<String>,
}

/// Its kinds of values.
#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Found {
    /// A number.
    Scalar(Sample),
    /// A text.
    String(Sample),
    /// Series at one time.
    Vector(#[serde(deserialize_with = "null_is_empty")] Vec<Instant>),
    /// Series over time.
    Matrix(#[serde(deserialize_with = "null_is_empty")] Vec<Series>),
}

/// A time in seconds since 1970, and a value as Prometheus writes it: `0.5`, `NaN`, `+Inf`.
#[derive(Debug, Deserialize)]
pub(super) struct Sample(pub(super) f64, pub(super) String);

/// A native histogram at some time.
#[derive(Debug, Deserialize)]
pub(super) struct HistogramSample(pub(super) IgnoredAny, pub(super) Histogram);

/// What of a native histogram is told.
#[derive(Debug, Deserialize)]
pub(super) struct Histogram {
    pub(super) count: String,
    pub(super) sum: String,
}

/// A series at one time: it has one of both.
#[derive(Debug, Deserialize)]
pub(super) struct Instant {
    pub(super) metric: Labels,
    pub(super) value: Option<Sample>,
    pub(super) histogram: Option<HistogramSample>,
}

/// A series over time.
#[derive(Debug, Deserialize)]
pub(super) struct Series {
    pub(super) metric: Labels,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) values: Vec<Sample>,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) histograms: Vec<HistogramSample>,
}

/// When a range begins and ends, and the seconds between two points of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) step: i64,
}

/// An alert of a rule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    pub(super) labels: Labels,
    #[serde(default, deserialize_with = "null_is_empty")]
    pub(super) annotations: Labels,
    /// `pending` or `firing`.
    pub(super) state: String,
    pub(super) active_at: Option<Timestamp>,
    /// As Prometheus writes it: `1e+00`.
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Deserialize)]
struct Alerts {
    #[serde(deserialize_with = "null_is_empty")]
    alerts: Vec<Alert>,
}

/// A rule, with the alerts that it raises.
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    /// What its expression is, in PromQL.
    #[serde(default)]
    pub(super) query: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    alerts: Vec<Raised>,
}

#[derive(Debug, Deserialize)]
struct Raised {
    labels: Labels,
}

#[derive(Deserialize)]
struct Rules {
    #[serde(deserialize_with = "null_is_empty")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(deserialize_with = "null_is_empty")]
    rules: Vec<Rule>,
}

/// What is scraped. Its address may hold secrets, and is not read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    #[serde(default)]
    pub(super) labels: Labels,
    /// The job of its configuration.
    #[serde(default)]
    pub(super) scrape_pool: String,
    /// `up`, `down`, or `unknown` before it was scraped.
    pub(super) health: String,
    #[serde(default)]
    pub(super) last_error: String,
    pub(super) last_scrape: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Targets {
    #[serde(deserialize_with = "null_is_empty")]
    active_targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Build {
    version: String,
}

impl Rule {
    /// Whether this alert is of it.
    pub(super) fn raises(&self, alert: &Alert) -> bool {
        self.alerts.iter().any(|raised| raised.labels == alert.labels)
    }
}

impl<'c> Client<'c> {
    pub(super) fn new(prometheus: &'c Prometheus, ctx: &'c Ctx) -> Self {
        Self { prometheus, ctx }
    }

    /// What it is called in a sentence.
    pub(super) fn title(&self) -> &str {
        self.prometheus.api.title()
    }

    /// See [`Api::named`](crate::systems::api::Api::named).
    pub(super) fn named(&self, title: String) -> String {
        self.prometheus.api.named(title)
    }

    /// A page of it for people.
    pub(super) fn page(&self, name: &str, query: &[(&str, &str)]) -> String {
        let web = &self.prometheus.web;
        let mut page = outbound::address(web, &[name]).unwrap_or_else(|_| Url::clone(web));
        if !query.is_empty() {
            page.query_pairs_mut().extend_pairs(query);
        }
        page.into()
    }

    /// Its version; empty for what only speaks its language.
    pub(super) async fn version(&self) -> Result<String, Failure> {
        let build = self.get(&["status", "buildinfo"]).json::<Envelope<Build>>().await;
        match build {
            Err(failure) if failure.status() == Some(404) => self.query("1").await.map(|_| String::new()),
            build => build.map(|build| build.data.version),
        }
    }

    /// What a query gives now.
    pub(super) async fn query(&self, query: &str) -> Result<Answer, Failure> {
        self.ask("query", query, Vec::new()).await
    }

    /// What a query gave over time.
    pub(super) async fn range(&self, query: &str, window: Window) -> Result<Answer, Failure> {
        let Window { start, end, step } = window;
        let window = [("start", start), ("end", end), ("step", step)];
        let window = window.into_iter().map(|(name, seconds)| (name, seconds.to_string()));
        self.ask("query_range", query, window.collect()).await
    }

    /// The alerts of its rules.
    pub(super) async fn alerts(&self) -> Result<Vec<Alert>, Failure> {
        Ok(self.read::<Alerts>(self.get(&["alerts"])).await?.data.alerts)
    }

    /// Its rules that raise alerts.
    pub(super) async fn rules(&self) -> Result<Vec<Rule>, Failure> {
        let call = self.get(&["rules"]).query([("type", "alert")]);
        let groups = self.read::<Rules>(call).await?.data.groups;
        Ok(groups.into_iter().flat_map(|group| group.rules).collect())
    }

    /// What it scrapes.
    pub(super) async fn targets(&self) -> Result<Vec<Target>, Failure> {
        let call = self.get(&["targets"]).query([("state", "active")]);
        Ok(self.read::<Targets>(call).await?.data.active_targets)
    }

    async fn ask(
        &self,
        what: &'static str,
        query: &str,
        more: Vec<(&'static str, String)>,
    ) -> Result<Answer, Failure> {
        let mut asked = vec![("query", query.to_owned())];
        asked.extend(more);
        asked.extend([("timeout", TIMEOUT.to_owned()), ("limit", SERIES.to_string())]);
        let call = match query.len() {
            0..IN_ADDRESS => self.get(&[what]).query(asked),
            _ => {
                let call = self.prometheus.api.post(self.ctx, &["api", "v1", what]).reading();
                call.form(asked.iter().map(|(name, value)| (*name, value.as_str())))
            }
        };
        let Envelope { data, warnings, infos } = self.read::<Found>(call.heavy()).await?;
        Ok(Answer { result: data, remarks: warnings.into_iter().chain(infos).collect() })
    }

    async fn read<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Envelope<T>, Failure> {
        call.limit(ANSWER).json().await
    }

    fn get(&self, rest: &[&'static str]) -> Call<'c> {
        self.prometheus.api.get(self.ctx, &[&["api", "v1"], rest].concat())
    }
}
