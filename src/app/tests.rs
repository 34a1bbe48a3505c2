//! The order of checks, each step; and many bad requests, after which nothing was posted anywhere.

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
use serde_json::{Value, json};

use crate::testing::{Chat, NOW_MS, alice, bob, nobody, signature};

type Change = fn(&mut Request<Full<Bytes>>);
type Edit = fn(&mut Value);

/// Sends a request that must be refused, and nothing may be posted.
async fn refused(chat: &mut Chat, request: Request<Full<Bytes>>, status: u16, error: &str, what: &str) {
    let response = chat.send(request).await;
    assert_eq!(response.status().as_u16(), status, "{what}: {}", response.body());
    assert_eq!(response.body(), &format!(r#"{{"error":"{error}"}}"#), "{what}");
    chat.silence();
    assert!(chat.dingtalk().calls().is_empty(), "{what}: something was posted");
}

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
    callback["padding"] = "x".repeat(super::MAX_BODY).into();
    let request = chat.signed(callback.to_string());
    refused(&mut chat, request, 413, "body too large", "over a mebibyte").await;
    callback["padding"] = "x".repeat(super::MAX_BODY - 2_000).into();
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

#[tokio::test]
async fn senders_of_no_organisation_that_counts() {
    let edits: [(&str, Edit); 7] = [
        ("another organisation", |callback| callback["senderCorpId"] = "ding0001other".into()),
        ("no sender's organisation", |callback| callback["senderCorpId"] = Value::Null),
        ("empty sender's organisation", |callback| callback["senderCorpId"] = "".into()),
        ("no robot's organisation", |callback| callback["chatbotCorpId"] = Value::Null),
        ("empty robot's organisation", |callback| callback["chatbotCorpId"] = "".into()),
        ("in another case", |callback| callback["senderCorpId"] = "DING0000CORP".into()),
        ("with a blank", |callback| callback["senderCorpId"] = "ding0000corp ".into()),
    ];
    let mut chat = Chat::start().await;
    for (what, edit) in edits {
        let mut callback = chat.text(&alice(), "ping");
        edit(&mut callback);
        let request = chat.signed(callback.to_string());
        refused(&mut chat, request, 403, "not of this organisation", what).await;
    }
}

#[tokio::test]
async fn without_organisations_there_are_open_commands_only() {
    let mut chat = Chat::start().await;
    for (line, allowed) in [("ping", true), ("whoami", true), ("ip", false)] {
        let mut callback = chat.text(&alice(), line);
        callback["senderCorpId"] = Value::Null;
        callback["chatbotCorpId"] = Value::Null;
        chat.post(&callback).await;
        let reply = chat.read();
        assert_eq!(!reply.contains("无权执行"), allowed, "{line}");
        assert_eq!(reply.contains("这条消息没有带组织 ID"), line != "ping", "{line}: {reply}");
    }
}

#[tokio::test]
async fn a_listed_organisation_may_use_open_commands() {
    let mut chat = Chat::with("[dingtalk]\ncorps = ['ding0001other']").await;
    let mut carol = bob();
    carol.corp = Some("ding0001other".into());
    chat.say(carol.clone(), "ping").await;
    assert!(chat.read().starts_with("#### pong"));
    // The staff id of another organisation may be somebody else's here.
    chat.say(carol, "ip").await;
    assert!(chat.read().contains("你来自其他组织，只能使用公开命令"));
}

#[tokio::test]
async fn session_webhooks_of_strangers() {
    let mut chat = Chat::start().await;
    let origin = chat.dingtalk().origin().to_owned();
    let port = origin.rsplit(':').next().unwrap();
    let session = "session=0123456789abcdef0123456789abcdef";
    let strangers = [
        format!("https://oapi.dingtalk.com.evil.example/robot/sendBySession?{session}"),
        format!("https://oapi.dingtalk.com@evil.example/robot/sendBySession?{session}"),
        format!("https://127.0.0.1:{port}/robot/sendBySession?{session}"),
        format!("http://127.0.0.1:{port}0/robot/sendBySession?{session}"),
        format!("http://127.0.0.1/robot/sendBySession?{session}"),
        format!("http://localhost:{port}/robot/sendBySession?{session}"),
        format!("http://[::1]:{port}/robot/sendBySession?{session}"),
        format!("http://[::ffff:127.0.0.1]:{port}/robot/sendBySession?{session}"),
        format!("http://user@127.0.0.1:{port}/robot/sendBySession?{session}"),
        format!("http://127.0.0.1:{port}/robot/sendBySession?{session}#x"),
        format!("http://127.0.0.1:{port}/robot/send?{session}"),
        format!("http://127.0.0.1:{port}/robot/sendBySession"),
        format!("http://127.0.0.1:{port}/robot/sendBySession?session="),
        format!("{origin}\\@evil.example/robot/sendBySession?{session}"),
        "https://oapi.dingtalk.com/".to_owned(),
        "not a url".to_owned(),
    ];
    for stranger in strangers {
        let mut callback = chat.text(&alice(), "ping");
        callback["sessionWebhook"] = stranger.as_str().into();
        let request = chat.signed(callback.to_string());
        refused(&mut chat, request, 400, "unknown session webhook", &stranger).await;
    }
}

#[tokio::test]
async fn a_robot_code_that_is_configured_must_match() {
    let mut chat = Chat::for_robot("dingyyyyyyyy").await;
    for code in [json!("dingxxxxxxxx"), json!("normal"), json!(""), Value::Null] {
        let mut callback = chat.text(&alice(), "ping");
        callback["robotCode"] = code.clone();
        let request = chat.signed(callback.to_string());
        refused(&mut chat, request, 403, "not this robot", &code.to_string()).await;
    }
    let mut callback = chat.text(&alice(), "ping");
    callback["robotCode"] = "dingyyyyyyyy".into();
    chat.post(&callback).await;
    chat.read();
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

#[tokio::test]
async fn the_response_comes_before_the_work() {
    let mut chat = Chat::start().await;
    let body = chat.text(&alice(), "ping").to_string();
    let (response, job) = chat.handle(chat.signed(body)).await;
    assert_eq!(response.body(), r#"{"msgtype":"empty"}"#);
    chat.silence();
    job.unwrap().run().await;
    assert!(chat.read().starts_with("#### pong"));
}

#[tokio::test]
async fn a_message_that_comes_again_is_not_run_again() {
    let mut chat = Chat::start().await;
    let callback = chat.text(&alice(), "ping");
    chat.post(&callback).await;
    chat.read();
    chat.clock().advance(Duration::from_secs(599));
    chat.post(&callback).await;
    chat.silence();
    chat.clock().advance(Duration::from_secs(1));
    chat.post(&callback).await;
    chat.read();
}

#[tokio::test]
async fn messages_without_an_id_are_all_run() {
    let mut chat = Chat::start().await;
    for _ in 0..2 {
        let mut callback = chat.text(&alice(), "ping");
        callback["msgId"] = Value::Null;
        chat.post(&callback).await;
        chat.read();
    }
}

#[tokio::test]
async fn nothing_is_run_where_no_reply_could_be_sent() {
    let mut chat = Chat::start().await;
    let edits: [Edit; 4] = [
        |callback| callback["sessionWebhook"] = Value::Null,
        |callback| callback["sessionWebhook"] = "".into(),
        |callback| callback["sessionWebhookExpiredTime"] = NOW_MS.into(),
        |callback| callback["sessionWebhookExpiredTime"] = "1".into(),
    ];
    for edit in edits {
        let mut callback = chat.text(&alice(), "ping");
        edit(&mut callback);
        chat.post(&callback).await;
        chat.silence();
    }
    let mut callback = chat.text(&alice(), "ping");
    callback["sessionWebhookExpiredTime"] = Value::Null;
    chat.post(&callback).await;
    chat.read();
}

#[tokio::test]
async fn a_used_up_quota_is_no_message() {
    let mut chat = Chat::start().await;
    let mut callback = chat.text(&alice(), "ping");
    callback["text"] = Value::Null;
    callback["errorCode"] = 20001.into();
    callback["errorMessage"] = "受调用量超量影响，当前我的消息服务已经暂停。".into();
    chat.post(&callback).await;
    chat.silence();
}

#[tokio::test]
async fn what_the_bot_cannot_read_is_said_in_private_and_not_in_groups() {
    let kinds = [
        ("picture", json!({ "downloadCode": "mIofN6=" })),
        ("video", json!({ "duration": 4000, "downloadCode": "mIofN6", "videoType": "mp4" })),
        ("file", json!({ "downloadCode": "mIofN6", "fileName": "a.pdf" })),
        ("audio", json!({ "duration": 4000, "downloadCode": "mIofN6" })),
        ("richText", json!({ "richText": [{ "type": "picture", "downloadCode": "mIofN6" }] })),
        ("interactiveCard", json!({ "cardContent": [] })),
        ("actionCard", json!({})),
        ("chatRecord", json!({ "summary": "…", "title": "聊天记录", "chatRecord": "[]" })),
        ("markdown", json!({ "text": "ping" })),
        ("reply", json!({})),
        ("unknownMsgType", json!({ "unknownMsgType": "location" })),
        ("somethingNew", json!("?")),
    ];
    for (msgtype, content) in kinds {
        let mut chat = Chat::start().await;
        let callback = chat.message(&alice(), msgtype, content.clone());
        chat.post(&callback).await;
        chat.silence();
        let mut chat = Chat::start().await.privately();
        let callback = chat.message(&alice(), msgtype, content);
        chat.post(&callback).await;
        let reply = chat.read();
        assert!(reply.starts_with("#### 暂不支持这类消息"), "{msgtype}: {reply}");
    }
}

#[tokio::test]
async fn what_was_written_or_heard_are_the_words() {
    let mut chat = Chat::start().await.privately();
    for (msgtype, content) in [
        ("richText", json!({ "richText": [{ "text": "pi" }, { "text": "ng " }, { "type": "picture" }] })),
        ("audio", json!({ "duration": 4000, "downloadCode": "mIofN6", "recognition": "在吗" })),
        ("audio", json!(r#"{"recognition":"ping"}"#)),
        ("text", json!(" ping")),
    ] {
        let callback = chat.message(&alice(), msgtype, content);
        chat.post(&callback).await;
        assert!(chat.read().starts_with("#### pong"), "{msgtype}");
    }
}

#[tokio::test]
async fn the_asker_is_mentioned_in_groups_only() {
    let mut chat = Chat::start().await;
    chat.say(alice(), "ping").await;
    let message = chat.read_json();
    assert_eq!(message["at"], json!({ "atUserIds": ["0147000002"] }));
    assert!(message["markdown"]["text"].as_str().unwrap().ends_with("\n\n@0147000002"));
    chat.say(nobody(), "ping").await;
    let message = chat.read_json();
    assert_eq!(message["at"], json!({ "atDingtalkIds": ["$:LWCP_v1:$nobody"] }));
    assert!(message["markdown"]["text"].as_str().unwrap().ends_with("\n\n@无名"));
    let mut chat = Chat::start().await.privately();
    chat.say(alice(), "ping").await;
    let message = chat.read_json();
    assert_eq!(message.get("at"), None);
    assert!(!message["markdown"]["text"].as_str().unwrap().contains('@'));
}

#[tokio::test]
async fn a_staff_id_of_another_organisation_mentions_nobody_here() {
    let mut chat = Chat::with("[dingtalk]\ncorps = ['ding0001other']").await;
    let mut carol = bob();
    carol.corp = Some("ding0001other".into());
    chat.say(carol, "ping").await;
    assert_eq!(chat.read_json()["at"], json!({ "atDingtalkIds": ["$:LWCP_v1:$bob"] }));
}

#[tokio::test]
async fn a_refusal_is_said_once_a_minute_to_each_person() {
    let mut chat = Chat::start().await;
    chat.say(nobody(), "ip").await;
    chat.read();
    chat.clock().advance(Duration::from_secs(59));
    chat.say(nobody(), "ip").await;
    chat.silence();
    let mut another = nobody();
    another.name = "another".into();
    chat.say(another, "ip").await;
    chat.read();
    chat.clock().advance(Duration::from_secs(1));
    chat.say(nobody(), "ip").await;
    chat.read();
    // What is allowed is answered meanwhile.
    chat.say(nobody(), "ping").await;
    chat.read();
}

#[tokio::test]
async fn a_line_of_any_length_is_answered_in_no_time() {
    let mut chat = Chat::start().await;
    for line in ["重a".repeat(100_000), "a ".repeat(300_000), format!("help {}", "'".repeat(500_000))] {
        chat.say(alice(), &line).await;
        assert!(chat.read().starts_with("#### 消息太长"));
    }
    chat.say(alice(), &"a".repeat(crate::dispatch::MAX_LINE - 1)).await;
    assert!(chat.read().starts_with("#### 没有这条命令"));
}

#[tokio::test]
async fn ids_and_names_of_any_length_fit_a_message() {
    let mut chat = Chat::start().await;
    for (nick, id) in [("*".repeat(3_000), "\"".repeat(100_000)), (" ".repeat(2_500), "中".repeat(1_900))] {
        let mut callback = chat.text(&nobody(), "whoami");
        for key in ["senderId", "senderStaffId", "conversationId", "msgId"] {
            callback[key] = id.as_str().into();
        }
        for key in ["senderNick", "conversationTitle"] {
            callback[key] = nick.as_str().into();
        }
        chat.post(&callback).await;
        let message = chat.read_json().to_string();
        assert!(message.len() < 10_000, "{}", message.len());
    }
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
