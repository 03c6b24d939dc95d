//! Limits: what is too large, too much or too fast is refused with a reason, and does not affect other clients.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;
#[path = "support/web.rs"]
mod web;

use std::time::Duration;

use prost::Message as _;
use tokio::time::Instant;
use tonic::Code;
use wigwag_proto::v1::{
    Advice, ClientFrame, Hello, SendToRoomRequest, client_frame::Body as Up, receipt,
    room_service_client::RoomServiceClient, server_frame::Body as Down,
};

use frames::{create, join, leave, reason, resumable, resume, say};
use node::{Node, narrow_client_of};
use peer::Peer;
use web::Web;

const MAX_FRAME: usize = 64 * 1024;

/// A frame of exactly this many bytes.
fn sized(seq: u32, bytes: usize) -> ClientFrame {
    let frame = |text: usize| ClientFrame { seq, ack: 0, body: Some(say("demo", &"x".repeat(text))) };
    let mut text = bytes - 64;
    while frame(text).encoded_len() < bytes {
        text += 1;
    }
    let frame = frame(text);
    assert_eq!(frame.encoded_len(), bytes);
    frame
}

#[tokio::test]
async fn a_frame_over_the_limit_uses_its_number_up_and_nothing_else() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    for hello in [resumable(), Hello::default()] {
        let mut peer = Peer::with(&mut node.client().await, hello).await;
        assert_eq!(peer.welcome.limits.as_ref().expect("limits").max_frame_bytes as usize, MAX_FRAME);
        peer.join("demo").await;
        ada.expect_joined(peer.id()).await;
        peer.frame(sized(2, MAX_FRAME)).await;
        peer.frame(sized(3, MAX_FRAME + 1)).await;
        let error = peer.refused(3).await;
        assert_eq!((error.reason.as_str(), error.metadata["limit"].as_str()), ("FRAME_TOO_LARGE", "65536"));
        assert_eq!(error.code, Code::ResourceExhausted as i32);
        peer.frame(sized(4, 500 * 1024)).await;
        assert_eq!(peer.refused(4).await.reason, "FRAME_TOO_LARGE");
        peer.sent = 4;
        assert!(frames::text_of(&ada.next().await).len() > 60_000);
        peer.send(say("demo", "next")).await;
        ada.expect_text("next").await;
        peer.send(leave("demo")).await;
        ada.expect_left().await;
    }
}

#[tokio::test]
async fn the_limit_holds_for_each_frame_of_a_push() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut web = Web::in_room(&node, "demo").await;
    ada.expect_joined(web.id()).await;
    let last = ClientFrame { seq: 4, ack: 0, body: Some(say("demo", "next")) };
    let frames = vec![sized(2, MAX_FRAME), sized(3, MAX_FRAME + 1), last];
    assert_eq!(web.push(frames).await.expect("taken").ack, 4);
    assert_eq!(web.refused(3).await.reason, "FRAME_TOO_LARGE");
    assert!(frames::text_of(&ada.next().await).len() > 60_000);
    ada.expect_text("next").await;
}

#[tokio::test]
async fn a_message_over_the_transports_limit_ends_the_session() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    for hello in [resumable(), Hello::default()] {
        let mut peer = Peer::with(&mut node.client().await, hello).await;
        peer.join("demo").await;
        ada.expect_joined(peer.id()).await;
        peer.frame(sized(2, (1 << 20) + 1)).await;
        let error = peer.expect_fatal().await;
        assert_eq!((error.reason.as_str(), error.advice()), ("FRAME_TOO_LARGE", Advice::Rejoin));
        let left = ada.expect_left().await;
        assert_eq!((left.peer_id.as_str(), left.reason.as_str()), (peer.id(), "CONNECTION_LOST"));
        let again = Peer::with(&mut node.client().await, resume(&peer.welcome, peer.seen)).await;
        let expected = if peer.welcome.grace_ms > 0 { "ENDED" } else { "UNKNOWN_SESSION" };
        assert!(again.is_reset(expected), "{:?}", again.welcome);
    }
}

