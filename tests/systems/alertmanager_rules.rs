//! Conversations about what a rule or an alias gives away of silencing, and what it keeps.

use dingops::testing::{Chat, bob};

use crate::{
    alertmanager::{ALL, settings, world},
    talk::coded,
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
    - 现在没有符合条件的告警
    > 静机 '~.*|x'
    #### alerts silence：请确认

    ```
    alerts silence alertname=HostDown instance="~.*|x:9100" 2h
    ```

    > 通过别名：静机 &#126;.&#42;&#124;x

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=HostDown instance="&#126;.&#42;&#124;x:9100"
    - 现在没有符合条件的告警
    > 静机 'x,env!=y'
    #### alerts silence：请确认

    ```
    alerts silence alertname=HostDown instance="x,env!=y:9100" 2h
    ```

    > 通过别名：静机 x,env!=y

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=HostDown instance="x,env!=y:9100"
    - 现在没有符合条件的告警
    > 静段 "HostDown|x '" ~.*
    #### alerts silence：请确认

    ```
    alerts silence alertname=~"HostDown|x '.*" env="~.*" 2h
    ```

    > 通过别名：静段 "HostDown&#124;x '" &#126;.&#42;

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=&#126;"HostDown&#124;x '.&#42;" env="&#126;.&#42;"
    - 现在没有符合条件的告警
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
