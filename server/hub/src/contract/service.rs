//! Requests about rooms from backend services and tools.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::{
    kit::{answer, room_name, text_bytes},
    make::Make,
    rooms::spec,
};
use crate::{
    backend::{Reached, RequestId},
    error::RoomError,
    id::PeerId,
    limits::Limits,
    member::DuplicateUsers,
    room::RoomPatch,
};

pub(super) fn rooms_are_paged(make: &Make<'_>) {
    let world = make.world();
    for room in ["b", "a", "é", "c", "B"] {
        answer(|| world.backend.create_room(world.now(), spec(room), None)).expect("created");
    }
    let page = |after: Option<&str>, max| -> Vec<String> {
        let after = after.map(room_name);
        let page = answer(|| world.backend.rooms(after.as_ref(), max)).expect("a page");
        page.iter().map(|info| info.room.to_string()).collect()
    };
    assert_eq!(page(None, 10), ["B", "a", "b", "c", "é"], "byte order");
    assert_eq!(page(None, 2), ["B", "a"]);
    assert_eq!(page(Some("a"), 2), ["b", "c"]);
    assert_eq!(page(Some("aa"), 1), ["b"], "the name to start after need not exist");
    assert_eq!(page(Some("é"), 5), [""; 0]);
}

pub(super) fn pages_are_complete_while_others_end(make: &Make<'_>) {
    let world = make.world();
    let create = |room: &str| drop(answer(|| world.backend.create_room(world.now(), spec(room), None)));
    let stable: Vec<_> = (0..60).map(|number| format!("{number:03}")).collect();
    stable.iter().for_each(|room| create(room));
    let (backend, now) = (world.backend.clone(), world.now());
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let others = thread::spawn(move || {
        for number in (0..60).cycle() {
            let room = format!("{number:03} comes and goes");
            let _ = answer(|| backend.create_room(now, spec(&room), None));
            let _ = answer(|| backend.end_room(now, &room_name(&room)));
            if stopped.load(Ordering::Relaxed) {
                return;
            }
        }
    });
    for _ in 0..200 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = answer(|| world.backend.rooms(after.as_ref(), 7)).expect("a page");
            after = page.last().map(|info| info.room.clone());
            let more = page.len() == 7;
            seen.extend(page.into_iter().map(|info| info.room.to_string()).filter(|room| room.len() == 3));
            if !more {
                break;
            }
        }
        if seen != stable {
            stop.store(true, Ordering::Relaxed);
            panic!("{} of {} rooms that were there all the time: a page was cut short", seen.len(), stable.len());
        }
    }
    stop.store(true, Ordering::Relaxed);
    others.join().expect("no panic");
}

pub(super) fn members_are_paged(make: &Make<'_>) {
    let world = make.world();
    let mut crowd: Vec<_> = ["a", "b", "c", "d", "e"].map(|name| world.client(name)).into();
    crowd.iter_mut().for_each(|client| drop(client.join("demo")));
    crowd[1].leave("demo");
    let demo = room_name("demo");
    let (mut after, mut seen, mut pages) = (None, Vec::new(), 0);
    loop {
        let page = answer(|| world.backend.members(&demo, after, 2)).expect("there");
        assert_eq!(page.version, answer(|| world.backend.room(&demo)).expect("there").version);
        seen.extend(page.members.iter().map(|(_, member)| world.name(&member.peer)));
        after = page.members.last().map(|(position, _)| *position);
        pages += 1;
        if pages == 1 {
            crowd[0].leave("demo");
        }
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, ["a", "c", "d", "e"], "continues after a member that has left meanwhile");
    assert_eq!(pages, 2);
    let missing = room_name("missing");
    assert_eq!(answer(|| world.backend.members(&missing, None, 2)).err(), Some(RoomError::NotFound(missing)));
    let unknown = answer(|| world.backend.member(&demo, &PeerId::from_random(1)));
    assert_eq!(unknown.err(), Some(RoomError::PeerNotFound));
}

pub(super) fn rooms_are_created_and_updated(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let demo = room_name("demo");
    let made = answer(|| world.backend.create_room(world.now(), spec("demo"), None)).expect("created");
    assert_eq!((made.member_count, made.owner), (0, None));
    let again = answer(|| world.backend.create_room(world.now(), spec("demo"), None));
    assert_eq!(again, Err(RoomError::Exists(demo.clone())));
    ada.join("demo");
    bob.join("demo");
    let patch = RoomPatch {
        display_name: Some("Demo".into()),
        max_members: Some(2),
        duplicate_users: Some(DuplicateUsers::Reject),
        metadata: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
        empty_timeout_ms: Some(1_000),
    };
    let changed = answer(|| world.backend.update_room(world.now(), &demo, patch.clone())).expect("changed");
    assert_eq!((&*changed.display_name, changed.max_members, changed.metadata.bytes()), ("Demo", 2, 2));
    assert_eq!((changed.member_count, changed.owner.as_ref()), (2, Some(ada.peer())));
    assert_eq!(bob.read_presence("demo", &mut ada), ["room owner ada"]);
    let large = RoomPatch { metadata: BTreeMap::from([("k".to_owned(), "x".repeat(5_000))]), ..RoomPatch::default() };
    assert!(matches!(
        answer(|| world.backend.update_room(world.now(), &demo, large.clone())),
        Err(RoomError::Metadata(_))
    ));
    ada.leave("demo");
    bob.leave("demo");
    world.advance(1_000);
    assert_eq!(answer(|| world.backend.room(&demo)), Err(RoomError::NotFound(demo.clone())), "the new timeout applies");
    let gone = answer(|| world.backend.update_room(world.now(), &demo, RoomPatch::default()));
    assert_eq!(gone, Err(RoomError::NotFound(demo)));
}

