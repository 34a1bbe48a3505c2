//! Which way a message goes to its reader, and how often it is tried.
//!
//! There is one way so far: the session webhook of the callback. It is tried again at most twice, and only where the
//! message cannot have been posted, so that nobody reads a reply twice.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{error::DeliveryError, message::Message, session::SessionWebhook};
use crate::{clock::Clock, outbound::Outbound};

/// One try and at most two more.
const TRIES: u32 = 3;
/// Before the second try; twice that before the third.
const PAUSE: Duration = Duration::from_millis(300);

/// Delivers messages.
pub struct Deliver {
    outbound: Arc<Outbound>,
    clock: Arc<dyn Clock>,
}

impl Deliver {
    /// Delivers with this client, by this clock.
    pub fn new(outbound: Arc<Outbound>, clock: Arc<dyn Clock>) -> Self {
        Self { outbound, clock }
    }

    /// Delivers one message before `deadline`.
    ///
    /// # Errors
    /// The last failure.
    pub async fn deliver(
        &self,
        to: &SessionWebhook,
        message: &Message,
        deadline: Timestamp,
    ) -> Result<(), DeliveryError> {
        let client = self.outbound.client().map_err(|error| DeliveryError::NotSent(error.to_string()))?;
        let mut tried = 0;
        loop {
            let posted = self.clock.within(deadline, to.post(client, message)).await;
            let error = match posted {
                Some(Ok(())) => return Ok(()),
                Some(Err(error)) => error,
                None => return Err(DeliveryError::AnswerLost("the deadline passed".into())),
            };
            tried += 1;
            let pause = PAUSE * tried + Duration::from_millis(fastrand::u64(0..200));
            if tried == TRIES || !error.may_be_tried_again() || pause > self.clock.until(deadline) {
                return Err(error);
            }
            tracing::warn!(tried, %error, "a reply was not posted, it is tried again");
            self.clock.sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests;
