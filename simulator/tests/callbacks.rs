//! What a robot hears: every field of a callback, and every kind of message (protocol.md 1.1 to 1.4).

mod support;

use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use simulator::{App, CORP, Content, Person, Place, Robot, SECRET, Said, SayError, Unknowns};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use self::support::{NOW, ops, recorder, signature, soon, start, start_with};

/// Takes a field that is another each time.
fn take(callback: &mut Value, key: &str) -> String {
    let field = callback.as_object_mut().and_then(|fields| fields.remove(key));
    field
        .and_then(|field| field.as_str().map(str::to_owned))
        .unwrap_or_else(|| panic!("no {key}: {callback}"))
}

fn check_ids(callback: &mut Value, origin: &str) {
    let id = take(callback, "msgId");
    assert!(id.starts_with("msg") && id.ends_with("=="), "{id}");
    let webhook = take(callback, "sessionWebhook");
    let session =
        webhook.strip_prefix(&format!("{origin}/robot/sendBySession?session=")).expect("its address");
    assert!(session.len() == 32 && session.chars().all(|c| c.is_ascii_hexdigit()), "{session}");
}

#[tokio::test]
async fn a_group_message_has_every_field() {
    let dingtalk = start().await;
    let mut callback = dingtalk.hears("alice", "status prod");
    check_ids(&mut callback, dingtalk.origin());
    let conversation = take(&mut callback, "conversationId");
    assert!(conversation.starts_with("cid") && conversation.ends_with("=="), "{conversation}");
    let expected = json!({
        "msgtype": "text",
        "text": { "content": " status prod" },
        "createAt": NOW,
        "sessionWebhookExpiredTime": NOW + 90 * 60 * 1000,
        "conversationType": "2",
        "conversationTitle": "运维群",
        "openThreadId": conversation,
        "senderPlatform": "Mac",
        "senderId": "$:LWCP_v1:$alice",
        "senderStaffId": "0147000002",
        "senderNick": "爱丽丝",
        "senderCorpId": CORP,
        "isAdmin": true,
        "isInAtList": true,
        "atUsers": [{ "dingtalkId": App::USER_ID }],
        "chatbotUserId": App::USER_ID,
        "chatbotCorpId": CORP,
        "robotCode": "dingxxxxxxxx",
    });
    assert_eq!(callback, expected);
}

#[tokio::test]
async fn a_private_message_has_neither_mentions_nor_a_title() {
    let dingtalk = start().await;
    let mut callback = dingtalk.hears_privately("bob", "help");
    check_ids(&mut callback, dingtalk.origin());
    let conversation = take(&mut callback, "conversationId");
    let expected = json!({
        "msgtype": "text",
        "text": { "content": "help" },
        "createAt": NOW,
        "sessionWebhookExpiredTime": NOW + 90 * 60 * 1000,
        "conversationType": "1",
        "openThreadId": conversation,
        "senderPlatform": "Mac",
        "senderId": "$:LWCP_v1:$bob",
        "senderStaffId": "0147000003",
        "senderNick": "Bob",
        "senderCorpId": CORP,
        "isAdmin": false,
        "chatbotUserId": App::USER_ID,
        "chatbotCorpId": CORP,
        "robotCode": "dingxxxxxxxx",
    });
    assert_eq!(callback, expected);
}

#[tokio::test]
async fn ids_are_of_their_message_and_their_conversation() {
    let dingtalk = start().await;
    let (first, second) = (dingtalk.hears("alice", "a"), dingtalk.hears("bob", "b"));
    let private = dingtalk.hears_privately("alice", "c");
    let others = dingtalk.hears_privately("bob", "d");
    assert_ne!(first["msgId"], second["msgId"]);
    assert_ne!(first["sessionWebhook"], second["sessionWebhook"]);
    assert_eq!(first["conversationId"], second["conversationId"]);
    let conversations = [&first, &private, &others].map(|callback| callback["conversationId"].to_string());
    assert!(conversations.iter().enumerate().all(|(i, id)| !conversations[..i].contains(id)));
    assert_eq!(first["senderId"], private["senderId"]);
}

