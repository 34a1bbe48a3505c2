//! Conversations about conditions on labels, typed and pasted.

use dingops::testing::Chat;

use crate::{
    alertmanager::{ALL, settings, world},
    talk::{ask, coded, shown},
};

#[tokio::test]
async fn what_is_pasted_is_what_is_silenced() {
    let alertmanager = world().await;
    let mut chat = Chat::with(&settings(&alertmanager, ALL, "")).await;
    let pasted = r#"{alertname="Disk, full", env="~x", path=~"C:\\\\a b|c", a="it's"}"#;
    let card = ask(&mut chat, &format!("alerts silence {pasted} 2h --comment ticket=\"A 1\"")).await;
    insta::assert_snapshot!(shown(&card), @r#"
    #### alerts silence：请确认

    ```
    alerts silence a=it's alertname="Disk, full" env="~x" path=~"C:\\\\a b|c" 2h --comment ticket="A 1"
    ```

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：a=it's alertname="Disk, full" env="&#126;x" path=&#126;"C:&#92;&#92;&#92;&#92;a b&#124;c"
    - ⚠️ 现在没有符合条件的告警

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    alerts silence a=it's alertname="Disk, full" env="~x" path=~"C:\\\\a b|c" 2h --comment ticket="A 1" --confirm CODE
    ```

    @0147000002
    "#);
    let done = ask(&mut chat, &coded(&card)).await;
    assert!(done.starts_with("#### 已静默 2h"), "{done}");
    let silence = &alertmanager.world().silences[0];
    assert_eq!(silence.comment, "ticket=\"A 1\"");
    let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(matchers.join("\n"), @r#"
    {"isEqual":true,"isRegex":false,"name":"a","value":"it's"}
    {"isEqual":true,"isRegex":false,"name":"alertname","value":"Disk, full"}
    {"isEqual":true,"isRegex":false,"name":"env","value":"~x"}
    {"isEqual":true,"isRegex":true,"name":"path","value":"C:\\\\a b|c"}
    "#);
}

#[tokio::test]
async fn what_could_mean_several_things_is_refused() {
    let alertmanager = world().await;
    let mut chat = Chat::with(&settings(&alertmanager, ALL, "")).await;
    let mut told = String::new();
    for line in [
        r#"alerts silence {alertname="a"},{alertname="b"} 2h"#,
        "alerts list '{alertname=a env=b}'",
        "alerts list {pod=~web-[0-9]{2} job=a}",
        r#"alerts list alertname="a"b"#,
        r#"alerts list {alertname="a b}"#,
        r#"屏蔽 HostDown 1h 正在 "换 盘" --on main"#,
        "屏蔽 HostDown 1h --comment 正在 换盘",
    ] {
        told.push_str(&format!("> {line}\n{}\n", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @r#"
    > alerts silence {alertname="a"},{alertname="b"} 2h
    #### alerts silence：参数有误

    花括号不成对：最外面最多写一对 { }，值里有花括号时请用双引号把值括起来，收到的是「{alertname="a"},{alertname="b"}」

    ```
    alerts silence {alertname="a"},{alertname="b"} 2h
                                 ^
    ```

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > alerts list '{alertname=a env=b}'
    #### alerts list：参数有误

    看不出这个值到哪里为止，请用双引号把它括起来，如 name="value"，收到的是「{alertname=a env=b}」

    ```
    alerts list '{alertname=a env=b}'
                            ^^^^^^^
    ```

    用法：alerts list &#91;matcher…&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 alerts list**

    @0147000002
    > alerts list {pod=~web-[0-9]{2} job=a}
    #### alerts list：参数有误

    看不出这个值到哪里为止，请用双引号把它括起来，如 name="value"，收到的是「{pod=&#126;web-&#91;0-9&#93;{2}」

    ```
    alerts list {pod=~web-[0-9]{2} job=a}
                 ^^^^^^^^^^^^^^^^^
    ```

    用法：alerts list &#91;matcher…&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 alerts list**

    @0147000002
    > alerts list alertname="a"b
    #### alerts list：参数有误

    引号后面紧跟着其他内容，分不清引号到哪里结束：请在引号后面加空格；如果引号本身是内容，请换用另一种引号括起来。

    ```
    alerts list alertname="a"b
                            ^
    ```

    用法：alerts list &#91;matcher…&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 alerts list**

    @0147000002
    > alerts list {alertname="a b}
    #### alerts list：参数有误

    这个引号没有配对，请补上另一半。

    ```
    alerts list {alertname="a b}
                           ^
    ```

    用法：alerts list &#91;matcher…&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 alerts list**

    @0147000002
    > 屏蔽 HostDown 1h 正在 "换 盘" --on main
    #### alerts silence：参数有误

    「1h」后面的是备注吗？备注请写在 --comment 后面：1h --comment "正在 换 盘"。要静默什么，写在时长前面

    ```
    屏蔽 HostDown 1h 正在 "换 盘" --on main
    　　          ^^
    ```

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    > 屏蔽 HostDown 1h --comment 正在 换盘
    #### alerts silence：参数有误

    「1h」后面的是备注吗？备注请写在 --comment 后面：1h --comment "正在 换盘"。要静默什么，写在时长前面

    ```
    屏蔽 HostDown 1h --comment 正在 换盘
    　　          ^^
    ```

    用法：alerts silence &lt;target&gt;… &lt;duration&gt; &#91;--comment &lt;comment&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 alerts silence**

    @0147000002
    "#);
    assert_eq!(alertmanager.writes(), [""; 0]);
}

#[tokio::test]
async fn what_comes_through_an_alias_is_a_value_in_its_place() {
    let alertmanager = world().await;
    let aliases = r#"
[[alias]]
name = '静'
help = { zh = '静', en = 'hush' }
run = 'alerts silence {alertname="{1}", env={2:prod}} 2h --comment={3:none}'
[[alias]]
name = '看'
help = { zh = '看', en = 'see' }
run = 'alerts list {*}'
"#;
    let mut chat = Chat::with(&settings(&alertmanager, ALL, aliases)).await;
    let mut told = String::new();
    for line in [
        "静 HostDown",
        r#"静 'a",b=~".*' ~.* x=1"#,
        r#"静 "a\\" "b c" -"#,
        r#"看 {alertname="a, b", env=~"c d"}"#,
    ] {
        let reply = ask(&mut chat, line).await;
        let asked = alertmanager.asked().into_iter().rfind(|asked| !asked.query.is_empty());
        let filters =
            asked.map(|asked| asked.query.into_iter().map(|(_, filter)| filter).collect::<Vec<_>>());
        let lines = reply.lines().filter(|line| !line.contains("--confirm"));
        told.push_str(&format!("> {line}\n{}\n{filters:?}\n", lines.collect::<Vec<_>>().join("\n")));
    }
    insta::assert_snapshot!(told, @r#"
    > 静 HostDown
    #### alerts silence：请确认

    ```
    alerts silence alertname=HostDown env=prod 2h --comment none
    ```

    > 通过别名：静 HostDown prod none

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=HostDown env=prod
    - ⚠️ 现在没有符合条件的告警

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    ```

    @0147000002
    Some(["alertname=\"HostDown\"", "env=\"prod\""])
    > 静 'a",b=~".*' ~.* x=1
    #### alerts silence：请确认

    ```
    alerts silence alertname="a\",b=~\".*" env="~.*" 2h --comment x=1
    ```

    > 通过别名：静 "a&#92;",b=&#126;&#92;".&#42;" &#126;.&#42; x=1

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname="a&#92;",b=&#126;&#92;".&#42;" env="&#126;.&#42;"
    - ⚠️ 现在没有符合条件的告警

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    ```

    @0147000002
    Some(["alertname=\"a\\\",b=~\\\".*\"", "env=\"~.*\""])
    > 静 "a\\" "b c" -
    #### alerts silence：请确认

    ```
    alerts silence alertname=a\ env="b c" 2h --comment=-
    ```

    > 通过别名：静 a&#92; "b c" "-"

    - 在 Alertmanager 上静默 2h，到 10:00:00 为止
    - 条件：alertname=a&#92; env="b c"
    - ⚠️ 现在没有符合条件的告警

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    ```

    @0147000002
    Some(["alertname=\"a\\\\\"", "env=\"b c\""])
    > 看 {alertname="a, b", env=~"c d"}
    #### Alertmanager：没有符合条件的告警

    条件：alertname="a, b" env=&#126;"c d"

    现在共有 3 条告警，都不符合。

    - 看全部告警：**alerts list**

    @0147000002

    [打开 Alertmanager](https://alerts.example.com/am/#/alerts?silenced=true&inhibited=true&filter=%7Balertname%3D%22a%2C%20b%22%2Cenv%3D%7E%22c%20d%22%7D)
    Some(["alertname=\"a, b\"", "env=~\"c d\""])
    "#);
}
