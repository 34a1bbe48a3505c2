//! The command line: a mistake stops the start with exit code 2 and one line that says where it is; `check` tells what
//! the settings say; `event` makes what the function takes. Nothing it prints holds a secret.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};

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

/// What a slow machine may need; nothing takes this long.
const PATIENCE: Duration = Duration::from_secs(30);
const PREVIOUS: &str = "SECprevious00000000000000000000000000000000000000000000000000000000";

/// A file that is gone when the test is over.
struct File(PathBuf);

impl File {
    fn new(extension: &str, text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("command-line-{}-{count}.{extension}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, text).expect("a file");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the program with these variables and no others, until it ends by itself.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let child = Command::new(env!("CARGO_BIN_EXE_dingops"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").arg(id.to_string()).status();
        panic!("{arguments:?} {variables:?}: it serves instead of ending");
    };
    let output = output.expect("output");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    let ended = Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    for secret in [SECRET, PREVIOUS] {
        assert!(!ended.out.contains(secret), "{arguments:?}: {}", ended.out);
        assert!(!ended.err.contains(secret), "{arguments:?}: {}", ended.err);
    }
    ended
}

/// As [`run`], with a secret and these settings.
fn with_settings(arguments: &[&str], toml: &str) -> Ended {
    let config = File::new("toml", toml);
    run(arguments, &[("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", config.path())])
}

fn succeeded(ended: Ended) -> String {
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    ended.out
}

/// One line, for a person, that says all of these.
fn not_started(ended: &Ended, says: &[&str]) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{}", ended.err);
    let line = ended.err.strip_suffix('\n').unwrap_or_else(|| panic!("no line: {:?}", ended.err));
    assert!(line.starts_with("dingops: ") && !line.contains('\n'), "{line}");
    for word in says {
        assert!(line.contains(word), "{word:?} is not in: {line}");
    }
}

#[test]
fn a_variable_that_is_wrong_is_named() {
    for (variables, says) in [
        (&[][..], &["DINGTALK_APP_SECRET", "came nothing"][..]),
        (&[("DINGTALK_APP_SECRET", "")], &["DINGTALK_APP_SECRET", "empty"]),
        (&[("DINGTALK_APP_SECRET", "SECpasted\n")], &["DINGTALK_APP_SECRET", "blank"]),
        (
            &[("DINGTALK_APP_SECRET", SECRET), ("DINGTALK_APP_SECRET_PREVIOUS", "")],
            &["DINGTALK_APP_SECRET_PREVIOUS", "empty"],
        ),
        (
            &[("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", "/nowhere/dingops.toml")],
            &["/nowhere/dingops.toml"],
        ),
    ] {
        for arguments in [&[][..], &["serve"], &["check"]] {
            not_started(&run(arguments, variables), says);
        }
    }
    for (variable, value, says) in [
        ("DINGOPS_LISTEN", "9000", "127.0.0.1:9000"),
        ("DINGOPS_LISTEN", "localhost", "127.0.0.1:9000"),
        ("DINGOPS_LISTEN", "127.0.0.1:65536", "127.0.0.1:65536"),
        ("DINGOPS_TIMEOUT", "soon", "\"soon\""),
        ("DINGOPS_TIMEOUT", "60", "\"60\""),
        ("DINGOPS_TIMEOUT", "1s", "from 5s to 15m"),
        ("DINGOPS_TIMEOUT", "16m", "from 5s to 15m"),
        ("DINGOPS_TIMEOUT", "-10s", "from 5s to 15m"),
    ] {
        for arguments in [&[][..], &["serve"]] {
            let ended = run(arguments, &[("DINGTALK_APP_SECRET", SECRET), (variable, value)]);
            not_started(&ended, &[variable, says]);
        }
    }
    not_started(
        &run(&["serve", "--listen", "nowhere"], &[("DINGTALK_APP_SECRET", SECRET)]),
        &["--listen", "nowhere"],
    );
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = (taken.local_addr().expect("an address").to_string(), taken);
    let ended = run(&["serve", "--listen", &taken.0], &[("DINGTALK_APP_SECRET", SECRET)]);
    assert_eq!(ended.code, Some(2));
    // The log may have begun; the last line is the one that says why it ended.
    let last = ended.err.lines().last().unwrap_or_default();
    assert!(last.starts_with("dingops: ") && last.contains("--listen") && last.contains(&taken.0), "{last}");
}

