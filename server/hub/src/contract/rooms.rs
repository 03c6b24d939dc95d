//! Joining and leaving rooms, and how rooms begin and end.

use std::collections::BTreeMap;

use super::{
    kit::{World, answer, in_room, join, room_name},
    make::Make,
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

/// Returns the specification of a room.
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
    answer(|| world.backend.room(&room_name(room))).is_ok()
}

pub(super) fn a_session_joins_and_leaves(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let first = ada.join("demo");
    assert!(first.created && first.snapshot.members.iter().any(|member| member.peer == *ada.peer()));
    assert_eq!(world.members(&first.snapshot), "ada");
    let second = bob.join("demo");
    assert!(!second.created);
    assert_eq!(world.members(&second.snapshot), "ada bob");
    assert_eq!(second.snapshot.info.version, first.snapshot.info.version + 1);
    ada.leave("demo");
    assert_eq!(world.members_in("demo"), "bob");
    let gone = ada.step(|a, n| a.leave(world.now(), n, &room_name("demo")));
    assert_eq!(gone, Err(StepError::Refused(MemberError::NotJoined)));
    ada.join("demo");
    assert_eq!(world.members_in("demo"), "bob ada", "last in join order");
    assert_eq!(bob.read_presence("demo", &mut ada), ["-ada LEFT", "room owner bob", "~bob online", "+ada"]);
}

pub(super) fn joining_twice_changes_nothing(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    let version = bob.join("demo").snapshot.info.version;
    let again = ada.join("demo");
    assert_eq!((world.members(&again.snapshot).as_str(), again.created), ("ada bob", false));
    assert_eq!(again.snapshot.info.version, version);
    assert_eq!(bob.read_presence("demo", &mut ada), [""; 0]);
    ada.send(in_room("demo", None, "once")).expect("accepted");
    assert_eq!(bob.read_all(&mut ada), ["once"]);
}

pub(super) fn members_per_room_are_limited(make: &Make<'_>) {
    let world = make.world_with(Limits { members: 3, ..Limits::default() });
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.try_join(create(RoomSpec { max_members: 1, ..spec("small") })).expect("created");
    assert_eq!(bob.try_join(join("small")), Err(StepError::Refused(JoinError::RoomFull { max: 1 })));
    ada.leave("small");
    bob.try_join(join("small")).expect("there is room again");
    let joins: Vec<_> = (0..4).map(|n| world.client(&n.to_string()).try_join(join("big")).is_ok()).collect();
    assert_eq!(joins, [true, true, true, false], "limited by the backend");
    assert_eq!(world.members_in("big"), "0 1 2");
}

pub(super) fn rooms_per_session_are_limited(make: &Make<'_>) {
    let world = make.world_with(Limits { rooms_per_session: 2, ..Limits::default() });
    let mut ada = world.client("ada");
    ada.join("one");
    ada.join("two");
    let refused = Err(StepError::Refused(JoinError::TooManyRooms { max: 2 }));
    assert_eq!(ada.try_join(join("three")), refused);
    assert_eq!(ada.try_join(create(spec("three"))), refused);
    assert!(!there(&world, "three"), "a refused join creates no room");
    ada.join("two");
    ada.leave("one");
    ada.join("three");
}

pub(super) fn rooms_are_limited(make: &Make<'_>) {
    let world = make.world_with(Limits { rooms: 1, ..Limits::default() });
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("one");
    bob.join("one");
    assert_eq!(bob.try_join(join("two")), Err(StepError::Refused(JoinError::RoomsExhausted)));
    assert_eq!(answer(|| world.backend.create_room(world.now(), spec("two"), None)), Err(RoomError::Exhausted));
    ada.leave("one");
    bob.leave("one");
    bob.join("two");
}

pub(super) fn a_join_may_require_an_existing_room(make: &Make<'_>) {
    let world = make.world();
    let mut ada = world.client("ada");
    let only_join = || Join { create: Create::Never, ..join("demo") };
    assert_eq!(ada.try_join(only_join()), Err(StepError::Refused(JoinError::RoomNotFound)));
    answer(|| world.backend.create_room(world.now(), spec("demo"), None)).expect("created");
    assert!(!ada.try_join(only_join()).expect("joined").created);
}

pub(super) fn a_create_requires_that_no_room_exists(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let made = ada.try_join(create(RoomSpec { display_name: "Demo".into(), ..spec("demo") })).expect("created");
    assert!(made.created);
    assert_eq!(made.snapshot.info.owner.as_ref(), Some(ada.peer()));
    assert_eq!((made.snapshot.members[0].role, &*made.snapshot.info.display_name), (Role::Owner, "Demo"));
    let exists = Err(StepError::Refused(JoinError::RoomExists));
    assert_eq!(bob.try_join(create(spec("demo"))), exists);
    assert_eq!(ada.try_join(create(spec("demo"))), exists, "also for its members");
    assert_eq!(world.members_in("demo"), "ada");
}

