//! Writes metrics in the Prometheus text format 0.0.4. They do not have labels for rooms or peers, whose number is not
//! bounded.

use std::fmt::Write as _;

use wigwag_hub::backend::BackendStats;
use wigwag_net::listener::ListenerStats;

/// Returns all metrics of a node and of its public listener.
pub fn prometheus(backend: &BackendStats, listener: &ListenerStats) -> String {
    let mut text = String::new();
    let mut gauge = |name, help, value: usize| write_metric(&mut text, name, "gauge", help, value as u64);
    gauge("wigwag_sessions", "Sessions, detached ones included.", backend.sessions);
    gauge("wigwag_sessions_attached", "Sessions with a connection.", backend.attached);
    gauge("wigwag_rooms", "Rooms.", backend.rooms);
    gauge("wigwag_timers", "Pending timers.", backend.timers);
    gauge("wigwag_watchers", "Watches of rooms.", backend.watchers);
    gauge("wigwag_connections_open", "Open connections.", listener.open());
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
        "wigwag_handshake_timeouts_total",
        "Connections closed because their first byte or first request did not arrive in time.",
        listener.handshake_timeouts(),
    );
    counter(
        "wigwag_accept_errors_total",
        "Errors of accept(2) after which the listener paused.",
        listener.accept_errors(),
    );
    text
}

fn write_metric(text: &mut String, name: &str, kind: &str, help: &str, value: u64) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
}
