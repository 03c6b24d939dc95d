//! Why something ended or was not delivered. The names are those of the public `ErrorReason`.

use std::fmt;

/// A reason that travels in `left`, `member_left`, `receipt` and `welcome.reset_reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The peer asked to leave.
    Left,
    /// Removed by the owner or a backend.
    Removed,
    /// Removed, and may not return.
    Banned,
    /// A newer session took the place.
    Replaced,
    /// The caller lost the right to be there.
    Forbidden,
    /// The room or the session was ended.
    Ended,
    /// The connection ended and the session cannot be resumed.
    ConnectionLost,
    /// The grace period, or a room's empty timeout, ran out.
    Expired,
    /// The receiver did not read fast enough.
    SlowConsumer,
    /// More came in than a detached session's mailbox holds.
    MailboxOverflow,
    /// The recipient's mailbox is full.
    MailboxFull,
    /// The sender lost its seat while its envelope to the whole room was on the way.
    NotJoined,
    /// The node is going away.
    Draining,
    /// The server does not know that session.
    UnknownSession,
    /// The resume point names something the server never sent.
    SeqMismatch,
    /// All sequence numbers are used up.
    SeqExhausted,
}

impl Reason {
    /// The name on the wire.
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
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
