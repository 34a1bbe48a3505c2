//! What the robot OpenAPI allows whom, and how much of it; and that every code of protocol.md 3 to 5 can be had.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{AnswerFault, CustomRobot, CustomRobotState, Endpoint, Person, Place};

use self::support::{DingTalk, NOW, OPEN_TARGET, ops, seconds, start, start_with};

const GROUP: &str = "/v1.0/robot/groupMessages/send";
const PEOPLE: &str = "/v1.0/robot/oToMessages/batchSend";
const QPS: &str = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi";
const EXHAUSTED: &str = "Forbidden.AccessDenied.ApiCountLimitForOrg";

fn to_group(dingtalk: &DingTalk) -> Value {
    json!({
        "robotCode": "dingxxxxxxxx",
        "openConversationId": dingtalk.organise(|org| org.groups[0].conversation_id.clone()),
        "msgKey": "sampleText",
        "msgParam": r#"{"content":"done"}"#,
    })
}

fn to_people(ids: &[String]) -> Value {
    json!({
        "robotCode": "dingxxxxxxxx",
        "userIds": ids,
        "msgKey": "sampleText",
        "msgParam": r#"{"content":"done"}"#,
    })
}

#[tokio::test]
async fn the_permission_to_send() {
    let dingtalk = start_with(|org| org.app.may_send = false).await;
    let token = dingtalk.token().await;
    let people = to_people(&["0147000002".into()]);
    for (target, body) in [(GROUP, to_group(&dingtalk)), (PEOPLE, people)] {
        let answer = dingtalk.api(target, &token, &body).await;
        let denied = "Forbidden.AccessDenied.AccessTokenPermissionDenied";
        assert_eq!(answer.api_code(), (403, denied));
        assert_eq!(answer.json["accessdenieddetail"], json!({ "requiredScopes": ["qyapi_robot_sendmsg"] }));
        assert_eq!(dingtalk.refused(), denied);
    }
    // A reply needs no permission.
    let reply = r#"{"msgtype":"text","text":{"content":"hi"}}"#;
    assert_eq!(dingtalk.post(&dingtalk.session(&ops()), reply).await.errcode(), 0);
    assert_eq!(dingtalk.shown(), "hi");
}

#[tokio::test]
async fn the_addresses_that_may_call() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    for (network, is_listed) in [("10.0.0.0/8", false), ("127.0.0.1/32", true), ("0.0.0.0/0", true)] {
        dingtalk.organise(|org| org.app.addresses = vec![network.parse().expect("a network")]);
        let answer = dingtalk.api(GROUP, &token, &to_group(&dingtalk)).await;
        if is_listed {
            assert_eq!(answer.status, 200, "{network}");
        } else {
            assert_eq!(answer.api_code(), (403, "Forbidden.AccessDenied.IpNotInWhiteList"));
            assert!(
                answer.json["message"].as_str().is_some_and(|text| text.contains("127.0.0.1")),
                "{answer:?}"
            );
        }
        // Sessions are not concerned (protocol.md 5).
        let reply = r#"{"msgtype":"text","text":{"content":"hi"}}"#;
        assert_eq!(dingtalk.post(&dingtalk.session(&ops()), reply).await.errcode(), 0);
    }
    dingtalk.forget();
}

#[tokio::test]
async fn twenty_calls_a_second_of_each_endpoint() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    let group = to_group(&dingtalk);
    for _ in 0..20 {
        assert_eq!(dingtalk.api(GROUP, &token, &group).await.status, 200);
    }
    for _ in 0..3 {
        assert_eq!(dingtalk.api(GROUP, &token, &group).await.api_code(), (403, QPS));
    }
    assert_eq!(dingtalk.quotas().api.used, 20, "what is throttled is not counted");
    let people = to_people(&["0147000002".into()]);
    assert_eq!(dingtalk.api(PEOPLE, &token, &people).await.status, 200, "the other endpoint");
    dingtalk.clock().advance(Duration::from_millis(999));
    assert_eq!(dingtalk.api(GROUP, &token, &group).await.status, 403);
    dingtalk.clock().advance(Duration::from_millis(1));
    assert_eq!(dingtalk.api(GROUP, &token, &group).await.status, 200, "and no penalty");
    dingtalk.forget();
}

