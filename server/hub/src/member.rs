//! Members and rooms as others see them.

use std::{collections::BTreeMap, sync::Arc};

use crate::id::{PeerId, RoomName};

/// Largest metadata: the sum of key and value bytes.
pub const MAX_METADATA_BYTES: usize = 4_096;

/// Longest display name and user id in bytes.
pub const MAX_DISPLAY_NAME_BYTES: usize = 128;

/// Key-value pairs of the application's own. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(Arc<BTreeMap<String, String>>);

impl Metadata {
    /// Takes pairs that came from outside. Fails when they are larger than [`MAX_METADATA_BYTES`].
    pub fn parse(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, MetadataTooLarge> {
        Self::checked(pairs.into_iter().filter(|(_, v)| !v.is_empty()).collect())
    }

    /// These pairs changed by others: an empty value deletes its key.
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

    /// The pairs in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }

    /// No pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sum of key and value bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(k, v)| k.len() + v.len()).sum()
    }

    fn checked(pairs: BTreeMap<String, String>) -> Result<Self, MetadataTooLarge> {
        let metadata = Self(Arc::new(pairs));
        if metadata.bytes() > MAX_METADATA_BYTES { Err(MetadataTooLarge) } else { Ok(metadata) }
    }
}

/// Metadata over [`MAX_METADATA_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metadata is larger than {MAX_METADATA_BYTES} bytes")]
pub struct MetadataTooLarge;

/// Whether a member has a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Connected.
    Online,
    /// Lost its connection a while ago and may still resume.
    Reconnecting,
}

/// What a member may do beyond sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing more.
    Member,
    /// May end the room and remove members.
    Owner,
}

/// A peer's entry in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which peer.
    pub peer: PeerId,
    /// Who the application says it is.
    pub user: Arc<str>,
    /// Name for people.
    pub display_name: Arc<str>,
    /// The member's own pairs.
    pub metadata: Metadata,
    /// Owner or member.
    pub role: Role,
    /// Connected or reconnecting.
    pub presence: Presence,
    /// When it joined, in milliseconds since 1970.
    pub joined_at_ms: u64,
}

impl Member {
    /// About how many bytes it takes on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        32 + self.peer.as_str().len() + self.user.len() + self.display_name.len() + self.metadata.bytes()
    }
}

/// What a room does when a user joins who is a member already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicateUsers {
    /// Both are members.
    #[default]
    Allow,
    /// The newcomer is refused.
    Reject,
    /// The newcomer takes the place.
    Replace,
}

/// A room as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomInfo {
    /// Which room.
    pub room: RoomName,
    /// Name for people.
    pub display_name: Arc<str>,
    /// Most members at a time; 0 = the backend's own limit.
    pub max_members: u32,
    /// Members now.
    pub member_count: u32,
    /// The rule for users who are members already.
    pub duplicate_users: DuplicateUsers,
    /// The room's pairs.
    pub metadata: Metadata,
    /// Who owns it.
    pub owner: Option<PeerId>,
    /// When it came to be, in milliseconds since 1970.
    pub created_at_ms: u64,
    /// Counts every change.
    pub version: u32,
    /// How long it stays when empty.
    pub empty_timeout_ms: u32,
}

/// A room with its members in join order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The room.
    pub info: RoomInfo,
    /// Its members, in the order in which they joined.
    pub members: Vec<Arc<Member>>,
}

impl Snapshot {
    /// About how many bytes it takes on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        128 + self.info.metadata.bytes() + self.members.iter().map(|m| m.weight()).sum::<usize>()
    }
}
