//! What goes wrong on demand, as a robot sees it: with its posts, and with the callbacks it gets.

mod support;

use std::io::ErrorKind;

use serde_json::{Value, json};
use simulator::{AnswerFault, CallbackFault, Endpoint, Exchange, Note, Robot, SECRET, STRANGER};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};

use self::support::{
    DingTalk, NOW, OPEN_TARGET, Raw, Received, ops, recorder, seconds, signature, soon, start, until,
};

const HI: &str = r#"{"msgtype":"text","text":{"content":"hi"}}"#;
const TAKEN: &str = r#"{"errcode":0,"errmsg":"ok"}"#;
const GROUP: &str = "/v1.0/robot/groupMessages/send";

fn fault(name: &str) -> Vec<Note> {
    vec![Note::Fault(name.into())]
}

/// What a fault makes of a post by each webhook: nothing arrives, and nobody is to blame.
#[tokio::test]
async fn posts_that_do_not_arrive() {
    let dingtalk = start().await;
    let html = "text/html;charset=UTF-8";
    for (set, name, status, content_type, said) in [
        (AnswerFault::SessionExpired, "session-expired", 200, "", "300001"),
        (AnswerFault::Busy, "busy", 200, "", "-1"),
        (AnswerFault::Throttled, "throttled", 200, "", "410100"),
        (AnswerFault::Code("430102".into()), "code", 200, "", "430102"),
        (AnswerFault::QuotaExhausted, "quota-exhausted", 200, "", "90020"),
        (AnswerFault::BanPage, "ban-page", 200, html, "<!DOCTYPE html>"),
        (AnswerFault::ServerError, "server-error", 502, html, "502 Bad Gateway"),
        (AnswerFault::TurnAway(429, "slow down".into()), "turn-away", 429, "", "slow down"),
        (AnswerFault::SlowlyBusy(0), "slowly-busy", 200, "", "-1"),
        (AnswerFault::Redirect("http://127.0.0.1:1/".into()), "redirect", 302, "", ""),
    ] {
        for target in [dingtalk.session(&ops()), OPEN_TARGET.into()] {
            dingtalk.fail_next(set.clone());
            let answer = dingtalk.post(&target, HI).await;
            assert_eq!(answer.status, status, "{name}");
            if content_type.is_empty() && status == 200 {
                assert_eq!(answer.errcode().to_string(), said);
                assert_eq!(dingtalk.last_answer().code.as_deref(), Some(said));
            } else {
                assert!(answer.body.contains(said), "{name}: {answer:?}");
                assert_eq!(dingtalk.last_answer().code, None);
            }
            if !content_type.is_empty() {
                assert_eq!(answer.header("content-type"), Some(content_type));
            }
            let location = answer.header("location");
            assert_eq!(location, (status == 302).then_some("http://127.0.0.1:1/"));
            assert_eq!(dingtalk.last_notes(), fault(name));
            assert_eq!(dingtalk.post(&target, HI).await.body, TAKEN, "the next one arrives");
            assert_eq!(dingtalk.read().map(|message| message.to_string()).as_deref(), Some("hi"));
        }
    }
    assert_eq!((dingtalk.read(), dingtalk.rejected()), (None, Vec::new()));
}

