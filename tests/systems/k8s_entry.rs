//! Conversations with Kubernetes clusters: what an entry of dingops.toml says of them, and in whose name they are asked.

use dingops::testing::{Chat, NOW_MS, bob, nobody};
use http::Method;

use crate::{
    fakes::{
        Fake, Fault,
        k8s::{Kubernetes, TOKEN},
    },
    k8s::{settings, start, start_with},
    talk::{RULES, ask, ask_in_vain, confirmed},
};

#[tokio::test]
async fn requests_are_made_in_the_name_of_whoever_asks() {
    let (mut chat, k8s) = start_with("impersonate = true").await;
    insta::assert_snapshot!(ask(&mut chat, "k8s get pods").await, @r#"
    #### k8s get pods：未能完成

    机器人在 Kubernetes 上没有这项权限（HTTP 403），请管理员授权。它的说明：pods "" is forbidden: User "dingtalk:ding0000corp:0147000002" cannot use resource "pods"

    @0147000002
    "#);
    let corp = k8s.asked()[0].header("impersonate-group").to_owned();
    let user = k8s.asked()[0].header("impersonate-user").to_owned();
    assert_eq!(user, format!("{corp}:0147000002"));
    assert!(corp.starts_with("dingtalk:ding"), "{corp}");
    k8s.world().users.insert(user.clone());
    confirmed(&mut chat, "k8s rollout restart web").await;
    assert!(k8s.asked().iter().all(|asked| asked.header("impersonate-user") == user));
    chat.say(bob(), "k8s get nodes").await;
    let reply = chat.read();
    assert!(reply.contains("HTTP 403") && reply.contains("0147000003"), "{reply}");
}

#[tokio::test]
async fn rules_are_judged_on_what_is_executed() {
    let rules = "
[[deny]]
who = ['anyone']
run = ['k8s *']
when = { namespace = ['kube-system'] }
[[deny]]
who = ['anyone']
run = ['k8s rollout restart', 'k8s scale']
when = { workload = ['deploy/pay'] }";
    for line in [
        "k8s get pods -n kube-system",
        "k8s get pods -A",
        "k8s get pods -n Kube-System",
        "k8s rollout restart deployment/pay",
        "k8s rollout restart Pay",
        "kubectl scale deployments.apps/pay 9",
    ] {
        let (mut chat, k8s) = start_with(rules).await;
        let reply = ask(&mut chat, line).await;
        assert!(reply.contains("无权执行"), "{line}: {reply}");
        assert!(k8s.asked().is_empty(), "{line}");
    }
}

#[tokio::test]
async fn whoever_has_no_staff_id_is_nobody_to_a_cluster() {
    let rules = "impersonate = true\n[[allow]]\nwho = ['anyone']\nrun = ['k8s get *']";
    let (mut chat, k8s) = start_with(rules).await;
    chat.say(nobody(), "k8s get pods").await;
    insta::assert_snapshot!(chat.read(), @"
    #### k8s get pods：未能完成

    这个集群按提问人的权限操作，但你这条消息里没有员工 ID 或企业 ID，所以没有执行。请在本企业的群或单聊里说。

    @无名
    ");
    assert!(k8s.asked().is_empty());
}

fn by_kubeconfig(k8s: &Fake<Kubernetes>, user: &str) -> String {
    let config = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: prod\n\
         contexts: [{{name: prod, context: {{cluster: c, user: u, namespace: dev}}}}]\n\
         clusters: [{{name: c, cluster: {{server: '{}'}}}}]\n\
         users: [{{name: u, user: {{{user}}}}}]\n",
        k8s.origin()
    );
    let entry = format!("[[k8s]]\nkubeconfig = \"\"\"\n{config}\"\"\"\n");
    format!("{RULES}\n[[allow]]\nwho = ['staff']\neffect = 'read'\n{entry}")
}

#[tokio::test]
async fn a_kubeconfig_says_where_and_who() {
    let k8s = Fake::start(Kubernetes::new(|| NOW_MS)).await.unwrap();
    let mut chat = Chat::with(&by_kubeconfig(&k8s, &format!("token: {TOKEN}"))).await;
    let reply = ask(&mut chat, "k8s get pods").await;
    assert!(reply.starts_with("#### dev：1 个 Pod"), "{reply}");
    // No commands are run.
    let mut chat =
        Chat::with(&by_kubeconfig(&k8s, "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}"))
            .await;
    insta::assert_snapshot!(ask(&mut chat, "k8s get pods").await, @"
    #### k8s get pods：未能完成

    Kubernetes 已停用：它的配置有误，请管理员运行 dingops check 查看。

    @0147000002
    ");
}

#[tokio::test]
async fn clusters_are_told_apart() {
    let (one, two) = (
        Fake::start(Kubernetes::new(|| NOW_MS)).await.unwrap(),
        Fake::start(Kubernetes::new(|| NOW_MS)).await.unwrap(),
    );
    let both = format!(
        "{}\nname = 'prod'\ndefault = true\nweb = 'https://k8s.example.com'\n\
         [[k8s]]\nname = 'staging'\nurl = '{}'\ntoken = '{TOKEN}'\n",
        settings(&one, ""),
        two.origin()
    );
    let mut chat = Chat::with(&both).await;
    insta::assert_snapshot!(ask(&mut chat, "k8s get nodes node-1 --on staging").await, @"
    #### Kubernetes staging · 1 个节点

    - **node-1**　Ready　worker　v1.34.2　200d

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s get nodes node-1").await, @"
    #### Kubernetes prod · 1 个节点

    - **node-1**　Ready　worker　v1.34.2　200d

    @0147000002

    [打开 Kubernetes](https://k8s.example.com/)
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s get nodes --on dev").await, @"
    #### k8s get nodes：参数有误

    没有叫「dev」的实例，可选：prod、staging。

    用法：k8s get nodes &#91;name&#93; &#91;--selector &lt;selector&gt;&#93; &#91;--on &lt;on&gt;&#93;

    - 查看用法：**帮助 k8s get nodes**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s get pods --on staging").await, @"
    #### Kubernetes staging · default：0 个 Pod

    命名空间 default 里没有符合条件的，或者没有这个命名空间。

    @0147000002
    ");
    // A change says where it is made, and so does what came of it, and what is not there.
    for (line, told) in [
        ("k8s rollout restart web", "在 Kubernetes prod 上重启 deploy/web（命名空间 prod）"),
        ("k8s scale web 5", "在 Kubernetes prod 把 deploy/web"),
        ("k8s rollout undo pay --on staging -n prod", "在 Kubernetes staging 把 deploy/pay"),
        ("k8s cordon node-1 --on staging", "在 Kubernetes staging 让节点 node-1 停止调度"),
        ("k8s describe wbe", "Kubernetes prod · 命名空间 prod 里没有 deploy/wbe"),
        ("k8s describe web", "#### Kubernetes prod · deploy/web（prod）：正常"),
        ("k8s logs web", "#### Kubernetes prod · web-"),
        (
            "k8s describe search -n prod --on staging",
            "k8s set image deploy/search 容器=镜像 -n prod --on staging",
        ),
        ("k8s rollout history web", "#### Kubernetes prod · deploy/web（prod）：2 个版本"),
        ("k8s rollout status web", "#### Kubernetes prod · deploy/web（prod）：发布完成"),
        ("k8s describe node node-9", "Kubernetes prod · 没有节点 node-9"),
    ] {
        let reply = ask(&mut chat, line).await;
        assert!(reply.contains(told), "{line}: {reply}");
    }
    let status = ask(&mut chat, "status").await;
    assert!(status.contains("**Kubernetes prod**：可用，版本 v1.34.2"), "{status}");
    assert!(status.contains("**Kubernetes staging**：可用"), "{status}");
    assert!(one.asked().iter().chain(&two.asked()).all(|asked| asked.method == Method::GET));
}

#[tokio::test]
async fn a_cluster_that_hangs() {
    let (mut chat, k8s) = start().await;
    k8s.fail_next(Method::GET, Fault::Hang);
    k8s.fail_next(Method::GET, Fault::Hang);
    let reply = ask_in_vain(&mut chat, "k8s get pods", "Kubernetes").await;
    insta::assert_snapshot!(reply, @"
    #### k8s get pods：未能完成

    没有等到 Kubernetes 的完整回应，它可能正忙，或者网络不稳。请稍后再试；仍然不行，请管理员检查它的负载和网络。

    @0147000002
    ");
}

#[tokio::test]
async fn help_has_what_is_set_up() {
    let (mut chat, _k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "help k8s").await, @"
    #### k8s

    - **容器组**（k8s get pods）：列出 Pod，异常的在前
    - **工作负载**（k8s get deploy）：列出 Deployment，异常的在前
    - **k8s get sts**：列出 StatefulSet，异常的在前
    - **k8s get ds**：列出 DaemonSet，异常的在前
    - **集群节点**（k8s get nodes）：列出节点，异常的在前
    - **弹性伸缩**（k8s get hpa）：列出 HPA（自动伸缩）
    - **集群事件**（k8s get events）：列出最近的事件，警告在前
    - **诊断**（k8s describe）：诊断一个工作负载或 Pod：哪里有问题
    - **诊断节点**（k8s describe node）：诊断一个节点：哪里有问题
    - **容器日志**（k8s logs）：查看容器日志的最后几行
    - **发布进度**（k8s rollout status）：查看发布进度
    - **发布历史**（k8s rollout history）：列出历史版本，新的在前
    - **重启**（k8s rollout restart）：重启工作负载：逐个替换 Pod
    - **回滚**（k8s rollout undo）：回滚到之前的版本
    - **扩缩容**（k8s scale）：调整副本数
    - **换镜像**（k8s set image）：换镜像
    - **创建工作负载**（k8s create deployment）：创建 Deployment，有端口时连同 Service
    - **删除容器组**（k8s delete pod）：删除一个 Pod，让它重建
    - **停止调度**（k8s cordon）：节点停止调度
    - **恢复调度**（k8s uncordon）：节点恢复调度

    > 想了解某条命令，请发送「帮助 命令」，例如：帮助 k8s get pods

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "换镜像 --help").await, @"
    #### k8s set image

    换镜像

    用法：k8s set image &lt;workload&gt; &lt;image&gt;… &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - **workload**：哪个工作负载：web（Deployment）、sts/mysql、ds/agent
    - **image**：容器=镜像，如 app=registry.example.com/web:1.4.2（KEY=VALUE，如 ENV=prod）
    - **&#45;-namespace**：哪个命名空间
    - **&#45;-on**：在哪个集群上
    - **&#45;-dry-run**：只预览会改变什么，不执行

    > 也可以说：k8s 换镜像、换镜像

    例如：

    - **k8s set image web app=registry.example.com/web:1.4.2 -n prod**

    @0147000002
    ");
}

#[tokio::test]
async fn a_namespace_of_the_group_that_is_not_asked_is_not_told() {
    let (mut chat, _k8s) = start_with("[[defaults]]\nin = ['ops']\nnamespace = 'dev'").await;
    let reply = ask(&mut chat, "k8s get pods").await;
    assert!(reply.starts_with("#### dev：") && reply.contains("本群默认：namespace = dev"), "{reply}");
    let reply = ask(&mut chat, "k8s get pods -A").await;
    assert!(reply.starts_with("#### 全部命名空间：") && !reply.contains("本群默认"), "{reply}");
}
