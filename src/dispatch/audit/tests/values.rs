//! What is read of values, and what is not.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{super::readable, ROWS};
use crate::{
    dispatch::{Row, table::Table},
    testing::{Chat, Log, alice},
};

fn row(path: &str) -> &'static Row {
    ROWS.iter().find(|row| row.path.to_string() == path).unwrap()
}

fn read(row: &Row, values: &Map<String, Value>) -> Map<String, Value> {
    readable(row, values, &Table::new(ROWS, Vec::new()).unwrap())
}

#[test]
fn of_pairs_a_secret_is_not_read_whether_its_key_or_its_value_tells() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    let pairs = json!({
        "DB_PASSWORD": "hunter2 and more", "API_TOKEN": "x", "ENV": "prod", "JWT": jwt, "PASSWORD_FILE": "/etc/x", "N": 3,
    });
    let shown = Value::Object(read(row("change"), &map(json!({ "how": pairs }))));
    insta::assert_snapshot!(shown, @r#"{"how":{"API_TOKEN":"***","DB_PASSWORD":"***","ENV":"prod","JWT":"eyJ***","N":3,"PASSWORD_FILE":"/etc/x"}}"#);
}

#[test]
fn a_command_that_is_asked_about_is_nobodys_words() {
    let about =
        |command: Value| read(row("help"), &map(json!({ "command": command })))["command"].to_string();
    assert_eq!(about(json!(["Change"])), r#""change""#);
    assert!(about(json!(["change", "x"])).contains("bytes, sha256"), "what is more is somebody's");
    // Of another argument it is.
    let why = read(row("change"), &map(json!({ "why": "change" })));
    assert!(why["why"].to_string().contains("text(6 bytes"), "{why:?}");
}

fn map(values: Value) -> Map<String, Value> {
    values.as_object().unwrap().clone()
}

#[test]
fn what_nobody_gave_is_left_out_and_what_is_the_same_looks_the_same() {
    let given = json!({ "how": "well", "password": null, "why": ["", "a", "a"] });
    let text = |bytes, hash: &str| format!("text({bytes} bytes, sha256 {hash})");
    // printf '' | sha256sum; printf a | sha256sum
    let (none, a) = (text(0, "e3b0c442"), text(1, "ca978112"));
    let shown = json!({ "how": "well", "why": [none, a, a] });
    assert_eq!(Value::Object(read(row("change"), &map(given))), shown);
}

#[tokio::test]
async fn what_is_said_to_others_is_not_written_down() {
    let log = Log::start(None);
    let (token, secret) = (simulator::TOKEN, simulator::TOKEN_SECRET);
    let toml = format!(
        "[robots.watch]\ntoken = '{token}'\nsecret = '{secret}'
        [[allow]]\nwho = ['staff']\nrun = ['say']\nconfirm = 'none'\naccept_one_tap = true"
    );
    let mut chat = Chat::with(&toml).await;
    chat.say(alice(), "say watch the vault is open").await;
    chat.forget();
    let written = log.text();
    assert!(!written.contains("vault") && !written.contains(token) && !written.contains(secret), "{written}");
    let values: Vec<Value> = log.audit().iter().map(|line| line["values"].clone()).collect();
    // printf 'the vault is open' | sha256sum
    let text = "text(17 bytes, sha256 8248af6b)";
    let shown = json!({ "markdown": false, "text": text, "to": "robot:watch" });
    assert_eq!(values, [shown.clone(), shown]);
}

proptest! {
    #[test]
    fn nothing_of_a_secret_or_of_anybodys_words_is_read(word in "[g-z]{6,40}", number in 100_000i64..) {
        for hidden in [json!(word), json!([word, number]), json!({ word.clone(): number }), json!(number)] {
            for (path, argument) in [("change", "password"), ("change", "why"), ("query", "query"), ("help", "command")] {
                let mut values = map(json!({ "how": "well", "on": "prod" }));
                values.insert(argument.into(), hidden.clone());
                let shown = Value::Object(read(row(path), &values)).to_string();
                prop_assert!(!shown.contains(&word) && !shown.contains(&number.to_string()), "{}", shown);
                prop_assert!(shown.contains("well") && shown.contains("prod"), "the rest is: {}", shown);
            }
        }
    }
}
