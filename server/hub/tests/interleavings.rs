//! Interleavings that threads hit once in a thousand runs, made deterministic: a connection's waker, called between two
//! steps of another session's operation, does what another thread might do at that moment.
//!
//! This works only with the memory backend, and only where it calls wakers without holding a room's lock.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Wake, Waker},
};

use wigwag_hub::{
    Backend, Item, Limits, MemoryBackend, Reason,
    contract::kit::{Client, World, answer, in_room, room_name},
    error::{SendError, StepError},
    session::Fetched,
};

/// Runs a function the first time it is woken.
struct RunOnWake<F>(Mutex<Option<F>>);

impl<F: FnOnce() + Send + 'static> Wake for RunOnWake<F> {
    fn wake(self: Arc<Self>) {
        let run = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(run) = run {
            run();
        }
    }
}

/// Runs a function the next time this client's connection is woken.
fn when_woken(world: &World, client: &mut Client<'_>, run: impl FnOnce() + Send + 'static) {
    client.pump();
    client.inbox.clear();
    let waker = Waker::from(Arc::new(RunOnWake(Mutex::new(Some(run)))));
    let fetched = client.attachment.fetch(world.now(), &waker, 1 << 20, &mut Vec::new());
    assert_eq!(fetched, Fetched::Idle, "the waker is stored");
}

fn world(limits: Limits) -> (Arc<MemoryBackend>, World) {
    let backend = Arc::new(MemoryBackend::new(limits));
    (backend.clone(), World::new(backend))
}

/// Opens four clients. All but the last join a room.
fn clients(world: &World) -> [Client<'_>; 4] {
    let mut clients = ["ada", "bob", "eve", "via"].map(|name| world.client(name));
    clients[..3].iter_mut().for_each(|client| drop(client.join("demo")));
    clients
}

/// Regression: the broadcast was refused after some members had received it. Its number was used again, and the sender got
/// receipts of two envelopes under one number.
#[test]
fn a_broadcast_that_reached_a_member_is_not_refused() {
    let (backend, world) = world(Limits::default());
    let [mut ada, mut bob, mut eve, mut via] = clients(&world);
    let (peer, now) = (ada.peer().clone(), world.now());
    when_woken(&world, &mut bob, move || {
        answer(|| backend.remove_member(now, &room_name("demo"), &peer, false)).expect("removed");
    });
    assert_eq!(ada.send(in_room("demo", None, "all")), Ok(()), "bob received it");
    ada.send_direct(bob.peer(), "next");
    answer(|| bob.attachment.close(world.now(), Reason::Left)).expect("it ends");
    assert_eq!(eve.read_all(&mut via), [""; 0], "nothing from a former member");
    let told: Vec<_> = (0..4)
        .map(|_| match ada.take(|item| matches!(item, Item::Numbered { .. })) {
            Item::Numbered { reply_to, body, .. } => (reply_to, world.describe_body(&body)),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        (0, "left demo REMOVED"),
        (2, "receipt eve UNDELIVERABLE NOT_JOINED"),
        (2, "receipt bob UNDELIVERABLE LEFT"),
        (3, "receipt bob UNDELIVERABLE LEFT"),
    ];
    assert_eq!(told, expected.map(|(number, text)| (number, text.to_owned())));
    assert_eq!(ada.read_all(&mut via), [""; 0], "nothing else");
}

/// The first recipient's mailbox is full, and the sender is removed before the second: no member received it, so it is
/// refused as a whole and there are no receipts.
#[test]
fn a_broadcast_that_reached_no_member_is_refused() {
    let (backend, world) = world(Limits { mailbox_frames: 2, ..Limits::default() });
    let [mut ada, mut bob, mut eve, mut via] = clients(&world);
    let (peer, now) = (ada.peer().clone(), world.now());
    bob.ack();
    for text in ["one", "two"] {
        via.send_direct(bob.peer(), text);
    }
    ada.ack();
    when_woken(&world, &mut bob, move || {
        answer(|| backend.remove_member(now, &room_name("demo"), &peer, false)).expect("removed");
    });
    assert_eq!(ada.send(in_room("demo", None, "all")), Err(StepError::Refused(SendError::NotJoined)));
    assert_eq!(ada.read_all(&mut via), ["left demo REMOVED"]);
    bob.resume().expect("a slow consumer may resume");
    assert_eq!(bob.read_all(&mut via), [""; 0]);
    eve.ack();
    assert_eq!(eve.read_all(&mut via), [""; 0]);
}
