//! Log lines: JSON, one a line, or readable on a terminal.
//!
//! Every line has `timestamp` (RFC 3339), `level`, `message`, and the fields of the spans around it (`requestId`,
//! `msgId`) at the top level, as CloudWatch and SLS expect them. What comes from outside is escaped: a line stays one
//! line, and no control or bidirectional character reaches a terminal. Nothing logs a header, a secret, the query of
//! a session webhook, or what people write.

use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    io::{self, IsTerminal, Write},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
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

/// The target of the lines that record commands.
pub const AUDIT: &str = "dingops::audit";

/// Starts logging to standard error. `AWS_LAMBDA_LOG_LEVEL` sets the level of this program's lines (INFO without
/// it); libraries are heard when they warn. `RUST_LOG` says it all anew: `dingops=debug,hyper=info`.
///
/// # Errors
/// When `RUST_LOG` is no list of levels.
pub fn init() -> Result<(), InvalidLevels> {
    let variable = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
    let own = variable("AWS_LAMBDA_LOG_LEVEL").map(|level| level.to_lowercase().replace("fatal", "error"));
    let own = own.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let default = Targets::new()
        .with_default(LevelFilter::WARN)
        // Its span has the ids of the invocation.
        .with_target("lambda_runtime::layers", LevelFilter::INFO)
        .with_target("dingops", own);
    let filter = match variable("RUST_LOG") {
        Some(levels) => levels.parse().map_err(|_| InvalidLevels(levels))?,
        None => default,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(|| Escaping(io::stderr()));
    let lines = if io::stderr().is_terminal() {
        lines.with_ansi(false).with_target(false).boxed()
    } else {
        lines.fmt_fields(JsonFields::new()).event_format(JsonLines).boxed()
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

/// What `RUST_LOG` holds when it is no list of levels.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("RUST_LOG: expected levels such as \"info\" or \"dingops=debug,hyper=warn\", came {0:?}")]
pub struct InvalidLevels(String);

/// Whether a character changes the direction of what follows it.
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The longest value in a line, in bytes: what comes from outside can be of any length.
const MAX_VALUE: usize = 1024;

fn shorten(text: &mut String) {
    if text.len() > MAX_VALUE {
        text.truncate(text.floor_char_boundary(MAX_VALUE));
        text.push('…');
    }
}

/// Escapes, in a finished line, what must not reach a terminal or split the line.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let (text, end) = text.strip_suffix('\n').map_or((text.as_ref(), ""), |text| (text, "\n"));
        let mut escaped = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            if c.is_control() || is_bidi_control(c) || matches!(c, '\u{2028}' | '\u{2029}') {
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
struct JsonLines;

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
        for value in line.values_mut() {
            if let Value::String(text) = value {
                shorten(text);
            }
        }
        let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
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
        self.put(field, format!("{value:?}"));
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

/// Lets a few lines a minute through and counts the rest, for what strangers can cause at will. Lines have kinds, so
/// that many of one kind do not hide the first of another.
#[derive(Debug)]
pub struct Sparingly<K> {
    of_a_kind: u32,
    in_all: u32,
    window: Mutex<Window<K>>,
}

#[derive(Debug)]
struct Window<K> {
    since: Option<Timestamp>,
    logged: HashMap<K, u32>,
    withheld: u64,
}

impl<K: Eq + Hash> Sparingly<K> {
    /// At most so many lines a minute of each kind, and of all kinds together.
    pub fn new(of_a_kind: u32, in_all: u32) -> Self {
        let window = Window { since: None, logged: HashMap::new(), withheld: 0 };
        Self { of_a_kind, in_all, window: Mutex::new(window) }
    }

    /// Whether to log a line of this kind now; with how many lines were withheld since the last one that was logged.
    pub fn admit(&self, kind: K, now: Timestamp) -> Option<u64> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let over = window
            .since
            .is_none_or(|since| now.duration_since(since).unsigned_abs() >= Duration::from_secs(60));
        if over {
            window.since = Some(now);
            window.logged.clear();
        }
        let in_all: u32 = window.logged.values().sum();
        let of_a_kind = window.logged.entry(kind).or_default();
        if *of_a_kind >= self.of_a_kind || in_all >= self.in_all {
            window.withheld += 1;
            return None;
        }
        *of_a_kind += 1;
        Some(std::mem::take(&mut window.withheld))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidi_characters_are_escaped_and_a_line_stays_one_line() {
        let mut out = Vec::new();
        Escaping(&mut out).write_all("a\nb\u{1b}[31m\u{202E}c\u{2028}中文\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\\u000ab\\u001b[31m\\u202ec\\u2028中文\n");
    }

    #[test]
    fn a_few_lines_a_minute() {
        let at = |second: i64| Timestamp::from_second(1_700_000_000 + second).unwrap();
        let sparingly = Sparingly::new(2, 3);
        assert_eq!(sparingly.admit("a", at(0)), Some(0));
        assert_eq!(sparingly.admit("a", at(1)), Some(0));
        assert_eq!(sparingly.admit("a", at(2)), None);
        assert_eq!(sparingly.admit("b", at(3)), Some(1));
        assert_eq!(sparingly.admit("b", at(59)), None);
        assert_eq!(sparingly.admit("b", at(60)), Some(1));
    }
}
