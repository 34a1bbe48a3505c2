//! What comes before what: the acknowledgement, the work, the next event.

use std::time::Duration;

use dingops::testing::runtime_api::Failure;

use crate::{
    function::{Function, order, response},
    support::{EMPTY, hold_next, release, reply, within},
};

/// Whether this does not happen. A machine can be so slow that it would only happen later: then a mistake is missed, and
/// nothing fails without one.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test goes by the machine's clock, so must its limit"
)]
async fn not_soon<T>(happens: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_millis(200), happens).await.is_err()
}

#[tokio::test]
async fn acknowledged_before_the_work_and_worked_before_the_next_event() {
    let function = Function::start("").await;
    hold_next(&function.dingtalk);
    let id = function.api.queue(&function.event("ping"));

    // Its post is not answered yet.
    assert!(reply(&function.dingtalk).await.contains("pong"));
    let entries = function.api.entries();
    assert_eq!(order(&entries), ["next", "response"], "the work is under way");
    let acknowledgement = response(&entries, &id);
    assert_eq!(acknowledgement["statusCode"], 200);
    assert_eq!(acknowledgement["headers"]["content-type"], "application/json");
    assert_eq!(acknowledgement["body"], EMPTY);

    assert!(
        not_soon(function.api.asked(2)).await,
        "the next event was asked for while the work was under way"
    );

    release(&function.dingtalk).await;
    let entries = within(function.api.asked(2)).await;
    assert_eq!(order(&entries), ["next", "response", "next"]);
}

#[tokio::test]
async fn several_events_in_turn_leave_their_replies_in_turn() {
    let function = Function::start("").await;
    for (line, title) in [("ping", "#### pong"), ("nothing-like-it", "nothing"), ("whoami", "####")] {
        let reply = function.reply(&function.event(line)).await;
        assert!(reply.contains(title), "{line}: {reply}");
    }
    let in_turn = ["next", "response", "next", "response", "next", "response", "next"];
    assert_eq!(order(&function.api.entries()), in_turn);
}

#[tokio::test]
async fn a_response_that_is_refused_does_not_lose_the_reply() {
    let function = Function::start("").await;
    function.api.fail_next_response(Failure::Status(500));
    let reply = function.reply(&function.event("ping")).await;
    assert!(reply.contains("pong"), "{reply}");
    assert!(function.reply(&function.event("ping")).await.contains("pong"), "the function goes on");
}

#[tokio::test]
async fn a_response_that_cannot_be_posted_does_not_lose_the_reply() {
    let mut function = Function::start("").await;
    function.api.fail_next_response(Failure::Close);
    function.api.queue(&function.event("ping"));
    assert!(reply(&function.dingtalk).await.contains("pong"));
    // Lambda starts another process then.
    assert!(!function.ended().await.success());
    assert_eq!(order(&function.api.entries()), ["next", "response"]);
}

#[tokio::test]
async fn what_came_before_is_not_run_again() {
    let function = Function::start("").await;
    let event = function.event("ping");
    assert!(function.reply(&event).await.contains("pong"));
    let (response, posted) = function.invoke(&event).await;
    assert_eq!((response["statusCode"].as_u64(), response["body"].as_str()), (Some(200), Some(EMPTY)));
    assert!(posted.is_empty(), "{posted:?}");
}
