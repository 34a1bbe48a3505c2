//! Conversations with a real Prometheus and a real Alertmanager, which `.ci/run monitoring` brings: an alert fires, is
//! listed, silenced and unsilenced.

mod peers;
#[path = "../systems/talk.rs"]
#[expect(dead_code, reason = "some of it is about stand-ins")]
mod talk;

use std::time::Duration;

use dingops::{
    clock::{Clock, SystemClock},
    testing::{Chat, bob},
};

use self::{
    peers::{PASSWORD, Peers, USER},
    talk::{RULES, coded},
};

/// What a slow machine may need for an alert to fire, and to be told.
const PATIENCE: Duration = Duration::from_secs(60);

fn settings(peers: &Peers) -> String {
    let (prometheus, alertmanager) = (&peers.prometheus.url, &peers.alertmanager.url);
    format!(
        "{RULES}
[[allow]]
who = ['staff']
effect = 'read'
[[allow]]
who = ['alice']
run = ['alerts *']
[[allow]]
who = ['bob']
run = ['alerts silence']
confirm = 'none'
[[prometheus]]
name = 'main'
default = true
url = '{prometheus}'
user = '{USER}'
password = '{PASSWORD}'
[[prometheus]]
name = 'stranger'
url = '{prometheus}'
[[alertmanager]]
url = '{alertmanager}/'
"
    )
}

/// What alice reads after she said this, now.
async fn ask(chat: &mut Chat, line: &str) -> String {
    now(chat);
    talk::ask(chat, line).await
}

/// Puts the clock of the conversation to the machine's, by which the others go.
fn now(chat: &Chat) {
    let behind = SystemClock.now().duration_since(chat.clock().now());
    chat.clock().advance(Duration::try_from(behind).unwrap_or_default());
}

/// Asks until the reply has these words in it.
async fn until(chat: &mut Chat, line: &str, words: &[&str]) -> String {
    let from = SystemClock.now();
    loop {
        let reply = ask(chat, line).await;
        if words.iter().all(|word| reply.contains(word)) {
            return reply;
        }
        let waited = Duration::try_from(SystemClock.now().duration_since(from)).unwrap_or_default();
        assert!(waited < PATIENCE, "{words:?} should be in {reply}");
        SystemClock.sleep(Duration::from_millis(300)).await;
    }
}

async fn confirmed(chat: &mut Chat, line: &str) -> String {
    let card = ask(chat, line).await;
    ask(chat, &coded(&card)).await
}

/// All of these words are in a reply.
fn has(reply: &str, words: &[&str]) {
    for word in words {
        assert!(reply.contains(word), "{word:?} should be in {reply}");
    }
}

/// What follows a word, up to a blank or what is no part of an id.
fn behind<'r>(reply: &'r str, word: &str) -> &'r str {
    let (_, rest) = reply.split_once(word).unwrap_or_else(|| panic!("{word:?} should be in {reply}"));
    rest.split(|c: char| !c.is_ascii_hexdigit() && c != '-').next().unwrap_or_default()
}

#[tokio::test]
async fn an_alert_from_its_query_to_the_end_of_its_silence() {
    let peers = Peers::start();
    let mut chat = Chat::with(&settings(&peers)).await;
    let ready = ["**Prometheus main**：可用，版本", "**Alertmanager**：可用，版本", "HTTP 401"];
    until(&mut chat, "status", &ready).await;
    queries(&mut chat).await;
    silences(&mut chat).await;
}

async fn queries(chat: &mut Chat) {
    let up = until(chat, "prom query up", &["2 条序列", "**1**", "**0**"]).await;
    has(&up, &["共同标签：up job=self", "instance=127.0.0.1:1\n", "/prom/graph?g0.expr=up&g0.tab=1"]);
    has(&ask(chat, "prom query vector(1) / 0").await, &["**&#43;Inf**"]);
    has(&ask(chat, "prom query 0/0").await, &["**NaN**"]);
    has(&ask(chat, "prom query nothing_like_that").await, &["没有查到数据"]);
    has(
        &ask(chat, "prom query up{").await,
        &["HTTP 400", "parse error: unexpected end of input inside braces"],
    );
    has(&ask(chat, "prom query up --on stranger").await, &["不接受机器人的凭据（HTTP 401）"]);
    let long = format!("prom query {}1", "1 + ".repeat(900));
    has(&ask(chat, &long).await, &["**901**"]);
    has(&ask(chat, "prom query up[1m]").await, &["2 条序列", "最小 0，平均 0，最大 0，最新 0"]);
    let range = until(chat, "prom range up --last 1m", &["▄", "最新 1"]).await;
    has(&range, &["2 条序列", "每格 4s", "最小 1，平均 1，最大 1，最新 1", "g0.range_input=1m"]);
    has(&ask(chat, "prom range scalar(up) --last 7d").await, &["每格 12h", "没有有效数值，最新 NaN"]);
    has(&ask(chat, "prom range \"text\"").await, &["HTTP 400"]);
    let alerts = until(chat, "prom alerts", &["1 条告警触发，1 条等待中"]).await;
    has(&alerts, &["**Always**　触发", "值 1", "Always &lt;on&gt;", "**Soon**　等待中"]);
    has(&alerts, &["走势：**prom range --last 1h --on main vector(2)**"]);
    until(chat, "prom targets", &["2 个采集目标，1 个采集不到", "**self**　1/2 正常"]).await;
    has(&ask(chat, "prom targets --down").await, &["**127.0.0.1:1**", "采集失败", "connection refused"]);
}

