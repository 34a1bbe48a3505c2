//! Conversations with a Kubernetes cluster: what is made in it.

use dingops::testing::Chat;
use http::Method;
use serde_json::json;

use crate::{
    fakes::{Answer, Fake, Fault, k8s::Kubernetes},
    k8s::start,
    talk::{ask, coded, confirmed, shown},
};

#[tokio::test]
async fn a_deployment_is_created_with_its_service() {
    let (mut chat, k8s) = start().await;
    let line = "k8s create deployment hello --image registry.example.com/hello:1.0 --replicas 2 --port 8080 \
                --env MODE=fast -n dev";
    let card = ask(&mut chat, line).await;
    insta::assert_snapshot!(shown(&card), @"
    #### k8s create deployment：请确认

    ```
    k8s create deployment hello --image registry.example.com/hello:1.0 --replicas 2 --port 8080 --env *** --namespace dev
    ```

    - 在 Kubernetes 的命名空间 dev 创建 deploy/hello：2 个副本，镜像 registry.example.com/hello:1.0
    - 并创建同名 Service，端口 8080（集群内访问）
    - 环境变量：MODE

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    k8s create deployment hello --image registry.example.com/hello:1.0 --replicas 2 --port 8080 --env MODE=fast --namespace dev --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### deploy/hello（dev）：已创建

    - **集群内地址**：hello.dev.svc:8080

    - 发布进度：**k8s rollout status deploy/hello --namespace dev**

    @0147000002
    ");
    assert_eq!(k8s.writes().len(), 2);
    let hello = k8s.world().at("deployments", "dev", "hello").clone();
    assert_eq!(hello["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"], json!("fast"));
    assert_eq!(hello["metadata"]["annotations"]["dingops/asked-by"], json!("0147000002"));
    assert_eq!(k8s.world().at("services", "dev", "hello")["spec"]["ports"][0]["port"], json!(8080));
    chat.another_process();
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### k8s create deployment：未能完成

    命名空间 dev 里已经有 Deployment hello。

    @0147000002
    ");
    let card = ask(&mut chat, "k8s create deployment other --image registry.example.com/x:1 --port 80").await;
    let forbidden = json!({ "kind": "Status", "message": "services is forbidden", "code": 403 });
    // The first post makes the deployment, the second is refused.
    k8s.fail_next(Method::POST, Fault::Lost);
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### k8s create deployment：结果未知，可能已经执行

    没有等到 Kubernetes 的完整回应。操作可能已经执行：请先看清现状，再决定是否重做。

    - 查看现状：**k8s rollout status deploy/other --namespace prod**

    @0147000002
    ");
    let card = ask(&mut chat, "k8s create deployment third --image registry.example.com/x:1").await;
    k8s.fail_next(Method::POST, Fault::Answer(Answer::json(403, &forbidden)));
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### k8s create deployment：未能完成

    机器人在 Kubernetes 上没有这项权限（HTTP 403），请管理员授权。它的说明：services is forbidden

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s create deployment x --image evil.example.org/x").await, @"
    #### k8s create deployment：参数有误

    镜像 evil.example.org/x 不在允许的范围里，可用：registry.example.com/&#42;。

    用法：k8s create deployment &lt;name&gt; --image &lt;image&gt; &#91;--replicas &lt;replicas&gt;&#93; &#91;--port &lt;port&gt;&#93; &#91;--env &lt;env&gt;…&#93; &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s create deployment**

    @0147000002
    ");
}

#[tokio::test]
async fn without_patterns_no_image_may_be_used() {
    let k8s = Fake::start(Kubernetes::new(|| dingops::testing::NOW_MS)).await.unwrap();
    let settings = crate::k8s::settings(&k8s, "").replace("images = ['registry.example.com/*']", "");
    let mut chat = Chat::with(&settings).await;
    insta::assert_snapshot!(ask(&mut chat, "换镜像 web app=registry.example.com/web:2").await, @r#"
    #### k8s set image：参数有误

    这个集群没有配置可用的镜像：请管理员在 dingops.toml 的 &#91;&#91;k8s&#93;&#93; 里写上 images，如 images = &#91;"registry.example.com/&#42;"&#93;。

    用法：k8s set image &lt;workload&gt; &lt;image&gt;… &#91;--namespace &lt;namespace&gt;&#93; &#91;--on &lt;on&gt;&#93; &#91;--dry-run&#93;

    - 查看用法：**帮助 k8s set image**

    @0147000002
    "#);
}

#[tokio::test]
async fn what_became_of_a_service_is_said_as_it_is_known() {
    let line = "k8s create deployment hello --image registry.example.com/hello:1.0 --port 8080";
    let (mut chat, k8s) = start().await;
    k8s.world().loses_services = true;
    let reply = confirmed(&mut chat, line).await;
    assert!(reply.contains("不知道 Service hello 有没有建成"), "{reply}");

    let (mut chat, _k8s) = start().await;
    let reply =
        ask(&mut chat, "k8s create deployment 1st --image registry.example.com/hello:1.0 --port 80").await;
    assert!(reply.contains("1st 不能带 --port"), "{reply}");
}

#[tokio::test]
async fn a_conflict_about_something_else_is_no_name_that_is_taken() {
    let (mut chat, k8s) = start().await;
    let quota = json!({ "kind": "Status", "reason": "Conflict", "message": "quota \"q\" has been modified" });
    k8s.fail_next(Method::POST, Fault::Answer(Answer::json(409, &quota)));
    let card = ask(&mut chat, "k8s create deployment hello --image registry.example.com/hello:1.0").await;
    assert!(!card.contains("--env"), "{card}");
    let reply =
        confirmed(&mut chat, "k8s create deployment hello --image registry.example.com/hello:1.0").await;
    assert!(!reply.contains("已经有") && reply.contains("quota"), "{reply}");
}

#[tokio::test]
async fn a_success_that_says_failure_is_unknown() {
    for (line, method) in [
        ("k8s create deployment hello --image registry.example.com/hello:1.0", Method::POST),
        ("k8s delete pod mysql-0", Method::DELETE),
        ("k8s scale web 5", Method::PATCH),
    ] {
        let (mut chat, k8s) = start().await;
        let card = ask(&mut chat, line).await;
        let status = json!({ "kind": "Status", "status": "Failure", "code": 403 });
        k8s.fail_next(method, Fault::Answer(Answer::json(200, &status)));
        let reply = ask(&mut chat, &coded(&card)).await;
        assert!(reply.contains("结果未知，可能已经执行"), "{line}: {reply}");
    }
}
