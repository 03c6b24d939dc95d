//! Delivery of envelopes: recipients and order.

use std::{sync::Arc, task::Waker, time::Duration};

use super::{
    kit::{BlockingWaker, Client, World, answer, direct, in_room, repeat},
    make::Make,
};
use crate::{
    backend::Outbound,
    error::{SendError, StepError},
    frame::{Body, Item},
    id::PeerId,
    limits::Limits,
    reason::Reason,
    session::Fetched,
};

const NOT_JOINED: Result<(), StepError<SendError>> = Err(StepError::Refused(SendError::NotJoined));
const NOT_FOUND: Result<(), StepError<SendError>> = Err(StepError::Refused(SendError::PeerNotFound));

pub(super) fn direct_envelopes_arrive_in_order(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.live("eve"));
    for number in 0..40 {
        ada.send_direct(bob.peer(), &format!("ada {number}"));
        if number % 3 == 0 {
            eve.send_direct(bob.peer(), &format!("eve {number}"));
        }
    }
    let texts = bob.read_all(&mut eve);
    let from = |name: &str| texts.iter().filter(|text| text.starts_with(name)).cloned().collect::<Vec<_>>();
    assert_eq!(from("ada"), (0..40).map(|n| format!("ada {n}")).collect::<Vec<_>>());
    assert_eq!(from("eve"), (0..40).step_by(3).map(|n| format!("eve {n}")).collect::<Vec<_>>());
}

pub(super) fn a_reused_peer_id_addresses_the_new_session(make: &Make<'_>) {
    let world = make.world();
    let mut ada = world.client("ada");
    let id = PeerId::scoped("protocol", "demo", "bob").expect("a peer id");
    let named = |name| world.client_with(name, |open| open.credentials.peer = id.clone());
    ada.join("demo");
    // Kept alive: connections outlive their sessions for a while.
    let mut gone = Vec::new();
    for round in 0..3 {
        assert_eq!(ada.send(direct(&id, "early")), NOT_FOUND);
        let (mut bob, mut via) = (named("bob"), world.client("via"));
        bob.join("demo");
        ada.send_direct(&id, &format!("direct {round}"));
        assert_eq!(ada.send(in_room("demo", Some(&id), &format!("room {round}"))), Ok(()));
        assert_eq!(bob.read_all(&mut via), [format!("direct {round}"), format!("room {round}")]);
        answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
        assert_eq!(ada.send(in_room("demo", Some(&id), "late")), NOT_FOUND);
        gone.push(bob);
    }
}

pub(super) fn room_envelopes_need_both_memberships(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    ada.join("demo");
    assert_eq!(ada.send(in_room("demo", Some(bob.peer()), "no")), NOT_FOUND);
    assert_eq!(bob.send(in_room("demo", Some(ada.peer()), "no")), NOT_JOINED);
    assert_eq!(ada.send(in_room("other", Some(bob.peer()), "no")), NOT_JOINED);
    bob.join("demo");
    assert_eq!(ada.send(in_room("demo", Some(bob.peer()), "yes")), Ok(()));
    assert_eq!(bob.send(in_room("demo", Some(ada.peer()), "yes")), Ok(()));
    bob.leave("demo");
    assert_eq!(ada.send(in_room("demo", Some(bob.peer()), "no")), NOT_FOUND);
    assert_eq!(bob.send(in_room("demo", Some(ada.peer()), "no")), NOT_JOINED);
    assert_eq!(ada.read_all(&mut via), ["yes"]);
    assert_eq!(bob.read_all(&mut via), ["yes"]);
}

pub(super) fn a_broadcast_reaches_all_others(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.live("eve"));
    let (mut out, mut left) = (world.client("out"), world.client("left"));
    for client in [&mut ada, &mut bob, &mut eve, &mut left] {
        client.join("demo");
    }
    left.leave("demo");
    assert_eq!(bob.send(in_room("demo", None, "all")), Ok(()));
    assert_eq!(out.send(in_room("demo", None, "no")), NOT_JOINED);
    assert_eq!(left.send(in_room("demo", None, "no")), NOT_JOINED);
    let mut via = world.client("via");
    assert_eq!(ada.read_all(&mut via), ["all"]);
    assert_eq!(eve.read_all(&mut via), ["all"]);
    for silent in [&mut bob, &mut out, &mut left] {
        assert_eq!(silent.read_all(&mut via), [""; 0]);
    }
}

