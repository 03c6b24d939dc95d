//! The limits of a listener, and how those who speak HTTP are told about them.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;

use super::RuntimePool;
use wigwag_http2::Http2Limits;

/// Limits of one listener, and the threads of its connections.
#[derive(Clone, Debug)]
pub struct ListenerConfig {
    /// Connections at a time; one more is closed on arrival.
    pub max_connections: usize,
    /// Connections at a time from one IPv4 address or one IPv6 /64. 0 = no such cap.
    pub max_connections_per_ip: usize,
    /// Time from the accept to the first byte.
    pub first_byte_timeout: Duration,
    /// Time from the accept until a first request has been read.
    pub handshake_timeout: Duration,
    /// Time an HTTP/1 connection may take for the head of each request, waiting for it included.
    pub http1_head_timeout: Duration,
    /// Streams at a time on one HTTP/2 connection; one more is refused with REFUSED_STREAM.
    pub max_concurrent_streams: u32,
    /// Bytes a peer may send on one HTTP/2 stream before the service has read them.
    pub stream_window: u32,
    /// The same for a whole HTTP/2 connection. Well above `stream_window`, so that one unread stream stalls no other.
    pub connection_window: u32,
    /// Time between HTTP/2 pings. `None` = none are sent.
    pub keepalive_interval: Option<Duration>,
    /// Time a peer has for the answer to a ping.
    pub keepalive_timeout: Duration,
    /// Time open connections have to finish once the listener is stopped.
    pub stop_grace: Duration,
    /// The threads connections are spread over.
    pub pool: RuntimePool,
}

/// Stream errors the peer provoked before the connection is ended (RUSTSEC-2024-0003, CVE-2025-8671).
const MAX_PROVOKED_RESETS: u32 = 1024;
/// Streams the peer reset before they were answered, in excess of those that were answered, before the connection is
/// ended (CVE-2023-44487).
const MAX_EARLY_RESETS: u32 = 256;
/// Bytes of all header fields of an HTTP/2 request.
const MAX_HEADER_LIST: u32 = 16 * 1024;
/// Bytes of an HTTP/1 request's head, and of its read buffer.
const HTTP1_BUFFER: usize = 32 * 1024;

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            max_connections: 16_384,
            max_connections_per_ip: 0,
            first_byte_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            http1_head_timeout: Duration::from_secs(30),
            max_concurrent_streams: 128,
            stream_window: 64 * 1024,
            connection_window: 1024 * 1024,
            keepalive_interval: Some(Duration::from_secs(20)),
            keepalive_timeout: Duration::from_secs(10),
            stop_grace: Duration::from_secs(1),
            pool: RuntimePool::here(),
        }
    }
}

impl ListenerConfig {
    /// Every limit is set by hand: hyper's defaults are meant for general use.
    pub(super) fn http1(&self) -> http1::Builder {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.http1_head_timeout)
            .half_close(false)
            .max_buf_size(HTTP1_BUFFER);
        builder
    }

    pub(super) fn http2(&self) -> Http2Limits {
        Http2Limits {
            max_streams: self.max_concurrent_streams,
            stream_window: self.stream_window,
            connection_window: self.connection_window,
            max_header_list: MAX_HEADER_LIST,
            max_provoked_resets: MAX_PROVOKED_RESETS,
            max_early_resets: MAX_EARLY_RESETS,
        }
    }
}
