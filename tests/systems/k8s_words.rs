//! Conversations with a Kubernetes cluster: what people type who are used to kubectl.

use crate::{
    k8s::{start, start_with},
    talk::{ask, coded, confirmed},
};

#[tokio::test]
async fn a_kind_may_stand_before_a_name_as_a_word_of_its_own() {
    for (line, same) in [
        ("k8s describe pod mysql-1", "k8s describe pod/mysql-1"),
        ("k8s describe deployment web", "k8s describe web"),
        ("k8s describe Deployments.apps web -n prod", "k8s describe web"),
        ("k8s describe -n prod sts \"mysql\"", "k8s describe sts/mysql"),
        ("k8s logs deployment pay --tail 5", "k8s logs pay --lines 5"),
        ("k8s rollout status ds agent", "k8s rollout status ds/agent"),
        ("诊断 deploy web", "k8s describe web"),
    ] {
        let (mut chat, _k8s) = start().await;
        let told = ask(&mut chat, line).await;
        let (mut chat, _k8s) = start().await;
        assert_eq!(told, ask(&mut chat, same).await, "{line}");
        assert!(!told.contains("参数有误"), "{line}: {told}");
    }
    for (line, canonical) in [
        ("k8s rollout restart deployment web", "k8s rollout restart deploy/web --namespace prod"),
        ("k8s scale deployment web 4", "k8s scale deploy/web 4 --namespace prod"),
        ("k8s scale statefulset mysql --replicas=3", "k8s scale sts/mysql 3 --namespace prod"),
        ("k8s scale --replicas 3 sts mysql", "k8s scale sts/mysql 3 --namespace prod"),
        ("k8s scale web --replicas 5", "k8s scale deploy/web 5 --namespace prod"),
        ("k8s scale --replicas=5 deployment/web", "k8s scale deploy/web 5 --namespace prod"),
        (
            "k8s set image deployment web app=registry.example.com/shop/web:2",
            "k8s set image deploy/web app=registry.example.com/shop/web:2 --namespace prod",
        ),
    ] {
        let (mut chat, k8s) = start().await;
        let card = ask(&mut chat, line).await;
        assert!(coded(&card).starts_with(&format!("{canonical} --confirm ")), "{line}: {card}");
        confirmed(&mut chat, line).await;
        assert_eq!(k8s.writes().len(), 1, "{line}");
    }
}

#[tokio::test]
async fn what_may_mean_something_else_does_nothing() {
    let (mut chat, k8s) = start().await;
    let mut told = String::new();
    for line in [
        "k8s scale deployment 3",
        "k8s scale --replicas 3",
        "k8s scale web 5 --replicas 6",
        "k8s rollout restart deployment",
        "k8s rollout restart \"deployment\" web",
        "k8s rollout restart deployment sts/mysql",
        "k8s set image deployment app=registry.example.com/shop/web:2",
        "k8s rollout restart pod web",
        "k8s rollout restart deployment web pay",
        "k8s scale --replicas=3 deployment web pay",
    ] {
        let reply = ask(&mut chat, line).await;
        let shown = reply.split("用法：").next().unwrap_or_default().trim_end().to_owned();
        told.push_str(&format!("\n> {line}\n{shown}\n"));
    }
    insta::assert_snapshot!(told, @r#"

    > k8s scale deployment 3
    #### k8s scale：参数有误

    缺少参数「replicas」。

    ```
    k8s scale deployment 3
                          ^
    ```

    > k8s scale --replicas 3
    #### k8s scale：参数有误

    缺少参数「workload」。

    ```
    k8s scale --replicas 3
                          ^
    ```

    > k8s scale web 5 --replicas 6
    #### k8s scale：参数有误

    「replicas」只能出现一次。

    ```
    k8s scale web 5 --replicas 6
                  ^
    ```

    > k8s rollout restart deployment
    #### k8s rollout restart：参数有误

    「deployment」是类型，还缺名字：例如 deployment web 或 deploy/web；只写 web 就是 deploy/web

    ```
    k8s rollout restart deployment
                        ^^^^^^^^^^
    ```

    > k8s rollout restart "deployment" web
    #### k8s rollout restart：参数有误

    多了「web」，这里不需要更多参数。

    ```
    k8s rollout restart "deployment" web
                                     ^^^
    ```

    > k8s rollout restart deployment sts/mysql
    #### k8s rollout restart：参数有误

    应是 Kubernetes 里的名字：小写字母、数字、- 和 .，以字母或数字开头和结尾，最多 253 个字

    ```
    k8s rollout restart deployment sts/mysql
                        ^^^^^^^^^^^^^^^^^^^^
    ```

    > k8s set image deployment app=registry.example.com/shop/web:2
    #### k8s set image：参数有误

    应是 Kubernetes 里的名字：小写字母、数字、- 和 .，以字母或数字开头和结尾，最多 253 个字

    ```
    k8s set image deployment app=registry.example.com/shop/web:2
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ```

    > k8s rollout restart pod web
    #### k8s rollout restart：参数有误

    这里要的是 Deployment、StatefulSet 或 DaemonSet，不是 Pod

    ```
    k8s rollout restart pod web
                        ^^^^^^^
    ```

    > k8s rollout restart deployment web pay
    #### k8s rollout restart：参数有误

    多了「pay」，这里不需要更多参数。

    ```
    k8s rollout restart deployment web pay
                                       ^^^
    ```

    > k8s scale --replicas=3 deployment web pay
    #### k8s scale：参数有误

    多了「pay」，这里不需要更多参数。

    ```
    k8s scale --replicas=3 deployment web pay
                                          ^^^
    ```
    "#);
    assert!(k8s.asked().is_empty());
}

#[tokio::test]
async fn rules_see_one_form_of_a_target() {
    let rules = "
[[deny]]
who = ['anyone']
run = ['k8s *']
when = { workload = ['deploy/pay'] }
[[deny]]
who = ['anyone']
run = ['k8s scale']
when = { replicas = '10..' }";
    for line in [
        "k8s rollout restart deployment pay",
        "k8s describe Deployment Pay",
        "k8s logs deployments.apps pay",
        "k8s scale web --replicas 10",
        "k8s scale --replicas=11 deploy web",
    ] {
        let (mut chat, k8s) = start_with(rules).await;
        let reply = ask(&mut chat, line).await;
        assert!(reply.contains("无权执行"), "{line}: {reply}");
        assert!(k8s.asked().is_empty(), "{line}");
    }
}

#[tokio::test]
async fn an_alias_gives_values_and_no_kinds() {
    let alias = "
[[alias]]
name = '缩放'
run = 'k8s scale {1} {2}'
help = { zh = '缩放 <名字> <数量>', en = 'scale' }
[[alias]]
name = '看看'
run = 'k8s describe deployment {1}'
help = { zh = '看看 <名字>', en = 'look' }";
    let (mut chat, k8s) = start_with(alias).await;
    let reply = ask(&mut chat, "缩放 deployment 3").await;
    assert!(reply.contains("参数有误") && k8s.asked().is_empty(), "{reply}");
    let reply = ask(&mut chat, "看看 web").await;
    assert!(reply.starts_with("#### deploy/web（prod）"), "{reply}");
}
