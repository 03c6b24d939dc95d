//! Why an operation was refused: one enum per operation. The server maps them to status codes and reasons.

use crate::{id::RoomName, member::MetadataTooLarge, rate::Limited, reason::Reason};

/// Why an attachment is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetachReason {
    /// A newer attachment of the same session exists.
    Superseded,
    /// Its connection ended, and no newer attachment exists.
    ConnectionLost,
    /// Its connection did not read fast enough.
    SlowConsumer,
    /// The client did not answer two heartbeats.
    HeartbeatTimeout,
    /// The client kept exceeding the rate limit.
    RateLimited,
    /// The session itself ended.
    Ended(Reason),
}

impl DetachReason {
    /// Returns the name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "SUPERSEDED",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::HeartbeatTimeout => "HEARTBEAT_TIMEOUT",
            Self::RateLimited => "RATE_LIMITED",
            Self::Ended(reason) => reason.as_str(),
        }
    }
}

/// Why an operation failed although nothing was wrong with it: the store of the backend failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store does not answer. The operation may have taken effect or not; it may be repeated. A repeated step, resume
    /// or open takes effect once, and so does a request with a request id.
    #[error("the store does not answer; try again in {retry_after_ms} ms")]
    Unreachable {
        /// When to try again, in milliseconds from now.
        retry_after_ms: u32,
    },
    /// The store has lost what it held. The sessions of then are gone, and so are their rooms.
    #[error("the store has lost what it held")]
    Lost,
}

/// Why an acknowledgment failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// It names a frame that was never written.
    #[error("frame {written} is the last one that was written")]
    NotWritten {
        /// The highest number that was.
        written: u32,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a client frame was not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StepError<E> {
    /// The frame was already applied: ignore it.
    #[error("the frame was already applied")]
    Seen,
    /// The frame does not continue the sequence.
    #[error("the frame does not follow number {applied}")]
    Gap {
        /// The last frame that was applied.
        applied: u32,
    },
    /// The attachment is over.
    #[error("the attachment is over")]
    Detached(DetachReason),
    /// The operation was refused. The frame's number is not consumed until the refusal is answered.
    #[error("refused")]
    Refused(E),
    /// The store failed. The frame may have been applied: the same frame may be submitted again with the same number, which
    /// applies it once. Frames after it are not applied before it is.
    #[error(transparent)]
    Store(StoreError),
}

/// Why a session was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The peer id is in use. Only ids chosen by a compatibility protocol's client can be.
    #[error("the peer id is in use")]
    PeerIdTaken,
    /// The server is at its session limit.
    #[error("session limit reached")]
    Full,
    /// The user has as many sessions as it may.
    #[error("the user has {max} of {max} sessions")]
    UserFull {
        /// The limit.
        max: usize,
    },
    /// The user opens sessions too fast.
    #[error("rate limit exceeded")]
    RateLimited(Limited),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    /// What the session may do has expired, and the resume has no token that is still valid.
    #[error("the grants have expired")]
    GrantsExpired,
    /// The token is that of another user.
    #[error("the token is that of another user")]
    OtherUser,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an attachment was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// There is no such session, or the secret is wrong.
    #[error("no such session")]
    UnknownSession,
    /// The session is not resumable: its client sends on its own connection only.
    #[error("the session is not resumable")]
    NotResumable,
    /// The attachment of that epoch is over.
    #[error("the attachment is over")]
    Detached(DetachReason),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an envelope was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The sender is not a member of the room.
    #[error("not a member of the room")]
    NotJoined,
    /// There is no such recipient, or the sender may not address it.
    #[error("no such recipient")]
    PeerNotFound,
}

/// Why a join was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The room does not exist, and the join may not create it.
    #[error("no such room")]
    RoomNotFound,
    /// A room of that name exists.
    #[error("the room already exists")]
    RoomExists,
    /// The room is at its member limit.
    #[error("the room has {max} of {max} members")]
    RoomFull {
        /// The limit.
        max: u32,
    },
    /// The user is already a member.
    #[error("the user is already a member")]
    UserTaken,
    /// Banned until the room ends.
    #[error("banned from the room")]
    Banned,
    /// The session is at its limit of rooms.
    #[error("the session is in {max} of {max} rooms; leave one first")]
    TooManyRooms {
        /// The limit.
        max: usize,
    },
    /// The server is at its room limit.
    #[error("room limit reached")]
    RoomsExhausted,
    /// The session, its user or the room has too many joins.
    #[error("rate limit exceeded")]
    RateLimited(Limited),
}

/// Why a member's request about a room was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// Not a member of the room.
    #[error("not a member of the room")]
    NotJoined,
    /// Reserved for the room's owner.
    #[error("only the room's owner may do this")]
    NotOwner,
    /// There is no such member.
    #[error("no such member")]
    PeerNotFound,
    /// The room has as many bans as it may.
    #[error("the room has {max} of {max} bans")]
    TooManyBans {
        /// The limit.
        max: usize,
    },
    /// The metadata would be too large.
    #[error(transparent)]
    Metadata(#[from] MetadataTooLarge),
}

/// Why a backend service's request about a room was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// There is no such room.
    #[error("room {0:?} does not exist")]
    NotFound(RoomName),
    /// A room of that name exists.
    #[error("room {0:?} already exists")]
    Exists(RoomName),
    /// There is no such member.
    #[error("no such member")]
    PeerNotFound,
    /// The room has as many bans as it may.
    #[error("the room has {max} of {max} bans")]
    TooManyBans {
        /// The limit.
        max: usize,
    },
    /// The metadata would be too large.
    #[error(transparent)]
    Metadata(#[from] MetadataTooLarge),
    /// The server is at its room limit.
    #[error("room limit reached")]
    Exhausted,
    /// The request id was used for another request a short time ago.
    #[error("the request id was used for another request")]
    RequestIdReused,
    /// The server remembers as many request ids as it may.
    #[error("too many request ids")]
    RequestIdsExhausted,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
