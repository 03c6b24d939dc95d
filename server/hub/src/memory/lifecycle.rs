//! How sessions begin, are lost, come back and end.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use super::{Inlet, MemoryBackend, Room, Session, Shared, delivery::wake, lock, registry::Known, timers::Due};
use crate::{
    backend::{Attachment, Credentials, Open, Resume, Resumed},
    error::{Cut, FindError, OpenError, ResumeError},
    frame::Delivery,
    member::Presence,
    reason::Reason,
    session::{Grade, Phase, SessionState},
    time::Now,
};

impl MemoryBackend {
    pub(super) fn open_session(&self, now: Now, open: Open) -> Result<Arc<dyn Attachment>, OpenError> {
        if self.shared.sessions.len() >= self.shared.limits.sessions {
            return Err(OpenError::Full);
        }
        let session = Arc::new(Session {
            peer: open.credentials.peer,
            incarnation: self.shared.incarnation.fetch_add(1, Ordering::Relaxed),
            secret_digest: open.credentials.secret_digest,
            user: open.user,
            verified: open.verified,
            display_name: open.display_name,
            metadata: open.metadata,
            grade: open.grade,
            inlet: Mutex::new(Inlet::default()),
            applied: AtomicU32::new(0),
            live_epoch: AtomicU32::new(1),
            used_epoch: AtomicU32::new(0),
            heard_ms: AtomicU64::new(now.mono_ms),
            paced_us: AtomicU64::new(0),
            timers: Mutex::new(None),
            unlisted: AtomicBool::new(false),
            state: Mutex::new(SessionState::new(open.grade)),
        });
        if !self.shared.sessions.insert(session.clone()) {
            return Err(OpenError::PeerIdTaken);
        }
        Ok(self.attach(session, 1))
    }

    pub(super) fn resume_session(&self, now: Now, resume: Resume) -> Result<Resumed, ResumeError> {
        let session = match self.shared.sessions.prove(&resume.credentials) {
            Known::Living(session) => session,
            Known::Ended(reason) => return Err(ResumeError::Reset(reset_reason(reason))),
            Known::Unknown => return Err(ResumeError::Reset(Reason::UnknownSession)),
        };
        if !session.resumable() {
            return Err(ResumeError::Reset(Reason::UnknownSession));
        }
        let mut delivered = Vec::new();
        // The client's inlet stays locked, so that no frame of the old epoch takes effect between reading `applied` and
        // raising the epoch.
        let inlet = lock(&session.inlet);
        let (outcome, waker, was_reconnecting) = {
            let mut state = session.state();
            state.heard(session.used_epoch.load(Ordering::Acquire));
            let outcome = state.resume(resume.epoch, resume.last_seq, |origin| delivered.push(origin));
            if let Ok(epoch) = outcome {
                state.client_knows(|room| resume.room_versions.get(room.as_str()).copied());
                session.live_epoch.store(epoch, Ordering::Release);
                session.heard_ms.fetch_max(now.mono_ms, Ordering::Relaxed);
            }
            (outcome, state.take_waker(), outcome.is_ok() && state.set_reconnecting(false))
        };
        let applied = session.applied.load(Ordering::Acquire);
        drop(inlet);
        wake(waker);
        let epoch = match outcome {
            Ok(epoch) => epoch,
            Err(ResumeError::Superseded) => return Err(ResumeError::Superseded),
            Err(ResumeError::Reset(reason)) => {
                self.shared.end_session(now, &session, reason);
                return Err(ResumeError::Reset(reset_reason(reason)));
            }
        };
        self.shared.counters.resumed.fetch_add(1, Ordering::Relaxed);
        delivered.retain(|origin| origin.receipt);
        self.shared.receipts(now, delivered, &session.peer, Delivery::Delivered);
        if was_reconnecting {
            self.shared.show_presence(&session);
        }
        Ok(Resumed { attachment: self.attach(session, epoch), applied })
    }

    pub(super) fn find_attachment(
        &self,
        credentials: &Credentials,
        epoch: u32,
    ) -> Result<Arc<dyn Attachment>, FindError> {
        match self.shared.sessions.prove(credentials) {
            Known::Living(session) => {
                let cut = session.state().cut(epoch);
                match cut {
                    None => Ok(self.attach(session, epoch)),
                    Some(cut) => Err(FindError::Cut(cut)),
                }
            }
            Known::Ended(reason) => Err(FindError::Cut(Cut::Ended(reason))),
            Known::Unknown => Err(FindError::UnknownSession),
        }
    }

