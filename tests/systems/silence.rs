//! Conversations about new silences.

use dingops::testing::Chat;
use http::Method;
use jiff::SignedDuration;

use crate::{
    alertmanager::{ALL, settings, world},
    fakes::{
        Fake,
        alertmanager::{Alert, Alertmanager},
    },
    talk::{ask, coded, confirmed, shown},
};

/// Alertmanager, and what alice may do with it.
pub async fn start(rule: &str, more: &str) -> (Chat, Fake<Alertmanager>) {
    let alertmanager = world().await;
    (Chat::with(&settings(&alertmanager, rule, more)).await, alertmanager)
}

#[tokio::test]
async fn an_alert_is_silenced_by_its_fingerprint() {
    let (mut chat, alertmanager) = start(ALL, "").await;
    let fingerprint = alertmanager.world().fingerprint(0);
    let card = ask(&mut chat, &format!("静默 {fingerprint} 120分钟")).await;
    insta::assert_snapshot!(shown(&card), @"
    #### alerts silence：请确认

    ```
    alerts silence ec2698d1e29e655f 2h
    ```

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=PodCrashLooping cluster=dev namespace=shop severity=warning
    - 会随重启变化、不作为条件的标签：instance=10.244.1.7:8080、pod=web-7d4b9c-x2x4v
    - 符合条件的告警现有 2 条
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-x2x4v
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-9s8df

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    alerts silence ec2698d1e29e655f 2h --confirm CODE
    ```

    @0147000002
    ");
    assert_eq!(alertmanager.writes(), [""; 0]);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### 已静默 2h，到 10:00:00 为止

    条件：alertname=PodCrashLooping cluster=dev namespace=shop severity=warning

    符合条件的告警现有 2 条

    - 取消静默：**alerts unsilence 00000001-0000-4000-8000-000000000001**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/silences/00000001-0000-4000-8000-000000000001)
    ");
    assert_eq!(alertmanager.writes(), ["POST /api/v2/silences"]);
    let sent = alertmanager.asked().into_iter().find(|asked| asked.method == Method::POST).unwrap().json();
    insta::assert_snapshot!(serde_json::to_string_pretty(&sent).unwrap(), @r#"
    {
      "comment": "在钉钉静默",
      "createdBy": "由爱丽丝（0147000002）在钉钉发起",
      "endsAt": "2026-01-01T02:00:00Z",
      "matchers": [
        {
          "isEqual": true,
          "isRegex": false,
          "name": "alertname",
          "value": "PodCrashLooping"
        },
        {
          "isEqual": true,
          "isRegex": false,
          "name": "cluster",
          "value": "dev"
        },
        {
          "isEqual": true,
          "isRegex": false,
          "name": "namespace",
          "value": "shop"
        },
        {
          "isEqual": true,
          "isRegex": false,
          "name": "severity",
          "value": "warning"
        }
      ],
      "startsAt": "2026-01-01T00:00:00Z"
    }
    "#);
}

#[tokio::test]
async fn a_host_is_told_by_its_instance() {
    let (mut chat, alertmanager) = start(ALL, "").await;
    let fingerprint = alertmanager.world().fingerprint(1);
    let card = ask(&mut chat, &format!("alerts silence {fingerprint} 30m")).await;
    assert!(card.contains("instance=web1:9100") && !card.contains("不作为条件"), "{card}");
    // Which labels are left out is for the settings to say; all of them is none.
    let more = "volatile_labels = ['instance', 'alertname', 'cluster', 'severity']";
    let mut chat = Chat::with(&settings(&alertmanager, ALL, more)).await;
    let card = ask(&mut chat, &format!("alerts silence {fingerprint} 30m")).await;
    assert!(card.contains("instance=web1:9100") && !card.contains("不作为条件"), "{card}");
}

#[tokio::test]
async fn what_fits_is_silenced_by_matchers() {
    let (mut chat, alertmanager) = start(ALL, "").await;
    let spare = alertmanager.world().alerts.remove(0).labels;
    for n in 0..6 {
        let mut alertmanager = alertmanager.world();
        let mut labels = spare.clone();
        labels.insert("pod".into(), format!("web-7d4b9c-{n}"));
        let starts_at = alertmanager.alerts[0].starts_at;
        alertmanager.alerts.push(Alert { labels, summary: "", starts_at, inhibited: false });
    }
    let line = "alerts 屏蔽 namespace=shop alertname=~Pod.* 1d -c \"正在 \\\"换\\\" 磁盘\"";
    let card = ask(&mut chat, line).await;
    insta::assert_snapshot!(shown(&card), @r#"
    #### alerts silence：请确认

    ```
    alerts silence alertname=~Pod.* namespace=shop 1d --comment "正在 \"换\" 磁盘"
    ```

    - 在 Alertmanager 上静默 1d，到 01-02 08:00:00 为止
    - 条件：alertname=&#126;Pod.&#42; namespace=shop
    - 符合条件的告警现有 7 条
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-9s8df
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-0
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-1
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-2
    - PodCrashLooping cluster=dev instance=10.244.1.7:8080 namespace=shop pod=web-7d4b9c-3
    - 还有 2 条

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    alerts silence alertname=~Pod.* namespace=shop 1d --comment "正在 \"换\" 磁盘" --confirm CODE
    ```

    @0147000002
    "#);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### 已静默 1d，到 01-02 08:00:00 为止

    条件：alertname=&#126;Pod.&#42; namespace=shop

    符合条件的告警现有 7 条

    - 取消静默：**alerts unsilence 00000001-0000-4000-8000-000000000001**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/silences/00000001-0000-4000-8000-000000000001)
    ");
    let silence = &alertmanager.world().silences[0];
    assert_eq!(silence.comment, "正在 \"换\" 磁盘");
    assert_eq!(silence.created_by, "由爱丽丝（0147000002）在钉钉发起");
    assert_eq!(silence.ends_at.duration_since(silence.starts_at), SignedDuration::from_hours(24));
}

