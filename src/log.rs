//! Log lines: JSON, one a line, or readable on a terminal.
//!
//! Every line has `timestamp` (RFC 3339), `level`, `message`, and the fields of the spans around it (`requestId`,
//! `msgId`) at the top level, as CloudWatch and SLS expect them; a field `values.json` is JSON, and stands there as
//! `values`. What comes from outside is escaped: a line stays one
//! line, and no control or bidirectional character reaches a terminal. Nothing logs a header, a secret, the query of
//! a session webhook, or what people write.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
};

use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::{JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::text;

/// What is logged. `AWS_LAMBDA_LOG_LEVEL` sets the level of this program's lines (INFO without it); libraries are
/// heard when they warn. `RUST_LOG` says it all anew: `dingops=debug,hyper=info`.
///
/// # Errors
/// When `RUST_LOG` is no list of levels.
pub fn levels() -> Result<Targets, InvalidLevels> {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let own = variable("AWS_LAMBDA_LOG_LEVEL").map(|level| level.to_lowercase().replace("fatal", "error"));
    let own = own.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let default = Targets::new()
        .with_default(LevelFilter::WARN)
        // Its span has the ids of the invocation.
        .with_target("lambda_runtime::layers", LevelFilter::INFO)
        .with_target("dingops", own);
    match variable("RUST_LOG") {
        Some(levels) => levels.parse().map_err(|_| InvalidLevels(levels)),
        None => Ok(default),
    }
}

/// Adds to a line what its host makes something of.
pub type Finish = fn(&mut Map<String, Value>);

/// Starts logging to standard error.
///
/// # Errors
/// See [`levels`].
pub fn init(finish: Option<Finish>) -> Result<(), InvalidLevels> {
    let filter = levels()?;
    let lines = if io::stderr().is_terminal() {
        let lines = tracing_subscriber::fmt::layer().with_writer(|| Escaping(io::stderr()));
        lines.with_ansi(false).with_target(false).boxed()
    } else {
        json_lines(io::stderr, finish).boxed()
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    std::panic::set_hook(Box::new(|panic| {
        // The payload may hold anything; a literal of the source holds no data.
        let literal = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("(formatted)");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, panic = literal, "panicked");
    }));
    Ok(())
}

/// Writes JSON, one object a line.
pub(crate) fn json_lines<S, W, M>(writer: M, finish: Option<Finish>) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Write,
    M: Fn() -> W + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(move || Escaping(writer()));
    lines.fmt_fields(JsonFields::new()).event_format(JsonLines(finish))
}

/// What `RUST_LOG` holds when it is no list of levels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("RUST_LOG: expected levels such as \"info\" or \"dingops=debug,hyper=warn\", came {0:?}")]
pub struct InvalidLevels(String);

/// The longest value in a line, in bytes: what comes from outside can be of any length.
const MAX_VALUE: usize = 1024;

/// Escapes, in a finished line, what must not reach a terminal or split the line.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let whole = String::from_utf8_lossy(line);
        let (content, end) = whole.strip_suffix('\n').map_or((whole.as_ref(), ""), |content| (content, "\n"));
        let mut escaped = String::with_capacity(line.len());
        for c in content.chars() {
            if text::is_control(c) {
                escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
            } else {
                escaped.push(c);
            }
        }
        escaped.push_str(end);
        self.0.write_all(escaped.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// One flat JSON object a line.
struct JsonLines(Option<Finish>);

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let mut line = Map::new();
        line.insert("timestamp".into(), timestamp.into());
        line.insert("level".into(), event.metadata().level().as_str().into());
        line.insert("target".into(), event.metadata().target().into());
        for span in ctx.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            if let Some(Ok(Value::Object(fields))) = fields.map(|fields| serde_json::from_str(&fields.fields))
            {
                line.extend(fields);
            }
        }
        event.record(&mut Fields(&mut line));
        line.values_mut().for_each(cut);
        if let Some(finish) = self.0 {
            finish(&mut line);
        }
        let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

fn cut(value: &mut Value) {
    match value {
        Value::String(long) if long.len() > MAX_VALUE => {
            *long = format!("{}…", text::cut_bytes(long, MAX_VALUE));
        }
        Value::Array(values) => values.iter_mut().for_each(cut),
        Value::Object(values) => values.values_mut().for_each(cut),
        _ => {}
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name().strip_suffix(".json").zip(serde_json::from_str(&text).ok()) {
            Some((name, json)) => drop(self.0.insert(name.to_owned(), json)),
            None => self.put(field, text),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_stands_in_the_line_as_such_and_what_is_long_is_cut_in_it() {
        let log = crate::testing::Log::start(None);
        let long = "中".repeat(MAX_VALUE);
        let values = serde_json::json!({ "a": [1, long], "b\u{202E}": null });
        tracing::info!(values.json = %values, broken.json = "{", long, "said");
        let text = log.text();
        let line: Value = serde_json::from_str(&text).unwrap();
        let cut = format!("{}…", "中".repeat(MAX_VALUE / 3));
        assert_eq!(line["values"], serde_json::json!({ "a": [1, cut], "b\u{202E}": null }));
        assert_eq!((&line["broken.json"], &line["long"]), (&"{".into(), &cut.into()));
        assert!(!text.contains('\u{202E}'), "{text}");
    }

    #[test]
    fn control_and_bidi_characters_are_escaped_and_a_line_stays_one_line() {
        let mut out = Vec::new();
        Escaping(&mut out).write_all("a\nb\u{1b}[31m\u{202E}c\u{2028}中文\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\\u000ab\\u001b[31m\\u202ec\\u2028中文\n");
    }
}
