//! A server for an application: bounded in what it reads from a connection, and drained at its end.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use http::Request;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::Service;

/// What the server takes from its connections.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// A request's headers have to arrive within this time; an idle connection is closed after it too.
    pub header_time: Duration,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// How long requests may still run after the shutdown began.
    pub drain_time: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { header_time: Duration::from_secs(15), connections: 1024, drain_time: Duration::from_secs(10) }
    }
}

/// What [`serve`] puts on the network: a router, or a [`Site`](crate::Site).
pub trait App: Clone + Send + 'static {
    /// Answers a request that came from `peer`.
    fn answer(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + use<Self>;
}

/// Handlers see the peer's address as `ConnectInfo<SocketAddr>`.
impl App for Router {
    fn answer(
        &self,
        peer: SocketAddr,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + use<> {
        request.extensions_mut().insert(ConnectInfo(peer));
        self.clone().call(request.map(Body::new))
    }
}

/// Serves `app` until `shutdown` completes, then lets running requests end. False if some requests had not ended
/// within the drain time.
pub async fn serve(
    listener: TcpListener,
    app: impl App,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> bool {
    let connections = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer, permit)) => connection(&graceful, stream, peer, permit, app.clone(), limits),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            // Out of file descriptors, most likely: some are given back soon.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    tokio::time::timeout(limits.drain_time, graceful.shutdown()).await.is_ok()
}

/// Largest head of a request that is read at all, in bytes; the routes refuse well below it.
const MAX_HEAD: usize = 128 * 1024;
/// Most headers that are read at all; the routes refuse below it.
const MAX_HEADERS: usize = 128;

async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    // Answers are small and written at once; waiting for more of them only delays.
    // A peer that is gone already is found out on the first read.
    stream.set_nodelay(true).ok();
    Ok((stream, peer, permit))
}

fn connection(
    graceful: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
    permit: OwnedSemaphorePermit,
    app: impl App,
    limits: ConnectionLimits,
) {
    let service = service_fn(move |request| app.answer(peer, request));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    // In a box: a task keeps room twice for a future that it is handed, and there are as many as connections.
    let served = Box::pin(graceful.watch(served));
    tokio::spawn(async move {
        // Peers that vanish or speak no HTTP are no news.
        if let Err(error) = served.await {
            tracing::debug!(%error, "a connection ended early");
        }
        drop(permit);
    });
}
