//! What people operate.

pub mod redact;
