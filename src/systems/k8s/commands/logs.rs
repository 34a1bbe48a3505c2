//! Purpose: the end of a container's log, without what looks like a secret.

use serde::Serialize;

use super::{ONE, Where, describe};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Habits, UserError,
        row::Canonical,
        values::{self},
    },
    reply::Reply,
    systems::{
        failure::Failure,
        k8s::{
            client::Client,
            health,
            target::{self, Kind, Target},
            types::Pod,
        },
        log::tail,
    },
};

/// Lines that are shown where nobody says how many.
const LINES: i64 = 30;
/// Lines that are read before those that are shown: a secret over several lines is known by its first.
const BEFORE: i64 = 200;
/// Where a pod says which of its containers is meant.
const DEFAULT: &str = "kubectl.kubernetes.io/default-container";

/// The end of a container's log
#[derive(clap::Args, Serialize, Clone)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Logs {
    /// Which workload, or pod/NAME; of a workload, the newest pod that is not ready, or the newest
    #[arg(value_parser = target::any, required = true)]
    workload: Target,
    /// Which container, where there are several
    #[arg(long, short, value_parser = target::container)]
    container: Option<String>,
    /// Of the container before this one, which ended
    #[arg(long, short)]
    previous: bool,
    /// How many lines
    #[arg(long, alias = "tail", value_parser = values::number(1..=200), default_value = "30")]
    lines: i64,
    #[command(flatten)]
    #[serde(flatten)]
    at: Where,
}

impl Logs {
    /// The log of something.
    pub(super) fn of(workload: Target, at: Where) -> Self {
        Self { workload, container: None, previous: false, lines: LINES, at }
    }

    /// The log of the container before this one.
    pub(super) fn before(workload: Target, at: Where) -> Self {
        Self { previous: true, ..Self::of(workload, at) }
    }
}

impl Command for Logs {
    const PATH: &'static [&'static str] = &["k8s", "logs"];
    const ALIASES: &'static [&'static str] = &["k8s log", "k8s 日志", "容器日志"];
    const EFFECT: Effect = Effect::Read;
    const SENSITIVE: bool = true;
    const ARGUMENTS: &'static [&'static str] =
        &["workload", "container", "previous", "lines", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::ANY, target::NAMESPACE];
    const IS_KIND: fn(&str) -> bool = target::is_kind;
    const HABITS: Habits = &[
        &[
            ("-f", "k8s.no_follow"),
            ("--follow", "k8s.no_follow"),
            ("--since", "k8s.no_since"),
            ("--since-time", "k8s.no_since"),
            ("--all-containers", "k8s.one_container"),
        ],
        ONE,
    ];
    const EXAMPLES: &'static [&'static str] =
        &["k8s logs web -n prod", "k8s logs pod/web-0 -c app --previous --lines 100"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        let (pod, of) = self.pod(&client, ctx).await?;
        let name = pod.metadata.name.clone().unwrap_or_default();
        let container = self.chosen(&pod, ctx)?;
        let namespace = self.at.namespace();
        let mut asked = Err(Failure::TooLong { system: client.title().to_owned() });
        // Lines may be of any length: where they are too much together, fewer do.
        for lines in [self.lines + BEFORE, self.lines, 5, 1] {
            if !matches!(asked, Err(Failure::TooLong { .. })) {
                break;
            }
            asked = client.log(namespace, &name, Some(&container), self.previous, lines).await;
        }
        let text = match asked {
            Ok(text) => text,
            Err(failure) if failure.status() == Some(400) && self.previous => {
                let values: [(&str, &dyn std::fmt::Display); 2] = [("pod", &name), ("container", &container)];
                return Err(UserError(ctx.locale.say("k8s.no_previous", &values)).into());
            }
            Err(failure) if failure.status() == Some(400) => {
                let values: [(&str, &dyn std::fmt::Display); 3] =
                    [("pod", &name), ("container", &container), ("state", &health::word(&pod))];
                return Err(UserError(ctx.locale.say("k8s.no_log_yet", &values)).into());
            }
            Err(failure) => return Err(failure.tell(ctx)),
        };
        let (text, lines) = tail(&text, usize::try_from(self.lines).unwrap_or_default());
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("pod", &name), ("container", &container), ("lines", &lines)];
        let title = match self.previous {
            false => ctx.locale.say("k8s.log", &values),
            true => ctx.locale.say("k8s.log_before", &values),
        };
        let reply = client.reply(title);
        let reply = match of {
            Some(of) => reply.note(of),
            None => reply,
        };
        let reply = match text.as_str() {
            "" => reply.text(ctx.locale.say("k8s.no_log", &[])),
            text => reply.code(text),
        };
        let target = Target::new(Kind::Pod, &name);
        let restarted = health::restarts(&pod) > 0 && !self.previous;
        let shown = describe::Describe { workload: target.clone(), at: self.at.clone() };
        let again = Self { workload: target, container: self.container.clone(), ..self };
        let reply = match restarted {
            true => {
                let before = Self { previous: true, ..again.clone() };
                reply.action(ctx.locale.say("k8s.do_log_before", &[]), ctx.line(&before))
            }
            false => reply.action(ctx.locale.say("k8s.do_more_log", &[]), ctx.line(&again)),
        };
        Ok(reply.action(ctx.locale.say("k8s.do_describe", &[]), ctx.line(&shown)))
    }
}

