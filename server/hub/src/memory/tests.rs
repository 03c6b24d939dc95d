use std::{sync::Arc, task::Waker};

use bytes::Bytes;

use super::{
    MemoryBackend,
    lock::lock,
    registry::{MAX_TOMBSTONES, SHARDS},
};
use crate::{
    backend::{Attachment, Create, Credentials, Grants, Join, Open, Outbound, Submitted},
    error::{JoinError, SendError, StepError},
    frame::{Change, Item},
    id::{PeerId, RoomName},
    limits::Limits,
    member::Metadata,
    reason::Reason,
    session::SessionKind,
    time::Now,
};

const NOW: Now = Now { mono_ms: 1_000, unix_ms: 1_000 };

fn open(backend: &MemoryBackend, peer: PeerId, kind: SessionKind) -> Arc<dyn Attachment> {
    let open = Open {
        credentials: Credentials { peer, secret_digest: [0; 32] },
        user: "".into(),
        verified: false,
        display_name: "".into(),
        metadata: Metadata::default(),
        kind,
        replaces: None,
        source: 0,
        request: 0,
        grants: Grants::default(),
    };
    backend.open_session(NOW, open).expect("opens")
}

fn open_live(backend: &MemoryBackend, name: &str) -> Arc<dyn Attachment> {
    open(backend, PeerId::parse(name).expect("valid"), SessionKind::Live)
}

fn join(attachment: &dyn Attachment, room: &RoomName) {
    let join = Join { room: room.clone(), display_name: None, metadata: None, create: Create::IfAbsent };
    assert!(matches!(attachment.join(NOW, 0, join), Submitted::Done(Ok(()))));
}

fn send(attachment: &dyn Attachment, room: &RoomName) -> Result<(), StepError<SendError>> {
    let send = Outbound { room: Some(room.clone()), to: None, receipt: false, envelope: Bytes::new() };
    match attachment.send(NOW, 0, send) {
        Submitted::Done(answer) => answer,
        Submitted::Pending(_) => panic!("the memory backend answers at once"),
    }
}

/// A page reloads: its old connection ends on one thread while the new one joins on another.
#[test]
fn a_session_that_reuses_a_peer_id_gets_its_own_membership() {
    let (backend, room) = (MemoryBackend::new(Limits::default()), RoomName::parse("demo").expect("valid"));
    let witness = open_live(&backend, "witness");
    let old = open_live(&backend, "rooms-ws:demo:ada");
    join(&*witness, &room);
    join(&*old, &room);
    let ending = backend.shared.sessions.get(old.peer().as_str()).expect("there");
    // `end_session` up to the registry: the id is free, the old session is still a member.
    let (rooms, _) = ending.state().end(Reason::ConnectionLost).expect("not ended before");
    let _ = backend.shared.sessions.remove(&ending, None);

    let new = open_live(&backend, "rooms-ws:demo:ada");
    join(&*new, &room);
    // The rest of `end_session`.
    for joined in rooms {
        backend.shared.release(NOW, &joined.room, &ending, Reason::ConnectionLost);
    }
    assert_eq!(send(&*new, &room), Ok(()), "the new session is a member");
    let found = backend.shared.room(&room).expect("a room");
    assert_eq!(lock(&found.state).members().len(), 2);
    let mut items = Vec::new();
    witness.fetch(NOW, Waker::noop(), 1 << 20, &mut items);
    let of_ada = |item: &Item| match item {
        Item::Presence(event) => match &event.change {
            Change::MemberJoined(member) if member.peer == *new.peer() => Some('+'),
            Change::MemberLeft(peer, _) if peer == new.peer() => Some('-'),
            _ => None,
        },
        _ => None,
    };
    assert_eq!(items.iter().filter_map(of_ada).collect::<String>(), "+-+");
}

#[test]
fn tombstones_are_bounded() {
    let backend = MemoryBackend::new(Limits { sessions: 1, ..Limits::default() });
    for number in 0..5_000_u128 {
        let peer = PeerId::from_random(number);
        open(&backend, peer, SessionKind::Resumable { grace_ms: 600_000 }).close(NOW, Reason::Left).forget();
    }
    let tombstones = backend.shared.sessions.tombstones();
    assert!((1..=SHARDS * MAX_TOMBSTONES).contains(&tombstones), "{tombstones} tombstones");
    backend.shared.tick(NOW.plus(1_200_000));
    assert_eq!(backend.shared.sessions.tombstones(), 0);
}

/// A room that has ended is in the registry for a moment longer.
#[test]
fn a_page_of_rooms_is_full_although_rooms_have_ended() {
    let backend = MemoryBackend::new(Limits::default());
    let ada = open_live(&backend, "ada");
    let names: Vec<_> = ["a", "b", "c", "d"].map(|name| RoomName::parse(name).expect("valid")).into();
    names.iter().for_each(|room| join(&*ada, room));
    let ending = backend.shared.room(&names[1]).expect("there");
    let _ = lock(&ending.state).end(Reason::Ended);
    let page = |after: Option<&RoomName>| -> Vec<_> {
        backend.room_page(after, 2).iter().map(|info| info.room.to_string()).collect()
    };
    assert_eq!(page(None), ["a", "c"]);
    assert_eq!(page(Some(&names[2])), ["d"]);
}

