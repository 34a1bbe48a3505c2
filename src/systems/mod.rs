//! What people operate: a folder for each system, all of one shape.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | what the system is for, its entry of dingops.toml, and the line that is in [`SYSTEMS`] |
//! | `client.rs` | typed requests |
//! | `types.rs` | typed answers, with only the fields that are used; part of `client.rs` where they are few |
//! | `commands/` | its rows, a file for each: arguments, `resolve`, `preview`, `run` |
//!
//! What they share stands here: [`instance`] (several of one system by name), [`api`] (calls over HTTP), [`failure`]
//! (what cannot be done, as a sentence), [`redact`] (what a log must not show) and [`listing`].
//!
//! The README says how one is added. Tests fail for most of what is missing.

pub mod alertmanager;
pub mod api;
pub mod failure;
pub mod instance;
pub mod jenkins;
pub mod k8s;
pub mod listing;
pub mod log;
pub mod prometheus;
pub mod redact;

use futures_util::future::{BoxFuture, join_all};

use self::{api::Api, failure::Failure, instance::Instances};
use crate::{
    config::{Mistake, Settings},
    dispatch::{Ctx, family::Family},
};

/// One line for each system, in the order of help.
pub static SYSTEMS: &[System] = &[jenkins::SYSTEM, k8s::SYSTEM, prometheus::SYSTEM, alertmanager::SYSTEM];

/// A system as the rest of the program sees it.
pub struct System {
    /// What its entries in dingops.toml are called.
    pub section: &'static str,
    /// What its commands begin with, and their other beginnings.
    pub family: Family,
    /// Whether it has an entry in the settings; what is wrong with those that are turned off.
    pub off: fn(&Systems) -> Option<Vec<&Mistake>>,
    /// How those that can be used are reached.
    pub apis: fn(&Systems) -> Vec<&Api>,
    /// Asks each instance for something small.
    pub probe: for<'c> fn(&'c Ctx) -> BoxFuture<'c, Vec<Probed>>,
}

/// What came of asking an instance.
#[derive(Debug, Clone)]
pub struct Probed {
    /// What it is called in a sentence.
    pub title: String,
    /// Its version, empty where it tells none; no answer where it is turned off.
    pub answer: Option<Result<String, Failure>>,
}

impl Probed {
    /// Whether it can be used.
    pub fn is_well(&self) -> bool {
        matches!(self.answer, Some(Ok(_)))
    }

    /// What came of it, in the reader's language.
    pub fn sentence(&self, ctx: &Ctx) -> String {
        match &self.answer {
            None => ctx.locale.say("systems.off_title", &[]),
            Some(Ok(version)) if version.is_empty() => ctx.locale.say("systems.answers", &[]),
            Some(Ok(version)) => ctx.locale.say("systems.answers_version", &[("version", version)]),
            Some(Err(failure)) => failure.sentence(ctx),
        }
    }
}

/// The instances of all systems.
#[derive(Debug, Clone, Default)]
pub struct Systems {
    /// `[[jenkins]]`
    pub jenkins: Instances<jenkins::Jenkins>,
    /// `[[k8s]]`
    pub k8s: Instances<k8s::Kubernetes>,
    /// `[[prometheus]]`
    pub prometheus: Instances<prometheus::Prometheus>,
    /// `[[alertmanager]]`
    pub alertmanager: Instances<alertmanager::Alertmanager>,
}

/// The commands of the systems that have an entry in the settings.
pub fn families(settings: &Settings) -> impl Iterator<Item = &'static Family> {
    let is_on = |system: &&System| (system.off)(&settings.systems).is_some();
    SYSTEMS.iter().filter(is_on).map(|system| &system.family)
}

/// The systems that have none, with what their entries are called.
pub fn absent(settings: &Settings) -> impl Iterator<Item = (&'static str, &'static Family)> {
    let is_off = |system: &&System| (system.off)(&settings.systems).is_none();
    SYSTEMS.iter().filter(is_off).map(|system| (system.section, &system.family))
}

/// Asks each instance of each system that is set up.
pub async fn probe(ctx: &Ctx) -> Vec<Probed> {
    let is_on = |system: &&System| (system.off)(&ctx.settings.systems).is_some();
    join_all(SYSTEMS.iter().filter(is_on).map(|system| (system.probe)(ctx))).await.concat()
}

/// What those instances are called whose credentials go in the clear.
pub fn in_the_clear(settings: &Settings) -> Vec<&str> {
    let apis = SYSTEMS.iter().flat_map(|system| (system.apis)(&settings.systems));
    apis.filter(|api| api.tells_secrets()).map(Api::title).collect()
}

/// What is wrong with instances that are turned off.
pub fn off(settings: &Settings) -> Vec<&Mistake> {
    SYSTEMS.iter().filter_map(|system| (system.off)(&settings.systems)).flatten().collect()
}
