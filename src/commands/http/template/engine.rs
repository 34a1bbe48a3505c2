//! The template language: minijinja with the filters and tests that are of use here, and Markdown that escapes itself.

use std::sync::LazyLock;

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, filters,
    syntax::SyntaxConfig, tests,
};

use super::values;
use crate::{dingtalk::markdown, dispatch::values::Duration, reply::Link};

/// The name of every template of a request.
pub(super) const REQUEST: &str = "request";
/// The name of every template of a reply.
pub(super) const REPLY: &str = "reply";
/// What puts a link into a reply.
pub(super) const LINK: &str = "link";
/// Steps that one template may take: a list of ten thousand entries with a line each.
const FUEL: u64 = 200_000;

/// The language. It takes a while to put together, so it is made for the first template.
pub(super) fn engine() -> &'static Environment<'static> {
    static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(build);
    &ENGINE
}

/// What stands in a template that is one expression and nothing else.
pub(super) fn expression(template: &str) -> Option<&str> {
    let inner = template.strip_prefix("{{")?.strip_suffix("}}")?;
    let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner);
    Some(inner.strip_suffix(['-', '+']).unwrap_or(inner))
}

fn build() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_fuel(Some(FUEL));
    // A line with nothing but a `{% … %}` leaves none: in Markdown an empty line ends a list.
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        engine.set_syntax(syntax);
    }
    engine.set_auto_escape_callback(|name| match name {
        REPLY => AutoEscape::Custom("markdown".into()),
        _ => AutoEscape::None,
    });
    engine.set_formatter(write);
    engine.add_function(LINK, link);
    engine.add_filter("code", code);
    engine.add_filter("seconds", seconds);
    engine.add_filter("json", |value: Value| values::to_json(&value).map(|json| json.to_string()));
    engine.add_filter("string", |value: Value| values::to_json(&value).map(|json| values::text(&json)));
    engine.add_filter("default", filters::default);
    engine.add_filter("join", filters::join);
    engine.add_filter("length", filters::length);
    engine.add_filter("upper", filters::upper);
    engine.add_filter("lower", filters::lower);
    engine.add_filter("trim", filters::trim);
    engine.add_filter("replace", filters::replace);
    engine.add_filter("split", filters::split);
    engine.add_filter("lines", filters::lines);
    engine.add_filter("first", filters::first);
    engine.add_filter("last", filters::last);
    engine.add_filter("reverse", filters::reverse);
    engine.add_filter("sort", filters::sort);
    engine.add_filter("unique", filters::unique);
    engine.add_filter("slice", filters::slice);
    engine.add_filter("items", filters::items);
    engine.add_filter("map", filters::map);
    engine.add_filter("select", filters::select);
    engine.add_filter("reject", filters::reject);
    engine.add_filter("selectattr", filters::selectattr);
    engine.add_filter("rejectattr", filters::rejectattr);
    engine.add_filter("groupby", filters::groupby);
    engine.add_filter("sum", filters::sum);
    engine.add_filter("min", filters::min);
    engine.add_filter("max", filters::max);
    engine.add_filter("round", filters::round);
    engine.add_filter("int", filters::int);
    engine.add_filter("float", filters::float);
    engine.add_test("defined", tests::is_defined);
    engine.add_test("undefined", tests::is_undefined);
    engine.add_test("none", tests::is_none);
    engine.add_test("true", tests::is_true);
    engine.add_test("false", tests::is_false);
    engine.add_test("string", tests::is_string);
    engine.add_test("number", tests::is_number);
    engine.add_test("sequence", tests::is_sequence);
    engine.add_test("mapping", tests::is_mapping);
    engine.add_test("startingwith", tests::is_startingwith);
    engine.add_test("endingwith", tests::is_endingwith);
    engine.add_test("in", tests::is_in);
    engine.add_test("eq", tests::is_eq);
    engine.add_test("ne", tests::is_ne);
    engine.add_test("lt", tests::is_lt);
    engine.add_test("le", tests::is_le);
    engine.add_test("gt", tests::is_gt);
    engine.add_test("ge", tests::is_ge);
    engine
}

/// Writes a value: into a reply so that it shows as it is, but for what is Markdown of our own making.
fn write(output: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if let Some(text) = value.as_str().filter(|_| value.is_safe()) {
        return output.write_str(text).map_err(Error::from);
    }
    let text = values::text(&values::to_json(value)?);
    match state.auto_escape() {
        AutoEscape::None => output.write_str(&text),
        _ => output.write_str(&markdown::escape_anywhere(&text)),
    }
    .map_err(Error::from)
}

/// `link(label, address)`: nothing but the label where the address is not http(s).
fn link(label: Value, url: Value) -> Result<Value, Error> {
    let label = values::text(&values::to_json(&label)?);
    let url = values::text(&values::to_json(&url)?);
    Ok(Value::from_safe_string(markdown::link(&Link { label, url })))
}

/// `{{ text | code }}`: in a fence.
fn code(text: Value) -> Result<Value, Error> {
    let text = values::text(&values::to_json(&text)?);
    Ok(Value::from_safe_string(markdown::fenced(&text)))
}

/// `{{ duration | seconds }}`: as a number.
fn seconds(duration: &str) -> Result<u64, Error> {
    let expected = || Error::new(ErrorKind::InvalidOperation, "expected a duration");
    Duration::parse(duration).map(|duration| duration.get().as_secs()).ok_or_else(expected)
}