/// Who has no staff id, and whose robot says nothing of anybody (protocol.md 1.2).
#[tokio::test]
async fn what_says_who_somebody_is_can_be_missing() {
    let dingtalk = start().await;
    let keys = ["senderStaffId", "senderCorpId", "isAdmin"];
    let of = |callback: &Value| keys.map(|key| callback[key].clone());
    for name in ["nobody", "carol"] {
        let corp = if name == "nobody" { CORP } else { "ding1111corp" };
        let known = [Value::Null, corp.into(), false.into()];
        assert_eq!(of(&dingtalk.hears(name, "hi")), known, "{name}");
        assert_eq!(of(&dingtalk.hears_privately(name, "hi")), known, "{name}");
    }
    let mentioned = dingtalk.hears("alice", "@卡罗尔 @bob hi")["atUsers"].clone();
    let others = [
        json!({ "dingtalkId": "$:LWCP_v1:$carol" }),
        json!({ "dingtalkId": "$:LWCP_v1:$bob", "staffId": "0147000003" }),
    ];
    assert!(others.iter().all(|user| mentioned.as_array().is_some_and(|users| users.contains(user))));

    dingtalk.organise(|org| org.app.published = false);
    let unpublished = dingtalk.hears("alice", "@bob hi");
    assert_eq!(of(&unpublished), [Value::Null, CORP.into(), Value::Null]);
    let users = json!([{ "dingtalkId": App::USER_ID }, { "dingtalkId": "$:LWCP_v1:$bob" }]);
    assert_eq!(unpublished["atUsers"], users);
}

#[tokio::test]
async fn somebody_new_can_write_and_be_mentioned() {
    let dingtalk = start().await;
    let dave = Person::member("dave", "大卫", "0147000009");
    assert!(dingtalk.person("dave").is_err());
    let callback = dingtalk.callback(&dave, &ops(), "hi").expect("it can be said");
    assert_eq!(callback["senderStaffId"], "0147000009");
    let users = dingtalk.hears("alice", "@大卫 hi")["atUsers"].clone();
    assert_eq!(users[1], json!({ "dingtalkId": "$:LWCP_v1:$dave", "staffId": "0147000009" }));
}

/// What is typed in a group, what the robot hears of it, and whom `atUsers` names beside the robot.
#[tokio::test]
async fn mentions_leave_their_blanks() {
    let dingtalk = start().await;
    for (typed, heard, people) in [
        // The samples of protocol.md 1.4.
        ("@dingops @bob 哈哈哈", "  哈哈哈", &["bob"][..]),
        ("@dingops 给@爱丽丝 发个消息", " 给 发个消息", &["alice"]),
        ("@dingops 你好", " 你好", &[]),
        ("@dingops asdf @bob ", " asdf  ", &["bob"]),
        // Without the robot's nick its mention stands first, as when it is picked before writing.
        ("你好", " 你好", &[]),
        ("你好 @dingops", "你好  ", &[]),
        ("@dingops", " ", &[]),
        // By nick or by name, each person once.
        ("@爱丽丝 @alice @Bob hi", "    hi", &["alice", "bob"]),
        ("@bob, @卡罗尔：好", "  ,  ：好", &["bob", "carol"]),
        ("问@bob.", " 问 .", &["bob"]),
        // Nobody picked these from a list.
        ("@stranger hi", " @stranger hi", &[]),
        ("@bobby @bob2 @bob_ @bob-x @bob.x hi", " @bobby @bob2 @bob_ @bob-x @bob.x hi", &[]),
        ("@无名氏 hi", " @无名氏 hi", &[]),
        ("mail a@bob and a@bob.com", " mail a@bob and a@bob.com", &[]),
        ("a @ b @", " a @ b @", &[]),
        ("@@bob hi", " @ hi", &["bob"]),
        // Blanks and lines are the person's own.
        ("  two\n\tlines  ", "   two\n\tlines  ", &[]),
    ] {
        let callback = dingtalk.hears("alice", typed);
        assert_eq!(callback["text"]["content"], heard, "{typed:?}");
        let mut users = vec![App::USER_ID.to_owned()];
        users.extend(people.iter().map(|name| format!("$:LWCP_v1:${name}")));
        let at: Vec<_> = callback["atUsers"].as_array().into_iter().flatten().collect();
        assert_eq!(
            at.iter().map(|user| user["dingtalkId"].as_str().unwrap_or("")).collect::<Vec<_>>(),
            users
        );
    }
}

#[tokio::test]
async fn a_private_chat_strips_nothing() {
    let dingtalk = start().await;
    for typed in ["help", " help ", "@dingops help", "@bob hi", "a@b.c"] {
        assert_eq!(dingtalk.hears_privately("alice", typed)["text"]["content"], typed);
    }
}

