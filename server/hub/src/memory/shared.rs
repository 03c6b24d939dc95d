//! The state that all handles of a memory backend share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, RwLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    detached::DetachedSessions,
    entities::{Room, Session},
    lock::{lock, read},
    registry::Sessions,
    timers::Timers,
};
use crate::{
    backend::{BackendStats, Reached},
    id::{PeerId, RoomName},
    limits::Limits,
    member::RoomInfo,
    reason::Reason,
    time::Now,
    watch::Watch,
};

/// Responses cached by request id at a time. Beyond it, a repeated request runs again.
const MAX_CACHED_RESPONSES: usize = 100_000;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) limits: Limits,
    pub(super) sessions: Sessions,
    pub(super) detached: DetachedSessions,
    // Ordered by name, so that pages of rooms have a stable order. Written when rooms are created and ended.
    pub(super) rooms: RwLock<BTreeMap<RoomName, Arc<Room>>>,
    pub(super) timers: Timers<Expired>,
    // Written when watches start; read at every change of a room.
    pub(super) watches: RwLock<Vec<Weak<Watch>>>,
    // Responses by request id. Held while a request with an id runs, so that its repetition waits for the response.
    pub(super) responses: Mutex<BTreeMap<String, CachedResponse>>,
    pub(super) counters: Counters,
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
    /// The end of a session no longer needs to be remembered.
    Tombstone(PeerId),
    /// The response to a request id no longer needs to be cached.
    CachedResponse(String),
}

/// The response to a request with a request id.
#[derive(Clone, Debug)]
pub(super) enum CachedResponse {
    Created(RoomInfo),
    Sent(Reached),
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) delivered: AtomicU64,
    pub(super) undeliverable: AtomicU64,
    pub(super) resumed: AtomicU64,
    pub(super) slow_consumers: AtomicU64,
    pub(super) evicted: AtomicU64,
}

impl Shared {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            sessions: Sessions::default(),
            detached: DetachedSessions::default(),
            rooms: RwLock::default(),
            timers: Timers::default(),
            watches: RwLock::default(),
            responses: Mutex::default(),
            counters: Counters::default(),
            next_incarnation: AtomicU64::new(0),
        }
    }

    pub(super) fn next_incarnation(&self) -> u64 {
        self.next_incarnation.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs a request once per request id: a repetition returns the first response. Requests without an id always run.
    /// Failures are not cached.
    pub(super) fn run_once<T: Clone, E>(
        &self,
        now: Now,
        request_id: &str,
        unwrap: impl FnOnce(&CachedResponse) -> Option<T>,
        wrap: impl FnOnce(T) -> CachedResponse,
        run: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if request_id.is_empty() {
            return run();
        }
        let mut responses = lock(&self.responses);
        if let Some(response) = responses.get(request_id).and_then(unwrap) {
            return Ok(response);
        }
        let response = run()?;
        if responses.len() < MAX_CACHED_RESPONSES {
            responses.insert(request_id.to_owned(), wrap(response.clone()));
            let expires_ms = now.mono_ms + self.limits.request_id_ms;
            self.timers.set(expires_ms, Expired::CachedResponse(request_id.to_owned()));
        }
        Ok(response)
    }

    pub(super) fn stats(&self) -> BackendStats {
        let attached = |session: &&Arc<Session>| session.attached_epoch.load(Ordering::Relaxed) != 0;
        BackendStats {
            sessions: self.sessions.len(),
            attached: self.sessions.all().iter().filter(attached).count(),
            rooms: read(&self.rooms).len(),
            // Tombstones only free memory; everything else still has an effect.
            timers: self.timers.count(|expired| !matches!(expired, Expired::Tombstone(_))),
            watchers: read(&self.watches).iter().filter(|watch| watch.strong_count() > 0).count(),
            delivered_total: self.counters.delivered.load(Ordering::Relaxed),
            undeliverable_total: self.counters.undeliverable.load(Ordering::Relaxed),
            resumed_total: self.counters.resumed.load(Ordering::Relaxed),
            slow_consumers_total: self.counters.slow_consumers.load(Ordering::Relaxed),
            evicted_total: self.counters.evicted.load(Ordering::Relaxed),
        }
    }
}
