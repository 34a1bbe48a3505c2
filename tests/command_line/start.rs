//! What keeps it from starting.

use std::{net::TcpListener, process::Command};

use dingops::testing::SECRET;
use serde_json::{Value, json};

use crate::program::{File, not_started, run, succeeded, with_settings};

#[test]
fn a_variable_that_is_wrong_is_named() {
    for (variables, says) in [
        (&[][..], &["DINGTALK_APP_SECRET", "came nothing"][..]),
        (&[("DINGTALK_APP_SECRET", "")], &["DINGTALK_APP_SECRET", "empty"]),
        (&[("DINGTALK_APP_SECRET", "SECpasted\n")], &["DINGTALK_APP_SECRET", "blank"]),
        (&[("DINGTALK_APP_SECRET", "\"SECpasted\"")], &["DINGTALK_APP_SECRET", "quotes"]),
        (
            &[("DINGTALK_APP_SECRET", SECRET), ("DINGTALK_APP_SECRET_PREVIOUS", "'SECpasted'")],
            &["DINGTALK_APP_SECRET_PREVIOUS", "quotes"],
        ),
        (
            &[("DINGTALK_APP_SECRET", SECRET), ("DINGTALK_ROBOT_CODE", "\"dingone\"")],
            &["DINGTALK_ROBOT_CODE", "quotes"],
        ),
        (
            &[("DINGTALK_APP_SECRET", SECRET), ("DINGTALK_APP_SECRET_PREVIOUS", "")],
            &["DINGTALK_APP_SECRET_PREVIOUS", "empty"],
        ),
        (
            &[("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", "/nowhere/dingops.toml")],
            &["/nowhere/dingops.toml"],
        ),
        (
            &[("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_SELF_URL", "bot.example.com")],
            &["DINGOPS_SELF_URL", "https://bot.example.com/"],
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
fn variables_may_come_in_one() {
    let secrets = format!(
        r#"{{"DINGTALK_APP_SECRET":"{SECRET}","DINGTALK_ROBOT_CODE":"dingone","WIKI":"https://wiki.example.com/"}}"#
    );
    let toml = "version = 1\n[[answer]]\nname = \"wiki\"\nmarkdown = \"${WIKI}\"";
    let config = File::new("toml", toml);
    let check = |more: &[(&str, &str)]| {
        let variables = [("DINGOPS_SECRETS", secrets.as_str()), ("DINGOPS_CONFIG", config.path())];
        run(&["check"], &[&variables, more].concat())
    };
    assert!(succeeded(check(&[])).contains("dingone"));
    // A variable of its own goes before it.
    let own = succeeded(check(&[("DINGTALK_ROBOT_CODE", "dingtwo")]));
    assert!(own.contains("dingtwo") && !own.contains("dingone"), "{own}");
    // An empty one does not switch off what the secrets say.
    let empty = succeeded(check(&[("DINGTALK_ROBOT_CODE", ""), ("DINGTALK_APP_SECRET", ""), ("WIKI", "")]));
    assert!(empty.contains("dingone"), "{empty}");
    for secrets in [SECRET, "[]", r#"{"DINGTALK_APP_SECRET":1}"#, &secrets[..secrets.len() - 1]] {
        let ended = run(&["check"], &[("DINGOPS_SECRETS", secrets), ("DINGTALK_APP_SECRET", SECRET)]);
        not_started(&ended, &["DINGOPS_SECRETS", "JSON object of texts"]);
    }
}

#[test]
fn the_exit_code_is_told_where_standard_error_takes_nothing() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut program = Command::new(env!("CARGO_BIN_EXE_dingops"));
    let ended = program.arg("check").env_clear().stderr(writer).status().expect("the program starts");
    assert_eq!(ended.code(), Some(2));
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
fn a_system_that_is_turned_off_is_in_the_log() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let toml = "version = 1\n[[prometheus]]\nname = \"main\"\nurl = \"${NO_SUCH_VARIABLE}\"";
    let config = File::new("toml", toml);
    let variables = [("DINGTALK_APP_SECRET", SECRET), ("DINGOPS_CONFIG", config.path())];
    let ended = run(&["serve", "--listen", &address], &variables);
    assert!(
        ended.err.contains("a system is turned off") && ended.err.contains("NO_SUCH_VARIABLE"),
        "{}",
        ended.err
    );
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
