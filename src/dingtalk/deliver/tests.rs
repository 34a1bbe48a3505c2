//! What becomes of a reply when its way is blocked: counted at DingTalk's side.

mod openapi;
mod session;
