//! Seats: how they are taken and given up, and how rooms come and go.

use std::collections::BTreeMap;

use super::{
    Make,
    kit::{World, answer, in_room, join, room_name},
};
use crate::{
    backend::{Create, Join},
    error::{JoinError, MemberError, RoomError, StepError},
    frame::Body,
    limits::Limits,
    member::{DuplicateUsers, Metadata, Role},
    reason::Reason,
    room::RoomSpec,
};

/// What a room is made from.
pub(super) fn spec(room: &str) -> RoomSpec {
    RoomSpec {
        room: room_name(room),
        display_name: "".into(),
        max_members: 0,
        duplicate_users: DuplicateUsers::Allow,
        metadata: Metadata::default(),
        empty_timeout_ms: 5_000,
    }
}

fn create(spec: RoomSpec) -> Join {
    Join { create: Create::New(spec.clone()), ..join(spec.room.as_str()) }
}

fn there(world: &World, room: &str) -> bool {
    answer(world.backend.room(&room_name(room))).is_ok()
}

pub(super) fn a_seat_is_taken_and_given_up(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let first = ada.join("demo");
    assert!(first.created && first.me == *ada.peer());
    assert_eq!(world.members(&first.snapshot), "ada");
    let second = bob.join("demo");
    assert!(!second.created);
    assert_eq!(world.members(&second.snapshot), "ada bob");
    assert_eq!(second.snapshot.info.version, first.snapshot.info.version + 1);
    ada.leave("demo");
    assert_eq!(world.inside("demo"), "bob");
    let gone = ada.step(|a, n| a.leave(world.now(), n, &room_name("demo")));
    assert_eq!(gone, Err(StepError::Refused(MemberError::NotJoined)));
    ada.join("demo");
    assert_eq!(world.inside("demo"), "bob ada", "a new seat, behind the others");
    assert_eq!(bob.hears("demo", &mut ada), ["-ada LEFT", "room owner bob", "+ada"]);
}

pub(super) fn joining_twice_changes_nothing(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    let version = bob.join("demo").snapshot.info.version;
    let again = ada.join("demo");
    assert_eq!((world.members(&again.snapshot).as_str(), again.created), ("ada bob", false));
    assert_eq!(again.snapshot.info.version, version);
    assert_eq!(bob.hears("demo", &mut ada), [""; 0]);
    ada.send(in_room("demo", None, "one seat")).expect("accepted");
    assert_eq!(bob.reads(&mut ada), ["one seat"]);
}

pub(super) fn a_room_has_its_limit(make: &Make<'_>) {
    let world = make.world_with(Limits { members: 3, ..Limits::default() });
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.try_join(create(RoomSpec { max_members: 1, ..spec("small") })).expect("created");
    assert_eq!(bob.try_join(join("small")), Err(StepError::Refused(JoinError::RoomFull { max: 1 })));
    ada.leave("small");
    bob.try_join(join("small")).expect("a seat is free again");
    let joins: Vec<_> = (0..4).map(|n| world.client(&n.to_string()).try_join(join("big")).is_ok()).collect();
    assert_eq!(joins, [true, true, true, false], "the backend's own limit");
    assert_eq!(world.inside("big"), "0 1 2");
}

pub(super) fn sessions_have_a_limit_of_rooms(make: &Make<'_>) {
    let world = make.world_with(Limits { rooms_per_session: 2, ..Limits::default() });
    let mut ada = world.client("ada");
    ada.join("one");
    ada.join("two");
    let refused = Err(StepError::Refused(JoinError::TooManyRooms { max: 2 }));
    assert_eq!(ada.try_join(join("three")), refused);
    assert_eq!(ada.try_join(create(spec("three"))), refused);
    assert!(!there(&world, "three"), "a refusal leaves no room behind");
    ada.join("two");
    ada.leave("one");
    ada.join("three");
}

pub(super) fn rooms_have_a_limit(make: &Make<'_>) {
    let world = make.world_with(Limits { rooms: 1, ..Limits::default() });
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("one");
    bob.join("one");
    assert_eq!(bob.try_join(join("two")), Err(StepError::Refused(JoinError::RoomsExhausted)));
    assert_eq!(answer(world.backend.create_room(world.now(), spec("two"), "")), Err(RoomError::Exhausted));
    ada.leave("one");
    bob.leave("one");
    bob.join("two");
}

pub(super) fn joining_may_need_a_room(make: &Make<'_>) {
    let world = make.world();
    let mut ada = world.client("ada");
    let only_join = || Join { create: Create::Never, ..join("demo") };
    assert_eq!(ada.try_join(only_join()), Err(StepError::Refused(JoinError::RoomNotFound)));
    answer(world.backend.create_room(world.now(), spec("demo"), "")).expect("created");
    assert!(!ada.try_join(only_join()).expect("joined").created);
}

pub(super) fn creating_needs_none(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let made = ada.try_join(create(RoomSpec { display_name: "Demo".into(), ..spec("demo") })).expect("created");
    assert!(made.created);
    assert_eq!(made.snapshot.info.owner.as_ref(), Some(ada.peer()));
    assert_eq!((made.snapshot.members[0].role, &*made.snapshot.info.display_name), (Role::Owner, "Demo"));
    let exists = Err(StepError::Refused(JoinError::RoomExists));
    assert_eq!(bob.try_join(create(spec("demo"))), exists);
    assert_eq!(ada.try_join(create(spec("demo"))), exists, "even for its members");
    assert_eq!(world.inside("demo"), "ada");
}

