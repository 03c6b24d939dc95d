//! What one session knows: its epochs, its mailbox, its seats and what it is told of them. A state machine without locks.

mod epochs;
mod news;

use std::{sync::Arc, task::Waker};

use self::{
    epochs::Epochs,
    news::{News, Silence},
};
pub use self::{epochs::Phase, news::Held};
use crate::{
    error::{Cut, ResumeError},
    frame::{Body, Item, RoomEvent},
    id::RoomName,
    limits::Limits,
    mailbox::{Entry, Mailbox, Origin},
    member::Snapshot,
    reason::Reason,
    time::Now,
};

/// How long a session lives without a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Not at all: delivery is live only.
    Live,
    /// This long; frames are held until acknowledged.
    Resumable {
        /// Milliseconds.
        grace_ms: u32,
    },
}

/// What became of a frame put into a session.
#[derive(Debug, PartialEq, Eq)]
pub enum Put {
    /// It is kept.
    Kept,
    /// An envelope did not fit; nothing else happened (the session is detached).
    Full,
    /// It did not fit an attached session, whose connection is cut: [`Cut::SlowConsumer`]. An envelope is not kept,
    /// anything else is.
    Overflow,
    /// The session must end for this reason. Until then nothing more is put into it, and it cannot be resumed.
    Fatal(Reason),
    /// The session is over, or is about to be and others do not see it yet.
    Gone(Reason),
}

/// What a connection got to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// There may be more: ask again.
    More,
    /// Nothing more now; the waker is kept.
    Idle,
    /// The attachment is over, and all it may still write has been given.
    Cut(Cut),
}

/// The state of one session.
#[derive(Debug)]
pub struct SessionState<R> {
    grade: Grade,
    epochs: Epochs,
    mailbox: Mailbox,
    /// The last number handed to the present connection.
    written: u32,
    /// The highest number handed to any connection: no client can have more.
    sent: u32,
    news: News<R>,
    reconnecting: bool,
    flushing: Option<Reason>,
    /// A frame that must not be lost was: the session must end for this reason, whatever comes first.
    doomed: Option<Reason>,
    waker: Option<Waker>,
}

impl<R> SessionState<R> {
    /// A session attached in epoch 1.
    #[must_use]
    pub fn new(grade: Grade) -> Self {
        Self {
            grade,
            epochs: Epochs::first(),
            mailbox: Mailbox::default(),
            written: 0,
            sent: 0,
            news: News::none(),
            reconnecting: false,
            flushing: None,
            doomed: None,
            waker: None,
        }
    }

    /// Attaches again: raises the epoch, takes `last_seq` as an acknowledgement and starts the replay behind it.
    /// `acked` is called for the origins that are now known to be delivered.
    pub fn resume(&mut self, epoch: u32, last_seq: u32, acked: impl FnMut(Origin)) -> Result<u32, ResumeError> {
        if let Phase::Ended(reason) = self.phase() {
            return Err(ResumeError::Reset(reason));
        }
        if self.flushing.is_some() {
            return Err(ResumeError::Reset(Reason::Ended));
        }
        if let Some(reason) = self.doomed.filter(|_| !sabotaged!("resumed-after-a-loss")) {
            return Err(ResumeError::Reset(reason));
        }
        self.epochs.admit(epoch)?;
        if last_seq > self.sent || last_seq < self.mailbox.acked() {
            return Err(ResumeError::Reset(Reason::SeqMismatch));
        }
        self.mailbox.ack(last_seq, acked);
        let epoch = self.epochs.attach(epoch);
        self.written = last_seq + u32::from(sabotaged!("replay-off-by-one"));
        self.news.stop_listening();
        Ok(epoch)
    }

    /// Ends this epoch's attachment. `false` when it had ended before.
    pub fn detach(&mut self, epoch: u32, cut: Cut, now: Now) -> bool {
        let detached = self.epochs.detach(epoch, cut, now, self.mailbox.len(), self.mailbox.bytes());
        if detached {
            self.news.stop_listening();
        }
        detached
    }

    /// Ends the session. Gives back its seats and the origins of what was not delivered; `None` when it had ended.
    pub fn end(&mut self, reason: Reason) -> Option<(Vec<Held<R>>, Vec<Origin>)> {
        if !self.epochs.end(reason) {
            return None;
        }
        let origins = self.mailbox.take_origins();
        self.mailbox = Mailbox::default();
        Some((self.news.end(), origins))
    }

    /// Lets the connection write what is there and then ends it; nothing new is kept for long after.
    pub fn flush_and_end(&mut self, reason: Reason) {
        self.flushing = Some(reason);
    }

    /// Why the session ends as soon as its connection has written everything, once it does.
    #[must_use]
    pub fn flushing(&self) -> Option<Reason> {
        self.flushing
    }

