//! Conversations with Kubernetes clusters: what rules cannot be got round by, and what a chat is never shown.

use std::panic::AssertUnwindSafe;

use dingops::testing::{Chat, NOW_MS};
use futures_util::FutureExt;
use serde_json::json;

use crate::{
    fakes::{Fake, k8s::Kubernetes},
    k8s::{settings, start, start_with},
    talk::{ask, coded},
};

#[tokio::test]
async fn a_rule_in_another_spelling_is_a_mistake_that_names_the_right_one() {
    let k8s = Fake::start(Kubernetes::new(|| NOW_MS)).await.unwrap();
    for (run, when, form) in [
        ("k8s scale", "workload = ['web']", "deploy/web"),
        ("k8s *", "workload = ['statefulset/mysql']", "sts/mysql"),
        ("k8s logs", "workload = ['po/web-0']", "pod/web-0"),
        ("k8s delete pod", "pod = ['pod/mysql-0']", "mysql-0"),
        ("k8s cordon", "node = ['node/node-1']", "node-1"),
        ("k8s get pods", "namespace = ['Prod']", "prod"),
        ("k8s get *", "selector = ['tier=db,app==web']", "app=web,tier=db"),
    ] {
        let rule = format!("[[deny]]\nwho = ['anyone']\nrun = ['{run}']\nwhen = {{ {when} }}");
        let started = AssertUnwindSafe(Chat::with(&settings(&k8s, &rule))).catch_unwind().await;
        let stopped = started.err().and_then(|panic| panic.downcast::<String>().ok()).unwrap();
        assert!(stopped.contains(form) && stopped.contains("as it will be executed"), "{when}: {stopped}");
    }
}

#[tokio::test]
async fn selectors_have_one_form() {
    let rule =
        "[[deny]]\nwho = ['anyone']\nrun = ['k8s get pods']\nwhen = { selector = ['app=web,tier!=db'] }";
    let (mut chat, k8s) = start_with(rule).await;
    let reply = ask(&mut chat, "k8s get pods -l tier!=db,app==web").await;
    assert!(reply.contains("无权执行"), "{reply}");
    assert!(k8s.asked().is_empty());
}

#[tokio::test]
async fn no_value_of_a_variable_or_secret_is_shown() {
    let (mut chat, k8s) = start().await;
    {
        let mut world = k8s.world();
        let cause = "kubectl set env deploy/web MOOD=hunter2 and hunter3 --record=true";
        for set in world.names("replicasets", "prod") {
            world.at("replicasets", "prod", &set)["metadata"]["annotations"]["kubernetes.io/change-cause"] =
                json!(cause);
        }
        world.at("deployments", "prod", "web")["metadata"]["annotations"]["kubernetes.io/change-cause"] =
            json!(cause);
        let events = world.names("events", "prod");
        for event in events {
            world.at("events", "prod", &event)["message"] =
                json!("Failed to pull image: DB_PASSWORD=hunter2hunter2 https://bot:hunter4@r.example.com/");
        }
        let pending = world.at("pods", "prod", "mysql-1");
        pending["status"]["conditions"][0]["message"] = json!("no node takes password=hunter5hunter5");
    }
    for line in [
        "k8s describe web",
        "k8s rollout status web",
        "k8s rollout history web",
        "k8s rollout undo web",
        "k8s get events",
        "k8s describe search",
        "k8s describe sts/mysql",
        "k8s describe pod/mysql-1",
    ] {
        let reply = ask(&mut chat, line).await;
        assert!(!reply.contains("hunter"), "{line}: {reply}");
        let is_masked = reply.contains("***") || reply.contains("&#42;&#42;&#42;");
        assert!(is_masked || reply.contains("\\*\\*\\*"), "{line}: {reply}");
    }
}

#[tokio::test]
async fn of_the_line_that_made_a_revision_it_is_shown_what_it_did_to_what() {
    let (mut chat, k8s) = start().await;
    for (cause, shown) in [
        (
            r#"kubectl patch deploy web --patch={"env":[{"value":"hunter2"}]} --record=true"#,
            "patch deploy web",
        ),
        ("kubectl create deployment web --image=web:1 --env=MOOD=hunter2", "create deployment web"),
        ("oc env dc/web MOOD=hunter2", "oc env dc/web MOOD"),
        ("helm upgrade web ./web --set env.MOOD=hunter2", "helm upgrade web ./web"),
        ("kubectl set image deploy/web app=web:1 --record=true", "set image deploy/web app=web:1"),
    ] {
        {
            let mut world = k8s.world();
            for set in world.names("replicasets", "prod") {
                world.at("replicasets", "prod", &set)["metadata"]["annotations"]["kubernetes.io/change-cause"] =
                    json!(cause);
            }
        }
        for line in ["k8s rollout history web", "k8s rollout undo web"] {
            let reply = ask(&mut chat, line).await;
            assert!(reply.contains(shown) && !reply.contains("hunter"), "{line}: {reply}");
        }
    }
}

