//! Reads a history and says where it breaks the session contract.
//!
//! It knows nothing of clients, servers or time: only what each session sent and saw, in its order. The promises are
//! those above `SignalingService`:
//!
//! * C1, pair order: between two sessions envelopes arrive in the order they were sent, whatever rooms they went through.
//! * C2, no silent loss: each accepted envelope arrived, or its sender was told that it did not.
//! * C3, no duplicates.
//! * C4, resume: a session that came back within its grace was never seen to leave, and was not reset.
//! * C5, presence: each observer sees joins and leaves alternate, nobody acts who is not there, versions do not go back,
//!   and in the end all see the same room.
//! * C6, identity: `from` is true.

mod letters;
mod presence;

use std::{collections::BTreeMap, fmt};

use crate::{
    dial::Door,
    history::{Event, History},
};

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// An accepted envelope never arrived and its sender was not told.
    Lost,
    /// An envelope arrived twice.
    Duplicated,
    /// An envelope arrived behind a later one of the same sender.
    Reordered,
    /// Others saw a session leave that was there all the time.
    SeenLeaving,
    /// A session was reset that came back in time.
    Reset,
    /// Presence that makes no sense.
    Presence,
    /// An envelope from somebody who did not send it, or to somebody it was not for.
    Identity,
    /// A receipt that is missing, wrong or too many.
    Receipt,
    /// A valid envelope that was refused, or was not accepted by the end of the run.
    Refused,
    /// The client saw the protocol broken.
    Protocol,
}

/// One place where a history breaks a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub promise: Promise,
    /// Who saw what.
    pub what: String,
}

/// What the judge says.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Envelopes sent.
    pub messages: u64,
    /// Envelopes received.
    pub deliveries: u64,
    /// Envelopes whose sender was told that the receiver's mailbox is full, counted by receiver. No promise is broken by
    /// that; whoever leaves room for all that is on its way expects none.
    pub undeliverable: u64,
    /// Connections lost.
    pub cuts: u64,
    /// Cuts for which the server named a reason.
    pub named: BTreeMap<String, u64>,
    /// Resumes that succeeded.
    pub resumes: u64,
    /// The same by the door they came through.
    pub through: BTreeMap<Door, u64>,
    /// Those that came through another door than the connection before.
    pub moved: u64,
    /// Violations by promise.
    pub counts: BTreeMap<Promise, u64>,
    /// The first violations, [`Verdict::KEPT`] at most.
    pub violations: Vec<Violation>,
}

impl Verdict {
    /// Violations that are kept with their text; the rest is counted.
    pub const KEPT: usize = 100;

    /// No promise was broken.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }

    /// How often a promise was broken.
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
        for (door, count) in &self.through {
            write!(f, " {}={count}", door.name())?;
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

/// Judges a whole history.
#[must_use]
pub fn judge(history: &History) -> Verdict {
    let mut verdict = Verdict::default();
    for (who, log) in history.logs.iter().enumerate() {
        for event in log {
            match event {
                Event::Lost => verdict.cuts += 1,
                Event::Cut { reason } => *verdict.named.entry(reason.clone()).or_default() += 1,
                Event::Resumed { door, moved } => {
                    verdict.resumes += 1;
                    verdict.moved += u64::from(*moved);
                    *verdict.through.entry(*door).or_default() += 1;
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
