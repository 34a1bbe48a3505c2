//! `[[alias]]`: words of the operator's own for a command.
//!
//! What is checked here is its form. That its `run` is a command of the table, with arguments that it takes, is checked
//! by [`crate::dispatch::alias`], before the start is over.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{
    document::{Located, Mistake, Places, Spanned},
    said,
    spoken::{Spoken, SpokenSection},
};
use crate::dispatch::table::folded;

/// Words of the operator's own for a command, as they are written.
#[derive(Debug, Clone)]
pub struct AliasEntry {
    /// What is said.
    pub name: Located,
    /// The command, with `{1}`, `{2:default}` and `{*}` where words of the line come in.
    pub run: Located,
    /// What it is for.
    pub help: Spoken,
    /// What is known of `{1}`, `{2}` and so on, and last of `{*}`.
    pub arguments: Vec<AliasArgument>,
}

/// What is known of one placeholder.
#[derive(Debug, Clone)]
pub struct AliasArgument {
    /// How help and errors call it.
    pub name: Located,
    /// What it is.
    pub help: Option<Spoken>,
    /// What can be said, and what is put in for it; none for any word.
    pub choices: Vec<(Located, Located)>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct AliasSection {
    /// What is said.
    name: Spanned<String>,
    /// The command, with `{1}`, `{2:default}` and `{*}` where words of the line come in.
    run: Spanned<String>,
    /// What it is for.
    help: SpokenSection,
    /// What is known of `{1}`, `{2}` and so on, and last of `{*}`.
    #[serde(default)]
    arguments: Vec<ArgumentSection>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, schemars(rename = "AliasArgumentSection"))]
struct ArgumentSection {
    /// How help and errors call it.
    name: Spanned<String>,
    /// What it is.
    help: Option<SpokenSection>,
    /// What can be said, and what is put in for it.
    choices: Option<Spanned<BTreeMap<Spanned<String>, Spanned<String>>>>,
}

impl AliasSection {
    pub(super) fn check(self, places: &Places<'_>) -> Result<AliasEntry, Mistake> {
        let run = places.locate(&self.run);
        if run.text().trim().is_empty() {
            return Err(run.mistake("expected a command, came blanks"));
        }
        // Help shows it to everyone.
        if run.is_hidden() {
            return Err(run.mistake("expected a command without ${…}, which help would show"));
        }
        let mut arguments: Vec<AliasArgument> = Vec::new();
        for argument in self.arguments {
            let argument = argument.check(places)?;
            if arguments.iter().any(|other| other.name.text() == argument.name.text()) {
                return Err(argument.name.unexpected("expected a name that no other argument has"));
            }
            arguments.push(argument);
        }
        let name = said(&self.name, "expected words as they are said to run it", places)?;
        Ok(AliasEntry { name, run, help: self.help.check(places)?, arguments })
    }
}

impl ArgumentSection {
    fn check(self, places: &Places<'_>) -> Result<AliasArgument, Mistake> {
        let name = places.locate(&self.name);
        if name.text().is_empty() || name.text().contains(char::is_whitespace) {
            return Err(name.unexpected("expected a name of one word"));
        }
        let help = self.help.map(|help| help.check(places)).transpose()?;
        let choices = self.choices.map(|choices| checked(choices, places)).transpose()?;
        Ok(AliasArgument { name, help, choices: choices.unwrap_or_default() })
    }
}

/// What can be said, in the order it is written. What is put in for it can be said too, so neither may mean two things.
fn checked(
    choices: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    places: &Places<'_>,
) -> Result<Vec<(Located, Located)>, Mistake> {
    if choices.get_ref().is_empty() {
        return Err(places.mistake(choices.span(), "expected at least one choice, came none".into()));
    }
    let mut choices: Vec<_> = choices.into_inner().into_iter().collect();
    choices.sort_by_key(|(name, _)| name.span().start);
    let choices: Vec<(Located, Located)> =
        choices.iter().map(|(name, value)| (places.locate(name), places.locate(value))).collect();
    let mut meanings = HashMap::new();
    for (name, value) in &choices {
        for said in [name, value] {
            if said.text().trim().is_empty() || said.text().starts_with('-') {
                return Err(said.unexpected("expected a word that is not empty and does not begin with -"));
            }
            if said.is_hidden() {
                return Err(said.mistake("expected a word without ${…}, which help would show"));
            }
            let other = meanings.insert(folded(said.text()), value.text());
            if other.is_some_and(|other| other != value.text()) {
                return Err(said.unexpected("expected a word that does not stand for another value already"));
            }
        }
    }
    Ok(choices)
}