#[tokio::test]
async fn a_group_is_heard_only_when_the_robot_is_mentioned() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", "");
    dingtalk.connect(robot);
    let heard = dingtalk.says("alice", &ops(), Said::text("hello @bob").unmentioned()).await;
    assert!(heard.pushed.is_empty() && received.take().is_empty());
    assert_eq!(heard.message.mentions.people, ["bob"]);
    assert_eq!(dingtalk.messages(&ops()).len(), 1, "the group sees it all the same");

    for said in [Said::text("hi"), Said::text("@dingops hi").unmentioned()] {
        assert_eq!(dingtalk.says("alice", &ops(), said).await.pushed.len(), 1);
    }
    let alice = dingtalk.who("alice");
    let said = Said::text("hi").unmentioned();
    assert_eq!(dingtalk.says("alice", &Place::private(&alice), said).await.pushed.len(), 1);
    assert_eq!(received.take().len(), 3);
    let quiet = dingtalk.hears("alice", Said::text("hi").unmentioned());
    assert_eq!(quiet["isInAtList"], false);
}

/// A button says its text as whoever presses it (protocol.md 6); whether that mentions the robot in a group nobody could
/// confirm.
#[tokio::test]
async fn a_button_says_its_text() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", "");
    dingtalk.connect(robot);
    let (bob, group) = (dingtalk.who("bob"), ops());
    let url = "dtmd://dingtalkclient/sendMessage?content=%E9%87%8D%E5%90%AF%20web";
    let private = Place::private(&bob);
    dingtalk.press(&bob, &private, url).await.expect("it says something").expect("it can be said");
    assert_eq!(received.bodies()[0]["text"]["content"], "重启 web");
    for (mentions, heard) in [(false, None), (true, Some(" 重启 web"))] {
        dingtalk.set_unknowns(Unknowns { buttons_mention_robot: mentions, ..Unknowns::default() });
        dingtalk.press(&bob, &group, url).await.expect("it says something").expect("it can be said");
        let bodies = received.bodies();
        assert_eq!(bodies.first().and_then(|body| body["text"]["content"].as_str()), heard);
        assert!(bodies.iter().all(|body| body["senderStaffId"] == "0147000003"));
    }
    assert!(!Unknowns::default().buttons_mention_robot);
    for page in [
        "https://dingtalkclient/sendMessage?content=x",
        "dtmd://dingtalkclient/openPage?content=x",
        "dtmd://dingtalkclient/sendMessage",
        "dingtalk://dingtalkclient/page/link?url=x",
        "",
    ] {
        assert_eq!(dingtalk.press(&bob, &group, page).await, None, "{page}");
    }
}

/// `msgtype` and the object that goes with it (protocol.md 1.3).
#[tokio::test]
async fn every_kind_of_message() {
    let dingtalk = start().await;
    let record = Content::ChatRecord {
        title: "群聊的聊天记录".into(),
        lines: vec!["爱丽丝: 看 @bob".into(), "Bob: 好".into()],
    };
    for (said, private_only, msgtype, keys) in [
        (Said::rich_text(&[Some("看图 "), None]), false, "richText", &["richText"][..]),
        (Said::picture(), false, "picture", &["downloadCode"]),
        (Said::audio("重启服务"), true, "audio", &["downloadCode", "duration", "recognition"]),
        (Said::video(), true, "video", &["downloadCode", "duration", "videoType"]),
        (Said::file("a.pdf"), true, "file", &["downloadCode", "fileName"]),
        (Said::unknown("redEnvelope"), false, "unknownMsgType", &["unknownMsgType"]),
        (Said::new(record), false, "chatRecord", &["chatRecord", "summary", "title"]),
    ] {
        let callback = dingtalk.hears_privately("bob", said.clone());
        assert_eq!(callback["msgtype"], msgtype);
        assert_eq!(callback.get("text"), None, "{msgtype}");
        let content = callback["content"].as_object().expect("an object");
        assert_eq!(content.keys().collect::<Vec<_>>(), keys, "{msgtype}");
        for (key, value) in content {
            let expected = match key.as_str() {
                "duration" => value.is_u64(),
                "richText" => value.is_array(),
                _ => value.as_str().is_some_and(|text| !text.is_empty()),
            };
            assert!(expected, "{msgtype}.{key}: {value}");
        }

        match dingtalk.callback(&dingtalk.who("bob"), &ops(), said) {
            Err(error) => assert!(private_only && error == SayError::OnlyPrivately, "{msgtype}: {error}"),
            Ok(callback) => {
                assert!(!private_only, "{msgtype}");
                assert_eq!(callback["msgtype"], msgtype);
                let robot = json!([{ "dingtalkId": App::USER_ID }]);
                assert_eq!(callback["atUsers"], robot, "{msgtype}: what is forwarded mentions nobody");
            }
        }
    }
}

