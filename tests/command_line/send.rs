//! What `send` delivers, and how it ends where it does not.

use dingops::{
    clock::{Clock, SystemClock},
    testing::{SECRET, TestClock, dingtalk},
};
use simulator::{AnswerFault, Content, Message, Organisation, Simulator, TOKEN, TOKEN_SECRET, Way};

use crate::program::{Ended, File, not_started, run, run_on};

/// A DingTalk, and settings that name its robot, groups and people.
struct Dingtalk {
    simulator: Simulator,
    settings: File,
}

impl Dingtalk {
    async fn start() -> Self {
        Self::with("").await
    }

    /// With more lines for the robot.
    async fn with(robot: &str) -> Self {
        let simulator = dingtalk(TestClock::at(SystemClock.now().as_millisecond())).await;
        let group = simulator.organise(|organisation| organisation.groups[0].conversation_id.clone());
        let toml = format!(
            r#"
            locale = "en"
            [dingtalk]
            oapi = "{0}"
            api = "{0}"
            [people]
            alice = "0147000002"
            [groups]
            ops = "{group}"
            [robots.ops]
            token = "${{ROBOT_TOKEN}}"
            secret = "${{ROBOT_SECRET}}"
            {robot}
            "#,
            simulator.origin()
        );
        Self { simulator, settings: File::new("toml", &toml) }
    }

    /// Sends something to the robot, without the app's secret.
    async fn send(&self, arguments: &[&str]) -> Ended {
        self.send_on("", &[&["--to", "robot:ops"], arguments].concat(), &[]).await
    }

    async fn send_on(&self, input: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let arguments: Vec<String> = ["send"].iter().chain(arguments).map(|&word| word.to_owned()).collect();
        let own = [
            ("DINGOPS_CONFIG", self.settings.path()),
            ("ROBOT_TOKEN", TOKEN),
            ("ROBOT_SECRET", TOKEN_SECRET),
        ];
        let variables: Vec<(String, String)> =
            own.iter().chain(variables).map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let input = input.to_owned();
        // DingTalk goes on in this thread.
        let ended = tokio::task::spawn_blocking(move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let variables: Vec<(&str, &str)> =
                variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            run_on(input, &arguments, &variables)
        });
        ended.await.expect("it ended")
    }

    /// The message that arrived; the program said nothing.
    fn delivered(&self, ended: &Ended) -> Message {
        assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), "", ""));
        self.simulator.read().expect("a message")
    }

    async fn message(&self, arguments: &[&str]) -> Message {
        let ended = self.send(arguments).await;
        self.delivered(&ended)
    }
}

/// The variables that turn the OpenAPI on.
fn openapi() -> [(&'static str, String); 3] {
    let app = Organisation::default().app;
    [
        ("DINGTALK_APP_SECRET", SECRET.to_owned()),
        ("DINGTALK_APP_KEY", app.key),
        ("DINGTALK_ROBOT_CODE", app.robot_code),
    ]
}

/// Ended with this code, and one line that says all of these.
fn failed(ended: &Ended, code: i32, says: &[&str]) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{}", ended.err);
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    for word in says {
        assert!(ended.err.contains(word), "{word:?} is not in: {}", ended.err);
    }
}

