//! Presence: each member is told of each join and leave once, in order, or gets a roster with the same content.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    kit::{Client, World, answer, in_room, room_name},
    make::Make,
};
use crate::{
    frame::{Body, Item, Joined},
    limits::Limits,
    reason::Reason,
};

/// Returns the versions of the presence items a client received, in order.
fn versions(client: &Client<'_>) -> Vec<u32> {
    let version = |item: &Item| match item {
        Item::Presence(event) => Some(event.version),
        Item::Roster(snapshot) => Some(snapshot.info.version),
        Item::Numbered { .. } | Item::GoAway { .. } => None,
    };
    client.inbox.iter().filter_map(version).collect()
}

fn words(world: &World, client: &mut Client<'_>) -> Vec<String> {
    client.inbox.drain(..).map(|item| world.describe(&item)).collect()
}

/// Waits until a client has received everything up to this item.
fn until(client: &mut Client<'_>, last: &str, world: &World) {
    client.wait_for(|c| c.inbox.iter().any(|item| world.describe(item) == last).then_some(()));
}

pub(super) fn versions_are_contiguous(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    let joined = bob.join("demo").snapshot.info.version;
    for round in 0..5 {
        eve.join("demo");
        eve.set("demo", "round", &round.to_string());
        eve.disconnect();
        world.advance(2_000);
        eve.resume().expect("resumed");
        eve.leave("demo");
        if round == 2 {
            ada.leave("demo");
            ada.join("demo");
        }
    }
    ada.send_direct(bob.peer(), "last");
    until(&mut bob, "last", &world);
    let versions = versions(&bob);
    // Five changes a round: join, entry, reconnecting, online, leave; and ada's leave, the new owner, its role, ada's join.
    assert_eq!(versions, (joined + 1..=joined + 29).collect::<Vec<_>>());
}

pub(super) fn a_resume_gets_rosters(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let (mut eve, mut fay) = (world.client("eve"), world.client("fay"));
    for client in [&mut ada, &mut bob, &mut eve] {
        client.join("demo");
    }
    bob.join("quiet");
    bob.read_presence("demo", &mut ada);
    bob.disconnect();
    fay.join("demo");
    eve.leave("demo");
    fay.send(in_room("demo", None, "hi")).expect("accepted");
    bob.resume().expect("resumed");
    bob.pump();
    ada.set("demo", "k", "v");
    ada.send_direct(bob.peer(), "last");
    until(&mut bob, "last", &world);
    let mut versions = versions(&bob);
    let told = words(&world, &mut bob);
    let rosters: Vec<_> = told.iter().filter(|t| t.starts_with("roster")).collect();
    assert_eq!(rosters.len(), 2, "one for each room: {told:?}");
    assert!(told[..2].iter().all(|t| t.starts_with("roster")), "rosters come first: {told:?}");
    assert!(told.contains(&"roster ada bob fay".to_owned()) && told.contains(&"roster bob".to_owned()), "{told:?}");
    let position = |what: &str| told.iter().position(|t| t == what).unwrap_or(usize::MAX);
    assert!(position("~ada online") < position("last"));
    let change = versions.pop();
    assert!(versions.iter().any(|version| Some(version + 1) == change), "changes continue after the roster");
}

pub(super) fn a_known_version_needs_no_roster(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    let version = bob.join("demo").snapshot.info.version;
    bob.inbox.clear();
    let knows = |version: u32| BTreeMap::from([("demo".to_owned(), version)]);
    bob.disconnect();
    bob.resume_with(|resume| resume.room_versions = knows(version)).expect("resumed");
    bob.pump();
    assert_eq!(bob.read_presence("demo", &mut ada), [""; 0]);
    bob.disconnect();
    bob.resume_with(|resume| resume.room_versions = knows(version)).expect("resumed");
    assert_eq!(bob.read_presence("demo", &mut ada), ["roster ada bob"], "the room has changed since");
}

