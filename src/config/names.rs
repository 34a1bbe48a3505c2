//! `[people]`, `[teams]` and `[groups]`: names for ids, and what rules may call by them.

use std::collections::BTreeMap;

use super::{
    document::{Located, Mistake, Places, Spanned},
    rules::{Where, Wherever, Who, Whom},
};

/// What means somebody or somewhere in every rule, and cannot be a name.
const RESERVED_PEOPLE: [&str; 3] = ["staff", "admin", "anyone"];
const RESERVED_GROUPS: [&str; 2] = ["private", "anywhere"];
/// What parts a name from what stands beside it, in `@team`, `!value` and `WHO:CODE@PLACE`.
const APART: [char; 4] = ['@', ':', '!', '*'];

/// Ids by name.
pub type Ids = BTreeMap<String, String>;

/// The name of an id. No id has two.
pub fn name_of<'i>(id: &str, ids: &'i Ids) -> Option<&'i str> {
    ids.iter().find(|(_, other)| *other == id).map(|(name, _)| name.as_str())
}

/// What rules may call by name.
pub(super) struct Names<'s> {
    /// Staff ids.
    pub(super) people: &'s Ids,
    /// Staff ids of each team's members.
    pub(super) teams: &'s BTreeMap<String, Vec<String>>,
    /// Conversation ids.
    pub(super) groups: &'s Ids,
}

/// A table of names, each for an id.
pub(super) fn people(
    table: BTreeMap<Spanned<String>, Spanned<String>>,
    places: &Places<'_>,
) -> Result<Ids, Mistake> {
    ids(table, &RESERVED_PEOPLE, "", places)
}

/// A table of names, each for a conversation id.
pub(super) fn groups(
    table: BTreeMap<Spanned<String>, Spanned<String>>,
    places: &Places<'_>,
) -> Result<Ids, Mistake> {
    ids(table, &RESERVED_GROUPS, "cid", places)
}

fn ids(
    table: BTreeMap<Spanned<String>, Spanned<String>>,
    reserved: &[&str],
    begins: &str,
    places: &Places<'_>,
) -> Result<Ids, Mistake> {
    // Each id with the name that stands first in the file.
    let mut known: BTreeMap<String, Spanned<String>> = BTreeMap::new();
    for (name, id) in &table {
        let first = known.entry(id.get_ref().clone()).or_insert_with(|| name.clone());
        if name.span().start < first.span().start {
            *first = name.clone();
        }
    }
    let entry = |(name, id): (Spanned<String>, Spanned<String>)| {
        // Whoever is called by it would be somebody else.
        if known.contains_key(name.get_ref()) && name.get_ref() != id.get_ref() {
            return Err(places.unexpected(
                name.span(),
                "expected a name that is no id of another entry",
                name.get_ref(),
            ));
        }
        let first = known.get(id.get_ref()).filter(|first| first.span() != name.span());
        let name = called(name, reserved, places)?;
        match id.get_ref().trim() {
            "" => {
                Err(places
                    .mistake(id.span(), "expected an id as `whoami` tells it, came an empty text".into()))
            }
            trimmed if trimmed != id.get_ref() => Err(places.mistake(
                id.span(),
                "expected an id as `whoami` tells it, came one with blanks around it".into(),
            )),
            text if !text.starts_with(begins) => Err(places.unexpected(
                id.span(),
                "expected a conversation id as `whoami` tells it in the group (cid…)",
                text,
            )),
            _ => match first {
                // Which of the two is meant would show only in some places.
                Some(first) => {
                    let problem = format!("expected an id of its own, came that of {:?}", first.get_ref());
                    Err(places.mistake(id.span(), problem))
                }
                None => Ok((name, id.into_inner())),
            },
        }
    };
    table.into_iter().map(entry).collect()
}