/// 6,000 messages a minute; a call for twenty people is twenty (KB-0013).
#[tokio::test]
async fn a_robot_has_so_many_messages_a_minute() {
    let ids: Vec<_> = (0..20).map(|n| format!("1000{n:02}")).collect();
    let dingtalk = start_with(|org| {
        org.people = ids.iter().map(|id| Person::member(id, "某人", id)).collect();
    })
    .await;
    let token = dingtalk.token().await;
    let body = to_people(&ids);
    for call in 0..300 {
        if call % 20 == 0 {
            dingtalk.clock().advance(seconds(1));
        }
        assert_eq!(dingtalk.api(PEOPLE, &token, &body).await.status, 200);
    }
    dingtalk.clock().advance(seconds(1));
    assert_eq!(dingtalk.api(PEOPLE, &token, &body).await.api_code(), (400, "toomuch.msg"));
    assert_eq!(dingtalk.api(GROUP, &token, &to_group(&dingtalk)).await.api_code(), (400, "toomuch.msg"));
    dingtalk.clock().advance(seconds(60));
    assert_eq!(dingtalk.api(PEOPLE, &token, &body).await.status, 200);
    dingtalk.forget();
}

/// What a custom robot's settings say holds where a call names it by `token`.
#[tokio::test]
async fn a_call_by_the_token_of_a_custom_robot() {
    let dingtalk = start_with(|org| {
        org.custom_robots[1] = CustomRobot::new("公告", support::OPEN, "ops").keywords(&["done"]);
    })
    .await;
    let token = dingtalk.token().await;
    let mut body = to_group(&dingtalk);
    body["token"] = support::OPEN.into();
    let mut other = body.clone();
    other["msgParam"] = r#"{"content":"hi"}"#.into();
    assert_eq!(dingtalk.api(GROUP, &token, &other).await.api_code(), (400, "keywords.not.match"));
    for _ in 0..20 {
        dingtalk.clock().advance(seconds(1));
        assert_eq!(dingtalk.api(GROUP, &token, &body).await.status, 200);
    }
    assert_eq!(dingtalk.api(GROUP, &token, &body).await.api_code(), (400, "send.too.fast"));
    let text = r#"{"msgtype":"text","text":{"content":"done"}}"#;
    assert_eq!(dingtalk.post(OPEN_TARGET, text).await.errcode(), 130101, "it is the same robot");
    dingtalk.forget();
}

/// It names a robot of the group that is written to, and one that may post.
#[tokio::test]
async fn a_token_of_a_custom_robot_that_may_not_post_there() {
    let dingtalk =
        start_with(|org| org.custom_robots.push(CustomRobot::new("研发", "dev-token", "dev"))).await;
    let token = dingtalk.token().await;
    let mut body = to_group(&dingtalk);
    let states = [CustomRobotState::Disabled, CustomRobotState::Removed, CustomRobotState::Deleted];
    let other_group = [("dev-token", CustomRobotState::Working)];
    for (named, state) in other_group.into_iter().chain(states.map(|state| (support::OPEN, state))) {
        dingtalk.organise(|org| {
            let robot = org.custom_robots.iter_mut().find(|robot| robot.token == named).expect("a robot");
            robot.state = state;
        });
        body["token"] = named.into();
        let answer = dingtalk.api(GROUP, &token, &body).await;
        assert_eq!(answer.api_code(), (400, "invalidParameter.invalid"), "{named} {state:?}");
        assert_eq!((dingtalk.refused(), dingtalk.read()), ("invalidParameter.invalid".into(), None));
    }
    body["token"] = "dev-token".into();
    body["openConversationId"] = dingtalk.organise(|org| org.groups[1].conversation_id.clone()).into();
    assert_eq!(dingtalk.api(GROUP, &token, &body).await.status, 200, "in its own group");
    assert_eq!(dingtalk.shown(), "done");
}

#[tokio::test]
async fn nobody_gets_a_message_twice() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    let (alice, bob) = ("0147000002", "0147000003");
    let ids: Vec<String> = [alice, bob, alice, "none", "none"].map(Into::into).into_iter().collect();
    let answer = dingtalk.api(PEOPLE, &token, &to_people(&ids)).await;
    assert_eq!(answer.json["invalidStaffIdList"], json!(["none"]));
    for name in ["alice", "bob"] {
        let chat = Place::private(&dingtalk.who(name));
        assert!(dingtalk.read_in(&chat).is_some(), "{name}");
    }
    assert_eq!(dingtalk.read(), None);
    // Twenty people at most, however often each is named.
    let answer = dingtalk.api(PEOPLE, &token, &to_people(&vec![alice.to_owned(); 21])).await;
    assert_eq!(answer.status, 200);
    assert_eq!((dingtalk.shown().as_str(), dingtalk.read()), ("done", None));
}

