//! The counters of the HTTP/2 connections of a listener.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use std::time::Duration;

use tokio::time::Instant;
use wigwag_http2::{Error, ErrorCode, Http2Counts};

/// The log names an exceeded limit at most once in this time.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Counters of resets, and of what exceeded a limit of HTTP/2. Those of open connections are at most a second late.
#[derive(Debug, Default)]
pub struct Http2Stats {
    refused_streams: AtomicU64,
    refused_resets: AtomicU64,
    large_headers: AtomicU64,
    request_memory: AtomicU64,
    send_timeouts: AtomicU64,
    aborted: AtomicU64,
    resets_sent: AtomicU64,
    resets_received: AtomicU64,
    floods: AtomicU64,
    protocol_errors: AtomicU64,
    keepalive_timeouts: AtomicU64,
    /// When the log last named an exceeded limit.
    logged: Mutex<Option<Instant>>,
}

impl Http2Stats {
    /// Returns the number of requests refused because too many streams of their connection were open.
    pub fn refused_streams(&self) -> u64 {
        self.refused_streams.load(Relaxed)
    }

    /// Returns the number of requests refused because too many requests of their connection were reset before they were
    /// answered.
    pub fn refused_resets(&self) -> u64 {
        self.refused_resets.load(Relaxed)
    }

    /// Returns the number of requests with too large header fields, answered with status 431.
    pub fn large_headers(&self) -> u64 {
        self.large_headers.load(Relaxed)
    }

    /// Returns the number of streams reset because the requests of their connection held too much memory.
    pub fn request_memory(&self) -> u64 {
        self.request_memory.load(Relaxed)
    }

    /// Returns the number of streams reset because their response waited for a flow-control window for too long.
    pub fn send_timeouts(&self) -> u64 {
        self.send_timeouts.load(Relaxed)
    }

    /// Returns the number of streams reset because their session had ended and their client did not read.
    pub fn aborted(&self) -> u64 {
        self.aborted.load(Relaxed)
    }

    /// Returns the number of RST_STREAM frames sent, for any reason.
    pub fn resets_sent(&self) -> u64 {
        self.resets_sent.load(Relaxed)
    }

    /// Returns the number of RST_STREAM frames received.
    pub fn resets_received(&self) -> u64 {
        self.resets_received.load(Relaxed)
    }

    /// Returns the number of connections closed with ENHANCE_YOUR_CALM.
    pub fn floods(&self) -> u64 {
        self.floods.load(Relaxed)
    }

    /// Returns the number of connections closed with another error code.
    pub fn protocol_errors(&self) -> u64 {
        self.protocol_errors.load(Relaxed)
    }

    /// Returns the number of connections closed because their peer did not answer a ping.
    pub fn keepalive_timeouts(&self) -> u64 {
        self.keepalive_timeouts.load(Relaxed)
    }

    /// Adds what a connection has counted.
    pub(super) fn add(&self, counts: Http2Counts) {
        if counts == Http2Counts::default() {
            return;
        }
        for (total, more) in [
            (&self.refused_streams, counts.refused_streams),
            (&self.refused_resets, counts.refused_resets),
            (&self.large_headers, counts.large_headers),
            (&self.request_memory, counts.request_memory),
            (&self.send_timeouts, counts.send_timeouts),
            (&self.aborted, counts.aborted),
            (&self.resets_sent, counts.resets_sent),
            (&self.resets_received, counts.resets_received),
        ] {
            total.fetch_add(more.into(), Relaxed);
        }
        if (counts.refused_resets > 0 || counts.request_memory > 0) && self.may_log() {
            let (refused, reset) = (counts.refused_resets, counts.request_memory);
            tracing::warn!(
                refused,
                reset,
                "HTTP/2 streams were refused or reset: their client resets many requests, or holds too much memory"
            );
        }
    }

    /// Counts a connection that was closed because of an error of its peer.
    pub(super) fn count_error(&self, error: &Error) {
        let count = match error.code {
            ErrorCode::ENHANCE_YOUR_CALM => &self.floods,
            ErrorCode::NO_ERROR => &self.keepalive_timeouts,
            _ => &self.protocol_errors,
        };
        count.fetch_add(1, Relaxed);
        if error.code == ErrorCode::ENHANCE_YOUR_CALM && self.may_log() {
            tracing::warn!(reason = error.reason, "HTTP/2 connection closed with ENHANCE_YOUR_CALM");
        }
    }

    fn may_log(&self) -> bool {
        let (mut logged, now) = (self.logged.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        let may = logged.is_none_or(|logged| now.duration_since(logged) >= LOG_INTERVAL);
        if may {
            *logged = Some(now);
        }
        may
    }
}
