//! JSON read once, straight into the fields that are known, and forgiving about their types.
//!
//! No reader here fails on a value: each field becomes a [`Json`], whatever came, and is judged when it is used. So
//! what serde_json refuses is never a wrong type, and errors need no text of its (which can quote the body).

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{DecodeError, MAX_DEPTH};

/// A JSON value whose arrays are read as `L` and whose objects as `O`.
pub(super) enum Json<'a, L, O> {
    Null,
    Bool(bool),
    /// The number, if it is a whole one of 64 bits.
    Number(Option<i64>),
    Text(Cow<'a, str>),
    List(L),
    Object(O),
}

/// A value that should be neither array nor object.
pub(super) type Scalar<'a> = Json<'a, Skipped, Skipped>;
/// A value that should be the object `O`.
pub(super) type Nested<'a, O> = Json<'a, Skipped, O>;
/// A value that should be the array `L`.
pub(super) type Items<'a, L> = Json<'a, L, Skipped>;

/// How an array is read.
pub(super) trait List<'a>: Sized {
    fn read<A: SeqAccess<'a>>(items: A) -> Result<Self, A::Error>;

    /// A known key that came twice in one of its objects.
    fn repeated(&self) -> Option<&'static str>;
}

/// How an object is read.
pub(super) trait Object<'a>: Sized {
    fn read<A: MapAccess<'a>>(fields: A) -> Result<Self, A::Error>;

    /// A known key that came twice, here or further in.
    fn repeated(&self) -> Option<&'static str>;
}

/// An array or object that nobody reads.
pub(super) struct Skipped;

impl<'a> List<'a> for Skipped {
    fn read<A: SeqAccess<'a>>(mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self)
    }

    fn repeated(&self) -> Option<&'static str> {
        None
    }
}

impl<'a> Object<'a> for Skipped {
    fn read<A: MapAccess<'a>>(mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self)
    }

    fn repeated(&self) -> Option<&'static str> {
        None
    }
}

/// A key, borrowed unless it has escapes.
#[derive(Deserialize)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Declares an object by its known keys, and reads it: other keys are skipped, a known one that comes twice is noted.
///
/// serde's derive would do, but for what it makes of a key that comes twice: a sentence, not a value.
macro_rules! known {
    ($(#[$about:meta])* struct $name:ident<$a:lifetime> { $($field:ident: $kind:ty = $key:literal,)+ }) => {
        $(#[$about])*
        #[derive(Default)]
        pub(super) struct $name<$a> {
            $($field: Option<$kind>,)+
            repeated: Option<&'static str>,
        }

        impl<$a> Object<$a> for $name<$a> {
            fn read<A: serde::de::MapAccess<$a>>(mut fields: A) -> Result<Self, A::Error> {
                let mut object = Self::default();
                while let Some(key) = fields.next_key::<Key<$a>>()? {
                    match &*key.0 {
                        $($key if object.$field.is_some() => {
                            object.repeated = Some($key);
                            fields.next_value::<serde::de::IgnoredAny>()?;
                        }
                        $key => {
                            let value = object.$field.insert(fields.next_value()?);
                            object.repeated = object.repeated.or(value.repeated());
                        })+
                        _ => {
                            fields.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(object)
            }

            fn repeated(&self) -> Option<&'static str> {
                self.repeated
            }
        }
    };
}
pub(super) use known;

impl<'a, L: List<'a>, O: Object<'a>> Json<'a, L, O> {
    /// The name of its JSON type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// Whether it is null, which is as good as missing.
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is null or the empty string.
    pub(super) fn is_blank(&self) -> bool {
        matches!(self, Self::Null) || matches!(self, Self::Text(text) if text.is_empty())
    }

    /// A known key that came twice in it.
    pub(super) fn repeated(&self) -> Option<&'static str> {
        match self {
            Self::List(list) => list.repeated(),
            Self::Object(object) => object.repeated(),
            _ => None,
        }
    }

    /// The error that it is not what `key` has.
    pub(super) fn wrong(&self, key: &'static str, expected: &'static str) -> DecodeError {
        DecodeError::WrongType { key, expected, came: self.type_name() }
    }
}

/// A text, which may be empty. A whole number counts as its digits.
pub(super) fn text(field: Option<Scalar<'_>>, key: &'static str) -> Result<Option<String>, DecodeError> {
    match field {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text)) => Ok(Some(text.into_owned())),
        Some(Json::Number(Some(number))) => Ok(Some(number.to_string())),
        Some(other) => Err(other.wrong(key, "a string or a whole number")),
    }
}

/// An id or a name: a text of which the empty one counts as missing.
pub(super) fn name(field: Option<Scalar<'_>>, key: &'static str) -> Result<Option<String>, DecodeError> {
    Ok(text(field, key)?.filter(|text| !text.is_empty()))
}

/// A text where a wrong type is not worth an error.
pub(super) fn text_if_any(field: Option<Scalar<'_>>) -> Option<String> {
    text(field, "").ok().flatten()
}

/// A name where a wrong type is not worth an error.
pub(super) fn name_if_any(field: Option<Scalar<'_>>) -> Option<String> {
    text_if_any(field).filter(|text| !text.is_empty())
}

/// A time in milliseconds, as a number or as its digits; the empty string counts as missing.
pub(super) fn millis(field: Option<Scalar<'_>>, key: &'static str) -> Result<Option<i64>, DecodeError> {
    let number = match &field {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::Text(text)) if text.is_empty() => return Ok(None),
        Some(Json::Number(number)) => *number,
        Some(Json::Text(digits)) => digits.parse().ok().or_else(|| digits.parse().ok().and_then(whole)),
        Some(_) => None,
    };
    match (number, field) {
        (None, Some(other)) => Err(other.wrong(key, "a whole number of 64 bits")),
        (number, _) => Ok(number),
    }
}

