//! Limits of Socket.IO clients that poll: before they have connected, and of what they send.

#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "shell/running.rs"]
mod running;

use std::net::SocketAddr;

use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use running::{Running, soon};

const OPEN: &str = "/socket.io/?EIO=4&transport=polling";

/// Opens a session of Engine.IO. Returns the path of its requests.
async fn open(addr: SocketAddr) -> String {
    let answer = http1::get(addr, OPEN).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let packet: serde_json::Value = serde_json::from_slice(&answer.body[1..]).expect("the packet open");
    format!("{OPEN}&sid={}", packet["sid"].as_str().expect("an id"))
}

/// Sends the head of a POST and a part of its body, and returns the connection.
async fn begin_post(addr: SocketAddr, path: &str, length: usize, part: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(addr).await.expect("connects");
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("written");
    stream.write_all(part).await.expect("written");
    stream
}

async fn status_line(mut stream: TcpStream) -> String {
    let mut answer = vec![0; 256];
    let length = soon("an answer", stream.read(&mut answer)).await.expect("an answer");
    String::from_utf8_lossy(&answer[..length]).lines().next().unwrap_or_default().to_owned()
}

async fn post(addr: SocketAddr, path: &str, body: &[u8]) -> String {
    status_line(begin_post(addr, path, body.len(), body).await).await
}

/// Returns whether a response to a poll holds the packet CONNECT. The first ping may come before it.
fn holds_connect(body: &[u8]) -> bool {
    body.split(|byte| *byte == 0x1e).any(|packet| packet.starts_with(b"40"))
}

#[tokio::test]
async fn a_client_that_has_not_connected_sends_little() {
    let server = Running::start(|config| config.connections.message_timeout_ms = 300).await;
    let path = open(server.addr).await;
    assert_eq!(post(server.addr, &path, &[b'4'; 5_000]).await, "HTTP/1.1 413 Payload Too Large");
    let begun = Instant::now();
    let slow = begin_post(server.addr, &path, 4_000, b"40").await;
    assert_eq!(status_line(slow).await, "HTTP/1.1 408 Request Timeout");
    assert!(begun.elapsed() < running::BOUND / 2);
    assert_eq!(post(server.addr, &path, b"40").await, "HTTP/1.1 200 OK", "the session is still there");
    server.stop().await;
}

#[tokio::test]
async fn so_many_clients_may_be_connecting_as_is_set() {
    // All clients of this test are one source.
    for (max, per_source) in [(2, 100), (100, 2)] {
        let server = Running::start(|config| {
            config.compat.socketio_max_handshakes = max;
            config.compat.socketio_max_handshakes_per_source = per_source;
        })
        .await;
        let first = open(server.addr).await;
        open(server.addr).await;
        let refused = http1::get(server.addr, OPEN).await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"), "{max} {per_source}");
        assert!(refused.body.starts_with(b"LIMIT_EXCEEDED: "), "{refused:?}");
        assert_eq!(post(server.addr, &first, b"40").await, "HTTP/1.1 200 OK");
        let connected = http1::get(server.addr, &first).await;
        assert!(holds_connect(&connected.body), "{connected:?}");
        // Its place is free, since it has a session now.
        open(server.addr).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn a_connected_client_sends_one_body_at_a_time() {
    let server = Running::start(|config| config.connections.message_timeout_ms = 60_000).await;
    let path = open(server.addr).await;
    assert_eq!(post(server.addr, &path, b"40").await, "HTTP/1.1 200 OK");
    let connected = http1::get(server.addr, &path).await;
    assert!(holds_connect(&connected.body), "{connected:?}");
    let unfinished = begin_post(server.addr, &path, 60_000, b"42[\"offer_sdp\",{\"sdp\":\"").await;
    // Until the server has read its head.
    let mut answer = String::new();
    while !answer.contains("400") {
        answer = post(server.addr, &path, b"3").await;
        assert!(answer.contains("200") || answer.contains("400"), "{answer}");
    }
    drop(unfinished);
    while !answer.contains("200") {
        answer = post(server.addr, &path, b"3").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn clients_that_only_begin_to_connect_are_bounded() {
    let server = Running::start(|config| config.session.hello_timeout_ms = 3_000).await;
    let mut connection = http1::connect(server.addr).await;
    let mut opened = 0;
    let refused = loop {
        let answer = http1::send(&mut connection, Method::GET, OPEN, &[("x-large", &"x".repeat(9_000))], b"").await;
        if answer.status != 200 {
            break answer;
        }
        opened += 1;
        assert!(opened <= 100_000, "there is no limit");
    };
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"));
    assert!(refused.body.starts_with(b"LIMIT_EXCEEDED"), "{refused:?}");
    // Their time ends, and others connect.
    soon("a place is free", async {
        while http1::get(server.addr, OPEN).await.status != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    let long = format!("{OPEN}&x={}", "x".repeat(3_000));
    assert_eq!(http1::get(server.addr, &long).await.status, 414);
    server.stop().await;
}
