//! The simulator: what a test, a program or the page holds of it.

use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Notify, broadcast},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::Clock,
    endpoints::Endpoint,
    fault::{AnswerFault, CallbackFault, Unknowns},
    message::Message,
    meter::Quotas,
    organisation::{Group, Organisation, Person, Place},
    push::{Heard, Pushed},
    robot::Robot,
    said::{Said, SayError},
    server,
    traffic::{Answer, Direction, Exchange, Note},
    world::{Rejected, World},
};

/// A DingTalk for one robot. It listens until it is dropped.
///
/// Where it is attended, as it is unless [`Builder::unattended`] says otherwise, dropping it panics if a robot's
/// message was not read, if a robot did what DingTalk does not take and [`Simulator::rejected`] did not ask for it, or
/// if a fault that was asked for met nothing.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
}

/// How a simulator starts.
#[derive(Debug, Clone)]
pub struct Builder {
    organisation: Organisation,
    clock: Clock,
    listen: SocketAddr,
    public_url: Option<String>,
    attended: bool,
}

/// What the endpoints, the pushes and the page share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub clock: Clock,
    pub tasks: TaskTracker,
    pub stopped: CancellationToken,
    world: Mutex<World>,
    robot: Mutex<Robot>,
    address: SocketAddr,
    origin: String,
    changes: broadcast::Sender<Change>,
    arrived: Notify,
}

/// What a page that is open wants to know at once.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// A message arrived.
    Message(Message),
    /// A request began or ended.
    Exchange(Exchange),
    /// Quotas were used.
    Quotas,
    /// Faults or switches were set.
    Switches,
}

/// Messages and requests, as they come.
#[derive(Debug)]
pub struct Watch {
    changes: broadcast::Receiver<Change>,
}

/// What a [`Watch`] sees.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message arrived.
    Message(Message),
    /// A request was answered.
    Exchange(Exchange),
    /// So many changes came faster than they were looked at, and are not told.
    Missed(u64),
}

impl Watch {
    /// Waits for what comes next.
    pub async fn next(&mut self) -> Event {
        loop {
            match self.changes.recv().await {
                Ok(Change::Message(message)) => return Event::Message(message),
                Ok(Change::Exchange(exchange)) if exchange.answer.is_some() => {
                    return Event::Exchange(exchange);
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(count)) => return Event::Missed(count),
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

/// Changes that a slow page may lag behind.
const BACKLOG: usize = 256;

impl Builder {
    /// Instead of [`Organisation::default`].
    #[must_use]
    pub fn organisation(self, organisation: Organisation) -> Self {
        Self { organisation, ..self }
    }

    /// Instead of the machine's clock.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Instead of a free port of 127.0.0.1.
    #[must_use]
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { listen: address, ..self }
    }

    /// How the robot reaches it, where that is not the address it listens on: `http://host.docker.internal:8000`.
    #[must_use]
    pub fn public_url(self, origin: &str) -> Self {
        Self { public_url: Some(origin.trim_end_matches('/').into()), ..self }
    }

    /// Nobody reads: dropping it checks nothing.
    #[must_use]
    pub fn unattended(self) -> Self {
        Self { attended: false, ..self }
    }

    /// Starts it.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(self) -> io::Result<Simulator> {
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        // Under a clock that stands everything is the same each time; otherwise a robot that remembers ids must not
        // take a new message for an old one.
        let seed = if self.clock.stands() { 0 } else { fastrand::u64(..) };
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new(self.organisation, self.attended, seed)),
            clock: self.clock,
            tasks: TaskTracker::new(),
            stopped: CancellationToken::new(),
            robot: Mutex::new(Robot::nobody()),
            address,
            origin: self.public_url.unwrap_or_else(|| format!("http://{address}")),
            changes: broadcast::channel(BACKLOG).0,
            arrived: Notify::new(),
        });
        tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Simulator { shared })
    }
}

