//! The clock of the generator: both ends of every latency are read here, on one machine.

use std::time::Instant;

/// Now.
#[allow(clippy::disallowed_methods, reason = "the generator runs on no runtime whose clock it could use")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
