//! What DingTalk knows: everything a request or a callback may change, behind one lock.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    endpoints::{Endpoint, name},
    fault::{AnswerFault, CallbackFault, Unknowns},
    message::{Author, Content, Mentions, Message, Way},
    meter::{Quotas, Window},
    organisation::{Organisation, Person, Place},
    traffic::{Answer, Exchange, Note},
};

/// How long a session webhook can be posted to (protocol.md 3).
pub(crate) const SESSION: Duration = Duration::from_secs(90 * 60);
/// What is kept of messages and traffic where nobody reads them.
const KEPT: usize = 2000;

#[derive(Debug)]
pub(crate) struct World {
    pub organisation: Organisation,
    pub unknowns: Unknowns,
    pub quotas: Quotas,
    pub messages: VecDeque<Message>,
    pub exchanges: VecDeque<Exchange>,
    pub faults: Faults,
    pub token: Option<(String, Timestamp)>,
    /// Robots' messages that no test has read yet.
    pub unread: VecDeque<Message>,
    /// What robots did that DingTalk does not take, and that no fault was the reason of.
    pub rejected: VecDeque<Rejected>,
    /// Whether anybody reads: nothing is kept for reading otherwise.
    pub attended: bool,
    pub limits: Limits,
    sessions: HashMap<String, Session>,
    count: u64,
    /// Keeps ids of this process apart from those of another.
    seed: u64,
}

/// A request of a robot that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Path and query.
    pub target: String,
    /// `errcode`, or `code` of the OpenAPI.
    pub code: String,
    /// What DingTalk says to it.
    pub message: String,
}

/// Faults that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub answers: VecDeque<(Option<Endpoint>, AnswerFault)>,
    pub every_answer: Option<AnswerFault>,
    pub callbacks: VecDeque<CallbackFault>,
    pub every_callback: Option<CallbackFault>,
}

impl Faults {
    /// Those that were asked for once and that nothing has met.
    pub(crate) fn unused(&self) -> Vec<String> {
        let answers = self.answers.iter().map(|(_, fault)| name(fault));
        answers.chain(self.callbacks.iter().map(name)).collect()
    }
}

/// Messages and calls in a while.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// By access token: 20 a minute, and then nothing for ten.
    pub custom_robots: HashMap<String, Window>,
    /// By endpoint: 20 calls a second.
    pub calls: HashMap<Endpoint, Window>,
    /// 6,000 messages a minute.
    pub robot: Option<Window>,
    /// Access token and `msgUuid`.
    pub uuids: HashSet<(String, String)>,
}

#[derive(Debug, Clone)]
struct Session {
    place: Place,
    until: Timestamp,
}

impl World {
    pub(crate) fn new(organisation: Organisation, attended: bool, seed: u64) -> Self {
        Self {
            organisation,
            attended,
            seed,
            unknowns: Unknowns::default(),
            quotas: Quotas::default(),
            messages: VecDeque::new(),
            exchanges: VecDeque::new(),
            faults: Faults::default(),
            token: None,
            unread: VecDeque::new(),
            rejected: VecDeque::new(),
            limits: Limits::default(),
            sessions: HashMap::new(),
            count: 0,
        }
    }

    /// A session of this conversation: its id, and when it ends.
    pub(crate) fn open_session(&mut self, place: &Place, now: Timestamp) -> (String, Timestamp) {
        // Whoever knows it can speak as the robot, so it must not be guessed from another one.
        let mut random = fastrand::Rng::with_seed(self.seed ^ self.next());
        let id = format!("{:032x}", random.u128(..));
        let until = now + SESSION;
        self.sessions.retain(|_, session| now < session.until);
        self.sessions.insert(id.clone(), Session { place: place.clone(), until });
        (id, until)
    }

    /// The conversation of a session, while it lasts.
    pub(crate) fn session(&self, id: &str, now: Timestamp) -> Option<Place> {
        self.sessions.get(id).filter(|session| now < session.until).map(|session| session.place.clone())
    }

