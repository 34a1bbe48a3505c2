//! The time that DingTalk goes by: the machine's, or one that tests move.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Notify, oneshot};

/// Tells the time and waits. Its copies are one clock.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Machine,
    Standing(Arc<Standing>),
}

#[derive(Debug)]
struct Standing {
    state: Mutex<State>,
    slept: Notify,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    sleepers: Vec<(Timestamp, oneshot::Sender<()>)>,
}

impl Clock {
    /// The machine's own.
    pub fn machine() -> Self {
        Self(Kind::Machine)
    }

    /// Stands at this time, in milliseconds since 1970, until it is moved.
    pub fn at(milliseconds: i64) -> Self {
        let now = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let state = Mutex::new(State { now, sleepers: Vec::new() });
        Self(Kind::Standing(Arc::new(Standing { state, slept: Notify::new() })))
    }

    /// Whether it stands until it is moved.
    pub(crate) fn stands(&self) -> bool {
        matches!(self.0, Kind::Standing(_))
    }

    /// The time now.
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the machine for the time")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::Machine => Timestamp::now(),
            Kind::Standing(standing) => standing.with(|state| state.now),
        }
    }

    /// Resolves after `duration` from now.
    #[expect(clippy::disallowed_methods, reason = "the one place that may wait by the machine's time")]
    pub fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match &self.0 {
            Kind::Machine => Box::pin(tokio::time::sleep(duration)),
            Kind::Standing(standing) => Box::pin(standing.sleep(duration)),
        }
    }

    /// What `work` gives, or `None` when `limit` is over first. Work that is done at once waits for nothing.
    pub async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = async { self.sleep(limit).await } => None,
        }
    }

    /// Moves a standing clock on, and wakes whoever slept until then. The machine's own is not moved.
    pub fn advance(&self, by: Duration) {
        if let Kind::Standing(standing) = &self.0 {
            standing.advance(by);
        }
    }

    /// Waits until somebody sleeps for less than `limit` by a standing clock, and moves it on to their waking.
    pub async fn pass(&self, limit: Duration) {
        match &self.0 {
            Kind::Machine => self.sleep(limit).await,
            Kind::Standing(standing) => standing.pass(limit).await,
        }
    }
}

impl Standing {
    fn advance(&self, by: Duration) {
        self.with(|state| {
            state.now = state.now.checked_add(by).unwrap_or(Timestamp::MAX);
            let now = state.now;
            for (_, sleeper) in state.sleepers.extract_if(.., |(until, _)| *until <= now) {
                // Whoever slept may have been dropped meanwhile.
                let _ = sleeper.send(());
            }
        });
    }

    async fn pass(&self, limit: Duration) {
        loop {
            let slept = self.slept.notified();
            let shortest = self.with(|state| {
                state.sleepers.retain(|(_, sleeper)| !sleeper.is_closed());
                let until = state.sleepers.iter().map(|(until, _)| *until).min()?;
                Duration::try_from(until.duration_since(state.now)).ok()
            });
            if let Some(duration) = shortest.filter(|duration| *duration < limit) {
                return self.advance(duration);
            }
            slept.await;
        }
    }

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + use<> {
        let (sender, receiver) = oneshot::channel();
        self.with(|state| {
            let until = state.now.checked_add(duration).unwrap_or(Timestamp::MAX);
            if duration.is_zero() {
                let _ = sender.send(());
            } else {
                state.sleepers.push((until, sender));
            }
        });
        self.slept.notify_one();
        async move {
            let _ = receiver.await;
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
