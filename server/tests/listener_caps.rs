//! Limits on the number of connections, and accepting when file descriptors run out.

#[path = "../net/tests/support/listening.rs"]
mod listening;
#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;
#[path = "../net/tests/support/services.rs"]
mod services;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::routing::any;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wigwag_hub::backend::BackendStats;
use wigwag_net::listener::{self, Accept, ConnectionHandle, ListenerConfig, ListenerStats};
use wigwag_node::ice::IceCounts;
use wigwag_node::node::Refusals;
use wigwag_server::auth::AuthStats;
use wigwag_server::ops::prometheus;

use listening::{Listening, plain};
use running::soon;

/// Whether the listener serves this connection; it stays open then.
async fn is_served(socket: &mut TcpStream) -> bool {
    if socket.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await.is_err() {
        return false;
    }
    let mut answer = [0; 1024];
    matches!(soon("an answer or the end", socket.read(&mut answer)).await, Ok(1..))
}

async fn served(addr: SocketAddr) -> Option<TcpStream> {
    let mut socket = TcpStream::connect(addr).await.expect("connects");
    is_served(&mut socket).await.then_some(socket)
}

#[tokio::test]
async fn one_connection_too_many_is_closed_until_another_ends() {
    let listening = Listening::start(services::app(), |settings| settings.max_connections = 2).await;
    let first = served(listening.addr).await.expect("a place");
    let _second = served(listening.addr).await.expect("a place");
    assert!(served(listening.addr).await.is_none(), "the third of two");
    assert_eq!((listening.stats.open(), listening.stats.refused()), (2, 1));

    drop(first);
    let again = async { while served(listening.addr).await.is_none() {} };
    soon("the place is free again", again).await;
    listening.stop().await;
}

#[tokio::test]
async fn one_address_has_its_own_cap() {
    let listening = Listening::start(services::app(), |settings| settings.max_connections_per_ip = 1).await;
    let _first = served(listening.addr).await.expect("a place");
    assert!(served(listening.addr).await.is_none());

    let other = tokio::net::TcpSocket::new_v4().expect("a socket");
    other.bind("127.0.0.2:0".parse().expect("an address")).expect("loopback is a whole network");
    let mut other = other.connect(listening.addr).await.expect("connects");
    assert!(is_served(&mut other).await, "another address");
    listening.stop().await;
}

/// Has no file descriptor left, ever.
struct Exhausted(Arc<AtomicUsize>);

impl Accept for Exhausted {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        self.0.fetch_add(1, SeqCst);
        const TOO_MANY_OPEN_FILES: i32 = 24;
        Err(io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES))
    }
}

#[tokio::test(start_paused = true)]
async fn no_descriptor_left_does_not_cause_a_busy_loop() {
    let (tries, stats, stop) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(ListenerStats::default()), CancellationToken::new());
    let settings = ListenerConfig::default();
    let app = services::app();
    let serving = listener::serve(Exhausted(tries.clone()), plain(app), settings, stats.clone(), stop.clone());
    let serving = tokio::spawn(serving);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let tried = tries.load(SeqCst);
    assert!((60..=66).contains(&tried), "about once a second: {tried}");
    assert_eq!(stats.accept_errors(), tried as u64);
    stop.cancel();
    soon("a stop does not wait for descriptors", serving).await.expect("no panic");
}

/// The process may open 64 files: the cap is lowered to fit, more connections than that do no harm, and once they are
/// gone the server is as before.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_with_few_descriptors_survives_a_crowd() {
    let script =
        format!("ulimit -n 64; exec {} --listen 127.0.0.1:0 --log-format json", env!("CARGO_BIN_EXE_wigwag-server"));
    let server = process::start(process::command("/bin/sh", &[], &["-c", &script])).await;
    let pid = server.child.id().expect("it runs");

    let mut crowd = Vec::new();
    for _ in 0..200 {
        crowd.push(TcpStream::connect(server.addr).await.expect("the backlog takes it"));
    }
    // The last one has been looked at when it is closed, as all beyond the cap are.
    let last = crowd.last_mut().expect("a crowd");
    assert_eq!(soon("the last one is refused", last.read(&mut [0])).await.unwrap_or(0), 0);
    let before = cpu_ticks(pid);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let spent = cpu_ticks(pid) - before;
    // A tick is 10 ms.
    assert!(spent < 25, "{spent} ticks of 50 while nothing happens");

    drop(crowd);
    let again = async { while served(server.addr).await.is_none() {} };
    tokio::time::timeout(Duration::from_secs(2), again).await.expect("serves again");
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("connections.max lowered"), "{log}");
}

/// User and system time the process has used, in clock ticks: fields 14 and 15 of proc_pid_stat(5).
#[cfg(target_os = "linux")]
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let after_name = stat.rsplit(')').next().expect("a name in parentheses");
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

#[tokio::test]
async fn an_aborted_connection_is_closed_at_once() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
    socket.write_all(b"GET /abort HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("the listener reads");
    let end = soon("the connection is cut", socket.read(&mut [0])).await;
    assert_eq!(end.expect_err("a reset, not a polite end").kind(), io::ErrorKind::ConnectionReset);
    let gone = async {
        while listening.stats.open() > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("its place is free", gone).await;
    listening.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_never_read_can_be_aborted() {
    let (told, mut handles) = mpsc::channel(1);
    let flood = move |request: Request| async move {
        let handle = request.extensions().get::<ConnectionHandle>().expect("every request has one").clone();
        told.send(handle).await.expect("the test runs");
        Body::from_stream(services::flood())
    };
    let listening = Listening::start(Router::new().route("/flood", any(flood)), |_| {}).await;
    let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
    socket.write_all(b"GET /flood HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("the listener reads");
    let handle = soon("the request arrives", handles.recv()).await.expect("it does");
    soon("the flood begins", socket.readable()).await.expect("open");

    handle.abort();
    let gone = async {
        while listening.stats.open() > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("its place is free", gone).await;
    let mut flood = Vec::new();
    let end = soon("the end", socket.read_to_end(&mut flood)).await;
    assert_eq!(end.expect_err("a reset, not a polite end").kind(), io::ErrorKind::ConnectionReset);
    handle.abort();
    listening.stop().await;
}

#[test]
fn the_counters_are_written_for_prometheus() {
    let text = prometheus(
        &BackendStats::default(),
        Refusals::default(),
        &ListenerStats::default(),
        &AuthStats::default(),
        IceCounts::default(),
        &[],
        3,
    );
    assert!(text.contains("# TYPE wigwag_connections_open gauge\nwigwag_connections_open 0\n"), "{text}");
    assert!(
        text.contains("# TYPE wigwag_log_lines_dropped_total counter\nwigwag_log_lines_dropped_total 3\n"),
        "{text}"
    );
}

#[test]
fn the_metrics_are_those_of_docs_operations_md() {
    let text = prometheus(
        &BackendStats::default(),
        Refusals::default(),
        &ListenerStats::default(),
        &AuthStats::default(),
        IceCounts::default(),
        &[],
        0,
    );
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let page = include_str!("../../docs/operations.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `wigwag_")?.split_once('`'));
    // This listener has no certificate.
    let rows = rows.filter(|(_, about)| !about.contains("absent without TLS"));
    let documented = rows.map(|(name, _)| format!("wigwag_{name}"));
    assert_eq!(names.collect::<Vec<_>>(), documented.collect::<Vec<_>>());
}
