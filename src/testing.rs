//! Conversations with the bot, through the real handler, for tests.
//!
//! [`Chat`] signs and posts callbacks as DingTalk does, runs the work they cause, and holds what arrived at a stand-in
//! session webhook. A conversation that ends with a message nobody read fails.
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

mod clock;
mod inbox;
pub mod runtime_api;

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use jiff::SignedDuration;
use serde_json::{Value, json};

pub use self::{
    clock::TestClock,
    inbox::{Answer, Inbox},
};
use crate::{
    app::{App, Arrival, Job},
    clock::Clock,
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

const CORP: &str = "ding0000corp";
const ROBOT: &str = "$:LWCP_v1:$botbotbot";
/// Where nobody listens: a free port could be another test's a moment later.
const CLOSED: &str = "http://127.0.0.1:1";
const GROUP: &str = "cidOPSAAAAAAAAAAAAAAAA==";

/// Somebody who writes to the bot.
#[derive(Debug, Clone)]
pub struct Person {
    /// The name shown.
    pub nick: &'static str,
    /// The id in the organisation, if the message carries one.
    pub staff_id: Option<&'static str>,
    /// The organisation.
    pub corp: Option<&'static str>,
    /// Whether they administer the organisation.
    pub admin: bool,
}

/// A member of the organisation, and its administrator.
pub fn alice() -> Person {
    Person { nick: "爱丽丝", staff_id: Some("0147000002"), corp: Some(CORP), admin: true }
}

/// A member of the organisation.
pub fn bob() -> Person {
    Person { nick: "Bob", staff_id: Some("0147000003"), corp: Some(CORP), admin: false }
}

/// A member whose messages carry no staff id, since the robot is not published.
pub fn nobody() -> Person {
    Person { nick: "无名", staff_id: None, corp: Some(CORP), admin: false }
}

/// Where something is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Group,
    Private,
}

/// A conversation with the bot.
pub struct Chat {
    app: Arc<App>,
    clock: TestClock,
    inbox: Inbox,
    room: Room,
    count: u64,
    unread: VecDeque<Value>,
}

impl Chat {
    /// In a group, with the shipped settings.
    pub async fn start() -> Self {
        Self::with("").await
    }

    /// In a group, with the shipped settings and these in addition or instead: lines before the first `[table]`
    /// replace the shipped ones of the same key, tables replace the shipped ones of the same name.
    pub async fn with(toml: &str) -> Self {
        Self::build(toml, None, None).await
    }

    /// In a group, with the shipped settings, and only callbacks of this robot are taken.
    pub async fn for_robot(code: &str) -> Self {
        Self::build("", None, Some(code)).await
    }

    /// In a group, with rows of one's own beside the program's settings.
    pub async fn with_rows(rows: &'static [Row]) -> Self {
        Self::build("", Some(rows), None).await
    }

    async fn build(toml: &str, rows: Option<&'static [Row]>, robot: Option<&str>) -> Self {
        let inbox = Inbox::start().await;
        let text = settings(toml, &[&inbox.origin(), CLOSED]);
        let settings = Settings::parse(&text, SettingsFile::Embedded, &|_| None).expect("settings");
        let secret = Secret::new(SECRET).expect("a secret");
        let environment = Environment { secret, previous: None, robot_code: robot.map(str::to_owned) };
        let clock = TestClock::at(NOW_MS);
        let table = match rows {
            None => crate::commands::table(&settings.answers),
            Some(rows) => Table::new(rows, Vec::new()),
        };
        let app = App::new(settings, environment, table.expect("a table"), Arc::new(clock.clone()));
        Self { app: Arc::new(app), clock, inbox, room: Room::Group, count: 0, unread: VecDeque::new() }
    }

    /// From here on in a private chat.
    #[must_use]
    pub fn privately(mut self) -> Self {
        self.room = Room::Private;
        self
    }

    /// The clock, to move it.
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// What arrives at the session webhook, and what it answers.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// A session webhook on a host that the settings allow and where nobody listens.
    pub fn closed_webhook() -> String {
        format!("{CLOSED}/robot/sendBySession?session=0123456789abcdef")
    }

    /// Says a line and waits until the bot is done with it.
    pub async fn say(&mut self, person: Person, line: &str) {
        let callback = self.text(&person, line);
        self.post(&callback).await;
    }

    /// A text message, as DingTalk builds the callback (protocol.md 1.2, 1.4).
    pub fn text(&mut self, person: &Person, line: &str) -> Value {
        let blank = if self.room == Room::Group { " " } else { "" };
        self.message(person, "text", "text", json!({ "content": format!("{blank}{line}") }))
    }

