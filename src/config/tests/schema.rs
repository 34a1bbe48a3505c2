//! The JSON Schema against the files that people have, and against what is read.

use serde_json::{Map, Value};

use super::{super::schema, *};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

#[test]
fn the_committed_schema_is_that_of_the_sections() {
    let made = schema::made();
    if std::env::var_os("WRITE_SCHEMA").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/dingops.schema.json"), &made).unwrap();
    }
    assert!(made == SCHEMA, "sections changed: WRITE_SCHEMA=1 cargo test -p dingops --lib schema");
}

/// What is wrong with a value, and where. A keyword that it does not know is no schema of ours.
fn wrong(value: &Value, schema: &Value, path: &str) -> Option<String> {
    let object = |value: &'_ Value| value.as_object().cloned().unwrap_or_default();
    let list = |value: &'_ Value| value.as_array().cloned().unwrap_or_default();
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        name => panic!("{path}: type {name}"),
    };
    object(schema).iter().find_map(|(keyword, says)| {
        let fine = match keyword.as_str() {
            "$schema" | "title" | "description" | "format" | "default" => true,
            "type" if says.is_array() => list(says).iter().any(is),
            "type" => is(says),
            "const" => value == says,
            "enum" => list(says).contains(value),
            "anyOf" => list(says).iter().any(|schema| wrong(value, schema, path).is_none()),
            "oneOf" => list(says).iter().filter(|schema| wrong(value, schema, path).is_none()).count() == 1,
            "minimum" => value.as_i64() >= says.as_i64(),
            "maximum" => value.as_i64() <= says.as_i64(),
            "minItems" => list(value).len() as u64 >= says.as_u64().unwrap(),
            "required" => list(says).iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
            "items" => return list(value).iter().find_map(|item| wrong(item, says, &format!("{path}[]"))),
            "properties" => {
                return object(says)
                    .iter()
                    .find_map(|(key, schema)| wrong(value.get(key)?, schema, &format!("{path}.{key}")));
            }
            "additionalProperties" => {
                let known = object(&schema["properties"]);
                return object(value).iter().filter(|(key, _)| !known.contains_key(*key)).find_map(
                    |(key, value)| match says {
                        Value::Bool(false) => Some(format!("{path}.{key}: unknown")),
                        says => wrong(value, says, &format!("{path}.{key}")),
                    },
                );
            }
            keyword => panic!("{path}: keyword {keyword}"),
        };
        (!fine).then(|| format!("{path}: {keyword} {says}, came {value}"))
    })
}

fn wrong_with(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().unwrap();
    wrong(&serde_json::to_value(table).unwrap(), &schema(), "")
}

/// A section with every key, and each form that a key may have.
const EVERYTHING: &str = r#"
version = 1
locale = "en"
timezone = "Europe/Berlin"
[dingtalk]
corps = ["ding0000other"]
session_hosts = ["oapi.dingtalk.com"]
max_skew = "1h"
max_skew_write = "5m"
oapi = "https://oapi.dingtalk.com"
api = "https://api.dingtalk.com"
[people]
alice = "0147000002"
[teams]
sre = ["alice"]
[groups]
ops = "cidOPS=="
[[allow]]
who = ["@sre"]
in = ["ops", "private"]
run = ["about"]
effect = "open"
confirm = "none"
valid = "10m"
accept_one_tap = true
[[allow]]
who = ["staff"]
run = ["help"]
when = { command = "*" }
confirm = { peer = ["alice"] }
[[deny]]
who = ["anyone"]
in = ["anywhere"]
run = ["help"]
effect = "open"
when = { command = ["ping", "!ip"] }
[[alias]]
name = "deploy"
run = "echo {1}"
help = { zh = "部署", en = "Deploy" }
arguments = [{ name = "service", help = { zh = "服务", en = "The service" }, choices = { web = "web" } }]

