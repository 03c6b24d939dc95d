//! The clock of the generator. Both ends of every latency are read from it.

use std::time::Instant;

/// Returns the current time.
#[allow(clippy::disallowed_methods, reason = "the generator does not run on a runtime whose clock it could use")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
