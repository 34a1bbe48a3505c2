//! What is refused, and how much of it is read before.

use dingops::app::MAX_BODY;

use crate::{connection::head, server::Server};

#[tokio::test]
async fn what_is_not_signed_is_refused_before_its_body_was_read() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    connection.send("POST / HTTP/1.1\r\nhost: bot.example\r\ncontent-length: 1000000000\r\n\r\n{").await;
    let response = connection.response().await;
    assert_eq!((response.status, response.body.as_str()), (401, r#"{"error":"not signed by DingTalk"}"#));
    // The rest of it is not waited for.
    connection.closed().await;
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused() {
    let server = Server::start().await;
    let callback = server.callback("ping");
    let too_large = r#"{"error":"body too large"}"#;

    let mut told = server.connect().await;
    told.send(format!("{}content-length: {}\r\n\r\n{{", head(&callback), MAX_BODY + 1)).await;
    let response = told.response().await;
    assert_eq!((response.status, response.body.as_str()), (413, too_large));

    let mut untold = server.connect().await;
    untold.send(format!("{}transfer-encoding: chunked\r\n\r\n{:x}\r\n", head(&callback), MAX_BODY + 1)).await;
    untold.send(vec![b' '; MAX_BODY + 1]).await;
    let response = untold.response().await;
    assert_eq!((response.status, response.body.as_str()), (413, too_large));

    // One of exactly that size is read.
    let mut largest = server.connect().await;
    largest.send(format!("{}content-length: {MAX_BODY}\r\n\r\n", head(&callback))).await;
    largest.send(format!("{}{}", callback.body, " ".repeat(MAX_BODY - callback.body.len()))).await;
    assert_eq!(largest.response().await.status, 200);
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn headers_are_limited() {
    let server = Server::start().await;
    let start = "GET / HTTP/1.1\r\nhost: bot.example\r\n";
    let many: String = (0..100).map(|number| format!("x-{number}: 1\r\n")).collect();
    let long = format!("x-long: {}\r\n", "a".repeat(256 * 1024));
    for headers in [many, long] {
        let mut connection = server.connect().await;
        // The other side may close before it has read all.
        let _ = connection.try_send(format!("{start}{headers}\r\n")).await;
        let said = connection.closed().await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 431 "), "{said}");
    }
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}

#[tokio::test]
async fn hostile_bytes_end_a_connection_and_not_the_program() {
    let server = Server::start().await;
    let signed = server.callback("ping");
    let hostile: Vec<Vec<u8>> = vec![
        b"\0\0\0\0\r\n\r\n".to_vec(),
        // What a TLS client and an HTTP/2 client begin with.
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost: \xff\xfe\r\nx: \0\r\n\r\n".to_vec(),
        b"GET  HTTP/1.1\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"\xe4\xb8\xad / HTTP/1.1\r\n\r\n".to_vec(),
        format!("{}content-length: -1\r\n\r\n", head(&signed)).into_bytes(),
        format!("{}content-length: 5\r\ncontent-length: 6\r\n\r\n", head(&signed)).into_bytes(),
        format!("{}content-length: 99999999999999999999999\r\n\r\n", head(&signed)).into_bytes(),
        format!("{}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n", head(&signed)).into_bytes(),
        format!("{}transfer-encoding: chunked\r\n\r\nnot a size\r\n", head(&signed)).into_bytes(),
        format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(128 * 1024)).into_bytes(),
        (0..=255).cycle().take(4096).collect(),
    ];
    for bytes in hostile {
        let mut connection = server.connect().await;
        let _ = connection.try_send(&bytes).await;
        let said = connection.closed().await;
        let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 4"), "{beginning:?}: {said}");
    }
    // A request that breaks off in the middle, and one of which only half a body comes.
    for bytes in ["POST / HTT".to_owned(), format!("{}content-length: 1000\r\n\r\n{{", head(&signed))] {
        server.connect().await.send(bytes).await;
    }
    assert_eq!(server.dingtalk.read(), None);
    server.say("ping").await;
    assert!(server.reply().await.contains("pong"));
}
