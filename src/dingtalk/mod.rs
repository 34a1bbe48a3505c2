//! Everything DingTalk's wire says, and nothing of commands.
//!
//! Inbound: [`signature`] (is it DingTalk), [`callback`] (what it says), [`session`] (where the reply may go).
//! Outbound: [`markdown`] (a reply as DingTalk shows it), [`message`] (as JSON), [`deliver`] (which way it goes),
//! [`error`] (what DingTalk answers when it does not take it).

pub mod callback;
pub mod deliver;
pub mod error;
pub mod markdown;
pub mod message;
pub mod session;
pub mod signature;
