//! What is answered without asking anybody, and to whom how often.

use std::time::Duration;

use serde_json::Value;
use simulator::{AnswerFault, Endpoint};

use crate::testing::{Answer, Chat, Service, Setup, alice, bob, nobody};

#[tokio::test]
async fn help_refusals_and_usage_wait_for_nobody() {
    // Whoever is asked never answers.
    let service = Service::answering(Answer::Hang).await;
    let toml = format!("[ip]\nservices = ['{}']\n[[deny]]\nwho = ['anyone']\nrun = ['ip']", service.origin());
    let mut chat = Chat::set_up(Setup { toml: &toml, openapi: true, ..Setup::default() }).await;
    chat.dingtalk().fail_next_at(Endpoint::AccessToken, AnswerFault::Hang);
    let now = chat.clock().now();
    let long = "x".repeat(5000);
    for (line, beginning) in [
        ("help", "#### 我能做什么"),
        ("帮助 ip", "#### ip"),
        ("ip --help", "#### ip"),
        ("can ip", "#### 不可以执行"),
        ("ip", "#### ip：无权执行"),
        ("ip now", "#### ip：参数有误"),
        ("ipp", "#### 没有这条命令"),
        ("ping \"", "#### ping：参数有误"),
        ("ping --confirm 0123456789AB", "#### 没有执行"),
        (&long, "#### 消息太长"),
    ] {
        chat.say(alice(), line).await;
        let reply = chat.read();
        assert!(reply.starts_with(beginning), "{line}: {reply}");
    }
    assert_eq!(chat.clock().now(), now, "nothing was waited for");
    assert_eq!(service.requests(), [""; 0]);
    let calls = chat.dingtalk().calls();
    assert!(calls.iter().all(|call| call.starts_with("POST /robot/sendBySession?")), "{calls:?}");
    // The fault that nobody met.
    chat.forget();
}

