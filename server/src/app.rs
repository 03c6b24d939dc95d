//! The composition root: builds a node with its APIs and listeners, serves, and drains.

mod banner;
mod open_files;
mod signals;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use wigwag_compat::CompatContext;
use wigwag_http2::PlainBody;
use wigwag_net::listener::{self, Http2Engine, IncomingBody, ListenerConfig, ListenerStats, RuntimePool};
use wigwag_node::node::Node;

use crate::api::{grpc, rest, websocket};
use crate::config::Config;
use crate::{ops, web};

pub use banner::banner;
pub use open_files::raise_open_files;
pub use signals::termination;

/// Why a server could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address of the admin listener cannot be bound.
    #[error("the admin listener cannot be bound to {addr} (admin.listen): {source}")]
    Admin {
        /// `admin.listen`.
        addr: SocketAddr,
        /// The error of bind(2).
        source: io::Error,
    },
    /// The task of a listener ended before shutdown, which is a bug.
    #[error("the listener ended unexpectedly")]
    ListenerEnded,
}

/// Time after the drain's deadline for its last frames to be written to the connections.
const DRAIN_SLACK: Duration = Duration::from_millis(300);

/// Serves on `listener` until `shutdown` resolves, then drains. Returns at most 2 s after `drain.timeout_ms`, whatever the
/// peers do. The caller owns the socket and the signal handlers.
///
/// # Errors
///
/// [`ServeError::Admin`] before the first connection is accepted, [`ServeError::ListenerEnded`] at any time.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    serve_over(RuntimePool::here(), config, listener, shutdown).await
}

/// As [`serve`], with connections spread over the runtimes of `pool`.
///
/// # Errors
///
/// As for [`serve`].
pub async fn serve_over(
    pool: RuntimePool,
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let admin = match config.admin.listen {
        Some(addr) => Some(TcpListener::bind(addr).await.map_err(|source| ServeError::Admin { addr, source })?),
        None => None,
    };
    let node = Node::new(config.node());
    let (services, health) = grpc::with_health(grpc::routes(&node), config.reflection).await;
    let readiness = ops::Readiness::default();
    let compat = CompatContext::new(node.clone(), config.hosts(), config.compat());
    let others = websocket::router(node.clone(), config.sockets())
        .merge(rest::router(node.clone()))
        .merge(wigwag_compat::routes(&compat))
        .merge(ops::router(node.clone(), config.hosts(), readiness.clone()));
    let router = wigwag_compat::before(&compat, web::router(services, others, config.demo));
    let stats = Arc::new(ListenerStats::default());
    let stop = CancellationToken::new();

    let admin =
        admin.map(|admin| spawn_admin(admin, &node, &stats, config.listener(RuntimePool::here()), stop.clone()));
    let service = grpc::SignalFastPath::new(grpc::SignalingServer::new(node.clone()), config.origins().guard(router));
    let mut serving = tokio::spawn(listener::serve(listener, service, config.listener(pool), stats, stop.clone()));
    let ticking = tokio::spawn({
        let node = node.clone();
        async move { node.tick_forever().await }
    });
    if config.http2.engine == Http2Engine::Hyper {
        tracing::info!(node.id = config.node_name, "HTTP/2 is served by hyper (http2.engine)");
    }
    tracing::info!(node.id = config.node_name, "serving");

    tokio::select! {
        () = shutdown => {}
        _ = &mut serving => return Err(ServeError::ListenerEnded),
    }
    let started = Instant::now();
    tracing::info!(node.id = config.node_name, timeout_ms = config.drain.timeout_ms, "draining");
    readiness.set_draining();
    health.set_draining().await;
    tokio::time::sleep(Duration::from_millis(config.drain.delay_ms.into())).await;
    let deadline = started + Duration::from_millis(config.drain.timeout_ms.into());
    if timeout_at(deadline + DRAIN_SLACK, node.drain(deadline)).await.is_err() {
        tracing::warn!(node.id = config.node_name, "the drain did not end in time: closing the remaining connections");
    }
    stop.cancel();
    let ended = serving.await;
    if let Some(admin) = admin {
        let _ = admin.await;
    }
    ticking.abort();
    let duration_ms = started.elapsed().as_millis();
    tracing::info!(node.id = config.node_name, duration_ms, "stopped");
    ended.map_err(|_| ServeError::ListenerEnded)
}

/// Spawns the admin listener. It stops after the drain, so that `/metrics` shows its progress.
fn spawn_admin(
    admin: TcpListener,
    node: &Node,
    public: &Arc<ListenerStats>,
    settings: ListenerConfig,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let (node, public) = (node.clone(), public.clone());
    let router = ops::admin_router(move || ops::prometheus(&node.backend().stats(), &public));
    let service =
        ServiceExt::<http::Request<IncomingBody>>::map_response(router, |response: Response| response.map(PlainBody));
    tokio::spawn(listener::serve(admin, service, settings, Arc::default(), stop))
}
