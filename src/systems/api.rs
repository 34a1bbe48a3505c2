//! Calls of a system's HTTP API: its address, its credentials, one retry of a read, none of a write.

use std::time::Duration;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE},
};
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use url::Url;

use super::failure::{self, Failure};
use crate::{
    clock::before,
    config::{Mistake, Places, Spanned},
    dispatch::Ctx,
    mask,
    outbound::{self, Answer, OutboundError, Request, Route},
    text,
};

/// Time for one answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Kept back of the deadline to tell what came of it.
const TO_TELL: SignedDuration = SignedDuration::from_secs(1);
/// How much of an answer is read, unless a call says more.
const LIMIT: usize = 1024 * 1024;

/// How a system's API is reached.
#[derive(Debug, Clone)]
pub struct Api {
    title: String,
    url: Url,
    route: Route,
    headers: HeaderMap,
}

impl Api {
    /// An API at this address, perhaps with an authority of the house and through a proxy.
    ///
    /// # Errors
    /// What of it cannot be used.
    pub(crate) fn new(
        title: String,
        url: &Spanned<String>,
        ca: Option<&Spanned<String>>,
        proxy: Option<&Spanned<String>>,
        places: &Places<'_>,
    ) -> Result<Self, Mistake> {
        let base = address(url, places)?;
        if base.query().is_some() || base.fragment().is_some() {
            // What follows them may be a token.
            let problem = "expected an address without ? and #, came one with them";
            return Err(places.mistake(url.span(), problem.into()));
        }
        let proxy = proxy.map(|proxy| {
            Url::parse(proxy.get_ref())
                .ok()
                .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
                .ok_or_else(|| places.mistake(proxy.span(), "expected an http(s) address of a proxy".into()))
        });
        let authority = ca.map(|ca| ca.get_ref().as_str());
        let at = ca.map(Spanned::span).unwrap_or_default();
        let route = Route::new(authority, proxy.transpose()?);
        let route = route.map_err(|error| places.mistake(at, error.to_string()))?;
        Ok(Self { title, url: base, route, headers: HeaderMap::new() })
    }

