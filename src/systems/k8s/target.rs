//! What things are called: a workload as `deploy/web`, a pod as `pod/web-0`, namespaces, containers and labels.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{
    dispatch::{arguments::InvalidValue, row::Canonical, values::Identifier},
    text,
};

/// What each argument that is rewritten is judged as: `web` as `deploy/web`, `Prod` as `prod`.
pub(super) const NAMESPACE: (&str, Canonical) = ("namespace", |typed| namespace(typed).ok());
pub(super) const WORKLOAD: (&str, Canonical) = ("workload", |typed| form(workload(typed)));
pub(super) const ANY: (&str, Canonical) = ("workload", |typed| form(any(typed)));
pub(super) const POD: (&str, Canonical) = ("pod", |typed| pod(typed).ok().map(|pod| pod.name));
pub(super) const NODE: (&str, Canonical) = ("node", |typed| node(typed).ok());
pub(super) const SELECTOR: (&str, Canonical) = ("selector", |typed| selector(typed).ok());
/// Of one of some kind.
pub(super) const NAMED: (&str, Canonical) = ("name", |typed| name(typed).ok());

fn form(target: Result<Target, InvalidValue>) -> Option<String> {
    target.ok().map(|target| target.to_string())
}

/// Most names (RFC 1123, a subdomain).
const NAME: Identifier = Identifier {
    max: 253,
    inside: |c| is_plain(c) || matches!(c, '-' | '.'),
    ends: is_plain,
    sentence: "k8s.name",
};
/// Namespaces and containers (RFC 1123, a label).
const LABEL: Identifier =
    Identifier { max: 63, inside: |c| is_plain(c) || c == '-', sentence: "k8s.label", ..NAME };
/// What nodes are called before `/`.
const NODES: [&str; 3] = ["no", "node", "nodes"];
/// Kinds of what nobody reads here.
const HOLD_SECRETS: [&str; 5] = ["secret", "secrets", "cm", "configmap", "configmaps"];
/// Other kinds that people describe.
const OTHERS: [&str; 20] = [
    "svc",
    "service",
    "services",
    "ing",
    "ingress",
    "ep",
    "endpoints",
    "ns",
    "namespace",
    "job",
    "jobs",
    "cj",
    "cronjob",
    "rs",
    "replicaset",
    "hpa",
    "pv",
    "pvc",
    "sa",
    "crd",
];
/// Letters that stand in the parts of names that Kubernetes makes up.
const MADE_UP: &str = "bcdfghjklmnpqrstvwxz2456789";

fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// A kind of what is operated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
    Pod,
}

impl Kind {
    /// As commands say it.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
            Self::Pod => "pod",
        }
    }

    /// As Kubernetes says it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Pod => "Pod",
        }
    }

    /// By any of its names, as kubectl takes them.
    fn of(typed: &str) -> Option<Self> {
        match typed.strip_suffix(".apps").unwrap_or(typed) {
            "deploy" | "deployment" | "deployments" => Some(Self::Deployment),
            "sts" | "statefulset" | "statefulsets" => Some(Self::StatefulSet),
            "ds" | "daemonset" | "daemonsets" => Some(Self::DaemonSet),
            "po" | "pod" | "pods" => Some(Self::Pod),
            _ => None,
        }
    }
}

/// Whether a word is a kind of workload or of pods, as kubectl takes it before a name: `deployment web`.
pub(super) fn is_kind(word: &str) -> bool {
    Kind::of(&plain(word)).is_some()
}

/// The same with kinds that are not operated: what is said of them is that they are not.
pub(super) fn is_any_kind(word: &str) -> bool {
    let others = OTHERS.iter().chain(&HOLD_SECRETS);
    is_kind(word) || others.into_iter().any(|other| *other == plain(word))
}

/// One of what is operated, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) kind: Kind,
    pub(super) name: String,
}