async fn silences(chat: &mut Chat) {
    let list = until(chat, "告警", &["1 条告警", "Always"]).await;
    has(&list, &["warning", "pod=web-1", "Always &lt;on&gt;"]);
    let fingerprint = behind(&list, "alerts silence ").to_owned();
    assert_eq!(fingerprint.len(), 16, "{list}");

    let card = ask(chat, &format!("静默 {fingerprint} 2h")).await;
    has(&card, &["条件：alertname=Always severity=warning", "instance=10.0.0.1:80、pod=web-1", "现有 1 条"]);
    chat.another_process();
    let silenced = ask(chat, &coded(&card)).await;
    has(&silenced, &["已静默 2h"]);
    let id = behind(&silenced, "alerts unsilence ").to_owned();
    chat.another_process();
    has(&ask(chat, &coded(&card)).await, &["没有执行"]);
    has(&ask(chat, "alerts list severity=~\"warn.*|x\" pod!=a").await, &["其中 1 条不通知", "已静默"]);
    has(&ask(chat, "alerts silences").await, &["1 条静默", &id, "由爱丽丝（0147000002）在钉钉发起"]);

    let card = ask(chat, &format!("取消静默 {id}")).await;
    has(&card, &["共 1 条", "Always"]);
    has(&ask(chat, &coded(&card)).await, &["静默已取消"]);
    has(&ask(chat, &coded(&card)).await, &["已经结束"]);
    has(&ask(chat, "alerts silences").await, &["0 条静默"]);
    has(&ask(chat, "alerts list").await, &["1 条告警\n", "alerts silence"]);

    let pasted = r#"{alertname="Always", team!="a, b", instance=~"10\\.0\\.0\\.1:80"}"#;
    has(&ask(chat, &format!("alerts list {pasted}")).await, &["1 条告警\n", "Always"]);
    let silenced = confirmed(chat, &format!("alerts silence {pasted} 5m")).await;
    has(&silenced, &["已静默 5m", "现有 1 条"]);
    until(chat, "alerts list", &["其中 1 条不通知"]).await;
    let id = behind(&silenced, "alerts unsilence ").to_owned();
    has(&confirmed(chat, &format!("alerts unsilence {id}")).await, &["静默已取消"]);

    let strange = confirmed(chat, r#"alerts silence 'a=~"x \"y\" \\d+"' b!="" 'c="~{}, =\\"' 5m"#).await;
    has(&strange, &["已静默 5m", "现在没有符合条件的告警"]);
    has(&ask(chat, "alerts silences").await, &["1 条静默", r#"&#126;"x &#92;"y&#92;" &#92;&#92;d+""#]);
    let none = "alerts unsilence 11111111-1111-4111-8111-111111111111";
    has(&ask(chat, none).await, &["没有这条静默"]);
    has(&ask(chat, "alerts list a=~(").await, &["HTTP 400", "missing closing )"]);
    has(&ask(chat, "alerts silence a=~( 1h").await, &["HTTP 400", "missing closing )"]);

    // What is slight needs no code, where a rule says so; all else does.
    now(chat);
    chat.say(bob(), &*format!("alerts silence {fingerprint} 4h")).await;
    has(&chat.read(), &["已静默 4h"]);
    for line in [format!("alerts silence {fingerprint} 5h"), "alerts silence alertname=Always 1h".to_owned()]
    {
        chat.say(bob(), &*line).await;
        has(&chat.read(), &["请确认"]);
    }
}
