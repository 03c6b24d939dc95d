//! HTTP/1.1: which connections are used for another request, how the last response of one arrives, and `Host`.

#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use std::time::Duration;

use listening::{Listening, soon};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

async fn connect(listening: &Listening) -> TcpStream {
    TcpStream::connect(listening.addr).await.expect("connects")
}

/// Reads up to the end of `ending`, or of the connection.
async fn read_until(socket: &mut TcpStream, ending: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(ending.as_bytes()) {
        match soon("an answer", socket.read_u8()).await {
            Ok(byte) => read.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(read).expect("text")
}

#[tokio::test]
async fn an_answer_before_the_body_arrives_whole_and_says_close() {
    const BODY: usize = 3_000_000;
    let listening = Listening::start(services::app(), |_| {}).await;
    for _ in 0..20 {
        let mut socket = connect(&listening).await;
        let head = format!("POST /ok HTTP/1.1\r\nhost: a\r\ncontent-length: {BODY}\r\n\r\n");
        socket.write_all(head.as_bytes()).await.expect("the listener reads");
        // All of the body first, as most clients do.
        soon("the body is taken", socket.write_all(&vec![7; BODY])).await.expect("no reset");
        let mut answer = String::new();
        soon("the end", socket.read_to_string(&mut answer)).await.expect("no reset");
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok"), "{answer}");
        assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    }
    listening.stop().await;
}

#[tokio::test]
async fn a_short_unread_body_does_not_cost_the_connection() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let mut socket = connect(&listening).await;
    for _ in 0..3 {
        let request = format!("POST /ok HTTP/1.1\r\nhost: a\r\ncontent-length: 60000\r\n\r\n{}", "x".repeat(60_000));
        socket.write_all(request.as_bytes()).await.expect("open");
        let answer = read_until(&mut socket, "\r\n\r\nok").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(!answer.to_lowercase().contains("connection: close"), "{answer}");
    }
    listening.stop().await;
}

#[tokio::test]
async fn a_body_that_is_not_wanted_is_not_asked_for() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let mut socket = connect(&listening).await;
    let head = b"POST /ok HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n";
    socket.write_all(head).await.expect("the listener reads");
    let answer = read_until(&mut socket, "\r\n\r\nok").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");

    let mut socket = connect(&listening).await;
    let head = b"POST /count HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 10\r\n\r\n";
    socket.write_all(head).await.expect("the listener reads");
    assert_eq!(read_until(&mut socket, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"0123456789").await.expect("open");
    assert!(read_until(&mut socket, "\r\n\r\n10").await.starts_with("HTTP/1.1 200 OK"));
    listening.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_on_for_ever_is_cut_off() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let mut socket = connect(&listening).await;
    let head = b"POST /ok HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999999\r\n\r\n";
    socket.write_all(head).await.expect("the listener reads");
    let sending = async { while socket.write_all(&[7; 4096]).await.is_ok() {} };
    soon("the connection is closed", sending).await;
    listening.stop().await;
}

#[tokio::test]
async fn a_refused_head_is_answered() {
    let listening = Listening::start(services::app(), |_| {}).await;
    for _ in 0..20 {
        let mut socket = connect(&listening).await;
        let head = format!("GET /ok HTTP/1.1\r\nhost: a\r\nx-large: {}\r\n\r\n", "x".repeat(100_000));
        let _ = socket.write_all(head.as_bytes()).await;
        let mut answer = String::new();
        soon("the end", socket.read_to_string(&mut answer)).await.expect("no reset");
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    listening.stop().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_idle_clients() {
    let listening = Listening::start(services::app(), |settings| settings.stop_grace = Duration::from_secs(10)).await;
    let mut socket = connect(&listening).await;
    socket.write_all(b"GET /ok HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("open");
    read_until(&mut socket, "\r\n\r\nok").await;
    assert!(listening.stop().await < Duration::from_secs(5));
}

#[tokio::test]
async fn a_request_has_one_host() {
    let listening = Listening::start(services::app(), |_| {}).await;
    for (head, status) in [
        ("GET /ok HTTP/1.1\r\n\r\n", "HTTP/1.1 400"),
        ("GET /ok HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", "HTTP/1.1 400"),
        ("GET /ok HTTP/1.1\r\nhost: a\r\n\r\n", "HTTP/1.1 200"),
        ("GET /ok HTTP/1.0\r\n\r\n", "HTTP/1.0 200"),
    ] {
        let mut socket = connect(&listening).await;
        socket.write_all(head.as_bytes()).await.expect("open");
        let answer = read_until(&mut socket, "\r\n").await;
        assert!(answer.starts_with(status), "{head:?}: {answer}");
    }
    listening.stop().await;
}
