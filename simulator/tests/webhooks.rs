//! What both webhooks take and what they refuse, field by field (protocol.md 3 and 4), as public client libraries send
//! it.

mod support;

use serde_json::{Value, json};
use simulator::{Author, Content, Note, Place, TOKEN, UNSAFE_CONTENT, UNSAFE_HOST, UNSAFE_TEXT, Way};

use self::support::{DingTalk, OPEN_TARGET, chinese, ops, seconds, start};

/// A body, and what the group sees of it.
const TAKEN: &[(&str, &str)] = &[
    (r#"{"msgtype":"text","text":{"content":"hi"}}"#, "hi"),
    (r#"{"text":{"content":"hi"},"msgtype":"text","at":{}}"#, "hi"),
    // Go structs: what is not set is null, false or empty.
    (r#"{"msgtype":"text","text":{"content":"hi"},"at":{"atMobiles":null,"isAtAll":false}}"#, "hi"),
    (
        r#"{"at":{"atUserIds":[""],"atMobiles":null,"isAtAll":false},"text":{"content":"hi"},"msgtype":"text"}"#,
        "hi",
    ),
    (
        r#"{"msgtype":"text","text":{"content":"hi"},"link":null,"markdown":{},"feedCard":{"links":null}}"#,
        "hi",
    ),
    // Python: escapes for all but ASCII, None for nobody.
    (r#"{"msgtype":"text","text":{"content":"\u4f60\u597d"},"at":{"atUserIds":[null]}}"#, "你好"),
    (r#"{"msgtype":"text","text":{"content":"hi"},"at":null,"msgUuid":null}"#, "hi"),
    // Keys that mean nothing.
    (
        r#"{"msgtype":"text","text":{"content":"hi","title":"t"},"extension":{"text_type":"code_snippet"}}"#,
        "hi",
    ),
    (r#"{"msgtype":"text","text":{"content":"hi","at":{"isAtAll":false}},"isAtAll":true}"#, "hi"),
    // PHP samples.
    (r#"{"msgtype":"text","text":{"content":"hi"},"at":{"atMobiles":"[]","isAtAll":"false"}}"#, "hi"),
    // A line break as it is, where JSON wants an escape; one at the end.
    ("{\"msgtype\":\"text\",\"text\":{\"content\":\"one\ntwo\tthree\"}}\n", "one\ntwo\tthree"),
    (
        "\r\n { \"msgtype\" : \"text\" , \"text\" : { \"content\" : \"a \\\"b\\\" \\\\\" } } \r\n",
        "a \"b\" \\",
    ),
    (r##"{"msgtype":"markdown","markdown":{"title":"t","text":"# hi"},"at":{}}"##, "# hi"),
    (
        r#"{"msgtype":"markdown","markdown":{"title":"t","text":"a","at":{"atMobiles":[]}},"at":{"isAtAll":0}}"#,
        "a",
    ),
    (
        r#"{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"https://a.example"}}"#,
        "t\nx\nhttps://a.example",
    ),
    (
        r#"{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"u","picUrl":""},"at":{"isAtAll":false}}"#,
        "t\nx\nu",
    ),
    (r#"{"msgtype":"link","link":{"title":"t","text":"x","messageUrl":"u","picUrl":null}}"#, "t\nx\nu"),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"u"}}"#,
        "x\n\n[s](u)",
    ),
    // Numbers, null and nothing for what is not used.
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"u",
            "btns":null,"hideAvatar":0,"btnOrientation":1}}"#,
        "x\n\n[s](u)",
    ),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"u",
            "btns":[],"hideAvatar":"","btnOrientation":""}}"#,
        "x\n\n[s](u)",
    ),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"","singleURL":"",
            "btnOrientation":"0","hideAvatar":"1","btns":[{"title":"a","actionURL":"u"},{"title":"b","actionURL":"v"}]}}"#,
        "x\n\n[a](u)\n\n[b](v)",
    ),
    // Without a button, as dingtalk-robot-sender sends its single jump, and with a mark before the body and half an
    // emoji in it.
    (r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"","btns":[]}}"#, "x"),
    (
        "\u{FEFF}{\"msgtype\":\"text\",\"text\":{\"content\":\"a\\ud83d \\ud83d\\ude00 \\\\ud83d\"}}",
        "a\u{FFFD} 😀 \\ud83d",
    ),
    // One button for all wins, if it is whole.
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"u",
            "btns":[{"title":"a","actionURL":"v"}]}}"#,
        "x\n\n[s](u)",
    ),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s","singleURL":"",
            "btns":[{"title":"a","actionURL":"v"}]}}"#,
        "x\n\n[a](v)",
    ),
    (
        r#"{"msgtype":"feedCard","feedCard":{"links":[{"title":"a","messageURL":"u","picURL":"p"},
            {"title":"b","messageURL":"v","picURL":"q"}]},"at":{}}"#,
        "[a](u)\n[b](v)",
    ),
    // Undocumented, and arrives.
    (
        r#"{"msgtype":"image","image":{"picURL":"https://a.example/a.png"}}"#,
        "[picture] https://a.example/a.png",
    ),
];