    /// A message of any kind.
    pub fn message(&mut self, person: &Person, msgtype: &str, key: &str, content: Value) -> Value {
        self.count += 1;
        let now = self.clock.now().as_millisecond();
        let mut callback = json!({
            "senderPlatform": "Mac",
            "chatbotCorpId": CORP,
            "chatbotUserId": ROBOT,
            "msgId": format!("msg{:022}==", self.count),
            "senderNick": person.nick,
            "isAdmin": person.admin,
            "senderId": format!("$:LWCP_v1:${}", person.nick),
            "sessionWebhook": self.inbox.session_webhook(),
            "sessionWebhookExpiredTime": now + 90 * 60 * 1000,
            "createAt": now,
            "robotCode": "dingxxxxxxxx",
            "msgtype": msgtype,
        });
        callback[key] = content;
        if let Some(staff_id) = person.staff_id {
            callback["senderStaffId"] = staff_id.into();
        }
        if let Some(corp) = person.corp {
            callback["senderCorpId"] = corp.into();
        }
        match self.room {
            Room::Group => {
                callback["conversationType"] = "2".into();
                callback["conversationId"] = GROUP.into();
                callback["conversationTitle"] = "运维群".into();
                callback["isInAtList"] = true.into();
                callback["atUsers"] = json!([{ "dingtalkId": ROBOT }]);
            }
            Room::Private => {
                callback["conversationType"] = "1".into();
                callback["conversationId"] = "cidPRIVATEAAAAAAAAAAAA==".into();
            }
        }
        callback
    }

    /// Posts a callback, signed now, and waits until the bot is done with it. It must be acknowledged.
    pub async fn post(&mut self, callback: &Value) {
        let response = self.send(self.signed(callback.to_string())).await;
        assert_eq!(response.status(), StatusCode::OK, "{}", response.body());
        assert_eq!(response.body(), r#"{"msgtype":"empty"}"#);
    }

    /// A request with this body, signed now.
    pub fn signed(&self, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
        let mut request = Request::post("/").body(Full::new(body.into())).expect("a request");
        *request.headers_mut() = signature(self.clock.now().as_millisecond());
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
        let deadline = self.clock.now() + HOST_TIMEOUT;
        self.app.handle(request, Arrival { request_id: "0123456789abcdef".into(), deadline }).await
    }

    /// The next message that arrived, as JSON.
    pub fn read_json(&mut self) -> Value {
        self.unread.extend(self.inbox.take());
        self.unread.pop_front().expect("a message, but none arrived")
    }

    /// The next message that arrived, as text: the Markdown, then the buttons.
    pub fn read(&mut self) -> String {
        let message = self.read_json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let card = &message["actionCard"];
        let mut shown = text(&message["markdown"]["text"]).or_else(|| text(&card["text"])).expect("a text");
        if let (Some(title), Some(url)) = (text(&card["singleTitle"]), text(&card["singleURL"])) {
            shown.push_str(&format!("\n\n[{title}]({url})"));
        }
        shown
    }

    /// Takes whatever arrived as read, for tests of what the other side makes of it.
    pub fn forget(&mut self) {
        self.unread.clear();
        self.inbox.take();
    }

    /// Asserts that nothing more arrived.
    pub fn silence(&mut self) {
        self.unread.extend(self.inbox.take());
        assert!(self.unread.is_empty(), "unexpected: {:?}", self.unread);
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.unread.extend(self.inbox.take());
            assert!(self.unread.is_empty(), "nobody read: {:?}", self.unread);
        }
    }
}

/// The two headers of a callback that was signed at this time, in milliseconds.
pub fn signature(milliseconds: i64) -> HeaderMap {
    let timestamp = milliseconds.to_string();
    let sign = Secret::new(SECRET).expect("a secret").sign(&timestamp);
    let header = |text: String| text.parse().expect("a header");
    HeaderMap::from_iter([
        (TIMESTAMP.parse().expect("a name"), header(timestamp)),
        (SIGN.parse().expect("a name"), header(sign)),
    ])
}

/// The shipped settings with replies allowed to `origins`, and `toml` over them.
pub fn settings(toml: &str, origins: &[&str]) -> String {
    let mut merged: toml::Table = include_str!("../dingops.toml").parse().expect("the shipped settings");
    let over: toml::Table = toml.parse().expect("settings of the test");
    merged.extend(over);
    let dingtalk = merged.get_mut("dingtalk").and_then(toml::Value::as_table_mut).expect("[dingtalk]");
    dingtalk.insert("session_hosts".into(), origins.to_vec().into());
    toml::to_string(&merged).unwrap_or_else(|error| panic!("{error}"))
}
