//! A Kubernetes whose workloads roll out whenever somebody looks. Every object that goes in or out is of
//! `k8s-openapi`'s types: a field that they do not know is refused, as by an API server that validates strictly.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::{
    api::{
        apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet},
        autoscaling::v2::HorizontalPodAutoscaler,
        core::v1::{Event, Node, Pod, Service},
    },
    apimachinery::pkg::apis::meta::v1::{DeleteOptions, Status},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Answer, Asked, World};

/// What a bot signs in with.
pub const TOKEN: &str = "made-up-token-of-a-service-account";

/// What an object is, where it is (empty for what is nowhere), and what it is called.
pub(super) type Key = (&'static str, String, String);

pub struct Kubernetes {
    pub(super) objects: BTreeMap<Key, Value>,
    /// Logs by pod, container, and whether they are of the container before.
    pub logs: BTreeMap<(String, String, bool), String>,
    /// Who may act, where requests are made in somebody's name.
    pub users: BTreeSet<String>,
    /// Somebody else changes what the next patch is for, just before.
    pub interferes: bool,
    /// Something before it gives up waiting when a service is created.
    pub loses_services: bool,
    version: u64,
    pub(super) made: usize,
    now: fn() -> i64,
}

/// The kinds that are served, by their plural names.
const KINDS: [(&str, &str, &str); 10] = [
    ("", "v1", "pods"),
    ("", "v1", "services"),
    ("", "v1", "events"),
    ("", "v1", "nodes"),
    ("apps", "v1", "deployments"),
    ("apps", "v1", "replicasets"),
    ("apps", "v1", "statefulsets"),
    ("apps", "v1", "daemonsets"),
    ("apps", "v1", "controllerrevisions"),
    ("autoscaling", "v2", "horizontalpodautoscalers"),
];

fn typed(kind: &str, value: &Value) -> Result<(), String> {
    match kind {
        "pods" => strict::<Pod>(value),
        "services" => strict::<Service>(value),
        "events" => strict::<Event>(value),
        "nodes" => strict::<Node>(value),
        "deployments" => strict::<Deployment>(value),
        "replicasets" => strict::<ReplicaSet>(value),
        "statefulsets" => strict::<StatefulSet>(value),
        "daemonsets" => strict::<DaemonSet>(value),
        "controllerrevisions" => strict::<ControllerRevision>(value),
        _ => strict::<HorizontalPodAutoscaler>(value),
    }
}

/// Whether a value is of a type, and of nothing else.
fn strict<T: Serialize + DeserializeOwned>(value: &Value) -> Result<(), String> {
    let known: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    let known = serde_json::to_value(known).map_err(|error| error.to_string())?;
    lost(value, &known, "")
        .map_or(Ok(()), |path| Err(format!("strict decoding error: unknown field {path:?}")))
}

/// The first field that one has and the other has not.
fn lost(value: &Value, known: &Value, path: &str) -> Option<String> {
    match (value, known) {
        (Value::Object(value), Value::Object(known)) => value.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match known.get(key) {
                Some(known) => lost(value, known, &path),
                None if value.is_null() => None,
                None => Some(path),
            }
        }),
        (Value::Array(value), Value::Array(known)) => {
            value.iter().zip(known).find_map(|(value, known)| lost(value, known, path))
        }
        _ => None,
    }
}

fn status(code: u16, reason: &str, message: &str) -> Answer {
    let status = Status {
        code: Some(i32::from(code)),
        message: Some(message.to_owned()),
        reason: Some(reason.to_owned()),
        status: Some("Failure".to_owned()),
        ..Status::default()
    };
    Answer::json(code, &status)
}

