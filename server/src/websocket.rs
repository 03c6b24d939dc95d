//! The WebSocket door, `/v1/signal`, and the plumbing that other WebSocket doors share.
//!
//! [`Upgrade`] makes a [`Socket`] of a request, [`Socket::carry`] writes to it what an [`Output`] says that reads the
//! socket's [`Incoming`] itself. Frames, sizes, pings, slow readers and close codes are dealt with here, once.

mod alive;
mod carry;
mod close;
mod door;
mod frames;
mod outgoing;
mod socket;
mod upgrade;
mod wire;

use std::time::Duration;

use crate::{config::Config, signaling::TRANSPORT_LIMIT};

pub(crate) use carry::Output;
pub(crate) use close::Ending;
pub(crate) use door::router;
pub(crate) use frames::Violation;
#[cfg(any(fuzzing, test))]
pub(crate) use frames::fuzzing;
pub(crate) use outgoing::Outgoing;
pub(crate) use socket::{Incoming, Received, Socket};
pub(crate) use upgrade::Upgrade;

/// Limits of one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Largest message in bytes, its fragments together.
    pub(crate) max_message: usize,
    /// A ping is sent after this much silence. `None` = never.
    pub(crate) ping_interval: Option<Duration>,
    /// Time for a sign of life after a ping, and for taking a byte when there is no room for more.
    pub(crate) ping_timeout: Duration,
}

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
}
