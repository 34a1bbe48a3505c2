//! What people operate, through the real handler: conversations with each system's stand-in.

#[path = "../fakes/mod.rs"]
mod fakes;
mod jenkins;
mod k8s;
mod k8s_writes;
mod talk;
