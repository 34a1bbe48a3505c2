//! A clock that tests move.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Notify, oneshot};

use crate::clock::{Clock, Sleep};

/// Stands still until it is moved.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    slept: Notify,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    sleepers: Vec<(Timestamp, oneshot::Sender<()>)>,
}

impl TestClock {
    /// Stands at this time, in milliseconds.
    pub fn at(milliseconds: i64) -> Self {
        let now = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let state = Mutex::new(State { now, sleepers: Vec::new() });
        Self(Arc::new(Inner { state, slept: Notify::new() }))
    }

    /// Moves it on, and wakes whoever slept until then.
    pub fn advance(&self, by: Duration) {
        self.with(|state| {
            state.now += by;
            let now = state.now;
            for (_, sleeper) in state.sleepers.extract_if(.., |(until, _)| *until <= now) {
                // Whoever slept may have been dropped meanwhile.
                let _ = sleeper.send(());
            }
        });
    }

    /// Waits until somebody sleeps for less than `limit`, and moves on to their waking.
    pub async fn pass(&self, limit: Duration) {
        loop {
            let slept = self.0.slept.notified();
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

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.with(|state| state.now)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let (sender, receiver) = oneshot::channel();
        self.with(|state| {
            let until = state.now + duration;
            if duration.is_zero() {
                let _ = sender.send(());
            } else {
                state.sleepers.push((until, sender));
            }
        });
        self.0.slept.notify_one();
        Box::pin(async move {
            let _ = receiver.await;
        })
    }
}