#[tokio::test]
async fn what_nobody_was_shown_is_not_silenced() {
    let (mut chat, alertmanager) = start("run = ['alerts silence']\nconfirm = 'none'", "").await;
    let fingerprint = alertmanager.world().fingerprint(0);
    let reply = ask(&mut chat, &format!("alerts silence {fingerprint} 2h")).await;
    assert!(reply.starts_with("#### 已静默 2h") && reply.contains("符合条件的告警现有 1 条"), "{reply}");
    let sent = alertmanager.asked().into_iter().find(|asked| asked.method == Method::POST).unwrap().json();
    let pod = sent["matchers"].as_array().unwrap().iter().find(|matcher| matcher["name"] == "pod");
    assert!(pod.is_some(), "{sent}");
}

#[tokio::test]
async fn a_silence_that_was_ended_is_not_made_again_by_its_code() {
    let (mut chat, alertmanager) = start(ALL, "").await;
    let card = ask(&mut chat, "alerts silence alertname=Soon 2h").await;
    assert!(ask(&mut chat, &coded(&card)).await.starts_with("#### 已静默 2h"));
    let id = alertmanager.world().silences[0].id.clone();
    confirmed(&mut chat, &format!("alerts unsilence {id}")).await;
    chat.another_process();
    let again = ask(&mut chat, &coded(&card)).await;
    assert!(again.starts_with("#### 没有执行"), "{again}");
    assert_eq!(alertmanager.world().silences.len(), 1);
}

#[tokio::test]
async fn a_double_tap_in_two_processes_silences_once() {
    let (mut chat, alertmanager) = start(ALL, "").await;
    let fingerprint = alertmanager.world().fingerprint(1);
    for line in [format!("alerts silence {fingerprint} 2h"), "alerts silence alertname=Soon 2h".into()] {
        let card = ask(&mut chat, &line).await;
        chat.another_process();
        assert!(ask(&mut chat, &coded(&card)).await.starts_with("#### 已静默 2h"), "{line}");
        chat.another_process();
        let second = ask(&mut chat, &coded(&card)).await;
        assert!(second.starts_with("#### 没有执行"), "{second}");
    }
    assert_eq!(alertmanager.world().silences.len(), 2);
    // Asked again it is said that there is one.
    let again = ask(&mut chat, "alerts silence alertname=Soon 2h").await;
    assert!(again.contains("相同条件的静默已经有了，到 10:00:00 为止"), "{again}");
    insta::assert_snapshot!(ask(&mut chat, &coded(&again)).await, @"
    #### 已经静默到 10:00:00，没有再加

    条件：alertname=Soon

    现在没有符合条件的告警

    - 取消静默：**alerts unsilence 00000002-0000-4000-8000-000000000002**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/silences/00000002-0000-4000-8000-000000000002)
    ");
    assert!(confirmed(&mut chat, "alerts silence alertname=Soon 3h").await.contains("已静默 3h"));
    assert_eq!(alertmanager.world().silences.len(), 3);
}