/// As `patch` has it: maps are merged, lists of containers by their names, other lists are taken whole.
fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *into = patch.clone();
        return;
    };
    if patch.get("$patch") == Some(&json!("replace")) {
        let mut whole = patch.clone();
        whole.remove("$patch");
        *into = Value::Object(whole);
        return;
    }
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in patch {
        let is_keyed = matches!(key.as_str(), "containers" | "initContainers" | "env" | "volumes");
        match (value, is_keyed) {
            (Value::Null, _) => {
                if let Some(map) = into.as_object_mut() {
                    map.remove(key);
                }
            }
            (Value::Array(items), true) => {
                let mut all = into[key].as_array().cloned().unwrap_or_default();
                for item in items {
                    match all.iter_mut().find(|other| other["name"] == item["name"]) {
                        Some(other) => merge(other, item),
                        None => all.push(item.clone()),
                    }
                }
                into[key] = all.into();
            }
            _ => {
                let mut at = into[key].take();
                merge(&mut at, value);
                into[key] = at;
            }
        }
    }
}

fn fits(labels: &Value, selector: &str) -> bool {
    selector.split(',').filter(|part| !part.is_empty()).all(|part| {
        let has = |key: &str, value: &str| labels[key.trim()] == json!(value.trim());
        match (part.split_once("!="), part.split_once('=')) {
            (Some((key, value)), _) => !has(key, value),
            (None, Some((key, value))) => has(key, value.trim_start_matches('=')),
            (None, None) => labels.get(part).is_some(),
        }
    })
}

impl Kubernetes {
    /// A shop: some of it is not well.
    pub fn new(now: fn() -> i64) -> Self {
        let mut k8s = Self {
            objects: BTreeMap::new(),
            logs: BTreeMap::new(),
            users: BTreeSet::new(),
            interferes: false,
            loses_services: false,
            version: 1000,
            made: 0,
            now,
        };
        super::k8s_shop::fill(&mut k8s);
        k8s
    }