/// A name that can be called by.
pub(crate) fn called(
    name: Spanned<String>,
    reserved: &[&str],
    places: &Places<'_>,
) -> Result<String, Mistake> {
    let text = name.get_ref().trim();
    if text.is_empty() {
        return Err(places.mistake(name.span(), "expected a name, came an empty one".into()));
    }
    if reserved.contains(&text) {
        return Err(places.mistake(
            name.span(),
            format!("expected another name, \"{text}\" has a meaning of its own in rules"),
        ));
    }
    if text != name.get_ref() || text.contains(APART) {
        return Err(places.unexpected(
            name.span(),
            "expected a name without blanks around it, and without @ : ! *",
            name.get_ref(),
        ));
    }
    Ok(name.into_inner())
}

/// `[teams]`: members are people, or other teams as `@name`. Each comes out as the staff ids of all its people.
pub(super) fn teams(
    table: BTreeMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>,
    people: &Ids,
    places: &Places<'_>,
) -> Result<BTreeMap<String, Vec<String>>, Mistake> {
    let mut written = BTreeMap::new();
    for (name, members) in table {
        let span = name.span();
        let name = called(name, &RESERVED_PEOPLE, places)?;
        if members.get_ref().is_empty() {
            return Err(
                places.mistake(span, format!("expected at least one member of \"{name}\", came none"))
            );
        }
        let members: Vec<Located> = members.get_ref().iter().map(|member| places.locate(member)).collect();
        written.insert(name, members);
    }
    let mut teams = BTreeMap::new();
    for name in written.keys() {
        let mut ids = Vec::new();
        members(name, &written, people, &mut vec![name.clone()], &mut ids)?;
        ids.sort();
        ids.dedup();
        teams.insert(name.clone(), ids);
    }
    Ok(teams)
}

/// The staff ids of a team, gone down through the teams in it; `path` are the teams it was reached through.
fn members(
    team: &str,
    written: &BTreeMap<String, Vec<Located>>,
    people: &Ids,
    path: &mut Vec<String>,
    ids: &mut Vec<String>,
) -> Result<(), Mistake> {
    for member in written.get(team).map(Vec::as_slice).unwrap_or_default() {
        let Some(inner) = member.text().strip_prefix('@') else {
            let id = people.get(member.text());
            ids.push(id.ok_or_else(|| member.unexpected("expected a name of [people] or @team"))?.clone());
            continue;
        };
        if path.iter().any(|team| team == inner) {
            let problem = format!(
                "expected teams that do not hold each other, came a cycle: @{} @{inner}",
                path.join(" @")
            );
            return Err(member.mistake(problem));
        }
        if !written.contains_key(inner) {
            return Err(member.unexpected("expected a name of [people], or @ and a name of [teams]"));
        }
        path.push(inner.to_owned());
        members(inner, written, people, path, ids)?;
        path.pop();
    }
    Ok(())
}

impl Names<'_> {
    /// Somebody a rule names.
    pub(super) fn who(&self, name: &Located) -> Result<Who, Mistake> {
        let is = match name.text() {
            "anyone" => Whom::Anyone,
            "staff" => Whom::Staff,
            "admin" => Whom::Admin,
            text => {
                let team = text.strip_prefix('@');
                let ids = match team {
                    Some(team) => self.teams.get(team).cloned(),
                    None => self.people.get(text).map(|id| vec![id.clone()]),
                };
                let expected = "expected a name of [people], @ and a name of [teams], \"staff\", \"admin\" or \"anyone\"";
                Whom::Ids(ids.ok_or_else(|| name.unexpected(expected))?)
            }
        };
        Ok(Who { name: name.text().to_owned(), is })
    }

    /// A place a rule names.
    pub(super) fn place(&self, name: &Located) -> Result<Where, Mistake> {
        let is = match name.text() {
            "anywhere" => Wherever::Anywhere,
            "private" => Wherever::Private,
            text => Wherever::Group(
                self.groups
                    .get(text)
                    .ok_or_else(|| {
                        name.unexpected("expected a name of [groups], \"private\" or \"anywhere\"")
                    })?
                    .clone(),
            ),
        };
        Ok(Where { name: name.text().to_owned(), is })
    }
}
