//! Peers as other peers see them.

use std::{collections::HashMap, fmt, sync::Arc, time::SystemTime};

use wigwag_proto::v1;

/// Identifies a peer for the lifetime of its session. Assigned by the server: 26 characters that cannot be guessed.
///
/// Peer ids compare by their bytes. That order decides which peer is polite in perfect negotiation:
///
/// ```
/// use wigwag_client::PeerId;
///
/// let (ada, grace) = (PeerId::from("aaaa"), PeerId::from("zzzz"));
/// assert!(grace.is_polite_to(&ada));
/// assert!(!ada.is_polite_to(&grace));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(Arc<str>);

impl PeerId {
    /// Returns the id as text.
    ///
    /// ```
    /// use wigwag_client::PeerId;
    ///
    /// assert_eq!(PeerId::from("aaaa").as_str(), "aaaa");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this peer is the polite one in perfect negotiation with `other`, and so gives way when their offers
    /// collide: the one with the greater id is, in every room.
    ///
    /// ```
    /// use wigwag_client::PeerId;
    ///
    /// let (ada, grace) = (PeerId::from("aaaa"), PeerId::from("zzzz"));
    /// // Both offered at once: Grace accepts Ada's offer and drops her own, Ada ignores Grace's.
    /// assert!(grace.is_polite_to(&ada) && !ada.is_polite_to(&grace));
    /// ```
    #[must_use]
    pub fn is_polite_to(&self, other: &Self) -> bool {
        self > other
    }
}

impl From<&str> for PeerId {
    fn from(id: &str) -> Self {
        Self(id.into())
    }
}

impl From<String> for PeerId {
    fn from(id: String) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({})", self.0)
    }
}

/// A peer's entry in a room.
///
/// ```no_run
/// # fn example(room: wigwag_client::Room) {
/// for member in room.members() {
///     println!("{} on {:?}", member.display_name, member.metadata.get("device"));
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The id to send to.
    pub peer_id: PeerId,
    /// The user, from the token, or on a server without authentication as the client named it. May be empty, and members
    /// may share one.
    pub user_id: String,
    /// The name shown to people, at most 128 bytes. May be empty.
    pub display_name: String,
    /// The member's key-value pairs, at most 4 KiB in total.
    pub metadata: HashMap<String, String>,
    /// Whether the member owns the room.
    pub role: Role,
    /// Connected or reconnecting.
    pub presence: Presence,
    /// When the member joined, by the server's clock.
    pub joined_at: Option<SystemTime>,
}

/// What a member may do beyond sending.
///
/// ```no_run
/// # fn example(room: wigwag_client::Room) {
/// use wigwag_client::Role;
///
/// let is_owner = room.me().is_some_and(|me| me.role == Role::Owner);
/// # let _ = is_owner;
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Role {
    /// Only send and leave.
    #[default]
    Member,
    /// May end the room and remove members.
    Owner,
}

/// State of a member's connection.
///
/// ```no_run
/// # fn example(room: wigwag_client::Room) {
/// use wigwag_client::Presence;
///
/// let online = room.members().iter().filter(|member| member.presence == Presence::Online).count();
/// println!("{online} are here");
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Presence {
    /// Connected.
    #[default]
    Online,
    /// Lost its connection more than two seconds ago and may reconnect. It is still a member: envelopes to it are kept and
    /// delivered when it does.
    Reconnecting,
}

impl From<v1::Member> for Member {
    fn from(member: v1::Member) -> Self {
        let role = match member.role() {
            v1::member::Role::Owner => Role::Owner,
            v1::member::Role::Member | v1::member::Role::Unspecified => Role::Member,
        };
        let presence = match member.state() {
            v1::member::State::Reconnecting => Presence::Reconnecting,
            v1::member::State::Online | v1::member::State::Unspecified => Presence::Online,
        };
        Self {
            peer_id: member.peer_id.into(),
            user_id: member.user_id,
            display_name: member.display_name,
            metadata: member.metadata,
            role,
            presence,
            joined_at: point_in_time(member.joined_at),
        }
    }
}

/// Converts a timestamp; `None` also if the operating system's clock cannot represent it.
pub(crate) fn point_in_time(timestamp: Option<prost_types::Timestamp>) -> Option<SystemTime> {
    timestamp.and_then(|at| SystemTime::try_from(at).ok())
}
