//! What this process saw in the last minutes. A bonus, never a protection: another process does not know it.

use std::{
    collections::{HashSet, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// At most this many are remembered, the oldest forgotten first.
const MOST: usize = 4096;

/// Remembers names for a while, as hashes: a name may be long.
pub(super) struct Recently {
    within: SignedDuration,
    hasher: RandomState,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    names: HashSet<u64>,
    order: VecDeque<(Timestamp, u64)>,
}

impl Recently {
    pub(super) fn new(within: SignedDuration) -> Self {
        Self { within, hasher: RandomState::new(), seen: Mutex::default() }
    }

    /// Whether this name was not seen within the time; from now on it was.
    pub(super) fn first_time(&self, name: &str, now: Timestamp) -> bool {
        let name = self.hasher.hash_one(name);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((when, _)) = seen.order.front()
            && (now.duration_since(*when) >= self.within || seen.order.len() >= MOST)
        {
            if let Some((_, old)) = seen.order.pop_front() {
                seen.names.remove(&old);
            }
        }
        let first = seen.names.insert(name);
        if first {
            seen.order.push_back((now, name));
        }
        first
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
    fn the_oldest_are_forgotten_first() {
        let recently = Recently::new(SignedDuration::from_mins(1));
        for number in 0..=MOST {
            assert!(recently.first_time(&number.to_string(), Timestamp::UNIX_EPOCH));
        }
        assert!(!recently.first_time(&MOST.to_string(), Timestamp::UNIX_EPOCH));
        assert!(recently.first_time("0", Timestamp::UNIX_EPOCH));
        assert!(recently.seen.lock().unwrap().names.len() <= MOST);
    }
}