#[tokio::test]
async fn calls_of_the_openapi_that_do_not_arrive() {
    let dingtalk = start().await;
    for (set, status, code) in [
        (AnswerFault::SessionExpired, 400, "session.expired"),
        (AnswerFault::Busy, 500, "system.error"),
        (AnswerFault::Throttled, 403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"),
        (AnswerFault::QuotaExhausted, 403, "Forbidden.AccessDenied.ApiCountLimitForOrg"),
        (AnswerFault::Code("bot.stopped".into()), 400, "bot.stopped"),
    ] {
        dingtalk.fail_next(set);
        assert_eq!(dingtalk.api(GROUP, "", &json!({})).await.api_code(), (status, code));
    }
    dingtalk.fail_next(AnswerFault::ServerError);
    assert_eq!(dingtalk.api(GROUP, "", &json!({})).await.status, 502);
    assert!(dingtalk.rejected().is_empty());
}

/// The answer is somebody else's, the message is there.
#[tokio::test]
async fn an_answer_of_ones_own() {
    let dingtalk = start().await;
    for (status, body, code) in [
        (200, r#"{"errcode":"0","errmsg":"ok"}"#, Some("0")),
        (200, r#"{"errcode":310000,"errmsg":"sign not match"}"#, Some("310000")),
        (200, r#"{"status":1111,"wait":5,"source":"x5","punish":"deny"}"#, None),
        (404, r#"{"code":"InvalidAction.NotFound","message":"x"}"#, Some("InvalidAction.NotFound")),
        (200, "ok", None),
        (500, "", None),
    ] {
        dingtalk.fail_next(AnswerFault::Answer(status, body.into()));
        let answer = dingtalk.post(&dingtalk.session(&ops()), HI).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body));
        assert_eq!(dingtalk.last_answer().code.as_deref(), code);
        assert_eq!(dingtalk.shown(), "hi");
    }
}

fn request(target: &str) -> String {
    let length = HI.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{HI}"
    )
}

#[tokio::test]
async fn a_reset_in_the_middle_of_the_answer() {
    let dingtalk = start().await;
    dingtalk.fail_next(AnswerFault::Reset);
    let Raw { text, ended } = dingtalk.raw(request(&dingtalk.session(&ops())).as_bytes()).await;
    assert_eq!(ended.expect_err("no clean end").kind(), ErrorKind::ConnectionReset);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains(&format!("content-length: {}", TAKEN.len())), "{head}");
    assert!(!body.is_empty() && body.len() < TAKEN.len() && TAKEN.starts_with(body), "{body}");
    assert_eq!(dingtalk.shown(), "hi", "the message arrived");
    assert_eq!((dingtalk.last_answer().status, dingtalk.last_notes()), (None, fault("reset")));
}

#[tokio::test]
async fn a_reset_before_any_byte() {
    let dingtalk = start().await;
    dingtalk.fail_next(AnswerFault::Refuse);
    let Raw { text, ended } = dingtalk.raw(request(&dingtalk.session(&ops())).as_bytes()).await;
    assert_eq!(ended.expect_err("no clean end").kind(), ErrorKind::ConnectionReset);
    assert_eq!(text, "");
    assert_eq!(dingtalk.read(), None, "nothing arrived");
    assert_eq!(dingtalk.last_notes(), fault("refuse"));
}

#[tokio::test]
async fn an_answer_that_never_comes() {
    let dingtalk = start().await;
    dingtalk.fail_next(AnswerFault::Hang);
    let stream = dingtalk.connection(request(&dingtalk.session(&ops())).as_bytes()).await;
    until(|| dingtalk.traffic().last().is_some_and(|exchange| exchange.answer.is_some())).await;
    dingtalk.clock().advance(seconds(3600));
    tokio::task::yield_now().await;
    let read = stream.try_read(&mut [0; 1]).map_err(|error| error.kind());
    assert_eq!(read, Err(ErrorKind::WouldBlock));
    assert_eq!(dingtalk.shown(), "hi", "the message arrived");
    assert_eq!((dingtalk.last_answer().status, dingtalk.last_notes()), (None, fault("hang")));
}

#[tokio::test]
async fn an_answer_that_takes_its_time() {
    let dingtalk = start().await;
    dingtalk.fail_next(AnswerFault::Slow(5_000));
    let target = dingtalk.session(&ops());
    let wait = async {
        dingtalk.clock().pass(seconds(60)).await;
        assert_eq!(dingtalk.shown(), "hi", "the message arrived before");
    };
    let (answer, ()) = soon(async { tokio::join!(dingtalk.post(&target, HI), wait) }).await;
    assert_eq!(answer.body, TAKEN);
    assert_eq!(dingtalk.last_answer().took, seconds(5));
    assert_eq!(dingtalk.clock().now().as_millisecond(), NOW + 5_000);
}

/// In order, for the endpoint that is meant, tokens only where they are.
#[tokio::test]
async fn faults_are_used_up_in_order() {
    let dingtalk = start().await;
    let session = dingtalk.session(&ops());
    let post = async |target: &str| dingtalk.post(target, HI).await.errcode();
    dingtalk.fail_next_at(Endpoint::Send, AnswerFault::Busy);
    dingtalk.fail_next(AnswerFault::Throttled);
    dingtalk.fail_next(AnswerFault::SessionExpired);
    assert!(!dingtalk.token().await.is_empty(), "a token is no message");
    assert_eq!(post(&session).await, 410100);
    assert_eq!(post(OPEN_TARGET).await, -1);
    assert_eq!(post(OPEN_TARGET).await, 300001);
    assert_eq!(post(OPEN_TARGET).await, 0);
    dingtalk.fail_every(Some(AnswerFault::Busy));
    dingtalk.fail_next(AnswerFault::Throttled);
    assert_eq!((post(&session).await, post(&session).await, post(OPEN_TARGET).await), (410100, -1, -1));
    assert!(!dingtalk.token().await.is_empty());
    dingtalk.fail_every(None);
    assert_eq!(post(&session).await, 0);
    dingtalk.forget();
}

/// What is switched on goes as far as its name: another way is still there to be tried.
#[tokio::test]
async fn a_fault_of_one_way_leaves_the_others() {
    let dingtalk = start().await;
    let session = dingtalk.session(&ops());
    let code = async |target: &str| dingtalk.post(target, HI).await.errcode();
    let body = json!({ "robotCode": "", "openConversationId": "", "msgKey": "", "msgParam": "" });
    for (fault, codes, note) in [
        (AnswerFault::SessionExpired, (300001, 0), "session-expired"),
        (AnswerFault::QuotaExhausted, (90020, 90020), "quota-exhausted"),
    ] {
        dingtalk.fail_every(Some(fault));
        assert_eq!((code(&session).await, code(OPEN_TARGET).await), codes);
        let token = dingtalk.token().await;
        dingtalk.api(GROUP, &token, &body).await;
        assert!(!dingtalk.last_notes().contains(&Note::Fault(note.into())), "{note}");
        dingtalk.fail_every(None);
        assert_eq!((code(&session).await, code(OPEN_TARGET).await), (0, 0));
    }
    dingtalk.forget();
}

/// What alice says in the group, as a robot gets it under a fault: signature header, timestamp header, body.
async fn spoilt(
    dingtalk: &DingTalk,
    received: &Received,
    set: CallbackFault,
) -> Vec<(Option<String>, Option<i64>, Value)> {
    dingtalk.spoil_next(set);
    dingtalk.says("alice", &ops(), "hi").await;
    let header = |headers: &http::HeaderMap, name: &str| {
        headers.get(name).map(|value| value.to_str().expect("a text").to_owned())
    };
    let requests = received.take().into_iter().map(|request| {
        let timestamp = header(request.headers(), "timestamp").map(|text| text.parse().expect("a number"));
        let body = serde_json::from_slice(request.body()).expect("JSON");
        (header(request.headers(), "sign"), timestamp, body)
    });
    requests.collect()
}

fn signed(secret: &str, at: i64) -> (Option<String>, Option<i64>) {
    (Some(signature(secret, &at.to_string())), Some(at))
}

#[tokio::test]
async fn callbacks_with_something_wrong() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", "");
    dingtalk.connect(robot);
    let right = signed(SECRET, NOW);
    for (set, expected, changed) in [
        (CallbackFault::SkewedClock(-3601), signed(SECRET, NOW - 3_601_000), json!({})),
        (CallbackFault::SkewedClock(3601), signed(SECRET, NOW + 3_601_000), json!({})),
        (CallbackFault::Unsigned, (None, None), json!({})),
        (
            CallbackFault::ForgedSender,
            right.clone(),
            json!({ "senderStaffId": "manager0001", "senderId": "$:LWCP_v1:$forged", "isAdmin": true,
                "senderNick": "管理员", "senderCorpId": "ding0000corp" }),
        ),
        (CallbackFault::ForgedWebhook, right.clone(), json!({ "sessionWebhook": STRANGER })),
        (
            CallbackFault::NoSession,
            right.clone(),
            json!({ "sessionWebhook": null, "sessionWebhookExpiredTime": null }),
        ),
        (CallbackFault::SessionExpired, right.clone(), json!({ "sessionWebhookExpiredTime": NOW - 1_000 })),
    ] {
        let mut requests = spoilt(&dingtalk, &received, set.clone()).await;
        assert_eq!(requests.len(), 1, "{set:?}");
        let (sign, timestamp, body) = requests.remove(0);
        assert_eq!((sign, timestamp), expected, "{set:?}");
        for (key, value) in changed.as_object().expect("an object") {
            assert_eq!(&body[key], value, "{set:?}");
            assert_eq!(body.get(key).is_some(), !value.is_null(), "{set:?}");
        }
        assert_eq!(body["text"]["content"], " hi");
        let name = dingtalk.last_notes().remove(0);
        assert!(matches!(name, Note::Fault(_)), "{name:?}");
    }
    let wrong = spoilt(&dingtalk, &received, CallbackFault::WrongSecret).await.remove(0);
    assert_eq!(wrong.1, Some(NOW));
    assert!(wrong.0.is_some() && wrong.0 != right.0);
    let usual = spoilt(&dingtalk, &received, CallbackFault::SkewedClock(0)).await.remove(0);
    assert_eq!((usual.0, usual.1), right);
    assert_eq!(usual.2["senderStaffId"], "0147000002");
}

