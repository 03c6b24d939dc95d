//! The node: one server process with its sessions, its backend and its policy.

mod deny;
mod ids;
mod open;
mod open_named;
mod reaper;
mod run_clock;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use wigwag_hub::{
    Attachment, Backend, Limits, MemoryBackend, Now, RoomName,
    backend::{BackendStats, Totals},
    error::StoreError,
    member::RoomInfo,
};

use self::{reaper::ConnectionReaper, run_clock::RunClock};
use crate::{
    auth::{BearerToken, Caller, ClientCertificate, Connect, Identity, Policy, Ticket, UserKey},
    call_rates::CallRates,
    clock::WallClock,
    config::{NodeConfig, SessionConfig},
    connection::WriteActivity,
    error::{ApiError, Code},
    ice::{IceCounts, IceServers, IceUser},
    logged_users::LoggedUsers,
    quota::Quota,
};

pub use deny::Refusals;
pub use ids::{SessionToken, random_name, random_room_name, random_uuid, session_token};
pub use open::{Opened, check_label};
pub use open_named::OpenNamed;
pub use reaper::{Abort, Registration};

/// The time between two ticks of the backend's timers.
const TICK_INTERVAL: Duration = Duration::from_millis(100);

/// Rooms that are looked at, at least, before other tasks run.
const ROOMS_PER_STEP: usize = 256;

/// Sessions per second that a drain asks to reconnect, so that the other nodes are not overloaded.
const RECONNECTS_PER_SECOND: u64 = 2_500;

/// A handle to the rooms and sessions of one server process. Cheap to clone.
#[derive(Clone)]
pub struct Node {
    inner: Arc<Inner>,
}

struct Inner {
    config: NodeConfig,
    backend: Arc<dyn Backend>,
    policy: Policy,
    draining: AtomicBool,
    // When a drain ends the sessions that are left. Set when it begins.
    flush_at: OnceLock<Instant>,
    reaper: Arc<ConnectionReaper>,
    // Sessions refused because their address opened too many.
    opens_refused: AtomicU64,
    call_rates: CallRates,
    // The hub's monotonic clock.
    clock: RunClock,
    wall_clock: WallClock,
    watches: Quota<UserKey>,
}

impl Node {
    /// Creates a node without rooms, over the memory backend.
    pub fn new(config: NodeConfig) -> Self {
        let backend = Arc::new(MemoryBackend::new(config.limits));
        Self::with_backend(config, backend)
    }

    /// Creates a node over a backend, which decides what is there already.
    pub fn with_backend(config: NodeConfig, backend: Arc<dyn Backend>) -> Self {
        let with_tokens = config.authenticator.is_some();
        let NodeConfig { max_watches, max_watches_per_user, .. } = config;
        Self {
            inner: Arc::new(Inner {
                backend,
                policy: {
                    let policy = match config.authenticator.clone() {
                        Some(authenticator) => Policy::with_tokens(config.session.direct_messages, authenticator),
                        None => Policy::open(config.session.direct_messages),
                    };
                    policy.deny(config.denied.clone());
                    policy.with_webhook(config.webhook.clone())
                },
                call_rates: CallRates::new(&config),
                config,
                draining: AtomicBool::new(false),
                flush_at: OnceLock::new(),
                reaper: Arc::default(),
                opens_refused: AtomicU64::new(0),
                clock: RunClock::new(TICK_INTERVAL),
                wall_clock: WallClock::new(),
                // Without authentication all callers are one user.
                watches: Quota::new(max_watches, if with_tokens { max_watches_per_user } else { max_watches }),
            }),
        }
    }

