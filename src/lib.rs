//! ChatOps for DingTalk (钉钉) as one serverless function.
//!
//! Someone types `@bot ping` in a group; DingTalk posts a signed callback to the function's public URL; the function
//! verifies it, finds the command in its table, runs it, and replies through the callback's `sessionWebhook`.
//!
//! Data goes one way, top to bottom:
//!
//! | module | what it does |
//! |---|---|
//! | [`host`] | where it runs: Lambda, plain HTTP, Function Compute |
//! | [`app`] | http request in, response and work out; the order of checks |
//! | [`dingtalk`] | DingTalk's wire: signature, callback, message, Markdown, delivery |
//! | [`dispatch`] | from words to a decision: words, table, access, audit |
//! | [`commands`] | the commands with no system behind them |
//! | [`systems`] | what people operate, a folder for each |
//! | [`reply`] | what a command answers, as data |
//!
//! Beside them: [`config`] (dingops.toml and the environment), [`cli`], [`clock`], [`locale`], [`log`], [`outbound`].
//!
//! To add a command, copy `src/commands/ping.rs`; the README says how.

pub mod app;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod dingtalk;
pub mod dispatch;
pub mod host;
pub mod locale;
pub mod log;
mod mask;
pub mod outbound;
pub mod reply;
pub mod systems;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod text;
