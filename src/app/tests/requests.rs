//! Which requests are read at all: method, path, signature, size, JSON.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::{Full, StreamBody};

use super::refused;
use crate::{
    app::MAX_BODY,
    testing::{Chat, NOW_MS, alice, signature},
};

type Change = fn(&mut Request<Full<Bytes>>);

fn set(request: &mut Request<Full<Bytes>>, name: &'static str, value: &str) {
    request.headers_mut().insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
}

#[tokio::test]
async fn requests_with_another_method_or_path() {
    let mut chat = Chat::start().await;
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post", "PROPFIND"] {
        let body = chat.text(&alice(), "ping").to_string();
        let mut request = chat.signed(body);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
        refused(&mut chat, request, 405, "method not allowed", method).await;
    }
    for path in ["/hooks/prod-alerts", "/hooks/", "/hooks/a/b"] {
        let body = chat.text(&alice(), "ping").to_string();
        let mut request = chat.signed(body);
        *request.uri_mut() = path.parse().unwrap();
        refused(&mut chat, request, 404, "no such hook", path).await;
    }
}

#[tokio::test]
async fn requests_that_dingtalk_did_not_sign() {
    let changes: [(&str, Change); 26] = [
        ("no headers", |request| request.headers_mut().clear()),
        ("no timestamp", |request| drop(request.headers_mut().remove("timestamp"))),
        ("no sign", |request| drop(request.headers_mut().remove("sign"))),
        ("timestamp twice", |request| {
            request.headers_mut().append("timestamp", "1767225600000".parse().unwrap());
        }),
        ("sign twice", |request| {
            let sign = request.headers()["sign"].clone();
            request.headers_mut().append("sign", sign);
        }),
        ("timestamps joined", |request| set(request, "timestamp", "1767225600000,1767225600000")),
        ("empty timestamp", |request| set(request, "timestamp", "")),
        ("timestamp in words", |request| set(request, "timestamp", "now")),
        ("timestamp with a sign", |request| set(request, "timestamp", "+1767225600000")),
        ("negative timestamp", |request| set(request, "timestamp", "-1767225600000")),
        ("fraction", |request| set(request, "timestamp", "1767225600000.0")),
        ("exponent", |request| set(request, "timestamp", "17672256e5")),
        ("hexadecimal", |request| set(request, "timestamp", "0x19b7717f800")),
        ("huge timestamp", |request| set(request, "timestamp", "99999999999999999999999999")),
        ("full-width digits", |request| set(request, "timestamp", "１７６７２２５６０００００")),
        ("seconds instead of milliseconds", |request| set(request, "timestamp", "1767225600")),
        ("signed for another time", |request| set(request, "timestamp", "1767225600001")),
        ("leading zero", |request| set(request, "timestamp", "01767225600000")),
        ("empty sign", |request| set(request, "sign", "")),
        ("sign is no Base64", |request| set(request, "sign", "!!!!")),
        ("sign is too short", |request| set(request, "sign", "AAAA")),
        ("sign of zeros", |request| set(request, "sign", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        ("sign without padding", |request| {
            let sign = request.headers()["sign"].to_str().unwrap().trim_end_matches('=').to_owned();
            set(request, "sign", &sign);
        }),
        ("sign in lower case", |request| {
            let sign = request.headers()["sign"].to_str().unwrap().to_lowercase();
            set(request, "sign", &sign);
        }),
        ("stale", |request| *request.headers_mut() = signature(NOW_MS - 3_600_001)),
        ("of the future", |request| *request.headers_mut() = signature(NOW_MS + 3_600_001)),
    ];
    let mut chat = Chat::start().await;
    for (what, change) in changes {
        let body = chat.text(&alice(), "ping").to_string();
        let mut request = chat.signed(body);
        change(&mut request);
        refused(&mut chat, request, 401, "not signed by DingTalk", what).await;
    }
    // The signature is looked at before the body is.
    let mut request = chat.signed("not json");
    set(&mut request, "sign", "AAAA");
    refused(&mut chat, request, 401, "not signed by DingTalk", "bad sign and bad body").await;
}

#[tokio::test]
async fn bodies_that_are_no_callback() {
    let deep = format!(r#"{{"msgtype":"text","x":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    let deeper = "[".repeat(200_000);
    let long_number = format!(r#"{{"msgtype":"text","createAt":{}}}"#, "9".repeat(400));
    let bodies: [(&str, &[u8]); 22] = [
        ("no JSON", b"hello"),
        ("a blank", b" "),
        ("half an object", br#"{"msgtype":"text""#),
        ("an array", br#"[{"msgtype":"text"}]"#),
        ("a string", br#""text""#),
        ("a number", b"1"),
        ("null", b"null"),
        ("an empty object", b"{}"),
        ("no msgtype", br#"{"text":{"content":"ping"}}"#),
        ("msgtype null", br#"{"msgtype":null}"#),
        ("msgtype empty", br#"{"msgtype":""}"#),
        ("msgtype is an object", br#"{"msgtype":{"a":1}}"#),
        ("msgtype twice", br#"{"msgtype":"text","msgtype":"text"}"#),
        ("content twice", br#"{"msgtype":"text","text":{"content":"ping","content":"help"}}"#),
        ("deep", deep.as_bytes()),
        ("bottomless", deeper.as_bytes()),
        ("invalid UTF-8", b"{\"msgtype\":\"text\",\"text\":{\"content\":\"\xff\xfe\"}}"),
        ("lone surrogate", br#"{"msgtype":"text","text":{"content":"\ud800"}}"#),
        ("staff id is an array", br#"{"msgtype":"text","senderStaffId":["0147000002"]}"#),
        ("a number of 400 digits", long_number.as_bytes()),
        ("trailing text", br#"{"msgtype":"text"} {"msgtype":"text"}"#),
        ("encrypted", br#"{"encrypt":"AAAA"}"#),
    ];
    let mut chat = Chat::start().await;
    for (what, body) in bodies {
        let request = chat.signed(body.to_vec());
        refused(&mut chat, request, 400, "not a callback", what).await;
    }
}

#[tokio::test]
async fn a_body_over_a_mebibyte() {
    let mut chat = Chat::start().await;
    let mut callback = chat.text(&alice(), "ping");
    callback["padding"] = "x".repeat(MAX_BODY).into();
    let request = chat.signed(callback.to_string());
    refused(&mut chat, request, 413, "body too large", "over a mebibyte").await;
    callback["padding"] = "x".repeat(MAX_BODY - 2_000).into();
    chat.post(&callback).await;
    assert!(chat.read().starts_with("#### pong"));
}

#[tokio::test]
async fn a_body_that_never_ends() {
    let chat = Chat::start().await;
    let headers = chat.signed("").headers().clone();
    let body = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let mut request = Request::post("/").body(body).unwrap();
    *request.headers_mut() = headers;
    let clock = chat.clock().clone();
    let ((response, job), ()) = tokio::join!(chat.handle(request), clock.pass(Duration::from_secs(11)));
    assert_eq!((response.status().as_u16(), response.body().as_str()), (408, r#"{"error":"too slow"}"#));
    assert!(job.is_none());
}

/// A body that was announced and does not come.
struct Withheld;

impl http_body::Body for Withheld {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(9)
    }
}

#[tokio::test]
async fn what_is_not_signed_is_not_waited_for() {
    let chat = Chat::start().await;
    let (response, _) = chat.handle(Request::post("/").body(Withheld).unwrap()).await;
    assert_eq!(response.status().as_u16(), 401);
}

#[tokio::test]
async fn whoever_looks_is_told_the_name() {
    let mut chat = Chat::start().await;
    for (method, body) in [(Method::GET, "dingops"), (Method::HEAD, "")] {
        let mut request = Request::new(Full::new(Bytes::from_static(b"anything")));
        *request.method_mut() = method;
        let response = chat.send(request).await;
        assert_eq!((response.status(), response.body().as_str()), (StatusCode::OK, body));
    }
}

#[tokio::test]
async fn the_consoles_probe_is_answered_and_does_nothing() {
    let mut chat = Chat::start().await;
    for request in [Request::post("/").body(Full::default()).unwrap(), chat.signed("")] {
        let response = chat.send(request).await;
        assert_eq!((response.status(), response.body().as_str()), (StatusCode::OK, r#"{"msgtype":"empty"}"#));
    }
}

#[tokio::test]
async fn any_path_but_a_hooks_will_do() {
    let mut chat = Chat::start().await;
    for path in ["/", "/robots", "/prod/dingtalk", "/hooks", "/?x=1"] {
        let body = chat.text(&alice(), "ping").to_string();
        let mut request = chat.signed(body);
        *request.uri_mut() = path.parse().unwrap();
        assert_eq!(chat.send(request).await.status(), StatusCode::OK, "{path}");
        chat.read();
    }
}