    /// Keeps an envelope for the connection, or says why not.
    pub fn put_envelope(&mut self, entry: Entry, limits: &Limits, now: Now) -> Put {
        if let Some(reason) = self.doomed {
            return Put::Fatal(reason);
        }
        let weight = entry.body.weight();
        match self.phase() {
            Phase::Ended(reason) => return Put::Gone(reason),
            Phase::Detached { frames, bytes, .. } => {
                let (frames, bytes) = self.detached_bounds(frames, bytes, limits);
                if !self.mailbox.fits(weight, frames, bytes) && !sabotaged!("detached-without-bounds") {
                    return Put::Full;
                }
            }
            Phase::Attached => {
                if !self.mailbox.fits(weight, limits.mailbox_frames, limits.mailbox_bytes) {
                    self.detach(self.epoch(), Cut::SlowConsumer, now);
                    return Put::Overflow;
                }
            }
        }
        self.keep(entry, Put::Kept)
    }

    /// Keeps a frame that must not be lost: an answer, a receipt, a `left`. It always fits where nothing else is, so that
    /// a roster larger than the mailbox can be told.
    pub fn put_control(&mut self, entry: Entry, limits: &Limits, now: Now) -> Put {
        if let Some(reason) = self.doomed {
            return Put::Gone(reason);
        }
        let weight = entry.body.weight();
        let mut put = Put::Kept;
        match self.phase() {
            Phase::Ended(reason) => return Put::Gone(reason),
            Phase::Detached { frames, bytes, .. } => {
                let (frames, bytes) = self.detached_bounds(frames, bytes, limits);
                if !self.mailbox.fits(weight, frames, bytes) {
                    return self.doom(Reason::MailboxOverflow);
                }
            }
            Phase::Attached => {
                let alone = self.mailbox.is_empty();
                if !alone && !self.mailbox.fits(weight, limits.mailbox_frames, limits.mailbox_bytes) {
                    let (frames, bytes) = self.detached_bounds(self.mailbox.len(), self.mailbox.bytes(), limits);
                    let bounded = self.mailbox.fits(0, frames, bytes);
                    self.detach(self.epoch(), Cut::SlowConsumer, now);
                    if !bounded {
                        return self.doom(Reason::MailboxOverflow);
                    }
                    put = Put::Overflow;
                }
            }
        }
        self.keep(entry, put)
    }

    /// Queues a change of a room the session sits in. Ignored while a roster of that room is due anyway.
    pub fn put_presence(&mut self, event: &Arc<RoomEvent>, limits: &Limits) {
        if self.phase() == Phase::Attached {
            let after = self.mailbox.top() + u32::from(sabotaged!("presence-behind-envelopes"));
            self.news.put(event, after, limits.presence_events);
        }
    }

    /// Asks the client to go, before anything else it is told.
    pub fn put_go_away(&mut self, reconnect_after_ms: u32) {
        if self.phase() == Phase::Attached {
            self.news.put_go_away(reconnect_after_ms);
        }
    }

    /// Whether [`Self::tell_roster`] should be called for some seat before more is fetched.
    #[must_use]
    pub fn roster_due(&self) -> bool {
        self.news.roster_due() && self.phase() == Phase::Attached
    }

    /// The seats of which a roster is due.
    pub fn silent_seats(&mut self) -> impl Iterator<Item = &Held<R>> {
        self.news.silent_seats()
    }

    /// Brings the connection up to date about a room, and listens to it from now on.
    ///
    /// Each `joined` that is still to be written is brought up to date; the one the seat began with takes the place of a
    /// roster.
    pub fn tell_roster(&mut self, snapshot: &Arc<Snapshot>) {
        let Some(Silence { known, since }) = self.news.listen(&snapshot.info.room) else { return };
        // Not those of an earlier seat in a room of that name: what they said was about another room.
        self.mailbox.refresh(self.written.max(since.saturating_sub(1)), |body| match body {
            Body::Joined(joined) if joined.snapshot.info.room == snapshot.info.room && !sabotaged!("stale-answer") => {
                let fresh = crate::frame::Joined { snapshot: (**snapshot).clone(), ..(**joined).clone() };
                Some(Body::Joined(Arc::new(fresh)))
            }
            _ => None,
        });
        if since <= self.written && !sabotaged!("no-roster-after-resume") && known != Some(snapshot.info.version) {
            self.news.put_roster(snapshot, self.written);
        }
    }

    /// Takes a seat: the session hears of the room from here on. The next frame put is the `joined` that says so.
    pub fn sit(&mut self, name: RoomName, room: R) {
        self.news.sit(name, room, self.mailbox.top().saturating_add(1));
    }

    /// Gives a seat up. What is queued about the room stays: it is written before any frame put from now on, and envelopes
    /// in the mailbox may be from members it tells of.
    pub fn stand_up(&mut self, name: &RoomName) {
        self.news.stand_up(name);
    }

    /// Says which version of each room the client knows.
    pub fn client_knows(&mut self, version: impl FnMut(&RoomName) -> Option<u32>) {
        self.news.client_knows(version);
    }

