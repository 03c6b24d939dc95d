//! Limits of one socket.

use std::time::Duration;

/// Limits of one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// The largest message in bytes, with all of its fragments.
    pub max_message: usize,
    /// A ping is sent after this time without input. `None` = never.
    pub ping_interval: Option<Duration>,
    /// The time within which the peer must send anything after a ping, and read anything while writing is blocked.
    pub ping_timeout: Duration,
}
