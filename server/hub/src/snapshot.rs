//! A room with its members at one version.

use crate::{member::RoomInfo, members::Members};

/// A room with its members in join order. Cheap to clone, and shares the members with the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The room.
    pub info: RoomInfo,
    /// Its members in join order.
    pub members: Members,
}

impl Snapshot {
    /// Returns about how many bytes it takes on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        128 + self.info.metadata.bytes() + self.members.weight()
    }
}
