//! Whom a message is for: a group, a person or a custom robot, by its name in the settings or by id.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{
    PersonName,
    names::{conversation_id, is_conversation_id, is_number, named, staff_id},
    near,
};
use crate::{
    config::{Ids, Mistake, RuleEntry, Settings, Target, name_of},
    dingtalk::robot::Address,
    dispatch::{Ctx, Membership, arguments::InvalidValue, help, table::Table, table::folded},
};

/// Whom a message is for, however they were named: `group:ops`, `person:alice`, `robot:ops`. Who has no name in the
/// settings goes by their id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipient(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Group,
    Person,
    Robot,
}

const KINDS: [(Kind, &str, &str); 3] =
    [(Kind::Group, "group", "群"), (Kind::Person, "person", "人"), (Kind::Robot, "robot", "机器人")];

impl Recipient {
    /// Where that is.
    pub fn destination(&self, settings: &Settings) -> Target {
        let id = |name: &str, ids: &Ids| named(name, ids).unwrap_or_else(|| name.to_owned());
        match parted(&self.0) {
            Some((Kind::Person, name)) => {
                let id =
                    super::person(&id(name, &settings.people)).map(|person| person.staff_id().to_owned());
                Target::Address(Address::Person(id.unwrap_or_default()))
            }
            Some((Kind::Robot, name)) => Target::Robot(name.to_owned()),
            Some((Kind::Group, name)) => Target::Address(Address::Group(id(name, &settings.groups))),
            None => Target::Address(Address::Group(self.0.clone())),
        }
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The value parser of a recipient. Its kind stands before the name by the time it gets here.
///
/// # Errors
/// For an empty text.
pub fn recipient(typed: &str) -> Result<Recipient, InvalidValue> {
    match typed {
        "" => Err(InvalidValue::new("arguments.recipient")),
        typed => Ok(Recipient(typed.to_owned())),
    }
}

/// Whoever is called this, with their kind: `ops` is `group:ops` where nobody else is called so.
///
/// # Errors
/// When nobody is, or several are.
pub(super) fn resolve(typed: &str, ctx: &Ctx) -> Result<String, InvalidValue> {
    let settings = &ctx.settings;
    if let Some((kind, name)) = parted(typed) {
        return find(kind, name, ctx).map(|name| written(kind, &name));
    }
    let person = typed.strip_prefix(['@', '＠']);
    let found: Vec<String> = KINDS
        .iter()
        .filter_map(|&(kind, ..)| {
            let is_known = match kind {
                Kind::Group => {
                    person.is_none()
                        && (named(typed, &settings.groups).is_some() || is_conversation_id(typed))
                }
                Kind::Person => {
                    is_number(typed) || named(person.unwrap_or(typed), &settings.people).is_some()
                }
                Kind::Robot => person.is_none() && robot(typed, settings).is_some(),
            };
            is_known.then(|| find(kind, typed, ctx).ok().map(|name| written(kind, &name))).flatten()
        })
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            if ctx.who.membership != Membership::Own {
                return Err(InvalidValue::new("arguments.recipient"));
            }
            let nearest = nearest(typed, settings);
            let groups = settings.groups.keys().take(3).map(|name| written(Kind::Group, name));
            let groups: Vec<String> = groups.collect();
            Err(match (nearest.is_empty(), groups.is_empty()) {
                (false, _) => InvalidValue::new("arguments.recipient_nearest").with_all("nearest", nearest),
                (true, false) => InvalidValue::new("arguments.recipient_groups").with_all("groups", groups),
                (true, true) => InvalidValue::new("arguments.recipient"),
            })
        }
        _ => Err(InvalidValue::new("arguments.recipient_several").with_all("choices", found)),
    }
}

/// The staff id of a recipient who is a person.
pub(super) fn person_in(typed: &str, ctx: &Ctx) -> Option<String> {
    let recipient = Recipient(resolve(typed, ctx).ok()?);
    match recipient.destination(&ctx.settings) {
        Target::Address(Address::Person(id)) => Some(id),
        _ => None,
    }
}

/// Somebody who was mentioned, as a recipient is typed.
pub(in crate::dispatch) fn mentioned(staff_id: &str) -> String {
    written(Kind::Person, &PersonName::new(staff_id).to_string())
}

