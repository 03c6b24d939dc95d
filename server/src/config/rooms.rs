//! `[rooms]`: how rooms are created and deleted, and their limits.

use serde::{Deserialize, Serialize};

use super::range::Range;

/// Settings of rooms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoomsSection {
    /// Whether joining a room that does not exist creates it.
    pub auto_create: bool,
    /// Most members of a room; a room's own limit may be lower.
    pub max_members: usize,
    /// Most rooms at a time.
    pub max_rooms: usize,
    /// Most watches of rooms (`WatchRooms`) at a time. One more is refused with LIMIT_EXCEEDED.
    pub max_watches: usize,
    /// Joins of a room per second on average. 0 = no limit. What exceeds it is refused with RATE_LIMITED.
    pub joins_per_second: u32,
    /// Joins at once after a pause; never less than `max_members`, so that all can return at the same time.
    pub joins_burst: u32,
    /// What broadcasts, and updates of members' entries, in a room may put into mailboxes per second on average. 0 = no limit.
    /// The frames that the sender of one that was too much sends next wait.
    pub deliveries_per_second: u32,
    /// The same at once after a pause.
    pub deliveries_burst: u32,
    /// Milliseconds after which an empty room that a join created is deleted.
    pub empty_timeout_ms: u32,
    /// Milliseconds after which an empty room that CreateRoom created is deleted, unless the call sets another time.
    pub created_empty_timeout_ms: u32,
}

impl Default for RoomsSection {
    fn default() -> Self {
        Self {
            auto_create: true,
            max_members: 1000,
            max_rooms: 100_000,
            max_watches: 1_000,
            joins_per_second: 200,
            joins_burst: 2_000,
            deliveries_per_second: 500_000,
            deliveries_burst: 5_000_000,
            empty_timeout_ms: 0,
            created_empty_timeout_ms: 300_000,
        }
    }
}

pub(super) const RANGES: &[Range] = &[
    Range::new("rooms.max_members", 1, 100_000),
    Range::new("rooms.max_rooms", 1, 100_000_000),
    Range::new("rooms.max_watches", 1, 1_000_000),
    Range::new("rooms.joins_per_second", 0, 1_000_000),
    Range::new("rooms.joins_burst", 1, 1_000_000),
    Range::new("rooms.deliveries_per_second", 0, 1 << 28),
    Range::new("rooms.deliveries_burst", 1, 1 << 30),
    Range::ms("rooms.empty_timeout_ms", 0, 86_400_000),
    Range::ms("rooms.created_empty_timeout_ms", 0, 86_400_000),
];
