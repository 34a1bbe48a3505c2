//! What happens while the page is open, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{Page, view};
use crate::simulator::Change;

/// Proxies close what is silent for longer.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(super) async fn events(State(page): State<Page>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let watch =
        Watch { changes: page.shared.changes(), page, pending: VecDeque::new(), switches: Value::Null };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// What one open page has been told.
struct Watch {
    page: Page,
    changes: Receiver<Change>,
    pending: VecDeque<Event>,
    switches: Value,
}

impl Watch {
    /// Nothing once the simulator is gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            match self.changes.recv().await {
                Ok(change) => self.put(&change),
                // Events are lost: it shall ask for everything again.
                Err(RecvError::Lagged(_)) => self.push("reload", &Value::Null),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn put(&mut self, change: &Change) {
        let (organisation, quotas, switches) = {
            let shared = &self.page.shared;
            let mut world = shared.world();
            let quotas = json!(world.quotas.at(shared.clock.now()));
            (world.organisation.clone(), quotas, view::switches(&world))
        };
        match change {
            Change::Message(message) => {
                let view = self.page.rendered.view(&organisation, message);
                self.push("message", &view.json);
            }
            Change::Exchange(exchange) => self.push("exchange", &view::exchange(exchange)),
            Change::Quotas => self.push("quotas", &quotas),
            Change::Switches => {}
        }
        // A fault that was asked for once is used up without a word.
        if switches != self.switches {
            self.push("switches", &switches);
            self.switches = switches;
        }
    }

    fn push(&mut self, name: &str, data: &Value) {
        self.pending.push_back(Event::default().event(name).data(data.to_string()));
    }
}
