//! Where values go, and of which type they are there.

use serde_json::{Value, json};

use super::{chat, service};
use crate::testing::{Answer, Service, alice};

/// A read that sends a body, with an argument of each type.
const SEARCH: &str = r#"
[[http]]
name     = "search"
help     = { zh = "搜索", en = "Search" }
effect   = "read"
safe     = true
method   = "POST"
url      = "ORIGIN"
path     = ["search"]
BODY
examples = ["search x"]

[[http.args]]
name = "words"
repeated = true
help = { zh = "词", en = "Words" }

[[http.args]]
name = "start-at"
type = "number"
option = true
min  = -5
max  = 100
help = { zh = "从第几条开始", en = "Where to start" }

[[http.args]]
name = "since"
type = "duration"
option = true
default = "90m"
help = { zh = "多久以内", en = "Since when" }

[[http.args]]
name = "exact"
type = "flag"
help = { zh = "精确", en = "Exactly" }

[[http.args]]
name = "label"
type = "key-value"
help = { zh = "标签", en = "Labels" }
"#;

async fn sent(body: &str, line: &str) -> (String, String) {
    let service = service(200, "ok").await;
    let mut chat = chat(&SEARCH.replace("BODY", body), &service).await;
    chat.say(alice(), line).await;
    let reply = chat.read();
    assert!(reply.contains("```\nok\n```"), "{reply}");
    let asked = &service.asked()[0];
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/search"));
    (asked.header("content-type"), asked.body.clone())
}

#[tokio::test]
async fn one_expression_keeps_its_type_in_json() {
    let body = r#"json = { words = "{{ words }}", from = "{{ start_at }}", since = "{{ since }}", seconds = "{{ since | seconds }}", exact = "{{ exact }}", label = "{{ label }}", text = "{{ start_at }}/{{ exact }}", fixed = [1, 2.5, true, "x"], who = "{{ who.staff_id }}", key = "{{ once is string }}" }"#;
    let (kind, body) = sent(body, "search a 'b c' --start-at -3 --exact --label k=v --label n=1").await;
    assert_eq!(kind, "application/json");
    let body: Value = serde_json::from_str(&body).unwrap();
    let expected = json!({
        "words": ["a", "b c"], "from": -3, "since": "1h30m", "seconds": 5400, "exact": true,
        "label": { "k": "v", "n": "1" }, "text": "-3/true", "fixed": [1, 2.5, true, "x"], "who": "0147000002", "key": true,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn null_stays_null_in_json_and_is_empty_in_text() {
    let body = r#"json = { from = "{{ start_at }}", text = "<{{ start_at }}>", exact = "{{ exact }}" }"#;
    let (_, body) = sent(body, "search a").await;
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        json!({ "from": null, "text": "<>", "exact": false })
    );
}

#[tokio::test]
async fn a_list_in_a_form_is_a_name_several_times() {
    let body = r#"form = { word = "{{ words }}", from = "{{ start_at }}", fixed = ["a", 1], exact = "{{ exact }}" }"#;
    let (kind, body) = sent(body, "search a 'b&c=d' --exact").await;
    assert_eq!(kind, "application/x-www-form-urlencoded");
    assert_eq!(body, "exact=true&fixed=a&fixed=1&from=&word=a&word=b%26c%3Dd");
}

#[tokio::test]
async fn a_text_and_a_header_that_says_what_it_is() {
    let body = "headers = { Content-Type = 'application/xml' }\ntext = '<q>{{ words | join(\" \") }}</q>'";
    let (kind, body) = sent(body, "search a b").await;
    assert_eq!((kind.as_str(), body.as_str()), ("application/xml", "<q>a b</q>"));
}

#[tokio::test]
async fn values_that_do_not_fit() {
    let service = Service::start().await;
    let mut chat = chat(&SEARCH.replace("BODY", "form = {}"), &service).await;
    for (line, told) in [
        ("search", "缺少参数「words」"),
        ("search a --start-at 101", "应为 -5 到 100 之间的整数"),
        ("search a --since long", "应为时长"),
        ("search a --label novalue", "应为 KEY=VALUE"),
        ("search a --label k=1 --label k=2", "给了两次"),
        ("search a --exact=yes", "后面不带值"),
        (&format!("search {}", "长".repeat(201)), "最多 200 个字，收到的有 201 个字"),
    ] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.contains(told), "{line}: {reply}");
    }
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn secrets_are_shown_to_nobody() {
    let toml = super::ONCALL.replace(
        "reply    = \"\"\"\n**{{ json.team }}**",
        "reply    = \"\"\"\n{{ json.echo }} {{ text }} {{ json.number }} {{ headers }}",
    );
    let toml = toml.replace("hunter2-hunter2", "4815162342");
    let body = r#"{"echo":"Bearer 4815162342","number":4815162342,"people":[],"url":""}"#;
    let service = Service::answering(Answer::Body(200, body.into())).await;
    let mut chat = chat(&toml, &service).await;
    chat.say(alice(), "oncall web").await;
    let reply = chat.read();
    assert!(!reply.contains("4815162342") && reply.contains("Bearer &#42;&#42;&#42;"), "{reply}");
    assert_eq!(service.asked()[0].header("authorization"), "Bearer 4815162342");
}