[robots.ops]
token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
secret = "SEC0123456789abcdef0123456789abcdef"
keywords = ["监控"]
[[defaults]]
in = ["ops"]
namespace = "shop"
[[jenkins]]
name = "dev"
default = true
url = "https://ci.example.com"
web = "https://jenkins.example.com"
user = "bot"
token = "made-up"
ca = "-----BEGIN CERTIFICATE-----"
proxy = "http://proxy.example.com:3128"
[[k8s]]
name = "prod"
default = true
url = "https://10.0.0.1:6443"
token = "made-up"
kubeconfig = "apiVersion: v1"
eks = { cluster = "prod", region = "cn-northwest-1" }
namespace = "shop"
images = ["registry.example.com/*"]
impersonate = true
web = "https://dashboard.example.com"
ca = "-----BEGIN CERTIFICATE-----"
proxy = "http://proxy.example.com:3128"
[[prometheus]]
name = "dev"
default = true
url = "https://prometheus.example.com"
web = "https://prom.example.com"
user = "bot"
password = "made-up"
ca = "-----BEGIN CERTIFICATE-----"
proxy = "http://proxy.example.com:3128"
[[alertmanager]]
name = "dev"
default = true
url = "https://alertmanager.example.com"
web = "https://alerts.example.com"
token = "made-up"
max_silence = "24h"
volatile_labels = ["pod"]
ca = "-----BEGIN CERTIFICATE-----"
proxy = "http://proxy.example.com:3128"
[audit]
report = ["group:ops", "robot:ops", "person:alice"]
[limits]
per_minute = 10
per_day = 200
[ip]
services = ["https://checkip.amazonaws.com"]
static_ip = true
[[answer]]
name = "a"
markdown = "b"
[[http]]
name = "flag set"
help = { zh = "开关", en = "Switch" }
effect = "write"
method = "PUT"
url = "https://flags.example.com"
path = ["v1", "{{ flag }}"]
query = { limit = 3, tags = ["a", "b"] }
headers = { Authorization = "Bearer {{ secret.token }}" }
secrets = { token = "x" }
json = { on = true, more = [1, { by = "{{ who.staff_id }}" }] }
examples = ["flag set dark-mode"]
args = [{ name = "flag", help = { zh = "开关", en = "The flag" }, type = "text", max = 9 }]
"#;

#[test]
fn what_people_have_fits() {
    let example = |readme: &str| {
        let examples: Vec<String> = readme
            .split("```toml\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap().to_owned())
            .collect();
        assert!(!examples.is_empty());
        examples
    };
    let mut files = vec![
        EMBEDDED.to_owned(),
        include_str!("../../../examples/playground.toml").to_owned(),
        EVERYTHING.to_owned(),
        String::new(),
        "[[defaults]]\nin = ['ops']\nnamespace = 'prod'\nreplicas = 3".to_owned(),
    ];
    files.extend(example(include_str!("../../../README.md")));
    files.extend(example(include_str!("../../../README.zh-CN.md")));
    files.extend(example(include_str!("../../../docs/rules.md")));
    files.extend(example(include_str!("../../../docs/rules.zh-CN.md")));
    for file in files {
        assert_eq!(wrong_with(&file), None, "{file}");
    }
    Settings::parse(EVERYTHING, SettingsFile::Embedded, &env).unwrap();
}

/// Each table of a document that has keys of its own, by its path, with what the schema says of it.
fn sections<'s>(
    value: &Value,
    schema: &'s Value,
    path: &[String],
    found: &mut Vec<(Vec<String>, &'s Map<String, Value>)>,
) {
    let within = |key: &str| [path, &[key.to_owned()]].concat();
    match value {
        Value::Object(table) => {
            let properties = schema["properties"].as_object();
            if let Some(properties) = properties.filter(|_| schema["additionalProperties"] == false) {
                found.push((path.to_vec(), properties));
            }
            for (key, value) in table {
                let schema =
                    properties.and_then(|known| known.get(key)).unwrap_or(&schema["additionalProperties"]);
                sections(value, schema, &within(key), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                sections(item, &schema["items"], &within(&index.to_string()), found);
            }
        }
        _ => {}
    }
}

fn at<'v>(value: &'v mut Value, path: &[String]) -> &'v mut Map<String, Value> {
    let step = |value: &'v mut Value, key: &String| match value {
        Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
        value => &mut value[key],
    };
    path.iter().fold(value, step).as_object_mut().unwrap()
}