#[tokio::test]
async fn rich_texts_and_records_hold_what_was_said() {
    let dingtalk = start().await;
    let said = Said::rich_text(&[Some("@dingops 看 "), None, Some("@bob 对吗")]);
    let callback = dingtalk.hears("alice", said);
    let parts = &callback["content"]["richText"];
    assert_eq!((&parts[0], &parts[2]), (&json!({ "text": " 看 " }), &json!({ "text": " 对吗" })));
    assert_eq!(parts[1]["type"], "picture");
    assert!(parts[1]["downloadCode"].is_string());
    assert_eq!(callback["atUsers"][1]["staffId"], "0147000003");

    let record = Content::ChatRecord { title: "记录".into(), lines: vec!["a: 1".into(), "b: 2".into()] };
    let content = dingtalk.hears_privately("alice", Said::new(record))["content"].clone();
    let records: Value = serde_json::from_str(content["chatRecord"].as_str().expect("a text")).expect("JSON");
    assert_eq!(records[1], json!({ "msgType": "text", "content": "b: 2" }));

    let content = dingtalk.hears_privately("alice", Said::audio("重启服务"))["content"].clone();
    assert_eq!((&content["duration"], &content["recognition"]), (&json!(4000), &json!("重启服务")));
    let content = dingtalk.hears_privately("alice", Said::file("报告 1.pdf"))["content"].clone();
    assert_eq!(content["fileName"], "报告 1.pdf");
}

#[tokio::test]
async fn what_cannot_be_said() {
    let dingtalk = start_with(|org| org.groups[1].disbanded = true).await;
    let (alice, bob) = (dingtalk.who("alice"), dingtalk.who("bob"));
    let say = |place: &Place, said: Said| dingtalk.callback(&alice, place, said).expect_err("it cannot be");
    for place in [ops(), Place::private(&alice)] {
        assert_eq!(say(&place, Said::text("").unmentioned()), SayError::Nothing);
    }
    assert_eq!(say(&Place::group("dev"), "hi".into()), SayError::Disbanded("dev".into()));
    let theirs = say(&Place::private(&bob), "hi".into());
    assert_eq!(theirs.to_string(), r#"expected the private chat of "alice", came that of "bob""#);
    assert!(matches!(say(&Place::group("none"), "hi".into()), SayError::NoGroup { .. }));
    let quote = say(&ops(), Said::text("hi").quoting("msgNONE=="));
    assert_eq!(quote, SayError::NoSuchMessage("msgNONE==".into()));
    assert!(matches!(dingtalk.person("eve"), Err(SayError::NoPerson { .. })));
    assert!(matches!(dingtalk.place("none", &alice), Err(SayError::NoGroup { .. })));
    assert_eq!(dingtalk.place("private", &alice), Ok(Place::private(&alice)));
    assert!(dingtalk.messages(&ops()).is_empty());
}

#[test]
fn the_documented_signature() {
    for (timestamp, secret, expected) in [
        ("1577262236757", "this is a secret", "DJrE6qdyVGCQz9z5r2MDuNcNAhwYnuAkyj13cx169CA="),
        ("1577262236757", "this is secret", "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="),
        ("1700000000000", "SECdeadbeef", "NCJLKINTABhx3SnC+ENZIPZzT1H3juvunEn/A3cdKGY="),
    ] {
        assert_eq!(signature(secret, timestamp), expected);
        assert_eq!(simulator::sign(secret, timestamp), expected);
    }
}

#[tokio::test]
async fn a_callback_is_signed_by_the_clock() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", "");
    dingtalk.connect(robot);
    for (moved, secret) in [(0, SECRET), (7_200, SECRET), (0, "short")] {
        dingtalk.clock().advance(support::seconds(moved));
        dingtalk.organise(|org| org.app.secret = secret.into());
        dingtalk.says("alice", &ops(), "hi").await;
        let request = received.take().remove(0);
        let header = |name: &str| request.headers()[name].to_str().expect("a text").to_owned();
        let timestamp = header("timestamp");
        assert_eq!(timestamp, dingtalk.clock().now().as_millisecond().to_string());
        assert_eq!(header("sign"), signature(secret, &timestamp), "as it is, not encoded for an address");
        assert_eq!(header("content-type"), "application/json; charset=utf-8");
        assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/"));
    }
}

