//! `[[http]]`: commands of the operator's own, each one request over HTTP as data, and a template for the reply.
//!
//! What is checked here is its form. That its templates and examples can be read is checked where they are read, in
//! [`crate::commands`], before the start is over.

mod argument;
mod tree;

use std::{collections::BTreeMap, fmt, time::Duration};

use http::{HeaderName, Method};
use serde::Deserialize;
use url::Url;

pub(super) use self::tree::Raw;
use self::{
    argument::ArgumentSection,
    tree::{pairs, template, tree, wrong},
};
pub use self::{
    argument::{Argument, Shape},
    tree::Tree,
};
use super::{
    Located,
    document::{Mistake, Places, Spanned},
    spoken::{Spoken, SpokenSection},
};
use crate::{dispatch::Effect, outbound::Route, text};

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_TIMEOUT: Duration = Duration::from_secs(15 * 60);
const MAX_BYTES: i64 = 256 * 1024;
/// A body is held in memory as text and as JSON at once.
const MOST_BYTES: i64 = 1024 * 1024;
/// Headers that are made of the request, or would change how it is read.
const OWN_HEADERS: [&str; 8] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"];

/// A command over HTTP.
#[derive(Debug, Clone)]
pub struct Http {
    /// What is said.
    pub name: Located,
    /// What it does.
    pub help: Spoken,
    /// What it does to the world.
    pub effect: Effect,
    /// Its replies may hold secrets or personal data.
    pub sensitive: bool,
    /// A write so slight that a rule may let it run without confirmation.
    pub mild: bool,
    /// What is typed behind the name.
    pub arguments: Vec<Argument>,
    /// What templates have as `secret.NAME`.
    pub secrets: Secrets,
    /// What is asked.
    pub request: Request,
    /// Statuses that mean that it worked; none stands for 200 to 299.
    pub expect: Vec<u16>,
    /// How long the whole may take.
    pub timeout: Duration,
    /// How much of an answer is read.
    pub max_bytes: usize,
    /// How the other side is reached.
    pub route: Route,
    /// A template of Markdown.
    pub reply: Option<Located>,
    /// Lines to try.
    pub examples: Vec<Located>,
}

/// A request as data, with templates in its texts.
#[derive(Debug, Clone)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Scheme, host and port, which no template touches.
    pub url: Url,
    /// Segments of the path.
    pub path: Vec<Located>,
    /// Behind the question mark.
    pub query: Vec<(String, Tree)>,
    /// Headers beside those of every request.
    pub headers: Vec<(HeaderName, Located)>,
    /// What is sent along.
    pub body: Body,
}

/// What is sent along with a request.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Tree),
    /// As a form of a page.
    Form(Vec<(String, Tree)>),
    /// A text.
    Text(Located),
}

/// Values by name that only a request may hold. `Debug` shows the names.
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<String, String>);

