//! What `send` delivers.

mod mistakes;
mod undelivered;

use dingops::{
    clock::{Clock, SystemClock},
    testing::{SECRET, TestClock, dingtalk},
};
use serde_json::json;
use simulator::{AnswerFault, Content, Endpoint, Message, Organisation, Simulator, TOKEN, TOKEN_SECRET, Way};

use crate::program::{Ended, File, run_on};

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
        Self::saying("en", &format!("secret = \"${{ROBOT_SECRET}}\"\n{robot}")).await
    }

    /// In this language, with these lines for the robot, its token aside.
    async fn saying(locale: &str, robot: &str) -> Self {
        let simulator = dingtalk(TestClock::at(SystemClock.now().as_millisecond())).await;
        let group = simulator.organise(|organisation| organisation.groups[0].conversation_id.clone());
        let toml = format!(
            r#"
            locale = "{locale}"
            [dingtalk]
            oapi = "{0}"
            api = "{0}"
            [people]
            alice = "0147000002"
            [groups]
            ops = "{group}"
            [robots.ops]
            token = "${{ROBOT_TOKEN}}"
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

impl Dingtalk {
    /// Sends something by the OpenAPI.
    async fn send_by_openapi(&self, arguments: &[&str]) -> Ended {
        let openapi = openapi();
        let variables: Vec<(&str, &str)> =
            openapi.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send_on("", arguments, &variables).await
    }
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

/// In code, in a word or in an address DingTalk mentions nobody.
#[tokio::test]
async fn a_mention_that_nobody_would_get_has_a_line_of_its_own() {
    let dingtalk = Dingtalk::start().await;
    for text in ["```\n@0147000002\n```", "`@0147000002`", "bob@0147000002", "@0147000002.example.com"] {
        let file = File::new("md", text);
        let card = ["--card", file.path(), "--button", "Log=https://example.com/"];
        for arguments in [&["--markdown", file.path()][..], &card] {
            let message = dingtalk.message(&[arguments, &["--at", "alice"]].concat()).await;
            let (Content::Markdown { text: sent, .. } | Content::ActionCard { text: sent, .. }) =
                message.content
            else {
                panic!("no Markdown");
            };
            assert_eq!(sent, format!("{text}\n\n@0147000002"));
            assert_eq!(message.mentions.people, ["alice"]);
        }
    }
    let message = dingtalk.message(&["--text", "bob@0147000002", "--at", "alice"]).await;
    assert_eq!(message.to_string(), "bob@0147000002\n@0147000002");
}

#[tokio::test]
async fn nobody_is_mentioned_twice() {
    let dingtalk = Dingtalk::start().await;
    let mentions = ["--at", "alice", "--at", "0147000002", "--at-mobile", "13800000003"];
    let message =
        dingtalk.message(&[&["--text", "x"], &mentions[..], &["--at-mobile", "13800000003"]].concat()).await;
    assert_eq!(message.posted["at"], json!({ "atUserIds": ["0147000002"], "atMobiles": ["13800000003"] }));
}

/// However a mobile number is written, DingTalk gets its digits.
#[tokio::test]
async fn a_mobile_number_is_digits() {
    let dingtalk = Dingtalk::start().await;
    for number in ["138-0000-0003", "+86-13800000003", "+86 138 0000 0003", "008613800000003"] {
        let message = dingtalk.message(&["--text", "x", "--at-mobile", number]).await;
        assert_eq!(message.to_string(), "x\n@13800000003", "{number}");
        assert_eq!(message.mentions.people, ["bob"], "{number}");
    }
}

/// A log is shown as the terminal shows it, wherever it comes from.
#[tokio::test]
async fn what_is_meant_for_a_terminal_does_not_reach_the_phone() {
    let dingtalk = Dingtalk::start().await;
    let log = "\u{1b}[1;31merror\u{1b}[0m: 失败\u{7}\u{0}\r\n10%\r50%\r100%\n";
    for kind in ["--text", "--markdown"] {
        let ended = dingtalk.send_on(log, &["--to", "robot:ops", kind, "-"], &[]).await;
        assert_eq!(dingtalk.delivered(&ended).to_string(), "error: 失败\n100%");
    }
    let red = "\u{1b}[31mred\u{1b}[0m";
    assert_eq!(dingtalk.message(&["--text", red]).await.to_string(), "red");
    let file = File::new("md", "x");
    let message = dingtalk.message(&["--markdown", file.path(), "--title", red]).await;
    assert_eq!(message.posted["markdown"]["title"], "red");
    let ended = dingtalk.send(&["--text", "\u{1b}[31m\u{1b}[0m"]).await;
    failed(&ended, 2, &["--text: expected a text, came blanks"]);
}

#[tokio::test]
async fn the_conversation_list_shows_what_a_text_says_first() {
    let dingtalk = Dingtalk::start().await;
    for (text, title) in [
        (
            "![](https://example.com/a.png)\n\n[**Build** 17](https://example.com/17) failed",
            "Build 17 failed",
        ),
        ("```\nerror: no space left\n```", "error: no space left"),
        ("![](https://example.com/a.png)", "…"),
    ] {
        let file = File::new("md", text);
        let message = dingtalk.message(&["--markdown", file.path()]).await;
        assert_eq!(message.posted["markdown"]["title"], title);
    }
}

/// A command to say works where no mention is needed.
#[tokio::test]
async fn a_button_may_say_a_command_in_a_private_chat() {
    let dingtalk = Dingtalk::start().await;
    let file = File::new("md", "done");
    let command = "dtmd://dingtalkclient/sendMessage?content=ping";
    let button = format!("ping={command}");
    let card = ["--card", file.path(), "--button", &button];
    let ended = dingtalk.send_by_openapi(&[&["--to", "person:alice"], &card[..]].concat()).await;
    let Content::ActionCard { buttons, .. } = dingtalk.delivered(&ended).content else { panic!("no card") };
    assert_eq!((buttons[0].title.as_str(), buttons[0].url.as_str()), ("ping", command));
    let ended = dingtalk.send_by_openapi(&[&["--to", "group:ops"], &card[..]].concat()).await;
    failed(&ended, 2, &["--button: ", "works in private chats only"]);
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
    let ended = dingtalk.send_by_openapi(&["--to", "person:0000", "--text", "hello"]).await;
    failed(&ended, 1, &["person:0000: not delivered", "staffId.notExisted", "the staff id behind --to"]);
    let ended = dingtalk.send_by_openapi(&["--to", "group:cid0000", "--text", "hello"]).await;
    failed(&ended, 1, &["group:cid0000: not delivered", "the conversation id behind --to"]);
    dingtalk.simulator.rejected();
}

/// What answers the request for a token need not be as the documents have it.
#[tokio::test]
async fn a_token_is_taken_in_any_form_and_must_be_there() {
    let dingtalk = Dingtalk::start().await;
    let hello = ["--to", "group:ops", "--text", "hello"];
    dingtalk.delivered(&dingtalk.send_by_openapi(&hello).await);
    let answers = dingtalk.simulator.traffic().into_iter().filter_map(|exchange| exchange.answer);
    let token =
        answers.filter_map(|answer| Some(answer.body.split_once("accessToken\":\"")?.1.to_owned())).next();
    let token = token.as_deref().and_then(|rest| rest.split('"').next()).expect("a token");
    let answer = |token: &str, seconds: &str| {
        let body = format!(r#"{{"accessToken":"{token}","expireIn":{seconds}}}"#);
        dingtalk.simulator.fail_next_at(Endpoint::AccessToken, AnswerFault::Answer(200, body));
    };
    answer(token, r#""7200""#);
    dingtalk.delivered(&dingtalk.send_by_openapi(&hello).await);
    for (token, seconds) in [("", "7200"), (" ", "7200"), (token, r#""soon""#), (token, "null")] {
        // As often as it is asked for.
        (0..3).for_each(|_| answer(token, seconds));
        let ended = dingtalk.send_by_openapi(&hello).await;
        failed(&ended, 1, &["no access token", "JSON without accessToken and expireIn"]);
        assert!(!ended.err.contains(token) || token.trim().is_empty(), "{}", ended.err);
    }
    dingtalk.simulator.forget();
}