#[test]
fn a_mistake_in_the_settings_is_named_with_its_key_and_line() {
    for (toml, says) in [
        ("version = 1\ncolour = 1", &[":2:", "colour"][..]),
        ("version = 1\n[dingtalk]\ncorp = []", &[":3:", "dingtalk.corp", "corps"]),
        ("version = 2", &[":1:", "version", "came 2"]),
        ("version = \"1\"", &[":1:", "version", "expected an integer"]),
        ("version = 1\nlocale = \"fr\"", &[":2:", "locale", "fr"]),
        ("version = 1\ntimezone = \"Asia/Peking\"", &[":2:", "timezone", "Asia/Shanghai", "Asia/Peking"]),
        ("version = 1\n\n[dingtalk]\nmax_skew = 60", &[":4:", "dingtalk.max_skew", "string"]),
        ("version = 1\n[dingtalk]\nmax_skew = \"2h\"", &[":3:", "dingtalk.max_skew", "1h", "2h"]),
        ("version = 1\n[dingtalk]\nmax_skew = \"-1m\"", &[":3:", "dingtalk.max_skew", "-1m"]),
        ("version = 1\n[dingtalk]\nmax_skew = \"soon\"", &[":3:", "dingtalk.max_skew", "soon"]),
        (
            "version = 1\n[dingtalk]\nsession_hosts = [\n  \"oapi.dingtalk.com\",\n  \"oapi.dingtalk.com:8443\",\n]",
            &[":5:", "dingtalk.session_hosts[2]", "oapi.dingtalk.com:8443"],
        ),
        ("version = 1\n[people]\nalice = 147000002", &[":3:", "people.alice", "string"]),
        ("version = 1\n[people]\nalice = \" \"", &[":3:", "people.alice"]),
        (
            "version = 1\n[ip]\nservices = [\"ftp://ip.example\"]",
            &[":3:", "ip.services[1]", "ftp://ip.example"],
        ),
        (
            "version = 1\n[people]\nalice = \"${NO_SUCH_VARIABLE}\"",
            &[":3:", "people.alice", "NO_SUCH_VARIABLE"],
        ),
        ("version = 1\n[people]\nalice = \"${NO SUCH}\"", &[":3:", "people.alice"]),
        (
            "version = 1\n[[answer]]\nname = \"a\"\nmarkdown = \"a\"\n[[answer]]\nname = \"PING\"\nmarkdown = \"b\"",
            &[":6:", "answer[2].name", "ping"],
        ),
        (
            "version = 1\n[[answer]]\nname = \"a\"\nmarkdown = \"a\"\n[[answer]]\nname = \"a\"\nmarkdown = \"b\"",
            &[":6:", "answer[2].name"],
        ),
        ("version = 1\n[[answer]]\nname = \"a\"", &[":2:", "answer", "markdown"]),
        ("version = 1\nversion = 1", &[":2:", "duplicate key"]),
        ("version = 1\n[ip", &[":2:"]),
        ("version = 1\n[ip]\nstatic_ip = yes", &[":3:"]),
    ] {
        for arguments in [&["check"][..], &["serve"], &["event", "ping"]] {
            let ended = with_settings(arguments, toml);
            not_started(&ended, says);
            assert!(ended.err.contains(".toml:"), "the file is not named: {}", ended.err);
        }
    }
}

