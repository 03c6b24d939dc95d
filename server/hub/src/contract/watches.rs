//! Watches of rooms.

use std::{
    sync::{Arc, mpsc},
    task::Waker,
    thread,
};

use super::{
    kit::{BlockingWaker, WAIT_LIMIT, World, answer, room_name},
    make::Make,
    rooms::spec,
};
use crate::{
    frame::{Change, Item},
    limits::Limits,
    watch::{Watch, WatchEvent, WatchPoll},
};

pub(super) fn watch(world: &World, room: Option<&str>) -> Arc<Watch> {
    answer(|| world.backend.watch(room.map(room_name))).expect("a watch")
}

/// Waits for the next event and describes it in words.
fn next(world: &World, watch: &Watch) -> String {
    let signal = Arc::new(BlockingWaker::default());
    loop {
        match watch.poll(&Waker::from(signal.clone())) {
            WatchPoll::Event(WatchEvent::Snapshot(snapshot)) => {
                return format!("{}: {}", snapshot.info.room, world.members(&snapshot));
            }
            WatchPoll::Event(WatchEvent::Synced) => return "synced".to_owned(),
            WatchPoll::Event(WatchEvent::Change(event)) => {
                return format!("{} {}", event.room.clone(), world.describe(&Item::Presence(event)));
            }
            WatchPoll::TooSlow => return "too slow".to_owned(),
            WatchPoll::Lost => return "lost".to_owned(),
            WatchPoll::Idle => assert!(world.wait(&signal), "expected event missing"),
        }
    }
}

pub(super) fn take(world: &World, watch: &Watch, count: usize) -> Vec<String> {
    (0..count).map(|_| next(world, watch)).collect()
}

pub(super) fn a_watch_begins_with_snapshots(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("a");
    bob.join("a");
    ada.join("b");
    let watch = watch(&world, None);
    let mut first = take(&world, &watch, 2);
    first.sort();
    assert_eq!(first, ["a: ada bob", "b: ada"]);
    bob.leave("a");
    assert_eq!(take(&world, &watch, 2), ["synced", "a -bob LEFT"]);
    assert_eq!(world.backend.stats().watchers, 1);
    drop(watch);
    assert_eq!(world.backend.stats().watchers, 0);
}

pub(super) fn changes_come_in_order(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let watch = watch(&world, None);
    assert_eq!(next(&world, &watch), "synced");
    ada.join("a");
    bob.join("a");
    ada.leave("a");
    bob.set("a", "k", "v");
    bob.leave("a");
    world.advance(0);
    let told = take(&world, &watch, 8);
    let expected =
        ["created", "+ada", "+bob", "-ada LEFT", "room owner bob", "~bob online", "~bob online", "-bob LEFT"]
            .map(|t| format!("a {t}"));
    assert_eq!(told, expected);
    assert_eq!(next(&world, &watch), "a ended EXPIRED");
    ada.join("a");
    assert_eq!(take(&world, &watch, 2), ["a created", "a +ada"], "a new room of the same name");
}

pub(super) fn a_watch_can_cover_one_room(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    bob.join("other");
    let watch = watch(&world, Some("a"));
    assert_eq!(next(&world, &watch), "synced", "the room need not exist yet");
    bob.set("other", "k", "v");
    ada.join("a");
    bob.leave("other");
    answer(|| world.backend.end_room(world.now(), &room_name("a"))).expect("ended");
    assert_eq!(take(&world, &watch, 3), ["a created", "a +ada", "a ended ENDED"]);
}

pub(super) fn a_slow_watcher_is_cut_off(make: &Make<'_>) {
    let world = make.world_with(Limits { watch_events: 5, ..Limits::default() });
    let mut ada = world.client("ada");
    let (slow, fast) = (watch(&world, None), watch(&world, None));
    for number in 0..20 {
        if number == 0 {
            ada.join("a");
        } else {
            ada.set("a", "k", &number.to_string());
        }
        while next(&world, &fast) != if number == 0 { "a +ada" } else { "a ~ada online" } {}
    }
    assert!(matches!(slow.poll(Waker::noop()), WatchPoll::TooSlow));
    assert!(matches!(slow.poll(Waker::noop()), WatchPoll::TooSlow), "permanently");
    let again = watch(&world, None);
    assert_eq!(take(&world, &again, 2), ["a: ada", "synced"], "a new watch brings it up to date");
}