    /// With a header that is sent along, and is shown nowhere.
    ///
    /// # Errors
    /// When the value cannot be in a header; `at` is where it stands.
    pub(crate) fn with_secret(
        mut self,
        value: &str,
        at: &Spanned<String>,
        places: &Places<'_>,
    ) -> Result<Self, Mistake> {
        let value = HeaderValue::from_str(value).map_err(|_| {
            places.mistake(at.span(), "expected letters that a header can have, came others".into())
        });
        let mut value = value?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// With a certificate that says who is asking: itself and its authorities, and its key, both in PEM.
    ///
    /// # Errors
    /// When they are none; `at` is where they stand.
    pub(crate) fn with_identity(
        mut self,
        certificate: &str,
        key: &str,
        at: &Spanned<String>,
        places: &Places<'_>,
    ) -> Result<Self, Mistake> {
        let route = self.route.with_identity(certificate, key);
        self.route = route.map_err(|error| places.mistake(at.span(), error.to_string()))?;
        Ok(self)
    }

    /// With what it signs in: user and password, or a token, or nothing.
    ///
    /// # Errors
    /// When half of it is missing, or both came.
    pub(crate) fn with_login(self, login: &Login<'_>, places: &Places<'_>) -> Result<Self, Mistake> {
        let Login { user, password, token } = *login;
        for given in [user, password, token].into_iter().flatten() {
            if given.get_ref().trim().is_empty() {
                return Err(places.mistake(given.span(), "expected a text, came an empty one".into()));
            }
        }
        match (user, password, token) {
            (None, None, None) => Ok(self),
            (None, None, Some(token)) => {
                self.with_secret(&format!("Bearer {}", token.get_ref()), token, places)
            }
            (Some(user), Some(password), None) => {
                if user.get_ref().contains(':') {
                    return Err(places.mistake(user.span(), "expected a user without a colon".into()));
                }
                let both = BASE64_STANDARD.encode(format!("{}:{}", user.get_ref(), password.get_ref()));
                self.with_secret(&format!("Basic {both}"), password, places)
            }
            (Some(half), None, None) | (None, Some(half), None) => {
                Err(places.mistake(half.span(), "expected user and password, came one of them".into()))
            }
            (_, _, Some(token)) => {
                let problem = "expected user and password or a token, came both";
                Err(places.mistake(token.span(), problem.into()))
            }
        }
    }

    /// Whether what it signs in with can be read on the way.
    pub(crate) fn tells_secrets(&self) -> bool {
        self.headers.contains_key(AUTHORIZATION) && self.is_open()
    }

    /// Whether what is sent can be read on the way. A proxy elsewhere reads plain http, and decides which machine
    /// `localhost` is.
    fn is_open(&self) -> bool {
        let is_passed_on = self.route.proxy().is_some_and(|proxy| !text::is_loopback(proxy));
        text::is_open(&self.url) || (self.url.scheme() == "http" && is_passed_on)
    }

    /// The same, where that turns an entry off, whose token is `at`: it may do more than is asked of it here.
    ///
    /// # Errors
    /// When it can be.
    pub(crate) fn keeps_secrets<T>(&self, at: &Spanned<T>, places: &Places<'_>) -> Result<(), Mistake> {
        let problem = "expected an address of https:// (http:// only for this machine, and through no proxy \
                       elsewhere), came http://: whoever is between would read the token";
        match self.is_open() {
            true => Err(places.mistake(at.span(), problem.into())),
            false => Ok(()),
        }
    }

    /// What the system is called in a sentence.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// A title or a line that names no system: which one it is said of, where it was given a name.
    pub fn named(&self, title: String) -> String {
        match self.title.contains(' ') {
            true => format!("{} · {title}", self.title),
            false => title,
        }
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Its address for people: this one, or its own.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn web(&self, given: Option<&Spanned<String>>, places: &Places<'_>) -> Result<Url, Mistake> {
        given.map_or_else(|| Ok(self.url.clone()), |given| address(given, places))
    }

    /// Asks for what these segments name.
    pub fn get<'a, S: AsRef<str>>(&'a self, ctx: &'a Ctx, segments: &[S]) -> Call<'a> {
        Call::new(self, ctx, Method::GET, segments)
    }

    /// Has something done there.
    pub fn post<'a, S: AsRef<str>>(&'a self, ctx: &'a Ctx, segments: &[S]) -> Call<'a> {
        Call::new(self, ctx, Method::POST, segments)
    }

    /// Sends what a client library made up. Its path goes on from this address; the library has encoded it.
    pub fn pass<'a>(&'a self, ctx: &'a Ctx, request: http::Request<Vec<u8>>) -> Call<'a> {
        let (head, body) = request.into_parts();
        let mut call = Call::new::<&str>(self, ctx, head.method, &[]);
        if let Ok(url) = &mut call.url {
            url.set_path(&format!("{}{}", self.url.path().trim_end_matches('/'), head.uri.path()));
            let query = head.uri.query().map(|query| query.trim_start_matches('&'));
            url.set_query(query.filter(|query| !query.is_empty()));
        }
        call.headers.extend(head.headers);
        call.body = Some(body).filter(|body| !body.is_empty());
        call
    }

    /// Removes what these segments name.
    pub fn delete<'a, S: AsRef<str>>(&'a self, ctx: &'a Ctx, segments: &[S]) -> Call<'a> {
        Call::new(self, ctx, Method::DELETE, segments)
    }
}

/// What an entry of the settings signs in with.
#[derive(Clone, Copy)]
pub(crate) struct Login<'s> {
    /// Its `user`.
    pub(crate) user: Option<&'s Spanned<String>>,
    /// Its `password`.
    pub(crate) password: Option<&'s Spanned<String>>,
    /// Its `token`.
    pub(crate) token: Option<&'s Spanned<String>>,
}

/// An http(s) address of the settings.
///
/// # Errors
/// When it is none, or has a password in it, which would end up in logs of others.
pub(crate) fn address(given: &Spanned<String>, places: &Places<'_>) -> Result<Url, Mistake> {
    let url = text::web_address(given.get_ref())
        .filter(|url| url.username().is_empty() && url.password().is_none());
    url.ok_or_else(|| {
        let expected = "expected an http(s) address (https://…) without user and password";
        match given.get_ref().contains('@') {
            true => places.mistake(given.span(), format!("{expected}, came one with an @")),
            false => places.unexpected(given.span(), expected, given.get_ref()),
        }
    })
}

/// Reads what is left empty as `null` too: not all that speak an API write an empty list as one.
pub(super) fn null_is_empty<'de, D, T>(answer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(answer).map(Option::unwrap_or_default)
}

/// A request that is being made up.
#[must_use = "a call does nothing until it is sent"]
pub struct Call<'a> {
    api: &'a Api,
    ctx: &'a Ctx,
    method: Method,
    url: Result<Url, Failure>,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    is_read: bool,
    is_heavy: bool,
    limit: usize,
    timeout: Duration,
}

