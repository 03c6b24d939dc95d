//! Reads the wall clock, which no other module does.
//!
//! Only for times that are shown to people: deadlines use tokio's monotonic clock.

use std::time::{SystemTime, UNIX_EPOCH};

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
}
