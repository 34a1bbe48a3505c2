//! Twenty a minute, and silence after more.

use simulator::AnswerFault;

use super::*;

async fn send_twenty(group: &Group) {
    for _ in 0..20 {
        group.send(&text("hello")).await.unwrap();
    }
    group.forget();
}

#[tokio::test]
async fn the_twenty_first_is_not_sent_where_its_turn_is_too_late() {
    let group = Group::start().await;
    send_twenty(&group).await;
    let error = group.send_within(&text("hello"), 65).await.unwrap_err();
    assert_eq!(error, DeliveryError::Paced { wait: 65 });
    assert_eq!(group.counted(), (20, 20));
    group.clock.advance(Duration::from_secs(65));
    send_twenty(&group).await;
    assert_eq!(group.counted(), (40, 40));
}

#[tokio::test]
async fn the_twenty_first_waits_for_its_turn() {
    let group = Group::start().await;
    send_twenty(&group).await;
    let begun = group.now();
    let hello = text("hello");
    let (first, second, ()) = tokio::join!(
        group.send_within(&hello, 70),
        group.send_within(&hello, 70),
        group.clock.pass(Duration::from_secs(66)),
    );
    assert_eq!((first, second), (Ok(()), Ok(())));
    assert_eq!(group.now().duration_since(begun), WINDOW);
    assert_eq!(group.counted(), (22, 22));
    group.forget();
}

#[tokio::test]
async fn a_robot_that_sent_too_much_is_silent_for_ten_minutes() {
    for code in Cause::TooFast.codes().iter().filter(|code| code.parse::<i64>().is_ok()) {
        let group = Group::start().await;
        group.dingtalk.fail_next(AnswerFault::Code((*code).into()));
        assert_eq!(group.refused().await, Cause::TooFast);
        group.clock.advance(Duration::from_secs(599));
        let error = group.send(&text("hello")).await.unwrap_err();
        assert_eq!(error, DeliveryError::Resting { wait: 1, cause: Cause::TooFast });
        assert_eq!(group.counted(), (0, 1), "it was not even tried");
        group.clock.advance(Duration::from_secs(1));
        group.send(&text("hello")).await.unwrap();
        assert_eq!(group.counted(), (1, 2));
        group.forget();
    }
}

#[tokio::test]
async fn another_process_may_have_sent_as_well() {
    let group = Group::start().await;
    send_twenty(&group).await;
    let Group { dingtalk, clock, .. } = group;
    let other = Group::at(dingtalk.origin().parse().unwrap(), dingtalk, clock, robot());
    assert_eq!(other.refused().await, Cause::TooFast);
}

#[tokio::test]
async fn a_quota_that_is_used_up_is_not_asked_for_an_hour() {
    let group = Group::start().await;
    group.dingtalk.fail_next(AnswerFault::QuotaExhausted);
    assert_eq!(group.refused().await, Cause::QuotaExhausted);
    group.clock.advance(Duration::from_secs(3599));
    assert_eq!(group.refused().await, Cause::QuotaExhausted);
    assert_eq!(group.counted(), (0, 1));
    group.clock.advance(Duration::from_secs(1));
    group.send(&text("hello")).await.unwrap();
    group.forget();
}
