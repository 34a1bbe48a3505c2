//! What becomes of a message to a custom robot: counted in the group.

mod faults;
mod keywords;
mod pace;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use simulator::{Organisation, Simulator, TOKEN, TOKEN_SECRET};

use super::*;
use crate::{
    dingtalk::{
        deliver::{Deliver, Reach, Undelivered, Way},
        message::Shown,
    },
    outbound::Outbound,
    testing::{NOW_MS, TestClock, dingtalk},
};

/// The robot of the first group, as the settings would have it.
fn robot() -> CustomRobot {
    let secret = Some(Secret::new(TOKEN_SECRET).unwrap());
    CustomRobot { token: Token::new(TOKEN).unwrap(), secret, keywords: Vec::new() }
}

fn keywords(words: &[&str]) -> Vec<Keyword> {
    words.iter().map(|&word| Keyword::new(word).unwrap()).collect()
}

fn text(text: &str) -> Message {
    Message::new(Body::Text(Shown::new(text).unwrap()))
}

/// A group with a custom robot, and one process that sends to it.
struct Group {
    dingtalk: Simulator,
    clock: TestClock,
    deliver: Deliver,
    to: Reach,
}

impl Group {
    async fn start() -> Self {
        Self::with(robot(), |_| {}).await
    }

    /// With this robot in the settings, while DingTalk's is as `change` has it.
    async fn with(robot: CustomRobot, change: impl FnOnce(&mut Organisation)) -> Self {
        let clock = TestClock::at(NOW_MS);
        let dingtalk = dingtalk(clock.clone()).await;
        dingtalk.organise(change);
        let oapi = dingtalk.origin().parse().unwrap();
        Self::at(oapi, dingtalk, clock, robot)
    }

    fn at(oapi: Url, dingtalk: Simulator, clock: TestClock, robot: CustomRobot) -> Self {
        let deliver = Deliver::new(Arc::new(Outbound::default()), Arc::new(clock.clone()), None);
        let to = Reach { robot: Some(Arc::new(Webhook::new(oapi, robot))), ..Reach::default() };
        Self { dingtalk, clock, deliver, to }
    }

    /// Sends a message within this many seconds; pauses between two tries pass.
    async fn send_within(&self, message: &Message, seconds: i64) -> Result<(), DeliveryError> {
        let deadline = Clock::now(&self.clock) + SignedDuration::from_secs(seconds);
        let sent = self.deliver.deliver(&self.to, false, |_| message.clone(), deadline);
        let pauses = async {
            loop {
                self.clock.pass(Duration::from_secs(5)).await;
            }
        };
        let sent = tokio::select! {
            sent = sent => sent,
            () = pauses => unreachable!(),
        };
        match sent {
            Ok(way) => {
                assert_eq!(way, Way::Robot);
                Ok(())
            }
            Err(Undelivered::Failed { error, .. }) => Err(error),
            Err(other) => panic!("{other}"),
        }
    }

    async fn send(&self, message: &Message) -> Result<(), DeliveryError> {
        self.send_within(message, 30).await
    }

    /// Why a message was not taken.
    async fn refused(&self) -> Cause {
        let error = self.send(&text("hello")).await.unwrap_err();
        self.dingtalk.rejected();
        error.cause().unwrap_or_else(|| panic!("{error}"))
    }

    /// How many messages arrived, and how many posts there were, since the beginning.
    fn counted(&self) -> (usize, usize) {
        let place = simulator::Place::group("ops");
        (self.dingtalk.messages(&place).len(), self.dingtalk.calls().len())
    }

    /// Takes everything as read.
    fn forget(&self) {
        self.dingtalk.forget();
    }

    fn now(&self) -> Timestamp {
        Clock::now(&self.clock)
    }
}
