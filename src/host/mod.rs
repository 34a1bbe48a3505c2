//! Where it runs. Only here is anything known of Lambda, of sockets and of signals.

pub mod function_compute;
pub mod http;
pub mod lambda;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::app::Job;

/// Runs a job so that whatever happens in it, the process lives on.
async fn run(job: Job) {
    if AssertUnwindSafe(job.run()).catch_unwind().await.is_err() {
        tracing::error!("a job panicked outside a command");
    }
}
