//! Metrics, as part of the line that tells what came of a command (CloudWatch's embedded metric format): no call to make
//! and none to wait for.
//!
//! Their one dimension is the outcome: it is what an alarm is about (`failed`, `unknown`), and has few values, each of
//! which costs as a metric of its own. Commands, people and places are in the line beside it, to be queried.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::dispatch::audit;

const NAMESPACE: &str = "dingops";
const DIMENSION: &str = "outcome";

/// Makes metrics of a line, if it tells what came of a command.
pub fn embed(line: &mut Map<String, Value>) {
    let time = line.get("timestamp").and_then(Value::as_str).and_then(|time| time.parse::<Timestamp>().ok());
    let is_outcome = line.get("target") == Some(&audit::TARGET.into()) && line.contains_key(DIMENSION);
    let (Some(time), Some(ms), true) = (time, line.get("ms").cloned(), is_outcome) else { return };
    let metrics =
        json!([{ "Name": "Commands", "Unit": "Count" }, { "Name": "Duration", "Unit": "Milliseconds" }]);
    line.insert("Commands".into(), 1.into());
    line.insert("Duration".into(), ms);
    line.insert(
        "_aws".into(),
        json!({
            "Timestamp": time.as_millisecond(),
            "CloudWatchMetrics": [
                { "Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": metrics },
            ],
        }),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Chat, Log, alice};

    #[tokio::test]
    async fn a_command_counts_under_its_outcome() {
        let log = Log::start(Some(embed));
        let mut chat = Chat::start().await;
        chat.say(alice(), "pong").await;
        chat.read();
        let text = log.text();
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let line = lines.find(|line| line.get("_aws").is_some()).expect("a line with metrics");
        assert!(lines.all(|line| line.get("_aws").is_none()), "{text}");
        // As the format's specification has it: each name of a metric or a dimension is a member of the line itself.
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "dingops");
        assert_eq!(directive["Dimensions"], json!([["outcome"]]));
        assert_eq!(line["outcome"], "not understood");
        let names: Vec<&str> = directive["Metrics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|metric| metric["Name"].as_str().unwrap())
            .collect();
        assert_eq!(names.iter().map(|name| &line[*name]).collect::<Vec<_>>(), [1, 0]);
        let time: Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
        assert_eq!(line["_aws"]["Timestamp"], time.as_millisecond());
    }

    #[test]
    fn nothing_else_is_a_metric() {
        for line in [
            json!({ "timestamp": "2026-01-01T00:00:00Z", "target": "dingops::app", "outcome": "done", "ms": 1 }),
            json!({ "timestamp": "2026-01-01T00:00:00Z", "target": audit::TARGET, "message": "intent" }),
        ] {
            let mut map = line.as_object().unwrap().clone();
            embed(&mut map);
            assert_eq!(Value::Object(map), line);
        }
    }
}
