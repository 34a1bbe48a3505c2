//! Limits over time: the monthly quotas, and messages or calls in a while.

use std::{collections::VecDeque, time::Duration};

use jiff::{Timestamp, civil::Date, tz::offset};
use serde::Serialize;

/// What the organisation may use in a month, and has used (protocol.md 5, KB-1431 to KB-1435).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quotas {
    /// Calls of the OpenAPI, tokens aside.
    pub api: Quota,
    /// Messages by webhook, received and sent.
    pub messages: Quota,
    #[serde(skip)]
    month: Date,
}

/// One of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// How many in a month.
    pub limit: u64,
    /// How many this month.
    pub used: u64,
}

impl Quota {
    /// One more, if there is one left.
    pub(crate) fn take(&mut self) -> bool {
        let left = self.used < self.limit;
        self.used += u64::from(left);
        left
    }
}

/// The free edition's since 2025-11-19.
impl Default for Quotas {
    fn default() -> Self {
        let quota = |limit| Quota { limit, used: 0 };
        Self { api: quota(5000), messages: quota(3000), month: Date::ZERO }
    }
}

impl Quotas {
    /// As they are now: a new month, in China, begins with nothing used.
    pub(crate) fn at(&mut self, now: Timestamp) -> &mut Self {
        let month = offset(8).to_datetime(now).date().first_of_month();
        if self.month != month {
            self.month = month;
            (self.api.used, self.messages.used) = (0, 0);
        }
        self
    }
}

/// At most so many in a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    limit: usize,
    span: Duration,
    /// How long one that asks for more gets nothing at all.
    penalty: Duration,
    taken: VecDeque<Timestamp>,
    barred_until: Option<Timestamp>,
}

impl Window {
    pub(crate) fn new(limit: usize, span: Duration, penalty: Duration) -> Self {
        Self { limit, span, penalty, taken: VecDeque::new(), barred_until: None }
    }

    /// One more, if it is not too many.
    pub(crate) fn take(&mut self, now: Timestamp) -> bool {
        if self.barred_until.is_some_and(|until| now < until) {
            return false;
        }
        self.taken.retain(|&at| now < at + self.span);
        let fits = self.taken.len() < self.limit;
        if fits {
            self.taken.push_back(now);
        } else {
            self.barred_until = Some(now + self.penalty);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + second).expect("a time")
    }

    #[test]
    fn one_too_many_bars_for_the_penalty() {
        let mut window = Window::new(20, Duration::from_secs(60), Duration::from_secs(600));
        assert!((0..20).all(|second| window.take(at(second))));
        assert!(!window.take(at(59)));
        assert!(!window.take(at(658)), "ten minutes from the one that was too many");
        assert!(window.take(at(659)));
    }

    #[test]
    fn without_a_penalty_the_window_slides() {
        let mut window = Window::new(2, Duration::from_secs(1), Duration::ZERO);
        assert!(window.take(at(0)) && window.take(at(0)));
        assert!(!window.take(at(0)));
        assert!(window.take(at(1)));
    }

    #[test]
    fn a_month_begins_at_midnight_in_china() {
        let mut quotas = Quotas::default();
        let eve = "2026-01-31T15:59:59Z".parse().expect("a time");
        let midnight = "2026-01-31T16:00:00Z".parse().expect("a time");
        assert!(quotas.at(eve).api.take());
        assert_eq!(quotas.at(eve).api.used, 1);
        assert_eq!(quotas.at(midnight).api.used, 0);
    }
}
