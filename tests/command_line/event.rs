//! What `event` makes is taken by the function.

use std::{process::Command, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use dingops::{
    app::{App, Arrival, Job},
    clock::{Clock, SystemClock},
    config::{Environment, Settings, SettingsFile},
    dingtalk::signature::Secret,
    testing::{HOST_TIMEOUT, SECRET, TestClock, alice, dingtalk},
};
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use simulator::{Place, Simulator};

use crate::program::{File, not_started, succeeded, with_settings};

/// The function, in this process, with the machine's clock: what `event` makes is signed by it.
fn app(dingtalk: Option<&Simulator>) -> Arc<App> {
    let origin = dingtalk.map_or("https://oapi.dingtalk.com", Simulator::origin);
    let text = dingops::testing::settings("locale = \"en\"", &[origin]);
    let settings = Settings::parse(&text, SettingsFile::Embedded, &|_| None).expect("settings");
    let secret = Secret::new(SECRET).expect("a secret");
    let environment = Environment::new(secret);
    let table = dingops::commands::table(&settings).expect("a table");
    Arc::new(App::new(settings, environment, table, Arc::new(SystemClock)).expect("rules that fit"))
}

async fn handle(app: &Arc<App>, headers: &[(&str, &str)], body: &str) -> (Response<String>, Option<Job>) {
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
    let deadline = SystemClock.now() + HOST_TIMEOUT;
    app.handle(request, Arrival { request_id: "0123456789abcdef".into(), deadline }).await
}

/// A function URL event that was printed.
struct Event(Value);

impl Event {
    fn made(arguments: &[&str], toml: &str) -> Self {
        let out = succeeded(with_settings(&[&["event"], arguments].concat(), toml));
        Self(serde_json::from_str(&out).expect(&out))
    }

    fn callback(&self) -> Value {
        let body = self.0["body"].as_str().expect("a text");
        let body = if self.0["isBase64Encoded"] == true {
            String::from_utf8(STANDARD.decode(body).expect("Base64")).expect("UTF-8")
        } else {
            body.to_owned()
        };
        serde_json::from_str(&body).expect("JSON")
    }

    /// Hands it to the function, which must take it.
    async fn accepted(&self, app: &Arc<App>) -> Job {
        let headers = self.0["headers"].as_object().expect("headers");
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str().expect("a text"))).collect();
        let (response, job) = handle(app, &headers, &self.callback().to_string()).await;
        assert_eq!((response.status().as_u16(), response.body().as_str()), (200, r#"{"msgtype":"empty"}"#));
        job.expect("work")
    }
}

const NAMES: &str = r#"
    version = 1
    [people]
    alice = "0147000009"
    [groups]
    ops = "cidNAMED=="
"#;

#[tokio::test]
async fn words_are_said_and_answered() {
    let dingtalk = dingtalk(TestClock::machine()).await;
    let app = app(Some(&dingtalk));
    for words in [&["ping"][..], &["help", "ping"], &["在吗"], &["whoami"], &["it's", "\"nothing\""], &[]] {
        let webhook = dingtalk.open_session(&Place::private(&alice()));
        let event = Event::made(&[&["--session-webhook", &webhook], words].concat(), NAMES);
        assert_eq!(event.callback()["text"]["content"], words.join(" "));
        event.accepted(&app).await.run().await;
        assert!(dingtalk.read().is_some(), "{words:?}");
        assert_eq!(dingtalk.read(), None, "{words:?}");
    }
}

#[tokio::test]
async fn every_kind_of_message_is_taken() {
    let app = app(None);
    for msgtype in [
        "text",
        "richText",
        "picture",
        "audio",
        "video",
        "file",
        "markdown",
        "interactiveCard",
        "actionCard",
        "chatRecord",
        "reply",
        "unknownMsgType",
        "somethingNew",
    ] {
        for place in [&[][..], &["--in", "ops"]] {
            let event = Event::made(&[place, &["--msgtype", msgtype, "ping"]].concat(), NAMES);
            let callback = event.callback();
            assert_eq!(callback["msgtype"], msgtype);
            assert_eq!(callback["conversationType"], if place.is_empty() { "1" } else { "2" });
            event.accepted(&app).await;
        }
    }
}

#[tokio::test]
async fn who_and_where_by_name_and_by_id() {
    let app = app(None);
    for (person, staff_id) in [("alice", "0147000009"), ("0147000002", "0147000002")] {
        for (group, conversation_id) in [("ops", "cidNAMED=="), ("cidOTHER==", "cidOTHER==")] {
            let event = Event::made(&["--as", person, "--in", group, "whoami"], NAMES);
            let callback = event.callback();
            assert_eq!(callback["senderStaffId"], staff_id);
            assert_eq!(callback["conversationId"], conversation_id);
            event.accepted(&app).await;
        }
    }
}

#[tokio::test]
async fn a_file_is_signed_afresh() {
    let callback = json!({
        "msgId": "msgOLD==",
        "createAt": 1_600_000_000_000_i64,
        "sessionWebhookExpiredTime": 1_600_005_400_000_i64,
        "sessionWebhook": "https://oapi.dingtalk.com/robot/sendBySession?session=old",
        "msgtype": "text",
        "text": { "content": "ping" },
        "senderNick": "从文件",
    });
    let plain = json!({
        "version": "2.0",
        "rawPath": "/",
        "headers": { "timestamp": "1600000000000", "sign": "old", "x-kept": "yes" },
        "requestContext": { "http": { "method": "POST", "path": "/" } },
        "body": callback.to_string(),
        "isBase64Encoded": false,
    });
    let mut encoded = plain.clone();
    encoded["body"] = STANDARD.encode(callback.to_string()).into();
    encoded["isBase64Encoded"] = true.into();

    let dingtalk = dingtalk(TestClock::machine()).await;
    for event in [plain, encoded] {
        let file = File::new("json", &event.to_string());
        let afresh = Event::made(&["--from", file.path()], NAMES);
        assert_eq!(afresh.0["isBase64Encoded"], event["isBase64Encoded"]);
        assert_eq!(afresh.0["headers"]["x-kept"], "yes");
        let renewed = afresh.callback();
        for key in ["msgId", "createAt", "sessionWebhookExpiredTime"] {
            assert_ne!(renewed[key], callback[key], "{key}");
        }
        for key in ["sessionWebhook", "senderNick", "text"] {
            assert_eq!(renewed[key], callback[key], "{key}");
        }
        afresh.accepted(&app(None)).await;

        let webhook = dingtalk.open_session(&Place::private(&alice()));
        let elsewhere = Event::made(&["--from", file.path(), "--session-webhook", &webhook], NAMES);
        elsewhere.accepted(&app(Some(&dingtalk))).await.run().await;
        assert!(dingtalk.read().is_some());
        assert_eq!(dingtalk.read(), None);
    }
    for (text, says) in [
        ("{", "EOF"),
        (r#"{"headers":{},"requestContext":{},"body":"&","isBase64Encoded":true}"#, "Base64"),
        (r#"{"headers":{},"requestContext":{},"body":"/w==","isBase64Encoded":true}"#, "UTF-8"),
    ] {
        let file = File::new("json", text);
        not_started(&with_settings(&["event", "--from", file.path()], NAMES), &[file.path(), says]);
    }
    not_started(&with_settings(&["event", "--from", "/nowhere.json"], NAMES), &["/nowhere.json"]);
}

/// The shell itself takes the line apart: with a function in the place of curl, it prints each argument.
#[cfg(unix)]
#[tokio::test]
async fn as_a_line_for_the_shell() {
    let words = "it's \"quoted\" $HOME `date` \\ 中文";
    for (arguments, address) in [
        (&["--curl", "--", words][..], "http://127.0.0.1:9000/"),
        (&["--curl=https://bot.example/a'b", "--", words], "https://bot.example/a'b"),
    ] {
        let out = succeeded(with_settings(&[&["event"], arguments].concat(), NAMES));
        let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{out}");
        let shell = Command::new("sh").args(["-c", &script]).output().expect("a shell");
        let printed = String::from_utf8(shell.stdout).expect("UTF-8");
        let parts: Vec<&str> = printed.trim_end_matches('\0').split('\0').collect();
        assert!(parts.contains(&address), "{parts:?}");
        let after = |option: &str| {
            let options = parts.windows(2).filter(|pair| pair[0] == option);
            options.map(|pair| pair[1]).collect::<Vec<_>>()
        };
        let headers: Vec<_> = after("-H").iter().filter_map(|header| header.split_once(": ")).collect();
        let body = after("--data-raw")[0];
        let callback: Value = serde_json::from_str(body).expect(body);
        assert_eq!(callback["text"]["content"], words);
        let (response, job) = handle(&app(None), &headers, body).await;
        assert_eq!(response.status(), 200);
        assert!(job.is_some());
    }
}
