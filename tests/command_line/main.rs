//! The command line: a mistake stops the start with exit code 2 and one line that says where it is; `check` tells what
//! the settings say; `event` makes what the function takes; `send` delivers, and its exit code says so. Nothing it prints holds a secret.

mod check;
mod event;
mod program;
mod send;
mod start;
