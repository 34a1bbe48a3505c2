//! The arguments of an entry, for clap and back.

use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Value, json};

use crate::{
    config::http::{Argument, Shape},
    dispatch::{
        arguments::{InvalidValue, text},
        values::{self, Duration, KeyValue, OneOf},
    },
};

fn id(argument: &Argument) -> String {
    argument.name.replace('-', "_")
}

/// An argument, for clap.
pub(super) fn clap(argument: &Argument) -> Arg {
    let arg = Arg::new(id(argument)).required(argument.required);
    let arg = if argument.option { arg.long(argument.name.clone()) } else { arg };
    let arg = match (&argument.shape, argument.repeated) {
        (Shape::Flag, _) => arg.action(ArgAction::SetTrue),
        (_, true) => arg.action(ArgAction::Append),
        (_, false) => arg.action(ArgAction::Set),
    };
    // A repeated positional takes as many words as follow.
    let arg = if argument.repeated && !argument.option { arg.num_args(1..) } else { arg };
    let arg = match &argument.shape {
        Shape::Text(letters) => arg.value_parser(at_most(*letters)),
        Shape::Number(range) => arg.value_parser(values::number(range.clone())),
        Shape::Duration(range) => arg.value_parser(values::duration(range.clone())),
        Shape::Choice(choices) => arg.value_parser(OneOf(choices.clone())),
        Shape::KeyValue => arg.value_parser(values::pair),
        Shape::Flag => arg,
    };
    match &argument.default {
        Some(default) => arg.default_value(default.text().to_owned()),
        None => arg,
    }
}

fn at_most(letters: usize) -> impl Fn(&str) -> Result<String, InvalidValue> + Clone + Send + Sync + 'static {
    move |typed| match typed.chars().count() {
        count if count > letters => {
            Err(InvalidValue::new("http.too_many_letters").with("max", letters).with("count", count))
        }
        _ => text(typed),
    }
}

/// An argument's canonical value; null where it was left out.
pub(super) fn value(argument: &Argument, matches: &ArgMatches) -> Value {
    let id = id(argument);
    let all: Vec<Value> = match &argument.shape {
        Shape::Flag => return matches.get_flag(&id).into(),
        Shape::KeyValue => {
            let pairs = matches.get_many::<KeyValue>(&id).into_iter().flatten();
            return pairs
                .map(|pair| (pair.key.clone(), pair.value.as_str().into()))
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
        Shape::Number(_) => {
            matches.get_many::<i64>(&id).into_iter().flatten().map(|number| json!(number)).collect()
        }
        Shape::Duration(_) => {
            matches.get_many::<Duration>(&id).into_iter().flatten().map(|duration| json!(duration)).collect()
        }
        Shape::Text(_) | Shape::Choice(_) => {
            matches.get_many::<String>(&id).into_iter().flatten().map(|text| json!(text)).collect()
        }
    };
    if argument.repeated { all.into() } else { all.into_iter().next().unwrap_or_default() }
}
