//! Conversations with a Kubernetes cluster: what kubectl takes and a chat does not.

use dingops::testing::{Chat, NOW_MS};

use crate::{
    fakes::{Fake, k8s::Kubernetes},
    k8s::{settings, start},
    talk::ask,
};

#[tokio::test]
async fn what_is_typed_by_habit_is_answered() {
    let (mut chat, k8s) = start().await;
    let mut told = String::new();
    for line in [
        "k8s get pods -o wide",
        "k8s get deploy -oyaml",
        "k8s get pods --output=json",
        "k8s get pods -w",
        "k8s get pods --sort-by=.status.startTime",
        "k8s get pods --field-selector status.phase=Failed",
        "k8s get nodes -n prod",
        "k8s get nodes -A",
        "k8s get nodes -o wide",
        "k8s logs web -f",
        "k8s logs web --since=1h",
        "k8s logs -l app=web",
        "k8s describe web -A",
        "k8s rollout status web --watch",
        "k8s rollout history web --revision=1",
        "k8s get pods --context prod",
        "k8s describe node/node-1",
        "k8s describe secret/db",
        "k8s get pods -l app=web&limit=1",
        "k8s describe ../../secrets",
        "k8s describe web -n a/b",
    ] {
        let reply = ask(&mut chat, line).await;
        let shown = reply.split("用法：").next().unwrap_or_default().trim_end();
        told.push_str(&format!("\n> {line}\n{shown}\n"));
    }
    insta::assert_snapshot!(told, @"

    > k8s get pods -o wide
    #### k8s get pods：参数有误

    不需要 -o：列表已按手机排好，所在节点和 IP 请发送「k8s describe pod/名字」；完整的对象（yaml、json）不显示，里面可能有密钥

    ```
    k8s get pods -o wide
                 ^^
    ```

    > k8s get deploy -oyaml
    #### k8s get deploy：参数有误

    不需要 -o：列表已按手机排好，细节请发送「k8s describe 名字」；完整的对象（yaml、json）不显示，里面可能有密钥

    ```
    k8s get deploy -oyaml
                   ^^^^^^
    ```

    > k8s get pods --output=json
    #### k8s get pods：参数有误

    不需要 --output：列表已按手机排好，所在节点和 IP 请发送「k8s describe pod/名字」；完整的对象（yaml、json）不显示，里面可能有密钥

    ```
    k8s get pods --output=json
                 ^^^^^^^^^^^^^
    ```

    > k8s get pods -w
    #### k8s get pods：参数有误

    聊天里不能持续输出（-w）：去掉它，想看新的就再发一次

    ```
    k8s get pods -w
                 ^^
    ```

    > k8s get pods --sort-by=.status.startTime
    #### k8s get pods：参数有误

    不需要 --sort-by：列表总是异常的在前，事件是警告在前、新的在前

    ```
    k8s get pods --sort-by=.status.startTime
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ```

    > k8s get pods --field-selector status.phase=Failed
    #### k8s get pods：参数有误

    这里不按字段选：请用名字开头或 -l 缩小范围

    ```
    k8s get pods --field-selector status.phase=Failed
                 ^^^^^^^^^^^^^^^^
    ```

    > k8s get nodes -n prod
    #### k8s get nodes：参数有误

    节点不属于任何命名空间，请去掉 -n

    ```
    k8s get nodes -n prod
                  ^^
    ```

    > k8s get nodes -A
    #### k8s get nodes：参数有误

    节点不属于任何命名空间，请去掉 -A

    ```
    k8s get nodes -A
                  ^^
    ```

    > k8s get nodes -o wide
    #### k8s get nodes：参数有误

    不需要 -o：列表已按手机排好，细节请发送「k8s describe node 节点」，IP 也在里面；完整的对象（yaml、json）不显示

    ```
    k8s get nodes -o wide
                  ^^
    ```

    > k8s logs web -f
    #### k8s logs：参数有误

    聊天里不能持续输出（-f）：去掉它，想看新的就再发一次

    ```
    k8s logs web -f
                 ^^
    ```

    > k8s logs web --since=1h
    #### k8s logs：参数有误

    这里不按时间取日志：请用 --lines 指定最后几行，最多 200

    ```
    k8s logs web --since=1h
                 ^^^^^^^^^^
    ```

    > k8s logs -l app=web
    #### k8s logs：参数有误

    这里不用标签选：请写工作负载的名字，如 web 或 sts/mysql

    ```
    k8s logs -l app=web
             ^^
    ```

    > k8s describe web -A
    #### k8s describe：参数有误

    这里只看一个命名空间：请用 -n 指定，去掉 -A

    ```
    k8s describe web -A
                     ^^
    ```

    > k8s rollout status web --watch
    #### k8s rollout status：参数有误

    聊天里不能持续输出（--watch）：去掉它，想看新的就再发一次

    ```
    k8s rollout status web --watch
                           ^^^^^^^
    ```

    > k8s rollout history web --revision=1
    #### k8s rollout history：参数有误

    要看某个版本和现在有什么不同，请发送：k8s rollout undo 名字 --to-revision 版本 --dry-run

    ```
    k8s rollout history web --revision=1
                            ^^^^^^^^^^^^
    ```

    > k8s get pods --context prod
    #### k8s get pods：参数有误

    要选集群请用 --on，不是 --context

    ```
    k8s get pods --context prod
                 ^^^^^^^^^
    ```

    > k8s describe node/node-1
    #### k8s describe：参数有误

    节点请写：k8s describe node node-1

    ```
    k8s describe node/node-1
                 ^^^^
    ```

    > k8s describe secret/db
    #### k8s describe：参数有误

    Secret 和 ConfigMap 从不读取：里面的值不该进聊天。

    ```
    k8s describe secret/db
                 ^^^^^^
    ```

    > k8s get pods -l app=web&limit=1
    #### k8s get pods：参数有误

    应是标签选择器，如 app=web,tier!=db 或 env in (a,b)

    ```
    k8s get pods -l app=web&limit=1
                    ^^^^^^^^^^^^^^^
    ```

    > k8s describe ../../secrets
    #### k8s describe：参数有误

    只认识 deploy/、sts/、ds/ 和 pod/；只写名字就是 Deployment

    ```
    k8s describe ../../secrets
                 ^^
    ```

    > k8s describe web -n a/b
    #### k8s describe：参数有误

    应是 Kubernetes 里的名字：小写字母、数字和 -，以字母或数字开头和结尾，最多 63 个字

    ```
    k8s describe web -n a/b
                         ^
    ```
    ");
    assert!(k8s.asked().is_empty());
}

#[tokio::test]
async fn what_is_left_out_is_said_with_what_comes_nearest() {
    let (mut chat, k8s) = start().await;
    let mut told = String::new();
    for line in [
        "kubectl get secrets -n prod",
        "k8s get svc",
        "k get ns",
        "k8s top pods",
        "kubectl exec -it web-0 -- sh",
        "k8s apply -f web.yaml",
        "k8s drain node-1 --force",
        "k8s delete deployment web",
        "k8s delete pod/mysql-0",
        "k8s get pod/mysql-0",
        "kubectl get sts/mysql",
        "k8s get node/node-1",
        "k8s get all",
        "kubectl -n prod get pods",
        "k8s auth can-i delete pods",
        "k8s explain deployment",
    ] {
        let reply = ask(&mut chat, line).await;
        assert!(reply.starts_with("#### 没有这条命令\n"), "{line}: {reply}");
        told.push_str(&format!("\n> {line}\n{}\n", reply.lines().nth(2).unwrap_or_default()));
    }
    insta::assert_snapshot!(told, @"

    > kubectl get secrets -n prod
    Secret 和 ConfigMap 从不读取：里面的值不该进聊天。

    > k8s get svc
    这里不看 Service 和 Ingress，只看工作负载和它们的 Pod。

    > k get ns
    这里不列命名空间：请用 -A 看全部命名空间里的东西，用 -n 只看一个。

    > k8s top pods
    这里不看实时用量：HPA 的指标可以看；接入了 Prometheus 的话，也可以用 prom query 查。

    > kubectl exec -it web-0 -- sh
    聊天里不能进容器、运行程序或转发端口：那等于把集群交给聊天。看日志请发送「k8s logs 名字」。

    > k8s apply -f web.yaml
    这里不改清单：能改的是副本数（k8s scale）、镜像（k8s set image）、重启（k8s rollout restart）、回滚（k8s rollout undo），以及新建 Deployment（k8s create deployment）。

    > k8s drain node-1 --force
    这里不驱逐节点：一次会动很多 Pod。可以先停止调度（k8s cordon 节点），再逐个删除 Pod（k8s delete pod 名字）。

    > k8s delete deployment web
    这里只能删除 Pod，一次一个（k8s delete pod 名字）；要停掉服务，请发送「k8s scale 名字 0」。

    > k8s delete pod/mysql-0
    请把类型和名字分开写，一次一个：k8s delete pod 名字。

    > k8s get pod/mysql-0
    一次只列一类。只看一个，请把 get 换成 describe，例如 k8s describe sts/mysql；按名字开头选，请把名字分开写，例如 k8s get pods web。

    > kubectl get sts/mysql
    一次只列一类。只看一个，请把 get 换成 describe，例如 k8s describe sts/mysql；按名字开头选，请把名字分开写，例如 k8s get pods web。

    > k8s get node/node-1
    只看一个节点，请发送「k8s describe node 节点」；按名字开头选，请把名字分开写，例如 k8s get nodes node-1。

    > k8s get all
    一次只列一类，例如 k8s get deploy；按名字开头选，请写在后面：k8s get pods web。

    > kubectl -n prod get pods
    选项请写在命令后面，例如：k8s get pods -n prod；选集群请用 --on。

    > k8s auth can-i delete pods
    这里不查集群里的授权：想知道某条命令你能不能执行，请发送「权限 命令」，例如：权限 k8s rollout restart web。

    > k8s explain deployment
    这里不查 Kubernetes 的文档和客户端配置；集群通不通、是哪个版本，请发送「自检」。
    ");
    insta::assert_snapshot!(ask(&mut chat, "k8s port-forward web 8080").await, @"
    #### 没有这条命令

    聊天里不能进容器、运行程序或转发端口：那等于把集群交给聊天。看日志请发送「k8s logs 名字」。

    - **k8s get pods**
    - 查看全部命令：**帮助 k8s**

    @0147000002
    ");
    let reply = ask(&mut chat, "kubectl -n prod logs web").await;
    assert!(!reply.contains("k8s get pods**"), "{reply}");
    let reply = ask(&mut chat, "重启 web --dry-run=client").await;
    assert!(reply.contains("「--dry-run」是开关，只写 --dry-run，后面不带值。"), "{reply}");
    for line in ["k8s describe secret db", "k8s describe cm/db"] {
        let reply = ask(&mut chat, line).await;
        assert!(reply.contains("从不读取"), "{line}: {reply}");
    }
    let reply = ask(&mut chat, "k8s describe svc web").await;
    assert!(reply.contains("只认识 deploy/"), "{reply}");
    assert!(k8s.asked().is_empty());
    // What `-o wide` shows.
    let reply = ask(&mut chat, "诊断 pod/mysql-0").await;
    assert!(reply.contains("**节点**：node-1\n- **IP**：10.244.1.7\n"), "{reply}");
}

#[tokio::test]
async fn in_english_it_is_said_in_english() {
    let k8s = Fake::start(Kubernetes::new(|| NOW_MS)).await.unwrap();
    let mut chat = Chat::with(&format!("locale = 'en'\n{}", settings(&k8s, ""))).await;
    let mut told = String::new();
    for line in [
        "kubectl get svc",
        "k8s get pods -oyaml",
        "k8s scale web 5 --replicas 6",
        "k8s describe node node-2",
        "k8s rollout restart deployment",
    ] {
        let reply = ask(&mut chat, line).await;
        let said = reply.lines().filter(|line| !line.is_empty()).take(2).collect::<Vec<_>>().join("\n");
        told.push_str(&format!("\n> {line}\n{said}\n"));
    }
    k8s.world().at("deployments", "prod", "pay")["spec"]["template"]["spec"]["hostNetwork"] = true.into();
    let preview = ask(&mut chat, "k8s rollout undo pay --dry-run").await;
    told.push_str(preview.lines().find(|line| line.contains("hostNetwork")).unwrap_or_default());
    insta::assert_snapshot!(told, @"

    > kubectl get svc
    #### No such command
    Services and Ingresses are not looked at here, only workloads and their pods.

    > k8s get pods -oyaml
    #### k8s get pods: check the arguments
    &#45;o is not needed: lists are made for phones, and “k8s describe pod/NAME” tells the node and the IP; whole objects (yaml, json) are not shown, since secrets may be in them

    > k8s scale web 5 --replicas 6
    #### k8s scale: check the arguments
    “replicas” may be given only once.

    > k8s describe node node-2
    #### Node node-2: all is well, Ready, cordoned
    - It is cordoned: no new pods get on it.

    > k8s rollout restart deployment
    #### k8s rollout restart: check the arguments
    “deployment” is a kind, and its name is missing: deployment web, or deploy/web; web alone is deploy/web
    - Also changes (places only, no values): hostNetwork
    ");
}
