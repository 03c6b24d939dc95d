//! Heartbeats and acknowledgments in time.

use std::time::Duration;

use tokio::time::Instant;
use wigwag_proto::v1::{Envelope, Ping, client_frame, server_frame::Body};

use super::server::{envelope, open, sealed};
use crate::Event;

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_at_once() {
    let (_session, _server, mut connection) = open().await;
    let since = Instant::now();
    connection.send(0, 0, Body::Ping(Ping {})).await;
    assert!(matches!(connection.next().await.body, Some(client_frame::Body::Pong(_))));
    assert!(since.elapsed() < Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgment_waits_two_seconds_at_most_and_less_for_a_receipt() {
    let (session, _server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &[]).await;
    let since = Instant::now();
    connection.send(2, 0, envelope("x")).await;
    let bare = connection.next().await;
    assert_eq!((bare.seq, bare.ack, bare.body), (0, 2, None));
    assert!(since.elapsed() <= Duration::from_secs(2), "{:?}", since.elapsed());
    let since = Instant::now();
    let Body::Envelope(awaited) = envelope("w") else { unreachable!("an envelope") };
    connection.send(3, 0, Body::Envelope(Envelope { receipt: true, ..awaited })).await;
    assert_eq!(connection.next().await.ack, 3);
    assert!(since.elapsed() <= Duration::from_millis(50), "{:?}", since.elapsed());
    // Another frame carries it without waiting.
    connection.send(4, 0, envelope("y")).await;
    let mut events = room.events();
    for _ in 2..=4 {
        events.next().await;
    }
    room.broadcast(sealed("z")).await.expect("queued");
    assert_eq!(connection.next().await.ack, 4);
}

#[tokio::test(start_paused = true)]
async fn thirty_two_frames_are_acknowledged_at_once() {
    let (session, _server, mut connection) = open().await;
    let _room = connection.let_join(&session, 1, &[]).await;
    let since = Instant::now();
    for seq in 2..=32 {
        connection.send(seq, 0, envelope("x")).await;
    }
    assert_eq!(connection.next().await.ack, 32);
    assert!(since.elapsed() < Duration::from_millis(50), "{:?}", since.elapsed());
}

#[tokio::test(start_paused = true)]
async fn two_missed_heartbeats_end_the_connection() {
    let (session, mut server, connection) = open().await;
    let mut events = session.events();
    let since = Instant::now();
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(19)).await;
        connection.ack(0).await;
    }
    assert!(matches!(events.next().await, Some(Event::Reconnecting)));
    let silence = since.elapsed() - Duration::from_secs(57);
    assert!((Duration::from_secs(20)..=Duration::from_secs(25)).contains(&silence), "{silence:?}");
    server.resume(2, 0).await;
    assert!(matches!(events.next().await, Some(Event::Resumed)));
}
