//! The session webhook, and behind it the OpenAPI.

use std::time::Duration;

use simulator::{AnswerFault, CallbackFault, Endpoint, Way};

use super::{arrived, called, in_confidence, say};
use crate::testing::{Chat, alice, bob, nobody};

#[tokio::test]
async fn a_session_that_is_gone_is_passed_by() {
    let mut chat = Chat::with_openapi().await;
    chat.dingtalk().fail_next(AnswerFault::SessionExpired);
    chat.say(alice(), "ping").await;
    let messages = arrived(&chat);
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].way, Way::GroupMessage);
    assert!(
        messages[0].to_string().ends_with("\n\n@爱丽丝"),
        "{}: it mentions nobody, and says who",
        messages[0]
    );
    assert_eq!(called(&chat), ["session", "group"]);
}

#[tokio::test]
async fn a_callback_whose_session_is_over_is_answered() {
    for fault in [CallbackFault::SessionExpired, CallbackFault::NoSession] {
        let mut chat = Chat::with_openapi().await;
        chat.dingtalk().spoil_next(fault.clone());
        chat.say(alice(), "ping").await;
        assert!(chat.read().starts_with("#### pong"), "{fault:?}");
        assert_eq!(called(&chat), ["group"]);
        let mut chat = Chat::start().await;
        chat.dingtalk().spoil_next(fault);
        chat.say(alice(), "ping").await;
        chat.silence();
    }
}

#[tokio::test]
async fn a_private_chat_is_reached_by_the_staff_id() {
    let mut chat = Chat::with_openapi().await.privately();
    chat.dingtalk().fail_next(AnswerFault::SessionExpired);
    chat.say(bob(), "ping").await;
    let messages = arrived(&chat);
    assert_eq!((messages.len(), messages[0].way), (1, Way::OneToOne));
    // Without a staff id there is no other way.
    chat.dingtalk().fail_next(AnswerFault::SessionExpired);
    chat.say(nobody(), "ping").await;
    chat.silence();
}

