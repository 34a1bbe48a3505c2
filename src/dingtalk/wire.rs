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

/// Capitals and digits in a row that may be a code of confirmation.
const CODE: usize = 12;

/// The beginning of an answer, for the log, without the secrets of the request, should the other side repeat them, and
/// without what may be a code of the message: an id in capitals loses a part.
pub(super) fn masked<'a>(answer: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    // More than is kept, so that no part of a secret is left at the cut.
    let answer = text::cut_bytes(answer, 8192).to_owned();
    let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
    without_codes(&secrets.fold(answer, |answer, secret| answer.replace(secret, "***")))
}

fn without_codes(answer: &str) -> String {
    let of_a_code = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let mut shown = String::with_capacity(answer.len());
    let mut rest = answer;
    while let Some(start) = rest.find(of_a_code) {
        let (before, row) = rest.split_at(start);
        let (row, after) = row.split_at(row.find(|c| !of_a_code(c)).unwrap_or(row.len()));
        shown.push_str(before);
        shown.push_str(if row.len() < CODE { row } else { "***" });
        rest = after;
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn nothing_that_may_be_a_code_is_left_of_an_answer() {
        for (answer, shown) in [
            ("bad: ip --confirm 0123456789AB", "bad: ip --confirm ***"),
            ("--approve alice:ABCDEFGHJKMN@ops", "--approve alice:***@ops"),
            ("%2D%2Dconfirm%20ABCDEFGHJKMN%40ops", "%2D%2Dconfirm%***%40ops"),
            ("InvalidParameter.SESSION 400101 ABCDEFGHJKM", "InvalidParameter.SESSION 400101 ABCDEFGHJKM"),
            ("", ""),
        ] {
            assert_eq!(masked(answer, []), shown);
        }
        assert_eq!(masked("it is hidden 0123456789AB", ["hidden"]), "it is *** ***");
    }
}
