//! A Prometheus with series that go on with the time, rules and targets.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::{
    Answer, Asked, World,
    promql::{Made, Query},
};

/// What a bot signs in with, where that is asked for.
pub const TOKEN: &str = "prometheus-fixture";

/// A value at a time in seconds; none where nothing was measured.
pub type Course = Box<dyn Fn(i64) -> Option<String> + Send>;

pub struct Prometheus {
    /// Asks for [`TOKEN`].
    pub is_guarded: bool,
    /// What queries give: labels, and how the values go.
    pub series: BTreeMap<&'static str, Vec<(Value, Course)>>,
    pub alerts: Vec<Value>,
    /// Expressions of alerts by their names.
    pub rules: BTreeMap<&'static str, &'static str>,
    pub targets: Vec<Value>,
    /// Seconds since 1970.
    now: fn() -> i64,
}

/// A number that stays.
pub fn always(value: &'static str) -> Course {
    Box::new(move |_| Some(value.to_owned()))
}

impl Prometheus {
    /// Some hosts, of which one is down.
    pub fn new(now: fn() -> i64) -> Self {
        let node = |name: &str, host: &str| json!({ "__name__": name, "instance": format!("{host}:9100"), "job": "node" });
        // Up and down within the hour, measured but for ten minutes of it.
        let load: Course = Box::new(move |at| {
            let minute = (now() - at) / 60;
            let load = [0.5, 0.75, 1.25, 2.5, 4.0, 2.0, 1.0];
            (!(20..30).contains(&minute))
                .then(|| load[usize::try_from(minute / 4).unwrap_or_default() % 7].to_string())
        });
        // Below a tenth for some minutes.
        let disk: Course =
            Box::new(move |at| Some(if now() - at < 600 { "0.091" } else { "0.13" }.to_owned()));
        let share = |value| (json!({ "code": if value == "NaN" { "5xx" } else { "2xx" } }), always(value));
        let series = BTreeMap::from([
            (
                "up",
                vec![
                    (node("up", "db1"), always("1")),
                    (node("up", "db2"), always("1")),
                    (node("up", "web1"), always("0")),
                ],
            ),
            ("node_load1{instance=\"db1:9100\"}", vec![(node("node_load1", "db1"), load)]),
            ("disk_free_share", vec![(node("disk_free_share", "db2"), disk)]),
            ("error_share", vec![share("NaN"), share("+Inf")]),
            (
                "many",
                (0..400)
                    .map(|n| (json!({ "__name__": "many", "n": format!("{n:03}") }), always("1")))
                    .collect(),
            ),
        ]);
        let ago = |seconds| jiff::Timestamp::from_second(now() - seconds).unwrap_or_default().to_string();
        let target = |pool: &str, host: &str, error: &str| {
            json!({
                "labels": { "instance": host, "job": pool },
                "scrapePool": pool,
                "scrapeUrl": format!("http://{host}/metrics"),
                "health": if error.is_empty() { "up" } else { "down" },
                "lastError": error,
                "lastScrape": ago(12),
            })
        };
        let refused = "Get \"http://web1:9100/metrics\": dial tcp 10.0.0.3:9100: connect: connection refused";
        let targets = vec![
            target("node", "db1:9100", ""),
            target("node", "db2:9100", ""),
            target("node", "web1:9100", refused),
            target("prometheus", "localhost:9090", ""),
        ];
        let alerts = vec![
            json!({
                "labels": { "alertname": "DiskFillsUp", "instance": "db2:9100", "severity": "warning" },
                "annotations": {}, "state": "pending", "activeAt": ago(120), "value": "9.1e-02",
            }),
            json!({
                "labels": { "alertname": "HostDown", "instance": "web1:9100", "severity": "critical" },
                "annotations": { "summary": "web1 连不上了" },
                "state": "firing", "activeAt": ago(1800), "value": "0e+00",
            }),
        ];
        let rules = BTreeMap::from([("DiskFillsUp", "disk_free_share < 0.1"), ("HostDown", "up == 0")]);
        Self { is_guarded: false, series, alerts, rules, targets, now }
    }

