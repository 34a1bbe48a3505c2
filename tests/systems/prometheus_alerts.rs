//! Conversations about the alerts of Prometheus' own rules, and what can be done about them.

use dingops::testing::Chat;
use http::Method;
use serde_json::json;

use crate::{
    alertmanager::{self, ALL},
    fakes::{Answer, Fault, alertmanager::Alert},
    prometheus::{entry, start, world},
    talk::ask,
};

#[tokio::test]
async fn alerts_of_rules() {
    let (mut chat, prometheus) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "prom alerts").await, @"
    #### Prometheus：1 条告警触发，1 条等待中

    - **HostDown**　触发，07:30:00 起，值 0　instance=web1:9100 severity=critical　web1 连不上了　最近 1 小时的走势：**prom range --last 1h up == 0**
    - **DiskFillsUp**　等待中，07:58:00 起，值 0.091　instance=db2:9100 severity=warning　最近 1 小时的走势：**prom range --last 1h disk&#95;free&#95;share &lt; 0.1**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/alerts)
    ");
    let range = ask(&mut chat, "prom range --last 1h disk_free_share < 0.1").await;
    assert!(range.contains("最小 0.091，平均 0.091，最大 0.091"), "{range}");
    // What an alert is about is not guessed.
    prometheus.world().rules.remove("DiskFillsUp");
    let reply = ask(&mut chat, "prom alerts").await;
    assert!(reply.contains("up == 0**") && reply.contains("db2:9100 severity=warning\n"), "{reply}");
    let all =
        Answer::json(200, &json!({ "status": "success", "data": { "alerts": prometheus.world().alerts } }));
    prometheus.fail_next(Method::GET, Fault::Answer(all));
    prometheus.fail_next(Method::GET, Fault::Answer(Answer::text(404, "404 page not found\n")));
    let reply = ask(&mut chat, "prom alerts").await;
    assert!(reply.contains("**HostDown**") && !reply.contains("走势"), "{reply}");
    prometheus.world().alerts.clear();
    insta::assert_snapshot!(ask(&mut chat, "prom 告警").await, @"
    #### Prometheus：0 条告警触发，0 条等待中

    规则没有产生告警。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/alerts)
    ");
}

#[tokio::test]
async fn an_alert_can_be_silenced_where_there_is_an_alertmanager() {
    let (prometheus, alertmanager) = (world().await, alertmanager::world().await);
    let named = alertmanager::settings(&alertmanager, ALL, "name = 'prod'");
    let web = entry(&prometheus, "web = 'https://prom.example.com/main'");
    let mut chat = Chat::with(&format!("{named}\n{web}")).await;
    insta::assert_snapshot!(ask(&mut chat, "prom alerts").await, @"
    #### Prometheus：1 条告警触发，1 条等待中

    - **HostDown**　触发，07:30:00 起，值 0　instance=web1:9100 severity=critical　web1 连不上了　静默 2h：**alerts silence alertname=HostDown instance=web1:9100 severity=critical 2h --on prod**
    - **DiskFillsUp**　等待中，07:58:00 起，值 0.091　instance=db2:9100 severity=warning　最近 1 小时的走势：**prom range --last 1h disk&#95;free&#95;share &lt; 0.1**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/alerts)
    ");
    // One host is meant, and not each alert of that name.
    let mut other = alertmanager.world().alerts[1].labels.clone();
    other.insert("instance".into(), "web2:9100".into());
    let starts_at = alertmanager.world().alerts[1].starts_at;
    alertmanager.world().alerts.push(Alert { labels: other, summary: "", starts_at, inhibited: false });
    let line = "alerts silence alertname=HostDown instance=web1:9100 severity=critical 2h --on prod";
    let card = ask(&mut chat, line).await;
    assert!(card.contains("符合条件的告警现有 1 条"), "{card}");
    // Of a pod it is the service, as by the list of Alertmanager.
    prometheus.world().alerts[1]["labels"]["pod"] = json!("web-1");
    prometheus.world().alerts[1]["labels"]["note"] = json!("a, \"b\"");
    let reply = ask(&mut chat, "prom alerts").await;
    let line = r#"alerts silence alertname=HostDown note="a, \"b\"" severity=critical 2h --on prod"#;
    assert!(reply.replace("&#92;", "\\").contains(line), "{reply}");
    assert!(ask(&mut chat, line).await.contains("请确认"));
    // What could not be typed is not offered.
    prometheus.world().alerts[1]["labels"]["http.status"] = json!("500");
    let reply = ask(&mut chat, "prom alerts").await;
    assert!(!reply.contains("alerts silence"), "{reply}");
}
