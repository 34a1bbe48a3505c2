//! Conversations with a Jenkins: builds are begun, with the parameters of their jobs, and waited for.

use http::Method;

use crate::{
    fakes::{Answer, Fault, jenkins::parameter},
    jenkins::start,
    talk::{ask, ask_for_long, coded, shown},
};

#[tokio::test]
async fn a_build_is_previewed_confirmed_and_described() {
    let (mut chat, jenkins) = start().await;
    let card = ask(&mut chat, "构建 team/web -p ENV=prod").await;
    insta::assert_snapshot!(shown(&card), @"
    #### jenkins build：请确认

    ```
    jenkins build team/web --param ENV=prod
    ```

    - 在 Jenkins 上构建 team/web，将是 #2
    - ENV = prod（默认是 staging）
    - 其余参数取默认值：BRANCH = main、DEBUG = false

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    jenkins build team/web --param ENV=prod --confirm CODE
    ```

    @0147000002
    ");
    assert_eq!(jenkins.writes(), [""; 0]);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### team/web #2：构建中

    - **开始**：08:00:00
    - **用时**：0s（通常 1m20s）
    - **触发**：Started by user bot
    - **参数**：ENV=prod
    - **说明**：由爱丽丝（0147000002）在钉钉发起

    - 状态：**jenkins status team/web 2**
    - 日志：**jenkins log team/web 2 --lines 30**
    - 停止：**jenkins stop team/web 2**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/web/2/)
    ");
    assert_eq!(
        jenkins.writes(),
        [
            "POST /job/team/job/web/buildWithParameters?delay=0sec",
            "POST /job/team/job/web/2/submitDescription"
        ]
    );
    let build = jenkins.world().build("team/web", 2).unwrap().clone();
    assert_eq!(build.parameters, [("ENV".to_owned(), "prod".to_owned())]);
    assert_eq!(build.description, "由爱丽丝（0147000002）在钉钉发起");
}

#[tokio::test]
async fn a_double_tap_in_two_processes_builds_once() {
    let (mut chat, jenkins) = start().await;
    let card = ask(&mut chat, "jenkins build team/api").await;
    chat.another_process();
    let first = ask(&mut chat, &coded(&card)).await;
    assert!(first.starts_with("#### team/api #1"), "{first}");
    chat.another_process();
    let second = ask(&mut chat, &coded(&card)).await;
    assert!(second.starts_with("#### 没有执行"), "{second}");
    assert_eq!(jenkins.world().jobs["team/api"].builds.len(), 1);
}

#[tokio::test]
async fn a_build_is_waited_for() {
    let (mut chat, jenkins) = start().await;
    jenkins.world().queued_for = 2;
    let card = ask(&mut chat, "jenkins build team/api --wait").await;
    let reply = ask_for_long(&mut chat, &coded(&card)).await;
    insta::assert_snapshot!(reply, @"
    #### team/api #1：失败

    - **开始**：08:00:00
    - **用时**：1m13s
    - **触发**：Started by user bot
    - **说明**：由爱丽丝（0147000002）在钉钉发起

    - 日志：**jenkins log team/api 1 --lines 30**
    - 再次构建：**jenkins build team/api**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/api/1/)
    ");
}

#[tokio::test]
async fn what_takes_longer_than_the_deadline_says_where_to_look() {
    let (mut chat, jenkins) = start().await;
    jenkins.world().jobs.get_mut("team/api").unwrap().runs_for = 1000;
    let card = ask(&mut chat, "jenkins build team/api --wait").await;
    let progress = ask_for_long(&mut chat, &coded(&card)).await;
    assert!(progress.contains("正在等待：team/api #1"), "{progress}");
    insta::assert_snapshot!(chat.read(), @"
    #### team/api #1：构建中

    - **开始**：08:00:00
    - **用时**：52s（通常 1m20s）
    - **触发**：Started by user bot
    - **说明**：由爱丽丝（0147000002）在钉钉发起

    > 还没有结束，先不等了。

    - 状态：**jenkins status team/api 1**
    - 日志：**jenkins log team/api 1 --lines 30**
    - 停止：**jenkins stop team/api 1**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/api/1/)
    ");
}

#[tokio::test]
async fn a_queue_that_moves_slowly() {
    let (mut chat, jenkins) = start().await;
    jenkins.world().queued_for = 1000;
    let card = ask(&mut chat, "jenkins build team/api").await;
    insta::assert_snapshot!(ask_for_long(&mut chat, &coded(&card)).await, @"
    #### team/api：已排队，还没有开始

    In the quiet period. Expires in 3.2 sec

    - 状态：**jenkins status team/api**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/api/)
    ");
    // The same again is not queued twice.
    let card = ask(&mut chat, "jenkins build team/api").await;
    insta::assert_snapshot!(shown(&card), @"
    #### jenkins build：请确认

    ```
    jenkins build team/api
    ```

    - 在 Jenkins 上构建 team/api；前面已有一次在排队：Waiting for next available executor

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    jenkins build team/api --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### team/api：同样的构建已在排队，没有再排一次

    - 状态：**jenkins status team/api**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/api/)
    ");
    // Its first build is no build yet.
    insta::assert_snapshot!(ask(&mut chat, "jenkins status team/api").await, @"
    #### team/api：已排队，还没有开始

    Waiting for next available executor

    - 状态：**jenkins status team/api**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/api/)
    ");
}

#[tokio::test]
async fn a_job_without_parameters_is_queued_once() {
    let (mut chat, jenkins) = start().await;
    jenkins.world().queued_for = 1000;
    let card = ask(&mut chat, "jenkins build team/api").await;
    ask_for_long(&mut chat, &coded(&card)).await;
    let waits = jenkins.world().queue[0].id;
    let card = ask(&mut chat, "jenkins build team/api").await;
    // `build` answers 201 for what waited already, `buildWithParameters` 303.
    let location = format!("http://jenkins.internal:8080/queue/item/{waits}/");
    let again = Answer::text(201, "").with("location", location);
    jenkins.fail_next(Method::POST, Fault::Answer(again));
    let reply = ask(&mut chat, &coded(&card)).await;
    assert!(reply.starts_with("#### team/api：同样的构建已在排队"), "{reply}");
}

#[tokio::test]
async fn parameters_are_checked_before_anything_is_asked_for() {
    let (mut chat, jenkins) = start().await;
    let mut told = String::new();
    for line in [
        "jenkins build team/web -p EMV=prod",
        "jenkins build team/web -p ENV=production",
        "jenkins build team/web -p DEBUG=yes",
        "jenkins build team/api -p A=1",
        "jenkins build team/secret -p KEY=made-up",
        "jenkins build team/wbe",
        "jenkins build team",
        "jenkins build old",
        "jenkins build ../team",
        "jenkins build https://ci.example.org/job/team/job/web/",
    ] {
        told.push_str(&format!("> {line}\n{}\n", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @"
    > jenkins build team/web -p EMV=prod
    #### jenkins build：未能完成

    team/web 没有参数 EMV。是不是：ENV？

    @0147000002
    > jenkins build team/web -p ENV=production
    #### jenkins build：未能完成

    参数 ENV 不能取「production」，可选：staging、prod。

    @0147000002
    > jenkins build team/web -p DEBUG=yes
    #### jenkins build：未能完成

    参数 DEBUG 不能取「yes」，可选：true、false。

    @0147000002
    > jenkins build team/api -p A=1
    #### jenkins build：未能完成

    team/api 没有参数，请去掉 -p。

    @0147000002
    > jenkins build team/secret -p KEY=made-up
    #### jenkins build：未能完成

    参数 KEY 是密码或凭据，不能发在聊天里；请到 Jenkins 页面上构建。

    @0147000002
    > jenkins build team/wbe
    #### jenkins build：未能完成

    Jenkins 上没有任务 team/wbe。是不是：team/web？

    @0147000002
    > jenkins build team
    #### jenkins build：未能完成

    team 是文件夹，不是任务。里面有：team/api、team/release、team/search、…

    @0147000002
    > jenkins build old
    #### jenkins build：未能完成

    old 已禁用，不能构建。

    @0147000002
    > jenkins build ../team
    #### jenkins build：参数有误

    应是任务名：文件夹和任务名用 / 分隔，如 team/web，最多 300 个字；也可以粘贴任务页面的地址

    ```
    jenkins build ../team
                  ^^^^^^^
    ```

    用法：jenkins build &lt;job&gt; &#91;--param &lt;param&gt;…&#93; &#91;--wait&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 jenkins build**

    @0147000002
    > jenkins build https://ci.example.org/job/team/job/web/
    #### jenkins build：参数有误

    「https&#58;//ci.example.org/job/team/job/web/」不是这个 Jenkins 上的任务页面。

    用法：jenkins build &lt;job&gt; &#91;--param &lt;param&gt;…&#93; &#91;--wait&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 jenkins build**

    @0147000002
    ");
    assert_eq!(jenkins.writes(), [""; 0]);
}

#[tokio::test]
async fn a_parameter_without_its_option() {
    let (mut chat, jenkins) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "构建 team/web ENV=prod").await, @"
    #### jenkins build：参数有误

    「ENV=prod」前面要写选项 -p：-p ENV=prod

    ```
    构建 team/web ENV=prod
    　　          ^^^^^^^^
    ```

    用法：jenkins build &lt;job&gt; &#91;--param &lt;param&gt;…&#93; &#91;--wait&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 jenkins build**

    @0147000002
    ");
    let reply = ask(&mut chat, "构建 team/web \"BRANCH=a b\"").await;
    assert!(reply.contains(r#"-p BRANCH="a b""#), "{reply}");
    assert!(ask(&mut chat, "构建 team/web prod").await.contains("多了「prod」"));
    assert!(jenkins.writes().is_empty());
}

#[tokio::test]
async fn a_default_that_looks_like_a_secret_is_not_shown() {
    let (mut chat, jenkins) = start().await;
    let secret =
        parameter("StringParameterDefinition", "DB_PASSWORD", serde_json::json!("hunter2hunter2"), &[]);
    jenkins.world().jobs.get_mut("team/web").unwrap().parameters.push(secret);
    for line in ["jenkins build team/web", "jenkins build team/web -p DB_PASSWORD=other"] {
        let card = ask(&mut chat, line).await;
        assert!(card.contains("请确认") && !card.contains("hunter2"), "{card}");
    }
}

#[tokio::test]
async fn what_plugins_ask_for_is_asked_for_as_they_do() {
    let (mut chat, jenkins) = start().await;
    let mut base = parameter("RunParameterDefinition", "BASE", serde_json::Value::Null, &[]);
    base["defaultParameterValue"] = serde_json::json!({ "jobName": "team/base", "number": "7" });
    let mut region = parameter("ChoiceParameter", "REGION", serde_json::Value::Null, &[]);
    (region["choices"], region["defaultParameterValue"]) = (serde_json::Value::Null, serde_json::Value::Null);
    let parameters = vec![
        base,
        region,
        parameter("TextParameterDefinition", "NOTES", serde_json::json!("one\ntwo"), &[]),
        parameter("FileSystemListParameterDefinition", "DIR", serde_json::json!("a"), &[]),
        parameter("FileParameterDefinition", "UPLOAD", serde_json::Value::Null, &[]),
        parameter("CredentialsParameterDefinition", "KEY", serde_json::json!("prod-key"), &[]),
    ];
    jenkins.world().jobs.get_mut("team/api").unwrap().parameters = parameters;
    for (refused, why) in [("UPLOAD", "是文件"), ("KEY", "密码或凭据")] {
        let reply = ask(&mut chat, &format!("jenkins build team/api -p {refused}=x")).await;
        assert!(reply.contains(why), "{reply}");
    }
    let card = ask(&mut chat, "jenkins build team/api -p REGION=cn-sh -p DIR=b -p BASE=team/base#6").await;
    insta::assert_snapshot!(shown(&card), @"
    #### jenkins build：请确认

    ```
    jenkins build team/api --param BASE=team/base#6 --param DIR=b --param REGION=cn-sh
    ```

    - 在 Jenkins 上构建 team/api，将是 #1
    - REGION = cn-sh
    - DIR = b（默认是 a）
    - BASE = team/base#6（默认是 team/base#7）
    - 其余参数取默认值：NOTES = one two、UPLOAD、KEY

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    jenkins build team/api --param BASE=team/base#6 --param DIR=b --param REGION=cn-sh --confirm CODE
    ```

    @0147000002
    ");
}
