//! Who may say something: organisations, robots and session webhooks that are known.

use serde_json::{Value, json};

use super::{Edit, refused};
use crate::testing::{Chat, alice, bob};

#[tokio::test]
async fn senders_of_no_organisation_that_counts() {
    let edits: [(&str, Edit); 7] = [
        ("another organisation", |callback| callback["senderCorpId"] = "ding0001other".into()),
        ("no sender's organisation", |callback| callback["senderCorpId"] = Value::Null),
        ("empty sender's organisation", |callback| callback["senderCorpId"] = "".into()),
        ("no robot's organisation", |callback| callback["chatbotCorpId"] = Value::Null),
        ("empty robot's organisation", |callback| callback["chatbotCorpId"] = "".into()),
        ("in another case", |callback| callback["senderCorpId"] = "DING0000CORP".into()),
        ("with a blank", |callback| callback["senderCorpId"] = "ding0000corp ".into()),
    ];
    let mut chat = Chat::start().await;
    for (what, edit) in edits {
        let mut callback = chat.text(&alice(), "ping");
        edit(&mut callback);
        let request = chat.signed(callback.to_string());
        refused(&mut chat, request, 403, "not of this organisation", what).await;
    }
}

#[tokio::test]
async fn without_organisations_there_are_open_commands_only() {
    let mut chat = Chat::start().await;
    for (line, allowed) in [("ping", true), ("whoami", true), ("ip", false)] {
        let mut callback = chat.text(&alice(), line);
        callback["senderCorpId"] = Value::Null;
        callback["chatbotCorpId"] = Value::Null;
        chat.post(&callback).await;
        let reply = chat.read();
        assert_eq!(!reply.contains("无权执行"), allowed, "{line}");
        assert_eq!(reply.contains("这条消息没有带组织 ID"), line != "ping", "{line}: {reply}");
    }
}

#[tokio::test]
async fn a_listed_organisation_may_use_open_commands() {
    let mut chat = Chat::with("[dingtalk]\ncorps = ['ding0001other']").await;
    let mut carol = bob();
    carol.corp = Some("ding0001other".into());
    chat.say(carol.clone(), "ping").await;
    assert!(chat.read().starts_with("#### pong"));
    // The staff id of another organisation may be somebody else's here.
    chat.say(carol, "ip").await;
    assert!(chat.read().contains("你来自其他组织，只能使用公开命令"));
}

#[tokio::test]
async fn session_webhooks_of_strangers() {
    let mut chat = Chat::start().await;
    let origin = chat.dingtalk().origin().to_owned();
    let port = origin.rsplit(':').next().unwrap();
    let session = "session=0123456789abcdef0123456789abcdef";
    let strangers = [
        format!("https://oapi.dingtalk.com.evil.example/robot/sendBySession?{session}"),
        format!("https://oapi.dingtalk.com@evil.example/robot/sendBySession?{session}"),
        format!("https://127.0.0.1:{port}/robot/sendBySession?{session}"),
        format!("http://127.0.0.1:{port}0/robot/sendBySession?{session}"),
        format!("http://127.0.0.1/robot/sendBySession?{session}"),
        format!("http://localhost:{port}/robot/sendBySession?{session}"),
        format!("http://[::1]:{port}/robot/sendBySession?{session}"),
        format!("http://[::ffff:127.0.0.1]:{port}/robot/sendBySession?{session}"),
        format!("http://user@127.0.0.1:{port}/robot/sendBySession?{session}"),
        format!("http://127.0.0.1:{port}/robot/sendBySession?{session}#x"),
        format!("http://127.0.0.1:{port}/robot/send?{session}"),
        format!("http://127.0.0.1:{port}/robot/sendBySession"),
        format!("http://127.0.0.1:{port}/robot/sendBySession?session="),
        format!("{origin}\\@evil.example/robot/sendBySession?{session}"),
        "https://oapi.dingtalk.com/".to_owned(),
        "not a url".to_owned(),
    ];
    for stranger in strangers {
        let mut callback = chat.text(&alice(), "ping");
        callback["sessionWebhook"] = stranger.as_str().into();
        let request = chat.signed(callback.to_string());
        refused(&mut chat, request, 400, "unknown session webhook", &stranger).await;
    }
}

#[tokio::test]
async fn a_robot_code_that_is_configured_must_match() {
    let mut chat = Chat::for_robot("dingyyyyyyyy").await;
    for code in [json!("dingxxxxxxxx"), json!("normal"), json!(""), Value::Null] {
        let mut callback = chat.text(&alice(), "ping");
        callback["robotCode"] = code.clone();
        let request = chat.signed(callback.to_string());
        refused(&mut chat, request, 403, "not this robot", &code.to_string()).await;
    }
    let mut callback = chat.text(&alice(), "ping");
    callback["robotCode"] = "dingyyyyyyyy".into();
    chat.post(&callback).await;
    chat.read();
}