pub(super) fn ownership_passes_in_join_order(make: &Make<'_>) {
    let world = make.world();
    let mut clients: Vec<_> = ["ada", "bob", "eve", "fay"].map(|name| world.client(name)).into();
    clients.iter_mut().for_each(|client| drop(client.join("demo")));
    let owner = || answer(|| world.backend.room(&room_name("demo"))).expect("there").owner.map(|p| world.name(&p));
    assert_eq!(owner().as_deref(), Some("ada"));
    let mut fay = clients.pop().expect("four");
    let mut eve = clients.pop().expect("three");
    clients[1].leave("demo");
    assert_eq!(owner().as_deref(), Some("ada"), "the leave of a plain member does not change the owner");
    answer(|| clients[0].attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(owner().as_deref(), Some("eve"), "the next in join order that is still a member");
    assert_eq!(fay.read_presence("demo", &mut eve), ["-bob LEFT", "-ada LEFT", "room owner eve", "~eve online"]);
    let roles = answer(|| world.backend.snapshot(&room_name("demo"))).expect("there").members;
    assert_eq!(roles.iter().map(|m| m.role).collect::<Vec<_>>(), [Role::Owner, Role::Member]);
    eve.step(|a, n| a.end_room(world.now(), n, &room_name("demo"))).expect("the owner may");
}

pub(super) fn duplicate_users_are_handled_by_the_rooms_rule(make: &Make<'_>) {
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
            DuplicateUsers::Allow => assert_eq!((outcome, world.members_in(&room)), (Ok(()), "owner one two".into())),
            DuplicateUsers::Reject => {
                assert_eq!(outcome, Err(StepError::Refused(JoinError::UserTaken)));
                claims.try_join(join(&room)).expect("an unverified user id is not compared");
            }
            DuplicateUsers::Replace => {
                assert_eq!((outcome, world.members_in(&room)), (Ok(()), "owner two".into()));
                assert_eq!(one.read_all(&mut two), ["left Replace REPLACED"]);
                assert_eq!(owner.read_presence(&room, &mut two), ["+one", "-one REPLACED", "+two"]);
            }
        }
    }
}

pub(super) fn an_empty_room_ends_after_its_timeout(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("joined");
    ada.leave("joined");
    world.advance(0);
    assert!(!there(&world, "joined"), "a room created by a join ends with its last member");

    answer(|| world.backend.create_room(world.now(), spec("created"), None)).expect("created");
    world.advance(4_999);
    assert!(there(&world, "created"));
    ada.join("created");
    world.advance(60_000);
    assert!(there(&world, "created"), "not empty");
    answer(|| ada.attachment.close(world.now(), Reason::Left)).expect("it ends");
    world.advance(4_999);
    assert!(there(&world, "created"));
    world.advance(1);
    assert!(!there(&world, "created"));
    assert!(bob.join("created").created, "the name can be reused");
}

pub(super) fn a_member_updates_its_entry(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    bob.set("demo", "mood", "fine");
    bob.set("demo", "mood", "fine");
    let (now, demo) = (world.now(), room_name("demo"));
    let large = BTreeMap::from([("k".to_owned(), "x".repeat(5_000))]);
    let refused = bob.step(|a, n| a.update_member(now, n, &demo, Some("B".into()), large.clone()));
    assert!(matches!(refused, Err(StepError::Refused(MemberError::Metadata(_)))));
    let named = bob.step(|a, n| a.update_member(now, n, &demo, Some("Bob".into()), BTreeMap::new()));
    assert_eq!((named, bob.reply()), (Ok(()), Body::Done));
    let entry = answer(|| world.backend.member(&demo, bob.peer())).expect("a member");
    assert_eq!((&*entry.display_name, entry.metadata.bytes()), ("Bob", 8));
    bob.set("demo", "mood", "");
    let entry = answer(|| world.backend.member(&demo, bob.peer())).expect("a member");
    assert!(entry.metadata.is_empty(), "an empty value deletes");
    assert_eq!(ada.read_presence("demo", &mut bob), ["+bob", "~bob online", "~bob online", "~bob online"]);
    let outside = bob.step(|a, n| a.update_member(now, n, &room_name("other"), None, BTreeMap::new()));
    assert_eq!(outside, Err(StepError::Refused(MemberError::NotJoined)));
}

pub(super) fn owner_requests_are_refused_to_others(make: &Make<'_>) {
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
    assert_eq!(world.members_in("demo"), "ada bob");
    eve.join("demo");
}