#[tokio::test]
async fn the_rooms_of_a_session_and_the_members_of_a_room_are_limited() {
    let node = Node::with(|config| (config.session.max_rooms, config.rooms.max_members) = (2, 2)).await;
    let mut ada = Peer::in_room(&node, "one").await;
    ada.join("two").await;
    for body in [join("three"), create("four")] {
        let seq = ada.send(body).await;
        let error = ada.refused(seq).await;
        assert_eq!((error.reason.as_str(), error.metadata["limit"].as_str()), ("LIMIT_EXCEEDED", "2"));
    }
    // Neither attempt created a room.
    assert_eq!(node.metric("wigwag_rooms").await, 2);
    let bob = Peer::in_room(&node, "one").await;
    ada.expect_joined(bob.id()).await;
    let mut cyd = Peer::open(&node).await;
    let seq = cyd.send(join("one")).await;
    let error = cyd.refused(seq).await;
    assert_eq!((error.reason.as_str(), error.metadata["limit"].as_str()), ("ROOM_FULL", "2"));
    ada.send(leave("two")).await;
    ada.expect_own_left().await;
    ada.join("three").await;
}

#[tokio::test]
async fn a_node_holds_so_many_rooms_and_sessions() {
    let node = Node::with(|config| (config.rooms.max_rooms, config.session.max_sessions) = (1, 2)).await;
    let mut ada = Peer::in_room(&node, "one").await;
    let seq = ada.send(join("two")).await;
    assert_eq!(ada.refused(seq).await.reason, "LIMIT_EXCEEDED");
    let bob = Peer::live(&node).await;
    let Err((error, status)) = Peer::try_with(&mut node.client().await, resumable()).await else { panic!("a third") };
    assert_eq!((error.reason.as_str(), error.advice(), error.fatal), ("LIMIT_EXCEEDED", Advice::Retry, true));
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "LIMIT_EXCEEDED"));
    drop(bob);
    node.until("wigwag_sessions", 1).await;
    Peer::open(&node).await.join("one").await;
}