#[tokio::test]
async fn all_types() {
    let dingtalk = Dingtalk::start().await;
    let message = dingtalk.message(&["--text", "-5 degrees"]).await;
    assert_eq!(message.content, Content::Text { text: "-5 degrees".into() });
    let file = File::new("md", "\u{FEFF}intro\n\n## **Build** 17\n\nfailed\n");
    let Content::Markdown { title, text } = dingtalk.message(&["--markdown", file.path()]).await.content
    else {
        panic!("no Markdown");
    };
    assert_eq!((title.as_str(), text.as_str()), ("Build 17", "intro\n\n## **Build** 17\n\nfailed"));
    let link = ["--link", "https://example.com/17", "--title", "Build 17", "--text", "failed"];
    let message = dingtalk.message(&[&link[..], &["--picture", "https://example.com/a.png"]].concat()).await;
    assert_eq!(message.posted["link"]["picUrl"], "https://example.com/a.png");
    assert_eq!(message.to_string(), "Build 17\nfailed\nhttps://example.com/17");
    let buttons = ["--button", "a=b=https://example.com/?x=1", "--button", "no=https://example.com/no"];
    let card = ["--card", file.path(), "--title", "Ship it?"];
    let message = dingtalk.message(&[&card[..], &buttons[..], &["--horizontal"]].concat()).await;
    let Content::ActionCard { title, buttons, horizontal, .. } = message.content else { panic!("no card") };
    assert_eq!((title.as_str(), horizontal, buttons.len()), ("Ship it?", true, 2));
    assert_eq!((buttons[0].title.as_str(), buttons[0].url.as_str()), ("a=b", "https://example.com/?x=1"));
    let feed = [
        "--feed",
        "1.2 is out=https://example.com/?v=1.2 https://example.com/a.png?u=http://x",
        "--feed",
        "1.1=https://example.com/1.1 https://example.com/b.png",
    ];
    let Content::FeedCard { links } = dingtalk.message(&feed).await.content else { panic!("no feed") };
    assert_eq!(links.len(), 2);
    assert_eq!(
        (links[0].title.as_str(), links[0].url.as_str(), links[0].picture.as_str()),
        ("1.2 is out", "https://example.com/?v=1.2", "https://example.com/a.png?u=http://x")
    );
}

#[tokio::test]
async fn a_text_may_come_from_standard_input() {
    let dingtalk = Dingtalk::start().await;
    for kind in ["--text", "--markdown"] {
        let ended = dingtalk.send_on("# 报告\n\n好\n", &["--to", "robot:ops", kind, "-"], &[]).await;
        assert_eq!(dingtalk.delivered(&ended).to_string(), "# 报告\n\n好");
    }
    let card = ["--to", "robot:ops", "--card", "-", "--button", "Open=https://example.com/"];
    let ended = dingtalk.send_on("# 报告", &card, &[]).await;
    assert!(dingtalk.delivered(&ended).to_string().starts_with("# 报告"));
    let long = "一行很长的日志 log line\n".repeat(5000);
    let ended = dingtalk.send_on(&long, &["--to", "robot:ops", "--text", "-", "--at", "alice"], &[]).await;
    let message = dingtalk.delivered(&ended);
    let text = message.to_string();
    assert!(text.contains("\n\n… 4") && text.ends_with(" more lines\n@0147000002"), "{text}");
    assert_eq!(message.mentions.people, ["alice"]);
}

#[tokio::test]
async fn mentions_stand_in_the_text() {
    let dingtalk = Dingtalk::start().await;
    let mentions = ["--at", "alice", "--at", "0147000002", "--at-mobile", "13800000003"];
    let message = dingtalk.message(&[&["--text", "hello"], &mentions[..]].concat()).await;
    assert_eq!(message.to_string(), "hello\n@0147000002 @13800000003");
    assert_eq!(message.mentions.people, ["alice", "bob"]);
    let message = dingtalk.message(&["--text", "@0147000002 look", "--at", "alice", "--at-all"]).await;
    assert_eq!(message.to_string(), "@0147000002 look");
    assert_eq!((message.mentions.people.len(), message.mentions.all), (1, true));
}

