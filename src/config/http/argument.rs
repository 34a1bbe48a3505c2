//! `[[http.args]]`: what is typed behind the name of a command over HTTP.

use std::ops::RangeInclusive;

use serde::Deserialize;

use super::tree::{Raw, wrong};
use crate::{
    config::{
        Located,
        document::{Mistake, Places, Spanned},
        spoken::{Spoken, SpokenSection},
    },
    dispatch::values::Duration,
};

/// Letters of a text, where the entry does not say.
const MAX_TEXT: i64 = 200;
/// The largest number that every reader of JSON keeps (RFC 8259, 6).
const MAX_NUMBER: i64 = (1 << 53) - 1;
/// Letters of a name.
const MAX_NAME: usize = 32;
/// What a template calls something else by, or cannot call anything by.
const RESERVED: [&str; 22] = [
    "secret", "who", "once", "status", "headers", "json", "text", "loop", "true", "false", "none", "and",
    "or", "not", "in", "is", "if", "else", "help", "confirm", "approve", "dry-run",
];

/// What the entry calls a shape.
const KINDS: [&str; 6] = ["text", "number", "duration", "choice", "flag", "key-value"];

/// An argument of a command over HTTP.
#[derive(Debug, Clone)]
pub struct Argument {
    /// As help shows it, with `-`; a template writes `_`.
    pub name: String,
    /// What it is.
    pub help: Spoken,
    /// What it may be.
    pub shape: Shape,
    /// It is said with `--name`.
    pub option: bool,
    /// It may not be left out.
    pub required: bool,
    /// It may be given several times.
    pub repeated: bool,
    /// Its value is shown to nobody.
    pub secret: bool,
    /// What it is where nobody types it.
    pub default: Option<Located>,
}

/// What an argument may be.
#[derive(Debug, Clone)]
pub enum Shape {
    /// A text of at most so many letters.
    Text(usize),
    /// A whole number.
    Number(RangeInclusive<i64>),
    /// A duration.
    Duration(RangeInclusive<Duration>),
    /// One of these.
    Choice(Vec<String>),
    /// There or not.
    Flag,
    /// KEY=VALUE, as often as there are keys.
    KeyValue,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct ArgumentSection {
    /// As help shows it, with `-`; a template writes `_`.
    name: Spanned<String>,
    /// What it is.
    help: SpokenSection,
    /// What it may be; "text" where it is left out.
    #[cfg_attr(test, schemars(extend("enum" = KINDS)))]
    #[serde(rename = "type")]
    kind: Option<Spanned<String>>,
    /// It is said with `--name`.
    option: Option<Spanned<bool>>,
    /// It may not be left out.
    required: Option<Spanned<bool>>,
    /// It may be given several times.
    repeated: Option<Spanned<bool>>,
    /// Its value is shown to nobody.
    #[serde(default)]
    secret: bool,
    /// What it is where nobody types it.
    default: Option<Spanned<Raw>>,
    /// The least number, or the shortest duration.
    min: Option<Spanned<Raw>>,
    /// The greatest number, the longest duration, or the most letters of a text.
    max: Option<Spanned<Raw>>,
    /// What a choice may be.
    choices: Option<Spanned<Vec<Spanned<String>>>>,
}

/// The arguments, in the order they are typed in.
pub(super) fn arguments(
    sections: Vec<ArgumentSection>,
    places: &Places<'_>,
) -> Result<Vec<Argument>, Mistake> {
    let mut arguments: Vec<Argument> = Vec::new();
    for section in sections {
        let at = section.name.span();
        let argument = section.check(places)?;
        if arguments.iter().any(|other| other.name == argument.name) {
            return Err(
                places.mistake(at, "expected a name of its own, came that of another argument".into())
            );
        }
        if let Some(last) = arguments.iter().rfind(|other| !other.option).filter(|_| !argument.option) {
            let problem = match (last.repeated, last.required, argument.required) {
                (true, ..) => {
                    "expected nothing behind a repeated argument, came another (or make it an option)"
                }
                (_, false, true) => {
                    "expected an optional argument behind an optional one, came a required one (or make it an option)"
                }
                _ => "",
            };
            if !problem.is_empty() {
                return Err(places.mistake(at, problem.into()));
            }
        }
        arguments.push(argument);
    }
    Ok(arguments)
}

impl ArgumentSection {
    fn check(mut self, places: &Places<'_>) -> Result<Argument, Mistake> {
        let name = self.name.get_ref();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !begins || !name.chars().all(plain) || name.ends_with('-') || name.len() > MAX_NAME {
            let expected = "expected a name of a-z, 0-9 and -, such as \"start-at\"";
            return Err(places.unexpected(self.name.span(), expected, name));
        }
        if RESERVED.contains(&name.as_str()) {
            let expected = "expected a name that means nothing else to a template or on a line";
            return Err(places.unexpected(self.name.span(), expected, name));
        }
        let shape = self.shape(places)?;
        let is_pairs = matches!(shape, Shape::KeyValue);
        let always_option = is_pairs || matches!(shape, Shape::Flag);
        let given = |value: &Option<Spanned<bool>>| value.as_ref().map(|value| *value.get_ref());
        let misplaced = [
            (&self.option, always_option, "it is an option anyway"),
            (&self.repeated, always_option, "a flag is said once, and key-value as often as there are keys"),
            (&self.required, always_option || self.default.is_some(), "it may be left out anyway"),
        ];
        for (value, is_misplaced, why) in misplaced {
            if let Some(value) = value.as_ref().filter(|_| is_misplaced) {
                return Err(
                    places.mistake(value.span(), format!("expected nothing here, came a value: {why}"))
                );
            }
        }
        let option = always_option || given(&self.option).unwrap_or(false);
        let repeated = is_pairs || given(&self.repeated).unwrap_or(false);
        if let Some(default) = self.default.as_ref().filter(|_| always_option || repeated) {
            let problem = "expected nothing here, came a value: what may be given several times, or is a flag, has no default";
            return Err(places.mistake(default.span(), problem.into()));
        }
        let default = self.default.take().map(|default| value(default, &shape, places)).transpose()?;
        Ok(Argument {
            required: given(&self.required).unwrap_or(!option && default.is_none()),
            name: self.name.into_inner(),
            help: self.help.check(places)?,
            secret: self.secret,
            shape,
            option,
            repeated,
            default,
        })
    }