pub(super) fn services_send_envelopes(make: &Make<'_>) {
    let world = make.world_with(Limits { detached_frames: 1, ..Limits::default() });
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    bob.join("demo");
    let demo = room_name("demo");
    let send = |to: Option<&PeerId>, text: &str| {
        answer(|| world.backend.send_to_room(world.now(), &demo, to, text_bytes(text), None))
    };
    assert_eq!(send(None, "all"), Ok(Reached { accepted: 2, undeliverable: Vec::new() }));
    assert_eq!(send(Some(bob.peer()), "bob"), Ok(Reached { accepted: 1, undeliverable: Vec::new() }));
    assert_eq!(send(Some(eve.peer()), "eve"), Err(RoomError::PeerNotFound));
    assert_eq!(ada.read_all(&mut eve), ["all"]);
    bob.disconnect();
    assert_eq!(send(Some(bob.peer()), "held"), Ok(Reached { accepted: 1, undeliverable: Vec::new() }));
    assert_eq!(send(None, "full"), Ok(Reached { accepted: 1, undeliverable: vec![bob.peer().clone()] }));
    bob.resume().expect("resumed");
    assert_eq!(bob.read_all(&mut eve), ["all", "bob", "held"]);
    assert_eq!(eve.read_all(&mut ada), [""; 0]);
    let missing = room_name("missing");
    let nowhere = answer(|| world.backend.send_to_room(world.now(), &missing, None, text_bytes("no"), None));
    assert_eq!(nowhere, Err(RoomError::NotFound(missing)));
}

/// Returns a request id of the only caller.
fn request_id(id: &str, request: &str) -> Option<RequestId> {
    let mut digest = [0; 32];
    digest[..request.len()].copy_from_slice(request.as_bytes());
    Some(RequestId { caller: "".into(), id: id.into(), digest })
}

pub(super) fn request_ids_make_requests_idempotent(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut via) = (world.client("ada"), world.client("via"));
    let demo = room_name("demo");
    let send =
        |id: &str| answer(|| world.backend.send_to_room(world.now(), &demo, None, text_bytes(id), request_id(id, id)));
    assert_eq!(send("early"), Err(RoomError::NotFound(demo.clone())));
    let create = |id: &str| answer(|| world.backend.create_room(world.now(), spec("demo"), request_id(id, "demo")));
    let first = create("c1").expect("created");
    assert_eq!(create("c1"), Ok(first), "a repetition returns the first response");
    assert_eq!(create("c2"), Err(RoomError::Exists(demo.clone())));
    ada.join("demo");
    let reached = Reached { accepted: 1, undeliverable: Vec::new() };
    for id in ["s1", "s1", "s2", "early", "s1"] {
        assert_eq!(send(id), Ok(reached.clone()));
    }
    assert_eq!(ada.read_all(&mut via), ["s1", "s2", "early"], "each once; failures are not cached");
    world.advance(60_000);
    assert_eq!(send("s1"), Ok(reached));
    assert_eq!(ada.read_all(&mut via), ["s1"], "cached for a limited time");
}

pub(super) fn a_request_id_is_for_one_request(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    ada.join("a");
    bob.join("b");
    let send = |room: &str, id: Option<RequestId>| {
        answer(|| world.backend.send_to_room(world.now(), &room_name(room), None, text_bytes(room), id.clone()))
    };
    let reached = Ok(Reached { accepted: 1, undeliverable: Vec::new() });
    let reused = Err(RoomError::RequestIdReused);
    assert_eq!(send("a", request_id("x", "a")), reached);
    assert_eq!(send("b", request_id("x", "b")), reused, "another room");
    assert_eq!(send("nowhere", request_id("x", "nowhere")), reused, "a room that does not exist");
    assert_eq!(send("a", request_id("x", "a")), reached, "the first request may still be repeated");
    let create =
        |room: &str, id: &str| answer(|| world.backend.create_room(world.now(), spec(room), request_id(id, room)));
    create("c1", "x").expect("another method");
    assert_eq!(create("c2", "x").err(), Some(RoomError::RequestIdReused));
    assert_eq!(answer(|| world.backend.room(&room_name("c2"))), Err(RoomError::NotFound(room_name("c2"))));
    let of_another = |id: Option<RequestId>| id.map(|id| RequestId { caller: "another".into(), ..id });
    assert_eq!(send("b", of_another(request_id("x", "b"))), reached, "another caller");
    assert_eq!(ada.read_all(&mut via), ["a"]);
    assert_eq!(bob.read_all(&mut via), ["b"]);
    world.advance(60_000);
    assert_eq!(send("b", request_id("x", "b")), reached, "an id may be used again later");
}

pub(super) fn request_ids_are_bounded(make: &Make<'_>) {
    let world = make.world_with(Limits { request_id_bytes: 4_096, ..Limits::default() });
    let mut ada = world.client("ada");
    ada.join("demo");
    let send = |id: &str| {
        answer(|| {
            world.backend.send_to_room(world.now(), &room_name("demo"), None, text_bytes("x"), request_id(id, "x"))
        })
    };
    let first = send("0");
    assert!(first.is_ok());
    let refused = (1..100).find(|number| send(&number.to_string()) == Err(RoomError::RequestIdsExhausted));
    assert!(refused.is_some(), "what is remembered is bounded in bytes");
    assert_eq!(send("0"), first, "a repetition is answered even then");
    world.advance(60_000);
    assert!(send("new").is_ok(), "the bound is of what is remembered at a time");
}
