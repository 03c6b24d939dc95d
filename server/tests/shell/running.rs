//! A server in this process on a free port.

#![allow(dead_code, reason = "each test file uses a part of this")]

#[path = "../../net/tests/support/engine.rs"]
#[allow(clippy::duplicate_mod, reason = "a test may use a server of either kind")]
mod engine;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use engine::http2_engine;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use wigwag_server::app::{self, ServeError};
use wigwag_server::config::Config;

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
        config.http2.engine = http2_engine();
        change(&mut config);
        let listener = loopback().await;
        let addr = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(app::serve(config, listener, async {
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

async fn loopback() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port")
}