#[tokio::test]
async fn a_stream_over_the_rate_limit_is_read_more_slowly_and_loses_nothing() {
    let node = Node::with(|config| (config.session.frames_per_second, config.session.frames_burst) = (100, 10)).await;
    let mut ada = Peer::live(&node).await;
    ada.join("demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let began = Instant::now();
    for index in 0..100 {
        bob.send(say("demo", &index.to_string())).await;
    }
    for index in 0..100 {
        ada.expect_text(&index.to_string()).await;
    }
    assert!(began.elapsed() > Duration::from_millis(800), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_push_over_the_rate_limit_applies_a_prefix_and_returns_when_to_retry() {
    let node = Node::with(|config| (config.session.frames_per_second, config.session.frames_burst) = (20, 5)).await;
    let mut ada = Peer::live(&node).await;
    let mut web = Web::in_room(&node, "demo").await;
    ada.join("demo").await;
    web.expect_joined(ada.id()).await;
    let mut next = 2;
    let mut waits = 0;
    while next <= 21 {
        let said = |seq: u32| ClientFrame { seq, ack: 0, body: Some(say("demo", &seq.to_string())) };
        let answer = web.push((next..=21).map(said).collect()).await.expect("taken");
        assert!(answer.ack >= next - 1 && answer.ack <= 21);
        next = answer.ack + 1;
        if next <= 21 {
            assert!(answer.retry_after_ms > 0);
            waits += 1;
            tokio::time::sleep(Duration::from_millis(answer.retry_after_ms.into())).await;
        }
    }
    assert!(waits > 0, "the limit was felt");
    for seq in 2..=21 {
        ada.expect_text(&seq.to_string()).await;
    }
}

#[tokio::test]
async fn a_stream_that_stays_over_the_rate_limit_is_detached_and_can_resume() {
    let node = Node::with(|config| (config.session.frames_per_second, config.session.frames_burst) = (50, 10)).await;
    let mut ada = Peer::live(&node).await;
    ada.join("demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    for index in 0..1_000 {
        bob.send(say("demo", &index.to_string())).await;
    }
    let error = bob.expect_fatal().await;
    assert_eq!((error.reason.as_str(), error.advice()), ("RATE_LIMITED", Advice::Resume));
    let sent = bob.sent;
    let mut bob = bob.reconnect(&node).await;
    assert!(bob.applied > 200 && bob.applied < sent, "{} of {sent}", bob.applied);
    // What was applied has arrived, in order; the rest is the client's to send again.
    for index in 0..bob.applied - 1 {
        ada.expect_text(&index.to_string()).await;
    }
    bob.expect_roster().await;
    let next = ClientFrame { seq: bob.applied + 1, ack: 0, body: Some(Up::Leave(Default::default())) };
    bob.frame(next).await;
    assert!(matches!(bob.next().await.body, Some(Down::Error(_))));
}

#[tokio::test]
async fn a_client_that_does_not_read_is_detached_with_a_reason_and_can_resume() {
    let node = Node::with(|config| {
        (config.session.mailbox_frames, config.session.mailbox_bytes) = (100, 100 * 1024);
    })
    .await;
    let mut ada = Peer::live(&node).await;
    ada.join("demo").await;
    let mut slow = Peer::in_room(&node, "demo").await;
    ada.expect_joined(slow.id()).await;
    // It reads nothing: the stream takes what windows and buffers hold, the mailbox takes its limit, and then it is over.
    let text = "x".repeat(1_000);
    let mut sent = 0;
    let full = loop {
        sent += 1;
        let seq = ada.send(say("demo", &format!("{sent} {text}"))).await;
        if sent % 100 == 0 {
            if node.metric("wigwag_slow_consumers_total").await == 1 {
                break seq;
            }
            assert!(sent < 10_000, "it is never cut");
        }
    };
    // The sender got an error for the first that did not fit, and for none before it.
    let receipt = ada.next().await;
    let first_lost = receipt.reply_to;
    let Some(Down::Receipt(told)) = receipt.body else { panic!("no receipt: {receipt:?}") };
    assert_eq!((told.outcome(), told.reason.as_str()), (receipt::Outcome::Undeliverable, "MAILBOX_FULL"));
    assert!(first_lost <= full);

    let mut heard = 0;
    let error = loop {
        let frame = slow.next().await;
        match &frame.body {
            Some(Down::Error(error)) => break error.clone(),
            _ => heard += 1,
        }
        assert!(frames::text_of(&frame).starts_with(&format!("{heard} ")));
    };
    assert_eq!((error.reason.as_str(), error.advice(), error.fatal), ("SLOW_CONSUMER", Advice::Resume, true));
    slow.ends().await.expect_err("a status");
    let mut slow = slow.reconnect(&node).await;
    slow.expect_roster().await;
    // Everything before the first that was reported as lost arrives, in order.
    while heard + 2 < first_lost {
        heard += 1;
        assert!(frames::text_of(&slow.next().await).starts_with(&format!("{heard} ")));
    }
}

#[tokio::test]
async fn a_live_client_that_does_not_read_ends() {
    let node = Node::with(|config| {
        // By bytes: ada does not read either, and each lost envelope is reported to her.
        (config.session.mailbox_frames, config.session.mailbox_bytes) = (1_000, 100 * 1024);
    })
    .await;
    let mut ada = Peer::live(&node).await;
    ada.join("demo").await;
    let mut slow = Peer::live(&node).await;
    slow.join("demo").await;
    ada.expect_joined(slow.id()).await;
    let text = "x".repeat(1_000);
    let left = loop {
        for _ in 0..100 {
            ada.send(say("demo", &text)).await;
        }
        if node.metric("wigwag_slow_consumers_total").await == 1 {
            break loop {
                let frame = ada.next().await;
                if let Some(Down::MemberLeft(left)) = frame.body {
                    break left;
                }
            };
        }
    };
    assert_eq!((left.peer_id.as_str(), left.reason.as_str()), (slow.id(), "SLOW_CONSUMER"));
    let error = slow.expect_fatal().await;
    assert_eq!((error.reason.as_str(), error.advice()), ("SLOW_CONSUMER", Advice::Rejoin));
}

#[tokio::test]
async fn a_client_that_never_reads_again_is_closed() {
    let node = Node::start().await;
    let mut ada = Peer::live(&node).await;
    ada.join("demo").await;
    let mut slow = Vec::new();
    for hello in [resumable(), Hello::default()] {
        let mut peer = Peer::with(&mut narrow_client_of(node.addr).await, hello).await;
        peer.join("demo").await;
        ada.expect_joined(peer.id()).await;
        slow.push(peer);
    }
    assert_eq!(node.metric("wigwag_connections_open").await, 3);
    let text = "x".repeat(2_000);
    while node.metric("wigwag_slow_consumers_total").await < 2 {
        for _ in 0..20 {
            ada.send(say("demo", &text)).await;
        }
    }
    let cut = Instant::now();
    // Not at once: a client that reads on in time still receives the reason.
    while node.metric("wigwag_http2_aborted_streams_total").await < 2 {
        // hyper cannot reset a stream from outside: the connection is closed.
        if node.metric("wigwag_connections_open").await == 1 {
            break;
        }
        assert!(cut.elapsed() < node::BOUND, "still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(cut.elapsed() > Duration::from_secs(8), "{:?}", cut.elapsed());
    drop(slow);
    ada.send(leave("demo")).await;
    while !matches!(ada.next().await.body, Some(Down::Left(_))) {}
}

#[tokio::test]
async fn a_stream_that_is_not_read_times_out() {
    let node = Node::with(|config| config.session.heartbeat_ms = 1_000).await;
    let mut ada = Peer::live(&node).await;
    ada.join("demo").await;
    let mut slow = Peer::with(&mut narrow_client_of(node.addr).await, resumable()).await;
    slow.join("demo").await;
    ada.expect_joined(slow.id()).await;
    // More than the stream takes, less than the mailbox.
    for _ in 0..300 {
        ada.send(say("demo", &"x".repeat(1_000))).await;
    }
    node.until("wigwag_sessions_attached", 1).await;
    assert_eq!(node.metric("wigwag_slow_consumers_total").await, 0);
    let error = loop {
        if let Some(Down::Error(error)) = slow.next().await.body {
            break error;
        }
    };
    assert_eq!((error.reason.as_str(), error.fatal), ("HEARTBEAT_TIMEOUT", true));
}

#[tokio::test]
async fn acknowledgments_and_pongs_do_not_count_against_the_rate_limit() {
    let node = Node::with(|config| {
        (config.session.frames_per_second, config.session.frames_burst) = (1, 3);
        config.session.heartbeat_ms = 1_000;
    })
    .await;
    let mut bob = Peer::in_room(&node, "demo").await;
    assert_eq!(bob.welcome.limits.as_ref().expect("limits").frames_per_second, 1);
    let mut web = Web::in_room(&node, "demo").await;
    bob.expect_joined(web.id()).await;
    let mut rooms = RoomServiceClient::new(node::channel_of(node.addr).await);
    // Each is acknowledged at once; that alone is many times the limit, for longer than it would be tolerated.
    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < Duration::from_secs(6) {
        sent += 1;
        let envelope = Some(frames::envelope("demo", "", &sent.to_string()));
        let request = SendToRoomRequest { envelope, ..SendToRoomRequest::default() };
        assert_eq!(rooms.send_to_room(request).await.expect("sent").into_inner().accepted, Some(2));
        bob.expect_text(&sent.to_string()).await;
        bob.ack().await;
        web.expect_text(&sent.to_string()).await;
        let ack = ClientFrame { ack: web.seen, ..ClientFrame::default() };
        assert_eq!(web.push(vec![ack]).await.expect("taken").retry_after_ms, 0);
    }
    assert!(sent > 50, "only {sent}");
    // One that acknowledges nothing new counts.
    let repeated = ClientFrame { ack: web.seen, ..ClientFrame::default() };
    let answer = web.push(vec![repeated; 20]).await.expect("taken");
    assert!(answer.retry_after_ms > 0);
}

#[tokio::test]
async fn a_node_holds_so_many_sessions_that_are_away() {
    let node = Node::with(|config| config.session.max_detached = 20).await;
    let mut client = node.client().await;
    let mut first = None;
    for _ in 0..60 {
        let peer = Peer::with(&mut client, resumable()).await;
        first.get_or_insert((peer.resume(), peer.id().to_owned()));
    }
    node.until("wigwag_sessions", 20).await;
    assert_eq!(node.metric("wigwag_sessions_evicted_total").await, 40);
    // The one that was away longest is gone, for the reason it would have had in the end.
    let again = Peer::with(&mut client, first.expect("opened").0).await;
    assert!(again.is_reset("EXPIRED"), "{:?}", again.welcome);
}
