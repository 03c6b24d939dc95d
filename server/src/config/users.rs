//! `[users]`: what one user may do with all its sessions together.

use serde::{Deserialize, Serialize};

use super::range::Range;

/// Limits of a user: the `sub` of tokens, or the user id of tickets. There are none without authentication, where everyone may
/// name any user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UsersSection {
    /// Most sessions of a user at a time. 0 = no limit.
    pub max_sessions: usize,
    /// Most watches of rooms (`WatchRooms`) of a user at a time, within `rooms.max_watches`.
    pub max_watches: usize,
    /// Sessions that a user may open per second on average. 0 = no limit.
    pub opens_per_second: u32,
    /// Sessions that a user may open at once after a pause.
    pub opens_burst: u32,
    /// Joins per second of all sessions of a user on average. 0 = no limit.
    pub joins_per_second: u32,
    /// Joins at once after a pause.
    pub joins_burst: u32,
}

impl Default for UsersSection {
    fn default() -> Self {
        Self {
            max_sessions: 2_000,
            max_watches: 100,
            opens_per_second: 50,
            opens_burst: 2_000,
            joins_per_second: 200,
            joins_burst: 10_000,
        }
    }
}

pub(super) const RANGES: &[Range] = &[
    Range::new("users.max_sessions", 0, 100_000_000),
    Range::new("users.max_watches", 1, 1_000_000),
    Range::new("users.opens_per_second", 0, 1_000_000),
    Range::new("users.opens_burst", 1, 100_000_000),
    Range::new("users.joins_per_second", 0, 1_000_000),
    Range::new("users.joins_burst", 1, 100_000_000),
];
