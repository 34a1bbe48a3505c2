//! The access token of the OpenAPI: without one nothing is posted.

use std::time::Duration;

use simulator::{AnswerFault, Endpoint, Event};

use super::{called, in_confidence, say};
use crate::testing::{Chat, alice};

#[tokio::test]
async fn a_token_is_fetched_once_and_before_it_expires() {
    let mut chat = in_confidence().await;
    let tokens = |chat: &Chat| {
        chat.dingtalk().calls().iter().filter(|call| call.contains(Endpoint::AccessToken.path())).count()
    };
    for (seconds, expected) in [(0, 1), (7139, 1), (1, 2)] {
        chat.clock().advance(Duration::from_secs(seconds));
        chat.say(alice(), "password").await;
        chat.read();
        assert_eq!(tokens(&chat), expected, "{seconds} s later");
    }
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_fetched_anew_once() {
    let mut chat = in_confidence().await;
    let code = || AnswerFault::Code("InvalidAuthentication".into());
    chat.dingtalk().fail_next(code());
    chat.say(alice(), "password").await;
    chat.read();
    chat.dingtalk().fail_next(code());
    chat.dingtalk().fail_next(code());
    chat.say(alice(), "password").await;
    assert!(chat.read().contains("access token"), "the session says why");
    assert_eq!(called(&chat), ["group", "group", "group", "group", "session"]);
}

#[tokio::test]
async fn without_a_token_nothing_was_posted() {
    let away = |status, body: &str| AnswerFault::TurnAway(status, body.into());
    for fault in [
        AnswerFault::Refuse,
        AnswerFault::Reset,
        AnswerFault::BanPage,
        AnswerFault::ServerError,
        away(200, "{}"),
        away(403, ""),
        AnswerFault::Code("invalidClientIdOrSecret".into()),
    ] {
        let mut chat = in_confidence().await;
        (0..3).for_each(|_| chat.dingtalk().fail_next_at(Endpoint::AccessToken, fault.clone()));
        say(&mut chat, "password").await;
        let notice = chat.read();
        assert!(notice.starts_with("#### password：结果没有发出"), "{fault:?}: {notice}");
        assert_eq!(called(&chat), ["session"], "{fault:?}");
        chat.forget();
        // What may be better the next time is tried again.
        chat.dingtalk().fail_next_at(Endpoint::AccessToken, AnswerFault::Refuse);
        say(&mut chat, "password").await;
        assert!(chat.read().starts_with("#### hunter2"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_come_is_not_waited_for_long() {
    let mut chat = in_confidence().await;
    (0..3).for_each(|_| chat.dingtalk().fail_next_at(Endpoint::AccessToken, AnswerFault::Hang));
    let (clock, mut watch) = (chat.clock().clone(), chat.dingtalk().watch());
    let begun = clock.now();
    let patience = async {
        for pause in [true, true, false] {
            // The request is there; its answer is not.
            while !matches!(watch.next().await, Event::Exchange(call) if call.target.ends_with("/accessToken"))
            {
            }
            clock.pass(Duration::from_secs(6)).await;
            if pause {
                clock.pass(Duration::from_secs(3)).await;
            }
        }
    };
    tokio::join!(chat.say(alice(), "password"), patience);
    assert!(chat.read().starts_with("#### password：结果没有发出"));
    assert!(clock.now().duration_since(begun).as_secs() < 19);
    assert_eq!(called(&chat), ["session"]);
}
