//! What controllers do in the made-up cluster: a step at each look.

use serde_json::{Value, json};

use super::k8s::Kubernetes;

const REVISION: &str = "deployment.kubernetes.io/revision";

impl Kubernetes {
    /// A part of a name, as Kubernetes makes them up.
    fn made_up(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        self.made += 1;
        let mut seed = self.made * 7919 + 104_729;
        let mut name = String::new();
        for _ in 0..length {
            name.push(char::from(LETTERS[seed % LETTERS.len()]));
            seed = seed / 3 + self.made * 31 + 17;
        }
        name
    }

    /// A pod of an owner, whose state its images decide.
    pub fn pod(&mut self, namespace: &str, name: &str, owner: Value, template: &Value, minutes: i64) {
        let began = self.ago(minutes);
        let statuses: Vec<Value> = template["spec"]["containers"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|container| {
                let image = container["image"].as_str().unwrap_or_default();
                let (ready, restarts, state, last) = match image.rsplit(':').next().unwrap_or_default() {
                    "missing" => {
                        let waiting = json!({ "reason": "ImagePullBackOff", "message": format!("Back-off pulling image \"{image}\"") });
                        (false, 0, json!({ "waiting": waiting }), json!({}))
                    }
                    "broken" => {
                        let waiting = json!({ "reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container" });
                        let ended = json!({ "exitCode": 137, "reason": "OOMKilled", "startedAt": began, "finishedAt": self.ago(3) });
                        (false, 7, json!({ "waiting": waiting }), json!({ "terminated": ended }))
                    }
                    _ => (true, 0, json!({ "running": { "startedAt": began } }), json!({})),
                };
                json!({ "name": container["name"], "image": image, "imageID": "", "ready": ready, "restartCount": restarts,
                        "state": state, "lastState": last })
            })
            .collect();
        let metadata = json!({
            "labels": template["metadata"]["labels"], "ownerReferences": [owner], "creationTimestamp": began,
        });
        let mut spec = template["spec"].clone();
        spec["nodeName"] = json!("node-1");
        let is_pulled =
            statuses.iter().all(|status| status["state"]["waiting"]["reason"] != "ImagePullBackOff");
        let phase = if is_pulled { "Running" } else { "Pending" };
        self.put(
            "pods",
            namespace,
            name,
            json!({
                "metadata": metadata, "spec": spec,
                "status": { "phase": phase, "containerStatuses": statuses, "startTime": began, "podIP": "10.244.1.7" },
            }),
        );
    }

