//! Conversations with a Prometheus.

use dingops::testing::{Chat, NOW_MS, bob};

use crate::{
    fakes::{
        Fake,
        prometheus::{Prometheus, TOKEN},
    },
    talk::{RULES, ask},
};

pub const READERS: &str = "[[allow]]\nwho = ['staff']\neffect = 'read'\n";

pub async fn world() -> Fake<Prometheus> {
    Fake::start(Prometheus::new(|| NOW_MS / 1000)).await.unwrap()
}

pub fn entry(prometheus: &Fake<Prometheus>, more: &str) -> String {
    format!("[[prometheus]]\nurl = '{}'\n{more}\n", prometheus.origin())
}

pub async fn start() -> (Chat, Fake<Prometheus>) {
    let prometheus = world().await;
    let entry = entry(&prometheus, "web = 'https://prom.example.com/main'");
    (Chat::with(&format!("{RULES}{READERS}{entry}")).await, prometheus)
}

#[tokio::test]
async fn a_query_gives_a_value_or_a_table() {
    let (mut chat, prometheus) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "prom query up").await, @"
    #### up：3 条序列

    共同标签：up job=node

    - **1**　instance=db1:9100
    - **1**　instance=db2:9100
    - **0**　instance=web1:9100

    - 最近 1 小时的走势：**prom range --last 1h up**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=up&g0.tab=1)
    ");
    insta::assert_snapshot!(ask(&mut chat, "prom 查询 count(up)").await, @"
    #### count(up)

    **3**

    - 最近 1 小时的走势：**prom range --last 1h count(up)**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=count%28up%29&g0.tab=1)
    ");
    insta::assert_snapshot!(ask(&mut chat, "prometheus query 0.1").await, @"
    #### 0.1

    **0.1**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=0.1&g0.tab=1)
    ");
    insta::assert_snapshot!(ask(&mut chat, "prom query error_share").await, @"
    #### error&#95;share：2 条序列

    - **NaN**　code=5xx
    - **&#43;Inf**　code=2xx

    - 最近 1 小时的走势：**prom range --last 1h error&#95;share**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=error_share&g0.tab=1)
    ");
    insta::assert_snapshot!(ask(&mut chat, "prom query nothing_like_that").await, @"
    #### nothing&#95;like&#95;that：0 条序列

    没有查到数据：指标名或标签可能不对，或者这段时间没有数据。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=nothing_like_that&g0.tab=1)
    ");
    let asked = prometheus.asked();
    assert_eq!(asked[0].line, "GET /api/v1/query?query=up&timeout=10s&limit=300");
}

#[tokio::test]
async fn long_lists_are_cut() {
    let (mut chat, _prometheus) = start().await;
    let reply = ask(&mut chat, "prom query many").await;
    assert_eq!(reply.lines().filter(|line| line.starts_with("- **1**")).count(), 15, "{reply}");
    assert!(reply.contains("还有 285 行") && reply.contains("results truncated due to limit"), "{reply}");
    let reply = ask(&mut chat, "prom range many").await;
    assert_eq!(reply.matches("最小 1").count(), 15, "{reply}");
}