pub(super) fn a_repeated_broadcast_reaches_each_member_once(make: &Make<'_>) {
    let world = make.world_with(Limits { mailbox_frames: 64, detached_frames: 1, ..Limits::default() });
    let (mut ada, mut bob, mut full) = (world.client("ada"), world.client("bob"), world.client("full"));
    let (mut late, mut via) = (world.client("late"), world.client("via"));
    for client in [&mut ada, &mut bob, &mut full] {
        client.join("demo");
    }
    full.disconnect();
    ada.send_direct(full.peer(), "fills its mailbox");
    let (up, number) = (ada.attachment.clone(), ada.sent + 1);
    let again = || repeat(|| up.send(world.now(), number, in_room("demo", None, "all")));
    assert!(matches!(again(), Ok(()) | Err(StepError::Seen)));
    ada.sent = number;
    late.join("demo");
    for _ in 0..5 {
        assert_eq!(again(), Err(StepError::Seen));
    }
    ada.send(in_room("demo", None, "next")).expect("accepted");
    assert_eq!(bob.read_all(&mut via), ["all", "next"]);
    assert_eq!(late.read_all(&mut via), ["next"], "not the one from before it joined");
    assert_eq!(ada.read_all(&mut via), ["receipt full UNDELIVERABLE MAILBOX_FULL"; 2], "one for each");
}

pub(super) fn refused_envelopes_are_not_delivered(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut eve) = (world.client("ada"), world.client("bob"), world.client("eve"));
    assert_eq!(ada.send(direct(&PeerId::from_random(1), "no")), NOT_FOUND);
    assert_eq!(ada.send(Outbound { to: None, ..direct(bob.peer(), "no") }), NOT_FOUND);
    answer(|| eve.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(ada.send(direct(eve.peer(), "no")), NOT_FOUND);
    assert_eq!(ada.sent, 0, "no number was consumed");
    eve.pump();
    assert!(eve.inbox.is_empty());
    assert_eq!(bob.read_all(&mut ada), [""; 0]);
}

pub(super) fn a_join_precedes_the_first_envelope(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    bob.join("demo");
    ada.join("demo");
    ada.send(in_room("demo", Some(bob.peer()), "hi")).expect("accepted");
    assert_eq!(in_words(&world, &mut bob, 2), ["+ada", "hi"]);

    bob.disconnect();
    let mut eve = world.client("eve");
    eve.join("demo");
    eve.send(in_room("demo", None, "hello")).expect("accepted");
    bob.resume().expect("resumed");
    assert_eq!(in_words(&world, &mut bob, 2), ["roster bob ada eve", "hello"]);
}

fn in_words(world: &World, client: &mut Client<'_>, count: usize) -> Vec<String> {
    client.wait_for(|c| (c.inbox.len() >= count).then_some(()));
    client.inbox.drain(..).map(|item| world.describe(&item)).collect()
}

pub(super) fn every_kind_of_item_wakes_the_connection(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    let signal = Arc::new(BlockingWaker::default());
    let old = bob.attachment.clone();
    let sleep = || {
        let waker = Waker::from(signal.clone());
        while old.fetch(world.now(), &waker, 1 << 20, &mut Vec::new()) != Fetched::Idle || signal.wait(Duration::ZERO) {
        }
    };
    let woken = |why: &str| assert!(world.wait(&signal), "{why} wakes");
    sleep();
    ada.send_direct(bob.peer(), "hi");
    woken("an envelope");
    sleep();
    ada.set("demo", "k", "v");
    woken("presence");
    sleep();
    ada.leave("demo");
    woken("a leave");
    sleep();
    world.backend.go_away(1_000, None);
    woken("a drain");
    sleep();
    crate::contract::kit::answer(|| world.backend.end_room(world.now(), &super::kit::room_name("demo")))
        .expect("ended");
    woken("the end of a room");
    sleep();
    bob.resume_with(|resume| resume.last_seq = 0).expect("resumed");
    woken("a newer attachment");
}

pub(super) fn a_budget_limits_each_fetch(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    let text = "x".repeat(1_000);
    for _ in 0..10 {
        ada.send_direct(bob.peer(), &text);
    }
    ada.send_direct(bob.peer(), "last");
    let (mut out, mut rounds) = (Vec::new(), 0);
    let waker = Waker::noop();
    while out.len() < 11 {
        let before = out.len();
        let fetched = bob.attachment.fetch(world.now(), waker, 2_500, &mut out);
        assert!(out.len() - before <= 3, "at most about the budget");
        rounds += usize::from(fetched == Fetched::More);
        assert!(fetched == Fetched::More || out.len() == 11 || out.len() == before, "idle only if nothing is left");
    }
    assert!(rounds >= 3);
    let seqs: Vec<_> = out.iter().map(|item| if let Item::Numbered { seq, .. } = item { *seq } else { 0 }).collect();
    assert_eq!(seqs, (1..=11).collect::<Vec<_>>());
    assert!(matches!(&out[10], Item::Numbered { body: Body::Envelope(bytes), .. } if &bytes[..] == b"last"));
    bob.last = 11;
}
