//! The node: rooms and sessions, and the services over them.

mod metrics;
mod open;
mod overseer;
mod secret;
mod visitor;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use tokio::time::Instant;
use tonic::service::Routes;
use wigwag_hub::{Attachment, Backend, Limits, MemoryBackend, Now};
use wigwag_proto::v1 as pb;

use self::overseer::Overseer;
use crate::{
    authz::Policy,
    clock,
    config::{Config, Session},
    http::{Census, ParticipantView, RoomView},
    listener::ConnectionHandle,
    room_service::RoomDoor,
    signaling::SignalingDoor,
};

pub(crate) use open::{Opened, check_label};
pub(crate) use overseer::Oversight;
pub(crate) use secret::{credentials, random_name, random_room_name, random_uuid};
pub(crate) use visitor::Visitor;

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
    name: String,
    backend: Arc<dyn Backend>,
    policy: Policy,
    session: Session,
    limits: Limits,
    auto_create: bool,
    drain_window_ms: u32,
    ice: Vec<pb::IceServer>,
    draining: AtomicBool,
    overseer: Arc<Overseer>,
    // Time since then is the monotonic clock of the hub; the wall clock is read once and runs along.
    started: Instant,
    started_unix_ms: u64,
}

impl Node {
    /// A node with no rooms.
    pub fn new(config: &Config) -> Self {
        let limits = limits(config);
        Self::with_backend(config, Arc::new(MemoryBackend::new(limits)), limits)
    }

    fn with_backend(config: &Config, backend: Arc<dyn Backend>, limits: Limits) -> Self {
        let ice = config.ice.servers.iter().map(|server| pb::IceServer {
            urls: server.urls.clone(),
            username: server.username.clone(),
            credential: server.credential.expose().to_owned(),
        });
        Self {
            inner: Arc::new(Inner {
                name: config.node_name.clone(),
                backend,
                policy: Policy::open(config.session.direct_messages),
                session: config.session.clone(),
                limits,
                auto_create: config.rooms.auto_create,
                drain_window_ms: config.drain.window_ms,
                ice: ice.collect(),
                draining: AtomicBool::new(false),
                overseer: Arc::default(),
                started: Instant::now(),
                started_unix_ms: clock::unix_ms(),
            }),
        }
    }

    /// The gRPC services of the node.
    pub fn routes(&self) -> Router {
        Routes::new(SignalingDoor::new(self.clone())).add_service(RoomDoor::service(self.clone())).into_axum_router()
    }

    /// What `/health` and `/rooms` show.
    pub fn census(&self) -> Arc<dyn Census> {
        Arc::new(self.clone())
    }

    /// Hands the sessions over; returns when all are gone, at the latest at `deadline`.
    ///
    /// New sessions are refused from now on. Each session is told to go, at its own moment within a window; then what is
    /// in the mailboxes is written, senders hear what was not acknowledged, and the sessions end.
    pub async fn drain(&self, deadline: Instant) {
        self.inner.draining.store(true, Ordering::Release);
        let sessions = self.inner.backend.census().sessions as u64;
        let window = match self.inner.drain_window_ms {
            0 => Duration::from_millis((sessions * 1_000 / MOVES_PER_SECOND).clamp(200, 30_000)),
            ms => Duration::from_millis(ms.into()),
        };
        // A tenth of the time is kept for the last words.
        let left = deadline.saturating_duration_since(Instant::now());
        let window = window.min(left * 9 / 10);
        self.inner.backend.go_away(u32::try_from(window.as_millis()).unwrap_or(u32::MAX));
        let end_of_window = Instant::now() + window;
        while Instant::now() < end_of_window && self.inner.backend.census().sessions > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.inner.backend.drain(self.now());
        while Instant::now() < deadline && self.inner.backend.census().sessions > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let left = self.inner.backend.census().sessions;
        tracing::info!(node.id = self.inner.name, sessions, left, "sessions drained");
    }

    /// The node's metrics in the Prometheus text format.
    pub fn metrics(&self) -> String {
        metrics::prometheus(&self.inner.backend.census())
    }

    /// Keeps timers running. Does not return.
    pub async fn tick_forever(&self) {
        let mut interval = tokio::time::interval(TICK);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            self.inner.backend.tick(self.now());
            self.inner.overseer.sweep(self.now(), self.session().heartbeat());
        }
    }

    /// This moment, for the hub.
    pub(crate) fn now(&self) -> Now {
        self.at(Instant::now())
    }

    /// A moment of tokio's clock, for the hub.
    pub(crate) fn at(&self, instant: Instant) -> Now {
        let since = instant.saturating_duration_since(self.inner.started);
        let mono_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Now { mono_ms, unix_ms: self.inner.started_unix_ms.saturating_add(mono_ms) }
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.inner.backend
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    pub(crate) fn session(&self) -> &Session {
        &self.inner.session
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Watches over a connection that has just got its session, for as long as the answer is kept.
    pub(crate) fn oversee(&self, attachment: Arc<dyn Attachment>, link: Option<ConnectionHandle>) -> Oversight {
        self.inner.overseer.watch(attachment, link)
    }

    pub(crate) fn ice_servers(&self) -> Vec<pb::IceServer> {
        self.inner.ice.clone()
    }

    pub(crate) fn auto_create(&self) -> bool {
        self.inner.auto_create
    }

    pub(crate) fn draining(&self) -> bool {
        self.inner.draining.load(Ordering::Acquire)
    }

    pub(crate) fn name(&self) -> &str {
        &self.inner.name
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("name", &self.inner.name).finish_non_exhaustive()
    }
}

impl Census for Node {
    fn connections(&self) -> usize {
        self.inner.backend.census().attached
    }

    fn rooms(&self) -> Vec<RoomView> {
        let wigwag_hub::Submitted::Done(rooms) = self.inner.backend.rooms(None, usize::MAX) else { return Vec::new() };
        let snapshots = rooms.into_iter().filter_map(|info| match self.inner.backend.snapshot(&info.room) {
            wigwag_hub::Submitted::Done(Ok(snapshot)) => Some(snapshot),
            _ => None,
        });
        snapshots
            .map(|snapshot| RoomView {
                id: snapshot.info.room.to_string(),
                participants: snapshot
                    .members
                    .iter()
                    .map(|member| ParticipantView {
                        id: crate::dialects::shown_id(&snapshot.info.room, &member.peer),
                        name: member.display_name.to_string(),
                        joined_at_ms: member.joined_at_ms,
                    })
                    .collect(),
            })
            .collect()
    }
}

fn limits(config: &Config) -> Limits {
    let Config { session, rooms, .. } = config;
    Limits {
        mailbox_frames: session.mailbox_frames,
        mailbox_bytes: session.mailbox_bytes,
        detached_frames: session.detached_frames,
        detached_bytes: session.detached_bytes,
        frames_per_second: session.frames_per_second,
        frames_burst: session.frames_burst,
        rooms_per_session: session.max_rooms,
        rooms: rooms.max_rooms,
        members: u32::try_from(rooms.max_members).unwrap_or(u32::MAX),
        sessions: if session.max_sessions == 0 { usize::MAX } else { session.max_sessions },
        empty_timeout_ms: rooms.empty_timeout_ms,
        created_empty_timeout_ms: rooms.created_empty_timeout_ms,
        ..Limits::default()
    }
}
