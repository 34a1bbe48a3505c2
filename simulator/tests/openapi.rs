//! The robot OpenAPI: tokens, both sends, every `msgKey` field by field (protocol.md 5).

mod support;

use serde_json::{Map, Value, json};
use simulator::{App, Author, Place, Reach, Way};

use self::support::{Answered, DingTalk, chinese, ops, seconds, start, start_with};

const TOKEN: &str = "/v1.0/oauth2/accessToken";
const GROUP: &str = "/v1.0/robot/groupMessages/send";
const PEOPLE: &str = "/v1.0/robot/oToMessages/batchSend";

fn conversation(dingtalk: &DingTalk) -> String {
    dingtalk.organise(|org| org.groups[0].conversation_id.clone())
}

/// A valid body for the group, or for alice.
fn body(dingtalk: &DingTalk, target: &str, key: &str, param: &str) -> Value {
    let mut body = json!({ "robotCode": "dingxxxxxxxx", "msgKey": key, "msgParam": param });
    match target {
        GROUP => body["openConversationId"] = conversation(dingtalk).into(),
        _ => body["userIds"] = json!(["0147000002"]),
    }
    body
}

fn text(dingtalk: &DingTalk, target: &str) -> Value {
    body(dingtalk, target, "sampleText", r#"{"content":"done"}"#)
}

fn code(answer: &Answered) -> (u16, String) {
    let (status, code) = answer.api_code();
    (status, code.to_owned())
}

#[tokio::test]
async fn a_token_holds_two_hours() {
    let dingtalk = start().await;
    let (key, secret) = dingtalk.organise(|org| (org.app.key.clone(), org.app.secret.clone()));
    let credentials = json!({ "appKey": key, "appSecret": secret });
    let answer = dingtalk.post_json(TOKEN, &credentials).await;
    assert_eq!((answer.status, &answer.json["expireIn"]), (200, &json!(7200)));
    let fields = answer.json.as_object().expect("an object");
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["accessToken", "expireIn"]);
    let token = answer.json["accessToken"].as_str().expect("a text").to_owned();

    dingtalk.clock().advance(seconds(3600));
    assert_eq!(dingtalk.token().await, token, "the same one while it holds");
    // Asking for it made it hold for two hours from then (KB-0033).
    dingtalk.clock().advance(seconds(7199));
    let body = text(&dingtalk, GROUP);
    assert_eq!(dingtalk.api(GROUP, &token, &body).await.status, 200);
    dingtalk.clock().advance(seconds(1));
    assert_eq!(code(&dingtalk.api(GROUP, &token, &body).await), (400, "InvalidAuthentication".into()));
    let next = dingtalk.token().await;
    assert_ne!(next, token);
    assert_eq!(dingtalk.api(GROUP, &next, &body).await.status, 200);
    assert_eq!(dingtalk.api(GROUP, &token, &body).await.status, 400);
    dingtalk.forget();
}

#[tokio::test]
async fn a_token_is_for_the_right_credentials_in_json() {
    let dingtalk = start().await;
    let (key, secret) = dingtalk.organise(|org| (org.app.key.clone(), org.app.secret.clone()));
    let json_type = "application/json";
    let right = json!({ "appKey": key, "appSecret": secret }).to_string();
    for (content_type, body, expected) in [
        (json_type, json!({ "appKey": key, "appSecret": "SECother" }).to_string(), "invalidClientIdOrSecret"),
        (
            json_type,
            json!({ "appKey": "dingother", "appSecret": secret }).to_string(),
            "invalidClientIdOrSecret",
        ),
        (json_type, json!({ "appSecret": secret }).to_string(), "MissingappKey"),
        (json_type, json!({ "appKey": key }).to_string(), "MissingappSecret"),
        (json_type, json!({ "appKey": key, "appSecret": "" }).to_string(), "MissingappSecret"),
        (json_type, String::new(), "Missingbody"),
        (json_type, "{".into(), "Invalidbody"),
        (json_type, "[]".into(), "Invalidbody"),
        ("application/x-www-form-urlencoded", format!("appKey={key}&appSecret={secret}"), "Missingbody"),
        ("text/plain", right, "Missingbody"),
    ] {
        let answer = dingtalk.request("POST", TOKEN, &[("content-type", content_type)], body.clone()).await;
        assert_eq!(code(&answer), (400, expected.into()), "{body}");
        assert_eq!(dingtalk.refused(), expected);
    }
}

