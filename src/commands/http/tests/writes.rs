//! Commands that change something: what is shown before, what is sent once, and what is said when nobody knows.

use std::time::Duration;

use super::{chat, service};
use crate::testing::{Answer, Chat, Log, Service, TestClock, alice};

/// A flag of a service, which a rule lets people of the organisation switch.
const FLAG: &str = r#"
[[allow]]
who = ["staff"]
effect = "read"
[[allow]]
who = ["staff"]
run = ["flag set"]
CONFIRM

[[http]]
name     = "flag set"
help     = { zh = "切换开关", en = "Switch a flag" }
effect   = "write"
method   = "PUT"
url      = "ORIGIN"
path     = ["flags", "{{ flag }}"]
query    = { key = "{{ secret.key }}" }
headers  = { X-By = "{{ who.name }}", X-Fixed = "always" }
secrets  = { key = "hunter2-hunter2" }
json     = { on = "{{ state == 'on' }}", pin = "{{ pin }}" }
reply    = "{{ flag }}: {{ json.on }}"
examples = ["flag set dark-mode on"]

[[http.args]]
name = "flag"
help = { zh = "开关", en = "The flag" }

[[http.args]]
name    = "state"
type    = "choice"
choices = ["on", "off"]
help    = { zh = "开或关", en = "On or off" }

[[http.args]]
name   = "pin"
option = true
secret = true
help   = { zh = "口令", en = "The pin" }
"#;

/// Where a rule wants no confirmation.
fn at_once() -> String {
    FLAG.replace("CONFIRM", "confirm = 'none'\naccept_one_tap = true")
}

