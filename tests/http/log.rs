//! The lines that it writes to standard error.

use dingops::testing::SECRET;
use serde_json::Value;
use simulator::{AnswerFault, CallbackFault, Organisation, Way};

use crate::{
    connection::{Callback, head, post},
    server::Server,
    support::{PATIENCE, log_lines, session, within},
};

#[tokio::test]
async fn the_log_tells_what_happened_and_no_secret() {
    let mut server = Server::start().await;
    let said = server.callback("words that nobody should find in a log");
    let body: Value = serde_json::from_str(&said.body).expect("JSON");
    let length = said.body.len();
    let extra = "authorization: a header that nobody should find in a log\r\n";
    let mut connection = server.connect().await;
    connection.send(format!("{}{extra}content-length: {length}\r\n\r\n{}", head(&said), said.body)).await;
    assert_eq!(connection.response().await.status, 200);
    server.reply().await;
    let forged = Callback { sign: "A".repeat(43) + "=", ..server.callback("ping") };
    let sessions =
        [&said, &forged].map(|callback| session(&serde_json::from_str(&callback.body).expect("JSON")));
    connection.send(&post(&forged)).await;
    assert_eq!(connection.response().await.status, 401);

    server.terminate();
    let (_, log) = server.ended().await;
    let lines = log_lines(&log);
    let of = |target: &str| lines.iter().find(|line| line["target"] == target).expect(target);
    let (audit, refusal) = (of("dingops::audit"), of("dingops::app"));
    assert_eq!(audit["msgId"], body["msgId"]);
    assert_eq!(audit["outcome"], "not understood");
    assert!(!log.contains("_aws"), "metrics are Lambda's: {log}");
    assert_eq!((&refusal["level"], &refusal["status"]), (&"WARN".into(), &401.into()));
    let (one, other) = (audit["requestId"].as_str(), refusal["requestId"].as_str());
    assert!(one.is_some() && other.is_some() && one != other, "{log}");
    for hidden in [SECRET, &sessions[0], &sessions[1], "nobody should find", &said.sign, &forged.sign] {
        assert!(!log.contains(hidden), "{hidden} is in the log: {log}");
    }
}

#[tokio::test]
async fn a_reply_that_did_not_arrive_is_told_with_its_size_and_what_can_be_done() {
    let mut server = Server::start().await;
    // Once that is known, nothing is even tried.
    server.dingtalk.fail_every(Some(AnswerFault::QuotaExhausted));
    for _ in 0..2 {
        server.say("ping").await;
    }
    server.terminate();
    let (_, log) = server.ended().await;
    let lines = log_lines(&log);
    let told: Vec<_> = lines.iter().filter(|line| line["target"] == "dingops::audit").collect();
    assert_eq!(told.len(), 2, "{log}");
    for line in told {
        assert_eq!(line["level"], "ERROR", "{line}");
        assert!(line["bytes"].as_u64().is_some_and(|bytes| bytes > 40), "{line}");
        assert!(line["error"].as_str().is_some_and(|error| !error.is_empty()), "{line}");
        assert!(line["remedy"].as_str().is_some_and(|remedy| remedy.contains("buy more")), "{line}");
    }
}

/// A message that came without its text was not misunderstood.
#[tokio::test]
async fn a_callback_without_its_text_failed() {
    let app = Organisation::default().app;
    let openapi = [("DINGTALK_APP_KEY", app.key.as_str()), ("DINGTALK_ROBOT_CODE", app.robot_code.as_str())];
    let mut server = Server::start_with(&["serve", "--listen", "127.0.0.1:0"], &openapi).await;
    server.dingtalk.spoil_next(CallbackFault::QuotaExhausted);
    server.say("ping").await;
    let told = within(server.dingtalk.next(PATIENCE)).await.expect("a message");
    assert_eq!(told.way, Way::OneToOne);
    server.terminate();
    let (_, log) = server.ended().await;
    let audit = log_lines(&log).into_iter().find(|line| line["target"] == "dingops::audit").expect(&log);
    assert_eq!((&audit["outcome"], &audit["way"]), (&"failed".into(), &"OpenAPI".into()));
}
