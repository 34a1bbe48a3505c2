//! Conversations about commands over HTTP, with a service that answers what it is told to.

mod injection;
mod mistakes;
mod values;
mod writes;

use std::time::Duration;

use crate::testing::{Answer, Chat, Service, alice, nobody};

/// Who is on call for a team.
const ONCALL: &str = r#"
[[http]]
name     = "oncall"
help     = { zh = "谁在值班", en = "Who is on call" }
effect   = "read"
url      = "ORIGIN"
path     = ["v1", "schedules", "{{ team }}"]
query    = { day = "{{ day }}", limit = 3 }
headers  = { Authorization = "Bearer {{ secret.token }}" }
secrets  = { token = "hunter2-hunter2" }
examples = ["oncall backend", "oncall backend --day today"]
reply    = """
**{{ json.team }}**
{% for person in json.people %}
- {{ person.name }}{% if person.phone is none %}, {% else %}: {{ person.phone }}{% endif %}

{% endfor %}
{{ link("schedule", json.url) }}"""

[[http.args]]
name    = "team"
type    = "choice"
choices = ["backend", "web"]
help    = { zh = "团队", en = "The team" }

[[http.args]]
name   = "day"
option = true
help   = { zh = "哪一天", en = "Which day" }
"#;

/// A chat with a command whose service is this one.
async fn chat(toml: &str, service: &Service) -> Chat {
    Chat::with(&toml.replace("ORIGIN", &service.origin())).await
}

/// A command without a template for its reply.
fn plain(more: &str) -> String {
    format!(
        "[[http]]\nname = 'look'\nhelp = {{ zh = '看看', en = 'Look' }}\neffect = 'read'\nurl = 'ORIGIN'\n\
         examples = ['look']\n{more}"
    )
}

/// A service that answers this once.
async fn service(status: u16, body: &str) -> Service {
    Service::answering(Answer::Body(status, body.to_owned())).await
}

