//! The state that all handles of a memory backend share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, RwLock, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{
    detached::DetachedSessions,
    entities::{Room, Session},
    events::Events,
    lock::read,
    rates::Users,
    registry::Sessions,
    responses::{ResponseKey, Responses},
    timers::Timers,
    watchers::Watchers,
};
use crate::{
    backend::BackendStats,
    id::{PeerId, RoomName},
    limits::Limits,
    rate::{Limited, RateLimitKind},
    reason::Reason,
};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) sessions: Sessions,
    pub(super) users: Users,
    pub(super) detached: DetachedSessions,
    // Ordered by name, so that pages of rooms have a stable order. Written when rooms are created and ended.
    pub(super) rooms: RwLock<BTreeMap<RoomName, Arc<Room>>>,
    pub(super) timers: Timers<Expired>,
    // Apart from the others: they only free memory.
    pub(super) tombstones: Timers<PeerId>,
    pub(super) watchers: Watchers,
    pub(super) responses: Responses,
    pub(super) counters: Counters,
    pub(super) events: Events,
    // The incarnation of the session opened next.
    next_incarnation: AtomicU64,
}

/// What a timer stands for. The code that handles it first checks whether it still applies.
#[derive(Debug)]
pub(super) enum Expired {
    /// A session detached in this epoch is to be shown as reconnecting.
    Reconnecting(Weak<Session>, u32),
    /// The grace period of a session detached in this epoch is over.
    Grace(Weak<Session>, u32),
    /// There were too many detached sessions: one detached in this epoch is to end.
    Evicted(Weak<Session>, u32),
    /// A session must end, and could not be ended while a room was locked.
    End(Weak<Session>, Reason),
    /// A room may have been empty for its timeout.
    EmptyRoom(Weak<Room>),
    /// The response to a request id no longer needs to be cached.
    CachedResponse(ResponseKey),
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    // Sessions with a connection.
    pub(super) attached: AtomicUsize,
    pub(super) delivered: AtomicU64,
    pub(super) undeliverable: AtomicU64,
    pub(super) resumed: AtomicU64,
    pub(super) slow_consumers: AtomicU64,
    pub(super) evicted: AtomicU64,
    // By the number of the limit.
    limited: [AtomicU64; RateLimitKind::ALL.len()],
}

impl Counters {
    /// Counts a frame that waits, or a request that is refused, because of a rate limit.
    pub(super) fn count_limited(&self, limited: &Limited) {
        self.limited[limited.kind.number()].fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            sessions: Sessions::default(),
            users: Users::default(),
            detached: DetachedSessions::default(),
            rooms: RwLock::default(),
            timers: Timers::default(),
            tombstones: Timers::default(),
            watchers: Watchers::default(),
            responses: Responses::default(),
            counters: Counters::default(),
            events: Events::default(),
            next_incarnation: AtomicU64::new(0),
        }
    }

    pub(super) fn next_incarnation(&self) -> u64 {
        self.next_incarnation.fetch_add(1, Ordering::Relaxed)
    }

    /// Sets which epoch of a session is attached, 0 for none. The caller holds the session's state.
    pub(super) fn set_attached_epoch(&self, session: &Session, epoch: u32) {
        let before = session.attached_epoch.swap(epoch, Ordering::AcqRel);
        match (before, epoch) {
            (0, 0) => {}
            (0, _) => drop(self.counters.attached.fetch_add(1, Ordering::Relaxed)),
            (_, 0) => drop(self.counters.attached.fetch_sub(1, Ordering::Relaxed)),
            (_, _) => {}
        }
    }

    /// Returns counts. Takes no time in the number of sessions and rooms, since probes and a drain ask again and again.
    pub(super) fn stats(&self) -> BackendStats {
        BackendStats {
            sessions: self.sessions.len(),
            attached: self.counters.attached.load(Ordering::Relaxed),
            rooms: read(&self.rooms).len(),
            timers: self.timers.len(),
            watchers: self.watchers.len(),
            delivered_total: self.counters.delivered.load(Ordering::Relaxed),
            undeliverable_total: self.counters.undeliverable.load(Ordering::Relaxed),
            resumed_total: self.counters.resumed.load(Ordering::Relaxed),
            slow_consumers_total: self.counters.slow_consumers.load(Ordering::Relaxed),
            evicted_total: self.counters.evicted.load(Ordering::Relaxed),
            limited_total: self.counters.limited.each_ref().map(|count| count.load(Ordering::Relaxed)),
        }
    }
}
