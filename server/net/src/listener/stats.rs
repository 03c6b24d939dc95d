//! What a listener counts.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Counters of one listener. They are read while the listener runs; each is exact, the set is not a snapshot.
#[derive(Debug, Default)]
pub struct ListenerStats {
    open: AtomicUsize,
    accepted: AtomicU64,
    refused: AtomicU64,
    handshake_timeouts: AtomicU64,
    accept_errors: AtomicU64,
}

impl ListenerStats {
    /// Connections open now, upgraded ones included.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Connections taken since the start. Refused ones are not among them.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    /// Connections closed on arrival, because the node or their address had its full number.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Connections closed because they did not send their first byte or their first request in time.
    pub fn handshake_timeouts(&self) -> u64 {
        self.handshake_timeouts.load(Relaxed)
    }

    /// Failures to accept that made the listener wait, such as having no file descriptor left.
    pub fn accept_errors(&self) -> u64 {
        self.accept_errors.load(Relaxed)
    }

    /// The counters in the Prometheus text format.
    pub fn prometheus(&self) -> String {
        let rows: [(&str, &str, &str, u64); 5] = [
            ("wigwag_connections_open", "gauge", "Connections open now.", self.open() as u64),
            ("wigwag_connections_accepted_total", "counter", "Connections taken.", self.accepted()),
            ("wigwag_connections_refused_total", "counter", "Connections closed on arrival by a cap.", self.refused()),
            (
                "wigwag_handshake_timeouts_total",
                "counter",
                "Connections closed by a deadline.",
                self.handshake_timeouts(),
            ),
            ("wigwag_accept_errors_total", "counter", "Failures to accept that made it wait.", self.accept_errors()),
        ];
        let mut text = String::new();
        for (name, kind, help, value) in rows {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        }
        text
    }

    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Relaxed);
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn count_handshake_timeout(&self) {
        self.handshake_timeouts.fetch_add(1, Relaxed);
    }

    pub(super) fn count_accept_error(&self) {
        self.accept_errors.fetch_add(1, Relaxed);
    }
}