impl Logs {
    /// The pod that is meant; of a workload, which one was chosen out of how many.
    async fn pod(&self, client: &Client<'_>, ctx: &Ctx) -> Result<(Pod, Option<String>), CommandError> {
        let namespace = self.at.namespace();
        if self.workload.kind == Kind::Pod {
            return match client.pod(namespace, &self.workload.name).await {
                Ok(pod) => Ok((pod, None)),
                Err(failure) => Err(self.at.not_found(client, &self.workload, failure, ctx).await),
            };
        }
        let workload = self.at.found(client, &self.workload, ctx).await?;
        let mut pods = client.pods_of(namespace, &workload).await.map_err(|failure| failure.tell(ctx))?;
        pods.retain(|pod| !health::is_past(pod));
        let count = pods.len();
        let newest = |pod: &Pod| pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        let chosen = pods.into_iter().max_by_key(|pod| (!health::is_well(pod), newest(pod)));
        let Some(pod) = chosen else {
            return Err(UserError(ctx.locale.say("k8s.no_pods", &[("target", &self.workload)])).into());
        };
        let values: [(&str, &dyn std::fmt::Display); 2] = [("target", &self.workload), ("count", &count)];
        let of = match (count, health::is_well(&pod)) {
            (1, _) => None,
            (_, true) => Some(ctx.locale.say("k8s.chosen_newest", &values)),
            (_, false) => Some(ctx.locale.say("k8s.chosen_unwell", &values)),
        };
        Ok((pod, of))
    }

    /// The container that is meant.
    fn chosen(&self, pod: &Pod, ctx: &Ctx) -> Result<String, UserError> {
        let own = pod.spec.containers.as_slice();
        let preparing = pod.spec.init_containers.as_deref().unwrap_or_default();
        let names: Vec<&str> = own.iter().chain(preparing).map(|container| container.name.as_str()).collect();
        let separator = ctx.locale.say("usage.separator", &[]);
        if let Some(container) = &self.container {
            return match names.contains(&container.as_str()) {
                true => Ok(container.clone()),
                false => {
                    let names = names.join(&separator);
                    Err(UserError(
                        ctx.locale.say("k8s.no_container", &[("container", container), ("names", &names)]),
                    ))
                }
            };
        }
        let default = crate::systems::k8s::workload::annotation(&pod.metadata, DEFAULT);
        let default = default.filter(|name| names.contains(name)).map(str::to_owned);
        match (default, own) {
            (Some(default), _) => Ok(default),
            (None, [only]) => Ok(only.name.clone()),
            (None, _) => {
                let names = names.join(&separator);
                Err(UserError(ctx.locale.say("k8s.which_container", &[("names", &names)])))
            }
        }
    }
}
