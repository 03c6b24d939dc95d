//! Settings of a node.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use wigwag_hub::{Limits, rate::Rate};

use crate::{
    auth::{Authenticate, Denied, Webhook},
    ice::{FixedServers, IceProvider},
    logged_users::LoggedUsers,
};

/// Settings of a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The node's name, in logs and in `welcome.node`.
    pub name: String,
    /// Whether the log may hold IP addresses of clients.
    pub log_addresses: bool,
    /// How user ids appear in the log.
    pub log_users: LoggedUsers,
    /// Settings of sessions.
    pub session: SessionConfig,
    /// Limits of rooms, sessions and mailboxes.
    pub limits: Limits,
    /// Whether joining a room that does not exist creates it.
    pub auto_create: bool,
    /// The time over which a drain spreads the reconnects of its sessions. Zero: derived from their number.
    pub drain_window: Duration,
    /// The ICE servers that clients are given.
    pub ice: Arc<dyn IceProvider>,
    /// What limits how often the clients of one address open or resume a session. `None` = no limit.
    pub opens: Option<Arc<dyn LimitOpens>>,
    /// Users and rooms that are denied at first ([`Node::deny`](crate::node::Node::deny)).
    pub denied: Denied,
    /// What verifies tokens; `None` = the server is open to everyone that reaches it.
    pub authenticator: Option<Arc<dyn Authenticate>>,
    /// Who is asked about clients, if anyone is. Needs an authenticator.
    pub webhook: Option<Webhook>,
    /// Failed authentications of one source.
    pub auth_failures: Rate,
    /// Calls to RoomService without a token, of one source.
    pub room_calls: Rate,
    /// Watches of rooms at a time: each change of a room is queued to all that may see it.
    pub max_watches: usize,
    /// Those of one user, if callers have tokens.
    pub max_watches_per_user: usize,
}

/// Limits how often the clients of one address open or resume a session.
pub trait LimitOpens: fmt::Debug + Send + Sync + 'static {
    /// Counts one.
    ///
    /// # Errors
    ///
    /// The time after which there may be another one, if there were too many.
    fn check(&self, ip: IpAddr) -> Result<(), Duration>;
}

/// Settings of sessions.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Milliseconds between two pings on a connection. A resumable session is detached after two unanswered pings.
    pub heartbeat_ms: u32,
    /// Milliseconds for which a session outlives its connection, unless the client requests another time.
    pub grace_ms: u32,
    /// The longest such time that a client may request, in milliseconds.
    pub max_grace_ms: u32,
    /// Milliseconds within which the first frame of a connection must arrive.
    pub hello_timeout_ms: u32,
    /// Milliseconds for which frames may wait while the client reads nothing. Then its connection is closed.
    pub write_timeout_ms: u32,
    /// The largest frame that a client may send, in bytes.
    pub max_frame_bytes: usize,
    /// Whether peers may send to a peer id without sharing a room with it.
    pub direct_messages: bool,
}

impl SessionConfig {
    /// Returns the time between two pings.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.into())
    }

    /// Returns the time for which frames may wait while the client reads nothing.
    pub fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms.into())
    }

    /// Returns the time within which the first frame of a connection must arrive.
    pub fn hello_timeout(&self) -> Duration {
        Duration::from_millis(self.hello_timeout_ms.into())
    }
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            heartbeat_ms: 10_000,
            grace_ms: 30_000,
            max_grace_ms: 600_000,
            hello_timeout_ms: 10_000,
            write_timeout_ms: 20_000,
            max_frame_bytes: 64 * 1024,
            direct_messages: true,
        }
    }
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            log_addresses: false,
            log_users: LoggedUsers::Plain,
            name: "node".into(),
            session: SessionConfig::default(),
            limits: Limits::default(),
            auto_create: true,
            drain_window: Duration::ZERO,
            ice: Arc::new(FixedServers::default()),
            opens: None,
            denied: Denied::default(),
            authenticator: None,
            webhook: None,
            auth_failures: Rate::default(),
            room_calls: Rate::default(),
            max_watches: 1_000,
            max_watches_per_user: 100,
        }
    }
}
