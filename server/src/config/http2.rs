//! `[http2]`: what serves HTTP/2, and the limits of one connection.

use serde::{Deserialize, Serialize};
use wigwag_net::listener::Http2Engine;

use super::error::ConfigErrors;
use super::range::Range;

/// Settings of HTTP/2 (RFC 9113).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http2Section {
    /// The implementation that serves HTTP/2. Default: `wigwag`.
    pub engine: Http2Engine,
    /// Streams at a time on one connection; one more is refused with REFUSED_STREAM.
    pub max_concurrent_streams: u32,
    /// Bytes a peer may send on one stream before they are read.
    pub stream_window: u32,
    /// Bytes that may be on their way on one connection. Streams that are not read do not use it up.
    pub connection_window: u32,
    /// Bytes of requests that one connection may hold: bodies that were not read, and header fields of requests without a
    /// response, each counted with 128 bytes more. Beyond it the stream that holds the most is reset.
    pub request_memory: u32,
    /// Milliseconds that a response may wait for a flow-control window before its stream is reset, in whole seconds.
    pub send_timeout_ms: u32,
    /// Milliseconds after which a peer that was silent is pinged. 0 = none are sent.
    pub keepalive_interval_ms: u32,
    /// Milliseconds a peer has for the answer to a ping.
    pub keepalive_timeout_ms: u32,
    /// Milliseconds after which a connection is asked to go (GOAWAY), give or take a tenth. 0 = never.
    pub max_connection_age_ms: u32,
    /// Milliseconds that its streams then have to finish, before it is closed.
    pub connection_age_grace_ms: u32,
}

impl Default for Http2Section {
    fn default() -> Self {
        Self {
            engine: Http2Engine::default(),
            max_concurrent_streams: 1000,
            stream_window: 64 * 1024,
            connection_window: 1024 * 1024,
            request_memory: 4 * 1024 * 1024,
            send_timeout_ms: 20_000,
            keepalive_interval_ms: 20_000,
            keepalive_timeout_ms: 10_000,
            max_connection_age_ms: 0,
            connection_age_grace_ms: 60_000,
        }
    }
}

/// The largest flow-control window there is (RFC 9113, section 6.9.1).
const LARGEST_WINDOW: u64 = (1 << 31) - 1;
/// What a connection's window starts with; it cannot be made smaller (RFC 9113, section 6.9.2).
const INITIAL_WINDOW: u64 = 65_535;

pub(super) const ALLOWED_ENGINE: &str = "\"wigwag\" or \"hyper\"";

pub(super) const RANGES: &[Range] = &[
    Range::new("http2.max_concurrent_streams", 1, 1_000_000),
    Range::bytes("http2.stream_window", 1024, LARGEST_WINDOW),
    Range::bytes("http2.connection_window", INITIAL_WINDOW, LARGEST_WINDOW),
    Range::bytes("http2.request_memory", 65_536, LARGEST_WINDOW),
    Range::ms("http2.send_timeout_ms", 1_000, 3_600_000),
    Range::ms("http2.keepalive_interval_ms", 0, 3_600_000),
    Range::ms("http2.keepalive_timeout_ms", 10, 3_600_000),
    Range::ms("http2.max_connection_age_ms", 0, 86_400_000),
    Range::ms("http2.connection_age_grace_ms", 0, 86_400_000),
];

impl Http2Section {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if self.connection_window / 2 < self.stream_window {
            let allowed = format!("at least twice http2.stream_window, which is {}", self.stream_window);
            errors.add("http2.connection_window", self.connection_window, allowed);
        }
        if self.request_memory / 2 < self.stream_window {
            let allowed = format!("at least twice http2.stream_window, which is {}", self.stream_window);
            errors.add("http2.request_memory", self.request_memory, allowed);
        }
    }
}
