//! Presence: every observer sees a member join once and leave once, and all see it in one order.

#[path = "support/frames.rs"]
mod frames;
#[path = "support/inbox.rs"]
mod inbox;
#[path = "support/node.rs"]
mod node;
#[path = "support/peer.rs"]
mod peer;

use tonic::transport::Endpoint;
use wigwag_proto::v1::{
    EndRoom, Hello, Member, RemoveMember, RemoveMemberRequest, ServerFrame, UpdateMember, client_frame::Body as Up,
    member::Role, room_service_client::RoomServiceClient, server_frame::Body as Down,
};

use frames::{join, leave, resumable, say};
use node::Node;
use peer::Peer;

fn ids(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| member.peer_id.as_str()).collect()
}

/// A change of a room: what, about whom, in which version.
fn change(frame: &ServerFrame) -> (&'static str, String, u32) {
    let peer = |member: &Option<Member>| member.as_ref().expect("a member").peer_id.clone();
    match &frame.body {
        Some(Down::MemberJoined(joined)) => ("joined", peer(&joined.member), joined.version),
        Some(Down::MemberUpdated(updated)) => ("updated", peer(&updated.member), updated.version),
        Some(Down::MemberLeft(left)) => ("left", left.peer_id.clone(), left.version),
        Some(Down::RoomUpdated(updated)) => {
            ("room", updated.room_info.as_ref().expect("a room").owner.clone(), updated.version)
        }
        other => panic!("no presence: {other:?}"),
    }
}

#[tokio::test]
async fn new_members_get_the_others_in_join_order_and_the_others_are_notified() {
    let node = Node::start().await;
    let hello = Hello { display_name: "Ada".into(), metadata: [("k".into(), "v".into())].into(), ..resumable() };
    let mut ada = Peer::with(&mut node.client().await, hello).await;
    let joined = ada.join("demo").await;
    assert!(joined.created && joined.members.is_empty());
    let mut bob = Peer::open(&node).await;
    let joined = bob.join("demo").await;
    assert!(!joined.created);
    assert_eq!(ids(&joined.members), [ada.id()]);
    let seen = &joined.members[0];
    assert_eq!((seen.display_name.as_str(), seen.metadata["k"].as_str()), ("Ada", "v"));
    assert_eq!((seen.role(), joined.me.expect("me").role()), (Role::Owner, Role::Member));
    let mut cyd = Peer::open(&node).await;
    assert_eq!(ids(&cyd.join("demo").await.members), [ada.id(), bob.id()]);
    ada.expect_joined(bob.id()).await;
    ada.expect_joined(cyd.id()).await;
    bob.expect_joined(cyd.id()).await;
}

#[tokio::test]
async fn a_second_join_is_answered_with_the_roster_and_changes_nothing() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::open(&node).await;
    let first = bob.join("demo").await;
    ada.expect_joined(bob.id()).await;
    let again = bob.join("demo").await;
    assert_eq!((again.version, ids(&again.members)), (first.version, vec![ada.id()]));
    bob.send(say("demo", "nothing came before this")).await;
    ada.expect_text("nothing came before this").await;
}

#[tokio::test]
async fn all_observers_receive_all_changes_in_one_order() {
    let node = Node::start().await;
    let mut observers = Vec::new();
    for _ in 0..3 {
        observers.push(Peer::in_room(&node, "demo").await);
    }
    let ids: Vec<_> = observers.iter().map(|observer| observer.id().to_owned()).collect();
    for index in 1..3 {
        for joined in &ids[index..] {
            observers[index - 1].expect_joined(joined).await;
        }
    }
    let mut visits = Vec::new();
    for _ in 0..5 {
        let addr = node.addr;
        visits.push(tokio::spawn(async move {
            let mut guest = Peer::with(&mut node::client_of(addr).await, resumable()).await;
            for _ in 0..10 {
                guest.send(join("demo")).await;
                guest
                    .send(Up::UpdateMember(UpdateMember {
                        room: "demo".into(),
                        display_name: Some("guest".into()),
                        ..UpdateMember::default()
                    }))
                    .await;
                guest.send(leave("demo")).await;
            }
            while guest.next().await.reply_to < 30 {}
        }));
    }
    for visit in visits {
        visit.await.expect("no panic");
    }
    let mut heard = Vec::new();
    for observer in &mut observers {
        let mut changes = Vec::new();
        for _ in 0..150 {
            changes.push(change(&observer.next().await));
        }
        heard.push(changes);
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], heard[2]);
    assert!(heard[0].windows(2).all(|pair| pair[1].2 == pair[0].2 + 1), "each version once: {:?}", heard[0]);
}

