//! The WebSocket door, `/v1/signal`, and the plumbing that other WebSocket doors share.
//!
//! [`Upgrade`] makes a [`Socket`] of a request, [`Socket::carry`] writes a stream of messages to it that reads the
//! socket's [`Incoming`] itself. Sizes, pings, slow readers and close codes are dealt with here, once.

mod alive;
mod carry;
mod close;
mod door;
mod socket;
mod upgrade;

use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::{config::Config, signaling::TRANSPORT_LIMIT};

pub(crate) use close::Ending;
pub(crate) use door::router;
pub(crate) use socket::{Incoming, Received, Socket, Violation};
pub(crate) use upgrade::Upgrade;

/// Limits of one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Largest message in bytes, and largest frame.
    pub(crate) max_message: usize,
    /// A ping is sent after this much silence. `None` = never.
    pub(crate) ping_interval: Option<Duration>,
    /// Time for a sign of life after a ping, and for taking a byte when there is no room for more.
    pub(crate) ping_timeout: Duration,
}

/// Bytes taken from what was read of the connection at once; allocated with the socket. The library's default of 128 KiB
/// would be most of what an idle connection costs. Small costs no system calls: the listener reads in larger pieces.
const READ_BUFFER: usize = 1024;
/// Bytes collected before they are written without being flushed.
const WRITE_BUFFER: usize = 16 * 1024;
/// Never reached: more is queued only once there is room, and then at most one fragment and a control frame.
const MAX_WRITE_BUFFER: usize = 64 * 1024;

impl Settings {
    /// Pings are those of `http2.keepalive_*`: both guard a connection whose client says nothing.
    pub(crate) fn from_config(config: &Config) -> Self {
        let ms = |ms: u32| Duration::from_millis(ms.into());
        let http2 = &config.http2;
        Self {
            max_message: TRANSPORT_LIMIT,
            ping_interval: (http2.keepalive_interval_ms > 0).then(|| ms(http2.keepalive_interval_ms)),
            ping_timeout: ms(http2.keepalive_timeout_ms),
        }
    }

    fn tungstenite(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(MAX_WRITE_BUFFER)
            .max_message_size(Some(self.max_message))
            .max_frame_size(Some(self.max_message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_of_the_library_is_set() {
        let config = Settings::from_config(&Config::default()).tungstenite();
        assert_eq!((config.read_buffer_size, config.write_buffer_size), (1024, 16_384));
        assert_eq!(config.max_write_buffer_size, 65_536);
        assert_eq!((config.max_message_size, config.max_frame_size), (Some(1 << 20), Some(1 << 20)));
        assert!(!config.accept_unmasked_frames);
    }
}
