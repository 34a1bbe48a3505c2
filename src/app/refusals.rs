//! Refusals are said seldom: the same one is no news, and a stranger must not make the bot talk.

use jiff::{SignedDuration, Timestamp};

use super::memory::Recently;

/// For a refusal to be said again to the same person.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// Commands whose refusal one person is told in that time.
const MOST: u32 = 3;

/// Who was told lately that they may not run what.
pub(super) struct Refusals {
    said: Recently,
    people: Recently<u32>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self { said: Recently::new(AGAIN_AFTER), people: Recently::new(AGAIN_AFTER) }
    }

    /// Whether this person is told now that they may not run the command of this path, which counts as told.
    pub(super) fn tell(&self, person: &str, path: &str, now: Timestamp) -> bool {
        let refusal = refusal(person, path);
        if !self.said.first_time(&refusal, now) {
            return false;
        }
        let is_told = self.people.with(person, now, |_, count| {
            *count += 1;
            *count <= MOST
        });
        if !is_told {
            self.said.forget(&refusal);
        }
        is_told
    }

    /// This person was not told after all.
    pub(super) fn untold(&self, person: &str, path: &str, now: Timestamp) {
        self.said.forget(&refusal(person, path));
        self.people.with(person, now, |_, count| *count = count.saturating_sub(1));
    }
}

/// No path has a line break in it.
fn refusal(person: &str, path: &str) -> String {
    format!("{person}\n{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn each_command_once_a_minute_and_three_of_them() {
        let refusals = Refusals::new();
        let tell = |path: &str, second| refusals.tell("a", path, at(second));
        assert_eq!(
            ["ip", "ip", "status", "say", "can"].map(|path| tell(path, 0)),
            [true, false, true, true, false]
        );
        assert!(refusals.tell("b", "can", at(0)), "another person");
        assert!(!tell("can", 59), "it was not told, and there is no room for it yet");
        assert_eq!(["ip", "can"].map(|path| tell(path, 60)), [true, true]);
    }

    #[test]
    fn what_was_not_told_makes_room() {
        let refusals = Refusals::new();
        let tell = |path: &str, second| refusals.tell("a", path, at(second));
        assert_eq!(["ip", "status", "say"].map(|path| tell(path, 0)), [true; 3]);
        refusals.untold("a", "ip", at(0));
        assert_eq!(["can", "ip"].map(|path| tell(path, 1)), [true, false]);
    }
}
