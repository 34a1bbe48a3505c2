//! The one HTTP client for what this function calls.
//!
//! Addresses come from the settings, never from the chat. No redirects, no proxy from the environment, no connection
//! kept between two messages (a frozen environment would find it dead), ring for TLS and Mozilla's roots.

use std::{
    error::Error,
    fmt, io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Proxy, Response, redirect::Policy};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use url::Url;

use crate::clock::Clock;

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
    /// The request was never sent.
    #[error("not sent: {0}")]
    Unsent(String),
    /// The request was never sent: nobody who is trusted vouches for the other side, or not for this name, or not today.
    #[error("not sent: {0}")]
    Untrusted(String),
    /// The request failed on the way; it may have arrived.
    #[error("{0}")]
    Failed(String),
    /// No answer came in time; the request may have arrived.
    #[error("no answer in time")]
    Late,
    /// Not a 2xx status.
    #[error("HTTP {0}")]
    Status(u16),
    /// More than was asked for.
    #[error("more than {0} bytes")]
    TooLong(usize),
}

/// One request. Its address is of the settings but for what [`address`] put into the path.
#[derive(Debug, Clone)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Beside those of every request.
    pub headers: HeaderMap,
    /// Sent along.
    pub body: Option<Vec<u8>>,
    /// How much of the answer's body is read.
    pub limit: usize,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// What the other side says of it.
    pub status: StatusCode,
    /// Beside the body.
    pub headers: HeaderMap,
    /// The body, or why it is not there: the status came all the same.
    pub body: Result<Vec<u8>, OutboundError>,
}

/// How another side is reached where that is not the plain way: who vouches for it instead of Mozilla's roots (an
/// authority of the house), and through which proxy. The default is the plain way.
#[derive(Clone, Default)]
pub struct Route(Option<Arc<Detour>>);

#[derive(Default)]
struct Detour {
    roots: Option<RootCertStore>,
    proxy: Option<Url>,
    identity: Option<Identity>,
    client: OnceLock<Client>,
}

/// Who is asking, where the other side knows that by a certificate.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Why a text is no authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected certificates in PEM (-----BEGIN CERTIFICATE-----), came {0}")]
pub struct InvalidAuthority(&'static str);

/// Why two texts are no certificate of a client with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a client's certificate and its key in PEM, came {0}")]
pub struct InvalidIdentity(&'static str);

/// A text that cannot be one segment of a path: it is empty, or would climb in it where slashes are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a segment of a path, came one that is empty, . or .., or has control characters")]
pub struct InvalidSegment;

impl Route {
    /// With an authority of the house, in PEM, and through a proxy, each where there is one.
    ///
    /// # Errors
    /// When there are no certificates in the text, or one cannot be used.
    pub fn new(authority: Option<&str>, proxy: Option<Url>) -> Result<Self, InvalidAuthority> {
        if authority.is_none() && proxy.is_none() {
            return Ok(Self::default());
        }
        let roots = authority.map(Self::roots).transpose()?;
        Ok(Self(Some(Arc::new(Detour { roots, proxy, ..Detour::default() }))))
    }

    /// The same, with a client's certificate and its key, both in PEM.
    ///
    /// # Errors
    /// When they are none.
    pub fn with_identity(&self, certificate: &str, key: &str) -> Result<Self, InvalidIdentity> {
        let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or(InvalidIdentity("another certificate"))?;
        let key =
            PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| InvalidIdentity("another key"))?;
        let own = ring::sign::any_supported_type(&key);
        let own = own.map_err(|_| InvalidIdentity("a key of an unknown kind"))?;
        let mismatch = rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch);
        if CertifiedKey::new(chain.clone(), own).keys_match() == Err(mismatch) {
            return Err(InvalidIdentity("the key of another certificate"));
        }
        let (roots, proxy) =
            self.0.as_deref().map_or((None, None), |detour| (detour.roots.clone(), detour.proxy.clone()));
        let identity = Some(Identity { chain, key });
        Ok(Self(Some(Arc::new(Detour { roots, proxy, identity, ..Detour::default() }))))
    }

    /// The proxy that it goes through.
    pub(crate) fn proxy(&self) -> Option<&Url> {
        self.0.as_deref()?.proxy.as_ref()
    }

    fn roots(text: &str) -> Result<RootCertStore, InvalidAuthority> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
            let certificate = certificate.map_err(|_| InvalidAuthority("something else"))?;
            roots.add(certificate).map_err(|_| InvalidAuthority("one that cannot be used"))?;
        }
        if roots.is_empty() {
            return Err(InvalidAuthority("none"));
        }
        Ok(roots)
    }
}

/// Without the proxy's address, which may hold a password.
impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(detour) = &self.0 else { return f.write_str("Route(plain)") };
        let certificates = detour.roots.as_ref().map_or(0, RootCertStore::len);
        let proxy = if detour.proxy.is_some() { ", through a proxy" } else { "" };
        write!(f, "Route({certificates} certificates{proxy})")
    }
}