#[tokio::test]
async fn ownership_passes_to_the_one_who_joined_next() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    let mut cyd = Peer::in_room(&node, "demo").await;
    bob.expect_joined(cyd.id()).await;
    ada.expect_joined(bob.id()).await;
    ada.expect_joined(cyd.id()).await;
    ada.send(leave("demo")).await;
    assert_eq!(ada.expect_own_left().await.reason, "LEFT");
    for other in [&mut bob, &mut cyd] {
        assert_eq!(other.expect_left().await.reason, "LEFT");
    }
    let bob_id = bob.id().to_owned();
    for other in [&mut bob, &mut cyd] {
        let (what, owner, _) = change(&other.next().await);
        assert_eq!((what, owner), ("room", bob_id.clone()));
        // Clients that show roles need not derive them from the room's owner.
        let Some(Down::MemberUpdated(updated)) = other.next().await.body else { panic!("no new role") };
        let member = updated.member.expect("a member");
        assert_eq!((member.peer_id.as_str(), member.role()), (bob_id.as_str(), Role::Owner));
    }
    let kick = RemoveMember { room: "demo".into(), peer_id: cyd.id().into(), ban: false };
    let seq = bob.send(Up::RemoveMember(kick)).await;
    assert_eq!(cyd.expect_own_left().await.reason, "REMOVED");
    let mut answered = false;
    for _ in 0..2 {
        let frame = bob.next().await;
        match &frame.body {
            Some(Down::Done(_)) => answered = frame.reply_to == seq,
            _ => assert_eq!(change(&frame).0, "left"),
        }
    }
    assert!(answered);
    // Removed is not banned.
    cyd.join("demo").await;
}

#[tokio::test]
async fn the_end_of_a_room_is_reported_to_all_members() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    let seq = ada.send(Up::EndRoom(EndRoom { room: "demo".into() })).await;
    assert_eq!(ada.expect_own_left().await.reason, "ENDED");
    let done = ada.next().await;
    assert!(done.reply_to == seq && matches!(done.body, Some(Down::Done(_))), "{done:?}");
    assert_eq!(bob.expect_own_left().await.reason, "ENDED");
    let seq = bob.send(say("demo", "x")).await;
    assert_eq!(bob.refused(seq).await.reason, "NOT_JOINED");
    assert_eq!(node.metric("wigwag_rooms").await, 0);
    assert!(bob.join("demo").await.created, "a room of that name may be made again");
}

#[tokio::test]
async fn a_join_is_reported_before_the_members_first_envelope() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    for round in 0..50 {
        let mut guest = Peer::live(&node).await;
        // Without waiting for the answer.
        guest.send(join("demo")).await;
        guest.send(say("demo", &round.to_string())).await;
        guest.send(leave("demo")).await;
        ada.expect_joined(guest.id()).await;
        ada.expect_text(&round.to_string()).await;
        assert_eq!(ada.expect_left().await.peer_id, guest.id());
    }
}

#[tokio::test]
async fn a_peer_that_left_receives_nothing_more_of_the_room() {
    let node = Node::start().await;
    let mut ada = Peer::in_room(&node, "demo").await;
    let mut bob = Peer::in_room(&node, "demo").await;
    ada.expect_joined(bob.id()).await;
    bob.send(leave("demo")).await;
    bob.expect_own_left().await;
    ada.expect_left().await;
    let cyd = Peer::in_room(&node, "demo").await;
    ada.expect_joined(cyd.id()).await;
    ada.send(say("demo", "not for bob")).await;
    bob.join("other").await;
}

#[tokio::test]
async fn a_peer_is_announced_before_its_envelope_even_to_who_was_removed_meanwhile() {
    let node = Node::start().await;
    let bob = Peer::in_room(&node, "demo").await;
    let (hello, sent, seen, id) = (bob.resume(), bob.sent, bob.seen, bob.id().to_owned());
    drop(bob);
    let mut ada = Peer::in_room(&node, "demo").await;
    ada.send(say("demo", "hello")).await;
    // The answer to a later frame: the envelope has been accepted.
    ada.join("other").await;
    let remove = RemoveMemberRequest { room: "demo".into(), peer_id: id, ban: false };
    let endpoint = Endpoint::from_shared(format!("http://{}", node.addr)).expect("a URL");
    let mut rooms = RoomServiceClient::new(endpoint.connect().await.expect("connects"));
    rooms.remove_member(remove).await.expect("removed");
    let mut bob = Peer::with(&mut node.client().await, hello).await;
    (bob.sent, bob.seen) = (sent, seen);
    let Some(Down::Roster(roster)) = bob.next().await.body else { panic!("no roster") };
    assert_eq!(ids(&roster.members), [ada.id()]);
    bob.expect_text("hello").await;
    assert_eq!(bob.expect_own_left().await.reason, "REMOVED");
}
