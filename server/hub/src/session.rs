//! The state of a session: its epochs, its mailbox, the rooms it is in and the presence events queued for it. A state
//! machine without locks: the caller serializes access.

mod epochs;
mod memberships;
mod missed_presence;
mod outcome;
mod presence_queue;

use std::{sync::Arc, task::Waker};

use self::{epochs::Epochs, presence_queue::PresenceQueue};
pub use self::{
    epochs::Phase,
    outcome::{Fetched, Put},
    presence_queue::JoinedRoom,
};
use crate::{
    error::{DetachReason, ResumeError},
    frame::{Body, Item, Joined, RoomEvent},
    limits::Limits,
    mailbox::{Entry, Held, Mailbox, Origin},
    reason::Reason,
    time::Now,
};

/// Whether a session outlives its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// It does not: delivery is live only.
    Live,
    /// It does, for the grace period; frames are held until acknowledged.
    Resumable {
        /// The grace period in milliseconds.
        grace_ms: u32,
    },
}

/// The state of one session. `R` is the backend's handle for a room.
#[derive(Debug)]
pub struct SessionState<R> {
    kind: SessionKind,
    epochs: Epochs,
    mailbox: Mailbox,
    /// The last number handed to the current connection.
    written: u32,
    /// The highest number handed to any connection: no client can have received more.
    sent: u32,
    /// The highest number in a live session whose sender waits for the receipt that it was written.
    awaited: u32,
    presence: PresenceQueue<R>,
    reconnecting: bool,
    flushing: Option<Reason>,
    /// Set when a frame that must not be lost was dropped: the session must end for this reason, whatever happens first.
    pending_end: Option<Reason>,
    waker: Option<Waker>,
}

impl<R> SessionState<R> {
    /// Makes a session that is attached in epoch 1.
    #[must_use]
    pub fn new(kind: SessionKind) -> Self {
        Self {
            kind,
            epochs: Epochs::new(),
            mailbox: Mailbox::default(),
            written: 0,
            sent: 0,
            awaited: 0,
            presence: PresenceQueue::new(),
            reconnecting: false,
            flushing: None,
            pending_end: None,
            waker: None,
        }
    }

    /// Attaches again: raises the epoch, takes `last_seq` as an acknowledgment and starts the replay after it. Passes the
    /// origins that are now known to be delivered to `acked`. Returns the new epoch.
    pub fn resume(&mut self, epoch: u32, last_seq: u32, acked: impl FnMut(Origin)) -> Result<u32, ResumeError> {
        if let Phase::Ended(reason) = self.phase() {
            return Err(ResumeError::Reset(reason));
        }
        if self.flushing.is_some() {
            return Err(ResumeError::Reset(Reason::Ended));
        }
        if let Some(reason) = self.pending_end {
            return Err(ResumeError::Reset(reason));
        }
        self.epochs.check_resume(epoch)?;
        if last_seq > self.sent || last_seq < self.mailbox.acked() {
            return Err(ResumeError::Reset(Reason::SeqMismatch));
        }
        self.mailbox.ack(last_seq, acked);
        let epoch = self.epochs.attach(epoch);
        self.written = last_seq;
        self.presence.unsubscribe_all();
        Ok(epoch)
    }

    /// Ends the attachment of `epoch`. Returns `false` if it was over.
    pub fn detach(&mut self, epoch: u32, reason: DetachReason, now: Now) -> bool {
        let detached = self.epochs.detach(epoch, reason, now, self.mailbox.len(), self.mailbox.bytes());
        if detached {
            self.presence.unsubscribe_all();
        }
        detached
    }

    /// Ends the session. Returns the rooms it was in and the origins of what was not delivered; `None` if it had ended.
    pub fn end(&mut self, reason: Reason) -> Option<(Vec<JoinedRoom<R>>, Vec<Origin>)> {
        if !self.epochs.end(reason) {
            return None;
        }
        let origins = self.mailbox.take_origins();
        self.mailbox = Mailbox::default();
        Some((self.presence.end(), origins))
    }

    /// Ends the session once its connection has written everything. It cannot be resumed from now on.
    pub fn flush_and_end(&mut self, reason: Reason) {
        self.flushing = Some(reason);
    }

    /// Returns the reason given to [`Self::flush_and_end`], if it was called.
    #[must_use]
    pub fn flushing(&self) -> Option<Reason> {
        self.flushing
    }

    /// Keeps an envelope for the connection, or returns why not.
    pub fn put_envelope(&mut self, entry: Entry, limits: &Limits, now: Now) -> Put {
        if let Some(reason) = self.pending_end {
            return Put::PendingEnd(reason);
        }
        let weight = entry.body.weight();
        match self.phase() {
            Phase::Ended(reason) => return Put::Gone(reason),
            Phase::Detached { frames, bytes, .. } => {
                let (frames, bytes) = self.detached_bounds(frames, bytes, limits);
                if !self.mailbox.fits(weight, frames, bytes) {
                    return Put::Full;
                }
            }
            Phase::Attached => {
                if !self.fits_attached(weight, limits) {
                    self.detach(self.epoch(), DetachReason::SlowConsumer, now);
                    return Put::Overflow;
                }
            }
        }
        self.keep(entry, Put::Kept)
    }

