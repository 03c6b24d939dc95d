//! Rate limits: a stream is read more slowly and loses nothing, a request is refused with when to repeat it, others are not
//! affected.

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

use tokio::time::Instant;
use tonic::Code;
use tonic_types::StatusExt as _;
use wigwag_proto::v1::{
    Advice, ClientFrame, ErrorFrame, GetRoomRequest, Hello, UpdateMember, client_frame::Body as Up,
    room_service_client::RoomServiceClient, server_frame::Body as Down,
};
use wigwag_server::config::Config;

use frames::{create, join, leave, reason, resumable, say};
use node::Node;
use peer::Peer;
use web::Web;

async fn limited(node: &Node, setting: &str) -> u64 {
    node.metric(&format!("wigwag_rate_limited_total{{limit=\"{setting}\"}}")).await
}

/// A room whose only other member, which is returned first, is read by the test.
async fn two(node: &Node) -> (Peer, Peer) {
    let mut ada = Peer::live(node).await;
    ada.join("demo").await;
    let bob = Peer::in_room(node, "demo").await;
    ada.expect_joined(bob.id()).await;
    (ada, bob)
}

#[tokio::test]
async fn bytes_over_the_limit_are_read_more_slowly_and_all_arrive() {
    let change = |config: &mut Config| {
        (config.session.bytes_per_second, config.session.bytes_burst) = (200_000, 100_000);
    };
    let node = Node::with(change).await;
    let (mut ada, mut bob) = two(&node).await;
    let mut web = Web::in_room(&node, "demo").await;
    for peer in [&mut ada, &mut bob] {
        peer.expect_joined(web.id()).await;
    }
    let began = Instant::now();
    for index in 0..30 {
        bob.send(say("demo", &format!("{index:10000}"))).await;
    }
    for index in 0..30 {
        ada.expect_text(&format!("{index:10000}")).await;
    }
    assert!(began.elapsed() > Duration::from_millis(900), "{:?}", began.elapsed());
    assert!(limited(&node, "session.bytes_per_second").await > 0);

    // A large Push: what is within the limit is applied, and the rest later.
    let (mut next, mut waits) = (2, 0);
    while next <= 21 {
        let said = |seq: u32| ClientFrame { seq, ack: 0, body: Some(say("demo", &format!("{seq:10000}"))) };
        let answer = web.push((next..=21).map(said).collect()).await.expect("taken");
        next = answer.ack + 1;
        waits += u32::from(answer.retry_after_ms > 0);
        assert_eq!(answer.retry_after_ms > 0, next <= 21);
        tokio::time::sleep(Duration::from_millis(answer.retry_after_ms.into())).await;
    }
    assert!(waits > 0, "the limit was felt");
    for seq in 2..=21 {
        ada.expect_text(&format!("{seq:10000}")).await;
    }
}

#[tokio::test]
async fn a_broadcast_counts_for_each_receiver_and_directed_envelopes_do_not() {
    let node = Node::with(|config| {
        (config.session.deliveries_per_second, config.session.deliveries_burst) = (10, 20);
    })
    .await;
    let (mut ada, mut bob) = two(&node).await;
    let mut others = Vec::new();
    for _ in 0..9 {
        let mut other = Peer::live(&node).await;
        other.join("demo").await;
        ada.expect_joined(other.id()).await;
        others.push(other);
    }
    // Directed ones are not deliveries in this sense.
    for index in 0..50 {
        let to_ada = frames::envelope("demo", ada.id(), &index.to_string());
        bob.send(Up::Envelope(to_ada)).await;
        ada.expect_text(&index.to_string()).await;
    }
    assert_eq!(limited(&node, "session.deliveries_per_second").await, 0);
    // Ten members receive each: after 20 deliveries at once, one broadcast a second.
    let began = Instant::now();
    for index in 0..5 {
        bob.send(say("demo", &index.to_string())).await;
    }
    for index in 0..5 {
        ada.expect_text(&index.to_string()).await;
    }
    assert!(began.elapsed() > Duration::from_millis(1_800), "{:?}", began.elapsed());
    assert!(limited(&node, "session.deliveries_per_second").await > 0);
    // Another member is not held back.
    for text in ["next", "after it"] {
        bob.send(say("demo", text)).await;
    }
    others[0].send(say("demo", "at once")).await;
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(frames::text_of(&ada.next().await).to_owned());
    }
    assert_eq!(heard[2], "after it", "{heard:?}");
}

