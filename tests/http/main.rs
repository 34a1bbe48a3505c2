//! The real program on plain HTTP: what is answered on the wire, what happens beside it, and how it ends.
//!
//! The program runs as a process of its own and goes by the machine's clock. Nothing here waits for time to pass: a
//! test waits for what happens next, and fails when it did not happen within [`support::PATIENCE`].
#![cfg(unix)]

mod callbacks;
mod connection;
mod function_compute;
mod gateway;
mod lifetime;
mod log;
mod refusals;
mod server;
#[path = "../support/mod.rs"]
mod support;
