//! The results of putting frames into a session and of fetching them.

use crate::{error::DetachReason, reason::Reason};

/// The result of putting a frame into a session.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// The frame is kept.
    Kept,
    /// An envelope did not fit into a detached session's mailbox and was dropped. Nothing else happened.
    Full,
    /// The frame did not fit into an attached session's mailbox, and the attachment ended with
    /// [`DetachReason::SlowConsumer`]. An envelope was dropped, any other frame is kept.
    Overflow,
    /// The session must be ended for this reason. Until then it takes no more frames and cannot be resumed.
    PendingEnd(Reason),
    /// The session has ended, or its end is pending.
    Gone(Reason),
}

/// The result of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// There may be more: fetch again.
    More,
    /// Nothing more is ready; the waker is stored.
    Idle,
    /// The attachment is over, and everything it may still write has been handed out.
    Detached(DetachReason),
}
