//! Timers: what is set when a session loses its connection, and what happens when a timer expires.

use std::sync::{Arc, atomic::Ordering};

use super::{
    entities::Session,
    lock::lock,
    shared::{Expired, Shared},
};
use crate::{
    reason::Reason,
    session::{SessionKind, SessionState},
    time::Now,
};

impl Shared {
    /// Sets the timers of a session that has just lost its connection.
    pub(super) fn start_grace(&self, now: Now, session: &Arc<Session>) {
        let SessionKind::Resumable { grace_ms } = session.kind else { return };
        let flushing = session.state().flushing();
        if let Some(reason) = flushing {
            // It cannot be resumed.
            return self.end_at_next_tick(now, session, reason);
        }
        if let Some((evicted, owner)) = self.detached.insert(session, self.me.clone(), &self.limits)
            && let Some(owner) = owner.upgrade()
        {
            let epoch = evicted.state().epoch();
            owner.timers.set(now.mono_ms, Expired::Evicted(Arc::downgrade(&evicted), epoch));
        }
        let mut timers = lock(&session.grace_timers);
        let (epoch, weak) = (session.state().epoch(), Arc::downgrade(session));
        let reconnecting_ms = now.mono_ms + self.limits.reconnecting_after_ms;
        let grace_ends_ms = now.mono_ms + u64::from(grace_ms);
        // They replace the timers of an earlier loss, so that reconnecting repeatedly does not accumulate timers.
        let earlier = timers.replace([
            self.timers.set(reconnecting_ms, Expired::Reconnecting(weak.clone(), epoch)),
            self.timers.set(grace_ends_ms, Expired::Grace(weak, epoch)),
        ]);
        for timer in earlier.into_iter().flatten() {
            self.timers.cancel(timer);
        }
    }

    /// Makes the next tick end a session. For callers that hold, or may hold, a room's lock.
    pub(super) fn end_at_next_tick(&self, now: Now, session: &Arc<Session>, reason: Reason) {
        self.timers.set(now.mono_ms, Expired::End(Arc::downgrade(session), reason));
    }

    /// Handles all timers that have expired.
    pub(super) fn tick(&self, now: Now) {
        while let Some(expired) = self.timers.pop(now.mono_ms) {
            match expired {
                Expired::Reconnecting(session, epoch) => {
                    let Some(session) = session.upgrade() else { continue };
                    let changed = {
                        let mut state = session.state();
                        detached_for(&state, epoch, self.limits.reconnecting_after_ms, now)
                            && state.set_reconnecting(true)
                    };
                    if changed {
                        self.publish_presence(&session);
                    }
                }
                Expired::Grace(session, epoch) => {
                    let Some(session) = session.upgrade() else { continue };
                    let SessionKind::Resumable { grace_ms } = session.kind else { continue };
                    let over = |state: &SessionState<_>| detached_for(state, epoch, grace_ms.into(), now);
                    self.end_session_if(now, &session, Reason::Expired, over);
                }
                Expired::Evicted(session, epoch) => {
                    let Some(session) = session.upgrade() else { continue };
                    let detached = |state: &SessionState<_>| detached_for(state, epoch, 0, now);
                    if self.end_session_if(now, &session, Reason::Expired, detached) {
                        self.counters.evicted.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Expired::End(session, reason) => {
                    if let Some(session) = session.upgrade() {
                        self.end_session(now, &session, reason);
                    }
                }
                Expired::EmptyRoom(room) => {
                    if let Some(room) = room.upgrade() {
                        self.end_if_empty(now, &room);
                    }
                }
                Expired::CachedResponse(key) => self.responses.forget(&key),
            }
        }
        while let Some(peer) = self.tombstones.pop(now.mono_ms) {
            self.sessions.forget(&peer);
        }
    }
}

/// Returns whether a session has been detached for this long since it lost its connection in this epoch. A timer that was
/// set late, when the session had been resumed and lost again, must not count the earlier time.
fn detached_for<R>(state: &SessionState<R>, epoch: u32, ms: u64, now: Now) -> bool {
    state.epoch() == epoch && state.detached_ms(now).is_some_and(|detached| detached >= ms)
}