#[test]
fn a_room_that_a_refused_newcomer_emptied_ends() {
    let (backend, room) = (MemoryBackend::new(Limits::default()), RoomName::parse("demo").expect("valid"));
    let named = |name: &str, user: &str| {
        let open = Open {
            credentials: Credentials { peer: PeerId::parse(name).expect("valid"), secret_digest: [0; 32] },
            user: user.into(),
            verified: true,
            display_name: "".into(),
            metadata: Metadata::default(),
            kind: SessionKind::Live,
            replaces: None,
            source: 0,
            request: 0,
            grants: Grants::default(),
        };
        backend.open_session(NOW, open).expect("opens")
    };
    let (old, banned) = (named("rooms-ws:demo:ada", "ada"), named("rooms-ws:demo:bob", "bob"));
    join(&*old, &room);
    join(&*banned, &room);
    let found = backend.shared.room(&room).expect("there");
    backend.shared.remove_member(NOW, &found, banned.peer(), true).expect("banned");
    // `end_session` up to the registry: the id is free, the old session is still a member.
    let ending = backend.shared.sessions.get(old.peer().as_str()).expect("there");
    let _ = ending.state().end(Reason::ConnectionLost).expect("not ended before");
    let _ = backend.shared.sessions.remove(&ending, None);

    let new = named("rooms-ws:demo:ada", "bob");
    let refused = match new.join(
        NOW,
        0,
        Join { room: room.clone(), display_name: None, metadata: None, create: Create::IfAbsent },
    ) {
        Submitted::Done(answer) => answer,
        Submitted::Pending(_) => panic!("the memory backend answers at once"),
    };
    assert_eq!(refused, Err(StepError::Refused(JoinError::Banned)));
    backend.shared.tick(NOW);
    assert!(backend.shared.room(&room).is_none(), "the old session was the last member");
}

#[test]
fn watches_of_one_room_leave_nothing_behind() {
    let backend = MemoryBackend::new(Limits::default());
    for number in 0..1_000 {
        drop(backend.watch_rooms(Some(RoomName::parse(&format!("r{number}")).expect("valid"))));
    }
    assert_eq!(backend.shared.watchers.len(), 0);
    assert!(backend.shared.watchers.rooms() < 200, "{} rooms", backend.shared.watchers.rooms());
}

#[test]
fn the_source_with_most_detached_sessions_loses_its_oldest() {
    let limits = Limits { detached_sessions: 10, detached_per_source: 8, ..Limits::default() };
    let backend = MemoryBackend::new(limits);
    let detached = |number: u128, source: u64| {
        let open = Open {
            credentials: Credentials { peer: PeerId::from_random(number), secret_digest: [0; 32] },
            user: "".into(),
            verified: false,
            display_name: "".into(),
            metadata: Metadata::default(),
            kind: SessionKind::Resumable { grace_ms: 600_000 },
            replaces: None,
            source,
            request: 0,
            grants: Grants::default(),
        };
        let attachment = backend.open_session(NOW, open).expect("opens");
        attachment.detach(NOW, crate::error::DetachReason::ConnectionLost).forget();
        backend.shared.tick(NOW);
    };
    let lives = |number: u128| backend.shared.sessions.get(PeerId::from_random(number).as_str()).is_some();
    (0..3).for_each(|number| detached(number, 1));
    (100..200).for_each(|number| detached(number, 2));
    assert!((0..3).all(lives), "another source is to blame");
    assert!((193..200).all(lives) && !(100..193).any(lives), "the newest stay");
    assert_eq!(backend.shared.sessions.len(), 10);
    (200..300).for_each(|number| detached(number, 3));
    assert!((0..3).all(lives));
    assert_eq!(backend.shared.sessions.len(), 10);
    assert_eq!(backend.shared.stats().evicted_total, 193);
    // A session that is resumed does not count.
    let credentials = Credentials { peer: PeerId::from_random(0), secret_digest: [0; 32] };
    let resume =
        crate::backend::Resume { credentials, epoch: 1, last_seq: 0, room_versions: Default::default(), token: None };
    assert!(backend.resume_session(NOW, resume).is_ok());
    detached(300, 4);
    assert_eq!((backend.shared.sessions.len(), lives(0)), (11, true));
}

#[test]
fn a_namespace_takes_no_memory_once_it_is_empty() {
    let backend = MemoryBackend::new(Limits::default());
    let named = backend.of_namespace("team-1");
    let ada = open_live(&named, "ada");
    assert!(backend.of_known_namespace("team-1").is_some() && backend.of_known_namespace("team-2").is_none());
    let later = Now { mono_ms: 3_600_000, unix_ms: 3_600_000 };
    drop(named);
    backend.shared.tick_everywhere(later);
    assert!(backend.of_known_namespace("team-1").is_some(), "there is a session");
    assert!(matches!(ada.close(later, Reason::Left), Submitted::Done(Ok(()))));
    drop(ada);
    backend.shared.tick_everywhere(later);
    assert!(backend.of_known_namespace("team-1").is_none());
}