impl Simulator {
    /// Starts one on a free port, with [`Organisation::default`], for a test.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// How to start another kind.
    pub fn builder() -> Builder {
        Builder {
            organisation: Organisation::default(),
            clock: Clock::machine(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            public_url: None,
            attended: true,
        }
    }

    /// The robot that callbacks are pushed to, from now on.
    pub fn connect(&self, robot: Robot) {
        *lock(&self.shared.robot) = robot;
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Scheme, host and port that stand for both of DingTalk's hosts.
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// The time it goes by.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The person of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn person(&self, name: &str) -> Result<Person, SayError> {
        let world = self.shared.world();
        world.organisation.person(name).cloned().ok_or_else(|| {
            let known = world.organisation.people.iter().map(|person| person.name.as_str());
            SayError::NoPerson { name: name.into(), known: known.collect::<Vec<_>>().join(", ") }
        })
    }

    /// The place of this name for a person: a group, or `private`.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn place(&self, name: &str, person: &Person) -> Result<Place, SayError> {
        if name == "private" {
            return Ok(Place::private(person));
        }
        let world = self.shared.world();
        let groups = || world.organisation.groups.iter().map(|group: &Group| group.name.as_str());
        let found = groups().any(|group| group == name).then(|| Place::group(name));
        found.ok_or_else(|| SayError::NoGroup {
            name: name.into(),
            known: groups().collect::<Vec<_>>().join(", "),
        })
    }

    /// Changes who and what there is: disbands a group, stops the robot, takes a permission away. Nothing else of the
    /// simulator can be used inside.
    pub fn organise<T>(&self, change: impl FnOnce(&mut Organisation) -> T) -> T {
        let result = change(&mut self.shared.world().organisation);
        self.shared.tell(Change::Switches);
        result
    }

    /// Says something, and pushes the callback if the robot is meant. Returns when the robot has answered it, or
    /// when DingTalk waits no longer.
    ///
    /// # Errors
    /// When DingTalk would not let this person say this there.
    pub async fn say(
        &self,
        person: &Person,
        place: &Place,
        said: impl Into<Said>,
    ) -> Result<Heard, SayError> {
        self.shared.say(person, place, said.into()).await
    }

    /// Says something without pushing it: the callback that it would cause.
    ///
    /// # Errors
    /// When DingTalk would not let this person say this there.
    pub fn callback(&self, person: &Person, place: &Place, said: impl Into<Said>) -> Result<Value, SayError> {
        let message = self.shared.put(person, place, said.into())?;
        Ok(self.shared.callback(person, &message))
    }

    /// Pushes a callback, signed now. A reply in the response is shown in this place.
    pub async fn push(&self, callback: Value, place: &Place) -> Vec<Pushed> {
        self.shared.push(callback, place).await
    }

    /// Presses a button or follows a link: one that sends a message (`dtmd://`) says its text, in a group with the
    /// robot mentioned only where [`Unknowns::buttons_mention_robot`] says so. `None` for one that opens a page.
    pub async fn press(&self, person: &Person, place: &Place, url: &str) -> Option<Result<Heard, SayError>> {
        let said = Said::pressed(url, self.shared.world().unknowns)?;
        Some(self.shared.say(person, place, said).await)
    }

    /// Messages and requests from now on.
    pub fn watch(&self) -> Watch {
        Watch { changes: self.shared.changes.subscribe() }
    }

    /// A session webhook of this conversation, for a callback that somebody else makes.
    pub fn open_session(&self, place: &Place) -> String {
        let (session, _) = self.shared.world().open_session(place, self.shared.clock.now());
        self.shared.session_webhook(&session)
    }

    /// Ends all sessions before their time.
    pub fn expire_sessions(&self) {
        self.shared.world().expire_sessions();
    }

    /// The next message of a robot that nobody has read, wherever it stands.
    pub fn read(&self) -> Option<Message> {
        self.shared.world().unread.pop_front()
    }

    /// The next message of a robot in this place that nobody has read.
    pub fn read_in(&self, place: &Place) -> Option<Message> {
        let unread = &mut self.shared.world().unread;
        let index = unread.iter().position(|message| message.place == *place)?;
        unread.remove(index)
    }

    /// Waits for the next message of a robot, by the machine's time at most this long.
    pub async fn next(&self, limit: Duration) -> Option<Message> {
        let message = async {
            loop {
                let arrived = self.shared.arrived.notified();
                if let Some(message) = self.read() {
                    return message;
                }
                arrived.await;
            }
        };
        Clock::machine().within(limit, message).await
    }

    /// What robots did that DingTalk does not take, since this was last asked.
    pub fn rejected(&self) -> Vec<Rejected> {
        self.shared.world().rejected.drain(..).collect()
    }

    /// Takes everything as read, and drops faults that nothing has met yet.
    pub fn forget(&self) {
        let mut world = self.shared.world();
        world.unread.clear();
        world.rejected.clear();
        world.faults.answers.clear();
        world.faults.callbacks.clear();
    }

    /// All messages of this place, in order.
    pub fn messages(&self, place: &Place) -> Vec<Message> {
        let world = self.shared.world();
        world.messages.iter().filter(|message| message.place == *place).cloned().collect()
    }

