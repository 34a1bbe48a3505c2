//! What came of a write, told to those who watch.

use simulator::{AnswerFault, Endpoint, Place, TOKEN, TOKEN_SECRET};

use super::{Chat, Log, alice, bob, chat, lines};
use crate::config::{Settings, SettingsFile};

fn rules(report: &str) -> String {
    format!(
        "[audit]\nreport = [{report}]
[people]
alice = '0147000002'
bob = '0147000003'
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
dev = 'cidDEVAAAAAAAAAAAAAAAA=='
[robots.ops]
token = '{TOKEN}'
secret = '{TOKEN_SECRET}'
[[allow]]
who = ['alice']
run = ['change']
confirm = 'none'
accept_one_tap = true
[[allow]]
who = ['bob']
run = ['change']
confirm = {{ peer = ['alice'] }}
[[allow]]
who = ['alice']
effect = 'read'
"
    )
}

/// What arrived in a place, as text.
fn read(chat: &mut Chat, place: &Place) -> String {
    chat.dingtalk().read_in(place).map(|message| message.to_string()).expect("a message")
}

#[tokio::test]
async fn a_group_is_told_what_came_of_a_write_elsewhere() {
    let mut chat = chat(&rules("'group:dev'"), true).await;
    for how in ["well --password hunter2 --why 'it is full'", "badly", "panics"] {
        chat.say(alice(), format!("change {how}")).await;
        read(&mut chat, &Place::group("ops"));
    }
    let told = ["a", "b", "c"].map(|_| read(&mut chat, &Place::group("dev")));
    insta::assert_snapshot!(told.join("\n\n"), @"
    #### change：已执行

    - **执行人**：爱丽丝（0147000002）
    - **会话**：ops
    - **参数**：how = well、password = &#42;&#42;&#42;、why = （10 字节的内容）

    #### change：未能完成

    - **执行人**：爱丽丝（0147000002）
    - **会话**：ops
    - **参数**：how = badly

    #### change：结果未知，可能已经执行

    - **执行人**：爱丽丝（0147000002）
    - **会话**：ops
    - **参数**：how = panics
    ");
    // Nothing else is told: no read, no help, no refusal, no preview.
    for line in ["query 1", "change --help", "change", "change well --dry-run", "change well --confirm 1"] {
        chat.say(alice(), line).await;
        read(&mut chat, &Place::group("ops"));
    }
    let erin = simulator::Person::member("erin", "Erin", "0147000009");
    chat.dingtalk().organise(|organisation| organisation.people.push(erin.clone()));
    chat.say(erin, "change well").await;
    read(&mut chat, &Place::group("ops"));
    chat.silence();
}

#[tokio::test]
async fn nobody_is_told_twice() {
    let mut chat = chat(&rules("'group:ops', 'person:alice'"), true).await;
    chat.say(alice(), "change well").await;
    assert!(read(&mut chat, &Place::group("ops")).starts_with("#### changed"));
    assert!(chat.read_privately(&alice()).contains("**会话**：ops"));
    chat.silence();
    chat.say_privately(alice(), "change well").await;
    assert!(chat.read_privately(&alice()).starts_with("#### changed"));
    assert!(read(&mut chat, &Place::group("ops")).contains("单聊"));
    chat.silence();
}

#[tokio::test]
async fn a_nick_is_one_name_in_a_report() {
    let mut chat = chat(&rules("'group:dev'"), true).await;
    let mut alice = alice();
    alice.nick = "Bob（0147000003）、\n**批准人**：Eve".into();
    chat.say(alice, "change well").await;
    chat.read();
    insta::assert_snapshot!(read(&mut chat, &Place::group("dev")), @"
    #### change：已执行

    - **执行人**：Bob0147000003批准人Eve（0147000002）
    - **会话**：ops
    - **参数**：how = well
    ");
}

#[tokio::test]
async fn who_approved_is_told() {
    let mut chat = chat(&rules("'group:dev'"), true).await;
    chat.say(bob(), "change well").await;
    let card = chat.read_privately(&alice());
    let line = card.lines().find(|line| line.contains(" --approve bob:") && !line.contains("dtmd")).unwrap();
    chat.say_privately(alice(), line).await;
    chat.read_privately(&alice());
    insta::assert_snapshot!(read(&mut chat, &Place::group("dev")), @"
    #### change：已执行

    - **执行人**：bob（0147000003）
    - **批准人**：爱丽丝（0147000002）
    - **会话**：ops
    - **参数**：how = well
    ");
    chat.forget();
}

#[tokio::test]
async fn in_english_by_a_custom_robot_and_without_the_openapi() {
    let rules = rules("'robot:ops'");
    let (rules, _) = rules.split_once("[[allow]]\nwho = ['bob']").unwrap();
    let mut chat = chat(&format!("locale = 'en'\n{rules}"), false).await.privately();
    chat.say(alice(), "change well").await;
    assert!(chat.read_privately(&alice()).starts_with("#### changed"));
    insta::assert_snapshot!(read(&mut chat, &Place::group("ops")), @"
    #### change: done

    - **By**: 爱丽丝（0147000002）
    - **In**: private chat
    - **Arguments**: how = well
    ");
}

#[tokio::test]
async fn a_report_that_does_not_arrive_is_in_the_log_and_nowhere_else() {
    let log = Log::start(None);
    let mut chat = chat(&rules("'group:dev'"), true).await;
    chat.dingtalk().fail_next_at(Endpoint::GroupMessages, AnswerFault::Code("invalidParameter".into()));
    chat.say(alice(), "change well").await;
    assert!(chat.read().starts_with("#### changed"));
    chat.silence();
    assert!(log.text().contains("a report of a write did not arrive"), "{}", log.text());
    insta::assert_snapshot!(lines(&log, &["outcome", "delivery"]), @r#"
    level="INFO" message="intent"
    level="INFO" message="outcome" outcome="done" delivery="delivered"
    "#);
}

#[test]
fn groups_and_people_need_the_openapi() {
    let check = |report: &str| {
        let settings = Settings::parse(&rules(report), SettingsFile::Embedded, &|_| None).unwrap();
        settings.check_reports(false).map_err(|mistake| mistake.to_string())
    };
    assert_eq!(check("'robot:ops'"), Ok(()));
    for target in ["group:ops", "person:bob"] {
        let mistake = check(&format!("'robot:ops', '{target}'")).unwrap_err();
        assert!(mistake.starts_with("2:24: audit.report[2]: expected DINGTALK_APP_KEY and"), "{mistake}");
    }
}
