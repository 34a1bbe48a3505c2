//! Conversations about queries in PromQL, and what stands behind them.

use dingops::testing::Chat;
use http::Method;

use crate::{
    fakes::{Fault, prometheus::always},
    prometheus::{READERS, entry, world},
    talk::{RULES, ask},
};

#[tokio::test]
async fn a_query_is_taken_as_it_is_typed() {
    let prometheus = world().await;
    let long = "a".repeat(2500);
    for (line, query) in [
        (
            "query sum by (job) (rate(x{a=\"b\", c=\"d\"}[5m]))",
            "sum by (job) (rate(x{a=\"b\", c=\"d\"}[5m]))",
        ),
        ("query up{job=“a”}", "up{job=\"a\"}"),
        ("range sum（up｛job＝“（a）”｝） --last 2h", "sum(up{job=\"（a）\"})"),
        ("query up{job=\"“a”\"}", "up{job=\"“a”\"}"),
        ("query a - b", "a - b"),
        ("query x{a=\"b\", c=\"d e\"} --on main", "x{a=\"b\", c=\"d e\"}"),
        ("query --on main up&limit=0", "up&limit=0"),
        ("query a on (b) c # d", "a on (b) c # d"),
        ("query -- up --on main", "up --on main"),
        ("range --last 2h up", "up"),
        ("range up --on main --last=2h", "up"),
        ("range a --lst 2h", "a --lst 2h"),
        (&format!("query {long}"), &long),
        (&format!("range {long} —last 2h"), &long),
    ] {
        let named = entry(&prometheus, "name = 'main'");
        let mut chat = Chat::with(&format!("{RULES}{READERS}{named}")).await;
        ask(&mut chat, &format!("prom {line}")).await;
        let asked = prometheus.asked().pop().unwrap();
        let form = asked.form();
        let sent = asked.query.iter().chain(&form).find(|(name, _)| name == "query");
        assert_eq!(sent.map(|(_, value)| value.as_str()), Some(query), "{line}");
        assert_eq!(asked.method == Method::POST, query.len() > 2000, "{line}");
    }
    let asked = prometheus.asked();
    let sent = asked.iter().filter(|asked| asked.line.contains("query_range"));
    let windows: Vec<String> = sent
        .map(|asked| {
            let form = asked.form();
            let value = |name: &str| {
                let pair = asked.query.iter().chain(&form).find(|(other, _)| other == name);
                pair.map(|(_, value)| value.parse::<i64>().unwrap()).unwrap()
            };
            format!("{}/{}", value("end") - value("start"), value("step"))
        })
        .collect();
    assert_eq!(windows, ["7200/300", "7200/300", "7200/300", "3600/120", "7200/300"]);
    // Whatever is wrong with an option behind it is said of the option.
    let mut chat = Chat::with(&format!("{RULES}{READERS}{}", entry(&prometheus, ""))).await;
    insta::assert_snapshot!(ask(&mut chat, "prom range up --last soon").await, @"
    #### prom range：参数有误

    「--last」应为时长，例如 90s、15m、1h30m、3d 或 2小时，收到的是「soon」。

    ```
    prom range up --last soon
                         ^^^^
    ```

    用法：prom range &#91;--last &lt;last&gt;&#93; &#91;--on &lt;on&gt;&#93; &lt;query&gt;

    - 查看用法：**帮助 prom range**

    @0147000002
    ");
}

#[tokio::test]
async fn the_next_command_asks_the_same() {
    let prometheus = world().await;
    let mut chat = Chat::with(&format!("{RULES}{READERS}{}", entry(&prometheus, "name = 'main'"))).await;
    for query in ["up", "up --on main", "--on main", "up # —last 2h", "-1 * up"] {
        prometheus.world().series.insert(query, vec![(serde_json::json!({}), always("1"))]);
        let reply = ask(&mut chat, &format!("prom query -- {query}")).await;
        let (_, line) = reply.split_once("走势：**").expect(&reply);
        let (line, _) = line.split_once("**").unwrap();
        // What is shown in bold is escaped.
        let line = line.replace("&#42;", "*").replace("&#45;", "-").replace("&#35;", "#");
        assert!(ask(&mut chat, &line).await.contains("最新 1"), "{line}");
        assert_eq!(prometheus.asked().pop().unwrap().query("query"), Some(query), "{line}");
    }
}

#[tokio::test]
async fn what_comes_through_an_alias_stays_a_query() {
    let prometheus = world().await;
    let alias = "[[alias]]\nname = '负载'\nrun = 'prom range node_load1{instance=\"{1}\"} --last {2:6h}'\nhelp = { zh = '负载', en = 'Load' }\n";
    let all = "[[alias]]\nname = '查'\nrun = 'prom query {*}'\nhelp = { zh = '查', en = 'Ask' }\n";
    let mut chat =
        Chat::with(&format!("{RULES}{READERS}{}{alias}{all}", entry(&prometheus, "name = 'main'"))).await;
    ask(&mut chat, "负载 db1:9100").await;
    let asked = prometheus.asked().pop().unwrap();
    assert_eq!(asked.query("query"), Some("node_load1{instance=\"db1:9100\"}"));
    assert_eq!(asked.query("step"), Some("600"));
    ask(&mut chat, "查 up --on other").await;
    assert_eq!(prometheus.asked().pop().unwrap().query("query"), Some("up --on other"));
}

#[tokio::test]
async fn a_long_query_is_tried_twice_too() {
    let prometheus = world().await;
    let mut chat = Chat::with(&format!("{RULES}{READERS}{}", entry(&prometheus, ""))).await;
    prometheus.fail_next(Method::POST, Fault::Lost);
    let reply = ask(&mut chat, &format!("prom query {}", "a".repeat(2500))).await;
    assert!(reply.contains("没有查到数据"), "{reply}");
    assert_eq!(prometheus.asked().len(), 2);
}

#[tokio::test]
async fn a_duration_behind_a_query_is_an_option() {
    let prometheus = world().await;
    let mut chat = Chat::with(&format!("{RULES}{READERS}{}", entry(&prometheus, "name = 'main'"))).await;
    let mut told = String::new();
    for line in ["走势 up 2h", "查询 sum(up)  3天", "走势 up 1y"] {
        told.push_str(&format!("> {line}\n{}\n", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @r#"
    > 走势 up 2h
    #### prom range：未能完成

    Prometheus main 认为请求有误（HTTP 400）。它的说明：this Prometheus is simulated and reads only: names with {labels}, == and the like with a number, rate, sum, avg, min, max, count; it stopped at 1:4: unexpected identifier "2h"  
      要看一段时间的走势，时长写在 --last 后面：prom range --last 2h --on main up

    @0147000002
    > 查询 sum(up)  3天
    #### prom query：未能完成

    Prometheus main 认为请求有误（HTTP 400）。它的说明：this Prometheus is simulated and reads only: names with {labels}, == and the like with a number, rate, sum, avg, min, max, count; it stopped at 1:10: unexpected identifier "3"  
      要看一段时间的走势，时长写在 --last 后面：prom range --last 3d --on main sum(up)

    @0147000002
    > 走势 up 1y
    #### prom range：未能完成

    Prometheus main 认为请求有误（HTTP 400）。它的说明：this Prometheus is simulated and reads only: names with {labels}, == and the like with a number, rate, sum, avg, min, max, count; it stopped at 1:4: unexpected identifier "1y"

    @0147000002
    "#);
    assert!(ask(&mut chat, "prom range --last 2h --on main up").await.contains("最近 2h"));
}
