//! Conversations with an Alertmanager, but for what makes silences.

use dingops::testing::{Chat, NOW_MS, bob};
use jiff::Timestamp;

use crate::{
    fakes::{
        Fake,
        alertmanager::{Alertmanager, PASSWORD, USER},
    },
    talk::{RULES, ask, coded, confirmed, shown},
};

pub async fn world() -> Fake<Alertmanager> {
    Fake::start(Alertmanager::new(|| Timestamp::from_millisecond(NOW_MS).unwrap_or_default())).await.unwrap()
}

/// A rule's words about all that can be done.
pub const ALL: &str = "run = ['alerts *']";

/// Everybody may read, and alice may do what a rule with these words says.
pub fn settings(alertmanager: &Fake<Alertmanager>, rule: &str, more: &str) -> String {
    format!(
        "{RULES}
[[allow]]
who = ['staff']
effect = 'read'
[[allow]]
who = ['alice']
{rule}
[[alertmanager]]
url = '{}'
web = 'https://alerts.example.com/am/'
user = '{USER}'
password = '{PASSWORD}'
{more}",
        alertmanager.origin()
    )
}

pub async fn start() -> (Chat, Fake<Alertmanager>) {
    let alertmanager = world().await;
    (Chat::with(&settings(&alertmanager, ALL, "")).await, alertmanager)
}

#[tokio::test]
async fn alerts_are_listed() {
    let (mut chat, alertmanager) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "alerts list").await, @"
    #### Alertmanager：3 条告警

    共同标签：cluster=dev

    - **HostDown instance=web1:9100**　critical　07:30:00 起　web1 连不上了　静默 2h：**alerts silence 834cc4c523ae4281 2h**
    - **PodCrashLooping instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-9s8df**　warning　07:50:00 起　静默 2h：**alerts silence 9c7e3749edb19ca9 2h**
    - **PodCrashLooping instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-x2x4v**　warning　07:48:00 起　静默 2h：**alerts silence ec2698d1e29e655f 2h**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true)
    ");
    insta::assert_snapshot!(ask(&mut chat, "告警 severity=~\"critical|page\" cluster!=prod").await, @"
    #### Alertmanager：1 条告警

    - **HostDown cluster=dev instance=web1:9100**　critical　07:30:00 起　web1 连不上了　静默 2h：**alerts silence 834cc4c523ae4281 2h**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Bseverity%3D%7E%22critical%7Cpage%22%2Ccluster%21%3D%22prod%22%7D)
    ");
    for (line, count) in
        [("severity=~\".+\"", 3), ("instance=~(web|db)[0-9]+:9100", 1), ("alertname!~\"Host(Up|Down)\"", 2)]
    {
        let reply = ask(&mut chat, &format!("告警 {line}")).await;
        assert!(reply.starts_with(&format!("#### Alertmanager：{count} 条告警")), "{line}: {reply}");
    }
    let fingerprint = alertmanager.world().fingerprint(1);
    confirmed(&mut chat, &format!("alerts silence {fingerprint} 2h")).await;
    alertmanager.world().alerts[0].inhibited = true;
    insta::assert_snapshot!(ask(&mut chat, "告警 list").await, @"
    #### Alertmanager：3 条告警，其中 2 条不通知

    共同标签：cluster=dev

    - **PodCrashLooping instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-9s8df**　warning　07:50:00 起　静默 2h：**alerts silence 9c7e3749edb19ca9 2h**
    - **HostDown instance=web1:9100**　已静默　critical　07:30:00 起　web1 连不上了
    - **PodCrashLooping instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-x2x4v**　被抑制　warning　07:48:00 起

    - 查看静默：**alerts silences**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true)
    ");
    alertmanager.world().alerts.clear();
    insta::assert_snapshot!(ask(&mut chat, "alerts list").await, @"
    #### Alertmanager：0 条告警

    没有告警。

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true)
    ");
}

