//! Conversations with the bot, through the real handler, for tests.
//!
//! [`Chat`] is a conversation in a simulated DingTalk: what is said becomes a signed callback, the work that it causes
//! is run, and what the bot posts is read as the chat would show it. A conversation that ends with a message nobody
//! read, or with a call that DingTalk does not take, fails.
//!
//! ```
//! use dingops::testing::{Chat, alice};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let mut chat = Chat::start().await;
//! chat.say(alice(), "ping").await;
//! assert!(chat.read().starts_with("#### pong"));
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on stops")]

mod log;
pub mod runtime_api;
mod service;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::{App as DingTalkApp, Organisation, Place, Pushed, Robot, Said, Simulator};

pub use self::{
    log::Log,
    service::{Answer, Asked, Service},
};
/// A clock that tests move.
pub use simulator::Clock as TestClock;
/// Somebody who writes to the bot.
pub use simulator::Person;

use crate::{
    app::{App, Arrival, Job},
    clock::{Clock, Sleep},
    config::{Environment, Settings, SettingsFile},
    dingtalk::signature::{SIGN, Secret, TIMESTAMP},
    dispatch::{Row, table::Table},
};

/// The secret that tests and the files in `events/` are signed with.
pub const SECRET: &str = "SECfixture0000000000000000000000000000000000000000000000000000000000";
/// When the files in `events/` were signed, and when a test begins: 2026-01-01T00:00:00Z.
pub const NOW_MS: i64 = 1_767_225_600_000;
/// How long a host lets a command run.
pub const HOST_TIMEOUT: SignedDuration = SignedDuration::from_secs(60);
/// The acknowledgement of a callback.
pub const EMPTY: &str = r#"{"msgtype":"empty"}"#;

/// Where nobody listens: a free port could be another test's a moment later.
const CLOSED: &str = "http://127.0.0.1:1";

/// A member of the organisation, and its administrator.
pub fn alice() -> Person {
    Person::member("alice", "爱丽丝", "0147000002").admin()
}

/// A member of the organisation.
pub fn bob() -> Person {
    Person::member("bob", "Bob", "0147000003")
}

/// A member whose messages carry no staff id, since the robot is not published.
pub fn nobody() -> Person {
    Person::member("nobody", "无名", "").without_staff_id()
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Self::sleep(self, duration)
    }
}

/// A DingTalk that goes by this clock, whose robot has [`SECRET`].
pub async fn dingtalk(clock: TestClock) -> Simulator {
    let mut organisation = Organisation::default();
    organisation.app.secret = SECRET.into();
    Simulator::builder().organisation(organisation).clock(clock).start().await.expect("a port")
}

/// A conversation with the bot.
pub struct Chat {
    app: Arc<App>,
    process: Box<dyn Fn() -> Arc<App> + Send + Sync>,
    dingtalk: Arc<Simulator>,
    jobs: Jobs,
    is_private: bool,
}

/// How a conversation begins.
#[derive(Default)]
pub struct Setup<'s> {
    /// Settings over the shipped ones: lines before the first `[table]` replace the shipped ones of the same key,
    /// tables replace the shipped ones of the same name.
    pub toml: &'s str,
    /// These rows instead of the program's commands.
    pub rows: Option<&'static [Row]>,
    /// `DINGTALK_ROBOT_CODE`.
    pub robot_code: Option<&'s str>,
    /// Whether the OpenAPI is configured.
    pub openapi: bool,
}

/// Work that callbacks caused and that nobody has run yet.
type Jobs = Arc<Mutex<Vec<Job>>>;

impl Chat {
    /// In a group, with the shipped settings.
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// In a group, with the shipped settings and these over them, as in [`Setup::toml`].
    pub async fn with(toml: &str) -> Self {
        Self::set_up(Setup { toml, ..Setup::default() }).await
    }

    /// In a group, with the shipped settings, and only callbacks of this robot are taken.
    pub async fn for_robot(code: &str) -> Self {
        Self::set_up(Setup { robot_code: Some(code), ..Setup::default() }).await
    }

    /// In a group, with the shipped settings and the OpenAPI.
    pub async fn with_openapi() -> Self {
        Self::set_up(Setup { openapi: true, ..Setup::default() }).await
    }

