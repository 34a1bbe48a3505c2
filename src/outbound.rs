//! The one HTTP client for what this function calls.
//!
//! Addresses come from the settings, never from the chat. No redirects, no proxy from the environment, no connection
//! kept between two messages (a frozen environment would find it dead), ring for TLS and Mozilla's roots.

use std::{
    error::Error,
    sync::{Arc, OnceLock},
    time::Duration,
};

use reqwest::{Client, Response, redirect::Policy};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// Time to make a connection, name look-up and TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for a whole request; callers bound it further by their deadline.
const TOTAL: Duration = Duration::from_secs(10);

/// Makes requests to the outside. Built on first use: a process that never calls out pays nothing.
#[derive(Debug, Default)]
pub struct Outbound(OnceLock<Client>);

/// Why an answer could not be had. Holds no address: one may carry a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The request failed on the way.
    #[error("{0}")]
    Failed(String),
    /// Not a 2xx status.
    #[error("HTTP {0}")]
    Status(u16),
    /// More than was asked for.
    #[error("more than {0} bytes")]
    TooLong(usize),
}

impl Outbound {
    /// The client itself.
    ///
    /// # Errors
    /// When it cannot be built, for want of memory or entropy.
    pub fn client(&self) -> Result<&Client, OutboundError> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let built = build().map_err(OutboundError::Failed)?;
        Ok(self.0.get_or_init(|| built))
    }

    /// The body of a GET with a 2xx answer of at most `limit` bytes.
    ///
    /// # Errors
    /// When no such answer came.
    pub async fn get(&self, url: url::Url, limit: usize) -> Result<Vec<u8>, OutboundError> {
        let failed = |error| OutboundError::Failed(describe(error));
        let response = self.client()?.get(url).send().await.map_err(failed)?;
        if !response.status().is_success() {
            return Err(OutboundError::Status(response.status().as_u16()));
        }
        match read(response, limit).await.map_err(failed)? {
            (body, true) => Ok(body),
            (_, false) => Err(OutboundError::TooLong(limit)),
        }
    }
}

/// The body of an answer, and whether it is the whole: reading stops once `limit` is passed.
pub(crate) async fn read(mut response: Response, limit: usize) -> Result<(Vec<u8>, bool), reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > limit {
            return Ok((body, false));
        }
    }
    Ok((body, true))
}

fn build() -> Result<Client, String> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("dingops/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .build()
        .map_err(describe)
}

/// An error of reqwest with its causes and without its address.
pub(crate) fn describe(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
