//! Conversations about new silences that are refused, by the bot or by Alertmanager.

use std::time::Duration;

use http::Method;

use crate::{
    alertmanager::ALL,
    fakes::{Answer, Fault},
    silence::start,
    talk::{ask, coded},
};

#[tokio::test]
async fn what_is_no_silence() {
    let (mut chat, alertmanager) = start(ALL, "max_silence = '8h'").await;
    let fingerprint = alertmanager.world().fingerprint(1);
    let mut told = String::new();
    for line in [
        format!("alerts silence {fingerprint} 9h"),
        format!("alerts silence {fingerprint} 30s"),
        format!("alerts silence {fingerprint}"),
        format!("alerts silence {fingerprint} alertname=HostDown 1h"),
        "屏蔽 HostDown 1h 发布中".into(),
        "alerts silence Host~Down 1h".into(),
        "alerts silence alertname=~.* severity!=x 1h".into(),
        format!("alerts silence {}0 1h", &fingerprint[..15]),
    ] {
        told.push_str(&format!("> {line}\n{}\n", ask(&mut chat, &line).await));
    }
    insta::assert_snapshot!(told, @"
    > alerts silence 834cc4c523ae4281 9h
    #### alerts silence：参数有误

    静默最长 8h：上限是 dingops.toml 里的 max&#95;silence，要改请找管理员。

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > alerts silence 834cc4c523ae4281 30s
    #### alerts silence：参数有误

    「duration」应在 1m 到 366d 之间，收到的是「30s」。

    ```
    alerts silence 834cc4c523ae4281 30s
                                    ^^^
    ```

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > alerts silence 834cc4c523ae4281
    #### alerts silence：参数有误

    缺少参数「duration」。

    ```
    alerts silence 834cc4c523ae4281
                                   ^
    ```

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > alerts silence 834cc4c523ae4281 alertname=HostDown 1h
    #### alerts silence：参数有误

    一次只能写一个告警指纹，也不能和标签条件写在一起。

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > 屏蔽 HostDown 1h 发布中
    #### alerts silence：参数有误

    「1h」后面的是备注吗？备注请写在 --comment 后面：1h --comment 发布中。要静默什么，写在时长前面

    ```
    屏蔽 HostDown 1h 发布中
    　　          ^^
    ```

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > alerts silence Host~Down 1h
    #### alerts silence：参数有误

    应是标签条件：name=value、name!=value、name=&#126;正则 或 name!&#126;正则，值最多 300 个字，收到的是「Host&#126;Down」

    ```
    alerts silence Host~Down 1h
                       ^^^^^
    ```

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > alerts silence alertname=~.* severity!=x 1h
    #### alerts silence：参数有误

    这些条件会匹配所有告警：至少要有一个条件不匹配空值，如 alertname=HighCPU。

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > alerts silence 834cc4c523ae4280 1h
    #### alerts silence：未能完成

    Alertmanager 上没有指纹为 834cc4c523ae4280 的告警，可能已经恢复。是不是：834cc4c523ae4281？

    @0147000002
    ");
    assert_eq!(alertmanager.writes(), [""; 0]);
}

#[tokio::test]
async fn a_write_is_tried_once() {
    let (mut chat, alertmanager) = start(ALL, "").await;
    let fingerprint = alertmanager.world().fingerprint(1);
    let line = format!("alerts silence {fingerprint} 2h");
    let card = ask(&mut chat, &line).await;
    alertmanager.fail_next(Method::POST, Fault::Lost);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### alerts silence：结果未知，可能已经执行

    没有等到 Alertmanager 的完整回应。操作可能已经执行：请先看清现状，再决定是否重做。

    - 查看现状：**alerts silences**

    @0147000002
    ");
    assert_eq!(alertmanager.writes().len(), 1);
    assert!(ask(&mut chat, "alerts silences").await.contains("1 条静默"));
    let mut told = String::new();
    for answer in [
        Answer::json(400, &"silence invalid: *at* least one matcher must not match the empty string"),
        Answer::text(401, "Unauthorized\n"),
        Answer::page(403, "Forbidden"),
        Answer::page(429, "").with("retry-after", "60"),
        Answer::text(200, "{}"),
    ] {
        chat.clock().advance(Duration::from_secs(61));
        let card = ask(&mut chat, "alerts silence alertname=HostDown 2h").await;
        alertmanager.fail_next(Method::POST, Fault::Answer(answer));
        told.push_str(&ask(&mut chat, &coded(&card)).await);
    }
    insta::assert_snapshot!(told, @"
    #### alerts silence：未能完成

    Alertmanager 认为请求有误（HTTP 400）。它的说明：silence invalid: &#42;at&#42; least one matcher must not match the empty string

    @0147000002#### alerts silence：未能完成

    Alertmanager 不接受机器人的凭据（HTTP 401），请管理员更换。它的说明：Unauthorized

    @0147000002#### alerts silence：未能完成

    机器人在 Alertmanager 上没有这项权限（HTTP 403），请管理员授权。

    @0147000002#### alerts silence：未能完成

    对 Alertmanager 的请求太频繁，请 60 秒后再试。

    @0147000002#### alerts silence：结果未知，可能已经执行

    Alertmanager 的回应不是预期的格式，请管理员查看日志。操作可能已经执行：请先看清现状，再决定是否重做。

    - 查看现状：**alerts silences**

    @0147000002
    ");
    assert_eq!(alertmanager.world().silences.len(), 1);
}
