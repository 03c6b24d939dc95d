//! Why an operation was refused: one enum per operation. The edge maps them to codes and reasons.

use crate::{id::RoomName, member::MetadataTooLarge, reason::Reason};

/// Why an attachment is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A newer attachment of the same session exists.
    Superseded,
    /// This attachment has ended and none has begun since.
    Detached,
    /// Its connection did not read fast enough.
    SlowConsumer,
    /// Two heartbeats went unanswered.
    HeartbeatTimeout,
    /// The client kept sending faster than it may.
    RateLimited,
    /// The session itself is over.
    Ended(Reason),
}

/// Why a numbered step of a session did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError<E> {
    /// The frame has been applied before: ignore it.
    #[error("the frame has been applied before")]
    Seen,
    /// The frame does not follow the one before.
    #[error("the frame does not follow number {applied}")]
    Gap {
        /// The last frame that was applied.
        applied: u32,
    },
    /// The attachment is over.
    #[error("the attachment is over")]
    Cut(Cut),
    /// The operation was refused; the frame's number is not used up until the refusal is answered.
    #[error("refused")]
    Refused(E),
}

/// Why a session was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A dialect's client asked for an id that is in use.
    #[error("the peer id is in use")]
    PeerIdTaken,
    /// The server holds as many sessions as it may.
    #[error("no room for another session")]
    Full,
}

/// Why a session was not resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// A newer epoch of the session is in use.
    #[error("a newer attachment is in use")]
    Superseded,
    /// The session is gone, for this reason; the client gets a new one.
    #[error("the session is gone: {0}")]
    Reset(Reason),
}

/// Why an attachment was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No such session, or not with that secret.
    #[error("no such session")]
    UnknownSession,
    /// The attachment of that epoch is over.
    #[error("the attachment is over")]
    Cut(Cut),
}

/// Why an envelope was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The sender is not a member of the room.
    #[error("not a member of the room")]
    NotJoined,
    /// No such recipient, or none the sender may address.
    #[error("no such recipient")]
    PeerNotFound,
}

/// Why a seat was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// No such room, and joining does not make one.
    #[error("no such room")]
    RoomNotFound,
    /// A room of that name exists.
    #[error("the room exists")]
    RoomExists,
    /// Every seat is taken.
    #[error("the room has its {max} members")]
    RoomFull {
        /// How many it has.
        max: u32,
    },
    /// The user is a member already.
    #[error("the user is a member already")]
    UserTaken,
    /// Banned until the room ends.
    #[error("banned from the room")]
    Banned,
    /// The session is in as many rooms as it may be.
    #[error("in as many rooms as allowed: {max}")]
    TooManyRooms {
        /// How many.
        max: usize,
    },
    /// The server holds as many rooms as it may.
    #[error("no room for another room")]
    RoomsExhausted,
}

/// Why a member's request about a room was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// Not a member of the room.
    #[error("not a member of the room")]
    NotJoined,
    /// Only the owner may.
    #[error("only the owner may")]
    NotOwner,
    /// No such member.
    #[error("no such member")]
    PeerNotFound,
    /// The metadata would be too large.
    #[error(transparent)]
    Metadata(#[from] MetadataTooLarge),
}

/// Why a backend's request about a room was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// No such room.
    #[error("no room {0:?}")]
    NotFound(RoomName),
    /// A room of that name exists.
    #[error("room {0:?} exists")]
    Exists(RoomName),
    /// No such member.
    #[error("no such member")]
    PeerNotFound,
    /// The metadata would be too large.
    #[error(transparent)]
    Metadata(#[from] MetadataTooLarge),
    /// The server holds as many rooms as it may.
    #[error("no room for another room")]
    Exhausted,
}