#[tokio::test]
async fn a_key_that_begins_above_the_lines_that_are_shown_stays_hidden() {
    let (mut chat, k8s) = start().await;
    let body: Vec<String> = (0..40)
        .map(|line| format!("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8c{line:02}"))
        .collect();
    let log = format!("starting\n-----BEGIN PRIVATE KEY-----\n{}\n", body.join("\n"));
    k8s.world().logs.insert(("mysql-0".into(), "app".into(), false), log);
    let reply = ask(&mut chat, "k8s logs pod/mysql-0 --lines 5").await;
    assert!(reply.contains("mysql-0") && !reply.contains("MIIE"), "{reply}");
}

#[tokio::test]
async fn what_is_not_looked_at_is_not_said_to_be_nothing() {
    let (mut chat, k8s) = start().await;
    let pod = json!({ "metadata": {}, "spec": { "containers": [{ "name": "app", "image": "job:1" }] },
                      "status": { "phase": "Running" } });
    for number in 0..1200 {
        k8s.world().put("pods", "prod", &format!("job-{number:04}"), pod.clone());
    }
    let reply = ask(&mut chat, "k8s get pods web").await;
    assert!(reply.contains("prod/web&#42;：3 个 Pod"), "{reply}");
    for number in 0..9000 {
        k8s.world().put("pods", "dev", &format!("job-{number:04}"), pod.clone());
    }
    let reply = ask(&mut chat, "k8s get pods zzz -A").await;
    assert!(reply.contains("其余的没有看"), "{reply}");
}

#[tokio::test]
async fn what_only_looks_well_is_not_said_to_be() {
    let (mut chat, k8s) = start().await;
    let name = k8s.world().names("pods", "prod").into_iter().find(|pod| pod.starts_with("web-")).unwrap();
    let before = k8s.world().at("pods", "prod", &name).clone();
    let ended = k8s.world().ago(20);
    {
        let mut world = k8s.world();
        let status = &mut world.at("pods", "prod", &name)["status"]["containerStatuses"][0];
        status["restartCount"] = json!(1);
        status["lastState"] =
            json!({ "terminated": { "exitCode": 143, "reason": "Error", "finishedAt": ended } });
    }
    let reply = ask(&mut chat, "k8s describe web").await;
    assert!(reply.contains("有问题，3/3 就绪") && reply.contains("重启过 1 次。上次：退出码 143"), "{reply}");

    *k8s.world().at("pods", "prod", &name) = before.clone();
    k8s.world().at("pods", "prod", &name)["status"]["conditions"] = json!([{ "type": "Ready", "status": "False", "reason": "NodeNotReady", "message": "the node is gone" }]);
    let reply = ask(&mut chat, "k8s describe web").await;
    assert!(reply.contains("有问题") && reply.contains("NodeNotReady"), "{reply}");

    // What was evicted is past, and has no log.
    *k8s.world().at("pods", "prod", &name) = before;
    k8s.world().at("pods", "prod", &name)["status"] = json!({ "phase": "Failed", "reason": "Evicted" });
    let reply = ask(&mut chat, "k8s describe web").await;
    assert!(reply.contains("正常"), "{reply}");
    let reply = ask(&mut chat, "k8s logs web").await;
    assert!(!reply.contains(&name), "{reply}");

    k8s.world().at("statefulsets", "prod", "mysql")["metadata"]["generation"] = json!(3);
    let reply = ask(&mut chat, "k8s describe sts/mysql").await;
    assert!(reply.contains("最近的改动还没有被处理"), "{reply}");
}

#[tokio::test]
async fn a_rollback_is_to_what_was_confirmed_and_warns_of_images() {
    let (mut chat, k8s) = start().await;
    let card = ask(&mut chat, "k8s rollout undo sts/mysql").await;
    assert!(card.contains("⚠️ 镜像 mysql:8.0 不在允许的范围里"), "{card}");
    k8s.world().at("controllerrevisions", "prod", "mysql-7f9b")["data"]["spec"]["template"]["spec"]["containers"]
        [0]["command"] = json!(["sh", "-c", "evil"]);
    let reply = ask(&mut chat, &coded(&card)).await;
    assert!(k8s.writes().is_empty(), "{reply}");
}

