//! Refusals are said seldom: the same one is no news, and a stranger must not make the bot talk.

use jiff::{SignedDuration, Timestamp};

use super::memory::Recently;

/// For a refusal to be said again to the same person.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// Refusals that one person is told in that time.
const MOST: u32 = 3;

/// Whether somebody is told of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// They are.
    Now,
    /// They are, and of no other for a minute.
    Last,
    /// They are not: it was said a moment ago, or enough others were.
    Never,
}

/// Who was told lately that they may not run what, where, and why.
pub(super) struct Refusals {
    said: Recently,
    people: Recently<u32>,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self { said: Recently::new(AGAIN_AFTER), people: Recently::new(AGAIN_AFTER) }
    }

    /// Whether this person is told now of this refusal, which counts as told. `refusal` names all that makes it news: the
    /// command, the place and the reason.
    pub(super) fn tell(&self, person: &str, refusal: &str, now: Timestamp) -> Told {
        let refusal = of(person, refusal);
        if !self.said.first_time(&refusal, now) {
            return Told::Never;
        }
        let count = self.people.with(person, now, |_, count| {
            *count += 1;
            *count
        });
        match count {
            MOST => Told::Last,
            ..MOST => Told::Now,
            _ => {
                self.said.forget(&refusal);
                Told::Never
            }
        }
    }

    /// This person was not told after all.
    pub(super) fn untold(&self, person: &str, refusal: &str, now: Timestamp) {
        self.said.forget(&of(person, refusal));
        self.people.with(person, now, |_, count| *count = count.saturating_sub(1));
    }
}

/// No id of a person has a line break in it.
fn of(person: &str, refusal: &str) -> String {
    format!("{person}\n{refusal}")
}

#[cfg(test)]
mod tests {
    use super::{Told::*, *};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    #[test]
    fn each_refusal_once_a_minute_and_three_of_them() {
        let refusals = Refusals::new();
        let tell = |refusal: &str, second| refusals.tell("a", refusal, at(second));
        assert_eq!(
            ["ip", "ip", "status", "say", "can"].map(|refusal| tell(refusal, 0)),
            [Now, Never, Now, Last, Never]
        );
        assert_eq!(refusals.tell("b", "can", at(0)), Now, "another person");
        assert_eq!(tell("can", 59), Never, "it was not told, and there is no room for it yet");
        assert_eq!(["ip", "can"].map(|refusal| tell(refusal, 60)), [Now, Now]);
    }

    #[test]
    fn what_was_not_told_makes_room() {
        let refusals = Refusals::new();
        let tell = |refusal: &str, second| refusals.tell("a", refusal, at(second));
        assert_eq!(["ip", "status", "say"].map(|refusal| tell(refusal, 0)), [Now, Now, Last]);
        refusals.untold("a", "ip", at(0));
        assert_eq!(["can", "ip"].map(|refusal| tell(refusal, 1)), [Last, Never]);
    }
}
