//! Conversations about what a rule or an alias gives away of silencing, and what it keeps.

use std::panic::AssertUnwindSafe;

use dingops::testing::{Chat, bob};
use futures_util::FutureExt;

use crate::{
    alertmanager::{ALL, settings, world},
    talk::{ask, coded},
};

/// What a line is understood as, and by whom: its card, or why there is none.
async fn told(chat: &mut Chat, line: &str) -> String {
    chat.say(bob(), line).await;
    let reply = chat.read();
    let lines = reply.lines().take_while(|line| !line.contains("有效") && !line.starts_with("用法"));
    format!("> {line}\n{}\n", lines.collect::<Vec<_>>().join("\n").trim_end())
}

#[tokio::test]
async fn who_may_silence_one_host_silences_one_host() {
    let alertmanager = world().await;
    let more = r#"
[[allow]]
who = ['bob']
run = ['静机', '静段', '静名']
[[alias]]
name = '静机'
help = { zh = '静默一台机器', en = 'hush a host' }
run = 'alerts silence alertname=HostDown instance={1}:9100 2h'
[[alias]]
name = '静段'
help = { zh = '静默一个环境', en = 'hush a place' }
run = 'alerts silence alertname=~{1}.*,env={2} 2h'
[[alias]]
name = '静名'
help = { zh = '静默一类告警', en = 'hush a kind' }
run = 'alerts silence Host{1} {2}h'
"#;
    let mut chat = Chat::with(&settings(&alertmanager, ALL, more)).await;
    let mut all = String::new();
    for line in [
        "alerts silence alertname=HostDown 2h",
        "静机 web-1",
        "静机 '~.*|x'",
        "静机 'x,env!=y'",
        "静段 \"HostDown|x '\" ~.*",
        "静名 Down 2",
        "静名 Down=~.+ 2",
        "静名 Down 'x=~.* 2'",
    ] {
        all.push_str(&told(&mut chat, line).await);
    }
    insta::assert_snapshot!(all, @r#"
    > alerts silence alertname=HostDown 2h
    #### alerts silence：无权执行

    规则要求：由 alice 执行。

    @0147000003
    > 静机 web-1
    #### alerts silence：请确认

    ```
    alerts silence alertname=HostDown instance=web-1:9100 2h
    ```

    > 通过别名：静机 web-1

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=HostDown instance=web-1:9100
    - ⚠️ 现在没有符合条件的告警，是不是：alertname=HostDown instance=web1:9100？
    > 静机 '~.*|x'
    #### alerts silence：请确认

    ```
    alerts silence alertname=HostDown instance="~.*|x:9100" 2h
    ```

    > 通过别名：静机 &#126;.&#42;&#124;x

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=HostDown instance="&#126;.&#42;&#124;x:9100"
    - ⚠️ 现在没有符合条件的告警
    > 静机 'x,env!=y'
    #### alerts silence：请确认

    ```
    alerts silence alertname=HostDown instance="x,env!=y:9100" 2h
    ```

    > 通过别名：静机 x,env!=y

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=HostDown instance="x,env!=y:9100"
    - ⚠️ 现在没有符合条件的告警
    > 静段 "HostDown|x '" ~.*
    #### alerts silence：请确认

    ```
    alerts silence alertname=~"HostDown|x '.*" env="~.*" 2h
    ```

    > 通过别名：静段 "HostDown&#124;x '" &#126;.&#42;

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=&#126;"HostDown&#124;x '.&#42;" env="&#126;.&#42;"
    - ⚠️ 现在没有符合条件的告警
    > 静名 Down 2
    #### alerts silence：请确认

    ```
    alerts silence alertname=HostDown 2h
    ```

    > 通过别名：静名 Down 2

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=HostDown
    - 符合条件的告警现有 1 条
    - HostDown cluster=dev instance=web1:9100
    > 静名 Down=~.+ 2
    #### 静名：参数有误

    「Down=&#126;.+」在这里是名称的一部分，只能用文字、数字和 &#95; - . : /。

    ```
    静名 Down=~.+ 2
    　　 ^^^^^^^^
    ```
    > 静名 Down 'x=~.* 2'
    #### 静名：参数有误

    「x=&#126;.&#42; 2」在这里是名称的一部分，只能用文字、数字和 &#95; - . : /。

    ```
    静名 Down 'x=~.* 2'
    　　      ^^^^^^^^^
    ```
    "#);
    chat.say(bob(), "静机 '~.*|x'").await;
    let card = chat.read();
    chat.say(bob(), &coded(&card)).await;
    assert!(chat.read().starts_with("#### 已静默 2h"));
    let matchers: Vec<String> =
        alertmanager.world().silences[0].matchers.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(matchers.join("\n"), @r#"
    {"isEqual":true,"isRegex":false,"name":"alertname","value":"HostDown"}
    {"isEqual":true,"isRegex":false,"name":"instance","value":"~.*|x:9100"}
    "#);
}

#[tokio::test]
async fn a_rule_in_another_spelling_is_a_mistake_that_names_the_right_one() {
    let alertmanager = world().await;
    for (run, when, form) in [
        ("alerts silence", "target = ['Watchdog']", "alertname=Watchdog"),
        ("alerts silence", "target = ['Watch*']", "alertname=Watch*"),
        ("alerts silence", "target = ['!alertname=\"Watchdog\"']", "alertname=Watchdog"),
        ("alerts silence", "target = ['alertname=\"Watch*\"']", "alertname=Watch*"),
        ("alerts *", "target = ['{alertname=\"Watchdog\"}']", "alertname=Watchdog"),
        ("alerts silence", "target = ['alertname=Watchdog,env=prod']", "alertname=Watchdog"),
        ("alerts silence", "target = ['C2B8C7D5E6F70812']", "c2b8c7d5e6f70812"),
        ("alerts silence", "target = ['C2B8*']", "c2b8*"),
        ("alerts list", "matcher = ['Watchdog']", "alertname=Watchdog"),
        ("alerts list", "matcher = ['team=ops、dba*']", "team=\"ops、dba*"),
    ] {
        let rule = format!("[[deny]]\nwho = ['anyone']\nrun = ['{run}']\nwhen = {{ {when} }}");
        let started = AssertUnwindSafe(Chat::with(&settings(&alertmanager, ALL, &rule))).catch_unwind().await;
        let stopped = started.err().and_then(|panic| panic.downcast::<String>().ok()).unwrap();
        let (stopped, expected) = (stopped.replace('\\', ""), format!("expected \"{form}\", as it will"));
        assert!(stopped.contains(&expected), "{when}: {stopped}");
    }
}

#[tokio::test]
async fn however_it_is_typed_what_is_denied_is_denied() {
    let alertmanager = world().await;
    let rule = "
[[deny]]
who = ['anyone']
run = ['alerts *']
when = { target = ['alertname=Watchdog', 'c2b8*', 'team=\"ops、*'] }
[[deny]]
who = ['anyone']
run = ['alerts list']
when = { matcher = ['alertname=~Watch*'] }
";
    for line in [
        "alerts silence Watchdog 2h",
        "alerts silence alertname=\"Watchdog\" env=prod 2h",
        "alerts silence {env=prod,alertname＝“Watchdog”} 2h",
        "alerts silence '{alertname=Watchdog}' 2h",
        "alerts silence C2B8C7D5E6F70812 2h",
        "alerts silence HostDown team=\"ops、dba\" 2h",
        "alerts list env=prod alertname=~\"Watchdog\"",
    ] {
        let mut chat = Chat::with(&settings(&alertmanager, ALL, rule)).await;
        let reply = ask(&mut chat, line).await;
        assert!(reply.contains("无权执行"), "{line}: {reply}");
    }
    assert!(alertmanager.asked().is_empty());
}
