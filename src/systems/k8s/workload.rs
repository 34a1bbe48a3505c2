//! A workload, whichever kind it is of: what commands ask of it, and nothing else.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use kube::{Resource, core::Selector};

use super::{
    target::{Kind, Target},
    types::{Condition, Container, Controller, Metadata, UpdateStrategy},
};

/// Where a deployment has the number of its revision.
pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
/// Where kubectl, and what follows it, has why a rollout was made.
pub(super) const CAUSE: &str = "kubernetes.io/change-cause";

/// A deployment, stateful set or daemon set.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub(super) kind: Kind,
    controller: Controller,
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

impl Counts {
    /// Those of earlier revisions that are still there, ready or not.
    pub(super) fn old(self) -> i32 {
        (self.present - self.updated).max(0)
    }
}

/// How far a rollout is, as kubectl judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Done,
    GoesOn,
    Stuck,
    /// Pods are replaced when somebody deletes them.
    ByHand,
}

impl Workload {
    pub(super) fn new(kind: Kind, controller: Controller) -> Self {
        Self { kind, controller }
    }

    /// Where those of a kind are served.
    pub(super) fn path(kind: Kind, namespace: Option<&str>) -> String {
        match kind {
            Kind::StatefulSet => StatefulSet::url_path(&(), namespace),
            Kind::DaemonSet => DaemonSet::url_path(&(), namespace),
            Kind::Deployment | Kind::Pod => Deployment::url_path(&(), namespace),
        }
    }

    pub(super) fn metadata(&self) -> &Metadata {
        &self.controller.metadata
    }

    pub(super) fn target(&self) -> Target {
        Target::new(self.kind, self.metadata().name.as_deref().unwrap_or_default())
    }

    /// The containers of its pods, without those that only prepare.
    pub(super) fn containers(&self) -> &[Container] {
        &self.controller.spec.template.spec.containers
    }

    /// Those that only prepare.
    pub(super) fn init_containers(&self) -> &[Container] {
        self.controller.spec.template.spec.init_containers.as_deref().unwrap_or_default()
    }

    /// Its containers' images.
    pub(super) fn images(&self) -> Vec<&str> {
        self.containers().iter().filter_map(|container| container.image.as_deref()).collect()
    }

    /// How its pods are found.
    pub(super) fn selector(&self) -> Option<String> {
        let selector = Selector::try_from(self.controller.spec.selector.clone()).ok()?.to_string();
        // Without labels all pods of the namespace would be meant.
        (!selector.is_empty()).then_some(selector)
    }

    /// How many there should be, of what can have a number.
    pub(super) fn replicas(&self) -> Option<i32> {
        (self.kind != Kind::DaemonSet).then(|| self.controller.spec.replicas.unwrap_or(1))
    }

    /// Its pods, counted.
    pub(super) fn counts(&self) -> Counts {
        let status = &self.controller.status;
        match self.replicas() {
            Some(wanted) => Counts {
                wanted,
                present: status.replicas,
                updated: status.updated_replicas,
                ready: status.ready_replicas,
                available: status.available_replicas,
            },
            None => Counts {
                wanted: status.desired_number_scheduled,
                present: status.current_number_scheduled,
                updated: status.updated_number_scheduled,
                ready: status.number_ready,
                available: status.number_available,
            },
        }
    }

    /// Whether its controller has seen how it is to be.
    pub(super) fn is_observed(&self) -> bool {
        self.controller.status.observed_generation >= self.metadata().generation.unwrap_or_default()
    }

    /// Whether rollouts of it are held back.
    pub(super) fn is_paused(&self) -> bool {
        self.controller.spec.paused.unwrap_or_default()
    }

    fn strategy(&self) -> Option<&UpdateStrategy> {
        self.controller.spec.update_strategy.as_ref()
    }

    /// Whether its pods are replaced only when somebody deletes them.
    pub(super) fn is_updated_by_hand(&self) -> bool {
        self.strategy().is_some_and(|strategy| strategy.kind.as_deref() == Some("OnDelete"))
    }

    /// The first of a stateful set's pods that an update reaches: those before it stay as they are.
    pub(super) fn partition(&self) -> i32 {
        let rolling = self.strategy().and_then(|strategy| strategy.rolling_update.as_ref());
        rolling.and_then(|rolling| rolling.partition).unwrap_or_default()
    }

    /// What Kubernetes says of it.
    pub(super) fn conditions(&self) -> &[Condition] {
        self.controller.status.conditions.as_deref().unwrap_or_default()
    }

    /// Whether its rollout took longer than it may.
    pub(super) fn is_late(&self) -> bool {
        let is_late = |it: &Condition| {
            it.kind == "Progressing" && it.reason.as_deref() == Some("ProgressDeadlineExceeded")
        };
        self.conditions().iter().any(is_late)
    }

    /// How far its rollout is. Pods that are ready may be old ones: while there are any, it is not done.
    pub(super) fn progress(&self) -> Progress {
        let counts = self.counts();
        if self.is_updated_by_hand() {
            return Progress::ByHand;
        }
        if !self.is_observed() {
            return Progress::GoesOn;
        }
        if self.is_late() {
            return Progress::Stuck;
        }
        let updated = counts.wanted - self.partition();
        let goes_on = match self.kind {
            Kind::Deployment | Kind::Pod => {
                counts.updated < counts.wanted || counts.old() > 0 || counts.available < counts.updated
            }
            Kind::StatefulSet => counts.ready < counts.wanted || counts.updated < updated,
            Kind::DaemonSet => counts.updated < counts.wanted || counts.available < counts.wanted,
        };
        if goes_on { Progress::GoesOn } else { Progress::Done }
    }

    /// Whether all its pods are as they are to be, and ready.
    pub(super) fn is_well(&self) -> bool {
        let counts = self.counts();
        let is_rolled_out = match self.progress() {
            Progress::Done => true,
            Progress::ByHand => counts.updated >= counts.wanted,
            Progress::GoesOn | Progress::Stuck => false,
        };
        is_rolled_out && counts.ready >= counts.wanted
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
pub(super) fn annotation<'m>(metadata: &'m Metadata, key: &str) -> Option<&'m str> {
    metadata.annotations.as_ref()?.get(key).map(String::as_str)
}

/// Whether this is run by that.
pub(super) fn is_owned(metadata: &Metadata, owner: &Metadata) -> bool {
    let mut owners = metadata.owner_references.iter().flatten();
    owner.uid.as_ref().is_some_and(|uid| {
        owners.any(|reference| reference.controller == Some(true) && reference.uid == *uid)
    })
}