    /// Ends all sessions and returns when they are gone, at `deadline` at the latest.
    ///
    /// Refuses new sessions from now on. Asks each session to reconnect elsewhere, at its own moment within the drain
    /// window. Sessions without a connection may be resumed here as well, so that the drain goes on for as long as there
    /// are any; then, or a tenth of the time before `deadline`, mailboxes are flushed, senders receive receipts for what
    /// was not acknowledged, and the remaining sessions end.
    pub async fn drain(&self, deadline: Instant) {
        // The last tenth of the time is reserved for flushing the mailboxes.
        let left = deadline.saturating_duration_since(Instant::now()) * 9 / 10;
        let flush_at = Instant::now() + left;
        let _ = self.inner.flush_at.set(flush_at);
        self.inner.draining.store(true, Ordering::Release);
        let sessions = self.inner.backend.stats().sessions as u64;
        let window = match self.inner.config.drain_window {
            Duration::ZERO => Duration::from_millis((sessions * 1_000 / RECONNECTS_PER_SECOND).clamp(200, 30_000)),
            window => window,
        };
        let window = window.min(left);
        self.inner.backend.go_away(u32::try_from(window.as_millis()).unwrap_or(u32::MAX), None);
        let end_of_window = Instant::now() + window;
        while Instant::now() < flush_at {
            let stats = self.inner.backend.stats();
            // A session that has lost its connection, or gave it up when it was asked to, may still come back.
            let may_come_back = stats.sessions > stats.attached;
            if stats.sessions == 0 || (Instant::now() >= end_of_window && !may_come_back) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.inner.backend.drain(self.now());
        while Instant::now() < deadline && self.inner.backend.stats().sessions > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let left = self.inner.backend.stats().sessions;
        tracing::info!(node.id = self.inner.config.name, sessions, left, "sessions drained");
    }

    /// Runs the timers of the backend, closes stuck connections and follows the wall clock. Never returns.
    pub async fn tick_forever(&self) {
        let mut interval = tokio::time::interval(TICK_INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            let lost_ms = self.inner.clock.tick(Instant::now());
            if lost_ms > 0 {
                tracing::warn!(node.id = self.inner.config.name, duration_ms = lost_ms, "the process did not run");
            }
            self.inner.backend.tick(self.now());
            self.inner.reaper.reap(self.now(), self.session().heartbeat(), self.session().write_timeout());
        }
    }

    /// Returns the current time on the hub's clock.
    pub fn now(&self) -> Now {
        let mono_ms = self.mono_ms(Instant::now());
        Now { mono_ms, unix_ms: self.inner.wall_clock.read(mono_ms) }
    }

    /// Converts a time of tokio's clock to the hub's, on which time in which the process did not run does not count. Its
    /// wall clock is that of the last tick or [`now`](Self::now): this is called for each poll of a connection.
    pub fn at(&self, instant: Instant) -> Now {
        let mono_ms = self.mono_ms(instant);
        Now { mono_ms, unix_ms: self.inner.wall_clock.at(mono_ms) }
    }

    fn mono_ms(&self, instant: Instant) -> u64 {
        self.inner.clock.running_ms(instant)
    }

    /// Returns the backend that holds the rooms and sessions of a caller's namespace. That of another namespace cannot be named.
    pub fn backend_of(&self, caller: &Caller) -> Arc<dyn Backend> {
        self.backend_in(caller.namespace())
    }

    /// Returns the backend of the namespace that a session token names, if there is one: nothing has verified the token yet.
    pub fn backend_of_session(&self, token: &SessionToken) -> Option<Arc<dyn Backend>> {
        if token.namespace.is_empty() {
            return Some(self.inner.backend.clone());
        }
        self.inner.backend.known_namespace(&token.namespace)
    }

    fn backend_in(&self, namespace: &str) -> Arc<dyn Backend> {
        if namespace.is_empty() { self.inner.backend.clone() } else { self.inner.backend.in_namespace(namespace) }
    }

    /// Returns counts of what this node holds, in all namespaces.
    pub fn stats(&self) -> BackendStats {
        self.inner.backend.stats()
    }

    /// Returns counts of what all nodes hold, in all namespaces.
    ///
    /// # Errors
    ///
    /// When the backend's store does not answer.
    pub async fn totals(&self) -> Result<Totals, StoreError> {
        self.inner.backend.totals().wait().await
    }

    /// Returns whether sessions outlive this node.
    pub(crate) fn sessions_outlive_it(&self) -> bool {
        self.inner.backend.outlives_node()
    }

    /// Returns the policy that decides what callers may do.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Verifies a token of this caller or, without one, looks up its certificate, and counts it if that fails. `None` without
    /// authentication. If it `connect`s, the webhook may be asked about it.
    ///
    /// # Errors
    ///
    /// TOKEN_MISSING, TOKEN_EXPIRED, TOKEN_INVALID, FORBIDDEN; RATE_LIMITED instead of them if there were too many from the
    /// caller's source; KEYS_UNAVAILABLE, WEBHOOK_UNAVAILABLE.
    pub async fn authenticate(
        &self,
        caller: &Caller,
        token: Option<&BearerToken>,
        certificate: Option<&ClientCertificate>,
        connect: Option<Connect<'_>>,
    ) -> Result<Option<Arc<Identity>>, ApiError> {
        let verified = self.policy().authenticate(token, certificate, connect, self.now().unix_ms).await;
        verified.map_err(|error| self.count_failure(caller, error))
    }

    /// Returns the ticket of a client of this compatibility protocol, and counts it if there is none. Without a ticket that
    /// admits it the webhook is asked, if there is one: its answer stands for a ticket. `id`: the id under which the client
    /// connects, if it names one.
    ///
    /// # Errors
    ///
    /// TOKEN_MISSING, TOKEN_INVALID, FORBIDDEN, RATE_LIMITED, WEBHOOK_UNAVAILABLE.
    pub async fn admit_ticket(
        &self,
        caller: &Caller,
        protocol: &'static str,
        id: Option<&str>,
    ) -> Result<Option<Ticket>, ApiError> {
        let admitted = match self.policy().admit_ticket(caller, protocol, self.now().unix_ms) {
            // PeerJS clients have a token in any case, which says nothing unless it is a ticket.
            Err(error) if error.code == Code::Unauthenticated && self.policy().webhook().is_some() => {
                let connect = Connect { transport: protocol, ..Connect::new(caller, id.unwrap_or_default()) };
                let answer = self.policy().authenticate(None, None, Some(connect), self.now().unix_ms).await;
                answer.map(|identity| {
                    identity.map(|identity| Ticket {
                        protocol,
                        client_id: id.map_or_else(|| random_name().into(), Into::into),
                        creator: (identity.user_key(), None),
                        expires_at_ms: identity.expires_at_ms,
                        identity,
                    })
                })
            }
            admitted => admitted,
        };
        admitted.map_err(|error| self.count_failure(caller, error))
    }

    pub(super) fn count_failure(&self, caller: &Caller, error: ApiError) -> ApiError {
        match error.code {
            Code::Unauthenticated => self.inner.call_rates.failed(caller, self.now(), error),
            _ if error.is_webhook_denial() => self.inner.call_rates.failed(caller, self.now(), error),
            _ => error,
        }
    }

    /// Counts a call to RoomService, if the caller has no token.
    pub(crate) fn admit_room_call(&self, caller: &Caller) -> Result<(), ApiError> {
        match caller.identity {
            Some(_) => Ok(()),
            None => self.inner.call_rates.admit_room_call(caller, self.now()),
        }
    }

    /// Returns how often each rate limit was exceeded, by its setting.
    pub fn rate_limited(&self) -> Vec<(&'static str, u64)> {
        self.inner.call_rates.exceeded(&self.stats().limited_total)
    }

    /// Returns the places of watches of rooms, by their users.
    pub(crate) fn watches(&self) -> &Quota<UserKey> {
        &self.inner.watches
    }

    /// Verifies the token that came with a request or, without one, looks up the certificate of its connection, if that was not
    /// done yet. The webhook is not asked: such calls are made by the servers that it is one of.
    ///
    /// # Errors
    ///
    /// TOKEN_MISSING, TOKEN_EXPIRED, TOKEN_INVALID.
    pub async fn identify(&self, caller: &Caller) -> Result<Caller, ApiError> {
        self.identify_by(caller, false).await
    }

    /// As [`Self::identify`], for a call of a client that may have no session. The webhook may be asked about it.
    ///
    /// # Errors
    ///
    /// As [`Self::authenticate`].
    pub async fn identify_client(&self, caller: &Caller) -> Result<Caller, ApiError> {
        self.identify_by(caller, true).await
    }

    async fn identify_by(&self, caller: &Caller, connects: bool) -> Result<Caller, ApiError> {
        let mut identified = caller.clone();
        if identified.identity.is_none() {
            let (token, certificate) = (identified.token.take(), identified.certificate.take());
            let connect = connects.then(|| Connect::new(caller, ""));
            identified.identity = self.authenticate(caller, token.as_ref(), certificate.as_deref(), connect).await?;
        }
        Ok(identified)
    }

    /// Returns at most `max` rooms in the order of their names that the caller may see, starting after `after`, and whether
    /// more follow.
    ///
    /// # Errors
    ///
    /// When the backend's store does not answer.
    pub async fn rooms_shown_to(
        &self,
        caller: &Caller,
        after: Option<&RoomName>,
        max: usize,
    ) -> Result<(Vec<RoomInfo>, bool), StoreError> {
        let backend = self.backend_of(caller);
        let (mut shown, mut after) = (Vec::new(), after.cloned());
        loop {
            let step = max.max(ROOMS_PER_STEP) + 1;
            let page = backend.rooms(after.as_ref(), step).wait().await?;
            let ended = page.len() < step;
            after = page.last().map(|info| info.room.clone());
            shown.extend(page.into_iter().filter(|info| self.policy().shows(caller, &info.room)));
            if ended || shown.len() > max {
                let more = shown.len() > max;
                shown.truncate(max);
                return Ok((shown, more));
            }
            // Most may be rooms that the caller does not see.
            tokio::task::yield_now().await;
        }
    }

    /// Returns the settings of sessions.
    pub fn session(&self) -> &SessionConfig {
        &self.inner.config.session
    }

    /// Returns the limits of rooms, sessions and mailboxes.
    pub fn limits(&self) -> &Limits {
        &self.inner.config.limits
    }

    /// Registers a connection that has just been attached, so that it ends even if its client stops reading: its
    /// session is detached, and `abort` is called if the connection is still there afterwards. Dropping the result
    /// unregisters it.
    pub fn register_connection(
        &self,
        attachment: Arc<dyn Attachment>,
        abort: Option<Abort>,
        activity: Arc<WriteActivity>,
    ) -> Registration {
        self.inner.reaper.register(attachment, abort, activity)
    }

    /// Returns the ICE servers for a client.
    pub async fn ice_servers(&self, user: &IceUser) -> IceServers {
        self.inner.config.ice.servers(user.as_str(), self.now().unix_ms).await
    }

    /// Returns how often credentials of TURN servers were requested from a service.
    pub fn ice_counts(&self) -> IceCounts {
        self.inner.config.ice.counts()
    }

    /// Returns whether joining a room that does not exist creates it.
    pub fn auto_create(&self) -> bool {
        self.inner.config.auto_create
    }

    /// Returns whether the node is draining: it accepts no new sessions.
    pub fn draining(&self) -> bool {
        self.inner.draining.load(Ordering::Acquire)
    }

    /// Returns the milliseconds until a drain ends the sessions that are left; 0 unless the node is draining.
    pub fn drain_left_ms(&self) -> u32 {
        let flush_at = self.inner.flush_at.get();
        let left = flush_at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
        u32::try_from(left.as_millis()).unwrap_or(u32::MAX)
    }

    /// Returns how user ids appear in the log.
    pub(crate) fn logged_users(&self) -> &LoggedUsers {
        &self.inner.config.log_users
    }

    /// Returns the node's name.
    pub fn name(&self) -> &str {
        &self.inner.config.name
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("name", &self.inner.config.name).finish_non_exhaustive()
    }
}
