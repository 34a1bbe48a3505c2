//! A workload, whichever kind it is of: what commands ask of it, and nothing else.

use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, Deployment, StatefulSet},
        core::v1::{Container, PodTemplateSpec},
    },
    apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta},
};
use kube::core::Selector;

use super::target::{Kind, Target};

/// Where a deployment has the number of its revision.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// Where kubectl, and what follows it, has why a rollout was made.
pub(super) const CAUSE: &str = "kubernetes.io/change-cause";

/// A deployment, stateful set or daemon set.
#[derive(Debug, Clone)]
pub(super) enum Workload {
    Deployment(Box<Deployment>),
    StatefulSet(Box<StatefulSet>),
    DaemonSet(Box<DaemonSet>),
}

/// Its pods, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) wanted: i32,
    /// Those there are, old ones too.
    pub(super) present: i32,
    /// Those of the newest revision.
    pub(super) updated: i32,
    pub(super) ready: i32,
    pub(super) available: i32,
}

/// What Kubernetes says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) kind: String,
    pub(super) is_true: bool,
    pub(super) reason: String,
    pub(super) message: String,
}

impl From<Deployment> for Workload {
    fn from(deployment: Deployment) -> Self {
        Self::Deployment(Box::new(deployment))
    }
}

impl From<StatefulSet> for Workload {
    fn from(set: StatefulSet) -> Self {
        Self::StatefulSet(Box::new(set))
    }
}

impl From<DaemonSet> for Workload {
    fn from(set: DaemonSet) -> Self {
        Self::DaemonSet(Box::new(set))
    }
}

impl Workload {
    pub(super) fn metadata(&self) -> &ObjectMeta {
        match self {
            Self::Deployment(it) => &it.metadata,
            Self::StatefulSet(it) => &it.metadata,
            Self::DaemonSet(it) => &it.metadata,
        }
    }

    pub(super) fn target(&self) -> Target {
        let kind = match self {
            Self::Deployment(_) => Kind::Deployment,
            Self::StatefulSet(_) => Kind::StatefulSet,
            Self::DaemonSet(_) => Kind::DaemonSet,
        };
        Target::new(kind, self.metadata().name.as_deref().unwrap_or_default())
    }

    pub(super) fn template(&self) -> Option<&PodTemplateSpec> {
        match self {
            Self::Deployment(it) => it.spec.as_ref().map(|spec| &spec.template),
            Self::StatefulSet(it) => it.spec.as_ref().map(|spec| &spec.template),
            Self::DaemonSet(it) => it.spec.as_ref().map(|spec| &spec.template),
        }
    }

    /// The containers of its pods, without those that only prepare.
    pub(super) fn containers(&self) -> &[Container] {
        let spec = self.template().and_then(|template| template.spec.as_ref());
        spec.map_or(&[], |spec| &spec.containers)
    }

    /// Its containers' images.
    pub(super) fn images(&self) -> Vec<&str> {
        self.containers().iter().filter_map(|container| container.image.as_deref()).collect()
    }

    /// How its pods are found.
    pub(super) fn selector(&self) -> Option<String> {
        let selector: Option<&LabelSelector> = match self {
            Self::Deployment(it) => it.spec.as_ref().map(|spec| &spec.selector),
            Self::StatefulSet(it) => it.spec.as_ref().map(|spec| &spec.selector),
            Self::DaemonSet(it) => it.spec.as_ref().map(|spec| &spec.selector),
        };
        let selector = Selector::try_from(selector?.clone()).ok()?.to_string();
        // Without labels all pods of the namespace would be meant.
        (!selector.is_empty()).then_some(selector)
    }