/// Whether each recipient that a rule names is called as they will be when the rule is held against them.
///
/// # Errors
/// The first that is not.
pub fn check(rules: &[RuleEntry], table: &Table, settings: &Settings) -> Result<(), Mistake> {
    let is_asked = |name: &str| {
        let is_asked = |argument: &clap::Arg| help::name(argument) == name && super::is_recipient(argument);
        let mut rows = table.rows().filter(|row| row.arguments.iter().any(|argument| argument == name));
        rows.any(|row| row.clap().get_arguments().any(is_asked))
    };
    let conditions = rules.iter().flat_map(|rule| &rule.when).filter(|(name, _)| is_asked(name.text()));
    for entry in conditions.flat_map(|(_, entries)| entries) {
        let text = entry.text().trim_start_matches('!');
        if text.contains('*') {
            continue;
        }
        let known = parted(text).and_then(|(kind, name)| {
            let name = match kind {
                Kind::Group => name_of(&named(name, &settings.groups)?, &settings.groups)?.to_owned(),
                Kind::Person => name_of(&named(name, &settings.people)?, &settings.people)?.to_owned(),
                Kind::Robot => robot(name, settings)?.to_owned(),
            };
            Some(written(kind, &name))
        });
        match known {
            Some(known) if known == text => {}
            Some(known) => return Err(entry.unexpected(&format!("expected \"{known}\", its name"))),
            None => {
                let expected =
                    "expected group:NAME, person:NAME or robot:NAME of [groups], [people] or [robots]";
                return Err(entry.unexpected(expected));
            }
        }
    }
    Ok(())
}

fn written(kind: Kind, name: &str) -> String {
    let prefix = KINDS.iter().find(|(other, ..)| *other == kind).map_or("", |(_, prefix, _)| prefix);
    format!("{prefix}:{name}")
}

/// `group:ops` in its parts.
fn parted(typed: &str) -> Option<(Kind, &str)> {
    let (prefix, name) = typed.split_once([':', '：'])?;
    let prefix = folded(prefix);
    let kind = KINDS.iter().find(|(_, english, chinese)| prefix == *english || prefix == *chinese)?;
    Some((kind.0, name))
}

/// The name of whoever is called this, or their id.
fn find(kind: Kind, typed: &str, ctx: &Ctx) -> Result<String, InvalidValue> {
    let settings = &ctx.settings;
    match kind {
        Kind::Group => conversation_id(typed, ctx)
            .map(|id| name_of(&id, &settings.groups).map(str::to_owned).unwrap_or(id)),
        Kind::Person => staff_id(typed, ctx).map(|id| match name_of(&id, &settings.people) {
            Some(name) => name.to_owned(),
            None => PersonName::new(&id).to_string(),
        }),
        Kind::Robot => robot(typed, settings).map(str::to_owned).ok_or_else(|| {
            let names = settings.robots.keys().map(String::as_str);
            let nearest = if ctx.who.membership == Membership::Own { near(typed, names) } else { Vec::new() };
            match nearest.is_empty() {
                true => InvalidValue::new("arguments.robot"),
                false => InvalidValue::new("arguments.robot_nearest").with_all("nearest", nearest),
            }
        }),
    }
}

/// The name of the robot that is called this.
fn robot<'s>(typed: &str, settings: &'s Settings) -> Option<&'s str> {
    if let Some((name, _)) = settings.robots.get_key_value(typed) {
        return Some(name);
    }
    let mut alike = settings.robots.keys().filter(|name| folded(name) == folded(typed));
    alike.next().filter(|_| alike.next().is_none()).map(String::as_str)
}

/// At most three recipients like what was typed, with their kinds.
fn nearest(typed: &str, settings: &Settings) -> Vec<String> {
    let all = || {
        let groups = settings.groups.keys().map(|name| (Kind::Group, name));
        let people = settings.people.keys().map(|name| (Kind::Person, name));
        groups.chain(people).chain(settings.robots.keys().map(|name| (Kind::Robot, name)))
    };
    let near = near(typed.trim_start_matches(['@', '＠']), all().map(|(_, name)| name.as_str()));
    let with_kind = near.iter().flat_map(|near| {
        all().filter(move |(_, name)| *name == near).map(|(kind, name)| written(kind, name))
    });
    with_kind.take(3).collect()
}
