//! The node: rooms and sessions, and the services over them.

mod ids;
mod open;
mod open_named;
mod reaper;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wigwag_hub::{Attachment, Backend, Limits, MemoryBackend, Now};
use wigwag_proto::v1 as pb;

use self::reaper::ConnectionReaper;
use crate::{
    auth::Policy,
    clock,
    config::{NodeConfig, SessionConfig},
};

pub use ids::{credentials, random_name, random_room_name, random_uuid};
pub use open::{Opened, check_label};
pub use open_named::OpenNamed;
pub use reaper::Registration;

/// How often the backend does what is due.
const TICK: Duration = Duration::from_millis(100);

/// Sessions a node can tell to move in a second without a stampede on wherever they go.
const MOVES_PER_SECOND: u64 = 2_500;

/// One server process's rooms and sessions. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    config: NodeConfig,
    backend: Arc<dyn Backend>,
    policy: Policy,
    draining: AtomicBool,
    reaper: Arc<ConnectionReaper>,
    // Time since then is the monotonic clock of the hub; the wall clock is read once and runs along.
    started: Instant,
    started_unix_ms: u64,
}

impl Node {
    /// A node with no rooms, over the memory backend.
    pub fn new(config: NodeConfig) -> Self {
        let backend = Arc::new(MemoryBackend::new(config.limits));
        Self::with_backend(config, backend)
    }

    fn with_backend(config: NodeConfig, backend: Arc<dyn Backend>) -> Self {
        Self {
            inner: Arc::new(Inner {
                backend,
                policy: Policy::open(config.session.direct_messages),
                config,
                draining: AtomicBool::new(false),
                reaper: Arc::default(),
                started: Instant::now(),
                started_unix_ms: clock::unix_ms(),
            }),
        }
    }

    /// Hands the sessions over; returns when all are gone, at the latest at `deadline`.
    ///
    /// New sessions are refused from now on. Each session is told to go, at its own moment within a window; then what is
    /// in the mailboxes is written, senders hear what was not acknowledged, and the sessions end.
    pub async fn drain(&self, deadline: Instant) {
        self.inner.draining.store(true, Ordering::Release);
        let sessions = self.inner.backend.stats().sessions as u64;
        let window = match self.inner.config.drain_window {
            Duration::ZERO => Duration::from_millis((sessions * 1_000 / MOVES_PER_SECOND).clamp(200, 30_000)),
            window => window,
        };
        // A tenth of the time is kept for the last words.
        let left = deadline.saturating_duration_since(Instant::now());
        let window = window.min(left * 9 / 10);
        self.inner.backend.go_away(u32::try_from(window.as_millis()).unwrap_or(u32::MAX));
        let end_of_window = Instant::now() + window;
        while Instant::now() < end_of_window && self.inner.backend.stats().sessions > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.inner.backend.drain(self.now());
        while Instant::now() < deadline && self.inner.backend.stats().sessions > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let left = self.inner.backend.stats().sessions;
        tracing::info!(node.id = self.inner.config.name, sessions, left, "sessions drained");
    }

    /// Keeps timers running. Does not return.
    pub async fn tick_forever(&self) {
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.inner.backend.tick(self.now());
            self.inner.reaper.reap(self.now(), self.session().heartbeat());
        }
    }

    /// This moment, for the hub.
    pub fn now(&self) -> Now {
        self.at(Instant::now())
    }

    /// A moment of tokio's clock, for the hub.
    pub fn at(&self, instant: Instant) -> Now {
        let since = instant.saturating_duration_since(self.inner.started);
        let mono_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Now { mono_ms, unix_ms: self.inner.started_unix_ms.saturating_add(mono_ms) }
    }

    pub fn backend(&self) -> &dyn Backend {
        &*self.inner.backend
    }

    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    pub fn session(&self) -> &SessionConfig {
        &self.inner.config.session
    }

    pub fn limits(&self) -> &Limits {
        &self.inner.config.limits
    }

    /// Watches over a connection that has just got its session, for as long as the answer is kept.
    pub fn register_connection(
        &self,
        attachment: Arc<dyn Attachment>,
        abort: Option<CancellationToken>,
    ) -> Registration {
        self.inner.reaper.register(attachment, abort)
    }

    pub fn ice_servers(&self) -> Vec<pb::IceServer> {
        self.inner.config.ice_servers.clone()
    }

    pub fn auto_create(&self) -> bool {
        self.inner.config.auto_create
    }

    pub fn draining(&self) -> bool {
        self.inner.draining.load(Ordering::Acquire)
    }

    pub fn name(&self) -> &str {
        &self.inner.config.name
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("name", &self.inner.config.name).finish_non_exhaustive()
    }
}
