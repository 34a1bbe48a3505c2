//! What a conversation leaves in the log.

use std::{
    io::{self, Write},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use serde_json::Value;
use tracing::{
    Dispatch,
    subscriber::{DefaultGuard, NoSubscriber},
};
use tracing_subscriber::layer::SubscriberExt;

use crate::{dispatch::audit, log};

/// Where there is but one subscriber, tracing lets the thread that first meets an event decide for all whether anybody
/// wants it, and that thread may have no log. With this one there is always another.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// The log of this thread while it lives: every line, of libraries too, as the program would write it to a pipe.
pub struct Log {
    written: Written,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Begins it; `finish` is the host's.
    pub fn start(finish: Option<log::Finish>) -> Self {
        LazyLock::force(&ANOTHER);
        let written = Written::default();
        let writer = written.clone();
        let lines = log::json_lines(move || writer.clone(), finish);
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines));
        Self { written, _guard }
    }

    /// All of it so far.
    pub fn text(&self) -> String {
        let written = self.written.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(written.clone()).expect("UTF-8")
    }

    /// Takes the lines of the audit so far, without what differs from run to run.
    pub fn audit(&self) -> Vec<Value> {
        let text = self.text();
        self.written.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
        lines
            .filter(|line| line["target"] == audit::TARGET)
            .map(|mut line| {
                let fields = line.as_object_mut().expect("an object");
                fields.retain(|name, _| {
                    !["timestamp", "target", "requestId", "msgId"].contains(&name.as_str())
                });
                line
            })
            .collect()
    }
}
