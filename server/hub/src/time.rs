//! Time as an argument.

/// A point in time, read from the caller's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a monotonic clock with any origin. All deadlines are on this clock.
    pub mono_ms: u64,
    /// Milliseconds since 1970 (UTC). For display only, never compared.
    pub unix_ms: u64,
}

impl Now {
    /// Returns the time `ms` milliseconds later, on both clocks.
    #[must_use]
    pub fn plus(self, ms: u64) -> Self {
        Self { mono_ms: self.mono_ms + ms, unix_ms: self.unix_ms + ms }
    }
}
