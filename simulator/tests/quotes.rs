//! What a robot hears of a quote: of everything a person, a robot or a custom robot wrote (protocol.md 1.5).

mod support;

use serde_json::{Value, json};
use simulator::{App, Author, Content, Place, Said, Unknowns};

use self::support::{DingTalk, NOW, OPEN_TARGET, ops, recorder, seconds, start};

/// The id of what somebody says in the group, and when.
fn said(dingtalk: &DingTalk, name: &str, said: impl Into<Said>) -> String {
    let callback = dingtalk.hears(name, said);
    callback["msgId"].as_str().expect("an id").to_owned()
}

/// The id of what the robot replies in the group.
async fn replied(dingtalk: &DingTalk, body: &Value) -> String {
    let answer = dingtalk.post_json(&dingtalk.session(&ops()), body).await;
    assert_eq!(answer.errcode(), 0, "{body}");
    dingtalk.read().expect("a message").id
}

fn quote(dingtalk: &DingTalk, id: &str) -> Value {
    dingtalk.hears("bob", Said::text("继续").quoting(id))
}

#[tokio::test]
async fn a_quote_of_a_text() {
    let dingtalk = start().await;
    let original = said(&dingtalk, "alice", "原消息");
    dingtalk.clock().advance(seconds(60));
    let callback = quote(&dingtalk, &original);
    assert_eq!(callback["msgtype"], "text");
    assert_eq!(callback["originalMsgId"], original);
    assert_eq!(callback.get("originalProcessQueryKey"), None);
    assert_eq!(callback["createAt"], NOW + 60_000);
    let text = &callback["text"];
    assert_eq!((&text["content"], &text["isReplyMsg"]), (&json!(" 继续"), &json!(true)));
    let replied = &text["repliedMsg"];
    assert_eq!(replied["msgId"], original);
    assert_eq!(replied["msgType"], "text");
    assert_eq!(replied["senderId"], "$:LWCP_v1:$alice");
    assert_eq!(replied["createdAt"], NOW, "when it was sent, by which robots find their own");
    let content = replied["content"].as_object().expect("an object");
    assert!(content["text"].as_str().is_some_and(|text| text.contains("原消息")), "{content:?}");
    assert_eq!(content.len(), 1);
}

#[tokio::test]
async fn only_a_quote_says_that_it_is_one() {
    let dingtalk = start().await;
    let callback = dingtalk.hears("alice", "hi");
    assert_eq!(callback["text"], json!({ "content": " hi" }));
    for key in ["originalMsgId", "originalProcessQueryKey"] {
        assert_eq!(callback.get(key), None);
    }
}

/// `msgType` and `content` of what is quoted; the casing is another than outside.
#[tokio::test]
async fn quotes_of_what_people_send() {
    let dingtalk = start().await;
    let alice = dingtalk.who("alice");
    let record = Content::ChatRecord { title: "记录".into(), lines: vec!["a: 1".into()] };
    for (original, kind, keys) in [
        (Said::text("原消息"), "text", &["text"][..]),
        (Said::picture(), "picture", &["downloadCode"]),
        (Said::rich_text(&[Some("看"), None]), "richText", &["richText"]),
        (Said::file("a.pdf"), "file", &["downloadCode", "fileName"]),
        (Said::audio("好"), "audio", &["downloadCode"]),
        (Said::video(), "video", &["downloadCode"]),
        (Said::new(record), "chatRecord", &["summary"]),
        (Said::unknown("vote"), "unknownMsgType", &["unknownMsgType"]),
    ] {
        let original = dingtalk.hears_privately("alice", original);
        let id = original["msgId"].as_str().expect("an id");
        let callback = dingtalk
            .callback(&alice, &Place::private(&alice), Said::text("这个").quoting(id))
            .expect("a quote");
        let replied = &callback["text"]["repliedMsg"];
        assert_eq!(replied["msgType"], kind);
        let content = replied["content"].as_object().expect("an object");
        assert_eq!(content.keys().collect::<Vec<_>>(), keys, "{kind}");
    }
    let rich = said(&dingtalk, "alice", Said::rich_text(&[Some("看"), None]));
    let parts = quote(&dingtalk, &rich)["text"]["repliedMsg"]["content"]["richText"].clone();
    assert_eq!(parts[0], json!({ "msgType": "text", "content": "看" }));
    assert_eq!(parts[1]["msgType"], "picture");
    assert!(parts[1]["downloadCode"].is_string());
}

/// A rich text that quotes has the same keys in `content`.
#[tokio::test]
async fn what_is_no_text_can_quote() {
    let dingtalk = start().await;
    let original = said(&dingtalk, "alice", "原消息");
    let callback = dingtalk.hears("bob", Said::rich_text(&[Some("看"), None]).quoting(&original));
    assert_eq!(callback["originalMsgId"], original);
    assert_eq!(callback["content"]["isReplyMsg"], true);
    assert_eq!(callback["content"]["repliedMsg"]["msgId"], original);
    assert!(callback["content"]["richText"].is_array());
}

#[tokio::test]
async fn a_quote_without_a_word() {
    let dingtalk = start().await;
    let original = said(&dingtalk, "alice", "原消息");
    let callback = dingtalk.hears("bob", Said::text("").quoting(&original));
    assert_eq!(callback["text"]["content"], " ");
    let private = dingtalk.hears_privately("bob", "原消息");
    let id = private["msgId"].as_str().expect("an id");
    let callback = dingtalk.hears_privately("bob", Said::text("").quoting(id));
    assert_eq!(callback["text"]["content"], " ");
    assert_eq!(callback["text"]["isReplyMsg"], true);
}

