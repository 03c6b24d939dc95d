//! Ends connections whose client has stopped reading, and detaches resumable sessions whose client is silent.
//!
//! A transport takes frames only while the client reads, or its flow-control window is open. For a client that does not read
//! the timers of its connection do not fire, and its final frames are never written. The memory it holds is bounded, but
//! without this task it would be held for as long as the client keeps the connection open.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use wigwag_hub::{Attachment, Now, error::DetachReason, session::SessionKind};

use crate::{auth::Identity, connection::WriteActivity};

/// How long a connection may take to write its final frames once its attachment has ended. Then it is aborted.
const CLOSE_TIMEOUT_MS: u64 = 10_000;

/// One shard is examined per tick, so that a tick stays short.
const SHARDS: usize = 16;

/// Ends what carries a connection, when its client has stopped reading and nothing else can: the HTTP/2 stream, which other
/// clients may share a TCP connection with, or the TCP connection.
pub type Abort = Box<dyn FnOnce() + Send>;

/// All attached connections of a node.
#[derive(Default)]
pub(super) struct ConnectionReaper {
    // Locked when a connection is attached or dropped, and by `reap`. Never held across a call into the backend that
    // takes a lock.
    shards: [Mutex<HashMap<u64, Tracked>>; SHARDS],
    next_id: AtomicU64,
    next_shard: AtomicUsize,
}

struct Tracked {
    attachment: Arc<dyn Attachment>,
    abort: Option<Abort>,
    activity: Arc<WriteActivity>,
    /// The count of polls when it was last examined, and since when frames have waited without another one.
    polls: u32,
    blocked_since_ms: Option<u64>,
    detached_at_ms: Option<u64>,
}

impl Tracked {
    /// Returns whether frames have waited for `timeout_ms` and the client has read nothing.
    fn is_stuck(&mut self, now: Now, timeout_ms: u64) -> bool {
        let polls = self.activity.polls();
        if polls != self.polls || !self.activity.is_waiting() {
            (self.polls, self.blocked_since_ms) = (polls, None);
            return false;
        }
        let since = *self.blocked_since_ms.get_or_insert(now.mono_ms);
        now.mono_ms.saturating_sub(since) >= timeout_ms
    }
}

/// A connection's entry with the reaper, removed on drop.
pub struct Registration {
    reaper: Arc<ConnectionReaper>,
    id: u64,
}

impl ConnectionReaper {
    /// Adds a connection that has just been attached.
    pub(super) fn register(
        self: &Arc<Self>,
        attachment: Arc<dyn Attachment>,
        abort: Option<Abort>,
        activity: Arc<WriteActivity>,
    ) -> Registration {
        let id = self.next_id.fetch_add(1, Relaxed);
        let polls = activity.polls();
        let tracked = Tracked { attachment, abort, activity, polls, blocked_since_ms: None, detached_at_ms: None };
        self.shard(id).insert(id, tracked);
        Registration { reaper: self.clone(), id }
    }

    /// Examines one shard of the connections; [`SHARDS`] calls examine all of them.
    pub(super) fn reap(&self, now: Now, heartbeat: Duration, write_timeout: Duration) {
        let shard = self.next_shard.fetch_add(1, Relaxed) as u64;
        // One heartbeat later than the connection's own timeout, which is two and a half heartbeats.
        let timeout_ms = u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX).saturating_mul(7) / 2;
        let write_timeout_ms = u64::try_from(write_timeout.as_millis()).unwrap_or(u64::MAX);
        let (mut over, mut stuck) = (Vec::new(), Vec::new());
        for tracked in self.shard(shard).values_mut() {
            let attachment = tracked.attachment.clone();
            if attachment.is_over() {
                let since = *tracked.detached_at_ms.get_or_insert(now.mono_ms);
                if now.mono_ms.saturating_sub(since) >= CLOSE_TIMEOUT_MS
                    && let Some(abort) = tracked.abort.take()
                {
                    let identity = Identity::from_stored(&attachment.grants());
                    let namespace = identity.as_ref().map(Identity::namespace).filter(|name| !name.is_empty());
                    tracing::info!(
                        namespace,
                        peer.id = attachment.peer().as_str(),
                        "stream or connection aborted: its client does not read"
                    );
                    stuck.push(abort);
                }
            } else if tracked.is_stuck(now, write_timeout_ms) {
                over.push((attachment, DetachReason::SlowConsumer));
            } else if attachment.kind() != SessionKind::Live
                && now.mono_ms.saturating_sub(attachment.last_activity_ms()) > timeout_ms
            {
                over.push((attachment, DetachReason::HeartbeatTimeout));
            }
        }
        // Outside the lock, which the end of a connection takes.
        stuck.into_iter().for_each(|abort| abort());
        for (attachment, reason) in over {
            attachment.detach(now, reason).forget();
        }
    }

    fn shard(&self, id: u64) -> MutexGuard<'_, HashMap<u64, Tracked>> {
        let at = usize::try_from(id % SHARDS as u64).unwrap_or(0);
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.reaper.shard(self.id).remove(&self.id);
    }
}
