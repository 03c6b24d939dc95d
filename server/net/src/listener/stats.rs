//! The counters of a listener.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

/// Counters of one listener. Each value is exact, but values read one after another are not a snapshot.
#[derive(Debug, Default)]
pub struct ListenerStats {
    open: AtomicUsize,
    accepted: AtomicU64,
    refused: AtomicU64,
    handshake_timeouts: AtomicU64,
    accept_errors: AtomicU64,
}

impl ListenerStats {
    /// Returns the number of open connections, including upgraded ones.
    pub fn open(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// Returns the number of accepted connections, without refused ones.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Relaxed)
    }

    /// Returns the number of connections closed on arrival, because a connection limit was reached.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Returns the number of connections closed because their first byte or first request did not arrive in time.
    pub fn handshake_timeouts(&self) -> u64 {
        self.handshake_timeouts.load(Relaxed)
    }

    /// Returns the number of failed accepts that made the listener pause, for instance for lack of file descriptors.
    pub fn accept_errors(&self) -> u64 {
        self.accept_errors.load(Relaxed)
    }

    /// Formats the counters in the Prometheus text format.
    pub fn prometheus(&self) -> String {
        let rows: [(&str, &str, &str, u64); 5] = [
            ("wigwag_connections_open", "gauge", "Connections open now.", self.open() as u64),
            ("wigwag_connections_accepted_total", "counter", "Connections accepted.", self.accepted()),
            (
                "wigwag_connections_refused_total",
                "counter",
                "Connections closed on arrival by a connection limit.",
                self.refused(),
            ),
            (
                "wigwag_handshake_timeouts_total",
                "counter",
                "Connections closed before their first byte or request arrived.",
                self.handshake_timeouts(),
            ),
            (
                "wigwag_accept_errors_total",
                "counter",
                "Failed accepts that made the listener pause.",
                self.accept_errors(),
            ),
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
