//! What an Alertmanager answers, in every form that its description allows, and what it does not do.

use http::Method;
use serde_json::{Value, json};

use crate::{
    alertmanager::start,
    fakes::{Answer, Fault},
    talk::{ask, ask_in_vain, coded, confirmed, shown},
};

fn alert(labels: &Value, status: &Value) -> Value {
    let at = "2026-01-01T07:30:00.123+08:00";
    json!({
        "labels": labels, "annotations": null, "receivers": [{ "name": "web", "labels": {} }], "startsAt": at,
        "updatedAt": at, "endsAt": at, "fingerprint": "c2b8c7d5e6f70812", "status": status, "new": 1,
    })
}

#[tokio::test]
async fn what_is_empty_may_be_null() {
    let (mut chat, alertmanager) = start().await;
    let status = json!({ "state": "active", "silencedBy": null, "inhibitedBy": null, "mutedBy": null });
    let mut told = String::new();
    for (line, answer) in [
        ("alerts list", Value::Null),
        ("alerts silences", Value::Null),
        ("alerts list", json!([alert(&json!({}), &status), alert(&json!({ "job": "web" }), &status)])),
    ] {
        alertmanager.fail_next(Method::GET, Fault::Answer(Answer::json(200, &answer)));
        told.push_str(&ask(&mut chat, line).await);
    }
    insta::assert_snapshot!(told, @"
    #### Alertmanager：0 条告警

    没有告警。

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true)#### Alertmanager：0 条静默

    没有生效中的静默。

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/silences)#### Alertmanager：2 条告警

    - **c2b8c7d5e6f70812**　07:30:00 起　静默 2h：**alerts silence c2b8c7d5e6f70812 2h**
    - **job=web**　07:30:00 起　静默 2h：**alerts silence c2b8c7d5e6f70812 2h**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true)
    ");
}

#[tokio::test]
async fn nobody_is_told_of_what_is_muted_for_now() {
    let (mut chat, alertmanager) = start().await;
    let status = |by: &str, id: &str| {
        let mut status = json!({ "state": "suppressed", "silencedBy": [], "inhibitedBy": [], "mutedBy": [] });
        status[by] = json!([id]);
        status
    };
    let labels = |name: &str| json!({ "alertname": name });
    let all = json!([
        alert(&labels("Muted"), &status("mutedBy", "weekends")),
        alert(&labels("Inhibited"), &status("inhibitedBy", "c2b8c7d5e6f70813")),
    ]);
    alertmanager.fail_next(Method::GET, Fault::Answer(Answer::json(200, &all)));
    insta::assert_snapshot!(ask(&mut chat, "alerts list").await, @"
    #### Alertmanager：2 条告警，其中 2 条不通知

    - **Muted**　在静音时段内　07:30:00 起
    - **Inhibited**　被抑制　07:30:00 起

    - 查看静默：**alerts silences**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true)
    ");
}

