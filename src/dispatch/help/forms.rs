//! What an argument takes, in words: its form, its bounds, and what holds where it is left out.

use std::fmt::Display;

use clap::Arg;

use super::name;
use crate::{
    dispatch::{
        Ctx, access,
        values::{self, Duration, Kind},
    },
    locale::Locale,
};

/// Where whole numbers of the settings end that have no bound: nobody is told.
const UNBOUNDED: i64 = (1 << 53) - 1;

/// What is told of an argument beside what it is for.
pub(super) fn forms(argument: &Arg, ctx: &Ctx) -> Vec<String> {
    let mut forms = form(argument, ctx.locale);
    let here = ctx.settings.defaults.iter().find(|default| {
        !argument.is_positional()
            && default.argument.text() == name(argument)
            && access::is_in(&ctx.place, &default.place)
    });
    let own = argument.get_default_values().first().filter(|_| argument.get_action().takes_values());
    forms.extend(match (here, own) {
        (Some(here), _) => Some(ctx.locale.say("usage.default_here", &[("value", &here.value.text())])),
        (None, Some(own)) => Some(ctx.locale.say("usage.default", &[("value", &own.to_string_lossy())])),
        (None, None) => None,
    });
    forms
}

/// `暗色（dark）、亮色（light）`: what to choose from, with another name of each that has one.
pub(in crate::dispatch) fn choices(choices: &[(String, Option<String>)], locale: Locale) -> String {
    let choice = |(name, other): &(String, Option<String>)| match other {
        Some(other) => locale.say("usage.choice", &[("name", name), ("other", other)]),
        None => name.clone(),
    };
    let choices: Vec<String> = choices.iter().map(choice).collect();
    locale.say("usage.choices", &[("choices", &choices.join(&locale.say("usage.separator", &[])))])
}

fn form(argument: &Arg, locale: Locale) -> Vec<String> {
    let say = |key, values: &[(&str, &dyn Display)]| locale.say(key, values);
    // A value parser tells its bounds to who breaks them.
    let bounds = |value: &str| {
        let refusal = values::refusal(argument, value)?;
        Some((refusal.given("min")?.to_owned(), refusal.given("max")?.to_owned()))
    };
    let named: Vec<(String, Option<String>)> = argument
        .get_possible_values()
        .iter()
        .map(|value| {
            let mut names = value.get_name_and_aliases().map(str::to_owned);
            (names.next().unwrap_or_default(), names.next())
        })
        .collect();
    match values::kind(argument) {
        Kind::Flag => Vec::new(),
        Kind::Number => match bounds("x") {
            Some((min, max)) if max.parse().is_ok_and(|max: i64| max >= UNBOUNDED) => {
                vec![say("usage.at_least", &[("min", &min)])]
            }
            Some((min, max)) => vec![say("usage.number", &[("min", &min), ("max", &max)])],
            None => Vec::new(),
        },
        Kind::Duration => {
            let longest = Duration::seconds(u64::MAX).to_string();
            let bounds = bounds(&longest).or_else(|| bounds("0s"));
            let between = bounds.map(|(min, max)| say("usage.between", &[("min", &min), ("max", &max)]));
            std::iter::once(say("usage.duration", &[])).chain(between).collect()
        }
        Kind::KeyValue => vec![say("usage.pair", &[])],
        Kind::Text | Kind::Caseless if values::is_time(argument) => vec![say("usage.time", &[])],
        Kind::Text | Kind::Caseless if !named.is_empty() => vec![choices(&named, locale)],
        Kind::Text | Kind::Caseless => Vec::new(),
    }
}
