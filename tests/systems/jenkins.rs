//! Conversations with a Jenkins: its jobs, how they are called, what help says of them.

use std::time::Duration;

use dingops::testing::{Chat, NOW_MS};

use crate::{
    fakes::{
        Fake,
        jenkins::{Build, Jenkins, Job, TOKEN, USER},
    },
    talk::{RULES, ask, coded},
};

pub async fn start() -> (Chat, Fake<Jenkins>) {
    let jenkins = Fake::start(Jenkins::new(|| NOW_MS)).await.unwrap();
    let chat = Chat::with(&settings(&jenkins, "")).await;
    (chat, jenkins)
}

pub fn settings(jenkins: &Fake<Jenkins>, more: &str) -> String {
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

    - old　已禁用　**jenkins status old**
    - team　文件夹　**jenkins jobs team**

    @0147000002

    [打开 Jenkins](https://ci.example.com/)
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins 任务 /team/").await, @"
    #### team：5 个任务

    - web　失败　**jenkins status team/web**
    - api　未构建　**jenkins status team/api**
    - release　未构建　**jenkins status team/release**
    - search　文件夹　**jenkins jobs team/search**
    - secret　未构建　**jenkins status team/secret**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/)
    ");
    let reply = ask(&mut chat, "jenkins jobs team/search").await;
    assert!(reply.contains("- feature/x　未构建　**jenkins status team/search/feature%2Fx**"), "{reply}");
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

    - **构建任务**（jenkins jobs）：列出任务和上次构建的结果，失败的和正在构建的在前
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
async fn a_name_that_is_not_there_tells_those_like_it() {
    let (mut chat, _jenkins) = start().await;
    let mut told = String::new();
    for line in [
        "jenkins status team/search/feature/x",
        "jenkins build tema/web",
        "jenkins status team/search",
        "jenkins status my team/web",
        "jenkins status a/b/c/d/e/f",
    ] {
        told.push_str(&format!("> {line}\n{}\n", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @"
    > jenkins status team/search/feature/x
    #### jenkins status：未能完成

    Jenkins 上没有任务 team/search/feature/x。是不是：team/search/feature%2Fx？

    @0147000002
    > jenkins build tema/web
    #### jenkins build：未能完成

    Jenkins 上没有任务 tema/web。是不是：team/web？

    @0147000002
    > jenkins status team/search
    #### jenkins status：未能完成

    team/search 是文件夹，不是任务。里面有：team/search/feature%2Fx

    @0147000002
    > jenkins status my team/web
    #### jenkins status：参数有误

    应是构建号，如 42；任务名里有空格时，请用引号括起来

    ```
    jenkins status my team/web
                      ^^^^^^^^
    ```

    用法：jenkins status &lt;job&gt; &#91;number&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 jenkins status**

    @0147000002
    > jenkins status a/b/c/d/e/f
    #### jenkins status：未能完成

    Jenkins 上没有任务 a/b/c/d/e/f，或者机器人看不到它。

    @0147000002
    ");
}

#[tokio::test]
async fn jobs_that_failed_come_first() {
    let (mut chat, jenkins) = start().await;
    for number in 0..20 {
        jenkins.world().jobs.insert(format!("many/{number:02}"), Job::default());
    }
    let failed = Build { result: Some("FAILURE".into()), ..Build::default() };
    jenkins.world().jobs.get_mut("many/19").unwrap().builds.push(failed);
    let reply = ask(&mut chat, "jenkins jobs many").await;
    let first = reply.lines().find(|line| line.starts_with("- "));
    assert_eq!(first, Some("- 19　失败　**jenkins status many/19**"));
    assert!(reply.contains("还有 5 行未显示"), "{reply}");
}

#[tokio::test]
async fn jenkins_is_asked_in_the_readers_language() {
    let (mut chat, jenkins) = start().await;
    ask(&mut chat, "jenkins jobs").await;
    assert_eq!(jenkins.asked()[0].header("accept-language"), "zh-CN");
}

#[tokio::test]
async fn a_number_too_many_is_how_many_lines() {
    let (mut chat, jenkins) = start().await;
    let reply = ask(&mut chat, "构建日志 team/web 1 100").await;
    assert!(reply.contains("「100」前面要写选项 --lines：--lines 100"), "{reply}");
    assert!(jenkins.asked().is_empty());
}

#[tokio::test]
async fn signs_of_full_width_are_those_of_ascii() {
    let (mut chat, _jenkins) = start().await;
    for line in ["构建状态 team／web ＃1", "构建状态　team/web　＃１", "构建状态 team/web #1"]
    {
        let reply = ask(&mut chat, line).await;
        assert!(reply.starts_with("#### team/web #1："), "{line}: {reply}");
    }
    let reply = ask(&mut chat, "构建　ｔｅａｍ／ｗｅｂ").await;
    assert!(reply.contains("Jenkins 上没有任务 ｔｅａｍ/ｗｅｂ。是不是：team/web？"), "{reply}");
}

#[tokio::test]
async fn a_first_build_that_runs_is_told_as_that() {
    let (mut chat, jenkins) = start().await;
    jenkins.world().jobs.get_mut("team/api").unwrap().builds.push(Build::default());
    let reply = ask(&mut chat, "jenkins jobs team").await;
    assert!(reply.contains("- api　第一次构建中　**jenkins status team/api**\n"), "{reply}");
}
