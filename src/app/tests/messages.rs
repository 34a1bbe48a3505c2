//! Messages of every kind and length, and whom the replies to them mention.

use serde_json::json;

use crate::testing::{Chat, alice, bob, nobody};

#[tokio::test]
async fn what_the_bot_cannot_read_is_said_in_private_and_not_in_groups() {
    let kinds = [
        ("picture", json!({ "downloadCode": "mIofN6=" })),
        ("video", json!({ "duration": 4000, "downloadCode": "mIofN6", "videoType": "mp4" })),
        ("file", json!({ "downloadCode": "mIofN6", "fileName": "a.pdf" })),
        ("audio", json!({ "duration": 4000, "downloadCode": "mIofN6" })),
        ("richText", json!({ "richText": [{ "type": "picture", "downloadCode": "mIofN6" }] })),
        ("interactiveCard", json!({ "cardContent": [] })),
        ("actionCard", json!({})),
        ("chatRecord", json!({ "summary": "…", "title": "聊天记录", "chatRecord": "[]" })),
        ("markdown", json!({ "text": "ping" })),
        ("reply", json!({})),
        ("unknownMsgType", json!({ "unknownMsgType": "location" })),
        ("somethingNew", json!("?")),
    ];
    for (msgtype, content) in kinds {
        let mut chat = Chat::start().await;
        let callback = chat.message(&alice(), msgtype, content.clone());
        chat.post(&callback).await;
        chat.silence();
        let mut chat = Chat::start().await.privately();
        let callback = chat.message(&alice(), msgtype, content);
        chat.post(&callback).await;
        let reply = chat.read();
        assert!(reply.starts_with("#### 暂不支持这类消息"), "{msgtype}: {reply}");
    }
}

#[tokio::test]
async fn what_was_written_or_heard_are_the_words() {
    let mut chat = Chat::start().await.privately();
    for (msgtype, content) in [
        ("richText", json!({ "richText": [{ "text": "pi" }, { "text": "ng " }, { "type": "picture" }] })),
        ("audio", json!({ "duration": 4000, "downloadCode": "mIofN6", "recognition": "在吗" })),
        ("audio", json!(r#"{"recognition":"ping"}"#)),
        ("text", json!(" ping")),
    ] {
        let callback = chat.message(&alice(), msgtype, content);
        chat.post(&callback).await;
        assert!(chat.read().starts_with("#### pong"), "{msgtype}");
    }
}

#[tokio::test]
async fn the_asker_is_mentioned_in_groups_only() {
    let mut chat = Chat::start().await;
    chat.say(alice(), "ping").await;
    let message = chat.read_json();
    assert_eq!(message["at"], json!({ "atUserIds": ["0147000002"] }));
    assert!(message["markdown"]["text"].as_str().unwrap().ends_with("\n\n@0147000002"));
    chat.say(nobody(), "ping").await;
    let message = chat.read_json();
    assert_eq!(message["at"], json!({ "atDingtalkIds": ["$:LWCP_v1:$nobody"] }));
    assert!(message["markdown"]["text"].as_str().unwrap().ends_with("\n\n@无名"));
    let mut chat = Chat::start().await.privately();
    chat.say(alice(), "ping").await;
    let message = chat.read_json();
    assert_eq!(message.get("at"), None);
    assert!(!message["markdown"]["text"].as_str().unwrap().contains('@'));
}

#[tokio::test]
async fn a_staff_id_of_another_organisation_mentions_nobody_here() {
    let mut chat = Chat::with("[dingtalk]\ncorps = ['ding0001other']").await;
    let mut carol = bob();
    carol.corp = Some("ding0001other".into());
    chat.say(carol, "ping").await;
    assert_eq!(chat.read_json()["at"], json!({ "atDingtalkIds": ["$:LWCP_v1:$bob"] }));
}

#[tokio::test]
async fn a_line_of_any_length_is_answered_in_no_time() {
    let mut chat = Chat::start().await;
    for line in ["重a".repeat(100_000), "a ".repeat(300_000), format!("help {}", "'".repeat(500_000))] {
        chat.say(alice(), &line).await;
        assert!(chat.read().starts_with("#### 消息太长"));
    }
    chat.say(alice(), &"a".repeat(crate::dispatch::MAX_LINE - 1)).await;
    assert!(chat.read().starts_with("#### 没有这条命令"));
}

#[tokio::test]
async fn ids_and_names_of_any_length_fit_a_message() {
    let mut chat = Chat::start().await;
    for (nick, id) in [("*".repeat(3_000), "\"".repeat(100_000)), (" ".repeat(2_500), "中".repeat(1_900))] {
        let mut callback = chat.text(&nobody(), "whoami");
        for key in ["senderId", "senderStaffId", "conversationId", "msgId"] {
            callback[key] = id.as_str().into();
        }
        for key in ["senderNick", "conversationTitle"] {
            callback[key] = nick.as_str().into();
        }
        chat.post(&callback).await;
        let message = chat.read_json().to_string();
        assert!(message.len() < 10_000, "{}", message.len());
    }
}

#[tokio::test]
async fn names_are_cut_between_letters() {
    let mut chat = Chat::start().await;
    let mut callback = chat.text(&nobody(), "whoami");
    for key in ["senderNick", "conversationTitle"] {
        callback[key] = "👨‍👩‍👧".repeat(13).into();
    }
    chat.post(&callback).await;
    let read = chat.read();
    let whole = format!("{}…", "👨‍👩‍👧".repeat(12));
    assert_eq!(read.matches(&whole).count(), read.matches('…').count(), "{read}");
    assert_eq!(read.matches('…').count(), 3, "nick, group and mention: {read}");
}
