//! That nothing crosses a namespace, and what namespaces share.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    kit::{World, answer, direct, in_room, room_name, text_bytes},
    make::Make,
    rooms::spec,
    watches::{take, watch},
};
use crate::{
    backend::{RequestId, SessionFilter, Whose},
    error::{DetachReason, FindError, OpenError, ResumeError, RoomError, SendError, StepError},
    frame::Item,
    id::PeerId,
    limits::Limits,
    reason::Reason,
    session::SessionKind,
};

/// Returns two namespaces of one backend, in which the same things have the same names.
fn two(make: &Make<'_>, limits: Limits) -> (World, World) {
    let empty = make.world_with(limits);
    let named = World::new(empty.backend.in_namespace("team-1"));
    (empty, named)
}

fn rooms(world: &World) -> Vec<String> {
    let page = answer(|| world.backend.rooms(None, 100)).expect("a page");
    page.iter().map(|info| info.room.to_string()).collect()
}

fn sessions(world: &World) -> usize {
    answer(|| world.backend.sessions(&SessionFilter::default(), None, 100)).expect("a page").len()
}

pub(super) fn names_are_those_of_their_namespace(make: &Make<'_>) {
    let (one, two) = two(make, Limits::default());
    let (mut ada, mut other) = (one.client("ada"), two.client("ada"));
    assert_eq!(ada.peer(), other.peer(), "the same peer id");
    let (mut bob, mut other_bob) = (one.client("bob"), two.client("bob"));
    for client in [&mut ada, &mut bob, &mut other, &mut other_bob] {
        client.join("demo");
    }
    assert_eq!((one.members_in("demo"), two.members_in("demo")), ("ada bob".to_owned(), "ada bob".to_owned()));
    other.join("theirs");
    assert_eq!((rooms(&one), rooms(&two)), (vec!["demo".to_owned()], vec!["demo".to_owned(), "theirs".to_owned()]));
    assert_eq!(answer(|| one.backend.room(&room_name("theirs"))), Err(RoomError::NotFound(room_name("theirs"))));
    assert_eq!((sessions(&one), sessions(&two)), (2, 2));

    ada.send(in_room("demo", None, "to all")).expect("accepted");
    ada.send_direct(bob.peer(), "to bob");
    other.send_direct(other_bob.peer(), "to the other bob");
    assert_eq!(bob.read(2), ["to all", "to bob"]);
    assert_eq!(other_bob.read(1), ["to the other bob"]);

    let eve = two.client("eve");
    let unknown = ada.send(direct(eve.peer(), "across"));
    assert_eq!(unknown, Err(StepError::Refused(SendError::PeerNotFound)));
    // The next frame has the number of the one that was refused.
    ada.send_direct(bob.peer(), "goes on");
}

pub(super) fn what_ends_in_one_stays_in_the_others(make: &Make<'_>) {
    let (one, two) = two(make, Limits::default());
    let (mut ada, mut other, mut bob) = (one.client("ada"), two.client("ada"), one.client("bob"));
    for client in [&mut ada, &mut other, &mut bob] {
        client.join("demo");
    }
    let room = room_name("demo");
    answer(|| one.backend.remove_member(one.now(), &room, ada.peer(), true)).expect("removed");
    assert_eq!((one.members_in("demo").as_str(), two.members_in("demo").as_str()), ("bob", "ada"));
    let mut again = two.client_with("again", |open| open.user = "user-ada".into());
    again.join("demo");
    answer(|| one.backend.end_room(one.now(), &room)).expect("ended");
    assert_eq!(two.members_in("demo"), "ada again");

    let user = || Arc::<str>::from("user-ada");
    let revoke = |world: &World, whose| answer(|| world.backend.revoke(world.now(), &whose, Reason::Forbidden));
    assert_eq!(revoke(&one, Whose::User(user())), Ok(1));
    assert_eq!(ada.wait_detached(), DetachReason::Ended(Reason::Forbidden));
    assert_eq!((sessions(&one), sessions(&two)), (1, 2));
    assert_eq!(revoke(&one, Whose::Peer(other.peer().clone())), Ok(0));
    let erased = answer(|| one.backend.erase(one.now(), &user())).expect("erased");
    assert_eq!((erased.sessions, sessions(&two)), (0, 2));
    assert_eq!(revoke(&two, Whose::User(user())), Ok(2));
}

pub(super) fn a_session_is_found_in_its_namespace(make: &Make<'_>) {
    let (one, two) = two(make, Limits::default());
    let mut ada = two.client("ada");
    let credentials = ada.credentials.clone();
    let found = |world: &World| answer(|| world.backend.find(&credentials, 1)).map(|_| ());
    assert_eq!((found(&one), found(&two)), (Err(FindError::UnknownSession), Ok(())));
    assert_eq!(answer(|| one.backend.bye(one.now(), &credentials, 1)), Ok(false));
    assert_eq!(answer(|| one.backend.end_session(one.now(), &credentials, Reason::Replaced)), Ok(false));
    ada.disconnect();
    let resume = ada.resume_request();
    let refused = answer(|| one.backend.resume(one.now(), resume.clone())).map(|_| ());
    assert_eq!(refused, Err(ResumeError::Reset(Reason::UnknownSession)));
    assert!(answer(|| two.backend.resume(two.now(), resume.clone())).is_ok());
    // A session that opens cannot take the place of one elsewhere.
    let mut open = one.open("eve");
    open.replaces = Some(credentials);
    answer(|| one.backend.open(one.now(), open.clone())).expect("opened");
    assert_eq!((sessions(&one), sessions(&two)), (1, 1));
}