#[tokio::test]
async fn a_change_of_an_entry_counts_for_each_member_and_a_room_has_a_limit_too() {
    let node = Node::with(|config| {
        (config.rooms.deliveries_per_second, config.rooms.deliveries_burst) = (10, 10);
    })
    .await;
    let (mut ada, mut bob) = two(&node).await;
    let began = Instant::now();
    for index in 0..15 {
        let update = UpdateMember { room: "demo".into(), display_name: Some(index.to_string()), ..Default::default() };
        let seq = bob.send(Up::UpdateMember(update)).await;
        while bob.next().await.reply_to != seq {}
    }
    assert!(began.elapsed() > Duration::from_millis(1_500), "{:?}", began.elapsed());
    assert!(limited(&node, "rooms.deliveries_per_second").await > 0);
    for index in 0..15 {
        let Some(Down::MemberUpdated(updated)) = ada.next().await.body else { panic!("not an update") };
        assert_eq!(updated.member.expect("a member").display_name, index.to_string());
    }
}

/// Joins and leaves a room until a join is refused. Returns the error.
async fn until_refused(peer: &mut Peer, room: &str) -> ErrorFrame {
    for _ in 0..100 {
        let seq = peer.send(join(room)).await;
        let frame = peer.next().await;
        assert_eq!(frame.reply_to, seq);
        match frame.body {
            Some(Down::Joined(_)) => {}
            Some(Down::Error(error)) => return error,
            other => panic!("neither joined nor refused: {other:?}"),
        }
        let left = peer.send(leave(room)).await;
        assert_eq!(peer.next().await.reply_to, left);
    }
    panic!("never refused")
}

#[tokio::test]
async fn joins_over_the_limit_are_refused_with_when_to_repeat_them() {
    let node = Node::with(|config| {
        (config.session.joins_per_second, config.session.joins_burst, config.session.max_rooms) = (1, 2, 4);
    })
    .await;
    let mut peer = Peer::open(&node).await;
    let error = until_refused(&mut peer, "demo").await;
    assert!(peer.sent > 10, "the burst is max_rooms at least: {}", peer.sent);
    assert_eq!((error.reason.as_str(), error.advice(), error.fatal), ("RATE_LIMITED", Advice::Retry, false));
    assert_eq!(error.code, Code::ResourceExhausted as i32);
    assert_eq!(error.metadata["setting"], "session.joins_per_second");
    assert_eq!(error.metadata["limit"], "1");
    assert!((1..=1_000).contains(&error.retry_after_ms), "{error:?}");
    assert_eq!(node.metric("wigwag_rooms").await, 0, "nothing was created");
    assert_eq!(limited(&node, "session.joins_per_second").await, 1);
    // The connection goes on, and the request works after that time.
    tokio::time::sleep(Duration::from_millis(error.retry_after_ms.into())).await;
    let seq = peer.send(create("other")).await;
    let frame = peer.next().await;
    assert!(frame.reply_to == seq && matches!(frame.body, Some(Down::Joined(_))), "{frame:?}");

    // The same with Push.
    let mut web = Web::open(&node).await;
    let refused = loop {
        let seq = web.send(join("demo")).await;
        let frame = web.next().await;
        assert_eq!(frame.reply_to, seq);
        if let Some(Down::Error(error)) = frame.body {
            break error;
        }
    };
    assert_eq!(refused.reason, "RATE_LIMITED");
}

#[tokio::test]
async fn a_room_admits_so_many_at_once() {
    let node = Node::with(|config| {
        (config.rooms.joins_per_second, config.rooms.joins_burst, config.rooms.max_members) = (1, 2, 2);
    })
    .await;
    let _stays = Peer::in_room(&node, "kept").await;
    let mut peer = Peer::open(&node).await;
    let error = until_refused(&mut peer, "kept").await;
    assert_eq!((error.reason.as_str(), error.metadata["setting"].as_str()), ("RATE_LIMITED", "rooms.joins_per_second"));
    peer.join("another").await;
}

