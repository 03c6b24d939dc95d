//! One attachment at a time: what an ended one may still do, which is nothing.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Make,
    kit::{Client, World, answer, direct, in_room, join, room_name, text_bytes},
};
use crate::{
    backend::Attachment,
    error::{Cut, StepError},
    frame::Body,
    reason::Reason,
    session::Fetched,
};

/// Tries everything a connection can ask for, each with the number that would be the next.
fn attempts(world: &World, old: &Arc<dyn Attachment>, other: &Client<'_>) -> Vec<Cut> {
    let (now, next, demo) = (world.now(), old.applied() + 1, room_name("demo"));
    let pairs = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    let cut = |result: Option<Cut>| result.expect("an attachment that is over answers so");
    vec![
        cut(cut_of(answer(old.send(now, next, direct(other.peer(), "ghost"))))),
        cut(cut_of(answer(old.send(now, next, in_room("demo", None, "ghost"))))),
        cut(cut_of(answer(old.join(now, next, join("elsewhere"))))),
        cut(cut_of(answer(old.update_member(now, next, &demo, None, pairs)))),
        cut(cut_of(answer(old.remove_member(now, next, &demo, other.peer(), true)))),
        cut(cut_of(answer(old.leave(now, next, &demo)))),
        cut(cut_of(answer(old.end_room(now, next, &demo)))),
        cut(cut_of(answer(old.reply(now, next, Body::Encoded(text_bytes("ghost")))))),
    ]
}

fn cut_of<E>(result: Result<(), StepError<E>>) -> Option<Cut> {
    match result {
        Err(StepError::Cut(cut)) => Some(cut),
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
    let version = answer(world.backend.room(&room_name("demo"))).expect("there").version;
    assert_eq!(attempts(&world, &old, &bob), [Cut::Superseded; 8]);
    assert_eq!(ada.attachment.applied(), 1, "no number was used");
    assert_eq!(answer(world.backend.room(&room_name("demo"))).expect("there").version, version);
    assert_eq!(world.inside("elsewhere"), "");
    assert_eq!(bob.reads(&mut ada), [""; 0]);
    assert_eq!(ada.reads(&mut bob), [""; 0]);
}

pub(super) fn detached_operations_have_no_effect(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    bob.join("demo");
    let old = ada.attachment.clone();
    ada.lose();
    assert_eq!(attempts(&world, &old, &bob), [Cut::Detached; 8]);
    let fetched = old.fetch(world.now(), std::task::Waker::noop(), 1 << 20, &mut Vec::new());
    assert_eq!(fetched, Fetched::Cut(Cut::Detached));
    ada.resume().expect("resumed");
    assert_eq!(ada.sent, 1, "no number was used");
    assert_eq!(world.inside("demo"), "ada bob");
    assert_eq!(bob.reads(&mut ada), [""; 0]);
    ada.attachment.close(world.now(), Reason::Left);
    assert_eq!(attempts(&world, &ada.attachment, &bob), [Cut::Ended(Reason::Left); 8]);
}

pub(super) fn an_old_ack_is_ignored(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob, mut via) = (world.client("ada"), world.client("bob"), world.client("via"));
    for text in ["1", "2", "3"] {
        ada.tell_with_receipt(bob.peer(), text);
    }
    bob.read(3);
    let old = bob.attachment.clone();
    bob.resume_with(|resume| resume.last_seq = 0).expect("resumed");
    assert_eq!(bob.read(2), ["1", "2"]);
    assert_eq!(old.ack(world.now(), 2), Ok(()), "not an error either: it is just late");
    assert_eq!(ada.reads(&mut via), [""; 0]);
    bob.lose();
    assert_eq!(bob.attachment.ack(world.now(), 2), Ok(()));
    bob.inbox.clear();
    bob.resume_with(|resume| resume.last_seq = 0).expect("nothing was acknowledged");
    assert_eq!(bob.reads(&mut via), ["1", "2", "3"]);
}

pub(super) fn an_old_detach_and_close_are_ignored(make: &Make<'_>) {
    let world = make.world();
    let (mut ada, mut bob) = (world.client("ada"), world.client("bob"));
    ada.join("demo");
    let old = ada.attachment.clone();
    ada.resume().expect("resumed");
    old.detach(world.now(), Cut::HeartbeatTimeout);
    old.close(world.now(), Reason::Left);
    world.pass(60_000);
    bob.tell(ada.peer(), "still here");
    assert_eq!(ada.reads(&mut bob), ["still here"]);
    assert_eq!(ada.cut, None);
    assert_eq!(world.inside("demo"), "ada");
}
