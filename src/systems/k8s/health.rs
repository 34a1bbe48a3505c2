//! How pods are, in Kubernetes' words, and what is wrong with them, in ours.

use super::{
    types::{Condition, Container, ContainerState, ContainerStatus, Event, Metadata, Pod, Terminated},
    workload::Workload,
};
use crate::{dispatch::Ctx, systems::redact::redacted, text};
use jiff::Timestamp;

/// What Kubernetes says where an image cannot be had.
const IMAGE: [&str; 6] = [
    "ImagePullBackOff",
    "ErrImagePull",
    "ImageInspectError",
    "ErrImageNeverPull",
    "RegistryUnavailable",
    "InvalidImageName",
];
/// So long ago, in minutes, one restart is still worth a word; and that of what restarts often.
const LATELY: i64 = 60;
const LATELY_OF_MANY: i64 = 24 * 60;
/// From so many restarts on something restarts often.
const MANY: i32 = 3;
/// Letters of a message of Kubernetes that are quoted.
const MAX_QUOTED: usize = 160;

/// When something happened last.
pub(super) fn happened(event: &Event) -> Option<Timestamp> {
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref()).map(|it| it.0);
    series
        .or_else(|| event.last_timestamp.as_ref().map(|it| it.0))
        .or_else(|| event.event_time.as_ref().map(|it| it.0))
        .or_else(|| event.metadata.creation_timestamp.as_ref().map(|it| it.0))
}

/// How often something happened.
pub(super) fn times(event: &Event) -> i32 {
    event.series.as_ref().and_then(|series| series.count).or(event.count).unwrap_or(1)
}

/// A message of Kubernetes without secrets, cut, in one line.
pub(super) fn quoted(message: &str) -> String {
    let message = redacted(message);
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    // In one line something may be known that was not over several.
    text::cut(&redacted(&line), MAX_QUOTED)
}

/// How long ago something came to be, in its largest unit.
pub(super) fn age(metadata: &Metadata, ctx: &Ctx) -> String {
    metadata.creation_timestamp.as_ref().map(|it| since(it.0, ctx)).unwrap_or_default()
}

/// How long ago that was, in its largest unit.
pub(super) fn since(time: Timestamp, ctx: &Ctx) -> String {
    let seconds = ctx.clock.now().duration_since(time).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status.container_statuses.iter().flatten()
}

fn init_statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status.init_container_statuses.iter().flatten()
}

fn phase(pod: &Pod) -> &str {
    pod.status.phase.as_deref().unwrap_or("Unknown")
}

/// How many of a pod's containers are ready, of how many.
pub(super) fn readiness(pod: &Pod) -> (usize, usize) {
    let ready = statuses(pod).filter(|status| status.ready).count();
    (ready, pod.spec.containers.len())
}

/// How often a pod's containers were begun anew.
pub(super) fn restarts(pod: &Pod) -> i32 {
    statuses(pod).map(|status| status.restart_count).sum()
}

/// Whether nothing is wrong with a pod.
pub(super) fn is_well(pod: &Pod) -> bool {
    let (ready, total) = readiness(pod);
    match phase(pod) {
        "Succeeded" => true,
        "Running" => ready == total && pod.metadata.deletion_timestamp.is_none() && held_back(pod).is_none(),
        _ => false,
    }
}

/// Why a pod gets no requests though its containers are ready: its node is gone, or something outside it says so.
fn held_back(pod: &Pod) -> Option<&Condition> {
    pod.status.conditions.iter().flatten().find(|it| it.kind == "Ready" && it.status != "True")
}

/// Whether a pod is past, and only its record is left: others took its place.
pub(super) fn is_past(pod: &Pod) -> bool {
    matches!(phase(pod), "Failed" | "Succeeded")
}

/// Whether any of a pod's containers ever ran.
pub(super) fn has_log(pod: &Pod) -> bool {
    let ran = |state: &Option<ContainerState>| {
        state.as_ref().is_some_and(|state| state.running.is_some() || state.terminated.is_some())
    };
    statuses(pod).chain(init_statuses(pod)).any(|status| ran(&status.state) || ran(&status.last_state))
}

/// Whether a pod has a container whose image cannot be had.
pub(super) fn has_no_image(pod: &Pod) -> bool {
    let word = word(pod);
    IMAGE.iter().any(|reason| word.ends_with(reason))
}

/// How a pod is, in the word that kubectl shows. Whoever writes its status may put any text there.
pub(super) fn word(pod: &Pod) -> String {
    quoted(&written_word(pod))
}

