//! A custom robot (自定义机器人) and its webhook: a message into the robot's group (protocol.md 4; KB-0717, KBg-0082).
//!
//! Whoever has the token can post, unless the robot wants more: a signature, which is made anew for each post, or a
//! keyword, which is put into a message that has none. More than 20 messages a minute are answered with ten minutes
//! of silence, so this process sends no more by itself, and is silent for as long. A `msgUuid` lets DingTalk know a
//! message again: this alone of all ways may be tried once more where an answer was lost.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use reqwest::Client;
use serde::Serialize;
use url::Url;

use super::{
    error::{Cause, DeliveryError, judge_old},
    mask::masked,
    message::{Body, FeedLinks, Message},
    signature::{SIGN, Secret, TIMESTAMP},
    wire::{self, Until},
};
use crate::{clock::Clock, text};

const PATH: &str = "robot/send";
/// Messages that one robot may send within [`WINDOW`].
const PER_WINDOW: usize = 20;
/// DingTalk's minute, and what a post may take at most: it counts when a message arrives, we count when it leaves.
const WINDOW: SignedDuration = SignedDuration::from_secs(65);
/// For how long DingTalk takes nothing of what sent too much.
pub(super) const SILENCE: SignedDuration = SignedDuration::from_mins(10);
/// How long a way is not tried after it answered that the month's quota is used up.
pub(super) const EXHAUSTED_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Letters of a keyword, so that there is room for it in any message.
const MAX_KEYWORD: usize = 64;
/// Letters of a token: 64 in all samples, hexadecimal digits.
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 32..=128;
/// What a secret begins with (KBg-0082); an app's Client Secret does not.
const SECRET_PREFIX: &str = "SEC";
/// Letters behind it: 64 in all samples.
const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 16..=128;

/// What a robot's settings say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRobot {
    /// `access_token` of its webhook.
    pub token: Token,
    /// 加签: what its posts are signed with, if they are.
    pub secret: Option<Secret>,
    /// 自定义关键词: one of them must be in each message, unless there are none.
    pub keywords: Vec<Keyword>,
}

/// The `access_token` of a webhook. Its `Debug` output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A word that DingTalk looks for in each message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyword(String);

/// Why a text is no token. Nothing of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected what stands behind access_token= in the webhook's address, 64 letters and digits, came {0}"
)]
pub struct InvalidToken(&'static str);

/// Why a text is no secret of a custom robot. Nothing of it is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the secret of the robot's 加签, SEC and 64 letters and digits behind it, came {0}")]
pub struct InvalidSecret(&'static str);

/// Why a text is no keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a keyword of at most {MAX_KEYWORD} letters, as in the robot's settings, without a blank around it"
)]
pub struct InvalidKeyword;

impl Token {
    /// Takes the text of a token.
    ///
    /// # Errors
    /// When it is another kind of text, such as the whole address.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidToken> {
        let text = text.into();
        if text.is_empty() {
            Err(InvalidToken("an empty text"))
        } else if text.contains("access_token=") {
            Err(InvalidToken("the address itself"))
        } else if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Err(InvalidToken("something with other characters"))
        } else if !TOKEN_LENGTH.contains(&text.len()) {
            Err(InvalidToken("a shorter or longer text"))
        } else {
            Ok(Self(text))
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl CustomRobot {
    /// Takes the text of a secret.
    ///
    /// # Errors
    /// When it is another kind of text, such as the Client Secret of an app.
    pub fn secret(text: &str) -> Result<Secret, InvalidSecret> {
        let letters = text.strip_prefix(SECRET_PREFIX).unwrap_or_default();
        if text.is_empty() {
            Err(InvalidSecret("an empty text"))
        } else if !text.starts_with(SECRET_PREFIX) {
            Err(InvalidSecret("something that does not begin so"))
        } else if !letters.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Err(InvalidSecret("something with other characters"))
        } else if !SECRET_LENGTH.contains(&letters.len()) {
            Err(InvalidSecret("a shorter or longer text"))
        } else {
            Secret::new(text).map_err(|_| InvalidSecret("something else"))
        }
    }
}

impl Keyword {
    /// How many a robot may have (KBg-0082).
    pub const MAX: usize = 10;

    /// Takes the text of a keyword.
    ///
    /// # Errors
    /// When it is empty, too long, more than one line, or has a blank around it.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidKeyword> {
        let text = text.into();
        let fits = !text.is_empty() && text.chars().count() <= MAX_KEYWORD;
        let plain = text.trim() == text && !text.chars().any(text::is_control);
        if fits && plain { Ok(Self(text)) } else { Err(InvalidKeyword) }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Posts as a custom robot. There is one for each robot of a process, which knows how much it has sent.
#[derive(Debug)]
pub struct Webhook {
    oapi: Url,
    robot: CustomRobot,
    pace: Mutex<Pace>,
}

#[derive(Debug, Default)]
struct Pace {
    /// When the last messages leave, the latest last.
    turns: VecDeque<Timestamp>,
    /// Until when DingTalk takes nothing, and why.
    rest: Option<(Timestamp, Cause)>,
}

/// A message with what DingTalk knows it again by.
#[derive(Serialize)]
struct Post<'m> {
    #[serde(flatten)]
    message: &'m Message,
    #[serde(rename = "msgUuid")]
    uuid: &'m str,
}

