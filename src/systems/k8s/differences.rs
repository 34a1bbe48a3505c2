//! In what two templates of pods differ: where, and never what it is there. Values may be secrets.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Lists whose items have names, and are told apart by them.
const NAMED: [&str; 6] =
    ["containers", "initContainers", "env", "volumes", "volumeMounts", "imagePullSecrets"];
/// Keys below which it is told where, and of these the ones that go without saying.
const DEEPER: [&str; 6] = ["metadata", "labels", "annotations", "spec", "resources", "securityContext"];
const UNSAID: [&str; 2] = ["metadata", "spec"];
/// What a restart leaves, and what is told of by itself.
const NOT_TOLD: [&str; 4] =
    ["$patch", "kubectl.kubernetes.io/restartedAt", "pod-template-hash", "creationTimestamp"];

/// Where templates differ: `app env LOG_LEVEL`, `app resources.limits`, `volumes data`. Images are left out.
pub(super) fn differences(now: &Value, then: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(now, then, "", &mut found);
    found
}

/// `at` is where they stand, with what stands between that and a key.
fn compare(now: &Value, then: &Value, at: &str, found: &mut Vec<String>) {
    let none = Map::new();
    let [now_map, then_map] = [now, then].map(|it| it.as_object().unwrap_or(&none));
    let keys: BTreeSet<&String> = now_map.keys().chain(then_map.keys()).collect();
    for key in keys {
        let [now, then] = [now_map, then_map].map(|map| map.get(key).unwrap_or(&Value::Null));
        if is_same(now, then) || NOT_TOLD.contains(&key.as_str()) {
            continue;
        }
        let place = format!("{at}{key}");
        match key.as_str() {
            key if NAMED.contains(&key) => compare_named(now, then, &place, found),
            key if UNSAID.contains(&key) => compare(now, then, at, found),
            key if DEEPER.contains(&key) => compare(now, then, &format!("{place}."), found),
            _ => found.push(place),
        }
    }
}

fn compare_named(now: &Value, then: &Value, place: &str, found: &mut Vec<String>) {
    let items = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let (now, then) = (items(now), items(then));
    let name = |item: &Value| item["name"].as_str().unwrap_or_default().to_owned();
    let names: BTreeSet<String> = now.iter().chain(&then).map(name).collect();
    // Their images are told of with what they are, and so is which are new.
    let is_container = place.ends_with("ontainers");
    let before = found.len();
    for called in names {
        let of = |list: &[Value]| list.iter().find(|item| name(item) == called).cloned();
        match (of(&now), of(&then)) {
            (Some(mut now), Some(mut then)) if is_container => {
                for container in [&mut now, &mut then] {
                    container.as_object_mut().map(|container| container.remove("image"));
                }
                compare(&now, &then, &format!("{called} "), found);
            }
            (now, then) if now == then => {}
            (None, Some(_)) if is_container => {}
            _ => found.push(format!("{place} {called}")),
        }
    }
    // The same ones, in another order or more than once.
    if found.len() == before && !is_container && now != then {
        found.push(place.to_owned());
    }
}

/// Nothing, and a list or a map with nothing in it, are the same.
fn is_same(now: &Value, then: &Value) -> bool {
    let is_nothing = |it: &Value| match it {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    now == then || (is_nothing(now) && is_nothing(then))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_told_and_no_values() {
        let container = |more: Value| {
            let mut container = json!({
                "name": "app", "image": "web:1", "env": [{ "name": "LOG_LEVEL", "value": "info" }],
                "resources": { "limits": { "memory": "256Mi" } },
            });
            for (key, value) in more.as_object().cloned().unwrap_or_default() {
                container[key] = value;
            }
            json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [container] } })
        };
        let now = container(json!({}));
        let told = |more: Value| differences(&now, &container(more)).join(", ");
        assert_eq!(told(json!({})), "");
        assert_eq!(told(json!({ "image": "web:2", "ports": [] })), "");
        let env = json!([{ "name": "LOG_LEVEL", "value": "hunter2" }, { "name": "NEW", "value": "hunter2" }]);
        assert_eq!(told(json!({ "env": env })), "app env LOG_LEVEL, app env NEW");
        assert_eq!(told(json!({ "env": null })), "app env LOG_LEVEL");
        assert_eq!(told(json!({ "resources": { "limits": { "memory": "1Gi" } } })), "app resources.limits");
        let probe = json!({ "httpGet": { "path": "/hunter2", "port": 80 } });
        assert_eq!(
            told(json!({ "livenessProbe": probe, "command": ["hunter2"] })),
            "app command, app livenessProbe"
        );
        let prepared =
            |image: &str| json!({ "spec": { "initContainers": [{ "name": "db", "image": image }] } });
        assert_eq!(differences(&prepared("db:1"), &prepared("db:2")).join(", "), "");
        assert_eq!(differences(&json!({}), &prepared("db:1")).join(", "), "");
        assert_eq!(differences(&prepared("db:1"), &json!({})).join(", "), "initContainers db");
        let pods = json!({
            "metadata": { "labels": { "app": "web", "tier": "x" }, "annotations": { "a/b": "hunter2" } },
            "spec": {
                "containers": [now["spec"]["containers"][0], { "name": "proxy", "image": "proxy:1" }],
                "volumes": [{ "name": "data", "emptyDir": {} }], "serviceAccountName": "hunter2",
            },
        });
        let places = "annotations.a/b, labels.tier, serviceAccountName, volumes data";
        assert_eq!(differences(&now, &pods).join(", "), places);
        assert_eq!(
            differences(&pods, &now).join(", "),
            places.replace("serviceAccountName", "containers proxy, serviceAccountName")
        );
    }
}
