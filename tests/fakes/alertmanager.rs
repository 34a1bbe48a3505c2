//! An Alertmanager with alerts, and silences that hide them.

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Asked, World, expression};

/// What a bot signs in with.
pub const USER: &str = "bot";
pub const PASSWORD: &str = "alertmanager-fixture";

pub struct Alertmanager {
    pub alerts: Vec<Alert>,
    pub silences: Vec<Silence>,
    now: fn() -> Timestamp,
}

pub struct Alert {
    pub labels: BTreeMap<String, String>,
    pub summary: &'static str,
    pub starts_at: Timestamp,
    pub inhibited: bool,
}

pub struct Silence {
    pub id: String,
    /// As they came.
    pub matchers: Vec<Value>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub updated_at: Timestamp,
    pub created_by: String,
    pub comment: String,
}

impl Alertmanager {
    /// Some alerts, of a host and of pods.
    pub fn new(now: fn() -> Timestamp) -> Self {
        let at = |minutes: i64| now() - jiff::SignedDuration::from_mins(minutes);
        let alert = |labels: &[(&str, &str)], summary, minutes| Alert {
            labels: labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            summary,
            starts_at: at(minutes),
            inhibited: false,
        };
        let pod = |pod| {
            [
                ("alertname", "PodCrashLooping"),
                ("cluster", "dev"),
                ("instance", "10.244.1.7:8080"),
                ("namespace", "shop"),
                ("pod", pod),
                ("severity", "warning"),
            ]
        };
        let host = [
            ("alertname", "HostDown"),
            ("cluster", "dev"),
            ("instance", "web1:9100"),
            ("severity", "critical"),
        ];
        let alerts = vec![
            alert(&pod("web-7d4b9c-x2x4v"), "", 12),
            alert(&host, "web1 连不上了", 30),
            alert(&pod("web-7d4b9c-9s8df"), "", 10),
        ];
        Self { alerts, silences: Vec::new(), now }
    }

    /// The fingerprint of an alert.
    pub fn fingerprint(&self, index: usize) -> String {
        self.alerts[index].fingerprint()
    }

    fn is_over(&self, silence: &Silence) -> bool {
        silence.ends_at <= (self.now)()
    }

    fn described(&self, alert: &Alert) -> Value {
        let hides = |silence: &&Silence| {
            !self.is_over(silence) && silence.starts_at <= (self.now)() && alert.fits(&silence.matchers)
        };
        let silenced_by: Vec<&str> =
            self.silences.iter().filter(hides).map(|silence| silence.id.as_str()).collect();
        let inhibited_by: &[&str] = if alert.inhibited { &["0123456789abcdef"] } else { &[] };
        let is_hidden = alert.inhibited || !silenced_by.is_empty();
        json!({
            "annotations": if alert.summary.is_empty() { json!({}) } else { json!({ "summary": alert.summary }) },
            "endsAt": "2026-01-01T00:04:00.000Z",
            "fingerprint": alert.fingerprint(),
            "receivers": [{ "name": "ops" }],
            "startsAt": alert.starts_at.to_string(),
            "status": {
                "inhibitedBy": inhibited_by, "silencedBy": silenced_by,
                "state": if is_hidden { "suppressed" } else { "active" },
            },
            "updatedAt": (self.now)().to_string(),
            "generatorURL": "http://prometheus:9090/graph",
            "labels": alert.labels,
        })
    }

    fn shown(&self, silence: &Silence) -> Value {
        let state = match (self.is_over(silence), silence.starts_at > (self.now)()) {
            (true, _) => "expired",
            (_, true) => "pending",
            _ => "active",
        };
        json!({
            "id": silence.id, "status": { "state": state }, "updatedAt": silence.updated_at.to_string(),
            "comment": silence.comment, "createdBy": silence.created_by, "matchers": silence.matchers,
            "startsAt": silence.starts_at.to_string(), "endsAt": silence.ends_at.to_string(),
        })
    }

    fn list(&self, asked: &Asked) -> Answer {
        let filters = asked.query.iter().filter(|(name, _)| name == "filter").map(|(_, filter)| filter);
        let mut matchers = Vec::new();
        for filter in filters {
            match matcher(filter) {
                Some(matcher) => matchers.push(matcher),
                None => return Answer::json(400, &format!("bad matcher format: {filter}")),
            }
        }
        let fits = |alert: &&Alert| alert.fits(&matchers);
        let alerts: Vec<Value> = self.alerts.iter().filter(fits).map(|alert| self.described(alert)).collect();
        Answer::json(200, &alerts)
    }

