//! Conversations with a Jenkins: the state of a build, its log, and its end.

use dingops::testing::bob;
use http::Method;

use crate::{
    fakes::{Answer, Fault},
    jenkins::start,
    talk::{ask, coded, confirmed, shown},
};

#[tokio::test]
async fn the_state_of_a_build() {
    let (mut chat, _jenkins) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "jenkins status team/web").await, @"
    #### team/web #1：失败

    - **开始**：07:00:00
    - **用时**：1m13s
    - **触发**：Started by user bot
    - **参数**：ENV=prod BRANCH=v1.4.2

    - 日志：**jenkins log team/web 1 --lines 30**
    - 再次构建：**jenkins build team/web --param BRANCH=v1.4.2 --param ENV=prod**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/web/1/)
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins status team/web #7").await, @"
    #### jenkins status：未能完成

    team/web 没有第 7 次构建，或者记录已被清理。

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins status team/api").await, @"
    #### team/api：还没有构建过

    - 构建：**jenkins build team/api**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/api/)
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins status team/appi").await, @"
    #### jenkins status：未能完成

    Jenkins 上没有任务 team/appi。是不是：team/api？

    @0147000002
    ");
}

#[tokio::test]
async fn a_secret_among_parameters_is_not_shown() {
    let (mut chat, jenkins) = start().await;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    jenkins.world().jobs.get_mut("team/web").unwrap().builds[0].parameters =
        vec![pair("ENV", "prod"), pair("DB_PASSWORD", "hunter2hunter2")];
    let reply = ask(&mut chat, "jenkins status team/web").await;
    assert!(reply.contains("ENV=prod DB&#95;PASSWORD=") && !reply.contains("hunter2"), "{reply}");
    assert!(!reply.contains("再次构建"), "{reply}");
}