#[tokio::test]
async fn matchers_stay_matchers() {
    let (mut chat, alertmanager) = start().await;
    ask(&mut chat, "alerts list 'a=\"b\",c=\"\\\"d\"' job=~x&active=false pod=").await;
    let asked = alertmanager.asked().remove(0);
    let filters: Vec<&str> = asked.query.iter().map(|(_, filter)| filter.as_str()).collect();
    assert_eq!(filters, [r#"a="b""#, r#"c="\"d""#, r#"job=~"x&active=false""#, r#"pod="""#]);
    assert!(asked.query.iter().all(|(name, _)| name == "filter"), "{asked:?}");
    let mut told = String::new();
    for line in ["alerts list 2h", "alerts list a-b=c", "告警 1a=~b"] {
        told.push_str(&ask(&mut chat, line).await);
    }
    insta::assert_snapshot!(told, @"
    #### alerts list：参数有误

    应是标签条件：name=value、name!=value、name=&#126;正则 或 name!&#126;正则，值最多 300 个字，收到的是「2h」

    ```
    alerts list 2h
                  ^
    ```

    用法：alerts list &#91;matcher…&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 alerts list**

    @0147000002#### alerts list：参数有误

    应是标签条件：name=value、name!=value、name=&#126;正则 或 name!&#126;正则，值最多 300 个字，收到的是「a-b=c」

    ```
    alerts list a-b=c
                 ^^^^
    ```

    用法：alerts list &#91;matcher…&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 alerts list**

    @0147000002#### alerts list：参数有误

    应是标签条件：name=value、name!=value、name=&#126;正则 或 name!&#126;正则，值最多 300 个字，收到的是「1a=&#126;b」

    ```
    告警 1a=~b
    　　 ^^
    ```

    用法：alerts list &#91;matcher…&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 alerts list**

    @0147000002
    ");
    assert_eq!(alertmanager.asked().len(), 2);
}

#[tokio::test]
async fn alerts_are_found_by_name() {
    let (mut chat, alertmanager) = start().await;
    let reply = ask(&mut chat, "告警 HostDown").await;
    assert!(
        reply.starts_with("#### Alertmanager：1 条告警") && reply.contains("instance=web1:9100"),
        "{reply}"
    );
    assert_eq!(alertmanager.asked().pop().unwrap().query("filter"), Some("alertname=\"HostDown\""));
    insta::assert_snapshot!(ask(&mut chat, "告警 HostUp").await, @"
    #### Alertmanager：没有符合条件的告警

    条件：alertname=HostUp

    现在共有 3 条告警，都不符合。

    - 看全部告警：**alerts list**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Balertname%3D%22HostUp%22%7D)
    ");
    let listed = ask(&mut chat, "alerts").await;
    assert!(listed.starts_with("#### alerts\n"), "{listed}");
    assert_eq!(ask(&mut chat, "alertmanager").await, listed);
}

#[tokio::test]
async fn a_silence_is_ended_once() {
    let (mut chat, alertmanager) = start().await;
    let fingerprint = alertmanager.world().fingerprint(0);
    confirmed(&mut chat, &format!("alerts silence {fingerprint} 2h --comment 发布中")).await;
    insta::assert_snapshot!(ask(&mut chat, "alerts silences").await, @"
    #### Alertmanager：1 条静默

    - **alertname=PodCrashLooping cluster=dev namespace=shop severity=warning**　到 10:00:00　由爱丽丝（0147000002）在钉钉发起　发布中　取消静默：**alerts unsilence 00000001-0000-4000-8000-000000000001**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/silences)
    ");
    let id = alertmanager.world().silences[0].id.clone();
    for alias in ["取消屏蔽", "解除静默", "解除屏蔽"] {
        assert!(ask(&mut chat, &format!("{alias} {id}")).await.starts_with("#### alerts unsilence：请确认"));
    }
    let card = ask(&mut chat, &format!("取消静默 {id}")).await;
    insta::assert_snapshot!(shown(&card), @"
    #### alerts unsilence：请确认

    ```
    alerts unsilence 00000001-0000-4000-8000-000000000001
    ```

    - 提前结束 Alertmanager 上的一条静默，它原本到 10:00:00 为止
    - 条件：alertname=PodCrashLooping cluster=dev namespace=shop severity=warning
    - 由爱丽丝（0147000002）在钉钉发起：发布中
    - 这些告警会恢复通知，共 2 条
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-x2x4v
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-9s8df

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    alerts unsilence 00000001-0000-4000-8000-000000000001 --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### 静默已取消

    条件：alertname=PodCrashLooping cluster=dev namespace=shop severity=warning

    - 查看告警：**alerts list alertname=PodCrashLooping cluster=dev namespace=shop severity=warning**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Balertname%3D%22PodCrashLooping%22%2Ccluster%3D%22dev%22%2Cnamespace%3D%22shop%22%2Cseverity%3D%22warning%22%7D)
    ");
    assert_eq!(alertmanager.writes()[1..], [format!("DELETE /api/v2/silence/{id}")]);
    chat.another_process();
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### alerts unsilence：未能完成

    这条静默在 08:00:00 已经结束。

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "静默列表").await, @"
    #### Alertmanager：0 条静默

    没有生效中的静默。

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/silences)
    ");
    assert_eq!(alertmanager.writes().len(), 2);
}

#[tokio::test]
async fn a_silence_that_is_not_there() {
    let (mut chat, alertmanager) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "alerts unsilence 00000001-0000-4000-8000-000000000002").await, @"
    #### alerts unsilence：未能完成

    Alertmanager 上没有这条静默。

    @0147000002
    ");
    let fingerprint = alertmanager.world().fingerprint(0);
    confirmed(&mut chat, &format!("alerts silence {fingerprint} 2h")).await;
    insta::assert_snapshot!(ask(&mut chat, "alerts unsilence 00000001-0000-4000-8000-000000000002").await, @"
    #### alerts unsilence：未能完成

    Alertmanager 上没有这条静默。是不是：00000001-0000-4000-8000-000000000001？

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "alerts unsilence ../alerts").await, @"
    #### alerts unsilence：参数有误

    应是静默 ID，如 8d4162b1-5741-4acf-a408-2be23d7038b4（发送「静默列表」可以看到），收到的是「../alerts」

    ```
    alerts unsilence ../alerts
                     ^^^^^^^^^
    ```

    用法：alerts unsilence &lt;id&gt; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts unsilence**

    @0147000002
    ");
    chat.say(bob(), "alerts unsilence 00000001-0000-4000-8000-000000000001").await;
    assert!(chat.read().contains("无权执行"));
}