impl Webhook {
    /// The webhook of this robot, at this host of DingTalk.
    pub fn new(oapi: Url, robot: CustomRobot) -> Self {
        Self { oapi, robot, pace: Mutex::default() }
    }

    /// The message with one of the robot's keywords in it. What DingTalk looks through is documented nowhere, so it
    /// must stand in the text itself; only a link and a feed have their titles in the message.
    pub(super) fn with_keyword(&self, message: Message) -> Message {
        let Some(Keyword(first)) = self.robot.keywords.first() else { return message };
        if self.robot.keywords.iter().any(|Keyword(keyword)| says(&message.body, keyword)) {
            return message;
        }
        match &message.body {
            Body::Text(text) => message.with_text(text.and(&format!("\n{first}"))),
            Body::Markdown { text, .. } | Body::ActionCard { text, .. } => {
                message.with_text(text.and(&format!("\n\n{first}")))
            }
            Body::Link { text, .. } => message.with_text(text.and(&format!(" · {first}"))),
            Body::FeedCard(links) => {
                let mut links = links.list().to_vec();
                if let Some(link) = links.first_mut() {
                    link.title = link.title.and(&format!(" · {first}"));
                }
                let body = FeedLinks::new(links).map(Body::FeedCard);
                Message { body: body.unwrap_or(message.body), at: message.at }
            }
        }
    }

    /// Waits until the robot may send one more message.
    ///
    /// # Errors
    /// When that is not before `deadline`, or DingTalk takes nothing for longer.
    pub(super) async fn turn(&self, clock: &dyn Clock, deadline: Timestamp) -> Result<(), DeliveryError> {
        let wait = {
            let mut pace = self.pace();
            let now = clock.now();
            pace.awake(now)?;
            pace.turns.retain(|turn| now < *turn + WINDOW);
            let full = pace.turns.len().checked_sub(PER_WINDOW);
            let turn = full.and_then(|first| pace.turns.get(first)).map_or(now, |first| *first + WINDOW);
            if turn > now && turn >= deadline {
                return Err(DeliveryError::Paced { wait: seconds(now, turn) });
            }
            pace.turns.push_back(turn);
            clock.until(turn)
        };
        if !wait.is_zero() {
            clock.sleep(wait).await;
            self.pace().awake(clock.now())?;
        }
        Ok(())
    }

    /// Posts one message, once.
    ///
    /// # Errors
    /// When it could not be posted or DingTalk did not take it.
    pub(super) async fn post(
        &self,
        client: &Client,
        message: &Message,
        uuid: &str,
        until: Until<'_>,
    ) -> Result<(), DeliveryError> {
        let not_sent = |error: url::ParseError| DeliveryError::NotSent(error.to_string());
        let mut url = self.oapi.join(PATH).map_err(not_sent)?;
        let Token(token) = &self.robot.token;
        url.query_pairs_mut().append_pair("access_token", token);
        if let Some(secret) = &self.robot.secret {
            let timestamp = until.clock.now().as_millisecond().to_string();
            let sign = secret.sign(&timestamp);
            url.query_pairs_mut().append_pair(TIMESTAMP, &timestamp).append_pair(SIGN, &sign);
        }
        let secrets: Vec<_> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        let secrets =
            secrets.iter().map(String::as_str).chain(self.robot.secret.as_ref().map(Secret::expose));
        let answer = wire::post(client, url.clone(), None, &Post { message, uuid }, until).await?;
        let judged = judge_old(answer.status, &answer.body, |text| masked(text, secrets.clone()));
        if let Err(error) = &judged {
            let rest = match error.cause() {
                Some(cause @ Cause::TooFast) => Some((SILENCE, cause)),
                Some(cause @ Cause::QuotaExhausted) => Some((EXHAUSTED_FOR, cause)),
                _ => None,
            };
            if let Some((length, cause)) = rest {
                self.pace().rest = Some((until.clock.now() + length, cause));
            }
        }
        judged
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn awake(&self, now: Timestamp) -> Result<(), DeliveryError> {
        match self.rest {
            Some((until, cause)) if now < until => {
                Err(DeliveryError::Resting { wait: seconds(now, until), cause })
            }
            _ => Ok(()),
        }
    }
}

/// Whether a message has this word where DingTalk looks for it in any case.
fn says(body: &Body, word: &str) -> bool {
    match body {
        Body::Text(text) | Body::Markdown { text, .. } | Body::ActionCard { text, .. } => {
            text.as_str().contains(word)
        }
        Body::Link { title, text, .. } => title.as_str().contains(word) || text.as_str().contains(word),
        Body::FeedCard(links) => links.list().iter().any(|link| link.title.as_str().contains(word)),
    }
}

/// Whole seconds from one time to a later one, at least one.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    let wait = Duration::try_from(to.duration_since(from)).unwrap_or_default();
    wait.as_millis().div_ceil(1000).max(1) as u64
}

#[cfg(test)]
mod tests;
