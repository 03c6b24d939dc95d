//! Times as people write and read them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost_types::Timestamp;

/// Units, the longest suffix first where one ends with another.
const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Parses a duration with a unit, at least a millisecond.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let parsed = UNITS.iter().find_map(|(unit, ms)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*ms));
    let milliseconds = parsed.filter(|ms| *ms > 0);
    milliseconds.map(Duration::from_millis).ok_or_else(|| "write it as 500ms, 90s, 15m, 1h or 7d".to_owned())
}

/// Parses a duration for a field that holds milliseconds in 32 bits.
pub(crate) fn parse_ms(text: &str) -> Result<u32, String> {
    let longest = || format!("the longest time is {} days", u32::MAX / 86_400_000);
    u32::try_from(parse(text)?.as_millis()).map_err(|_| longest())
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    u64::try_from(UNIX_EPOCH.elapsed().unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// Writes the time since `at`, such as `3m`; `-` without a time.
pub(crate) fn age(at: Option<Timestamp>) -> String {
    let at = at.and_then(|at| SystemTime::try_from(at).ok()).and_then(|at| at.elapsed().ok());
    at.map_or_else(|| "-".to_owned(), short)
}

/// Writes a duration in its largest unit, rounded down; below ten of it with the next one.
pub(crate) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (one, rest) = match seconds {
        0..60 => return format!("{seconds}s"),
        60..3_600 => ((seconds / 60, "m"), (seconds % 60, "s")),
        3_600..86_400 => ((seconds / 3_600, "h"), (seconds % 3_600 / 60, "m")),
        _ => ((seconds / 86_400, "d"), (seconds % 86_400 / 3_600, "h")),
    };
    if one.0 < 10 && rest.0 > 0 {
        format!("{}{}{}{}", one.0, one.1, rest.0, rest.1)
    } else {
        format!("{}{}", one.0, one.1)
    }
}

/// Writes a point in time in UTC (RFC 3339), without fractions of a second.
pub(crate) fn utc(unix_ms: u64) -> String {
    Timestamp { seconds: i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX), nanos: 0 }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_are_not_zero() {
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(parse("7d"), Ok(Duration::from_secs(604_800)));
        for wrong in ["", "5", "0s", "-1s", "1.5h", "18446744073709551615d", "m"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse_ms("50d").is_err());
    }

    #[test]
    fn short_durations_have_at_most_two_units() {
        let short = |seconds| short(Duration::from_secs(seconds));
        let cases =
            [(0, "0s"), (59, "59s"), (60, "1m"), (95, "1m35s"), (659, "10m"), (5_400, "1h30m"), (90_000, "1d1h")];
        for (seconds, text) in cases {
            assert_eq!(short(seconds), text);
        }
    }
}
