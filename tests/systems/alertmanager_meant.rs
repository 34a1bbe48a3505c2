//! Conversations about what fits no alert, and what may be meant; and how little is said of what is known.

use dingops::testing::Chat;

use crate::{
    alertmanager::{ALL, settings, start, world},
    talk::{ask, confirmed},
};

#[tokio::test]
async fn what_no_alert_can_fit_is_refused() {
    let (mut chat, alertmanager) = start().await;
    let mut told = String::new();
    for line in [
        "静默 HostDown PodCrashLooping 2h",
        "静默 instance=~web.* job=a.b job=c severity=x severity=x 2h",
        "静默 HostDown 和 PodCrashLooping 2h",
        "静默 alertname=\"HostDown\" AND severity=\"critical\" 2h",
        "静默 HostDown for 2h",
        "告警 HostDown PodCrashLooping",
    ] {
        let reply = ask(&mut chat, line).await;
        let (said, _) = reply.split_once("用法：").unwrap();
        told.push_str(&format!("> {line}\n{said}"));
    }
    insta::assert_snapshot!(told, @r#"
    > 静默 HostDown PodCrashLooping 2h
    #### alerts silence：参数有误

    一条告警的 alertname 只有一个值，不会同时等于这几个。要其中任意一个，请写 alertname=&#126;"HostDown&#124;PodCrashLooping"。

    > 静默 instance=~web.* job=a.b job=c severity=x severity=x 2h
    #### alerts silence：参数有误

    一条告警的 job 只有一个值，不会同时等于这几个。要其中任意一个，请写 job=&#126;"a&#92;&#92;.b&#124;c"。

    > 静默 HostDown 和 PodCrashLooping 2h
    #### alerts silence：参数有误

    「和」不是标签条件：条件之间、时长前面只留空格。写了几个条件，就是要同时符合；要几个告警名中的任意一个，请写 alertname=&#126;"A&#124;B"

    ```
    静默 HostDown 和 PodCrashLooping 2h
    　　          ^^
    ```

    > 静默 alertname="HostDown" AND severity="critical" 2h
    #### alerts silence：参数有误

    「AND」不是标签条件：条件之间、时长前面只留空格。写了几个条件，就是要同时符合；要几个告警名中的任意一个，请写 alertname=&#126;"A&#124;B"

    ```
    静默 alertname="HostDown" AND severity="critical" 2h
    　　                      ^^^
    ```

    > 静默 HostDown for 2h
    #### alerts silence：参数有误

    「for」不是标签条件：条件之间、时长前面只留空格。写了几个条件，就是要同时符合；要几个告警名中的任意一个，请写 alertname=&#126;"A&#124;B"

    ```
    静默 HostDown for 2h
    　　          ^^^
    ```

    > 告警 HostDown PodCrashLooping
    #### alerts list：参数有误

    一条告警的 alertname 只有一个值，不会同时等于这几个。要其中任意一个，请写 alertname=&#126;"HostDown&#124;PodCrashLooping"。
    "#);
    assert!(alertmanager.asked().is_empty());
    // Each of a label that is another, or that is not to have it.
    let card = ask(&mut chat, "静默 HostDown severity=critical cluster!=a cluster!=b 2h").await;
    assert!(card.contains("符合条件的告警现有 1 条"), "{card}");
    // What is said instead is what was meant.
    let card = ask(&mut chat, "静默 alertname=~\"HostDown|PodCrashLooping\" 2h").await;
    assert!(card.contains("符合条件的告警现有 3 条"), "{card}");
}

#[tokio::test]
async fn that_none_fits_is_not_that_all_is_well() {
    let (mut chat, alertmanager) = start().await;
    let mut told = String::new();
    for line in [
        "告警 critical",
        "告警 web1",
        "告警 hostdwn cluster=dev",
        "alerts list severity=warn a!=b",
        "告警 x=y",
    ] {
        told.push_str(&format!("> {line}\n{}\n", ask(&mut chat, line).await));
    }
    alertmanager.world().alerts.clear();
    told.push_str(&ask(&mut chat, "告警 critical").await);
    insta::assert_snapshot!(told, @"
    > 告警 critical
    #### Alertmanager：没有符合条件的告警

    条件：alertname=critical

    现在共有 3 条告警，都不符合。

    - 看 severity=critical：**alerts list severity=critical**
    - 看全部告警：**alerts list**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Balertname%3D%22critical%22%7D)
    > 告警 web1
    #### Alertmanager：没有符合条件的告警

    条件：alertname=web1

    现在共有 3 条告警，都不符合。

    - 看 instance=web1:9100：**alerts list instance=web1:9100**
    - 看全部告警：**alerts list**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Balertname%3D%22web1%22%7D)
    > 告警 hostdwn cluster=dev
    #### Alertmanager：没有符合条件的告警

    条件：alertname=hostdwn cluster=dev

    现在共有 3 条告警，都不符合。

    - 看 alertname=HostDown cluster=dev：**alerts list alertname=HostDown cluster=dev**
    - 看全部告警：**alerts list**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Balertname%3D%22hostdwn%22%2Ccluster%3D%22dev%22%7D)
    > alerts list severity=warn a!=b
    #### Alertmanager：没有符合条件的告警

    条件：severity=warn a!=b

    现在共有 3 条告警，都不符合。

    - 看 severity=warning a!=b：**alerts list severity=warning a!=b**
    - 看全部告警：**alerts list**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Bseverity%3D%22warn%22%2Ca%21%3D%22b%22%7D)
    > 告警 x=y
    #### Alertmanager：没有符合条件的告警

    条件：x=y

    现在共有 3 条告警，都不符合。

    - 看全部告警：**alerts list**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Bx%3D%22y%22%7D)
    #### Alertmanager：没有符合条件的告警

    条件：alertname=critical

    没有告警。

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Balertname%3D%22critical%22%7D)
    ");
}

