//! What somebody is told who may not.

use http::HeaderMap;

use super::{NAMES, ROWS};
use crate::testing::{Chat, Person, Setup, alice, bob, nobody, signature};

async fn chat(rules: &str) -> Chat {
    let toml = format!("{rules}\n{NAMES}");
    Chat::set_up(Setup { toml: &toml, rows: Some(ROWS), ..Setup::default() }).await
}

/// What is answered, without the mention at its end.
async fn answer(rules: &str, person: Person, line: &str) -> String {
    let mut chat = chat(rules).await;
    chat.say(person, line).await;
    let reply = chat.read();
    let reply = reply.split("\n\n").filter(|block| !block.starts_with("@0147") && !block.starts_with("@Eve"));
    reply.collect::<Vec<_>>().join(" | ")
}

fn carol() -> Person {
    Person::member("carol", "Carol", "0147000004")
}

fn outsider() -> Person {
    Person { staff_id: Some("0147000002".into()), ..Person::external("eve", "Eve", "ding0001other") }
}

const LISTED: &str = "[dingtalk]\ncorps = ['ding0001other']\n";
/// For those whom nothing of confirmation concerns.
const AT_ONCE: &str = "confirm = 'none'\naccept_one_tap = true\n";

#[tokio::test]
async fn each_refusal_says_what_is_missing() {
    let scale = "run = ['k8s scale']\nconfirm = 'none'\naccept_one_tap = true\n";
    for (rules, person, line, expected) in [
        ("allow = []", bob(), "k8s scale 3", "没有规则允许执行这条命令。"),
        (
            "[[deny]]\nwho = ['alice']\nrun = ['*']\n[[deny]]\nwho = ['@dev']\nrun = ['*']",
            bob(),
            "wave",
            "被禁止规则拦下（第 2 条 deny）。",
        ),
        (
            &format!("[[allow]]\nwho = ['alice', '@sre']\n{scale}"),
            bob(),
            "k8s scale 3",
            "规则要求：由 alice、&#64;sre 执行。",
        ),
        (
            &format!("[[allow]]\nwho = ['bob']\nin = ['private', 'dev']\n{scale}"),
            bob(),
            "k8s scale 3",
            "规则要求：在 private、dev 执行。",
        ),
        (
            &format!("[[allow]]\nwho = ['bob']\n{scale}when = {{ namespace = ['dev-*', '!dev-1'] }}"),
            bob(),
            "k8s scale 3 -n prod",
            "规则要求：「--namespace」只能是 dev-&#42;，不能是 dev-1。",
        ),
        (
            &format!("[[allow]]\nwho = ['bob']\n{scale}when = {{ replicas = '1..10' }}"),
            bob(),
            "k8s scale 11",
            "规则要求：「replicas」只能是 1 到 10。",
        ),
        (
            &format!("[[allow]]\nwho = ['bob']\n{scale}when = {{ namespace = '*' }}"),
            bob(),
            "k8s scale 1",
            "规则要求：还需要 --namespace，任意值均可。",
        ),
        (
            "[[allow]]\nwho = ['bob']\nrun = ['jenkins build']\nwhen = { 'param.ENV' = 'dev' }",
            bob(),
            "jenkins build -p ENV=dev -p X=y",
            "规则要求：「--param」不能是 X。",
        ),
        (
            "[[allow]]\nwho = ['bob']\nrun = ['alerts silence']\nwhen = { duration = '..4h' }",
            bob(),
            "alerts silence",
            "规则要求：还需要 duration，最多 4h。",
        ),
        (
            "[[allow]]\nwho = ['bob']\nrun = ['jenkins build']\nwhen = { 'param.ENV' = 'dev', all = '!3..' }",
            bob(),
            "jenkins build --all 4",
            "规则要求：「--all」不能是 至少 3，并且还需要 --param ENV=…，只能是 dev。",
        ),
        // One thing for each rule that is near; a rule that lacks two is not.
        (
            &format!(
                "[[allow]]\nwho = ['alice']\n{scale}[[allow]]\nwho = ['bob']\nin = ['private']\n{scale}[[allow]]\nwho = ['alice']\nin = ['dev']\n{scale}"
            ),
            bob(),
            "k8s scale 3",
            "- 要么由 alice 执行；\n- 要么在 private 执行。",
        ),
        (
            &format!("[[allow]]\nwho = ['alice']\nin = ['dev']\n{scale}"),
            bob(),
            "k8s scale 3",
            "没有规则允许执行这条命令。",
        ),
    ] {
        let expected = match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["wave", ..] => format!("#### wave：无权执行 | {expected}"),
            [one, two, ..] => format!("#### {one} {two}：无权执行 | {expected}"),
            _ => unreachable!(),
        };
        assert_eq!(answer(rules, person, line).await, expected, "{rules}");
    }
}