/// Byte for byte, as a robot with its own HTTP server reads it.
#[tokio::test]
async fn a_callback_on_the_wire() {
    let dingtalk = start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    dingtalk.connect(Robot::at(&format!("http://{address}/robots?from=dingtalk")).expect("an address"));
    let robot = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            stream.read_buf(&mut request).await.expect("a request");
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("it reads");
        String::from_utf8(request).expect("UTF-8")
    };
    let group = ops();
    let (heard, request) = soon(async { tokio::join!(dingtalk.says("alice", &group, "你好"), robot) }).await;
    assert_eq!(heard.pushed[0].status, Ok(204));
    let (head, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    let lines: Vec<_> = head.split("\r\n").collect();
    assert_eq!(lines[0], "POST /robots?from=dingtalk HTTP/1.1");
    for name in ["timestamp", "sign", "content-type", "content-length", "host"] {
        assert!(lines.iter().any(|line| line.starts_with(&format!("{name}: "))), "{name} in {head}");
    }
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert!(lines.contains(&format!("content-length: {}", body.len()).as_str()), "{head}");
    let callback: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(callback["text"]["content"], " 你好");
    assert_eq!(dingtalk.last().target, "/robots?from=dingtalk");
}

#[test]
fn an_address_that_is_none() {
    for address in ["", "9000", "/robot", "https://127.0.0.1/", "127.0.0.1:9000", "http://"] {
        assert!(Robot::at(address).is_err(), "{address:?}");
    }
    assert!(Robot::at("http://localhost:9000").is_ok());
}

const NAMES: [&str; 8] = ["dingops", "alice", "爱丽丝", "bob", "Bob", "无名", "carol", "卡罗尔"];

/// A piece of what is typed, and what is heard of it.
fn piece() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        "\\PC{0,12}".prop_map(|text| text.replace('@', "")).prop_map(|text| (text.clone(), text)),
        prop::sample::select(&NAMES[..]).prop_map(|name| (format!(" @{name} "), "  ".into())),
        prop::sample::select(&["a@bob.com", " @eve ", " @alice2 ", " @ ", "x@爱丽丝", "\n", "\u{3000}"][..])
            .prop_map(|text| (text.into(), text.into())),
    ]
}

#[test]
fn whatever_is_said_only_mentions_are_gone() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let dingtalk = runtime.block_on(start());
    let pieces = prop::collection::vec(piece(), 1..8);
    let outcome = TestRunner::default().run(&pieces, |pieces| {
        let (typed, heard): (Vec<_>, Vec<_>) = pieces.into_iter().unzip();
        // The robot is mentioned first, so that nothing is added.
        let (typed, heard) = (format!("@dingops {}", typed.concat()), format!(" {}", heard.concat()));
        let callback = dingtalk.hears("alice", typed.as_str());
        prop_assert_eq!(&callback["text"]["content"], &json!(heard));
        let callback = dingtalk.hears_privately("alice", typed.as_str());
        prop_assert_eq!(&callback["text"]["content"], &json!(typed));
        Ok(())
    });
    outcome.expect("only mentions are gone");
}

#[test]
fn no_text_makes_it_panic() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let dingtalk = runtime.block_on(start());
    let texts = prop_oneof![any::<String>(), "[@a-eilob. 爱丽丝\n]{1,40}"];
    let outcome = TestRunner::default().run(&texts, |typed| {
        prop_assume!(!typed.is_empty());
        let callback = dingtalk.hears("alice", typed.as_str());
        let heard = callback["text"]["content"].as_str().unwrap_or_default();
        // What is heard is what was typed with parts left out, blanks aside.
        let mut left = typed.chars().filter(|c| *c != ' ');
        let is_part = heard.chars().filter(|c| *c != ' ').all(|c| left.by_ref().any(|typed| typed == c));
        prop_assert!(is_part, "{:?} of {:?}", heard, typed);
        Ok(())
    });
    outcome.expect("nothing is made up");
}