#[tokio::test]
async fn a_range_is_drawn() {
    let (mut chat, prometheus) = start().await;
    let query = "node_load1{instance=\"db1:9100\"}";
    insta::assert_snapshot!(ask(&mut chat, &format!("prom range {query} --last 1h")).await, @r#"
    #### node&#95;load1{instance="db1:9100"}：最近 1h，1 条序列

    每格 4m，· 是没有数据

    - node&#95;load1 instance=db1:9100 job=node  
      ▁▂▃▆▇▄▂▁··█▇▄▂▁▁  
      最小 0.5，平均 1.66346，最大 4，最新 0.5

    - 当前值：**prom query node&#95;load1{instance="db1:9100"}**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=node_load1%7Binstance%3D%22db1%3A9100%22%7D&g0.tab=0&g0.range_input=1h)
    "#);
    insta::assert_snapshot!(ask(&mut chat, "prom 走势 —last 6h error_share").await, @"
    #### error&#95;share：最近 6h，2 条序列

    每格 30m，· 是没有数据

    - code=5xx  
      ·············  
      没有有效数值，最新 NaN
    - code=2xx  
      █████████████  
      最小 +Inf，平均 +Inf，最大 +Inf，最新 +Inf

    - 当前值：**prom query error&#95;share**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=error_share&g0.tab=0&g0.range_input=6h)
    ");
    insta::assert_snapshot!(ask(&mut chat, "prom range nothing_like_that").await, @"
    #### nothing&#95;like&#95;that：最近 1h，0 条序列

    没有查到数据：指标名或标签可能不对，或者这段时间没有数据。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=nothing_like_that&g0.tab=0&g0.range_input=1h)
    ");
    let asked = prometheus.asked();
    assert_eq!(asked[0].query("query"), Some(query));
    assert_eq!(asked[0].query("step"), Some("120"));
    assert_eq!(asked[0].query("end"), Some("1767225600"));
}

#[tokio::test]
async fn what_is_no_command_leads_to_help() {
    let (mut chat, _prometheus) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "prom node_load1").await, @"
    #### prom

    - **查询**（prom query）：用 PromQL 查询当前值
    - **走势**（prom range）：用 PromQL 看一段时间的变化
    - **prom alerts**：列出 Prometheus 规则产生的告警，包括还在等待的
    - **采集目标**（prom targets）：查看采集目标，哪些采集不到

    > 想了解某条命令，请发送「帮助 命令」，例如：帮助 prom query

    @0147000002
    ");
    for line in ["prom", "prometheus", "Prometheus ？", "help prometheus", "prometheus node_load1"] {
        let help = ask(&mut chat, line).await;
        assert!(help.starts_with("#### prom\n") && help.contains("**查询**"), "{line}: {help}");
    }
    assert!(ask(&mut chat, "prom qeury up").await.contains("**prom query up**"));
}

#[tokio::test]
async fn what_somebody_tries() {
    let prometheus = world().await;
    let named = entry(&prometheus, "name = 'main'\nweb = 'https://prom.example.com/main'");
    let mut chat = Chat::with(&format!("{RULES}{READERS}{named}")).await;
    let mut told = String::new();
    for query in [
        "up{instance=“db1:9100”}",
        "sum(up) by (job)",
        "max(node_load1)",
        "rate(node_load1[5m])",
        "up == 0",
        "{__name__=~\"u.\", instance=~\"db[12]:.+\"}",
        "up{job=~\"x.*\"}",
        "up foo",
    ] {
        told.push_str(&ask(&mut chat, &format!("prom query {query}")).await);
        told.push('\n');
    }
    told.push_str(&ask(&mut chat, "prom range avg by (instance) (up)").await);
    insta::assert_snapshot!(told, @r#"
    #### Prometheus main · up{instance="db1:9100"}：1 条序列

    - **1**　up instance=db1:9100 job=node

    - 最近 1 小时的走势：**prom range --last 1h --on main up{instance="db1:9100"}**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=up%7Binstance%3D%22db1%3A9100%22%7D&g0.tab=1)
    #### Prometheus main · sum(up) by (job)：1 条序列

    - **2**　job=node

    - 最近 1 小时的走势：**prom range --last 1h --on main sum(up) by (job)**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=sum%28up%29+by+%28job%29&g0.tab=1)
    #### Prometheus main · max(node&#95;load1)

    **0.5**

    - 最近 1 小时的走势：**prom range --last 1h --on main max(node&#95;load1)**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=max%28node_load1%29&g0.tab=1)
    #### Prometheus main · rate(node&#95;load1&#91;5m&#93;)：1 条序列

    - **0**　instance=db1:9100 job=node

    - 最近 1 小时的走势：**prom range --last 1h --on main rate(node&#95;load1&#91;5m&#93;)**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=rate%28node_load1%5B5m%5D%29&g0.tab=1)
    #### Prometheus main · up == 0：1 条序列

    - **0**　up instance=web1:9100 job=node

    - 最近 1 小时的走势：**prom range --last 1h --on main up == 0**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=up+%3D%3D+0&g0.tab=1)
    #### Prometheus main · {&#95;&#95;name&#95;&#95;=&#126;"u.", instance=&#126;"db&#91;12&#93;:.+"}：2 条序列

    共同标签：up job=node

    - **1**　instance=db1:9100
    - **1**　instance=db2:9100

    - 最近 1 小时的走势：**prom range --last 1h --on main {&#95;&#95;name&#95;&#95;=&#126;"u.", instance=&#126;"db&#91;12&#93;:.+"}**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=%7B__name__%3D%7E%22u.%22%2C+instance%3D%7E%22db%5B12%5D%3A.%2B%22%7D&g0.tab=1)
    #### Prometheus main · up{job=&#126;"x.&#42;"}：0 条序列

    没有查到数据：指标名或标签可能不对，或者这段时间没有数据。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=up%7Bjob%3D%7E%22x.*%22%7D&g0.tab=1)
    #### prom query：未能完成

    Prometheus main 认为请求有误（HTTP 400）。它的说明：this Prometheus is simulated and reads only: names with {labels}, == and the like with a number, rate, sum, avg, min, max, count; it stopped at 1:4: unexpected identifier "foo"

    @0147000002
    #### Prometheus main · avg by (instance) (up)：最近 1h，3 条序列

    每格 4m，· 是没有数据

    - instance=db1:9100  
      ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄  
      最小 1，平均 1，最大 1，最新 1
    - instance=db2:9100  
      ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄  
      最小 1，平均 1，最大 1，最新 1
    - instance=web1:9100  
      ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁  
      最小 0，平均 0，最大 0，最新 0

    - 当前值：**prom query --on main avg by (instance) (up)**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/graph?g0.expr=avg+by+%28instance%29+%28up%29&g0.tab=0&g0.range_input=1h)
    "#);
}

