//! One POST of JSON to DingTalk, and its answer.

use std::{
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use jiff::Timestamp;
use reqwest::{Body, Client};
use serde::Serialize;
use url::Url;

use super::error::{DeliveryError, is_turned_away};
use crate::{clock::Clock, outbound};

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

/// Until when a post may take.
#[derive(Clone, Copy)]
pub(super) struct Until<'c> {
    pub clock: &'c dyn Clock,
    /// What was not sent until then is not sent any more: nothing arrived, and there may be another way.
    pub sent: Timestamp,
    /// What was sent may have arrived: its answer is waited for until then.
    pub answered: Timestamp,
}

/// How far a request came: nothing of it has left, or it may have left, or the HTTP status of its answer.
#[derive(Clone, Default)]
struct Progress(Arc<AtomicU16>);

/// Nothing has left yet. It holds until the body is asked for, which is when a connection stands.
const WAITING: u16 = 0;
const LEFT: u16 = 1;
/// Nothing has left, nor will it.
const STOPPED: u16 = 2;

/// A body that notes when it leaves, and does not leave where it was given up before.
struct Noting {
    body: Option<Bytes>,
    progress: Progress,
}

/// Posts a body once; a token goes into its header.
pub(super) async fn post<B: Serialize>(
    client: &Client,
    url: Url,
    token: Option<&str>,
    body: &B,
    until: Until<'_>,
) -> Result<Answer, DeliveryError> {
    let body = serde_json::to_vec(body).map_err(|error| DeliveryError::NotSent(error.to_string()))?;
    let progress = Progress::default();
    let body = Body::wrap(Noting { body: Some(body.into()), progress: progress.clone() });
    let mut request =
        client.post(url).header(http::header::CONTENT_TYPE, "application/json; charset=utf-8").body(body);
    if let Some(token) = token {
        request = request.header(ACCESS_TOKEN, token);
    }
    let mut answered = pin!(answer(request, &progress));
    if let Some(answered) = until.clock.within(until.sent, &mut answered).await {
        return answered;
    }
    if let Some(known) = progress.known() {
        return known;
    }
    let answered = until.clock.within(until.answered, answered).await;
    answered.or_else(|| progress.known()).unwrap_or_else(|| Err(too_late()))
}

/// Nothing came in time of what may have arrived.
pub(super) fn too_late() -> DeliveryError {
    DeliveryError::AnswerLost("none came in time".into())
}

async fn answer(request: reqwest::RequestBuilder, progress: &Progress) -> Result<Answer, DeliveryError> {
    let failed = |error: reqwest::Error| {
        let (is_malformed, error) = (error.is_builder(), outbound::describe(error));
        match progress.known() {
            _ if is_malformed => Err(DeliveryError::NotSent(error)),
            Some(Err(_)) => Err(DeliveryError::NotConnected(error)),
            Some(known) => known,
            None => Err(DeliveryError::AnswerLost(error)),
        }
    };
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return failed(error),
    };
    let status = response.status().as_u16();
    progress.0.store(status, Ordering::Release);
    match outbound::read(response, MAX_ANSWER).await {
        Ok((body, _)) => Ok(Answer { status, body }),
        Err(error) => failed(error),
    }
}

impl Progress {
    /// What is known of a request that is given up: it has not left, nor will it, or it was turned away by its status
    /// alone. Of any other it is not known whether it arrived.
    fn known(&self) -> Option<Result<Answer, DeliveryError>> {
        let given_up = self.0.compare_exchange(WAITING, STOPPED, Ordering::AcqRel, Ordering::Acquire);
        match given_up.unwrap_or_else(|so_far| so_far) {
            WAITING | STOPPED => Some(Err(DeliveryError::NotConnected("none was made in time".into()))),
            status if is_turned_away(status) => Some(Ok(Answer { status, body: Vec::new() })),
            _ => None,
        }
    }
}

impl http_body::Body for Noting {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let leaves =
            self.progress.0.compare_exchange(WAITING, LEFT, Ordering::AcqRel, Ordering::Acquire).is_ok();
        match self.body.take() {
            Some(_) if !leaves => Poll::Ready(Some(Err(io::Error::other("given up before it left")))),
            body => Poll::Ready(body.map(|body| Ok(Frame::data(body)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.as_ref().map_or(0, |body| body.len() as u64))
    }
}
