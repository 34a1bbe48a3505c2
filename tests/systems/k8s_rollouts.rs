//! Conversations with a Kubernetes cluster: rollouts that are not what they look like.

use serde_json::json;

use crate::{
    k8s::start,
    talk::{ask, confirmed},
};

#[tokio::test]
async fn old_pods_that_are_ready_are_no_rollout_that_is_done() {
    let (mut chat, k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "k8s get deploy").await, @"
    #### prod：3 个 Deployment，2 个异常或未发布完

    - **search**　0/1　search:missing　30d　诊断：**k8s describe deploy/search --namespace prod**
    - **pay**　2/2，发布中，旧副本还有 2 个　pay:broken　30d　诊断：**k8s describe deploy/pay --namespace prod**
    - **web**　3/3　web:1.4.1　30d

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "发布进度 pay").await, @"
    #### deploy/pay（prod）：发布中

    - **副本**：更新 2/2（就绪 0），可用 2/2（含旧副本），旧副本还有 2 个
    - **镜像 app**：registry.example.com/shop/pay:broken
    - **版本**：2

    - 发布进度：**k8s rollout status deploy/pay --namespace prod**
    - 诊断：**k8s describe deploy/pay --namespace prod**
    - 回滚：**k8s rollout undo deploy/pay --namespace prod**

    @0147000002
    ");
    k8s.world().at("deployments", "prod", "pay")["status"]["conditions"] =
        json!([{ "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded" }]);
    let list = ask(&mut chat, "k8s get deploy pay").await;
    assert!(list.contains("**pay**　2/2，发布卡住，旧副本还有 2 个　"), "{list}");
    // One old pod, and one new one that crashes.
    k8s.world().at("deployments", "prod", "pay")["status"]["conditions"] = json!(null);
    k8s.world().at("deployments", "prod", "pay")["spec"]["replicas"] = json!(1);
    for _step in 0..6 {
        ask(&mut chat, "k8s get deploy pay").await;
    }
    insta::assert_snapshot!(ask(&mut chat, "k8s get deploy pay").await, @"
    #### prod/pay&#42;：1 个 Deployment，1 个异常或未发布完

    - **pay**　1/1，发布中，旧副本还有 1 个　pay:broken　30d　诊断：**k8s describe deploy/pay --namespace prod**

    @0147000002
    ");
}

#[tokio::test]
async fn a_log_is_offered_where_there_is_one() {
    let (mut chat, _k8s) = start().await;
    let reply = ask(&mut chat, "诊断 ds/agent").await;
    assert!(reply.contains("- 日志：**k8s logs ds/agent --lines 30 --namespace prod**\n"), "{reply}");
    // Of its two pods one never ran.
    let reply = ask(&mut chat, "诊断 sts/mysql").await;
    assert!(reply.contains("- 集群事件：**k8s get events mysql-1 --namespace prod**\n"), "{reply}");
    assert!(reply.contains("- 日志：**k8s logs pod/mysql-0 --lines 30 --namespace prod**\n"), "{reply}");
    let reply = ask(&mut chat, "诊断 search").await;
    assert!(!reply.contains("日志："), "{reply}");
}

#[tokio::test]
async fn a_revision_that_is_but_a_restart_away_is_said_to_be() {
    let (mut chat, _k8s) = start().await;
    confirmed(&mut chat, "重启 web").await;
    for _step in 0..8 {
        ask(&mut chat, "发布进度 web").await;
    }
    insta::assert_snapshot!(ask(&mut chat, "回滚 web --dry-run").await, @"
    #### k8s rollout undo：预览，没有执行

    ```
    k8s rollout undo deploy/web --namespace prod
    ```

    - 在 Kubernetes 把 deploy/web（命名空间 prod）从版本 #3 回滚到 #2
    - 容器 app：镜像不变（registry.example.com/shop/web:1.4.1）
    - ⚠️ 版本 #2 和现在一样，只差一次重启：回滚到它，只会再重启一次。最近一个不一样的版本，请发送：k8s rollout undo deploy/web --to-revision 1 --namespace prod

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "发布历史 web").await, @"
    #### deploy/web（prod）：3 个版本

    - **&#35;3**（当前）　web:1.4.1　0s　restart，由爱丽丝（0147000002）在钉钉发起
    - **&#35;2**（同当前，只差重启）　web:1.4.1　0s
    - **&#35;1**　web:1.4.0　0s

    - 回滚到 #1：**k8s rollout undo deploy/web --to-revision 1 --namespace prod**

    @0147000002
    ");
    confirmed(&mut chat, "重启 search").await;
    let card = ask(&mut chat, "回滚 search").await;
    assert!(card.contains("版本 #1 和现在一样，只差一次重启：回滚到它，只会再重启一次\n"), "{card}");
}
