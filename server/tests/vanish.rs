//! Clients that vanish: other members are notified, and no state of them remains.

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;

use wigwag_proto::v1::room_service_client::RoomServiceClient;
use wigwag_proto::v1::{Hello, WatchRoomsRequest};

use crowd::{Crowd, End};
use frames::{resumable, say};
use node::{Node, channel_of, client_that_resets};
use peer::Peer;

#[tokio::test]
async fn others_are_notified_of_a_lost_live_connection() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    for end in [End::Closed, End::Reset] {
        let crowd = Crowd::gather(node.addr, end, 1, 1, Hello::default(), |_| "demo".into()).await;
        let joined = ada.next().await;
        crowd.die().await;
        let left = ada.expect_left().await;
        assert_eq!(left.reason, "CONNECTION_LOST", "{end:?} after {joined:?}");
    }
}

#[tokio::test]
async fn others_are_notified_of_a_dropped_stream_on_an_open_connection() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut client = client_that_resets(node.addr).await;
    let mut stays = Peer::with(&mut client, Hello::default()).await;
    stays.join("demo").await;
    ada.expect_joined(stays.id()).await;
    let mut goes = Peer::with(&mut client, Hello::default()).await;
    goes.join("demo").await;
    ada.expect_joined(goes.id()).await;
    stays.expect_joined(goes.id()).await;
    let id = goes.id().to_owned();
    drop(goes);
    for other in [&mut ada, &mut stays] {
        let left = other.expect_left().await;
        assert_eq!((left.peer_id.as_str(), left.reason.as_str()), (id.as_str(), "CONNECTION_LOST"));
    }
    stays.send(say("demo", "the connection carries on")).await;
    ada.expect_text("the connection carries on").await;
}

async fn nothing_is_left(node: &Node) {
    for metric in [
        "wigwag_connections_open",
        "wigwag_sessions",
        "wigwag_sessions_attached",
        "wigwag_rooms",
        "wigwag_watchers",
        "wigwag_timers",
    ] {
        node.until(metric, 0).await;
    }
}

/// A room of five for every five peers.
fn fives(index: usize) -> String {
    format!("room-{}", index / 5)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_live_clients_killed_at_once_leave_nothing() {
    let node = Node::start().await;
    let crowd = Crowd::gather(node.addr, End::Closed, 10, 100, Hello::default(), fives).await;
    let mut rooms = RoomServiceClient::new(channel_of(node.addr).await);
    let watch = rooms.watch_rooms(WatchRoomsRequest::default()).await.expect("a watch").into_inner();
    assert_eq!(node.metric("wigwag_sessions").await, 1_000);
    assert_eq!(node.metric("wigwag_rooms").await, 200);
    assert_eq!(node.metric("wigwag_watchers").await, 1);
    assert_eq!(node.metric("wigwag_connections_open").await, 11);
    crowd.die().await;
    drop((watch, rooms));
    nothing_is_left(&node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_resumable_clients_that_never_return_leave_nothing() {
    let node = Node::start().await;
    let hello = Hello { grace_ms: 1_000, ..resumable() };
    let crowd = Crowd::gather(node.addr, End::Reset, 10, 100, hello, fives).await;
    assert_eq!(node.metric("wigwag_sessions").await, 1_000);
    crowd.die().await;
    nothing_is_left(&node).await;
}
