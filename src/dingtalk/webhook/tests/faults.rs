//! Security settings, codes, and answers that are lost.

use simulator::{AnswerFault, CustomRobotState, Endpoint, Note};

use super::*;
use crate::dingtalk::error::Class;

/// DingTalk's side of the robot.
async fn with_theirs(change: impl FnOnce(&mut simulator::CustomRobot)) -> Group {
    Group::with(robot(), |organisation| change(&mut organisation.custom_robots[0])).await
}

#[tokio::test]
async fn a_signed_message_arrives() {
    let group = Group::start().await;
    // A signature holds what means something else in a query: each is another.
    for _ in 0..10 {
        group.clock.advance(Duration::from_millis(7001));
        group.send(&text("hello")).await.unwrap();
    }
    assert_eq!(group.counted(), (10, 10));
    let arrived = std::iter::from_fn(|| group.dingtalk.read());
    let uuids: BTreeSet<_> = arrived.map(|message| message.posted["msgUuid"].to_string()).collect();
    assert_eq!(uuids.len(), 10);
    assert!(uuids.iter().all(|uuid| uuid.len() == 34), "{uuids:?}");
}

#[tokio::test]
async fn each_security_setting_is_told_apart() {
    let other = CustomRobot { secret: Some(Secret::new("SECother").unwrap()), ..robot() };
    assert_eq!(Group::with(other, |_| {}).await.refused().await, Cause::Signature);
    let unsigned = CustomRobot { secret: None, ..robot() };
    assert_eq!(Group::with(unsigned.clone(), |_| {}).await.refused().await, Cause::Signature);
    let group = Group::with(unsigned, |organisation| organisation.custom_robots[0].secret = None).await;
    assert_eq!(group.send(&text("hello")).await, Ok(()));
    group.forget();

    let group = with_theirs(|robot| robot.keywords = vec!["监控".into()]).await;
    assert_eq!(group.refused().await, Cause::Keyword);

    let group = with_theirs(|robot| robot.addresses = vec!["203.0.113.0/24".parse().unwrap()]).await;
    let error = group.send(&text("hello")).await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::Address));
    assert!(error.to_string().contains("127.0.0.1"), "the address it saw: {error}");
    group.forget();

    let dingtalk = dingtalk(TestClock::at(NOW_MS)).await;
    let oapi = dingtalk.origin().parse().unwrap();
    let group = Group::at(oapi, dingtalk, TestClock::at(NOW_MS + 3_601_000), robot());
    assert_eq!(group.refused().await, Cause::Timestamp);
    assert_eq!(group.counted(), (0, 1), "what will be refused again is not tried again");
}

#[tokio::test]
async fn what_has_become_of_a_robot_is_told() {
    for (state, cause) in [
        (CustomRobotState::Disabled, Cause::RobotDisabled),
        (CustomRobotState::Removed, Cause::RobotRemoved),
        (CustomRobotState::Deleted, Cause::TokenUnknown),
    ] {
        assert_eq!(with_theirs(|robot| robot.state = state).await.refused().await, cause);
    }
    assert_eq!(with_theirs(|robot| robot.token = "0".into()).await.refused().await, Cause::TokenUnknown);
    let disbanded = Group::with(robot(), |organisation| organisation.groups[0].disbanded = true).await;
    assert_eq!(disbanded.refused().await, Cause::GroupDisbanded);
}

#[tokio::test]
async fn every_code_is_tried_again_or_not() {
    let codes = Cause::ALL.iter().flat_map(|cause| cause.codes().iter().map(|code| (*cause, *code)));
    for (cause, code) in codes.filter(|(_, code)| code.parse::<i64>().is_ok()) {
        let group = Group::start().await;
        for _ in 0..3 {
            group.dingtalk.fail_next_at(Endpoint::Send, AnswerFault::Code(code.into()));
        }
        // 310000 is told apart by its text, which here is that of a keyword.
        let expected = if code == "310000" { Cause::Keyword } else { cause };
        assert_eq!(group.refused().await, expected, "{code}");
        let tries = if cause.class() == Class::Retry { 3 } else { 1 };
        assert_eq!(group.counted(), (0, tries), "{code}");
        group.forget();
    }
}

#[tokio::test]
async fn busy_is_tried_again() {
    let group = Group::start().await;
    group.dingtalk.fail_next(AnswerFault::Busy);
    group.dingtalk.fail_next(AnswerFault::Code("90018".into()));
    assert_eq!(group.send(&text("hello")).await, Ok(()));
    assert_eq!(group.counted(), (1, 3));
    group.forget();
}

