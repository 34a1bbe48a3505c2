//! What runs in the made-up cluster: a shop, some of which is not well.

use serde_json::{Value, json};

use super::k8s::Kubernetes;

/// As the pods of a workload are to be.
fn template(app: &str, image: &str) -> Value {
    json!({
        "metadata": { "labels": { "app": app } },
        "spec": { "containers": [{
            "name": "app", "image": image,
            "env": [{ "name": "DB_PASSWORD", "value": "hunter2hunter2" }],
            "resources": { "limits": { "memory": "256Mi" } },
        }] },
    })
}

fn metadata(k8s: &Kubernetes, app: &str, minutes: i64) -> Value {
    json!({ "labels": { "app": app }, "creationTimestamp": k8s.ago(minutes) })
}

/// A deployment that has rolled out, with its revisions before.
fn deployment(k8s: &mut Kubernetes, namespace: &str, app: &str, images: &[&str], replicas: usize) {
    for (index, image) in images.iter().enumerate() {
        if index == 0 {
            let spec = json!({
                "replicas": replicas, "selector": { "matchLabels": { "app": app } }, "template": template(app, image),
            });
            let metadata = metadata(k8s, app, 60 * 24 * 30);
            k8s.put("deployments", namespace, app, json!({ "metadata": metadata, "spec": spec }));
        } else {
            let at = k8s.at("deployments", namespace, app);
            at["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
            at["metadata"]["generation"] = json!(index + 1);
        }
        for _ in 0..=2 * replicas + 1 {
            k8s.reconcile(namespace, app);
        }
    }
}

fn event(
    k8s: &mut Kubernetes,
    kind: &str,
    name: &str,
    reason: &str,
    message: &str,
    count: i32,
    minutes: i64,
) {
    let warns = matches!(reason, "Failed" | "BackOff" | "Unhealthy" | "FailedScheduling" | "FailedCreate");
    let at = k8s.ago(minutes);
    let event = json!({
        "metadata": {},
        "involvedObject": { "kind": kind, "namespace": "prod", "name": name },
        "reason": reason, "message": message, "count": count, "type": if warns { "Warning" } else { "Normal" },
        "firstTimestamp": at, "lastTimestamp": at,
    });
    let number = k8s.names("events", "prod").len();
    k8s.put("events", "prod", &format!("{name}.{number:04}"), event);
}

/// Puts all of it there.
pub fn fill(k8s: &mut Kubernetes) {
    let registry = "registry.example.com/shop";
    let image = |name: &str, tag: &str| format!("{registry}/{name}:{tag}");
    deployment(k8s, "prod", "web", &[&image("web", "1.4.0"), &image("web", "1.4.1")], 3);
    deployment(k8s, "prod", "pay", &[&image("pay", "2.0.0"), &image("pay", "broken")], 2);
    deployment(k8s, "prod", "search", &[&image("search", "missing")], 1);
    deployment(k8s, "dev", "web", &[&image("web", "1.5.0-dev")], 1);
    let pods = k8s.names("pods", "prod");
    let of = |app: &str| pods.iter().find(|pod| pod.starts_with(app)).cloned().unwrap_or_default();
    let search = of("search-");
    let missing = format!("Failed to pull image \"{}\": not found", image("search", "missing"));
    event(k8s, "Pod", &search, "Failed", &missing, 12, 4);
    event(k8s, "Pod", &search, "BackOff", "Back-off pulling image", 40, 1);
    let pay: Vec<&String> =
        pods.iter().filter(|pod| pod.starts_with("pay-") && k8s_is_broken(k8s, pod)).collect();
    for pod in pay {
        k8s.logs.insert((pod.clone(), "app".into(), false), "starting\nloading prices\n".into());
        let before = "starting\nloading prices\nDB_PASSWORD=hunter2hunter2\npanic: out of memory\n";
        k8s.logs.insert((pod.clone(), "app".into(), true), before.into());
    }
    for pod in pods.iter().filter(|pod| pod.starts_with("web-")) {
        k8s.logs.insert(
            (pod.clone(), "app".into(), false),
            "GET / 200\n\u{1b}[31mGET /pay 502\u{1b}[0m\n".into(),
        );
    }
    // A database, and what runs on each node.
    let mysql = template("mysql", "mysql:8.4");
    let selector = json!({ "matchLabels": { "app": "mysql" } });
    let status = json!({
        "observedGeneration": 2, "replicas": 2, "readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1,
        "currentRevision": "mysql-6d5f8b7c9d", "updateRevision": "mysql-6d5f8b7c9d",
    });
    let mut metadata_of = metadata(k8s, "mysql", 60 * 24 * 90);
    metadata_of["generation"] = json!(2);
    let spec = json!({ "replicas": 2, "serviceName": "mysql", "selector": selector, "template": mysql });
    k8s.put(
        "statefulsets",
        "prod",
        "mysql",
        json!({ "metadata": metadata_of, "spec": spec, "status": status }),
    );
    let uid = k8s.at("statefulsets", "prod", "mysql")["metadata"]["uid"].clone();
    let owner = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "mysql", "uid": uid, "controller": true });
    for (index, image) in ["mysql:8.0", "mysql:8.4"].into_iter().enumerate() {
        let mut kept = template("mysql", image);
        kept["$patch"] = json!("replace");
        let created = k8s.ago(60 * 24 * (90 - 60 * index as i64));
        let object = json!({
            "metadata": { "labels": { "app": "mysql" }, "ownerReferences": [owner], "creationTimestamp": created },
            "revision": index + 1, "data": { "spec": { "template": kept } },
        });
        k8s.put("controllerrevisions", "prod", &format!("mysql-{}", ["7f9b", "6d5f8b7c9d"][index]), object);
    }
    k8s.pod("prod", "mysql-0", owner.clone(), &mysql, 60 * 24 * 30);
    k8s.pod("prod", "mysql-1", owner, &mysql, 7);
    let pending = k8s.at("pods", "prod", "mysql-1");
    pending["spec"]["nodeName"] = Value::Null;
    let message = "0/2 nodes are available: 2 Insufficient memory. preemption: 0/2 nodes are available";
    pending["status"] = json!({ "phase": "Pending", "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
    }] });
    event(k8s, "Pod", "mysql-1", "FailedScheduling", message, 5, 2);
    let agent = template("agent", "registry.example.com/agent:3.1");
    let spec = json!({ "selector": { "matchLabels": { "app": "agent" } }, "template": agent });
    let status = json!({
        "observedGeneration": 1, "desiredNumberScheduled": 2, "currentNumberScheduled": 2, "numberReady": 2,
        "numberAvailable": 2, "updatedNumberScheduled": 2, "numberMisscheduled": 0,
    });
    let metadata_of = metadata(k8s, "agent", 60 * 24 * 200);
    k8s.put(
        "daemonsets",
        "prod",
        "agent",
        json!({ "metadata": metadata_of, "spec": spec, "status": status }),
    );
    let uid = k8s.at("daemonsets", "prod", "agent")["metadata"]["uid"].clone();
    let owner = json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": uid, "controller": true });
    for (pod, node) in [("agent-4xk2p", "node-1"), ("agent-9s6wz", "node-2")] {
        k8s.pod("prod", pod, owner.clone(), &agent, 60 * 24 * 20);
        k8s.at("pods", "prod", pod)["spec"]["nodeName"] = json!(node);
    }
    for (name, ready, cordoned) in
        [("node-1", "True", false), ("node-2", "True", true), ("node-3", "False", false)]
    {
        let created = k8s.ago(60 * 24 * 200);
        let node = json!({
            "metadata": { "labels": { "node-role.kubernetes.io/worker": "" }, "creationTimestamp": created },
            "spec": if cordoned { json!({ "unschedulable": true }) } else { json!({}) },
            "status": {
                "addresses": [
                    { "type": "InternalIP", "address": "10.0.0.11" }, { "type": "Hostname", "address": name },
                ],
                "conditions": [{ "type": "MemoryPressure", "status": "False" }, { "type": "Ready", "status": ready }],
                "nodeInfo": {
                    "kubeletVersion": "v1.34.2", "architecture": "arm64", "bootID": "", "containerRuntimeVersion": "",
                    "kernelVersion": "", "kubeProxyVersion": "", "machineID": "", "operatingSystem": "linux",
                    "osImage": "", "systemUUID": "",
                },
            },
        });
        k8s.put("nodes", "", name, node);
    }
    let metric = |percent: i32| json!({ "name": "cpu", "target": { "type": "Utilization", "averageUtilization": percent } });
    let hpa = json!({
        "metadata": { "creationTimestamp": k8s.ago(60 * 24 * 20) },
        "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" },
            "minReplicas": 2, "maxReplicas": 10, "metrics": [{ "type": "Resource", "resource": metric(70) }],
        },
        "status": {
            "currentReplicas": 3, "desiredReplicas": 3,
            "currentMetrics": [{ "type": "Resource", "resource": {
                "name": "cpu", "current": { "averageUtilization": 82, "averageValue": "410m" },
            } }],
        },
    });
    k8s.put("horizontalpodautoscalers", "prod", "web", hpa);
}

fn k8s_is_broken(k8s: &mut Kubernetes, pod: &str) -> bool {
    k8s.at("pods", "prod", pod)["spec"]["containers"][0]["image"]
        .as_str()
        .is_some_and(|image| image.ends_with("broken"))
}
