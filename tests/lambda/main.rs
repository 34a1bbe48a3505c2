//! The real program on a Runtime API of Lambda: acknowledged before the work is done, the work done before the next
//! event is asked for, and nothing of the order lost when something goes wrong.
//!
//! The program runs as a process of its own and goes by the machine's clock. A test waits for what happens next, and
//! fails when it did not happen within [`support::PATIENCE`].

mod deadlines;
mod events;
mod function;
mod log;
mod panics;
#[path = "../support/mod.rs"]
mod support;
mod turns;
