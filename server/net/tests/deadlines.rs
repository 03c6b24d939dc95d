//! Peers that stay silent, or stop halfway, are closed in time.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/http1.rs"]
mod http1;
#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use std::time::Duration;

use http::Method;
use listening::{Listening, http2_engine, soon};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use wigwag_net::listener::Http2Engine;

async fn listening() -> Listening {
    Listening::start(services::app(), |settings| {
        settings.first_byte_timeout = Duration::from_millis(300);
        settings.handshake_timeout = Duration::from_millis(600);
    })
    .await
}

/// Sends `bytes`, then waits for the other side to close. Returns what came back.
async fn closed_after(listening: &Listening, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(listening.addr).await.expect("connects");
    socket.write_all(bytes).await.expect("the listener reads");
    let mut answer = Vec::new();
    // A reset is a close too.
    let _ = soon("the connection is closed", socket.read_to_end(&mut answer)).await;
    answer
}

#[tokio::test]
async fn silent_connections_are_closed() {
    let listening = listening().await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        sockets.push(TcpStream::connect(listening.addr).await.expect("connects"));
    }
    for mut socket in sockets {
        let read = soon("the connection is closed", socket.read(&mut [0])).await;
        assert_eq!(read.unwrap_or(0), 0);
    }
    assert_eq!(listening.stats.handshake_timeouts(), 100);
    listening.stop().await;
}

#[tokio::test]
async fn half_a_beginning_is_no_beginning() {
    let listening = listening().await;
    let preface = &frames::PREFACE[..10];
    let half_settings = [frames::PREFACE, &frames::frame(frames::SETTINGS, 0, 0, &[])[..8]].concat();
    let half_head = b"GET /ok HTTP/1.1\r\nhost: a\r\nx-";
    tokio::join!(
        closed_after(&listening, preface),
        closed_after(&listening, frames::PREFACE),
        closed_after(&listening, half_settings.as_slice()),
        closed_after(&listening, half_head),
    );
    assert_eq!(listening.stats.handshake_timeouts(), 4);
    listening.stop().await;
}

/// As those that grpc-go and Envoy open ahead of the first call.
#[tokio::test]
async fn an_http2_connection_without_a_request_is_kept() {
    if http2_engine() == Http2Engine::Hyper {
        // hyper does not say when SETTINGS have arrived.
        return;
    }
    let listening = listening().await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    let hello = soon("settings", frames::next(&mut read)).await.expect("open");
    assert_eq!(hello.kind, frames::SETTINGS);
    // What is closed by a deadline shows that the deadlines have passed.
    closed_after(&listening, b"").await;
    closed_after(&listening, b"GET").await;
    write.write_all(&frames::post(1, "/ok")).await.expect("still open");
    loop {
        let frame = soon("an answer", frames::next(&mut read)).await.expect("still open");
        assert_ne!(frame.kind, frames::GOAWAY);
        if frame.kind == frames::HEADERS {
            break;
        }
    }
    assert_eq!(listening.stats.handshake_timeouts(), 2);
    listening.stop().await;
}

#[tokio::test]
async fn the_deadlines_end_with_the_first_request() {
    let listening = listening().await;
    // Longer than every deadline, on both protocols.
    let (mut read, mut write) = frames::connect(listening.addr).await;
    write.write_all(&frames::post(1, "/forever")).await.expect("the listener reads");
    let mut kept = TcpStream::connect(listening.addr).await.expect("connects");
    kept.write_all(b"POST /forever HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n")
        .await
        .expect("the listener reads");
    let mut head = [0; 512];
    assert!(soon("an answer", kept.read(&mut head)).await.expect("open") > 0);

    // What is closed by a deadline shows that the deadlines have passed.
    closed_after(&listening, b"").await;
    closed_after(&listening, b"GET").await;
    write.write_all(&frames::post(3, "/ok")).await.expect("still open");
    loop {
        let frame = soon("an answer", frames::next(&mut read)).await.expect("still open");
        assert_ne!(frame.kind, frames::GOAWAY);
        if frame.kind == frames::HEADERS && frame.stream == 3 {
            break;
        }
    }
    listening.stop().await;
}

#[tokio::test]
async fn a_second_request_that_stops_halfway_is_closed_too() {
    let listening = Listening::start(services::app(), |settings| {
        settings.http1_head_timeout = Duration::from_millis(100);
    })
    .await;
    let answer = closed_after(&listening, b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\nGET /ok HT").await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    let again = http1::request(listening.addr, Method::GET, "/ok", &[]).await;
    assert_eq!(again.body, "ok");
    listening.stop().await;
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_is_closed() {
    let listening = Listening::start(services::app(), |settings| {
        settings.keepalive_interval = Some(Duration::from_millis(100));
        settings.keepalive_timeout = Duration::from_millis(100);
    })
    .await;
    let (mut read, mut write) = frames::connect(listening.addr).await;
    write.write_all(&frames::post(1, "/forever")).await.expect("the listener reads");
    let mut asked = false;
    while let Some(frame) = soon("the connection is closed", frames::next(&mut read)).await {
        asked |= frame.kind == frames::PING;
    }
    assert!(asked, "a ping before the close");
    listening.stop().await;
}
