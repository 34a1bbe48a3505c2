//! A callback byte by byte.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use serde_json::Value;
use tokio::net::TcpStream;

use crate::support::{event, within};

/// Two headers and a body, made and signed by the program itself.
pub struct Callback {
    pub timestamp: String,
    pub sign: String,
    pub body: String,
}

pub fn callback(session_webhook: &str, line: &str) -> Callback {
    let event = event(session_webhook, line);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let headers = &event["headers"];
    Callback {
        timestamp: text(&headers["timestamp"]),
        sign: text(&headers["sign"]),
        body: text(&event["body"]),
    }
}

/// The head of a signed POST, up to the headers that the test adds.
pub fn head(callback: &Callback) -> String {
    let Callback { timestamp, sign, .. } = callback;
    format!("POST / HTTP/1.1\r\nhost: bot.example\r\ntimestamp: {timestamp}\r\nsign: {sign}\r\n")
}

pub fn post(callback: &Callback) -> String {
    format!("{}content-length: {}\r\n\r\n{}", head(callback), callback.body.len(), callback.body)
}

/// A connection on which a test says exactly what it wants to.
pub struct Connection {
    pub stream: TcpStream,
    pub read: Vec<u8>,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = within(TcpStream::connect(address)).await.expect("a connection");
        Self { stream, read: Vec::new() }
    }

    pub async fn send(&self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the other side reads");
    }

    pub async fn try_send(&self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            within(self.stream.writable()).await?;
            match self.stream.try_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads more; whether there was more.
    pub async fn more(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        loop {
            within(self.stream.readable()).await?;
            match self.stream.try_read(&mut buffer) {
                Ok(count) => {
                    self.read.extend_from_slice(&buffer[..count]);
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub async fn response(&mut self) -> Response {
        self.response_to("POST").await
    }

    pub async fn response_to(&mut self, method: &str) -> Response {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            assert!(self.more().await.expect("a response"), "closed without a response");
        };
        let head = String::from_utf8(self.read.drain(..end + 4).collect()).expect("UTF-8");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let length = if method == "HEAD" { 0 } else { length.unwrap_or(0) };
        while self.read.len() < length {
            assert!(self.more().await.expect("a body"), "closed within a body");
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let body = String::from_utf8(self.read.drain(..length).collect()).expect("UTF-8");
        Response { status, head, body }
    }

    /// Waits until the other side closes; gives what it said before.
    pub async fn closed(&mut self) -> String {
        // Bytes that it never read make the end a reset.
        while self.more().await.unwrap_or(false) {}
        String::from_utf8_lossy(&self.read).into_owned()
    }
}