    pub(super) fn end_proven_in(&self, now: Now, credentials: &Credentials, epoch: u32) -> bool {
        let Known::Living(session) = self.shared.sessions.prove(credentials) else { return false };
        let newest = |state: &SessionState<_>| state.epoch() == epoch;
        self.shared.end_session_if(now, &session, Reason::Left, newest)
    }

    pub(super) fn end_proven(&self, now: Now, credentials: &Credentials, reason: Reason) -> bool {
        let Known::Living(session) = self.shared.sessions.prove(credentials) else { return false };
        self.shared.end_session(now, &session, reason);
        true
    }
}

impl Shared {
    /// The attachment of `epoch` is over: a resumable session waits for its client, any other ends.
    pub(super) fn detach_session(&self, now: Now, session: &Arc<Session>, epoch: u32, cut: Cut) {
        if !session.resumable() || sabotaged!("leave-on-detach") {
            let reason = if cut == Cut::SlowConsumer { Reason::SlowConsumer } else { Reason::ConnectionLost };
            self.end_session(now, session, reason);
            return;
        }
        let (detached, waker) = {
            let mut state = session.state();
            let detached = state.detach(epoch, cut, now);
            if detached {
                session.live_epoch.store(0, Ordering::Release);
            }
            (detached, state.take_waker())
        };
        wake(waker);
        if detached {
            self.wait_for_return(now, session);
        }
    }

    /// Sets the timers of a session that has just lost its connection.
    pub(super) fn wait_for_return(&self, now: Now, session: &Arc<Session>) {
        let Grade::Resumable { grace_ms } = session.grade else { return };
        let flushing = session.state().flushing();
        if let Some(reason) = flushing {
            // It cannot come back.
            return self.end_soon(now, session, reason);
        }
        let mut set = lock(&session.timers);
        let (epoch, weak) = (session.state().epoch(), Arc::downgrade(session));
        let shown = now.mono_ms + self.limits.reconnecting_after_ms;
        let ends = now.mono_ms + u64::from(grace_ms);
        // Those of an earlier loss go: a client that comes and goes leaves no trail of them.
        let earlier = set.replace([
            self.timers.at(shown, Due::Reconnecting(weak.clone(), epoch)),
            self.timers.at(ends, Due::Grace(weak, epoch)),
        ]);
        if !sabotaged!("grace-of-any-epoch") {
            for timer in earlier.into_iter().flatten() {
                self.timers.cancel(timer);
            }
        }
    }

    /// Has the next tick end a session, where a room is locked or may be.
    pub(super) fn end_soon(&self, now: Now, session: &Arc<Session>, reason: Reason) {
        self.timers.at(now.mono_ms, Due::End(Arc::downgrade(session), reason));
    }

    /// Ends a session: frees its seats, tells the senders of what it did not acknowledge, lets its connection know.
    pub(super) fn end_session(&self, now: Now, session: &Arc<Session>, reason: Reason) {
        self.end_session_if(now, session, reason, |_| true);
    }

    /// The same if something holds in the moment it ends. `false` when it did not end now.
    pub(super) fn end_session_if(
        &self,
        now: Now,
        session: &Arc<Session>,
        reason: Reason,
        holds: impl FnOnce(&SessionState<Arc<Room>>) -> bool,
    ) -> bool {
        let (ended, waker) = {
            let mut state = session.state();
            if !holds(&state) {
                return false;
            }
            let ended = state.end(reason);
            session.live_epoch.store(0, Ordering::Release);
            (ended, state.take_waker())
        };
        let Some((seats, origins)) = ended else { return false };
        // Why it ended is remembered for a client that comes back late. One that cannot come back is forgotten at once.
        let remembered_ms = match session.grade {
            Grade::Live => 0,
            Grade::Resumable { grace_ms } => (2 * u64::from(grace_ms)).max(self.limits.tombstone_ms),
        };
        if self.sessions.remove(session, (remembered_ms > 0).then_some(reason)) {
            self.timers.at(now.mono_ms + remembered_ms, Due::Tombstone(session.peer.clone()));
        }
        for seat in seats {
            self.vacate(now, &seat.room, session, reason);
        }
        let origins = if sabotaged!("receipts-lost-at-the-end") { Vec::new() } else { origins };
        self.receipts(now, origins, &session.peer, Delivery::Undeliverable(reason));
        wake(waker);
        true
    }