#[tokio::test]
async fn targets_that_are_down() {
    let (mut chat, prometheus) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "采集目标").await, @"
    #### Prometheus：4 个采集目标，1 个采集不到

    - **node**　2/3 正常
    - **prometheus**　1/1 正常

    - 看采集不到的：**prom targets --down**

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/targets)
    ");
    insta::assert_snapshot!(ask(&mut chat, "prom targets --down").await, @r#"
    #### Prometheus：4 个采集目标，1 个采集不到

    - **web1:9100**　node　采集失败　07:59:48　Get "http&#58;//web1:9100/metrics": dial tcp 10.0.0.3:9100: connect: connection refused

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/targets)
    "#);
    prometheus.world().targets.retain(|target| target["health"] == "up");
    insta::assert_snapshot!(ask(&mut chat, "prom targets --down").await, @"
    #### Prometheus：3 个采集目标，0 个采集不到

    所有采集目标都正常。

    @0147000002

    [打开 Prometheus](https://prom.example.com/main/targets)
    ");
}

#[tokio::test]
async fn it_signs_in_where_that_is_asked_for() {
    let (main, guarded) = (world().await, world().await);
    guarded.world().is_guarded = true;
    let both = format!(
        "{RULES}{READERS}{}{}{}",
        entry(&main, "name = 'main'\ndefault = true"),
        entry(&guarded, &format!("name = 'guarded'\ntoken = '{TOKEN}'")),
        entry(&guarded, "name = 'both'\ntoken = 'made-up'\nuser = 'bot'\npassword = 'made-up'"),
    );
    let mut chat = Chat::with(&both).await;
    for line in ["prom query count(up)", "prom query count(up) --on guarded"] {
        assert!(ask(&mut chat, line).await.contains("**3**"), "{line}");
    }
    insta::assert_snapshot!(ask(&mut chat, "prom query up --on both").await, @"
    #### prom query：未能完成

    Prometheus both 已停用：它的配置有误，请管理员运行 dingops check 查看。

    @0147000002
    ");
    let reply = ask(&mut chat, "status").await;
    assert!(reply.contains("**Prometheus guarded**：可用，版本 2.42.0"), "{reply}");
    assert_eq!(main.asked()[0].header("authorization"), "");
    chat.say(bob(), "prom targets --down").await;
    assert!(chat.read().contains("1 个采集不到"));
}
