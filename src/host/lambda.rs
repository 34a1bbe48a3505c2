//! AWS Lambda: a function URL or an HTTP API in front, the Runtime API behind.
//!
//! Lambda freezes the process once it asks for the next event, so the work is done between posting the response
//! and asking: by a layer around both. The handler leaves its job in a slot as its very last statement, and the layer
//! empties the slot before each call; a handler that panicked has then left nothing.

pub mod metrics;

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, header::CONTENT_TYPE};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::{
    Error, LambdaEvent, LambdaInvocation, Runtime,
    layers::TracingLayer,
    service_fn,
    tower::{Layer, Service},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::{App, Arrival, Job, MAX_BODY};

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
    let handler = service_fn(move |event: LambdaEvent<Value>| {
        let (app, slot) = (Arc::clone(&app), Arc::clone(&filled));
        async move {
            let arrival = arrival(&app, &event.context);
            let (response, job) = match Event::read(event.payload) {
                Ok(request) => app.handle(request, arrival).await,
                Err(malformed) => (app.malformed(malformed, &arrival), None),
            };
            put(&slot, job);
            Ok::<_, Error>(FunctionResponse::from(response))
        }
    });
    Runtime::new(handler).layer(AfterResponseLayer(slot)).layer(TracingLayer::new()).run().await
}

fn arrival(app: &App, context: &lambda_runtime::Context) -> Arrival {
    let now = app.clock().now();
    let told = i64::try_from(context.deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    Arrival {
        request_id: context.request_id.clone(),
        deadline: told.filter(|deadline| *deadline > now).unwrap_or(now + UNKNOWN_DEADLINE),
    }
}

/// The event of a function URL or an HTTP API (payload format 2.0), as far as it is used. The query is not: it may
/// hold what no URI may, and anyone can send one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    request_context: RequestContext,
    #[serde(default)]
    raw_path: String,
    #[serde(default)]
    headers: HashMap<String, Value>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
struct RequestContext {
    http: HttpContext,
    stage: Option<String>,
}

#[derive(Deserialize)]
struct HttpContext {
    method: String,
}

/// The response, as a function URL expects it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionResponse {
    status_code: u16,
    headers: HashMap<&'static str, String>,
    /// None. Lambda does without them, cargo-lambda's emulator answers 500.
    cookies: [&'static str; 0],
    body: String,
    is_base64_encoded: bool,
}

impl From<Response<String>> for FunctionResponse {
    fn from(response: Response<String>) -> Self {
        let header =
            |name: HeaderName, shown| Some((shown, response.headers().get(name)?.to_str().ok()?.to_owned()));
        let headers = [header(CONTENT_TYPE, "content-type"), header(http::header::ALLOW, "allow")];
        Self {
            status_code: response.status().as_u16(),
            headers: headers.into_iter().flatten().collect(),
            cookies: [],
            body: response.into_body(),
            is_base64_encoded: false,
        }
    }
}

impl Event {
    /// The request of an event of any kind. It is taken apart here rather than by the runtime, whose errors quote it.
    fn read(event: Value) -> Result<Request<Full<Bytes>>, &'static str> {
        let event =
            Self::deserialize(event).map_err(|_| "not an event of a function URL (payload format 2.0)")?;
        event.into_request()
    }

    /// The request that the event is about.
    fn into_request(self) -> Result<Request<Full<Bytes>>, &'static str> {
        let body = self.body.unwrap_or_default();
        // What is longer is refused for its length whatever is in it, so it is cut rather than decoded.
        let longest = MAX_BODY / 3 * 4 + 8;
        let body = if self.is_base64_encoded {
            let body = body.get(..longest).unwrap_or(&body);
            STANDARD.decode(body).map_err(|_| "the body is marked as Base64 and is not Base64")?
        } else {
            body.into_bytes()
        };
        let mut request = Request::new(Full::from(body));
        *request.method_mut() =
            Method::from_bytes(self.request_context.http.method.as_bytes()).map_err(|_| "no such method")?;
        let path = without_stage(&self.raw_path, self.request_context.stage.as_deref());
        *request.uri_mut() = path.parse::<Uri>().map_err(|_| "the path is not a valid path")?;
        // A header that cannot be one is not there: what needs it will miss it.
        let headers = self.headers.into_iter().filter_map(|(name, value)| {
            Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value.as_str()?).ok()?))
        });
        request.headers_mut().extend(headers);
        Ok(request)
    }
}

/// An HTTP API with a named stage puts its name before the path.
fn without_stage<'p>(path: &'p str, stage: Option<&str>) -> &'p str {
    let rest = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    match rest {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ if path.is_empty() => "/",
        _ => path,
    }
}

fn put(slot: &Slot, job: Option<Job>) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = job;
}

fn take(slot: &Slot) -> Option<Job> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
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
