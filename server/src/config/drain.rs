//! `[drain]`: how the node shuts down.

use serde::{Deserialize, Serialize};

use super::error::ConfigErrors;
use super::range::Range;

/// Settings of the drain, in which a node asks its sessions to reconnect elsewhere before it exits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DrainSection {
    /// Milliseconds for load balancers to notice that `/ready` answers 503. Everything is served as before meanwhile, new
    /// sessions too, even if there are none. Part of `timeout_ms`.
    pub delay_ms: u32,
    /// Milliseconds over which GoAway frames are spread after the delay. 0 = chosen by the number of sessions. Part of
    /// `timeout_ms`.
    pub window_ms: u32,
    /// Milliseconds the whole drain may take. It ends sooner if no session is without a connection: those may come back.
    /// The process exits at most 2 s later.
    pub timeout_ms: u32,
}

impl Default for DrainSection {
    fn default() -> Self {
        Self { delay_ms: 0, window_ms: 0, timeout_ms: 10_000 }
    }
}

pub(super) const RANGES: &[Range] = &[
    Range::ms("drain.delay_ms", 0, 3_600_000),
    Range::ms("drain.window_ms", 0, 3_600_000),
    Range::ms("drain.timeout_ms", 0, 3_600_000),
];

impl DrainSection {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if self.window_ms > self.timeout_ms {
            let allowed = format!("at most drain.timeout_ms, which is {}", self.timeout_ms);
            errors.add("drain.window_ms", self.window_ms, allowed);
        } else if self.delay_ms > self.timeout_ms - self.window_ms {
            let allowed =
                format!("at most drain.timeout_ms - drain.window_ms, which is {}", self.timeout_ms - self.window_ms);
            errors.add("drain.delay_ms", self.delay_ms, allowed);
        }
    }
}