#[tokio::test]
async fn a_request_as_data_and_a_reply_by_template() {
    let body = r#"{"team":"backend","people":[{"name":"爱丽丝","phone":null},{"name":"Bob","phone":123}],"url":"https://oncall.example.com/backend"}"#;
    let service = service(200, body).await;
    let mut chat = chat(ONCALL, &service).await;
    chat.say(alice(), "oncall Backend --day 2026-01-02").await;
    insta::assert_snapshot!(chat.read(), @"
    #### oncall

    **backend**
    - 爱丽丝, 
    - Bob: 123
    [schedule](https://oncall.example.com/backend)

    @0147000002
    ");
    let asked = &service.asked()[0];
    assert_eq!(asked.method, "GET");
    assert_eq!(
        (asked.path.as_str(), asked.query.as_str()),
        ("/v1/schedules/backend", "day=2026-01-02&limit=3")
    );
    assert_eq!(asked.header("authorization"), "Bearer hunter2-hunter2");
    assert_eq!((asked.header("idempotency-key"), asked.body.as_str()), (String::new(), ""));
}

#[tokio::test]
async fn what_was_left_out_is_empty() {
    let service = service(200, r#"{"team":"web","people":[],"url":null}"#).await;
    let mut chat = chat(ONCALL, &service).await;
    chat.say(alice(), "oncall web").await;
    insta::assert_snapshot!(chat.read(), @"
    #### oncall

    **web**
    schedule

    @0147000002
    ");
    assert_eq!(service.requests(), ["GET /v1/schedules/web?day=&limit=3"]);
}

#[tokio::test]
async fn help_in_both_languages() {
    let service = Service::start().await;
    let mut zh = chat(ONCALL, &service).await.privately();
    zh.say(alice(), "help oncall").await;
    insta::assert_snapshot!(zh.read().replace('\u{200B}', ""), @"
    #### oncall

    谁在值班

    用法：oncall &lt;team&gt; &#91;--day &lt;day&gt;&#93;

    - **team**：团队（可选 backend、web）
    - **&#45;-day**：哪一天

    例如：

    - [oncall backend](dtmd://dingtalkclient/sendMessage?content=oncall%20backend)
    - [oncall backend --day today](dtmd://dingtalkclient/sendMessage?content=oncall%20backend%20%2D%2Dday%20today)
    ");
    zh.say(alice(), "help").await;
    let list = zh.read();
    assert!(list.contains("**自定义命令**\n\n- [oncall]"), "{list}");
    let mut en = chat(&format!("locale = 'en'\n{ONCALL}"), &service).await;
    en.say(alice(), "oncall --help").await;
    insta::assert_snapshot!(en.read().replace('\u{200B}', ""), @"
    #### oncall

    Who is on call

    Usage: oncall &lt;team&gt; &#91;--day &lt;day&gt;&#93;

    - **team**: The team (one of backend, web)
    - **&#45;-day**: Which day

    For example:

    - **oncall backend**
    - **oncall backend --day today**

    @0147000002
    ");
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn a_wrong_argument_is_pointed_at() {
    let service = Service::start().await;
    let mut chat = chat(ONCALL, &service).await;
    chat.say(alice(), "oncall mobile").await;
    insta::assert_snapshot!(chat.read(), @"
    #### oncall：参数有误

    「team」应为下列之一：backend、web。收到的是「mobile」。

    ```
    oncall mobile
           ^^^^^^
    ```

    用法：oncall &lt;team&gt; &#91;--day &lt;day&gt;&#93;

    - 查看用法：**帮助 oncall**

    @0147000002
    ");
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn reading_is_for_members() {
    let service = Service::start().await;
    let mut chat = chat(ONCALL, &service).await;
    chat.say(nobody(), "oncall web").await;
    let reply = chat.read();
    assert!(reply.contains("oncall：无权执行"), "{reply}");
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn without_a_template_the_answer_itself() {
    let body = service(200, r#"{"b":["x"],"a":1}"#).await;
    let mut said = chat(&plain(""), &body).await;
    said.say(alice(), "look").await;
    insta::assert_snapshot!(said.read(), @r#"
    #### look

    对方返回 HTTP 200

    ```
    {
      "a": 1,
      "b": [
        "x"
      ]
    }
    ```

    @0147000002
    "#);
    for (answer, shown) in [("two\nlines", "```\ntwo\nlines\n```"), ("", "对方返回 HTTP 204\n\n@")] {
        let body = service(if answer.is_empty() { 204 } else { 200 }, answer).await;
        let mut said = chat(&plain(""), &body).await;
        said.say(alice(), "look").await;
        let reply = said.read();
        assert!(reply.contains(shown), "{reply}");
    }
    let long: Vec<String> = (1..=100).map(|line| format!("line {line}")).collect();
    let long = service(200, &long.join("\n")).await;
    let mut said = chat(&plain(""), &long).await;
    said.say(alice(), "look").await;
    let reply = said.read();
    assert!(
        reply.contains("line 60\n") && !reply.contains("line 61") && reply.contains("还有 40 行"),
        "{reply}"
    );
}

#[tokio::test]
async fn a_status_that_was_not_expected() {
    let cases = [
        (
            404,
            r#"{"message":"no such [team](https://evil.example)"}"#,
            "返回 HTTP 404：no such &#91;team&#93;(https&#58;//evil.example)",
        ),
        (422, r#"{"errors":[{"code":7,"detail":"bad\nday"}]}"#, "返回 HTTP 422：bad day"),
        (500, r#"{"error":{"message":"boom"}}"#, "返回 HTTP 500：boom"),
        (502, "Bad Gateway", "返回 HTTP 502：Bad Gateway"),
        (403, "", "127.0.0.1 返回 HTTP 403。"),
        (400, r#"{"code":7}"#, "127.0.0.1 返回 HTTP 400。"),
        (401, r#""hunter2-hunter2 is wrong""#, "返回 HTTP 401：&#42;&#42;&#42; is wrong"),
        (401, r#""no hunter2%2Dhunter2""#, "返回 HTTP 401：no &#42;&#42;&#42;"),
        (401, r#""no aHVudGVyMi1odW50ZXIy here""#, "返回 HTTP 401：no &#42;&#42;&#42; here"),
        (401, r#""no Ym90Omh1bnRlcjItaHVudGVyMg==""#, "返回 HTTP 401：no Ym90Om&#42;&#42;&#42;g=="),
    ];
    for (status, body, told) in cases {
        let service = service(status, body).await;
        let mut chat = chat(ONCALL, &service).await;
        chat.say(alice(), "oncall web").await;
        let reply = chat.read();
        assert!(reply.starts_with("#### oncall：未能完成") && reply.contains(told), "{reply}");
        assert_eq!(service.requests().len(), 1);
    }
    let long = service(400, &"长".repeat(1000)).await;
    let mut said = chat(ONCALL, &long).await;
    said.say(alice(), "oncall web").await;
    let reply = said.read();
    assert!(reply.contains(&format!("：{}…", "长".repeat(200))), "{reply}");
}

#[tokio::test]
async fn which_statuses_are_expected() {
    for (expect, status, works) in [("[404, 200]", 404, true), ("[404]", 200, false), ("[302]", 302, true)] {
        let service = service(status, "x").await;
        let mut chat = chat(&plain(&format!("expect = {expect}")), &service).await;
        chat.say(alice(), "look").await;
        let reply = chat.read();
        assert_eq!(reply.contains("未能完成"), !works, "{reply}");
    }
    let moved = Service::answering(Answer::Redirect("http://127.0.0.1:1/".into())).await;
    let mut said = chat(&plain(""), &moved).await;
    said.say(alice(), "look").await;
    let reply = said.read();
    assert!(reply.contains("返回 HTTP 302"), "redirects are not followed: {reply}");
    assert_eq!(moved.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_of_a_size() {
    let body = service(200, "12345678901").await;
    let mut said = chat(&plain("max_bytes = 10"), &body).await;
    said.say(alice(), "look").await;
    let reply = said.read();
    assert!(reply.contains("超过 10 字节"), "{reply}");
}

#[tokio::test]
async fn an_answer_in_time() {
    let slow = Service::answering(Answer::Hang).await;
    let mut said = chat(&plain("timeout = '3s'"), &slow).await;
    let clock = said.clock().clone();
    tokio::join!(said.say(alice(), "look"), clock.pass(Duration::from_secs(4)));
    let reply = said.read();
    assert!(reply.contains("127.0.0.1 没有在规定时间内响应"), "{reply}");
}

#[tokio::test]
async fn a_connection_that_breaks_or_never_is() {
    let closed = Service::answering(Answer::Close).await;
    let mut said = chat(&plain(""), &closed).await;
    said.say(alice(), "look").await;
    let reply = said.read();
    assert!(reply.contains("与 127.0.0.1 的连接中断"), "{reply}");
    let mut said = Chat::with(&plain("").replace("ORIGIN", "http://127.0.0.1:1")).await;
    said.say(alice(), "look").await;
    let reply = said.read();
    assert!(reply.contains("无法连接 127.0.0.1，没有发出请求"), "{reply}");
}

#[tokio::test]
async fn a_template_that_fails_shows_the_answer_all_the_same() {
    let body = service(200, r#"{"other":"x"}"#).await;
    let mut said = chat(&plain("reply = '{{ json.wanted }}'"), &body).await;
    said.say(alice(), "look").await;
    insta::assert_snapshot!(said.read(), @r#"
    #### look

    对方返回 HTTP 200

    ```
    {
      "other": "x"
    }
    ```

    > 回复模板出错，以上是对方返回的原文；请让管理员查看日志。

    @0147000002
    "#);
    let endless = "reply = '{% for a in json %}{% for b in json %}{% for c in json %}x{% endfor %}{% endfor %}{% endfor %}'";
    let body = service(200, &format!("[{}0]", "0,".repeat(999))).await;
    let mut said = chat(&plain(endless), &body).await;
    said.say(alice(), "look").await;
    let reply = said.read();
    assert!(reply.contains("回复模板出错"), "{reply}");
}
