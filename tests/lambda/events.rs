//! Events as Lambda hands them over, and those that are refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    function::{Function, body_of},
    support::EMPTY,
};

#[tokio::test]
async fn a_stage_before_the_path_does_not_count() {
    let function = Function::start("").await;
    let mut event = function.event("ping");
    for (stage, path, status) in [
        ("prod", "/prod/hooks/x", 404),
        ("prod", "/prod/prod/hooks/x", 200),
        ("prod", "/prod/", 200),
        ("prod", "/prod", 200),
        ("$default", "/hooks/x", 404),
        ("$default", "/prod/hooks/x", 200),
    ] {
        event["requestContext"]["stage"] = stage.into();
        event["requestContext"]["http"]["path"] = path.into();
        event["rawPath"] = path.into();
        let mut body = body_of(&event);
        body["msgId"] = format!("{stage} {path}").into();
        event["body"] = body.to_string().into();
        let (response, posted) = function.invoke(&event).await;
        assert_eq!(response["statusCode"], status, "{stage} {path}");
        assert_eq!(posted.len(), usize::from(status == 200), "{stage} {path}");
    }
}

#[tokio::test]
async fn a_body_may_come_in_base64() {
    let function = Function::start("").await;
    let mut event = function.event("ping");
    event["body"] = STANDARD.encode(event["body"].as_str().expect("a text")).into();
    event["isBase64Encoded"] = true.into();
    assert!(function.reply(&event).await.contains("pong"));
}

#[tokio::test]
async fn probes_are_answered_and_nothing_is_done() {
    let function = Function::start("").await;
    for (method, body, expected) in [
        ("GET", Value::Null, "dingops"),
        ("HEAD", Value::Null, ""),
        ("POST", Value::Null, EMPTY),
        ("POST", "".into(), EMPTY),
    ] {
        let mut event = function.event("ping");
        event["requestContext"]["http"]["method"] = method.into();
        event["body"] = body;
        let (response, posted) = function.invoke(&event).await;
        assert_eq!(response["statusCode"], 200, "{method}");
        assert_eq!(response["body"].as_str().unwrap_or_default(), expected, "{method}");
        assert!(posted.is_empty(), "{method}: {posted:?}");
    }
}

#[tokio::test]
async fn what_is_not_signed_is_refused_and_nothing_is_posted() {
    let function = Function::start("").await;
    let signed = function.event("ping");
    let (timestamp, sign) = (signed["headers"]["timestamp"].clone(), signed["headers"]["sign"].clone());
    // Lambda joins a header that came twice by a comma.
    let twice = |value: &Value| Value::from(format!("{0},{0}", value.as_str().expect("a text")));
    for (timestamp, sign) in [
        (timestamp.clone(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into()),
        (twice(&timestamp), sign.clone()),
        (timestamp, twice(&sign)),
        (1.to_string().into(), sign),
    ] {
        let mut event = signed.clone();
        event["headers"]["timestamp"] = timestamp;
        event["headers"]["sign"] = sign;
        let (response, posted) = function.invoke(&event).await;
        assert_eq!(response["statusCode"], 401);
        assert_eq!(response["body"], r#"{"error":"not signed by DingTalk"}"#);
        assert!(posted.is_empty(), "{posted:?}");
    }
    assert!(function.reply(&signed).await.contains("pong"));
}

#[tokio::test]
async fn cookies_and_other_headers_do_not_matter() {
    let function = Function::start("").await;
    let mut event = function.event("ping");
    event["cookies"] = json!(["a=1", "b=2"]);
    event["headers"]["accept"] = "text/html,application/json,*/*".into();
    event["headers"]["content-length"] = "7".into();
    event["headers"]["content-type"] = "text/plain".into();
    event["headers"]["x-forwarded-for"] = "198.51.100.1, 203.0.113.7".into();
    event["rawQueryString"] = "a=1&a=2&b=%2f".into();
    assert!(function.reply(&event).await.contains("pong"));
}

#[tokio::test]
async fn events_of_another_kind_are_refused_and_not_repeated_in_the_log() {
    let function = Function::start("").await;
    let mut broken = function.event("ping");
    broken["body"] = "not Base64!".into();
    broken["isBase64Encoded"] = true.into();
    let twice_encoded = json!(function.event("ping").to_string());
    for event in [
        json!({}),
        json!([]),
        json!({ "Records": [] }),
        json!({ "headers": "sign=SECx" }),
        broken,
        twice_encoded,
    ] {
        let (response, posted) = function.invoke(&event).await;
        assert_eq!((response["statusCode"].as_u64(), posted), (Some(400), vec![]), "{event}");
    }
    assert!(function.reply(&function.event("ping")).await.contains("pong"));
    let log = function.log();
    assert!(!log.contains("sign=") && !log.contains("senderNick"), "{log}");
}