/// The ends of what can be asked for are no reason to panic.
#[tokio::test]
async fn a_clock_that_is_as_wrong_as_can_be() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", "");
    dingtalk.connect(robot);
    for (skew, at) in [(i64::MAX, i64::MAX), (i64::MIN, i64::MIN + NOW)] {
        let (sign, timestamp, _) =
            spoilt(&dingtalk, &received, CallbackFault::SkewedClock(skew)).await.remove(0);
        assert_eq!((sign, timestamp), signed(SECRET, at));
    }
    dingtalk.fail_next(AnswerFault::Slow(u64::MAX));
    let target = dingtalk.session(&ops());
    let end = async {
        until(|| dingtalk.read().is_some()).await;
        dingtalk.clock().advance(seconds(u64::MAX));
        dingtalk.clock().advance(seconds(u64::MAX));
    };
    let (answer, ()) = soon(async { tokio::join!(dingtalk.post(&target, HI), end) }).await;
    assert_eq!(answer.body, TAKEN, "the end of time is when it comes");
}

#[tokio::test]
async fn a_session_that_is_over_before_it_began() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", "");
    dingtalk.connect(robot);
    let (.., body) = spoilt(&dingtalk, &received, CallbackFault::SessionExpired).await.remove(0);
    let target = body["sessionWebhook"].as_str().expect("an address").replace(dingtalk.origin(), "");
    assert_eq!(dingtalk.post(&target, HI).await.errcode(), 300001);
    assert_eq!(dingtalk.refused(), "300001");
}

