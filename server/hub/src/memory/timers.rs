//! What is due later.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Mutex, Weak},
};

use super::{Room, Session, lock};
use crate::{id::PeerId, reason::Reason};

/// Something to do at a moment. Whoever acts on it checks first whether it still holds.
#[derive(Debug)]
pub(super) enum Due {
    /// A detached session may have to be shown as reconnecting.
    Reconnecting(Weak<Session>),
    /// The grace period of a detached session may be over.
    Grace(Weak<Session>),
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
    heap: BinaryHeap<Reverse<Timer>>,
}

#[derive(Debug)]
struct Timer {
    at_ms: u64,
    order: u64,
    due: Due,
}

impl Timers {
    pub(super) fn at(&self, at_ms: u64, due: Due) {
        let mut queue = lock(&self.queue);
        let order = queue.next;
        queue.next += 1;
        queue.heap.push(Reverse(Timer { at_ms, order, due }));
    }

    /// The next thing that is due at `now_ms`.
    pub(super) fn pop(&self, now_ms: u64) -> Option<Due> {
        let mut queue = lock(&self.queue);
        if queue.heap.peek()?.0.at_ms > now_ms {
            return None;
        }
        queue.heap.pop().map(|timer| timer.0.due)
    }

    /// Timers that stand for something: a session away, an empty room, an answer. What is only to be forgotten does not count.
    pub(super) fn len(&self) -> usize {
        lock(&self.queue).heap.iter().filter(|timer| !matches!(timer.0.due, Due::Tombstone(_))).count()
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        (self.at_ms, self.order) == (other.at_ms, other.order)
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at_ms, self.order).cmp(&(other.at_ms, other.order))
    }
}
