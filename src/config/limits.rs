//! `[limits]`: how much one person may say to one process.

use serde::Deserialize;

use super::document::{Mistake, Places, Spanned};

const PER_MINUTE: u32 = 10;
const PER_DAY: u32 = 200;
/// More than DingTalk itself passes on (protocol.md 2), and than anyone means.
const MOST: u32 = 100_000;

/// How many commands one person may say to one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// In a minute.
    pub per_minute: u32,
    /// In 24 hours.
    pub per_day: u32,
}

#[derive(Deserialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsSection {
    /// Messages in a minute; 10 where it is left out.
    #[cfg_attr(test, schemars(extend("minimum" = 1, "maximum" = MOST)))]
    per_minute: Option<Spanned<i64>>,
    /// Messages in 24 hours; 200 where it is left out.
    #[cfg_attr(test, schemars(extend("minimum" = 1, "maximum" = MOST)))]
    per_day: Option<Spanned<i64>>,
}

impl LimitsSection {
    pub(super) fn check(self, places: &Places<'_>) -> Result<Limits, Mistake> {
        let limit = |number: Option<Spanned<i64>>, default| {
            let Some(number) = number else { return Ok(default) };
            let fits = u32::try_from(*number.get_ref()).ok().filter(|number| (1..=MOST).contains(number));
            fits.ok_or_else(|| {
                let expected = format!("expected a number from 1 to {MOST}, came {}", number.get_ref());
                places.mistake(number.span(), expected)
            })
        };
        Ok(Limits { per_minute: limit(self.per_minute, PER_MINUTE)?, per_day: limit(self.per_day, PER_DAY)? })
    }
}
