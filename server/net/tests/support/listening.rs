//! A bare listener in this process on a free port.

#![allow(dead_code, reason = "each test file uses a part of this")]

#[path = "engine.rs"]
mod engine;
#[path = "tls.rs"]
pub(crate) mod tls;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body};
pub(crate) use engine::http2_engine;
pub(crate) use tls::Authority;
use tokio::{
    net::TcpListener,
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tower::util::MapResponse;
use wigwag_http2::PlainBody;
use wigwag_net::{
    listener::{self, IncomingBody, ListenerConfig, ListenerStats, TlsListener},
    tls::TlsContext,
};

/// No wait of a test is longer; reaching it is a failure.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// Waits for `future`, or fails.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    timeout(BOUND, future).await.unwrap_or_else(|_| panic!("waited too long: {what}"))
}

type Plain = fn(http::Response<Body>) -> http::Response<PlainBody<Body>>;

/// A router as a listener takes it.
pub(crate) fn plain(app: Router) -> MapResponse<Router, Plain> {
    let map: Plain = |response| response.map(PlainBody);
    <Router as tower::ServiceExt<http::Request<IncomingBody>>>::map_response(app, map)
}

/// A listener with a service of the test's own.
pub(crate) struct Listening {
    pub(crate) addr: SocketAddr,
    pub(crate) stats: Arc<ListenerStats>,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

impl Listening {
    pub(crate) async fn start(app: Router, change: impl FnOnce(&mut ListenerConfig)) -> Self {
        let mut settings = ListenerConfig { http2_engine: http2_engine(), ..ListenerConfig::default() };
        change(&mut settings);
        if tls::is_on() {
            let authority = Authority::new();
            let mut listening = Self::with_tls(app, authority.context(), settings).await;
            listening.addr = tls::tunnel(&authority, listening.addr).await;
            return listening;
        }
        let listener = loopback().await;
        let addr = listener.local_addr().expect("bound");
        let stats = Arc::new(ListenerStats::default());
        let stop = CancellationToken::new();
        let served = tokio::spawn(listener::serve(listener, plain(app), settings, stats.clone(), stop.clone()));
        Self { addr, stats, stop, served }
    }

    /// Starts a listener that speaks TLS.
    pub(crate) async fn with_tls(app: Router, context: Arc<TlsContext>, settings: ListenerConfig) -> Self {
        let listener = loopback().await;
        let addr = listener.local_addr().expect("bound");
        let stats = Arc::new(ListenerStats::default());
        let stop = CancellationToken::new();
        let listener = TlsListener::new(listener, context);
        let served = tokio::spawn(listener::serve(listener, plain(app), settings, stats.clone(), stop.clone()));
        Self { addr, stats, stop, served }
    }

    /// Stops the listener and tells how long that took.
    pub(crate) async fn stop(self) -> Duration {
        let began = Instant::now();
        self.stop.cancel();
        soon("the listener stops", self.served).await.expect("no panic");
        began.elapsed()
    }
}

async fn loopback() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port")
}
