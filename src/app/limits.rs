//! How much one person may say to one process: so many commands a minute, and so many a day.
//!
//! It keeps a script that went wrong, or somebody's temper, from using up the month's messages. It protects nothing:
//! another process counts anew, and whoever holds a header pair can make up any sender.

use jiff::{SignedDuration, Timestamp};

use super::memory::Recently;
use crate::config;

/// How often somebody may say that they did not ask for something, beside all else: a flood in their name does not
/// silence them.
pub(super) const DISOWNED: config::Limits = config::Limits { per_minute: 3, per_day: 1000 };
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What everyone said lately.
pub(super) struct Limits {
    most: config::Limits,
    people: Recently<Count>,
}

/// What one person said. The day begins with the first.
#[derive(Default)]
struct Count {
    today: u32,
    this_minute: u32,
    minute_began: Timestamp,
    silent_until: Option<Timestamp>,
}

/// Whether somebody is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// They are.
    Free,
    /// They are told that they said too much.
    Over(Over),
    /// They were told.
    Silent,
}

/// What is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Over {
    /// So many are allowed.
    pub(super) most: u32,
    /// In this time.
    pub(super) window: Window,
    /// When it is over.
    pub(super) until: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    Minute,
    Day,
}

impl Limits {
    pub(super) fn new(most: config::Limits) -> Self {
        Self { most, people: Recently::new(DAY) }
    }

    /// Whether this person is answered now, which counts. Where they are told of it, they count as told.
    pub(super) fn take(&self, name: &str, now: Timestamp) -> Turn {
        self.people.with(name, now, |since, count| {
            if count.silent_until.is_some_and(|until| now < until) {
                return Turn::Silent;
            }
            if now.duration_since(count.minute_began) >= MINUTE {
                (count.minute_began, count.this_minute) = (now, 0);
            }
            let config::Limits { per_minute, per_day } = self.most;
            let over = if count.today >= per_day {
                Over { most: per_day, window: Window::Day, until: since + DAY }
            } else if count.this_minute >= per_minute {
                Over { most: per_minute, window: Window::Minute, until: count.minute_began + MINUTE }
            } else {
                count.today += 1;
                count.this_minute += 1;
                return Turn::Free;
            };
            count.silent_until = Some(over.until);
            Turn::Over(over)
        })
    }

    /// This person was not told after all.
    pub(super) fn untold(&self, name: &str, now: Timestamp) {
        self.people.with(name, now, |_, count| count.silent_until = None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn limits(per_minute: u32, per_day: u32) -> Limits {
        Limits::new(config::Limits { per_minute, per_day })
    }

    fn over(most: u32, window: Window, until: i64) -> Turn {
        Turn::Over(Over { most, window, until: at(until) })
    }

    #[test]
    fn silence_lasts_until_the_minute_is_over() {
        let limits = limits(2, 100);
        assert_eq!([0, 59].map(|second| limits.take("a", at(second))), [Turn::Free; 2]);
        assert_eq!(limits.take("a", at(59)), over(2, Window::Minute, 60));
        assert_eq!(limits.take("a", at(59)), Turn::Silent);
        assert_eq!(limits.take("b", at(59)), Turn::Free);
        assert_eq!([60, 60].map(|second| limits.take("a", at(second))), [Turn::Free; 2]);
        assert_eq!(limits.take("a", at(60)), over(2, Window::Minute, 120));
    }

    #[test]
    fn silence_lasts_until_the_day_is_over_and_counts_nothing() {
        let limits = limits(2, 3);
        assert_eq!([10, 10].map(|second| limits.take("a", at(second))), [Turn::Free; 2]);
        assert_eq!(limits.take("a", at(11)), over(2, Window::Minute, 70));
        assert_eq!(limits.take("a", at(70)), Turn::Free);
        assert_eq!(limits.take("a", at(71)), over(3, Window::Day, 10 + 86_400));
        assert_eq!(limits.take("a", at(9 + 86_400)), Turn::Silent);
        assert_eq!([10, 11].map(|second| limits.take("a", at(second + 86_400))), [Turn::Free; 2]);
    }

    #[test]
    fn what_did_not_arrive_is_told_again() {
        let limits = limits(1, 100);
        assert_eq!(limits.take("a", at(0)), Turn::Free);
        assert_eq!(limits.take("a", at(1)), over(1, Window::Minute, 60));
        limits.untold("a", at(1));
        assert_eq!(limits.take("a", at(2)), over(1, Window::Minute, 60));
        assert_eq!(limits.take("a", at(3)), Turn::Silent);
    }
}
