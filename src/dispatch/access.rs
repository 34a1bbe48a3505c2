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
mod near;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    time::Duration,
};

use serde_json::Value;

pub(crate) use self::condition::matches as fits_glob;
pub use self::near::Near;
use self::{
    condition::{Condition, Key},
    near::Broken,
};
use super::{
    Membership, Person, Place,
    invocation::Invocation,
    row::{Effect, Row},
};
use crate::{
    config::{Confirm, VALID, Where, Wherever, Who, Whom},
    locale::Locale,
    reply::Reply,
};

/// All rules, found by the command that they are about.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    /// Which rules are about a path, in their order.
    paths: HashMap<String, Vec<usize>>,
    /// The same about what is said through an alias.
    aliases: HashMap<String, Vec<usize>>,
    /// The groups that the settings name.
    groups: HashSet<String>,
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
    /// A private chat, or a group that the settings name: the reply may hold what strangers must not read.
    Confidence,
    /// A signature made a moment ago: an old one may be used again by somebody else.
    Freshness,
    /// This rule forbids it.
    Denied(RuleName),
    /// A rule that allows it. These come nearest.
    Rule(Vec<Near>),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StaffId => f.write_str("no staff id"),
            Self::Organisation => f.write_str("no organisation"),
            Self::OtherOrganisation => f.write_str("other organisation"),
            Self::Confidence => f.write_str("sensitive, and a group that the settings do not name"),
            Self::Freshness => f.write_str("signed too long ago"),
            Self::Denied(rule) => rule.fmt(f),
            Self::Rule(_) => f.write_str("no rule"),
        }
    }
}

impl Missing {
    /// What is missing, for the log: the reason that this person is told.
    pub fn to_log(&self, to: &Person) -> String {
        match self {
            Self::Rule(_) if to.membership != Membership::Own => Self::OtherOrganisation.to_string(),
            Self::Rule(_) if to.staff_id.is_none() => Self::StaffId.to_string(),
            other => other.to_string(),
        }
    }

    /// What is missing, for the chat. Who may is told to people of the organisation only.
    pub fn sentences(&self, to: &Person, locale: Locale) -> Vec<String> {
        let say = |key| vec![locale.say(key, &[])];
        match self {
            Self::StaffId => say("access.staff_id"),
            Self::Organisation => say("access.unknown_organisation"),
            Self::OtherOrganisation => say("access.other_organisation"),
            Self::Confidence => say("access.sensitive"),
            Self::Freshness => say("access.stale"),
            Self::Denied(rule) => vec![locale.say("access.denied", &[("number", &rule.number)])],
            Self::Rule(_) if to.membership != Membership::Own => say("access.other_organisation"),
            Self::Rule(_) if to.staff_id.is_none() => say("access.staff_id"),
            Self::Rule(rules) => near::sentences(rules, locale),
        }
    }

    /// The same in a reply: of several ways each in a line of its own.
    pub fn tell(&self, reply: Reply, to: &Person, locale: Locale) -> Reply {
        let mut sentences = self.sentences(to, locale);
        match sentences.pop() {
            Some(only) if sentences.is_empty() => reply.text(only),
            last => reply.list(sentences.into_iter().chain(last)),
        }
    }

