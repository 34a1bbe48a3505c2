//! The smallest function that could do the job, to measure the real one against (`start.rs`).
//!
//! It verifies the signature, decodes the callback, and posts one fixed reply after the response, with the same crates
//! and none of ours: no settings, no commands, no log, no check of where the reply goes. It is not to be deployed.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use lambda_http::{
    Error, Request, Response, service_fn,
    tower::{Layer, Service},
};
use lambda_runtime::LambdaInvocation;
use reqwest::{Client, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use serde::Deserialize;
use sha2::Sha256;

const EMPTY: &str = r#"{"msgtype":"empty"}"#;
const REPLY: &str = r#"{"msgtype":"markdown","markdown":{"title":"pong","text":"pong"}}"#;
const MAX_SKEW_MS: i64 = 3_600_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Callback {
    session_webhook: String,
    text: Text,
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

/// The address to reply to, from the handler to the layer around it.
type Slot = Arc<Mutex<Option<String>>>;

fn main() -> Result<(), Error> {
    let secret = std::env::var("DINGTALK_APP_SECRET")?;
    let slot = Slot::default();
    let filled = Arc::clone(&slot);
    let handler = service_fn(move |request: Request| {
        let status = match accepted(&request, &secret) {
            Some(webhook) => {
                *filled.lock().expect("one thread") = Some(webhook);
                200
            }
            None => 401,
        };
        async move {
            let response = Response::builder().status(status).header("content-type", "application/json");
            Ok::<_, Infallible>(response.body(EMPTY.to_owned()).expect("a response"))
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { lambda_http::runtime(handler).layer(AfterResponseLayer(slot)).run().await })
}

fn accepted(request: &Request, secret: &str) -> Option<String> {
    let header = |name| request.headers().get(name)?.to_str().ok();
    let (timestamp, sign) = (header("timestamp")?, STANDARD.decode(header("sign")?).ok()?);
    if (now_ms() - timestamp.parse::<i64>().ok()?).abs() > MAX_SKEW_MS {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(format!("{timestamp}\n{secret}").as_bytes());
    mac.verify_slice(&sign).ok()?;
    let callback: Callback = serde_json::from_slice(request.body()).ok()?;
    (!callback.text.content.is_empty()).then_some(callback.session_webhook)
}

#[expect(clippy::disallowed_methods, reason = "no clock of ours in here")]
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Built for the first reply and kept, as the real function does.
fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of ring")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = Client::builder().tls_backend_preconfigured(tls).no_proxy().redirect(Policy::none());
        client.pool_max_idle_per_host(0).timeout(Duration::from_secs(10)).build().expect("a client")
    })
}

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
        let slot = Arc::clone(&self.slot);
        let posted = self.inner.call(invocation);
        Box::pin(async move {
            posted.await?;
            let webhook = slot.lock().expect("one thread").take();
            if let Some(webhook) = webhook {
                let request = client().post(webhook).header("content-type", "application/json").body(REPLY);
                request.send().await?.bytes().await?;
            }
            Ok(())
        })
    }
}
