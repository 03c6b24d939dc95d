//! Checks of what many clients saw, merged into one order.
//!
//! A driver of clients (a simulation, real processes) records an [`Event`] for everything that applications did and
//! received, and for what the server decided. [`check`] then looks for violations of the session contract, named C1 to C6
//! as in the API's description.

mod checker;
mod event;

use self::checker::Checker;
pub use self::event::{Event, Outcome, Violation};

/// How a history ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In the middle: outcomes may still be pending.
    Open,
    /// All frames were received, but clients may have missed the last changes of their rooms.
    Flushed,
    /// All clients were connected and had read everything.
    Settled,
}

/// Checks a history. Returns the violations, none if every promise was kept.
#[must_use]
pub fn check(events: &[Event], end: End) -> Vec<Violation> {
    let mut checker = Checker::default();
    for event in events {
        checker.record(event);
    }
    if end != End::Open {
        checker.check_outcomes();
    }
    if end == End::Settled {
        checker.check_views();
    }
    checker.violations
}

#[cfg(test)]
mod tests;
