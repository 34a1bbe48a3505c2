//! `dingops event`: a freshly signed callback, as the event of a function URL (payload 2.0) or as a curl command.
//!
//! Ids are made up unless they are given; the signature is real.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{CliError, complain, env};
use crate::{
    clock::{Clock, SystemClock},
    config::{Environment, Settings},
    dingtalk::signature::{SIGN, Secret, TIMESTAMP},
};

const SESSION_WEBHOOK: &str =
    "https://oapi.dingtalk.com/robot/sendBySession?session=0123456789abcdef0123456789abcdef";
/// What the samples of DingTalk's documentation show (protocol.md 3).
const SESSION_LASTS: Duration = Duration::from_secs(90 * 60);
const CORP: &str = "ding0000corp";
const ROBOT: &str = "$:LWCP_v1:$botbotbot";
const ROBOT_CODE: &str = "dingxxxxxxxx";
const GROUP: &str = "cidMADEUPAAAAAAAAAAAAA==";
const PERSON: &str = "0147000002";

/// Print a freshly signed callback, for `sam local invoke -e -`, cargo lambda or curl
#[derive(clap::Args)]
pub(super) struct Event {
    /// What is said
    #[arg(conflicts_with = "from")]
    words: Vec<String>,
    /// Sign the event of this file afresh, its times and message id renewed
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Where the reply is to be posted
    #[arg(long, value_name = "URL")]
    session_webhook: Option<String>,
    /// Who says it: a name of the settings' people or a staff id
    #[arg(long = "as", value_name = "PERSON", conflicts_with = "from")]
    person: Option<String>,
    /// In which group: a name of the settings' groups or a conversation id (cid…), any other name gets a made-up id;
    /// otherwise in a private chat
    #[arg(long = "in", value_name = "GROUP", conflicts_with = "from")]
    group: Option<String>,
    /// text, richText, picture, audio, video, file, markdown, interactiveCard, actionCard, chatRecord, reply,
    /// unknownMsgType or any other
    #[arg(long, default_value = "text", conflicts_with = "from")]
    msgtype: String,
    /// Print a curl command that posts it to this address, by default http://127.0.0.1:9000/
    #[arg(long, value_name = "URL", num_args = 0..=1, require_equals = true, default_missing_value = "http://127.0.0.1:9000/")]
    curl: Option<String>,
}

impl Event {
    pub(super) fn run(&self) -> Result<(), CliError> {
        let is_address = |word: &&String| word.starts_with("http://") || word.starts_with("https://");
        if let Some(address) = self.words.iter().find(is_address).filter(|_| self.curl.is_some()) {
            return Err(CliError::Usage(format!(
                "--curl: expected the address behind =, as in --curl={address}"
            )));
        }
        let now = SystemClock.now();
        let (environment, mut event) = match &self.from {
            Some(path) => {
                let environment = Environment::read(&env)?;
                let event = self.afresh(path, now, &environment)?;
                (environment, event)
            }
            None => {
                let (environment, settings, _) = super::load()?;
                let callback = self.callback(&settings, now, &environment);
                (environment, envelope(callback.to_string()))
            }
        };
        sign(&mut event, &environment.secret, now);
        let printed = match &self.curl {
            Some(url) => curl(&event, url),
            None => serde_json::to_string_pretty(&event).unwrap_or_default(),
        };
        super::print(&format!("{printed}\n"))
    }

    /// A callback as DingTalk builds it (protocol.md 1.2 to 1.4).
    fn callback(&self, settings: &Settings, now: Timestamp, environment: &Environment) -> Value {
        let person = self.person.as_deref().unwrap_or(PERSON);
        let person = settings.people.get(person).map_or(person, String::as_str);
        let said = self.words.join(" ");
        let mut callback = json!({
            "senderPlatform": "Mac",
            "conversationId": "cidPRIVATEAAAAAAAAAAAA==",
            "conversationType": "1",
            "chatbotCorpId": CORP,
            "chatbotUserId": ROBOT,
            "msgId": message_id(),
            "senderNick": self.person.as_deref().unwrap_or("小钉"),
            "isAdmin": false,
            "senderStaffId": person,
            "senderCorpId": CORP,
            "senderId": format!("$:LWCP_v1:${person}"),
            "sessionWebhook": self.session_webhook.as_deref().unwrap_or(SESSION_WEBHOOK),
            "sessionWebhookExpiredTime": (now + SESSION_LASTS).as_millisecond(),
            "createAt": now.as_millisecond(),
            "robotCode": environment.robot_code.as_deref().unwrap_or(ROBOT_CODE),
            "msgtype": self.msgtype,
        });
        if let Some(group) = &self.group {
            let id = match settings.groups.get(group) {
                Some(id) => id,
                None if group.starts_with("cid") => group,
                None => {
                    let made_up = "the conversation id is made up";
                    complain(&format_args!("--in: [groups] has no {group:?}, {made_up}"));
                    GROUP
                }
            };
            callback["conversationId"] = id.into();
            callback["conversationType"] = "2".into();
            callback["conversationTitle"] = if id == group { "测试群" } else { group }.into();
            callback["isInAtList"] = true.into();
            callback["atUsers"] = json!([{ "dingtalkId": ROBOT }]);
        }
        let (key, content) = content(&self.msgtype, &said, self.group.is_some());
        callback[key] = content;
        callback
    }