/// What a segment of a path may hold unencoded (RFC 3986, "unreserved").
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An address whose path goes on with these segments: each of them stays one, whatever is in it.
///
/// # Errors
/// The index of the first that cannot be one.
pub fn address<S: AsRef<str>>(base: &Url, segments: &[S]) -> Result<Url, (usize, InvalidSegment)> {
    let mut path = base.path().trim_end_matches('/').to_owned();
    for (index, segment) in segments.iter().enumerate() {
        let segment = segment.as_ref();
        // Some servers decode %2F before they look at a path.
        let climbs = segment.split(['/', '\\']).any(|part| matches!(part, "" | "." | ".."));
        if climbs || segment.chars().any(char::is_control) {
            return Err((index, InvalidSegment));
        }
        path.push('/');
        path.extend(utf8_percent_encode(segment, UNRESERVED));
    }
    let mut url = base.clone();
    url.set_path(&path);
    Ok(url)
}

impl Outbound {
    /// Sends a request once, and waits for the answer until then.
    ///
    /// # Errors
    /// When no status came; whether the request may have arrived is told apart.
    pub async fn send(
        &self,
        request: Request,
        route: &Route,
        by: Timestamp,
        clock: &dyn Clock,
    ) -> Result<Answer, OutboundError> {
        let client = match &route.0 {
            None => self.client(),
            Some(detour) => get_or_build(&detour.client, detour),
        };
        let client = client.map_err(|error| OutboundError::Unsent(error.to_string()))?;
        let Request { method, url, headers, body, limit } = request;
        // The client's own limit is for those who have none.
        let sending = client.request(method, url).headers(headers).timeout(clock.until(by));
        let sending = match body {
            Some(body) => sending.body(body),
            None => sending,
        };
        let answer = async {
            let response = sending.send().await.map_err(OutboundError::from_reqwest)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = match clock.within(by, read(response, limit)).await {
                Some(Ok((body, true))) => Ok(body),
                Some(Ok((_, false))) => Err(OutboundError::TooLong(limit)),
                Some(Err(error)) => Err(OutboundError::from_reqwest(error)),
                None => Err(OutboundError::Late),
            };
            Ok(Answer { status, headers, body })
        };
        clock.within(by, answer).await.unwrap_or(Err(OutboundError::Late))
    }

    /// The client itself.
    ///
    /// # Errors
    /// When it cannot be built, for want of memory or entropy.
    pub fn client(&self) -> Result<&Client, OutboundError> {
        get_or_build(&self.0, &Detour::default())
    }

    /// The body of a GET with a 2xx answer of at most `limit` bytes.
    ///
    /// # Errors
    /// When no such answer came.
    pub async fn get(&self, url: Url, limit: usize) -> Result<Vec<u8>, OutboundError> {
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

impl OutboundError {
    fn from_reqwest(error: reqwest::Error) -> Self {
        if is_distrust(&error) {
            return Self::Untrusted(describe(error));
        }
        if error.is_connect() || error.is_builder() {
            return Self::Unsent(describe(error));
        }
        if error.is_timeout() { Self::Late } else { Self::Failed(describe(error)) }
    }

    /// Whether the request may have arrived all the same.
    pub fn may_have_arrived(&self) -> bool {
        !matches!(self, Self::Unsent(_) | Self::Untrusted(_))
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

fn get_or_build<'c>(client: &'c OnceLock<Client>, detour: &Detour) -> Result<&'c Client, OutboundError> {
    if let Some(client) = client.get() {
        return Ok(client);
    }
    let built = build(detour).map_err(OutboundError::Unsent)?;
    Ok(client.get_or_init(|| built))
}

fn build(detour: &Detour) -> Result<Client, String> {
    let Detour { roots, proxy, identity, .. } = detour;
    let public = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots.clone().unwrap_or_else(public));
    let tls = match identity {
        None => tls.with_no_client_auth(),
        Some(Identity { chain, key }) => {
            tls.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(|error| error.to_string())?
        }
    };
    let builder = Client::builder().no_proxy();
    let builder = match proxy {
        Some(proxy) => builder.proxy(Proxy::all(proxy.clone()).map_err(describe)?),
        None => builder,
    };
    builder
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("dingops/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .build()
        .map_err(describe)
}

/// Whether it is about the other side's certificate. What an error of reading and writing holds is not its source.
fn is_distrust(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref() {
        return matches!(error, rustls::Error::InvalidCertificate(_));
    }
    let held = error.downcast_ref().and_then(io::Error::get_ref).map(|held| held as &(dyn Error + 'static));
    held.or(error.source()).is_some_and(is_distrust)
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

#[cfg(test)]
mod tests;
