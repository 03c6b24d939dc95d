//! What is due later.

use std::{
    collections::BTreeMap,
    sync::{Mutex, Weak},
};

use super::{Room, Session, lock};
use crate::{id::PeerId, reason::Reason};

/// Something to do at a moment. Whoever acts on it checks first whether it still holds.
#[derive(Debug)]
pub(super) enum Due {
    /// A session detached in this epoch is to be shown as reconnecting.
    Reconnecting(Weak<Session>, u32),
    /// The grace period of a session detached in this epoch is over.
    Grace(Weak<Session>, u32),
    /// A session must end, but could not while a room was locked.
    End(Weak<Session>, Reason),
    /// A room may have been empty long enough.
    EmptyRoom(Weak<Room>),
    /// The end of a session need not be remembered any longer.
    Tombstone(PeerId),
    /// A request id need not be remembered any longer.
    Answer(String),
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    // Pushed to when something detaches or empties, emptied by the tick: never on the path of an envelope.
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    next: u64,
    timers: BTreeMap<TimerId, Due>,
}

/// A timer: when it is due, and, among those due at one moment, which was set first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimerId {
    at_ms: u64,
    order: u64,
}

impl Timers {
    pub(super) fn at(&self, at_ms: u64, due: Due) -> TimerId {
        let mut queue = lock(&self.queue);
        let timer = TimerId { at_ms, order: queue.next };
        queue.next += 1;
        queue.timers.insert(timer, due);
        timer
    }

    /// Forgets a timer, if it is not due yet.
    pub(super) fn cancel(&self, timer: TimerId) {
        lock(&self.queue).timers.remove(&timer);
    }

    /// The next thing that is due at `now_ms`.
    pub(super) fn pop(&self, now_ms: u64) -> Option<Due> {
        let mut queue = lock(&self.queue);
        let first = queue.timers.first_entry()?;
        if first.key().at_ms > now_ms {
            return None;
        }
        Some(first.remove())
    }

    /// Timers that stand for something: a session away, an empty room, an answer. What is only to be forgotten does not count.
    pub(super) fn len(&self) -> usize {
        lock(&self.queue).timers.values().filter(|due| !matches!(due, Due::Tombstone(_))).count()
    }
}