#[tokio::test]
async fn who_may_is_told_only_to_people_of_the_organisation() {
    let reads = format!("{LISTED}[[allow]]\nwho = ['alice']\nrun = ['k8s pods']");
    let writes = format!("{LISTED}[[allow]]\nwho = ['alice']\neffect = 'write'\n{AT_ONCE}");
    let (outside, no_id) = ("你来自其他组织，只能使用公开命令", "这条消息没有带员工 ID");
    for (rules, person, line, told) in [
        (&reads, bob(), "k8s pods", "规则要求：由 alice 执行。"),
        (&reads, outsider(), "k8s pods", outside),
        (&writes, outsider(), "k8s scale 3", outside),
        (&reads, nobody(), "k8s pods", no_id),
        (&writes, nobody(), "k8s scale 3", no_id),
    ] {
        let answer = answer(rules, person, line).await;
        assert!(answer.contains(told), "{answer}");
        assert_eq!(answer.contains("alice"), told.contains("alice"), "{answer}");
    }
    // Who comes from elsewhere has what everyone has.
    let everyone = format!("{LISTED}[[allow]]\nwho = ['anyone']\nrun = ['k8s *']\n{AT_ONCE}");
    assert_eq!(answer(&everyone, outsider(), "k8s pods").await, "#### k8s pods");
    assert!(answer(&everyone, outsider(), "k8s scale 3").await.contains(outside));
}

#[tokio::test]
async fn without_organisations_no_rule_helps() {
    let mut chat = chat("[[allow]]\nwho = ['anyone']\nrun = ['*']").await;
    let mut callback = chat.text(&alice(), "k8s pods");
    for corp in ["senderCorpId", "chatbotCorpId"] {
        callback[corp] = serde_json::Value::Null;
    }
    chat.post(&callback).await;
    assert!(chat.read().contains("这条消息没有带组织 ID"));
}

#[tokio::test]
async fn what_is_sensitive_is_allowed_only_by_its_name() {
    for (rule, allowed) in [
        ("effect = 'read'", false),
        ("run = ['k8s secrets']", true),
        ("run = ['k8s secrets']\neffect = 'read'", true),
        ("run = ['k8s pods']\neffect = 'read'", false),
        ("run = ['*']", false),
        ("run = ['*']\neffect = 'read'", false),
        ("run = ['* *']", false),
        ("run = ['k8s *']", true),
    ] {
        let answer = answer(&format!("[[allow]]\nwho = ['bob']\n{rule}"), bob(), "k8s secrets").await;
        assert_eq!(answer == "#### k8s secrets", allowed, "{rule}: {answer}");
    }
    // Not everybody in a group that nobody named may read it.
    let toml = "[groups]\ndev = 'cidDEV=='\n[[allow]]\nwho = ['anyone']\nrun = ['k8s secrets', 'k8s pods']";
    let mut chat = Chat::set_up(Setup { toml, rows: Some(ROWS), ..Setup::default() }).await;
    chat.say(bob(), "k8s pods").await;
    assert!(chat.read().starts_with("#### k8s pods"));
    chat.say(bob(), "k8s secrets").await;
    let reply = chat.read();
    assert!(reply.contains("只能在单聊") && !reply.contains("批准"), "{reply}");
    chat.say_privately(bob(), "k8s secrets").await;
    assert!(chat.read_privately(&bob()).starts_with("#### k8s secrets"));
    // A deny is about it however it is named.
    let both = "[[allow]]\nwho = ['bob']\nrun = ['k8s secrets']\n[[deny]]\nwho = ['bob']\neffect = 'read'";
    assert!(answer(both, bob(), "k8s secrets").await.contains("第 1 条 deny"));
}