/// The month of the calls, as that of the messages, is China's.
#[tokio::test]
async fn a_month_has_so_many_calls() {
    let dingtalk = start().await;
    let token = dingtalk.token().await;
    assert_eq!(
        (dingtalk.quotas().api.limit, dingtalk.quotas().api.used),
        (5000, 0),
        "tokens are not counted"
    );
    dingtalk.set_quotas(|quotas| quotas.api.limit = 3);
    let people = to_people(&["0147000002".into(), "0147000003".into()]);
    assert_eq!(dingtalk.api(PEOPLE, &token, &people).await.status, 200);
    assert_eq!(dingtalk.quotas().api.used, 1, "one call, whoever gets it");
    for _ in 0..2 {
        assert_eq!(dingtalk.api(GROUP, &token, &to_group(&dingtalk)).await.status, 200);
    }
    for (target, body) in [(GROUP, to_group(&dingtalk)), (PEOPLE, people)] {
        assert_eq!(dingtalk.api(target, &token, &body).await.api_code(), (403, EXHAUSTED));
    }
    assert_eq!((dingtalk.quotas().api.used, dingtalk.quotas().messages.used), (3, 0));
    let reply = r#"{"msgtype":"text","text":{"content":"hi"}}"#;
    assert_eq!(dingtalk.post(&dingtalk.session(&ops()), reply).await.errcode(), 0, "the other quota");

    // 2024-02-29 23:59:59.999 in China.
    let eve = 1_709_222_399_999;
    dingtalk.clock().advance(Duration::from_millis((eve - NOW).unsigned_abs()));
    let token = dingtalk.token().await;
    assert_eq!(dingtalk.api(GROUP, &token, &to_group(&dingtalk)).await.api_code(), (403, EXHAUSTED));
    dingtalk.clock().advance(Duration::from_millis(1));
    assert_eq!(dingtalk.api(GROUP, &token, &to_group(&dingtalk)).await.status, 200);
    assert_eq!(dingtalk.quotas().api.used, 1);
    dingtalk.forget();
}

/// Every code of protocol.md 3 and 4, of which some no request can cause: as a fault, with a text of its own.
#[tokio::test]
async fn every_errcode_can_be_had() {
    let dingtalk = start().await;
    let body = r#"{"msgtype":"text","text":{"content":"hi"}}"#;
    for code in [
        -1, 40035, 43002, 43004, 90002, 90018, 90020, 101002, 130101, 300001, 300005, 310000, 400013, 400101,
        400102, 400105, 400106, 400402, 410100, 430101, 430102, 430103, 430104, 460101, 500100, 660026,
    ] {
        for target in [dingtalk.session(&ops()), OPEN_TARGET.into()] {
            dingtalk.fail_next(AnswerFault::Code(code.to_string()));
            let answer = dingtalk.post(&target, body).await;
            assert_eq!(answer.errcode(), code);
            assert!(!answer.errmsg().is_empty(), "{code}");
            assert_eq!(dingtalk.last_answer().code, Some(code.to_string()));
        }
    }
    assert!(
        dingtalk.messages(&ops()).is_empty() && dingtalk.rejected().is_empty(),
        "a fault is not the robot's"
    );
}

/// Every code of protocol.md 5.
#[tokio::test]
async fn every_code_of_the_openapi_can_be_had() {
    let dingtalk = start().await;
    for (code, status) in [
        ("AuthenticationFailed.MissingParameter", 400),
        ("Forbidden.AccessDenied.AccessTokenPermissionDenied", 403),
        (EXHAUSTED, 403),
        ("Forbidden.AccessDenied.IpNotInWhiteList", 403),
        (QPS, 403),
        ("Forbidden.AccessDenied.QpsLimitForApi", 403),
        ("InvalidAuthentication", 400),
        ("bot.stopped", 400),
        ("group.disbanded", 400),
        ("invalid.openConversationId", 400),
        ("invalidClientIdOrSecret", 400),
        ("invalidParameter.msgParam.tooLong", 400),
        ("invalidParameter.robotCode.notExsit", 400),
        ("keywords.not.match", 400),
        ("only.groupAdmin.canAtAll", 400),
        ("robot.oto.notExist", 400),
        ("send.too.fast", 400),
        ("session.expired", 400),
        ("session.notExisted", 400),
        ("staffId.notExisted", 400),
        ("system.error", 500),
        ("toomuch.msg", 400),
        // One that nobody has written down.
        ("some.thing.new", 400),
    ] {
        for (target, endpoint) in [(GROUP, Endpoint::GroupMessages), (PEOPLE, Endpoint::OneToOne)] {
            dingtalk.fail_next_at(endpoint, AnswerFault::Code(code.into()));
            let answer = dingtalk.api(target, "", &json!({})).await;
            assert_eq!((answer.status, &answer.json["code"]), (status, &json!(code)));
            let has_text = answer.json["message"].as_str().is_some_and(|text| !text.is_empty());
            assert!(has_text || code == "some.thing.new", "{answer:?}");
            assert_eq!(dingtalk.last_answer().code.as_deref(), Some(code));
        }
    }
    dingtalk.fail_next_at(Endpoint::AccessToken, AnswerFault::Code("invalidClientIdOrSecret".into()));
    let answer = dingtalk.post("/v1.0/oauth2/accessToken", "{}").await;
    assert_eq!(answer.api_code(), (400, "invalidClientIdOrSecret"));
    assert!(dingtalk.rejected().is_empty());
}
