//! AWS Lambda: a function URL or an HTTP API in front, the Runtime API behind.
//!
//! Lambda freezes the process once it asks for the next event, so the work is done between posting the response
//! and asking: by a layer around both. The handler leaves its job in a slot as its very last statement, and the layer
//! empties the slot before each call; a handler that panicked has then left nothing.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use http::Uri;
use jiff::{SignedDuration, Timestamp};
use lambda_http::{
    Body, Error, RequestExt,
    request::RequestContext,
    service_fn,
    tower::{Layer, Service},
};
use lambda_runtime::{LambdaInvocation, layers::TracingLayer};

use crate::app::{App, Arrival, Job};

/// Where a host tells a deadline that is past already (cargo-lambda's emulator does), the work is given this long.
const UNKNOWN_DEADLINE: SignedDuration = SignedDuration::from_secs(60);

type Slot = Arc<Mutex<Option<Job>>>;

/// Asks the Runtime API for events until the process is ended.
///
/// # Errors
/// When the Runtime API does not take a response, or cannot be reached.
pub async fn run(app: Arc<App>) -> Result<(), Error> {
    let slot = Slot::default();
    let filled = Arc::clone(&slot);
    let handler = service_fn(move |request: lambda_http::Request| {
        let (app, slot) = (Arc::clone(&app), Arc::clone(&filled));
        async move {
            let arrival = arrival(&app, &request);
            let request = without_stage(request).map(Bytes::from);
            let (response, job) = app.handle(request, arrival).await;
            put(&slot, job);
            Ok::<_, Infallible>(response)
        }
    });
    lambda_http::runtime(handler).layer(AfterResponseLayer(slot)).layer(TracingLayer::new()).run().await
}

fn arrival(app: &App, request: &lambda_http::Request) -> Arrival {
    let now = app.clock().now();
    let context = request.lambda_context_ref();
    let told =
        context.and_then(|context| Timestamp::from_millisecond(i64::try_from(context.deadline).ok()?).ok());
    Arrival {
        request_id: context.map(|context| context.request_id.clone()).unwrap_or_default(),
        deadline: told.filter(|deadline| *deadline > now).unwrap_or(now + UNKNOWN_DEADLINE),
    }
}

/// An HTTP API with a named stage puts its name before the path.
fn without_stage(mut request: lambda_http::Request) -> lambda_http::Request {
    let stage = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.stage.clone(),
        _ => None,
    };
    let rest = stage.and_then(|stage| {
        let rest = request.uri().path().strip_prefix('/')?.strip_prefix(stage.as_str())?;
        if rest.is_empty() { Some("/".parse::<Uri>()) } else { rest.starts_with('/').then(|| rest.parse()) }
    });
    if let Some(Ok(uri)) = rest {
        *request.uri_mut() = uri;
    }
    request
}

fn put(slot: &Slot, job: Option<Job>) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = job;
}

fn take(slot: &Slot) -> Option<Job> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The event's body, as bytes whichever way it was encoded.
struct Bytes(Option<bytes::Bytes>);

impl From<Body> for Bytes {
    fn from(body: Body) -> Self {
        let bytes = match body {
            Body::Text(text) => text.into(),
            Body::Binary(binary) => binary.into(),
            _ => bytes::Bytes::new(),
        };
        Self(Some(bytes).filter(|bytes: &bytes::Bytes| !bytes.is_empty()))
    }
}

impl http_body::Body for Bytes {
    type Data = bytes::Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}

/// Runs what the handler left in the slot, after the response was posted and before the next event is asked for.
struct AfterResponseLayer(Slot);

struct AfterResponse<S> {
    inner: S,
    slot: Slot,
}

impl<S> Layer<S> for AfterResponseLayer {
    type Service = AfterResponse<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AfterResponse { inner, slot: Arc::clone(&self.0) }
    }
}

impl<S> Service<LambdaInvocation> for AfterResponse<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: 'static,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        put(&self.slot, None);
        let slot = Arc::clone(&self.slot);
        let posted = self.inner.call(invocation);
        Box::pin(async move {
            // A response that could not be posted is an error, but whoever wrote the message still gets a reply.
            let posted = posted.await;
            if let Some(job) = take(&slot) {
                super::run(job).await;
            }
            posted
        })
    }
}

#[cfg(test)]
mod tests;
