//! The sentences a chat user can see, in Chinese and English.
//!
//! They live in `src/locales/zh.yml` and `src/locales/en.yml`; a sentence is looked up by its key. The help of
//! commands is in Chinese there and in English in the commands' doc comments.

use std::fmt::Display;

use serde::Deserialize;

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

    /// The sentence under `key`, each `%{name}` in it replaced by the value of that name.
    pub fn say(self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let sentence = self.lookup(key).unwrap_or_else(|| {
            tracing::error!(key, "a sentence is in no locale file");
            key.to_owned()
        });
        if values.is_empty() {
            return sentence;
        }
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let values: Vec<String> = values.iter().map(|(_, value)| value.to_string()).collect();
        rust_i18n::replace_patterns(&sentence, &names, &values)
    }

    /// The sentence under `key`, where there is one.
    pub fn lookup(self, key: &str) -> Option<String> {
        // The macro's own function: `t!` cannot tell a sentence that is missing from one that reads like its key.
        crate::_rust_i18n_try_translate(self.name(), key).map(Into::into)
    }
}

#[cfg(test)]
mod tests;
