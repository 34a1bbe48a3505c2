//! Every file in `events/`, as Lambda would hand it over.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::{Value, json};
use simulator::Place;

use super::{Event, without_stage};
use crate::testing::{Chat, NOW_MS, SECRET, signature};

const WEBHOOK: &str =
    "https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef0123456789abcdef";
const EMPTY: &str = r#"{"msgtype":"empty"}"#;

/// File, status, body, and how the message begins that arrives.
const EXPECTED: [(&str, u16, &str, Option<&str>); 28] = [
    ("about", 200, EMPTY, Some("#### dingops")),
    ("action-card", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("answer", 200, EMPTY, Some("#### 测试\n\n[测试环境占用情况](https://")),
    ("audio", 200, EMPTY, Some("#### pong")),
    ("base64", 200, EMPTY, Some("#### pong")),
    ("chat-record", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("encrypted", 400, r#"{"error":"not a callback"}"#, None),
    ("file", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("get", 200, "dingops", None),
    ("help", 200, EMPTY, Some("#### 我能做什么")),
    ("interactive-card", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("markdown", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("no-staff-id", 200, EMPTY, Some("#### 你是谁")),
    ("picture-group", 200, EMPTY, None),
    ("picture-private", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("ping", 200, EMPTY, Some("#### pong")),
    ("probe", 200, EMPTY, None),
    ("quota-exhausted", 200, EMPTY, None),
    ("quote", 200, EMPTY, Some("#### pong")),
    ("reply", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("richtext", 200, EMPTY, Some("#### pong")),
    ("stale", 401, r#"{"error":"not signed by DingTalk"}"#, None),
    ("unknown-command", 200, EMPTY, Some("#### 没有这条命令")),
    ("unknown-host", 400, r#"{"error":"unknown session webhook"}"#, None),
    ("unknown-msgtype", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("video", 200, EMPTY, Some("#### 暂不支持这类消息")),
    ("whoami", 200, EMPTY, Some("#### 你是谁")),
    ("wrong-sign", 401, r#"{"error":"not signed by DingTalk"}"#, None),
];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/events"))
}

/// An event whose reply goes to the stand-in: the signature does not cover the body.
fn redirected(file: &Path, webhook: &str) -> Value {
    let mut event: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let body = event["body"].as_str().unwrap_or_default().to_owned();
    event["body"] = if event["isBase64Encoded"] == true {
        let body = String::from_utf8(STANDARD.decode(body).unwrap()).unwrap();
        STANDARD.encode(body.replace(WEBHOOK, webhook)).into()
    } else {
        body.replace(WEBHOOK, webhook).into()
    };
    event
}

fn request(event: &Value) -> http::Request<Full<Bytes>> {
    Event::read(event.clone()).unwrap()
}

#[tokio::test]
async fn every_event_of_the_folder() {
    let mut files: Vec<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    assert_eq!(files.len(), EXPECTED.len());
    let mut chat = Chat::start().await;
    for (name, status, body, message) in EXPECTED {
        let file = folder().join(name).with_extension("json");
        let response =
            chat.send(request(&redirected(&file, &chat.dingtalk().open_session(&Place::group("ops"))))).await;
        assert_eq!((response.status().as_u16(), response.body().as_str()), (status, body), "{name}");
        match message {
            Some(beginning) => {
                let message = chat.read();
                assert!(message.starts_with(beginning), "{name}: {message}");
            }
            None => chat.silence(),
        }
    }
}

#[test]
fn the_events_are_signed_with_the_documented_secret_at_the_documented_time() {
    let text = fs::read_to_string(folder().join("help.json")).unwrap();
    let event: Value = serde_json::from_str(&text).unwrap();
    for (name, value) in &signature(NOW_MS) {
        assert_eq!(event["headers"][name.as_str()], value.to_str().unwrap());
    }
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    assert!(readme.contains(SECRET) && readme.contains(&NOW_MS.to_string()));
}

#[test]
fn a_stage_of_an_http_api_is_stripped() {
    for (stage, path, expected) in [
        ("$default", "/", "/"),
        ("$default", "", "/"),
        ("$default", "/prod/x", "/prod/x"),
        ("prod", "/prod/", "/"),
        ("prod", "/prod", "/"),
        ("prod", "/prod/hooks/x", "/hooks/x"),
        ("prod", "/", "/"),
        ("prod", "/production/x", "/production/x"),
    ] {
        assert_eq!(without_stage(path, Some(stage)), expected, "{stage} {path}");
    }
}

#[test]
fn what_a_stranger_can_put_into_an_event_is_no_panic() {
    let text = fs::read_to_string(folder().join("ping.json")).unwrap();
    let with = |key: &str, value: Value| {
        let mut event: Value = serde_json::from_str(&text).unwrap();
        event[key] = value;
        Event::read(event)
    };
    assert!(with("rawQueryString", "a=\"<> \u{0}".into()).is_ok());
    assert!(with("headers", json!({ "x y": "1", "sign": "a\nb", "x-forwarded-proto": "\"" })).is_ok());
    assert_eq!(with("rawPath", "/ \"".into()).unwrap_err(), "the path is not a valid path");
    assert_eq!(with("rawPath", "x".repeat(70_000).into()).unwrap_err(), "the path is not a valid path");
    assert_eq!(
        with("isBase64Encoded", true.into()).unwrap_err(),
        "the body is marked as Base64 and is not Base64"
    );
    assert!(with("body", Value::Null).is_ok());
    assert!(with("headers", json!({ "x": null, "y": 5, "z": ["a"] })).is_ok());
    for odd in [json!("text"), json!([]), json!({}), json!({ "Records": [] }), json!({ "headers": "sign=x" })]
    {
        assert_eq!(Event::read(odd).unwrap_err(), "not an event of a function URL (payload format 2.0)");
    }
}
