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
            empty_timeout_ms: 0,
            created_empty_timeout_ms: 300_000,
        }
    }
}

pub(super) const RANGES: &[Range] = &[
    Range::new("rooms.max_members", 1, 100_000),
    Range::new("rooms.max_rooms", 1, 100_000_000),
    Range::ms("rooms.empty_timeout_ms", 0, 86_400_000),
    Range::ms("rooms.created_empty_timeout_ms", 0, 86_400_000),
];