    /// Keeps a frame that must not be lost: an answer, a receipt, a `left`. An empty mailbox takes it whatever its size,
    /// so that a roster larger than the mailbox can be sent.
    pub fn put_control(&mut self, entry: Entry, limits: &Limits, now: Now) -> Put {
        if let Some(reason) = self.pending_end {
            return Put::Gone(reason);
        }
        let weight = entry.body.weight();
        let mut put = Put::Kept;
        match self.phase() {
            Phase::Ended(reason) => return Put::Gone(reason),
            Phase::Detached { frames, bytes, .. } => {
                let (frames, bytes) = self.detached_bounds(frames, bytes, limits);
                // An eighth more than envelopes may take, so that filling the mailbox of an absent peer does not end its session.
                let (frames, bytes) = (frames + limits.detached_frames / 8, bytes + limits.detached_bytes / 8);
                if !self.mailbox.fits(weight, frames, bytes) {
                    return self.require_end(Reason::MailboxOverflow);
                }
            }
            Phase::Attached => {
                let alone = self.mailbox.len() == self.in_flight();
                if !alone && !self.fits_attached(weight, limits) {
                    let (frames, bytes) = self.detached_bounds(self.mailbox.len(), self.mailbox.bytes(), limits);
                    let bounded = self.mailbox.fits(0, frames, bytes);
                    self.detach(self.epoch(), DetachReason::SlowConsumer, now);
                    if !bounded {
                        return self.require_end(Reason::MailboxOverflow);
                    }
                    put = Put::Overflow;
                }
            }
        }
        self.keep(entry, put)
    }

    /// Queues a change of a room that the session is in. Ignored while a roster of that room is due anyway.
    pub fn put_presence(&mut self, event: &Arc<RoomEvent>, limits: &Limits) {
        if self.phase() == Phase::Attached {
            self.presence.put(event, self.mailbox.top(), limits.presence_events);
        }
    }

    /// Queues an [`Item::GoAway`], in front of everything else.
    pub fn put_go_away(&mut self, item: Item) {
        if self.phase() == Phase::Attached {
            self.presence.put_go_away(item);
        }
    }

    /// Returns whether [`Self::put_roster`] should be called for some room before the next fetch.
    #[must_use]
    pub fn roster_due(&self) -> bool {
        self.presence.roster_due() && self.phase() == Phase::Attached
    }

    /// Iterates over the rooms that need a roster.
    pub fn rooms_without_roster(&mut self) -> impl Iterator<Item = &JoinedRoom<R>> {
        self.presence.rooms_without_roster()
    }

    /// Acknowledges everything up to `upto`. Fails with the highest number written if `upto` was never written. Ignored if
    /// the attachment of `epoch` is over: the next client has not claimed what that one received.
    pub fn ack(&mut self, epoch: u32, upto: u32, acked: impl FnMut(Origin)) -> Result<(), u32> {
        if self.detach_reason(epoch).is_some() {
            return Ok(());
        }
        if upto > self.written {
            return Err(self.written);
        }
        self.mailbox.ack(upto, acked);
        self.mailbox.shrink();
        self.presence.forget(self.mailbox.acked());
        Ok(())
    }

    /// Records that everything up to `upto` was written to the connection of a live session. Passes the origins of it to
    /// `written`. A resumable session acknowledges instead, so that this does nothing.
    pub fn confirm(&mut self, upto: u32, written: impl FnMut(Origin)) {
        if self.kind == SessionKind::Live {
            self.mailbox.ack(upto.min(self.written), written);
            self.mailbox.shrink();
        }
    }

    /// Returns whether the sender of a frame that a live session has handed out waits for the receipt that it was written.
    #[must_use]
    pub fn awaits_written(&self) -> bool {
        self.awaited > self.mailbox.acked()
    }

