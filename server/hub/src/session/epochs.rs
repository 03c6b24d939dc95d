//! Which attachment of a session is current.

use crate::{
    error::{DetachReason, ResumeError},
    reason::Reason,
    time::Now,
};

/// The phase of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A connection reads from it.
    Attached,
    /// It has no connection. Its mailbox limits are relative to what it held when it lost the connection.
    Detached {
        /// When it lost its connection, on the monotonic clock.
        since_ms: u64,
        /// Frames it held then.
        frames: usize,
        /// Bytes it held then.
        bytes: usize,
    },
    /// It has ended.
    Ended(Reason),
}

/// The attachments of a session, numbered by epoch. At most one is current.
#[derive(Debug)]
pub(super) struct Epochs {
    phase: Phase,
    current: u32,
    /// The highest epoch of which a client is known to have received the `welcome`.
    used: u32,
    last_detach: DetachReason,
}

impl Epochs {
    /// Starts attached, in epoch 1.
    pub(super) fn new() -> Self {
        Self { phase: Phase::Attached, current: 1, used: 0, last_detach: DetachReason::ConnectionLost }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn current(&self) -> u32 {
        self.current
    }

    /// Records that the client used this epoch: from now on older ones cannot be resumed.
    pub(super) fn mark_used(&mut self, epoch: u32) {
        self.used = self.used.max(epoch);
    }

    /// Checks whether a client that was last welcomed in `epoch` may attach again.
    pub(super) fn check_resume(&self, epoch: u32) -> Result<(), ResumeError> {
        if self.used > epoch {
            return Err(ResumeError::Superseded);
        }
        if epoch == 0 || epoch > self.current {
            return Err(ResumeError::Reset(Reason::SeqMismatch));
        }
        Ok(())
    }

    /// Begins the next epoch for a client that was last welcomed in `epoch`. Returns the new epoch.
    pub(super) fn attach(&mut self, epoch: u32) -> u32 {
        // The client names an epoch, so it received that welcome. A resume it sent earlier may still be on its way.
        self.mark_used(epoch);
        self.current += 1;
        self.phase = Phase::Attached;
        self.current
    }

    /// Ends the attachment of `epoch`; the session holds this many frames and bytes. Returns `false` if it was over.
    pub(super) fn detach(&mut self, epoch: u32, reason: DetachReason, now: Now, frames: usize, bytes: usize) -> bool {
        if self.phase != Phase::Attached || self.current != epoch {
            return false;
        }
        self.phase = Phase::Detached { since_ms: now.mono_ms, frames, bytes };
        self.last_detach = reason;
        true
    }

    /// Ends the session. Returns `false` if it had ended before.
    pub(super) fn end(&mut self, reason: Reason) -> bool {
        let ends = !matches!(self.phase, Phase::Ended(_));
        if ends {
            self.phase = Phase::Ended(reason);
        }
        ends
    }

    /// Returns why the attachment of `epoch` is over; `None` if it is current.
    pub(super) fn detach_reason(&self, epoch: u32) -> Option<DetachReason> {
        match self.phase {
            Phase::Ended(reason) => Some(DetachReason::Ended(reason)),
            _ if self.current != epoch => Some(DetachReason::Superseded),
            Phase::Detached { .. } => Some(self.last_detach),
            Phase::Attached => None,
        }
    }

    /// Returns how long the session has been detached; `None` if it is attached or has ended.
    pub(super) fn detached_ms(&self, now: Now) -> Option<u64> {
        match self.phase {
            Phase::Detached { since_ms, .. } => Some(now.mono_ms.saturating_sub(since_ms)),
            Phase::Attached | Phase::Ended(_) => None,
        }
    }
}
