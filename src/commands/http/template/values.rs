//! Values of JSON as a template has them, and back.

use std::collections::BTreeMap;

use minijinja::{Error, ErrorKind, Value, value::ValueKind};
use serde_json::{Map, Value as Json};

/// A value for a template.
pub(in crate::commands::http) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(from_json).collect::<Vec<_>>()),
        Json::Object(entries) => Value::from(
            entries.iter().map(|(name, value)| (name.clone(), from_json(value))).collect::<BTreeMap<_, _>>(),
        ),
    }
}

/// A template's value, where it has one.
pub(super) fn to_json(value: &Value) -> Result<Json, Error> {
    let unusable = || Error::new(ErrorKind::BadSerialization, "no value of JSON");
    Ok(match value.kind() {
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Json::Null,
        ValueKind::Bool => Json::Bool(value.is_true()),
        ValueKind::Number => match value.as_i64().filter(|_| value.is_integer()) {
            Some(number) => number.into(),
            None => match u64::try_from(value.clone()).ok().filter(|_| value.is_integer()) {
                Some(number) => number.into(),
                None => Json::from(f64::try_from(value.clone())?),
            },
        },
        ValueKind::String => Json::String(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Seq | ValueKind::Iterable => {
            Json::Array(value.try_iter()?.map(|item| to_json(&item)).collect::<Result<_, _>>()?)
        }
        ValueKind::Map => {
            let mut entries = Map::new();
            for name in value.try_iter()? {
                let key = name.as_str().ok_or_else(unusable)?.to_owned();
                entries.insert(key, to_json(&value.get_item(&name)?)?);
            }
            Json::Object(entries)
        }
        _ => return Err(unusable()),
    })
}

/// A value as text: null is none, lists and tables are JSON.
pub(in crate::commands::http) fn text(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