#[tokio::test]
async fn teams_hold_teams() {
    let rule = "[[allow]]\nwho = ['@all']\nrun = ['k8s pods']";
    for (person, allowed) in
        [(alice(), true), (bob(), true), (carol(), true), (Person::member("dan", "Dan", "0147000005"), false)]
    {
        assert_eq!(answer(rule, person, "k8s pods").await == "#### k8s pods", allowed);
    }
}

#[tokio::test]
async fn a_write_needs_a_signature_made_a_moment_ago() {
    let rules =
        |write: &str| format!("[dingtalk]\n{write}\n[[allow]]\nwho = ['bob']\nrun = ['k8s *']\n{AT_ONCE}");
    for (setting, line, seconds, runs) in [
        ("", "k8s scale 3", 300, true),
        ("", "k8s scale 3", 301, false),
        ("", "k8s scale 3", -301, false),
        ("", "k8s pods", 301, true),
        ("", "k8s scale 3 --dry-run", 301, false),
        ("max_skew_write = '1m'", "k8s scale 3", 60, true),
        ("max_skew_write = '1m'", "k8s scale 3", 61, false),
        ("max_skew_write = '1h'", "k8s scale 3", 3600, true),
    ] {
        let mut chat = chat(&rules(setting)).await;
        let callback = chat.text(&bob(), line);
        let mut request = chat.signed(callback.to_string());
        let signed: HeaderMap = signature(chat.clock().now().as_millisecond() - seconds * 1000);
        request.headers_mut().extend(signed);
        assert_eq!(chat.send(request).await.status(), 200);
        let reply = chat.read();
        assert_eq!(reply.contains("签名时间太旧"), !runs, "{setting} {line} {seconds}: {reply}");
    }
}

#[tokio::test]
async fn refusals_are_in_the_language_of_the_settings() {
    let rules = "locale = 'en'\n[[allow]]\nwho = ['@sre']\nrun = ['k8s pods']";
    insta::assert_snapshot!(answer(rules, bob(), "k8s pods").await, @"#### k8s pods: not allowed | A rule asks for this: run by &#64;sre.");
    let rules = "locale = 'en'
        [[allow]]
        who = ['bob']
        run = ['alerts silence']
        when = { duration = ['..4h', '!1h'] }
        [[allow]]
        who = ['bob']
        in = ['private']
        run = ['alerts silence']
        [[allow]]
        who = ['alice']
        run = ['alerts silence']
        [[allow]]
        who = ['carol']
        run = ['alerts silence']";
    // No more than three.
    insta::assert_snapshot!(answer(rules, bob(), "alerts silence").await, @"
    #### alerts silence: not allowed | - either duration, at most 4h, not 1h (not given);
    - or run in private;
    - or run by alice.
    ");
}

#[tokio::test]
async fn people_and_groups_are_meant_by_their_names() {
    let rule = "[[allow]]\nwho = ['bob']\nrun = ['issue list']\nwhen = { by = ['alice', '0147000003'], within = ['*', '!dev'] }";
    for (line, allowed) in [
        ("issue list --by alice --within ops", true),
        ("issue list --by 0147000002 --within ops", true),
        ("issue list --by bob --within cidOPSAAAAAAAAAAAAAAAA==", true),
        ("issue list --by carol --within ops", false),
        ("issue list --by alice --within dev", false),
    ] {
        let answer = answer(rule, bob(), line).await;
        assert_eq!(answer == "#### issue list", allowed, "{line}: {answer}");
    }
}

#[tokio::test]
async fn who_can_have_no_code_is_shown_nothing_that_takes_one() {
    let rules = "[[allow]]\nwho = ['anyone']\nrun = ['k8s pods']\nconfirm = 'self'";
    for (person, is_listed) in [(nobody(), false), (bob(), true)] {
        let mut chat = chat(rules).await.privately();
        chat.say(person.clone(), "help").await;
        assert_eq!(chat.read().contains("k8s pods"), is_listed, "{}", person.name);
        chat.say(person.clone(), "k8s pods").await;
        assert_eq!(chat.read().contains("--confirm"), is_listed, "{}", person.name);
    }
}
