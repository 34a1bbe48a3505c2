//! Listens, and hands each connection to the endpoints. A connection can be reset in the middle of an answer.

use std::{io, net::SocketAddr, sync::Arc};

use axum::{Router, body::Body};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::{endpoints, simulator::Shared};

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub SocketAddr);

/// Marks a response that shall not be one: the connection is reset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abort;

/// Serves until the simulator is gone.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = router(Arc::clone(&shared));
    loop {
        tokio::select! {
            () = shared.stopped.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let stopped = shared.stopped.clone();
                    let connection = connection(stream, peer, router.clone());
                    shared.tasks.spawn(async move {
                        tokio::select! {
                            () = stopped.cancelled() => {}
                            () = connection => {}
                        }
                    });
                }
                // Too many open files, say: those that are open will be closed.
                Err(_) => shared.clock.sleep(std::time::Duration::from_millis(50)).await,
            }
        }
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let endpoints = Router::new().fallback(endpoints::answer).with_state(Arc::clone(&shared));
    #[cfg(feature = "page")]
    let endpoints = crate::page::router(shared).merge(endpoints);
    endpoints
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let router = router.clone();
        Box::pin(async move {
            let Ok(response) = router.oneshot(request.map(Body::new)).await;
            match response.extensions().get::<Abort>() {
                None => Ok(response),
                Some(Abort) => Err(io::Error::other("reset on purpose")),
            }
        })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = std::future::poll_fn(|context| connection.poll_without_shutdown(context)).await;
    if ended.is_err() {
        // It broke off, on purpose mostly: whoever reads shall see a reset, not an end.
        let _ = connection.into_parts().io.into_inner().set_zero_linger();
    }
}
