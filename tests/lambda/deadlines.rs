//! How long an event may take.

use dingops::{
    clock::{Clock, SystemClock},
    testing::{Answer, Service},
};
use jiff::SignedDuration;
use tokio::net::TcpListener;

use crate::{
    function::Function,
    support::{markdown, within},
};

#[tokio::test]
async fn a_missed_deadline_is_said_in_the_chat() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let service = format!("http://{}", silent.local_addr().expect("an address"));
    let function = Function::start(&format!("[ip]\nservices = [{service:?}, {service:?}]")).await;
    let deadline = SystemClock.now() + SignedDuration::from_secs(3);
    function.api.queue_until(&function.event("ip"), deadline.as_millisecond());

    let entries = within(function.api.asked(2)).await;
    let reply = markdown(&function.dingtalk.read().expect("a message"));
    assert!(reply.contains("ip: took too long"), "{reply}");
    assert!(entries[2].at < deadline, "the function would have been ended before it could say so");
}

#[tokio::test]
async fn a_deadline_in_the_past_is_not_known() {
    // As cargo-lambda's emulator sends it.
    const EMULATED: i64 = 600_000;
    let service = Service::answering(Answer::Body(200, "203.0.113.9\n".to_owned())).await;
    let function = Function::start(&format!("[ip]\nservices = [{:?}]", service.origin())).await;
    function.api.queue_until(&function.event("ip"), EMULATED);
    within(function.api.asked(2)).await;
    let reply = markdown(&function.dingtalk.read().expect("a message"));
    assert!(reply.contains("203.0.113.9"), "{reply}");
}
