//! The counters of a listener.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use super::Http2Stats;
use crate::tls::TlsContext;

/// Counters of one listener. Each value is exact, but values read one after another are not a snapshot.
#[derive(Debug, Default)]
pub struct ListenerStats {
    open: AtomicUsize,
    accepted: AtomicU64,
    refused: AtomicU64,
    refused_per_ip: AtomicU64,
    denied: AtomicU64,
    proxy_header_failures: AtomicU64,
    handshake_timeouts: AtomicU64,
    tls_handshake_failures: AtomicU64,
    tls: OnceLock<Arc<TlsContext>>,
    accept_errors: AtomicU64,
    panics: AtomicU64,
    websocket_violations: AtomicU64,
    websocket_keepalive_timeouts: AtomicU64,
    websocket_send_timeouts: AtomicU64,
    http2: Http2Stats,
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

    /// Returns how many of them were refused because of a limit per address.
    pub fn refused_per_ip(&self) -> u64 {
        self.refused_per_ip.load(Relaxed)
    }

    /// Returns the number of connections closed, and requests marked with [`DeniedClient`](super::DeniedClient), because the
    /// address of their client is denied.
    pub fn denied(&self) -> u64 {
        self.denied.load(Relaxed)
    }

    /// Returns the number of connections of trusted proxies closed because they did not begin with a header of the PROXY
    /// protocol.
    pub fn proxy_header_failures(&self) -> u64 {
        self.proxy_header_failures.load(Relaxed)
    }

    /// Returns the number of connections closed because their first byte, or their first request or the SETTINGS of
    /// HTTP/2, did not arrive in time.
    pub fn handshake_timeouts(&self) -> u64 {
        self.handshake_timeouts.load(Relaxed)
    }

    /// Returns the number of connections that ended in the handshake of TLS: the client accepted neither version nor cipher
    /// suite, did not trust the certificate, showed no valid one, did not speak TLS, or broke off. Those that took too long
    /// are counted by [`handshake_timeouts`](Self::handshake_timeouts).
    pub fn tls_handshake_failures(&self) -> u64 {
        self.tls_handshake_failures.load(Relaxed)
    }

    /// Returns when the listener's certificate expires, in seconds since 1970. `None` without TLS.
    pub fn certificate_expires(&self) -> Option<i64> {
        self.tls.get().map(|tls| tls.expires())
    }

    /// Shows the certificate of this context. To be called once, with that of the listener.
    pub fn set_tls(&self, tls: Arc<TlsContext>) {
        let _ = self.tls.set(tls);
    }

    /// Returns the number of failed accepts that made the listener pause, for instance for lack of file descriptors.
    pub fn accept_errors(&self) -> u64 {
        self.accept_errors.load(Relaxed)
    }

    /// Returns the number of requests, WebSockets and connections that ended with a panic, which is a bug of the server.
    pub fn panics(&self) -> u64 {
        self.panics.load(Relaxed)
    }

    /// Returns the number of WebSockets closed with 1002, 1007 or 1009, because their client violated RFC 6455 or sent too
    /// long a message.
    pub fn websocket_violations(&self) -> u64 {
        self.websocket_violations.load(Relaxed)
    }

    /// Returns the number of WebSockets whose client did not answer a ping in time.
    pub fn websocket_keepalive_timeouts(&self) -> u64 {
        self.websocket_keepalive_timeouts.load(Relaxed)
    }

    /// Returns the number of WebSockets whose client did not read in time.
    pub fn websocket_send_timeouts(&self) -> u64 {
        self.websocket_send_timeouts.load(Relaxed)
    }

    /// Returns the counters of HTTP/2.
    pub fn http2(&self) -> &Http2Stats {
        &self.http2
    }

    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Relaxed);
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    /// Takes [`opened`](Self::opened) back, of a connection that is not served.
    pub(super) fn not_opened(&self) {
        self.accepted.fetch_sub(1, Relaxed);
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn count_refused_per_ip(&self) {
        self.refused.fetch_add(1, Relaxed);
        self.refused_per_ip.fetch_add(1, Relaxed);
    }

    pub(super) fn count_denied(&self) {
        self.denied.fetch_add(1, Relaxed);
    }

    pub(super) fn count_proxy_header_failure(&self) {
        self.proxy_header_failures.fetch_add(1, Relaxed);
    }

    pub(super) fn count_handshake_timeout(&self) {
        self.handshake_timeouts.fetch_add(1, Relaxed);
    }

    pub(super) fn count_tls_handshake_failure(&self) {
        self.tls_handshake_failures.fetch_add(1, Relaxed);
    }

    pub(super) fn count_accept_error(&self) {
        self.accept_errors.fetch_add(1, Relaxed);
    }

    pub(super) fn count_panic(&self) {
        self.panics.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_websocket_violation(&self) {
        self.websocket_violations.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_websocket_keepalive_timeout(&self) {
        self.websocket_keepalive_timeouts.fetch_add(1, Relaxed);
    }

    pub(crate) fn count_websocket_send_timeout(&self) {
        self.websocket_send_timeouts.fetch_add(1, Relaxed);
    }
}
