//! `[[allow]]` and `[[deny]]`: who may run what, where. What they say of commands is checked by
//! [`crate::dispatch::access`], which knows the table.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Deserialize;
use toml::Value;

#[cfg(test)]
use super::schema;
use super::{
    document::{Located, Mistake, Places, Spanned},
    duration,
    names::Names,
};
use crate::dispatch::Effect;

/// How long a code holds where no rule says.
pub const VALID: Duration = Duration::from_secs(600);
const LONGEST_VALID: Duration = Duration::from_secs(12 * 3600);
const SHORTEST_VALID: Duration = Duration::from_secs(60);

/// A rule as it is written, with its names looked up.
#[derive(Debug, Clone)]
pub struct RuleEntry {
    /// Whether it forbids.
    pub denies: bool,
    /// Where it stands.
    pub at: Located,
    /// People.
    pub who: Vec<Who>,
    /// Places; none is anywhere.
    pub places: Vec<Where>,
    /// Globs over paths, and names of aliases; none is every command of the effect.
    pub run: Vec<Located>,
    /// What the command must do to the world.
    pub effect: Option<Effect>,
    /// Conditions by argument.
    pub when: Vec<(Located, Vec<Located>)>,
    /// Who has to confirm it, where the rule says so.
    pub confirm: Option<Confirm>,
    /// Where that, or the lack of it, can be complained about.
    pub confirm_at: Located,
    /// How long a code holds.
    pub valid: Duration,
    /// Where the rule says so.
    pub valid_at: Option<Located>,
    /// Where the operator accepts that a tap on a planted button runs it.
    pub accept_one_tap: Option<Located>,
}

/// Somebody a rule names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who {
    /// As the rule names them.
    pub name: String,
    /// Who that is.
    pub is: Whom,
}

/// Who is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whom {
    /// Everyone.
    Anyone,
    /// Members of the robot's own organisation who have a staff id.
    Staff,
    /// Administrators of it.
    Admin,
    /// These, by staff id.
    Ids(Vec<String>),
}

/// A place a rule names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Where {
    /// As the rule names it.
    pub name: String,
    /// Where that is.
    pub is: Wherever,
}

/// Which place is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wherever {
    /// Every place.
    Anywhere,
    /// A private chat with the bot.
    Private,
    /// The group with this conversation id.
    Group(String),
}

