//! What is answered on the wire, and the reply that comes beside it.

use simulator::AnswerFault;

use crate::{
    connection::{head, post},
    server::Server,
    support::EMPTY,
};

#[tokio::test]
async fn a_callback_is_acknowledged_and_its_reply_arrives() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    connection.send(&post(&server.callback("ping"))).await;
    let response = connection.response().await;
    assert_eq!((response.status, response.body.as_str()), (200, EMPTY));
    assert!(response.head.contains("content-type: application/json\r\n"), "{}", response.head);
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn acknowledged_before_the_work_is_done() {
    let server = Server::start().await;
    server.dingtalk.fail_next(AnswerFault::Hang);
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
    // That reply is still being posted: others do not wait for it.
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn a_connection_takes_several_requests() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    for _ in 0..2 {
        connection.send(&post(&server.callback("ping"))).await;
        assert_eq!(connection.response().await.status, 200);
        assert!(server.reply().await.contains("pong"));
    }
    // Also when they come at once.
    let both = [(); 2].map(|()| post(&server.callback("ping"))).concat();
    connection.send(both).await;
    for _ in 0..2 {
        assert_eq!(connection.response().await.status, 200);
        assert!(server.reply().await.contains("pong"));
    }
}

#[tokio::test]
async fn probes_are_told_the_name_and_other_methods_nothing() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    for (method, status, body) in [
        ("GET", 200, "dingops"),
        ("HEAD", 200, ""),
        ("POST", 200, EMPTY),
        ("PUT", 405, r#"{"error":"method not allowed"}"#),
    ] {
        connection
            .send(format!("{method} /anything HTTP/1.1\r\nhost: bot.example\r\ncontent-length: 0\r\n\r\n"))
            .await;
        let response = connection.response_to(method).await;
        assert_eq!((response.status, response.body.as_str()), (status, body), "{method}");
        assert!(!response.head.to_lowercase().contains("\r\nserver:"), "{}", response.head);
    }
}

#[tokio::test]
async fn a_body_may_come_in_chunks() {
    let server = Server::start().await;
    let callback = server.callback("ping");
    let mut connection = server.connect().await;
    connection.send(format!("{}transfer-encoding: chunked\r\n\r\n", head(&callback))).await;
    let (one, two) = callback.body.as_bytes().split_at(callback.body.len() / 2);
    for part in [one, two, b""] {
        connection.send(format!("{:x}\r\n", part.len())).await;
        connection.send(part).await;
        connection.send("\r\n").await;
    }
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn a_request_that_says_to_wait_is_told_to_go_on() {
    let server = Server::start().await;
    let callback = server.callback("ping");
    let mut connection = server.connect().await;
    let length = callback.body.len();
    connection
        .send(format!("{}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n", head(&callback)))
        .await;
    assert_eq!(connection.response().await.status, 100);
    connection.send(&callback.body).await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn a_reply_that_dingtalk_refuses_does_not_stop_the_next() {
    let mut server = Server::start().await;
    let refusal = r#"{"errcode":300001,"errmsg":"session is gone"}"#;
    server.dingtalk.fail_next(AnswerFault::Answer(200, refusal.into()));
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
    server.terminate();
    let (status, log) = server.ended().await;
    assert_eq!(status.code(), Some(0));
    assert!(log.contains("300001"), "{log}");
}