#[tokio::test]
async fn who_ends_a_silence_reads_what_else_hides_its_alerts() {
    let (mut chat, alertmanager) = start().await;
    confirmed(&mut chat, "alerts silence HostDown 2h").await;
    confirmed(&mut chat, "alerts silence PodCrashLooping 2h").await;
    confirmed(&mut chat, "alerts silence cluster=dev 2h").await;
    let ids: Vec<String> = alertmanager.world().silences.iter().map(|silence| silence.id.clone()).collect();
    let both = ask(&mut chat, &format!("alerts unsilence {}", ids[0])).await;
    insta::assert_snapshot!(shown(&both), @"
    #### alerts unsilence：请确认

    ```
    alerts unsilence 00000001-0000-4000-8000-000000000001
    ```

    - 提前结束 Alertmanager 上的一条静默，它原本到 10:00:00 为止
    - 条件：alertname=HostDown
    - 由爱丽丝（0147000002）在钉钉发起
    - 还被别的静默、抑制规则或静音时段挡住、不会恢复通知的：1 条

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    alerts unsilence 00000001-0000-4000-8000-000000000001 --confirm CODE
    ```

    @0147000002
    ");
    confirmed(&mut chat, &format!("alerts unsilence {}", ids[1])).await;
    let some = ask(&mut chat, &format!("alerts unsilence {}", ids[2])).await;
    insta::assert_snapshot!(shown(&some), @"
    #### alerts unsilence：请确认

    ```
    alerts unsilence 00000003-0000-4000-8000-000000000003
    ```

    - 提前结束 Alertmanager 上的一条静默，它原本到 10:00:00 为止
    - 条件：cluster=dev
    - 由爱丽丝（0147000002）在钉钉发起
    - 这些告警会恢复通知，共 2 条
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-x2x4v
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-9s8df
    - 还被别的静默、抑制规则或静音时段挡住、不会恢复通知的：1 条

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    alerts unsilence 00000003-0000-4000-8000-000000000003 --confirm CODE
    ```

    @0147000002
    ");
}

#[tokio::test]
async fn what_it_says_ends_before_what_to_do() {
    let (mut chat, alertmanager) = start().await;
    let card = ask(&mut chat, "alerts silence HostDown 2h").await;
    alertmanager.fail_next(Method::POST, Fault::Answer(Answer::json(500, &"failed to write")));
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### alerts silence：结果未知，可能已经执行

    Alertmanager 出错了（HTTP 500）。它的说明：「failed to write」。操作可能已经执行：请先看清现状，再决定是否重做。

    - 查看现状：**alerts silences**

    @0147000002
    ");
}

#[tokio::test]
async fn a_lost_answer_says_where_to_look() {
    let (mut chat, alertmanager) = start().await;
    let fingerprint = alertmanager.world().fingerprint(0);
    confirmed(&mut chat, &format!("alerts silence {fingerprint} 2h")).await;
    let id = alertmanager.world().silences[0].id.clone();
    let card = ask(&mut chat, &format!("alerts unsilence {id}")).await;
    alertmanager.fail_next(Method::DELETE, Fault::Lost);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### alerts unsilence：结果未知，可能已经执行

    没有等到 Alertmanager 的完整回应。操作可能已经执行：请先看清现状，再决定是否重做。

    - 查看现状：**alerts silences**

    @0147000002
    ");
    assert!(ask(&mut chat, "alerts silences").await.contains("0 条静默"));
    assert_eq!(alertmanager.writes().len(), 2);
}

#[tokio::test]
async fn what_alertmanager_does_not_do() {
    let (mut chat, alertmanager) = start().await;
    let mut told = String::new();
    for answer in [
        Answer::text(401, "Unauthorized\n"),
        Answer::page(403, "Forbidden"),
        Answer::page(429, "Too Many Requests").with("retry-after", "30"),
        Answer::json(400, &"error parsing regexp: missing closing ): `^(?:()$`"),
        Answer::json(422, &serde_json::json!({ "code": 601, "message": "filter in query is wrong" })),
        Answer::text(200, "<html>"),
        Answer::json(200, &serde_json::json!([{ "labels": {} }])),
    ] {
        alertmanager.fail_next(Method::GET, Fault::Answer(answer));
        told.push_str(&ask(&mut chat, "alerts list").await);
    }
    insta::assert_snapshot!(told, @"
    #### alerts list：未能完成

    Alertmanager 不接受机器人的凭据（HTTP 401），请管理员更换。它的说明：Unauthorized

    @0147000002#### alerts list：未能完成

    机器人在 Alertmanager 上没有这项权限（HTTP 403），请管理员授权。

    @0147000002#### alerts list：未能完成

    对 Alertmanager 的请求太频繁，请 30 秒后再试。

    @0147000002#### alerts list：未能完成

    Alertmanager 认为请求有误（HTTP 400）。它的说明：error parsing regexp: missing closing ): &#96;^(?:()$&#96;

    @0147000002#### alerts list：未能完成

    Alertmanager 认为请求有误（HTTP 422）。它的说明：filter in query is wrong

    @0147000002#### alerts list：未能完成

    Alertmanager 的回应不是预期的格式，请管理员查看日志。

    @0147000002#### alerts list：未能完成

    Alertmanager 的回应不是预期的格式，请管理员查看日志。

    @0147000002
    ");
}

#[tokio::test]
async fn an_alertmanager_that_hangs() {
    let (mut chat, alertmanager) = start().await;
    alertmanager.fail_next(Method::GET, Fault::Hang);
    alertmanager.fail_next(Method::GET, Fault::Hang);
    let reply = ask_in_vain(&mut chat, "alerts list", "Alertmanager").await;
    assert!(reply.contains("没有等到 Alertmanager 的完整回应"));
}
