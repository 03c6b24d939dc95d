//! Limits of one socket.

use std::time::Duration;

/// Limits of one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketConfig {
    /// Largest message in bytes, its fragments together.
    pub max_message: usize,
    /// A ping is sent after this much silence. `None` = never.
    pub ping_interval: Option<Duration>,
    /// Time for a sign of life after a ping, and for taking a byte when there is no room for more.
    pub ping_timeout: Duration,
}
