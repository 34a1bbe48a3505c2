//! What DingTalk takes nothing by for a while: known to this process, as long as there is room.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

use super::Cause;

/// At most this many are known; what rests for the shortest time is forgotten first.
const MOST: usize = 1024;

/// Remembers what rests as hashes: an address may be long.
#[derive(Default)]
pub(super) struct Rests {
    hasher: RandomState,
    resting: Mutex<Vec<(u64, Timestamp, Cause)>>,
}

impl Rests {
    /// Nothing goes by this until then.
    pub(super) fn begin(&self, what: impl Hash, until: Timestamp, cause: Cause) {
        let what = self.hasher.hash_one(what);
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|(known, ..)| *known != what);
        let at = resting.partition_point(|(_, known, _)| *known >= until);
        resting.insert(at, (what, until, cause));
        resting.truncate(MOST);
    }

    /// Until when nothing goes by this, and why.
    pub(super) fn of(&self, what: impl Hash, now: Timestamp) -> Option<(Timestamp, Cause)> {
        let what = self.hasher.hash_one(what);
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let known = resting.iter().find(|(known, ..)| *known == what);
        known.map(|(_, until, cause)| (*until, *cause)).filter(|(until, _)| now < *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_rests_are_kept_where_there_is_no_room() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let rests = Rests::default();
        rests.begin("quota", at(3600), Cause::QuotaExhausted);
        for place in 0..2000 {
            rests.begin(place, at(600 + place), Cause::TooFast);
        }
        assert_eq!(rests.of("quota", at(3599)), Some((at(3600), Cause::QuotaExhausted)));
        assert_eq!(rests.of("quota", at(3600)), None);
        assert_eq!(rests.of(1999_i64, at(0)), Some((at(2599), Cause::TooFast)));
        assert_eq!(rests.of(0_i64, at(0)), None);
        assert_eq!(rests.resting.lock().unwrap().len(), MOST);
        rests.begin(1999_i64, at(10), Cause::TooFast);
        assert_eq!(rests.of(1999_i64, at(10)), None, "what is said last holds");
    }
}
