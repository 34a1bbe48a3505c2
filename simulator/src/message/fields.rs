//! Fields of a message by name, with the path that an error shows.

use serde_json::{Map, Value};

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not there, null, or an empty text.
    Missing(String),
    /// Another type than it should have.
    Mistyped { path: String, expected: &'static str },
}

impl Fault {
    /// Where the field is: `markdown->title`.
    pub(crate) fn path(&self) -> &str {
        match self {
            Self::Missing(path) | Self::Mistyped { path, .. } => path,
        }
    }
}

/// An object, and where it is.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(object: &'a Map<String, Value>, path: &str) -> Self {
        Self { object, path: path.into() }
    }

    /// The object at this key.
    pub(crate) fn object(&self, key: &str) -> Result<Self, Fault> {
        let path = self.path(key);
        match self.value(key) {
            None => Err(Fault::Missing(path)),
            Some(Value::Object(object)) => Ok(Self { object, path }),
            Some(_) => Err(Fault::Mistyped { path, expected: "object" }),
        }
    }

    /// A text that must be there and must not be blank.
    pub(crate) fn text(&self, key: &str) -> Result<String, Fault> {
        match self.optional_text(key)? {
            text if text.trim().is_empty() => Err(Fault::Missing(self.path(key))),
            text => Ok(text),
        }
    }

    /// A text, or nothing.
    pub(crate) fn optional_text(&self, key: &str) -> Result<String, Fault> {
        match self.value(key) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => Err(Fault::Mistyped { path: self.path(key), expected: "string" }),
        }
    }

    /// A number, which the documents write as a text.
    pub(crate) fn number(&self, key: &str) -> Result<u64, Fault> {
        let mistyped = || Fault::Mistyped { path: self.path(key), expected: "number, as a string" };
        match self.value(key) {
            Some(Value::Number(number)) => number.as_u64().ok_or_else(mistyped),
            _ => self.text(key)?.trim().parse().map_err(|_| mistyped()),
        }
    }

    /// The objects of a list that must have one at least.
    pub(crate) fn objects(&self, key: &str) -> Result<Vec<Self>, Fault> {
        let path = self.path(key);
        let list = match self.value(key) {
            None => return Err(Fault::Missing(path)),
            Some(Value::Array(list)) if list.is_empty() => return Err(Fault::Missing(path)),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(Fault::Mistyped { path, expected: "array" }),
        };
        let object = |value: &'a Value| match value {
            Value::Object(object) => Ok(Self { object, path: path.clone() }),
            _ => Err(Fault::Mistyped { path: path.clone(), expected: "array of objects" }),
        };
        list.iter().map(object).collect()
    }

    /// A list of texts. Clients send numbers in it, and nothing for nobody; what is no list is no list of anybody.
    pub(crate) fn texts(&self, key: &str) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let list = self.value(key).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(text);
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// Whether a switch is on: `true` or 1, as such or as a text.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        match self.value(key) {
            Some(Value::Bool(on)) => *on,
            Some(Value::Number(number)) => number.as_u64() == Some(1),
            Some(Value::String(text)) => text == "1" || text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }

    /// Whether the key is there with a value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.value(key).is_some_and(|value| value.as_str() != Some(""))
    }

    /// Whether the key is there with a list of at least one.
    pub(crate) fn has_any(&self, key: &str) -> bool {
        self.value(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
    }

    fn value(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.into() } else { format!("{}->{key}", self.path) }
    }
}