    /// In a group, with these rows instead of the program's commands.
    pub async fn with_rows(rows: &'static [Row]) -> Self {
        Self::set_up(Setup { rows: Some(rows), ..Setup::default() }).await
    }

    /// In a group.
    pub async fn set_up(setup: Setup<'_>) -> Self {
        let clock = TestClock::at(NOW_MS);
        let dingtalk = Arc::new(dingtalk(clock.clone()).await);
        let text = settings(setup.toml, &[dingtalk.origin(), CLOSED]);
        let DingTalkApp { key, robot_code, .. } = Organisation::default().app;
        let (code, key) = if setup.openapi { (Some(robot_code), Some(key)) } else { (None, None) };
        let robot_code = setup.robot_code.map(str::to_owned).or(code);
        let rows = setup.rows;
        let process = move || {
            let settings = Settings::parse(&text, SettingsFile::Embedded, &|_| None).expect("settings");
            let secret = Secret::new(SECRET).expect("a secret");
            let environment = Environment {
                robot_code: robot_code.clone(),
                app_key: key.clone(),
                ..Environment::new(secret)
            };
            let table = match rows {
                None => crate::commands::table(&settings),
                Some(rows) => {
                    Table::new(rows, Vec::new()).and_then(|table| table.with_aliases(&settings.aliases))
                }
            };
            let app = App::new(settings, environment, table.expect("a table"), Arc::new(clock.clone()));
            Arc::new(app.expect("settings that fit"))
        };
        let mut chat = Self {
            app: process(),
            process: Box::new(process),
            dingtalk,
            jobs: Jobs::default(),
            is_private: false,
        };
        chat.connect();
        chat
    }

    /// From here on another process answers, which remembers nothing.
    pub fn another_process(&mut self) {
        self.app = (self.process)();
        self.connect();
    }

    fn connect(&mut self) {
        let (handler, queue) = (Arc::clone(&self.app), Arc::clone(&self.jobs));
        self.dingtalk.connect(Robot::function(move |request| {
            let (app, jobs) = (Arc::clone(&handler), Arc::clone(&queue));
            async move {
                let (response, job) = handle(&app, request.map(Full::new)).await;
                jobs.lock().unwrap_or_else(PoisonError::into_inner).extend(job);
                response.map(Bytes::from)
            }
        }));
    }

    /// From here on in a private chat.
    #[must_use]
    pub fn privately(mut self) -> Self {
        self.is_private = true;
        self
    }

    /// The next message that arrived in somebody's private chat, as text.
    pub fn read_privately(&mut self, person: &Person) -> String {
        let message = self.dingtalk.read_in(&Place::private(person));
        message.expect("a private message, but none arrived").to_string()
    }

    /// Says something in one's private chat with the bot, wherever the conversation is.
    pub async fn say_privately(&mut self, person: Person, said: impl Into<Said>) {
        let was = std::mem::replace(&mut self.is_private, true);
        self.say(person, said).await;
        self.is_private = was;
    }

    /// The DingTalk that this conversation is in.
    pub fn dingtalk(&self) -> &Arc<Simulator> {
        &self.dingtalk
    }

    /// The clock, to move it.
    pub fn clock(&self) -> &TestClock {
        self.dingtalk.clock()
    }

    /// A session webhook on a host that the settings allow and where nobody listens.
    pub fn closed_webhook() -> String {
        format!("{CLOSED}/robot/sendBySession?session=0123456789abcdef")
    }

    /// Says something and waits until the bot is done with it. It must be acknowledged.
    pub async fn say(&mut self, person: Person, said: impl Into<Said>) {
        let place = self.place(&person);
        let heard = self.dingtalk.say(&person, &place, said).await.expect("something one can say");
        self.acknowledged(&heard.pushed).await;
    }

    /// The callback of a text message that nobody pushes yet.
    pub fn text(&mut self, person: &Person, line: &str) -> Value {
        self.dingtalk.callback(person, &self.place(person), line).expect("something one can say")
    }

    /// The callback of a message of any kind, as no client may have sent it, that nobody pushes yet.
    pub fn message(&mut self, person: &Person, msgtype: &str, content: Value) -> Value {
        let mut callback = self.text(person, "-");
        callback.as_object_mut().map(|fields| fields.remove("text"));
        callback["msgtype"] = msgtype.into();
        callback["content"] = content;
        callback
    }

