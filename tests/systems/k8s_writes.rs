//! Conversations with a Kubernetes cluster: changing it.

use http::Method;
use serde_json::{Value, json};

use crate::{
    fakes::{Answer, Fake, Fault, k8s::Kubernetes},
    k8s::start,
    talk::{ask, coded, shown},
};

/// The body of the last write.
fn written(k8s: &Fake<Kubernetes>) -> Value {
    k8s.asked().iter().rev().find(|asked| asked.method != Method::GET).map(|asked| asked.json()).unwrap()
}

#[tokio::test]
async fn a_workload_is_restarted_once() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "k8s rollout restart web").await;
    insta::assert_snapshot!(shown(&card), @"
    #### k8s rollout restart：请确认

    ```
    k8s rollout restart deploy/web --namespace prod
    ```

    - 在 Kubernetes 上重启 deploy/web（命名空间 prod），逐个替换 3 个 Pod

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s rollout restart deploy/web --namespace prod --confirm CODE
    ```

    @0147000002
    ");
    // Its status may change meanwhile: it is still what was looked at.
    k8s.world().touch("deployments", "prod", "web");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### deploy/web：已开始重启

    - 发布进度：**k8s rollout status deploy/web --namespace prod**

    @0147000002
    ");
    assert_eq!(k8s.writes(), ["PATCH /apis/apps/v1/namespaces/prod/deployments/web?fieldManager=dingops"]);
    let patch = written(&k8s);
    assert!(patch["metadata"]["resourceVersion"].is_string(), "{patch}");
    insta::assert_snapshot!(patch["metadata"]["annotations"], @r#"{"dingops/asked-by":"0147000002","kubernetes.io/change-cause":"restart，由爱丽丝（0147000002）在钉钉发起"}"#);
    insta::assert_snapshot!(patch["spec"], @r#"{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-01T00:00:00Z"}}}}"#);
    chat.another_process();
    let second = ask(&mut chat, &coded(&card)).await;
    assert!(second.starts_with("#### 没有执行"), "{second}");
    assert_eq!(k8s.writes().len(), 1);
    insta::assert_snapshot!(ask(&mut chat, "k8s rollout status web").await, @"
    #### deploy/web（prod）：发布中

    - **副本**：更新 1/3（就绪 1），可用 3/3（含旧副本），旧副本还有 2 个
    - **镜像 app**：registry.example.com/shop/web:1.4.1
    - **版本**：3
    - **变更原因**：restart，由爱丽丝（0147000002）在钉钉发起

    - 发布进度：**k8s rollout status deploy/web --namespace prod**
    - 诊断：**k8s describe deploy/web --namespace prod**
    - 回滚：**k8s rollout undo deploy/web --namespace prod**

    @0147000002
    ");
}

#[tokio::test]
async fn of_two_taps_at_the_same_moment_one_is_done() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "重启 web").await;
    k8s.world().interferes = true;
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### k8s rollout restart：未能完成

    deploy/web 在你查看之后被改动过（或已被别人操作），没有执行。请重新查看后再试。

    @0147000002
    ");
    let web = k8s.world().at("deployments", "prod", "web").clone();
    assert!(web["spec"]["template"]["metadata"]["annotations"].is_null(), "{web}");
}

#[tokio::test]
async fn a_workload_is_scaled() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "k8s scale web 5").await;
    insta::assert_snapshot!(shown(&card), @"
    #### k8s scale：请确认

    ```
    k8s scale deploy/web 5 --namespace prod
    ```

    - 在 Kubernetes 把 deploy/web（命名空间 prod）的副本数从 3 改为 5
    - ⚠️ HPA web 在管它（2–10 个），会按指标再改副本数

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s scale deploy/web 5 --namespace prod --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### deploy/web：副本数 3 → 5

    - 发布进度：**k8s rollout status deploy/web --namespace prod**
    - 改回 3：**k8s scale deploy/web 3 --namespace prod**

    @0147000002
    ");
    assert_eq!(k8s.world().at("deployments", "prod", "web")["spec"]["replicas"], json!(5));
    insta::assert_snapshot!(shown(&ask(&mut chat, "扩缩容 sts/mysql 0").await), @"
    #### k8s scale：请确认

    ```
    k8s scale sts/mysql 0 --namespace prod
    ```

    - 在 Kubernetes 把 sts/mysql（命名空间 prod）的副本数从 2 改为 0
    - ⚠️ 缩到 0：sts/mysql 的 Pod 会全部停掉，服务中断

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s scale sts/mysql 0 --namespace prod --confirm CODE
    ```

    @0147000002
    ");
    let mut told = String::new();
    for line in ["k8s scale web 5", "k8s scale ds/agent 3", "k8s scale web -1", "k8s scale web many"] {
        told.push_str(&format!("\n> {line}\n{}", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @"

    > k8s scale web 5
    #### k8s scale：未能完成

    deploy/web 的副本数已经是 5。

    @0147000002
    > k8s scale ds/agent 3
    #### k8s scale：参数有误

    ds/agent 每个节点一个 Pod，没有副本数可调。

    用法：k8s scale &lt;workload&gt; &lt;replicas&gt; &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s scale**

    @0147000002
    > k8s scale web -1
    #### k8s scale：参数有误

    要写改成几个副本（0 到 1000），不能写增减几个（-1）：例如现在是 3 个，要加 2 个就写 5

    ```
    k8s scale web -1
                  ^^
    ```

    用法：k8s scale &lt;workload&gt; &lt;replicas&gt; &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s scale**

    @0147000002
    > k8s scale web many
    #### k8s scale：参数有误

    「replicas」应为 0 到 1000 之间的整数，收到的是「many」。

    ```
    k8s scale web many
                  ^^^^
    ```

    用法：k8s scale &lt;workload&gt; &lt;replicas&gt; &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s scale**

    @0147000002
    ");
    assert_eq!(k8s.writes().len(), 1);
}

#[tokio::test]
async fn an_image_is_changed_by_its_containers_name() {
    let (mut chat, k8s) = start().await;
    let sidecar = json!({ "name": "proxy", "image": "registry.example.com/proxy:1" });
    let containers = |k8s: &Fake<Kubernetes>| {
        k8s.world().at("deployments", "prod", "web")["spec"]["template"]["spec"]["containers"].clone()
    };
    k8s.world().at("deployments", "prod", "web")["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(sidecar.clone());
    let card = ask(&mut chat, "k8s set image deployment/web app=registry.example.com/shop/web:1.4.2").await;
    insta::assert_snapshot!(shown(&card), @"
    #### k8s set image：请确认

    ```
    k8s set image deploy/web app=registry.example.com/shop/web:1.4.2 --namespace prod
    ```

    - 在 Kubernetes 给 deploy/web（命名空间 prod）换镜像
    - 容器 app：registry.example.com/shop/web:1.4.1 → registry.example.com/shop/web:1.4.2

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s set image deploy/web app=registry.example.com/shop/web:1.4.2 --namespace prod --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### deploy/web：已换镜像，开始发布

    - 发布进度：**k8s rollout status deploy/web --namespace prod**
    - 回滚：**k8s rollout undo deploy/web --namespace prod**

    @0147000002
    ");
    let all = containers(&k8s);
    assert_eq!(all[0]["image"], json!("registry.example.com/shop/web:1.4.2"));
    assert_eq!(all[0]["env"][0]["value"], json!("hunter2hunter2"));
    assert_eq!(all[1], sidecar);
    insta::assert_snapshot!(written(&k8s)["metadata"]["annotations"], @r#"{"dingops/asked-by":"0147000002","kubernetes.io/change-cause":"set image app=registry.example.com/shop/web:1.4.2，由爱丽丝（0147000002）在钉钉发起"}"#);
    let mut told = String::new();
    for line in [
        "k8s set image web app=registry.example.com/shop/web:1.4.2",
        "k8s set image web main=registry.example.com/shop/web:1.4.3",
        "k8s set image web app=evil.example.org/web:1",
        "k8s set image web app=registry.example.com/../evil",
        "k8s set image web registry.example.com/web:1",
    ] {
        told.push_str(&format!("\n> {line}\n{}", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @"

    > k8s set image web app=registry.example.com/shop/web:1.4.2
    #### k8s set image：未能完成

    deploy/web 已经在用这个镜像。

    @0147000002
    > k8s set image web main=registry.example.com/shop/web:1.4.3
    #### k8s set image：未能完成

    没有容器 main，可选：app、proxy。

    @0147000002
    > k8s set image web app=evil.example.org/web:1
    #### k8s set image：参数有误

    镜像 evil.example.org/web:1 不在允许的范围里，可用：registry.example.com/&#42;。

    用法：k8s set image &lt;workload&gt; &lt;image&gt;… &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s set image**

    @0147000002
    > k8s set image web app=registry.example.com/../evil
    #### k8s set image：参数有误

    应是镜像，如 registry.example.com/web:1.4.2

    ```
    k8s set image web app=registry.example.com/../evil
                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ```

    用法：k8s set image &lt;workload&gt; &lt;image&gt;… &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s set image**

    @0147000002
    > k8s set image web registry.example.com/web:1
    #### k8s set image：参数有误

    要写成 容器=镜像，如 app=registry.example.com/web:1.4.2

    ```
    k8s set image web registry.example.com/web:1
                      ^^^^^^^^^^^^^^^^^^^^^^^^^^
    ```

    用法：k8s set image &lt;workload&gt; &lt;image&gt;… &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s set image**

    @0147000002
    ");
    assert_eq!(k8s.writes().len(), 1);
}

#[tokio::test]
async fn a_rollout_is_undone() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "回滚 pay").await;
    insta::assert_snapshot!(shown(&card), @"
    #### k8s rollout undo：请确认

    ```
    k8s rollout undo deploy/pay --namespace prod
    ```

    - 在 Kubernetes 把 deploy/pay（命名空间 prod）从版本 #2 回滚到 #1
    - 容器 app：registry.example.com/shop/pay:broken → registry.example.com/shop/pay:2.0.0

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s rollout undo deploy/pay --namespace prod --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### deploy/pay：已开始回滚到 #1

    - 发布进度：**k8s rollout status deploy/pay --namespace prod**

    @0147000002
    ");
    let template = k8s.world().at("deployments", "prod", "pay")["spec"]["template"].clone();
    assert_eq!(template["spec"]["containers"][0]["image"], json!("registry.example.com/shop/pay:2.0.0"));
    assert_eq!(template["metadata"]["labels"], json!({ "app": "pay" }));
    for _ in 0..6 {
        ask(&mut chat, "k8s rollout status pay").await;
    }
    insta::assert_snapshot!(ask(&mut chat, "k8s rollout history pay").await, @"
    #### deploy/pay（prod）：2 个版本

    - **&#35;3**（当前）　pay:2.0.0　0s　rollback to revision 1，由爱丽丝（0147000002）在钉钉发起
    - **&#35;2**　pay:broken　0s

    - 回滚到 #2：**k8s rollout undo deploy/pay --to-revision 2 --namespace prod**

    @0147000002
    ");
    // A stateful set keeps its revisions elsewhere.
    let card = ask(&mut chat, "k8s rollout undo sts/mysql --to-revision=1").await;
    insta::assert_snapshot!(shown(&card), @"
    #### k8s rollout undo：请确认

    ```
    k8s rollout undo sts/mysql --to-revision 1 --namespace prod
    ```

    - 在 Kubernetes 把 sts/mysql（命名空间 prod）从版本 #2 回滚到 #1
    - 容器 app：mysql:8.4 → mysql:8.0
    - ⚠️ 镜像 mysql:8.0 不在允许的范围里，可用：registry.example.com/&#42;。

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s rollout undo sts/mysql --to-revision 1 --namespace prod --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### sts/mysql：已开始回滚到 #1

    - 发布进度：**k8s rollout status sts/mysql --namespace prod**

    @0147000002
    ");
    let mysql = k8s.world().at("statefulsets", "prod", "mysql")["spec"]["template"].clone();
    assert_eq!(mysql["spec"]["containers"][0]["image"], json!("mysql:8.0"));
    assert!(mysql["$patch"].is_null(), "{mysql}");
    let mut told = String::new();
    for line in
        ["k8s rollout undo web --to-revision 9", "k8s rollout undo web --to-revision 2", "回滚 search"]
    {
        told.push_str(&format!("\n> {line}\n{}", ask(&mut chat, line).await));
    }
    insta::assert_snapshot!(told, @"

    > k8s rollout undo web --to-revision 9
    #### k8s rollout undo：未能完成

    deploy/web 没有版本 #9，现有：2、1。

    @0147000002
    > k8s rollout undo web --to-revision 2
    #### k8s rollout undo：未能完成

    deploy/web 现在就是版本 #2。

    @0147000002
    > 回滚 search
    #### k8s rollout undo：未能完成

    deploy/search 没有更早的版本可以回滚。

    @0147000002
    ");
}

#[tokio::test]
async fn a_pod_is_deleted_once() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "删除容器组 mysql-0").await;
    insta::assert_snapshot!(shown(&card), @"
    #### k8s delete pod：请确认

    ```
    k8s delete pod mysql-0 --namespace prod
    ```

    - 在 Kubernetes 删除 Pod mysql-0（命名空间 prod，1/1 Running）
    - 它由 StatefulSet/mysql 管理，删除后会自动重建

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s delete pod mysql-0 --namespace prod --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### mysql-0：已要求删除

    - 查看 Pod：**k8s get pods mysql --namespace prod**

    @0147000002
    ");
    let uid = &written(&k8s)["preconditions"]["uid"];
    assert!(uid.is_string(), "{uid}");
    chat.another_process();
    let second = ask(&mut chat, &coded(&card)).await;
    assert!(second.contains("里没有 pod/mysql-0"), "{second}");
    insta::assert_snapshot!(ask(&mut chat, "k8s delete pod deploy/web").await, @"
    #### k8s delete pod：参数有误

    这里要的是 Pod 的名字

    ```
    k8s delete pod deploy/web
                   ^^^^^^^^^^
    ```

    用法：k8s delete pod &lt;pod&gt; &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s delete pod**

    @0147000002
    ");
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_unknown() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "k8s scale web 4").await;
    k8s.fail_next(Method::PATCH, Fault::Lost);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### k8s scale：结果未知，可能已经执行

    没有等到 Kubernetes 的完整回应。操作可能已经执行：请先看清现状，再决定是否重做。

    - 查看现状：**k8s rollout status deploy/web --namespace prod**

    @0147000002
    ");
    assert_eq!(k8s.writes().len(), 1);
    let card = ask(&mut chat, "k8s scale pay 4").await;
    let message = "deployments.apps \"pay\" is forbidden: cannot patch resource";
    k8s.fail_next(
        Method::PATCH,
        Fault::Answer(Answer::json(403, &json!({ "kind": "Status", "message": message }))),
    );
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @r#"
    #### k8s scale：未能完成

    机器人在 Kubernetes 上没有这项权限（HTTP 403），请管理员授权。它的说明：deployments.apps "pay" is forbidden: cannot patch resource

    @0147000002
    "#);
}