pub(super) fn a_watch_is_of_its_namespace(make: &Make<'_>) {
    let (one, two) = two(make, Limits::default());
    let watch = watch(&one, None);
    assert_eq!(take(&one, &watch, 1), ["synced"]);
    let (mut other, mut ada) = (two.client("ada"), one.client("ada"));
    other.join("theirs");
    ada.join("ours");
    assert_eq!(take(&one, &watch, 2), ["ours created", "ours +ada"]);
}

pub(super) fn events_are_those_of_their_namespace(make: &Make<'_>) {
    let (one, two) = two(make, Limits::default());
    let (_ada, other, _bob) = (one.client("ada"), two.client("ada"), two.client("bob"));
    let events = |world: &World| answer(|| world.backend.events(0, 100)).expect("a page").events.len();
    assert_eq!((events(&one), events(&two)), (1, 2));
    let user = "user-ada".into();
    let erased = answer(|| one.backend.erase(one.now(), &user)).expect("erased");
    assert_eq!((erased.sessions, events(&one), events(&two)), (1, 0, 2), "the same peer id: {}", other.peer());
}

pub(super) fn a_request_id_is_of_its_namespace(make: &Make<'_>) {
    let (one, two) = two(make, Limits::default());
    let id = |digest| Some(RequestId { caller: "backend".into(), id: "1".into(), digest: [digest; 32] });
    let create = |world: &World, room, digest| {
        answer(|| world.backend.create_room(world.now(), spec(room), id(digest))).map(|info| info.room.to_string())
    };
    assert_eq!(create(&one, "ours", 1).as_deref(), Ok("ours"));
    assert_eq!(create(&two, "theirs", 2).as_deref(), Ok("theirs"), "another request");
    assert_eq!(create(&one, "ours", 1).as_deref(), Ok("ours"), "repeated");
    let send = |world: &World, room| {
        let envelope: Bytes = text_bytes("hello");
        answer(|| world.backend.send_to_room(world.now(), &room_name(room), None, envelope.clone(), id(3))).is_ok()
    };
    assert!(!send(&one, "theirs") && send(&two, "theirs"));
}

pub(super) fn namespaces_share_the_limits_of_the_node(make: &Make<'_>) {
    let (one, two) = two(make, Limits { sessions: 3, rooms: 2, detached_per_source: 1, ..Limits::default() });
    let (mut ada, mut other) = (one.client("ada"), two.client("ada"));
    ada.join("demo");
    other.join("demo");
    let stats = one.backend.stats();
    assert_eq!((stats.sessions, stats.attached, stats.rooms), (2, 2, 2));
    assert_eq!(two.backend.stats(), stats, "whichever is asked");
    assert_eq!(answer(|| two.backend.create_room(two.now(), spec("third"), None)), Err(RoomError::Exhausted));
    let _third = one.client("third");
    let open = two.open("fourth");
    assert!(matches!(answer(|| two.backend.open(two.now(), open.clone())), Err(OpenError::Full)));
    answer(|| two.backend.end_room(two.now(), &room_name("demo"))).expect("ended");
    answer(|| one.backend.create_room(one.now(), spec("third"), None)).expect("there is a place again");

    // Of one address there may be one without a connection: the older one ends, wherever it is.
    other.disconnect();
    ada.disconnect();
    one.advance(1_000);
    assert_eq!((sessions(&one), sessions(&two)), (2, 0));
    assert_eq!(answer(|| one.backend.totals()).expect("counted").sessions, 2);
}

pub(super) fn a_namespace_is_forgotten_when_nothing_is_left(make: &Make<'_>) {
    let (one, two) = two(make, Limits::default());
    let live = two.client_with("ada", |open| open.kind = SessionKind::Live);
    let delivered = {
        let mut bob = two.live("bob");
        bob.send_direct(live.peer(), "counted");
        two.backend.stats().delivered_total
    };
    assert!(delivered >= 1);
    assert!(one.backend.known_namespace("team-1").is_some(), "something is there");
    drop(live);
    let whose = |peer: &PeerId| Whose::Peer(peer.clone());
    let page = answer(|| two.backend.sessions(&SessionFilter::default(), None, 100)).expect("a page");
    for session in page {
        answer(|| two.backend.revoke(two.now(), &whose(&session.peer), Reason::Ended)).expect("ended");
    }
    drop(two);
    one.advance(3_600_000);
    one.advance(1);
    assert_eq!(one.backend.stats().delivered_total, delivered, "what it has done stays counted");
    assert!(one.backend.known_namespace("").is_some(), "the empty one stays");
    let again = World::new(one.backend.in_namespace("team-1"));
    assert_eq!(sessions(&again), 0);
}

pub(super) fn a_drain_is_of_all_namespaces(make: &Make<'_>) {
    let (one, two) = two(make, Limits::default());
    let (mut ada, mut other) = (one.client("ada"), two.client("ada"));
    two.backend.go_away(0, None);
    for client in [&mut ada, &mut other] {
        client.take(|item| matches!(item, Item::GoAway { .. }));
    }
    two.backend.drain(two.now());
    for client in [&mut ada, &mut other] {
        assert_eq!(client.wait_detached(), DetachReason::Ended(Reason::Draining));
    }
    assert_eq!(one.backend.stats().sessions, 0);
}
