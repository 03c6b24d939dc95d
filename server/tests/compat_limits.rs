//! Limits of compatibility clients: the same rate limit, mailbox and timeouts as for all others.

#[path = "compat/client.rs"]
mod client;
#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "shell/running.rs"]
mod running;

use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::{io::Interest, net::TcpStream, time::Instant};
use tokio_tungstenite::tungstenite::{Error, Message};
use wigwag_server::config::CompatSection;

use client::{enter, open};
use running::{Running, soon};

fn candidate(to: &str, text: &str) -> Value {
    json!({"type": "ice-candidate", "targetUserId": to, "candidate": {"candidate": text}})
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_its_senders_notified() {
    let server = Running::start(|_| {}).await;
    let slow = enter(server.addr, "room", "slow").await;
    let mut fast = enter(server.addr, "room", "fast").await;
    let mut bystander = enter(server.addr, "room", "bystander").await;

    let large = "x".repeat(50_000);
    let mut lost = None;
    // Far more than the socket buffers of both sides and a mailbox hold.
    for _ in 0..2_000 {
        fast.send(candidate("slow", &large)).await;
        let heard = tokio::time::timeout(Duration::from_millis(1), fast.next("error")).await;
        // A message sent while the session ends may be answered before the lost ones are reported.
        if let Ok(error) = heard
            && error["reason"] != "PEER_NOT_FOUND"
        {
            lost = Some(error);
            break;
        }
    }
    let reason = lost.expect("an error")["reason"].as_str().expect("a reason").to_owned();
    assert!(["SLOW_CONSUMER", "MAILBOX_FULL"].contains(&reason.as_str()), "{reason}");
    let left = bystander.next("participant-left").await;
    assert_eq!((left["userId"].as_str(), left["reason"].as_str()), (Some("slow"), Some("SLOW_CONSUMER")));
    while fast.next("error").await["reason"] != "PEER_NOT_FOUND" {
        fast.send(candidate("slow", "x")).await;
    }
    fast.send(candidate("bystander", "x")).await;
    assert_eq!(bystander.next("ice-candidate").await["fromUserId"], "fast");

    // Its socket is closed too, although the client does not read the close frame.
    soon("the end", slow.socket.get_ref().ready(Interest::ERROR)).await.expect("an event");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_too_fast_is_slowed_down_and_then_closed() {
    let server = Running::start(|config| {
        config.session.frames_per_second = 50;
        config.session.frames_burst = 10;
    })
    .await;
    let mut ada = enter(server.addr, "room", "ada").await;
    let mut bob = enter(server.addr, "room", "bob").await;
    let began = Instant::now();
    for n in 0..60 {
        ada.send(candidate("bob", &n.to_string())).await;
    }
    for n in 0..60 {
        assert_eq!(bob.next("ice-candidate").await["candidate"]["candidate"], n.to_string());
    }
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());

    for n in 0..1_000 {
        ada.send(candidate("bob", &n.to_string())).await;
    }
    let (last, code, reason) = ada.end().await;
    assert_eq!((last["reason"].as_str(), code, reason.as_str()), (Some("RATE_LIMITED"), 4029, "RATE_LIMITED"));
    assert_eq!(bob.next("participant-left").await["userId"], "ada");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_closed() {
    let server = Running::start(|config| {
        config.http2.keepalive_interval_ms = 1_000;
        config.http2.keepalive_timeout_ms = 1_000;
    })
    .await;
    let silent = enter(server.addr, "room", "silent").await;
    // It keeps its socket open and does not read.
    let mut ada = enter(server.addr, "room", "ada").await;
    assert_eq!(ada.next("participant-left").await["reason"], "CONNECTION_LOST");
    enter(server.addr, "room", "silent").await;
    drop(silent);
    server.stop().await;
}

#[tokio::test]
async fn a_full_and_a_draining_server_send_an_error() {
    let server = Running::start(|config| config.session.max_sessions = 1).await;
    let mut ada = enter(server.addr, "room", "ada").await;
    let mut second = open(server.addr, "/json/room").await.expect("a WebSocket");
    let (last, code, _) = second.end().await;
    assert_eq!((last["type"].as_str(), last["reason"].as_str()), (Some("error"), Some("LIMIT_EXCEEDED")));
    assert_eq!(code, 4009);
    let mut third = open(server.addr, "/peerjs/peerjs?key=peerjs&id=a&token=b").await.expect("a WebSocket");
    assert_eq!(third.end().await.0["payload"]["msg"], "Server has reached its concurrent user limit");

    let stopped = tokio::spawn(server.stop());
    let (last, code, reason) = ada.end().await;
    assert_eq!((last["reason"].as_str(), code, reason.as_str()), (Some("DRAINING"), 4001, "DRAINING"));
    soon("the server stops", stopped).await.expect("no panic");
}

#[tokio::test]
async fn a_session_ends_with_its_connection() {
    let server = Running::start(|_| {}).await;
    let mut ada = enter(server.addr, "room", "ada").await;
    let bob = enter(server.addr, "room", "bob").await;
    ada.next("participant-joined").await;
    drop(bob);
    assert_eq!(ada.next("participant-left").await["userId"], "bob");
    drop(ada);
    let deadline = Instant::now() + running::BOUND;
    loop {
        let health = http1::get(server.addr, "/health").await.json();
        if health["connections"] == 0 && health["rooms"] == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "still there: {health}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn protocols_can_be_switched_off() {
    let server = Running::start(|config| config.compat = CompatSection::none()).await;
    for (path, status) in [
        ("/?roomId=r&userId=u&userName=n", 200),
        ("/json/room", 404),
        ("/connector", 404),
        ("/socket.io/?EIO=4&transport=websocket", 404),
        ("/peerjs/peerjs?key=k&id=i&token=t", 404),
    ] {
        match open(server.addr, path).await {
            Err(Error::Http(answer)) => assert_eq!(answer.status(), status, "{path}"),
            other => panic!("{path}: {:?}", other.map(|_| "a WebSocket")),
        }
    }
    assert_eq!(http1::get(server.addr, "/peerjs/peerjs/id").await.status, 404);
    server.stop().await;
}

#[tokio::test]
async fn invalid_websocket_frames_close_their_connection_only() {
    let server = Running::start(|_| {}).await;
    let mut ada = enter(server.addr, "room", "ada").await;
    for bytes in [&[0xff; 64][..], b"\x81\x05hello", &[0x83, 0x80, 0, 0, 0, 0], &[0x80, 0x80, 0, 0, 0, 0]] {
        let broken = enter(server.addr, "room", "broken").await;
        let stream: TcpStream = broken.socket.into_inner();
        stream.writable().await.expect("writable");
        stream.try_write(bytes).expect("written");
        assert_eq!(ada.next("participant-left").await["userId"], "broken");
    }
    ada.socket.close(None).await.expect("closes");
    assert!(matches!(soon("the end", ada.socket.next()).await, None | Some(Ok(Message::Close(_)))));
    server.stop().await;
}