#[tokio::test]
async fn what_may_have_arrived_is_sent_by_no_other_way() {
    for fault in [
        AnswerFault::Reset,
        AnswerFault::Refuse,
        AnswerFault::BanPage,
        AnswerFault::ServerError,
        AnswerFault::Answer(200, String::new()),
        AnswerFault::Answer(200, r#"{"errcode":0.0,"errmsg":"ok"}"#.into()),
        AnswerFault::Answer(500, r#"{"errcode":0,"errmsg":"ok"}"#.into()),
        AnswerFault::Answer(500, r#"{"errcode":999999,"errmsg":"something new"}"#.into()),
    ] {
        let mut chat = Chat::with_openapi().await;
        chat.dingtalk().fail_next(fault.clone());
        say(&mut chat, "ping").await;
        assert!(arrived(&chat).len() <= 1, "{fault:?}");
        assert_eq!(called(&chat), ["session"], "{fault:?}");
    }
}

#[tokio::test]
async fn what_was_refused_goes_by_the_other_way() {
    let away = |status, body: &str| AnswerFault::TurnAway(status, body.into());
    let gateway = r#"{"status":1111,"wait":2,"source":"x5","punish":"deny"}"#;
    for (fault, posts) in [
        (away(200, gateway), 3),
        (away(503, gateway), 3),
        (away(429, ""), 3),
        (away(403, "<html>forbidden</html>"), 1),
        (away(404, ""), 1),
        (AnswerFault::Redirect("http://127.0.0.1:1/".into()), 1),
        (AnswerFault::Code("460101".into()), 1),
        (AnswerFault::Code("400105".into()), 1),
        (AnswerFault::Code("999999".into()), 1),
        (away(500, r#"{"errcode":300001,"errmsg":"session 不存在"}"#), 1),
    ] {
        let mut chat = Chat::with_openapi().await;
        (0..posts).for_each(|_| chat.dingtalk().fail_next_at(Endpoint::SendBySession, fault.clone()));
        say(&mut chat, "ping").await;
        let ways: Vec<_> = arrived(&chat).iter().map(|message| message.way).collect();
        assert_eq!(ways, [Way::GroupMessage], "{fault:?}");
        assert_eq!(called(&chat).len(), posts + 1, "{fault:?}");
    }
}

#[tokio::test]
async fn refusals_that_take_long_leave_time_for_the_other_way() {
    let mut chat = Chat::with_openapi().await;
    let slowly = || AnswerFault::SlowlyBusy(25_000);
    (0..2).for_each(|_| chat.dingtalk().fail_next_at(Endpoint::SendBySession, slowly()));
    let clock = chat.clock().clone();
    tokio::select! {
        () = chat.say(alice(), "ping") => {}
        () = async {
            // A refusal, a pause, another refusal: a third would end with the host's minute.
            for seconds in [26, 3, 26] {
                clock.pass(Duration::from_secs(seconds)).await;
            }
            loop { clock.pass(Duration::from_secs(2)).await }
        } => {}
    }
    assert_eq!(arrived(&chat).len(), 1);
    assert_eq!(called(&chat), ["session", "session", "group"]);
}

#[tokio::test]
async fn every_code_is_answered_by_another_way_or_by_none() {
    use crate::dingtalk::error::{Cause, Class};
    for cause in Cause::ALL {
        for code in cause.codes().iter().filter(|code| code.parse::<i64>().is_ok()) {
            let mut chat = Chat::with_openapi().await;
            for _ in 0..3 {
                chat.dingtalk().fail_next(AnswerFault::Code((*code).into()));
            }
            say(&mut chat, "ping").await;
            let (arrived, called) = (arrived(&chat).len(), called(&chat));
            chat.forget();
            match cause.class() {
                // The OpenAPI says so as well; a token is fetched anew and tried once more.
                Class::OtherWay => {
                    assert_eq!((arrived, called[0]), (0, "session"), "{code}");
                    assert!(called.len() > 1 && called[1..].iter().all(|&way| way == "group"), "{code}");
                }
                Class::Retry => assert_eq!((arrived, called.len()), (1, 4), "{code}"),
                Class::Final | Class::Unknown => {
                    assert_eq!((arrived, called), (0, vec!["session"]), "{code}")
                }
            }
        }
    }
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_not_asked_again_for_an_hour() {
    let mut chat = Chat::with_openapi().await;
    chat.dingtalk().fail_next_at(Endpoint::SendBySession, AnswerFault::QuotaExhausted);
    for _ in 0..2 {
        chat.say(alice(), "ping").await;
    }
    assert_eq!(arrived(&chat).len(), 2);
    assert_eq!(called(&chat), ["session", "group", "group"]);
    chat.clock().advance(Duration::from_secs(3600));
    chat.say(alice(), "ping").await;
    assert_eq!(arrived(&chat).len(), 1);
    assert_eq!(called(&chat)[3..], ["session"]);
}

#[tokio::test]
async fn a_conversation_that_got_too_much_is_reached_by_the_other_way_for_ten_minutes() {
    for code in ["130101", "410100", "660026"] {
        let mut chat = Chat::with_openapi().await;
        chat.dingtalk().fail_next_at(Endpoint::SendBySession, AnswerFault::Code(code.into()));
        for pause in [0, 599, 1] {
            chat.clock().advance(Duration::from_secs(pause));
            chat.say(alice(), "ping").await;
            assert_eq!(arrived(&chat).len(), 1, "{code}");
        }
        assert_eq!(called(&chat), ["session", "group", "group", "session"], "{code}");
    }
}

#[tokio::test]
async fn what_failed_inside_the_openapi_is_not_sent_again() {
    for (status, code) in [(500, "system.error"), (503, "ServiceUnavailable"), (500, "InternalError")] {
        let mut chat = in_confidence().await;
        let body = format!(r#"{{"code":"{code}","message":"x"}}"#);
        chat.dingtalk().fail_next_at(Endpoint::GroupMessages, AnswerFault::Answer(status, body));
        say(&mut chat, "password").await;
        // And nobody is told that it was withheld.
        assert_eq!((arrived(&chat).len(), called(&chat)), (1, vec!["group"]), "{code}");
    }
}

#[tokio::test]
async fn a_message_with_a_key_was_taken() {
    for body in [
        r#"{"processQueryKey":"k","code":"0","message":"ok"}"#,
        r#"{"processQueryKey":"k","code":null,"errcode":0.0}"#,
        r#"{"processQueryKey":"k","code":"something.new"}"#,
    ] {
        let mut chat = in_confidence().await;
        chat.dingtalk().fail_next_at(Endpoint::GroupMessages, AnswerFault::Answer(200, body.into()));
        say(&mut chat, "password").await;
        assert_eq!((arrived(&chat).len(), called(&chat)), (1, vec!["group"]), "{body}");
    }
}

#[tokio::test]
async fn that_there_is_no_quota_is_said_once() {
    let mut chat = Chat::with_openapi().await;
    for _ in 0..2 {
        chat.dingtalk().spoil_next(CallbackFault::QuotaExhausted);
        chat.say(alice(), "ping").await;
    }
    insta::assert_snapshot!(chat.read(), @"
    #### 本月消息额度已用完

    组织本月的 Webhook 和 Stream 消息额度已用完，机器人收不到消息内容，也无法照常回复。请等下个月，或让管理员在钉钉后台购买更多额度。

    @爱丽丝
    ");
    chat.silence();
    assert_eq!(called(&chat), ["group"]);
}

/// Whoever is left without a reply is told why, and not again for an hour.
#[tokio::test]
async fn that_there_is_no_quota_is_said_in_each_conversation() {
    let mut chat = Chat::with_openapi().await;
    for person in [alice(), bob()] {
        chat.dingtalk().spoil_next(CallbackFault::QuotaExhausted);
        chat.say(person, "ping").await;
    }
    let mut chat = chat.privately();
    for (seconds, person) in [(0, alice()), (0, bob()), (3599, bob()), (1, alice())] {
        chat.clock().advance(Duration::from_secs(seconds));
        chat.dingtalk().spoil_next(CallbackFault::QuotaExhausted);
        chat.say(person, "ping").await;
    }
    arrived(&chat);
    assert_eq!(called(&chat), ["group", "person", "person", "person"]);
}

#[tokio::test]
async fn that_there_is_no_quota_is_said_again_where_it_did_not_arrive() {
    let mut chat = Chat::with_openapi().await;
    chat.dingtalk().fail_next(AnswerFault::Code("bot.stopped".into()));
    for arrives in [false, true, false] {
        chat.dingtalk().spoil_next(CallbackFault::QuotaExhausted);
        chat.say(alice(), "ping").await;
        assert_eq!(arrived(&chat).len(), usize::from(arrives));
    }
    assert_eq!(called(&chat), ["group", "group"]);
}

#[tokio::test]
async fn what_is_sensitive_goes_by_the_openapi() {
    let mut chat = in_confidence().await;
    chat.say(alice(), "password").await;
    assert!(chat.read().starts_with("#### hunter2"));
    assert_eq!(called(&chat), ["group"]);
    // And not by the session after all; what is said there is why.
    chat.dingtalk().organise(|organisation| organisation.app.may_send = false);
    chat.say(alice(), "password").await;
    insta::assert_snapshot!(chat.read(), @"
    #### password：结果没有发出

    结果含有敏感内容，只能通过 OpenAPI 发送，但钉钉没有接收：应用没有发送消息的权限；请在钉钉后台开通「企业内机器人发送消息权限」（qyapi&#95;robot&#95;sendmsg）并发布。

    @0147000002
    ");
    assert_eq!(called(&chat), ["group", "group", "session"]);
    chat.dingtalk().rejected();
}

#[tokio::test]
async fn whom_the_openapi_does_not_reach_is_a_failure() {
    let mut chat = Chat::with_openapi().await.privately();
    chat.dingtalk().organise(|organisation| {
        for person in &mut organisation.people {
            person.reach = simulator::Reach::FlowControlled;
        }
    });
    chat.dingtalk().fail_next(AnswerFault::SessionExpired);
    chat.say(bob().reach(simulator::Reach::FlowControlled), "ping").await;
    chat.silence();
    assert_eq!(called(&chat), ["session", "person"]);
}

#[tokio::test]
async fn what_is_sensitive_goes_nowhere_where_the_openapi_has_no_address() {
    let mut chat = in_confidence().await;
    // A person is reached by the staff id alone.
    chat.say_privately(nobody(), "password").await;
    assert_eq!(called(&chat), ["session"], "that it was withheld");
    let notice = chat.read();
    assert!(notice.starts_with("#### password：结果没有发出") && !notice.contains("hunter2"), "{notice}");
    assert!(notice.contains("没有能送达的途径"), "{notice}");
}

#[tokio::test]
async fn success_is_a_process_query_key_and_nothing_else() {
    for (status, body) in [
        (200, "{}"),
        (200, r#"{"code":500,"message":"system error"}"#),
        (200, r#"{"processQueryKey":"k","invalidStaffIdList":"0147000002"}"#),
    ] {
        let mut chat = in_confidence().await;
        chat.dingtalk().fail_next(AnswerFault::Answer(status, body.into()));
        chat.say(alice(), "password").await;
        // The stand-in takes the message; that it was not told so is what counts here.
        let notices = arrived(&chat).iter().filter(|message| message.way == Way::SessionWebhook).count();
        let is_known = body.contains("code") || body.contains("invalid");
        assert!(notices == 1 || !is_known, "{body}");
    }
}

#[tokio::test]
async fn an_unknown_session_is_known_by_its_code() {
    for message in ["", "会话不存在", "Session not exist"] {
        let mut chat = Chat::with_openapi().await;
        let body = format!(r#"{{"errcode":300001,"errmsg":"{message}"}}"#);
        chat.dingtalk().fail_next(AnswerFault::Answer(200, body));
        chat.say(alice(), "ping").await;
        assert_eq!(called(&chat), ["session", "group"], "{message}");
        chat.forget();
    }
}

#[tokio::test]
async fn ids_that_dingtalk_never_makes_are_not_called_by() {
    for id in ["x".repeat(300), "a b".to_owned()] {
        let mut chat = Chat::with_openapi().await;
        chat.dingtalk().fail_next(AnswerFault::SessionExpired);
        let mut callback = chat.text(&alice(), "ping");
        callback["conversationId"] = id.into();
        chat.post(&callback).await;
        assert_eq!(called(&chat), ["session"]);
    }
}