pub(super) fn an_overflow_becomes_a_roster(make: &Make<'_>) {
    let world = make.world_with(Limits { presence_events: 4, ..Limits::default() });
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    for client in [&mut ada, &mut bob] {
        client.join("demo");
        client.join("other");
    }
    bob.pump();
    bob.inbox.clear();
    eve.join("demo");
    eve.send(in_room("demo", None, "first")).expect("accepted");
    for number in 0..9 {
        ada.set("demo", "k", &number.to_string());
    }
    ada.set("demo", "k", "last");
    ada.send_direct(bob.peer(), "last");
    until(&mut bob, "last", &world);
    let numbers = versions(&bob);
    let told = words(&world, &mut bob);
    assert!(told.contains(&"roster ada bob eve".to_owned()), "{told:?}");
    assert!(
        told.len() <= 2 + 2 + 4,
        "two rosters, two envelopes, at most as many changes as the queue holds: {told:?}"
    );
    let position = |what: &str| told.iter().position(|t| t == what).unwrap_or(usize::MAX);
    assert!(position("roster ada bob eve") < position("first"), "{told:?}");
    let now = world.members_in("demo");
    assert_eq!(now, "ada bob eve");
    assert!(
        numbers.contains(
            &crate::contract::kit::answer(|| world.backend.room(&crate::contract::kit::room_name("demo")))
                .expect("there")
                .version
        ),
        "up to date at the end"
    );
    eve.leave("demo");
    assert_eq!(bob.read_presence("demo", &mut ada), ["-eve LEFT"], "changes continue");
    assert_eq!(bob.read_presence("other", &mut ada), [""; 0]);
}

pub(super) fn an_unread_joined_is_refreshed(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    bob.join("demo");
    bob.disconnect();
    eve.join("demo");
    ada.leave("demo");
    eve.send(in_room("demo", None, "hi")).expect("accepted");
    bob.resume_with(|resume| resume.last_seq = 0).expect("resumed");
    bob.inbox.clear();
    until(&mut bob, "hi", &world);
    let Item::Numbered { seq: 1, reply_to: 1, body: crate::frame::Body::Joined(joined) } = &bob.inbox[0] else {
        panic!("the answer to the join comes first: {:?}", bob.inbox)
    };
    assert_eq!(world.members(&joined.snapshot), "bob eve");
    assert_eq!(words(&world, &mut bob), ["joined demo", "hi"], "no additional roster");
    assert_eq!(bob.read_presence("demo", &mut eve), [""; 0]);
}

pub(super) fn a_joined_has_the_version_of_the_room_it_shows(make: &Make<'_>) {
    let world = make.world();
    let current = || answer(|| world.backend.room(&room_name("demo"))).expect("there").version;
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    let first = bob.join("demo").snapshot.info.version;
    assert_eq!(first, current(), "as the room is");
    bob.disconnect();
    eve.join("demo");
    ada.set("demo", "k", "v");
    // The members are those of now, so the version is too: with an older one the client would apply their changes twice.
    let shown = replayed_joined(&mut bob);
    assert_eq!((world.members(&shown.snapshot), shown.snapshot.info.version), ("ada bob eve".to_owned(), first + 2));
    ada.set("demo", "k", "w");
    bob.wait_for(|c| versions(c).last().copied().filter(|&version| version == first + 3));
    assert_eq!(versions(&bob), [first + 3], "changes continue after the version shown");
    bob.disconnect();
    // A member that has left is shown until its last envelope is written, in the version before it left.
    eve.send(in_room("demo", None, "hi")).expect("accepted");
    eve.leave("demo");
    let shown = replayed_joined(&mut bob);
    assert_eq!(
        (world.members(&shown.snapshot), shown.snapshot.info.version),
        ("ada bob eve".to_owned(), current() - 1)
    );
    until(&mut bob, "-eve LEFT", &world);
    assert_eq!(versions(&bob), [current()], "its leave is the next change");
}

/// Resumes a client that has read nothing, and takes the answer to its first join.
fn replayed_joined(client: &mut Client<'_>) -> Arc<Joined> {
    client.inbox.clear();
    client.resume_with(|resume| resume.last_seq = 0).expect("resumed");
    let item = client.take(|item| matches!(item, Item::Numbered { seq: 1, .. }));
    let Item::Numbered { body: Body::Joined(joined), .. } = item else { panic!("the first frame is `joined`") };
    joined
}