/// Who has to confirm a command before it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirm {
    /// Nobody.
    Nobody,
    /// Whoever asked.
    Asker,
    /// Somebody else: one of these.
    Peer(Vec<Who>),
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct AllowSection {
    /// People, "@team", "staff" (a member of the robot's organisation), "admin" or "anyone".
    #[cfg_attr(test, schemars(required))]
    who: Option<Spanned<Vec<Spanned<String>>>>,
    /// Names of `[groups]`, "private" or "anywhere".
    r#in: Option<Spanned<Vec<Spanned<String>>>>,
    /// Paths of commands, with `*` for any text, and names of aliases.
    run: Option<Spanned<Vec<Spanned<String>>>>,
    /// What the commands do to the world: tell what is public ("open"), read it, or write.
    #[cfg_attr(test, schemars(extend("enum" = ["open", "read", "write"])))]
    effect: Option<Spanned<String>>,
    /// What is asked of arguments, by their names as help shows them; KEY=VALUE as `param.KEY` and "param.*".
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::conditions"))]
    when: BTreeMap<Spanned<String>, Spanned<Value>>,
    /// Who has to confirm: "self" where it is left out and something is changed.
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::confirm"))]
    confirm: Option<Spanned<Value>>,
    /// How long a code holds, from "1m" to "12h"; "10m" where it is left out.
    valid: Option<Spanned<String>>,
    /// Lets a write run without confirmation, though any robot in a group can plant a button that says it.
    accept_one_tap: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct DenySection {
    /// People, "@team", "staff" (a member of the robot's organisation), "admin" or "anyone".
    #[cfg_attr(test, schemars(required))]
    who: Option<Spanned<Vec<Spanned<String>>>>,
    /// Names of `[groups]`, "private" or "anywhere".
    r#in: Option<Spanned<Vec<Spanned<String>>>>,
    /// Paths of commands, with `*` for any text, and names of aliases.
    run: Option<Spanned<Vec<Spanned<String>>>>,
    /// What the commands do to the world: tell what is public ("open"), read it, or write.
    #[cfg_attr(test, schemars(extend("enum" = ["open", "read", "write"])))]
    effect: Option<Spanned<String>>,
    /// What is asked of arguments, by their names as help shows them; KEY=VALUE as `param.KEY` and "param.*".
    #[serde(default)]
    #[cfg_attr(test, schemars(schema_with = "schema::conditions"))]
    when: BTreeMap<Spanned<String>, Spanned<Value>>,
}

impl From<DenySection> for AllowSection {
    fn from(DenySection { who, r#in, run, effect, when }: DenySection) -> Self {
        Self { who, r#in, run, effect, when, confirm: None, valid: None, accept_one_tap: None }
    }
}

/// Checks a rule as far as that can be done without the table of commands.
pub(super) fn check(
    section: Spanned<AllowSection>,
    denies: bool,
    names: &Names<'_>,
    places: &Places<'_>,
) -> Result<RuleEntry, Mistake> {
    let at = places.locate(&Spanned::new(section.span(), String::new()));
    let section = section.into_inner();
    let texts = |list: Option<Spanned<Vec<Spanned<String>>>>| -> Result<Vec<Located>, Mistake> {
        let Some(list) = list else { return Ok(Vec::new()) };
        if list.get_ref().is_empty() {
            return Err(places.mistake(list.span(), "expected at least one entry, came none".into()));
        }
        let list = list.get_ref();
        let text = |(index, text): (usize, &Spanned<String>)| match text.get_ref().trim() {
            "" => Err(places.mistake(text.span(), "expected a text, came an empty one".into())),
            _ if list[..index].iter().any(|earlier| earlier.get_ref() == text.get_ref()) => {
                Err(places.locate(text).unexpected("expected each of them once"))
            }
            _ => Ok(places.locate(text)),
        };
        list.iter().enumerate().map(text).collect()
    };
    if section.who.is_none() {
        return Err(at.mistake("expected who = [...], the people it is about, came none"));
    }
    let who: Vec<Who> = texts(section.who)?.iter().map(|who| names.who(who)).collect::<Result<_, _>>()?;
    let run = texts(section.run)?;
    let effect = section.effect.map(|effect| effect_of(&places.locate(&effect))).transpose()?;
    if run.is_empty() && effect.is_none() {
        return Err(at.mistake("expected run, effect or both, came neither"));
    }
    let confirm_at = section.confirm.as_ref().map_or_else(
        || at.clone(),
        |confirm| {
            let text = confirm.get_ref().as_str().unwrap_or_default().to_owned();
            places.locate(&Spanned::new(confirm.span(), text))
        },
    );
    let confirm =
        section.confirm.map(|confirm| confirm_of(confirm, &confirm_at, names, places)).transpose()?;
    if let Some(Confirm::Peer(peers)) = &confirm
        && let (Some(askers), Some(approvers)) = (ids(&who), ids(peers))
        && askers == approvers
        && askers.len() == 1
    {
        return Err(confirm_at.mistake(
            "expected an approver beside the one who asks, came nobody else: who asks cannot approve it",
        ));
    }
    let valid_at = section.valid.map(|text| places.locate(&text));
    let valid = match &valid_at {
        None => VALID,
        Some(text) => duration(text.text())
            .filter(|valid| (SHORTEST_VALID..=LONGEST_VALID).contains(valid) && valid.as_secs() % 60 == 0)
            .ok_or_else(|| text.unexpected("expected a duration of whole minutes from \"1m\" to \"12h\""))?,
    };
    let accept_one_tap = section.accept_one_tap.filter(|accept| *accept.get_ref());
    let accept_one_tap =
        accept_one_tap.map(|accept| places.locate(&Spanned::new(accept.span(), String::new())));
    let condition = |(name, value): (Spanned<String>, Spanned<Value>)| {
        Ok((places.locate(&name), condition_of(value, places)?))
    };
    Ok(RuleEntry {
        denies,
        who,
        places: texts(section.r#in)?.iter().map(|place| names.place(place)).collect::<Result<_, _>>()?,
        run,
        effect,
        when: section.when.into_iter().map(condition).collect::<Result<_, _>>()?,
        confirm,
        confirm_at,
        valid,
        valid_at,
        accept_one_tap,
        at,
    })
}

/// The staff ids of everybody who is named, where it is people that are.
fn ids(who: &[Who]) -> Option<BTreeSet<&str>> {
    let mut all = BTreeSet::new();
    for who in who {
        let Whom::Ids(ids) = &who.is else { return None };
        all.extend(ids.iter().map(String::as_str));
    }
    Some(all)
}

fn effect_of(text: &Located) -> Result<Effect, Mistake> {
    match text.text() {
        "open" => Ok(Effect::Open),
        "read" => Ok(Effect::Read),
        "write" => Ok(Effect::Write),
        _ => Err(text.unexpected("expected \"open\", \"read\" or \"write\"")),
    }
}

/// `"none"`, `"self"` or `{ peer = [...] }`. Read by hand: serde's untagged forms lose the line.
fn confirm_of(
    value: Spanned<Value>,
    at: &Located,
    names: &Names<'_>,
    places: &Places<'_>,
) -> Result<Confirm, Mistake> {
    const EXPECTED: &str = "expected \"none\", \"self\" or { peer = [...] }";
    let table = match value.get_ref() {
        Value::String(text) if text == "none" => return Ok(Confirm::Nobody),
        Value::String(text) if text == "self" => return Ok(Confirm::Asker),
        Value::String(_) => return Err(at.unexpected(EXPECTED)),
        Value::Table(table) => table,
        other => return Err(at.mistake(format!("{EXPECTED}, came {}", other.type_str()))),
    };
    let peers = match (table.get("peer"), table.len()) {
        (Some(Value::Array(peers)), 1) if !peers.is_empty() => peers,
        _ => return Err(at.mistake(format!("{EXPECTED} with at least one name, came another table"))),
    };
    let peer = |peer: &Value| {
        let text = peer.as_str().filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| at.mistake("expected names in peer, came something else"))?;
        let text = places.locate(&Spanned::new(value.span(), text.to_owned()));
        match names.who(&text)? {
            who @ Who { is: Whom::Ids(_), .. } => Ok(who),
            _ => Err(text.unexpected("expected people or @teams, to whom a code can be sent")),
        }
    };
    peers.iter().map(peer).collect::<Result<_, _>>().map(Confirm::Peer)
}

/// One entry or a list of them; numbers and flags as they are written in the chat.
fn condition_of(value: Spanned<Value>, places: &Places<'_>) -> Result<Vec<Located>, Mistake> {
    let entry = |value: &Value, span: std::ops::Range<usize>| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Boolean(flag) => flag.to_string(),
            other => {
                let problem = format!("expected a text, a number or a flag, came {}", other.type_str());
                return Err(places.mistake(span, problem));
            }
        };
        let bare = text.trim_start_matches('!');
        match bare.trim() {
            "" => Err(places.mistake(span, "expected a value, came an empty one".into())),
            // Nobody sees why `! prod` does not keep anybody from prod.
            trimmed if trimmed != bare => {
                Err(places.unexpected(span, "expected a value without blanks around it", &text))
            }
            _ => Ok(places.locate(&Spanned::new(span, text))),
        }
    };
    let span = value.span();
    match value.get_ref() {
        Value::Array(values) if values.is_empty() => {
            Err(places.mistake(span, "expected at least one value, came none".into()))
        }
        Value::Array(values) => values.iter().map(|value| entry(value, span.clone())).collect(),
        value => Ok(vec![entry(value, span)?]),
    }
}
