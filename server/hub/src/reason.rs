//! Why something ended or was not delivered. The names are those of `ErrorReason` in the API.

use std::fmt;

/// A reason as sent in `left`, `member_left`, `receipt` and `welcome.reset_reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The peer asked to leave.
    Left,
    /// Removed by the owner or a backend.
    Removed,
    /// Removed, and may not return.
    Banned,
    /// A newer session replaced it.
    Replaced,
    /// The caller lost its permission.
    Forbidden,
    /// The room or the session was ended.
    Ended,
    /// The connection ended and the session cannot be resumed.
    ConnectionLost,
    /// The grace period, or a room's empty timeout, ran out.
    Expired,
    /// The receiver did not read fast enough.
    SlowConsumer,
    /// A detached session's mailbox overflowed.
    MailboxOverflow,
    /// The recipient's mailbox is full.
    MailboxFull,
    /// The sender was removed from the room while its broadcast was in progress.
    NotJoined,
    /// The node is going away.
    Draining,
    /// The server does not know the session.
    UnknownSession,
    /// The resume names a frame or an epoch that the server cannot resume from.
    SeqMismatch,
    /// The sequence numbers are exhausted.
    SeqExhausted,
    /// The backend's store has lost what it held.
    StoreLost,
}

impl Reason {
    /// Returns the name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Removed => "REMOVED",
            Self::Banned => "BANNED",
            Self::Replaced => "REPLACED",
            Self::Forbidden => "FORBIDDEN",
            Self::Ended => "ENDED",
            Self::ConnectionLost => "CONNECTION_LOST",
            Self::Expired => "EXPIRED",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::MailboxOverflow => "MAILBOX_OVERFLOW",
            Self::MailboxFull => "MAILBOX_FULL",
            Self::NotJoined => "NOT_JOINED",
            Self::Draining => "DRAINING",
            Self::UnknownSession => "UNKNOWN_SESSION",
            Self::SeqMismatch => "SEQ_MISMATCH",
            Self::SeqExhausted => "SEQ_EXHAUSTED",
            Self::StoreLost => "STORE_LOST",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
