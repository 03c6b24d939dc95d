//! What a history records, and what a check of it finds.

use std::fmt;

use crate::id::{PeerId, RoomName};

/// An event of a history. A history holds events in the order in which they happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A client was welcomed in a new session.
    Opened {
        /// Its peer id.
        peer: PeerId,
        /// Whether frames are held until acknowledged.
        resumable: bool,
    },
    /// A client knows that its session is over (reset, bye, lost without being resumable), or the client itself is gone.
    Ended {
        /// Its peer id.
        peer: PeerId,
    },
    /// An application sent an envelope.
    Sent {
        /// The sender.
        from: PeerId,
        /// The envelope's unique id, greater than those the sender used before.
        id: u64,
        /// The room; `None` = direct.
        room: Option<RoomName>,
        /// Whether the sender wants a receipt for success as well.
        receipt: bool,
    },
    /// The server accepted an envelope for these recipients.
    Accepted {
        /// The envelope.
        id: u64,
        /// The recipients.
        to: Vec<PeerId>,
    },
    /// The sender was told that its envelope was not accepted.
    Refused {
        /// The envelope.
        id: u64,
    },
    /// The sender got a receipt.
    Receipt {
        /// The envelope.
        id: u64,
        /// The recipient it is about.
        peer: PeerId,
        /// The outcome.
        outcome: Outcome,
    },
    /// An application received an envelope.
    Received {
        /// The recipient.
        by: PeerId,
        /// The sender named in the envelope.
        from: PeerId,
        /// The envelope.
        id: u64,
    },
    /// The server added a member to a room.
    Added {
        /// The room.
        room: RoomName,
        /// The member.
        peer: PeerId,
    },
    /// The server removed a member from a room, for whatever reason.
    Removed {
        /// The room.
        room: RoomName,
        /// The member.
        peer: PeerId,
    },
    /// An application was told that it joined a room.
    Joined {
        /// The application's peer.
        by: PeerId,
        /// The room.
        room: RoomName,
    },
    /// An application was told that it is no longer in a room.
    Left {
        /// The application's peer.
        by: PeerId,
        /// The room.
        room: RoomName,
    },
    /// An application was told of another member, at its own join or later.
    MemberJoined {
        /// The application's peer.
        by: PeerId,
        /// The room.
        room: RoomName,
        /// The other member.
        peer: PeerId,
    },
    /// An application was told that another member left.
    MemberLeft {
        /// The application's peer.
        by: PeerId,
        /// The room.
        room: RoomName,
        /// The other member.
        peer: PeerId,
    },
}

/// The outcome of an accepted envelope, as its receipt reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged by a resumable recipient.
    Delivered,
    /// Written to the connection of a live recipient.
    Written,
    /// Not confirmed.
    Undeliverable,
}

/// A violation of the session contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The violated promise: C1 to C6.
    pub promise: &'static str,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.what)
    }
}
