//! A member is announced before its first envelope, also to a client that was away, or too slow, in between.

use std::collections::BTreeMap;

use super::{
    kit::{Client, World, answer, in_room, room_name},
    make::Make,
};
use crate::{frame::Item, limits::Limits};

/// Takes everything up to this item, in words.
fn words_until(world: &World, client: &mut Client<'_>, last: &str) -> Vec<String> {
    client.wait_for(|c| c.inbox.iter().any(|item| world.describe(item) == last).then_some(()));
    client.inbox.drain(..).map(|item| world.describe(&item)).collect()
}

/// Returns the versions of the presence items a client received, in order.
fn versions(client: &Client<'_>) -> Vec<u32> {
    let version = |item: &Item| match item {
        Item::Presence(event) => Some(event.version),
        Item::Roster(snapshot) => Some(snapshot.info.version),
        Item::Numbered { .. } | Item::GoAway { .. } => None,
    };
    client.inbox.iter().filter_map(version).collect()
}

fn strictly_increasing(versions: &[u32]) -> bool {
    versions.windows(2).all(|pair| pair[0] < pair[1])
}

pub(super) fn before_a_removal_while_detached(make: &Make<'_>) {
    for (how, left) in [(0, "left demo REMOVED"), (1, "left demo BANNED"), (2, "left demo ENDED")] {
        let world = make.world();
        let (mut bob, mut eve, mut via) = (world.client("bob"), world.client("eve"), world.client("via"));
        let version = bob.join("demo").snapshot.info.version;
        bob.disconnect();
        eve.join("demo");
        eve.send(in_room("demo", Some(bob.peer()), "hi")).expect("accepted");
        let (now, demo) = (world.now(), room_name("demo"));
        match how {
            2 => answer(|| world.backend.end_room(now, &demo)).expect("ended"),
            ban => answer(|| world.backend.remove_member(now, &demo, bob.peer(), ban == 1)).expect("removed"),
        }
        via.join("demo");
        bob.resume_with(|resume| resume.room_versions = BTreeMap::from([("demo".to_owned(), version)]))
            .expect("resumed");
        let told = words_until(&world, &mut bob, left);
        assert_eq!(told, ["roster bob eve", "hi", left], "and nothing of what happened after the removal");
        // The connection is lost before the client has read any of that.
        bob.disconnect();
        bob.resume_with(|resume| resume.last_seq = 1).expect("resumed");
        assert_eq!(words_until(&world, &mut bob, left), ["roster bob eve", "hi", left], "again");
        bob.ack();
        bob.disconnect();
        bob.resume().expect("resumed");
        via.send_direct(bob.peer(), "last");
        assert_eq!(words_until(&world, &mut bob, "last"), ["last"], "once read, it is not repeated");
    }
}

pub(super) fn although_it_has_left_since(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let (mut eve, mut fay) = (world.client("eve"), world.client("fay"));
    ada.join("demo");
    let version = bob.join("demo").snapshot.info.version;
    bob.inbox.clear();
    bob.disconnect();
    eve.join("demo");
    fay.join("demo");
    eve.send(in_room("demo", None, "from eve")).expect("accepted");
    fay.send(in_room("demo", None, "from fay")).expect("accepted");
    eve.leave("demo");
    fay.leave("demo");
    let expected = ["roster ada bob eve fay", "from eve", "-eve LEFT", "from fay", "-fay LEFT"];
    for known in [Some(version), None, Some(version)] {
        bob.resume_with(|resume| {
            resume.last_seq = 1;
            resume.room_versions = known.map(|version| ("demo".to_owned(), version)).into_iter().collect();
        })
        .expect("resumed");
        bob.wait_for(|c| c.inbox.iter().any(|item| world.describe(item) == "-fay LEFT").then_some(()));
        let versions = versions(&bob);
        assert!(versions[0] >= version && strictly_increasing(&versions), "{versions:?}");
        let current = answer(|| world.backend.room(&room_name("demo"))).expect("there").version;
        assert_eq!(versions.last(), Some(&current), "the client knows the present version at the end");
        assert_eq!(words_until(&world, &mut bob, "-fay LEFT"), expected);
        bob.disconnect();
    }
    // The last leave was lost with the connection.
    let current = answer(|| world.backend.room(&room_name("demo"))).expect("there").version;
    bob.resume_with(|resume| {
        resume.room_versions = BTreeMap::from([("demo".to_owned(), current - 1)]);
    })
    .expect("resumed");
    assert_eq!(words_until(&world, &mut bob, "roster ada bob"), ["roster ada bob"]);
    ada.set("demo", "k", "v");
    assert_eq!(words_until(&world, &mut bob, "~ada online"), ["~ada online"], "changes continue");
}

pub(super) fn in_an_unread_joined(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    ada.join("demo");
    bob.join("demo");
    bob.disconnect();
    eve.join("demo");
    eve.send(in_room("demo", None, "hi")).expect("accepted");
    eve.leave("demo");
    bob.inbox.clear();
    bob.resume_with(|resume| resume.last_seq = 0).expect("resumed");
    bob.wait_for(|c| c.inbox.iter().any(|item| world.describe(item) == "-eve LEFT").then_some(()));
    let Some(Item::Numbered { body: crate::frame::Body::Joined(joined), .. }) = bob.inbox.first() else {
        panic!("the answer to the join comes first: {:?}", bob.inbox)
    };
    assert_eq!(world.members(&joined.snapshot), "ada bob eve");
    assert_eq!(words_until(&world, &mut bob, "-eve LEFT"), ["joined demo", "hi", "-eve LEFT"]);
}

pub(super) fn after_an_overflow(make: &Make<'_>) {
    // Whether the room is left before its presence overflows, or after.
    for left_first in [true, false] {
        let world = make.world_with(Limits { presence_events: 4, ..Limits::default() });
        let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
        ada.join("other");
        bob.join("other");
        bob.join("demo");
        bob.pump();
        bob.inbox.clear();
        let leave = |bob: &Client<'_>| {
            answer(|| world.backend.remove_member(world.now(), &room_name("demo"), bob.peer(), false))
                .expect("removed");
        };
        let overflow = |ada: &mut Client<'_>| (0..9).for_each(|n| ada.set("other", "k", &n.to_string()));
        eve.join("demo");
        eve.send(in_room("demo", Some(bob.peer()), "hi")).expect("accepted");
        if left_first {
            leave(&bob);
            overflow(&mut ada);
        } else {
            overflow(&mut ada);
            leave(&bob);
        }
        let told = words_until(&world, &mut bob, "left demo REMOVED");
        let told: Vec<_> = told.iter().filter(|t| !t.contains("ada")).map(String::as_str).collect();
        let announced = if left_first { "+eve" } else { "roster bob eve" };
        assert_eq!(told, [announced, "hi", "left demo REMOVED"]);
    }
}