    /// Pushes a callback, and waits until the bot is done with it. It must be acknowledged.
    pub async fn post(&mut self, callback: &Value) {
        let pushed = self.dingtalk.push(callback.clone(), &Place::group("ops")).await;
        self.acknowledged(&pushed).await;
    }

    /// Waits until the bot is done with what was pushed. It must be acknowledged.
    pub async fn acknowledged(&mut self, pushed: &[Pushed]) {
        for pushed in pushed {
            assert_eq!((&pushed.status, &pushed.body[..]), (&Ok(200), EMPTY.as_bytes()), "{pushed:?}");
        }
        let jobs = std::mem::take(&mut *self.jobs.lock().unwrap_or_else(PoisonError::into_inner));
        for job in jobs {
            job.run().await;
        }
    }

    fn place(&self, person: &Person) -> Place {
        if self.is_private { Place::private(person) } else { Place::group("ops") }
    }

    /// A request with this body, signed now.
    pub fn signed(&self, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
        let mut request = Request::post("/").body(Full::new(body.into())).expect("a request");
        *request.headers_mut() = signature(self.clock().now().as_millisecond());
        request
    }

    /// Sends any request and waits until the bot is done with it.
    pub async fn send<B>(&mut self, request: Request<B>) -> Response<String>
    where
        B: http_body::Body + Unpin,
        B::Error: std::fmt::Display,
    {
        let (response, job) = self.handle(request).await;
        if let Some(job) = job {
            job.run().await;
        }
        response
    }

    /// Sends any request; the work is left to the caller.
    pub async fn handle<B>(&self, request: Request<B>) -> (Response<String>, Option<Job>)
    where
        B: http_body::Body + Unpin,
        B::Error: std::fmt::Display,
    {
        handle(&self.app, request).await
    }

    /// The next message that arrived, as the bot posted it.
    pub fn read_json(&mut self) -> Value {
        self.dingtalk.read().expect("a message, but none arrived").posted
    }

    /// The next message that arrived, as text: the Markdown, then the buttons.
    pub fn read(&mut self) -> String {
        self.dingtalk.read().expect("a message, but none arrived").to_string()
    }

    /// Takes whatever arrived as read, for tests of what the other side makes of it.
    pub fn forget(&mut self) {
        self.dingtalk.forget();
    }

    /// Asserts that nothing more arrived.
    pub fn silence(&mut self) {
        let unread = self.dingtalk.read();
        assert!(unread.is_none(), "unexpected: {unread:?}");
    }
}

async fn handle<B>(app: &Arc<App>, request: Request<B>) -> (Response<String>, Option<Job>)
where
    B: http_body::Body + Unpin,
    B::Error: std::fmt::Display,
{
    let deadline = app.clock().now() + HOST_TIMEOUT;
    app.handle(request, Arrival { request_id: "0123456789abcdef".into(), deadline }).await
}

/// The two headers of a callback that was signed at this time, in milliseconds.
pub fn signature(milliseconds: i64) -> HeaderMap {
    let timestamp = milliseconds.to_string();
    let sign = simulator::sign(SECRET, &timestamp);
    let header = |text: String| text.parse().expect("a header");
    HeaderMap::from_iter([
        (TIMESTAMP.parse().expect("a name"), header(timestamp)),
        (SIGN.parse().expect("a name"), header(sign)),
    ])
}

/// The shipped settings with replies allowed to `origins`, and `toml` over them. Whoever speaks in a test may speak without
/// limits, unless `toml` has some.
pub fn settings(toml: &str, origins: &[&str]) -> String {
    let mut merged: toml::Table = include_str!("../dingops.toml").parse().expect("the shipped settings");
    let over: toml::Table = toml.parse().expect("settings of the test");
    let limits = ["per_minute", "per_day"].map(|name| (name.to_owned(), 100_000.into()));
    let limits = toml::Table::from_iter(limits);
    merged.insert("limits".into(), limits.into());
    merged.extend(over);
    let dingtalk = merged.get_mut("dingtalk").and_then(toml::Value::as_table_mut).expect("[dingtalk]");
    dingtalk.insert("session_hosts".into(), origins.to_vec().into());
    for host in ["api", "oapi"] {
        dingtalk.insert(host.into(), origins[0].into());
    }
    toml::to_string(&merged).unwrap_or_else(|error| panic!("{error}"))
}
