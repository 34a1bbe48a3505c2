//! The session webhook alone.

use std::{sync::Arc, time::Duration};

use simulator::AnswerFault;

use crate::testing::{Chat, alice};

const OK: &str = r#"{"errcode":0,"errmsg":"ok"}"#;
const BUSY: &str = r#"{"errcode":-1,"errmsg":"系统繁忙"}"#;

/// Says one line while DingTalk answers like this; how many posts it saw.
async fn posts(answers: &[AnswerFault]) -> usize {
    posts_and_seconds(answers).await.0
}

/// The same, with how many seconds were waited between them.
async fn posts_and_seconds(answers: &[AnswerFault]) -> (usize, i64) {
    let mut chat = Chat::start().await;
    for answer in answers {
        chat.dingtalk().fail_next(answer.clone());
    }
    let clock = chat.clock().clone();
    let begun = clock.now();
    tokio::select! {
        () = chat.say(alice(), "ping") => {}
        () = async { loop { clock.pass(Duration::from_secs(6)).await } } => {}
    }
    let requests = chat.dingtalk().calls();
    assert!(
        requests.iter().all(|request| request.starts_with("POST /robot/sendBySession?session=")),
        "{requests:?}"
    );
    chat.forget();
    (requests.len(), clock.now().duration_since(begun).as_secs())
}

fn body(status: u16, body: &str) -> AnswerFault {
    AnswerFault::Answer(status, body.to_owned())
}

#[tokio::test]
async fn busy_is_tried_again_at_most_twice() {
    assert_eq!(posts(&[AnswerFault::Busy]).await, 2);
    assert_eq!(posts(&[body(200, BUSY), body(200, r#"{"errcode":"-1"}"#), body(200, OK)]).await, 3);
    assert_eq!(posts(&[body(200, BUSY), body(200, BUSY), body(200, BUSY), body(200, OK)]).await, 3);
}

#[tokio::test]
async fn a_pause_is_as_long_as_its_cause_wants() {
    let gateway = |wait: u32| format!(r#"{{"status":1111,"wait":{wait},"source":"x5","punish":"deny"}}"#);
    for (answer, expected) in [
        // Two seconds, then four.
        (body(200, BUSY), (3, 6)),
        // One, then two.
        (AnswerFault::Code("90018".into()), (3, 3)),
        (AnswerFault::Code("90002".into()), (3, 3)),
        // As long as it says; not at all where that is too late.
        (AnswerFault::TurnAway(200, gateway(5)), (3, 10)),
        (AnswerFault::TurnAway(200, gateway(0)), (3, 2)),
        (AnswerFault::TurnAway(200, gateway(60)), (1, 0)),
        (AnswerFault::TurnAway(200, gateway(u32::MAX)), (1, 0)),
    ] {
        assert_eq!(posts_and_seconds(&vec![answer.clone(); 3]).await, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn a_conversation_that_got_too_much_is_left_alone_for_ten_minutes() {
    let mut chat = Chat::start().await;
    chat.dingtalk().fail_next(AnswerFault::Code("130101".into()));
    for (pause, posts) in [(0, 1), (599, 1), (1, 2)] {
        chat.clock().advance(Duration::from_secs(pause));
        chat.say(alice(), "ping").await;
        assert_eq!(chat.dingtalk().calls().len(), posts, "after {pause} s more");
    }
    chat.read();
    // Another conversation is another matter.
    chat.dingtalk().fail_next(AnswerFault::Code("410100".into()));
    chat.say(alice(), "ping").await;
    let mut chat = chat.privately();
    chat.say(alice(), "ping").await;
    chat.read();
}

#[tokio::test]
async fn what_a_gateway_turned_away_is_tried_again() {
    for (status, body) in [(429, ""), (200, r#"{"status":1111,"wait":5,"source":"x5","punish":"deny"}"#)] {
        assert_eq!(posts(&[AnswerFault::TurnAway(status, body.into())]).await, 2, "{status} {body}");
    }
}

#[tokio::test]
async fn what_may_have_been_posted_is_not_posted_again() {
    for answer in [
        AnswerFault::Reset,
        AnswerFault::Refuse,
        AnswerFault::BanPage,
        AnswerFault::ServerError,
        AnswerFault::Redirect("http://127.0.0.1:1/".to_owned()),
        AnswerFault::TurnAway(403, String::new()),
        body(200, "<html>banned</html>"),
        body(200, r#"{"errcode":300001,"errmsg":"session 不存在"}"#),
        body(200, r#"{"errcode":130101,"errmsg":"send too fast"}"#),
        body(200, ""),
        body(500, OK),
        body(503, "busy"),
    ] {
        assert_eq!(posts(std::slice::from_ref(&answer)).await, 1, "{answer:?}");
    }
}

#[tokio::test]
async fn no_connection_is_tried_again() {
    let mut chat = Chat::start().await;
    let mut callback = chat.text(&alice(), "ping");
    // Where nobody listens, on a host that the settings allow.
    let closed = Chat::closed_webhook();
    callback["sessionWebhook"] = closed.into();
    let clock = chat.clock().clone();
    let begun = crate::clock::Clock::now(&clock);
    tokio::select! {
        () = chat.post(&callback) => {}
        () = async { loop { clock.pass(Duration::from_secs(3)).await } } => {}
    }
    let waited = crate::clock::Clock::now(&clock).duration_since(begun);
    assert!(waited.as_secs() >= 3, "two pauses, of 1 and 2 s at least, came {waited:?}");
    chat.silence();
}

#[tokio::test]
async fn no_second_try_after_the_deadline() {
    let mut chat = Chat::start().await;
    chat.dingtalk().fail_next(AnswerFault::Hang);
    let (clock, dingtalk) = (chat.clock().clone(), Arc::clone(chat.dingtalk()));
    let deadline = async {
        assert!(dingtalk.next(Duration::from_secs(30)).await.is_some(), "it arrives, unanswered");
        clock.pass(Duration::from_secs(61)).await;
    };
    tokio::join!(chat.say(alice(), "ping"), deadline);
    assert_eq!(dingtalk.calls().len(), 1);
}
