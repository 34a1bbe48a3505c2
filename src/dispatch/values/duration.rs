//! How long something takes or holds: `90s`, `15m`, `1h30m`, `3d`, `1.5h`, `2小时`, `半天`, `一个半小时`.

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

    /// A duration as it is typed: numbers with units, the larger unit first, each at most once. It comes to whole seconds.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = table::folded(typed);
        let mut rest = typed.as_str();
        let mut units = UNITS.iter();
        let mut seconds: u64 = 0;
        while !rest.is_empty() {
            let (amount, after) = Amount::read(rest)?;
            let unit = after.find(begins_number).unwrap_or(after.len());
            let (unit, after) = after.split_at(unit);
            let (_, _, each) = units.find(|(_, names, _)| names.contains(&unit))?;
            seconds = seconds.checked_add(amount.of(*each)?)?;
            rest = after;
            // `一天半`
            if rest == HALF {
                seconds = seconds.checked_add(Amount { count: 1, parts: 2 }.of(*each)?)?;
                break;
            }
        }
        (!typed.is_empty()).then_some(Self { seconds })
    }
}

const HALF: &str = "半";
/// Chinese digits from 1 on.
const DIGITS: &str = "一二三四五六七八九";

fn begins_number(c: char) -> bool {
    c.is_ascii_digit() || DIGITS.contains(c) || matches!(c, '两' | '十' | '半')
}

/// So many parts of a unit: `1.5` is 15 tenths.
struct Amount {
    count: u64,
    parts: u64,
}

impl Amount {
    /// Reads one from the beginning of a text: `3`, `1.5`, `半`, `两个`, `一个半`; with what follows.
    fn read(text: &str) -> Option<(Self, &str)> {
        if let Some(rest) = text.strip_prefix(HALF) {
            return Some((Self { count: 1, parts: 2 }, rest.strip_prefix('个').unwrap_or(rest)));
        }
        let (count, rest) = digits(text).or_else(|| numeral(text))?;
        if let Some((decimals, after)) = rest.strip_prefix('.').and_then(digits) {
            let places = u32::try_from(rest.len() - after.len() - 1).ok()?;
            let parts = 10_u64.checked_pow(places)?;
            return Some((Self { count: count.checked_mul(parts)?.checked_add(decimals)?, parts }, after));
        }
        match rest.strip_prefix('个').map(|rest| (rest, rest.strip_prefix(HALF))) {
            Some((_, Some(rest))) => {
                Some((Self { count: count.checked_mul(2)?.checked_add(1)?, parts: 2 }, rest))
            }
            Some((rest, None)) => Some((Self { count, parts: 1 }, rest)),
            None => Some((Self { count, parts: 1 }, rest)),
        }
    }

    /// So much of this many seconds, where that is whole.
    fn of(self, seconds: u64) -> Option<u64> {
        let seconds = self.count.checked_mul(seconds)?;
        seconds.is_multiple_of(self.parts).then_some(seconds / self.parts)
    }
}

fn digits(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// A Chinese number below a hundred: `两`, `十五`, `三十`.
fn numeral(text: &str) -> Option<(u64, &str)> {
    let digit = |text: &'_ str| -> Option<(u64, usize)> {
        let first = text.chars().next()?;
        let value = if first == '两' { 2 } else { 1 + DIGITS.chars().position(|digit| digit == first)? };
        Some((u64::try_from(value).ok()?, first.len_utf8()))
    };
    let (tens, rest) = match digit(text) {
        None => (1, text.strip_prefix('十')?),
        Some((value, length)) => match text[length..].strip_prefix('十') {
            None => return Some((value, &text[length..])),
            Some(rest) => (value, rest),
        },
    };
    let (ones, length) = digit(rest).unwrap_or_default();
    Some((10 * tens + ones, &rest[length..]))
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
