//! The templates of `[[http]]`: which language they are written in, and what they may not do.
//!
//! A template is checked at start and compiled again when it is used: that takes microseconds, and nothing of it has to
//! live between two messages. What it is given are values; nothing in them is ever read as a template.

mod check;
mod engine;
mod values;

use std::io;

use minijinja::{ErrorKind, Value};
use serde_json::Value as Json;

pub(super) use self::{
    check::{Scope, check},
    values::{from_json, text},
};
use crate::config::Located;

/// What a request or a reply may hold at most; a message of DingTalk holds less.
const MAX_OUTPUT: usize = 1024 * 1024;

/// A template failed. Nothing of the values is repeated: one may be a secret.
#[derive(Debug, thiserror::Error)]
#[error("expected {at} to render, came: {kind} (line {line} of it)")]
pub(super) struct TemplateError {
    at: String,
    kind: ErrorKind,
    line: usize,
}

impl TemplateError {
    fn new(template: &Located, error: &minijinja::Error) -> Self {
        let at = template.mistake("").key;
        Self { at, kind: error.kind(), line: error.line().unwrap_or(1) }
    }
}

/// What a leaf of a request is: of the value's own type where the template is one expression, else a text.
pub(super) fn evaluate(template: &Located, values: &Value) -> Result<Json, TemplateError> {
    let whole = engine::expression(template.text())
        .and_then(|expression| engine::engine().compile_expression(expression).ok());
    let value = match whole {
        Some(expression) => expression.eval(values.clone()).and_then(|value| values::to_json(&value)),
        None => render(engine::REQUEST, template, values).map(Json::String),
    };
    value.map_err(|error| TemplateError::new(template, &error))
}

/// A reply: Markdown of the operator's, in which values are text.
pub(super) fn markdown(template: &Located, values: &Value) -> Result<String, TemplateError> {
    render(engine::REPLY, template, values).map_err(|error| TemplateError::new(template, &error))
}

fn render(name: &str, template: &Located, values: &Value) -> Result<String, minijinja::Error> {
    let mut output = Bounded(Vec::new());
    let template = engine::engine().template_from_named_str(name, template.text())?;
    template.render_captured_to(values.clone(), &mut output)?;
    Ok(String::from_utf8_lossy(&output.0).into_owned())
}

/// As much as anybody can use.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_OUTPUT {
            return Err(io::Error::other("too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