impl<'a> Call<'a> {
    fn new<S: AsRef<str>>(api: &'a Api, ctx: &'a Ctx, method: Method, segments: &[S]) -> Self {
        let url = outbound::address(&api.url, segments).map_err(|(index, _)| {
            Failure::Name(segments.get(index).map(|name| name.as_ref().to_owned()).unwrap_or_default())
        });
        let mut headers = api.headers.clone();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        // Some say what is quoted in the reader's language.
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(ctx.locale.tag()));
        let (limit, timeout) = (LIMIT, TIMEOUT);
        let is_read = method == Method::GET;
        Self { api, ctx, method, url, headers, body: None, is_read, is_heavy: false, limit, timeout }
    }

    /// With these pairs behind the question mark.
    pub fn query<V: AsRef<str>>(mut self, pairs: impl IntoIterator<Item = (&'static str, V)>) -> Self {
        if let Ok(url) = &mut self.url {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        self
    }

    /// With these pairs as a form.
    pub fn form<'p>(mut self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        self.body = Some(form.into_bytes());
        self
    }

    /// With this as JSON.
    pub fn body(mut self, body: &impl Serialize) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = serde_json::to_vec(body).ok();
        self
    }

    /// Nothing is changed by it, whatever its method: it may be sent twice.
    pub fn reading(mut self) -> Self {
        self.is_read = true;
        self
    }

    /// Work for the other side, which goes on with it when nobody waits any more: what came too late, or what it gave up
    /// itself, is not asked again.
    pub fn heavy(mut self) -> Self {
        self.is_heavy = true;
        self
    }

    /// Reading at most so many bytes of the answer.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The answer, whatever its body is; `expected` are the statuses beside 200 to 299 that mean that it worked.
    ///
    /// # Errors
    /// When it was refused, or no answer came. A read is tried once more where that may help.
    pub async fn send(self, expected: &[StatusCode]) -> Result<Answer, Failure> {
        let request = Request {
            method: self.method.clone(),
            url: self.url.clone()?,
            headers: self.headers.clone(),
            body: self.body.clone(),
            limit: self.limit,
        };
        let answered = self.once(request.clone()).await;
        let is_passing = match &answered {
            Ok(answer) => failure::is_passing(answer) && !(self.is_heavy && failure::is_its_own(answer)),
            Err(OutboundError::Late) => !self.is_heavy,
            Err(_) => true,
        };
        let again = self.is_read && is_passing;
        let answered = if again { self.once(request).await } else { answered };
        let title = self.api.title();
        let answer = answered.map_err(|error| {
            tracing::warn!(system = title, %error, "a system did not answer");
            Failure::from_outbound(error, title)
        })?;
        if answer.status.is_success() || expected.contains(&answer.status) {
            return Ok(answer);
        }
        tracing::warn!(system = title, status = answer.status.as_u16(), "a system refused");
        Err(Failure::refused(&answer, title, &self.credentials()))
    }

    /// What it signs in with, however an answer may repeat it.
    fn credentials(&self) -> Vec<String> {
        let sent = self.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (scheme, credentials) = sent.split_once(' ').unwrap_or_default();
        let mut plain = vec![credentials.to_owned()];
        if scheme == "Basic" {
            let both = BASE64_STANDARD.decode(credentials).ok().and_then(|both| String::from_utf8(both).ok());
            let both = both.unwrap_or_default();
            plain.extend(both.split_once(':').map(|(_, password)| password.to_owned()));
            plain.push(both);
        }
        let encoded: Vec<String> = plain.iter().flat_map(|text| mask::in_base64(text)).collect();
        plain.into_iter().chain(encoded).collect()
    }

    async fn once(&self, request: Request) -> Result<Answer, OutboundError> {
        let Ctx { outbound, clock, deadline, .. } = self.ctx;
        let now = clock.now();
        let by = now.checked_add(self.timeout).unwrap_or(*deadline).min(before(*deadline, TO_TELL, now));
        outbound.send(request, &self.api.route, by, clock.as_ref()).await
    }

    /// What the answer holds.
    ///
    /// # Errors
    /// As for [`Call::send`], and when the answer is too long.
    pub async fn bytes(self) -> Result<Vec<u8>, Failure> {
        let title = self.api.title();
        self.send(&[]).await?.body.map_err(|error| Failure::from_outbound(error, title))
    }

    /// The same as text.
    ///
    /// # Errors
    /// As for [`Call::bytes`], and when it is no UTF-8.
    pub async fn text(self) -> Result<String, Failure> {
        let system = self.api.title().to_owned();
        String::from_utf8(self.bytes().await?).map_err(|_| Failure::Malformed { system })
    }

    /// The same as JSON of this form.
    ///
    /// # Errors
    /// As for [`Call::bytes`], and when it is of another form.
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, Failure> {
        let system = self.api.title();
        serde_json::from_slice(&self.bytes().await?).map_err(|error| {
            // Its sentence may quote what the answer holds.
            let (category, column) = (error.classify(), error.column());
            tracing::warn!(system, ?category, column, "a system answered in another form");
            Failure::Malformed { system: system.to_owned() }
        })
    }
}