    /// Shows a session's state to everybody it shares a room with. Read once the room is locked: of a loss and a return at
    /// the same moment, the later one is what stays.
    pub(super) fn show_presence(&self, session: &Arc<Session>) {
        let rooms: Vec<_> = session.state().seats().iter().map(|seat| seat.room.clone()).collect();
        for room in rooms {
            let mut state = lock(&room.state);
            let away = session.state().reconnecting();
            let presence = if away { Presence::Reconnecting } else { Presence::Online };
            if let Some(event) = state.set_presence(&session.peer, presence) {
                self.tell(&state, &event, Some(&session.peer));
            }
        }
    }

    /// Does everything that is due.
    pub(super) fn tick(&self, now: Now) {
        while let Some(due) = self.timers.pop(now.mono_ms) {
            match due {
                Due::Reconnecting(session, epoch) => {
                    let Some(session) = session.upgrade() else { continue };
                    let changed = {
                        let mut state = session.state();
                        away_since(&state, epoch, self.limits.reconnecting_after_ms, now)
                            && state.set_reconnecting(true)
                    };
                    if changed {
                        self.show_presence(&session);
                    }
                }
                Due::Grace(session, epoch) => {
                    let Some(session) = session.upgrade() else { continue };
                    let Grade::Resumable { grace_ms } = session.grade else { continue };
                    let away = |state: &SessionState<_>| away_since(state, epoch, grace_ms.into(), now);
                    self.end_session_if(now, &session, Reason::Expired, away);
                }
                Due::End(session, reason) => {
                    if let Some(session) = session.upgrade() {
                        self.end_session(now, &session, reason);
                    }
                }
                Due::EmptyRoom(room) => {
                    if let Some(room) = room.upgrade() {
                        self.end_if_empty(now, &room);
                    }
                }
                Due::Tombstone(peer) => self.sessions.forget(&peer),
                Due::Answer(request_id) => {
                    lock(&self.answers).remove(&request_id);
                }
            }
        }
    }

    /// Asks every attached session to go, spread evenly over the window.
    pub(super) fn go_away(&self, window_ms: u32) {
        for watch in super::read(&self.watches).iter().filter_map(std::sync::Weak::upgrade) {
            watch.wake();
        }
        let sessions = self.sessions.in_order();
        let count = sessions.len().max(1) as u64;
        for (place, session) in (0_u64..).zip(&sessions) {
            let moment = u32::try_from(u64::from(window_ms) * place / count).unwrap_or(window_ms);
            let waker = {
                let mut state = session.state();
                state.put_go_away(moment);
                state.take_waker()
            };
            wake(waker);
        }
    }

    /// Lets everybody know how things stand, then ends all sessions as soon as their connections have written it.
    pub(super) fn drain(&self, now: Now) {
        let sessions = self.sessions.in_order();
        for session in &sessions {
            let origins = if sabotaged!("drain-in-silence") { Vec::new() } else { session.state().take_origins() };
            self.receipts(now, origins, &session.peer, Delivery::Undeliverable(Reason::Draining));
        }
        for session in sessions {
            let (attached, waker) = {
                let mut state = session.state();
                state.flush_and_end(Reason::Draining);
                (state.phase() == Phase::Attached, state.take_waker())
            };
            if !attached {
                self.end_session(now, &session, Reason::Draining);
            }
            wake(waker);
        }
    }
}

/// Whether a session has been away for this long since it lost its connection in this epoch. A timer that was set late, when
/// the session was back and lost again, must not count the earlier time.
fn away_since<R>(state: &SessionState<R>, epoch: u32, ms: u64, now: Now) -> bool {
    let ms = if sabotaged!("grace-of-any-epoch") { 0 } else { ms };
    (state.epoch() == epoch || ms == 0) && state.away_ms(now).is_some_and(|away| away >= ms)
}

/// What a client is told whose session is gone: the ways a session ends that mean nothing to it become ENDED.
fn reset_reason(reason: Reason) -> Reason {
    match reason {
        Reason::Expired | Reason::MailboxOverflow | Reason::SeqMismatch | Reason::UnknownSession => reason,
        _ => Reason::Ended,
    }
}