/// `repliedMsg` of what the robot wrote, with and without what nobody could confirm.
#[tokio::test]
async fn quotes_of_what_the_robot_wrote() {
    let dingtalk = start().await;
    let text = json!({ "msgtype": "text", "text": { "content": "完成" } });
    let markdown = json!({ "msgtype": "markdown", "markdown": { "title": "t", "text": "#### 完成" } });
    let card = json!({
        "msgtype": "actionCard",
        "actionCard": { "title": "t", "text": "**重启?**", "singleTitle": "是", "singleURL": "https://a.example" },
    });
    let link = json!({ "msgtype": "link", "link": { "title": "t", "text": "x", "messageUrl": "https://a.example" } });
    let card_content = json!({ "cardContent": [
        { "elementType": "RICHTEXT", "children": [{ "elementType": "TEXT", "value": "**重启?**" }] },
    ] });
    for (body, carried, kind, content, bare_kind) in [
        (&text, true, "text", json!({ "text": "完成" }), "text"),
        (&markdown, true, "markdown", json!({ "text": "#### 完成" }), "interactiveCard"),
        (&card, true, "interactiveCard", card_content, "interactiveCard"),
        (&link, false, "interactiveCard", Value::Null, "interactiveCard"),
    ] {
        dingtalk.set_unknowns(Unknowns::default());
        let id = replied(&dingtalk, body).await;
        let with = quote(&dingtalk, &id)["text"]["repliedMsg"].clone();
        assert_eq!((&with["msgType"], &with["content"]), (&json!(kind), &content), "{body}");
        assert_eq!(with["senderId"], App::USER_ID);
        assert_eq!(with.get("content").is_some(), carried, "{body}");

        dingtalk.set_unknowns(Unknowns { quotes_carry_text: false, ..Unknowns::default() });
        let without = quote(&dingtalk, &id)["text"]["repliedMsg"].clone();
        assert_eq!(without["msgType"], bare_kind);
        assert_eq!(without.get("content").is_some(), bare_kind == "text", "{without}");
        assert_eq!(without["msgId"], id);
    }
}

/// A message of the OpenAPI is known by the key that its sender got (protocol.md 1.2).
#[tokio::test]
async fn a_message_of_the_openapi_has_its_key() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    let conversation = dingtalk.hears("alice", "hi")["conversationId"].clone();
    let body = json!({
        "robotCode": "dingxxxxxxxx",
        "openConversationId": conversation,
        "msgKey": "sampleText",
        "msgParam": r#"{"content":"done"}"#,
    });
    let answer = dingtalk.api("/v1.0/robot/groupMessages/send", &token, &body).await;
    let id = dingtalk.read().expect("a message").id;
    let callback = quote(&dingtalk, &id);
    assert!(answer.json["processQueryKey"].is_string());
    assert_eq!(callback["originalProcessQueryKey"], answer.json["processQueryKey"]);
    assert_eq!(callback["originalMsgId"], id);
    assert_eq!(callback["text"]["repliedMsg"]["content"], json!({ "text": "done" }));

    let reply = replied(&dingtalk, &json!({ "msgtype": "text", "text": { "content": "x" } })).await;
    assert_eq!(quote(&dingtalk, &reply).get("originalProcessQueryKey"), None, "a reply gives no key");
}

#[tokio::test]
async fn who_quotes_the_robot_mentions_it() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", "");
    dingtalk.connect(robot);
    let own = replied(&dingtalk, &json!({ "msgtype": "text", "text": { "content": "x" } })).await;
    let said = Said::text("为什么").unmentioned();
    let heard = dingtalk.says("bob", &ops(), said.clone().quoting(&own)).await;
    assert_eq!(heard.pushed.len(), 1);
    let callback = received.bodies().remove(0);
    assert_eq!((&callback["isInAtList"], &callback["text"]["content"]), (&json!(true), &json!(" 为什么")));

    let alices = self::said(&dingtalk, "alice", "x");
    assert!(dingtalk.says("bob", &ops(), said.quoting(&alices)).await.pushed.is_empty());
}

/// A custom robot is another sender: quoting it neither mentions the robot nor looks like a quote of it.
#[tokio::test]
async fn a_custom_robot_is_somebody_else() {
    let dingtalk = start().await;
    let body = json!({ "msgtype": "text", "text": { "content": "告警" } });
    assert_eq!(dingtalk.post_json(OPEN_TARGET, &body).await.errcode(), 0);
    let alert = dingtalk.read().expect("a message");
    assert_eq!(alert.author, Author::CustomRobot("公告".into()));
    let quiet = dingtalk.says("bob", &ops(), Said::text("看").unmentioned().quoting(&alert.id)).await;
    assert!(quiet.pushed.is_empty());
    let replied = quote(&dingtalk, &alert.id)["text"]["repliedMsg"].clone();
    assert_eq!(replied["content"], json!({ "text": "告警" }));
    assert_ne!(replied["senderId"], App::USER_ID);
}

#[tokio::test]
async fn a_message_of_another_conversation_cannot_be_quoted() {
    let dingtalk = start().await;
    let original = said(&dingtalk, "alice", "原消息");
    let bob = dingtalk.who("bob");
    for place in [Place::group("dev"), Place::private(&bob)] {
        assert!(dingtalk.callback(&bob, &place, Said::text("?").quoting(&original)).is_err());
    }
}
