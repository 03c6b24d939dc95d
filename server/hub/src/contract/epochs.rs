//! One attachment at a time: operations of an attachment that is over have no effect.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    kit::{Client, World, answer, direct, in_room, join, room_name, text_bytes},
    make::Make,
};
use crate::{
    backend::Attachment,
    error::{DetachReason, StepError},
    frame::Body,
    reason::Reason,
    session::Fetched,
};

/// Attempts every operation of a connection, each with the next number.
fn attempts(world: &World, old: &Arc<dyn Attachment>, other: &Client<'_>) -> Vec<DetachReason> {
    let (now, next, demo) = (world.now(), old.applied() + 1, room_name("demo"));
    let pairs = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    let reason = |result: Option<DetachReason>| result.expect("refused because the attachment is over");
    vec![
        reason(reason_of(answer(|| old.send(now, next, direct(other.peer(), "ghost"))))),
        reason(reason_of(answer(|| old.send(now, next, in_room("demo", None, "ghost"))))),
        reason(reason_of(answer(|| old.join(now, next, join("elsewhere"))))),
        reason(reason_of(answer(|| old.update_member(now, next, &demo, None, pairs.clone())))),
        reason(reason_of(answer(|| old.remove_member(now, next, &demo, other.peer(), true)))),
        reason(reason_of(answer(|| old.leave(now, next, &demo)))),
        reason(reason_of(answer(|| old.end_room(now, next, &demo)))),
        reason(reason_of(answer(|| old.reply(now, next, Body::Encoded(text_bytes("ghost")))))),
    ]
}

fn reason_of<E>(result: Result<(), StepError<E>>) -> Option<DetachReason> {
    match result {
        Err(StepError::Detached(reason)) => Some(reason),
        _ => None,
    }
}

pub(super) fn superseded_operations_have_no_effect(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    let old = ada.attachment.clone();
    ada.resume().expect("resumed");
    let version = answer(|| world.backend.room(&room_name("demo"))).expect("there").version;
    assert_eq!(attempts(&world, &old, &bob), [DetachReason::Superseded; 8]);
    assert_eq!(ada.attachment.applied(), 1, "no number was consumed");
    assert_eq!(answer(|| world.backend.room(&room_name("demo"))).expect("there").version, version);
    assert_eq!(world.members_in("elsewhere"), "");
    assert_eq!(bob.read_all(&mut ada), [""; 0]);
    assert_eq!(ada.read_all(&mut bob), [""; 0]);
}

pub(super) fn detached_operations_have_no_effect(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    let old = ada.attachment.clone();
    ada.disconnect();
    assert_eq!(attempts(&world, &old, &bob), [DetachReason::ConnectionLost; 8]);
    let fetched = old.fetch(world.now(), std::task::Waker::noop(), 1 << 20, &mut Vec::new());
    assert_eq!(fetched, Fetched::Detached(DetachReason::ConnectionLost));
    ada.resume().expect("resumed");
    assert_eq!(ada.sent, 1, "no number was consumed");
    assert_eq!(world.members_in("demo"), "ada bob");
    assert_eq!(bob.read_all(&mut ada), [""; 0]);
    answer(|| ada.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(attempts(&world, &ada.attachment, &bob), [DetachReason::Ended(Reason::Left); 8]);
}

pub(super) fn an_old_ack_is_ignored(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    for text in ["1", "2", "3"] {
        ada.send_with_receipt(bob.peer(), text);
    }
    bob.read(3);
    let old = bob.attachment.clone();
    bob.resume_with(|resume| resume.last_seq = 0).expect("resumed");
    assert_eq!(bob.read(2), ["1", "2"]);
    assert_eq!(old.ack(world.now(), 2), Ok(()), "late, and not an error");
    assert_eq!(ada.read_all(&mut via), [""; 0]);
    bob.disconnect();
    assert_eq!(bob.attachment.ack(world.now(), 2), Ok(()));
    bob.inbox.clear();
    bob.resume_with(|resume| resume.last_seq = 0).expect("nothing was acknowledged");
    assert_eq!(bob.read_all(&mut via), ["1", "2", "3"]);
}

pub(super) fn an_old_detach_and_close_are_ignored(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    let old = ada.attachment.clone();
    ada.resume().expect("resumed");
    answer(|| old.detach(world.now(), DetachReason::HeartbeatTimeout)).expect("it ends");
    answer(|| old.close(world.now(), Reason::Left)).expect("it ends");
    world.advance(60_000);
    bob.send_direct(ada.peer(), "still here");
    assert_eq!(ada.read_all(&mut bob), ["still here"]);
    assert_eq!(ada.detached, None);
    assert_eq!(world.members_in("demo"), "ada");
}
