//! The lines that it writes to standard error.

use base64::{Engine, engine::general_purpose::STANDARD};
use dingops::testing::SECRET;

use crate::{
    function::{Function, body_of},
    support::{log_lines, session},
};

#[tokio::test]
async fn the_log_tells_what_happened_and_no_secret() {
    let function = Function::start("").await;
    let mut said = function.event("words that nobody should find in a log");
    said["headers"]["authorization"] = "a header that nobody should find in a log".into();
    function.reply(&said).await;
    let mut refused = said.clone();
    let sign = STANDARD.encode([7; 32]);
    refused["headers"]["sign"] = sign.as_str().into();
    function.invoke(&refused).await;
    let message_id = body_of(&said)["msgId"].as_str().expect("a text").to_owned();
    let session = session(&body_of(&said));
    let headers = [said["headers"]["sign"].as_str().expect("a text").to_owned(), sign];

    let log = function.log();
    let lines = log_lines(&log);
    for line in &lines {
        assert!(line["requestId"].is_string(), "{line}");
    }
    let of = |target: &str| lines.iter().find(|line| line["target"] == target).expect(target);
    let audit = of("dingops::audit");
    assert_eq!(audit["requestId"], "00000001-0000-4000-8000-000000000000");
    assert_eq!(audit["msgId"], message_id.as_str());
    assert_eq!(audit["outcome"], "not understood");
    let metrics = &audit["_aws"]["CloudWatchMetrics"][0]["Metrics"];
    for (index, name) in ["Commands", "Duration"].into_iter().enumerate() {
        assert_eq!(metrics[index]["Name"], name, "{audit}");
        assert!(audit[name].is_u64(), "{audit}");
    }
    let refusal = of("dingops::app");
    assert_eq!((&refusal["level"], &refusal["status"]), (&"WARN".into(), &401.into()));
    assert_eq!(refusal["requestId"], "00000002-0000-4000-8000-000000000000");
    for hidden in [SECRET, &session, "nobody should find", &headers[0], &headers[1]] {
        assert!(!log.contains(hidden), "{hidden} is in the log: {log}");
    }
}
