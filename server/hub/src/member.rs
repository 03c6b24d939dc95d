//! Members and rooms as others see them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    encoded::Encoded,
    id::{PeerId, RoomName},
};

/// Maximum size of metadata: the sum of key and value bytes.
pub const MAX_METADATA_BYTES: usize = 4_096;

/// Maximum length of a display name and of a user id in bytes.
pub const MAX_DISPLAY_NAME_BYTES: usize = 128;

/// Key-value pairs defined by the application. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(Arc<BTreeMap<String, String>>);

impl Metadata {
    /// Validates pairs from outside the server and drops those with an empty value. Fails if they are larger than
    /// [`MAX_METADATA_BYTES`].
    pub fn parse(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, MetadataTooLarge> {
        Self::checked(pairs.into_iter().filter(|(_, v)| !v.is_empty()).collect())
    }

    /// Returns these pairs with `changes` applied: an empty value deletes its key.
    pub fn merged(&self, changes: &BTreeMap<String, String>) -> Result<Self, MetadataTooLarge> {
        if changes.is_empty() {
            return Ok(self.clone());
        }
        let mut pairs = (*self.0).clone();
        for (key, value) in changes {
            if value.is_empty() {
                pairs.remove(key);
            } else {
                pairs.insert(key.clone(), value.clone());
            }
        }
        Self::checked(pairs)
    }

    /// Iterates over the pairs in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }

    /// Returns whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the sum of key and value bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(k, v)| k.len() + v.len()).sum()
    }

    fn checked(pairs: BTreeMap<String, String>) -> Result<Self, MetadataTooLarge> {
        let metadata = Self(Arc::new(pairs));
        if metadata.bytes() > MAX_METADATA_BYTES { Err(MetadataTooLarge) } else { Ok(metadata) }
    }
}

/// Metadata is larger than [`MAX_METADATA_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metadata is larger than {MAX_METADATA_BYTES} bytes")]
pub struct MetadataTooLarge;

/// Whether a member has a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Connected.
    Online,
    /// Disconnected for a while; may still resume.
    Reconnecting,
}

/// A member's role in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// May send and leave.
    Member,
    /// May also end the room and remove members.
    Owner,
}

/// A peer's entry in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The peer.
    pub peer: PeerId,
    /// The application's user id for the peer.
    pub user: Arc<str>,
    /// Display name.
    pub display_name: Arc<str>,
    /// The member's metadata in this room.
    pub metadata: Metadata,
    /// Owner or member.
    pub role: Role,
    /// Connected or reconnecting.
    pub presence: Presence,
    /// When it joined, in milliseconds since 1970.
    pub joined_at_ms: u64,
    /// Its encoded forms, which every roster and event that contains it shares.
    pub encoded: Encoded,
}

impl Member {
    /// Returns about how many bytes it takes on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        32 + self.peer.as_str().len() + self.user.len() + self.display_name.len() + self.metadata.bytes()
    }
}

/// What happens when a user that is already a member joins from another session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicateUsers {
    /// Both sessions are members.
    #[default]
    Allow,
    /// The newcomer is refused.
    Reject,
    /// The newcomer replaces the older member.
    Replace,
}

/// A room as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomInfo {
    /// The room's name.
    pub room: RoomName,
    /// Display name.
    pub display_name: Arc<str>,
    /// Maximum number of members.
    pub max_members: u32,
    /// Current number of members.
    pub member_count: u32,
    /// The rule for users that are already members.
    pub duplicate_users: DuplicateUsers,
    /// The room's metadata.
    pub metadata: Metadata,
    /// The owner.
    pub owner: Option<PeerId>,
    /// When it was created, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// Counts every change.
    pub version: u32,
    /// How long it stays when empty, in milliseconds.
    pub empty_timeout_ms: u32,
}
