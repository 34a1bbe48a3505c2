//! Conversations with a Jenkins.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use dingops::testing::{Chat, NOW_MS, bob};
use http::Method;

use crate::{
    fakes::{
        Answer, Fake, Fault,
        jenkins::{Jenkins, TOKEN, USER},
    },
    talk::{RULES, ask, ask_for_long, ask_in_vain, coded, confirmed, shown},
};

async fn start() -> (Chat, Fake<Jenkins>) {
    let jenkins = Fake::start(Jenkins::new(|| NOW_MS)).await.unwrap();
    let chat = Chat::with(&settings(&jenkins, "")).await;
    (chat, jenkins)
}

fn settings(jenkins: &Fake<Jenkins>, more: &str) -> String {
    format!(
        "{RULES}
[[allow]]
who = ['staff']
effect = 'read'
[[allow]]
who = ['alice']
run = ['jenkins *']
[[jenkins]]
url = '{}'
web = 'https://ci.example.com'
user = '{USER}'
token = '{TOKEN}'
{more}",
        jenkins.origin()
    )
}

#[tokio::test]
async fn jobs_are_listed_by_folder() {
    let (mut chat, _jenkins) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "jenkins jobs").await, @"
    #### Jenkins：2 个任务

    - old：**jenkins status old**　已禁用
    - team：**jenkins jobs team**　文件夹

    @0147000002

    [打开 Jenkins](https://ci.example.com/)
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins 任务 /team/").await, @"
    #### team：5 个任务

    - api：**jenkins status team/api**　未构建
    - release：**jenkins status team/release**　未构建
    - search：**jenkins jobs team/search**　文件夹
    - secret：**jenkins status team/secret**　未构建
    - web：**jenkins status team/web**　失败

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/)
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins jobs tema").await, @"
    #### jenkins jobs：未能完成

    Jenkins 上没有任务 tema。是不是：team？

    @0147000002
    ");
}

#[tokio::test]
async fn a_job_is_no_folder() {
    let (mut chat, _jenkins) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "jenkins jobs team/web").await, @"
    #### team/web 是任务，不是文件夹

    - 状态：**jenkins status team/web**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/web/)
    ");
}

#[tokio::test]
async fn help_has_what_is_set_up() {
    let (mut chat, _jenkins) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "help jenkins").await, @"
    #### jenkins

    - **构建任务**（jenkins jobs）：列出任务和上次构建的结果
    - **构建**（jenkins build）：开始一次构建
    - **构建状态**（jenkins status）：查看构建进行得怎样、结果如何
    - **构建日志**（jenkins log）：查看构建日志的最后几行
    - **停止构建**（jenkins stop）：停止正在运行的构建
    - **同意构建**（jenkins approve）：同意等待确认的构建继续
    - **驳回构建**（jenkins reject）：驳回等待确认的构建，使它结束

    > 想了解某条命令，请发送「帮助 命令」，例如：帮助 jenkins jobs

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins build --help").await, @"
    #### jenkins build

    开始一次构建

    用法：jenkins build &lt;job&gt; &#91;--param &lt;param&gt;…&#93; &#91;--wait&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - **job**：哪个任务
    - **&#45;-param**：任务的参数，可重复；没写的取默认值（KEY=VALUE，如 ENV=prod）
    - **&#45;-wait**：等到构建结束，最多两分钟
    - **&#45;-on**：在哪个 Jenkins 上
    - **&#45;-dry-run**：只预览会改变什么，不执行

    > 也可以说：构建、jenkins 构建

    例如：

    - **jenkins build team/web**
    - **jenkins build team/web -p ENV=staging --wait**

    @0147000002
    ");
    let mut chat = Chat::start().await;
    insta::assert_snapshot!(ask(&mut chat, "jenkins build team/web").await, @"
    #### 没有这条命令

    没看懂：jenkins build team/web

    这个系统还没有接入：请管理员在 dingops.toml 里加上 &#91;&#91;jenkins&#93;&#93;。

    - 查看全部命令：**帮助**

    @0147000002
    ");
}

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

    - 在 Jenkins 上构建 team/api，将是 #1
    - 有一次构建在排队：Waiting for next available executor

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
    assert!(ask(&mut chat, "jenkins status team/api").await.contains("还没有构建过"));
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

    参数 KEY 是密码，不能发在聊天里；请到 Jenkins 页面上构建。

    @0147000002
    > jenkins build team/wbe
    #### jenkins build：未能完成

    Jenkins 上没有任务 team/wbe。是不是：team/web？

    @0147000002
    > jenkins build team
    #### jenkins build：未能完成

    team 是文件夹，不能构建。

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
async fn a_page_is_as_good_as_a_name() {
    let (mut chat, jenkins) = start().await;
    let card = ask(
        &mut chat,
        "jenkins build https://ci.example.com/job/team/job/search/job/feature%252Fx/12/console",
    )
    .await;
    assert!(coded(&card).starts_with("jenkins build team/search/feature%2Fx --confirm"), "{card}");
    ask(&mut chat, &coded(&card)).await;
    assert_eq!(jenkins.writes()[0], "POST /job/team/job/search/job/feature%252Fx/build?delay=0sec");
}

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
    #### jenkins status：未能完成

    team/api 还没有构建过。

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins status team/appi").await, @"
    #### jenkins status：未能完成

    Jenkins 上没有任务 team/appi。是不是：team/api？

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
async fn a_step_is_approved_or_rejected() {
    let (mut chat, jenkins) = start().await;
    confirmed(&mut chat, "jenkins build team/release").await;
    let card = ask(&mut chat, "jenkins 同意 team/release 1").await;
    insta::assert_snapshot!(shown(&card), @"
    #### jenkins approve：请确认

    ```
    jenkins approve team/release 1
    ```

    - 让 team/release #1 继续：Release to production?

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    jenkins approve team/release 1 --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### team/release #1：已同意，继续执行

    Release to production?

    - 状态：**jenkins status team/release 1**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/release/1/)
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins approve team/release 1").await, @"
    #### jenkins approve：未能完成

    team/release #1 没有在等待同意的步骤。

    @0147000002
    ");
    confirmed(&mut chat, "jenkins build team/release").await;
    insta::assert_snapshot!(confirmed(&mut chat, "jenkins 驳回 team/release 2").await, @"
    #### team/release #2：已驳回，构建结束

    Release to production?

    - 状态：**jenkins status team/release 2**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/release/2/)
    ");
    assert_eq!(jenkins.world().build("team/release", 2).unwrap().result.as_deref(), Some("ABORTED"));
}

