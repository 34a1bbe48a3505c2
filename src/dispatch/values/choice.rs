//! One of a few names, English or Chinese.

use std::{ffi::OsStr, fmt, marker::PhantomData};

use clap::{
    ValueEnum,
    builder::{PossibleValue, TypedValueParser},
};
use serde::{Serialize, Serializer};

use super::near;
use crate::dispatch::{arguments::InvalidValue, table::folded};

/// As many names as a sentence lists in full.
const FEW: usize = 8;

/// One of an enum's variants. Its doc comments are the help; `#[value(alias = "生产")]` gives it another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<E>(pub E);

impl<E: ValueEnum> fmt::Display for Choice<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_possible_value().map_or(Ok(()), |value| f.write_str(value.get_name()))
    }
}

impl<E: ValueEnum> Serialize for Choice<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The value parser of a choice.
pub fn choice<E>() -> ChoiceParser<E> {
    ChoiceParser(PhantomData)
}

/// See [`choice`].
#[derive(Debug)]
pub struct ChoiceParser<E>(PhantomData<fn() -> E>);

impl<E> Clone for ChoiceParser<E> {
    fn clone(&self) -> Self {
        choice()
    }
}

impl<E: ValueEnum + Send + Sync + 'static> TypedValueParser for ChoiceParser<E> {
    type Value = Choice<E>;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        typed: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let find = |typed: &str| {
            let (variants, values): (Vec<_>, Vec<_>) = variants::<E>().unzip();
            chosen(&values, typed).map(|index| Choice(variants[index].clone()))
        };
        find.parse_ref(command, argument, typed)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(variants::<E>().map(|(_, value)| value)))
    }
}

/// The value parser of one of some texts.
#[derive(Debug, Clone)]
pub struct OneOf(pub Vec<String>);

impl TypedValueParser for OneOf {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        typed: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        let texts = self.0.clone();
        let find = move |typed: &str| {
            let values: Vec<PossibleValue> = texts.iter().map(PossibleValue::new).collect();
            chosen(&values, typed).map(|index| texts[index].clone())
        };
        find.parse_ref(command, argument, typed)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}

fn variants<E: ValueEnum + 'static>() -> impl Iterator<Item = (&'static E, PossibleValue)> {
    E::value_variants().iter().filter_map(|variant| Some((variant, variant.to_possible_value()?)))
}

/// Which of these is meant, whatever its case.
///
/// # Errors
/// When none is: all of them where they are few, else those like it.
pub fn chosen(values: &[PossibleValue], typed: &str) -> Result<usize, InvalidValue> {
    let is_meant =
        |value: &PossibleValue| value.get_name_and_aliases().any(|name| folded(name) == folded(typed));
    if let Some(index) = values.iter().position(is_meant) {
        return Ok(index);
    }
    let names = || values.iter().map(PossibleValue::get_name);
    let nearest = near(typed, values.iter().flat_map(PossibleValue::get_name_and_aliases));
    let (key, listed) = match (values.len() <= FEW, nearest.is_empty()) {
        (true, _) => ("arguments.choice", names().map(str::to_owned).collect()),
        (false, false) => ("arguments.choice_nearest", nearest),
        (false, true) => ("arguments.choice_many", names().take(3).map(str::to_owned).collect()),
    };
    Err(InvalidValue::new(key).with_all("choices", listed))
}
