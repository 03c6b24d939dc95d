//! Refusals and their reasons; and that nothing else is affected.

use std::time::Duration;

use tokio::net::TcpListener;
use wigwag_client::{Code, Event, NewRoom, Payload, PeerId, SdpType, Session, SessionDescription};

use crate::{
    peers::{envelope, next, pair},
    server::Server,
};

#[tokio::test]
async fn refused_requests_have_a_reason_and_the_session_continues() {
    let server = Server::start().await;
    let ((ada, adas), (bob, bobs)) = pair(&server, "errors").await;
    for name in ["", "tab\there", &"x".repeat(129)] {
        let error = ada.join(name).await.map(|_| ()).expect_err("not a room name");
        assert_eq!((error.code, error.reason.as_ref()), (Code::InvalidArgument, "INVALID_FIELD"), "{name:?}");
    }
    let other = server.session("Other").await;
    let error = other.create_room(NewRoom::named("errors")).await.map(|_| ()).expect_err("exists");
    assert_eq!((error.code, error.reason.as_ref()), (Code::AlreadyExists, "ROOM_EXISTS"));
    let error = bobs.end().await.expect_err("not the owner");
    assert_eq!((error.code, error.reason.as_ref(), error.retryable), (Code::PermissionDenied, "FORBIDDEN", false));
    let error = adas.remove(&PeerId::from("absent")).await.expect_err("no such peer");
    assert_eq!(error.reason, "PEER_NOT_FOUND");

    let full = ada.create_room(NewRoom::named("tiny").max_members(1)).await.expect("a room");
    let error = bob.join("tiny").await.map(|_| ()).expect_err("full");
    assert_eq!((error.code, error.reason.as_ref()), (Code::ResourceExhausted, "ROOM_FULL"));
    full.leave().await.expect("left");
    assert_eq!(full.leave().await.expect_err("left already").reason, "NOT_JOINED");

    adas.send(&bob.peer_id(), Payload::Text("still here".into())).await.expect("queued");
    let (_, payload) = envelope(&mut bobs.events()).await;
    assert_eq!(payload, Payload::Text("still here".into()));
}

#[tokio::test]
async fn a_refused_envelope_is_reported_to_its_sender_only() {
    let server = Server::start().await;
    let ((_ada, adas), (bob, bobs)) = pair(&server, "envelopes").await;
    let unknown = SessionDescription { kind: SdpType::Other("maybe".into()), sdp: "v=0".into() };
    let mut events = adas.events();
    for (to, payload, reason) in [
        (bob.peer_id(), Payload::from(unknown), "INVALID_FIELD"),
        (PeerId::from("absent"), Payload::Text("?".into()), "PEER_NOT_FOUND"),
    ] {
        let sent = adas.send(&to, payload).await.expect("queued");
        let event = next(&mut events).await;
        assert!(
            matches!(&event, Event::SendFailed { id, error, .. } if *id == sent && error.reason == reason),
            "{event:?}"
        );
    }
    assert_eq!(
        adas.broadcast(Payload::Sealed(vec![0; 66_000].into())).await.expect_err("large").reason,
        "FRAME_TOO_LARGE"
    );
    adas.send(&bob.peer_id(), Payload::Text("the first Bob receives".into())).await.expect("queued");
    let (_, payload) = envelope(&mut bobs.events()).await;
    assert_eq!(payload, Payload::Text("the first Bob receives".into()));
}

#[tokio::test]
async fn a_wrong_address_fails_at_once() {
    let unused = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", unused.local_addr().expect("an address"));
    drop(unused);
    let error = Session::connect(&url).await.map(|_| ()).expect_err("no server listens");
    assert_eq!((error.code, error.reason.as_ref(), error.retryable), (Code::Unavailable, "UNREACHABLE", true));
    let error = Session::connect("localhost:8080").await.map(|_| ()).expect_err("not a URL");
    assert_eq!((error.reason.as_ref(), error.metadata["field"].as_str()), ("INVALID_FIELD", "url"));
}

#[tokio::test]
async fn limits_and_grace_are_what_the_server_says() {
    let server = Server::start().await;
    let session = Session::builder(server.url()).grace(Duration::from_secs(7)).connect().await.expect("a session");
    assert_eq!(session.grace(), Duration::from_secs(7));
    let limits = session.limits();
    assert_eq!((limits.max_frame_bytes, limits.max_room_name_bytes), (65_536, 128));
    let session = Session::builder(server.url()).grace(Duration::from_secs(86_400)).connect().await.expect("a session");
    assert_eq!(session.grace().as_millis(), u128::from(session.limits().max_grace_ms));
}
