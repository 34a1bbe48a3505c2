//! KEY=VALUE, given as often as there are keys.

use std::{collections::BTreeMap, fmt};

use serde::{Serializer, ser::Error};

use crate::{dispatch::arguments::InvalidValue, text};

/// One pair. An argument has a list of them, which [`object`] serializes; that no key comes twice is seen to before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyValue {
    /// What stands before the first `=`.
    pub key: String,
    /// What stands behind it; may be empty.
    pub value: String,
}

impl fmt::Display for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// The value parser of a pair.
///
/// # Errors
/// For a text without `=`, and for a key that is empty or that nobody can see or type as one.
pub fn pair(typed: &str) -> Result<KeyValue, InvalidValue> {
    // Behind a Chinese key the splitter leaves `＝` as it is.
    let parts = typed.split_once(['=', '＝']);
    let (key, value) = parts.ok_or_else(|| InvalidValue::new("arguments.pair"))?;
    let is_unfit = |c: char| c.is_whitespace() || text::is_control(c);
    if key.is_empty() || key.starts_with('-') || key.contains(is_unfit) {
        return Err(InvalidValue::new("arguments.pair_key").at(0..key.len()));
    }
    Ok(KeyValue { key: key.to_owned(), value: value.to_owned() })
}

/// Serializes pairs as one object.
///
/// # Errors
/// For a key that comes twice: one value would be lost.
pub fn object<S: Serializer>(pairs: &[KeyValue], serializer: S) -> Result<S::Ok, S::Error> {
    let map: BTreeMap<&str, &str> =
        pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect();
    if map.len() < pairs.len() {
        return Err(S::Error::custom("expected each key once, came one twice"));
    }
    serializer.collect_map(map)
}
