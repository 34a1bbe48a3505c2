//! One fixture for each `msgtype` and each quirk of protocol.md 1.3 to 1.6. All ids are made up.

mod errors;
mod properties;

use serde_json::{Value, json};

use super::*;

/// A group text (protocol.md 1.6, A).
const GROUP: &str = r#"{
    "senderPlatform": "Mac",
    "conversationId": "cidAAAAAAAAAAAAAAAAAA==",
    "atUsers": [
        {"dingtalkId": "$:LWCP_v1:$botbotbot"},
        {"dingtalkId": "$:LWCP_v1:$alice", "staffId": "0147000001", "unionId": "edxxxx34"}
    ],
    "chatbotCorpId": "ding0000corp",
    "chatbotUserId": "$:LWCP_v1:$botbotbot",
    "msgId": "msgAAAAAAAAAAAAAAAAAA==",
    "senderNick": "小钉",
    "isAdmin": true,
    "senderStaffId": "0147000002",
    "sessionWebhookExpiredTime": 1708332604316,
    "createAt": 1708327204136,
    "senderCorpId": "ding0000corp",
    "conversationType": "2",
    "senderId": "$:LWCP_v1:$sender",
    "conversationTitle": "测试群",
    "isInAtList": true,
    "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef0123456789abcdef",
    "text": {"content": "  status prod"},
    "robotCode": "dingxxxxxxxx",
    "msgtype": "text"
}"#;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn decoded(body: Value) -> Callback {
    decode(body.to_string().as_bytes()).unwrap()
}

fn refused(body: Value) -> DecodeError {
    decode(body.to_string().as_bytes()).unwrap_err()
}

