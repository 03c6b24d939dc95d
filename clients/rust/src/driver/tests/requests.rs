//! Requests, their answers, and what is refused without asking the server.

use std::time::Duration;

use tokio::time::timeout;
use wigwag_proto::v1::{self, Receipt, client_frame, receipt, server_frame::Body};

use super::server::{LONG, content, envelope, joined, open, open_with_queue, sealed};
use crate::{Event, Outcome, PeerId};

#[tokio::test(start_paused = true)]
async fn a_join_fills_the_members_and_the_events_of_the_room() {
    let (session, _server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &["bob"]).await;
    assert_eq!(room.members().iter().map(|member| member.peer_id.as_str()).collect::<Vec<_>>(), ["bob"]);
    let cyd = v1::MemberJoined { room: "demo".into(), version: 2, member: Some(super::server::member("cyd")) };
    connection.send(0, 0, Body::MemberJoined(cyd)).await;
    connection.send(2, 0, envelope("hi")).await;
    let mut events = room.events();
    assert!(
        matches!(events.next().await, Some(Event::MemberJoined { member, .. }) if member.peer_id.as_str() == "cyd")
    );
    assert_eq!(content(events.next().await), "hi");
    assert_eq!(room.members().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_join_returns_the_reason() {
    let (session, _server, mut connection) = open().await;
    let joining = tokio::spawn(async move { session.join("demo").await.map(|_| ()) });
    let request = connection.next().await;
    let full = v1::ErrorFrame { code: 8, reason: "ROOM_FULL".into(), ..Default::default() };
    connection.send(1, request.seq, Body::Error(full)).await;
    assert_eq!(joining.await.expect("client task").expect_err("refused").reason, "ROOM_FULL");
}

#[tokio::test(start_paused = true)]
async fn a_join_that_was_given_up_leaves_the_room_again() {
    let (session, _server, mut connection) = open().await;
    let joining = tokio::spawn({
        let session = session.clone();
        async move { session.join("demo").await.map(|_| ()) }
    });
    let request = connection.next().await;
    joining.abort();
    assert!(joining.await.expect_err("aborted").is_cancelled());
    connection.send(1, request.seq, Body::Joined(joined(1, &[]))).await;
    let leave = connection.next().await;
    assert!(matches!(leave.body, Some(client_frame::Body::Leave(leave)) if leave.room == "demo"));
}

#[tokio::test(start_paused = true)]
async fn a_join_that_was_given_up_and_repeated_belongs_to_the_caller_that_waits() {
    let (session, _server, mut connection) = open().await;
    // A time-out that elapses before the answer.
    assert!(timeout(Duration::ZERO, session.join("demo")).await.is_err());
    let given_up = connection.next().await;
    let repeated = tokio::spawn({
        let session = session.clone();
        async move { session.join("demo").await }
    });
    let request = connection.next().await;
    connection.send(1, given_up.seq, Body::Joined(joined(1, &["bob"]))).await;
    connection.send(2, 0, envelope("between the answers")).await;
    connection.send(3, request.seq, Body::Joined(joined(2, &["bob", "cleo"]))).await;
    let room = repeated.await.expect("client task").expect("a membership");
    // What happened since the first answer is told by events.
    assert_eq!(room.found().len(), 1);
    let mut events = room.events();
    assert_eq!(content(events.next().await), "between the answers");
    assert!(matches!(events.next().await, Some(Event::MemberJoined { .. })));
    room.broadcast(sealed("still here")).await.expect("a member");
    loop {
        match connection.next().await.body {
            Some(client_frame::Body::Envelope(_)) => break,
            Some(body) => panic!("not the envelope: {body:?}"),
            None => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_room_is_left_when_every_join_of_it_was_given_up() {
    let (session, _server, mut connection) = open().await;
    let mut requests = Vec::new();
    for _ in 0..2 {
        assert!(timeout(Duration::ZERO, session.join("demo")).await.is_err());
        requests.push(connection.next().await.seq);
    }
    for (seq, request) in (1..).zip(requests) {
        connection.send(seq, request, Body::Joined(joined(seq, &[]))).await;
    }
    loop {
        match connection.next().await.body {
            Some(client_frame::Body::Leave(leave)) => break assert_eq!(leave.room, "demo"),
            Some(body) => panic!("not the leave: {body:?}"),
            None => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_receipt_resolves_with_every_outcome() {
    let (session, _server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &["bob"]).await;
    let bob = PeerId::from("bob");
    for (seq, outcome, reason) in [
        (2, receipt::Outcome::Delivered, ""),
        (3, receipt::Outcome::Written, ""),
        (4, receipt::Outcome::Undeliverable, "MAILBOX_FULL"),
    ] {
        let waiting = room.send_with_receipt(&bob, sealed("x")).await.expect("queued");
        let sent = connection.next().await;
        assert!(matches!(&sent.body, Some(client_frame::Body::Envelope(e)) if e.receipt && e.to == "bob"));
        let frame =
            Receipt { peer_id: "bob".into(), outcome: outcome.into(), reason: reason.into(), ..Receipt::default() };
        connection.send(seq, sent.seq, Body::Receipt(frame)).await;
        let expected = match outcome {
            receipt::Outcome::Delivered => Outcome::Delivered,
            receipt::Outcome::Written => Outcome::Written,
            _ => Outcome::Undeliverable { reason: reason.into() },
        };
        assert_eq!(waiting.await.expect("a receipt").outcome, expected);
    }
    let waiting = room.send_with_receipt(&bob, sealed("x")).await.expect("queued");
    let sent = connection.next().await;
    let gone = v1::ErrorFrame { code: 5, reason: "PEER_NOT_FOUND".into(), ..Default::default() };
    connection.send(5, sent.seq, Body::Error(gone)).await;
    assert_eq!(waiting.await.expect_err("refused").reason, "PEER_NOT_FOUND");
}

#[tokio::test(start_paused = true)]
async fn a_failure_without_receipt_is_an_event_of_the_room_or_the_session() {
    let (session, _server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &["bob"]).await;
    let first = room.send(&"bob".into(), sealed("x")).await.expect("queued");
    let second = session.send(&"bob".into(), sealed("y")).await.expect("queued");
    let (first_seq, second_seq) = (connection.next().await.seq, connection.next().await.seq);
    let lost = Receipt {
        peer_id: "bob".into(),
        outcome: receipt::Outcome::Undeliverable.into(),
        reason: "LEFT".into(),
        ..Receipt::default()
    };
    connection.send(2, first_seq, Body::Receipt(lost)).await;
    let gone = v1::ErrorFrame { code: 5, reason: "PEER_NOT_FOUND".into(), ..Default::default() };
    connection.send(3, second_seq, Body::Error(gone)).await;
    let in_room = room.events().next().await;
    assert!(
        matches!(&in_room, Some(Event::Undeliverable { id, to, reason, .. }) if *id == first && to.as_str() == "bob" && reason == "LEFT"),
        "{in_room:?}"
    );
    let direct = session.events().next().await;
    assert!(
        matches!(&direct, Some(Event::SendFailed { id, room: None, error }) if *id == second && error.reason == "PEER_NOT_FOUND"),
        "{direct:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_envelope_that_cannot_be_sent_is_refused_at_once_and_uses_no_number() {
    let (session, _server, mut connection) = open().await;
    let room = connection.let_join(&session, 1, &["bob"]).await;
    let too_large = room.broadcast(sealed(&"x".repeat(65_536))).await.expect_err("refused");
    assert_eq!(too_large.reason, "FRAME_TOO_LARGE");
    let leaving = tokio::spawn({
        let room = room.clone();
        async move { room.leave().await }
    });
    let leave = connection.next().await;
    assert_eq!(leave.seq, 2);
    let left = v1::Left { room: "demo".into(), reason: "LEFT".into() };
    connection.send(2, leave.seq, Body::Left(left)).await;
    leaving.await.expect("client task").expect("left");
    assert_eq!(room.broadcast(sealed("x")).await.expect_err("refused").reason, "NOT_JOINED");
    assert!(matches!(room.events().next().await, Some(Event::Left { reason, .. }) if reason == "LEFT"));
    assert!(room.events().next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn unread_events_stop_the_reading_of_frames() {
    let (session, _server, mut connection) = open_with_queue(2).await;
    let room = connection.let_join(&session, 1, &["bob"]).await;
    for seq in 2..=6 {
        connection.send(seq, 0, envelope(&seq.to_string())).await;
    }
    // Two events fit the queue. The third waits in the backlog: its frame and those after it are not acknowledged.
    assert_eq!(connection.next().await.ack, 3);
    assert!(tokio::time::timeout(LONG, connection.up.recv()).await.is_err(), "neither a frame nor a reconnect");
    let mut events = room.events();
    for seq in 2..=6 {
        assert_eq!(content(events.next().await), seq.to_string());
    }
    assert_eq!(connection.next().await.ack, 6);
}

#[tokio::test(start_paused = true)]
async fn ignored_events_do_not_block() {
    let (session, _server, mut connection) = open_with_queue(1).await;
    let room = connection.let_join(&session, 1, &["bob"]).await;
    room.ignore_events();
    for seq in 2..=40 {
        connection.send(seq, 0, envelope("x")).await;
    }
    assert_eq!(connection.next().await.ack, 32);
    assert_eq!(connection.next().await.ack, 40);
}
