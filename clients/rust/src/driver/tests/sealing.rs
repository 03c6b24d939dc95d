//! Rooms with a secret, against a malicious server.

use wigwag_proto::v1::{
    Envelope, ErrorFrame, Join, Left, client_frame, envelope::Payload as Wire, server_frame::Body, welcome,
};

use super::server::{Connection, joined, open, welcome};
use crate::{
    Event, JoinOptions, Payload, PeerId, Room, Session,
    seal::{RoomKeys, RoomSecret},
};

fn secret() -> RoomSecret {
    RoomSecret::key([7; 32])
}

fn keys() -> RoomKeys {
    RoomKeys::derive(&secret(), "demo").expect("keys")
}

fn from(sender: &str, to: &str, payload: Wire) -> Body {
    Body::Envelope(Envelope {
        room: "demo".into(),
        from: sender.into(),
        to: to.into(),
        payload: Some(payload),
        ..Envelope::default()
    })
}

/// An envelope that "bob" sealed for everybody.
fn sealed(text: &str) -> Wire {
    let bob = PeerId::from("bob");
    Wire::Sealed(keys().sealer(Some(&bob)).seal(None, Payload::Text(text.into())).expect("sealed").into())
}

async fn let_join(connection: &mut Connection, session: &Session, seq: u32) -> Room {
    let joining = tokio::spawn({
        let session = session.clone();
        async move { session.join_with("demo", JoinOptions::default().room_secret(secret())).await }
    });
    let request = connection.next().await;
    assert_eq!(request.body, Some(client_frame::Body::Join(Join { room: "demo".into(), ..Join::default() })));
    connection.send(seq, request.seq, Body::Joined(joined(seq, &["bob"]))).await;
    joining.await.expect("client task").expect("a membership")
}

async fn refusal(room: &Room) -> String {
    match room.events().next().await {
        Some(Event::Unopened { from: Some(from), error, .. }) if from.as_str() == "bob" => error.reason.into_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_envelope_is_sealed_for_its_recipient() {
    let (session, _server, mut connection) = open().await;
    let room = let_join(&mut connection, &session, 1).await;
    let bob = PeerId::from("bob");
    room.send(&bob, Payload::Text("hello".into())).await.expect("queued");
    let Some(client_frame::Body::Envelope(envelope)) = connection.next().await.body else { panic!("an envelope") };
    assert_eq!((envelope.room.as_str(), envelope.to.as_str()), ("demo", "bob"));
    let Some(Wire::Sealed(content)) = envelope.payload else { panic!("sealed") };
    let me = session.peer_id();
    assert_eq!(keys().opener().open(Some(&me), Some(&bob), &content), Ok(Payload::Text("hello".into())));
    assert!(keys().opener().open(Some(&me), None, &content).is_err());
}

#[tokio::test(start_paused = true)]
async fn forged_and_replayed_envelopes_are_reported() {
    let (session, _server, mut connection) = open().await;
    let room = let_join(&mut connection, &session, 1).await;
    let genuine = sealed("hello");
    connection.send(2, 0, from("bob", "", genuine.clone())).await;
    assert!(matches!(
        room.events().next().await,
        Some(Event::Envelope { payload: Payload::Text(text), .. }) if text == "hello"
    ));
    connection.send(3, 0, from("bob", "", genuine.clone())).await;
    assert_eq!(refusal(&room).await, "REPLAYED");
    connection.send(4, 0, from("bob", "peer1", sealed("to all, shown as to one"))).await;
    assert_eq!(refusal(&room).await, "SEAL_BROKEN");
    let plain = wigwag_proto::v1::SessionDescription { r#type: "offer".into(), sdp: "v=0".into() };
    connection.send(5, 0, from("bob", "", Wire::Description(plain))).await;
    assert_eq!(refusal(&room).await, "NOT_SEALED");
    // Joining again with the same secret keeps the counters.
    let again = let_join(&mut connection, &session, 6).await;
    connection.send(7, 0, from("bob", "", genuine)).await;
    assert_eq!(refusal(&again).await, "REPLAYED");
}

#[tokio::test(start_paused = true)]
async fn an_envelope_of_a_room_that_was_left_is_refused() {
    let (session, _server, mut connection) = open().await;
    let _room = let_join(&mut connection, &session, 1).await;
    connection.send(2, 0, Body::Left(Left { room: "demo".into(), reason: "REMOVED".into() })).await;
    connection.send(3, 0, from("bob", "", Wire::Sealed(vec![1]))).await;
    let event = session.events().next().await;
    assert!(matches!(&event, Some(Event::Unopened { error, .. }) if error.reason == "NOT_SEALED"), "{event:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_join_seals_nothing() {
    let (session, _server, mut connection) = open().await;
    let joining = tokio::spawn({
        let session = session.clone();
        async move { session.join_with("demo", JoinOptions::default().room_secret(secret())).await }
    });
    let request = connection.next().await;
    let refused = ErrorFrame { code: 8, reason: "ROOM_FULL".into(), ..ErrorFrame::default() };
    connection.send(1, request.seq, Body::Error(refused)).await;
    assert_eq!(joining.await.expect("client task").expect_err("refused").reason, "ROOM_FULL");
    let room = connection.let_join(&session, 2, &["bob"]).await;
    room.broadcast(Payload::Text("open".into())).await.expect("queued");
    let Some(client_frame::Body::Envelope(envelope)) = connection.next().await.body else { panic!("an envelope") };
    assert!(matches!(envelope.payload, Some(Wire::Message(_))));
}

#[tokio::test(start_paused = true)]
async fn after_a_reset_the_new_peer_id_is_bound_and_the_counter_restarts() {
    let (session, mut server, mut connection) = open().await;
    let room = let_join(&mut connection, &session, 1).await;
    for _ in 0..3 {
        room.broadcast(Payload::Text("before".into())).await.expect("queued");
        connection.next().await;
    }
    connection.cut().await;
    let mut connection = server.connection().await;
    connection.hello().await;
    connection.send(0, 0, Body::Welcome(welcome(welcome::Outcome::Reset, 2))).await;
    let room = let_join(&mut connection, &session, 1).await;
    assert_eq!(session.peer_id().as_str(), "peer2");
    room.broadcast(Payload::Text("after".into())).await.expect("queued");
    let Some(client_frame::Body::Envelope(envelope)) = connection.next().await.body else { panic!("an envelope") };
    let Some(Wire::Sealed(content)) = envelope.payload else { panic!("sealed") };
    assert_eq!(content[9..17], 1_u64.to_be_bytes());
    let opened = keys().opener().open(Some(&session.peer_id()), None, &content);
    assert_eq!(opened, Ok(Payload::Text("after".into())));
}

#[tokio::test(start_paused = true)]
async fn the_client_names_a_sealed_room_without_a_name() {
    let (session, _server, mut connection) = open().await;
    let creating = tokio::spawn({
        let session = session.clone();
        async move { session.create_room(crate::NewRoom::unnamed().room_secret(secret())).await.map(|_| ()) }
    });
    let request = connection.next().await;
    let Some(client_frame::Body::CreateRoom(create)) = request.body else { panic!("a room to create") };
    assert_eq!(create.room.len(), 26);
    assert!(create.room.bytes().all(|byte| byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte)));
    creating.abort();
}