/// 20001: neither text nor content (KB-0699).
#[tokio::test]
async fn a_callback_that_says_the_quota_is_used_up() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", HI);
    dingtalk.connect(robot);
    let (sign, timestamp, body) = spoilt(&dingtalk, &received, CallbackFault::QuotaExhausted).await.remove(0);
    assert_eq!((sign, timestamp), signed(SECRET, NOW));
    assert_eq!((body.get("text"), body.get("content")), (None, None));
    assert!(body["errorMessage"].as_str().is_some_and(|text| !text.is_empty()));
    assert!(body["msgId"].is_string() && body["conversationId"].is_string());
    dingtalk.forget();
}

#[tokio::test]
async fn a_callback_that_comes_twice() {
    let dingtalk = start().await;
    let (robot, received) = recorder(200, "", "");
    dingtalk.connect(robot);
    let requests = spoilt(&dingtalk, &received, CallbackFault::Redelivered).await;
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].2, requests[1].2, "the same msgId and all the rest");
    assert!(dingtalk.last_notes().contains(&Note::Redelivered));
    assert_eq!(dingtalk.messages(&ops()).len(), 1, "it was said once");

    dingtalk.spoil_every(Some(CallbackFault::Redelivered));
    for _ in 0..2 {
        assert_eq!(dingtalk.says("alice", &ops(), "hi").await.pushed.len(), 2);
    }
    dingtalk.spoil_every(None);
    assert_eq!(dingtalk.says("alice", &ops(), "hi").await.pushed.len(), 1);
}

