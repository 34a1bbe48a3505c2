//! What people operate, through the real handler: conversations with each system's stand-in.

mod alertmanager;
mod alertmanager_answers;
mod alertmanager_conditions;
mod alertmanager_meant;
mod alertmanager_rules;
mod alertmanager_unclear;
#[path = "../fakes/mod.rs"]
mod fakes;
mod jenkins;
mod jenkins_build;
mod jenkins_entry;
mod jenkins_failure;
mod jenkins_input;
mod jenkins_status;
mod k8s;
mod k8s_create;
mod k8s_entry;
mod k8s_guarded;
mod k8s_habits;
mod k8s_long;
mod k8s_nodes;
mod k8s_rollouts;
mod k8s_typed;
mod k8s_words;
mod k8s_writes;
mod prometheus;
mod prometheus_alerts;
mod prometheus_answers;
mod promql;
mod silence;
mod silence_refused;
mod talk;
