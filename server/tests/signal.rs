//! Bad input over `Signal`: each kind gets its reason, and errors that are not fatal do not affect other peers.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/raw.rs"]
mod raw;

use wigwag_proto::v1::{
    AppData, ClientFrame, CreateRoom, EndRoom, Envelope, Hello, Join, RemoveMember, SessionDescription, UpdateMember,
    client_frame::Body as Up, envelope::Payload, server_frame::Body as Down, welcome::Outcome,
};

use frames::{create, envelope, join, leave, payload, reason, resumable, resume, say};
use node::Node;
use peer::Peer;

const STRANGER: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzz";

/// What is wrong, the frame's body, the reason, and the field that is named.
type Case = (&'static str, Option<Up>, &'static str, &'static str);

fn bad_envelopes(own_id: &str) -> Vec<Case> {
    let with = |change: fn(&mut Envelope)| {
        let mut envelope = envelope("demo", "", "x");
        change(&mut envelope);
        Some(Up::Envelope(envelope))
    };
    vec![
        ("a sender of the client's own", with(|e| e.from = "mallory".into()), "INVALID_FIELD", "envelope.from"),
        ("an unknown peer in the room", with(|e| e.to = STRANGER.into()), "PEER_NOT_FOUND", ""),
        (
            "an unknown peer outside any room",
            with(|e| (e.room, e.to) = (String::new(), STRANGER.into())),
            "PEER_NOT_FOUND",
            "",
        ),
        ("a room that is not joined", with(|e| e.room = "elsewhere".into()), "NOT_JOINED", ""),
        ("a room that is not there", with(|e| e.room = "nowhere".into()), "NOT_JOINED", ""),
        ("a room name with a control character", with(|e| e.room = "a\nb".into()), "INVALID_FIELD", "envelope.room"),
        ("no payload", with(|e| e.payload = None), "INVALID_FIELD", "envelope.payload"),
        ("neither room nor recipient", with(|e| e.room.clear()), "INVALID_FIELD", "envelope.to"),
        ("oneself", Some(Up::Envelope(envelope("demo", own_id, "x"))), "INVALID_FIELD", "envelope.to"),
        ("a receipt for everybody", with(|e| e.receipt = true), "INVALID_FIELD", "envelope.receipt"),
        (
            "an unknown kind of description",
            with(|e| {
                let description = SessionDescription { r#type: "hello".into(), sdp: String::new() };
                e.payload = Some(Payload::Description(description));
            }),
            "INVALID_FIELD",
            "envelope.description.type",
        ),
        (
            "a message without content",
            with(|e| e.payload = Some(Payload::Message(AppData { content: None }))),
            "INVALID_FIELD",
            "envelope.message",
        ),
    ]
}

fn bad_requests() -> Vec<Case> {
    let named = |room: String| Join { room, ..Join::default() };
    let labeled = |display_name: String| Join { room: "other".into(), display_name, ..Join::default() };
    let large = [("key".to_owned(), "v".repeat(4_096))];
    let rule = CreateRoom { room: "ruled".into(), duplicate_users: 99, ..CreateRoom::default() };
    let kick = |room: &str| RemoveMember { room: room.into(), peer_id: STRANGER.into(), ban: false };
    vec![
        ("a numbered frame without a body", None, "UNKNOWN_FRAME", ""),
        ("an empty room name", Some(Up::Join(named(String::new()))), "INVALID_FIELD", "join.room"),
        ("a room name that is too long", Some(Up::Join(named("r".repeat(129)))), "INVALID_FIELD", "join.room"),
        ("a control character in a name", Some(Up::Join(named("a\u{7f}b".into()))), "INVALID_FIELD", "join.room"),
        (
            "a display name that is too long",
            Some(Up::Join(labeled("n".repeat(129)))),
            "INVALID_FIELD",
            "join.display_name",
        ),
        (
            "metadata that is too large",
            Some(Up::Join(Join { metadata: large.into(), ..named("other".into()) })),
            "INVALID_FIELD",
            "metadata",
        ),
        ("an unknown rule", Some(Up::CreateRoom(rule)), "INVALID_FIELD", "create_room.duplicate_users"),
        ("a room that exists", Some(create("demo")), "ROOM_EXISTS", ""),
        ("leaving a room that was not joined", Some(leave("elsewhere")), "NOT_JOINED", ""),
        ("leaving a room that is not there", Some(leave("nowhere")), "NOT_JOINED", ""),
        ("ending a room of others", Some(Up::EndRoom(EndRoom { room: "demo".into() })), "FORBIDDEN", ""),
        ("ending a room that is not there", Some(Up::EndRoom(EndRoom { room: "nowhere".into() })), "NOT_JOINED", ""),
        ("removing from a room of others", Some(Up::RemoveMember(kick("demo"))), "FORBIDDEN", ""),
        (
            "an entry that is not one's own",
            Some(Up::UpdateMember(UpdateMember { room: "elsewhere".into(), ..UpdateMember::default() })),
            "NOT_JOINED",
            "",
        ),
    ]
}

/// Each bad frame gets its reason. The next good one is delivered, and is the next frame the other member receives.
async fn affect_no_other_peer(hello: Hello) {
    let node = Node::start().await;
    let mut owner = Peer::in_room(&node, "demo").await;
    let _elsewhere = Peer::in_room(&node, "elsewhere").await;
    let mut peer = Peer::with(&mut node.client().await, hello).await;
    peer.join("demo").await;
    owner.expect_joined(peer.id()).await;

    for (what, body, expected, field) in [bad_envelopes(peer.id()), bad_requests()].concat() {
        peer.sent += 1;
        let seq = peer.sent;
        peer.frame(ClientFrame { seq, ack: 0, body }).await;
        let error = peer.refused(seq).await;
        assert_eq!(error.reason, expected, "{what}: {error:?}");
        assert_eq!(error.metadata.get("field").map_or("", String::as_str), field, "{what}: {error:?}");
        peer.send(say("demo", what)).await;
        assert_eq!(owner.expect_text(what).await, peer.id());
    }
}

#[tokio::test]
async fn a_bad_frame_gets_its_reason_and_affects_no_other_peer() {
    affect_no_other_peer(resumable()).await;
}

#[tokio::test]
async fn the_same_holds_for_live_delivery() {
    affect_no_other_peer(Hello::default()).await;
}

#[tokio::test]
async fn rooms_are_not_made_by_joining_when_the_server_does_not_want_it() {
    let node = Node::with(|config| config.rooms.auto_create = false).await;
    let mut peer = Peer::open(&node).await;
    let seq = peer.send(join("nowhere")).await;
    assert_eq!(peer.refused(seq).await.reason, "ROOM_NOT_FOUND");
    peer.send(create("nowhere")).await;
    assert!(matches!(peer.next().await.body, Some(Down::Joined(_))));
}

#[tokio::test]
async fn an_empty_frame_is_a_bare_ack_or_unknown() {
    let node = Node::start().await;
    let mut peer = Peer::open(&node).await;
    peer.frame(ClientFrame::default()).await;
    peer.join("demo").await;

    let mut live = Peer::live(&node).await;
    live.frame(ClientFrame::default()).await;
    assert_eq!(live.refused(0).await.reason, "UNKNOWN_FRAME");
    live.join("demo").await;
}

#[tokio::test]
async fn without_a_hello_the_first_frame_is_applied_behind_a_welcome() {
    let node = Node::start().await;
    let first = ClientFrame { seq: 7, ack: 0, body: Some(join("demo")) };
    let mut peer = Peer::begin(&mut node.client().await, vec![first]).await.expect("a welcome");
    assert_eq!((peer.welcome.outcome(), peer.welcome.grace_ms), (Outcome::New, 0));
    let frame = peer.next().await;
    assert_eq!(frame.reply_to, 7);
    assert!(matches!(frame.body, Some(Down::Joined(joined)) if joined.created));
}

#[tokio::test]
async fn a_second_hello_is_fatal() {
    let node = Node::start().await;
    for hello in [resumable(), Hello::default()] {
        let mut peer = Peer::with(&mut node.client().await, hello).await;
        peer.frame(ClientFrame { body: Some(Up::Hello(resumable())), ..ClientFrame::default() }).await;
        assert_eq!(peer.expect_fatal().await.reason, "PROTOCOL");
    }
}

#[tokio::test]
async fn a_hello_with_a_number_is_refused() {
    let node = Node::start().await;
    let hello = ClientFrame { seq: 1, ack: 0, body: Some(Up::Hello(resumable())) };
    let refused = Peer::begin(&mut node.client().await, vec![hello]).await;
    let Err((error, status)) = refused else { panic!("welcomed") };
    assert_eq!((error.reason.as_str(), error.fatal), ("INVALID_FIELD", true));
    assert_eq!(reason(&status), "INVALID_FIELD");
}

#[tokio::test]
async fn bad_labels_in_a_hello_are_refused() {
    let node = Node::start().await;
    let large = [("key".to_owned(), "v".repeat(4_096))];
    let hellos = [
        ("hello.display_name", Hello { display_name: "n".repeat(129), ..Hello::default() }),
        ("hello.user_id", Hello { user_id: "a\tb".into(), ..Hello::default() }),
        ("hello.client", Hello { client: "c".repeat(129), ..Hello::default() }),
        ("metadata", Hello { metadata: large.into(), ..Hello::default() }),
    ];
    for (field, hello) in hellos {
        let Err((error, _)) = Peer::try_with(&mut node.client().await, hello).await else { panic!("{field} passed") };
        assert_eq!((error.reason.as_str(), error.metadata["field"].as_str()), ("INVALID_FIELD", field));
    }
}

/// A fatal error ends the connection, not the session.
async fn fatal(frame: impl Fn(&Peer) -> ClientFrame, expected: &str) {
    let node = Node::start().await;
    let mut owner = Peer::in_room(&node, "demo").await;
    let mut peer = Peer::in_room(&node, "demo").await;
    owner.expect_joined(peer.id()).await;
    peer.frame(frame(&peer)).await;
    assert_eq!(peer.expect_fatal().await.reason, expected);
    let mut peer = peer.reconnect(&node).await;
    assert_eq!(peer.welcome.epoch, 2);
    peer.send(say("demo", "still here")).await;
    // Nothing came before it: the peer was not seen to leave.
    assert_eq!(owner.expect_text("still here").await, peer.id());
}

#[tokio::test]
async fn a_gap_is_fatal() {
    fatal(|peer| ClientFrame { seq: peer.sent + 2, ack: 0, body: Some(say("demo", "x")) }, "SEQ_GAP").await;
}

#[tokio::test]
async fn a_frame_without_a_number_is_a_gap_in_a_resumable_session() {
    fatal(|_| ClientFrame { seq: 0, ack: 0, body: Some(say("demo", "x")) }, "SEQ_GAP").await;
}

#[tokio::test]
async fn an_ack_of_the_future_is_fatal() {
    fatal(|peer| ClientFrame { seq: 0, ack: peer.seen + 1, body: None }, "PROTOCOL").await;
}

#[tokio::test]
async fn a_frame_applied_before_is_ignored() {
    let node = Node::start().await;
    let mut owner = Peer::in_room(&node, "demo").await;
    let mut peer = Peer::in_room(&node, "demo").await;
    owner.expect_joined(peer.id()).await;
    for _ in 0..3 {
        peer.frame(ClientFrame { seq: 2, ack: 0, body: Some(say("demo", "once")) }).await;
    }
    peer.sent = 2;
    // Whatever it says now: its number is used up.
    peer.frame(ClientFrame { seq: 1, ack: 0, body: Some(leave("demo")) }).await;
    peer.send(say("demo", "then")).await;
    owner.expect_text("once").await;
    owner.expect_text("then").await;
}

#[tokio::test]
async fn bytes_that_are_not_a_frame_are_fatal() {
    let node = Node::start().await;
    let mut owner = Peer::in_room(&node, "demo").await;
    // A field that promises more bytes than there are; a frame whose body is a number; a string that is not UTF-8.
    for bytes in [&[0x22, 0x7f, 1][..], &[0x30, 1], &[0x32, 3, 0x0a, 1, 0xff]] {
        let mut raw = raw::open(&node, resumable()).await;
        raw.send_frame(ClientFrame { seq: 1, ack: 0, body: Some(join("demo")) }).await;
        owner.expect_joined(&raw.welcome.peer_id).await;
        raw.send(bytes.to_vec()).await;
        assert_eq!(raw.expect_fatal().await, "PROTOCOL");
        // The session waits for its client: the next frame is what it sends after resuming.
        let mut peer = Peer::with(&mut node.client().await, resume(&raw.welcome, 1)).await;
        assert_eq!(peer.welcome.outcome(), Outcome::Resumed);
        peer.send(say("demo", "back")).await;
        owner.expect_text("back").await;
        peer.send(leave("demo")).await;
        owner.expect_left().await;
    }
}

#[tokio::test]
async fn bytes_that_are_not_a_hello_are_fatal() {
    let node = Node::start().await;
    let error = raw::refused(&node, vec![0x2a, 0x7f]).await;
    assert_eq!(error, "PROTOCOL");
}

#[tokio::test]
async fn unknown_fields_are_ignored_in_frames_and_refused_in_envelopes() {
    let node = Node::start().await;
    let mut raw = raw::open(&node, resumable()).await;
    let mut bytes = raw::encode(&ClientFrame { seq: 1, ack: 0, body: Some(join("demo")) });
    bytes.extend([0xfa, 0x01, 2, b'h', b'i']);
    raw.send(bytes).await;
    assert!(matches!(raw.next().await.body, Some(Down::Joined(_))));

    // Two payloads, the second of an unknown kind.
    let mut inner = raw::encode(&Envelope { room: "demo".into(), payload: Some(payload("x")), ..Envelope::default() });
    inner.extend([0x7a, 1, 0]);
    let head = [0x08, 2, 0x22, u8::try_from(inner.len()).expect("short")];
    raw.send([&head[..], &inner].concat()).await;
    let Some(Down::Error(error)) = raw.next().await.body else { panic!("accepted") };
    assert_eq!((error.reason.as_str(), error.fatal), ("INVALID_FIELD", false));
}