#[tokio::test]
async fn a_rollback_says_and_warns_of_images_that_prepare() {
    let (mut chat, k8s) = start().await;
    let prepares = json!([{ "name": "prep", "image": "evil.example.org/miner:1" }]);
    {
        let mut world = k8s.world();
        for set in world.names("replicasets", "prod").into_iter().filter(|set| set.starts_with("web")) {
            world.at("replicasets", "prod", &set)["spec"]["template"]["spec"]["initContainers"] =
                prepares.clone();
        }
        world.at("controllerrevisions", "prod", "mysql-7f9b")["data"]["spec"]["template"]["spec"]["initContainers"] =
            prepares;
    }
    for line in ["k8s rollout undo web --dry-run", "k8s rollout undo sts/mysql --dry-run"] {
        let card = ask(&mut chat, line).await;
        let told: Vec<&str> = card.lines().filter(|line| line.contains("miner")).collect();
        insta::allow_duplicates!(insta::assert_snapshot!(told.join("\n"), @"
        - 容器 prep：- → evil.example.org/miner:1
        - ⚠️ 镜像 evil.example.org/miner:1 不在允许的范围里，可用：registry.example.com/&#42;。
        "));
        assert!(!card.contains("initContainers"), "{card}");
    }
}

#[tokio::test]
async fn a_rollback_says_what_else_it_changes_and_no_values() {
    let (mut chat, k8s) = start().await;
    {
        let mut world = k8s.world();
        let pods = &mut world.at("deployments", "prod", "pay")["spec"]["template"]["spec"];
        let container = &mut pods["containers"][0];
        container["env"] = json!([{ "name": "LOG_LEVEL", "value": "hunter2" }]);
        container["resources"] = json!({ "limits": { "memory": "64Mi" } });
        container["livenessProbe"] = json!({ "httpGet": { "path": "/hunter3", "port": 80 } });
        pods["serviceAccountName"] = json!("hunter4");
    }
    let card = ask(&mut chat, "k8s rollout undo pay --dry-run").await;
    assert!(!card.contains("hunter"), "{card}");
    let told = card.lines().find(|line| line.contains("还会改变")).unwrap_or_default();
    insta::assert_snapshot!(told, @"- 还会改变（只说位置，不显示值）：app env DB&#95;PASSWORD、app env LOG&#95;LEVEL、app livenessProbe、app resources.limits、serviceAccountName");
    let many: Vec<_> =
        (0..20).map(|number| json!({ "name": format!("V{number:02}"), "value": "x" })).collect();
    k8s.world().at("deployments", "prod", "pay")["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!(many);
    let card = ask(&mut chat, "k8s rollout undo pay --dry-run").await;
    assert!(card.contains("还会改变 21 处") && card.contains("V10") && !card.contains("V12"), "{card}");
}

#[tokio::test]
async fn words_of_a_cluster_are_no_place_for_secrets_or_links() {
    let evil = "[tap](dtmd://dingtalkclient/sendMessage?content=k8s) token=hunter2hunter2 ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let (mut chat, k8s) = start().await;
    {
        let mut world = k8s.world();
        for event in world.names("events", "prod") {
            let event = world.at("events", "prod", &event);
            event["reason"] = json!(evil);
            event["involvedObject"]["kind"] = json!(evil);
            event["involvedObject"]["name"] = json!(format!("mysql-1{evil}"));
        }
        let pending = world.at("pods", "prod", "mysql-1");
        pending["status"]["reason"] = json!(evil);
        for pod in world.names("pods", "prod").into_iter().filter(|pod| pod.starts_with("pay-7")) {
            let status = &mut world.at("pods", "prod", &pod)["status"]["containerStatuses"][0];
            status["state"] = json!({ "waiting": { "reason": evil, "message": evil } });
            status["lastState"] = json!({ "terminated": { "exitCode": 1, "reason": evil } });
            status["restartCount"] = json!(1);
        }
        let node = world.at("nodes", "", "node-3");
        node["status"]["conditions"] = json!([
            { "type": "Ready", "status": "False", "reason": evil, "message": evil },
            { "type": evil, "status": "True", "message": evil },
        ]);
        node["status"]["nodeInfo"]["kubeletVersion"] = json!(evil);
        let hpa = world.at("horizontalpodautoscalers", "prod", "web");
        hpa["spec"]["scaleTargetRef"]["kind"] = json!(evil);
        let owner = &mut world.at("pods", "prod", "mysql-0")["metadata"]["ownerReferences"][0];
        owner["name"] = json!(evil);
        let node = world.at("nodes", "", "node-3");
        node["spec"]["taints"] = json!([{ "key": "a", "value": evil, "effect": "NoSchedule" }]);
    }
    for line in [
        "k8s get events",
        "k8s get pods",
        "k8s get nodes",
        "k8s get hpa",
        "k8s delete pod mysql-0",
        "k8s describe pod/mysql-1",
        "k8s describe pay",
        "k8s describe node node-3",
    ] {
        let reply = ask(&mut chat, line).await;
        assert!(!reply.contains("hunter2") && !reply.contains("ghp_0"), "{line}: {reply}");
        assert!(!reply.contains("](dtmd://dingtalkclient/sendMessage?content=k8s)"), "{line}: {reply}");
        assert!(reply.contains("tap"), "{line}: {reply}");
    }
}
