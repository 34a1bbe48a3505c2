//! Where it listens, and how it ends.

use simulator::AnswerFault;
use tokio::net::{TcpListener, TcpStream};

use crate::{
    connection::{head, post},
    server::Server,
    support::{hold_next, release, within},
};

#[tokio::test]
async fn without_arguments_it_serves_where_the_environment_says() {
    let server = Server::start_with(&[], &[("DINGOPS_LISTEN", "127.0.0.1:0")]).await;
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn the_command_line_goes_before_the_environment() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    // Where a Runtime API is told of, `serve` serves plain HTTP all the same.
    let variables = [("DINGOPS_LISTEN", taken.as_str()), ("AWS_LAMBDA_RUNTIME_API", taken.as_str())];
    let server = Server::start_with(&["serve", "--listen", "127.0.0.1:0"], &variables).await;
    assert_ne!(server.address.to_string(), taken);
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn told_to_stop_it_finishes_its_work_and_takes_no_more() {
    let mut server = Server::start().await;
    // DingTalk answers this reply only at the end of this test.
    hold_next(&server.dingtalk);
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: bot.example\r\n\r\n").await;
    assert_eq!(idle.response().await.status, 200);
    let mut connection = server.connect().await;
    connection.send(&post(&server.callback("ping"))).await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));

    server.terminate();
    assert_eq!(idle.closed().await, "");
    assert_eq!(connection.closed().await, "");
    // The listener goes before the connections do.
    let refused = within(TcpStream::connect(server.address)).await;
    assert!(refused.is_err(), "{refused:?}");
    assert!(server.process.0.try_wait().expect("a process of ours").is_none(), "its work is not done");

    release(&server.dingtalk).await;
    let (status, log) = server.ended().await;
    assert_eq!(status.code(), Some(0));
    let audit = log.lines().find(|line| line.contains(r#""target":"dingops::audit""#)).expect(&log);
    assert!(audit.contains(r#""outcome":"done""#) && audit.contains(r#""delivery":"delivered""#), "{audit}");
}

#[tokio::test]
async fn told_to_stop_twice_it_ends_at_once() {
    let mut server = Server::start().await;
    server.dingtalk.fail_next(AnswerFault::Hang);
    let mut connection = server.connect().await;
    connection.send(&post(&server.callback("ping"))).await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));

    server.terminate();
    assert_eq!(connection.closed().await, "");
    server.terminate();
    let (_, log) = server.ended().await;
    assert!(log.contains("stopped twice"), "{log}");
}

#[tokio::test]
async fn a_request_under_way_is_answered_when_it_is_told_to_stop() {
    let mut server = Server::start().await;
    let callback = server.callback("ping");
    let mut connection = server.connect().await;
    let length = callback.body.len();
    connection
        .send(format!("{}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n", head(&callback)))
        .await;
    assert_eq!(connection.response().await.status, 100);
    let mut idle = server.connect().await;
    idle.send("GET / HTTP/1.1\r\nhost: bot.example\r\n\r\n").await;
    assert_eq!(idle.response().await.status, 200);

    server.terminate();
    idle.closed().await;
    connection.send(&callback.body).await;
    assert_eq!(connection.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
    assert_eq!(server.ended().await.0.code(), Some(0));
}