fn written_word(pod: &Pod) -> String {
    if pod.metadata.deletion_timestamp.is_some() {
        return "Terminating".to_owned();
    }
    let total = pod.spec.init_containers.as_ref().map_or(0, Vec::len);
    for (index, status) in init_statuses(pod).enumerate() {
        let state = status.state.as_ref();
        let ended = state.and_then(|state| state.terminated.as_ref());
        // One that goes on beside the others, and has begun, holds nothing up.
        if ended.is_some_and(|ended| ended.exit_code == 0) || status.started == Some(true) {
            continue;
        }
        if let Some(ended) = ended {
            return format!("Init:{}", ended_word(ended));
        }
        let waits = state.and_then(|state| state.waiting.as_ref()?.reason.as_deref());
        return match waits.filter(|reason| *reason != "PodInitializing") {
            Some(reason) => format!("Init:{reason}"),
            None => format!("Init:{index}/{total}"),
        };
    }
    let reason = |status: &ContainerStatus| {
        let state = status.state.as_ref()?;
        let waits = state.waiting.as_ref().and_then(|waiting| waiting.reason.clone());
        waits.or_else(|| state.terminated.as_ref().map(ended_word))
    };
    let of_pod = pod.status.reason.clone();
    match (of_pod, statuses(pod).find_map(reason)) {
        (Some(reason), _) => reason,
        // Some of its containers are done, and some run.
        (None, Some(reason)) if reason == "Completed" && phase(pod) == "Running" => "Running".to_owned(),
        (None, Some(reason)) => reason,
        (None, None) => phase(pod).to_owned(),
    }
}

fn ended_word(ended: &Terminated) -> String {
    match (&ended.reason, ended.signal) {
        (Some(reason), _) if !reason.is_empty() => reason.clone(),
        (_, Some(signal)) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", ended.exit_code),
    }
}

/// What is wrong with a pod; nothing where all is well. `events` are those of this pod, the newest first.
pub(super) fn findings(pod: &Pod, events: &[&Event], ctx: &Ctx) -> Vec<String> {
    let say = |key: &str, with: &[(&str, &dyn std::fmt::Display)]| ctx.locale.say(key, with);
    if let Some(deleted) = &pod.metadata.deletion_timestamp {
        let since = since(deleted.0, ctx);
        return vec![say("k8s.terminates", &[("since", &since)])];
    }
    if phase(pod) == "Failed" {
        let reason = word(pod);
        let message = pod.status.message.as_deref().map(quoted).unwrap_or_default();
        return vec![say("k8s.failed", &[("reason", &reason), ("message", &message)])];
    }
    let conditions = pod.status.conditions.iter().flatten();
    let unscheduled = conditions
        .into_iter()
        .find(|condition| condition.kind == "PodScheduled" && condition.status == "False");
    if let Some(condition) = unscheduled {
        let message = condition.message.as_deref().or_else(|| message(events, &["FailedScheduling"]));
        let message = quoted(message.unwrap_or_default());
        return vec![say("k8s.unschedulable", &[("message", &message)])];
    }
    let containers = &pod.spec.containers;
    let preparing = pod.spec.init_containers.as_deref().unwrap_or_default();
    let mut found: Vec<String> =
        init_statuses(pod).filter_map(|status| finding(status, preparing, events, true, ctx)).collect();
    found.extend(statuses(pod).filter_map(|status| finding(status, containers, events, false, ctx)));
    if found.is_empty() && !is_well(pod) {
        if let Some(condition) = held_back(pod).filter(|_| readiness(pod).0 == readiness(pod).1) {
            let reason = quoted(condition.reason.as_deref().unwrap_or_default());
            let message = quoted(condition.message.as_deref().unwrap_or_default());
            return vec![say("k8s.held_back", &[("reason", &reason), ("message", &message)])];
        }
        let message = message(events, &["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"]);
        found.push(match message {
            Some(message) => say("k8s.cannot_begin", &[("message", &quoted(message))]),
            None => say("k8s.begins", &[("state", &word(pod)), ("since", &age(&pod.metadata, ctx))]),
        });
    }
    found
}