#[tokio::test]
async fn a_pasted_page_of_a_build_is_that_build() {
    let (mut chat, jenkins) = start().await;
    jenkins.world().jobs.get_mut("team/web").unwrap().runs_for = 100;
    confirmed(&mut chat, "jenkins build team/web").await;
    for page in [
        "job/team/job/web/1/console",
        "view/all/job/team/job/web/1/",
        "view/all/view/mine/job/team/view/all/job/web/1",
    ] {
        let reply = ask(&mut chat, &format!("jenkins log https://ci.example.com/{page}")).await;
        assert!(reply.starts_with("#### team/web #1（失败）"), "{page}: {reply}");
        let reply = ask(&mut chat, &format!("jenkins status https://ci.example.com/{page} 1")).await;
        assert!(reply.starts_with("#### team/web #1：失败"), "{page}: {reply}");
    }
    let reply = ask(&mut chat, "jenkins status https://ci.example.com/job/team/job/web/lastBuild/").await;
    assert!(reply.starts_with("#### team/web #2：构建中"), "{reply}");
    let card = ask(&mut chat, "jenkins stop https://ci.example.com/job/team/job/web/2/").await;
    assert!(card.contains("停止 team/web #2"), "{card}");
    assert!(ask(&mut chat, &coded(&card)).await.starts_with("#### team/web #2：已要求停止"));
    confirmed(&mut chat, "jenkins build team/release").await;
    let page = "https://ci.example.com/job/team/job/release/1/input/";
    assert!(ask(&mut chat, &format!("jenkins approve {page}")).await.contains("让 team/release #1 继续"));
    assert!(ask(&mut chat, &format!("jenkins reject {page}")).await.contains("驳回并结束 team/release #1"));
    let mut told = String::new();
    for line in [
        "jenkins log https://ci.example.com/job/team/job/web/1/console 2",
        "jenkins stop https://ci.example.com/job/team/job/web/",
        "jenkins approve team/release",
        "jenkins status https://ci.example.com/view/all/",
    ] {
        told.push_str(&format!("> {line}\n{}\n", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @"
    > jenkins log https://ci.example.com/job/team/job/web/1/console 2
    #### jenkins log：参数有误

    粘贴的是第 1 次构建的页面，后面写的却是 2：请去掉其中一个。

    用法：jenkins log &lt;job&gt; &#91;number&#93; &#91;--lines &lt;lines&gt;&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 jenkins log**

    @0147000002
    > jenkins stop https://ci.example.com/job/team/job/web/
    #### jenkins stop：参数有误

    缺少参数「number」：要写第几次构建（发送「jenkins status team/web」看最近一次），也可以粘贴那次构建的页面地址。

    用法：jenkins stop &lt;job&gt; &#91;number&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 jenkins stop**

    @0147000002
    > jenkins approve team/release
    #### jenkins approve：参数有误

    缺少参数「number」：要写第几次构建（发送「jenkins status team/release」看最近一次），也可以粘贴那次构建的页面地址。

    用法：jenkins approve &lt;job&gt; &#91;number&#93; &#91;--input &lt;input&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 jenkins approve**

    @0147000002
    > jenkins status https://ci.example.com/view/all/
    #### jenkins status：参数有误

    「https&#58;//ci.example.com/view/all/」不是这个 Jenkins 上的任务页面。

    用法：jenkins status &lt;job&gt; &#91;number&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 jenkins status**

    @0147000002
    ");
}

#[tokio::test]
async fn a_log_without_colours_and_secrets() {
    let (mut chat, jenkins) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "jenkins log team/web").await, @"
    #### team/web #1（失败）日志的最后 5 行

    ```
    Started by user bob
    + make deploy
    DB_PASSWORD=***
    ERROR: image not found
    Finished: FAILURE
    ```

    - 状态：**jenkins status team/web 1**
    - 再次构建：**jenkins build team/web --param BRANCH=v1.4.2 --param ENV=prod**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/web/1/console/)
    ");
    // A long one is read from its end.
    let line = "0123456789 abcdefghijklmnopqrstuvwxyz\n";
    jenkins.world().jobs.get_mut("team/web").unwrap().builds[0].log = line.repeat(10_000) + "the end\n";
    let reply = ask(&mut chat, "jenkins 日志 team/web --lines 3").await;
    assert!(reply.contains("最后 3 行") && reply.contains("the end"), "{reply}");
    let starts: Vec<String> =
        jenkins.asked().iter().filter_map(|asked| asked.query("start").map(str::to_owned)).collect();
    assert_eq!(starts, ["0", "0", "314472"]);
    // Its end begins in the middle of a secret.
    for (log, last) in [
        (
            "x".repeat(100_000) + "\nDB_PASSWORD=" + &"hunter2".repeat(3) + "\n" + &"y".repeat(65_516) + "\n",
            "y…",
        ),
        ("x".repeat(100_000) + " DB_PASSWORD=" + &"hunter2".repeat(20_000), "…"),
    ] {
        jenkins.world().jobs.get_mut("team/web").unwrap().builds[0].log = log;
        let reply = ask(&mut chat, "jenkins log team/web").await;
        assert!(reply.contains(last) && !reply.contains("unter2"), "{reply}");
    }
}

#[tokio::test]
async fn a_log_goes_to_those_whom_a_rule_names() {
    let (mut chat, _jenkins) = start().await;
    chat.say(bob(), "jenkins log team/web").await;
    let reply = chat.read();
    assert!(reply.starts_with("#### jenkins log：无权执行"), "{reply}");
}

#[tokio::test]
async fn a_build_is_stopped_once() {
    let (mut chat, jenkins) = start().await;
    jenkins.world().jobs.get_mut("team/web").unwrap().runs_for = 100;
    confirmed(&mut chat, "jenkins build team/web").await;
    let card = ask(&mut chat, "jenkins stop team/web 2").await;
    insta::assert_snapshot!(shown(&card), @"
    #### jenkins stop：请确认

    ```
    jenkins stop team/web 2
    ```

    - 停止 team/web #2，它已运行 0s
    - 触发：Started by user bot

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    jenkins stop team/web 2 --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### team/web #2：已要求停止

    - 状态：**jenkins status team/web 2**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/web/2/)
    ");
    chat.another_process();
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### jenkins stop：未能完成

    team/web #2 没有在运行，结果是：已中止。

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins stop team/web 1").await, @"
    #### jenkins stop：未能完成

    team/web #1 没有在运行，结果是：失败。

    @0147000002
    ");
}

#[tokio::test]
async fn a_build_that_a_line_cannot_say_is_not_offered_again() {
    let (mut chat, jenkins) = start().await;
    let build = |given: serde_json::Value| {
        let json =
            serde_json::json!({ "number": 1, "result": "FAILURE", "actions": [{ "parameters": given }] });
        jenkins.fail_next(Method::GET, Fault::Answer(Answer::json(200, &json)));
    };
    let value = |kind: &str, value: &str| {
        let class = format!("hudson.model.{kind}ParameterValue");
        serde_json::json!({ "_class": class, "name": "A", "value": value })
    };
    for (given, shown, again) in [
        (value("String", "x y"), "A=x y", "--param A=\"x y\""),
        (
            serde_json::json!({ "name": "A", "jobName": "team/base", "number": "7" }),
            "A=team/base#7",
            "A=team/base#7",
        ),
        (value("Text", "one\ntwo"), "A=one two", ""),
        (value("Credentials", "prod-key"), "A=prod-key", ""),
        (serde_json::json!({ "name": "A" }), "", ""),
    ] {
        build(serde_json::json!([given]));
        let reply = ask(&mut chat, "jenkins status team/web 1").await;
        assert!(reply.contains(shown) && reply.contains(again), "{reply}");
        assert_eq!(reply.contains("再次构建"), !again.is_empty(), "{reply}");
    }
}

#[tokio::test]
async fn a_log_without_lines_and_notes() {
    let (mut chat, jenkins) = start().await;
    let log = |text: &str| jenkins.world().jobs.get_mut("team/web").unwrap().builds[0].log = text.to_owned();
    log("");
    insta::assert_snapshot!(ask(&mut chat, "jenkins log team/web").await, @"
    #### team/web #1（失败）：日志是空的

    - 状态：**jenkins status team/web 1**
    - 再次构建：**jenkins build team/web --param BRANCH=v1.4.2 --param ENV=prod**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/web/1/console/)
    ");
    log("Started by \u{1b}[8mha:////4AbC/9==\u{1b}[0mbob\n");
    let reply = ask(&mut chat, "jenkins log team/web").await;
    assert!(reply.contains("Started by bob"), "{reply}");
}
