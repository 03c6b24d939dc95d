//! What a node is told when it starts.

use std::time::Duration;

use wigwag_hub::Limits;
use wigwag_proto::v1::IceServer;

/// Settings of a node.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The node's name, in logs and in `welcome.node`.
    pub name: String,
    /// How sessions live.
    pub session: SessionConfig,
    /// What rooms, sessions and mailboxes may hold.
    pub limits: Limits,
    /// Whether joining a room that does not exist creates it.
    pub auto_create: bool,
    /// Time over which a drain spreads the departures of its sessions. Zero: by their number.
    pub drain_window: Duration,
    /// The ICE servers that clients are given.
    pub ice_servers: Vec<IceServer>,
}

/// Settings of sessions.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Milliseconds between two pings on a connection. Two missed answers detach a resumable session.
    pub heartbeat_ms: u32,
    /// Milliseconds a session outlives its connection when the client does not ask for another time.
    pub grace_ms: u32,
    /// The longest such time a client may ask for, in milliseconds.
    pub max_grace_ms: u32,
    /// Milliseconds a connection has for its first frame.
    pub hello_timeout_ms: u32,
    /// Largest frame a client may send, in bytes.
    pub max_frame_bytes: usize,
    /// Whether peers may send to a peer id outside any room.
    pub direct_messages: bool,
}

impl SessionConfig {
    /// Returns the time between two pings.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.into())
    }

    /// Returns the time a connection has for its first frame.
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
            max_frame_bytes: 64 * 1024,
            direct_messages: true,
        }
    }
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            name: "node".into(),
            session: SessionConfig::default(),
            limits: Limits::default(),
            auto_create: true,
            drain_window: Duration::ZERO,
            ice_servers: Vec::new(),
        }
    }
}
