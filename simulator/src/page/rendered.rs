//! What messages look like: made once for all pages that are open, and never while the world is locked.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use super::{
    mention::{By, Nicks},
    own::Own,
    render::markdown,
    runs::{Run, SHOWN, head, runs},
    sanitise::Sanitiser,
};
use crate::{
    message::{Author, Content, Message, RichPart},
    organisation::Organisation,
};

/// How many are kept: as many as a page holds.
const KEPT: usize = 500;

/// Messages as the page takes them.
#[derive(Debug)]
pub(super) struct Rendered {
    sanitiser: Sanitiser,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    views: HashMap<String, View>,
    /// The ids, as they came.
    order: VecDeque<String>,
}

/// A message, with its Markdown as HTML and its text in runs.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub json: Arc<Value>,
    /// About so many bytes.
    pub size: usize,
    names: Names,
}

/// What a message shows of the organisation, which may change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    nicks: Nicks,
    /// Nicks of those mentioned.
    people: Vec<String>,
    robot: String,
}

impl Names {
    fn of(organisation: &Organisation, message: &Message) -> Self {
        let people = || message.mentions.people.iter().filter_map(|name| organisation.person(name));
        let robot = organisation.app.nick.clone();
        let by = if message.is_from_robot() { By::Robot } else { By::Person };
        let named = people().flat_map(|person| {
            let written = match by {
                By::Robot => [person.staff_id.as_ref(), person.mobile.as_ref()],
                By::Person => [Some(&person.nick), Some(&person.name)],
            };
            written.into_iter().flatten().map(|written| (written.clone(), person.nick.clone()))
        });
        let own = message.mentions_robot.then(|| (robot.clone(), robot.clone()));
        Self {
            nicks: Nicks::new(by, named.chain(own)),
            people: people().map(|person| person.nick.clone()).collect(),
            robot,
        }
    }
}

impl Rendered {
    pub(super) fn new(own: Own) -> Self {
        Self { sanitiser: Sanitiser::new(own), kept: Mutex::default() }
    }

    /// Whether this takes no time.
    pub(super) fn has(&self, message: &Message) -> bool {
        self.kept().views.contains_key(&message.id)
    }

    pub(super) fn view(&self, organisation: &Organisation, message: &Message) -> View {
        let names = Names::of(organisation, message);
        if let Some(view) = self.kept().views.get(&message.id).filter(|view| view.names == names) {
            return view.clone();
        }
        let json = self.render(&names, message);
        let view = View { size: size(&json), json: Arc::new(json), names };
        let mut kept = self.kept();
        if kept.views.insert(message.id.clone(), view.clone()).is_none() {
            kept.order.push_back(message.id.clone());
            if kept.order.len() > KEPT
                && let Some(oldest) = kept.order.pop_front()
            {
                kept.views.remove(&oldest);
            }
        }
        view
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn render(&self, names: &Names, message: &Message) -> Value {
        let mut view = json!(message);
        let shown = match &message.content {
            Content::Markdown { text, .. } | Content::ActionCard { text, .. } => {
                view["html"] = self.sanitiser.clean(&markdown(text, &names.nicks)).into();
                Vec::new()
            }
            Content::Text { text } => text_runs(message, head(text), names),
            Content::RichText { parts } => {
                let part = |part: &RichPart| match part {
                    RichPart::Text { text } => runs(head(text), &names.nicks),
                    RichPart::Picture => vec![Run::Picture],
                };
                parts.iter().flat_map(part).collect()
            }
            _ => Vec::new(),
        };
        let mention = format!("@{}", names.robot);
        // In a text it is written; DingTalk shows it before anything else as well.
        if message.mentions_robot && !shown.contains(&Run::Mention(mention.clone())) {
            view["mention"] = mention.into();
        }
        if matches!(message.content, Content::Text { .. } | Content::RichText { .. }) {
            view["runs"] = json!(shown);
        }
        cut(&mut view["content"]);
        view
    }
}

/// The runs of a text. Who is mentioned by an id that is not in it, as `atDingtalkIds` are, stands at its end.
fn text_runs(message: &Message, text: &str, names: &Names) -> Vec<Run> {
    let mut runs = runs(text, &names.nicks);
    if message.author == Author::Robot {
        for mention in names.people.iter().map(|nick| Run::Mention(format!("@{nick}"))) {
            if !runs.contains(&mention) {
                runs.extend([Run::Plain(" ".into()), mention]);
            }
        }
    }
    runs
}

/// Bytes of all texts in it, and something for each value.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 8,
        Value::Array(values) => values.iter().map(size).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 8,
    }
}

