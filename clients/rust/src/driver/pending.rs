//! Requests that wait for their answer, and envelopes that may still fail.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::SystemTime,
};

use tokio::sync::oneshot;
use wigwag_proto::v1::UpdateMember;

use crate::{error::Error, membership::Membership, receipt::Receipt};

/// Limits the receipts awaited at a time. Beyond it, sending with a receipt fails with `LIMIT_EXCEEDED`.
pub(crate) const MAX_RECEIPTS: usize = 16_384;
/// Limits the envelopes whose room is remembered. An error or a receipt about an older one becomes an event of the
/// session instead of the room.
const MAX_REMEMBERED: usize = 8_192;

/// Completes a call that waits for its answer.
pub(crate) type Responder<T> = oneshot::Sender<Result<T, Error>>;

/// A call that waits for its answer. Each variant names the frame that answers it.
#[derive(Debug)]
pub(crate) enum Reply {
    /// `joined`, of the room with this name; the name is empty if the server chooses it
    Joined(Responder<Arc<Membership>>, String),
    /// `left` or `done`
    Done(Responder<()>),
    /// `done`, which confirms this change of this session's own entry
    Updated(Responder<()>, UpdateMember),
    /// `refreshed`
    Refreshed(Responder<Option<SystemTime>>),
    /// `receipt`
    Receipt(Responder<Receipt>),
    /// The answer is not awaited.
    Ignored,
}

impl Reply {
    pub(crate) fn fail(self, error: Error) {
        // Sending fails when the caller stopped waiting.
        match self {
            Self::Joined(responder, _) => drop(responder.send(Err(error))),
            Self::Done(responder) | Self::Updated(responder, _) => drop(responder.send(Err(error))),
            Self::Refreshed(responder) => drop(responder.send(Err(error))),
            Self::Receipt(responder) => drop(responder.send(Err(error))),
            Self::Ignored => {}
        }
    }
}

/// The frames that were sent and may still be answered, by their `seq`.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    replies: HashMap<u32, Reply>,
    receipts: usize,
    joins: usize,
    envelopes: VecDeque<(u32, Option<Arc<str>>)>,
}

impl Pending {
    pub(crate) fn request(&mut self, seq: u32, reply: Reply) {
        self.receipts += usize::from(matches!(reply, Reply::Receipt(_)));
        self.joins += usize::from(matches!(reply, Reply::Joined(..)));
        self.replies.insert(seq, reply);
    }

    /// Remembers the room of an envelope (`None`: a direct one).
    pub(crate) fn envelope(&mut self, seq: u32, room: Option<Arc<str>>) {
        if self.envelopes.len() >= MAX_REMEMBERED {
            self.envelopes.pop_front();
        }
        self.envelopes.push_back((seq, room));
    }

    /// Removes and returns the call that waits for the answer to `seq`.
    pub(crate) fn take(&mut self, seq: u32) -> Option<Reply> {
        let reply = self.replies.remove(&seq)?;
        self.receipts -= usize::from(matches!(reply, Reply::Receipt(_)));
        self.joins -= usize::from(matches!(reply, Reply::Joined(..)));
        Some(reply)
    }

    /// Returns the room an envelope was sent in; `None` if it was direct or is no longer remembered.
    pub(crate) fn room_of(&self, seq: u32) -> Option<Arc<str>> {
        let at = self.envelopes.binary_search_by_key(&seq, |(sent, _)| *sent).ok()?;
        self.envelopes[at].1.clone()
    }

    pub(crate) fn may_await_receipt(&self) -> bool {
        self.receipts < MAX_RECEIPTS
    }

    pub(crate) fn awaits_join(&self) -> bool {
        self.joins > 0
    }

    /// Returns whether a caller waits for the answer to a join of this room.
    pub(crate) fn awaits_join_of(&self, room: &str) -> bool {
        let waits = |reply: &Reply| matches!(reply, Reply::Joined(caller, name) if name == room && !caller.is_closed());
        self.joins > 0 && self.replies.values().any(waits)
    }

    /// Fails every waiting call.
    pub(crate) fn fail_all(&mut self, error: &Error) {
        for (_, reply) in std::mem::take(self).replies {
            reply.fail(error.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_completes_one_call_once() {
        let mut pending = Pending::default();
        let (answer, mut answered) = oneshot::channel();
        pending.request(3, Reply::Done(answer));
        assert!(pending.take(2).is_none());
        let Some(Reply::Done(answer)) = pending.take(3) else { panic!("a reply waits") };
        answer.send(Ok(())).expect("the caller waits");
        assert_eq!(answered.try_recv(), Ok(Ok(())));
        assert!(pending.take(3).is_none());
    }

    #[test]
    fn rooms_of_the_latest_envelopes_are_remembered() {
        let mut pending = Pending::default();
        for seq in 1..=MAX_REMEMBERED as u32 + 1 {
            pending.envelope(seq, Some("demo".into()));
        }
        assert_eq!(pending.room_of(1), None);
        assert_eq!(pending.room_of(2).as_deref(), Some("demo"));
    }

    #[test]
    fn the_end_fails_every_waiting_call() {
        let mut pending = Pending::default();
        let (answer, mut answered) = oneshot::channel();
        pending.request(1, Reply::Receipt(answer));
        pending.fail_all(&Error::closed());
        assert_eq!(answered.try_recv().expect("answered").expect_err("failed").reason, "CLOSED");
        assert!(pending.may_await_receipt() && !pending.awaits_join());
    }
}