#[tokio::test]
async fn neighbors_on_the_same_connection_are_not_held_back() {
    let node = Node::with(|config| (config.session.frames_per_second, config.session.frames_burst) = (20, 5)).await;
    let mut client = node.client().await;
    let mut flood = Peer::with(&mut client, resumable()).await;
    let mut calm = Peer::with(&mut client, resumable()).await;
    flood.join("noise").await;
    calm.join("demo").await;
    let mut ada = Peer::in_room(&node, "demo").await;
    calm.expect_joined(ada.id()).await;
    for _ in 0..2_000 {
        flood.send(say("noise", "x")).await;
    }
    for index in 0..10 {
        let began = Instant::now();
        calm.send(say("demo", &index.to_string())).await;
        ada.expect_text(&index.to_string()).await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let error = flood.expect_fatal().await;
    assert_eq!((error.reason.as_str(), error.advice()), ("RATE_LIMITED", Advice::Resume));
    assert_eq!(error.metadata["setting"], "session.frames_per_second");
    assert!(error.retry_after_ms >= 1_000);
    calm.send(say("demo", "still here")).await;
    ada.expect_text("still here").await;
}

#[tokio::test]
async fn the_welcome_tells_the_limits_that_there_are() {
    let node = Node::with(|config| {
        config.session.bytes_per_second = 0;
        (config.rooms.joins_per_second, config.rooms.joins_burst) = (7, 3_000);
    })
    .await;
    let named = Hello { features: vec!["unknown".into()], ..resumable() };
    let peer = Peer::with(&mut node.client().await, named).await;
    let limits = peer.welcome.limits.as_ref().expect("limits");
    let rates: Vec<_> = limits.rates.iter().map(|rate| (rate.name.as_str(), rate.per_second, rate.burst)).collect();
    assert_eq!(rates[0], ("session.frames_per_second", 2_000, 20_000));
    assert!(rates.contains(&("rooms.joins_per_second", 7, 3_000)), "{rates:?}");
    assert!(rates.iter().all(|(name, ..)| *name != "session.bytes_per_second"), "{rates:?}");
    assert_eq!(limits.frames_per_second, 2_000);
    // A client of version 0.1.0 names no features.
    let old = Peer::open(&node).await;
    let limits = old.welcome.limits.as_ref().expect("limits");
    assert_eq!((limits.frames_per_second, limits.rates.len()), (2_000, 0));
}

#[tokio::test]
async fn a_mesh_of_64_that_joins_at_once_meets_no_limit() {
    let node = Node::start().await;
    let mut client = node.client().await;
    let mut peers = Vec::new();
    for _ in 0..64 {
        let mut peer = Peer::with(&mut client, Hello::default()).await;
        peer.join("mesh").await;
        peers.push(peer);
    }
    let ids: Vec<_> = peers.iter().map(|peer| peer.id().to_owned()).collect();
    let text = "candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host generation 0 ufrag abcd network-id 1";
    let mut tasks = tokio::task::JoinSet::new();
    for (at, mut peer) in peers.into_iter().enumerate() {
        let ids = ids.clone();
        tasks.spawn(async move {
            // The newcomers offer: each sends 10 candidates to those that are there.
            for to in ids.iter().take(at) {
                for _ in 0..10 {
                    peer.send(Up::Envelope(frames::envelope("mesh", to, text))).await;
                }
            }
            let (mut heard, expected) = (0, 10 * (ids.len() - 1 - at));
            while heard < expected {
                match peer.next().await.body {
                    Some(Down::Envelope(_)) => heard += 1,
                    Some(Down::Error(error)) => panic!("{error:?}"),
                    _ => {}
                }
            }
            peer
        });
    }
    let mut kept = Vec::new();
    while let Some(done) = tasks.join_next().await {
        kept.push(done.expect("no panic"));
    }
    for setting in ["session.frames_per_second", "session.deliveries_per_second", "rooms.joins_per_second"] {
        assert_eq!(limited(&node, setting).await, 0, "{setting}");
    }
}

#[tokio::test]
async fn calls_without_a_token_are_limited() {
    let node = Node::with(|config| {
        (config.room_service_calls_per_second, config.room_service_calls_burst) = (1, 3);
    })
    .await;
    let mut rooms = RoomServiceClient::new(node::channel_of(node.addr).await);
    let mut answered = 0;
    let status = loop {
        let status = rooms.get_room(GetRoomRequest { room: "none".into() }).await.expect_err("no such room");
        if status.code() != Code::NotFound {
            break status;
        }
        answered += 1;
        assert!(answered < 100, "never refused");
    };
    assert!(answered >= 4);
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "RATE_LIMITED"));
    let delay = status.get_details_retry_info().and_then(|info| info.retry_delay).expect("when to repeat it");
    assert!(delay <= Duration::from_secs(1), "{delay:?}");
    assert_eq!(limited(&node, "room_service_calls_per_second").await, 1);
    tokio::time::sleep(delay).await;
    let status = rooms.get_room(GetRoomRequest { room: "none".into() }).await.expect_err("no such room");
    assert_eq!(status.code(), Code::NotFound);
}
