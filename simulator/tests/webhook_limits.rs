//! Who may post by a webhook, how much and for how long, and whom a message mentions (protocol.md 3 and 4).

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{CustomRobot, CustomRobotState, Note, Place, TOKEN, TOKEN_SECRET};

use self::support::{
    DingTalk, NOW, OPEN, OPEN_TARGET, encode, ops, seconds, signature, signed_at, start, start_with,
};

const HI: &str = r#"{"msgtype":"text","text":{"content":"hi"}}"#;
const HOUR: i64 = 3_600_000;

/// Posts, and says what code and text came back.
async fn post(dingtalk: &DingTalk, target: &str, body: &str) -> (i64, String) {
    let answer = dingtalk.post(target, body.to_owned()).await;
    (answer.errcode(), answer.errmsg().to_owned())
}

fn taken() -> (i64, String) {
    (0, "ok".into())
}

fn refusal(code: i64, text: &str) -> (i64, String) {
    (code, text.into())
}

#[tokio::test]
async fn a_robot_is_known_by_its_token() {
    let dingtalk = start().await;
    let missing = refusal(40035, "缺少参数 access_token");
    assert_eq!(post(&dingtalk, "/robot/send", HI).await, missing);
    assert_eq!(post(&dingtalk, "/robot/send?access_token=", HI).await, missing);
    assert_eq!(post(&dingtalk, "/robot/send?token=open", HI).await, missing);
    for token in ["none", "%20open", "OPEN", &"0".repeat(64)] {
        let target = format!("/robot/send?access_token={token}");
        assert_eq!(post(&dingtalk, &target, HI).await, refusal(300005, "token is not exist"), "{token}");
    }
    // What a robot without 加签 gets beside the token means nothing.
    for query in ["&noat=1", "&timestamp=1&sign=x", "&access_token=none", "&"] {
        assert_eq!(post(&dingtalk, &format!("{OPEN_TARGET}{query}"), HI).await, taken(), "{query}");
    }
    assert_eq!(post(&dingtalk, "/robot/send?noat=1&access_token=open", HI).await, taken());
    dingtalk.forget();
}

#[tokio::test]
async fn what_becomes_of_a_robot_and_its_group() {
    let dingtalk = start().await;
    for (state, code) in [
        (CustomRobotState::Disabled, 400102),
        (CustomRobotState::Removed, 400106),
        (CustomRobotState::Deleted, 400101),
        (CustomRobotState::Working, 0),
    ] {
        dingtalk.organise(|org| {
            let robot = org.custom_robots.iter_mut().find(|robot| robot.token == OPEN).expect("a robot");
            robot.state = state;
        });
        assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await.0, code, "{state:?}");
        assert_eq!(post(&dingtalk, &dingtalk.signed(), HI).await.0, 0, "the other robot");
    }
    let session = dingtalk.session(&ops());
    dingtalk.organise(|org| org.groups[0].disbanded = true);
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, refusal(400013, "群已被解散"));
    assert_eq!(post(&dingtalk, &session, HI).await, refusal(400013, "群已被解散"));
    assert_eq!(post(&dingtalk, &dingtalk.session(&Place::group("dev")), HI).await, taken());
    dingtalk.forget();
}

