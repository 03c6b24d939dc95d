//! Bounds: what a session holds at most, and what happens then.

use super::{
    Make,
    kit::{Client, answer, room_name},
};
use crate::{
    error::{Cut, ResumeError},
    id::PeerId,
    limits::Limits,
    reason::Reason,
};

fn small(frames: usize, detached: usize) -> Limits {
    Limits { mailbox_frames: frames, detached_frames: detached, ..Limits::default() }
}

/// Sends numbered texts to a peer; each is accepted.
fn flood(to: &PeerId, from: &mut Client<'_>, count: usize) {
    for number in 1..=count {
        from.tell(to, &format!("e{number}"));
    }
}

pub(super) fn an_attached_reader_that_lags_is_cut(make: &Make<'_>) {
    let world = make.world_with(small(4, 4));
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    flood(bob.peer(), &mut ada, 5);
    assert_eq!(ada.reads(&mut via), ["receipt bob UNDELIVERABLE MAILBOX_FULL"]);
    let mut old = Vec::new();
    let fetched = bob.attachment.fetch(world.now(), std::task::Waker::noop(), 1 << 20, &mut old);
    assert_eq!(fetched, crate::session::Fetched::Cut(Cut::SlowConsumer));
    assert_eq!(world.backend.census().slow_consumers_total, 1);
    ada.tell(bob.peer(), "e6");
    bob.resume().expect("it can come back");
    assert_eq!(bob.read(5), ["e1", "e2", "e3", "e4", "e6"]);
    bob.ack();
    flood(bob.peer(), &mut ada, 4);
    assert_eq!(bob.read(4), ["e1", "e2", "e3", "e4"], "what is acknowledged does not count");
}

pub(super) fn a_live_reader_that_lags_is_ended(make: &Make<'_>) {
    let world = make.world_with(small(4, 4));
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.live("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
        client.ack();
    }
    flood(bob.peer(), &mut eve, 2);
    flood(bob.peer(), &mut ada, 3);
    world.pass(0);
    assert_eq!(bob.over(), Cut::Ended(Reason::SlowConsumer));
    let slow = "receipt bob UNDELIVERABLE SLOW_CONSUMER";
    assert_eq!(eve.reads(&mut ada), [slow; 2]);
    let mut told = ada.reads(&mut eve);
    told.sort();
    assert_eq!(told, ["receipt bob UNDELIVERABLE MAILBOX_FULL", slow, slow]);
    ada.ack();
    eve.ack();
    assert_eq!(ada.hears("demo", &mut eve), ["+eve", "+bob", "-bob SLOW_CONSUMER"]);
}

pub(super) fn a_detached_mailbox_refuses_envelopes(make: &Make<'_>) {
    let world = make.world_with(small(1_000, 3));
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    flood(bob.peer(), &mut ada, 2);
    bob.lose();
    flood(bob.peer(), &mut ada, 5);
    assert_eq!(ada.reads(&mut via), ["receipt bob UNDELIVERABLE MAILBOX_FULL"; 2], "three beyond what was there");
    bob.resume().expect("resumed");
    assert_eq!(bob.reads(&mut via), ["e1", "e2", "e1", "e2", "e3"]);
}

pub(super) fn a_detached_mailbox_that_must_take_more_ends(make: &Make<'_>) {
    let world = make.world_with(small(1_000, 3));
    let (mut ada, mut eve, mut bob) = (world.client("ada"), world.client("eve"), world.client("bob"));
    for client in [&mut ada, &mut eve, &mut bob] {
        client.join("demo");
    }
    bob.pump();
    bob.ack();
    for _ in 0..4 {
        bob.tell_with_receipt(eve.peer(), "hi");
    }
    bob.lose();
    eve.read(4);
    eve.ack();
    world.pass(0);
    assert_eq!(ada.hears("demo", &mut eve), ["+eve", "+bob", "-bob MAILBOX_OVERFLOW"]);
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::MailboxOverflow)));
}

pub(super) fn bytes_count_too(make: &Make<'_>) {
    let limits = Limits { mailbox_bytes: 2_000, detached_bytes: 1_000, ..Limits::default() };
    let world = make.world_with(limits);
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    let text = "x".repeat(800);
    ada.tell(bob.peer(), &text);
    ada.tell(bob.peer(), &text);
    ada.tell(bob.peer(), &text);
    assert_eq!(ada.reads(&mut via), ["receipt bob UNDELIVERABLE MAILBOX_FULL"]);
    ada.tell(bob.peer(), &text);
    ada.tell(bob.peer(), &text);
    assert_eq!(ada.reads(&mut via), ["receipt bob UNDELIVERABLE MAILBOX_FULL"], "detached: one more, then full");
    bob.resume().expect("resumed");
    assert_eq!(bob.read(3).len(), 3);
    bob.ack();
    assert_eq!(bob.reads(&mut via), [""; 0]);
}

pub(super) fn a_lone_large_roster_fits(make: &Make<'_>) {
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
    assert_eq!((live.cut, held.cut), (None, None), "a frame that is alone is never too large");
}

pub(super) fn an_ended_overflow_cannot_be_resumed(make: &Make<'_>) {
    let world = make.world_with(small(1_000, 1));
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    bob.lose();
    ada.tell(bob.peer(), "fills it");
    answer(world.backend.remove_member(world.now(), &room_name("demo"), bob.peer(), false)).expect("removed");
    // Before any tick: the `left` that did not fit must not be lost in silence.
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::MailboxOverflow)));
    world.pass(0);
    assert_eq!(bob.resume(), Err(ResumeError::Reset(Reason::MailboxOverflow)));
    assert_eq!(ada.reads(&mut world.client("via")), ["receipt bob UNDELIVERABLE MAILBOX_OVERFLOW"]);
}
