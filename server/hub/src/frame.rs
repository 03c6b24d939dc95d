//! What a connection writes: numbered frames, and presence events beside them.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    encoded::Encoded,
    id::{PeerId, RoomName},
    member::{Member, RoomInfo},
    reason::Reason,
    snapshot::Snapshot,
};

/// The outcome of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A resumable recipient acknowledged it.
    Delivered,
    /// The kernel took it for the connection of a live recipient, which does not acknowledge.
    Written,
    /// Not confirmed, for this reason.
    Undeliverable(Reason),
}

/// The body of a numbered frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A signal, encoded by the sender's transport. Opaque to the hub.
    Envelope(Bytes),
    /// An answer encoded by the session's own transport (an error, new ICE servers). Opaque to the hub.
    Encoded(Bytes),
    /// The session joined a room.
    Joined(Arc<Joined>),
    /// The session is no longer in a room.
    Left {
        /// The room.
        room: RoomName,
        /// The reason.
        reason: Reason,
    },
    /// A request took effect.
    Done,
    /// The outcome of an envelope that this session sent.
    Receipt {
        /// The recipient.
        peer: PeerId,
        /// The outcome.
        delivery: Delivery,
    },
}

impl Body {
    /// What a frame counts as besides its content.
    pub(crate) const HEAD: usize = 16;

    /// Returns the number of bytes it counts as in a mailbox. Never 0.
    #[must_use]
    pub fn weight(&self) -> usize {
        Self::HEAD
            + match self {
                Self::Envelope(bytes) | Self::Encoded(bytes) => bytes.len(),
                Self::Joined(joined) => joined.snapshot.weight(),
                Self::Left { room, .. } => room.as_str().len(),
                Self::Done => 0,
                Self::Receipt { peer, .. } => peer.as_str().len(),
            }
    }
}

/// The answer to a join, as it is handed out. A mailbox holds a [`JoinedEntry`](crate::mailbox::JoinedEntry) in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The room with all its members, including the receiver.
    pub snapshot: Arc<Snapshot>,
    /// Whether this request created the room.
    pub created: bool,
}

/// A change of a room, as its members and watchers receive it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The room was created. Watchers only.
    Created(RoomInfo),
    /// The room itself changed.
    Updated(RoomInfo),
    /// The room ended. Watchers only; members receive [`Body::Left`].
    Ended(Reason),
    /// A peer joined.
    MemberJoined(Arc<Member>),
    /// A member changed.
    MemberUpdated(Arc<Member>),
    /// A peer left.
    MemberLeft(PeerId, Reason),
}

/// A change with its position in the room's history. All receivers share one object and its encoding.
#[derive(Debug)]
pub struct RoomEvent {
    /// The room.
    pub room: RoomName,
    /// The room's version after the change.
    pub version: u32,
    /// The change.
    pub change: Change,
    /// Its encoded forms.
    pub encoded: Encoded,
}

impl RoomEvent {
    /// Makes an event that is not encoded yet.
    #[must_use]
    pub fn new(room: RoomName, version: u32, change: Change) -> Arc<Self> {
        Arc::new(Self { room, version, change, encoded: Encoded::default() })
    }
}

/// An item for a connection to write.
#[derive(Clone, Debug)]
pub enum Item {
    /// A numbered frame.
    Numbered {
        /// Its number.
        seq: u32,
        /// The request it answers, or 0.
        reply_to: u32,
        /// Its content.
        body: Body,
    },
    /// Presence: a change.
    Presence(Arc<RoomEvent>),
    /// The node is going away: this client is to reconnect.
    GoAway {
        /// When, in milliseconds from now.
        reconnect_after_ms: u32,
        /// Whether the session can be resumed on another node. If not, it ends with this one.
        resumable: bool,
        /// Where to connect; `None` = where it connected before.
        endpoint: Option<Arc<str>>,
    },
    /// Presence: a room with all its members, in place of changes. Includes the receiver itself.
    Roster(Arc<Snapshot>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_body_has_weight() {
        assert!(Body::Done.weight() > 0);
        assert!(Body::Envelope(Bytes::new()).weight() > 0);
    }
}