impl Secrets {
    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct HttpSection {
    /// The words that run it.
    name: Spanned<String>,
    /// What it does.
    help: SpokenSection,
    /// What it does to the world.
    #[cfg_attr(test, schemars(extend("enum" = ["read", "write"])))]
    effect: Spanned<String>,
    /// It only reads, though its method is neither GET nor HEAD.
    safe: Option<Spanned<bool>>,
    /// Its replies may hold secrets or personal data: rules must name it.
    #[serde(default)]
    sensitive: bool,
    /// A write so slight that a rule may let it run without confirmation.
    mild: Option<Spanned<bool>>,
    /// What is typed behind the name.
    #[serde(default)]
    args: Vec<ArgumentSection>,
    /// What templates have as `secret.NAME`.
    #[cfg_attr(test, schemars(extend("type" = "object")))]
    secrets: Option<Spanned<Raw>>,
    /// "GET" where it is left out.
    #[cfg_attr(test, schemars(extend("enum" = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])))]
    method: Option<Spanned<String>>,
    /// Scheme, host and port, which no template touches.
    url: Spanned<String>,
    /// Templates, one for each segment of the path.
    #[serde(default)]
    path: Vec<Spanned<String>>,
    /// Templates by name, behind the question mark.
    #[cfg_attr(test, schemars(extend("type" = "object")))]
    query: Option<Spanned<Raw>>,
    /// Templates by the name of a header.
    #[cfg_attr(test, schemars(extend("type" = "object")))]
    headers: Option<Spanned<Raw>>,
    /// A body of JSON, with templates in its texts.
    json: Option<Spanned<Raw>>,
    /// A body as a form of a page, templates by name.
    #[cfg_attr(test, schemars(extend("type" = "object")))]
    form: Option<Spanned<Raw>>,
    /// A body of text, a template.
    text: Option<Spanned<String>>,
    /// Statuses that mean that it worked; 200 to 299 where it is left out.
    expect: Option<Spanned<Vec<Spanned<i64>>>>,
    /// How long the whole may take, at most "15m"; "10s" where it is left out.
    timeout: Option<Spanned<String>>,
    /// How much of an answer is read; 262144 bytes where it is left out.
    max_bytes: Option<Spanned<i64>>,
    /// Certificates (PEM) of who vouches for the other side, such as "${file:ca.pem}".
    ca: Option<Spanned<String>>,
    /// A template of Markdown over `status`, `headers`, `json` and `text`.
    reply: Option<Spanned<String>>,
    /// Lines to try, shown in help.
    examples: Spanned<Vec<Spanned<String>>>,
}

impl HttpSection {
    pub(super) fn check(self, places: &Places<'_>) -> Result<Http, Mistake> {
        let method = method(self.method.as_ref(), places)?;
        let is_safe = matches!(method, Method::GET | Method::HEAD);
        let effect = match self.effect.get_ref().as_str() {
            "write" => Effect::Write,
            "read" if is_safe || self.safe.as_ref().is_some_and(|safe| *safe.get_ref()) => Effect::Read,
            "read" => {
                let problem = format!(
                    "expected \"write\" beside method = \"{method}\", came \"read\" (or safe = true, where it changes nothing)"
                );
                return Err(places.mistake(self.effect.span(), problem));
            }
            other => {
                return Err(places.unexpected(self.effect.span(), "expected \"read\" or \"write\"", other));
            }
        };
        if let Some(safe) = self.safe.filter(|safe| *safe.get_ref() && (is_safe || effect == Effect::Write)) {
            let problem =
                "expected safe = true only beside effect = \"read\" and a method other than GET and HEAD";
            return Err(places.mistake(safe.span(), problem.into()));
        }
        if let Some(mild) = self.mild.as_ref().filter(|mild| *mild.get_ref() && effect != Effect::Write) {
            return Err(
                places.mistake(mild.span(), "expected mild = true only beside effect = \"write\"".into())
            );
        }
        let body = body(self.json, self.form, self.text, places)?;
        if let (Some((at, _)), true) = (&body, is_safe) {
            let problem = format!("expected no body beside method = \"{method}\", came one");
            return Err(places.mistake(at.clone(), problem));
        }
        let segment = |segment: &Spanned<String>| match segment.get_ref().as_str() {
            "" | "." | ".." => {
                let expected = "expected the text of one segment of the path";
                Err(places.unexpected(segment.span(), expected, segment.get_ref()))
            }
            _ => template(segment, places),
        };
        let request = Request {
            url: origin(&self.url, places)?,
            path: self.path.iter().map(segment).collect::<Result<_, _>>()?,
            query: pairs(self.query, places)?,
            headers: headers(self.headers, places)?,
            body: body.map_or(Body::None, |(_, body)| body),
            method,
        };
        if self.examples.get_ref().is_empty() {
            return Err(places.mistake(self.examples.span(), "expected at least one line, came none".into()));
        }
        Ok(Http {
            name: super::said(&self.name, "expected words as they are said to run it", places)?,
            help: self.help.check(places)?,
            effect,
            sensitive: self.sensitive,
            mild: self.mild.is_some_and(Spanned::into_inner),
            arguments: argument::arguments(self.args, places)?,
            secrets: secrets(self.secrets, places)?,
            request,
            expect: expect(self.expect, places)?,
            timeout: timeout(self.timeout, places)?,
            max_bytes: max_bytes(self.max_bytes, places)?,
            route: self.ca.map(|ca| route(&ca, places)).transpose()?.unwrap_or_default(),
            reply: self.reply.map(|reply| template(&reply, places)).transpose()?,
            examples: self.examples.get_ref().iter().map(|example| places.locate(example)).collect(),
        })
    }
}

fn method(given: Option<&Spanned<String>>, places: &Places<'_>) -> Result<Method, Mistake> {
    let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let Some(given) = given else { return Ok(Method::GET) };
    methods.into_iter().find(|method| method.as_str() == given.get_ref()).ok_or_else(|| {
        let expected = "expected \"GET\", \"HEAD\", \"POST\", \"PUT\", \"PATCH\" or \"DELETE\"";
        places.unexpected(given.span(), expected, given.get_ref())
    })
}

/// Scheme, host and port. What is wrong may be a password in front of the host, so nothing of it is repeated.
fn origin(given: &Spanned<String>, places: &Places<'_>) -> Result<Url, Mistake> {
    let problem = match text::web_address(given.get_ref()) {
        None => "no http(s) address",
        Some(url) if !url.username().is_empty() || url.password().is_some() => "one with user information",
        Some(url) if url.path() != "/" => "one with a path: that is path = [\"…\"]",
        Some(url) if url.query().is_some() || url.fragment().is_some() => "one with a query or a fragment",
        Some(url) => return Ok(url),
    };
    let problem =
        format!("expected scheme, host and port such as \"https://api.example.com\", came {problem}");
    Err(places.mistake(given.span(), problem))
}

fn headers(raw: Option<Spanned<Raw>>, places: &Places<'_>) -> Result<Vec<(HeaderName, Located)>, Mistake> {
    let mut headers: Vec<(HeaderName, Located)> = Vec::new();
    for (name, value) in tree::table(raw, places)? {
        let header = HeaderName::from_bytes(name.get_ref().as_bytes())
            .ok()
            .filter(|header| !OWN_HEADERS.contains(&header.as_str()))
            .filter(|header| !headers.iter().any(|(other, _)| other == header));
        let header = header.ok_or_else(|| {
            let expected = "expected the name of a header that is not set otherwise";
            places.unexpected(name.span(), expected, name.get_ref())
        })?;
        let span = value.span();
        let text = match value.into_inner() {
            Raw::Text(text) => Spanned::new(span, text),
            other => return Err(wrong(&Spanned::new(span, other), "a text", places)),
        };
        headers.push((header, template(&text, places)?));
    }
    Ok(headers)
}

/// At most one body, and where it stands.
fn body(
    json: Option<Spanned<Raw>>,
    form: Option<Spanned<Raw>>,
    text: Option<Spanned<String>>,
    places: &Places<'_>,
) -> Result<Option<(std::ops::Range<usize>, Body)>, Mistake> {
    let spans = [
        json.as_ref().map(Spanned::span),
        form.as_ref().map(Spanned::span),
        text.as_ref().map(Spanned::span),
    ];
    let mut spans = spans.into_iter().flatten();
    let first = spans.next();
    if let Some(second) = spans.next() {
        return Err(places.mistake(second, "expected one of json, form and text, came two".into()));
    }
    let body = match (json, form, text) {
        (Some(json), ..) => Body::Json(tree(json, places)?),
        (_, Some(form), _) => Body::Form(pairs(Some(form), places)?),
        (.., Some(text)) => Body::Text(template(&text, places)?),
        _ => return Ok(None),
    };
    Ok(first.map(|at| (at, body)))
}

/// No value of a secret is repeated, wherever it comes from.
fn secrets(raw: Option<Spanned<Raw>>, places: &Places<'_>) -> Result<Secrets, Mistake> {
    let mut secrets = BTreeMap::new();
    for (name, value) in tree::table(raw, places)? {
        let usable = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.get_ref().chars().all(usable) || name.get_ref().starts_with(|c: char| c.is_ascii_digit()) {
            let expected = "expected a name of letters, digits and _";
            return Err(places.unexpected(name.span(), expected, name.get_ref()));
        }
        match value.get_ref() {
            Raw::Text(text) if text.is_empty() => {
                return Err(places.mistake(value.span(), "expected a secret, came an empty text".into()));
            }
            Raw::Text(text) => secrets.insert(name.into_inner(), text.clone()),
            _ => return Err(wrong(&value, "a text", places)),
        };
    }
    Ok(Secrets(secrets))
}

fn expect(given: Option<Spanned<Vec<Spanned<i64>>>>, places: &Places<'_>) -> Result<Vec<u16>, Mistake> {
    let Some(given) = given else { return Ok(Vec::new()) };
    if given.get_ref().is_empty() {
        return Err(places.mistake(given.span(), "expected at least one status, came none".into()));
    }
    let status = |status: &Spanned<i64>| {
        u16::try_from(*status.get_ref()).ok().filter(|status| (200..600).contains(status)).ok_or_else(|| {
            let problem = format!("expected a status from 200 to 599, came {}", status.get_ref());
            places.mistake(status.span(), problem)
        })
    };
    given.get_ref().iter().map(status).collect()
}

fn timeout(given: Option<Spanned<String>>, places: &Places<'_>) -> Result<Duration, Mistake> {
    let Some(given) = given else { return Ok(TIMEOUT) };
    let fits = |timeout: &Duration| !timeout.is_zero() && *timeout <= MAX_TIMEOUT;
    super::duration(given.get_ref()).filter(fits).ok_or_else(|| {
        let expected = "expected a duration above 0 and of at most \"15m\"";
        places.unexpected(given.span(), expected, given.get_ref())
    })
}

fn max_bytes(given: Option<Spanned<i64>>, places: &Places<'_>) -> Result<usize, Mistake> {
    let bytes = given.as_ref().map_or(MAX_BYTES, |bytes| *bytes.get_ref());
    match usize::try_from(bytes) {
        Ok(count) if (1..=MOST_BYTES).contains(&bytes) => Ok(count),
        _ => {
            let problem = format!("expected 1 to {MOST_BYTES} bytes, came {bytes}");
            Err(places.mistake(given.map_or(0..0, |given| given.span()), problem))
        }
    }
}

fn route(given: &Spanned<String>, places: &Places<'_>) -> Result<Route, Mistake> {
    Route::new(Some(given.get_ref()), None).map_err(|error| places.mistake(given.span(), error.to_string()))
}
