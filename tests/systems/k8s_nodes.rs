//! Conversations with a Kubernetes cluster: its nodes.

use std::time::Duration;

use serde_json::json;

use crate::{
    k8s::start,
    talk::{ask, coded, confirmed, shown},
};

#[tokio::test]
async fn what_is_wrong_with_a_node_is_said_in_words() {
    let (mut chat, k8s) = start().await;
    insta::assert_snapshot!(ask(&mut chat, "k8s describe node node-1").await, @"
    #### 节点 node-1：正常，Ready

    - **角色**：worker
    - **IP**：10.0.0.11
    - **kubelet**：v1.34.2
    - **存在**：200d

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "诊断节点 node/node-2").await, @"
    #### 节点 node-2：正常，Ready、停止调度

    - 已停止调度：新 Pod 不会分到它上面。

    - **角色**：worker
    - **IP**：10.0.0.11
    - **kubelet**：v1.34.2
    - **存在**：200d

    - 恢复调度：**k8s uncordon node-2**

    @0147000002
    ");
    {
        let mut world = k8s.world();
        let (long, short) = (world.ago(60 * 50), world.ago(5));
        let node = world.at("nodes", "", "node-3");
        node["status"]["conditions"] = json!([
            { "type": "MemoryPressure", "status": "False", "lastTransitionTime": long },
            { "type": "DiskPressure", "status": "True", "lastTransitionTime": short,
              "reason": "KubeletHasDiskPressure", "message": "kubelet has disk pressure" },
            { "type": "KernelDeadlock", "status": "True", "message": "task nginx blocked" },
            { "type": "Ready", "status": "Unknown", "lastTransitionTime": long,
              "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status." },
        ]);
        node["spec"]["taints"] = json!([
            { "key": "dedicated", "value": "gpu", "effect": "NoSchedule" },
            { "key": "node.kubernetes.io/unreachable", "effect": "NoExecute" },
            { "key": "spot", "effect": "PreferNoSchedule" },
        ]);
    }
    insta::assert_snapshot!(ask(&mut chat, "kubectl describe node node-3").await, @"
    #### 节点 node-3：有问题，NotReady、DiskPressure、KernelDeadlock

    - 失联，已 2d：控制面收不到它的心跳，上面的 Pod 可能已不可用。NodeStatusUnknown Kubelet stopped posting node status.
    - 磁盘不足（DiskPressure），已 5m：Pod 可能被驱逐。KubeletHasDiskPressure kubelet has disk pressure
    - KernelDeadlock。task nginx blocked

    - **角色**：worker
    - **IP**：10.0.0.11
    - **污点**：dedicated=gpu:NoSchedule、spot:PreferNoSchedule
    - **kubelet**：v1.34.2
    - **存在**：200d

    - 停止调度：**k8s cordon node-3**

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s get nodes node-3").await, @"
    #### 1 个节点，1 个异常

    - **node-3**　NotReady、DiskPressure、KernelDeadlock　worker　v1.34.2　200d　诊断：**k8s describe node node-3**

    @0147000002
    ");
    let event = |node: &str| {
        json!({
            "metadata": {}, "involvedObject": { "kind": "Node", "name": node },
            "reason": "NodeNotReady", "type": "Normal", "message": "Node status is now: NodeNotReady",
        })
    };
    k8s.world().put("events", "default", "node-3.1", event("node-3"));
    k8s.world().put("events", "default", "node-11.1", event("node-11"));
    let reply = ask(&mut chat, "诊断节点 node-3").await;
    assert!(reply.contains("- 集群事件：**k8s get events node-3 --namespace default**\n"), "{reply}");
    assert!(ask(&mut chat, "k8s get events node-3 --namespace default").await.contains("NodeNotReady"));
    assert!(!ask(&mut chat, "诊断节点 node-1").await.contains("集群事件"), "those are node-11's");
    k8s.world().at("nodes", "", "node-3")["status"]["conditions"] = json!([]);
    let reply = ask(&mut chat, "k8s describe no node-3").await;
    assert!(reply.contains("还没有汇报过状态"), "{reply}");
    insta::assert_snapshot!(ask(&mut chat, "k8s describe node nod-3").await, @"
    #### k8s describe node：未能完成

    没有节点 nod-3。是不是：node-3、node-1、node-2？

    @0147000002
    ");
    assert!(k8s.writes().is_empty());
}

#[tokio::test]
async fn a_node_is_cordoned_and_uncordoned() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "k8s cordon node/node-1").await;
    insta::assert_snapshot!(shown(&card), @"
    #### k8s cordon：请确认

    ```
    k8s cordon node-1
    ```

    - 在 Kubernetes 让节点 node-1 停止调度：新 Pod 不再分到它上面，已有的不受影响

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s cordon node-1 --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### 节点 node-1：已停止调度

    - 查看节点：**k8s get nodes node-1**
    - 恢复调度：**k8s uncordon node-1**

    @0147000002
    ");
    assert_eq!(k8s.world().at("nodes", "", "node-1")["spec"]["unschedulable"], json!(true));
    insta::assert_snapshot!(confirmed(&mut chat, "恢复调度 node-1").await, @"
    #### 节点 node-1：已恢复调度

    - 查看节点：**k8s get nodes node-1**

    @0147000002
    ");
    assert_eq!(k8s.world().at("nodes", "", "node-1")["spec"]["unschedulable"], json!(false));
    let mut told = String::new();
    for line in ["k8s cordon node-2", "k8s uncordon node-1", "k8s cordon node-11"] {
        told.push_str(&ask(&mut chat, line).await);
    }
    insta::assert_snapshot!(told, @"
    #### k8s cordon：未能完成

    节点 node-2 已经停止调度了。

    @0147000002#### k8s uncordon：未能完成

    节点 node-1 没有停止调度，不用恢复。

    @0147000002#### k8s cordon：未能完成

    没有节点 node-11。是不是：node-1、node-2、node-3？

    @0147000002
    ");
}

#[tokio::test]
async fn a_code_does_not_work_again_once_a_node_was_put_back() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "k8s cordon node-1").await;
    chat.clock().advance(Duration::from_secs(5));
    confirmed(&mut chat, "k8s cordon node-1").await;
    chat.clock().advance(Duration::from_secs(5));
    confirmed(&mut chat, "k8s uncordon node-1").await;
    let writes = k8s.writes().len();
    let reply = ask(&mut chat, &coded(&card)).await;
    assert_eq!(k8s.writes().len(), writes, "{reply}");
}

#[tokio::test]
async fn a_node_is_found_however_it_is_asked_for() {
    let (mut chat, _k8s) = start().await;
    let titled = "#### 节点 node-3：有问题，NotReady";
    for line in ["诊断 node node-3", "诊断 节点 node-3", "诊断节点 node-3", "k8s 诊断节点 no/node-3"]
    {
        let reply = ask(&mut chat, line).await;
        assert!(reply.starts_with(titled), "{line}: {reply}");
    }
    let mut told = String::new();
    for line in ["诊断 node-1", "重启 node-1", "k8s get nodes -o wide"] {
        let reply = ask(&mut chat, line).await;
        told.push_str(&format!("\n> {line}\n{}\n", reply.lines().nth(2).unwrap_or_default()));
    }
    insta::assert_snapshot!(told, @"

    > 诊断 node-1
    命名空间 prod 里没有 deploy/node-1；node-1 是节点，请发送：k8s describe node node-1

    > 重启 node-1
    命名空间 prod 里没有 deploy/node-1；node-1 是节点，请发送：k8s describe node node-1

    > k8s get nodes -o wide
    不需要 -o：列表已按手机排好，细节请发送「k8s describe node 节点」，IP 也在里面；完整的对象（yaml、json）不显示
    ");
}