/// Leaves of each text what can be shown.
fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > SHOWN => *text = format!("{}…", head(text)),
        Value::Array(values) => values.iter_mut().for_each(cut),
        Value::Object(fields) => fields.values_mut().for_each(cut),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Simulator,
        message::{Mentions, Way},
        organisation::Place,
        page::own::tests::own,
        said::Said,
    };

    fn message(id: &str, content: Content, mentions: &[&str]) -> Message {
        Message {
            id: id.into(),
            place: Place::group("ops"),
            at: jiff::Timestamp::UNIX_EPOCH,
            author: Author::Robot,
            content,
            mentions: Mentions { people: mentions.iter().map(|&name| name.into()).collect(), all: false },
            mentions_robot: false,
            quotes: None,
            way: Way::Said,
            process_query_key: None,
            posted: Value::Null,
        }
    }

    #[test]
    fn a_message_is_rendered_once_while_nobody_is_renamed() {
        let (rendered, mut organisation) = (Rendered::new(own()), Organisation::default());
        let content = Content::Markdown { title: "a".into(), text: "@0147000002 **b**".into() };
        let message = message("msg1", content, &["alice"]);
        let first = rendered.view(&organisation, &message);
        let again = rendered.view(&organisation, &message);
        assert!(Arc::ptr_eq(&first.json, &again.json));
        organisation.people[0].nick = "艾丽丝".into();
        let renamed = rendered.view(&organisation, &message);
        assert_eq!(renamed.json["html"].as_str().map(str::trim), Some("<p>@艾丽丝 <strong>b</strong></p>"));
    }

    #[test]
    fn no_more_is_kept_than_a_page_holds() {
        let (rendered, organisation) = (Rendered::new(own()), Organisation::default());
        for index in 0..KEPT + 10 {
            let text = Content::Text { text: "a".into() };
            rendered.view(&organisation, &message(&format!("msg{index}"), text, &[]));
        }
        let kept = rendered.kept();
        assert_eq!((kept.views.len(), kept.order.len()), (KEPT, KEPT));
        assert!(!kept.views.contains_key("msg9") && kept.views.contains_key("msg10"));
    }

    #[test]
    fn a_view_has_a_size() {
        let (rendered, organisation) = (Rendered::new(own()), Organisation::default());
        let text = Content::Text { text: "a".repeat(1_000_000) };
        let view = rendered.view(&organisation, &message("msg1", text, &[]));
        assert!((2 * SHOWN..3 * SHOWN).contains(&view.size), "{}", view.size);
    }

    #[tokio::test]
    async fn what_mentions_the_robot_shows_it() {
        let simulator = Simulator::builder().unattended().start().await.expect("a simulator");
        let alice = simulator.person("alice").expect("Alice");
        let (rendered, place) = (Rendered::new(own()), Place::group("ops"));
        for (said, mention) in [
            (Said::picture(), json!("@dingops")),
            (Said::rich_text(&[Some("看"), None]), json!("@dingops")),
            (Said::rich_text(&[Some("@dingops 看"), None]), Value::Null),
            (Said::text("看"), Value::Null),
            (Said::picture().unmentioned(), Value::Null),
        ] {
            let message = simulator.shared().put(&alice, &place, said).expect("it is said");
            let view = rendered.view(&Organisation::default(), &message);
            assert_eq!(view.json["mention"], mention, "{message}");
        }
    }
}