#[tokio::test]
async fn a_rule_lets_only_a_slight_one_run_unconfirmed() {
    let (mut chat, alertmanager) = start("run = ['alerts silence']\nconfirm = 'none'", "").await;
    let fingerprint = alertmanager.world().fingerprint(1);
    let line = |duration: &str| format!("alerts silence {fingerprint} {duration}");
    insta::assert_snapshot!(ask(&mut chat, &line("4h")).await, @"
    #### 已静默 4h，到 12:00:00 为止

    条件：alertname=HostDown cluster=dev instance=web1:9100 severity=critical

    符合条件的告警现有 1 条

    - 取消静默：**alerts unsilence 00000001-0000-4000-8000-000000000001**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/silences/00000001-0000-4000-8000-000000000001)
    ");
    assert_eq!(alertmanager.writes().len(), 1);
    assert!(ask(&mut chat, &line("4h")).await.contains("已经静默到 12:00:00"));
    assert_eq!(alertmanager.writes().len(), 1);
    for line in [line("5h"), "alerts silence alertname=HostDown 1h".into()] {
        let card = ask(&mut chat, &line).await;
        assert!(card.contains("请确认"), "{line}: {card}");
        let reply = ask(&mut chat, &format!("权限 {line}")).await;
        assert!(reply.starts_with("#### 可以执行，需要你本人确认"), "{reply}");
        assert!(ask(&mut chat, &coded(&card)).await.starts_with("#### 已静默"));
    }
    let reply = ask(&mut chat, &format!("can {}", line("4h"))).await;
    assert!(reply.starts_with("#### 可以执行\n"), "{reply}");
    assert_eq!(alertmanager.writes().len(), 3);
}

#[tokio::test]
async fn an_alert_is_silenced_by_its_name() {
    let rule = "run = ['alerts *']\nwhen = { target = 'alertname=HostDown' }";
    let (mut chat, alertmanager) = start(rule, "name = 'prod'").await;
    let card = ask(&mut chat, "屏蔽 HostDown 2h").await;
    insta::assert_snapshot!(shown(&card), @"
    #### alerts silence：请确认

    ```
    alerts silence alertname=HostDown 2h --on prod
    ```

    - 在 Alertmanager prod 上静默 2h，到 10:00:00 为止
    - 条件：alertname=HostDown
    - 符合条件的告警现有 1 条
    - HostDown cluster=dev instance=web1:9100

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    alerts silence alertname=HostDown 2h --on prod --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### Alertmanager prod · 已静默 2h，到 10:00:00 为止

    条件：alertname=HostDown

    符合条件的告警现有 1 条

    - 取消静默：**alerts unsilence 00000001-0000-4000-8000-000000000001 --on prod**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/silences/00000001-0000-4000-8000-000000000001)
    ");
    let id = alertmanager.world().silences[0].id.clone();
    assert!(ask(&mut chat, "屏蔽 PodCrashLooping 2h").await.contains("无权执行"));
    let mut chat = Chat::with(&settings(&alertmanager, ALL, "name = 'prod'")).await;
    assert!(confirmed(&mut chat, &format!("取消静默 {id}")).await.starts_with("#### Alertmanager prod · "));
    for line in [
        "alerts silence {alertname=\"HostDown\",severity=\"critical\"} 2h",
        "alerts silence HostDown severity=critical 2h",
        "alerts silence severity=critical,alertname=HostDown 2h",
        "alerts silence ｛alertname=“HostDown”，severity=“critical”｝ 2h",
        // As Alertmanager's page, Prometheus and Grafana write them.
        "alerts silence {alertname=\"HostDown\", severity=\"critical\"} 2h",
        "alerts silence alertname=\"HostDown\",severity=\"critical\" 2h",
        "静默{alertname＝“HostDown”， severity=“critical”｝ 2h",
        // As they are copied from Alertmanager's page, which has buttons between them.
        "静默 alertname=\"HostDown\"+ severity=\"critical\"+ 2h",
        "静默 alertname=\"HostDown\"\n+\nseverity=\"critical\"\n+\n2h",
        "静默 alertname=\"HostDown\"+severity=\"critical\" 2h",
        "屏蔽 '{alertname=\"HostDown\", severity=\"critical\"}' 2h --on prod",
    ] {
        let card = ask(&mut chat, line).await;
        assert!(
            card.contains("alerts silence alertname=HostDown severity=critical 2h --on prod\n"),
            "{card}"
        );
    }
    // Elsewhere it is a part of what is said.
    let card = ask(&mut chat, "静默 alertname=~Host.+ severity=~\"crit.+\" 2h").await;
    assert!(card.contains("alerts silence alertname=~Host.+ severity=~crit.+ 2h --on prod\n"), "{card}");
}
