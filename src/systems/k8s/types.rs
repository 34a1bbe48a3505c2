//! What Kubernetes answers, with only the fields that are used: its own types, `k8s-openapi`'s, hold all there is and
//! would be a third of the program. They say where each kind is served, and the tests hold these against them.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{apps::v1 as apps, autoscaling::v2 as autoscaling, core::v1 as core},
    apimachinery::pkg::{
        api::resource::Quantity,
        apis::meta::v1::{LabelSelector, MicroTime, Time},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

/// What is served under some address.
pub(super) trait Served: DeserializeOwned + Send {
    /// Its whole type.
    type Whole: kube::Resource<DynamicType = ()>;

    /// Where it is served.
    fn path(namespace: Option<&str>) -> String {
        <Self::Whole as kube::Resource>::url_path(&(), namespace)
    }
}

macro_rules! served {
    ($($slim:ty => $whole:ty),+ $(,)?) => { $(impl Served for $slim { type Whole = $whole; })+ };
}

served! {
    Pod => core::Pod,
    Node => core::Node,
    Event => core::Event,
    ReplicaSet => apps::ReplicaSet,
    ControllerRevision => apps::ControllerRevision,
    Autoscaler => autoscaling::HorizontalPodAutoscaler,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metadata {
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) uid: Option<String>,
    pub(super) resource_version: Option<String>,
    pub(super) generation: Option<i64>,
    pub(super) labels: Option<BTreeMap<String, String>>,
    pub(super) annotations: Option<BTreeMap<String, String>>,
    pub(super) creation_timestamp: Option<Time>,
    pub(super) deletion_timestamp: Option<Time>,
    pub(super) owner_references: Option<Vec<Owner>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Owner {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) controller: Option<bool>,
}

/// A condition of anything.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    pub(super) last_transition_time: Option<Time>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) metadata: Metadata,
    pub(super) spec: PodSpec,
    pub(super) status: PodStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodSpec {
    pub(super) containers: Vec<Container>,
    pub(super) init_containers: Option<Vec<Container>>,
    pub(super) node_name: Option<String>,
}

impl PodSpec {
    /// Its containers with their images, and behind them those that only prepare.
    pub(super) fn images(&self) -> Vec<(String, String)> {
        let containers = self.containers.iter().chain(self.init_containers.iter().flatten());
        containers.map(|it| (it.name.clone(), it.image.clone().unwrap_or_default())).collect()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) image: Option<String>,
    pub(super) resources: Option<Resources>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Resources {
    pub(super) limits: Option<BTreeMap<String, Quantity>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodStatus {
    pub(super) phase: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    #[serde(rename = "podIP")]
    pub(super) pod_ip: Option<String>,
    pub(super) conditions: Option<Vec<Condition>>,
    pub(super) container_statuses: Option<Vec<ContainerStatus>>,
    pub(super) init_container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ContainerStatus {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) ready: bool,
    pub(super) restart_count: i32,
    pub(super) started: Option<bool>,
    pub(super) state: Option<ContainerState>,
    pub(super) last_state: Option<ContainerState>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContainerState {
    pub(super) running: Option<Running>,
    pub(super) terminated: Option<Terminated>,
    pub(super) waiting: Option<Waiting>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Running {}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Terminated {
    pub(super) exit_code: i32,
    pub(super) signal: Option<i32>,
    pub(super) reason: Option<String>,
    pub(super) finished_at: Option<Time>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Waiting {
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Event {
    pub(super) metadata: Metadata,
    pub(super) involved_object: Involved,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) count: Option<i32>,
    pub(super) series: Option<Series>,
    pub(super) last_timestamp: Option<Time>,
    pub(super) event_time: Option<MicroTime>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Involved {
    pub(super) kind: Option<String>,
    pub(super) name: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) field_path: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Series {
    pub(super) count: Option<i32>,
    pub(super) last_observed_time: Option<MicroTime>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    pub(super) metadata: Metadata,
    pub(super) spec: NodeSpec,
    pub(super) status: NodeStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeSpec {
    pub(super) unschedulable: Option<bool>,
    pub(super) taints: Option<Vec<Taint>>,
}

/// What keeps pods off a node that do not say that they bear it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Taint {
    pub(super) key: String,
    pub(super) value: Option<String>,
    pub(super) effect: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NodeStatus {
    pub(super) conditions: Option<Vec<Condition>>,
    pub(super) addresses: Option<Vec<Address>>,
    pub(super) node_info: NodeInfo,
}

/// Where a node is reached: by name, or by an IP of some kind.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) address: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NodeInfo {
    pub(super) kubelet_version: String,
}

/// A deployment, stateful set or daemon set: what they have between them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Controller {
    pub(super) metadata: Metadata,
    pub(super) spec: ControllerSpec,
    pub(super) status: ControllerStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ControllerSpec {
    pub(super) replicas: Option<i32>,
    pub(super) paused: Option<bool>,
    pub(super) selector: LabelSelector,
    pub(super) template: Template,
    pub(super) update_strategy: Option<UpdateStrategy>,
}

/// How pods are to be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Template {
    pub(super) spec: PodSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UpdateStrategy {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) rolling_update: Option<RollingUpdate>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct RollingUpdate {
    pub(super) partition: Option<i32>,
}

/// What is zero is left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ControllerStatus {
    pub(super) observed_generation: i64,
    pub(super) conditions: Option<Vec<Condition>>,
    pub(super) replicas: i32,
    pub(super) updated_replicas: i32,
    pub(super) ready_replicas: i32,
    pub(super) available_replicas: i32,
    pub(super) desired_number_scheduled: i32,
    pub(super) current_number_scheduled: i32,
    pub(super) updated_number_scheduled: i32,
    pub(super) number_ready: i32,
    pub(super) number_available: i32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReplicaSet {
    pub(super) metadata: Metadata,
    pub(super) spec: ReplicaSetSpec,
    pub(super) status: ReplicaSetStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReplicaSetSpec {
    /// With all that is in it: it may be put back.
    pub(super) template: Value,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ReplicaSetStatus {
    pub(super) ready_replicas: i32,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ControllerRevision {
    pub(super) metadata: Metadata,
    pub(super) revision: i64,
    pub(super) data: Value,
}

/// What scales a workload by itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Autoscaler {
    pub(super) metadata: Metadata,
    pub(super) spec: AutoscalerSpec,
    pub(super) status: AutoscalerStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AutoscalerSpec {
    pub(super) scale_target_ref: Involved,
    pub(super) min_replicas: Option<i32>,
    pub(super) max_replicas: i32,
    pub(super) metrics: Option<Vec<Metric>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct AutoscalerStatus {
    pub(super) current_replicas: i32,
    pub(super) current_metrics: Option<Vec<Metric>>,
}

/// What is measured, and what is aimed at.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metric {
    pub(super) resource: Option<Measured>,
    pub(super) pods: Option<Measured>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Measured {
    name: Option<String>,
    metric: Option<Named>,
    pub(super) target: Amount,
    pub(super) current: Amount,
}

impl Measured {
    /// What is measured.
    pub(super) fn called(&self) -> Option<&str> {
        self.name.as_deref().or_else(|| self.metric.as_ref().map(|metric| metric.name.as_str()))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Amount {
    pub(super) average_utilization: Option<i32>,
    pub(super) average_value: Option<Quantity>,
    pub(super) value: Option<Quantity>,
}
