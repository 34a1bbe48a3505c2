//! Purpose: words of the operator's own for a command.
//!
//! An alias is no row: it says which row is meant, and its words are filled into the command that it stands for. That
//! command was split into words at start, and what is filled in is not split again, is no option, and no alias either:
//! whatever somebody types, it becomes the value that the operator made room for, and nothing else.
//!
//! ```text
//! name = "部署"   run = "jenkins build deploy-{1} -p ENV={2:staging}"
//! 部署 web        →  jenkins build deploy-web -p ENV=staging
//! 部署 "a -x"     →  jenkins build "deploy-a -x" -p ENV=staging
//! ```
//!
//! A mistake in what somebody typed points at their word, and one in the operator's words at the alias's name.

mod conditions;
mod start;
mod template;

use std::ops::Range;

use clap::builder::PossibleValue;

use self::template::{Given, Piece, Template, Unfit, pieces};
use super::{
    Ctx,
    arguments::{self, Arguments, Complaint, InvalidValue},
    canonical, help,
    invocation::Via,
    row::Row,
    table::{Found, Table},
    values,
    words::{Line, Word},
};
use crate::{
    config::{AliasArgument, Located, Spoken},
    locale::Locale,
};

/// Words of the operator's own for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// What is said.
    pub name: String,
    /// The number of the row it stands for.
    pub row: usize,
    /// What it becomes, as it is written.
    pub run: String,
    /// What it is for.
    pub help: Spoken,
    /// What `{1}`, `{2}` and so on are.
    slots: Vec<Slot>,
    /// What `{*}` is, where there is one.
    rest: Option<Slot>,
    /// Whether its row takes nothing less than something for `{*}`.
    needs_rest: bool,
    /// Whether its row is a write, which can be only shown.
    is_write: bool,
    /// Whether a person is an argument of the row.
    has_people: bool,
    template: Template,
}

/// What a placeholder is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    name: String,
    help: Option<Spoken>,
    default: Option<String>,
    /// What can be said, and what is put in for it.
    choices: Vec<(String, String)>,
    /// Whether it is a person for the row.
    is_person: bool,
}

/// The words of a line that follow an alias's name.
struct Heard {
    given: Vec<Given>,
    /// All the rest, where that is taken as typed.
    tail: Option<Given>,
    dry_run: bool,
}

impl Alias {
    /// Whether it takes the rest of the line as typed.
    pub fn takes_tail(&self) -> bool {
        self.rest.is_some() && self.template.tail.is_some()
    }

    /// Whether nothing may follow its name.
    pub fn is_whole(&self) -> bool {
        self.slots.is_empty() && self.rest.is_none()
    }

    /// How it is said: `部署 <服务> [环境]`.
    pub fn usage(&self) -> String {
        let slots = self.slots.iter().map(|slot| match slot.default {
            None => format!("<{}>", slot.name),
            Some(_) => format!("[{}]", slot.name),
        });
        let rest = self.rest.iter().map(|rest| match self.needs_rest {
            true => format!("<{}…>", rest.name),
            false => format!("[{}…]", rest.name),
        });
        let dry_run = self.is_write.then(|| "[--dry-run]".to_owned());
        let parts = std::iter::once(self.name.clone()).chain(slots).chain(rest).chain(dry_run);
        parts.collect::<Vec<_>>().join(" ")
    }

    /// What its placeholders are: name, help, and what each takes.
    pub fn arguments(&self, locale: Locale) -> Vec<(String, String, Vec<String>)> {
        let told = |slot: &Slot| {
            let help = slot.help.as_ref().map(|help| help.told(locale).to_owned()).unwrap_or_default();
            let choices = slot.choices.iter().cloned();
            let choices: Vec<(String, Option<String>)> = choices
                .map(|(name, value)| (name.clone(), Some(value).filter(|value| *value != name)))
                .collect();
            let choices = (!choices.is_empty()).then(|| help::choices(&choices, locale));
            let default = slot.default.as_ref().map(|default| {
                let named = slot.choices.iter().find(|(_, value)| value == default);
                locale.say("usage.default", &[("value", named.map_or(default, |(name, _)| name))])
            });
            (slot.name.clone(), help, choices.into_iter().chain(default).collect())
        };
        self.slots.iter().chain(&self.rest).map(told).collect()
    }

    /// What it becomes, with the names of its placeholders.
    pub fn becomes(&self) -> String {
        let name = |slot: Option<&Slot>| slot.map(|slot| slot.name.clone()).filter(|name| !name.is_empty());
        let braced = |name: Option<String>| format!("{{{}}}", name.unwrap_or_else(|| "…".to_owned()));
        let text = |piece| match piece {
            Piece::Text(text) => text,
            Piece::Slot(slot) | Piece::Quoted(slot) | Piece::Name(slot) => braced(name(self.slots.get(slot))),
            Piece::Rest => braced(name(self.rest.as_ref())),
        };
        pieces(&self.run)
            .map_or_else(|_| self.run.clone(), |(pieces, _)| pieces.into_iter().map(text).collect())
    }