#[tokio::test]
async fn links_and_pictures_stand_behind_the_text() {
    let dingtalk = Dingtalk::with("keywords = [\"监控\"]").await;
    dingtalk.simulator.organise(|organisation| organisation.custom_robots[0].keywords = vec!["监控".into()]);
    let behind = ["--attach", "log=https://example.com/log", "--image", "https://example.com/a.png"];
    let file = File::new("md", "done");
    let message = dingtalk.message(&[&["--markdown", file.path()], &behind[..]].concat()).await;
    insta::assert_snapshot!(message.to_string(), @"
    done

    ![](https://example.com/a.png)

    - [log](https://example.com/log)

    监控
    ");
    let message = dingtalk.message(&[&["--text", "done"], &behind[..]].concat()).await;
    assert_eq!(message.to_string(), "done\nhttps://example.com/a.png\nlog: https://example.com/log\n监控");
}

#[tokio::test]
async fn groups_and_people_are_reached_by_the_openapi() {
    let dingtalk = Dingtalk::start().await;
    let openapi = openapi();
    let variables: Vec<(&str, &str)> = openapi.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let group = dingtalk.simulator.organise(|organisation| organisation.groups[1].conversation_id.clone());
    for (to, way) in [
        ("group:ops", Way::GroupMessage),
        (&format!("group:{group}"), Way::GroupMessage),
        ("person:alice", Way::OneToOne),
        ("person:0147000003", Way::OneToOne),
    ] {
        let ended = dingtalk.send_on("", &["--to", to, "--text", "hello"], &variables).await;
        assert_eq!(dingtalk.delivered(&ended).way, way, "{to}");
    }
    let long = "\"字\"\n".repeat(50_000);
    let ended = dingtalk.send_on(&long, &["--to", "group:ops", "--markdown", "-"], &variables).await;
    assert!(dingtalk.delivered(&ended).to_string().ends_with("more lines"));
    let ended = dingtalk.send_on("", &["--to", "person:nobody", "--text", "hello"], &variables).await;
    failed(&ended, 1, &["person:nobody: not delivered", "staffId.notExisted", "[people]"]);
    let mention = ["--to", "group:ops", "--text", "hello", "--at", "alice"];
    failed(&dingtalk.send_on("", &mention, &variables).await, 2, &["--at", "--to robot:NAME"]);
    // All three are needed.
    let ended = dingtalk.send_on("", &["--to", "group:ops", "--text", "hello"], &variables[..1]).await;
    failed(&ended, 2, &["--to group:ops", "DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE"]);
    let ended = dingtalk.send_on("", &["--to", "group:ops", "--text", "hello"], &[]).await;
    failed(&ended, 2, &["DINGTALK_APP_SECRET"]);
    dingtalk.simulator.rejected();
}

#[tokio::test]
async fn what_is_not_delivered_says_why_and_what_to_do() {
    let dingtalk = Dingtalk::start().await;
    let hello = ["--text", "hello"];
    dingtalk.simulator.organise(|organisation| organisation.custom_robots[0].keywords = vec!["监控".into()]);
    let ended = dingtalk.send(&hello).await;
    failed(
        &ended,
        1,
        &["robot:ops: not delivered", "310000", "put the same keywords under keywords in [robots]"],
    );
    dingtalk.simulator.fail_next(AnswerFault::Code("400102".into()));
    failed(&dingtalk.send(&hello).await, 1, &["400102", "have an administrator enable it"]);
    let broken = r#"{"errcode":999999,"errmsg":"two\nlines"}"#;
    dingtalk.simulator.fail_next(AnswerFault::Answer(200, broken.into()));
    failed(&dingtalk.send(&hello).await, 1, &["999999: two lines"]);
    dingtalk.simulator.forget();
}

#[tokio::test]
async fn what_may_have_arrived_is_unknown() {
    let dingtalk = Dingtalk::start().await;
    dingtalk.simulator.fail_every(Some(AnswerFault::Reset));
    let ended = dingtalk.send(&["--text", "hello"]).await;
    failed(&ended, 3, &["robot:ops: it may have arrived, look before you send it again"]);
    assert_eq!(std::iter::from_fn(|| dingtalk.simulator.read()).count(), 1, "and it did, once");
    dingtalk.simulator.fail_every(None);
    dingtalk.simulator.fail_next(AnswerFault::Reset);
    dingtalk.message(&["--text", "hello"]).await;
}

#[test]
fn no_connection_is_not_delivered() {
    let toml = format!("[dingtalk]\noapi = 'http://127.0.0.1:1'\n[robots.ops]\ntoken = '{TOKEN}'");
    let settings = File::new("toml", &toml);
    let arguments = ["send", "--to", "robot:ops", "--text", "hello"];
    failed(&run(&arguments, &[("DINGOPS_CONFIG", settings.path())]), 1, &["no connection to DingTalk"]);
}

#[test]
fn mistakes_are_named() {
    let settings =
        File::new("toml", &format!("[people]\na = '1'\n[groups]\nb = '1'\n[robots.ops]\ntoken = '{TOKEN}'"));
    let file = File::new("md", "text");
    let latin = File::new("md", "");
    std::fs::write(latin.path(), b"\xd6\xd0").expect("a file");
    let one = ["--card", file.path(), "--button", "a=https://example.com/", "--horizontal"];
    let long = format!("--feed=t=https://example.com/{} https://example.com/", "a".repeat(20_000));
    for (arguments, says) in [
        (
            vec!["--to", "ops", "--text", "x"],
            "--to: expected robot:NAME, group:NAME or person:NAME, came \"ops\"",
        ),
        (vec!["--to", "robot:dev", "--text", "x"], "--to: expected a name of [robots] (ops), came \"dev\""),
        (
            vec!["--to", "group:dev", "--text", "x"],
            "--to: expected a name of [groups] (b) or a conversation id",
        ),
        (
            vec!["--to", "person:张三", "--text", "x"],
            "--to: expected a name of [people] or a staff id, came \"张三\"",
        ),
        (vec!["--to", "robot:ops", "--text", " "], "--text: expected a text, came blanks"),
        (vec!["--to", "robot:ops", "--text", "-"], "--text: expected a text, came blanks"),
        (vec!["--to", "robot:ops", "--text", "x", "--title", "x"], "--title: plain text has no title"),
        (
            vec!["--to", "robot:ops", "--text", "x", "--at", "@x"],
            "--at: expected a name of [people] or a staff id",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--at-mobile", "x"],
            "--at-mobile: expected a mobile number",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--image", "a.png"],
            "--image: expected an http(s) address, came \"a.png\"",
        ),
        (
            vec!["--to", "robot:ops", "--text", "x", "--attach", "=https://x"],
            "--attach: expected LABEL=URL, came",
        ),
        (vec!["--to", "robot:ops", "--feed", "a=https://example.com/"], "--feed: expected TITLE=URL PICTURE"),
        (vec!["--to", "robot:ops", &long], "the message: expected at most 19500 bytes without the text"),
        (vec!["--to", "robot:ops", "--markdown", "/nowhere.md"], "/nowhere.md: "),
        (
            vec!["--to", "robot:ops", "--markdown", latin.path()],
            "expected UTF-8, came another encoding (GBK?)",
        ),
        ([&["--to", "robot:ops"], &one[..]].concat(), "--horizontal: expected two buttons, came 1"),
    ] {
        let ended = run(&[&["send"], &arguments[..]].concat(), &[("DINGOPS_CONFIG", settings.path())]);
        not_started(&ended, &[says]);
    }
}

/// What the arguments alone show to be wrong.
#[test]
fn arguments_that_do_not_go_together_are_refused() {
    for arguments in [
        vec!["--text", "x"],
        vec!["--to", "robot:ops"],
        vec!["--to", "robot:ops", "--text", "x", "--markdown", "-"],
        vec!["--to", "robot:ops", "--link", "https://example.com/", "--text", "x"],
        vec!["--to", "robot:ops", "--text", "x", "--button", "a=https://example.com/"],
        vec!["--to", "robot:ops", "--card", "-"],
        vec!["--to", "robot:ops", "--text", "x", "--picture", "https://example.com/"],
        vec!["--to", "robot:ops", "--feed", "a=https://x https://y", "--at-all"],
        vec!["--to", "robot:ops", "--link", "https://x", "--text", "x", "--title", "x", "--at", "alice"],
    ] {
        let ended = run(&[&["send"], &arguments[..]].concat(), &[]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.err);
    }
}
