//! `POST /v1.0/oauth2/accessToken`: the app's access token (protocol.md 5; KB-0033).

use std::time::Duration;

use serde_json::{Value, json};

use super::{Call, Reply};
use crate::{message::fields::Fields, refusal::ApiError, world::World};

/// How long a token holds.
const VALID: Duration = Duration::from_secs(7200);

pub(super) fn get(world: &mut World, call: &Call) -> Result<Reply, ApiError> {
    let body = json_body(call)?;
    let fields = Fields::new(&body, "");
    let text = |key| fields.text(key).map_err(|fault| ApiError::field(&fault));
    let (key, secret) = (text("appKey")?, text("appSecret")?);
    let app = &world.organisation.app;
    if key != app.key || secret != app.secret {
        return Err(ApiError::of("invalidClientIdOrSecret"));
    }
    // Within its validity it is the same one, and holds on from now.
    let held = world.token.take().filter(|(_, until)| call.now < *until).map(|(token, _)| token);
    let token = held.unwrap_or_else(|| world.id("accessToken").replace('=', ""));
    world.token = Some((token.clone(), call.now + VALID));
    Ok(Reply::ok(json!({ "accessToken": token, "expireIn": VALID.as_secs() })))
}

/// The body of a call of the OpenAPI: a JSON object, said to be JSON.
pub(super) fn json_body(call: &Call) -> Result<serde_json::Map<String, Value>, ApiError> {
    if !call.is_json() || call.body.is_empty() {
        return Err(ApiError::of("Missingbody"));
    }
    match serde_json::from_slice(&call.body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(ApiError::of("Invalidbody")),
    }
}

/// Whether the call carries the token that holds now.
pub(super) fn authentic(world: &World, call: &Call) -> Result<(), ApiError> {
    let given = call.headers.get("x-acs-dingtalk-access-token").and_then(|value| value.to_str().ok());
    let held = world.token.as_ref().filter(|(_, until)| call.now < *until).map(|(token, _)| token.as_str());
    match (given, held) {
        (None, _) => Err(ApiError::of("AuthenticationFailed.MissingParameter")),
        (Some(given), Some(held)) if given == held => Ok(()),
        _ => Err(ApiError::of("InvalidAuthentication")),
    }
}
