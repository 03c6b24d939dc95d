//! Finds violations of the session contract in a history.
//!
//! It does not depend on clients, servers or time: its only input is what each session sent and saw, in order. The
//! guarantees are those documented at `SignalingService`:
//!
//! * C1, pair order: between two sessions envelopes arrive in the order in which they were sent, in all rooms together.
//! * C2, no silent loss: each accepted envelope arrived, or its sender was notified.
//! * C3, no duplicates.
//! * C4, resume: a session that reconnected within its grace period was not seen to leave, and was not reset.
//! * C5, presence: each observer sees joins and leaves alternate, no events from peers that are not members, no decreasing
//!   versions, and at the end all observers see the same room.
//! * C6, identity: `from` is authentic.

mod letters;
mod presence;

use std::{collections::BTreeMap, fmt};

use crate::{
    dial::Transport,
    history::{Event, History},
};

/// A guarantee that can be violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// An accepted envelope never arrived and its sender was not notified.
    Lost,
    /// An envelope arrived twice.
    Duplicated,
    /// An envelope arrived after a later one of the same sender.
    Reordered,
    /// Others saw a session leave that had not left.
    SeenLeaving,
    /// A session was reset although it reconnected in time.
    Reset,
    /// Inconsistent presence.
    Presence,
    /// An envelope with a wrong sender, or delivered to a peer that it was not for.
    Identity,
    /// A receipt that is missing, wrong or superfluous.
    Receipt,
    /// A valid envelope that was refused, or was not accepted by the end of the run.
    Refused,
    /// A client noticed a violation of the protocol.
    Protocol,
}

/// A violation in a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The guarantee.
    pub promise: Promise,
    /// Which session saw what.
    pub what: String,
}

/// The judge's result.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Envelopes sent.
    pub messages: u64,
    /// Envelopes received.
    pub deliveries: u64,
    /// Envelopes whose sender was notified that the receiver's mailbox is full, counted per receiver. Not a violation; a run
    /// in which the mailboxes are large enough expects none.
    pub undeliverable: u64,
    /// Connections lost.
    pub cuts: u64,
    /// Lost connections for which the server sent a reason.
    pub named: BTreeMap<String, u64>,
    /// Resumes that succeeded.
    pub resumes: u64,
    /// Resumes by transport.
    pub by_transport: BTreeMap<Transport, u64>,
    /// Resumes over a different transport than the previous connection's.
    pub moved: u64,
    /// Violations by promise.
    pub counts: BTreeMap<Promise, u64>,
    /// The first violations, [`Verdict::KEPT`] at most.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// Maximum number of violations that are kept with their text; further ones are only counted.
    pub const KEPT: usize = 100;

    /// Returns whether there are no violations.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }

    /// Returns the number of violations of a guarantee.
    #[must_use]
    pub fn count(&self, promise: Promise) -> u64 {
        self.counts.get(&promise).copied().unwrap_or(0)
    }

    fn add(&mut self, promise: Promise, what: impl FnOnce() -> String) {
        *self.counts.entry(promise).or_default() += 1;
        if self.violations.len() < Self::KEPT {
            self.violations.push(Violation { promise, what: what() });
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, deliveries, undeliverable, cuts, resumes, moved, .. } = self;
        write!(f, "messages={messages} deliveries={deliveries} undeliverable={undeliverable} cuts={cuts}")?;
        for (reason, count) in &self.named {
            write!(f, " {}={count}", reason.to_lowercase())?;
        }
        write!(f, " resumes={resumes}")?;
        for (transport, count) in &self.by_transport {
            write!(f, " {}={count}", transport.name())?;
        }
        write!(f, " moved={moved}")?;
        let named = [
            ("lost", Promise::Lost),
            ("duplicated", Promise::Duplicated),
            ("reordered", Promise::Reordered),
            ("left_seen", Promise::SeenLeaving),
            ("resets", Promise::Reset),
            ("presence", Promise::Presence),
            ("identity", Promise::Identity),
            ("receipts", Promise::Receipt),
            ("refused", Promise::Refused),
            ("protocol", Promise::Protocol),
        ];
        named.iter().try_for_each(|(name, promise)| write!(f, " {name}={}", self.count(*promise)))
    }
}

/// Judges a complete history.
#[must_use]
pub fn judge(history: &History) -> Verdict {
    let mut verdict = Verdict::default();
    for (who, log) in history.logs.iter().enumerate() {
        for event in log {
            match event {
                Event::Lost => verdict.cuts += 1,
                Event::Cut { reason } => *verdict.named.entry(reason.clone()).or_default() += 1,
                Event::Resumed { transport, moved } => {
                    verdict.resumes += 1;
                    verdict.moved += u64::from(*moved);
                    *verdict.by_transport.entry(*transport).or_default() += 1;
                }
                Event::Reset { reason } => verdict.add(Promise::Reset, || format!("{who} was reset: {reason}")),
                Event::Breach(what) => verdict.add(Promise::Protocol, || format!("{who} saw {what}")),
                _ => {}
            }
        }
    }
    letters::judge(history, &mut verdict);
    presence::judge(history, &mut verdict);
    verdict
}

#[cfg(test)]
mod tests;
