//! Whom messages go to that nobody asked for in the chat: `group:ops`, `person:alice`, `robot:ops`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Settings,
    document::{Located, Mistake, Places, Spanned},
    names::Ids,
};
use crate::dingtalk::{robot::Address, webhook::CustomRobot};

/// Whom a message goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A group or a person, by the OpenAPI.
    Address(Address),
    /// The custom robot of this name.
    Robot(String),
}

/// `[audit]`.
#[derive(Deserialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct AuditSection {
    /// `group:NAME`, `person:NAME` or `robot:NAME`, each of the section of that name; not where the command was said.
    #[serde(default)]
    report: Vec<Spanned<String>>,
}

impl AuditSection {
    pub(super) fn check(
        self,
        people: &Ids,
        groups: &Ids,
        robots: &BTreeMap<String, CustomRobot>,
        places: &Places<'_>,
    ) -> Result<Vec<(Located, Target)>, Mistake> {
        let mut reports: Vec<(Located, Target)> = Vec::new();
        for text in &self.report {
            let at = places.locate(text);
            let target = target(&at, people, groups, robots)?;
            if reports.iter().any(|(_, other)| *other == target) {
                return Err(at.unexpected("expected each of them once"));
            }
            reports.push((at, target));
        }
        Ok(reports)
    }
}

fn target(
    text: &Located,
    people: &Ids,
    groups: &Ids,
    robots: &BTreeMap<String, CustomRobot>,
) -> Result<Target, Mistake> {
    let (kind, name) = text.text().split_once(':').unwrap_or_default();
    let (target, expected) = match kind {
        "group" => (
            groups.get(name).map(|id| Target::Address(Address::Group(id.clone()))),
            "expected group: and a name of [groups]",
        ),
        "person" => (
            people.get(name).map(|id| Target::Address(Address::Person(id.clone()))),
            "expected person: and a name of [people]",
        ),
        "robot" => (
            robots.get(name).map(|_| Target::Robot(name.to_owned())),
            "expected robot: and a name of [robots]",
        ),
        _ => (None, "expected group:NAME, person:NAME or robot:NAME"),
    };
    target.ok_or_else(|| text.unexpected(expected))
}

impl Settings {
    /// Whether all reports can be sent; `openapi` tells whether it is on.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check_reports(&self, openapi: bool) -> Result<(), Mistake> {
        let mut unreachable = self.reports.iter().filter(|(_, target)| matches!(target, Target::Address(_)));
        match unreachable.next().filter(|_| !openapi) {
            None => Ok(()),
            Some((at, _)) => Err(at.mistake(
                "expected DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE in the environment, came none: a group or a person is \
                 sent to by the OpenAPI; a custom robot needs neither",
            )),
        }
    }
}
