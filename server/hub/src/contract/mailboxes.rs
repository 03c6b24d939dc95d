//! Limits of mailboxes, and what happens beyond them.

use super::{
    kit::{Client, answer, room_name},
    make::Make,
};
use crate::{
    error::{DetachReason, ResumeError},
    id::PeerId,
    limits::Limits,
    reason::Reason,
};

fn small(frames: usize, detached: usize) -> Limits {
    Limits { mailbox_frames: frames, detached_frames: detached, ..Limits::default() }
}

/// Sends numbered texts to a peer, each of which must be accepted.
fn flood(to: &PeerId, from: &mut Client<'_>, count: usize) {
    for number in 1..=count {
        from.send_direct(to, &format!("e{number}"));
    }
}

pub(super) fn a_slow_resumable_client_is_detached(make: &Make<'_>) {
    let world = make.world_with(small(4, 4));
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    flood(bob.peer(), &mut ada, 5);
    assert_eq!(ada.read_all(&mut via), ["receipt bob UNDELIVERABLE MAILBOX_FULL"]);
    let mut old = Vec::new();
    let fetched = bob.attachment.fetch(world.now(), std::task::Waker::noop(), 1 << 20, &mut old);
    assert_eq!(fetched, crate::session::Fetched::Detached(DetachReason::SlowConsumer));
    assert_eq!(world.backend.stats().slow_consumers_total, 1);
    ada.send_direct(bob.peer(), "e6");
    bob.resume().expect("a slow consumer may resume");
    assert_eq!(bob.read(5), ["e1", "e2", "e3", "e4", "e6"]);
    bob.ack();
    flood(bob.peer(), &mut ada, 4);
    assert_eq!(bob.read(4), ["e1", "e2", "e3", "e4"], "acknowledged frames do not count");
}

pub(super) fn a_slow_live_client_is_ended(make: &Make<'_>) {
    let world = make.world_with(small(4, 4));
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.live("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
        client.ack();
    }
    bob.pump();
    flood(bob.peer(), &mut eve, 2);
    flood(bob.peer(), &mut ada, 3);
    world.advance(0);
    assert_eq!(bob.wait_detached(), DetachReason::Ended(Reason::SlowConsumer));
    let slow = "receipt bob UNDELIVERABLE SLOW_CONSUMER";
    assert_eq!(eve.read_all(&mut ada), [slow; 2]);
    let mut told = ada.read_all(&mut eve);
    told.sort();
    assert_eq!(told, ["receipt bob UNDELIVERABLE MAILBOX_FULL", slow, slow]);
    ada.ack();
    eve.ack();
    assert_eq!(ada.read_presence("demo", &mut eve), ["+eve", "+bob", "-bob SLOW_CONSUMER"]);
}

pub(super) fn a_full_detached_mailbox_refuses_envelopes(make: &Make<'_>) {
    let world = make.world_with(small(1_000, 3));
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    flood(bob.peer(), &mut ada, 2);
    bob.disconnect();
    flood(bob.peer(), &mut ada, 5);
    assert_eq!(ada.read_all(&mut via), ["receipt bob UNDELIVERABLE MAILBOX_FULL"; 2], "three more than it held");
    bob.resume().expect("resumed");
    assert_eq!(bob.read_all(&mut via), ["e1", "e2", "e1", "e2", "e3"]);
}

pub(super) fn a_full_detached_mailbox_still_takes_answers(make: &Make<'_>) {
    let world = make.world_with(small(1_000, 16));
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for number in 1..=2 {
        bob.send_with_receipt(eve.peer(), &format!("e{number}"));
    }
    bob.disconnect();
    flood(bob.peer(), &mut ada, 17);
    eve.read(2);
    eve.ack();
    bob.resume().expect("two receipts are an eighth of sixteen frames");
    let mut via = world.client("via");
    let read = bob.read_all(&mut via);
    assert_eq!(read.len(), 18, "{read:?}");
    assert_eq!(read[16..], ["receipt eve DELIVERED"; 2]);
}

pub(super) fn a_detached_mailbox_overflowed_by_control_frames_ends_the_session(make: &Make<'_>) {
    let world = make.world_with(small(1_000, 3));
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    bob.pump();
    bob.ack();
    for _ in 0..4 {
        bob.send_with_receipt(eve.peer(), "hi");
    }
    bob.disconnect();
    eve.read(4);
    eve.ack();
    world.advance(0);
    assert_eq!(ada.read_presence("demo", &mut eve), ["+eve", "+bob", "-bob MAILBOX_OVERFLOW"]);
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::MailboxOverflow)));
}

pub(super) fn bytes_are_limited_too(make: &Make<'_>) {
    let limits = Limits { mailbox_bytes: 2_000, detached_bytes: 1_000, ..Limits::default() };
    let world = make.world_with(limits);
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    let text = "x".repeat(800);
    ada.send_direct(bob.peer(), &text);
    ada.send_direct(bob.peer(), &text);
    ada.send_direct(bob.peer(), &text);
    assert_eq!(ada.read_all(&mut via), ["receipt bob UNDELIVERABLE MAILBOX_FULL"]);
    ada.send_direct(bob.peer(), &text);
    ada.send_direct(bob.peer(), &text);
    assert_eq!(ada.read_all(&mut via), ["receipt bob UNDELIVERABLE MAILBOX_FULL"], "detached: one more, then full");
    bob.resume().expect("resumed");
    assert_eq!(bob.read(3).len(), 3);
    bob.ack();
    assert_eq!(bob.read_all(&mut via), [""; 0]);
}

pub(super) fn a_large_roster_fits_an_empty_mailbox(make: &Make<'_>) {
    let world = make.world_with(Limits { mailbox_bytes: 1_000, ..Limits::default() });
    let crowd: Vec<_> = (0..20)
        .map(|n| {
            let mut client = world.client(&format!("c{n}"));
            client.join("demo");
            client.ack();
            client
        })
        .collect();
    let (mut live, mut held) = (world.live("live"), world.client("held"));
    assert_eq!(live.join("demo").snapshot.members.len(), crowd.len() + 1);
    assert_eq!(held.join("demo").snapshot.members.len(), crowd.len() + 2);
    live.pump();
    held.pump();
    assert_eq!((live.detached, held.detached), (None, None), "a single frame is never too large");
}

pub(super) fn an_overflowed_session_cannot_be_resumed(make: &Make<'_>) {
    let world = make.world_with(small(1_000, 1));
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    bob.disconnect();
    ada.send_direct(bob.peer(), "fills it");
    answer(|| world.backend.remove_member(world.now(), &room_name("demo"), bob.peer(), false)).expect("removed");
    // Even before the next tick: the `left` that did not fit must not be lost silently.
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::MailboxOverflow)));
    world.advance(0);
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::MailboxOverflow)));
    assert_eq!(ada.read_all(&mut world.client("via")), ["receipt bob UNDELIVERABLE MAILBOX_OVERFLOW"]);
}