    /// A line it is said with, where all it needs can be told.
    pub fn example(&self, ctx: &Ctx) -> Option<String> {
        let value = |slot: &Slot| {
            let choice = slot.choices.first().map(|(name, _)| name.clone());
            let person = || ctx.settings.people.keys().next().filter(|_| slot.is_person).cloned();
            choice.or_else(|| slot.default.clone()).or_else(person)
        };
        let values: Vec<String> = self.slots.iter().map(value).collect::<Option<_>>()?;
        let words = values.iter().map(|value| canonical::word(value));
        let line = std::iter::once(self.name.clone()).chain(words).collect::<Vec<_>>().join(" ");
        Some(line).filter(|_| !self.needs_rest)
    }

    /// Reads what follows the name, and tells the line that says the same again.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(super) fn read(
        &self,
        row: &Row,
        line: &Line,
        words: &[Word],
        ctx: &Ctx,
    ) -> Result<(Arguments, Option<Via>), Complaint> {
        let name = self.span(line);
        let Some(Heard { mut given, tail, dry_run: is_dry }) = self.hear(line, words, ctx.locale)? else {
            return Ok((Arguments::HelpWanted, None));
        };
        self.fill_in_mention(&mut given, line, ctx)?;
        self.fill_up(&mut given, line, ctx.locale)?;
        let mut rest = given.split_off(self.slots.len());
        let line_again = self.line(&given, &rest, tail.as_ref(), &ctx.table);
        rest.extend(tail);
        let words = self.template.fill(&given, &rest, &name).map_err(|unfit| {
            let (key, given) = match unfit {
                Unfit::Dash(given) => ("alias.dash", given),
                Unfit::Sign(given) => ("alias.sign", given),
            };
            let message = ctx.locale.say(key, &[("came", &given.text)]);
            Complaint { message, at: Some(given.at.unwrap_or_else(|| name.clone())) }
        })?;
        let tail = self.template.fill_tail(&given, &rest, &name);
        let tail = tail.as_ref().map(|(tail, at)| (tail.as_str(), at.clone()));
        // Whoever was mentioned is one of the words by now.
        let ctx = Ctx { mentioned: Vec::new(), ..ctx.clone() };
        let arguments = match arguments::read_parted(row, line, &words, tail, &ctx)? {
            Arguments::Given { prepared, defaulted, dry_run } => {
                Arguments::Given { prepared, defaulted, dry_run: dry_run || is_dry }
            }
            Arguments::HelpWanted => Arguments::HelpWanted,
        };
        Ok((arguments, Some(Via { name: self.name.clone(), line: line_again })))
    }

    /// Where its name stands.
    fn span(&self, line: &Line) -> Range<usize> {
        let mut words = line.words().iter().take(self.name.split(' ').count()).map(|word| word.span.clone());
        let first = words.next().unwrap_or_default();
        first.start..words.next_back().map_or(first.end, |last| last.end)
    }

    /// The words, without `--dry-run`; none where help is asked for. Where the rest is taken as typed, only what stands
    /// before it is an option, and `--` ends that.
    fn hear(&self, line: &Line, words: &[Word], locale: Locale) -> Result<Option<Heard>, Complaint> {
        let (mut given, mut dry_run, mut end) = (Vec::new(), false, self.span(line).end);
        for word in words {
            let is_plain = !word.quoted && (given.is_empty() || !self.takes_tail());
            if is_plain && word.asks_for_help() {
                return Ok(None);
            }
            if is_plain && word.text == "--dry-run" && self.is_write {
                (dry_run, end) = (true, word.span.end);
                continue;
            }
            if self.takes_tail() && given.len() == self.slots.len() {
                if given.is_empty() && arguments::ends_options(word) {
                    end = word.span.end;
                }
                break;
            }
            given.push(Given { text: word.text.clone(), at: Some(word.span.clone()) });
            end = word.span.end;
        }
        let is_cut = !self.takes_tail() || given.len() < self.slots.len();
        if let Some(error) = line.error().filter(|_| is_cut) {
            return Err(Complaint { message: arguments::quote(error, locale), at: Some(error.span.clone()) });
        }
        let tail = self.takes_tail().then(|| line.rest_after(end));
        let tail =
            tail.map(|(text, at)| Given { text: text.to_owned(), at: Some(at).filter(|at| !at.is_empty()) });
        Ok(Some(Heard { given, tail, dry_run }))
    }

    /// Puts somebody mentioned where one person is missing. What DingTalk left of the mention is no word.
    fn fill_in_mention(&self, given: &mut Vec<Given>, line: &Line, ctx: &Ctx) -> Result<(), Complaint> {
        if !self.has_people || ctx.mentioned.is_empty() {
            return Ok(());
        }
        let id = |given: &Given| values::staff_id(&given.text, ctx).ok();
        let is_quoted = |given: &Given| {
            line.words().iter().any(|word| word.quoted && given.at.as_ref() == Some(&word.span))
        };
        let before = given.len();
        given.retain(|given| !given.text.starts_with(['@', '＠']) || id(given).is_some() || is_quoted(given));
        // Nothing vanishes: each of them is what is left of a mention that is put in below.
        let rests = before - given.len();
        let end = line.words().last().map_or(0, |word| word.span.end);
        let unclear = || Complaint { message: ctx.locale.say("arguments.mention", &[]), at: Some(end..end) };
        if rests > ctx.mentioned.len() {
            return Err(unclear());
        }
        let people = || self.slots.iter().enumerate().filter(|(_, slot)| slot.is_person).map(|(at, _)| at);
        let named: Vec<String> = people().filter_map(|at| given.get(at).and_then(id)).collect();
        let mut mentioned = ctx.mentioned.iter().filter(|person| !named.contains(&person.staff_id));
        let Some(person) = mentioned.next() else { return if rests == 0 { Ok(()) } else { Err(unclear()) } };
        let mut missing = people().filter(|at| given.get(*at).and_then(id).is_none());
        match (missing.next(), missing.next(), mentioned.next()) {
            (Some(at), None, None) if at <= given.len() => {
                let text = values::PersonName::new(&person.staff_id).to_string();
                given.insert(at, Given { text, at: Some(end..end) });
                Ok(())
            }
            // What is missing before it is said to be missing.
            (Some(_), None, None) => Ok(()),
            _ => Err(unclear()),
        }
    }

    /// Makes of the words as many values as there are placeholders.
    fn fill_up(&self, given: &mut Vec<Given>, line: &Line, locale: Locale) -> Result<(), Complaint> {
        if let Some(surplus) = given.get(self.slots.len()).filter(|_| self.rest.is_none()) {
            let came: &[(&str, &dyn std::fmt::Display)] = &[("came", &surplus.text)];
            let message = match self.slots.is_empty() {
                true => locale.say("arguments.none", came),
                false => locale.say("arguments.too_many", came),
            };
            return Err(Complaint { message, at: surplus.at.clone() });
        }
        for (index, slot) in self.slots.iter().enumerate() {
            match (given.get_mut(index), &slot.default) {
                (Some(given), _) => {
                    let wrong = |error: InvalidValue| {
                        error.complaint(&slot.name, &given.text, given.at.clone(), locale)
                    };
                    given.text = slot.chosen(&given.text).map_err(wrong)?;
                }
                (None, Some(default)) => given.push(Given { text: default.clone(), at: None }),
                (None, None) => {
                    let message = locale.say("arguments.missing", &[("argument", &slot.name)]);
                    let end = line.words().last().map(|word| word.span.end..word.span.end);
                    return Err(Complaint { message, at: end });
                }
            }
        }
        Ok(())
    }

    /// The line that says it again, with all its values.
    fn line(&self, given: &[Given], rest: &[Given], tail: Option<&Given>, table: &Table) -> String {
        let words: Vec<&str> = given.iter().chain(rest).map(|given| given.text.as_str()).collect();
        let word = table.row(self.row).map_or(canonical::word as fn(&str) -> String, canonical::word_of);
        let mut parts: Vec<String> = words.iter().map(|text| word(text)).collect();
        if let Some(Given { text, .. }) = tail.filter(|tail| !tail.text.is_empty()) {
            if parts.is_empty() && canonical::begins_as_option(text) {
                parts.push("--".to_owned());
            }
            parts.push(text.clone());
        }
        let line = |parts: &[String]| {
            std::iter::once(&self.name).chain(parts).map(String::as_str).collect::<Vec<_>>().join(" ")
        };
        let plain = line(&parts);
        match (parts.first_mut(), words.first()) {
            // Where the value could be part of a longer name, quotes make a value of it.
            (Some(part), Some(word)) if !self.is_read_as(&plain, table) => {
                *part = canonical::quoted(word);
                line(&parts)
            }
            _ => plain,
        }
    }

    /// Whether a line is found to be this alias, with nothing but its name taken for its name.
    fn is_read_as(&self, line: &str, table: &Table) -> bool {
        match table.read(line) {
            Found::Row { alias: Some(alias), line, words, .. } => {
                alias.name == self.name && words.len() + self.name.split(' ').count() == line.words().len()
            }
            _ => false,
        }
    }
}

impl Slot {
    fn new(number: String, argument: Option<&AliasArgument>) -> Self {
        let choices = argument.iter().flat_map(|argument| &argument.choices);
        let text = |(name, value): &(Located, Located)| (name.text().to_owned(), value.text().to_owned());
        Self {
            name: argument.map_or(number, |argument| argument.name.text().to_owned()),
            help: argument.and_then(|argument| argument.help.clone()),
            default: None,
            choices: choices.map(text).collect(),
            is_person: false,
        }
    }

    /// What is put in for a word: a choice's value, which can be typed itself, or without choices the word.
    fn chosen(&self, typed: &str) -> Result<String, InvalidValue> {
        if self.choices.is_empty() {
            return Ok(typed.to_owned());
        }
        let names =
            self.choices.iter().map(|(name, value)| PossibleValue::new(name.clone()).alias(value.clone()));
        let index = values::chosen(&names.collect::<Vec<_>>(), typed)?;
        Ok(self.choices[index].1.clone())
    }
}
