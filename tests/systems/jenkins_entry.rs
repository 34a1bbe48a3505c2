//! Conversations with Jenkins: what its entries in dingops.toml say, and which of several is meant.

use dingops::testing::{Chat, NOW_MS};

use crate::{
    fakes::{
        Fake,
        jenkins::{Jenkins, TOKEN, USER},
    },
    jenkins::settings,
    talk::{RULES, ask, coded},
};

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