#[tokio::test]
async fn what_jenkins_does_not_do() {
    let (mut chat, jenkins) = start().await;
    let mut told = String::new();
    let page = |status| Answer::page(status, "Oops");
    for answer in [
        page(401),
        page(403),
        page(302),
        page(500),
        page(418),
        page(429).with("retry-after", "30"),
        Answer::json(422, &serde_json::json!({ "message": "no\n such *thing*" })),
        Answer::text(200, "<html>"),
    ] {
        jenkins.fail_next(Method::GET, Fault::Answer(answer));
        told.push_str(&ask(&mut chat, "jenkins jobs").await);
    }
    insta::assert_snapshot!(told, @"
    #### jenkins jobs：未能完成

    Jenkins 不接受机器人的凭据（HTTP 401），请管理员更换。

    @0147000002#### jenkins jobs：未能完成

    机器人在 Jenkins 上没有这项权限（HTTP 403），请管理员授权。

    @0147000002#### jenkins jobs：未能完成

    Jenkins 要求跳转到别处（HTTP 302），请管理员检查地址和凭据。

    @0147000002#### jenkins jobs：未能完成

    Jenkins 出错了（HTTP 500），请稍后再试。

    @0147000002#### jenkins jobs：未能完成

    Jenkins 拒绝了请求（HTTP 418）。

    @0147000002#### jenkins jobs：未能完成

    对 Jenkins 的请求太频繁，请 30 秒后再试。

    @0147000002#### jenkins jobs：未能完成

    Jenkins 认为请求有误（HTTP 422）。它的说明：no such &#42;thing&#42;

    @0147000002#### jenkins jobs：未能完成

    Jenkins 的回应不是预期的格式，请管理员查看日志。

    @0147000002
    ");
}

#[tokio::test]
async fn a_read_is_tried_twice_and_a_write_once() {
    let (mut chat, jenkins) = start().await;
    jenkins.fail_next(Method::GET, Fault::Answer(Answer::page(503, "")));
    let reply = ask(&mut chat, "jenkins jobs").await;
    assert!(reply.contains("old"), "{reply}");
    let card = ask(&mut chat, "jenkins build team/api").await;
    jenkins.fail_next(Method::POST, Fault::Lost);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### jenkins build：结果未知，可能已经执行

    没有等到 Jenkins 的完整回应。操作可能已经执行：请先看清现状，再决定是否重做。

    - 查看现状：**jenkins status team/api**

    @0147000002
    ");
    assert_eq!(jenkins.writes().len(), 1);
    let card = ask(&mut chat, "jenkins build team/web").await;
    jenkins
        .fail_next(Method::POST, Fault::Answer(Answer::page(403, "bot is missing the Job/Build permission")));
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### jenkins build：未能完成

    机器人在 Jenkins 上没有这项权限（HTTP 403），请管理员授权。

    @0147000002
    ");
    assert_eq!(jenkins.writes().len(), 2);
}

#[tokio::test]
async fn what_a_gateway_answers_leaves_a_write_open() {
    let (mut chat, jenkins) = start().await;
    let page = |status| Answer::page(status, "Oops");
    let open = [408, 499, 500, 502, 503, 504, 507, 520, 524].map(|status| (page(status), true));
    let refused = [400, 404, 409, 501, 505].map(|status| (page(status), false));
    let of_503 = [
        (page(503).with("retry-after", "30"), false),
        // Some tell it with whatever they answer.
        (page(503).with("x-ratelimit-reset", "30"), true),
    ];
    for (answer, is_open) in open.into_iter().chain(refused).chain(of_503) {
        let card = ask(&mut chat, "jenkins build team/api").await;
        jenkins.fail_next(Method::POST, Fault::Answer(answer.clone()));
        let reply = ask(&mut chat, &coded(&card)).await;
        assert_eq!(reply.contains("结果未知"), is_open, "{answer:?}: {reply}");
        chat.clock().advance(Duration::from_secs(60));
    }
    for (status, asked) in [(408, 2), (502, 2), (524, 2), (400, 1), (500, 1), (501, 1)] {
        let before = jenkins.asked().len();
        jenkins.fail_next(Method::GET, Fault::Answer(page(status)));
        ask(&mut chat, "jenkins jobs").await;
        assert_eq!(jenkins.asked().len() - before, asked, "{status}");
    }
}

#[tokio::test]
async fn what_jenkins_was_signed_in_with_is_not_repeated() {
    let (mut chat, jenkins) = start().await;
    let both = format!("{USER}:{TOKEN}");
    for echoed in [
        TOKEN.to_owned(),
        TOKEN.to_uppercase(),
        BASE64_STANDARD.encode(&both),
        BASE64_STANDARD.encode(TOKEN),
        format!("u={USER}%3A{TOKEN}"),
    ] {
        let answer = Answer::json(400, &serde_json::json!({ "message": format!("no <{echoed}> here") }));
        jenkins.fail_next(Method::GET, Fault::Answer(answer));
        let reply = ask(&mut chat, "jenkins jobs").await;
        assert!(reply.contains("***") || reply.contains("&#42;&#42;&#42;"), "{reply}");
        assert!(reply.contains("here") && !reply.contains(&echoed[echoed.len() / 3..]), "{reply}");
    }
}

#[tokio::test]
async fn a_code_approves_one_step_of_those_that_ask_the_same() {
    let (mut chat, jenkins) = start().await;
    confirmed(&mut chat, "jenkins build team/release").await;
    let card = ask(&mut chat, "jenkins approve team/release 1").await;
    assert!(ask(&mut chat, &coded(&card)).await.contains("已同意"));
    jenkins.world().jobs.get_mut("team/release").unwrap().builds[0].input =
        Some("Release to production?".into());
    chat.another_process();
    let second = ask(&mut chat, &coded(&card)).await;
    assert!(second.starts_with("#### 没有执行"), "{second}");
    assert_eq!(jenkins.writes().iter().filter(|line| line.contains("proceedEmpty")).count(), 1);
}

#[tokio::test]
async fn a_default_that_looks_like_a_secret_is_not_shown() {
    let (mut chat, jenkins) = start().await;
    let secret = crate::fakes::jenkins::parameter(
        "StringParameterDefinition",
        "DB_PASSWORD",
        serde_json::json!("hunter2hunter2"),
        &[],
    );
    jenkins.world().jobs.get_mut("team/web").unwrap().parameters.push(secret);
    for line in ["jenkins build team/web", "jenkins build team/web -p DB_PASSWORD=other"] {
        let card = ask(&mut chat, line).await;
        assert!(card.contains("请确认") && !card.contains("hunter2"), "{card}");
    }
}

#[tokio::test]
async fn a_redirect_is_no_promise() {
    let (mut chat, jenkins) = start().await;
    let to = |location: &str| Fault::Answer(Answer::text(302, "").with("location", location));
    for (location, told) in [
        ("https://sso.example.com/login?next=%2Fjob%2Fteam", "要求跳转到别处（HTTP 302）"),
        ("/securityRealm/commenceLogin", "要求跳转到别处（HTTP 302）"),
        ("/login?from=%2Fjob%2Fteam%2Fjob%2Fapi%2Fbuild", "要求跳转到别处（HTTP 302）"),
        (".", "没有把 team/api 排进队列"),
    ] {
        let card = ask(&mut chat, "jenkins build team/api").await;
        jenkins.fail_next(Method::POST, to(location));
        let reply = ask(&mut chat, &coded(&card)).await;
        assert!(reply.contains(told), "{location}: {reply}");
        chat.clock().advance(Duration::from_secs(60));
    }
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
async fn a_jenkins_that_hangs() {
    let (mut chat, jenkins) = start().await;
    jenkins.fail_next(Method::GET, Fault::Hang);
    jenkins.fail_next(Method::GET, Fault::Hang);
    let reply = ask_in_vain(&mut chat, "jenkins jobs", "Jenkins").await;
    insta::assert_snapshot!(reply, @"
    #### jenkins jobs：未能完成

    没有等到 Jenkins 的完整回应，它可能正忙，或者网络不稳。请稍后再试；仍然不行，请管理员检查它的负载和网络。

    @0147000002
    ");
}

#[tokio::test]
async fn several_are_told_apart() {
    let (dev, prod) = (
        Fake::start(Jenkins::new(|| NOW_MS)).await.unwrap(),
        Fake::start(Jenkins::new(|| NOW_MS)).await.unwrap(),
    );
    let entry = |name: &str, jenkins: &Fake<Jenkins>, more: &str| {
        format!(
            "[[jenkins]]\nname = '{name}'\nurl = '{}'\nuser = '{USER}'\ntoken = '{TOKEN}'\n{more}\n",
            jenkins.origin()
        )
    };
    let rules = |entries: &str| {
        format!(
            "{RULES}[[allow]]\nwho = ['alice']\nrun = ['jenkins *']\nwhen = {{ on = ['dev'] }}\n[[allow]]\nwho = ['alice']\nrun = ['jenkins jobs', 'status']\n{entries}"
        )
    };
    let mut chat = Chat::with(&rules(&(entry("dev", &dev, "") + &entry("prod", &prod, "")))).await;
    insta::assert_snapshot!(ask(&mut chat, "jenkins jobs").await, @"
    #### jenkins jobs：参数有误

    有多个实例，请用 --on 指定一个：dev、prod。

    用法：jenkins jobs &#91;folder&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 jenkins jobs**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins jobs --on test").await, @"
    #### jenkins jobs：参数有误

    没有叫「test」的实例，可选：dev、prod。

    用法：jenkins jobs &#91;folder&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 jenkins jobs**

    @0147000002
    ");
    let reply = ask(&mut chat, "jenkins jobs --on PROD").await;
    assert!(reply.starts_with("#### Jenkins prod：2 个任务"), "{reply}");
    assert!(ask(&mut chat, "jenkins build team/api --on prod").await.contains("无权执行"));
    assert!(ask(&mut chat, "jenkins build team/api --on dev").await.contains("Jenkins dev"));
    // One whose settings cannot be used takes nothing from the other.
    let off = "[[jenkins]]\nname = 'prod'\nurl = 'https://ci.example.com'\nuser = 'bot'\ntoken = '${NOT_SET}'\n[[allow]]\nwho = ['alice']\nrun = ['jenkins *']\n";
    let mut chat = Chat::with(&rules(&(entry("dev", &dev, "default = true") + off))).await;
    assert!(ask(&mut chat, "jenkins jobs").await.starts_with("#### Jenkins dev：2 个任务"));
    insta::assert_snapshot!(ask(&mut chat, "jenkins jobs --on prod").await, @"
    #### jenkins jobs：未能完成

    Jenkins prod 已停用：它的配置有误，请管理员运行 dingops check 查看。

    @0147000002
    ");
    let page = "https://ci.example.com/job/team/job/web/1/";
    for of_it in ["jobs team", "status team/web", &format!("log {page}"), &format!("jobs {page}")] {
        let reply = ask(&mut chat, &format!("jenkins {of_it} --on prod")).await;
        assert!(reply.contains("未能完成") && reply.contains("Jenkins prod 已停用"), "{of_it}: {reply}");
    }
    for of_it in ["build team/web", "stop team/web 1", &format!("stop {page}"), &format!("approve {page}")] {
        let reply = ask(&mut chat, &format!("jenkins {of_it} --on prod")).await;
        assert!(reply.contains("未能完成") && reply.contains("Jenkins prod 已停用"), "{of_it}: {reply}");
    }
    let reply = ask(&mut chat, "status").await;
    assert!(
        reply.contains("**Jenkins dev**：可用，版本 2.528.1") && reply.contains("**Jenkins prod**：已停用"),
        "{reply}"
    );
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

    缺少参数「number」：要写第几次构建，也可以粘贴那次构建的页面地址。

    用法：jenkins stop &lt;job&gt; &#91;number&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 jenkins stop**

    @0147000002
    > jenkins approve team/release
    #### jenkins approve：参数有误

    缺少参数「number」：要写第几次构建，也可以粘贴那次构建的页面地址。

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
async fn a_build_that_waits_for_approval_says_so() {
    let (mut chat, jenkins) = start().await;
    let card = ask(&mut chat, "jenkins build team/release --wait").await;
    // It stops waiting at the question, without a look more.
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### team/release #1：等待确认

    - **等待确认**：Release to production?
    - **开始**：08:00:00
    - **用时**：0s（通常 1m20s）
    - **触发**：Started by user bot
    - **说明**：由爱丽丝（0147000002）在钉钉发起

    - 同意：**jenkins approve team/release 1**
    - 驳回：**jenkins reject team/release 1**
    - 状态：**jenkins status team/release 1**
    - 日志：**jenkins log team/release 1 --lines 30**
    - 停止：**jenkins stop team/release 1**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/release/1/)
    ");
    let reply = ask(&mut chat, "jenkins status team/release 1").await;
    assert!(reply.starts_with("#### team/release #1：等待确认"), "{reply}");
    confirmed(&mut chat, "jenkins approve team/release 1").await;
    let reply = ask(&mut chat, "jenkins status team/release 1").await;
    assert!(reply.starts_with("#### team/release #1：构建中") && !reply.contains("同意"), "{reply}");
    // That the question cannot be read takes nothing from the build.
    confirmed(&mut chat, "jenkins build team/release").await;
    jenkins.world().tells_inputs = false;
    let reply = ask(&mut chat, "jenkins status team/release 2").await;
    assert!(reply.starts_with("#### team/release #2：构建中"), "{reply}");
}

#[tokio::test]
async fn each_of_several_steps_is_approved_by_its_id() {
    let (mut chat, jenkins) = start().await;
    let answer = |status, body: serde_json::Value| {
        jenkins.fail_next(Method::GET, Fault::Answer(Answer::json(status, &body)));
    };
    let json = serde_json::json!({ "number": 1, "building": true });
    answer(200, json.clone());
    let step = |id: &str| serde_json::json!({ "id": id, "displayName": format!("{id}?"), "settled": false });
    answer(200, serde_json::json!({ "executions": [step("Europe"), step("Asia")] }));
    insta::assert_snapshot!(ask(&mut chat, "jenkins status team/web 1").await, @"
    #### team/web #1：等待确认

    - **等待确认**：Europe?
    - **等待确认**：Asia?

    - 同意：**jenkins approve team/web 1 --input Europe**
    - 驳回：**jenkins reject team/web 1 --input Europe**
    - 同意：**jenkins approve team/web 1 --input Asia**
    - 驳回：**jenkins reject team/web 1 --input Asia**
    - 状态：**jenkins status team/web 1**
    - 日志：**jenkins log team/web 1 --lines 30**
    - 停止：**jenkins stop team/web 1**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/web/1/)
    ");
    // By the list of an older plugin, a step that asks for values: those are given at its page.
    answer(200, json);
    answer(404, serde_json::json!({}));
    let values =
        serde_json::json!([{ "id": "Ok", "message": "Version?", "inputs": [{ "name": "VERSION" }] }]);
    answer(200, values);
    let reply = ask(&mut chat, "jenkins status team/web 1").await;
    assert!(reply.contains("Version?") && reply.contains("驳回") && !reply.contains("同意"), "{reply}");
}

#[tokio::test]
async fn what_other_tools_take() {
    let (mut chat, _jenkins) = start().await;
    let reply = ask(&mut chat, "jenkins logs team/web --tail 2").await;
    assert!(reply.contains("最后 2 行") && !reply.contains("make deploy"), "{reply}");
    let mut told = String::new();
    for line in
        ["jenkins log team/web -f", "jenkins build team/web -w", "jenkins status web", "jenkins status WEB"]
    {
        told.push_str(&format!("> {line}\n{}\n", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @"
    > jenkins log team/web -f
    #### jenkins log：参数有误

    聊天里不能持续输出（-f）：去掉它，想看新的就再发一次

    ```
    jenkins log team/web -f
                         ^^
    ```

    用法：jenkins log &lt;job&gt; &#91;number&#93; &#91;--lines &lt;lines&gt;&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 jenkins log**

    @0147000002
    > jenkins build team/web -w
    #### jenkins build：参数有误

    这里没有 -w：要等到构建结束，请写 --wait

    ```
    jenkins build team/web -w
                           ^^
    ```

    用法：jenkins build &lt;job&gt; &#91;--param &lt;param&gt;…&#93; &#91;--wait&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 jenkins build**

    @0147000002
    > jenkins status web
    #### jenkins status：未能完成

    Jenkins 上没有任务 web。是不是：team/web？

    @0147000002
    > jenkins status WEB
    #### jenkins status：未能完成

    Jenkins 上没有任务 WEB。是不是：team/web？

    @0147000002
    ");
}

#[tokio::test]
async fn one_of_several_is_named_in_what_is_said_of_it() {
    let jenkins = Fake::start(Jenkins::new(|| NOW_MS)).await.unwrap();
    let named = settings(&jenkins, "name = 'prod'");
    let mut chat = Chat::with(&named).await;
    jenkins.world().jobs.get_mut("team/web").unwrap().runs_for = 100;
    let mut first_lines = String::new();
    let mut told =
        |said: String| first_lines.push_str(&format!("{}\n", said.lines().next().unwrap_or_default()));
    for line in [
        "jenkins jobs",
        "jenkins jobs team",
        "jenkins jobs team/web",
        "jenkins status team/web",
        "jenkins log team/web",
    ] {
        told(ask(&mut chat, line).await);
    }
    for line in [
        "jenkins build team/web",
        "jenkins stop team/web 2",
        "jenkins build team/release",
        "jenkins approve team/release 1",
    ] {
        let card = ask(&mut chat, line).await;
        assert!(card.contains("Jenkins prod"), "{card}");
        told(card.lines().find(|line| line.starts_with("- ")).unwrap_or_default().to_owned());
        told(ask(&mut chat, &coded(&card)).await);
    }
    insta::assert_snapshot!(first_lines, @"
    #### Jenkins prod：2 个任务
    #### Jenkins prod · team：5 个任务
    #### Jenkins prod · team/web 是任务，不是文件夹
    #### Jenkins prod · team/web #1：失败
    #### Jenkins prod · team/web #1（失败）日志的最后 5 行
    - 在 Jenkins prod 上构建 team/web，将是 #2
    #### Jenkins prod · team/web #2：构建中
    - Jenkins prod · 停止 team/web #2，它已运行 0s
    #### Jenkins prod · team/web #2：已要求停止
    - 在 Jenkins prod 上构建 team/release，将是 #1
    #### Jenkins prod · team/release #1：等待确认
    - Jenkins prod · 让 team/release #1 继续：Release to production?
    #### Jenkins prod · team/release #1：已同意，继续执行
    ");
}

#[tokio::test]
async fn names_of_jobs_are_judged_without_case() {
    let jenkins = Fake::start(Jenkins::new(|| NOW_MS)).await.unwrap();
    let deny = "[[deny]]\nwho = ['anyone']\nrun = ['jenkins build']\nwhen = { job = ['team/W*'], 'param.ENV' = ['prod'] }";
    let mut chat = Chat::with(&settings(&jenkins, deny)).await;
    for line in ["jenkins build TEAM/WEB -p ENV=prod", "jenkins build team/web"] {
        let reply = ask(&mut chat, line).await;
        assert!(reply.contains("第 1 条 deny"), "{line}: {reply}");
        chat.clock().advance(Duration::from_secs(61));
    }
    assert!(ask(&mut chat, "jenkins build team/web -p ENV=staging").await.contains("请确认"));
}