    /// Hands what is ready to the connection of `epoch`, up to about `budget` bytes, and stores the waker if nothing is
    /// left. In a live session, frames are handed out for good; only their origins are kept until [`Self::confirm`].
    pub fn fetch(&mut self, epoch: u32, waker: &Waker, budget: usize, out: &mut Vec<Item>) -> Fetched {
        // A superseded connection reports that, even if the session has ended since.
        let superseded = (epoch != self.epoch()).then_some(DetachReason::Superseded);
        if let Some(reason) = superseded.or_else(|| self.detach_reason(epoch)) {
            return Fetched::Detached(reason);
        }
        let mut spent = 0;
        while spent < budget {
            if let Some(item) = self.presence.pop(self.written) {
                spent += match &item {
                    // Encoded as it is written: a connection need not hold two of them.
                    Item::Roster(snapshot) => snapshot.weight(),
                    _ => 64,
                };
                out.push(item);
                continue;
            }
            let seq = self.written + 1;
            let Some((reply_to, body)) = self.take(seq) else { break };
            spent += body.weight();
            self.written = seq;
            out.push(Item::Numbered { seq, reply_to, body });
        }
        self.sent = self.sent.max(self.written);
        if spent >= budget {
            return Fetched::More;
        }
        if let Some(reason) = self.flushing {
            return Fetched::Detached(DetachReason::Ended(reason));
        }
        if !self.waker.as_ref().is_some_and(|w| w.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
        Fetched::Idle
    }

    /// Takes the connection's waker. Wake it after releasing the session's lock.
    #[must_use]
    pub fn take_waker(&mut self) -> Option<Waker> {
        self.waker.take()
    }

    /// Records that the client used this epoch: from now on older ones cannot be resumed.
    pub fn mark_used(&mut self, epoch: u32) {
        self.epochs.mark_used(epoch);
    }

    /// Returns why the attachment of `epoch` is over; `None` if it is current.
    #[must_use]
    pub fn detach_reason(&self, epoch: u32) -> Option<DetachReason> {
        self.epochs.detach_reason(epoch)
    }

    /// Returns how long the session has been detached; `None` if it is attached or has ended.
    #[must_use]
    pub fn detached_ms(&self, now: Now) -> Option<u64> {
        self.epochs.detached_ms(now)
    }

    /// Returns whether others see the session as reconnecting, or are about to.
    #[must_use]
    pub fn reconnecting(&self) -> bool {
        self.reconnecting
    }

    /// Sets whether others see the session as reconnecting. Returns whether that is a change.
    pub fn set_reconnecting(&mut self, reconnecting: bool) -> bool {
        std::mem::replace(&mut self.reconnecting, reconnecting) != reconnecting
    }

    /// Returns the session's phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.epochs.phase()
    }

    /// Returns the current epoch.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epochs.current()
    }

    /// Returns the rooms that the session is in.
    #[must_use]
    pub fn rooms(&self) -> &[JoinedRoom<R>] {
        self.presence.rooms()
    }

    /// Returns the frames held for the client.
    #[must_use]
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Takes the origins of everything held, so that their receipts can be sent before the session is flushed.
    pub fn take_origins(&mut self) -> Vec<Origin> {
        self.mailbox.take_origins()
    }

    /// Returns the bounds of a detached mailbox that held this much when it lost its connection. What it held counts only
    /// up to the attached limit, since otherwise a client that reconnects repeatedly without acknowledging could hold more
    /// each time. The exception is one frame that is larger by itself: it was accepted into an empty mailbox.
    fn detached_bounds(&self, frames: usize, bytes: usize, limits: &Limits) -> (usize, usize) {
        let largest = || self.mailbox.iter().map(|entry| entry.body.weight()).max().unwrap_or(0);
        let bytes = if bytes > limits.mailbox_bytes { bytes.min(largest().max(limits.mailbox_bytes)) } else { bytes };
        (frames.min(limits.mailbox_frames) + limits.detached_frames, bytes + limits.detached_bytes)
    }

    /// Returns whether a frame fits into the mailbox of an attached session. The bytes that a live session has handed out do
    /// not count: they are in the hands of its connection, which bounds them. The frames do, since each may become a
    /// receipt in the mailbox of one sender.
    fn fits_attached(&self, weight: usize, limits: &Limits) -> bool {
        let handed_out = self.in_flight() * Body::Done.weight();
        self.mailbox.fits(weight, limits.mailbox_frames, limits.mailbox_bytes + handed_out)
    }

    /// Returns how many frames a live session has handed out that are not confirmed.
    fn in_flight(&self) -> usize {
        match self.kind {
            SessionKind::Live => self.written.saturating_sub(self.mailbox.acked()) as usize,
            SessionKind::Resumable { .. } => 0,
        }
    }

    /// Takes the frame with this number for the connection. A live session keeps its origin only.
    fn take(&mut self, seq: u32) -> Option<(u32, Body)> {
        let entry = self.mailbox.get(seq)?;
        let shown = match &entry.body {
            Held::Body(_) => None,
            // A room that is ending has nothing to show until the session has left it.
            Held::Joined(_) => Some(self.presence.take_shown(seq)?),
        };
        let (reply_to, held) = match self.kind {
            SessionKind::Resumable { .. } => (entry.reply_to, entry.body.clone()),
            SessionKind::Live => {
                if entry.origin.as_ref().is_some_and(|origin| origin.receipt) {
                    self.awaited = seq;
                }
                self.mailbox.take_body(seq)?
            }
        };
        match (held, shown) {
            (Held::Body(body), _) => Some((reply_to, body)),
            (Held::Joined(joined), Some(snapshot)) => {
                Some((reply_to, Body::Joined(Arc::new(Joined { snapshot, created: joined.created }))))
            }
            (Held::Joined(_), None) => None,
        }
    }

    fn keep(&mut self, entry: Entry, put: Put) -> Put {
        match self.mailbox.push(entry) {
            Some(_) => put,
            None => self.require_end(Reason::SeqExhausted),
        }
    }

    fn require_end(&mut self, reason: Reason) -> Put {
        self.pending_end = Some(reason);
        Put::PendingEnd(reason)
    }
}

#[cfg(test)]
mod tests;