    /// A time so many minutes ago.
    pub fn ago(&self, minutes: i64) -> String {
        let now = Timestamp::from_millisecond((self.now)()).unwrap_or_default();
        (now - SignedDuration::from_mins(minutes)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Puts something there as it is to be, with what every object has.
    pub fn put(&mut self, kind: &'static str, namespace: &str, name: &str, mut object: Value) {
        self.version += 1;
        self.made += 1;
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        if !namespace.is_empty() {
            metadata["namespace"] = json!(namespace);
        }
        if metadata["uid"].is_null() {
            metadata["uid"] = json!(format!("00000000-0000-4000-8000-{:012}", self.made));
        }
        if metadata["creationTimestamp"].is_null() {
            metadata["creationTimestamp"] = json!(self.ago(0));
        }
        if !matches!(kind, "pods" | "nodes" | "events" | "controllerrevisions")
            && metadata["generation"].is_null()
        {
            metadata["generation"] = json!(1);
        }
        metadata["resourceVersion"] = json!(self.version.to_string());
        if let Err(problem) = typed(kind, &object) {
            panic!("{kind} {name}: {problem}");
        }
        self.objects.insert((kind, namespace.to_owned(), name.to_owned()), object);
    }

    /// An object, to look at and to change.
    pub fn at(&mut self, kind: &'static str, namespace: &str, name: &str) -> &mut Value {
        let key = (kind, namespace.to_owned(), name.to_owned());
        self.objects.get_mut(&key).unwrap_or_else(|| panic!("{kind} {namespace}/{name}"))
    }

    /// The names of a kind in a namespace.
    pub fn names(&self, kind: &str, namespace: &str) -> Vec<String> {
        let of = self.objects.keys().filter(|(other, at, _)| *other == kind && at == namespace);
        of.map(|(_, _, name)| name.clone()).collect()
    }

    /// What a status update does: another version of the same.
    pub fn touch(&mut self, kind: &'static str, namespace: &str, name: &str) {
        self.version += 1;
        let version = self.version.to_string();
        self.at(kind, namespace, name)["metadata"]["resourceVersion"] = json!(version);
    }

    fn list(&mut self, kind: &'static str, namespace: Option<&str>, asked: &Asked) -> Answer {
        if kind == "deployments" {
            let all: Vec<(String, String)> = self
                .objects
                .keys()
                .filter(|(other, at, _)| *other == kind && namespace.is_none_or(|namespace| namespace == at))
                .map(|(_, at, name)| (at.clone(), name.clone()))
                .collect();
            all.iter().for_each(|(at, name)| self.reconcile(at, name));
        }
        let labels = asked.query("labelSelector").unwrap_or_default();
        let named = asked.query("fieldSelector").and_then(|field| field.strip_prefix("involvedObject.name="));
        let items: Vec<&Value> = self
            .objects
            .iter()
            .filter(|((other, at, _), _)| *other == kind && namespace.is_none_or(|namespace| namespace == at))
            .map(|(_, object)| object)
            .filter(|object| fits(&object["metadata"]["labels"], labels))
            .filter(|object| named.is_none_or(|name| object["involvedObject"]["name"] == json!(name)))
            .collect();
        let number = |name: &str| asked.query(name).and_then(|text| text.parse::<usize>().ok());
        let from = number("continue").unwrap_or(0);
        let limit = number("limit").unwrap_or(items.len());
        let left = items.len().saturating_sub(from + limit);
        let page: Vec<&Value> = items.into_iter().skip(from).take(limit).collect();
        let mut metadata = json!({ "resourceVersion": self.version.to_string() });
        if left > 0 {
            metadata["continue"] = json!((from + limit).to_string());
            metadata["remainingItemCount"] = json!(left);
        }
        Answer::json(200, &json!({ "kind": "List", "apiVersion": "v1", "metadata": metadata, "items": page }))
    }

    fn log(&self, namespace: &str, pod: &str, asked: &Asked) -> Answer {
        let Some(object) = self.objects.get(&("pods", namespace.to_owned(), pod.to_owned())) else {
            return status(404, "NotFound", &format!("pods {pod:?} not found"));
        };
        let Some(container) = asked.query("container") else {
            return status(400, "BadRequest", &format!("a container name must be specified for pod {pod}"));
        };
        let previous = asked.query("previous") == Some("true");
        let known = self.logs.get(&(pod.to_owned(), container.to_owned(), previous));
        let waits = object["status"]["containerStatuses"].as_array().into_iter().flatten().any(|status| {
            status["name"] == json!(container)
                && status["state"]["waiting"]["reason"] == json!("ImagePullBackOff")
        });
        match known {
            Some(log) => {
                let lines: Vec<&str> = log.lines().collect();
                let count =
                    asked.query("tailLines").and_then(|text| text.parse().ok()).unwrap_or(lines.len());
                Answer::text(200, lines[lines.len().saturating_sub(count)..].join("\n"))
            }
            None if previous => status(
                400,
                "BadRequest",
                &format!("previous terminated container {container:?} in pod {pod:?} not found"),
            ),
            None if waits => status(
                400,
                "BadRequest",
                &format!(
                    "container {container:?} in pod {pod:?} is waiting to start: trying and failing to pull image"
                ),
            ),
            None => Answer::text(200, ""),
        }
    }

    fn patch(&mut self, key: Key, asked: &Asked) -> Answer {
        if self.interferes {
            self.touch(key.0, &key.1, &key.2);
        }
        let Some(before) = self.objects.get(&key).cloned() else {
            return status(404, "NotFound", &format!("{} {:?} not found", key.0, key.2));
        };
        if asked.header("content-type") != "application/strategic-merge-patch+json" {
            return status(415, "UnsupportedMediaType", "the body of the request was in an unknown format");
        }
        let patch = asked.json();
        let version = &patch["metadata"]["resourceVersion"];
        if !version.is_null() && *version != before["metadata"]["resourceVersion"] {
            let message =
                "the object has been modified; please apply your changes to the latest version and try again";
            return status(
                409,
                "Conflict",
                &format!("Operation cannot be fulfilled on {} {:?}: {message}", key.0, key.2),
            );
        }
        let mut after = before.clone();
        merge(&mut after, &patch);
        if let Err(problem) = typed(key.0, &after) {
            return status(400, "BadRequest", &problem);
        }
        if after["spec"] != before["spec"] && key.0 != "nodes" {
            after["metadata"]["generation"] =
                json!(before["metadata"]["generation"].as_i64().unwrap_or(0) + 1);
        }
        self.version += 1;
        after["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.objects.insert(key, after.clone());
        Answer::json(200, &after)
    }

    fn create(&mut self, kind: &'static str, namespace: &str, asked: &Asked) -> Answer {
        let object = asked.json();
        if let Err(problem) = typed(kind, &object) {
            return status(400, "BadRequest", &problem);
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        if self.objects.contains_key(&(kind, namespace.to_owned(), name.clone())) {
            return status(409, "AlreadyExists", &format!("{kind} {name:?} already exists"));
        }
        self.put(kind, namespace, &name, object);
        if kind == "services" && self.loses_services {
            return Answer::text(504, "");
        }
        Answer::json(201, self.at(kind, namespace, &name))
    }

    fn delete(&mut self, key: Key, asked: &Asked) -> Answer {
        let Some(object) = self.objects.get(&key) else {
            return status(404, "NotFound", &format!("{} {:?} not found", key.0, key.2));
        };
        let options: DeleteOptions = serde_json::from_value(asked.json()).unwrap_or_default();
        let uid = options.preconditions.and_then(|it| it.uid);
        if uid.is_some_and(|uid| object["metadata"]["uid"] != json!(uid)) {
            return status(
                409,
                "Conflict",
                "Precondition failed: UID in precondition is not the UID in object meta",
            );
        }
        self.objects
            .remove(&key)
            .map_or_else(|| status(404, "NotFound", ""), |object| Answer::json(200, &object))
    }
}

impl World for Kubernetes {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let segments = asked.segments();
        // Nobody has any business with these.
        assert!(!segments.iter().any(|part| matches!(*part, "secrets" | "configmaps")), "{}", asked.line);
        if asked.header("authorization") != format!("Bearer {TOKEN}") {
            return status(401, "Unauthorized", "Unauthorized");
        }
        let (group, version, rest) = match segments.as_slice() {
            ["version"] => {
                return Answer::json(200, &json!({ "major": "1", "minor": "34", "gitVersion": "v1.34.2" }));
            }
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return status(404, "NotFound", "the server could not find the requested resource"),
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] => (Some(*namespace), rest),
            rest => (None, rest),
        };
        let kind =
            KINDS.iter().find(|(of, at, kind)| *of == group && *at == version && Some(kind) == rest.first());
        let Some((_, _, kind)) = kind else {
            return status(404, "NotFound", "the server could not find the requested resource");
        };
        let name = rest.get(1).copied().unwrap_or_default();
        let user = asked.header("impersonate-user");
        if !user.is_empty() && !self.users.contains(user) {
            let message = format!("{kind} {name:?} is forbidden: User {user:?} cannot use resource {kind:?}");
            return status(403, "Forbidden", &message);
        }
        let at = namespace.unwrap_or_default();
        let key = (*kind, at.to_owned(), name.to_owned());
        match (&asked.method, &rest[1..]) {
            (&Method::GET, []) => self.list(kind, namespace, asked),
            (&Method::GET, [_, "log"]) if *kind == "pods" => self.log(at, name, asked),
            (&Method::GET, [_]) => {
                if *kind == "deployments" && self.objects.contains_key(&key) {
                    self.reconcile(at, name);
                }
                match self.objects.get(&key) {
                    Some(object) => Answer::json(200, object),
                    None => status(404, "NotFound", &format!("{kind} {name:?} not found")),
                }
            }
            (&Method::PATCH, [_]) => self.patch(key, asked),
            (&Method::POST, []) => self.create(kind, at, asked),
            (&Method::DELETE, [_]) => self.delete(key, asked),
            _ => status(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            ),
        }
    }
}
