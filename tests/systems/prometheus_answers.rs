//! What a Prometheus answers, in every form that its description allows, and what it does not do.

use std::{sync::Arc, time::Duration};

use dingops::testing::{Chat, alice};
use http::Method;
use serde_json::{Value, json};

use crate::{
    fakes::{Answer, Fault, prometheus::failed},
    prometheus::{READERS, entry, start, world},
    talk::{RULES, ask, ask_in_vain},
};

#[tokio::test]
async fn what_is_empty_may_be_null() {
    let (mut chat, prometheus) = start().await;
    let alert = json!({
        "labels": { "alertname": "HostDown" }, "annotations": null, "state": "firing", "value": "1e+00",
        "activeAt": "2026-01-01T07:30:00.123+08:00", "keepFiringSince": "2026-01-01T07:30:00+08:00",
    });
    let mut told = String::new();
    for (line, data) in [
        ("prom query up", json!({ "resultType": "vector", "result": null })),
        ("prom range up", json!({ "resultType": "matrix", "result": null })),
        ("prom alerts", json!({ "alerts": null })),
        ("prom alerts", json!({ "alerts": [alert] })),
        ("prom targets", json!({ "activeTargets": null })),
    ] {
        let answer = json!({ "status": "success", "data": data, "warnings": null, "infos": null, "new": 1 });
        prometheus.fail_next(Method::GET, Fault::Answer(Answer::json(200, &answer)));
        told.push_str(&ask(&mut chat, line).await);
    }
    insta::assert_snapshot!(told, @"
    #### up：0 条序列

    没有查到数据：指标名或标签可能不对，或者这段时间没有数据。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=up&g0.tab=1)#### up：最近 1h，0 条序列

    没有查到数据：指标名或标签可能不对，或者这段时间没有数据。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=up&g0.tab=0&g0.range_input=1h)#### Prometheus：0 条告警触发，0 条等待中

    规则没有产生告警。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/alerts)#### Prometheus：1 条告警触发，0 条等待中

    - **HostDown**　触发，07:30:00 起，值 1

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/alerts)#### Prometheus：0 个采集目标，0 个采集不到

    没有采集目标。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/targets)
    ");
}

#[tokio::test]
async fn a_series_without_labels_is_seen_among_others() {
    let (mut chat, prometheus) = start().await;
    let answer = |result: Value, kind| {
        let data = json!({ "resultType": kind, "result": result });
        Fault::Answer(Answer::json(200, &json!({ "status": "success", "data": data })))
    };
    let vector = json!([
        { "metric": {}, "value": [1_767_225_600, "-0"] },
        { "metric": { "job": "a" }, "value": [1_767_225_600, "NaN"] },
    ]);
    prometheus.fail_next(Method::GET, answer(vector, "vector"));
    let mut told = ask(&mut chat, "prom query a or b").await;
    let matrix = json!([
        { "metric": {}, "values": [[1_767_225_600, "1"]] },
        { "metric": { "job": "a" }, "values": [] },
    ]);
    prometheus.fail_next(Method::GET, answer(matrix, "matrix"));
    told.push_str(&ask(&mut chat, "prom range a or b").await);
    insta::assert_snapshot!(told, @"
    #### a or b：2 条序列

    - **&#45;0**　{}
    - **NaN**　job=a

    - 最近 1 小时的走势：**prom range --last 1h a or b**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=a+or+b&g0.tab=1)#### a or b：最近 1h，2 条序列

    每格 4m，· 是没有数据

    - {}  
      ···············▄  
      最小 1，平均 1，最大 1，最新 1
    - job=a  
      

    - 当前值：**prom query a or b**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=a+or+b&g0.tab=0&g0.range_input=1h)
    ");
}

#[tokio::test]
async fn native_histograms_and_what_prometheus_remarks() {
    let (mut chat, prometheus) = start().await;
    let histogram = json!({ "count": "144", "sum": "9.6", "buckets": [[0, "0.5", "1", "144"]] });
    let answer = |data: Value| {
        let infos = ["PromQL info: metric might not be a counter"];
        let answer = json!({ "status": "success", "data": data, "infos": infos });
        Fault::Answer(Answer::json(200, &answer))
    };
    let metric = json!({ "__name__": "latency" });
    let vector = json!([{ "metric": metric, "histogram": [1_767_225_600.5, histogram] }]);
    prometheus.fail_next(Method::GET, answer(json!({ "resultType": "vector", "result": vector })));
    insta::assert_snapshot!(ask(&mut chat, "prom query latency").await, @"
    #### latency：1 条序列

    - **直方图：144 次，合计 9.6**　latency

    > Prometheus 提示：PromQL info: metric might not be a counter

    - 最近 1 小时的走势：**prom range --last 1h latency**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=latency&g0.tab=1)
    ");
    let matrix = json!([{ "metric": metric, "histograms": [[1_767_225_600, histogram]] }]);
    prometheus.fail_next(Method::GET, answer(json!({ "resultType": "matrix", "result": matrix })));
    insta::assert_snapshot!(ask(&mut chat, "prom range latency").await, @"
    #### latency：最近 1h，1 条序列

    每格 4m，· 是没有数据

    - latency  
      直方图：144 次，合计 9.6

    > Prometheus 提示：PromQL info: metric might not be a counter

    - 当前值：**prom query latency**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=latency&g0.tab=0&g0.range_input=1h)
    ");
    let matrix =
        json!([{ "metric": metric, "values": [[1, "0.1"], [2, "NaN"], [3, "0.30000000000000004"]] }]);
    prometheus.fail_next(Method::GET, answer(json!({ "resultType": "matrix", "result": matrix })));
    insta::assert_snapshot!(ask(&mut chat, "prom query latency[5m]").await, @"
    #### latency&#91;5m&#93;：1 条序列

    - **最小 0.1，平均 0.2，最大 0.3，最新 0.3**　latency

    > Prometheus 提示：PromQL info: metric might not be a counter

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=latency%5B5m%5D&g0.tab=1)
    ");
    let text = json!({ "resultType": "string", "result": [1, "*a text*"] });
    prometheus.fail_next(Method::GET, answer(text));
    assert!(ask(&mut chat, "prom query \"*a text*\"").await.contains("&#42;a text&#42;"));
}