    /// The event of a file, as if it was sent now.
    fn afresh(&self, path: &Path, now: Timestamp, environment: &Environment) -> Result<Value, CliError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| CliError::Io { what: path.display().to_string(), error })?;
        let unusable = |what: &str| CliError::Usage(format!("{}: {what}", path.display()));
        let mut event: Value = serde_json::from_str(&text).map_err(|error| {
            unusable(&format!("expected JSON such as the files in events/, came: {error}"))
        })?;
        if !event["headers"].is_object() || !event["requestContext"].is_object() {
            return Err(unusable(
                "expected an event of a function URL: headers and requestContext are missing",
            ));
        }
        let body = decoded(&event)
            .ok_or_else(|| unusable("expected a body in UTF-8, or in Base64 if it says so"))?;
        let Ok(Value::Object(mut callback)) = serde_json::from_str::<Value>(&body) else { return Ok(event) };
        let mut renew = |key: &str, value: Value| {
            if let Some(old) = callback.get_mut(key) {
                *old = value;
            }
        };
        renew("createAt", now.as_millisecond().into());
        renew("sessionWebhookExpiredTime", (now + SESSION_LASTS).as_millisecond().into());
        renew("msgId", message_id().into());
        if let Some(code) = &environment.robot_code {
            renew("robotCode", code.as_str().into());
        }
        if let Some(url) = &self.session_webhook {
            renew("sessionWebhook", url.as_str().into());
        }
        let body = Value::Object(callback).to_string();
        event["body"] = if event["isBase64Encoded"] == true { STANDARD.encode(body) } else { body }.into();
        Ok(event)
    }
}

/// The body of an event as it was sent.
fn decoded(event: &Value) -> Option<String> {
    let body = event["body"].as_str().unwrap_or_default();
    if event["isBase64Encoded"] == true {
        String::from_utf8(STANDARD.decode(body).ok()?).ok()
    } else {
        Some(body.to_owned())
    }
}

fn message_id() -> String {
    format!("msg{:016x}==", fastrand::u64(..))
}

/// What the person said, in the shape of each kind of message (protocol.md 1.3).
fn content(msgtype: &str, said: &str, group: bool) -> (&'static str, Value) {
    let code = "mIofN6AAAAAAAAAA==";
    match msgtype {
        // A stripped mention leaves a blank.
        "text" => ("text", json!({ "content": if group { format!(" {said}") } else { said.to_owned() } })),
        "richText" => (
            "content",
            json!({ "richText": [{ "text": said }, { "type": "picture", "downloadCode": code }] }),
        ),
        "audio" => ("content", json!({ "duration": 4000, "downloadCode": code, "recognition": said })),
        "video" => ("content", json!({ "duration": 4000, "downloadCode": code, "videoType": "mp4" })),
        "file" => ("content", json!({ "downloadCode": code, "fileName": "report.pdf" })),
        "markdown" => ("content", json!({ "text": said })),
        "interactiveCard" => ("content", json!({ "cardContent": [] })),
        "chatRecord" => ("content", json!({ "title": "聊天记录", "summary": said, "chatRecord": "[]" })),
        "unknownMsgType" => ("content", json!({ "unknownMsgType": "unknown" })),
        _ => ("content", json!({ "downloadCode": code })),
    }
}

/// An event of a function URL (payload 2.0) around a body.
fn envelope(body: String) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": { "content-type": "application/json; charset=utf-8", "host": "example.lambda-url.ap-east-1.on.aws" },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "example",
            "domainName": "example.lambda-url.ap-east-1.on.aws",
            "domainPrefix": "example",
            "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "okhttp" },
            "requestId": "00000000-0000-4000-8000-000000000000",
            "routeKey": "$default",
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

fn sign(event: &mut Value, secret: &Secret, now: Timestamp) {
    let timestamp = now.as_millisecond().to_string();
    event["headers"][SIGN] = secret.sign(&timestamp).into();
    event["headers"][TIMESTAMP] = timestamp.into();
    event["requestContext"]["timeEpoch"] = now.as_millisecond().into();
    event["requestContext"]["time"] =
        now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S +0000").to_string().into();
}

/// A command for a shell that sends an event's request, and ends the answer with a line break.
fn curl(event: &Value, url: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let method = event["requestContext"]["http"]["method"].as_str().unwrap_or("POST");
    let mut command = format!("curl -sS -w '\\n' -X {} {}", quoted(method), quoted(url));
    for name in ["content-type", TIMESTAMP, SIGN] {
        let value = event["headers"][name].as_str().unwrap_or_default();
        command.push_str(&format!(" \\\n  -H {}", quoted(&format!("{name}: {value}"))));
    }
    let body = decoded(event).unwrap_or_default();
    if method != "GET" {
        command.push_str(&format!(" \\\n  --data-raw {}", quoted(&body)));
    }
    command
}
