//! People and groups: by their names in the settings, or by id.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};

use super::near;
use crate::dispatch::{Ctx, Membership, arguments::InvalidValue, table::folded};

/// Longest staff id and conversation id. DingTalk's have at most 64 characters.
const MAX_ID: usize = 128;
/// What stands before a staff id that could be taken for a name.
const ID: &str = "id:";

/// Somebody of the robot's organisation, however they were named: holds their staff id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

impl PersonName {
    /// Whoever has this staff id.
    pub fn new(staff_id: &str) -> Self {
        Self(staff_id.to_owned())
    }

    /// The staff id.
    pub fn staff_id(&self) -> &str {
        &self.0
    }
}

/// As it is typed: digits are no name, anything else could be one.
impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !is_number(&self.0) {
            f.write_str(ID)?;
        }
        f.write_str(&self.0)
    }
}

impl Serialize for PersonName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A group, however it was named: holds its conversation id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupName(String);

impl GroupName {
    /// The conversation id.
    pub fn conversation_id(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for GroupName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The value parser of a person: name, staff id, or a mention. The name is an id by the time it gets here.
///
/// # Errors
/// For an empty text.
pub fn person(typed: &str) -> Result<PersonName, InvalidValue> {
    let id = marked(typed).unwrap_or(typed);
    if id.is_empty() { Err(InvalidValue::new("arguments.person")) } else { Ok(PersonName::new(id)) }
}

/// The value parser of a group: name or conversation id. The name is an id by the time it gets here.
///
/// # Errors
/// For an empty text.
pub fn group(typed: &str) -> Result<GroupName, InvalidValue> {
    if typed.is_empty() { Err(InvalidValue::new("arguments.group")) } else { Ok(GroupName(typed.to_owned())) }
}

/// The staff id of whoever is called this, with an `@` or without.
///
/// # Errors
/// When nobody is.
pub(in crate::dispatch) fn staff_id(typed: &str, ctx: &Ctx) -> Result<String, InvalidValue> {
    let people = &ctx.settings.people;
    if let Some(id) = marked(typed).filter(|id| is_staff_id(id) || people.values().any(|other| other == id)) {
        return Ok(id.to_owned());
    }
    let name = typed.strip_prefix(['@', '＠']).unwrap_or(typed);
    let nearest = || nearest(name, people, ctx);
    // What looks like an id and is nearly a name is more likely the name, mistyped.
    let is_id = |name: &str| {
        let has_digit = name.contains(|c: char| c.is_ascii_digit());
        is_number(name) || (is_staff_id(name) && has_digit && nearest().is_empty())
    };
    named(name, people)
        .or_else(|| is_id(name).then(|| name.to_owned()))
        .ok_or_else(|| unknown(["arguments.person", "arguments.person_nearest"], nearest()))
}

/// The conversation id of the group that is called this.
pub(super) fn conversation_id(typed: &str, ctx: &Ctx) -> Result<String, InvalidValue> {
    let groups = &ctx.settings.groups;
    named(typed, groups)
        .or_else(|| is_conversation_id(typed).then(|| typed.to_owned()))
        .ok_or_else(|| unknown(["arguments.group", "arguments.group_nearest"], nearest(typed, groups, ctx)))
}

/// The id of a name, or the id itself if it has one; ids first, for a line that is read again to mean the same.
pub(super) fn named(name: &str, ids: &BTreeMap<String, String>) -> Option<String> {
    if let Some(id) = ids.values().find(|id| *id == name) {
        return Some(id.clone());
    }
    let mut alike = ids.iter().filter(|(other, _)| folded(other) == folded(name)).map(|(_, id)| id);
    let exact = ids.get(name);
    exact.or_else(|| alike.next().filter(|_| alike.next().is_none())).cloned()
}

/// The staff id that a rule means by a name of `[people]` or the id itself.
pub(in crate::dispatch) fn known_person(text: &str, people: &BTreeMap<String, String>) -> Option<String> {
    let id = marked(text).filter(|id| is_staff_id(id));
    let is_id = || is_staff_id(text) && text.contains(|c: char| c.is_ascii_digit());
    id.map(str::to_owned).or_else(|| named(text, people)).or_else(|| is_id().then(|| text.to_owned()))
}

/// The conversation id that a rule means by a name of `[groups]` or the id itself.
pub(in crate::dispatch) fn known_group(text: &str, groups: &BTreeMap<String, String>) -> Option<String> {
    named(text, groups).or_else(|| is_conversation_id(text).then(|| text.to_owned()))
}

/// The id in `id:zhangsan`.
fn marked(typed: &str) -> Option<&str> {
    typed.strip_prefix(ID).or_else(|| typed.strip_prefix("id："))
}

/// Whether a text is made as conversation ids are.
pub(super) fn is_conversation_id(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_');
    text.len() <= MAX_ID && text.starts_with("cid") && text.chars().all(inside)
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_ID && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_staff_id(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@' | '.');
    text.len() <= MAX_ID && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(inside)
}

/// Names like this one. Somebody from outside learns none.
fn nearest(name: &str, ids: &BTreeMap<String, String>, ctx: &Ctx) -> Vec<String> {
    match ctx.who.membership {
        Membership::Own => near(name, ids.keys().map(String::as_str)),
        _ => Vec::new(),
    }
}

fn unknown([key, with_nearest]: [&'static str; 2], nearest: Vec<String>) -> InvalidValue {
    match nearest.is_empty() {
        true => InvalidValue::new(key),
        false => InvalidValue::new(with_nearest).with_all("nearest", nearest),
    }
}
