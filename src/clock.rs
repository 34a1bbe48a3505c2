//! The only time anyone uses.
//!
//! Everything that asks what time it is, or waits, does so through a [`Clock`], so that a test can move it. Clippy
//! forbids the ways around it (clippy.toml).

use std::{future::Future, pin::Pin, time::Duration};

use jiff::{SignedDuration, Timestamp};

/// A future that resolves when a sleep is over.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time and waits.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Resolves after `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// `deadline` less what is kept back for what follows, or less half of what is left, where that is little.
pub(crate) fn before(deadline: Timestamp, kept_back: SignedDuration, now: Timestamp) -> Timestamp {
    let left = deadline.duration_since(now).max(SignedDuration::ZERO);
    deadline - left.checked_div(2).unwrap_or_default().min(kept_back)
}

impl dyn Clock {
    /// Time left until `deadline`; zero when it is past.
    pub fn until(&self, deadline: Timestamp) -> Duration {
        Duration::try_from(deadline.duration_since(self.now())).unwrap_or(Duration::ZERO)
    }

    /// What `work` gives, or `None` when `deadline` comes first. Work that was cut off is dropped.
    pub async fn within<T>(&self, deadline: Timestamp, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.sleep(self.until(deadline)) => None,
        }
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[expect(clippy::disallowed_methods, reason = "the one place that may ask the machine for the time")]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_kept_back_for_what_follows() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let three = SignedDuration::from_secs(3);
        assert_eq!(before(at(60), three, at(0)), at(57));
        assert_eq!(before(at(4), three, at(0)), at(2));
        assert_eq!(before(at(0), three, at(10)), at(0));
    }
}
