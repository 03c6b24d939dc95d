//! Presence: joins, changes and leaves, reported once each.

use std::collections::HashMap;

use wigwag_client::{Event, JoinOptions, Presence, Role, Session};

use crate::{
    peers::{next, pair},
    server::{Server, within},
};

#[tokio::test]
async fn members_see_each_other_join_change_and_leave() {
    let server = Server::start().await;
    let ada = server.session("Ada").await;
    let adas = ada.join("demo").await.expect("joined");
    assert!(adas.was_created() && adas.members().is_empty());
    let me = adas.me().expect("my entry");
    assert_eq!((me.peer_id, me.role, me.presence), (ada.peer_id(), Role::Owner, Presence::Online));

    let bob = Session::builder(server.url())
        .display_name("Bob")
        .user_id("bob@example.org")
        .metadata("device", "phone")
        .connect()
        .await
        .expect("a session");
    let bobs = bob.join("demo").await.expect("joined");
    let mut events = adas.events();
    let Event::MemberJoined { member, .. } = next(&mut events).await else { panic!("Bob joined") };
    assert_eq!((member.peer_id, member.display_name.as_str(), member.role), (bob.peer_id(), "Bob", Role::Member));
    assert_eq!((member.user_id.as_str(), member.metadata["device"].as_str()), ("bob@example.org", "phone"));

    bobs.update_me(Some("Robert"), HashMap::from([("device".into(), String::new())])).await.expect("changed");
    let Event::MemberUpdated { member, .. } = next(&mut events).await else { panic!("Bob changed") };
    assert_eq!((member.peer_id, member.display_name.as_str()), (bob.peer_id(), "Robert"));
    assert!(member.metadata.is_empty(), "{:?}", member.metadata);

    bobs.leave().await.expect("left");
    let Event::MemberLeft { peer_id, reason, .. } = next(&mut events).await else { panic!("Bob left") };
    assert_eq!((peer_id, reason.as_deref()), (bob.peer_id(), Some("LEFT")));
    assert!(adas.members().is_empty());
    let mut events = bobs.events();
    let Event::MemberUpdated { member, .. } = next(&mut events).await else { panic!("Bob changed") };
    assert_eq!(Some(member), bobs.me());
    assert!(matches!(next(&mut events).await, Event::Left { reason, .. } if reason == "LEFT"));
}

#[tokio::test]
async fn a_room_may_know_a_peer_under_another_name() {
    let server = Server::start().await;
    let (ada, bob) = (server.session("Ada").await, server.session("Bob").await);
    let options = JoinOptions::default().display_name("Host").metadata("hand", "raised");
    let _adas = ada.join_with("demo", options).await.expect("joined");
    let members = bob.join("demo").await.expect("joined").members();
    assert_eq!((members[0].display_name.as_str(), members[0].metadata["hand"].as_str()), ("Host", "raised"));
}

#[tokio::test]
async fn joining_twice_returns_the_same_membership() {
    let server = Server::start().await;
    let ((_ada, adas), (bob, _bobs)) = pair(&server, "twice").await;
    let again = bob.join("twice").await.expect("the same room");
    assert_eq!(again.members().len(), 1);
    let left = bob.join("other").await.expect("joined");
    left.leave().await.expect("left");
    assert_eq!(adas.members().len(), 1);
}

#[tokio::test]
async fn an_owner_removes_and_bans() {
    let server = Server::start().await;
    let ((_ada, adas), (bob, bobs)) = pair(&server, "strict").await;
    adas.remove(&bob.peer_id()).await.expect("removed");
    let reason = last_event(&bobs).await;
    assert_eq!(reason, "REMOVED");
    let bobs = bob.join("strict").await.expect("a removed peer may return");
    adas.ban(&bob.peer_id()).await.expect("banned");
    assert_eq!(last_event(&bobs).await, "BANNED");
    assert_eq!(bob.join("strict").await.map(|_| ()).expect_err("banned").reason, "BANNED");
}

#[tokio::test]
async fn ownership_passes_to_the_member_who_joined_next() {
    let server = Server::start().await;
    let ((_ada, adas), (bob, bobs)) = pair(&server, "heir").await;
    adas.leave().await.expect("left");
    let mut events = bobs.events();
    within("Bob owns the room", async {
        while bobs.info().owner != Some(bob.peer_id()) {
            next(&mut events).await;
        }
    })
    .await;
    assert_eq!(bobs.me().expect("my entry").role, Role::Owner);
    bobs.end().await.expect("an owner may end the room");
}

async fn last_event(room: &wigwag_client::Room) -> String {
    let mut events = room.events();
    loop {
        if let Event::Left { reason, .. } = next(&mut events).await {
            return reason;
        }
    }
}
