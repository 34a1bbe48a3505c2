//! What is written down of the traffic, and what stands in it that nobody else shall use.

mod support;

use simulator::{Direction, Robot, SECRET};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use self::support::{DingTalk, ops, recorder, soon, start, start_with};

const HI: &str = r#"{"msgtype":"text","text":{"content":"hi"}}"#;
/// What is kept of a body.
const KEPT: usize = 64 * 1024;

/// A text that is a body of so many bytes.
fn text(bytes: usize) -> String {
    HI.replace("hi", &"x".repeat(bytes - HI.len() + 2))
}

/// The app's secret is what the access token is asked for with.
#[tokio::test]
async fn the_secret_is_not_written_down() {
    let own = "SECown+/=~1234567890";
    for secret in [SECRET, own] {
        let dingtalk = start_with(|org| org.app.secret = secret.into()).await;
        assert!(!dingtalk.token().await.is_empty(), "it was the right one");
        let exchange = dingtalk.last();
        assert_eq!(exchange.body, r#"{"appKey":"dingappkey0000000000","appSecret":"***"}"#);
        assert_eq!(exchange.bytes, exchange.body.len() - 3 + secret.len());
        dingtalk.connect(recorder(200, "", "").0);
        dingtalk.says("alice", &ops(), "hi").await;
        let written = format!("{:?}", dingtalk.traffic());
        assert!(!written.contains(secret), "{written}");
    }
}

#[tokio::test]
async fn the_beginning_of_a_body_is_kept() {
    let dingtalk = start().await;
    let target = dingtalk.session(&ops());
    for (bytes, kept) in [(KEPT - 1, KEPT - 1), (KEPT, KEPT), (KEPT + 1, KEPT), (3 << 20, KEPT)] {
        let body = text(bytes);
        assert_eq!(dingtalk.post(&target, body.clone()).await.errcode(), 460101);
        let exchange = dingtalk.last();
        assert_eq!((exchange.bytes, exchange.body.len()), (bytes, kept));
        assert!(body.starts_with(&exchange.body));
        assert_eq!(dingtalk.refused(), "460101");

        // What a robot answers as well.
        dingtalk
            .connect(Robot::function(move |_| async move { http::Response::new("x".repeat(bytes).into()) }));
        let heard = dingtalk.says("alice", &ops(), "hi").await;
        assert_eq!((heard.pushed[0].body.len(), dingtalk.last_answer().body.len()), (bytes, kept));
    }
}

/// Too much to be read at all is too long, and not nothing.
#[tokio::test]
async fn five_megabytes_are_too_long() {
    let dingtalk = start().await;
    for target in [dingtalk.session(&ops()), support::OPEN_TARGET.into()] {
        let answer = dingtalk.post(&target, text(5 << 20)).await;
        assert_eq!((answer.errcode(), answer.errmsg()), (460101, "message too long, exceed 20000 bytes"));
        assert_eq!(dingtalk.refused(), "460101");
        assert!(dingtalk.last().bytes > 4 << 20);
    }
}

/// Writes this, says that nothing more comes, and reads until the other side has had enough as well.
async fn broken_off(dingtalk: &DingTalk, request: &str) -> String {
    let mut stream = dingtalk.connection(request.as_bytes()).await;
    stream.shutdown().await.expect("an end");
    let mut read = Vec::new();
    // A reset is an end as well.
    let _ = soon(stream.read_to_end(&mut read)).await;
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test]
async fn a_client_that_breaks_off_in_mid_body_is_nobody_s_fault() {
    let dingtalk = start().await;
    for target in [dingtalk.session(&ops()), support::OPEN_TARGET.into(), "/v1.0/oauth2/accessToken".into()] {
        let head = format!("POST {target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n");
        for rest in
            [format!("Content-Length: 100\r\n\r\n{HI}"), "Transfer-Encoding: chunked\r\n\r\n64\r\n{".into()]
        {
            assert_eq!(broken_off(&dingtalk, &format!("{head}{rest}")).await, "");
            assert_eq!((dingtalk.rejected(), dingtalk.read()), (Vec::new(), None), "{rest}");
        }
    }
    let calls = dingtalk.traffic().into_iter().filter(|exchange| exchange.direction == Direction::ToDingTalk);
    assert_eq!(calls.count(), 0);
}

/// The number of characters that two texts have in common at their beginnings.
fn common<T: PartialEq>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Who knows one session's address knows nothing of another's.
#[tokio::test]
async fn a_session_cannot_be_guessed_from_another() {
    let dingtalk = start().await;
    let id = |url: String| url.split_once("session=").expect("a session").1.to_owned();
    let ids: Vec<_> = (0..64).map(|_| id(dingtalk.open_session(&ops()))).collect();
    for (n, one) in ids.iter().enumerate() {
        assert!(one.len() == 32 && one.chars().all(|c| c.is_ascii_hexdigit()), "{one}");
        for other in &ids[n + 1..] {
            assert!(common(one.chars(), other.chars()) < 8, "{one} {other}");
            assert!(common(one.chars().rev(), other.chars().rev()) < 8, "{one} {other}");
        }
    }
}