    fn shape(&mut self, places: &Places<'_>) -> Result<Shape, Mistake> {
        let kind = self.kind.as_ref().map_or("text", |kind| kind.get_ref());
        if let Some(at) = self.kind.as_ref().filter(|_| !KINDS.contains(&kind)) {
            let expected =
                "expected \"text\", \"number\", \"duration\", \"choice\", \"flag\" or \"key-value\"";
            return Err(places.unexpected(at.span(), expected, kind));
        }
        let (min, max) = (self.min.take(), self.max.take());
        let misplaced = match kind {
            "number" | "duration" => None,
            "text" => min.as_ref(),
            _ => min.as_ref().or(max.as_ref()),
        };
        if let Some(misplaced) = misplaced {
            let problem = "expected nothing here, came a value: numbers and durations have min and max, texts max letters";
            return Err(places.mistake(misplaced.span(), problem.into()));
        }
        let is_choice = kind == "choice";
        if let Some(choices) = self.choices.as_ref().filter(|_| !is_choice) {
            return Err(places.mistake(choices.span(), "expected type = \"choice\" beside choices".into()));
        }
        let number = |bound: Option<Spanned<Raw>>, otherwise| match bound {
            None => Ok(otherwise),
            Some(bound) => match bound.get_ref() {
                Raw::Plain(value) if value.is_i64() => Ok(value.as_i64().unwrap_or(otherwise)),
                _ => Err(wrong(&bound, "a whole number", places)),
            },
        };
        let long = |bound: Option<Spanned<Raw>>, otherwise| match bound {
            None => Ok(otherwise),
            Some(bound) => match bound.get_ref() {
                Raw::Text(text) => Duration::parse(text).ok_or_else(|| {
                    places.unexpected(bound.span(), "expected a duration such as \"2h\"", text)
                }),
                _ => Err(wrong(&bound, "a duration such as \"2h\"", places)),
            },
        };
        let at = max.as_ref().or(min.as_ref()).map_or_else(|| self.name.span(), Spanned::span);
        let backwards = || places.mistake(at.clone(), "expected max to be at least min, came less".into());
        match kind {
            "text" => match usize::try_from(number(max, MAX_TEXT)?) {
                Ok(letters) if letters > 0 => Ok(Shape::Text(letters)),
                _ => Err(places.mistake(at, "expected at least one letter, came less".into())),
            },
            "number" => {
                let range = number(min, 0)?..=number(max, MAX_NUMBER)?;
                if range.is_empty() { Err(backwards()) } else { Ok(Shape::Number(range)) }
            }
            "duration" => {
                let range = long(min, Duration::seconds(0))?..=long(max, Duration::days(366))?;
                if range.is_empty() { Err(backwards()) } else { Ok(Shape::Duration(range)) }
            }
            "choice" => self.choices(places).map(Shape::Choice),
            "flag" => Ok(Shape::Flag),
            _ => Ok(Shape::KeyValue),
        }
    }

    fn choices(&mut self, places: &Places<'_>) -> Result<Vec<String>, Mistake> {
        let at = self.choices.as_ref().map_or_else(|| self.name.span(), Spanned::span);
        let choices = self.choices.take().map(Spanned::into_inner).unwrap_or_default();
        if choices.is_empty() {
            return Err(places.mistake(at, "expected choices = [\"…\"], came none".into()));
        }
        let mut names: Vec<String> = Vec::new();
        for choice in choices {
            if choice.get_ref().trim().is_empty() || names.contains(choice.get_ref()) {
                let expected = "expected choices that differ and are not empty";
                return Err(places.unexpected(choice.span(), expected, choice.get_ref()));
            }
            names.push(choice.into_inner());
        }
        Ok(names)
    }
}

/// A default, as it would be typed.
fn value(raw: Spanned<Raw>, shape: &Shape, places: &Places<'_>) -> Result<Located, Mistake> {
    let text = match raw.get_ref() {
        Raw::Text(text) => text.clone(),
        Raw::Plain(value) if value.is_number() => value.to_string(),
        _ => return Err(wrong(&raw, "a text or a number", places)),
    };
    let located = places.locate(&Spanned::new(raw.span(), text));
    let text = located.text();
    let fits = match shape {
        Shape::Text(letters) => !text.is_empty() && text.chars().count() <= *letters,
        Shape::Number(range) => text.parse().is_ok_and(|number| range.contains(&number)),
        Shape::Duration(range) => Duration::parse(text).is_some_and(|duration| range.contains(&duration)),
        Shape::Choice(choices) => choices.iter().any(|choice| choice == text),
        Shape::Flag | Shape::KeyValue => false,
    };
    if fits { Ok(located) } else { Err(located.unexpected("expected what the argument takes")) }
}
