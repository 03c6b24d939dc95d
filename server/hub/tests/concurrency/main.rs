//! Many threads on one memory backend: the promises hold in any interleaving, and nothing is left at the end.

#![allow(unreachable_pub, reason = "modules of one test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use wigwag_hub::{
    Backend, Limits, MemoryBackend, Reason,
    contract::kit::{room_name, wait},
    member::Presence,
};

use crate::actor::{Actor, RECONNECTING_AFTER_MS, Shared};

mod actor;
mod session;

const THREADS: u64 = 8;
const ACTORS: u64 = 3;
const STEPS: usize = 1_500;

fn run(seed: u64) {
    let no_rosters = seed.is_multiple_of(2);
    let limits = Limits {
        mailbox_frames: 60,
        detached_frames: 30,
        presence_events: if no_rosters { usize::MAX } else { 20 },
        reconnecting_after_ms: RECONNECTING_AFTER_MS,
        tombstone_ms: 100_000_000,
        ..Limits::default()
    };
    let shared = Arc::new(Shared {
        backend: MemoryBackend::new(limits),
        clock: AtomicU64::new(1),
        peers: Mutex::default(),
        rooms: (0..4).map(|n| room_name(&format!("room-{n}"))).collect(),
    });
    let (done, running) = (mpsc::channel(), Arc::new(AtomicBool::new(true)));
    let ticker = thread::spawn({
        let (shared, running) = (shared.clone(), running.clone());
        move || {
            while running.load(Ordering::Relaxed) {
                shared.clock.fetch_add(1, Ordering::Relaxed);
                shared.backend.tick(shared.now());
                shared.backend.stats();
                thread::yield_now();
            }
        }
    });
    for number in 0..THREADS {
        let (shared, done) = (shared.clone(), done.0.clone());
        thread::spawn(move || {
            let mut actors: Vec<_> =
                (0..ACTORS).map(|a| Actor::new(shared.clone(), 1 + number * ACTORS + a, seed)).collect();
            for _ in 0..STEPS {
                actors.iter_mut().for_each(Actor::step);
            }
            drop(done.send(actors));
        });
    }
    drop(done.0);
    let mut actors = Vec::new();
    for _ in 0..THREADS {
        let finished = done.1.recv_timeout(Duration::from_secs(120));
        actors.extend(finished.expect("no thread panics or deadlocks"));
    }
    running.store(false, Ordering::Relaxed);
    ticker.join().expect("ticks do not panic");
    settle(&shared, &mut actors);
    check(&shared, &actors);
    for actor in &mut actors {
        wait(actor.session().attachment.close(shared.now(), Reason::Left)).expect("it ends");
    }
    shared.clock.fetch_add(1_000_000_000, Ordering::Relaxed);
    shared.backend.tick(shared.now());
    shared.clock.fetch_add(1_000_000_000, Ordering::Relaxed);
    shared.backend.tick(shared.now());
    let stats = shared.backend.stats();
    assert_eq!((stats.sessions, stats.rooms, stats.timers), (0, 0, 0), "{stats:?}");
}

/// Resumes all sessions and reads until nothing is left.
fn settle(shared: &Shared, actors: &mut [Actor]) {
    for _ in 0..6 {
        shared.clock.fetch_add(1_000, Ordering::Relaxed);
        shared.backend.tick(shared.now());
        for actor in &mut *actors {
            actor.read();
            actor.read();
            let session = actor.session();
            assert_eq!(session.attachment.ack(shared.now(), session.last), Ok(()));
        }
    }
}

fn check(shared: &Shared, actors: &[Actor]) {
    let sessions: BTreeMap<_, _> = actors
        .iter()
        .flat_map(|actor| &actor.sessions)
        .map(|session| (session.credentials.peer.clone(), session))
        .collect();
    for session in sessions.values() {
        let me = session.credentials.peer.as_str();
        for ids in session.received.values() {
            assert!(
                ids.is_sorted_by(|one, next| one < next),
                "{me} received an envelope twice, or out of order: {ids:?}"
            );
        }
        for ((number, peer), times) in &session.receipts {
            assert_eq!(*times, 1, "{me} got more than one receipt of {number} to {peer}");
        }
        if session.over {
            continue;
        }
        for (number, (id, to)) in &session.envelopes {
            let recipient = sessions[to];
            let received = recipient.received.get(me).is_some_and(|ids| ids.contains(id));
            let reported = session.receipts.contains_key(&(*number, to.clone()));
            assert!(
                received || reported || (recipient.over && recipient.live),
                "{id} from {me} to {to} was lost without a receipt"
            );
        }
        for room in &shared.rooms {
            let snapshot = wait(shared.backend.snapshot(room)).ok();
            let mut members: BTreeSet<_> =
                snapshot.iter().flat_map(|s| &s.members).map(|member| member.peer.clone()).collect();
            let inside = members.remove(&session.credentials.peer);
            let view = session.views.get(room).map(|view| &view.others);
            assert_eq!(view, inside.then_some(&members), "{me} has an outdated view of {room}");
        }
        let rooms =
            shared.rooms.iter().filter_map(|room| wait(shared.backend.member(room, &session.credentials.peer)).ok());
        assert!(rooms.into_iter().all(|m| m.presence == Presence::Online), "all members are online");
    }
}

#[test]
fn promises_are_kept_by_many_threads() {
    let seeds = std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(20);
    for seed in 1..=seeds {
        run(seed);
    }
}