/// A body, the code it gets, and what the text says.
const REFUSED: &[(&str, i64, &str)] = &[
    ("", 40035, "缺少参数 json"),
    ("{", 40035, "缺少参数 json"),
    (r#"{"msgtype":"text","text":{"content":"hi"}"#, 40035, "缺少参数 json"),
    (r#"{"msgtype":"text","text":{"content":"C:\Dir"}}"#, 40035, "缺少参数 json"),
    ("msgtype=text&text=hi", 40035, "缺少参数 json"),
    ("[]", 40035, "缺少参数 json"),
    ("{}", 300001, "msgtype is null"),
    (r#"{"msgtype":null,"text":{"content":"hi"}}"#, 300001, "msgtype is null"),
    (r#"{"msgtype":"","text":{"content":"hi"}}"#, 300001, "msgtype is null"),
    (r#"{"text":{"content":"hi"}}"#, 300001, "msgtype is null"),
    (r#"{"msgtype":"action_card","action_card":{}}"#, 400105, "msgType:action_card"),
    (r#"{"msgtype":"Text","text":{"content":"hi"}}"#, 400105, "msgType:Text"),
    (r#"{"msgtype":"empty"}"#, 400105, "msgType:empty"),
    (r#"{"msgtype":"sampleText","sampleText":{"content":"hi"}}"#, 400105, "msgType:sampleText"),
    (r#"{"msgtype":"text"}"#, 400201, "miss param : text"),
    (r#"{"msgtype":"text","text":"hi"}"#, 400201, "miss param : text"),
    (r##"{"msgtype":"text","markdown":{"title":"t","text":"# hi"}}"##, 400201, "miss param : text"),
    (r#"{"msgtype":"text","text":{}}"#, 400202, "miss param : text->content"),
    (r#"{"msgtype":"text","text":{"content":""}}"#, 400202, "miss param : text->content"),
    (r#"{"msgtype":"text","text":{"content":null}}"#, 400202, "miss param : text->content"),
    (r#"{"msgtype":"link","text":{"content":"hi"}}"#, 400301, "miss param : link"),
    (r#"{"msgtype":"link","link":{"title":"t","messageUrl":"u"}}"#, 400302, "miss param : link->text"),
    (r#"{"msgtype":"link","link":{"text":"x","messageUrl":"u"}}"#, 400303, "miss param : link->title"),
    (r#"{"msgtype":"link","link":{"title":"t","text":"x"}}"#, 400304, "miss param : link->messageUrl"),
    // The casing of a feed's links.
    (
        r#"{"msgtype":"link","link":{"title":"t","text":"x","messageURL":"u"}}"#,
        400304,
        "miss param : link->messageUrl",
    ),
    (r#"{"msgtype":"markdown"}"#, 400401, "miss param : markdown"),
    (r#"{"msgtype":"markdown","markdown":{"text":"x"}}"#, 400402, "miss param : markdown->title"),
    (r#"{"msgtype":"markdown","markdown":{"title":"t"}}"#, 400403, "miss param : markdown->text"),
    (r#"{"msgtype":"markdown","markdown":{"title":"t","text":""}}"#, 400403, "miss param : markdown->text"),
    (r#"{"msgtype":"actionCard"}"#, 400501, "miss param : actionCard"),
    (
        r#"{"msgtype":"actionCard","actionCard":{"text":"x","singleTitle":"s","singleURL":"u"}}"#,
        400502,
        "miss param : actionCard->title",
    ),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","singleTitle":"s","singleURL":"u"}}"#,
        400503,
        "miss param : actionCard->text",
    ),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleURL":"u"}}"#,
        400504,
        "miss param : actionCard->singleTitle",
    ),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","singleTitle":"s"}}"#,
        400505,
        "miss param : actionCard->singleURL",
    ),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","btns":[{"actionURL":"u"}]}}"#,
        400507,
        "miss param : actionCard->btns->title",
    ),
    (
        r#"{"msgtype":"actionCard","actionCard":{"title":"t","text":"x","btns":[{"title":"a","actionURL":"u"},{"title":"b"}]}}"#,
        400508,
        "miss param : actionCard->btns->actionURL",
    ),
    (r#"{"msgtype":"feedCard"}"#, 400601, "miss param : feedCard"),
    (r#"{"msgtype":"feedCard","feedCard":{}}"#, 400602, "miss param : feedCard->links"),
    (r#"{"msgtype":"feedCard","feedCard":{"links":[]}}"#, 400602, "miss param : feedCard->links"),
    (r#"{"msgtype":"feedCard","feedCard":{"links":null}}"#, 400602, "miss param : feedCard->links"),
    (
        r#"{"msgtype":"feedCard","feedCard":{"links":[{"messageURL":"u","picURL":"p"}]}}"#,
        400603,
        "miss param : feedCard->links->title",
    ),
    (
        r#"{"msgtype":"feedCard","feedCard":{"links":[{"title":"a","picURL":"p"}]}}"#,
        400604,
        "miss param : feedCard->links->messageURL",
    ),
    (
        r#"{"msgtype":"feedCard","feedCard":{"links":[{"title":"a","messageURL":"u"}]}}"#,
        400605,
        "miss param : feedCard->links->picURL",
    ),
];

/// Both webhooks, of the same group.
fn targets(dingtalk: &DingTalk) -> [String; 2] {
    [dingtalk.session(&ops()), OPEN_TARGET.into()]
}

#[tokio::test]
async fn what_clients_send_is_taken() {
    let dingtalk = start().await;
    for (body, shown) in TAKEN {
        // Twenty a minute are all that a custom robot may post.
        dingtalk.clock().advance(seconds(10));
        for target in targets(&dingtalk) {
            let answer = dingtalk.post(&target, *body).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body, r#"{"errcode":0,"errmsg":"ok"}"#, "{body}");
            assert!(answer.header("content-type").is_some_and(|of| of.starts_with("application/json")));
            assert_eq!(answer.header("content-length"), Some("27"));
            assert_eq!(answer.header("transfer-encoding"), None);
            let message = dingtalk.read_in(&ops()).expect("a message");
            assert_eq!(message.to_string(), *shown, "{body}");
            let bare = body.contains("actionCard") && *shown == "x";
            let notes = bare.then_some(Note::CardWithoutButtons);
            assert_eq!(dingtalk.last_notes(), Vec::from_iter(notes), "{body}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_gets_its_code() {
    let dingtalk = start().await;
    for (body, code, text) in REFUSED {
        for target in targets(&dingtalk) {
            let answer = dingtalk.post(&target, *body).await;
            assert_eq!(answer.errcode(), *code, "{body}: {answer:?}");
            assert!(answer.errmsg().contains(text), "{body}: {}", answer.errmsg());
            assert_eq!(dingtalk.refused(), code.to_string());
        }
    }
    assert!(dingtalk.messages(&ops()).is_empty());
}

#[tokio::test]
async fn messages_are_kept_as_they_came() {
    let dingtalk = start().await;
    let bob = dingtalk.who("bob");
    let body = json!({
        "msgtype": "actionCard",
        "actionCard": {
            "title": "t", "text": "x", "btnOrientation": "1", "hideAvatar": "1",
            "btns": [{ "title": "a", "actionURL": "u" }, { "title": "b", "actionURL": "v" }],
        },
    });
    for place in [ops(), Place::group("dev"), Place::private(&bob)] {
        dingtalk.post_json(&dingtalk.session(&place), &body).await;
        let message = dingtalk.read().expect("a message");
        assert_eq!(
            (&message.place, &message.author, message.way),
            (&place, &Author::Robot, Way::SessionWebhook)
        );
        assert_eq!(message.posted, body);
        let Content::ActionCard { title, buttons, horizontal, hide_avatar, .. } = message.content else {
            panic!("no card: {message:?}")
        };
        assert_eq!((title.as_str(), buttons.len(), horizontal, hide_avatar), ("t", 2, true, true));
    }
    dingtalk.post_json(&dingtalk.signed(), &body).await;
    let message = dingtalk.read_in(&ops()).expect("a message");
    assert_eq!((message.author, message.way), (Author::CustomRobot("监控".into()), Way::CustomRobot));
}

#[tokio::test]
async fn only_json_is_taken() {
    let dingtalk = start().await;
    let body = TAKEN[0].0;
    let cases: &[(&[(&str, &str)], i64)] = &[
        (&[("Content-type", "application/json")], 0),
        (&[("content-type", "application/json; charset=utf-8")], 0),
        (&[("content-type", "application/json;charset=UTF-8")], 0),
        (&[("content-type", "Application/JSON ; charset=\"utf-8\"")], 0),
        (&[("content-type", "application/json"), ("accept", "text/xml,text/javascript")], 0),
        (&[("content-type", "application/json"), ("accept-charset", "utf8"), ("connection", "close")], 0),
        (&[("content-type", "application/json"), ("x-acs-dingtalk-access-token", "none")], 0),
        (&[("content-type", "application/x-www-form-urlencoded;charset=utf-8")], 43004),
        (&[("content-type", "text/plain")], 43004),
        (&[("content-type", "application/jsonp")], 43004),
        (&[], 43004),
    ];
    for (headers, code) in cases {
        for target in targets(&dingtalk) {
            let answer = dingtalk.request("POST", &target, headers, body).await;
            assert_eq!(answer.errcode(), *code, "{headers:?}");
        }
    }
    dingtalk.forget();
}

#[tokio::test]
async fn only_posts_are_taken() {
    let dingtalk = start().await;
    for target in targets(&dingtalk) {
        for method in ["GET", "PUT"] {
            let answer = dingtalk.request(method, &target, &[], "").await;
            assert_eq!((answer.errcode(), answer.errmsg()), (43002, "需要POST请求"));
            assert_eq!(dingtalk.refused(), "43002");
        }
    }
}

/// The Java client offers HTTP/2 on the way; others send their body in chunks, or one request after the other.
#[tokio::test]
async fn requests_as_they_come_over_the_wire() {
    let dingtalk = start().await;
    let target = dingtalk.session(&ops());
    let body = TAKEN[0].0;
    let head =
        format!("POST {target} HTTP/1.1\r\nHost: oapi.dingtalk.com\r\nContent-Type: application/json\r\n");
    let whole = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let chunked = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let close = "Connection: close\r\n";
    for (request, messages) in [
        (format!("{head}{close}{whole}"), 1),
        (
            format!(
                "{head}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n{whole}\
                     {head}{close}{whole}"
            ),
            2,
        ),
        (format!("{head}{close}{chunked}"), 1),
        (format!("{head}{whole}{head}{close}{whole}"), 2),
        (format!("{}{whole}", head.replace("HTTP/1.1", "HTTP/1.0")), 1),
    ] {
        let answer = dingtalk.raw(request.as_bytes()).await;
        assert!(answer.ended.is_ok(), "{request}");
        let taken = answer.text.matches(r#"{"errcode":0,"errmsg":"ok"}"#).count();
        assert_eq!(taken, messages, "{request}: {answer:?}");
        assert_eq!(answer.text.matches(" 200 OK\r\n").count(), messages, "{answer:?}");
        let shown = std::iter::from_fn(|| dingtalk.read()).count();
        assert_eq!(shown, messages);
    }
}

/// The whole body counts, in bytes, and a character of Chinese is three.
#[tokio::test]
async fn a_body_of_20000_bytes_is_the_largest() {
    let dingtalk = start().await;
    let around = r#"{"msgtype":"text","text":{"content":""}}"#;
    let of = |bytes: usize| {
        let content = chinese(bytes - around.len());
        let body = around.replace(r#""""#, &format!("\"{content}\""));
        assert_eq!(body.len(), bytes);
        body
    };
    for target in targets(&dingtalk) {
        assert_eq!(dingtalk.post(&target, of(20_000)).await.errcode(), 0);
        assert!(dingtalk.shown().chars().count() < 7_000);
        assert_eq!(dingtalk.last().bytes, 20_000);
        let answer = dingtalk.post(&target, of(20_001)).await;
        assert_eq!((answer.errcode(), answer.errmsg()), (460101, "message too long, exceed 20000 bytes"));
        assert_eq!(dingtalk.refused(), "460101");
        // Escapes are what is sent, so they are what counts.
        let escaped = json!({ "msgtype": "text", "text": { "content": "\n".repeat(9_990) } }).to_string();
        assert!(escaped.len() > 20_000);
        assert_eq!(dingtalk.post(&target, escaped).await.errcode(), 460101);
        let far_too_long = "x".repeat(5 * 1024 * 1024);
        assert_ne!(dingtalk.post(&target, far_too_long).await.errcode(), 0);
        dingtalk.forget();
    }
}

/// 430101 to 430104: what stands for DingTalk's own filter, wherever it stands in a message.
#[tokio::test]
async fn what_is_not_safe_gets_its_code() {
    let dingtalk = start().await;
    let link = format!("https://{UNSAFE_HOST}/a");
    let text = |content: &str| json!({ "msgtype": "text", "text": { "content": content } });
    let markdown = |text: &str| json!({ "msgtype": "markdown", "markdown": { "title": "t", "text": text } });
    let card = |text: &str, url: &str| {
        json!({ "msgtype": "actionCard", "actionCard":
            { "title": "t", "text": text, "btns": [{ "title": "a", "actionURL": url }] } })
    };
    let feed = |url: &str, picture: &str| {
        json!({ "msgtype": "feedCard", "feedCard":
            { "links": [{ "title": "a", "messageURL": url, "picURL": picture }] } })
    };
    let page = |url: &str, picture: &str| {
        json!({ "msgtype": "link", "link":
            { "title": "t", "text": "x", "messageUrl": url, "picUrl": picture } })
    };
    let cases: &[(Value, i64)] = &[
        (card("x", &link), 430101),
        (page(&link, ""), 430101),
        (feed(&link, "p"), 430101),
        (markdown(&format!("[a]({link})")), 430101),
        (text(&format!("see {link}")), 430101),
        (text(UNSAFE_TEXT), 430102),
        (markdown(&format!("# {UNSAFE_TEXT}")), 430102),
        (card(UNSAFE_TEXT, "u"), 430102),
        (page("u", &link), 430103),
        (feed("u", &link), 430103),
        (markdown(&format!("![a]({link})")), 430103),
        (json!({ "msgtype": "image", "image": { "picURL": link } }), 430103),
        (text(UNSAFE_CONTENT), 430104),
        (text("https://safe.example/unsafe"), 0),
        (markdown("![a](https://safe.example/a.png) [b](https://safe.example)"), 0),
    ];
    for (body, code) in cases {
        for target in targets(&dingtalk) {
            assert_eq!(dingtalk.post_json(&target, body).await.errcode(), *code, "{body}");
        }
    }
    dingtalk.forget();
}

/// One for each reason not to take a post is there without being asked for.
#[tokio::test]
async fn the_custom_robots_of_the_default_organisation() {
    let dingtalk = start().await;
    for (end, content, code, text) in [
        ("a2e", "hi", 310000, "keywords not in content"),
        ("a2e", "告警", 0, "ok"),
        ("a3e", "告警", 310000, "ip 127.0.0.1 not in whitelist"),
        ("a4e", "告警", 400102, "机器人已停用"),
        ("a5e", "告警", 400106, "机器人不存在"),
        ("a6e", "告警", 400101, "access_token不存在"),
    ] {
        let target = format!("/robot/send?access_token={}{end}", &TOKEN[..61]);
        let answer = dingtalk.post(&target, TAKEN[0].0.replace("hi", content)).await;
        assert_eq!((answer.errcode(), answer.errmsg()), (code, text), "{end}");
    }
    assert_eq!((dingtalk.rejected().len(), dingtalk.shown().as_str()), (5, "告警"));
}

#[tokio::test]
async fn there_is_nothing_beside_the_endpoints() {
    let dingtalk = start().await;
    for target in
        ["/", "/robot/sendbysession", "/robot/send/", "/v1.0/robot/otoMessages/batchSend", "/gettoken"]
    {
        let answer = dingtalk.post(target, TAKEN[0].0).await;
        assert_eq!((answer.errcode(), answer.errmsg()), (404, "请求的URI地址不存在"), "{target}");
        let rejected = dingtalk.rejected();
        assert_eq!(rejected[0].target, format!("POST {target}"));
    }
}