    /// How many there should be, of what can have a number.
    pub(super) fn replicas(&self) -> Option<i32> {
        match self {
            Self::Deployment(it) => it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1)),
            Self::StatefulSet(it) => it.spec.as_ref().map(|spec| spec.replicas.unwrap_or(1)),
            Self::DaemonSet(_) => None,
        }
    }

    /// Its pods, counted. Kubernetes leaves out what is zero.
    pub(super) fn counts(&self) -> Counts {
        let wanted = self.replicas().unwrap_or_default();
        match self {
            Self::Deployment(it) => it.status.as_ref().map(|status| Counts {
                wanted,
                present: status.replicas.unwrap_or_default(),
                updated: status.updated_replicas.unwrap_or_default(),
                ready: status.ready_replicas.unwrap_or_default(),
                available: status.available_replicas.unwrap_or_default(),
            }),
            Self::StatefulSet(it) => it.status.as_ref().map(|status| Counts {
                wanted,
                present: status.replicas,
                updated: status.updated_replicas.unwrap_or_default(),
                ready: status.ready_replicas.unwrap_or_default(),
                available: status.available_replicas.unwrap_or_default(),
            }),
            Self::DaemonSet(it) => it.status.as_ref().map(|status| Counts {
                wanted: status.desired_number_scheduled,
                present: status.current_number_scheduled,
                updated: status.updated_number_scheduled.unwrap_or_default(),
                ready: status.number_ready,
                available: status.number_available.unwrap_or_default(),
            }),
        }
        .unwrap_or(Counts { wanted, ..Counts::default() })
    }

    /// Whether its controller has seen how it is to be.
    pub(super) fn is_observed(&self) -> bool {
        let observed = match self {
            Self::Deployment(it) => it.status.as_ref().and_then(|status| status.observed_generation),
            Self::StatefulSet(it) => it.status.as_ref().and_then(|status| status.observed_generation),
            Self::DaemonSet(it) => it.status.as_ref().and_then(|status| status.observed_generation),
        };
        observed.unwrap_or_default() >= self.metadata().generation.unwrap_or_default()
    }

    /// Whether rollouts of it are held back.
    pub(super) fn is_paused(&self) -> bool {
        match self {
            Self::Deployment(it) => it.spec.as_ref().and_then(|spec| spec.paused).unwrap_or_default(),
            _ => false,
        }
    }

    /// Whether its pods are replaced only when somebody deletes them.
    pub(super) fn is_updated_by_hand(&self) -> bool {
        let strategy = match self {
            Self::Deployment(_) => None,
            Self::StatefulSet(it) => {
                it.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref()?.type_.as_deref())
            }
            Self::DaemonSet(it) => {
                it.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref()?.type_.as_deref())
            }
        };
        strategy == Some("OnDelete")
    }

    /// The first of a stateful set's pods that an update reaches: those before it stay as they are.
    pub(super) fn partition(&self) -> i32 {
        match self {
            Self::StatefulSet(it) => {
                let strategy = it.spec.as_ref().and_then(|spec| spec.update_strategy.as_ref());
                strategy.and_then(|strategy| strategy.rolling_update.as_ref()?.partition).unwrap_or_default()
            }
            _ => 0,
        }
    }

    /// What Kubernetes says of it.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        let condition =
            |kind: &str, status: &str, reason: &Option<String>, message: &Option<String>| Condition {
                kind: kind.to_owned(),
                is_true: status == "True",
                reason: reason.clone().unwrap_or_default(),
                message: message.clone().unwrap_or_default(),
            };
        match self {
            Self::Deployment(it) => {
                let all = it.status.iter().filter_map(|status| status.conditions.as_ref()).flatten();
                all.map(|it| condition(&it.type_, &it.status, &it.reason, &it.message)).collect()
            }
            Self::StatefulSet(it) => {
                let all = it.status.iter().filter_map(|status| status.conditions.as_ref()).flatten();
                all.map(|it| condition(&it.type_, &it.status, &it.reason, &it.message)).collect()
            }
            Self::DaemonSet(it) => {
                let all = it.status.iter().filter_map(|status| status.conditions.as_ref()).flatten();
                all.map(|it| condition(&it.type_, &it.status, &it.reason, &it.message)).collect()
            }
        }
    }

    /// What a write is said of: which one it is, and how it is to be. Nothing that changes by itself is in it.
    pub(super) fn witness(&self) -> String {
        let metadata = self.metadata();
        let uid = metadata.uid.as_deref().unwrap_or_default();
        format!("{uid} {}", metadata.generation.unwrap_or_default())
    }

    /// The number of a deployment's revision.
    pub(super) fn revision(&self) -> Option<i64> {
        annotation(self.metadata(), REVISION)?.parse().ok()
    }
}

/// An annotation of anything.
pub(super) fn annotation<'m>(metadata: &'m ObjectMeta, key: &str) -> Option<&'m str> {
    metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// Whether this is run by that.
pub(super) fn is_owned(metadata: &ObjectMeta, owner: &ObjectMeta) -> bool {
    let owners = metadata.owner_references.iter().flatten();
    owner.uid.as_ref().is_some_and(|uid| {
        owners.into_iter().any(|reference| reference.controller == Some(true) && reference.uid == *uid)
    })
}