    /// What a controller does when it looks: a step towards what is asked for.
    pub fn reconcile(&mut self, namespace: &str, name: &str) {
        let deployment = self.at("deployments", namespace, name).clone();
        if deployment["spec"]["paused"] == json!(true) {
            return;
        }
        let generation = &deployment["metadata"]["generation"];
        let is_seen = deployment["status"]["observedGeneration"] == *generation;
        let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1) as usize;
        let template = &deployment["spec"]["template"];
        let mine =
            |set: &Value| set["metadata"]["ownerReferences"][0]["uid"] == deployment["metadata"]["uid"];
        let sets: Vec<Value> = self
            .objects
            .iter()
            .filter(|((kind, ..), set)| *kind == "replicasets" && mine(set))
            .map(|(_, set)| set.clone())
            .collect();
        let of = |set: &Value| {
            let mut template = set["spec"]["template"].clone();
            if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
                labels.remove("pod-template-hash");
            }
            template == *template_of(&deployment)
        };
        fn template_of(deployment: &Value) -> &Value {
            &deployment["spec"]["template"]
        }
        let number = |set: &Value| {
            set["metadata"]["annotations"][REVISION]
                .as_str()
                .and_then(|text| text.parse::<i64>().ok())
                .unwrap_or(0)
        };
        let last = sets.iter().map(number).max().unwrap_or(0);
        let found = sets.iter().find(|set| of(set)).cloned();
        let (set, revision) = match found {
            Some(set) if number(&set) == last => {
                (set["metadata"]["name"].as_str().unwrap_or_default().to_owned(), last)
            }
            Some(set) => (set["metadata"]["name"].as_str().unwrap_or_default().to_owned(), last + 1),
            None => (format!("{name}-{}", self.made_up(9)), last + 1),
        };
        let hash = set.rsplit('-').next().unwrap_or_default().to_owned();
        let mut own = template.clone();
        own["metadata"]["labels"]["pod-template-hash"] = json!(hash);
        let key = ("replicasets", namespace.to_owned(), set.clone());
        let before = self.objects.get(&key).cloned().unwrap_or_default();
        let owner = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": deployment["metadata"]["uid"], "controller": true });
        let mut annotations = json!({ REVISION: revision.to_string() });
        if let Some(cause) = deployment["metadata"]["annotations"].get("kubernetes.io/change-cause") {
            annotations["kubernetes.io/change-cause"] = cause.clone();
        }
        let created =
            before["metadata"].get("creationTimestamp").cloned().unwrap_or_else(|| json!(self.ago(0)));
        let mut metadata = json!({ "labels": own["metadata"]["labels"], "annotations": annotations, "ownerReferences": [owner], "creationTimestamp": created });
        if let Some(uid) = before["metadata"].get("uid") {
            metadata["uid"] = uid.clone();
        }
        let spec = json!({ "replicas": wanted, "selector": { "matchLabels": own["metadata"]["labels"] }, "template": own });
        self.put("replicasets", namespace, &set, json!({ "metadata": metadata, "spec": spec }));
        let uid = self.at("replicasets", namespace, &set)["metadata"]["uid"].clone();
        let owner = json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "uid": uid, "controller": true });
        let is_of = |pod: &Value, uid: &Value| pod["metadata"]["ownerReferences"][0]["uid"] == *uid;
        let pods = |k8s: &Self, old: bool| -> Vec<String> {
            let uids: Vec<&Value> = sets.iter().map(|set| &set["metadata"]["uid"]).collect();
            let all = k8s.objects.iter().filter(|((kind, at, _), _)| *kind == "pods" && at == namespace);
            all.filter(|(_, pod)| match old {
                true => uids.iter().any(|other| **other != uid && is_of(pod, other)),
                false => is_of(pod, &uid),
            })
            .map(|((.., name), _)| name.clone())
            .collect()
        };
        // One new pod at a look, and then an old one goes.
        if is_seen {
            let new = pods(self, false);
            match new.len().cmp(&wanted) {
                std::cmp::Ordering::Less => {
                    let pod = format!("{set}-{}", self.made_up(5));
                    self.pod(namespace, &pod, owner, &own, 0);
                }
                std::cmp::Ordering::Greater => {
                    drop(self.objects.remove(&("pods", namespace.to_owned(), new[0].clone())))
                }
                std::cmp::Ordering::Equal => {}
            }
            let is_ready = |pod: &String| {
                let key = ("pods", namespace.to_owned(), pod.clone());
                self.objects.get(&key).is_some_and(|pod| {
                    pod["status"]["containerStatuses"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .all(|status| status["ready"] == json!(true))
                })
            };
            let ready = pods(self, false).iter().filter(|pod| is_ready(pod)).count();
            let old = pods(self, true);
            if old.len() + ready > wanted && !old.is_empty() {
                self.objects.remove(&("pods", namespace.to_owned(), old[0].clone()));
            }
        }
        let is_ready = |pod: &String| {
            let key = ("pods", namespace.to_owned(), pod.clone());
            self.objects.get(&key).is_some_and(|pod| {
                pod["status"]["containerStatuses"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .all(|status| status["ready"] == json!(true))
            })
        };
        let (new, old) = (pods(self, false), pods(self, true));
        let ready = new.iter().chain(&old).filter(|pod| is_ready(pod)).count();
        let ready_ones = new.iter().filter(|pod| is_ready(pod)).count();
        self.at("replicasets", namespace, &set)["status"] =
            json!({ "replicas": new.len(), "readyReplicas": ready_ones });
        let conditions = deployment["status"]["conditions"].clone();
        let now = json!({
            "observedGeneration": generation, "replicas": new.len() + old.len(), "updatedReplicas": new.len(),
            "readyReplicas": ready, "availableReplicas": ready, "unavailableReplicas": wanted.saturating_sub(ready),
        });
        let at = self.at("deployments", namespace, name);
        at["status"] = now;
        if conditions.is_array() {
            at["status"]["conditions"] = conditions;
        }
        at["metadata"]["annotations"][REVISION] = json!(revision.to_string());
        self.touch("deployments", namespace, name);
    }
}
