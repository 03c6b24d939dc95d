//! What a token permits.

use std::collections::BTreeMap;

use crate::permissions::Permissions;
use crate::room_pattern::RoomPattern;

/// Most patterns of a token.
pub const MAX_ROOM_PATTERNS: usize = 100;

/// Maximum size of the metadata of a token: the sum of key and value bytes.
pub const MAX_METADATA_BYTES: usize = 4_096;

/// The claim `wigwag`, apart from the namespace: where, what, and how. Nothing is permitted by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// `rooms`: the rooms that the permissions concern, at most [`MAX_ROOM_PATTERNS`].
    pub rooms: Vec<RoomPattern>,
    /// `can`: the permissions.
    pub can: Permissions,
    /// `max_members`: at least 1; the limit of rooms that the session creates, if it is lower than the server's.
    pub max_members: Option<u32>,
    /// `duplicate_users`: the rule of rooms that the session creates.
    pub duplicate_users: Option<DuplicateUsers>,
    /// `metadata`: metadata of the session's members, which the client cannot change. At most [`MAX_METADATA_BYTES`].
    pub metadata: BTreeMap<String, String>,
}

impl Grants {
    /// Returns whether a pattern matches this room.
    #[must_use]
    pub fn admits(&self, room: &str) -> bool {
        self.rooms.iter().any(|pattern| pattern.matches(room))
    }

    /// Returns whether all of `permissions` are granted in this room.
    #[must_use]
    pub fn allows(&self, permissions: Permissions, room: &str) -> bool {
        self.can.contains(permissions) && self.admits(room)
    }
}

/// What happens when a user joins a room for the second time, with another session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DuplicateUsers {
    /// `allow`: both are members.
    Allow,
    /// `reject`: the second join fails.
    Reject,
    /// `replace`: the first member is removed.
    Replace,
}

impl DuplicateUsers {
    const ALL: [Self; 3] = [Self::Allow, Self::Reject, Self::Replace];

    /// Returns the rule with this name, compared byte by byte.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Returns its name in a token.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Reject => "reject",
            Self::Replace => "replace",
        }
    }
}
