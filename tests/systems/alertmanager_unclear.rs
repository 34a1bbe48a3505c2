//! Conversations about conditions that could mean two things: they are refused, and what a card shows means one.

use dingops::testing::Chat;

use crate::{
    alertmanager::{ALL, settings, world},
    talk::ask,
};

/// What comes before the usage.
async fn refused(chat: &mut Chat, lines: &[&str]) -> String {
    let mut told = String::new();
    for line in lines {
        let reply = ask(chat, line).await;
        told.push_str(&format!("> {line}\n{}\n", reply.split("用法").next().unwrap_or_default().trim_end()));
    }
    told
}

#[tokio::test]
async fn what_people_take_for_a_comma_is_not_guessed() {
    let alertmanager = world().await;
    let mut chat = Chat::with(&settings(&alertmanager, ALL, "")).await;
    let lines = [
        "alerts silence alertname=~.+ env!=prod、cluster=nope 2h",
        "alerts silence alertname=~.+ env!=prod；HostDown 2h",
        r#"alerts silence alertname="a"、env="b" 2h"#,
        "alerts silence severity!=info,HostDown 2h",
    ];
    insta::assert_snapshot!(refused(&mut chat, &lines).await, @r#"
    > alerts silence alertname=~.+ env!=prod、cluster=nope 2h
    #### alerts silence：参数有误

    看不出这个值到哪里为止，请用双引号把它括起来，如 name="value"，收到的是「env!=prod、cluster=nope」

    ```
    alerts silence alertname=~.+ env!=prod、cluster=nope 2h
                                      ^^^^^^^^^^^^^^^^^^
    ```
    > alerts silence alertname=~.+ env!=prod；HostDown 2h
    #### alerts silence：参数有误

    看不出这个值到哪里为止，请用双引号把它括起来，如 name="value"，收到的是「env!=prod；HostDown」

    ```
    alerts silence alertname=~.+ env!=prod；HostDown 2h
                                      ^^^^^^^^^^^^^^
    ```
    > alerts silence alertname="a"、env="b" 2h
    #### alerts silence：参数有误

    引号后面紧跟着其他内容，分不清引号到哪里结束：请在引号后面加空格；如果引号本身是内容，请换用另一种引号括起来。

    ```
    alerts silence alertname="a"、env="b" 2h
                               ^
    ```
    > alerts silence severity!=info,HostDown 2h
    #### alerts silence：参数有误

    看不出这个值到哪里为止，请用双引号把它括起来，如 name="value"，收到的是「severity!=info,HostDown」

    ```
    alerts silence severity!=info,HostDown 2h
                             ^^^^^^^^^^^^^
    ```
    "#);
    assert_eq!(alertmanager.writes(), [""; 0]);
    // What a card shows says the same where it is typed.
    let card =
        ask(&mut chat, r#"alerts silence alertname=~".+" env!="prod、cluster=nope" a="b c" d="e。f" 2h"#)
            .await;
    let shown = card.lines().find_map(|line| line.strip_prefix("- 条件：")).unwrap();
    insta::assert_snapshot!(shown, @r#"a="b c" alertname=&#126;.+ d="e。f" env!="prod、cluster=nope""#);
    let again = ["&#126;", "~", "&#43;", "+", "&#92;", "\\"];
    let plain = again.chunks(2).fold(shown.to_owned(), |text, pair| text.replace(pair[0], pair[1]));
    let same = ask(&mut chat, &format!("alerts silence {plain} 2h")).await;
    assert_eq!(same.lines().find_map(|line| line.strip_prefix("- 条件：")), Some(shown), "{same}");
}

#[tokio::test]
async fn a_label_that_is_none_does_not_become_part_of_a_value() {
    let alertmanager = world().await;
    let mut chat = Chat::with(&settings(&alertmanager, ALL, "")).await;
    let lines = [
        r#"alerts silence {alertname=~".+",cluster!=dev,k8s.team!~db} 2h"#,
        "alerts silence '{alertname=~.+, cluster!=dev team!~db}' 2h",
        "alerts silence '{alertname=~.+, cluster!=dev HostDown}' 2h",
    ];
    insta::assert_snapshot!(refused(&mut chat, &lines).await, @r#"
    > alerts silence {alertname=~".+",cluster!=dev,k8s.team!~db} 2h
    #### alerts silence：参数有误

    看不出这个值到哪里为止，请用双引号把它括起来，如 name="value"，收到的是「{alertname=&#126;".+",cluster!=dev,k8s.team!&#126;db}」

    ```
    alerts silence {alertname=~".+",cluster!=dev,k8s.team!~db} 2h
                                             ^^^^^^^^^^^^^^^^
    ```
    > alerts silence '{alertname=~.+, cluster!=dev team!~db}' 2h
    #### alerts silence：参数有误

    看不出这个值到哪里为止，请用双引号把它括起来，如 name="value"，收到的是「{alertname=&#126;.+, cluster!=dev team!&#126;db}」

    ```
    alerts silence '{alertname=~.+, cluster!=dev team!~db}' 2h
                                             ^^^^^^^^^^^^
    ```
    > alerts silence '{alertname=~.+, cluster!=dev HostDown}' 2h
    #### alerts silence：参数有误

    看不出这个值到哪里为止，请用双引号把它括起来，如 name="value"，收到的是「{alertname=&#126;.+, cluster!=dev HostDown}」

    ```
    alerts silence '{alertname=~.+, cluster!=dev HostDown}' 2h
                                             ^^^^^^^^^^^^
    ```
    "#);
    assert_eq!(alertmanager.writes(), [""; 0]);
}

#[tokio::test]
async fn what_stands_in_braces_and_behind_an_operator_is_not_guessed() {
    let alertmanager = world().await;
    let mut chat = Chat::with(&settings(&alertmanager, ALL, "")).await;
    let lines = [
        "alerts silence {{alertname=~.+,cluster!=dev}} 2h",
        "alerts silence {alertname=~.+, cluster!=dev}} 2h",
        "alerts silence alertname=~.+ cluster!= dev 2h",
        "alerts silence {alertname=~.+, cluster!=, dev} 2h",
        "alerts silence {alertname=HostDown -c x,cluster=dev} 2h",
        r#"alerts silence {pod=~"x}", alertname=~web{2,3} --comment=x 2h"#,
    ];
    insta::assert_snapshot!(refused(&mut chat, &lines).await, @r#"
    > alerts silence {{alertname=~.+,cluster!=dev}} 2h
    #### alerts silence：参数有误

    花括号不成对：最外面最多写一对 { }，值里有花括号时请用双引号把值括起来，收到的是「{{alertname=&#126;.+,cluster!=dev}}」

    ```
    alerts silence {{alertname=~.+,cluster!=dev}} 2h
                   ^^
    ```
    > alerts silence {alertname=~.+, cluster!=dev}} 2h
    #### alerts silence：参数有误

    花括号不成对：最外面最多写一对 { }，值里有花括号时请用双引号把值括起来，收到的是「cluster!=dev}}」

    ```
    alerts silence {alertname=~.+, cluster!=dev}} 2h
                                               ^
    ```
    > alerts silence alertname=~.+ cluster!= dev 2h
    #### alerts silence：参数有误

    「cluster!=」后面不能留空格，值请紧跟在后面；值确实是空的，请写 name=""。

    ```
    alerts silence alertname=~.+ cluster!= dev 2h
                                 ^^^^^^^^^
    ```
    > alerts silence {alertname=~.+, cluster!=, dev} 2h
    #### alerts silence：参数有误

    「cluster!=,」后面不能留空格，值请紧跟在后面；值确实是空的，请写 name=""。

    ```
    alerts silence {alertname=~.+, cluster!=, dev} 2h
                                   ^^^^^^^^^^
    ```
    > alerts silence {alertname=HostDown -c x,cluster=dev} 2h
    #### alerts silence：参数有误

    花括号还没有闭合，里面不能写选项「-c」：选项请写在 } 后面。

    ```
    alerts silence {alertname=HostDown -c x,cluster=dev} 2h
                                       ^^
    ```
    > alerts silence {pod=~"x}", alertname=~web{2,3} --comment=x 2h
    #### alerts silence：参数有误

    花括号还没有闭合，里面不能写选项「--comment」：选项请写在 } 后面。

    ```
    alerts silence {pod=~"x}", alertname=~web{2,3} --comment=x 2h
                                                   ^^^^^^^^^^^
    ```
    "#);
    assert_eq!(alertmanager.writes(), [""; 0]);
    for (line, filters) in [
        ("alerts list pod=", r#"pod="""#),
        (r#"alerts list pod="" HostDown"#, r#"pod="" alertname="HostDown""#),
        ("alerts list {a=~b{2}, pod=} HostDown", r#"a=~"b{2}" pod="" alertname="HostDown""#),
        ("alerts list {alertname=HostDown", r#"alertname="HostDown""#),
    ] {
        ask(&mut chat, line).await;
        // Where no alert fits, all are asked for, too.
        let mut asked = alertmanager.asked().into_iter().map(|asked| asked.query);
        let asked = asked.rfind(|query| !query.is_empty()).unwrap();
        let asked: Vec<String> = asked.into_iter().map(|(_, filter)| filter).collect();
        assert_eq!(asked.join(" "), filters, "{line}");
    }
}
