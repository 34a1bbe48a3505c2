//! One POST of JSON to DingTalk, and its answer.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use serde::Serialize;
use url::Url;

use super::error::DeliveryError;
use crate::{clock::Clock, outbound, text};

/// DingTalk's answers are under 1 KiB; a ban page may be more, and nobody reads its end.
const MAX_ANSWER: usize = 64 * 1024;

/// How long an answer is waited for where it may be asked for again. DingTalk answers in a fraction of a second.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The header that carries the OpenAPI's access token.
pub(super) const ACCESS_TOKEN: &str = "x-acs-dingtalk-access-token";

/// What came back.
pub(super) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Posts a body once; a token goes into its header.
pub(super) async fn post<B: Serialize>(
    client: &Client,
    url: Url,
    token: Option<&str>,
    body: &B,
) -> Result<Answer, DeliveryError> {
    let body = serde_json::to_vec(body).map_err(|error| DeliveryError::NotSent(error.to_string()))?;
    let mut request =
        client.post(url).header(http::header::CONTENT_TYPE, "application/json; charset=utf-8").body(body);
    if let Some(token) = token {
        request = request.header(ACCESS_TOKEN, token);
    }
    let response = request.send().await.map_err(DeliveryError::from_reqwest)?;
    let status = response.status().as_u16();
    let (body, _) = outbound::read(response, MAX_ANSWER).await.map_err(DeliveryError::from_reqwest)?;
    Ok(Answer { status, body })
}

/// What comes of a request until then; it may have arrived where nothing does.
pub(super) async fn by<T>(
    clock: &dyn Clock,
    deadline: Timestamp,
    request: impl Future<Output = Result<T, DeliveryError>>,
) -> Result<T, DeliveryError> {
    let answered = clock.within(deadline, request).await;
    answered.unwrap_or_else(|| Err(DeliveryError::AnswerLost("none came in time".into())))
}

/// The beginning of an answer, for the log, without the secrets of the request, should the other side repeat them.
pub(super) fn masked<'a>(answer: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    // More than is kept, so that no part of a secret is left at the cut.
    let answer = text::cut_bytes(answer, 8192).to_owned();
    let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
    secrets.fold(answer, |answer, secret| answer.replace(secret, "***"))
}
