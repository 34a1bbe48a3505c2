//! What DingTalk makes of a robot's response to a callback (protocol.md 2), and what a simulator that ends says of what
//! nobody looked at.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use simulator::{
    AnswerFault, Author, CallbackFault, Clock, Endpoint, Note, Robot, Simulator, UNSAFE_TEXT, Way,
};

use self::support::{DingTalk, NOW, OPEN_TARGET, chinese, ops, recorder, start};

const HI: &str = r#"{"msgtype":"text","text":{"content":"hi"}}"#;
const JSON: &str = "application/json";

#[tokio::test]
async fn a_response_can_be_the_reply() {
    let dingtalk = start().await;
    for (content_type, body, shown) in [
        (JSON, HI, "hi"),
        // Express' send, and a type that Go sniffed.
        ("text/html; charset=utf-8", HI, "hi"),
        ("text/plain; charset=utf-8", HI, "hi"),
        ("", HI, "hi"),
        (JSON, "{\"msgtype\":\"text\",\"text\":{\"content\":\"one\ntwo\"}}\n", "one\ntwo"),
        (JSON, r##"{"msgtype":"markdown","markdown":{"title":"t","text":"# hi"}}"##, "# hi"),
        (
            JSON,
            r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"u"}}"#,
            "x\n\n[s](u)",
        ),
        (
            JSON,
            r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","btns":[{"title":"a","actionURL":"u"}]}}"#,
            "x\n\n[a](u)",
        ),
        (
            JSON,
            r#"{"msgtype":"feedCard","feedCard":{"links":[{"title":"a","messageURL":"u","picURL":"p"}]}}"#,
            "[a](u)",
        ),
    ] {
        dingtalk.connect(recorder(200, content_type, body).0);
        for place in [ops(), simulator::Place::private(&dingtalk.who("bob"))] {
            let heard = dingtalk.says("bob", &place, "hi").await;
            assert!(heard.pushed[0].is_taken());
            assert_eq!(heard.pushed[0].body, body.as_bytes());
            let message = dingtalk.read_in(&place).expect("a reply");
            assert_eq!(message.to_string(), shown);
            assert_eq!((&message.author, message.way), (&Author::Robot, Way::Response));
            assert_eq!(dingtalk.last_notes(), [Note::Replied]);
        }
    }
}

