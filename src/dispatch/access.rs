//! Whether this person may run this, here.
//!
//! `[[deny]]` rules are looked at before all `[[allow]]` rules; of those, the first that matches decides. Without one,
//! `Open` commands are allowed, `Read` and `Write` are not. A rule matches when who, where, the command and each
//! condition of `when` do; what is judged is an [`Invocation`]'s canonical values.
//!
//! Of an argument that was not given, an allow rule does not know that it fits, and a deny rule does not know that it
//! does not: leaving an argument out never lifts a deny.

mod compile;
mod condition;

use std::{collections::HashMap, fmt, time::Duration};

use serde_json::Value;

use self::condition::{Condition, Key};
use super::{
    Membership, Person, Place,
    invocation::Invocation,
    row::{Effect, Row},
};
use crate::{
    config::{Confirm, Where, Wherever, Who, Whom},
    locale::Locale,
};

/// All rules, found by the command that they are about.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Which rules are about a path, in their order.
    paths: HashMap<String, Vec<usize>>,
    /// The same about what is said through an alias.
    aliases: HashMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct Rule {
    name: RuleName,
    who: Vec<Who>,
    places: Vec<Where>,
    when: Vec<Condition>,
    confirm: Option<Confirm>,
    valid: Duration,
}

/// How a rule is called: its kind, and its number among those of its kind, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleName {
    /// Whether it forbids.
    pub denies: bool,
    /// Counted from 1.
    pub number: usize,
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.denies { "deny" } else { "allow" };
        f.pad(&format!("{kind} #{}", self.number))
    }
}

/// What allows a command, and on what terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The rule; none for what is open to everyone.
    pub rule: Option<RuleName>,
    /// Who has to confirm it.
    pub confirm: Confirm,
    /// How long a code holds.
    pub valid: Duration,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Some(rule) => rule.fmt(f),
            None => f.write_str("open"),
        }
    }
}

/// What is missing. Its `Display` is for the log, and names nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A staff id.
    StaffId,
    /// An organisation: the callback names none.
    Organisation,
    /// Membership in the robot's own organisation.
    OtherOrganisation,
    /// A signature made a moment ago: an old one may be used again by somebody else.
    Freshness,
    /// This rule forbids it.
    Denied(RuleName),
    /// A rule that allows it. These would, but for one thing each.
    Rule(Vec<Near>),
}

/// The one thing for which a rule does not allow a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Near {
    /// Somebody else may.
    Who(Vec<String>),
    /// It may be run elsewhere.
    Place(Vec<String>),
    /// It may be run with other values.
    When {
        /// Of this argument.
        argument: String,
        /// As the rule has them.
        written: Vec<String>,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StaffId => f.write_str("no staff id"),
            Self::Organisation => f.write_str("no organisation"),
            Self::OtherOrganisation => f.write_str("other organisation"),
            Self::Freshness => f.write_str("signed too long ago"),
            Self::Denied(rule) => rule.fmt(f),
            Self::Rule(_) => f.write_str("no rule"),
        }
    }
}

impl Missing {
    /// What is missing, for the chat. Who may is told to people of the organisation only.
    pub fn sentences(&self, to: &Person, locale: Locale) -> Vec<String> {
        let say = |key| vec![locale.say(key, &[])];
        match self {
            Self::StaffId => say("access.staff_id"),
            Self::Organisation => say("access.unknown_organisation"),
            Self::OtherOrganisation => say("access.other_organisation"),
            Self::Freshness => say("access.stale"),
            Self::Denied(rule) => vec![locale.say("access.denied", &[("number", &rule.number)])],
            Self::Rule(_) if to.staff_id.is_none() || to.membership != Membership::Own => match to.membership
            {
                Membership::Own => say("access.staff_id"),
                _ => say("access.other_organisation"),
            },
            Self::Rule(near) if near.is_empty() => say("access.rule"),
            Self::Rule(near) => near.iter().map(|near| near.sentence(locale)).collect(),
        }
    }
}

