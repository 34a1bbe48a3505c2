//! The sentences a chat user can see, in Chinese and English.
//!
//! They live in `src/locales/zh.yml` and `src/locales/en.yml`; a sentence is looked up by its key. The help of
//! commands is in Chinese there and in English in the commands' doc comments.

use std::{cmp::Ordering, fmt::Display};

use serde::Deserialize;

/// The sentences of each language as `build.rs` packs them: key, tab, sentence, and a NUL, in the order of the keys.
const ZH: &str = include_str!(concat!(env!("OUT_DIR"), "/zh"));
const EN: &str = include_str!(concat!(env!("OUT_DIR"), "/en"));

/// The language a reply is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// 简体中文
    #[default]
    Zh,
    /// English
    En,
}

impl Locale {
    /// The name used in dingops.toml.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The name used in HTTP (RFC 9110, 12.5.4).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The sentence under `key`, each `%{name}` in it replaced by the value of that name.
    pub fn say(self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let sentence = self.lookup(key).unwrap_or_else(|| {
            tracing::error!(key, "a sentence is in no locale file");
            key
        });
        let mut said = String::with_capacity(sentence.len());
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once("%{") {
            said.push_str(before);
            let named = after.split_once('}').and_then(|(name, after)| {
                let (_, value) = values.iter().find(|(other, _)| *other == name)?;
                Some((value, after))
            });
            rest = match named {
                Some((value, after)) => {
                    said.push_str(&value.to_string());
                    after
                }
                None => {
                    said.push_str("%{");
                    after
                }
            };
        }
        said + rest
    }

    /// The sentence under `key`, where there is one.
    pub fn lookup(self, key: &str) -> Option<&'static str> {
        let mut left = match self {
            Self::Zh => ZH,
            Self::En => EN,
        };
        while !left.is_empty() {
            let middle = left.floor_char_boundary(left.len() / 2);
            let begin = left[..middle].rfind('\0').map_or(0, |end| end + 1);
            let (entry, after) = left[begin..].split_once('\0')?;
            let (name, sentence) = entry.split_once('\t')?;
            left = match key.cmp(name) {
                Ordering::Equal => return Some(sentence),
                Ordering::Less => &left[..begin],
                Ordering::Greater => after,
            };
        }
        None
    }
}

#[cfg(test)]
mod tests;
