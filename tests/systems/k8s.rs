//! Conversations with a Kubernetes cluster: looking at it.

use dingops::testing::{Chat, NOW_MS, bob};
use http::Method;

use crate::{
    fakes::{
        Answer, Fake, Fault,
        k8s::{Kubernetes, TOKEN},
    },
    talk::{RULES, ask},
};

pub(crate) async fn start() -> (Chat, Fake<Kubernetes>) {
    start_with("").await
}

/// With more keys of the cluster's entry.
pub(crate) async fn start_with(more: &str) -> (Chat, Fake<Kubernetes>) {
    let k8s = Fake::start(Kubernetes::new(|| NOW_MS)).await.unwrap();
    let chat = Chat::with(&settings(&k8s, more)).await;
    (chat, k8s)
}

pub(crate) fn settings(k8s: &Fake<Kubernetes>, more: &str) -> String {
    format!(
        "{RULES}
[[allow]]
who = ['staff']
effect = 'read'
[[allow]]
who = ['alice']
run = ['k8s *']
[[k8s]]
url = '{}'
token = '{TOKEN}'
namespace = 'prod'
images = ['registry.example.com/*']
{more}",
        k8s.origin()
    )
}

#[tokio::test]
async fn pods_are_listed_those_that_are_not_well_first() {
    let (mut chat, _k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "k8s get pods").await, @"
    #### prod：12 个 Pod，4 个异常

    - **mysql-1**　0/1 Pending　7m　诊断：**k8s describe pod/mysql-1 --namespace prod**
    - **pay-74dr9qwmk-4spc8**　0/1 CrashLoopBackOff，重启 7 次　0s　诊断：**k8s describe pod/pay-74dr9qwmk-4spc8 --namespace prod**
    - **pay-74dr9qwmk-xk4w7**　0/1 CrashLoopBackOff，重启 7 次　0s　诊断：**k8s describe pod/pay-74dr9qwmk-xk4w7 --namespace prod**
    - **search-q2r25sdvq-mr6l4**　0/1 ImagePullBackOff　0s　诊断：**k8s describe pod/search-q2r25sdvq-mr6l4 --namespace prod**
    - **agent-4xk2p**　1/1 Running　20d
    - **agent-9s6wz**　1/1 Running　20d
    - **mysql-0**　1/1 Running　30d
    - **pay-wz22plk85-phq7n**　1/1 Running　0s
    - **pay-wz22plk85-sqfmp**　1/1 Running　0s
    - **web-7f6pktmkt-46h9j**　1/1 Running　0s
    - **web-7f6pktmkt-tm8fh**　1/1 Running　0s
    - **web-7f6pktmkt-xvttj**　1/1 Running　0s

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "kubectl get po web -A -l app=web").await, @"
    #### 全部命名空间/web&#42; app=web：4 个 Pod

    - dev/**web-5cq8p7dqv-z45rn**　1/1 Running　0s
    - prod/**web-7f6pktmkt-46h9j**　1/1 Running　0s
    - prod/**web-7f6pktmkt-tm8fh**　1/1 Running　0s
    - prod/**web-7f6pktmkt-xvttj**　1/1 Running　0s

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "容器组 -n nowhere").await, @"
    #### nowhere：0 个 Pod

    命名空间 nowhere 里没有符合条件的，或者没有这个命名空间。

    @0147000002
    ");
}

#[tokio::test]
async fn workloads_are_listed() {
    let (mut chat, _k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "k get deployments").await, @"
    #### prod：3 个 Deployment，2 个异常或未发布完

    - **search**　0/1　search:missing　30d　诊断：**k8s describe deploy/search --namespace prod**
    - **pay**　2/2，发布中，旧副本还有 2 个　pay:broken　30d　诊断：**k8s describe deploy/pay --namespace prod**
    - **web**　3/3　web:1.4.1　30d

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s get sts").await, @"
    #### prod：1 个 StatefulSet，1 个异常或未发布完

    - **mysql**　1/2　mysql:8.4　90d　诊断：**k8s describe sts/mysql --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s get ds").await, @"
    #### prod：1 个 DaemonSet

    - **agent**　2/2　agent:3.1　200d

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s get hpa").await, @"
    #### prod：1 个 HPA

    - **web**　deployment/web 3 个（2–10）　cpu 82%/70%

    @0147000002
    ");
}

#[tokio::test]
async fn nodes_and_events_are_listed() {
    let (mut chat, _k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "k8s get nodes").await, @"
    #### 3 个节点，1 个异常

    - **node-3**　NotReady　worker　v1.34.2　200d　诊断：**k8s describe node node-3**
    - **node-1**　Ready　worker　v1.34.2　200d
    - **node-2**　Ready、停止调度　worker　v1.34.2　200d

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s 事件").await, @r#"
    #### prod：3 个事件，3 个警告

    - 07:59:00 BackOff ×40 **pod/search-q2r25sdvq-mr6l4**：Back-off pulling image
    - 07:58:00 FailedScheduling ×5 **pod/mysql-1**：0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available
    - 07:56:00 Failed ×12 **pod/search-q2r25sdvq-mr6l4**：Failed to pull image "registry.example.com/shop/search:missing": not found

    @0147000002
    "#);
}

#[tokio::test]
async fn long_lists_are_read_page_by_page() {
    let (mut chat, k8s) = start().await;
    let template = serde_json::json!({ "spec": { "containers": [{ "name": "app", "image": "job:1" }] } });
    for index in 0..1100 {
        let owner = serde_json::json!({ "apiVersion": "batch/v1", "kind": "Job", "name": "job", "uid": "1" });
        k8s.world().pod("batch", &format!("job-{index:04}"), owner, &template, 5);
    }
    let reply = ask(&mut chat, "k8s get pods -n batch").await;
    assert!(reply.starts_with("#### batch：1000 个 Pod"), "{reply}");
    assert!(reply.contains("只看了一部分") && reply.contains("985"), "{reply}");
    assert_eq!(k8s.asked().len(), 4);
    assert_eq!(k8s.asked()[1].line, "GET /api/v1/namespaces/batch/pods?limit=250&continue=250");
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words() {
    let (mut chat, _k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "k8s describe web").await, @"
    #### deploy/web（prod）：正常，3/3 就绪

    - **镜像 app**：registry.example.com/shop/web:1.4.1
    - **版本**：2
    - **存在**：30d

    - 日志：**k8s logs deploy/web --lines 30 --namespace prod**
    - 发布历史：**k8s rollout history deploy/web --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "诊断 pay").await, @"
    #### deploy/pay（prod）：有问题，2/2 就绪

    - 2 个 Pod（如 pay-74dr9qwmk-4spc8）：容器 app 反复崩溃（CrashLoopBackOff），已重启 7 次。上次：内存超出上限 256Mi，被系统杀掉（OOMKilled，退出码 137，07:57:00）

    - **副本**：更新 2/2，可用 2/2（含旧副本），旧副本还有 2 个
    - **镜像 app**：registry.example.com/shop/pay:broken
    - **版本**：2
    - **存在**：30d

    - 回滚：**k8s rollout undo deploy/pay --namespace prod**
    - 日志：**k8s logs pod/pay-74dr9qwmk-4spc8 --previous --lines 30 --namespace prod**
    - 发布历史：**k8s rollout history deploy/pay --namespace prod**
    - 重启：**k8s rollout restart deploy/pay --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s describe deployment/search").await, @r#"
    #### deploy/search（prod）：有问题，0/1 就绪

    - search-q2r25sdvq-mr6l4：容器 app 拉不到镜像 registry.example.com/shop/search:missing：请检查镜像名、标签和仓库凭据。Failed to pull image "registry.example.com/shop/search:missing": not found

    - **镜像 app**：registry.example.com/shop/search:missing
    - **版本**：1
    - **存在**：30d

    > 要换镜像，请发送：k8s set image deploy/search 容器=镜像 -n prod

    - 集群事件：**k8s get events search-q2r25sdvq-mr6l4 --namespace prod**
    - 发布历史：**k8s rollout history deploy/search --namespace prod**

    @0147000002
    "#);
    insta::assert_snapshot!(ask(&mut chat, "k8s describe sts/mysql").await, @"
    #### sts/mysql（prod）：有问题，1/2 就绪

    - mysql-1：没有节点可以调度：0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available

    - **镜像 app**：mysql:8.4
    - **存在**：90d

    - 集群事件：**k8s get events mysql-1 --namespace prod**
    - 日志：**k8s logs pod/mysql-0 --lines 30 --namespace prod**
    - 发布历史：**k8s rollout history sts/mysql --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s describe pod/mysql-1").await, @"
    #### pod/mysql-1（prod）：有问题，0/1 Pending

    - 没有节点可以调度：0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available

    - **镜像 app**：mysql:8.4
    - **存在**：7m

    - 集群事件：**k8s get events mysql-1 --namespace prod**

    @0147000002
    ");
}

#[tokio::test]
async fn a_log_of_the_pod_that_matters() {
    let (mut chat, k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "k8s logs pay").await, @"
    #### pay-74dr9qwmk-xk4w7（app）日志的最后 2 行

    > deploy/pay 有 4 个 Pod，这是未就绪的里面最新的一个。

    ```
    starting
    loading prices
    ```

    - 上次退出前的日志：**k8s logs pod/pay-74dr9qwmk-xk4w7 --previous --lines 30 --namespace prod**
    - 诊断：**k8s describe pod/pay-74dr9qwmk-xk4w7 --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s logs pay -p --tail=2").await, @"
    #### pay-74dr9qwmk-xk4w7（app）上次退出前的最后 2 行日志

    > deploy/pay 有 4 个 Pod，这是未就绪的里面最新的一个。

    ```
    DB_PASSWORD=***
    panic: out of memory
    ```

    - 再看日志：**k8s logs pod/pay-74dr9qwmk-xk4w7 --previous --lines 2 --namespace prod**
    - 诊断：**k8s describe pod/pay-74dr9qwmk-xk4w7 --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "容器日志 web").await, @"
    #### web-7f6pktmkt-xvttj（app）日志的最后 2 行

    > deploy/web 有 3 个 Pod，这是最新的一个。

    ```
    GET / 200
    GET /pay 502
    ```

    - 再看日志：**k8s logs pod/web-7f6pktmkt-xvttj --lines 30 --namespace prod**
    - 诊断：**k8s describe pod/web-7f6pktmkt-xvttj --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s logs search").await, @"
    #### k8s logs：未能完成

    search-q2r25sdvq-mr6l4 的容器 app 还没有日志，它的状态是 ImagePullBackOff。

    @0147000002
    ");
    let pod = k8s.world().names("pods", "prod").into_iter().find(|pod| pod.starts_with("web-")).unwrap();
    let reply = ask(&mut chat, &format!("k8s logs {pod}")).await;
    assert!(reply.starts_with(&format!("#### {pod}（app）日志的最后 2 行")), "{reply}");
    insta::assert_snapshot!(ask(&mut chat, "k8s logs web -c sidecar").await, @"
    #### k8s logs：未能完成

    没有容器 sidecar，可选：app。

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s logs mysql-1").await, @"
    #### k8s logs：未能完成

    命名空间 prod 里没有 deploy/mysql-1。是不是：pod/mysql-1？

    @0147000002
    ");
    chat.say(bob(), "k8s logs web").await;
    let reply = chat.read();
    assert!(reply.starts_with("#### k8s logs：无权执行"), "{reply}");
}

#[tokio::test]
async fn how_a_rollout_goes_and_what_was_before() {
    let (mut chat, k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "发布进度 web").await, @"
    #### deploy/web（prod）：发布完成

    - **副本**：更新 3/3，可用 3/3
    - **镜像 app**：registry.example.com/shop/web:1.4.1
    - **版本**：2

    - 诊断：**k8s describe deploy/web --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s rollout history web").await, @"
    #### deploy/web（prod）：2 个版本

    - **&#35;2**（当前）　web:1.4.1　0s
    - **&#35;1**　web:1.4.0　0s

    - 回滚到 #1：**k8s rollout undo deploy/web --to-revision 1 --namespace prod**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s rollout history sts/mysql").await, @"
    #### sts/mysql（prod）：2 个版本

    - **&#35;2**（当前）　mysql:8.4　30d
    - **&#35;1**　mysql:8.0　90d

    - 回滚到 #1：**k8s rollout undo sts/mysql --to-revision 1 --namespace prod**

    @0147000002
    ");
    let late = serde_json::json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" }]);
    k8s.world().at("deployments", "prod", "pay")["status"]["conditions"] = late;
    insta::assert_snapshot!(ask(&mut chat, "k8s rollout status pay").await, @"
    #### deploy/pay（prod）：发布卡住了（超过期限）

    - **副本**：更新 2/2（就绪 0），可用 2/2（含旧副本），旧副本还有 2 个
    - **镜像 app**：registry.example.com/shop/pay:broken
    - **版本**：2

    - 发布进度：**k8s rollout status deploy/pay --namespace prod**
    - 诊断：**k8s describe deploy/pay --namespace prod**
    - 回滚：**k8s rollout undo deploy/pay --namespace prod**

    @0147000002
    ");
}

#[tokio::test]
async fn what_kubernetes_does_not_do() {
    let (mut chat, k8s) = start().await;
    let mut told = String::new();
    let refused = |code: u16, message: &str| {
        Answer::json(
            code,
            &serde_json::json!({ "kind": "Status", "status": "Failure", "message": message, "code": code }),
        )
    };
    for answer in [
        refused(401, "Unauthorized"),
        refused(
            403,
            "pods is forbidden: User \"system:serviceaccount:ops:dingops\" cannot list resource \"pods\"",
        ),
        refused(429, "too many requests").with("retry-after", "3"),
        refused(500, "etcdserver: request timed out"),
        Answer::page(302, "Log in"),
        Answer::text(200, "<html>"),
        Answer::json(200, &serde_json::json!({ "items": [{ "metadata": 7 }] })),
    ] {
        k8s.fail_next(Method::GET, Fault::Answer(answer));
        told.push_str(&ask(&mut chat, "k8s get pods").await);
    }
    insta::assert_snapshot!(told, @r#"
    #### k8s get pods：未能完成

    Kubernetes 不接受机器人的凭据（HTTP 401），请管理员更换。它的说明：Unauthorized

    @0147000002#### k8s get pods：未能完成

    机器人在 Kubernetes 上没有这项权限（HTTP 403），请管理员授权。它的说明：pods is forbidden: User "system:serviceaccount:ops:dingops" cannot list resource "pods"

    @0147000002#### k8s get pods：未能完成

    对 Kubernetes 的请求太频繁，请 3 秒后再试。

    @0147000002#### k8s get pods：未能完成

    Kubernetes 出错了（HTTP 500），请稍后再试。它的说明：etcdserver: request timed out

    @0147000002#### k8s get pods：未能完成

    Kubernetes 要求跳转到别处（HTTP 302），请管理员检查地址和凭据。

    @0147000002#### k8s get pods：未能完成

    Kubernetes 的回应不是预期的格式，请管理员查看日志。

    @0147000002#### k8s get pods：未能完成

    Kubernetes 的回应不是预期的格式，请管理员查看日志。

    @0147000002
    "#);
    insta::assert_snapshot!(ask(&mut chat, "k8s describe wbe").await, @"
    #### k8s describe：未能完成

    命名空间 prod 里没有 deploy/wbe。是不是：deploy/web？

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s describe mysql").await, @"
    #### k8s describe：未能完成

    命名空间 prod 里没有 deploy/mysql。是不是：sts/mysql？

    @0147000002
    ");
    // A read is tried twice.
    let starting = serde_json::json!({ "kind": "Status", "code": 503, "message": "apiserver is starting" });
    for fault in [Fault::Lost, Fault::Answer(Answer::json(503, &starting))] {
        k8s.fail_next(Method::GET, fault);
        let reply = ask(&mut chat, "k8s get nodes").await;
        assert!(reply.contains("node-1"), "{reply}");
    }
}
