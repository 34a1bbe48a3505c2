//! Plain HTTP/1.1, for any host that can run a program behind a TLS proxy.
//!
//! Connections, headers and the time to send a request are limited. A host that freezes the process after the response
//! (Function Compute) gets the response once the work is done or passed on. Elsewhere jobs run beside the connections; a shutdown
//! (SIGTERM or Ctrl-C) takes no new connections, ends the open ones after their request, and waits for the jobs.

use std::{
    convert::Infallible,
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::app::{App, Arrival};

const MAX_CONNECTIONS: usize = 512;
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// For the headers of a request, the first or a later one of its connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// For a connection as a whole: whoever neither asks nor reads does not keep a place.
const LIFETIME: Duration = Duration::from_secs(60);
/// For a request under way when its connection is to end.
const LAST_REQUEST: Duration = Duration::from_secs(10);
/// When accepting fails, there are no descriptors left; some will be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What is around the process.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings {
    /// How long a command may take.
    pub timeout: Duration,
    /// Whether the process is stopped once it has no request to answer, so that work is done before the response or passed
    /// on. Where that is so, nobody but the host can connect: connections live as long as it likes.
    pub freezes: bool,
}

/// Serves on `listener` until `stop` resolves.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    surroundings: Surroundings,
    stop: impl Future<Output = ()>,
) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let stopping = CancellationToken::new();
    let open = TaskTracker::new();
    let jobs = TaskTracker::new();
    let mut failing = false;
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &connections) => accepted,
        };
        match accepted {
            Ok((stream, permit)) => {
                failing = false;
                let connection =
                    connection(Arc::clone(&app), stream, surroundings, jobs.clone(), stopping.clone());
                open.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            // The other side has gone again.
            Err(error)
                if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "connections are not accepted for a while");
                }
                failing = true;
                app.clock().sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    stopping.cancel();
    open.close();
    open.wait().await;
    jobs.close();
    tracing::info!(jobs = jobs.len(), "stopping, once the work under way is done");
    jobs.wait().await;
}

/// Waits for a free place first: what is not accepted waits in the kernel's queue.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // Without it small answers may wait; a connection that has gone shows later.
    let _ = stream.set_nodelay(true);
    Ok((stream, permit))
}

async fn connection(
    app: Arc<App>,
    stream: TcpStream,
    surroundings: Surroundings,
    jobs: TaskTracker,
    stopping: CancellationToken,
) {
    let clock = Arc::clone(app.clock());
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (app, jobs) = (Arc::clone(&app), jobs.clone());
        async move { Ok::<_, Infallible>(respond(app, request, surroundings, &jobs).await) }
    });
    let Surroundings { timeout, freezes } = surroundings;
    let (lifetime, last_request) =
        if freezes { (Duration::MAX, timeout + LAST_REQUEST) } else { (LIFETIME, LAST_REQUEST) };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout((!freezes).then_some(HEADER_TIMEOUT))
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = clock.sleep(lifetime) => None,
        () = stopping.cancelled() => None,
    };
    let ended = match ended {
        Some(ended) => Some(ended),
        None => {
            connection.as_mut().graceful_shutdown();
            let by = clock.now() + last_request;
            clock.within(by, connection.as_mut()).await
        }
    };
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "a connection ended early"),
        None => tracing::debug!("a connection was cut off"),
    }
}

async fn respond(
    app: Arc<App>,
    request: http::Request<Incoming>,
    Surroundings { timeout, freezes }: Surroundings,
    jobs: &TaskTracker,
) -> http::Response<Full<Bytes>> {
    let now = app.clock().now();
    let arrival = Arrival { request_id: format!("{:016x}", fastrand::u64(..)), deadline: now + timeout };
    let (response, job) = app.handle(request, arrival).await;
    match job {
        Some(job) if freezes => {
            // A task of its own: whoever asked may be gone before it is done.
            let work = jobs.spawn(async {
                if let Some(job) = job.pass_on().await {
                    super::run(job).await;
                }
            });
            if work.await.is_err() {
                tracing::error!("a job panicked outside a command");
            }
        }
        Some(job) => drop(jobs.spawn(super::run(job))),
        None => {}
    }
    response.map(|body| Full::new(Bytes::from(body)))
}

/// Binds an address.
///
/// # Errors
/// When it is taken or not this machine's.
pub async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// SIGTERM and Ctrl-C.
pub struct StopSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// Listens to them from now on.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Resolves at the next one.
    #[cfg(unix)]
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Listens to them from now on.
    ///
    /// # Errors
    /// Never, on this system.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    /// Resolves at the next one.
    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
