//! What waits for a connection: numbered bodies, and presence beside them.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::{
    id::{PeerId, RoomName},
    member::{Member, RoomInfo, Snapshot},
    reason::Reason,
};

/// What became of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A resumable receiver acknowledged it.
    Delivered,
    /// It was put on the connection of a receiver that does not acknowledge.
    Written,
    /// Not confirmed, for this reason.
    Undeliverable(Reason),
}

/// The body of a numbered frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A signal, encoded by the sender's door. Opaque here.
    Envelope(Bytes),
    /// An answer encoded by the session's own door (an error, fresh ICE servers). Opaque here.
    Encoded(Bytes),
    /// A seat was taken.
    Joined(Arc<Joined>),
    /// A seat is gone.
    Left {
        /// Of which room.
        room: RoomName,
        /// Why.
        reason: Reason,
    },
    /// A request took effect.
    Done,
    /// What became of an envelope this session sent.
    Receipt {
        /// The receiver.
        peer: PeerId,
        /// What became of it.
        delivery: Delivery,
    },
}

impl Body {
    /// How many bytes it counts for in a mailbox. Never 0.
    #[must_use]
    pub fn weight(&self) -> usize {
        const HEAD: usize = 16;
        HEAD + match self {
            Self::Envelope(bytes) | Self::Encoded(bytes) => bytes.len(),
            Self::Joined(joined) => joined.snapshot.weight(),
            Self::Left { room, .. } => room.as_str().len(),
            Self::Done => 0,
            Self::Receipt { peer, .. } => peer.as_str().len(),
        }
    }
}

/// The answer to a join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The room with all its members, the receiver among them.
    pub snapshot: Snapshot,
    /// The receiver.
    pub me: PeerId,
    /// The room was made by this request.
    pub created: bool,
}

/// A change of a room, told to its members and to watchers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The room came to be. Watchers only.
    Created(RoomInfo),
    /// The room itself changed.
    Updated(RoomInfo),
    /// The room ended. Watchers only; members hear [`Body::Left`].
    Ended(Reason),
    /// A peer joined.
    MemberJoined(Arc<Member>),
    /// A member changed.
    MemberUpdated(Arc<Member>),
    /// A peer left.
    MemberLeft(PeerId, Reason),
}

/// A change with its place in the room's history. One object is shared by everyone who hears of it, and so is its
/// encoding.
#[derive(Debug)]
pub struct RoomEvent {
    /// Which room.
    pub room: RoomName,
    /// The room's version after the change.
    pub version: u32,
    /// What changed.
    pub change: Change,
    /// The encoded form, filled by whichever door writes it first.
    pub wire: OnceLock<Bytes>,
}

impl RoomEvent {
    /// An event nobody has encoded yet.
    #[must_use]
    pub fn new(room: RoomName, version: u32, change: Change) -> Arc<Self> {
        Arc::new(Self { room, version, change, wire: OnceLock::new() })
    }
}

/// One thing for a connection to write.
#[derive(Clone, Debug)]
pub enum Item {
    /// A numbered frame.
    Numbered {
        /// Its number.
        seq: u32,
        /// The request it answers, or 0.
        reply_to: u32,
        /// What it says.
        body: Body,
    },
    /// Presence: one change.
    Presence(Arc<RoomEvent>),
    /// The node is going away: the client's own moment, in milliseconds from now.
    GoAway {
        /// Milliseconds from now.
        reconnect_after_ms: u32,
    },
    /// Presence: a whole room, in place of changes. Holds the receiver too; it is told about the others.
    Roster(Arc<Snapshot>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_an_empty_body_has_weight() {
        assert!(Body::Done.weight() > 0);
        assert!(Body::Envelope(Bytes::new()).weight() > 0);
    }
}