impl Target {
    pub(super) fn new(kind: Kind, name: &str) -> Self {
        Self { kind, name: name.to_owned() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.short(), self.name)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What can only be of one kind, as its name alone.
pub(super) fn by_name<S: Serializer>(target: &Target, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&target.name)
}

/// A name as Kubernetes has it. A phone begins a line with a capital, and Chinese input methods write letters of full
/// width; in Kubernetes there are neither.
fn plain(typed: &str) -> String {
    text::narrow(typed).to_ascii_lowercase()
}

/// Reads a name as Kubernetes has it.
fn folded<T>(typed: &str, read: impl FnOnce(&str) -> Result<T, InvalidValue>) -> Result<T, InvalidValue> {
    let folded = plain(typed);
    // Places are those of what was typed.
    read(&folded).map_err(|error| if folded.len() == typed.len() { error } else { error.at(0..typed.len()) })
}

/// The value parser of a workload: `web` is a deployment, others say what they are.
///
/// # Errors
/// For what can be none.
pub(super) fn workload(typed: &str) -> Result<Target, InvalidValue> {
    let target = any(typed)?;
    match target.kind {
        Kind::Pod => Err(InvalidValue::new("k8s.no_workload_kind")),
        _ => Ok(target),
    }
}

/// The value parser of a workload or a pod. What is called as pods of deployments are is one.
///
/// # Errors
/// For what can be neither.
pub(super) fn any(typed: &str) -> Result<Target, InvalidValue> {
    folded(typed, any_folded)
}

fn any_folded(typed: &str) -> Result<Target, InvalidValue> {
    let (kind, name, at) = match typed.split_once('/') {
        Some((kind, name)) => {
            let key = match kind {
                kind if NODES.contains(&kind) => "k8s.kind_of_node",
                kind if HOLD_SECRETS.contains(&kind) => "k8s.no_secrets",
                _ => "k8s.kind",
            };
            let unknown = || InvalidValue::new(key).with("name", name).at(0..kind.len());
            let known = Kind::of(kind).ok_or_else(unknown)?;
            (known, name, kind.len() + 1)
        }
        None if Kind::of(typed).is_some() => return Err(InvalidValue::new("k8s.kind_alone")),
        None if is_made_up(typed) => (Kind::Pod, typed, 0),
        None => (Kind::Deployment, typed, 0),
    };
    match NAME.parser()(name) {
        Ok(name) => Ok(Target { kind, name }),
        Err(error) if at == 0 => Err(error),
        Err(_) => Err(InvalidValue::new("k8s.name").with("max", NAME.max).at(at..typed.len())),
    }
}

/// Whether a name ends as those of a deployment's pods do: `web-7d4b9c6f5d-x2x4z`.
fn is_made_up(name: &str) -> bool {
    let is_made_up = |part: &str| part.chars().all(|c| MADE_UP.contains(c));
    let mut parts = name.rsplit('-');
    let (Some(own), Some(set), Some(_)) = (parts.next(), parts.next(), parts.next()) else { return false };
    own.len() == 5 && is_made_up(own) && (8..=10).contains(&set.len()) && is_made_up(set)
}

/// The value parser of a pod's name, with or without `pod/` before it.
///
/// # Errors
/// For what can be none.
pub(super) fn pod(typed: &str) -> Result<Target, InvalidValue> {
    folded(typed, |typed| {
        let name = match typed.split_once('/') {
            Some((kind, name)) if Kind::of(kind) == Some(Kind::Pod) => name,
            Some(_) => return Err(InvalidValue::new("k8s.no_pod_kind")),
            None => typed,
        };
        Ok(Target { kind: Kind::Pod, name: NAME.parser()(name)? })
    })
}

/// The value parser of most names, or their beginnings.
///
/// # Errors
/// For what can be none.
pub(super) fn name(typed: &str) -> Result<String, InvalidValue> {
    folded(typed, |typed| NAME.parser()(typed.trim_end_matches(['*', '-'])))
}

/// The value parser of a namespace.
///
/// # Errors
/// For what can be none.
pub(super) fn namespace(typed: &str) -> Result<String, InvalidValue> {
    folded(typed, LABEL.parser())
}

/// The value parser of a container's name.
///
/// # Errors
/// For what can be none.
pub(super) fn container(typed: &str) -> Result<String, InvalidValue> {
    folded(typed, LABEL.parser())
}

/// The value parser of a node's name, with or without `node/` before it.
///
/// # Errors
/// For what can be none.
pub(super) fn node(typed: &str) -> Result<String, InvalidValue> {
    folded(typed, |typed| {
        let name = typed.split_once('/').filter(|(kind, _)| NODES.contains(kind)).map(|(_, name)| name);
        NAME.parser()(name.unwrap_or(typed))
    })
}

/// The value parser of a label selector: `app=web,tier!=db,env in (a, b),!canary`.
///
/// # Errors
/// For what is none.
pub(super) fn selector(typed: &str) -> Result<String, InvalidValue> {
    let mut depth = 0_usize;
    let typed = text::narrow(typed);
    let parts = typed.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    let parts: Option<Vec<String>> = parts.map(requirement).collect();
    let sorted = |mut parts: Vec<String>| {
        parts.sort();
        parts.join(",")
    };
    parts.map(sorted).ok_or_else(|| InvalidValue::new("k8s.selector"))
}

fn requirement(typed: &str) -> Option<String> {
    let is_word = |word: &str| {
        word.len() <= 317 && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let is_key = |key: &str| {
        let (prefix, name) = key.split_once('/').unwrap_or(("x", key));
        !prefix.is_empty() && !name.is_empty() && is_word(prefix) && is_word(name)
    };
    let typed = typed.trim();
    for (operator, form) in [("!=", "!="), ("==", "="), ("=", "=")] {
        if let Some((key, value)) = typed.split_once(operator) {
            let (key, value) = (key.trim(), value.trim());
            return (is_key(key) && is_word(value)).then(|| format!("{key}{form}{value}"));
        }
    }
    if let Some((before, values)) = typed.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        let (key, operator) = before.trim().rsplit_once(' ')?;
        let key = key.trim();
        let mut values: Vec<&str> = values.split(',').map(str::trim).collect();
        values.sort_unstable();
        let fits =
            is_key(key) && matches!(operator, "in" | "notin") && values.iter().all(|value| is_word(value));
        return fits.then(|| format!("{key} {operator} ({})", values.join(",")));
    }
    is_key(typed.strip_prefix('!').unwrap_or(typed)).then(|| typed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_one_form() {
        let form = |typed| any(typed).map(|target| target.to_string()).unwrap_or_default();
        for typed in ["web", "Web", "deploy/web", "deployment/web", "deployments/web", "deployment.apps/web"]
        {
            assert_eq!(form(typed), "deploy/web", "{typed}");
        }
        assert_eq!(form("statefulset/mysql"), "sts/mysql");
        assert_eq!(form("ds/agent"), "ds/agent");
        assert_eq!(form("po/x"), "pod/x");
        assert_eq!(form("Ｐｏｄ／Ｗｅｂ－０"), "pod/web-0");
        assert_eq!(form("web-7d4b9c6f5d-x2x4z"), "pod/web-7d4b9c6f5d-x2x4z");
        assert_eq!(form("web-payments-admin"), "deploy/web-payments-admin");
        for typed in [
            "",
            "deploy/",
            "secret/x",
            "deploy",
            "../x",
            "deploy/..",
            "a/b/c",
            "deploy/a%2fb",
            "-x",
            "a?b",
            "a b",
        ] {
            assert!(any(typed).is_err(), "{typed}");
        }
        assert!(namespace("ｐｒｏｄ").is_ok_and(|name| name == "prod"));
        assert!(workload("pod/x").is_err() && pod("deploy/x").is_err());
        assert!(namespace("kube.system").is_err() && namespace("Prod").is_ok());
    }

    #[test]
    fn a_selector_is_one() {
        for (typed, form) in [
            ("app=web", "app=web"),
            (" tier != db , app = web", "app=web,tier!=db"),
            ("env in (b, a),!canary", "!canary,env in (a,b)"),
            ("app.kubernetes.io/name==web", "app.kubernetes.io/name=web"),
            ("app", "app"),
            ("app=", "app="),
        ] {
            assert_eq!(selector(typed).unwrap_or_default(), form);
        }
        for typed in ["", "a=b&limit=9", "a=b,", "=b", "a in b", "a in (b", "a\u{0}=b", "a=b c", "x/y/z=1"] {
            assert!(selector(typed).is_err(), "{typed}");
        }
    }
}