/// What the fixture becomes with these fields instead of its own; `null` takes one away.
fn group_with(fields: Value) -> Value {
    let mut body: Value = serde_json::from_str(GROUP).unwrap();
    for (key, value) in fields.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

fn content(msgtype: &str, content: Value) -> Content {
    decoded(json!({ "msgtype": msgtype, "content": content })).content
}

#[test]
fn a_group_text() {
    assert_eq!(
        decode(GROUP.as_bytes()).unwrap(),
        Callback {
            msg_id: some("msgAAAAAAAAAAAAAAAAAA=="),
            created_at: Some(1_708_327_204_136),
            conversation: Conversation {
                kind: ConversationKind::Group,
                id: some("cidAAAAAAAAAAAAAAAAAA=="),
                title: some("测试群"),
            },
            sender: Sender {
                id: some("$:LWCP_v1:$sender"),
                staff_id: some("0147000002"),
                union_id: None,
                nick: some("小钉"),
                corp_id: some("ding0000corp"),
                is_admin: true,
                platform: some("Mac"),
            },
            robot: Robot {
                user_id: some("$:LWCP_v1:$botbotbot"),
                corp_id: some("ding0000corp"),
                code: some("dingxxxxxxxx"),
            },
            mentioned: vec![Mention {
                dingtalk_id: some("$:LWCP_v1:$alice"),
                staff_id: some("0147000001"),
                union_id: some("edxxxx34"),
            }],
            in_at_list: Some(true),
            session_webhook: Some(RawSessionWebhook::new(
                "https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef0123456789abcdef"
            )),
            session_expires_at: Some(1_708_332_604_316),
            content: Content::Text("  status prod".to_owned()),
            quote: None,
        }
    );
}

#[test]
fn a_private_text_has_neither_title_nor_mentions() {
    let callback = decoded(json!({
        "senderPlatform": "Win", "conversationId": "cidBBBB=", "chatbotCorpId": "ding0000corp",
        "chatbotUserId": "$:LWCP_v1:$botbotbot", "openThreadId": "cidBBBB=", "msgId": "msgBBBB==",
        "senderNick": "张三", "isAdmin": true, "senderStaffId": "manager0001",
        "sessionWebhookExpiredTime": 1_769_857_097_744_i64, "createAt": 1_769_851_697_611_i64,
        "senderCorpId": "ding0000corp", "conversationType": "1", "senderId": "$:LWCP_v1:$sender",
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=0", "text": {"content": "help"},
        "robotCode": "dingxxxxxxxx", "msgtype": "text"
    }));
    assert_eq!(callback.conversation.kind, ConversationKind::Private);
    assert_eq!(callback.conversation.title, None);
    assert_eq!(callback.in_at_list, None);
    assert_eq!(callback.mentioned, []);
    assert_eq!(callback.content.words(), Some("help"));
}

#[test]
fn a_custom_robot_with_outgoing_names_no_staff_and_no_organisation() {
    let callback = decoded(json!({
        "senderPlatform": "Mac", "conversationId": "cidCCCC==", "atUsers": [{"dingtalkId": "$:LWCP_v1:$botbotbot"}],
        "chatbotUserId": "$:LWCP_v1:$botbotbot", "openThreadId": "cidCCCC==", "msgId": "msgCCCC==",
        "senderNick": "User", "isAdmin": false, "conversationType": "2", "senderId": "$:LWCP_v1:$s",
        "senderStaffId": "", "isInAtList": true, "text": {"content": " hello"}, "robotCode": "normal",
        "msgtype": "text"
    }));
    assert_eq!(callback.sender.staff_id, None, "the empty string counts as missing");
    assert_eq!((callback.sender.corp_id, callback.robot.corp_id), (None, None));
    assert_eq!(callback.robot.code, some("normal"));
    assert_eq!(callback.mentioned, [], "the robot itself is no mention");
}

#[test]
fn msgtype_is_enough() {
    let callback = decoded(json!({"msgtype": "text"}));
    assert_eq!(callback.content, Content::Text(String::new()));
    assert_eq!(callback.content.words(), Some(""));
    assert_eq!(callback.sender, Sender::default());
    assert_eq!(callback.robot, Robot::default());
    assert_eq!(callback.conversation, Conversation::default());
    assert_eq!(callback.session_webhook, None);
}

#[test]
fn null_and_empty_count_as_missing() {
    let body: Value = serde_json::from_str(GROUP).unwrap();
    let keys = body.as_object().unwrap().keys().filter(|key| *key != "msgtype");
    let mut nothing = json!({"msgtype": "text"});
    for key in keys {
        nothing[key] = Value::Null;
    }
    assert_eq!(decoded(nothing), decoded(json!({"msgtype": "text"})));

    let empty = decoded(group_with(json!({
        "msgId": "", "createAt": "", "sessionWebhookExpiredTime": "", "isAdmin": "", "isInAtList": "",
        "conversationType": "", "conversationId": "", "sessionWebhook": "", "robotCode": "", "chatbotUserId": "",
        "chatbotCorpId": "", "senderCorpId": "", "atUsers": [{"dingtalkId": "", "staffId": ""}],
    })));
    assert_eq!((empty.msg_id, empty.created_at, empty.session_expires_at), (None, None, None));
    assert_eq!((empty.sender.is_admin, empty.in_at_list, empty.session_webhook), (false, None, None));
    assert_eq!((empty.conversation.kind, empty.conversation.id), (ConversationKind::Unknown, None));
    assert_eq!((empty.robot, empty.sender.corp_id, empty.mentioned), (Robot::default(), None, vec![]));
}

#[test]
fn numbers_and_strings_say_the_same() {
    let numbers = json!({
        "createAt": 1_708_327_204_136.0, "sessionWebhookExpiredTime": 1_708_332_604_316_i64, "conversationType": 2,
        "isAdmin": 1, "isInAtList": 1, "senderStaffId": 452_523_285_939_877_041_i64, "robotCode": 7,
    });
    let strings = json!({
        "createAt": "1708327204136", "sessionWebhookExpiredTime": "1708332604316.0", "conversationType": "2",
        "isAdmin": "true", "isInAtList": "1", "senderStaffId": "452523285939877041", "robotCode": "7",
    });
    assert_eq!(decoded(group_with(numbers)), decoded(group_with(strings)));

    for (given, expected) in
        [(json!(0), false), (json!("FALSE"), false), (json!("0"), false), (json!("True"), true)]
    {
        assert_eq!(decoded(json!({"msgtype": "text", "isAdmin": given})).sender.is_admin, expected);
    }
    for (given, expected) in [
        (json!(1), ConversationKind::Private),
        (json!("1"), ConversationKind::Private),
        (json!(2.0), ConversationKind::Group),
        (json!("3"), ConversationKind::Unknown),
    ] {
        assert_eq!(
            decoded(json!({"msgtype": "text", "conversationType": given})).conversation.kind,
            expected
        );
    }
}

#[test]
fn a_text_is_kept_as_it_came() {
    for said in ["  哈哈哈", " 给 发个消息", " asdf ", "a\u{3000}b\u{a0}c", "\u{0}\u{7}\n", "{\"msgtype\":1}"]
    {
        let callback = decoded(json!({"msgtype": "text", "text": {"content": said}}));
        assert_eq!(callback.content.words(), Some(said));
    }
}

#[test]
fn a_text_may_be_the_content_itself() {
    // The sample of "robot-receive-message" for HTTP, its missing comma put right.
    assert_eq!(content("text", json!(" 你好")), Content::Text(" 你好".to_owned()));
    assert_eq!(content("text", json!("{[[")), Content::Text("{[[".to_owned()), "not taken for JSON");
    let both = decoded(json!({"msgtype": "text", "content": "b", "text": {"content": "a"}}));
    assert_eq!(both.content.words(), Some("a"));
}

#[test]
fn a_rich_text_is_joined_and_everything_else_in_it_leaves_a_blank() {
    let rich = content(
        "richText",
        json!({"richText": [
            {"text": "re"}, {"text": ""}, {"text": "start "},
            {"type": "picture", "downloadCode": "mIofN6…==", "width": 8},
            {"text": "web"},
            {"type": "at", "atName": "张三", "atUserId": "0147000001"},
            {"text": "-n"}, {"type": "skill", "skillData": {}}, {"type": "text", "text": "prod"},
            7, null, {"text": {"deep": []}}
        ]}),
    );
    assert_eq!(rich, Content::RichText { text: "restart  web -n prod   ".to_owned(), pictures: 1 });
    assert_eq!(rich.words(), Some("restart  web -n prod   "));

    let picture = content("richText", json!({"richText": [{"type": "picture", "downloadCode": "x"}]}));
    assert_eq!(picture.words(), None, "no words in it");
    for nothing in [json!({}), json!({"richText": null}), json!(""), Value::Null] {
        assert_eq!(content("richText", nothing), Content::RichText { text: String::new(), pictures: 0 });
    }
}

#[test]
fn content_may_be_json_in_a_string() {
    let inner = json!({"richText": [{"text": "看图 "}]}).to_string();
    assert_eq!(content("richText", json!(inner)).words(), Some("看图 "));
    let inner = json!({"recognition": "重启服务"}).to_string();
    assert_eq!(content("audio", json!(inner)).words(), Some("重启服务"));
}

#[test]
fn a_recording_is_what_was_heard() {
    let audio =
        content("audio", json!({"duration": 4000, "downloadCode": "mIofN6…", "recognition": "重启服务"}));
    assert_eq!(audio, Content::Audio { recognition: some("重启服务") });
    assert_eq!(audio.words(), Some("重启服务"));
    let unheard = content("audio", json!({"duration": 4000, "recognition": ""}));
    assert_eq!(unheard.words(), None);
    assert_eq!(unheard, Content::Audio { recognition: None });
}

#[test]
fn each_other_msgtype() {
    for (msgtype, given, expected) in [
        ("picture", json!({"downloadCode": "mIofN6…=", "pictureDownloadCode": "x"}), Content::Picture),
        ("video", json!({"duration": 4000, "downloadCode": "mIofN6…", "videoType": "mp4"}), Content::Video),
        ("file", json!({"downloadCode": "x", "fileName": "a.pdf"}), Content::File { name: some("a.pdf") }),
        ("file", json!({"downloadCode": "x", "fileName": ""}), Content::File { name: None }),
        ("markdown", json!({"text": "# 标题"}), Content::Markdown("# 标题".to_owned())),
        ("interactiveCard", json!({"cardContent": ["x"]}), Content::InteractiveCard),
        ("interactiveCard", json!({"biz_custom_action_url": "dingtalk://x"}), Content::InteractiveCard),
        ("actionCard", json!({}), Content::ActionCard),
        ("chatRecord", json!({"summary": "s", "title": "t", "chatRecord": "[[[["}), Content::ChatRecord),
        ("reply", json!({"x": 1}), Content::Reply),
        ("unknownMsgType", json!({"unknownMsgType": "x"}), Content::Unreceivable),
        ("hologram", json!([[1]]), Content::Other("hologram".to_owned())),
        ("picture", json!("not json"), Content::Picture),
    ] {
        let content = content(msgtype, given);
        assert_eq!(content, expected);
        assert_eq!(content.words(), None, "{msgtype}");
    }
    let markdown = decoded(json!({"msgtype": "markdown", "content": {}, "text": {"content": "# a"}}));
    assert_eq!(markdown.content, Content::Markdown("# a".to_owned()));
}

#[test]
fn an_organisation_without_quota() {
    let message = "受调用量超量影响，当前我的消息服务已经暂停。请联系你所在的组织管理员并予以处理";
    let exhausted = Content::QuotaExhausted { message: message.to_owned() };
    for fields in [
        json!({"errorMessage": message, "errorCode": 20001, "msgtype": "text"}),
        json!({"errorMessage": message, "code": "20001"}),
        json!({"errorMessage": message, "msgtype": ""}),
        json!({"errorMessage": message, "msgtype": "text", "text": null, "content": null}),
        json!({"errorMessage": message, "msgtype": "text", "text": {"content": ""}}),
    ] {
        let callback = decoded(fields);
        assert_eq!(callback.content, exhausted);
        assert_eq!(callback.content.words(), None);
    }
    assert_eq!(decoded(json!({"code": 20001})).content, Content::QuotaExhausted { message: String::new() });

    let spoken = decoded(json!({"errorMessage": message, "msgtype": "text", "text": {"content": "ping"}}));
    assert_eq!(spoken.content.words(), Some("ping"), "somebody said something");
    let other = json!({"errorMessage": "x", "errorCode": 20002});
    assert_eq!(refused(other), DecodeError::MissingMsgtype, "another error");
}

#[test]
fn a_quote_in_a_text() {
    let callback = decoded(json!({
        "msgtype": "text", "msgId": "msgNEW==", "conversationType": "2", "originalMsgId": "msgOLD==",
        "originalProcessQueryKey": "key0",
        "text": {"content": " 继续", "isReplyMsg": true, "repliedMsg": {
            "msgId": "msgOLD==", "msgType": "text", "senderId": "$:LWCP_v1:$x", "createdAt": 1_708_327_200_000_i64,
            "content": {"text": "原消息"}
        }}
    }));
    assert_eq!(callback.content.words(), Some(" 继续"));
    assert_eq!(
        callback.quote,
        Some(Quote {
            msg_id: some("msgOLD=="),
            sender_id: some("$:LWCP_v1:$x"),
            text: some("原消息"),
            process_query_key: some("key0"),
        })
    );
}

#[test]
fn a_quote_in_a_rich_text() {
    let replied = json!({"msgId": "msgOLD==", "msgType": "richText", "content": {"richText": [
        {"msgType": "text", "content": "k8s "}, {"msgType": "text", "content": "pods"}
    ]}});
    let callback = decoded(json!({"msgtype": "richText", "content": {
        "richText": [{"text": "确认"}], "isReplyMsg": true, "repliedMsg": replied
    }}));
    assert_eq!(callback.content.words(), Some("确认"));
    assert_eq!(callback.quote.unwrap().text, some("k8s pods"));
}

#[test]
fn what_a_quote_holds() {
    let quote =
        |text: Value| decoded(json!({"msgtype": "text", "originalMsgId": "msgTOP==", "text": text})).quote;
    let text =
        |content: Value| quote(json!({"isReplyMsg": true, "repliedMsg": {"content": content}})).unwrap().text;
    assert_eq!(quote(json!({"content": "a"})), None, "originalMsgId alone says nothing");
    assert_eq!(quote(json!({"content": "a", "isReplyMsg": false, "repliedMsg": {"msgId": "x"}})), None);
    let bare = Some(Quote { msg_id: some("msgTOP=="), ..Quote::default() });
    assert_eq!(quote(json!({"isReplyMsg": "true"})), bare);
    assert_eq!(quote(json!({"isReplyMsg": true, "repliedMsg": [1]})), bare);
    assert_eq!(quote(json!({"isReplyMsg": true, "repliedMsg": {"msgId": {}, "content": 1}})), bare);
    assert_eq!(
        quote(json!({"isReplyMsg": {"a": 1}, "repliedMsg": {}})),
        None,
        "what cannot be read is skipped"
    );

    assert_eq!(text(json!("{\"text\":\"原消息\"}")), some("原消息"), "JSON in a string");
    assert_eq!(text(json!({"text": "card", "cardContent": [1]})), some("card"));
    assert_eq!(text(json!("{broken")), None);
    assert_eq!(text(json!("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[")), None);
    for silent in
        [json!({"downloadCode": "x"}), json!({"text": [1]}), json!({"richText": 1}), json!({"summary": "s"})]
    {
        assert_eq!(text(silent), None);
    }
}

#[test]
fn mentions_leave_out_the_robot_and_what_cannot_be_read() {
    let mentioned = |users: Value| decoded(group_with(json!({"atUsers": users}))).mentioned;
    assert_eq!(
        mentioned(json!([
            {"dingtalkId": "$:LWCP_v1:$bob", "staffId": ""}, 1, "x", null, [], {}, {"dingtalkId": {}, "staffId": 12},
            {"dingtalkId": "$:LWCP_v1:$botbotbot", "staffId": "0147000009"}
        ])),
        [
            Mention { dingtalk_id: some("$:LWCP_v1:$bob"), ..Mention::default() },
            Mention { staff_id: some("12"), ..Mention::default() },
        ]
    );
    let unknown_robot = decoded(json!({"msgtype": "text", "atUsers": [{"staffId": "0147000001"}]}));
    assert_eq!(unknown_robot.mentioned.len(), 1, "no dingtalkId is not the robot without id");
}

#[test]
fn the_session_webhook_is_not_shown() {
    let callback = decode(GROUP.as_bytes()).unwrap();
    let shown = format!("{callback:?} {callback:#?}");
    assert!(shown.contains("RawSessionWebhook(..)"));
    assert!(!shown.contains("0123456789abcdef") && !shown.contains("oapi.dingtalk.com"));
    assert!(callback.session_webhook.unwrap().as_str().ends_with("0123456789abcdef"));
}