    /// What is stored under just this text, or else what the query gives of all.
    fn found(&self, query: &str) -> Result<Vec<(Value, Made<'_>)>, String> {
        if let Some(stored) = self.series.get(query) {
            let made = stored.iter().map(|(metric, course)| (metric.clone(), Box::new(course) as Made<'_>));
            return Ok(made.collect());
        }
        let stored = self.series.values().flatten().map(|(metric, course)| (metric, course));
        Ok(Query::read(query)?.of(&stored.collect::<Vec<_>>()))
    }

    /// The rules, each with the alerts that it raises.
    fn groups(&self) -> Value {
        let rule = |(name, query): (&&str, &&str)| {
            let alerts: Vec<&Value> =
                self.alerts.iter().filter(|alert| alert["labels"]["alertname"] == **name).collect();
            json!({ "type": "alerting", "name": name, "query": query, "health": "ok", "alerts": alerts })
        };
        let rules: Vec<Value> = self.rules.iter().map(rule).collect();
        json!({ "groups": [{ "name": "hosts", "file": "rules.yml", "interval": 15, "rules": rules }] })
    }

    fn query(&self, what: &str, asked: &Asked) -> Answer {
        let form = asked.form();
        let value = |name: &str| {
            let pair = asked.query.iter().chain(&form).find(|(key, _)| key == name);
            pair.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        let query = value("query").trim();
        if query.matches('(').count() != query.matches(')').count() {
            let at = query.len() + 1;
            return failed(
                400,
                "bad_data",
                &format!("invalid parameter \"query\": 1:{at}: parse error: unclosed left parenthesis"),
            );
        }
        if let Ok(number) = query.parse::<f64>() {
            return done(
                &json!({ "resultType": "scalar", "result": [(self.now)(), number.to_string()] }),
                &[],
            );
        }
        let found = match self.found(query) {
            Ok(found) => found,
            Err(complaint) => return failed(400, "bad_data", &complaint),
        };
        let limit: usize = value("limit").parse().unwrap_or(usize::MAX);
        let limit = if limit == 0 { usize::MAX } else { limit };
        let warnings: &[&str] = if found.len() > limit { &["results truncated due to limit"] } else { &[] };
        let found = found.into_iter().take(limit);
        if what == "query" {
            let now = (self.now)();
            let result: Vec<Value> = found
                .filter_map(|(metric, course)| {
                    Some(json!({ "metric": metric, "value": [now as f64 + 0.25, course(now)?] }))
                })
                .collect();
            return done(&json!({ "resultType": "vector", "result": result }), warnings);
        }
        let number = |name: &str| value(name).parse::<i64>().ok();
        let (Some(start), Some(end), Some(step)) = (number("start"), number("end"), number("step")) else {
            return failed(400, "bad_data", "invalid parameter \"start\"");
        };
        let times = || std::iter::successors(Some(start), |at| Some(at + step)).take_while(|at| *at <= end);
        let result: Vec<Value> = found
            .map(|(metric, course)| {
                let values: Vec<Value> = times().filter_map(|at| Some(json!([at, course(at)?]))).collect();
                (metric, values)
            })
            .filter(|(_, values)| !values.is_empty())
            .map(|(metric, values)| json!({ "metric": metric, "values": values }))
            .collect();
        done(&json!({ "resultType": "matrix", "result": result }), warnings)
    }
}

fn done(data: &Value, warnings: &[&str]) -> Answer {
    let mut answer = json!({ "status": "success", "data": data });
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    Answer::json(200, &answer)
}

/// As Prometheus says that it does not.
pub fn failed(status: u16, kind: &str, error: &str) -> Answer {
    Answer::json(status, &json!({ "status": "error", "errorType": kind, "error": error }))
}

impl World for Prometheus {
    fn answer(&mut self, asked: &Asked) -> Answer {
        if self.is_guarded && asked.header("authorization") != format!("Bearer {TOKEN}") {
            return Answer::text(401, "Unauthorized\n");
        }
        let is_post = asked.method == Method::POST;
        match asked.segments().as_slice() {
            ["api", "v1", what @ ("query" | "query_range")] => self.query(what, asked),
            ["api", "v1", "alerts"] if !is_post => done(&json!({ "alerts": self.alerts }), &[]),
            ["api", "v1", "rules"] if !is_post => done(&self.groups(), &[]),
            ["api", "v1", "targets"] if !is_post => {
                done(&json!({ "activeTargets": self.targets, "droppedTargets": [] }), &[])
            }
            ["api", "v1", "status", "buildinfo"] => {
                done(&json!({ "version": "2.42.0", "branch": "HEAD" }), &[])
            }
            _ => Answer::text(404, "404 page not found\n"),
        }
    }
}
