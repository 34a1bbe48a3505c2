//! Everything DingTalk's wire says, and nothing of commands.
//!
//! Inbound: [`signature`] (is it DingTalk), [`callback`] (what it says), [`session`] (where the reply may go).
//! Outbound: [`markdown`] (a reply as DingTalk shows it), [`message`] (as JSON), [`draft`] (what somebody wrote, at any
//! length), [`robot`] (the OpenAPI), [`webhook`] (custom robots), [`deliver`] (which way it goes), [`error`] (what
//! DingTalk answers when it does not take it).

pub mod callback;
mod cut;
pub mod deliver;
pub mod draft;
pub mod error;
pub mod markdown;
mod mask;
pub mod message;
pub mod robot;
pub mod session;
pub mod signature;
pub mod webhook;
mod wire;
