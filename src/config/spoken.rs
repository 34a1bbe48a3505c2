//! A sentence of the settings in both languages.

use serde::Deserialize;

use super::document::{Mistake, Places, Spanned};
use crate::locale::Locale;

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    zh: String,
    en: String,
}

impl Spoken {
    /// In this language.
    pub fn told(&self, locale: Locale) -> &str {
        match locale {
            Locale::Zh => &self.zh,
            Locale::En => &self.en,
        }
    }
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "{ zh = \"…\", en = \"…\" }")]
pub(super) struct SpokenSection {
    /// In Chinese.
    zh: Spanned<String>,
    /// In English.
    en: Spanned<String>,
}

impl SpokenSection {
    pub(super) fn check(self, places: &Places<'_>) -> Result<Spoken, Mistake> {
        let told = |text: Spanned<String>| match text.get_ref().trim() {
            "" => Err(places.mistake(text.span(), "expected a sentence, came an empty text".into())),
            text => Ok(text.to_owned()),
        };
        Ok(Spoken { zh: told(self.zh)?, en: told(self.en)? })
    }
}
