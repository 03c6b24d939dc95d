//! Requests that wait for their answer, and envelopes something may still be said about.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::SystemTime,
};

use tokio::sync::oneshot;
use wigwag_proto::v1::UpdateMember;

use crate::{error::Error, receipt::Receipt, room::Seat};

/// Most receipts awaited at a time; the application is told when it asks for more.
pub(crate) const MAX_RECEIPTS: usize = 16_384;
/// Envelopes whose room is remembered. An error or an undeliverable one that comes after that many more were sent is
/// told on the session's stream instead of the room's.
const MAX_REMEMBERED: usize = 8_192;

pub(crate) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// Who waits for the answer to a request, and what answers it.
#[derive(Debug)]
pub(crate) enum Reply {
    /// `joined`
    Seat(Answer<Seat>),
    /// `left` or `done`
    Done(Answer<()>),
    /// `done`, which makes this change of one's own entry a fact
    Updated(Answer<()>, UpdateMember),
    /// `refreshed`
    Refreshed(Answer<Option<SystemTime>>),
    /// `receipt`
    Receipt(Answer<Receipt>),
    /// Nobody waits.
    Nobody,
}

impl Reply {
    pub(crate) fn fail(self, error: Error) {
        // Whoever no longer waits does not want to know.
        match self {
            Self::Seat(answer) => drop(answer.send(Err(error))),
            Self::Done(answer) | Self::Updated(answer, _) => drop(answer.send(Err(error))),
            Self::Refreshed(answer) => drop(answer.send(Err(error))),
            Self::Receipt(answer) => drop(answer.send(Err(error))),
            Self::Nobody => {}
        }
    }
}

/// What is known of the frames sent, by their seq.
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
        self.joins += usize::from(matches!(reply, Reply::Seat(_)));
        self.replies.insert(seq, reply);
    }

    /// Remembers the room of an envelope (`None`: a direct one).
    pub(crate) fn envelope(&mut self, seq: u32, room: Option<Arc<str>>) {
        if self.envelopes.len() >= MAX_REMEMBERED {
            self.envelopes.pop_front();
        }
        self.envelopes.push_back((seq, room));
    }

    /// Takes whoever waits for an answer to `seq`.
    pub(crate) fn take(&mut self, seq: u32) -> Option<Reply> {
        let reply = self.replies.remove(&seq)?;
        self.receipts -= usize::from(matches!(reply, Reply::Receipt(_)));
        self.joins -= usize::from(matches!(reply, Reply::Seat(_)));
        Some(reply)
    }

    /// The room an envelope was sent in; `None` when it was direct or is no longer remembered.
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

    /// Everybody who waits is told that no answer will come.
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
    fn an_answer_is_given_once() {
        let mut pending = Pending::default();
        let (answer, mut answered) = oneshot::channel();
        pending.request(3, Reply::Done(answer));
        assert!(pending.take(2).is_none());
        let Some(Reply::Done(answer)) = pending.take(3) else { panic!("a reply waits") };
        answer.send(Ok(())).expect("somebody waits");
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
    fn an_end_fails_everybody_who_waits() {
        let mut pending = Pending::default();
        let (answer, mut answered) = oneshot::channel();
        pending.request(1, Reply::Receipt(answer));
        pending.fail_all(&Error::closed());
        assert_eq!(answered.try_recv().expect("answered").expect_err("failed").reason, "CLOSED");
        assert!(pending.may_await_receipt() && !pending.awaits_join());
    }
}
