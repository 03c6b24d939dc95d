//! The namespaces of a node. Each has its own registries, so that no name in one leads to anything in another. They share the
//! limits of the node: of sessions, rooms, detached sessions of one address, and cached responses.

use std::sync::Arc;

use super::{
    MemoryBackend,
    lock::{read, write},
    shared::Shared,
};
use crate::{backend::BackendStats, time::Now};

impl MemoryBackend {
    pub(super) fn of_namespace(&self, namespace: &str) -> Self {
        if let Some(known) = self.of_known_namespace(namespace) {
            return known;
        }
        let mut others = write(&self.root.others);
        let name: Arc<str> = namespace.into();
        let shared = others.entry(name.clone()).or_insert_with(|| self.root.beside(name)).clone();
        Self { shared, root: self.root.clone() }
    }

    pub(super) fn of_known_namespace(&self, namespace: &str) -> Option<Self> {
        let shared =
            if namespace.is_empty() { self.root.clone() } else { read(&self.root.others).get(namespace)?.clone() };
        Some(Self { shared, root: self.root.clone() })
    }
}

/// To be called on the empty namespace, which knows the others.
impl Shared {
    /// Returns all namespaces.
    pub(super) fn everywhere(&self) -> Vec<Arc<Self>> {
        let others = read(&self.others);
        self.me.upgrade().into_iter().chain(others.values().cloned()).collect()
    }

    /// Handles the timers of all namespaces that have expired, and forgets those that are not used.
    pub(super) fn tick_everywhere(&self, now: Now) {
        self.tick(now);
        if read(&self.others).is_empty() {
            return;
        }
        for other in self.everywhere().iter().skip(1) {
            other.tick(now);
        }
        write(&self.others).retain(|_, other| {
            // All who use it have a handle, and none can be had while the list is locked.
            let used = Arc::strong_count(other) > 1 || !other.is_idle(now);
            if !used {
                self.counters.absorb(&other.counters);
            }
            used
        });
    }

    /// Returns counts of all namespaces.
    pub(super) fn stats_everywhere(&self) -> BackendStats {
        let others = read(&self.others);
        others.values().fold(self.stats(), |all, other| {
            let other = other.stats();
            let mut limited_total = all.limited_total;
            limited_total.iter_mut().zip(other.limited_total).for_each(|(all, other)| *all += other);
            BackendStats {
                sessions: all.sessions + other.sessions,
                attached: all.attached + other.attached,
                rooms: all.rooms + other.rooms,
                timers: all.timers + other.timers,
                watchers: all.watchers + other.watchers,
                delivered_total: all.delivered_total + other.delivered_total,
                undeliverable_total: all.undeliverable_total + other.undeliverable_total,
                resumed_total: all.resumed_total + other.resumed_total,
                slow_consumers_total: all.slow_consumers_total + other.slow_consumers_total,
                evicted_total: all.evicted_total + other.evicted_total,
                limited_total,
            }
        })
    }

    /// Returns whether there is nothing in this namespace that has to be remembered.
    fn is_idle(&self, now: Now) -> bool {
        self.sessions.len() == 0
            && read(&self.rooms).is_empty()
            && self.timers.len() == 0
            && self.tombstones.len() == 0
            && self.users.is_idle(&self.limits, now)
    }
}