    fn create(&mut self, asked: &Asked) -> Answer {
        let body = asked.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let matchers = body["matchers"].as_array().cloned().unwrap_or_default();
        let fits_nothing = |matcher: &Value| fits("", matcher);
        if matchers.is_empty() || matchers.iter().all(fits_nothing) {
            return Answer::json(
                400,
                &"silence invalid: at least one matcher must not match the empty string",
            );
        }
        let (Ok(starts_at), Ok(ends_at)) = (text("startsAt").parse(), text("endsAt").parse()) else {
            return Answer::json(
                422,
                &json!({ "code": 601, "message": "startsAt in body must be of type date-time" }),
            );
        };
        if text("comment").is_empty() || text("createdBy").is_empty() || ends_at <= (self.now)() {
            return Answer::json(400, &"silence invalid");
        }
        let number = self.silences.len() + 1;
        let id = format!("{number:08x}-0000-4000-8000-{number:012x}");
        let (created_by, comment) = (text("createdBy"), text("comment"));
        let silence = Silence {
            id: id.clone(),
            matchers,
            starts_at,
            ends_at,
            updated_at: (self.now)(),
            created_by,
            comment,
        };
        self.silences.push(silence);
        Answer::json(200, &json!({ "silenceID": id }))
    }
}

impl Alert {
    fn fits(&self, matchers: &[Value]) -> bool {
        let value = |matcher: &Value| self.labels.get(matcher["name"].as_str()?).map(String::as_str);
        matchers.iter().all(|matcher| fits(value(matcher).unwrap_or_default(), matcher))
    }

    /// As Alertmanager makes it: FNV-1a over the labels.
    fn fingerprint(&self) -> String {
        let bytes = self.labels.iter().flat_map(|(name, value)| {
            name.bytes().chain([0xff]).chain(value.bytes()).chain([0xff]).collect::<Vec<u8>>()
        });
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }
}

/// `name="value"` as JSON.
fn matcher(filter: &str) -> Option<Value> {
    let end = filter.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|end| *end > 0)?;
    let (name, rest) = filter.split_at(end);
    let operator = ["!=", "=~", "!~", "="].into_iter().find(|operator| rest.starts_with(operator))?;
    let value: String = serde_json::from_str(&rest[operator.len()..]).ok()?;
    let (is_regex, is_equal) = (operator.ends_with('~'), !operator.starts_with('!'));
    Some(json!({ "name": name, "value": value, "isRegex": is_regex, "isEqual": is_equal }))
}

fn fits(value: &str, matcher: &Value) -> bool {
    let wanted = matcher["value"].as_str().unwrap_or_default();
    let found = match matcher["isRegex"].as_bool().unwrap_or_default() {
        false => value == wanted,
        true => expression::fits(wanted, value),
    };
    found == matcher["isEqual"].as_bool().unwrap_or(true)
}

impl World for Alertmanager {
    fn answer(&mut self, asked: &Asked) -> Answer {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}")));
        if asked.header("authorization") != expected {
            return Answer::text(401, "Unauthorized\n");
        }
        let segments = asked.segments();
        let ["api", "v2", rest @ ..] = segments.as_slice() else {
            return Answer::text(404, "404 page not found\n");
        };
        match (rest, &asked.method) {
            (["status"], &Method::GET) => Answer::json(
                200,
                &json!({ "versionInfo": { "version": "0.25.0" }, "uptime": "2026-01-01T00:00:00Z" }),
            ),
            (["alerts"], &Method::GET) => self.list(asked),
            (["silences"], &Method::GET) => {
                let silences: Vec<Value> = self.silences.iter().map(|silence| self.shown(silence)).collect();
                Answer::json(200, &silences)
            }
            (["silences"], &Method::POST) => self.create(asked),
            (["silence", id], &Method::GET) => match self.silences.iter().find(|silence| silence.id == *id) {
                Some(silence) => Answer::json(200, &self.shown(silence)),
                None => Answer::text(404, ""),
            },
            (["silence", id], &Method::DELETE) => {
                let now = (self.now)();
                match self.silences.iter_mut().find(|silence| silence.id == *id) {
                    Some(silence) => {
                        (silence.ends_at, silence.updated_at) = (now, now);
                        Answer::text(200, "")
                    }
                    None => Answer::json(500, &"silence not found"),
                }
            }
            _ => Answer::text(404, ""),
        }
    }
}