impl Near {
    fn sentence(&self, locale: Locale) -> String {
        let list = |names: &[String]| names.join(&locale.say("usage.separator", &[]));
        match self {
            Self::Who(who) => locale.say("access.who", &[("who", &list(who))]),
            Self::Place(places) => locale.say("access.place", &[("places", &list(places))]),
            Self::When { argument, written } => {
                locale.say("access.when", &[("argument", argument), ("values", &list(written))])
            }
        }
    }
}

/// What is known of a command whose arguments are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    /// Whatever its arguments.
    Yes,
    /// With some arguments.
    Depends,
    /// Whatever its arguments.
    No,
}

impl Rules {
    /// Decides.
    ///
    /// # Errors
    /// What is missing.
    pub fn decide(
        &self,
        row: &Row,
        invocation: &Invocation,
        who: &Person,
        place: &Place,
    ) -> Result<Grant, Missing> {
        stands(row.effect, who)?;
        let alias = invocation.alias.as_ref().map(|via| via.name.as_str());
        let about = || self.about(&invocation.path, alias);
        let matches = |rule: &&Rule| rule.is_for(who) && rule.is_here(place) && rule.fits(invocation);
        if let Some(rule) = about().filter(|rule| rule.name.denies).find(matches) {
            return Err(Missing::Denied(rule.name));
        }
        let mut allows = about().filter(|rule| !rule.name.denies);
        match (allows.find(matches), row.effect) {
            (Some(rule), effect) => Ok(rule.grant(effect)),
            (None, Effect::Open) => Ok(OPEN),
            (None, _) => Err(Missing::Rule(self.near(invocation, who, place))),
        }
    }

    /// Whether a command may be run with some arguments, through this alias or without one.
    pub fn may(&self, row: &Row, alias: Option<&str>, who: &Person, place: &Place) -> May {
        if stands(row.effect, who).is_err() {
            return May::No;
        }
        let path = row.path.to_string();
        let (mut perhaps_denied, mut perhaps_allowed) = (false, false);
        for rule in self.about(&path, alias).filter(|rule| rule.is_for(who) && rule.is_here(place)) {
            match (rule.name.denies, rule.when.is_empty()) {
                (true, true) => return May::No,
                (true, false) => perhaps_denied = true,
                (false, true) if perhaps_denied => return May::Depends,
                (false, true) => return May::Yes,
                (false, false) => perhaps_allowed = true,
            }
        }
        match row.effect {
            Effect::Open if !perhaps_denied => May::Yes,
            Effect::Read | Effect::Write if !perhaps_allowed => May::No,
            _ => May::Depends,
        }
    }

    /// The rules about a command, denies first.
    fn about(&self, path: &str, alias: Option<&str>) -> impl Iterator<Item = &Rule> {
        let found = match alias {
            Some(alias) => self.aliases.get(alias),
            None => self.paths.get(path),
        };
        found.into_iter().flatten().filter_map(|&index| self.rules.get(index))
    }

    /// What would have to be different for a rule to allow it, where it is one thing.
    fn near(&self, invocation: &Invocation, who: &Person, place: &Place) -> Vec<Near> {
        let alias = invocation.alias.as_ref().map(|via| via.name.as_str());
        let mut near = Vec::new();
        for rule in self.about(&invocation.path, alias).filter(|rule| !rule.name.denies) {
            let missing = match (rule.is_for(who), rule.is_here(place), rule.misfit(invocation)) {
                (false, true, None) => Near::Who(rule.who.iter().map(|who| who.name.clone()).collect()),
                (true, false, None) => {
                    Near::Place(rule.places.iter().map(|place| place.name.clone()).collect())
                }
                (true, true, Some(misfit)) => {
                    Near::When { argument: misfit.name(), written: misfit.written.clone() }
                }
                _ => continue,
            };
            if !near.contains(&missing) {
                near.push(missing);
            }
        }
        near
    }
}

const OPEN: Grant = Grant { rule: None, confirm: Confirm::Nobody, valid: Duration::ZERO };

/// What no rule can give: an organisation to read, a staff id to write.
fn stands(effect: Effect, who: &Person) -> Result<(), Missing> {
    match (effect, who.membership) {
        (Effect::Open, _) | (Effect::Read, Membership::Listed) => Ok(()),
        (_, Membership::Unknown) => Err(Missing::Organisation),
        (_, Membership::Listed) => Err(Missing::OtherOrganisation),
        (_, Membership::Own) if who.staff().is_some() => Ok(()),
        (Effect::Read, Membership::Own) => Ok(()),
        (Effect::Write, Membership::Own) => Err(Missing::StaffId),
    }
}

