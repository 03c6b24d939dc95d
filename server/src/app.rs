//! The composition root: builds a node with its APIs and listeners, serves, and drains.

mod banner;
mod dev;
mod open_files;
mod self_signed;
mod signals;
mod vital;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt;
use wigwag_compat::CompatContext;
use wigwag_http2::PlainBody;
use wigwag_net::listener::{
    self, Http2Engine, HttpService, IncomingBody, ListenerConfig, ListenerStats, RuntimePool, TlsListener,
};
use wigwag_net::tls::{TlsContext, TlsError};
use wigwag_node::auth::Authenticate;
use wigwag_node::node::Node;

use self::vital::VitalTask;
use crate::api::{self, RoomApi, grpc, rest, websocket};
use crate::auth::{AuthStats, Authenticator};
use crate::config::{Config, ConfigErrors, DenyFileError, RoomServiceAccess};
use crate::deny::DenyList;
use crate::{ops, web};

pub use banner::banner;
pub use dev::DevAccess;
pub use open_files::raise_open_files;
pub use signals::termination;
pub use vital::TaskEnded;

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
    /// The keys of `[auth]` cannot be read any more, or no certificates are trusted.
    #[error(transparent)]
    Auth(#[from] ConfigErrors),
    /// The deny list cannot be read any more.
    #[error("the deny list cannot be used (deny.file): {0}")]
    Deny(#[from] DenyFileError),
    /// The certificate of the public listener cannot be used.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] TlsError),
    /// No certificate could be made.
    #[error("no self-signed certificate can be made (tls.self_signed): {0}")]
    SelfSigned(#[from] rcgen::Error),
    /// A task without which the server is of no use ended before the shutdown, which is a defect of the server.
    #[error(transparent)]
    TaskEnded(#[from] TaskEnded),
}

/// Time after the drain's deadline for its last frames to be written to the connections.
const DRAIN_SLACK: Duration = Duration::from_millis(300);

/// The files of the pages and the description of the API, which are the same for everyone.
const FILES: [&str; 12] = [
    "/",
    "/app.js",
    "/style.css",
    "/favicon.ico",
    "/docs",
    "/docs/docs.js",
    "/docs/markdown.js",
    "/docs/try.js",
    "/docs/docs.css",
    "/docs/signaling.json",
    "/docs/websocket.md",
    "/openapi.json",
];

/// Serves on `listener` until `shutdown` resolves, then drains. Returns at most 2 s after `drain.timeout_ms`, whatever the
/// peers do. The caller owns the socket and the signal handlers.
///
/// # Errors
///
/// [`ServeError::Admin`], [`ServeError::Deny`], [`ServeError::Tls`] and [`ServeError::SelfSigned`] before the first connection is accepted, [`ServeError::TaskEnded`] at any time.
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
    let tls = config.tls.load(|| self_signed::certificate(config.listen.ip()).map_err(ServeError::from))?;
    let authenticator = Authenticator::new(&config.auth)?;
    let mut node = config.node();
    node.authenticator = authenticator.clone().map(|authenticator| Arc::new(authenticator) as Arc<dyn Authenticate>);
    node.webhook = authenticator.as_ref().and_then(Authenticator::webhook);
    let webhook_headers: Arc<[String]> =
        node.webhook.as_ref().map(|webhook| webhook.headers.clone()).unwrap_or_default();
    let (deny_list, denied) = DenyList::new(&config.deny)?;
    node.denied = denied;
    let ice = node.ice.clone();
    let node = Node::new(node);
    let rooms = room_api(config.room_service);
    let (services, health) = grpc::public_routes(&node, rooms, config.shows_reflection());
    let services = grpc::with_message_deadline(services, config.message_timeout());
    let readiness = ops::Readiness::default();
    let compat = CompatContext::new(node.clone(), config.hosts(), config.compat());
    let others = websocket::router(node.clone(), config.sockets())
        .merge(rest::router(node.clone(), rooms, config.shows_docs()))
        .merge(wigwag_compat::routes(&compat))
        .merge(ops::router(
            node.clone(),
            config.hosts(),
            config.shows_rooms(),
            readiness.clone(),
            web::caller_with_token,
        ));
    #[cfg(feature = "test-panic")]
    let others = others.route("/test/panic", axum::routing::any(panic_for_a_test));
    let router = wigwag_compat::before(&compat, web::router(services, others, config.demo));
    let stats = Arc::new(ListenerStats::default());
    let stop = CancellationToken::new();

    let mut router = api::refuse_denied(config.origins().guard(router, &FILES));
    if !webhook_headers.is_empty() {
        router = router.layer(axum::middleware::map_request(move |request| {
            std::future::ready(web::with_webhook_headers(&webhook_headers, request))
        }));
    }
    let service = grpc::framing::FastPath::new(grpc::SignalingServer::new(node.clone()), router);
    let watch = tls.clone().map(|tls| AbortOnDropHandle::new(tokio::spawn(watch_certificate(tls))));
    let admin_tls = tls.clone().filter(|_| config.admin.is_exposed());
    let public = serve_public(
        listener,
        tls,
        service,
        config.public_listener(pool, deny_list.networks()),
        stats.clone(),
        stop.clone(),
    );
    let denying = AbortOnDropHandle::new(tokio::spawn(deny_list.watch(node.clone())));
    let ticking = {
        let node = node.clone();
        async move { node.tick_forever().await }
    };
    let mut tasks = vec![VitalTask::spawn("the tick", ticking), VitalTask::spawn("the public listener", public)];
    if let Some(authenticator) = authenticator.clone() {
        let stop = stop.clone();
        let refreshing = async move {
            tokio::select! {
                () = authenticator.refresh_forever() => {}
                () = stop.cancelled() => {}
            }
        };
        tasks.push(VitalTask::spawn("the refresh of keys", refreshing));
    }
    let ended = stop.clone();
    let issuing = async move {
        tokio::select! {
            () = ice.run() => {}
            () = ended.cancelled() => {}
        }
    };
    tasks.push(VitalTask::spawn("the issue of TURN credentials", issuing));
    if let Some(admin) = admin {
        // Without the address: lines of the log hold none.
        tracing::info!(port = admin.local_addr().map_or(0, |addr| addr.port()), "admin listener");
        tasks.push(VitalTask::spawn(
            "the admin listener",
            serve_admin(admin, admin_tls, &node, stats, authenticator, &config, stop.clone()),
        ));
    }
    if config.http2.engine == Http2Engine::Hyper {
        tracing::info!(node.id = config.node_name, "HTTP/2 is served by hyper (http2.engine)");
    }
    tracing::info!(node.id = config.node_name, "serving");

    tokio::select! {
        () = shutdown => {}
        ended = VitalTask::first_ended(&mut tasks) => return Err(ended.into()),
    }
    let started = Instant::now();
    tracing::info!(node.id = config.node_name, timeout_ms = config.drain.timeout_ms, "draining");
    readiness.set_draining();
    health.set_draining();
    tokio::time::sleep(Duration::from_millis(config.drain.delay_ms.into())).await;
    let deadline = started + Duration::from_millis(config.drain.timeout_ms.into());
    tokio::select! {
        drained = timeout_at(deadline + DRAIN_SLACK, node.drain(deadline)) => if drained.is_err() {
            tracing::warn!(node.id = config.node_name, "the drain did not end in time: closing the remaining connections");
        },
        ended = VitalTask::first_ended(&mut tasks) => return Err(ended.into()),
    }
    drop((watch, denying));
    stop.cancel();
    let mut tasks = tasks.into_iter();
    let ticking = tasks.next();
    for listener in tasks {
        listener.stopped().await?;
    }
    if let Some(ticking) = ticking {
        ticking.abort();
    }
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(node.id = config.node_name, duration_ms, "stopped");
    Ok(())
}

#[cfg(feature = "test-panic")]
async fn panic_for_a_test() -> http::StatusCode {
    panic!("a test has requested this");
}

/// Returns whether the public listener serves RoomService.
fn room_api(access: RoomServiceAccess) -> RoomApi {
    match access {
        RoomServiceAccess::Local => RoomApi::Served,
        RoomServiceAccess::Admin => RoomApi::Refused(
            "RoomService is served by the admin listener only (room_service = \"admin\"): call it at the address of \
             admin.listen",
        ),
        RoomServiceAccess::Off => RoomApi::Refused(
            "RoomService is switched off (room_service = \"off\"): set room_service to \"local\" or \"admin\" to use it",
        ),
    }
}

/// Serves the public listener, with TLS or in clear text.
fn serve_public<S: HttpService>(
    listener: TcpListener,
    tls: Option<Arc<TlsContext>>,
    service: S,
    settings: ListenerConfig,
    stats: Arc<ListenerStats>,
    stop: CancellationToken,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    match tls {
        Some(tls) => {
            stats.set_tls(tls.clone());
            Box::pin(listener::serve(TlsListener::new(listener, tls), service, settings, stats, stop))
        }
        None => Box::pin(listener::serve(listener, service, settings, stats, stop)),
    }
}

/// Replaces the certificate when its files change, or at a SIGHUP.
async fn watch_certificate(tls: Arc<TlsContext>) {
    let reread = Arc::new(Notify::new());
    let hangups = async {
        if let Ok(mut hangup) = signal(SignalKind::hangup()) {
            while hangup.recv().await.is_some() {
                reread.notify_one();
            }
        }
    };
    tokio::join!(tls.watch(reread.clone()), hangups);
}

/// Serves the admin listener, with TLS if other machines can reach it. It stops after the drain, so that `/metrics` shows its progress.
fn serve_admin(
    admin: TcpListener,
    tls: Option<Arc<TlsContext>>,
    node: &Node,
    public: Arc<ListenerStats>,
    authenticator: Option<Authenticator>,
    config: &Config,
    stop: CancellationToken,
) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    let metered = node.clone();
    let router = ops::admin_router(config.admin_hosts(), move || {
        let no_auth = AuthStats::default();
        let auth = authenticator.as_ref().map_or(&no_auth, Authenticator::stats);
        let limited = metered.rate_limited();
        ops::prometheus(
            &metered.stats(),
            metered.refusals(),
            &public,
            auth,
            metered.ice_counts(),
            &limited,
            ops::log_lines_dropped(),
        )
    });
    let rooms = config.room_service == RoomServiceAccess::Admin;
    let exposed = config.admin.is_exposed();
    let router = if exposed { ops::for_operators(router, node.clone(), web::caller_with_token) } else { router };
    let reflection = if exposed { config.shows_reflection() } else { config.reflection };
    let grpc = grpc::admin_routes(node, rooms, reflection);
    let router = if rooms {
        let others =
            rest::router(node.clone(), RoomApi::Served, !exposed || config.shows_docs()).merge(router.reset_fallback());
        web::router(grpc, others, false)
    } else {
        web::admin_router(grpc, router)
    };
    let router = config.admin_origins().guard(router, &FILES);
    let service =
        ServiceExt::<http::Request<IncomingBody>>::map_response(router, |response: Response| response.map(PlainBody));
    let (settings, stats) = (config.listener(RuntimePool::here()), Arc::default());
    match tls {
        Some(tls) => Box::pin(listener::serve(TlsListener::new(admin, tls), service, settings, stats, stop)),
        None => Box::pin(listener::serve(admin, service, settings, stats, stop)),
    }
}