#[test]
fn a_runtime_api_without_a_function_is_said() {
    let variables = [("DINGTALK_APP_SECRET", SECRET), ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")];
    not_started(&run(&[], &variables), &["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_RUNTIME_API"]);
}

#[test]
fn lambda_that_cannot_be_reached_is_said() {
    let closed =
        TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string();
    let ended = run(
        &[],
        &[
            ("DINGTALK_APP_SECRET", SECRET),
            ("AWS_LAMBDA_RUNTIME_API", &closed),
            ("AWS_LAMBDA_FUNCTION_NAME", "dingops"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ],
    );
    // It ran, so this is a line of its log and not a mistake of the start.
    assert_eq!(ended.code, Some(1));
    let last: Value = serde_json::from_str(ended.err.lines().last().unwrap_or_default()).expect("JSON");
    assert_eq!(
        (&last["level"], &last["message"]),
        (&json!("ERROR"), &json!("the Runtime API of Lambda is gone"))
    );
}

#[test]
fn variables_that_are_wrong_on_lambda_are_named() {
    let right = [
        ("DINGTALK_APP_SECRET", SECRET),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "dingops"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ];
    for (name, value) in [("AWS_LAMBDA_RUNTIME_API", "::bad:: url"), ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "x")]
    {
        let changed = right.map(|(other, was)| (other, if other == name { value } else { was }));
        not_started(&run(&[], &changed), &[name, value]);
    }
    let missing: Vec<_> = right.into_iter().filter(|(name, _)| *name != "AWS_LAMBDA_FUNCTION_NAME").collect();
    not_started(&run(&[], &missing), &["AWS_LAMBDA_FUNCTION_NAME"]);
    // An empty one is none: this is no Lambda, and the address is taken.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let empty =
        [("DINGTALK_APP_SECRET", SECRET), ("AWS_LAMBDA_RUNTIME_API", ""), ("DINGOPS_LISTEN", &address)];
    not_started(&run(&[], &empty), &["DINGOPS_LISTEN", &address]);
}

#[test]
fn an_unknown_word_is_no_command() {
    for arguments in [&["sevre"][..], &["serve", "--port", "1"], &["event", "--from"], &["check", "more"]] {
        let ended = run(arguments, &[("DINGTALK_APP_SECRET", SECRET)]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.err.starts_with("error: "), "{}", ended.err);
    }
}

#[test]
fn help_needs_no_settings() {
    let out = succeeded(run(&["--help"], &[]));
    for word in ["serve", "check", "event", "DINGTALK_APP_SECRET"] {
        assert!(out.contains(word), "{word}: {out}");
    }
    for (arguments, word) in [
        (["serve", "--help"], "DINGOPS_LISTEN"),
        (["check", "--help"], "settings"),
        (["event", "--help"], "--session-webhook"),
    ] {
        let out = succeeded(run(&arguments, &[]));
        assert!(out.contains(word), "{word}: {out}");
    }
    assert_eq!(succeeded(run(&["--version"], &[])), concat!("dingops ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn check_prints_the_table_and_the_hash() {
    let toml = r#"
        version = 1
        locale = "en"
        timezone = "Europe/Berlin"
        [dingtalk]
        max_skew = "5m"
        corps = ["ding0000other"]
        [people]
        alice = "${ALICE}"
        [[answer]]
        name = "on call"
        markdown = "Ask in $${HALL}"
    "#;
    let config = File::new("toml", toml);
    let out = succeeded(run(
        &["check"],
        &[
            ("DINGTALK_APP_SECRET", SECRET),
            ("DINGTALK_APP_SECRET_PREVIOUS", PREVIOUS),
            ("DINGOPS_CONFIG", config.path()),
            ("ALICE", "0147000002"),
        ],
    ));
    let hash = Settings::parse(toml, SettingsFile::Embedded, &|_| Some("0147000002".into()))
        .expect("settings")
        .source
        .hash;
    for word in [
        config.path(),
        &hash,
        "Europe/Berlin",
        "300 s",
        "previous secret",
        "oapi.dingtalk.com",
        "ding0000other",
        "alice",
    ] {
        assert!(out.contains(word), "{word}: {out}");
    }
    for row in ["help, 帮助", "ping, 在吗", "whoami, 我是谁", "ip, ", "about, 关于", "on call"] {
        assert!(out.contains(row), "{row}: {out}");
    }
    // Without a file: the copy in the program.
    let out = succeeded(run(&["check"], &[("DINGTALK_APP_SECRET", SECRET)]));
    assert!(out.contains("built in") && out.contains("测试"), "{out}");
}

/// The function, in this process, with the machine's clock: what `event` makes is signed by it.
fn app(dingtalk: Option<&Simulator>) -> Arc<App> {
    let origin = dingtalk.map_or("https://oapi.dingtalk.com", Simulator::origin);
    let text = dingops::testing::settings("locale = \"en\"", &[origin]);
    let settings = Settings::parse(&text, SettingsFile::Embedded, &|_| None).expect("settings");
    let secret = Secret::new(SECRET).expect("a secret");
    let environment = Environment { secret, previous: None, robot_code: None };
    let table = dingops::commands::table(&settings.answers).expect("a table");
    Arc::new(App::new(settings, environment, table, Arc::new(SystemClock)))
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
