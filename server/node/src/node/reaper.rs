//! Watches over connections that cannot watch over themselves.
//!
//! HTTP/2 asks a stream for more only when its client has read what there was. So a stream whose client reads nothing is
//! not polled: it cannot notice that its pings go unanswered, and the end it was given never gets out. What it holds is
//! bounded, but it would be held for as long as the client likes.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wigwag_hub::{Attachment, Now, error::DetachReason, session::SessionKind};

/// How long a connection whose attachment is over has for its last words. Then it is closed, with every stream on it.
const LINGER: Duration = Duration::from_secs(10);

/// Looked at one by one, so that no look takes long.
const SHARDS: usize = 16;

/// All connections of a node that have a session.
#[derive(Default)]
pub struct ConnectionReaper {
    // Written when a connection gets its session and when it goes; read by the sweep. Never held across a call into the
    // backend that takes a lock.
    shards: [Mutex<HashMap<u64, Tracked>>; SHARDS],
    next_id: AtomicU64,
    next_shard: AtomicUsize,
}

struct Tracked {
    attachment: Arc<dyn Attachment>,
    abort: Option<CancellationToken>,
    over_since: Option<Instant>,
}

/// A connection's place with its overseer, given back on drop.
pub struct Registration {
    reaper: Arc<ConnectionReaper>,
    id: u64,
}

impl ConnectionReaper {
    /// Watches over a connection that has just got its session.
    pub fn register(
        self: &Arc<Self>,
        attachment: Arc<dyn Attachment>,
        abort: Option<CancellationToken>,
    ) -> Registration {
        let id = self.next_id.fetch_add(1, Relaxed);
        self.shard(id).insert(id, Tracked { attachment, abort, over_since: None });
        Registration { reaper: self.clone(), id }
    }

    /// Looks at some of the connections; at all of them in [`SHARDS`] calls.
    pub fn reap(&self, now: Now, heartbeat: Duration) {
        let shard = self.next_shard.fetch_add(1, Relaxed) as u64;
        // A whole heartbeat later than the connection itself would have noticed.
        let patience_ms = u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX).saturating_mul(7) / 2;
        let mut silent = Vec::new();
        let instant = Instant::now();
        for tracked in self.shard(shard).values_mut() {
            let attachment = &tracked.attachment;
            if attachment.is_over() {
                let since = *tracked.over_since.get_or_insert(instant);
                if instant.duration_since(since) >= LINGER
                    && let Some(abort) = tracked.abort.take()
                {
                    tracing::info!(peer.id = %attachment.peer(), "connection closed: its client does not read");
                    abort.cancel();
                }
            } else if attachment.kind() != SessionKind::Live
                && now.mono_ms.saturating_sub(attachment.last_activity_ms()) > patience_ms
            {
                silent.push(attachment.clone());
            }
        }
        for attachment in silent {
            attachment.detach(now, DetachReason::HeartbeatTimeout);
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
