//! What a token permits, apart from where.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// A set of permissions: the entries of `wigwag.can`. Empty by default.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u8);

impl Permissions {
    /// `join`: join rooms.
    pub const JOIN: Self = Self(1);
    /// `create`: create rooms, explicitly or by a join.
    pub const CREATE: Self = Self(1 << 1);
    /// `send`: send to one member of a room.
    pub const SEND: Self = Self(1 << 2);
    /// `broadcast`: send to all other members of a room.
    pub const BROADCAST: Self = Self(1 << 3);
    /// `direct`: send to a peer outside any room.
    pub const DIRECT: Self = Self(1 << 4);
    /// `list`: list rooms.
    pub const LIST: Self = Self(1 << 5);
    /// `manage`: call `RoomService`, within the room patterns.
    pub const MANAGE: Self = Self(1 << 6);
    /// `admin`: call `AdminService`. Does not include `manage`.
    pub const ADMIN: Self = Self(1 << 7);

    const NAMES: [(Self, &'static str); 8] = [
        (Self::JOIN, "join"),
        (Self::CREATE, "create"),
        (Self::SEND, "send"),
        (Self::BROADCAST, "broadcast"),
        (Self::DIRECT, "direct"),
        (Self::LIST, "list"),
        (Self::MANAGE, "manage"),
        (Self::ADMIN, "admin"),
    ];

    /// Returns every permission.
    #[must_use]
    pub const fn all() -> Self {
        Self(u8::MAX)
    }

    /// Returns the permission with this name, compared byte by byte.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(permission, _)| *permission)
    }

    /// Returns whether all of `other` are in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the names of the permissions in the set, in the order of the constants.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(permission, _)| self.contains(*permission)).map(|(_, name)| name)
    }

    /// Returns all names for an error text.
    pub(crate) fn known() -> String {
        Self::all().names().collect::<Vec<_>>().join(", ")
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Permissions {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