    /// Acknowledges everything up to `upto`. Fails when that was never written. Ignored when the attachment of `epoch` is
    /// over: what its client was handed, the next one has not claimed.
    pub fn ack(&mut self, epoch: u32, upto: u32, told: impl FnMut(Origin)) -> Result<(), u32> {
        if self.cut(epoch).is_some() && !sabotaged!("old-ack-counts") {
            return Ok(());
        }
        if upto > self.written {
            return Err(self.written);
        }
        self.mailbox.ack(upto, told);
        self.mailbox.shrink();
        Ok(())
    }

    /// Hands what is ready to the connection of `epoch`, up to about `budget` bytes. When nothing is left, keeps the
    /// waker. In a session that is not resumable, what is handed out counts as acknowledged and goes to `written`.
    pub fn fetch(
        &mut self,
        epoch: u32,
        waker: &Waker,
        budget: usize,
        out: &mut Vec<Item>,
        mut written: impl FnMut(Origin),
    ) -> Fetched {
        // Whoever was superseded hears that, whatever became of the session since.
        let superseded = (epoch != self.epoch()).then_some(Cut::Superseded);
        if let Some(cut) = superseded.or_else(|| self.cut(epoch)) {
            return Fetched::Cut(cut);
        }
        let mut spent = 0;
        while spent < budget {
            if let Some(item) = self.news.pop(self.written) {
                spent += match &item {
                    // The door encodes it whole.
                    Item::Roster(snapshot) => snapshot.weight(),
                    _ => 64,
                };
                out.push(item);
                continue;
            }
            let Some(entry) = self.mailbox.get(self.written + 1) else { break };
            spent += entry.body.weight();
            self.written += 1;
            out.push(Item::Numbered { seq: self.written, reply_to: entry.reply_to, body: entry.body.clone() });
        }
        self.sent = self.sent.max(self.written);
        if self.grade == Grade::Live && !sabotaged!("live-frames-kept") {
            self.mailbox.ack(self.written, &mut written);
        }
        if spent >= budget {
            return Fetched::More;
        }
        if let Some(reason) = self.flushing {
            return Fetched::Cut(Cut::Ended(reason));
        }
        if !self.waker.as_ref().is_some_and(|w| w.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
        Fetched::Idle
    }

    /// Takes the connection's waker. To be woken once the session's lock is released.
    #[must_use]
    pub fn take_waker(&mut self) -> Option<Waker> {
        self.waker.take()
    }

    /// Notes that the client used this epoch: from now on older ones cannot be resumed.
    pub fn heard(&mut self, epoch: u32) {
        self.epochs.heard(epoch);
    }

    /// Why the attachment of `epoch` is over, if it is.
    #[must_use]
    pub fn cut(&self, epoch: u32) -> Option<Cut> {
        self.epochs.cut(epoch)
    }

    /// How long it has been without a connection.
    #[must_use]
    pub fn away_ms(&self, now: Now) -> Option<u64> {
        self.epochs.away_ms(now)
    }

    /// Whether others see the session as reconnecting, or are about to.
    #[must_use]
    pub fn reconnecting(&self) -> bool {
        self.reconnecting
    }

    /// Notes whether others see the session as reconnecting. `true` when that is a change.
    pub fn set_reconnecting(&mut self, reconnecting: bool) -> bool {
        std::mem::replace(&mut self.reconnecting, reconnecting) != reconnecting
    }

    /// Where the session stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.epochs.phase()
    }

    /// The current epoch.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epochs.current()
    }

    /// Its seats.
    #[must_use]
    pub fn seats(&self) -> &[Held<R>] {
        self.news.seats()
    }

    /// Frames held for the client.
    #[must_use]
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Takes the origins of everything held, before the session ends in an orderly way.
    pub fn take_origins(&mut self) -> Vec<Origin> {
        self.mailbox.take_origins()
    }

    /// The most a session may hold that held this much when it lost its connection. That counts up to what an attached one
    /// may hold: else a client that comes and goes, and acknowledges nothing, could hold more each time. One frame that is
    /// larger by itself was let in when it was alone.
    fn detached_bounds(&self, frames: usize, bytes: usize, limits: &Limits) -> (usize, usize) {
        let largest = || self.mailbox.iter().map(|entry| entry.body.weight()).max().unwrap_or(0);
        let bytes = if bytes > limits.mailbox_bytes { bytes.min(largest().max(limits.mailbox_bytes)) } else { bytes };
        (frames.min(limits.mailbox_frames) + limits.detached_frames, bytes + limits.detached_bytes)
    }

    fn keep(&mut self, entry: Entry, put: Put) -> Put {
        match self.mailbox.push(entry) {
            Some(_) => put,
            None => self.doom(Reason::SeqExhausted),
        }
    }

    fn doom(&mut self, reason: Reason) -> Put {
        self.doomed = Some(reason);
        Put::Fatal(reason)
    }
}

#[cfg(test)]
mod tests;