/// What is wrong with a container.
fn finding(
    status: &ContainerStatus,
    containers: &[Container],
    events: &[&Event],
    prepares: bool,
    ctx: &Ctx,
) -> Option<String> {
    let name = &status.name;
    let container = containers.iter().find(|container| container.name == *name);
    let say = |key: &str, with: &[(&str, &dyn std::fmt::Display)]| {
        let mut all: Vec<(&str, &dyn std::fmt::Display)> = vec![("container", name)];
        all.extend(with);
        Some(ctx.locale.say(key, &all))
    };
    let last = status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
    let state = status.state.clone().unwrap_or_default();
    let ContainerState { running, terminated, waiting } = &state;
    if let Some(waiting) = waiting {
        let said = quoted(waiting.message.as_deref().unwrap_or_default());
        return match waiting.reason.as_deref().unwrap_or_default() {
            "ImagePullBackOff"
            | "ErrImagePull"
            | "ImageInspectError"
            | "ErrImageNeverPull"
            | "RegistryUnavailable" => {
                let image =
                    container.and_then(|container| container.image.as_deref()).unwrap_or(&status.image);
                // The back-off itself says nothing; what failed does.
                let of = format!("spec.containers{{{name}}}");
                let failed = events.iter().find(|event| {
                    event.reason.as_deref() == Some("Failed")
                        && event.involved_object.field_path.as_deref().is_none_or(|path| path == of)
                        && event
                            .message
                            .as_deref()
                            .is_some_and(|message| message.starts_with("Failed to pull"))
                });
                let said = failed.and_then(|event| event.message.as_deref()).map(quoted).unwrap_or(said);
                say("k8s.no_image", &[("image", &image), ("message", &said)])
            }
            "InvalidImageName" => {
                let image =
                    container.and_then(|container| container.image.as_deref()).unwrap_or(&status.image);
                say("k8s.invalid_image", &[("image", &image)])
            }
            "CrashLoopBackOff" => {
                let how = last.map(|last| ended(last, container, ctx)).unwrap_or_default();
                say("k8s.crash_loop", &[("count", &status.restart_count), ("how", &how)])
            }
            "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
                say("k8s.cannot_create", &[("message", &said)])
            }
            _ => None,
        };
    }
    if let Some(end) = terminated {
        if end.exit_code == 0 {
            return None;
        }
        return say("k8s.ended", &[("how", &ended(end, container, ctx))]);
    }
    running.as_ref()?;
    if !status.ready && !prepares {
        let probe = message(events, &["Unhealthy", "ProbeError"]);
        return match (probe, last) {
            (Some(probe), _) => say("k8s.probe", &[("message", &quoted(probe))]),
            (None, Some(last)) => {
                let how = ended(last, container, ctx);
                say("k8s.restarted", &[("count", &status.restart_count), ("how", &how)])
            }
            (None, None) => say("k8s.not_ready", &[]),
        };
    }
    // It runs now, and did not always.
    let lately = if status.restart_count >= MANY { LATELY_OF_MANY } else { LATELY };
    let last = last.filter(|last| {
        let ended = last.finished_at.as_ref().map(|it| ctx.clock.now().duration_since(it.0).as_mins());
        last.reason.as_deref() == Some("OOMKilled") || ended.is_some_and(|minutes| minutes < lately)
    })?;
    let how = ended(last, container, ctx);
    say("k8s.restarted", &[("count", &status.restart_count), ("how", &how)])
}

/// How a container ended.
fn ended(end: &Terminated, container: Option<&Container>, ctx: &Ctx) -> String {
    let at = end.finished_at.as_ref().map(|it| ctx.local(it.0)).unwrap_or_default();
    let with: [(&str, &dyn std::fmt::Display); 3] =
        [("code", &end.exit_code), ("reason", &quoted(&ended_word(end))), ("at", &at)];
    if end.reason.as_deref() != Some("OOMKilled") {
        return ctx.locale.say("k8s.exit", &with);
    }
    let limits = container.and_then(|container| container.resources.as_ref()?.limits.as_ref());
    match limits.and_then(|limits| limits.get("memory")) {
        Some(memory) => ctx.locale.say("k8s.out_of_memory", &[with[0], with[2], ("memory", &memory.0)]),
        None => ctx.locale.say("k8s.out_of_memory_of_node", &[with[0], with[2]]),
    }
}

/// What Kubernetes said when one of these happened last.
fn message<'e>(events: &[&'e Event], reasons: &[&str]) -> Option<&'e str> {
    let is_one = |event: &&&Event| event.reason.as_deref().is_some_and(|reason| reasons.contains(&reason));
    events.iter().find(is_one)?.message.as_deref()
}

/// What is wrong with a workload itself: no pods can be made, or it takes too long. `events` are its own.
pub(super) fn findings_of_workload(workload: &Workload, events: &[&Event], ctx: &Ctx) -> Vec<String> {
    let say = |key: &str, message: &str| ctx.locale.say(key, &[("message", &quoted(message))]);
    let conditions = workload.conditions();
    let mut found = Vec::new();
    let failure = conditions.iter().find(|it| it.kind == "ReplicaFailure" && it.status == "True");
    let counts = workload.counts();
    let fails = || message(events, &["FailedCreate"]).filter(|_| counts.present < counts.wanted);
    if let Some(said) = failure.and_then(|it| it.message.as_deref()).or_else(fails) {
        found.push(match said.contains("exceeded quota") {
            true => say("k8s.quota", said),
            false => say("k8s.no_pods_made", said),
        });
    }
    if !workload.is_observed() {
        found.push(ctx.locale.say("k8s.not_observed", &[]));
    }
    if workload.is_late() {
        found.push(ctx.locale.say("k8s.too_slow", &[]));
    }
    if workload.is_paused() {
        found.push(ctx.locale.say("k8s.paused", &[]));
    }
    found
}