#[tokio::test]
async fn a_response_that_is_no_reply() {
    let dingtalk = start().await;
    let refused = |why: &str| vec![Note::NoReply(why.into())];
    for (status, content_type, body, notes) in [
        (200, "", "", vec![]),
        (204, "", "", vec![]),
        (200, JSON, r#"{"msgtype":"empty"}"#, vec![]),
        (200, JSON, r#"{"ret":200}"#, vec![]),
        (200, JSON, r#"{"errcode":0,"errmsg":"ok"}"#, vec![]),
        (200, JSON, "null", vec![]),
        (200, JSON, "[]", vec![]),
        (200, JSON, "\"ok\"", vec![]),
        (200, "text/html", "<html>who are you!!!</html>", vec![]),
        (200, "text/plain", "OK", vec![]),
        (200, JSON, r#"{"msgtype":"text","text":{"content":"hi""#, vec![]),
        // Another status says that the callback was not taken.
        (401, JSON, HI, vec![]),
        (500, JSON, HI, vec![]),
        (302, JSON, HI, vec![]),
        // A message, and none that DingTalk takes here (KB-0718).
        (200, JSON, r#"{"msgtype":"text","text":{}}"#, refused("400202: miss param : text->content")),
        (
            200,
            JSON,
            r#"{"msgtype":"markdown","markdown":{"text":"x"}}"#,
            refused("400402: miss param : markdown->title"),
        ),
    ] {
        dingtalk.connect(recorder(status, content_type, body).0);
        let heard = dingtalk.says("alice", &ops(), "hi").await;
        assert_eq!(heard.pushed.len(), 1);
        assert_eq!(heard.pushed[0].status, Ok(status));
        assert_eq!(heard.pushed[0].is_taken(), status < 300);
        assert_eq!(dingtalk.read(), None, "{body}");
        assert_eq!(dingtalk.last_notes(), notes, "{status} {body}");
        assert_eq!(dingtalk.last_answer().status, Some(status));
    }
    let link = r#"{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"u"}}"#;
    for body in [link, r#"{"msgtype":"image","image":{"picURL":"u"}}"#] {
        dingtalk.connect(recorder(200, JSON, body).0);
        dingtalk.says("alice", &ops(), "hi").await;
        assert!(matches!(&dingtalk.last_notes()[..], [Note::NoReply(why)] if why.starts_with("400105")));
    }
    let codes: Vec<_> = dingtalk.rejected().into_iter().map(|rejected| rejected.code).collect();
    assert_eq!(codes, ["400202", "400402", "400105", "400105"]);
}

fn answers(body: String) -> Robot {
    Robot::function(move |_| {
        let body = body.clone();
        async move { http::Response::new(body.into()) }
    })
}

/// A response is held to what holds for a post: its size, what it says, and that its group is still there.
#[tokio::test]
async fn a_response_is_as_strict_as_a_post() {
    let of = |bytes: usize| HI.replace("hi", &chinese(bytes - HI.len() + 2));
    assert_eq!(of(20_001).len(), 20_001);
    for (body, is_disbanded, expected) in [
        (of(20_000), false, None),
        (of(20_001), false, Some(("460101", "message too long, exceed 20000 bytes"))),
        (HI.replace("hi", UNSAFE_TEXT), false, Some(("430102", "含有不合适的文本"))),
        (HI.replace("hi", "https://unsafe.example/a"), false, Some(("430101", "含有不安全的外链"))),
        (HI.into(), true, Some(("400013", "群已被解散"))),
    ] {
        let dingtalk = start().await;
        dingtalk.connect(answers(body));
        let push = async || {
            let callback = dingtalk.hears("alice", "hi");
            dingtalk.organise(|org| org.groups[0].disbanded = is_disbanded);
            dingtalk.push(callback, &ops()).await;
            dingtalk.organise(|org| org.groups[0].disbanded = false);
        };
        push().await;
        let Some((code, why)) = expected else {
            assert_eq!(dingtalk.last_notes(), [Note::Replied]);
            dingtalk.forget();
            continue;
        };
        assert_eq!(dingtalk.last_notes(), [Note::NoReply(format!("{code}: {why}"))]);
        assert_eq!((dingtalk.refused(), dingtalk.read()), (code.into(), None));
        push().await;
        let words = last_words(dingtalk).unwrap_or_default();
        assert!(words.starts_with("DingTalk did not take:") && words.contains(code), "{words}");
    }
}

#[tokio::test]
async fn a_response_may_be_a_card_without_buttons() {
    let dingtalk = start().await;
    let card = r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","btns":[]}}"#;
    dingtalk.connect(recorder(200, JSON, card).0);
    dingtalk.says("alice", &ops(), "hi").await;
    assert_eq!(dingtalk.shown(), "x");
    assert_eq!(dingtalk.last_notes(), [Note::CardWithoutButtons, Note::Replied]);
}

#[tokio::test]
async fn a_response_mentions_as_a_post_does() {
    let dingtalk = start().await;
    for (at, content, people, notes) in [
        (r#"{"atDingtalkIds":["$:LWCP_v1:$nobody"]}"#, "hi", &["nobody"][..], &[Note::Replied][..]),
        (r#"{"atUserIds":["0147000003"]}"#, "@0147000003 hi", &["bob"], &[Note::Replied]),
        (
            r#"{"atUserIds":["0147000003"]}"#,
            "hi",
            &[],
            &[Note::MentionNotInText("0147000003".into()), Note::Replied],
        ),
    ] {
        let body = format!(r#"{{"msgtype":"text","text":{{"content":"{content}"}},"at":{at}}}"#);
        dingtalk.connect(Robot::function(move |_| {
            let body = body.clone();
            async move { http::Response::new(body.into()) }
        }));
        dingtalk.says("nobody", &ops(), "hi").await;
        assert_eq!(dingtalk.read().expect("a reply").mentions.people, people);
        assert_eq!(dingtalk.last_notes(), notes);
    }
}

/// A robot may answer, and post as well.
#[tokio::test]
async fn what_was_said_stays_in_order() {
    let dingtalk = start().await;
    dingtalk.connect(recorder(200, JSON, HI).0);
    dingtalk.says("alice", &ops(), "first").await;
    dingtalk.post(&dingtalk.session(&ops()), HI.replace("hi", "third")).await;
    dingtalk.post(OPEN_TARGET, HI.replace("hi", "fourth")).await;
    let texts: Vec<_> = dingtalk.messages(&ops()).iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["@dingops first", "hi", "third", "fourth"]);
    assert!(dingtalk.messages(&simulator::Place::group("dev")).is_empty());
    assert_eq!([dingtalk.shown(), dingtalk.shown(), dingtalk.shown()], ["hi", "third", "fourth"]);
    assert_eq!(dingtalk.calls().len(), 2);
    assert_eq!(dingtalk.calls()[1], format!("POST {OPEN_TARGET}"));
}

/// What a simulator says when it is dropped; `None` when it has nothing to say.
fn last_words(dingtalk: DingTalk) -> Option<String> {
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(dingtalk)));
    dropped.err().map(|words| words.downcast_ref::<String>().expect("a text").clone())
}

#[tokio::test]
async fn an_unread_message_is_told_in_the_end() {
    let dingtalk = start().await;
    dingtalk.post(OPEN_TARGET, HI.replace("hi", "nobody read this")).await;
    assert_eq!(last_words(dingtalk).as_deref(), Some("nobody read:\nnobody read this"));

    let dingtalk = start().await;
    dingtalk.connect(recorder(200, JSON, HI).0);
    dingtalk.says("alice", &ops(), "hi").await;
    assert!(last_words(dingtalk).is_some_and(|words| words.contains("hi")), "a response as well");

    let dingtalk = start().await;
    dingtalk.connect(recorder(200, JSON, HI).0);
    dingtalk.says("alice", &ops(), "hi").await;
    assert_eq!(dingtalk.shown(), "hi");
    assert_eq!(last_words(dingtalk), None);
}

#[tokio::test]
async fn a_call_that_was_not_taken_is_told_in_the_end() {
    for (method, target, body, said) in [
        ("POST", OPEN_TARGET, r#"{"msgtype":"text","text":{}}"#, "400202"),
        ("POST", "/robot/send?access_token=none", HI, "300005"),
        ("POST", "/robot/sendBySession?session=none", HI, "300001"),
        ("POST", "/v1.0/oauth2/accessToken", "{}", "MissingappKey"),
        ("POST", "/v1.0/robot/groupMessages/send", "{}", "AuthenticationFailed.MissingParameter"),
        ("POST", "/gettoken", "{}", "POST /gettoken"),
        ("GET", OPEN_TARGET, "", "43002"),
        ("GET", "/robot", "", "GET /robot"),
        ("POST", "/", HI, "POST /"),
    ] {
        let dingtalk = start().await;
        dingtalk.request(method, target, &[("content-type", JSON)], body).await;
        let words = last_words(dingtalk).unwrap_or_default();
        assert!(words.starts_with("DingTalk did not take:") && words.contains(said), "{target}: {words}");

        let dingtalk = start().await;
        dingtalk.request(method, target, &[("content-type", JSON)], body).await;
        assert_eq!(dingtalk.rejected().len(), 1);
        assert_eq!(last_words(dingtalk), None, "{target}: it was asked for");
    }
}

/// A test that asks for a fault means to see what comes of it.
#[tokio::test]
async fn a_fault_that_met_nothing_is_told_in_the_end() {
    type Ask = fn(&DingTalk);
    let asked: [(Ask, &str); 3] = [
        (|dingtalk| dingtalk.fail_next(AnswerFault::Busy), "busy"),
        (|dingtalk| dingtalk.fail_next_at(Endpoint::AccessToken, AnswerFault::BanPage), "ban-page"),
        (|dingtalk| dingtalk.spoil_next(CallbackFault::WrongSecret), "wrong-secret"),
    ];
    for (ask, name) in asked {
        let dingtalk = start().await;
        ask(&dingtalk);
        assert_eq!(last_words(dingtalk), Some(format!("these faults met nothing: {name}")));

        let dingtalk = start().await;
        ask(&dingtalk);
        dingtalk.forget();
        assert_eq!(last_words(dingtalk), None, "{name}: it was given up");

        let dingtalk = start().await;
        ask(&dingtalk);
        dingtalk.post("/v1.0/oauth2/accessToken", "{}").await;
        dingtalk.says("alice", &ops(), "hi").await;
        dingtalk.post(&dingtalk.session(&ops()), HI).await;
        let _ = (dingtalk.read(), dingtalk.rejected());
        assert_eq!(last_words(dingtalk), None, "{name}: it met something");
    }
    // What holds until it is taken back need not meet anything.
    let dingtalk = start().await;
    dingtalk.fail_every(Some(AnswerFault::Busy));
    dingtalk.spoil_every(Some(CallbackFault::Unsigned));
    assert_eq!(last_words(dingtalk), None);
}

#[tokio::test]
async fn nobody_reads_where_it_is_unattended() {
    let builder = Simulator::builder().clock(Clock::at(NOW)).unattended();
    let dingtalk = DingTalk::around(builder.start().await.expect("it listens"));
    dingtalk.post(&dingtalk.signed(), HI).await;
    dingtalk.post("/nowhere", HI).await;
    dingtalk.post(OPEN_TARGET, HI).await;
    dingtalk.spoil_next(CallbackFault::Unsigned);
    assert_eq!((dingtalk.read(), dingtalk.rejected()), (None, Vec::new()));
    assert_eq!(dingtalk.messages(&ops()).len(), 1, "the conversation has it all the same");
    assert_eq!(last_words(dingtalk), None);
}

#[tokio::test]
#[should_panic(expected = "the test's own")]
async fn a_test_that_fails_says_why_itself() {
    let dingtalk = start().await;
    dingtalk.post(OPEN_TARGET, HI).await;
    panic!("the test's own");
}