pub(super) fn what_a_watch_leaves_out_takes_no_place(make: &Make<'_>) {
    let world = make.world_with(Limits { watch_events: 5, ..Limits::default() });
    let mut ada = world.client("ada");
    for number in 0..1_000 {
        answer(|| world.backend.create_room(world.now(), spec(&format!("other-{number:04}")), None)).expect("created");
    }
    ada.join("own");
    let watch = watch(&world, None);
    watch.restrict(|room| room.as_str() == "own");
    assert_eq!(take(&world, &watch, 2), ["own: ada", "synced"], "pages without its rooms are passed over");
    for number in 0..20 {
        answer(|| world.backend.end_room(world.now(), &room_name(&format!("other-{number:04}")))).expect("ended");
    }
    ada.set("own", "k", "v");
    assert_eq!(take(&world, &watch, 1), ["own ~ada online"], "not too slow for the events of others");
}

pub(super) fn snapshots_do_not_count_as_lag(make: &Make<'_>) {
    let world = make.world_with(Limits { watch_events: 5, ..Limits::default() });
    for number in 0..20 {
        answer(|| world.backend.create_room(world.now(), spec(&format!("r{number}")), None)).expect("created");
    }
    let watch = watch(&world, None);
    let mut first = take(&world, &watch, 20);
    first.sort();
    first.dedup();
    assert_eq!(first.len(), 20, "all rooms, more than the queue's capacity: {first:?}");
    assert_eq!(next(&world, &watch), "synced");
}

pub(super) fn an_ended_room_ends_once(make: &Make<'_>) {
    let world = make.world();
    let mut ada = world.client("ada");
    answer(|| world.backend.create_room(world.now(), spec("demo"), None)).expect("created");
    ada.join("demo");
    // The removed session still holds a reference to the room when the room's timeout runs out.
    answer(|| world.backend.remove_member(world.now(), &room_name("demo"), ada.peer(), false)).expect("removed");
    let watch = watch(&world, None);
    assert_eq!(take(&world, &watch, 2), ["demo: ", "synced"]);
    answer(|| world.backend.end_room(world.now(), &room_name("demo"))).expect("ended");
    let (backend, now) = (world.backend.clone(), world.now().plus(600_000));
    let (done, ticked) = mpsc::channel();
    thread::spawn(move || {
        backend.tick(now);
        done.send(())
    });
    assert_eq!(ticked.recv_timeout(WAIT_LIMIT), Ok(()), "the tick returns");
    assert_eq!(next(&world, &watch), "demo ended ENDED");
    let mut event = None;
    if let WatchPoll::Event(WatchEvent::Change(change)) = watch.poll(Waker::noop()) {
        event = matches!(change.change, Change::Ended(_)).then_some(change);
    }
    assert!(event.is_none(), "a room ends once");
}

pub(super) fn rooms_are_read_page_by_page(make: &Make<'_>) {
    let world = make.world_with(Limits { watch_events: 20, ..Limits::default() });
    let mut ada = world.client("ada");
    let name = |number: usize| format!("r{number:04}");
    for number in 0..1_000 {
        answer(|| world.backend.create_room(world.now(), spec(&name(number)), None)).expect("created");
    }
    let watch = watch(&world, None);
    assert_eq!(take(&world, &watch, 10), (0..10).map(|number| format!("{}: ", name(number))).collect::<Vec<_>>());
    // In a room that was read, in one that was not, and in new ones on both sides. One that is not read yet ends.
    ada.join(&name(5));
    ada.join(&name(900));
    for new in ["a", "z"] {
        answer(|| world.backend.create_room(world.now(), spec(new), None)).expect("created");
    }
    answer(|| world.backend.end_room(world.now(), &room_name(&name(901)))).expect("ended");
    let expected: Vec<_> = (10..1_000).filter(|number| *number != 901).map(name).collect();
    let told = take(&world, &watch, expected.len());
    let rooms: Vec<_> = told.iter().map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect();
    assert_eq!(rooms, expected, "each once, in order");
    assert!(told.contains(&format!("{}: ada", name(900))), "as it is when it is read");
    assert_eq!(take(&world, &watch, 4), ["synced", "r0005 +ada", "a created", "z created"]);
}

pub(super) fn a_watcher_that_reads_no_pages_is_cut_off(make: &Make<'_>) {
    let world = make.world_with(Limits { watch_events: 5, ..Limits::default() });
    let mut ada = world.client("ada");
    ada.join("a");
    for number in 0..100 {
        answer(|| world.backend.create_room(world.now(), spec(&format!("r{number}")), None)).expect("created");
    }
    let watch = watch(&world, None);
    assert_eq!(next(&world, &watch), "a: ada", "of the first page");
    for number in 0..20 {
        ada.set("a", "k", &number.to_string());
    }
    let mut told = Vec::new();
    while told.last().is_none_or(|last| last != "too slow") {
        told.push(next(&world, &watch));
        assert!(told.len() < 100, "{told:?}");
    }
}
