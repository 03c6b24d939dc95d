//! The state that all handles of a memory backend share in one namespace.

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
    registry::{NodeCounts, Sessions},
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
    // Empty, or 1 to 64 characters.
    pub(super) namespace: Arc<str>,
    // The other namespaces, if this is the empty one. Written when one is used for the first time, or was not for a while.
    pub(super) others: RwLock<BTreeMap<Arc<str>, Arc<Self>>>,
    pub(super) me: Weak<Self>,
    // Counts of all namespaces.
    pub(super) node: Arc<NodeCounts>,
    pub(super) limits: Limits,
    pub(super) sessions: Sessions,
    pub(super) users: Users,
    // Those of all namespaces, by address.
    pub(super) detached: Arc<DetachedSessions<Weak<Self>>>,
    // Ordered by name, so that pages of rooms have a stable order. Written when rooms are created and ended.
    pub(super) rooms: RwLock<BTreeMap<RoomName, Arc<Room>>>,
    pub(super) timers: Timers<Expired>,
    // Apart from the others: they only free memory.
    pub(super) tombstones: Timers<PeerId>,
    pub(super) watchers: Watchers,
    pub(super) responses: Responses,
    pub(super) counters: Counters,
    // Those of all namespaces.
    pub(super) events: Arc<Events>,
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

    /// Adds the totals of a namespace that is not used any more.
    pub(super) fn absorb(&self, other: &Self) {
        let add = |to: &AtomicU64, from: &AtomicU64| to.fetch_add(from.load(Ordering::Relaxed), Ordering::Relaxed);
        add(&self.delivered, &other.delivered);
        add(&self.undeliverable, &other.undeliverable);
        add(&self.resumed, &other.resumed);
        add(&self.slow_consumers, &other.slow_consumers);
        add(&self.evicted, &other.evicted);
        for (to, from) in self.limited.iter().zip(&other.limited) {
            add(to, from);
        }
    }
}

impl Shared {
    /// Makes the empty namespace.
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Self::with("".into(), limits, Arc::default(), Arc::default(), Arc::default(), Arc::default())
    }

    /// Makes another namespace of the same node.
    pub(super) fn beside(&self, namespace: Arc<str>) -> Arc<Self> {
        let (node, detached, events) = (self.node.clone(), self.detached.clone(), self.events.clone());
        Self::with(namespace, self.limits, node, detached, events, self.responses.bytes_of_node().clone())
    }

    fn with(
        namespace: Arc<str>,
        limits: Limits,
        node: Arc<NodeCounts>,
        detached: Arc<DetachedSessions<Weak<Self>>>,
        events: Arc<Events>,
        response_bytes: Arc<AtomicUsize>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            namespace,
            others: RwLock::default(),
            me: me.clone(),
            sessions: Sessions::new(node.clone()),
            node,
            limits,
            users: Users::default(),
            detached,
            rooms: RwLock::default(),
            timers: Timers::default(),
            tombstones: Timers::default(),
            watchers: Watchers::default(),
            responses: Responses::new(response_bytes),
            counters: Counters::default(),
            events,
            next_incarnation: AtomicU64::new(0),
        })
    }

    /// Returns the namespace for a line of the log. Lines about the empty one do not name it.
    pub(super) fn logged_namespace(&self) -> Option<&str> {
        Some(&*self.namespace).filter(|namespace| !namespace.is_empty())
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

    /// Returns counts of this namespace. Takes no time in the number of sessions and rooms, since probes and a drain ask again and again.
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
