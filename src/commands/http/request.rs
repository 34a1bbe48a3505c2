//! The request of an entry, with the values in their places.

use http::{HeaderMap, HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use minijinja::Value;
use serde_json::{Map, Value as Json};
use url::{Url, form_urlencoded};

use super::template::{evaluate, text};
use crate::{
    config::http::{Body, Http, Tree},
    dispatch::{CommandError, Ctx, Effect, UserError},
    outbound::{self, Request},
    text::cut,
};

/// Tells the other side that a request is the same as one before.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Letters of a line of a preview.
const MAX_LINE: usize = 400;

/// A request that can be sent, or shown where it was made with secrets replaced.
pub(super) struct Rendered {
    method: Method,
    url: Url,
    headers: HeaderMap,
    /// Those that a template has a say in.
    variable: Vec<HeaderName>,
    body: Option<(&'static str, String)>,
}

/// Puts the values into a request.
///
/// # Errors
/// A value that cannot stand where it would, and a template that fails: of either, that nothing was sent.
pub(super) fn render(entry: &Http, values: &Value, ctx: &Ctx) -> Result<Rendered, CommandError> {
    fill(entry, values, ctx).map_err(|error| match error {
        CommandError::Other(error) => {
            let (command, error) = (entry.name.text(), outbound::chain(error.as_ref()));
            tracing::error!(command, error, "a request could not be rendered");
            UserError(ctx.locale.say("http.request_failed", &[])).into()
        }
        error => error,
    })
}

fn fill(entry: &Http, values: &Value, ctx: &Ctx) -> Result<Rendered, CommandError> {
    let shape = &entry.request;
    let leaf = |template| Ok::<_, CommandError>(text(&evaluate(template, values)?));
    let segments = shape.path.iter().map(leaf).collect::<Result<Vec<_>, _>>()?;
    let mut url = outbound::address(&shape.url, &segments).map_err(|(index, _)| {
        let came = cut(&segments[index], 60);
        UserError(ctx.locale.say("http.segment", &[("came", &came)]))
    })?;
    let query = pairs(&shape.query, values)?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(&query);
    }
    let mut headers = HeaderMap::new();
    let mut variable = Vec::new();
    for (name, template) in &shape.headers {
        let text = leaf(template)?;
        if text != template.text() {
            variable.push(name.clone());
        }
        let unfit = |_| UserError(ctx.locale.say("http.header", &[("header", name)]));
        headers.insert(name, HeaderValue::from_bytes(text.as_bytes()).map_err(unfit)?);
    }
    if let Some(once) = ctx.once.as_deref().filter(|_| entry.effect == Effect::Write)
        && !headers.contains_key(IDEMPOTENCY_KEY)
        && let Ok(once) = HeaderValue::from_str(once)
    {
        headers.insert(IDEMPOTENCY_KEY, once);
    }
    let body = match &shape.body {
        Body::None => None,
        Body::Json(tree) => Some(("application/json", json(tree, values)?.to_string())),
        Body::Form(fields) => {
            let form =
                form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs(fields, values)?).finish();
            Some(("application/x-www-form-urlencoded", form))
        }
        Body::Text(template) => Some(("text/plain; charset=utf-8", leaf(template)?)),
    };
    Ok(Rendered { method: shape.method.clone(), url, headers, variable, body })
}

impl Rendered {
    /// To be sent.
    pub(super) fn into_request(self, limit: usize) -> Request {
        let Self { method, url, mut headers, body, .. } = self;
        if let Some((kind, _)) = &body {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
        }
        Request { method, url, headers, body: body.map(|(_, body)| body.into_bytes()), limit }
    }

    /// To be shown: what it asks for, and what is sent along.
    pub(super) fn lines(&self) -> Vec<String> {
        let head = format!("{} {}", self.method, self.url);
        let header = |name: &HeaderName| {
            let value = self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
            format!("{name}: {}", value.unwrap_or_default())
        };
        let headers = self.variable.iter().map(header);
        let body = self.body.iter().map(|(_, body)| body.clone());
        let lines = std::iter::once(head).chain(headers).chain(body);
        lines.map(|line| cut(&line, MAX_LINE)).collect()
    }
}

/// Names and values; a list is a name several times.
fn pairs(pairs: &[(String, Tree)], values: &Value) -> Result<Vec<(String, String)>, CommandError> {
    let mut all = Vec::new();
    for (name, tree) in pairs {
        match json(tree, values)? {
            Json::Array(items) => all.extend(items.iter().map(|item| (name.clone(), text(item)))),
            value => all.push((name.clone(), text(&value))),
        }
    }
    Ok(all)
}

fn json(tree: &Tree, values: &Value) -> Result<Json, CommandError> {
    Ok(match tree {
        Tree::Text(template) => evaluate(template, values)?,
        Tree::Plain(value) => value.clone(),
        Tree::List(items) => items.iter().map(|item| json(item, values)).collect::<Result<_, _>>()?,
        Tree::Table(entries) => {
            let entry =
                |(name, value): &(String, Tree)| Ok::<_, CommandError>((name.clone(), json(value, values)?));
            Json::Object(entries.iter().map(entry).collect::<Result<Map<_, _>, _>>()?)
        }
    })
}