#[tokio::test]
async fn a_signature_is_right_or_not_at_all() {
    let dingtalk = start().await;
    let sign = signature(TOKEN_SECRET, &NOW.to_string());
    let (once, twice) = (encode(&sign), encode(&encode(&sign)));
    let stale = (NOW - 2 * HOUR).to_string();
    let stale_sign = encode(&signature(TOKEN_SECRET, &stale));
    let other = encode(&signature("SECother", &NOW.to_string()));
    let (mismatch, outdated) = ("sign not match", "invalid timestamp");
    for (query, text) in [
        (format!("access_token={TOKEN}&timestamp={NOW}&sign={once}"), "ok"),
        (format!("sign={once}&timestamp={NOW}&access_token={TOKEN}"), "ok"),
        // quote_plus leaves the same as encodeURIComponent: a signature has no blanks.
        (
            format!(
                "access_token={TOKEN}&timestamp={NOW}&sign={}",
                sign.replace('+', "%2b").replace('=', "%3d")
            ),
            "ok",
        ),
        // The first of two counts.
        (
            format!("access_token={TOKEN}&timestamp={NOW}&sign={once}&timestamp={stale}&sign={stale_sign}"),
            "ok",
        ),
        (
            format!("access_token={TOKEN}&timestamp={stale}&sign={stale_sign}&timestamp={NOW}&sign={once}"),
            outdated,
        ),
        (format!("access_token={TOKEN}&timestamp={NOW}&sign={twice}"), mismatch),
        (format!("access_token={TOKEN}&timestamp={NOW}&sign={other}"), mismatch),
        (format!("access_token={TOKEN}&timestamp={}&sign={once}", NOW + 1), mismatch),
        (format!("access_token={TOKEN}&timestamp={NOW}"), mismatch),
        (format!("access_token={TOKEN}&timestamp={NOW}&sign="), mismatch),
        (format!("access_token={TOKEN}&sign={once}"), mismatch),
        (format!("access_token={TOKEN}"), mismatch),
        (format!("access_token={TOKEN}&timestamp=today&sign={once}"), outdated),
        // Seconds instead of milliseconds.
        (format!("access_token={TOKEN}&timestamp={}&sign={once}", NOW / 1000), outdated),
    ] {
        let (code, said) = post(&dingtalk, &format!("/robot/send?{query}"), HI).await;
        assert_eq!(said, text, "{query}");
        assert_eq!(code, if text == "ok" { 0 } else { 310000 });
    }
    // In the headers it is nobody's signature.
    let headers = [("content-type", "application/json"), ("timestamp", &NOW.to_string()), ("sign", &sign)];
    let answer = dingtalk.request("POST", &format!("/robot/send?access_token={TOKEN}"), &headers, HI).await;
    assert_eq!((answer.errcode(), answer.errmsg()), (310000, mismatch));
    dingtalk.forget();
}

#[tokio::test]
async fn a_signature_lasts_an_hour_either_way() {
    let dingtalk = start().await;
    for (moved, expected) in [
        (0, taken()),
        (HOUR, taken()),
        (-HOUR, taken()),
        (HOUR + 1, refusal(310000, "invalid timestamp")),
        (-HOUR - 1, refusal(310000, "invalid timestamp")),
    ] {
        assert_eq!(post(&dingtalk, &signed_at(NOW + moved), HI).await, expected, "{moved}");
    }
    let target = dingtalk.signed();
    dingtalk.clock().advance(Duration::from_millis(1) + seconds(3_600));
    assert_eq!(post(&dingtalk, &target, HI).await.0, 310000, "a signature that is used for ever");
    assert_eq!(post(&dingtalk, &dingtalk.signed(), HI).await.0, 0);
    dingtalk.forget();
}

