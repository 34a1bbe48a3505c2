//! What this process saw in the last minutes. A bonus, never a protection: another process does not know it.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// At most this many are remembered, the oldest forgotten first.
const MOST: usize = 4096;
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Remembers names for a while, as hashes: a name may be long. Something else can be remembered with each.
pub(super) struct Recently<T = bool> {
    within: SignedDuration,
    hasher: RandomState,
    seen: Mutex<Seen<T>>,
}

#[derive(Default)]
struct Seen<T> {
    /// Since when, and what else.
    names: HashMap<u64, (Timestamp, T)>,
    order: VecDeque<(Timestamp, u64)>,
}

impl<T: Default> Recently<T> {
    pub(super) fn new(within: SignedDuration) -> Self {
        Self { within, hasher: RandomState::new(), seen: Mutex::default() }
    }

    /// Changes what is remembered with a name, which from now on was seen; told since when.
    pub(super) fn with<R>(
        &self,
        name: &str,
        now: Timestamp,
        change: impl FnOnce(Timestamp, &mut T) -> R,
    ) -> R {
        let name = self.hasher.hash_one(name);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.order.front().is_some_and(|(when, _)| now.duration_since(*when) >= self.within) {
            seen.forget_oldest();
        }
        if !seen.names.contains_key(&name) {
            if seen.order.len() == MOST {
                seen.forget_oldest();
            }
            seen.order.push_back((now, name));
        }
        let (since, with_it) = seen.names.entry(name).or_insert_with(|| (now, T::default()));
        change(*since, with_it)
    }

    /// This name was not seen after all.
    pub(super) fn forget(&self, name: &str) {
        let name = self.hasher.hash_one(name);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.names.remove(&name);
        seen.order.retain(|(_, known)| *known != name);
    }
}

impl Recently<bool> {
    /// Whether this name was not seen within the time; from now on it was.
    pub(super) fn first_time(&self, name: &str, now: Timestamp) -> bool {
        self.with(name, now, |_, seen| !std::mem::replace(seen, true))
    }
}

impl<T> Seen<T> {
    fn forget_oldest(&mut self) {
        if let Some((_, oldest)) = self.order.pop_front() {
            self.names.remove(&oldest);
        }
    }
}

/// Lets a few lines a minute through and counts the rest, for what strangers can cause at will. Lines have kinds, so
/// that many of one kind do not hide the first of another.
pub(super) struct Sparingly {
    of_a_kind: u32,
    in_all: u32,
    window: Mutex<Window>,
}

struct Window {
    since: Option<Timestamp>,
    logged: HashMap<&'static str, u32>,
    withheld: u64,
}

impl Sparingly {
    /// At most so many lines a minute of each kind, and of all kinds together.
    pub(super) fn new(of_a_kind: u32, in_all: u32) -> Self {
        let window = Window { since: None, logged: HashMap::new(), withheld: 0 };
        Self { of_a_kind, in_all, window: Mutex::new(window) }
    }

    /// Whether to log a line of this kind now; with how many lines were withheld since the last one that was logged.
    pub(super) fn admit(&self, kind: &'static str, now: Timestamp) -> Option<u64> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let over = window.since.is_none_or(|since| now.duration_since(since) >= MINUTE);
        if over {
            window.since = Some(now);
            window.logged.clear();
        }
        let in_all: u32 = window.logged.values().sum();
        let of_a_kind = window.logged.entry(kind).or_default();
        if *of_a_kind >= self.of_a_kind || in_all >= self.in_all {
            window.withheld += 1;
            return None;
        }
        *of_a_kind += 1;
        Some(std::mem::take(&mut window.withheld))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_new_again_after_a_while() {
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let recently = Recently::new(SignedDuration::from_mins(1));
        assert!(recently.first_time("a", at(0)));
        assert!(!recently.first_time("a", at(59)));
        assert!(recently.first_time("b", at(59)));
        assert!(recently.first_time("a", at(60)));
        assert!(!recently.first_time("b", at(60)));
    }

    #[test]
    fn what_is_forgotten_is_new_and_as_old_as_its_return() {
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let recently = Recently::new(SignedDuration::from_mins(1));
        assert!(recently.first_time("a", at(0)));
        recently.forget("a");
        recently.forget("b");
        assert!(recently.first_time("a", at(30)));
        assert!(!recently.first_time("a", at(60)), "its first time was forgotten, not its second");
        assert!(recently.first_time("a", at(90)));
    }

    #[test]
    fn the_oldest_are_forgotten_first() {
        let recently = Recently::new(SignedDuration::from_mins(1));
        for number in 0..MOST {
            assert!(recently.first_time(&number.to_string(), Timestamp::UNIX_EPOCH));
        }
        assert!(!recently.first_time("0", Timestamp::UNIX_EPOCH));
        assert!(recently.first_time(&MOST.to_string(), Timestamp::UNIX_EPOCH));
        assert!(!recently.first_time(&MOST.to_string(), Timestamp::UNIX_EPOCH));
        assert!(recently.first_time("0", Timestamp::UNIX_EPOCH));
        assert!(recently.seen.lock().unwrap().names.len() <= MOST);
    }

    #[test]
    fn any_number_of_made_up_names_takes_no_more_room_than_many() {
        let recently = Recently::<u64>::new(SignedDuration::from_hours(24));
        for number in 0..100_000 {
            recently.with(&number.to_string(), Timestamp::UNIX_EPOCH, |_, seen| *seen += 1);
        }
        let seen = recently.seen.lock().unwrap();
        assert_eq!((seen.names.len(), seen.order.len()), (MOST, MOST));
        assert!(seen.names.capacity() <= 4 * MOST && seen.order.capacity() <= 4 * MOST);
    }

    #[test]
    fn a_few_lines_a_minute() {
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let sparingly = Sparingly::new(2, 3);
        assert_eq!(sparingly.admit("a", at(0)), Some(0));
        assert_eq!(sparingly.admit("a", at(1)), Some(0));
        assert_eq!(sparingly.admit("a", at(2)), None);
        assert_eq!(sparingly.admit("b", at(3)), Some(1));
        assert_eq!(sparingly.admit("b", at(59)), None);
        assert_eq!(sparingly.admit("b", at(60)), Some(1));
    }
}