#[tokio::test]
async fn every_call_carries_the_token_in_its_header() {
    let dingtalk = start().await;
    let (name, json_type) = ("x-acs-dingtalk-access-token", ("content-type", "application/json"));
    for target in [GROUP, PEOPLE] {
        let body = text(&dingtalk, target).to_string();
        let before = dingtalk.request("POST", target, &[json_type, (name, "")], body.clone()).await;
        assert_eq!(code(&before), (400, "InvalidAuthentication".into()), "no token was ever given");
        let token = dingtalk.token().await;
        let (quoted, bearer) = (format!("\"{token}\""), format!("Bearer {token}"));
        let in_query = format!("{target}?access_token={token}");
        let missing = "AuthenticationFailed.MissingParameter";
        for (target, headers, expected) in [
            (target, vec![json_type], missing),
            (&in_query, vec![json_type], missing),
            (target, vec![json_type, ("authorization", bearer.as_str())], missing),
            (target, vec![json_type, (name, "none")], "InvalidAuthentication"),
            (target, vec![json_type, (name, &quoted)], "InvalidAuthentication"),
        ] {
            let answer = dingtalk.request("POST", target, &headers, body.clone()).await;
            assert_eq!(code(&answer), (400, expected.into()), "{headers:?}");
        }
        let headers = [json_type, ("X-Acs-Dingtalk-Access-Token", token.as_str())];
        assert_eq!(dingtalk.request("POST", target, &headers, body).await.status, 200);
        dingtalk.forget();
    }
}

