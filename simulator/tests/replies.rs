//! What DingTalk makes of a robot's response to a callback (protocol.md 2), and what a simulator that ends says of what
//! nobody looked at.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use simulator::{Author, Clock, Note, Robot, Simulator, Way};

use self::support::{DingTalk, NOW, OPEN_TARGET, ops, recorder, start};

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

#[tokio::test]
async fn nobody_reads_where_it_is_unattended() {
    let builder = Simulator::builder().clock(Clock::at(NOW)).unattended();
    let dingtalk = DingTalk::around(builder.start().await.expect("it listens"));
    dingtalk.post(&dingtalk.signed(), HI).await;
    dingtalk.post("/nowhere", HI).await;
    dingtalk.post(OPEN_TARGET, HI).await;
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