/// A robot that needs three seconds for its first callback, and none for the second.
fn slow_robot(dingtalk: &DingTalk) -> (Robot, Received) {
    let (clock, received) = (dingtalk.clock().clone(), Received::default());
    let kept = received.clone();
    let robot = Robot::function(move |request| {
        let (clock, is_first) = (clock.clone(), kept.keep(request) == 1);
        async move {
            if is_first {
                clock.sleep(seconds(3)).await;
            }
            let text = if is_first { "late" } else { "in time" };
            http::Response::new(HI.replace("hi", text).into())
        }
    });
    (robot, received)
}

fn callbacks(dingtalk: &DingTalk) -> Vec<Exchange> {
    dingtalk.traffic().into_iter().filter(|exchange| exchange.target == "/").collect()
}

#[tokio::test]
async fn an_answer_after_two_and_a_half_seconds_is_none() {
    let dingtalk = start().await;
    let (robot, received) = slow_robot(&dingtalk);
    dingtalk.connect(robot);
    let group = ops();
    // DingTalk gives up after 2.5 s, and the second push is answered at once.
    let pass = dingtalk.clock().pass(seconds(60));
    let (heard, ()) = soon(async { tokio::join!(dingtalk.says("alice", &group, "hi"), pass) }).await;
    assert_eq!(dingtalk.clock().now().as_millisecond(), NOW + 2_500);
    let bodies = received.bodies();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1], "the same msgId and all the rest");
    assert_eq!(heard.pushed.len(), 1, "one was answered");
    assert_eq!(dingtalk.shown(), "in time");
    let pushed = callbacks(&dingtalk);
    assert_eq!((&pushed[0].answer, pushed[0].notes.as_slice()), (&None, &[][..]));
    assert_eq!(pushed[1].notes, [Note::Redelivered, Note::Replied]);

    // The first answer comes in the end, and is taken for nothing.
    soon(dingtalk.clock().pass(seconds(60))).await;
    until(|| callbacks(&dingtalk)[0].answer.is_some()).await;
    let first = callbacks(&dingtalk).remove(0);
    assert_eq!(first.notes, [Note::Late]);
    assert_eq!(first.answer.map(|answer| answer.took), Some(seconds(3)));
    assert_eq!(dingtalk.read(), None);
}

#[tokio::test]
async fn a_robot_that_never_answers_is_called_twice() {
    let dingtalk = start().await;
    let received = Received::default();
    let kept = received.clone();
    dingtalk.connect(Robot::function(move |request| {
        kept.keep(request);
        std::future::pending()
    }));
    let group = ops();
    let pass = async {
        dingtalk.clock().pass(seconds(60)).await;
        dingtalk.clock().pass(seconds(60)).await;
    };
    let (heard, ()) = soon(async { tokio::join!(dingtalk.says("alice", &group, "hi"), pass) }).await;
    assert!(heard.pushed.is_empty());
    assert_eq!(received.take().len(), 2);
    assert_eq!(dingtalk.clock().now().as_millisecond(), NOW + 5_000);
}

#[tokio::test]
async fn a_robot_that_is_not_there() {
    let dingtalk = start().await;
    let heard = dingtalk.says("alice", &ops(), "hi").await;
    assert_eq!(heard.pushed[0].status, Err("no robot is connected".into()));
    assert!(!heard.pushed[0].is_taken());

    // An address that nobody listens on, and that nobody else can be given meanwhile.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let address = socket.local_addr().expect("an address");
    dingtalk.connect(Robot::at(&format!("http://{address}/")).expect("an address"));
    let heard = dingtalk.says("alice", &ops(), "hi").await;
    let reason = heard.pushed[0].status.clone().expect_err("nobody answers");
    assert!(reason.contains("refused"), "{reason}");
    assert_eq!((heard.pushed.len(), dingtalk.last_answer().status), (1, None));
    assert_eq!(dingtalk.last_answer().body, reason);
}

#[tokio::test]
async fn a_robot_that_breaks_off() {
    let dingtalk = start().await;
    for answer in ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "what?\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        dingtalk.connect(Robot::at(&format!("http://{address}/")).expect("an address"));
        let robot = async {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            stream.read_buf(&mut Vec::with_capacity(8192)).await.expect("a request");
            stream.write_all(answer.as_bytes()).await.expect("it reads");
        };
        let group = ops();
        let (heard, ()) = soon(async { tokio::join!(dingtalk.says("alice", &group, "hi"), robot) }).await;
        assert!(heard.pushed[0].status.is_err(), "{answer:?}");
    }
}
