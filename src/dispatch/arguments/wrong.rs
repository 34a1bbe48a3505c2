//! What is wrong with arguments, as sentences with a place.

use std::{collections::HashSet, fmt::Display, ops::Range};

use clap::{
    Arg, Command,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    Complaint, InvalidValue,
    said::{self, Said, Value},
};
use crate::{
    dispatch::{
        canonical, help,
        row::{Row, Tail},
        values::{self, Kind},
        words::{Line, lacks_value, open_braces},
    },
    locale::Locale,
    text,
};

/// Letters of a wrong value that are repeated.
const MAX_CAME: usize = 60;

/// Finds what is wrong with a line.
pub(super) struct Wrong<'a> {
    pub(super) row: &'a Row,
    pub(super) line: &'a Line,
    pub(super) locale: Locale,
}

impl Wrong<'_> {
    /// Options and values that the command does not have, that lack something, or that came too often.
    pub(super) fn form(&self, command: &Command, said: &[Said<'_>]) -> Result<(), Complaint> {
        let mut given = HashSet::new();
        let all = said;
        for said in said {
            let complain = |key, name: &'static str, value: &dyn Display| {
                Err(Complaint { message: self.locale.say(key, &[(name, value)]), at: said.at() })
            };
            let came = || said.value.as_ref().map(|value| text::cut(&value.text, MAX_CAME));
            match (said.argument, &said.option) {
                (None, Some((option, _))) => return Err(self.no_such_option(option, command, said)),
                (None, None) if self.row.arguments.is_empty() => {
                    return complain("arguments.none", "came", &came().unwrap_or_default());
                }
                (None, None) => {
                    if let Some((message, at)) = self.behind_option(command, said, all) {
                        return Err(Complaint { message, at });
                    }
                    // It may be the value of one that was said by its name too.
                    let by_name = all.iter().filter(|said| said.option.is_some());
                    let by_name = by_name.filter_map(|said| said.argument).filter(|it| it.is_positional());
                    let takes = |argument: &&Arg| came().is_some_and(|came| values::takes(argument, &came));
                    return match { by_name }.find(takes) {
                        Some(argument) => complain("arguments.twice", "argument", &help::mentioned(argument)),
                        None => complain("arguments.too_many", "came", &came().unwrap_or_default()),
                    };
                }
                (Some(argument), option) => {
                    let name = help::mentioned(argument);
                    if !said::takes_many(argument) && !given.insert(argument.get_id()) {
                        return complain("arguments.twice", "argument", &name);
                    }
                    let takes_value = argument.get_action().takes_values();
                    if !takes_value && said.value.is_some() {
                        return complain("arguments.takes_no_value", "argument", &name);
                    }
                    if let (Some((_, at)), true, None) = (option, takes_value, &said.value) {
                        let message = self.locale.say("arguments.no_value", &[("argument", &name)]);
                        return Err(Complaint { message, at: Some(at.end..at.end) });
                    }
                }
            }
        }
        Ok(())
    }

    /// An option in braces, behind which one more condition could stand, and a value that a blank could have parted from
    /// its condition.
    pub(super) fn conditions(&self, said: &[Said<'_>]) -> Result<(), Complaint> {
        let complaint = |key, came: &dyn Display, said: &Said<'_>| {
            Err(Complaint { message: self.locale.say(key, &[("came", came)]), at: said.at() })
        };
        let (mut braces, mut lacking) = (0, None::<(&String, &Said<'_>)>);
        for said in said.iter().filter(|_| self.row.tail == Tail::Conditions) {
            match (&said.option, &said.value, lacking) {
                (Some((option, _)), ..) if braces > 0 => {
                    return complaint("arguments.option_in_braces", option, said);
                }
                (None, _, Some((came, lacking))) => return complaint("arguments.value_apart", came, lacking),
                (None, Some(value), None) => {
                    braces = open_braces(&value.text, braces);
                    lacking = Some((&value.text, said)).filter(|(text, _)| lacks_value(text));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// That a pair or a number belongs behind an option, where one alone takes it that was not said yet.
    fn behind_option(
        &self,
        command: &Command,
        said: &Said<'_>,
        all: &[Said<'_>],
    ) -> Option<(String, Option<Range<usize>>)> {
        let value = said.value.as_ref()?;
        let takes = |option: &&Arg| match values::kind(option) {
            Kind::KeyValue => values::pair(&value.text).is_ok(),
            Kind::Number => {
                all.iter().all(|other| other.argument != Some(option))
                    && text::narrow(&value.text).parse::<i64>().is_ok()
            }
            _ => false,
        };
        let mut options = command.get_opts().filter(takes);
        let option = options.next().filter(|_| options.next().is_none())?;
        let option = option.get_short().map_or_else(|| help::mentioned(option), |short| format!("-{short}"));
        let came = canonical::word(&text::cut(&value.text, MAX_CAME));
        let parts: [(&str, &dyn Display); 2] = [("came", &came), ("option", &option)];
        Some((self.locale.say("arguments.pair_behind_option", &parts), said.at()))
    }

    /// What to type instead of what another tool takes.
    fn habit(&self, typed: &str) -> Option<String> {
        let mut habits = self.row.habits.iter().copied().flatten();
        let (_, key) = habits.find(|(habit, _)| habit.eq_ignore_ascii_case(typed))?;
        Some(self.locale.say(key, &[("came", &typed)]))
    }

    fn no_such_option(&self, option: &str, command: &Command, said: &Said<'_>) -> Complaint {
        // `-oyaml` is `-o yaml`.
        let short = option.get(.."-x".len()).filter(|_| !option.starts_with("--")).unwrap_or(option);
        if let Some(message) = self.habit(option).or_else(|| self.habit(short)) {
            return Complaint { message, at: said.at() };
        }
        let options = command.get_arguments().filter_map(Arg::get_long);
        let nearest = values::near(option.trim_start_matches('-'), options);
        let nearest: Vec<String> = nearest.iter().map(|long| format!("--{long}")).collect();
        let one = if option.starts_with("--") || !nearest.is_empty() { MAX_CAME } else { "-x".len() };
        let option: String = text::cut(option, MAX_CAME).chars().take(one).collect();
        let message = match nearest.is_empty() {
            true => self.locale.say("arguments.no_such_option", &[("came", &option)]),
            false => self.locale.say(
                "arguments.no_such_option_nearest",
                &[("came", &option), ("nearest", &listed(&nearest, self.locale))],
            ),
        };
        Complaint { message, at: said.at() }
    }

    /// A key that was given twice.
    pub(super) fn keys(&self, said: &[Said<'_>]) -> Result<(), Complaint> {
        let mut given = HashSet::new();
        for said in said {
            let (Some(argument), Some(value)) = (said.argument, &said.value) else { continue };
            if values::kind(argument) != Kind::KeyValue {
                continue;
            }
            // What is no pair is left to the value parser.
            if let Ok(pair) = values::pair(&value.text)
                && !given.insert((argument.get_id(), pair.key.clone()))
            {
                let twice = InvalidValue::new("arguments.key_twice").with("key", &pair.key);
                return Err(self.invalid(&twice.at(0..pair.key.len()), argument, value));
            }
        }
        Ok(())
    }

    /// What is missing where clap would take another's value for it: behind an argument that takes many, and before one
    /// that was said by its name.
    pub(super) fn missing_among(&self, command: &Command, said: &[Said<'_>]) -> Result<(), Complaint> {
        let positionals: Vec<&Arg> = command.get_positionals().collect();
        let is_said = |argument: &&Arg| said.iter().any(|said| said.argument == Some(argument));
        let is_lost = |&(index, argument): &(usize, &&Arg)| {
            let behind_many = positionals[..index].iter().any(|before| said::takes_many(before));
            positionals[index..].iter().any(is_said) || (behind_many && argument.is_required_set())
        };
        let mut missing = positionals.iter().enumerate().filter(|(_, argument)| !is_said(argument));
        // Without any at all, clap names the first.
        match missing.find(is_lost).filter(|_| positionals.iter().any(is_said)) {
            None => Ok(()),
            Some((_, argument)) => {
                let name = help::mentioned(argument);
                let message = self.locale.say("arguments.missing", &[("argument", &name)]);
                Err(Complaint { message, at: self.end() })
            }
        }
    }

    /// A value that does not fit.
    pub(super) fn invalid(&self, error: &InvalidValue, argument: &Arg, value: &Value<'_>) -> Complaint {
        let at = value.at(error.at.clone().filter(|_| !value.text.is_empty()));
        error.complaint(&help::mentioned(argument), &value.text, Some(at), self.locale)
    }

    /// The words that stand by themselves behind a value, and those of a free text, as one.
    fn words_behind(&self, value: &Value<'_>, said: &[Said<'_>]) -> String {
        let is_text = |argument: &Arg| self.row.free_text.iter().any(|name| name == help::name(argument));
        let said = said.iter().filter(|said| said.option.is_none() || said.argument.is_some_and(is_text));
        let values = said.filter_map(|said| said.value.as_ref());
        let behind = values.skip_while(|other| !std::ptr::eq(*other, value)).skip(1);
        let behind = text::cut(&behind.map(|value| &*value.text).collect::<Vec<_>>().join(" "), MAX_CAME);
        if canonical::word(&behind) == behind { behind } else { canonical::quoted(&behind) }
    }

    /// What clap finds wrong: a value, or one that is missing.
    pub(super) fn value(&self, error: &clap::Error, command: &Command, said: &[Said<'_>]) -> Complaint {
        let context = |kind| match error.get(kind) {
            Some(ContextValue::String(text)) => Some(text.clone()),
            Some(ContextValue::Strings(texts)) => texts.first().cloned(),
            _ => None,
        };
        let [argument, other] = [ContextKind::InvalidArg, ContextKind::PriorArg].map(|kind| {
            let named = context(kind).unwrap_or_default();
            let found = command.get_arguments().find(|argument| argument.to_string() == named);
            (found, found.map_or(named, help::mentioned))
        });
        let came = context(ContextKind::InvalidValue);
        let wrong = said.iter().filter(|said| said.argument.is_some() && argument.0 == said.argument);
        let of = |said: &&Said<'_>| said.value.as_ref().map(|value| &value.text) == came.as_ref();
        let value = wrong.clone().find(of).and_then(|said| said.value.as_ref());
        let source =
            std::error::Error::source(error).and_then(|source| source.downcast_ref::<InvalidValue>());
        if let (Some(source), Some(argument), Some(value)) = (source, argument.0, value) {
            let source = source.clone().with("behind", self.words_behind(value, said));
            return self.invalid(&source, argument, value);
        }
        let came = came.unwrap_or_default();
        let (key, at) = match error.kind() {
            ErrorKind::MissingRequiredArgument => ("arguments.missing", None),
            ErrorKind::ArgumentConflict => ("arguments.conflict", wrong.clone().find_map(Said::at)),
            _ => ("arguments.invalid", wrong.clone().find_map(Said::at)),
        };
        let parts: &[(&str, &dyn Display)] =
            &[("argument", &argument.1), ("other", &other.1), ("came", &came)];
        Complaint { message: self.locale.say(key, parts), at: at.or_else(|| self.end()) }
    }

    /// Something is missing: the sentence points at the end.
    pub(super) fn at_the_end(&self, key: &str) -> Complaint {
        Complaint { message: self.locale.say(key, &[]), at: self.end() }
    }

    fn end(&self) -> Option<Range<usize>> {
        self.line.words().last().map(|word| word.span.end..word.span.end)
    }
}

impl InvalidValue {
    /// What was expected of an argument, and what came.
    pub(in crate::dispatch) fn complaint(
        &self,
        argument: &str,
        came: &str,
        at: Option<Range<usize>>,
        locale: Locale,
    ) -> Complaint {
        let key = if came.is_empty() { "arguments.empty" } else { self.key };
        let came = text::cut(came, MAX_CAME);
        let with: Vec<(&str, String)> =
            self.with.iter().map(|(name, values)| (*name, listed(values, locale))).collect();
        let mut parts: Vec<(&str, &dyn Display)> = vec![("argument", &argument), ("came", &came)];
        parts.extend(with.iter().map(|(name, value)| (*name, value as &dyn Display)));
        Complaint { message: locale.say(key, &parts), at }
    }
}

fn listed(values: &[String], locale: Locale) -> String {
    values.join(&locale.say("usage.separator", &[]))
}
