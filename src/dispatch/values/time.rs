//! When: a time of day, a date, or both, in the configured time zone.

use std::fmt;

use jiff::{
    Timestamp,
    civil::{self, DateTime},
    fmt::temporal::Pieces,
    tz::TimeZone,
};
use serde::{Serialize, Serializer};

use crate::dispatch::{Ctx, arguments::InvalidValue};

/// A moment, written with the offset that the time zone has then: `2026-01-02T15:04:00+08:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    at: Timestamp,
    written: String,
}

impl Time {
    /// When.
    pub fn get(&self) -> Timestamp {
        self.at
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

/// The value parser of a time: `15:04` today, `2026-01-02` when it begins, `2026-01-02T15:04`, with an offset or
/// without. It has its day and offset by the time it gets here.
///
/// # Errors
/// For a text that is no time with an offset.
pub fn time(typed: &str) -> Result<Time, InvalidValue> {
    let at = typed.parse().map_err(|_| expected(&TimeZone::UTC))?;
    Ok(Time { at, written: typed.to_owned() })
}

/// A time as typed, with its day and offset.
pub(super) fn resolve(typed: &str, ctx: &Ctx) -> Result<String, InvalidValue> {
    let zone = &ctx.zone;
    let typed = typed.replace('：', ":");
    let at = match offset(&typed) {
        true => typed.parse().map_err(|_| expected(zone))?,
        false => moment(local(&typed, ctx).ok_or_else(|| expected(zone))?, zone)?,
    };
    let offset = zone.to_offset(at);
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    Ok(whole.display_with_offset(offset).to_string())
}

fn expected(zone: &TimeZone) -> InvalidValue {
    InvalidValue::new("arguments.time").with("zone", name(zone))
}

fn name(zone: &TimeZone) -> String {
    zone.iana_name().unwrap_or("UTC").to_owned()
}

fn offset(typed: &str) -> bool {
    Pieces::parse(typed).is_ok_and(|pieces| pieces.offset().is_some())
}

/// The time on the clock on the wall. Only these forms: what else jiff reads, nobody means.
fn local(typed: &str, ctx: &Ctx) -> Option<DateTime> {
    let (date, time) = match typed.split_once(['T', ' ']) {
        Some((date, time)) => (Some(date), Some(time.trim_start())),
        None if typed.contains(':') => (None, Some(typed)),
        None => (Some(typed), None),
    };
    let today = || ctx.clock.now().to_zoned(ctx.zone.clone()).date();
    let date = date.map_or_else(|| Some(today()), civil_date)?;
    let time = time.map_or(Some(civil::Time::midnight()), civil_time)?;
    Some(date.to_datetime(time))
}

fn civil_date(typed: &str) -> Option<civil::Date> {
    let mut parts = typed.split('-').map(number);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let is_whole = parts.next().is_none() && typed.split('-').next().is_some_and(|year| year.len() == 4);
    is_whole
        .then(|| civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok())
        .flatten()
}

fn civil_time(typed: &str) -> Option<civil::Time> {
    let mut parts = typed.split(':').map(number);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let [hour, minute, second] = [hour, minute, second].map(i8::try_from);
    parts.next().is_none().then(|| civil::Time::new(hour.ok()?, minute.ok()?, second.ok()?, 0).ok()).flatten()
}

/// One to four digits.
fn number(text: &str) -> Option<i16> {
    text.parse().ok().filter(|_| text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// When a clock shows this. Where clocks are put forward or back, that is never or twice.
fn moment(local: DateTime, zone: &TimeZone) -> Result<Timestamp, InvalidValue> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let key = match ambiguous.offset() {
        jiff::tz::AmbiguousOffset::Unambiguous { .. } => {
            return ambiguous.unambiguous().map_err(|_| expected(zone));
        }
        jiff::tz::AmbiguousOffset::Gap { .. } => "arguments.time_gap",
        jiff::tz::AmbiguousOffset::Fold { before, after } => {
            let with = |offset: jiff::tz::Offset| {
                offset.to_timestamp(local).map(|at| at.display_with_offset(offset).to_string())
            };
            let both = [with(before), with(after)].into_iter().flatten().collect();
            let error = InvalidValue::new("arguments.time_fold").with("zone", name(zone));
            return Err(error.with_all("both", both));
        }
    };
    Err(InvalidValue::new(key).with("zone", name(zone)))
}