    pub(crate) fn expire_sessions(&mut self) {
        self.sessions.clear();
    }

    /// An id that nothing else has.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        let count = self.next();
        format!("{prefix}{:08x}{count:014}==", self.seed & 0xffff_ffff)
    }

    /// An id of a request, as the OpenAPI's errors carry it.
    pub(crate) fn uuid(&mut self) -> String {
        let count = self.next();
        format!("{:08X}-0000-7000-8000-{count:012X}", self.seed & 0xffff_ffff)
    }

    /// Puts a message into its conversation.
    pub(crate) fn show(&mut self, message: Message) {
        if self.attended && message.is_from_robot() {
            self.unread.push_back(message.clone());
        }
        push(&mut self.messages, message);
    }

    /// Puts a new message into a conversation.
    pub(crate) fn post(&mut self, posted: Posted, now: Timestamp) -> Message {
        let Posted { place, author, content, mentions, way, process_query_key, posted } = posted;
        let message = Message {
            id: self.id("msg"),
            at: now,
            mentions_robot: false,
            quotes: None,
            place,
            author,
            content,
            mentions,
            way,
            process_query_key,
            posted,
        };
        self.show(message.clone());
        message
    }

    /// The message with this `msgId`.
    pub(crate) fn message(&self, id: &str) -> Option<&Message> {
        self.messages.iter().rev().find(|message| message.id == id)
    }

    pub(crate) fn begin(&mut self, mut exchange: Exchange) -> Exchange {
        exchange.id = self.next();
        push(&mut self.exchanges, exchange.clone());
        exchange
    }

    /// What came of a request; the whole of it, to be shown.
    pub(crate) fn end(&mut self, id: u64, answer: Option<Answer>, notes: Vec<Note>) -> Option<Exchange> {
        let exchange = self.exchanges.iter_mut().rev().find(|exchange| exchange.id == id)?;
        if answer.is_some() {
            exchange.answer = answer;
        }
        exchange.notes.extend(notes);
        Some(exchange.clone())
    }

    pub(crate) fn reject(&mut self, rejected: Rejected) {
        if self.attended {
            self.rejected.push_back(rejected);
        }
    }

    pub(crate) fn answer_fault(&mut self, endpoint: Endpoint) -> Option<AnswerFault> {
        let fits = |(at, _): &(Option<Endpoint>, AnswerFault)| match at {
            Some(at) => *at == endpoint,
            None => endpoint.is_message(),
        };
        match self.faults.answers.iter().position(fits) {
            Some(index) => self.faults.answers.remove(index).map(|(_, fault)| fault),
            None => self.faults.every_answer.clone().filter(|fault| fault.concerns(endpoint)),
        }
    }

    pub(crate) fn callback_fault(&mut self) -> Option<CallbackFault> {
        self.faults.callbacks.pop_front().or_else(|| self.faults.every_callback.clone())
    }

    /// `conversationId`.
    pub(crate) fn conversation_id(&self, place: &Place) -> String {
        match place {
            Place::Group(name) => {
                self.organisation.group(name).map(|group| group.conversation_id.clone()).unwrap_or_default()
            }
            Place::Private(name) => format!("cidPRIVATE{:A<13}==", name.to_uppercase()),
        }
    }

    /// Somebody who was not known before is from now on.
    pub(crate) fn know(&mut self, person: &Person) {
        match self.organisation.people.iter_mut().find(|known| known.name == person.name) {
            Some(known) => known.clone_from(person),
            None => self.organisation.people.push(person.clone()),
        }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }
}

/// What a robot's post becomes.
#[derive(Debug)]
pub(crate) struct Posted {
    pub place: Place,
    pub author: Author,
    pub content: Content,
    pub mentions: Mentions,
    pub way: Way,
    pub process_query_key: Option<String>,
    pub posted: serde_json::Value,
}

fn push<T>(kept: &mut VecDeque<T>, one: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(one);
}
