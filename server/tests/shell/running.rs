//! A server, or a bare listener, in this process on a free port.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use wigwag_server::config::Config;
use wigwag_server::listener::{self, ListenerStats, Settings};
use wigwag_server::server::{self, ServeError};

/// No wait of a test is longer; reaching it is a failure.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// Waits for `future`, or fails.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    timeout(BOUND, future).await.unwrap_or_else(|_| panic!("waited too long: {what}"))
}

/// A whole server.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    pub(crate) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { node_name: "test".to_owned(), ..Config::default() };
        change(&mut config);
        let listener = loopback().await;
        let addr = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(server::serve(config, listener, async {
            let _ = stopped.await;
        }));
        Self { addr, stop, served }
    }

    /// Stops the server and tells how long that took.
    pub(crate) async fn stop(self) -> Duration {
        let began = Instant::now();
        drop(self.stop);
        soon("the server stops", self.served).await.expect("no panic").expect("no error");
        began.elapsed()
    }
}

/// A listener with a service of the test's own.
pub(crate) struct Listening {
    pub(crate) addr: SocketAddr,
    pub(crate) stats: Arc<ListenerStats>,
    stop: CancellationToken,
    served: JoinHandle<()>,
}

impl Listening {
    pub(crate) async fn start(app: Router, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::from_config(&Config::default());
        change(&mut settings);
        let listener = loopback().await;
        let addr = listener.local_addr().expect("bound");
        let stats = Arc::new(ListenerStats::default());
        let stop = CancellationToken::new();
        let served = tokio::spawn(listener::serve(listener, app, settings, stats.clone(), stop.clone()));
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