#[tokio::test]
async fn a_secret_argument_is_sent_and_not_logged() {
    let log = Log::start(None);
    let service = Service::answering(Answer::Body(200, r#"{"on": true}"#.into())).await;
    let mut chat = chat(&at_once(), &service).await;
    chat.say(alice(), "flag set dark-mode on --pin swordfish").await;
    chat.read();
    assert!(service.asked()[0].body.contains("swordfish"));
    // printf dark-mode | sha256sum
    let flag = "text(9 bytes, sha256 e6d7d676)";
    let values = serde_json::json!({ "flag": flag, "pin": "***", "state": "on" });
    assert!(!log.text().contains("swordfish") && !log.text().contains("hunter2"), "{}", log.text());
    assert_eq!(log.audit().iter().map(|line| &line["values"]).collect::<Vec<_>>(), [&values, &values]);
}

#[tokio::test]
async fn nobody_may_without_a_rule() {
    let service = Service::start().await;
    let toml = FLAG.replace("run = [\"flag set\"]\nCONFIRM", "run = [\"whoami\"]");
    let mut chat = chat(&toml, &service).await;
    chat.say(alice(), "flag set dark-mode on").await;
    let reply = chat.read();
    assert!(reply.contains("flag set：无权执行"), "{reply}");
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn what_is_sent() {
    let service = service(200, r#"{"on":true}"#).await;
    let mut chat = chat(&at_once(), &service).await;
    chat.say(alice(), "flag set dark-mode on --pin 4711").await;
    insta::assert_snapshot!(chat.read(), @"
    #### flag set

    dark-mode: true

    @0147000002
    ");
    let asked = &service.asked()[0];
    assert_eq!(service.requests(), ["PUT /flags/dark-mode?key=hunter2-hunter2"]);
    assert_eq!(asked.body, r#"{"on":true,"pin":"4711"}"#);
    assert_eq!((asked.header("x-by").as_str(), asked.header("x-fixed").as_str()), ("爱丽丝", "always"));
    assert!(!asked.header("idempotency-key").is_empty());
}

#[tokio::test]
async fn a_key_of_the_entry_takes_the_place_of_ours() {
    let service = service(200, "{}").await;
    let toml =
        at_once().replace("X-Fixed = \"always\"", "Idempotency-Key = \"flag-{{ once | length > 0 }}\"");
    let mut chat = chat(&toml, &service).await;
    chat.say(alice(), "flag set dark-mode on").await;
    chat.forget();
    assert_eq!(service.asked()[0].header("idempotency-key"), "flag-true");
}

#[tokio::test]
async fn what_would_be_sent_is_shown_without_secrets() {
    let service = Service::start().await;
    let mut chat = chat(&at_once(), &service).await;
    chat.say(alice(), "flag set dark-mode off --pin 4711 --dry-run").await;
    let preview = chat.read();
    assert!(!preview.contains("hunter2"), "{preview}");
    let preview = preview.replace(service.origin().trim_start_matches("http://"), "HOST");
    insta::assert_snapshot!(preview, @r#"
    #### flag set：预览，没有执行

    ```
    flag set dark-mode off --pin ***
    ```

    - PUT http&#58;//HOST/flags/dark-mode?key=&#42;&#42;&#42;
    - x-by: 爱丽丝
    - {"on":false,"pin":"&#42;&#42;&#42;"}
    - 确认两次可能会请求两次，带的是同一个 Idempotency-Key：会不会再执行一次，由对方决定。

    @0147000002
    "#);
    chat.say(alice(), "flag set '../x' off --dry-run").await;
    let reply = chat.read();
    assert!(reply.contains("不能作为请求地址里的一段"), "{reply}");
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn confirmed_it_carries_the_key_of_the_code() {
    let service = service(200, r#"{"on":true}"#).await;
    service.answer(Answer::Body(200, r#"{"on":true}"#.into()));
    let mut chat = chat(&FLAG.replace("CONFIRM", ""), &service).await;
    chat.say(alice(), "flag set dark-mode on").await;
    let card = chat.read();
    assert!(service.requests().is_empty(), "nothing is sent before");
    let line = card.lines().find_map(|line| line.split_once("flag set dark-mode on --confirm "));
    let code: String = line.expect(&card).1.chars().take_while(char::is_ascii_alphanumeric).collect();
    // Tapped twice, heard by two processes: the other side can tell that it is the same.
    for _ in 0..2 {
        chat.say(alice(), format!("flag set dark-mode on --confirm {code}").as_str()).await;
        let reply = chat.read();
        assert!(reply.contains("dark-mode: true"), "{reply}");
        chat.another_process();
    }
    let keys: Vec<String> = service.asked().iter().map(|asked| asked.header("idempotency-key")).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1] && !keys[0].is_empty(), "{keys:?}");
}

#[tokio::test]
async fn a_double_tap_in_one_process_sends_once() {
    let service = service(200, r#"{"on":true}"#).await;
    let mut chat = chat(&FLAG.replace("CONFIRM", ""), &service).await;
    chat.say(alice(), "flag set dark-mode on").await;
    let card = chat.read();
    let line = card.lines().find(|line| line.contains("--confirm")).expect("a line with a code").to_owned();
    for expected in ["#### flag set\n", "#### 没有执行\n"] {
        chat.say(alice(), &line).await;
        let reply = chat.read();
        assert!(reply.starts_with(expected), "{reply}");
    }
    assert_eq!(service.requests().len(), 1);
}

/// What is said after this answer to a write.
async fn after(answer: Answer) -> (String, usize) {
    let service = Service::answering(answer).await;
    let mut chat = chat(&at_once(), &service).await;
    chat.say(alice(), "flag set dark-mode on").await;
    (chat.read(), service.requests().len())
}

#[tokio::test]
async fn never_failed_when_it_is_unknown() {
    let answer = |status, body: &str| Answer::Body(status, body.to_owned());
    for (answer, said) in [
        (Answer::Close, "连接中断"),
        (answer(500, r#"{"error":"boom"}"#), "返回 HTTP 500：boom"),
        (answer(504, "<html>"), "返回 HTTP 504"),
        (answer(408, ""), "返回 HTTP 408"),
    ] {
        let (reply, requests) = after(answer).await;
        assert!(reply.contains("flag set：结果未知，可能已经执行") && reply.contains(said), "{reply}");
        assert!(reply.contains("请到 127.0.0.1 上确认操作是否已经执行"), "{reply}");
        assert_eq!(requests, 1, "a write is not sent again");
    }
    for status in [400, 404, 409] {
        let (reply, requests) = after(answer(status, "")).await;
        assert!(reply.contains("flag set：未能完成") && !reply.contains("可能已经执行"), "{reply}");
        assert_eq!(requests, 1);
    }
}

#[tokio::test]
async fn a_write_that_is_not_answered_in_time() {
    let service = Service::answering(Answer::Hang).await;
    let mut chat = chat(&at_once().replace("method   =", "timeout = '3s'\nmethod   ="), &service).await;
    let clock: TestClock = chat.clock().clone();
    tokio::join!(chat.say(alice(), "flag set dark-mode on"), clock.pass(Duration::from_secs(4)));
    let reply = chat.read();
    assert!(reply.contains("结果未知") && reply.contains("没有在规定时间内响应"), "{reply}");
}

#[tokio::test]
async fn a_write_that_never_left_is_not_unknown() {
    let mut chat = Chat::with(&at_once().replace("ORIGIN", "http://127.0.0.1:1")).await;
    chat.say(alice(), "flag set dark-mode on").await;
    let reply = chat.read();
    assert!(reply.contains("未能完成") && reply.contains("没有发出请求"), "{reply}");
}

#[tokio::test]
async fn a_template_that_fails_sends_nothing() {
    let service = Service::start().await;
    let toml = at_once().replace("\"{{ pin }}\"", "\"{{ pin.digits }}\"");
    let mut chat = chat(&toml, &service).await;
    chat.say(alice(), "flag set dark-mode on --pin 4711").await;
    let reply = chat.read();
    assert!(reply.contains("未能完成") && reply.contains("请求模板出错，没有发出请求"), "{reply}");
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn a_write_whose_answer_cannot_be_used_is_done() {
    let (reply, _) = after(Answer::Body(200, "not json".into())).await;
    assert!(reply.contains("not json") && reply.contains("回复模板出错"), "{reply}");
    let service = Service::answering(Answer::Body(200, "x".repeat(100))).await;
    let mut chat = chat(&at_once().replace("method   =", "max_bytes = 10\nmethod   ="), &service).await;
    chat.say(alice(), "flag set dark-mode on").await;
    let reply = chat.read();
    assert!(reply.starts_with("#### flag set\n") && reply.contains("对方确认已完成"), "{reply}");
}
