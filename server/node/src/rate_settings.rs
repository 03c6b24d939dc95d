//! The settings of rate limits, which are also what clients, errors and metrics call the limits.

use wigwag_hub::rate::RateLimitKind;

/// The settings of the limits of a backend, by their numbers.
pub(crate) const SETTINGS: [&str; RateLimitKind::ALL.len()] = [
    "session.frames_per_second",
    "session.bytes_per_second",
    "session.deliveries_per_second",
    "session.joins_per_second",
    "rooms.joins_per_second",
    "rooms.deliveries_per_second",
    "users.opens_per_second",
    "users.joins_per_second",
];

/// The setting of failed authentications.
pub(crate) const AUTH_FAILURES: &str = "auth.failures_per_second";
/// The setting of calls to RoomService without a token.
pub(crate) const ROOM_CALLS: &str = "room_service_calls_per_second";

/// Returns the setting of a backend's limit.
pub(crate) fn setting_of(kind: RateLimitKind) -> &'static str {
    SETTINGS[kind.number()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_names_its_setting() {
        assert_eq!(setting_of(RateLimitKind::RoomDeliveries), "rooms.deliveries_per_second");
        assert_eq!(setting_of(RateLimitKind::UserJoins), "users.joins_per_second");
    }
}
