//! A whole node in this process: a free port, an admin listener to read its metrics from.

#![allow(dead_code, reason = "each test file uses a part of this")]

#[path = "../../net/tests/support/engine.rs"]
#[allow(clippy::duplicate_mod, reason = "a test may use a server of either kind")]
mod engine;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use engine::http2_engine;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tonic::transport::{Channel, Endpoint};
use wigwag_proto::v1::signaling_service_client::SignalingServiceClient;
use wigwag_server::app::{self, ServeError};
use wigwag_server::config::Config;

pub(crate) type Client = SignalingServiceClient<Channel>;

/// No wait of a test is longer; reaching it is a failure.
pub(crate) const BOUND: Duration = Duration::from_secs(30);

/// Waits for `future`, or fails.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    timeout(BOUND, future).await.unwrap_or_else(|_| panic!("waited too long: {what}"))
}

/// A running node. Dropping it begins its drain.
pub(crate) struct Node {
    pub(crate) addr: SocketAddr,
    admin: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Node {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let admin = own_address().await;
        let mut config = Config { node_name: "test".to_owned(), ..Config::default() };
        config.admin.listen = Some(admin);
        config.drain.timeout_ms = 1_000;
        config.http2.engine = http2_engine();
        change(&mut config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(app::serve(config, listener, async {
            let _ = stopped.await;
        }));
        Self { addr, admin, stop, served }
    }

    /// Returns a client on a new TCP connection.
    pub(crate) async fn client(&self) -> Client {
        client_of(self.addr).await
    }

    /// Tells the node to go. Returns at once.
    pub(crate) fn drain(self) -> JoinHandle<Result<(), ServeError>> {
        let _ = self.stop.send(());
        self.served
    }

    /// One number of `/metrics`.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = soon("the metrics", self.metrics()).await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no metric {name} in {text}")).trim().parse().expect("a number")
    }

    /// Waits until a metric has this value.
    pub(crate) async fn until(&self, name: &str, value: u64) {
        let began = Instant::now();
        loop {
            let now = self.metric(name).await;
            if now == value {
                return;
            }
            assert!(began.elapsed() < BOUND, "{name} is {now} and not {value}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn metrics(&self) -> String {
        let mut socket = loop {
            // The admin listener opens a moment after the test begins.
            match TcpStream::connect(self.admin).await {
                Ok(socket) => break socket,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        socket.write_all(request).await.expect("the admin listener reads");
        let mut text = String::new();
        socket.read_to_string(&mut text).await.expect("the admin listener answers");
        text
    }
}

/// Returns a client on a new TCP connection.
pub(crate) async fn client_of(addr: SocketAddr) -> Client {
    SignalingServiceClient::new(channel_of(addr).await)
}

/// Opens a TCP connection, for any service.
pub(crate) async fn channel_of(addr: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{addr}")).expect("a URL");
    soon("a connection", endpoint.connect()).await.expect("connects")
}

/// A client whose streams take little ahead of being read.
pub(crate) async fn narrow_client_of(addr: SocketAddr) -> Client {
    let endpoint =
        Endpoint::from_shared(format!("http://{addr}")).expect("a URL").initial_stream_window_size(16 * 1024);
    SignalingServiceClient::new(soon("a connection", endpoint.connect()).await.expect("connects"))
}

/// A client whose TCP connection is reset, not closed, when it is dropped.
pub(crate) async fn client_that_resets(addr: SocketAddr) -> Client {
    let connect = tower::service_fn(move |_| async move {
        let socket = TcpStream::connect(addr).await?;
        socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
        Ok::<_, std::io::Error>(TokioIo::new(socket))
    });
    let endpoint = Endpoint::from_static("http://node.test");
    let channel = soon("a connection", endpoint.connect_with_connector(connect)).await;
    SignalingServiceClient::new(channel.expect("connects"))
}

/// Returns a loopback address that no other test uses, with a free port: it stays free until the node binds it.
async fn own_address() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let ip = Ipv4Addr::new(127, high | 0x80, low, NEXT.fetch_add(1, Ordering::Relaxed));
    let probe = TcpListener::bind((IpAddr::V4(ip), 0)).await.expect("a loopback address");
    probe.local_addr().expect("bound")
}