#[tokio::test]
async fn who_says_too_much_is_told_once_and_then_not_answered() {
    let mut chat = Chat::with("[limits]").await;
    for _ in 0..10 {
        chat.say(alice(), "ping").await;
        chat.read();
    }
    chat.clock().advance(Duration::from_secs(10));
    chat.say(alice(), "ping").await;
    insta::assert_snapshot!(chat.read(), @"
    #### 消息太多

    每人每分钟最多 10 条，请在 01-01 08:01:00 以后再发；在此之前的消息不执行，也不再回复。

    @0147000002
    ");
    chat.say(alice(), "help").await;
    chat.silence();
    // Others are answered, and in another place it is the same person.
    chat.say(bob(), "ping").await;
    chat.read();
    chat.say_privately(alice(), "ping").await;
    chat.silence();
    chat.clock().advance(Duration::from_secs(50));
    chat.say(alice(), "ping").await;
    assert!(chat.read().starts_with("#### pong"));
}

#[tokio::test]
async fn the_day_has_its_limit_too() {
    let mut chat = Chat::with("locale = 'en'\n[limits]\nper_minute = 5\nper_day = 3").await;
    for _ in 0..3 {
        chat.say(alice(), "ping").await;
        chat.read();
        chat.clock().advance(Duration::from_secs(3600));
    }
    chat.say(alice(), "ping").await;
    insta::assert_snapshot!(chat.read(), @"
    #### Too many messages

    At most 3 messages in 24 hours for each person. Go on after 01-02 08:00:00; until then I run nothing and stay silent.

    @0147000002
    ");
    chat.clock().advance(Duration::from_secs(3600));
    chat.say(alice(), "ping").await;
    chat.silence();
    chat.clock().advance(Duration::from_secs(20 * 3600));
    chat.say(alice(), "ping").await;
    assert!(chat.read().starts_with("#### pong"));
}

#[tokio::test]
async fn the_limit_is_told_also_to_whom_something_was_refused_and_until_it_arrives() {
    let mut chat = Chat::with("[limits]\nper_minute = 2").await;
    chat.say(nobody(), "ip").await;
    chat.read();
    chat.say(nobody(), "ip").await;
    chat.dingtalk().fail_next(AnswerFault::SessionExpired);
    chat.say(nobody(), "ip").await;
    chat.silence();
    chat.say(nobody(), "ip").await;
    assert!(chat.read().starts_with("#### 消息太多"));
    chat.say(nobody(), "ip").await;
    chat.silence();
}

#[tokio::test]
async fn what_is_not_meant_for_the_bot_or_said_by_nobody_counts_for_nothing() {
    let mut chat = Chat::with("[limits]\nper_minute = 1").await;
    let picture = chat.message(&alice(), "picture", serde_json::json!({ "downloadCode": "x" }));
    chat.post(&picture).await;
    chat.say(alice(), "ping").await;
    assert!(chat.read().starts_with("#### pong"));
}

#[tokio::test]
async fn what_goes_on_is_counted_in_the_log() {
    let log = crate::testing::Log::start(None);
    let mut chat = Chat::with("[limits]\nper_minute = 1").await;
    for _ in 0..6 {
        chat.say(alice(), "ping").await;
        chat.say(bob(), "ping").await;
    }
    chat.forget();
    let text = log.text();
    let went_on = text.lines().filter(|line| line.contains("and was not answered"));
    let went_on: Vec<Value> = went_on.map(|line| serde_json::from_str(line).unwrap()).collect();
    let shown: Vec<_> = went_on.iter().map(|line| (&line["level"], &line["who"], &line["place"])).collect();
    let (warn, ops) = (&Value::from("WARN"), &Value::from("cidOPSAAAAAAAAAAAAAAAA=="));
    assert_eq!(shown, [(warn, &"0147000002".into(), ops), (warn, &"0147000003".into(), ops)]);
    let limited = log.audit().iter().filter(|line| line["outcome"] == "limited").count();
    assert_eq!(limited, 2);
}

#[tokio::test]
async fn another_reason_or_place_of_a_refusal_is_news() {
    let rules = "[people]\nalice = '0147000002'\n[groups]\nops = 'cidOPSAAAAAAAAAAAAAAAA=='\n
        [[allow]]\nwho = ['alice']\nin = ['ops']\nrun = ['ip']\n
        [[deny]]\nwho = ['staff']\nrun = ['status']\n[[deny]]\nwho = ['staff']\nin = ['private']\nrun = ['ip']";
    let mut chat = Chat::with(rules).await;
    chat.say(alice(), "status").await;
    let here = chat.read();
    chat.say(alice(), "status").await;
    chat.silence();
    chat.say_privately(alice(), "status").await;
    let there = chat.read_privately(&alice());
    assert!(
        there.starts_with("#### status：无权执行") && here.starts_with("#### status：无权执行"),
        "{there}"
    );
    chat.say_privately(alice(), "ip").await;
    let last = chat.read_privately(&alice());
    assert!(last.contains("一分钟内不再提示") && !there.contains("一分钟内不再提示"), "{last}");
    chat.say_privately(bob(), "ip").await;
    chat.read_privately(&bob());
    chat.say(alice(), "help").await;
    chat.read();
}

#[tokio::test]
async fn strangers_do_not_hide_what_is_wrong_with_callbacks() {
    let log = crate::testing::Log::start(None);
    let mut chat = Chat::start().await;
    for path in ["/", "/hooks/x"] {
        for method in ["PUT", "DELETE", "POST", "PATCH"] {
            for headers in [false, true] {
                let mut request = chat.signed("x");
                *request.method_mut() = method.parse().unwrap();
                *request.uri_mut() = path.parse().unwrap();
                if headers {
                    request.headers_mut().insert("timestamp", "1".parse().unwrap());
                } else {
                    request.headers_mut().clear();
                }
                chat.send(request).await;
            }
        }
    }
    let mut callback = chat.text(&alice(), "ping");
    callback["sessionWebhook"] = Value::Null;
    chat.post(&callback).await;
    let mut other = chat.text(&alice(), "ping");
    other["senderCorpId"] = "ding0001other".into();
    let request = chat.signed(other.to_string());
    chat.send(request).await;
    let text = log.text();
    assert!(text.contains("without a sessionWebhook") && text.contains("senderCorpId"), "{text}");
}
