//! `[[defaults]]`: what a group is about, so that nobody types it.

use std::collections::BTreeMap;

use toml::Value;

use super::{
    document::{Located, Mistake, Places, Spanned},
    names::Names,
    rules::Wherever,
};

/// The value of an argument in some place, where nobody types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceDefault {
    /// Where it holds.
    pub place: Wherever,
    /// The argument, as help shows it.
    pub argument: Located,
    /// Its value, as it would be typed.
    pub value: Located,
}

/// Arguments stand beside `in`, under their own names, so the table is read by hand.
pub(super) type DefaultsSection = Spanned<BTreeMap<Spanned<String>, Spanned<Value>>>;

pub(super) fn check(
    sections: Vec<DefaultsSection>,
    names: &Names<'_>,
    places: &Places<'_>,
) -> Result<Vec<PlaceDefault>, Mistake> {
    let mut defaults: Vec<PlaceDefault> = Vec::new();
    for section in sections {
        let span = section.span();
        let (within, arguments): (Vec<_>, Vec<_>) =
            section.into_inner().into_iter().partition(|(name, _)| name.get_ref() == "in");
        let Some((_, within)) = within.into_iter().next() else {
            return Err(places.mistake(span, "expected in = [...], the places it is about, came none".into()));
        };
        if arguments.is_empty() {
            return Err(places.mistake(span, "expected the value of an argument beside in, came none".into()));
        }
        let strings = within.get_ref().as_array().filter(|list| !list.is_empty());
        let strings: Option<Vec<&str>> = strings.and_then(|list| list.iter().map(Value::as_str).collect());
        let strings = strings.ok_or_else(|| {
            places.mistake(within.span(), "expected a list of names of [groups] or \"private\"".into())
        })?;
        for name in strings {
            let name = places.locate(&Spanned::new(within.span(), name.to_owned()));
            let place = names.place(&name)?.is;
            for (argument, value) in &arguments {
                let text = match value.get_ref() {
                    Value::String(text) if !text.is_empty() => text.clone(),
                    Value::Integer(number) => number.to_string(),
                    _ => {
                        let problem = "expected a text that is not empty, or a number, came something else";
                        return Err(places.mistake(value.span(), problem.into()));
                    }
                };
                let argument = places.locate(argument);
                let same =
                    |other: &PlaceDefault| other.place == place && other.argument.text() == argument.text();
                if defaults.iter().any(same) {
                    return Err(
                        argument.mistake(format!("expected one value in \"{}\", came another", name.text()))
                    );
                }
                let value = places.locate(&Spanned::new(value.span(), text));
                defaults.push(PlaceDefault { place: place.clone(), argument, value });
            }
        }
    }
    Ok(defaults)
}