    /// The rules that come nearest, for people of the organisation.
    pub fn nearest(&self, to: &Person) -> &[Near] {
        match self {
            Self::Rule(rules) if to.membership == Membership::Own && to.staff_id.is_some() => rules,
            _ => &[],
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
        self.can_hear(row, place)?;
        let alias = invocation.alias.as_ref().map(|via| via.name.as_str());
        let about = || self.about(&invocation.path, alias);
        let matches = |rule: &&Rule| rule.is_for(who) && rule.is_here(place) && rule.fits(invocation);
        if let Some(rule) = about().filter(|rule| rule.name.denies).find(matches) {
            return Err(Missing::Denied(rule.name));
        }
        let mut allows = about().filter(|rule| !rule.name.denies);
        match (allows.find(matches), row.effect) {
            (Some(rule), effect) if rule.can_run(effect, who) => Ok(rule.grant(effect)),
            (Some(_), _) => Err(Missing::StaffId),
            (None, Effect::Open) => Ok(OPEN),
            (None, _) => Err(Missing::Rule(self.near(invocation, who, place))),
        }
    }

    /// Whether a command may be run with some arguments, through this alias or without one.
    pub fn may(&self, row: &Row, alias: Option<&str>, who: &Person, place: &Place) -> May {
        if stands(row.effect, who).and_then(|()| self.can_hear(row, place)).is_err() {
            return May::No;
        }
        let path = row.path.to_string();
        let (mut perhaps_denied, mut perhaps_allowed) = (false, false);
        for rule in self.about(&path, alias).filter(|rule| rule.is_for(who) && rule.is_here(place)) {
            let allows = !rule.name.denies && rule.can_run(row.effect, who);
            let is_constant = rule.when.iter().all(|condition| condition.is_constant(rule.name.denies));
            match (allows, is_constant) {
                (false, true) if perhaps_allowed => return May::Depends,
                (false, true) => return May::No,
                (false, false) => perhaps_denied = true,
                (true, true) if perhaps_denied => return May::Depends,
                (true, true) => return May::Yes,
                (true, false) => perhaps_allowed = true,
            }
        }
        match row.effect {
            Effect::Open if !perhaps_denied => May::Yes,
            Effect::Read | Effect::Write if !perhaps_allowed => May::No,
            _ => May::Depends,
        }
    }

    /// Whether the reply of a sensitive command may be read here.
    fn can_hear(&self, row: &Row, place: &Place) -> Result<(), Missing> {
        let is_named = || place.conversation_id.as_ref().is_some_and(|id| self.groups.contains(id));
        match !row.sensitive || place.private || is_named() {
            true => Ok(()),
            false => Err(Missing::Confidence),
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

    /// The rules that would allow it, those that lack least first.
    fn near(&self, invocation: &Invocation, who: &Person, place: &Place) -> Vec<Near> {
        let alias = invocation.alias.as_ref().map(|via| via.name.as_str());
        let allows = self.about(&invocation.path, alias).filter(|rule| !rule.name.denies);
        near::nearest(allows.map(|rule| rule.near(invocation, who, place)))
    }
}

const OPEN: Grant = Grant { rule: None, confirm: Confirm::Nobody, valid: VALID };

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

    /// Whether this person can run what the rule allows: a code is bound to a staff id.
    fn can_run(&self, effect: Effect, who: &Person) -> bool {
        self.grant(effect).confirm == Confirm::Nobody || who.staff().is_some()
    }

    fn is_for(&self, person: &Person) -> bool {
        self.who.iter().any(|who| is(person, who))
    }

    fn is_here(&self, place: &Place) -> bool {
        self.places.is_empty() || self.places.iter().any(|other| is_in(place, &other.is))
    }

    fn fits(&self, invocation: &Invocation) -> bool {
        self.broken(invocation).next().is_none()
    }

    /// The conditions that do not hold.
    fn broken(&self, invocation: &Invocation) -> impl Iterator<Item = Broken<'_>> {
        let misfits = self.when.iter().filter(|condition| !self.holds(condition, invocation));
        let misfits = misfits.map(|condition| Broken {
            condition,
            is_given: !self.values(condition, invocation).is_empty(),
            unnamed: Vec::new(),
        });
        let mut seen: Option<&str> = None;
        // Where an allow rule names one key of KEY=VALUE, it must name each that is used.
        let keyed = self.when.iter().filter(|condition| condition.key.is_some() && !self.name.denies);
        let unnamed = keyed.filter_map(move |condition| {
            let unnamed = self.unnamed(condition, invocation);
            let is_new = seen.replace(&condition.argument) != Some(&condition.argument);
            (is_new && !unnamed.is_empty()).then_some(Broken { condition, is_given: true, unnamed })
        });
        misfits.chain(unnamed)
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

    /// The keys that are used of a condition's argument, and that no condition asks for.
    fn unnamed(&self, condition: &Condition, invocation: &Invocation) -> Vec<String> {
        let rest = self
            .when
            .iter()
            .any(|other| other.argument == condition.argument && other.key == Some(Key::Rest));
        match invocation.values.get(&condition.argument) {
            Some(Value::Object(values)) if !rest => {
                values.keys().filter(|key| !self.names(&condition.argument, key)).cloned().collect()
            }
            _ => Vec::new(),
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
