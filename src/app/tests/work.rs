//! Which callbacks cause work: after the response, once for each message, and only where a reply can be sent.

use std::time::Duration;

use serde_json::Value;
use simulator::AnswerFault;

use super::Edit;
use crate::testing::{Chat, NOW_MS, alice, nobody};

#[tokio::test]
async fn the_response_comes_before_the_work() {
    let mut chat = Chat::start().await;
    let body = chat.text(&alice(), "ping").to_string();
    let (response, job) = chat.handle(chat.signed(body)).await;
    assert_eq!(response.body(), r#"{"msgtype":"empty"}"#);
    chat.silence();
    job.unwrap().run().await;
    assert!(chat.read().starts_with("#### pong"));
}

#[tokio::test]
async fn a_message_that_comes_again_is_not_run_again() {
    let mut chat = Chat::start().await;
    let callback = chat.text(&alice(), "ping");
    chat.post(&callback).await;
    chat.read();
    chat.clock().advance(Duration::from_secs(599));
    chat.post(&callback).await;
    chat.silence();
    chat.clock().advance(Duration::from_secs(1));
    chat.post(&callback).await;
    chat.read();
}

#[tokio::test]
async fn messages_without_an_id_are_all_run() {
    let mut chat = Chat::start().await;
    for _ in 0..2 {
        let mut callback = chat.text(&alice(), "ping");
        callback["msgId"] = Value::Null;
        chat.post(&callback).await;
        chat.read();
    }
}

#[tokio::test]
async fn nothing_is_run_where_no_reply_could_be_sent() {
    let mut chat = Chat::start().await;
    let edits: [Edit; 4] = [
        |callback| callback["sessionWebhook"] = Value::Null,
        |callback| callback["sessionWebhook"] = "".into(),
        |callback| callback["sessionWebhookExpiredTime"] = NOW_MS.into(),
        |callback| callback["sessionWebhookExpiredTime"] = "1".into(),
    ];
    for edit in edits {
        let mut callback = chat.text(&alice(), "ping");
        edit(&mut callback);
        chat.post(&callback).await;
        chat.silence();
    }
    let mut callback = chat.text(&alice(), "ping");
    callback["sessionWebhookExpiredTime"] = Value::Null;
    chat.post(&callback).await;
    chat.read();
}

#[tokio::test]
async fn a_used_up_quota_is_no_message() {
    let mut chat = Chat::start().await;
    let mut callback = chat.text(&alice(), "ping");
    callback["text"] = Value::Null;
    callback["errorCode"] = 20001.into();
    callback["errorMessage"] = "受调用量超量影响，当前我的消息服务已经暂停。".into();
    chat.post(&callback).await;
    chat.silence();
}

#[tokio::test]
async fn a_refusal_is_said_once_a_minute_to_each_person_for_each_command() {
    let mut chat = Chat::start().await;
    chat.say(nobody(), "ip").await;
    chat.read();
    chat.clock().advance(Duration::from_secs(59));
    chat.say(nobody(), "ip").await;
    chat.silence();
    let mut another = nobody();
    another.name = "another".into();
    chat.say(another, "ip").await;
    chat.read();
    chat.clock().advance(Duration::from_secs(1));
    chat.say(nobody(), "ip").await;
    chat.read();
    chat.say(nobody(), "status").await;
    assert!(chat.read().starts_with("#### status：无权执行"), "another command is other news");
    // What is allowed is answered meanwhile.
    chat.say(nobody(), "ping").await;
    chat.read();
}

#[tokio::test]
async fn a_refusal_counts_as_said_only_if_it_may_have_arrived() {
    let mut chat = Chat::start().await;
    chat.dingtalk().fail_next(AnswerFault::SessionExpired);
    chat.say(nobody(), "ip").await;
    chat.silence();
    chat.dingtalk().fail_next(AnswerFault::Reset);
    chat.say(nobody(), "ip").await;
    assert!(chat.read().starts_with("#### ip：无权执行"), "the first did not arrive");
    chat.say(nobody(), "ip").await;
    chat.silence();
}
