//! What one session knows: its epoch, its mailbox, its presence, its seats. A state machine without locks.

use std::{collections::VecDeque, sync::Arc, task::Waker};

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

/// A seat the session holds, with the backend's handle of the room.
#[derive(Debug)]
pub struct Held<R> {
    /// Room name.
    pub name: RoomName,
    /// The backend's handle.
    pub room: R,
    /// Whether changes of the room are queued for the connection; if not, a roster is due.
    pub listening: bool,
    /// The version the client says it knows, after a resume.
    pub known: Option<u32>,
    /// The number of the `joined` this seat began with.
    pub since: u32,
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
    phase: Phase,
    epoch: u32,
    used_epoch: u32,
    last_cut: Cut,
    mailbox: Mailbox,
    /// The last number handed to the present connection.
    written: u32,
    /// The highest number handed to any connection: no client can have more.
    sent: u32,
    presence: VecDeque<(u32, Item)>,
    seats: Vec<Held<R>>,
    roster_due: bool,
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
            phase: Phase::Attached,
            epoch: 1,
            used_epoch: 0,
            last_cut: Cut::Detached,
            mailbox: Mailbox::default(),
            written: 0,
            sent: 0,
            presence: VecDeque::new(),
            seats: Vec::new(),
            roster_due: false,
            reconnecting: false,
            flushing: None,
            doomed: None,
            waker: None,
        }
    }

    /// Attaches again: raises the epoch, takes `last_seq` as an acknowledgement and starts the replay behind it.
    /// `acked` is called for the origins that are now known to be delivered.
    pub fn resume(&mut self, epoch: u32, last_seq: u32, acked: impl FnMut(Origin)) -> Result<u32, ResumeError> {
        if let Phase::Ended(reason) = self.phase {
            return Err(ResumeError::Reset(reason));
        }
        if self.flushing.is_some() {
            return Err(ResumeError::Reset(Reason::Ended));
        }
        if let Some(reason) = self.doomed.filter(|_| !sabotaged!("resumed-after-a-loss")) {
            return Err(ResumeError::Reset(reason));
        }
        if self.used_epoch > epoch {
            return Err(ResumeError::Superseded);
        }
        if epoch == 0 || epoch > self.epoch || last_seq > self.sent || last_seq < self.mailbox.acked() {
            return Err(ResumeError::Reset(Reason::SeqMismatch));
        }
        self.mailbox.ack(last_seq, acked);
        // Whoever names an epoch was welcomed in it. A resume from before that may still be on its way.
        self.heard(if sabotaged!("resume-proves-nothing") { 0 } else { epoch });
        self.epoch += u32::from(!sabotaged!("epoch-not-raised"));
        self.phase = Phase::Attached;
        self.written = last_seq + u32::from(sabotaged!("replay-off-by-one"));
        self.stop_listening();
        Ok(self.epoch)
    }

    /// Ends this epoch's attachment. `false` when it had ended before.
    pub fn detach(&mut self, epoch: u32, cut: Cut, now: Now) -> bool {
        if self.phase != Phase::Attached || self.epoch != epoch {
            return false;
        }
        self.phase = Phase::Detached { since_ms: now.mono_ms, frames: self.mailbox.len(), bytes: self.mailbox.bytes() };
        self.last_cut = cut;
        self.stop_listening();
        true
    }

    /// Ends the session. Gives back its seats and the origins of what was not delivered; `None` when it had ended.
    pub fn end(&mut self, reason: Reason) -> Option<(Vec<Held<R>>, Vec<Origin>)> {
        if matches!(self.phase, Phase::Ended(_)) {
            return None;
        }
        self.phase = Phase::Ended(reason);
        self.presence = VecDeque::new();
        let origins = self.mailbox.take_origins();
        self.mailbox = Mailbox::default();
        Some((std::mem::take(&mut self.seats), origins))
    }

    /// Lets the connection write what is there and then ends it; nothing new is kept for long after.
    pub fn flush_and_end(&mut self, reason: Reason) {
        self.flushing = Some(reason);
    }

    /// Keeps an envelope for the connection, or says why not.
    pub fn put_envelope(&mut self, entry: Entry, limits: &Limits, now: Now) -> Put {
        if let Some(reason) = self.doomed {
            return Put::Fatal(reason);
        }
        let weight = entry.body.weight();
        match self.phase {
            Phase::Ended(reason) => return Put::Gone(reason),
            Phase::Detached { frames, bytes, .. } => {
                let (frames, bytes) = (frames + limits.detached_frames, bytes + limits.detached_bytes);
                if !self.mailbox.fits(weight, frames, bytes) && !sabotaged!("detached-without-bounds") {
                    return Put::Full;
                }
            }
            Phase::Attached => {
                if !self.mailbox.fits(weight, limits.mailbox_frames, limits.mailbox_bytes) {
                    self.detach(self.epoch, Cut::SlowConsumer, now);
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
        match self.phase {
            Phase::Ended(reason) => return Put::Gone(reason),
            Phase::Detached { frames, bytes, .. } => {
                let (frames, bytes) = (frames + limits.detached_frames, bytes + limits.detached_bytes);
                if !self.mailbox.fits(weight, frames, bytes) {
                    return self.doom(Reason::MailboxOverflow);
                }
            }
            Phase::Attached => {
                let alone = self.mailbox.is_empty();
                if !alone && !self.mailbox.fits(weight, limits.mailbox_frames, limits.mailbox_bytes) {
                    self.detach(self.epoch, Cut::SlowConsumer, now);
                    put = Put::Overflow;
                }
            }
        }
        self.keep(entry, put)
    }

    /// Queues a change of a room the session sits in. Ignored while a roster of that room is due anyway.
    pub fn put_presence(&mut self, event: &Arc<RoomEvent>, limits: &Limits) {
        let Some(seat) = self.seats.iter().find(|seat| seat.name == event.room) else { return };
        if !seat.listening || self.phase != Phase::Attached {
            return;
        }
        if self.presence.len() >= limits.presence_events {
            self.stop_listening();
            return;
        }
        let after = self.mailbox.top() + u32::from(sabotaged!("presence-behind-envelopes"));
        self.presence.push_back((after, Item::Presence(event.clone())));
    }

    /// Asks the client to go, before anything else it is told.
    pub fn put_go_away(&mut self, reconnect_after_ms: u32) {
        if self.phase == Phase::Attached {
            self.presence.push_front((0, Item::GoAway { reconnect_after_ms }));
        }
    }

    /// Whether [`Self::tell_roster`] should be called for some seat before more is fetched.
    #[must_use]
    pub fn roster_due(&self) -> bool {
        self.roster_due && self.phase == Phase::Attached
    }

    /// The seats of which a roster is due.
    pub fn silent_seats(&mut self) -> impl Iterator<Item = &Held<R>> {
        self.roster_due = false;
        self.seats.iter().filter(|seat| !seat.listening)
    }

    /// Brings the connection up to date about a room, and listens to it from now on.
    ///
    /// Each `joined` that is still to be written is brought up to date; the one the seat began with takes the place of a
    /// roster.
    pub fn tell_roster(&mut self, snapshot: &Arc<Snapshot>) {
        let Some(seat) = self.seats.iter_mut().find(|s| s.name == snapshot.info.room && !s.listening) else { return };
        seat.listening = true;
        let (known, since) = (seat.known.take(), seat.since);
        // Not those of an earlier seat in a room of that name: what they said was about another room.
        self.mailbox.refresh(self.written.max(since.saturating_sub(1)), |body| match body {
            Body::Joined(joined) if joined.snapshot.info.room == snapshot.info.room && !sabotaged!("stale-answer") => {
                let fresh = crate::frame::Joined { snapshot: (**snapshot).clone(), ..(**joined).clone() };
                Some(Body::Joined(Arc::new(fresh)))
            }
            _ => None,
        });
        if since <= self.written && !sabotaged!("no-roster-after-resume") && known != Some(snapshot.info.version) {
            // In front: what is queued behind it is newer, or about other rooms.
            self.presence.push_front((self.written, Item::Roster(snapshot.clone())));
        }
    }

    /// Takes a seat: the session hears of the room from here on. The next frame put is the `joined` that says so.
    pub fn sit(&mut self, name: RoomName, room: R) {
        self.seats.push(Held { name, room, listening: true, known: None, since: self.mailbox.top().saturating_add(1) });
    }

    /// Gives a seat up. What is queued about the room stays: it is written before any frame put from now on, and envelopes
    /// in the mailbox may be from members it tells of.
    pub fn stand_up(&mut self, name: &RoomName) {
        self.seats.retain(|seat| seat.name != *name);
    }

    /// Says which version of each room the client knows.
    pub fn client_knows(&mut self, mut version: impl FnMut(&RoomName) -> Option<u32>) {
        for seat in &mut self.seats {
            seat.known = version(&seat.name);
        }
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
        if self.epoch != epoch {
            return Fetched::Cut(Cut::Superseded);
        }
        match self.phase {
            Phase::Attached => {}
            Phase::Detached { .. } => return Fetched::Cut(self.last_cut),
            Phase::Ended(reason) => return Fetched::Cut(Cut::Ended(reason)),
        }
        let mut spent = 0;
        while spent < budget {
            if self.presence.front().is_some_and(|(after, _)| *after <= self.written) {
                if let Some((_, item)) = self.presence.pop_front() {
                    spent += 64;
                    out.push(item);
                }
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
        self.used_epoch = self.used_epoch.max(epoch);
    }

    /// Why the attachment of `epoch` is over, if it is.
    #[must_use]
    pub fn cut(&self, epoch: u32) -> Option<Cut> {
        match self.phase {
            Phase::Ended(reason) => Some(Cut::Ended(reason)),
            _ if self.epoch != epoch => Some(Cut::Superseded),
            Phase::Detached { .. } => Some(self.last_cut),
            Phase::Attached => None,
        }
    }

    /// How long it has been without a connection.
    #[must_use]
    pub fn away_ms(&self, now: Now) -> Option<u64> {
        match self.phase {
            Phase::Detached { since_ms, .. } => Some(now.mono_ms.saturating_sub(since_ms)),
            Phase::Attached | Phase::Ended(_) => None,
        }
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
        self.phase
    }

    /// The current epoch.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Its seats.
    #[must_use]
    pub fn seats(&self) -> &[Held<R>] {
        &self.seats
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

    fn stop_listening(&mut self) {
        self.presence.retain(|(_, item)| matches!(item, Item::GoAway { .. }));
        for seat in &mut self.seats {
            seat.listening = false;
            seat.known = None;
        }
        self.roster_due = !self.seats.is_empty();
    }
}

#[cfg(test)]
mod tests;
