//! Writes metrics in the Prometheus text format 0.0.4. They do not have labels for rooms or peers, whose number is not
//! bounded.

use std::fmt::Write as _;

use wigwag_hub::backend::BackendStats;
use wigwag_net::listener::{Http2Stats, ListenerStats};
use wigwag_node::{ice::IceCounts, node::Refusals};

use crate::auth::AuthStats;

/// Returns all metrics of a node and of what it refused, of its public listener, of authentication, of TURN credentials and of the log, of which
/// `log_lines_dropped` lines were dropped. `limited`: how often each rate limit was exceeded, by its setting.
pub fn prometheus(
    backend: &BackendStats,
    refusals: Refusals,
    listener: &ListenerStats,
    auth: &AuthStats,
    ice: IceCounts,
    limited: &[(&'static str, u64)],
    log_lines_dropped: u64,
) -> String {
    let mut text = String::new();
    let mut gauge = |name, help, value: usize| write_metric(&mut text, name, "gauge", help, value as u64);
    gauge("wigwag_sessions", "Sessions, detached ones included.", backend.sessions);
    gauge("wigwag_sessions_attached", "Sessions with a connection.", backend.attached);
    gauge("wigwag_rooms", "Rooms.", backend.rooms);
    gauge("wigwag_timers", "Pending timers.", backend.timers);
    gauge("wigwag_watchers", "Watches of rooms.", backend.watchers);
    gauge("wigwag_connections_open", "Open connections.", listener.open());
    if let Some(expires) = listener.certificate_expires() {
        let seconds = usize::try_from(expires).unwrap_or(0);
        gauge(
            "wigwag_tls_certificate_expires_seconds",
            "When the certificate expires, in seconds since 1970.",
            seconds,
        );
    }
    let mut counter = |name, help, value| write_metric(&mut text, name, "counter", help, value);
    counter("wigwag_envelopes_delivered_total", "Envelopes put into mailboxes.", backend.delivered_total);
    counter(
        "wigwag_envelopes_undeliverable_total",
        "Envelopes reported to their sender as undeliverable.",
        backend.undeliverable_total,
    );
    counter("wigwag_resumes_total", "Sessions resumed.", backend.resumed_total);
    counter(
        "wigwag_slow_consumers_total",
        "Connections closed because their client did not read.",
        backend.slow_consumers_total,
    );
    counter(
        "wigwag_sessions_evicted_total",
        "Sessions without a connection ended early because there were too many.",
        backend.evicted_total,
    );
    counter("wigwag_connections_accepted_total", "Connections accepted.", listener.accepted());
    counter(
        "wigwag_connections_refused_total",
        "Connections closed on arrival because of a limit.",
        listener.refused(),
    );
    counter(
        "wigwag_connections_refused_per_ip_total",
        "Those of them that were over a limit per address.",
        listener.refused_per_ip(),
    );
    counter(
        "wigwag_addresses_denied_total",
        "Connections closed and requests refused because the address of their client is denied.",
        listener.denied(),
    );
    counter("wigwag_names_denied_total", "Requests refused because their user or room is denied.", refusals.denied);
    counter(
        "wigwag_session_opens_refused_total",
        "Sessions not opened or resumed because their address opened too many.",
        refusals.opens,
    );
    counter(
        "wigwag_proxy_header_failures_total",
        "Connections of trusted proxies closed because they had no valid header of the PROXY protocol.",
        listener.proxy_header_failures(),
    );
    counter(
        "wigwag_handshake_timeouts_total",
        "Connections closed because their first byte, or first request or HTTP/2 SETTINGS, did not arrive in time.",
        listener.handshake_timeouts(),
    );
    counter(
        "wigwag_tls_handshake_failures_total",
        "Connections that ended in the handshake of TLS.",
        listener.tls_handshake_failures(),
    );
    counter(
        "wigwag_accept_errors_total",
        "Errors of accept(2) after which the listener paused.",
        listener.accept_errors(),
    );
    counter(
        "wigwag_panics_total",
        "Requests, WebSockets and connections that ended with a panic, which is a bug.",
        listener.panics(),
    );
    counter(
        "wigwag_websocket_violations_total",
        "WebSockets closed with 1002, 1007 or 1009, because their client violated RFC 6455 or sent too long a message.",
        listener.websocket_violations(),
    );
    counter(
        "wigwag_websocket_keepalive_timeouts_total",
        "WebSockets lost because their client did not answer a ping in time.",
        listener.websocket_keepalive_timeouts(),
    );
    counter(
        "wigwag_websocket_send_timeouts_total",
        "WebSockets reset because their client did not read in time.",
        listener.websocket_send_timeouts(),
    );
    counter(
        "wigwag_log_lines_dropped_total",
        "Log lines dropped because standard error was not read or not writable.",
        log_lines_dropped,
    );
    counter("wigwag_tokens_refused_total", "Tokens that were refused.", auth.tokens_refused());
    counter("wigwag_jwks_fetched_total", "JWK Sets of issuers that were fetched.", auth.jwks_fetched());
    counter("wigwag_jwks_failures_total", "Fetches of JWK Sets of issuers that failed.", auth.jwks_failed());
    counter(
        "wigwag_webhook_allowed_total",
        "Questions that the webhook answered with yes, remembered answers included.",
        auth.webhook_allowed(),
    );
    counter(
        "wigwag_webhook_denied_total",
        "Questions that the webhook answered with no, remembered answers included.",
        auth.webhook_denied(),
    );
    counter(
        "wigwag_webhook_cached_total",
        "Those of both that were answered by a remembered answer.",
        auth.webhook_cached(),
    );
    counter(
        "wigwag_webhook_failures_total",
        "Questions that the webhook did not answer in time or as it should.",
        auth.webhook_failed(),
    );
    counter(
        "wigwag_turn_credentials_issued_total",
        "TURN credentials that the service of ice.provider has issued.",
        ice.issued,
    );
    counter(
        "wigwag_turn_credentials_failures_total",
        "Requests for TURN credentials that it has not answered as it should.",
        ice.failed,
    );
    for (name, help, value) in http2(listener.http2()) {
        counter(name, help, value);
    }
    let (name, help) = (
        "wigwag_rate_limited_total",
        "Frames that waited and requests refused because of a rate limit, by its setting.",
    );
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter");
    for (setting, value) in limited {
        let _ = writeln!(text, "{name}{{limit=\"{setting}\"}} {value}");
    }
    text
}

/// Returns the counters of HTTP/2.
fn http2(stats: &Http2Stats) -> [(&'static str, &'static str, u64); 11] {
    [
        (
            "wigwag_http2_refused_streams_total",
            "HTTP/2 requests refused because too many streams were open.",
            stats.refused_streams(),
        ),
        (
            "wigwag_http2_refused_resets_total",
            "HTTP/2 requests refused because too many were reset before.",
            stats.refused_resets(),
        ),
        (
            "wigwag_http2_large_headers_total",
            "HTTP/2 requests answered with 431 because of their header fields.",
            stats.large_headers(),
        ),
        (
            "wigwag_http2_request_memory_resets_total",
            "HTTP/2 streams reset because the requests of a connection took too much memory.",
            stats.request_memory(),
        ),
        (
            "wigwag_http2_send_timeouts_total",
            "HTTP/2 streams reset because their client did not read in time.",
            stats.send_timeouts(),
        ),
        (
            "wigwag_http2_aborted_streams_total",
            "HTTP/2 streams reset because their session had ended and their client did not read.",
            stats.aborted(),
        ),
        ("wigwag_http2_resets_sent_total", "HTTP/2 RST_STREAM frames sent, for any reason.", stats.resets_sent()),
        (
            "wigwag_http2_resets_received_total",
            "HTTP/2 RST_STREAM frames received: clients cancel what they no longer want.",
            stats.resets_received(),
        ),
        ("wigwag_http2_floods_total", "HTTP/2 connections closed with ENHANCE_YOUR_CALM.", stats.floods()),
        (
            "wigwag_http2_protocol_errors_total",
            "HTTP/2 connections closed because of another error of their client.",
            stats.protocol_errors(),
        ),
        (
            "wigwag_http2_keepalive_timeouts_total",
            "HTTP/2 connections closed because a ping was not answered.",
            stats.keepalive_timeouts(),
        ),
    ]
}

fn write_metric(text: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
}
