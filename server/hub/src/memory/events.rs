//! The latest events of sessions, for operators.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use super::lock::lock;
use crate::{
    backend::{EventPage, SessionChange, SessionEvent},
    id::PeerId,
    time::Now,
};

/// The latest events of sessions.
#[derive(Debug, Default)]
pub(super) struct Events {
    // Locked when a session begins, is detached or resumed, or ends. No other lock is taken while it is held.
    latest: Mutex<VecDeque<SessionEvent>>,
    /// The number of the last event. Written under `latest`.
    last: AtomicU64,
}

impl Events {
    /// Adds an event, and forgets the oldest one if there are too many.
    pub(super) fn note(&self, now: Now, peer: &PeerId, change: SessionChange, max: usize) {
        let mut latest = lock(&self.latest);
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        if latest.len() >= max {
            latest.pop_front();
        }
        latest.push_back(SessionEvent { number, at_ms: now.unix_ms, peer: peer.clone(), change });
    }

    /// Forgets the events of a session. Returns how many there were.
    pub(super) fn forget(&self, peer: &PeerId) -> usize {
        let mut latest = lock(&self.latest);
        let before = latest.len();
        latest.retain(|event| event.peer != *peer);
        before - latest.len()
    }

    /// Returns the events after the number `after`.
    pub(super) fn after(&self, after: u64, max: usize) -> EventPage {
        let latest = lock(&self.latest);
        let from = latest.partition_point(|event| event.number <= after);
        let missed = latest.front().is_some_and(|first| first.number > after.saturating_add(1));
        EventPage { events: latest.range(from..).take(max).cloned().collect(), missed }
    }
}