#[tokio::test]
async fn an_answer_that_was_lost_is_asked_for_again_and_nothing_arrives_twice() {
    for (fault, arrived) in [
        (AnswerFault::Reset, true),
        (AnswerFault::Answer(200, String::new()), true),
        (AnswerFault::Answer(200, "<html>banned</html>".into()), true),
        (AnswerFault::Answer(500, r#"{"errcode":0,"errmsg":"ok"}"#.into()), true),
        (AnswerFault::Refuse, false),
        (AnswerFault::BanPage, false),
        (AnswerFault::ServerError, false),
    ] {
        let group = Group::start().await;
        group.dingtalk.fail_next(fault.clone());
        assert_eq!(group.send(&text("hello")).await, Ok(()), "{fault:?}");
        assert_eq!(group.counted(), (1, 2), "{fault:?}");
        let again = group.dingtalk.traffic()[1].notes.contains(&Note::SameUuid);
        assert_eq!(again, arrived, "{fault:?}");
        group.forget();
    }
}

#[tokio::test]
async fn a_post_that_hangs_is_given_up_and_tried_again() {
    let group = Group::start().await;
    group.dingtalk.fail_next(AnswerFault::Hang);
    let patience = async {
        assert!(group.dingtalk.next(Duration::from_secs(30)).await.is_some());
        group.clock.pass(wire::PATIENCE * 2).await;
    };
    let hello = text("hello");
    let (sent, ()) = tokio::join!(group.send(&hello), patience);
    assert_eq!(sent, Ok(()));
    assert_eq!(group.counted(), (1, 2));
}

#[tokio::test]
async fn what_may_have_arrived_is_unknown_whatever_comes_after() {
    for later in [
        AnswerFault::Code("130101".into()),
        AnswerFault::Code("310000".into()),
        AnswerFault::TurnAway(403, String::new()),
    ] {
        let group = Group::start().await;
        group.dingtalk.fail_next(AnswerFault::Reset);
        group.dingtalk.fail_next(later.clone());
        let error = group.send(&text("hello")).await.unwrap_err();
        assert_eq!(error.class(), Class::Unknown, "{later:?}: {error}");
        assert_eq!(group.counted(), (1, 2), "{later:?}");
        group.forget();
    }
    let group = Group::start().await;
    group.dingtalk.fail_every(Some(AnswerFault::Reset));
    assert_eq!(group.send(&text("hello")).await.unwrap_err().class(), Class::Unknown);
    assert_eq!(group.counted(), (1, 3));
    group.forget();
}

#[tokio::test]
async fn what_was_turned_away_did_not_arrive() {
    let gateway = r#"{"status":1111,"wait":2,"source":"x5","punish":"deny"}"#;
    for (fault, posts) in [
        (AnswerFault::TurnAway(200, gateway.into()), 3),
        (AnswerFault::TurnAway(429, String::new()), 3),
        (AnswerFault::TurnAway(403, "<html>forbidden</html>".into()), 1),
        (AnswerFault::Redirect("http://127.0.0.1:1/".into()), 1),
    ] {
        let group = Group::start().await;
        (0..posts).for_each(|_| group.dingtalk.fail_next(fault.clone()));
        assert_ne!(group.send(&text("hello")).await.unwrap_err().class(), Class::Unknown, "{fault:?}");
        assert_eq!(group.counted(), (0, posts), "{fault:?}");
    }
}

#[tokio::test]
async fn no_connection_is_tried_again_and_not_unknown() {
    let clock = TestClock::at(NOW_MS);
    let dingtalk = dingtalk(clock.clone()).await;
    let group = Group::at("http://127.0.0.1:1".parse().unwrap(), dingtalk, clock, robot());
    let begun = group.now();
    let error = group.send(&text("hello")).await.unwrap_err();
    assert!(matches!(error, DeliveryError::NotConnected(_)), "{error}");
    assert!(group.now().duration_since(begun).as_secs() >= 3, "two pauses");
}

#[tokio::test]
async fn a_connection_that_is_never_made_is_not_unknown() {
    let clock = TestClock::at(NOW_MS);
    let dingtalk = dingtalk(clock.clone()).await;
    // A host that takes the connection and never says a word of TLS.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let oapi = format!("https://{}", silent.local_addr().unwrap()).parse().unwrap();
    let group = Group::at(oapi, dingtalk, clock, robot());
    let patience = async {
        loop {
            group.clock.pass(wire::PATIENCE * 2).await;
        }
    };
    let hello = text("hello");
    let error = tokio::select! {
        sent = group.send(&hello) => sent.unwrap_err(),
        () = patience => unreachable!(),
    };
    assert!(matches!(error, DeliveryError::NotConnected(_)), "{error}");
}

#[tokio::test]
async fn neither_token_nor_secret_is_shown() {
    let group = Group::start().await;
    // The clock stands, so what a post is signed with is known.
    let sign = simulator::sign(TOKEN_SECRET, &NOW_MS.to_string());
    let encoded: String = url::form_urlencoded::byte_serialize(sign.as_bytes()).collect();
    assert_ne!(sign, encoded);
    let echo = format!("{TOKEN}, {TOKEN_SECRET}, timestamp={NOW_MS}&sign={encoded} {sign}");
    for answer in [format!(r#"{{"errcode":999999,"errmsg":"{echo}"}}"#), echo] {
        group.dingtalk.fail_next(AnswerFault::TurnAway(403, answer));
        let error = group.send(&text("hello")).await.unwrap_err();
        assert!(error.to_string().contains("***, ***, timestamp=***&sign=*** ***"), "{error}");
    }
    let shown = format!("{:?}", group.to);
    assert!(!shown.contains(TOKEN) && !shown.contains(TOKEN_SECRET), "{shown}");
}