/// Its name, a value, and the end of the code that it gets when it is missing.
type Field = (&'static str, &'static str, &'static str);

/// Each `msgKey` with its fields (KB-0699, KB-0716), and what is seen.
fn kinds() -> Vec<(&'static str, Vec<Field>, &'static str)> {
    const BUTTON: [&str; 2] = ["actionCardTobtnsTotitle", "actionCardTobtnsToactionUrl"];
    let card = |buttons: &[(&'static str, &'static str)]| {
        let mut fields = vec![("title", "t", "actionCardTotitle"), ("text", "x", "actionCardTotext")];
        for (title, url) in buttons {
            fields.extend([(*title, "a", BUTTON[0]), (*url, "u", BUTTON[1])]);
        }
        fields
    };
    let vertical = [
        ("actionTitle1", "actionURL1"),
        ("actionTitle2", "actionURL2"),
        ("actionTitle3", "actionURL3"),
        ("actionTitle4", "actionURL4"),
        ("actionTitle5", "actionURL5"),
    ];
    let mut single = card(&[]);
    single.extend([
        ("singleTitle", "a", "actionCardTosingleTitle"),
        ("singleURL", "u", "actionCardTosingleUrl"),
    ]);
    let one = "x\n\n[a](u)";
    vec![
        ("sampleText", vec![("content", "hi", "contentOfText")], "hi"),
        (
            "sampleMarkdown",
            vec![("title", "t", "markdownTotitle"), ("text", "# hi", "markdownTotext")],
            "# hi",
        ),
        ("sampleImageMsg", vec![("photoURL", "@lAL", "photoTophotoUrl")], "[picture] @lAL"),
        (
            "sampleLink",
            vec![
                ("text", "x", "textOfLink"),
                ("title", "t", "titleOfLink"),
                ("messageUrl", "u", "messageUrlOfLink"),
            ],
            "t\nx\nu",
        ),
        ("sampleActionCard", single, one),
        ("sampleActionCard2", card(&vertical[..2]), "x\n\n[a](u)\n\n[a](u)"),
        ("sampleActionCard3", card(&vertical[..3]), "x\n\n[a](u)\n\n[a](u)\n\n[a](u)"),
        ("sampleActionCard4", card(&vertical[..4]), "x\n\n[a](u)\n\n[a](u)\n\n[a](u)\n\n[a](u)"),
        ("sampleActionCard5", card(&vertical), "x\n\n[a](u)\n\n[a](u)\n\n[a](u)\n\n[a](u)\n\n[a](u)"),
        (
            "sampleActionCard6",
            card(&[("buttonTitle1", "buttonUrl1"), ("buttonTitle2", "buttonUrl2")]),
            "x\n\n[a](u)\n\n[a](u)",
        ),
        ("sampleAudio", vec![("mediaId", "@IR", "audio"), ("duration", "4000", "audio")], "[audio 4000 ms] "),
        (
            "sampleFile",
            vec![("mediaId", "@lAz", "file"), ("fileName", "a.xlsx", "file"), ("fileType", "xlsx", "file")],
            "[file] a.xlsx",
        ),
        (
            "sampleVideo",
            vec![
                ("duration", "9", "video"),
                ("videoMediaId", "$iQ", "video"),
                ("videoType", "mp4", "video"),
                ("picMediaId", "$ig", "video"),
            ],
            "[video 9 s mp4]",
        ),
    ]
}

#[tokio::test]
async fn every_kind_of_message_and_every_field() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    for (key, fields, shown) in kinds() {
        let whole: Map<_, _> =
            fields.iter().map(|(name, value, _)| (name.to_string(), json!(value))).collect();
        for target in [GROUP, PEOPLE] {
            let post = async |param: &Map<String, Value>| {
                dingtalk.clock().advance(seconds(1));
                dingtalk.api(target, &token, &body(&dingtalk, target, key, &json!(param).to_string())).await
            };
            let answer = post(&whole).await;
            assert_eq!(answer.status, 200, "{key}: {answer:?}");
            assert_eq!(dingtalk.shown(), shown);
            // What is not asked for does no harm.
            let mut more = whole.clone();
            more.insert("extra".into(), Value::Null);
            assert_eq!(post(&more).await.status, 200);
            dingtalk.forget();
            for (name, _, missing) in &fields {
                for value in [None, Some(Value::Null), Some("".into())] {
                    let mut param = whole.clone();
                    param.remove(*name);
                    param.extend(value.map(|value| (name.to_string(), value)));
                    let answer = post(&param).await;
                    assert_eq!(code(&answer), (400, format!("miss.param.{missing}")), "{key} without {name}");
                    assert_eq!(dingtalk.refused(), format!("miss.param.{missing}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_optional_in_a_message() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    for (key, param) in [
        ("sampleLink", r#"{"title":"t","text":"x","messageUrl":"u","picUrl":"@lAL"}"#),
        ("sampleLink", r#"{"title":"t","text":"x","messageUrl":"u","picUrl":""}"#),
        (
            "sampleVideo",
            r#"{"duration":"9","videoMediaId":"a","videoType":"mp4","picMediaId":"b","width":"1","height":"1"}"#,
        ),
    ] {
        let answer = dingtalk.api(GROUP, &token, &body(&dingtalk, GROUP, key, param)).await;
        assert_eq!(answer.status, 200, "{param}: {answer:?}");
    }
    dingtalk.forget();
}

#[tokio::test]
async fn what_is_no_message() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    let unknown_key = "invalidParameter.msgKey.invalid";
    let no_json = "invalidParameter.msgParam.invalid";
    for target in [GROUP, PEOPLE] {
        for (key, param, expected) in [
            ("sampleFeedCard", "{}", unknown_key),
            ("sampleActionCard7", "{}", unknown_key),
            ("text", r#"{"content":"hi"}"#, unknown_key),
            ("sampletext", r#"{"content":"hi"}"#, unknown_key),
            ("sampleText", "hi", no_json),
            ("sampleText", "{", no_json),
            ("sampleText", "[]", no_json),
            ("sampleText", r#""hi""#, no_json),
            ("sampleAudio", r#"{"mediaId":"@IR","duration":"long"}"#, "miss.param.audio"),
        ] {
            dingtalk.clock().advance(seconds(1));
            let answer = dingtalk.api(target, &token, &body(&dingtalk, target, key, param)).await;
            assert_eq!(code(&answer), (400, expected.into()), "{key} {param}");
        }
        // An object where a text of JSON should be.
        let mut body = text(&dingtalk, target);
        body["msgParam"] = json!({ "content": "hi" });
        assert_eq!(dingtalk.api(target, &token, &body).await.status, 400);
        assert!(dingtalk.messages(&ops()).is_empty());
        dingtalk.forget();
    }
}

#[tokio::test]
async fn every_field_of_a_call_is_needed() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    for (target, names) in [
        (GROUP, ["robotCode", "openConversationId", "msgKey", "msgParam"]),
        (PEOPLE, ["robotCode", "userIds", "msgKey", "msgParam"]),
    ] {
        for name in names {
            let whole = text(&dingtalk, target);
            let empty = if name == "userIds" { json!([]) } else { "".into() };
            for value in [None, Some(Value::Null), Some(empty)] {
                let mut body = whole.as_object().expect("an object").clone();
                body.remove(name);
                body.extend(value.map(|value| (name.to_owned(), value)));
                dingtalk.clock().advance(seconds(1));
                let answer = dingtalk.api(target, &token, &body.into()).await;
                assert_eq!(code(&answer), (400, format!("Missing{name}")));
            }
        }
        for (body, expected) in [("", "Missingbody"), ("{", "Invalidbody"), ("[]", "Invalidbody")] {
            let headers =
                [("content-type", "application/json"), ("x-acs-dingtalk-access-token", token.as_str())];
            let answer = dingtalk.request("POST", target, &headers, body).await;
            assert_eq!(code(&answer), (400, expected.into()));
        }
        // Other robots send what the endpoint has no use for.
        let mut body = text(&dingtalk, target);
        for (key, value) in
            [("at", json!({ "isAtAll": true })), ("coolAppCode", "".into()), ("token", "".into())]
        {
            body[key] = value;
        }
        assert_eq!(dingtalk.api(target, &token, &body).await.status, 200);
        assert!(!dingtalk.read().expect("a message").mentions.all, "nothing of the OpenAPI mentions anybody");
        dingtalk.forget();
    }
}

#[tokio::test]
async fn a_message_to_a_group() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    let answer = dingtalk.api(GROUP, &token, &text(&dingtalk, GROUP)).await;
    let message = dingtalk.read_in(&ops()).expect("a message");
    assert_eq!(answer.json, json!({ "processQueryKey": message.process_query_key }));
    assert!(message.process_query_key.is_some());
    assert_eq!((&message.author, message.way), (&Author::Robot, Way::GroupMessage));
    assert!(answer.header("content-type").is_some_and(|of| of.starts_with("application/json")));
    // conversationId of the callback is the openConversationId (KBg-0078).
    let callback = dingtalk.hears("alice", "hi");
    assert_eq!(callback["conversationId"], conversation(&dingtalk));

    for (key, value, expected) in [
        ("openConversationId", "cidNONE==", "invalid.openConversationId"),
        ("robotCode", "dingother", "resource.not.found"),
        ("token", "none", "invalidParameter.invalid"),
    ] {
        let mut body = text(&dingtalk, GROUP);
        body[key] = value.into();
        assert_eq!(code(&dingtalk.api(GROUP, &token, &body).await), (400, expected.into()));
    }
    // A private chat is no group.
    let mut body = text(&dingtalk, GROUP);
    body["openConversationId"] = dingtalk.hears_privately("alice", "hi")["conversationId"].clone();
    assert_eq!(code(&dingtalk.api(GROUP, &token, &body).await).1, "invalid.openConversationId");

    dingtalk.organise(|org| org.app.stopped = true);
    let body = text(&dingtalk, GROUP);
    assert_eq!(code(&dingtalk.api(GROUP, &token, &body).await), (400, "bot.stopped".into()));
    dingtalk.organise(|org| (org.app.stopped, org.groups[0].disbanded) = (false, true));
    assert_eq!(code(&dingtalk.api(GROUP, &token, &body).await), (400, "group.disbanded".into()));
    dingtalk.forget();
}

#[tokio::test]
async fn a_message_to_people() {
    let dingtalk = start_with(|org| {
        org.people.push(simulator::Person::member("dan", "丹", "0147000004").reach(Reach::FlowControlled));
        org.people.push(simulator::Person::member("eve", "伊芙", "0147000005").reach(Reach::NoChat));
        org.people.push(simulator::Person::member("fay", "菲", "0147000006").reach(Reach::NoChat));
    })
    .await;
    let token = dingtalk.token().await;
    let (alice, bob, dan, eve, fay) = ("0147000002", "0147000003", "0147000004", "0147000005", "0147000006");
    for (ids, expected, invalid, held_back) in [
        (&[alice][..], Ok(&["alice"][..]), &[][..], &[][..]),
        (&[alice, bob], Ok(&["alice", "bob"]), &[], &[]),
        (&[alice, "none"], Ok(&["alice"]), &["none"], &[]),
        (&[dan], Ok(&[]), &[], &[dan]),
        (&[dan, "none"], Ok(&[]), &["none"], &[dan]),
        (&[alice, dan, eve, "cidOPS=="], Ok(&["alice"]), &[eve, "cidOPS=="], &[dan]),
        // Nobody whom it could reach.
        (&["none"], Err("staffId.notExisted"), &[], &[]),
        (&["none", "$:LWCP_v1:$alice", "alice"], Err("staffId.notExisted"), &[], &[]),
        (&[eve], Err("robot.oto.notExist"), &[], &[]),
        (&[eve, fay], Err("robot.oto.notExist"), &[], &[]),
    ] {
        let mut body = text(&dingtalk, PEOPLE);
        body["userIds"] = json!(ids);
        let answer = dingtalk.api(PEOPLE, &token, &body).await;
        let Ok(names) = expected else {
            assert_eq!(Err(code(&answer).1.as_str()), expected, "{ids:?}");
            dingtalk.forget();
            continue;
        };
        assert_eq!(answer.json["invalidStaffIdList"], json!(invalid), "{ids:?}");
        assert_eq!(answer.json["flowControlledStaffIdList"], json!(held_back), "{ids:?}");
        for name in names {
            let message = dingtalk.read_in(&Place::private(&dingtalk.who(name))).expect("a message");
            assert_eq!(json!(message.process_query_key), answer.json["processQueryKey"], "one key for all");
            assert_eq!(message.way, Way::OneToOne);
        }
        assert_eq!(dingtalk.read(), None, "{ids:?}");
    }
    let mut body = text(&dingtalk, PEOPLE);
    body["robotCode"] = "dingother".into();
    let answer = dingtalk.api(PEOPLE, &token, &body).await;
    assert_eq!(code(&answer), (400, "invalidParameter.robotCode.notExsit".into()));
    dingtalk.forget();
}

#[tokio::test]
async fn twenty_people_are_the_most_of_one_call() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    let mut body = text(&dingtalk, PEOPLE);
    for (people, expected) in [(20, Ok(())), (21, Err("invalidParameter.userIds.overMax"))] {
        let ids = (1..people).map(|n| format!("none{n}")).chain(["0147000002".to_owned()]);
        body["userIds"] = ids.collect();
        let answer = dingtalk.api(PEOPLE, &token, &body).await;
        match expected {
            Ok(()) => assert_eq!(answer.json["invalidStaffIdList"].as_array().map(Vec::len), Some(19)),
            Err(expected) => assert_eq!(code(&answer), (400, expected.into())),
        }
    }
    dingtalk.forget();
}

/// `msgParam` alone counts, in bytes.
#[tokio::test]
async fn a_msg_param_of_15000_bytes_is_the_largest() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    let param = |bytes: usize| format!(r#"{{"content":"{}"}}"#, chinese(bytes - 14));
    assert_eq!(param(15_000).len(), 15_000);
    for target in [GROUP, PEOPLE] {
        let largest = body(&dingtalk, target, "sampleText", &param(15_000));
        assert_eq!(dingtalk.api(target, &token, &largest).await.status, 200);
        assert!(dingtalk.shown().chars().count() < 5_010);
        let larger = body(&dingtalk, target, "sampleText", &param(15_001));
        let answer = dingtalk.api(target, &token, &larger).await;
        assert_eq!(code(&answer), (400, "invalidParameter.msgParam.tooLong".into()));
    }
    dingtalk.forget();
}

#[tokio::test]
async fn the_robot_of_the_callbacks_is_the_one_that_sends() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    let callback = dingtalk.hears("alice", "hi");
    let body = json!({
        "robotCode": callback["robotCode"],
        "userIds": [callback["senderStaffId"]],
        "msgKey": "sampleText",
        "msgParam": r#"{"content":"hi"}"#,
    });
    assert_eq!(dingtalk.api(PEOPLE, &token, &body).await.status, 200);
    assert!(dingtalk.read_in(&Place::private(&dingtalk.who("alice"))).is_some());
    assert_eq!(callback["chatbotUserId"], App::USER_ID);
}
