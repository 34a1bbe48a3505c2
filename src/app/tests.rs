//! The order of checks, each step; and many bad requests, after which nothing was posted anywhere.

mod answers;
mod messages;
mod requests;
mod senders;
mod work;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::Value;

use crate::testing::Chat;

type Edit = fn(&mut Value);

/// Sends a request that must be refused, and nothing may be posted.
async fn refused(chat: &mut Chat, request: Request<Full<Bytes>>, status: u16, error: &str, what: &str) {
    let response = chat.send(request).await;
    assert_eq!(response.status().as_u16(), status, "{what}: {}", response.body());
    assert_eq!(response.body(), &format!(r#"{{"error":"{error}"}}"#), "{what}");
    chat.silence();
    assert!(chat.dingtalk().calls().is_empty(), "{what}: something was posted");
}