#[tokio::test]
async fn a_silence_that_would_hide_nothing_is_marked() {
    let (mut chat, alertmanager) = start().await;
    let mut told = String::new();
    for line in ["屏蔽 HostDonw 1h", "静默 critical cluster=dev 1h", "静默 DiskFull 1h"] {
        let card = ask(&mut chat, line).await;
        told.push_str(card.lines().find(|line| line.contains("⚠️")).unwrap());
        told.push('\n');
    }
    insta::assert_snapshot!(told, @"
    - ⚠️ 现在没有符合条件的告警，是不是：alertname=HostDown？
    - ⚠️ 现在没有符合条件的告警，是不是：severity=critical cluster=dev？
    - ⚠️ 现在没有符合条件的告警
    ");
    // What is meant for later is silenced all the same.
    assert!(confirmed(&mut chat, "静默 DiskFull 1h").await.starts_with("#### 已静默 1h"));
    assert_eq!(alertmanager.world().silences.len(), 1);
}

#[tokio::test]
async fn one_of_anything_is_said_as_well_as_many() {
    let alertmanager = world().await;
    let english = format!("locale = 'en'\n{}", settings(&alertmanager, ALL, ""));
    let mut chat = Chat::with(&english).await;
    let mut told = String::new();
    for line in ["alerts list HostDown", "alerts list", "alerts silences"] {
        let reply = ask(&mut chat, line).await;
        told.push_str(&format!("{}\n", reply.lines().next().unwrap_or_default()));
    }
    insta::assert_snapshot!(told, @"
    #### Alertmanager, alerts: 1
    #### Alertmanager, alerts: 3
    #### Alertmanager, silences: 0
    ");
}

#[tokio::test]
async fn who_gives_no_reason_is_not_said_twice() {
    let (mut chat, alertmanager) = start().await;
    confirmed(&mut chat, "alerts silence HostDown 2h").await;
    let id = alertmanager.world().silences[0].id.clone();
    let mut told = String::new();
    for comment in ["在钉钉静默", "silenced from DingTalk", "换盘"] {
        alertmanager.world().silences[0].comment = comment.into();
        let (list, card) =
            (ask(&mut chat, "静默列表").await, ask(&mut chat, &format!("取消静默 {id}")).await);
        let by = |reply: &str| reply.lines().find(|line| line.contains("发起")).unwrap().to_owned();
        told.push_str(&format!("{}\n{}\n", by(&list), by(&card)));
    }
    insta::assert_snapshot!(told, @"
    - **alertname=HostDown**　到 10:00:00　由爱丽丝（0147000002）在钉钉发起　取消静默：**alerts unsilence 00000001-0000-4000-8000-000000000001**
    - 由爱丽丝（0147000002）在钉钉发起
    - **alertname=HostDown**　到 10:00:00　由爱丽丝（0147000002）在钉钉发起　取消静默：**alerts unsilence 00000001-0000-4000-8000-000000000001**
    - 由爱丽丝（0147000002）在钉钉发起
    - **alertname=HostDown**　到 10:00:00　由爱丽丝（0147000002）在钉钉发起　换盘　取消静默：**alerts unsilence 00000001-0000-4000-8000-000000000001**
    - 由爱丽丝（0147000002）在钉钉发起：换盘
    ");
}