pub(super) fn a_repeated_join_follows_the_roster(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    bob.join("demo");
    let read = bob.last;
    eve.join("demo");
    eve.send(in_room("demo", None, "hi")).expect("accepted");
    bob.join("demo");
    // All of that was lost with the connection.
    bob.disconnect();
    ada.leave("demo");
    bob.resume_with(|resume| resume.last_seq = read).expect("resumed");
    bob.inbox.clear();
    until(&mut bob, "joined demo", &world);
    let again = bob.inbox.iter().find_map(|item| match item {
        Item::Numbered { body: crate::frame::Body::Joined(joined), .. } => Some(world.members(&joined.snapshot)),
        _ => None,
    });
    assert_eq!(again.as_deref(), Some("bob eve"), "refreshed like the roster before it");
    assert_eq!(words(&world, &mut bob), ["roster bob eve", "hi", "joined demo"]);
}

pub(super) fn an_earlier_membership_is_not_refreshed(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    bob.join("demo");
    let old = bob.last;
    ada.step(|a, n| a.end_room(world.now(), n, &super::kit::room_name("demo"))).expect("owner");
    bob.read_all(&mut ada);
    bob.join("demo");
    bob.disconnect();
    bob.resume_with(|resume| resume.last_seq = old - 1).expect("resumed");
    bob.inbox.clear();
    let rosters: Vec<_> = (0..2)
        .map(|_| {
            let item = bob.take(|item| matches!(item, Item::Numbered { body: crate::frame::Body::Joined(_), .. }));
            let Item::Numbered { body: crate::frame::Body::Joined(joined), .. } = item else { unreachable!() };
            world.members(&joined.snapshot)
        })
        .collect();
    assert_eq!(rosters, ["ada bob", "bob"], "each describes its own room");
}

pub(super) fn the_answer_to_a_join_is_replayed_after_the_room_was_left(make: &Make<'_>) {
    for ended in [false, true] {
        let world = make.world();
        let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
        ada.join("demo");
        bob.join("demo");
        if ended {
            ada.step(|a, n| a.end_room(world.now(), n, &super::kit::room_name("demo"))).expect("owner");
        } else {
            bob.leave("demo");
        }
        eve.join("demo");
        bob.join("demo");
        // All of that was lost with the connection.
        bob.disconnect();
        bob.resume_with(|resume| resume.last_seq = 0).expect("resumed");
        bob.inbox.clear();
        bob.wait_for(|c| (c.inbox.len() == 3).then_some(()));
        let rosters = bob.inbox.iter().filter_map(|item| match item {
            Item::Numbered { body: crate::frame::Body::Joined(joined), .. } => Some(world.members(&joined.snapshot)),
            _ => None,
        });
        let rosters: Vec<_> = rosters.collect();
        let (now, left) = if ended { ("eve bob", "left demo ENDED") } else { ("ada eve bob", "left demo LEFT") };
        assert_eq!(rosters, ["ada bob", now], "each as it was or is");
        assert_eq!(words(&world, &mut bob), ["joined demo", left, "joined demo"], "no roster of a room that was left");
    }
}

pub(super) fn queued_presence_is_written_before_a_removal(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    bob.join("demo");
    eve.join("demo");
    eve.send(in_room("demo", None, "hi")).expect("accepted");
    ada.step(|a, n| a.remove_member(world.now(), n, &super::kit::room_name("demo"), bob.peer(), false)).expect("owner");
    ada.set("demo", "k", "v");
    until(&mut bob, "left demo REMOVED", &world);
    bob.pump();
    assert_eq!(words(&world, &mut bob), ["+eve", "hi", "left demo REMOVED"]);
}

pub(super) fn the_end_of_a_session_is_published_once(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    ada.read_presence("demo", &mut eve);
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    answer(|| bob.attachment.close(world.now(), Reason::Ended)).expect("it ends");
    bob.disconnect();
    world.advance(120_000);
    assert_eq!(ada.read_presence("demo", &mut eve), ["-bob LEFT"]);
}
