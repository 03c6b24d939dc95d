//! A queue of timers, each with a value that says what has expired.

use std::{collections::BTreeMap, sync::Mutex};

use super::lock::lock;

#[derive(Debug)]
pub(super) struct Timers<T> {
    // Locked when something detaches or empties and by the tick, never on the path of an envelope.
    queue: Mutex<Queue<T>>,
}

#[derive(Debug)]
struct Queue<T> {
    next_order: u64,
    timers: BTreeMap<TimerId, T>,
}

/// Identifies a timer: when it expires and, among those that expire at the same time, the order in which they were set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimerId {
    at_ms: u64,
    order: u64,
}

impl<T> Default for Timers<T> {
    fn default() -> Self {
        Self { queue: Mutex::new(Queue { next_order: 0, timers: BTreeMap::new() }) }
    }
}

impl<T> Timers<T> {
    /// Sets a timer that expires at `at_ms`.
    pub(super) fn set(&self, at_ms: u64, value: T) -> TimerId {
        let mut queue = lock(&self.queue);
        let timer = TimerId { at_ms, order: queue.next_order };
        queue.next_order += 1;
        queue.timers.insert(timer, value);
        timer
    }

    /// Removes a timer, if it has not been popped yet.
    pub(super) fn cancel(&self, timer: TimerId) {
        lock(&self.queue).timers.remove(&timer);
    }

    /// Removes the first timer that has expired at `now_ms` and returns its value.
    pub(super) fn pop(&self, now_ms: u64) -> Option<T> {
        let mut queue = lock(&self.queue);
        let first = queue.timers.first_entry()?;
        if first.key().at_ms > now_ms {
            return None;
        }
        Some(first.remove())
    }

    /// Returns how many timers are set.
    pub(super) fn len(&self) -> usize {
        lock(&self.queue).timers.len()
    }
}
