//! How long something takes or holds: `90s`, `15m`, `1h30m`, `3d`, `2小时`.

use std::{fmt, ops::RangeInclusive};

use serde::{Serialize, Serializer};

use crate::dispatch::{arguments::InvalidValue, table};

/// A duration in whole seconds. It is written in the largest units that fit: `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    seconds: u64,
}

/// Units from the largest on: how they are written, what else they may be called, and their seconds.
const UNITS: [(&str, &[&str], u64); 4] = [
    ("d", &["d", "天"], 24 * 60 * 60),
    ("h", &["h", "小时"], 60 * 60),
    ("m", &["m", "min", "分钟", "分"], 60),
    ("s", &["s", "秒钟", "秒"], 1),
];

impl Duration {
    /// So many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self { seconds }
    }

    /// So many minutes.
    pub const fn minutes(minutes: u64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// So many hours.
    pub const fn hours(hours: u64) -> Self {
        Self::minutes(hours.saturating_mul(60))
    }

    /// So many days.
    pub const fn days(days: u64) -> Self {
        Self::hours(days.saturating_mul(24))
    }

    /// How long it is.
    pub const fn get(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.seconds)
    }

    /// A duration as it is typed: numbers with units, the larger unit first, each at most once.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = table::folded(typed);
        let mut rest = typed.as_str();
        let mut units = UNITS.iter();
        let mut seconds: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let (number, after) = rest.split_at(digits);
            let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
            let (unit, after) = after.split_at(unit);
            let (_, _, each) = units.find(|(_, names, _)| names.contains(&unit))?;
            seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(*each)?)?;
            rest = after;
        }
        (!typed.is_empty()).then_some(Self { seconds })
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds == 0 {
            return f.write_str("0s");
        }
        let mut left = self.seconds;
        for (unit, _, each) in UNITS {
            if left >= each {
                write!(f, "{}{unit}", left / each)?;
                left %= each;
            }
        }
        Ok(())
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The value parser of a duration in this range.
pub fn duration(
    range: RangeInclusive<Duration>,
) -> impl Fn(&str) -> Result<Duration, InvalidValue> + Clone + Send + Sync + 'static {
    move |typed| {
        let duration = Duration::parse(typed).ok_or_else(|| InvalidValue::new("arguments.duration"))?;
        if range.contains(&duration) {
            return Ok(duration);
        }
        let error = InvalidValue::new("arguments.duration_range");
        Err(error.with("min", range.start()).with("max", range.end()))
    }
}