impl Rule {
    fn grant(&self, effect: Effect) -> Grant {
        let confirm = self.confirm.clone().unwrap_or(match effect {
            Effect::Write => Confirm::Asker,
            _ => Confirm::Nobody,
        });
        Grant { rule: Some(self.name), confirm, valid: self.valid }
    }

    fn is_for(&self, person: &Person) -> bool {
        self.who.iter().any(|who| is(person, who))
    }

    fn is_here(&self, place: &Place) -> bool {
        self.places.is_empty() || self.places.iter().any(|other| is_in(place, &other.is))
    }

    fn fits(&self, invocation: &Invocation) -> bool {
        self.misfit(invocation).is_none()
    }

    /// The first condition that does not hold.
    fn misfit(&self, invocation: &Invocation) -> Option<&Condition> {
        let unnamed = || {
            // Where an allow rule names one key of KEY=VALUE, it must name each that is used.
            let of = |condition: &&Condition| condition.key.is_some() && !self.covers(condition, invocation);
            self.when.iter().find(of).filter(|_| !self.name.denies)
        };
        self.when.iter().find(|condition| !self.holds(condition, invocation)).or_else(unnamed)
    }

    fn holds(&self, condition: &Condition, invocation: &Invocation) -> bool {
        let values = self.values(condition, invocation);
        match (self.name.denies, values.is_empty()) {
            // Of the rest there may be none.
            (denies, true) => denies || condition.key == Some(Key::Rest),
            (true, false) => values.iter().any(|value| condition.admits(value)),
            (false, false) => values.iter().all(|value| condition.admits(value)),
        }
    }

    /// The plain values that a condition is about.
    fn values<'v>(&self, condition: &Condition, invocation: &'v Invocation) -> Vec<&'v Value> {
        let value = invocation.values.get(&condition.argument);
        let plain = |value: &'v Value| match value {
            Value::Null => Vec::new(),
            Value::Array(values) => values.iter().collect(),
            value => vec![value],
        };
        match (&condition.key, value) {
            (None, Some(value)) => plain(value),
            (Some(Key::Named(key)), Some(Value::Object(values))) => {
                values.get(key).map(plain).unwrap_or_default()
            }
            (Some(Key::Rest), Some(Value::Object(values))) => values
                .iter()
                .filter(|(key, _)| !self.names(&condition.argument, key))
                .flat_map(|(_, value)| plain(value))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the rule has a condition of its own for this key.
    fn names(&self, argument: &str, key: &str) -> bool {
        self.when.iter().any(|condition| {
            condition.argument == argument
                && matches!(&condition.key, Some(Key::Named(named)) if named == key)
        })
    }

    /// Whether each key that is used of a condition's argument is asked for.
    fn covers(&self, condition: &Condition, invocation: &Invocation) -> bool {
        let rest = self
            .when
            .iter()
            .any(|other| other.argument == condition.argument && other.key == Some(Key::Rest));
        match invocation.values.get(&condition.argument) {
            Some(Value::Object(values)) => {
                rest || values.keys().all(|key| self.names(&condition.argument, key))
            }
            _ => true,
        }
    }
}

/// Whether a rule that names these means this person.
pub fn is(person: &Person, who: &Who) -> bool {
    match &who.is {
        Whom::Anyone => true,
        Whom::Staff => person.staff().is_some(),
        Whom::Admin => person.staff().is_some() && person.admin,
        Whom::Ids(ids) => person.staff().is_some_and(|id| ids.iter().any(|other| other == id)),
    }
}

/// Whether a place is what the settings mean by it.
pub fn is_in(place: &Place, wherever: &Wherever) -> bool {
    match wherever {
        Wherever::Anywhere => true,
        Wherever::Private => place.private,
        Wherever::Group(id) => !place.private && place.conversation_id.as_ref() == Some(id),
    }
}

#[cfg(test)]
mod tests;