pub(super) fn ownership_passes_in_join_order(make: &Make<'_>) {
    let world = make.world();
    let mut clients: Vec<_> = ["ada", "bob", "eve", "fay"].map(|name| world.client(name)).into();
    clients.iter_mut().for_each(|client| drop(client.join("demo")));
    let owner = || answer(world.backend.room(&room_name("demo"))).expect("there").owner.map(|p| world.name(&p));
    assert_eq!(owner().as_deref(), Some("ada"));
    let mut fay = clients.pop().expect("four");
    let mut eve = clients.pop().expect("three");
    clients[1].leave("demo");
    assert_eq!(owner().as_deref(), Some("ada"), "a plain member's leave changes no owner");
    clients[0].attachment.close(world.now(), Reason::Left);
    assert_eq!(owner().as_deref(), Some("eve"), "the one who joined next and is still there");
    assert_eq!(fay.hears("demo", &mut eve), ["-bob LEFT", "-ada LEFT", "room owner eve"]);
    let roles = answer(world.backend.snapshot(&room_name("demo"))).expect("there").members;
    assert_eq!(roles.iter().map(|m| m.role).collect::<Vec<_>>(), [Role::Owner, Role::Member]);
    eve.step(|a, n| a.end_room(world.now(), n, &room_name("demo"))).expect("owners may");
}

pub(super) fn duplicate_users_follow_the_rule(make: &Make<'_>) {
    let world = make.world();
    let mut owner = world.client("owner");
    let same =
        |name: &str, verified| world.client_with(name, |open| (open.user, open.verified) = ("same".into(), verified));
    for rule in [DuplicateUsers::Allow, DuplicateUsers::Reject, DuplicateUsers::Replace] {
        let room = format!("{rule:?}");
        owner.try_join(create(RoomSpec { duplicate_users: rule, max_members: 3, ..spec(&room) })).expect("created");
        let (mut one, mut two, mut claims) = (same("one", true), same("two", true), same("claims", false));
        one.join(&room);
        let outcome = two.try_join(join(&room)).map(|_| ());
        match rule {
            DuplicateUsers::Allow => assert_eq!((outcome, world.inside(&room)), (Ok(()), "owner one two".into())),
            DuplicateUsers::Reject => {
                assert_eq!(outcome, Err(StepError::Refused(JoinError::UserTaken)));
                claims.try_join(join(&room)).expect("what a client calls itself does not count");
            }
            DuplicateUsers::Replace => {
                assert_eq!((outcome, world.inside(&room)), (Ok(()), "owner two".into()));
                assert_eq!(one.reads(&mut two), ["left Replace REPLACED"]);
                assert_eq!(owner.hears(&room, &mut two), ["+one", "-one REPLACED", "+two"]);
            }
        }
    }
}

pub(super) fn an_empty_room_ends_in_time(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("joined");
    ada.leave("joined");
    world.pass(0);
    assert!(!there(&world, "joined"), "a room made by joining ends with its last member");

    answer(world.backend.create_room(world.now(), spec("created"), "")).expect("created");
    world.pass(4_999);
    assert!(there(&world, "created"));
    ada.join("created");
    world.pass(60_000);
    assert!(there(&world, "created"), "it is not empty");
    ada.attachment.close(world.now(), Reason::Left);
    world.pass(4_999);
    assert!(there(&world, "created"));
    world.pass(1);
    assert!(!there(&world, "created"));
    assert!(bob.join("created").created, "the name is free again");
}

pub(super) fn a_member_changes_its_entry(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    bob.set("demo", "mood", "fine");
    bob.set("demo", "mood", "fine");
    let (now, demo) = (world.now(), room_name("demo"));
    let large = BTreeMap::from([("k".to_owned(), "x".repeat(5_000))]);
    let refused = bob.step(|a, n| a.update_member(now, n, &demo, Some("B".into()), large));
    assert!(matches!(refused, Err(StepError::Refused(MemberError::Metadata(_)))));
    let named = bob.step(|a, n| a.update_member(now, n, &demo, Some("Bob".into()), BTreeMap::new()));
    assert_eq!((named, bob.reply()), (Ok(()), Body::Done));
    let entry = answer(world.backend.member(&demo, bob.peer())).expect("a member");
    assert_eq!((&*entry.display_name, entry.metadata.bytes()), ("Bob", 8));
    bob.set("demo", "mood", "");
    let entry = answer(world.backend.member(&demo, bob.peer())).expect("a member");
    assert!(entry.metadata.is_empty(), "an empty value deletes");
    assert_eq!(ada.hears("demo", &mut bob), ["+bob", "~bob online", "~bob online", "~bob online"]);
    let outside = bob.step(|a, n| a.update_member(now, n, &room_name("other"), None, BTreeMap::new()));
    assert_eq!(outside, Err(StepError::Refused(MemberError::NotJoined)));
}

pub(super) fn owners_only(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    bob.join("demo");
    let (now, demo) = (world.now(), room_name("demo"));
    let not_owner = Err(StepError::Refused(MemberError::NotOwner));
    assert_eq!(bob.step(|a, n| a.end_room(now, n, &demo)), not_owner);
    assert_eq!(bob.step(|a, n| a.remove_member(now, n, &demo, ada.peer(), false)), not_owner);
    let not_joined = Err(StepError::Refused(MemberError::NotJoined));
    assert_eq!(eve.step(|a, n| a.end_room(now, n, &demo)), not_joined);
    assert_eq!(eve.step(|a, n| a.remove_member(now, n, &demo, ada.peer(), true)), not_joined);
    let unknown = ada.step(|a, n| a.remove_member(now, n, &demo, eve.peer(), true));
    assert_eq!(unknown, Err(StepError::Refused(MemberError::PeerNotFound)));
    assert_eq!(world.inside("demo"), "ada bob");
    eve.join("demo");
}
