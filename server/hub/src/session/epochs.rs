//! Which attachment of a session counts.

use crate::{
    error::{Cut, ResumeError},
    reason::Reason,
    time::Now,
};

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// A connection reads from it.
    Attached,
    /// No connection. It may hold this much more than it held then.
    Detached {
        /// Since when, on the monotonic clock.
        since_ms: u64,
        /// Frames it held.
        frames: usize,
        /// Bytes it held.
        bytes: usize,
    },
    /// Over.
    Ended(Reason),
}

/// The attachments of a session: one at a time, each with a number of its own, and how the last one ended.
#[derive(Debug)]
pub(super) struct Epochs {
    phase: Phase,
    current: u32,
    /// The highest one a client is known to have been welcomed in.
    used: u32,
    last_cut: Cut,
}

impl Epochs {
    /// Attached in epoch 1.
    pub(super) fn first() -> Self {
        Self { phase: Phase::Attached, current: 1, used: 0, last_cut: Cut::Detached }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn current(&self) -> u32 {
        self.current
    }

    /// Notes that the client used this epoch: from now on older ones cannot be resumed.
    pub(super) fn heard(&mut self, epoch: u32) {
        self.used = self.used.max(epoch);
    }

    /// Whether a client that was last welcomed in `epoch` may attach again.
    pub(super) fn admit(&self, epoch: u32) -> Result<(), ResumeError> {
        if self.used > epoch {
            return Err(ResumeError::Superseded);
        }
        if epoch == 0 || epoch > self.current {
            return Err(ResumeError::Reset(Reason::SeqMismatch));
        }
        Ok(())
    }

    /// Begins the next epoch. Its client was welcomed in `epoch`.
    pub(super) fn attach(&mut self, epoch: u32) -> u32 {
        // Whoever names an epoch was welcomed in it. A resume from before that may still be on its way.
        self.heard(if sabotaged!("resume-proves-nothing") { 0 } else { epoch });
        self.current += u32::from(!sabotaged!("epoch-not-raised"));
        self.phase = Phase::Attached;
        self.current
    }

    /// Ends this epoch's attachment, of a session that holds this much. `false` when it had ended before.
    pub(super) fn detach(&mut self, epoch: u32, cut: Cut, now: Now, frames: usize, bytes: usize) -> bool {
        if self.phase != Phase::Attached || self.current != epoch {
            return false;
        }
        self.phase = Phase::Detached { since_ms: now.mono_ms, frames, bytes };
        self.last_cut = cut;
        true
    }

    /// Ends the session. `false` when it had ended before.
    pub(super) fn end(&mut self, reason: Reason) -> bool {
        let ends = !matches!(self.phase, Phase::Ended(_));
        if ends {
            self.phase = Phase::Ended(reason);
        }
        ends
    }

    /// Why the attachment of `epoch` is over, if it is.
    pub(super) fn cut(&self, epoch: u32) -> Option<Cut> {
        match self.phase {
            Phase::Ended(reason) => Some(Cut::Ended(reason)),
            _ if self.current != epoch => Some(Cut::Superseded),
            Phase::Detached { .. } => Some(self.last_cut),
            Phase::Attached => None,
        }
    }

    /// How long the session has been without a connection.
    pub(super) fn away_ms(&self, now: Now) -> Option<u64> {
        match self.phase {
            Phase::Detached { since_ms, .. } => Some(now.mono_ms.saturating_sub(since_ms)),
            Phase::Attached | Phase::Ended(_) => None,
        }
    }
}