    /// All that went over the wire, in order.
    pub fn traffic(&self) -> Vec<Exchange> {
        self.shared.world().exchanges.iter().cloned().collect()
    }

    /// What robots called, in order: method and path with query.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.traffic().into_iter().filter(|exchange| exchange.direction == Direction::ToDingTalk);
        calls.map(|exchange| format!("{} {}", exchange.method, exchange.target)).collect()
    }

    /// This becomes of the next message that a robot sends. Several are used up in order.
    pub fn fail_next(&self, fault: AnswerFault) {
        self.shared.world().faults.answers.push_back((None, fault));
    }

    /// This becomes of the next call of this endpoint.
    pub fn fail_next_at(&self, endpoint: Endpoint, fault: AnswerFault) {
        self.shared.world().faults.answers.push_back((Some(endpoint), fault));
    }

    /// This becomes of every message that a robot sends, until it is `None`: an expired session of those by session
    /// webhooks, a quota that is used up of those by webhooks.
    pub fn fail_every(&self, fault: Option<AnswerFault>) {
        self.shared.world().faults.every_answer = fault;
        self.shared.tell(Change::Switches);
    }

    /// This is wrong with the next callback. Several are used up in order.
    pub fn spoil_next(&self, fault: CallbackFault) {
        self.shared.world().faults.callbacks.push_back(fault);
    }

    /// This is wrong with every callback, until it is `None`.
    pub fn spoil_every(&self, fault: Option<CallbackFault>) {
        self.shared.world().faults.every_callback = fault;
        self.shared.tell(Change::Switches);
    }

    /// What nobody could confirm, one way or the other.
    pub fn set_unknowns(&self, unknowns: Unknowns) {
        self.shared.world().unknowns = unknowns;
        self.shared.tell(Change::Switches);
    }

    /// What is used of the month's quotas.
    pub fn quotas(&self) -> Quotas {
        self.shared.world().quotas.at(self.shared.clock.now()).clone()
    }

    /// Changes the month's quotas: their limits, and what is used.
    pub fn set_quotas(&self, change: impl FnOnce(&mut Quotas)) {
        change(self.shared.world().quotas.at(self.shared.clock.now()));
        self.shared.tell(Change::Quotas);
    }
}

#[cfg(all(test, feature = "page"))]
impl Simulator {
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.stopped.cancel();
        if std::thread::panicking() {
            return;
        }
        let (unread, rejected, unused) = {
            let mut world = self.shared.world();
            let unused = if world.attended { world.faults.unused() } else { Vec::new() };
            (std::mem::take(&mut world.unread), std::mem::take(&mut world.rejected), unused)
        };
        assert!(unread.is_empty(), "nobody read:\n{}", join(&unread, |message| message.to_string()));
        assert!(
            rejected.is_empty(),
            "DingTalk did not take:\n{}",
            join(&rejected, |call| format!("{call:?}"))
        );
        assert!(unused.is_empty(), "these faults met nothing: {}", unused.join(", "));
    }
}

fn join<T>(all: &VecDeque<T>, text: impl Fn(&T) -> String) -> String {
    all.iter().map(text).collect::<Vec<_>>().join("\n")
}

impl Shared {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn robot(&self) -> Robot {
        lock(&self.robot).clone()
    }

    #[cfg(feature = "page")]
    pub(crate) fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    #[cfg(feature = "page")]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    #[cfg(feature = "page")]
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn session_webhook(&self, session: &str) -> String {
        format!("{}{}?session={session}", self.origin, Endpoint::SendBySession.path())
    }

    /// Tells whoever waits or watches.
    pub(crate) fn tell(&self, change: Change) {
        if matches!(change, Change::Message(_)) {
            self.arrived.notify_waiters();
        }
        // Nobody may be watching.
        let _ = self.changes.send(change);
    }

    /// Writes down a request that began.
    pub(crate) fn begin(&self, exchange: Exchange) -> Exchange {
        let exchange = self.world().begin(exchange);
        self.tell(Change::Exchange(exchange.clone()));
        exchange
    }

    /// Writes down what came of it.
    pub(crate) fn end(&self, id: u64, answer: Option<Answer>, notes: Vec<Note>) {
        let ended = self.world().end(id, answer, notes);
        if let Some(exchange) = ended {
            self.tell(Change::Exchange(exchange));
            self.tell(Change::Quotas);
        }
    }

    /// How long ago a request began.
    pub(crate) fn since(&self, exchange: &Exchange) -> Duration {
        Duration::try_from(self.clock.now().duration_since(exchange.at)).unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