#[tokio::test]
async fn what_prometheus_does_not_do() {
    let (mut chat, prometheus) = start().await;
    let mut told = ask(&mut chat, "prom query sum(up").await;
    let too_many = "query processing would load too many samples into memory in query execution";
    for answer in [
        failed(422, "execution", too_many),
        Answer::text(401, "Unauthorized\n"),
        Answer::page(403, "Forbidden"),
        Answer::text(404, "404 page not found\n"),
        Answer::page(429, "Too Many Requests").with("retry-after", "30"),
        Answer::text(200, "<html>"),
        Answer::json(200, &json!({ "status": "success", "data": { "resultType": "vector" } })),
        Answer::text(200, "x".repeat(3 * 1024 * 1024)),
    ] {
        prometheus.fail_next(Method::GET, Fault::Answer(answer));
        told.push_str(&ask(&mut chat, "prom query up").await);
    }
    insta::assert_snapshot!(told, @r#"
    #### prom query：未能完成

    Prometheus 认为请求有误（HTTP 400）。它的说明：invalid parameter "query": 1:7: parse error: unclosed left parenthesis

    @0147000002#### prom query：未能完成

    Prometheus 认为请求有误（HTTP 422）。它的说明：query processing would load too many samples into memory in query execution

    @0147000002#### prom query：未能完成

    Prometheus 不接受机器人的凭据（HTTP 401），请管理员更换。它的说明：Unauthorized

    @0147000002#### prom query：未能完成

    机器人在 Prometheus 上没有这项权限（HTTP 403），请管理员授权。

    @0147000002#### prom query：未能完成

    Prometheus 上没有这个对象，或者机器人看不到它（HTTP 404）。它的说明：404 page not found

    @0147000002#### prom query：未能完成

    对 Prometheus 的请求太频繁，请 30 秒后再试。

    @0147000002#### prom query：未能完成

    Prometheus 的回应不是预期的格式，请管理员查看日志。

    @0147000002#### prom query：未能完成

    Prometheus 的回应不是预期的格式，请管理员查看日志。

    @0147000002#### prom query：未能完成

    Prometheus 返回的内容太多，没有读完，请缩小范围。

    @0147000002
    "#);
    let late = failed(503, "timeout", "query timed out in expression evaluation");
    prometheus.fail_next(Method::GET, Fault::Answer(late));
    insta::assert_snapshot!(ask(&mut chat, "prom query up").await, @"
    #### prom query：未能完成

    Prometheus 没能及时算完（query timed out in expression evaluation），再试一次也一样：请多写标签条件，或者缩短查询里的时间范围。

    @0147000002
    ");
}

#[tokio::test]
async fn a_prometheus_that_hangs() {
    let prometheus = world().await;
    let named = entry(&prometheus, "name = 'main'");
    let mut chat = Chat::with(&format!("{RULES}{READERS}{named}")).await;
    prometheus.fail_next(Method::GET, Fault::Hang);
    prometheus.fail_next(Method::GET, Fault::Hang);
    let reply = ask_in_vain(&mut chat, "prom targets", "Prometheus main").await;
    assert!(reply.contains("没有等到 Prometheus main 的完整回应"));
}

#[tokio::test]
async fn a_query_that_takes_too_long_is_not_begun_again() {
    let (mut chat, prometheus) = start().await;
    prometheus.fail_next(Method::GET, Fault::Hang);
    let dingtalk = Arc::clone(chat.dingtalk());
    let passing = async {
        dingtalk.clock().pass(Duration::from_secs(11)).await;
        dingtalk.next(Duration::from_secs(30)).await.unwrap();
        dingtalk.clock().pass(Duration::from_secs(16)).await;
    };
    tokio::join!(chat.say(alice(), "prom query up"), passing);
    let reply = chat.read();
    assert!(reply.contains("没有等到 Prometheus 的完整回应"), "{reply}");
    assert_eq!(prometheus.asked().len(), 1);
}
