//! No line of the log has a code in it.

use std::time::Duration;

use simulator::{AnswerFault, Endpoint, Place, Said};

use super::{Chat, Log, alice, bob, chat, lines};
use crate::{host::lambda::metrics, log::Finish};

const RULES: &str = "
[people]
alice = '0147000002'
bob = '0147000003'
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
[[allow]]
who = ['alice']
run = ['change']
when = { how = 'well' }
[[allow]]
who = ['alice']
run = ['change']
confirm = { peer = ['bob'] }
";

/// What hosts make of lines.
const HOSTS: [Option<Finish>; 2] = [None, Some(metrics::embed)];

/// The lines that end in a code, of all that arrived; they are read now.
fn coded(chat: &mut Chat) -> Vec<String> {
    let messages = std::iter::from_fn(|| chat.dingtalk().read()).map(|message| message.to_string());
    let lines = |message: String| {
        message.lines().filter(|line| code(line).is_some()).map(str::to_owned).collect::<Vec<_>>()
    };
    messages.flat_map(lines).collect()
}

fn code(line: &str) -> Option<&str> {
    let (_, behind) = line.split_once(" --confirm ").or_else(|| line.split_once(" --approve alice:"))?;
    behind.split('@').next().filter(|code| code.len() == 12)
}

/// Nothing that a code could be told from is in the log: not its two halves either, in whatever case.
fn hunt(log: &Log, coded: &[String]) {
    let text = log.text().to_lowercase();
    assert!(text.contains("\"trace\"") && text.contains("outcome"), "the log has everything");
    for line in coded {
        let (one, other) = code(line).expect("a code").split_at(8);
        for part in [one, other].map(str::to_lowercase) {
            // Four characters may well be part of something else, unless they begin or end there.
            let found = text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == part);
            assert!(!found && (part.len() < 8 || !text.contains(&part)), "{part} is in the log");
        }
    }
}

/// What of a card a gateway would show that quotes what it turns away.
fn quoting(card: &str) -> AnswerFault {
    AnswerFault::TurnAway(403, format!("<p>Blocked:\n{card}</p>"))
}

#[tokio::test]
async fn of_a_command_that_is_confirmed() {
    let (alone, _) = RULES.split_once("[[allow]]\nwho = ['alice']\nrun = ['change']\nconfirm").unwrap();
    for (host, openapi) in HOSTS.into_iter().flat_map(|host| [(host, false), (host, true)]) {
        let log = Log::start(host);
        let mut chat = chat(alone, openapi).await;
        chat.say(alice(), "change well").await;
        let line = coded(&mut chat).remove(0);
        let mut seen = vec![line.clone()];
        // Asked once more, and what is posted does not arrive.
        let endpoint = if openapi { Endpoint::OneToOne } else { Endpoint::SendBySession };
        chat.dingtalk().fail_next_at(endpoint, quoting(&line));
        chat.say(alice(), "change well").await;
        // Of somebody else, changed, with more behind it, asked about, not understood, and at last as it should be, twice.
        for (who, line) in [
            (bob(), line.clone()),
            (alice(), line.replace("well", "badly")),
            (alice(), format!("{line} --why x")),
            (alice(), format!("help {line}")),
            (alice(), format!("help {line} x")),
            (alice(), format!("chance {line}")),
            (alice(), format!("query {line} x")),
            (alice(), line.clone()),
            (alice(), line.clone()),
        ] {
            chat.say(who, line).await;
        }
        chat.clock().advance(Duration::from_secs(60));
        let messages = chat.dingtalk().messages(&Place::group("ops"));
        let card =
            messages.iter().find(|message| message.to_string().contains(&line)).unwrap_or(&messages[0]);
        chat.say(alice(), Said::text("确认").quoting(&card.id)).await;
        chat.clock().advance(Duration::from_secs(900));
        chat.say(alice(), &line).await;
        seen.extend(coded(&mut chat));
        hunt(&log, &seen);
        assert_eq!(log.text().matches(r#""intent""#).count(), 1, "it was run, and once");
    }
}

#[tokio::test]
async fn of_a_command_that_is_approved() {
    for host in HOSTS {
        let log = Log::start(host);
        let mut chat = chat(RULES, true).await;
        chat.say(alice(), "change badly").await;
        let line = coded(&mut chat).remove(0);
        chat.dingtalk().fail_next_at(Endpoint::OneToOne, quoting(&line));
        chat.say(alice(), "change badly").await;
        for (who, line) in [
            (alice(), line.clone()),
            (bob(), line.replace("badly", "well")),
            (bob(), line.replace("alice:", "")),
            (bob(), line.clone()),
        ] {
            chat.say_privately(who, line).await;
        }
        let mut seen = coded(&mut chat);
        seen.push(line);
        hunt(&log, &seen);
    }
}

#[tokio::test]
async fn who_asked_and_who_approved_is_told_once_the_code_holds() {
    let log = Log::start(None);
    let mut chat = chat(RULES, true).await;
    chat.say(alice(), "change badly").await;
    let line = coded(&mut chat).remove(0);
    for line in [line.replace("badly", "panics"), line] {
        chat.say_privately(bob(), line).await;
    }
    chat.forget();
    let fields =
        ["who", "nick", "place", "approver", "approverNick", "private", "command", "decision", "outcome"];
    insta::assert_snapshot!(lines(&log, &fields), @r#"
    level="INFO" message="outcome" who="0147000002" nick="爱丽丝" place="cidOPSAAAAAAAAAAAAAAAA==" private=false command="change" decision="allow #2" outcome="asked"
    level="INFO" message="outcome" who="0147000003" nick="Bob" place="cidPRIVATEBOBAAAAAAAAAA==" private=true command="change" decision="allow #2" outcome="not confirmed"
    level="INFO" message="intent" who="0147000002" nick="alice" place="cidOPSAAAAAAAAAAAAAAAA==" approver="0147000003" approverNick="Bob" private=false command="change" decision="allow #2"
    level="INFO" message="outcome" who="0147000002" nick="alice" place="cidOPSAAAAAAAAAAAAAAAA==" approver="0147000003" approverNick="Bob" private=false command="change" decision="allow #2" outcome="failed"
    "#);
}