#[tokio::test]
async fn one_whose_settings_are_wrong_takes_nothing_from_the_others() {
    let alertmanager = world().await;
    for wrong in [
        "max_silence = 'long'",
        "max_silence = '1s'",
        "volatile_labels = ['a b']",
        "user = 'bot'",
        "password = 'made-up'",
        "user = 'a:b'\npassword = 'made-up'",
        "token = ''",
        "token = '${NOT_SET}'",
        "url = 'ftp://x'",
    ] {
        let url = if wrong.contains("url") { "" } else { "url = 'https://alerts.example.com'" };
        let other = format!("name = 'main'\n[[alertmanager]]\nname = 'other'\n{url}\n{wrong}\n");
        let mut chat = Chat::with(&settings(&alertmanager, ALL, &other)).await;
        assert!(ask(&mut chat, "alerts list --on main").await.contains("3 条告警"), "{wrong}");
        assert!(
            ask(&mut chat, "alerts list --on other").await.contains("Alertmanager other 已停用"),
            "{wrong}"
        );
        let reply = ask(&mut chat, "status").await;
        assert!(reply.contains("**Alertmanager main**：可用，版本 0.25.0"), "{reply}");
    }
}

#[tokio::test]
async fn conditions_of_a_rule_hold_for_the_duration() {
    let alertmanager = world().await;
    let rule = "run = ['alerts *']\nwhen = { duration = '..2h' }";
    let mut chat = Chat::with(&settings(&alertmanager, rule, "")).await;
    let fingerprint = alertmanager.world().fingerprint(1);
    assert!(ask(&mut chat, &format!("alerts silence {fingerprint} 120m")).await.contains("请确认"));
    assert!(ask(&mut chat, &format!("alerts silence {fingerprint} 121m")).await.contains("无权执行"));
    chat.say(bob(), &*format!("alerts silence {fingerprint} 1m")).await;
    assert!(chat.read().contains("无权执行"));
}

#[tokio::test]
async fn a_time_has_its_day_and_year_where_they_are_others() {
    let (mut chat, alertmanager) = start().await;
    for (index, begun) in ["2025-11-30T20:00:00Z", "2024-01-01T00:00:00Z"].into_iter().enumerate() {
        alertmanager.world().alerts[index].starts_at = begun.parse().unwrap();
    }
    let reply = ask(&mut chat, "alerts list").await;
    let told: Vec<&str> = reply.split('　').filter_map(|part| part.strip_suffix(" 起")).collect();
    insta::assert_debug_snapshot!(told, @r#"
    [
        "2024-01-01 08:00:00",
        "07:50:00",
        "2025-12-01 04:00:00",
    ]
    "#);
}