#[test]
fn an_unknown_key_fits_nowhere_and_every_known_one_is_in_the_schema() {
    let document = serde_json::to_value(EVERYTHING.parse::<toml::Table>().unwrap()).unwrap();
    let (schema, mut found) = (schema(), Vec::new());
    sections(&document, &schema, &[], &mut found);
    let top = schema["properties"].as_object().unwrap().keys();
    let forgotten: Vec<&String> = top.filter(|key| document.get(key.as_str()).is_none()).collect();
    assert!(forgotten.is_empty(), "EVERYTHING has no {forgotten:?}");
    assert!(found.len() > 20, "{:?}", found.iter().map(|(path, _)| path).collect::<Vec<_>>());
    for (path, known) in found {
        let mut document = document.clone();
        at(&mut document, &path).insert("colour".into(), true.into());
        assert!(
            wrong(&document, &schema, "").is_some_and(|wrong| wrong.ends_with("colour: unknown")),
            "{path:?}"
        );
        let mistake = parse(&toml::to_string(&document).unwrap()).unwrap_err();
        let (_, expected) = mistake.split_once("unknown field `colour`, expected ").expect(&mistake);
        let mut expected: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        expected.sort_unstable();
        assert_eq!(known.keys().map(String::as_str).collect::<Vec<_>>(), expected, "{path:?}");
        // An editor shows what each of them is.
        for (key, schema) in known {
            assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{path:?} {key}");
        }
    }
}

#[test]
fn what_has_another_form_does_not_fit() {
    for text in [
        "version = 2",
        "locale = 'fr'",
        "people = 'alice'",
        "[people]\nalice = 1",
        "[teams]\nsre = 'alice'",
        "[[allow]]\nrun = ['ping']",
        "[[allow]]\nwho = 'staff'\neffect = 'read'",
        "[[allow]]\nwho = ['staff']\neffect = 'wriet'",
        "[[allow]]\nwho = ['staff']\neffect = 'write'\nconfirm = 'yes'",
        "[[allow]]\nwho = ['staff']\neffect = 'write'\nconfirm = { peer = [] }",
        "[[allow]]\nwho = ['staff']\neffect = 'write'\nwhen = { a = [] }",
        "[[allow]]\nwho = ['staff']\neffect = 'write'\nwhen = { a = 1.5 }",
        "[[deny]]\nwho = ['staff']\neffect = 'write'\nconfirm = 'none'",
        "[[defaults]]\nnamespace = 'prod'",
        "[[defaults]]\nin = ['ops']\nnamespace = true",
        "[robots.ops]\nsecret = 'SEC1'",
        "[audit]\nreport = 'group:ops'",
        "[limits]\nper_minute = 0",
        "[limits]\nper_day = 100001",
        "[[answer]]\nname = 'a'",
        "[answer]\nname = 'a'\nmarkdown = 'b'",
        "[[http]]\nname = 'a'\neffect = 'read'\nurl = 'https://x'\nexamples = ['a']",
        "[[http]]\nname = 'a'\nhelp = {zh='a',en='b'}\neffect = 'open'\nurl = 'https://x'\nexamples = ['a']",
        "[[http]]\nname = 'a'\nhelp = {zh='a',en='b'}\neffect = 'read'\nurl = 'https://x'\nexamples = ['a']\nquery = 'x'",
    ] {
        assert!(wrong_with(text).is_some(), "{text}");
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn every_system_is_shown_to_those_who_set_it_up() {
    for (file, text) in [
        ("dingops.toml", include_str!("../../../dingops.toml")),
        ("docs/systems.md", include_str!("../../../docs/systems.md")),
        ("docs/systems.zh-CN.md", include_str!("../../../docs/systems.zh-CN.md")),
        ("examples/playground.toml", include_str!("../../../examples/playground.toml")),
    ] {
        for system in crate::systems::SYSTEMS {
            let entry = format!("[[{}]]", system.section);
            assert!(text.contains(&entry), "{file} has no {entry}");
        }
    }
}
