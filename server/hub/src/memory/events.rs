//! The latest events of the sessions of all namespaces, for operators of each.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
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
    // With their namespaces. Locked when a session begins, is detached or resumed, or ends. No other lock is taken while it is held.
    latest: Mutex<VecDeque<(Arc<str>, SessionEvent)>>,
    /// The number of the last event. Written under `latest`.
    last: AtomicU64,
}

impl Events {
    /// Adds an event, and forgets the oldest one if there are too many.
    pub(super) fn note(&self, now: Now, namespace: &Arc<str>, peer: &PeerId, change: SessionChange, max: usize) {
        let mut latest = lock(&self.latest);
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        if latest.len() >= max {
            latest.pop_front();
        }
        let event = SessionEvent { number, at_ms: now.unix_ms, peer: peer.clone(), change };
        latest.push_back((namespace.clone(), event));
    }

    /// Forgets the events of a session. Returns how many there were.
    pub(super) fn forget(&self, namespace: &str, peer: &PeerId) -> usize {
        let mut latest = lock(&self.latest);
        let before = latest.len();
        latest.retain(|(of, event)| event.peer != *peer || **of != *namespace);
        before - latest.len()
    }

    /// Returns the events of a namespace after the number `after`.
    pub(super) fn after(&self, namespace: &str, after: u64, max: usize) -> EventPage {
        let latest = lock(&self.latest);
        let from = latest.partition_point(|(_, event)| event.number <= after);
        let missed = latest.front().is_some_and(|(_, first)| first.number > after.saturating_add(1));
        let own = latest.range(from..).filter(|(of, _)| **of == *namespace).map(|(_, event)| event.clone());
        EventPage { events: own.take(max).collect(), missed }
    }
}
