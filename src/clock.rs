//! The only time anyone uses.
//!
//! Everything that asks what time it is, or waits, does so through a [`Clock`], so that a test can move it. Clippy
//! forbids the ways around it (clippy.toml).

use std::{future::Future, pin::Pin, time::Duration};

use jiff::Timestamp;

/// A future that resolves when a sleep is over.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time and waits.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Resolves after `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;
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
