//! A piece of TOML of any shape whose texts are templates, and which knows where each of them stands.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::config::{
    Located,
    document::{Mistake, Places, Spanned},
};

/// Values with templates in their texts.
#[derive(Debug, Clone)]
pub enum Tree {
    /// A template.
    Text(Located),
    /// A number or a boolean, as it is.
    Plain(Value),
    /// A list.
    List(Vec<Tree>),
    /// A table; its keys are no templates.
    Table(Vec<(String, Tree)>),
}

/// The same as it is written. Read by hand: serde's untagged form would lose the places.
pub(in crate::config) enum Raw {
    Text(String),
    Plain(Value),
    List(Vec<Spanned<Raw>>),
    Table(Vec<Entry>),
}

/// A key of a table, with its value.
pub(super) type Entry = (Spanned<String>, Spanned<Raw>);

impl Raw {
    /// What it is, for a mistake that repeats no value.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Plain(Value::Bool(_)) => "true or false",
            Self::Plain(_) => "a number",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// The templates in a value.
pub(super) fn tree(raw: Spanned<Raw>, places: &Places<'_>) -> Result<Tree, Mistake> {
    let span = raw.span();
    Ok(match raw.into_inner() {
        Raw::Text(text) => Tree::Text(template(&Spanned::new(span, text), places)?),
        Raw::Plain(value) => Tree::Plain(value),
        Raw::List(items) => {
            Tree::List(items.into_iter().map(|item| tree(item, places)).collect::<Result<_, _>>()?)
        }
        Raw::Table(entries) => {
            let entry = |(name, value): (Spanned<String>, _)| Ok((name.into_inner(), tree(value, places)?));
            Tree::Table(entries.into_iter().map(entry).collect::<Result<_, _>>()?)
        }
    })
}

/// Names with a text, a number or a boolean each, or a list of those.
pub(super) fn pairs(raw: Option<Spanned<Raw>>, places: &Places<'_>) -> Result<Vec<(String, Tree)>, Mistake> {
    let pair = |(name, value): Entry| {
        let nested = match value.get_ref() {
            Raw::List(items) => {
                items.iter().find(|item| matches!(item.get_ref(), Raw::List(_) | Raw::Table(_)))
            }
            Raw::Table(_) => Some(&value),
            _ => None,
        };
        match nested {
            Some(nested) => Err(wrong(nested, "a text, a number, true or false, or a list of those", places)),
            None => Ok((name.into_inner(), tree(value, places)?)),
        }
    };
    table(raw, places)?.into_iter().map(pair).collect()
}

/// The entries of a table.
pub(super) fn table(raw: Option<Spanned<Raw>>, places: &Places<'_>) -> Result<Vec<Entry>, Mistake> {
    match raw.map(|raw| (raw.span(), raw.into_inner())) {
        None => Ok(Vec::new()),
        Some((_, Raw::Table(entries))) => Ok(entries),
        Some((span, other)) => Err(wrong(&Spanned::new(span, other), "a table of names and values", places)),
    }
}

/// A value of another kind than what is expected.
pub(super) fn wrong(raw: &Spanned<Raw>, expected: &str, places: &Places<'_>) -> Mistake {
    places.mistake(raw.span(), format!("expected {expected}, came {}", raw.get_ref().kind()))
}

/// A text that is a template, and so holds nothing from the environment.
pub(super) fn template(text: &Spanned<String>, places: &Places<'_>) -> Result<Located, Mistake> {
    let located = places.locate(text);
    if located.is_hidden() {
        let problem = "expected a template without ${…}, came one with it: put the variable under secrets, and \
                       {{ secret.NAME }} here";
        return Err(located.mistake(problem));
    }
    Ok(located)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true or false, a list or a table")
            }

            fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
                Ok(Raw::Plain(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
                Ok(Raw::Plain(value.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
                let number = serde_json::Number::from_f64(value);
                number
                    .map(|number| Raw::Plain(number.into()))
                    .ok_or_else(|| E::custom("expected a finite number"))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Raw::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
                let mut table = Vec::new();
                // A date comes as a table with a key of toml's own.
                let entry = |error: A::Error| match error.to_string().contains("$__toml_private_datetime") {
                    true => serde::de::Error::custom("expected a text, came a date: put it in quotes"),
                    false => error,
                };
                while let Some(entry) = entries.next_entry().map_err(entry)? {
                    table.push(entry);
                }
                Ok(Raw::Table(table))
            }
        }

        deserializer.deserialize_any(Any)
    }
}