/// A flag: true, 1, or either as a string; the empty string counts as missing.
pub(super) fn flag(field: Option<Scalar<'_>>, key: &'static str) -> Result<Option<bool>, DecodeError> {
    match field {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Bool(flag)) => Ok(Some(flag)),
        Some(Json::Number(Some(number @ 0..=1))) => Ok(Some(number == 1)),
        Some(Json::Text(text)) if text.is_empty() => Ok(None),
        Some(Json::Text(text)) if text == "1" || text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Json::Text(text)) if text == "0" || text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(other) => Err(other.wrong(key, "true or false")),
    }
}

/// The bytes as text.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        DecodeError::NotJson { line, column }
    })
}

/// Reads JSON whose outermost object is `O`.
pub(super) fn parse<'a, O: Object<'a>>(json: &'a str) -> Result<Nested<'a, O>, DecodeError> {
    check_depth(json)?;
    let value: Nested<'a, O> = serde_json::from_str(json)
        .map_err(|error| DecodeError::NotJson { line: error.line(), column: error.column() })?;
    match value.repeated() {
        Some(key) => Err(DecodeError::DuplicateKey { key }),
        None => Ok(value),
    }
}

/// Reads a string that may hold an object as JSON. `None` when it holds anything else.
pub(super) fn embedded<'a, O: Object<'a>>(text: &'a str) -> Result<Option<O>, DecodeError> {
    // A text that merely begins with a run of brackets is not too deep JSON, so only what opens an object is tried.
    if !text.trim_start().starts_with('{') {
        return Ok(None);
    }
    match parse(text) {
        Ok(Json::Object(object)) => Ok(Some(object)),
        Ok(_) | Err(DecodeError::NotJson { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Counted before anything is read, so that what nests deeply costs one pass over its bytes and no stack.
fn check_depth(json: &str) -> Result<(), DecodeError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(DecodeError::TooDeep { limit: MAX_DEPTH });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The whole number that a float is, unless it is too large for floats to be exact.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    // The cast is exact by the two conditions, of which NaN and infinity meet none.
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

impl<'de: 'a, 'a, L: List<'de>, O: Object<'de>> Deserialize<'de> for Json<'a, L, O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything(PhantomData))
    }
}

struct Anything<J>(PhantomData<J>);

impl<'de: 'a, 'a, L: List<'de>, O: Object<'de>> Visitor<'de> for Anything<Json<'a, L, O>> {
    type Value = Json<'a, L, O>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(Some(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.try_into().ok()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Json::Number(whole(value)))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        L::read(items).map(Json::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        O::read(fields).map(Json::Object)
    }
}
