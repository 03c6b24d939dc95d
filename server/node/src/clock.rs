//! Reads the wall clock, which no other module does.
//!
//! Only for times that are shown to people: deadlines use tokio's monotonic clock.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{SystemTime, UNIX_EPOCH},
};

/// The wall clock as an offset to the monotonic clock, for readers that cannot afford to read it each time. It follows a
/// clock that is set, forward or back.
#[derive(Debug)]
pub(crate) struct WallClock {
    // Wall clock minus monotonic clock, in milliseconds. Wraps.
    offset_ms: AtomicU64,
    read_unix_ms: fn() -> u64,
}

impl WallClock {
    /// Reads the clock, when the monotonic clock is 0.
    pub(crate) fn new() -> Self {
        Self::over(unix_ms)
    }

    fn over(read_unix_ms: fn() -> u64) -> Self {
        Self { offset_ms: AtomicU64::new(read_unix_ms()), read_unix_ms }
    }

    /// Reads the clock, when the monotonic clock is `mono_ms`.
    pub(crate) fn read(&self, mono_ms: u64) -> u64 {
        let unix_ms = (self.read_unix_ms)();
        self.offset_ms.store(unix_ms.wrapping_sub(mono_ms), Relaxed);
        unix_ms
    }

    /// Returns the wall clock at `mono_ms`, if it has not been set since it was read.
    pub(crate) fn at(&self, mono_ms: u64) -> u64 {
        mono_ms.wrapping_add(self.offset_ms.load(Relaxed))
    }
}

/// Returns the milliseconds since the Unix epoch; 0 if the clock is set to a time before 1970.
// Disallowed elsewhere, so that time is passed as an argument.
#[allow(clippy::disallowed_methods)]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Formats a time as ISO 8601 in UTC with milliseconds, as JavaScript's `toISOString` does:
/// `2026-11-20T16:49:07.120Z`.
pub fn iso8601(unix_ms: u64) -> String {
    let seconds = i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX);
    let millis = (unix_ms % 1000) as i32;
    let text = prost_types::Timestamp { seconds, nanos: millis * 1_000_000 }.to_string();
    if millis == 0 { text.replace('Z', ".000Z") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_javascript_writes() {
        assert_eq!(iso8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso8601(951_782_400_007), "2000-02-29T00:00:00.007Z");
        assert_eq!(iso8601(1_795_193_347_120), "2026-11-20T16:49:07.120Z");
    }

    #[test]
    fn the_wall_clock_follows_one_that_is_set() {
        static CLOCK: AtomicU64 = AtomicU64::new(1_000_000);
        let clock = WallClock::over(|| CLOCK.load(Relaxed));
        assert_eq!((clock.read(0), clock.at(500)), (1_000_000, 1_000_500));
        let day = 86_400_000;
        CLOCK.store(1_000_700 + day, Relaxed);
        assert_eq!((clock.read(700), clock.at(900)), (1_000_700 + day, 1_000_900 + day));
        CLOCK.store(5, Relaxed);
        assert_eq!((clock.read(1_000), clock.at(1_100)), (5, 105));
    }
}
