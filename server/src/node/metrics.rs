//! The backend's census in the Prometheus text format. No labels by room or peer: their number has no bound.

use std::fmt::Write as _;

use wigwag_hub::backend::Census;

pub(super) fn prometheus(census: &Census) -> String {
    let rows: [(&str, &str, &str, u64); 9] = [
        ("wigwag_sessions", "gauge", "Sessions, detached ones included.", census.sessions as u64),
        ("wigwag_sessions_attached", "gauge", "Sessions with a connection.", census.attached as u64),
        ("wigwag_rooms", "gauge", "Rooms.", census.rooms as u64),
        ("wigwag_timers", "gauge", "Timers waiting.", census.timers as u64),
        ("wigwag_watchers", "gauge", "Watches of rooms.", census.watchers as u64),
        ("wigwag_envelopes_delivered_total", "counter", "Envelopes put into mailboxes.", census.delivered_total),
        (
            "wigwag_envelopes_undeliverable_total",
            "counter",
            "Envelopes whose sender was told that they are undeliverable.",
            census.undeliverable_total,
        ),
        ("wigwag_resumes_total", "counter", "Sessions resumed.", census.resumed_total),
        (
            "wigwag_slow_consumers_total",
            "counter",
            "Connections cut because they did not read.",
            census.slow_consumers_total,
        ),
    ];
    let mut text = String::new();
    for (name, kind, help, value) in rows {
        // Writing to a String does not fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    text
}
