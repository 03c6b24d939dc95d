//! A stop ends in bounded time, whatever the peers do.

#[path = "../net/tests/support/frames.rs"]
mod frames;
#[path = "../net/tests/support/listening.rs"]
mod listening;
#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;
#[path = "../net/tests/support/services.rs"]
mod services;

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use listening::Listening;
use process::Process;
use running::{Running, soon};

#[tokio::test]
async fn streams_without_end_silent_and_upgraded_peers_do_not_hold_it_up() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        sockets.push(TcpStream::connect(listening.addr).await.expect("connects"));
    }
    for request in ["GET /forever", "GET /flood"] {
        let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
        socket
            .write_all(format!("{request} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes())
            .await
            .expect("the listener reads");
        assert!(soon("an answer", socket.read(&mut [0; 1024])).await.expect("open") > 0);
        sockets.push(socket);
    }
    let mut upgraded = upgraded(&listening).await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    write.write_all(&frames::post(1, "/forever")).await.expect("the listener reads");
    while soon("an answer", frames::next(&mut read)).await.expect("open").kind != frames::HEADERS {}
    assert_eq!(listening.stats.open(), 104);

    let stats = listening.stats.clone();
    let took = listening.stop().await;
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(stats.open(), 0);

    let mut told = false;
    while let Some(frame) = soon("the end", frames::next(&mut read)).await {
        told |= frame.kind == frames::GOAWAY;
    }
    assert!(told, "GOAWAY before the end");
    assert_eq!(soon("the end", upgraded.read(&mut [0])).await.unwrap_or(0), 0);
}

/// A connection that has left HTTP, and works.
async fn upgraded(listening: &Listening) -> TcpStream {
    let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
    let head = "GET /upgrade HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    socket.write_all(head.as_bytes()).await.expect("the listener reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(soon("an answer", socket.read_u8()).await.expect("open"));
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"));
    socket.write_all(b"ping").await.expect("open");
    let mut echo = [0; 4];
    soon("an echo", socket.read_exact(&mut echo)).await.expect("open");
    assert_eq!(&echo, b"ping");
    socket
}

#[tokio::test]
async fn an_upgraded_connection_is_counted_until_it_closes() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let socket = upgraded(&listening).await;
    assert_eq!(listening.stats.open(), 1);
    drop(socket);
    let gone = async {
        while listening.stats.open() > 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("its place is free", gone).await;
    listening.stop().await;
}

#[tokio::test]
async fn a_request_under_way_is_finished() {
    let listening = Listening::start(services::app(), |settings| settings.stop_grace = Duration::from_secs(15)).await;
    let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
    let head = "POST /count HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";
    socket.write_all(head.as_bytes()).await.expect("the listener reads");
    let mut answer = vec![0; 1024];
    let read = soon("the service asks for the body", socket.read(&mut answer)).await.expect("open");
    assert!(answer[..read].starts_with(b"HTTP/1.1 100"));

    let stopping = tokio::spawn(listening.stop());
    socket.write_all(b"1234").await.expect("open");
    let mut answer = String::new();
    soon("the answer", socket.read_to_string(&mut answer)).await.expect("a polite end");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n4"), "{answer}");
    let took = stopping.await.expect("no panic");
    assert!(took < Duration::from_secs(10), "no connection is left to wait for: {took:?}");
}

#[tokio::test]
async fn a_server_announces_its_drain_and_stops_in_time() {
    let server = Running::start(|config| config.drain.timeout_ms = 1000).await;
    let channel = Endpoint::try_from(format!("http://{}", server.addr)).expect("an address").connect_lazy();
    let mut client = HealthClient::new(channel);
    let mut watch = client.watch(HealthCheckRequest::default()).await.expect("watches").into_inner();
    let status = |response: tonic_health::pb::HealthCheckResponse| response.status();
    let first = soon("a status", watch.message()).await.expect("open").map(status);
    assert_eq!(first, Some(ServingStatus::Serving));
    let _silent = TcpStream::connect(server.addr).await.expect("connects");

    let stopping = tokio::spawn(server.stop());
    let second = soon("a status", watch.message()).await.expect("open").map(status);
    assert_eq!(second, Some(ServingStatus::NotServing));
    // The watch would go on for ever.
    let took = stopping.await.expect("no panic");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let server = Process::start(&["--set", "drain.timeout_ms=60000"]).await;
    let channel = Endpoint::try_from(format!("http://{}", server.addr)).expect("an address").connect_lazy();
    let request = HealthCheckRequest::default();
    // A stream that keeps the first signal from ending the process at once.
    let mut watch = HealthClient::new(channel).watch(request).await.expect("watches").into_inner();
    soon("a status", watch.message()).await.expect("open");
    server.signal("TERM").await;
    let second = soon("a status", watch.message()).await.expect("open").map(|response| response.status());
    assert_eq!(second, Some(ServingStatus::NotServing));
    server.signal("TERM").await;
    assert_eq!(server.end().await.0, Some(130));
}