#[tokio::test]
async fn a_keyword_may_stand_anywhere_in_sight() {
    let keywords = |robot: CustomRobot| robot.keywords(&["告警", "Deploy"]);
    let dingtalk =
        start_with(|org| org.custom_robots[1] = keywords(CustomRobot::new("公告", OPEN, "ops"))).await;
    for (body, is_found) in [
        (r#"{"msgtype":"text","text":{"content":"有告警！"}}"#, true),
        (r#"{"msgtype":"text","text":{"content":"Deployed"}}"#, true),
        (r#"{"msgtype":"text","text":{"content":"deploy"}}"#, false),
        (r#"{"msgtype":"text","text":{"content":"hi"},"告警":"告警"}"#, false),
        (r#"{"msgtype":"markdown","markdown":{"title":"告警","text":"x"}}"#, true),
        (r##"{"msgtype":"markdown","markdown":{"title":"t","text":"# 告警"}}"##, true),
        (r#"{"msgtype":"markdown","markdown":{"title":"t","text":"x"}}"#, false),
        (r#"{"msgtype":"link","link":{"title":"告警","text":"x","messageUrl":"u"}}"#, true),
        (r#"{"msgtype":"link","link":{"title":"t","text":"告警","messageUrl":"u"}}"#, true),
        (r#"{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"u"}}"#, false),
        (
            r#"{"msgtype":"actionCard","actionCard":{"title":"告警","text":"x","singleTitle":"s","singleURL":"u"}}"#,
            true,
        ),
        (
            r#"{"msgtype":"feedCard","feedCard":{"links":[{"title":"告警","messageURL":"u","picURL":"p"}]}}"#,
            true,
        ),
        (r#"{"msgtype":"image","image":{"picURL":"u"}}"#, true),
    ] {
        let expected = if is_found { taken() } else { refusal(310000, "keywords not in content") };
        assert_eq!(post(&dingtalk, OPEN_TARGET, body).await, expected, "{body}");
    }
    dingtalk.forget();
}

#[tokio::test]
async fn posts_come_from_listed_addresses() {
    let dingtalk = start().await;
    for (networks, is_listed) in [
        (&["127.0.0.1/32"][..], true),
        (&["10.0.0.0/8", "127.0.0.0/8"], true),
        (&["10.0.0.0/8"], false),
        (&[], true),
    ] {
        let networks: Vec<_> = networks.iter().map(|network| network.parse().expect("a network")).collect();
        dingtalk.organise(|org| org.custom_robots[1] = CustomRobot::new("公告", OPEN, "ops").from(&networks));
        let expected = if is_listed { taken() } else { refusal(310000, "ip 127.0.0.1 not in whitelist") };
        assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, expected);
    }
    dingtalk.forget();
}

/// All settings hold at once.
#[tokio::test]
async fn a_signed_robot_wants_its_keyword_as_well() {
    let dingtalk = start_with(|org| org.custom_robots[0].keywords = vec!["告警".into()]).await;
    let alert = HI.replace("hi", "告警");
    assert_eq!(post(&dingtalk, &dingtalk.signed(), HI).await, refusal(310000, "keywords not in content"));
    let unsigned = format!("/robot/send?access_token={TOKEN}");
    assert_eq!(post(&dingtalk, &unsigned, &alert).await, refusal(310000, "sign not match"));
    assert_eq!(post(&dingtalk, &dingtalk.signed(), &alert).await, taken());
    dingtalk.forget();
}

#[tokio::test]
async fn twenty_a_minute_and_then_ten_minutes_of_silence() {
    let dingtalk = start().await;
    let too_fast = refusal(130101, "send too fast, exceed 20 times per minute");
    for _ in 0..20 {
        assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, taken());
        dingtalk.clock().advance(seconds(2));
    }
    // 40 s after the first.
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, too_fast);
    assert_eq!(post(&dingtalk, &dingtalk.signed(), HI).await, taken(), "another robot");
    assert_eq!(post(&dingtalk, &dingtalk.session(&ops()), HI).await, taken(), "a reply");
    dingtalk.clock().advance(seconds(60));
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, too_fast, "the next minute");
    dingtalk.clock().advance(seconds(539));
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, too_fast, "one second early");
    dingtalk.clock().advance(seconds(1));
    for _ in 0..20 {
        assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, taken());
    }
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, too_fast);
    dingtalk.forget();
}

#[tokio::test]
async fn twenty_in_every_minute_are_no_offence() {
    let dingtalk = start().await;
    for _ in 0..60 {
        assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, taken());
        dingtalk.clock().advance(seconds(3));
    }
    // What is refused is not counted.
    for _ in 0..30 {
        assert_eq!(post(&dingtalk, OPEN_TARGET, "{}").await.0, 300001);
    }
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, taken());
    dingtalk.forget();
}

/// The same `msgUuid` is taken as often as it comes, and shown once (KB-0717).
#[tokio::test]
async fn a_uuid_makes_one_message_of_many_posts() {
    let dingtalk = start().await;
    let body = r#"{"msgtype":"text","text":{"content":"hi"},"msgUuid":"u-1"}"#;
    for _ in 0..25 {
        assert_eq!(post(&dingtalk, OPEN_TARGET, body).await, taken());
    }
    assert_eq!(dingtalk.last_notes(), [Note::SameUuid]);
    assert_eq!(dingtalk.messages(&ops()).len(), 1);
    assert_eq!(post(&dingtalk, &dingtalk.signed(), body).await, taken());
    assert_eq!(post(&dingtalk, OPEN_TARGET, &body.replace("u-1", "u-2")).await, taken());
    for empty in ["\"\"", "null"] {
        let body = body.replace("\"u-1\"", empty);
        assert_eq!(
            (post(&dingtalk, OPEN_TARGET, &body).await.0, post(&dingtalk, OPEN_TARGET, &body).await.0),
            (0, 0)
        );
    }
    assert_eq!(dingtalk.messages(&ops()).len(), 7);
    // What was refused was not posted.
    let body = r#"{"msgtype":"text","text":{},"msgUuid":"u-3"}"#;
    assert_eq!(post(&dingtalk, OPEN_TARGET, body).await.0, 400202);
    assert_eq!(post(&dingtalk, OPEN_TARGET, &body.replace("{}", r#"{"content":"hi"}"#)).await, taken());
    assert_eq!(dingtalk.messages(&ops()).len(), 8);
    dingtalk.forget();
}

#[tokio::test]
async fn a_session_lasts_90_minutes() {
    let dingtalk = start().await;
    let none = refusal(300001, "session 不存在");
    let callback = dingtalk.hears_privately("bob", "hi");
    let target = callback["sessionWebhook"].as_str().expect("an address").replace(dingtalk.origin(), "");
    let until = callback["sessionWebhookExpiredTime"].as_i64().expect("a number");
    let left = Duration::from_millis(u64::try_from(until - NOW).expect("a while"));
    assert_eq!(left, seconds(90 * 60));
    for moved in [Duration::ZERO, seconds(60), left - seconds(60) - Duration::from_millis(1)] {
        dingtalk.clock().advance(moved);
        for _ in 0..3 {
            assert_eq!(post(&dingtalk, &target, HI).await, taken());
        }
    }
    let later = dingtalk.session(&ops());
    dingtalk.clock().advance(Duration::from_millis(1));
    assert_eq!(post(&dingtalk, &target, HI).await, none);
    assert_eq!(post(&dingtalk, &later, HI).await, taken());
    for target in
        ["/robot/sendBySession", "/robot/sendBySession?session=", "/robot/sendBySession?session=0123"]
    {
        assert_eq!(post(&dingtalk, target, HI).await, none);
    }
    dingtalk.expire_sessions();
    assert_eq!(post(&dingtalk, &later, HI).await, none);
    dingtalk.forget();
}

/// Both webhooks and what is pushed use up the same quota (KB-1431 to KB-1435); the new month begins in China.
#[tokio::test]
async fn a_month_has_so_many_messages() {
    let dingtalk = start().await;
    let exhausted = 90020;
    assert_eq!(dingtalk.quotas().messages.limit, 3000);
    dingtalk.connect(support::recorder(200, "", HI).0);
    dingtalk.says("alice", &ops(), "hi").await;
    assert_eq!(dingtalk.quotas().messages.used, 2, "heard, and answered in the response");
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, taken());
    assert_eq!(post(&dingtalk, &dingtalk.session(&ops()), HI).await, taken());
    assert_eq!(post(&dingtalk, OPEN_TARGET, "{}").await.0, 300001);
    assert_eq!((dingtalk.quotas().messages.used, dingtalk.quotas().api.used), (4, 0));

    dingtalk.set_quotas(|quotas| quotas.messages.limit = 5);
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, taken());
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await.0, exhausted);
    assert_eq!(post(&dingtalk, &dingtalk.session(&ops()), HI).await.0, exhausted);
    dingtalk.forget();
    let (robot, received) = support::recorder(200, "", HI);
    dingtalk.connect(robot);
    dingtalk.says("alice", &ops(), "hi").await;
    let callback = received.bodies().remove(0);
    assert_eq!((callback.get("text"), callback.get("content")), (None, None), "{callback}");
    assert!(callback["errorMessage"].is_string() && callback["errorCode"] == "20001", "{callback}");
    assert_eq!(dingtalk.last_notes().last(), Some(&Note::QuotaExhausted));
    assert_eq!(dingtalk.read(), None);

    // 2024-02-29 23:59:59.999 in China.
    let eve = 1_709_222_399_999;
    dingtalk.clock().advance(Duration::from_millis((eve - NOW).unsigned_abs()));
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await.0, exhausted);
    dingtalk.clock().advance(Duration::from_millis(1));
    assert_eq!(dingtalk.quotas().messages.used, 0);
    assert_eq!(post(&dingtalk, OPEN_TARGET, HI).await, taken());
    dingtalk.forget();
}

fn text(content: &str, at: Value) -> Value {
    json!({ "msgtype": "text", "text": { "content": content }, "at": at })
}

/// Whom a message mentions, and what a developer should know about the rest.
#[tokio::test]
async fn mentions_name_people_in_the_text() {
    let dingtalk = start().await;
    let note = |id: &str| Note::MentionNotInText(id.into());
    let unknown = |id: &str| Note::MentionUnknown(id.into());
    let markdown = json!({ "msgtype": "markdown", "at": { "atMobiles": ["13800000003"] },
        "markdown": { "title": "@13800000003", "text": "x" } });
    let card = json!({ "msgtype": "actionCard", "at": { "atUserIds": ["0147000003"] },
        "actionCard": { "title": "t", "text": "@0147000003", "singleTitle": "s", "singleURL": "u" } });
    let link = json!({ "msgtype": "link", "at": { "atUserIds": ["0147000003"] },
        "link": { "title": "t", "text": "@0147000003", "messageUrl": "u" } });
    let feed = json!({ "msgtype": "feedCard", "at": { "isAtAll": true },
        "feedCard": { "links": [{ "title": "a", "messageURL": "u", "picURL": "p" }] } });
    let cases: &[(Value, &[&str], bool, &[Note])] = &[
        (text("@0147000003 hi", json!({ "atUserIds": ["0147000003"] })), &["bob"], false, &[]),
        (text("@13800000003 hi", json!({ "atMobiles": ["13800000003"] })), &["bob"], false, &[]),
        (text("@13800000003 hi", json!({ "atMobiles": ["@13800000003"] })), &["bob"], false, &[]),
        (text("@13800000003 hi", json!({ "atMobiles": [13_800_000_003_i64] })), &["bob"], false, &[]),
        (
            text(
                "@0147000003 @13800000002",
                json!({ "atUserIds": ["0147000003"], "atMobiles": ["13800000002"] }),
            ),
            &["bob", "alice"],
            false,
            &[],
        ),
        (
            text(
                "@0147000003 @13800000003",
                json!({ "atUserIds": ["0147000003"], "atMobiles": ["13800000003"] }),
            ),
            &["bob"],
            false,
            &[],
        ),
        // Without a place in the text nobody sees it.
        (text("hi", json!({ "atUserIds": ["0147000003"] })), &[], false, &[note("0147000003")]),
        (text("0147000003 hi", json!({ "atUserIds": ["0147000003"] })), &[], false, &[note("0147000003")]),
        (text("@Bob hi", json!({ "atMobiles": ["13800000003"] })), &[], false, &[note("13800000003")]),
        (text("@01470000031 hi", json!({ "atUserIds": ["0147000003"] })), &[], false, &[note("0147000003")]),
        (markdown, &[], false, &[note("13800000003")]),
        (text("@0147000003 hi", json!({})), &[], false, &[]),
        // Not in the group: taken all the same.
        (
            text("@15888888888", json!({ "atMobiles": ["15888888888"] })),
            &[],
            false,
            &[unknown("15888888888")],
        ),
        // The id that callbacks carry needs no place in the text.
        (text("hi", json!({ "atDingtalkIds": ["$:LWCP_v1:$carol"] })), &["carol"], false, &[]),
        (text("hi", json!({ "isAtAll": true })), &[], true, &[]),
        (text("hi", json!({ "isAtAll": "true" })), &[], true, &[]),
        (text("hi", json!({ "isAtAll": "false", "atUserIds": [null, ""] })), &[], false, &[]),
        (card, &["bob"], false, &[]),
        (link, &[], false, &[Note::MentionIgnored]),
        (feed, &[], false, &[Note::MentionIgnored]),
    ];
    for (body, people, all, notes) in cases {
        dingtalk.clock().advance(seconds(10));
        for target in [dingtalk.session(&ops()), OPEN_TARGET.into()] {
            assert_eq!(dingtalk.post_json(&target, body).await.errcode(), 0, "{body}");
            let mentions = dingtalk.read().expect("a message").mentions;
            assert!(mentions.people == *people && mentions.all == *all, "{body}: {mentions:?}");
            assert_eq!(dingtalk.last_notes(), *notes, "{body}");
        }
    }
}

#[tokio::test]
async fn fifty_mentions_are_the_most() {
    let dingtalk = start_with(|org| {
        for n in 0..51 {
            org.people.push(simulator::Person::member(&format!("p{n:02}"), "某人", &format!("1000{n:02}")));
        }
    })
    .await;
    let ids = |n: usize| (0..n).map(|n| format!("1000{n:02}")).collect::<Vec<_>>();
    let body = |n: usize| {
        let content: String = ids(n).iter().map(|id| format!("@{id} ")).collect();
        text(&content, json!({ "atUserIds": ids(n) }))
    };
    for (wanted, notes) in [(50, &[][..]), (51, &[Note::TooManyMentions])] {
        dingtalk.post_json(OPEN_TARGET, &body(wanted)).await;
        assert_eq!(dingtalk.read().expect("a message").mentions.people.len(), 50);
        assert_eq!(dingtalk.last_notes(), notes);
    }
}
