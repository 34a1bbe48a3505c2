//! The robot OpenAPI: a message to a group by its conversation id, or to a person by their staff id (protocol.md 5).
//!
//! It needs no session, so it reaches the reader when a session webhook is over, and it cannot be pointed anywhere
//! by the body of a callback. It mentions nobody.

use std::{fmt, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::{
    error::{Cause, DeliveryError, QUERY_KEY, Unreached, judge_new},
    mask::masked,
    message::Message,
    signature::Secret,
    wire::{self, Until},
};
use crate::{
    clock::{self, Clock},
    outbound::Outbound,
};

/// A token that is about to expire is not used any more: it must hold until the call arrives.
const BEFORE_EXPIRY: Duration = Duration::from_secs(60);

/// Kept back of the time for a token to send the message itself.
const TO_SEND: SignedDuration = SignedDuration::from_secs(5);

/// What turns the OpenAPI on.
#[derive(Clone)]
pub struct Credentials {
    /// `DINGTALK_APP_KEY`: Client ID.
    pub key: String,
    /// `DINGTALK_APP_SECRET`: Client Secret.
    pub secret: Secret,
    /// `DINGTALK_ROBOT_CODE`.
    pub robot_code: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("robot_code", &self.robot_code).finish_non_exhaustive()
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// The group with this conversation id.
    Group(String),
    /// The private chat of the member with this staff id.
    Person(String),
}

impl Address {
    /// The conversation id or the staff id.
    pub fn id(&self) -> &str {
        match self {
            Self::Group(id) | Self::Person(id) => id,
        }
    }
}

/// Sends messages by the OpenAPI.
pub struct OpenApi {
    api: Url,
    credentials: Credentials,
    /// Locked while it is fetched: nobody else fetches one meanwhile.
    token: Mutex<Option<Token>>,
    outbound: Arc<Outbound>,
    clock: Arc<dyn Clock>,
}

struct Token {
    value: String,
    until: Timestamp,
}

impl OpenApi {
    /// For this robot. Nothing is called before the first message.
    pub fn new(api: Url, credentials: Credentials, outbound: Arc<Outbound>, clock: Arc<dyn Clock>) -> Self {
        Self { api, credentials, token: Mutex::new(None), outbound, clock }
    }

    /// Sends one message, once: a second time only where the token did not hold, since then nothing was sent.
    ///
    /// # Errors
    /// When it could not be sent, DingTalk did not take it, or the person was not reached.
    pub(super) async fn send(
        &self,
        to: &Address,
        message: &Message,
        until: Until<'_>,
    ) -> Result<(), DeliveryError> {
        let token = self.token(None, until).await?;
        match self.post(to, message, &token, until).await {
            Err(error) if error.cause() == Some(Cause::NotAuthenticated) => {
                let token = self.token(Some(&token), until).await?;
                self.post(to, message, &token, until).await
            }
            sent => sent,
        }
    }

    /// Whether DingTalk gives out a token.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn check(&self, deadline: Timestamp) -> Result<(), DeliveryError> {
        let until = Until { clock: self.clock.as_ref(), sent: deadline, answered: deadline };
        self.token(None, until).await.map(|_token| ())
    }

    /// A token, in time to be used. Without one nothing is posted, whatever the reason.
    async fn token(&self, stale: Option<&str>, until: Until<'_>) -> Result<String, DeliveryError> {
        let now = until.clock.now();
        let deadline = clock::before(until.sent, TO_SEND, now).min(now + wire::PATIENCE);
        let until = Until { sent: deadline, answered: deadline, ..until };
        // Whoever else fetches one may take longer.
        let token = until.clock.within(deadline, self.held_token(stale, until)).await;
        token
            .unwrap_or_else(|| Err(wire::too_late()))
            .map_err(|error| DeliveryError::NoToken(Box::new(error)))
    }

    async fn post(
        &self,
        to: &Address,
        message: &Message,
        token: &str,
        until: Until<'_>,
    ) -> Result<(), DeliveryError> {
        let (key, param) = message.to_msg_param();
        let mut body = json!({ "robotCode": self.credentials.robot_code, "msgKey": key, "msgParam": param });
        let path = match to {
            Address::Group(id) => {
                body["openConversationId"] = id.as_str().into();
                "v1.0/robot/groupMessages/send"
            }
            Address::Person(id) => {
                body["userIds"] = json!([id]);
                "v1.0/robot/oToMessages/batchSend"
            }
        };
        let answer = self.call(path, Some(token), &body, until).await?;
        let lists = |key: &str| match answer.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Array(list)) => !list.is_empty(),
            Some(_) => true,
        };
        // Taken is not delivered: the lists say who was left out (protocol.md 5).
        if lists("invalidStaffIdList") {
            Err(DeliveryError::NotReached(Unreached::Unknown))
        } else if lists("flowControlledStaffIdList") {
            Err(DeliveryError::NotReached(Unreached::FlowControlled))
        } else if answer.get(QUERY_KEY).is_some_and(Value::is_string) {
            Ok(())
        } else {
            let excerpt = format!("{QUERY_KEY} is not there");
            Err(DeliveryError::NotDingTalk { status: 200, json: true, excerpt })
        }
    }

    /// The access token: the one that is held, unless it is about to expire or is `stale`, which did not hold.
    async fn held_token(&self, stale: Option<&str>, until: Until<'_>) -> Result<String, DeliveryError> {
        let mut held = self.token.lock().await;
        let now = self.clock.now();
        let good = held.as_ref().filter(|token| {
            now + BEFORE_EXPIRY < token.until && stale.is_none_or(|stale| stale != token.value)
        });
        if let Some(token) = good {
            return Ok(token.value.clone());
        }
        let Credentials { key, secret, .. } = &self.credentials;
        let body = json!({ "appKey": key, "appSecret": secret.expose() });
        let answer = self.call("v1.0/oauth2/accessToken", None, &body, until).await?;
        let value =
            answer.get("accessToken").and_then(Value::as_str).filter(|value| !value.trim().is_empty());
        // Numbers of DingTalk's come as texts now and then (protocol.md 10).
        let seconds = answer.get("expireIn").and_then(|seconds| match seconds {
            Value::String(text) => text.trim().parse().ok(),
            number => number.as_u64(),
        });
        let (Some(value), Some(seconds)) = (value, seconds) else {
            let excerpt = "expected accessToken with a text and expireIn with a number, came others".into();
            return Err(DeliveryError::NotDingTalk { status: 200, json: true, excerpt });
        };
        *held = Some(Token { value: value.into(), until: now + Duration::from_secs(seconds.min(7200)) });
        Ok(value.into())
    }

    async fn call(
        &self,
        path: &str,
        token: Option<&str>,
        body: &Value,
        until: Until<'_>,
    ) -> Result<Value, DeliveryError> {
        let client = self.outbound.client().map_err(|error| DeliveryError::NotSent(error.to_string()))?;
        let url = self.api.join(path).map_err(|error| DeliveryError::NotSent(error.to_string()))?;
        let answer = wire::post(client, url, token, body, until).await?;
        let secrets = [self.credentials.secret.expose(), token.unwrap_or_default()];
        // An answer to the request for a token may hold the token, which nobody knows yet: nothing of it is shown.
        let show = |text: &str| token.map_or_else(|| "***".into(), |_| masked(text, secrets));
        judge_new(answer.status, &answer.body, show)
    }
}
