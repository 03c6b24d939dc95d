//! How sessions are opened, detached, resumed and ended.

use std::sync::{Arc, atomic::Ordering};

use super::{
    MemoryBackend,
    delivery::wake,
    entities::{Room, Session},
    lock::lock,
    rates::User,
    registry::Known,
    shared::Shared,
};
use crate::{
    backend::{Attachment, Credentials, FreshToken, Open, Resume, Resumed, SessionChange, Uplink},
    error::{DetachReason, FindError, OpenError, ResumeError},
    frame::Delivery,
    member::Presence,
    reason::Reason,
    session::{SessionKind, SessionState},
    time::Now,
};

impl MemoryBackend {
    pub(super) fn open_session(&self, now: Now, open: Open) -> Result<Arc<dyn Attachment>, OpenError> {
        if let Some(session) = self.opened_before(&open) {
            return Ok(self.attach(session, 1));
        }
        let replaced =
            open.replaces.as_ref().and_then(|credentials| match self.shared.sessions.authenticate(credentials) {
                Known::Living(session) => Some(session),
                Known::Ended(_) | Known::Unknown => None,
            });
        if replaced.is_none() && self.shared.sessions.len_of_node() >= self.shared.limits.sessions {
            return Err(OpenError::Full);
        }
        let replaces =
            replaced.as_ref().is_some_and(|replaced| replaced.account.is_some() && replaced.user == open.user);
        let account = self.account(now, &open, replaces)?;
        let session = Arc::new(Session::new(now, open, self.shared.next_incarnation(), account));
        // Counted first: another thread may end it as soon as it is in the registry.
        self.shared.counters.attached.fetch_add(1, Ordering::Relaxed);
        if !self.shared.sessions.insert(session.clone()) {
            self.shared.counters.attached.fetch_sub(1, Ordering::Relaxed);
            session.release_account();
            return Err(OpenError::PeerIdTaken);
        }
        self.shared.note(now, &session.peer, SessionChange::Opened);
        if let Some(replaced) = replaced {
            self.shared.end_session(now, &replaced, Reason::Replaced);
        }
        Ok(self.attach(session, 1))
    }

    /// Counts a session among those of its user. `None` if that is not verified, or its sessions are not limited.
    fn account(&self, now: Now, open: &Open, replaces: bool) -> Result<Option<Arc<User>>, OpenError> {
        let limits = &self.shared.limits;
        let limited =
            limits.user_sessions != usize::MAX || limits.user_opens.is_limited() || limits.user_joins.is_limited();
        if !limited || open.grants.encoded.is_empty() {
            return Ok(None);
        }
        let account = self.shared.users.open(limits, now, &open.user, replaces);
        account.map(Some).inspect_err(|error| {
            if let OpenError::RateLimited(limited) = error {
                self.shared.counters.count_limited(limited);
            }
        })
    }

    /// Returns the session that an earlier submission of the request has opened.
    fn opened_before(&self, open: &Open) -> Option<Arc<Session>> {
        let session = self.shared.sessions.get(open.credentials.peer.as_str())?;
        let same = session.request == open.request && session.secret_digest == open.credentials.secret_digest;
        (same && session.attached_epoch.load(Ordering::Acquire) == 1).then_some(session)
    }

    pub(super) fn resume_session(&self, now: Now, resume: Resume) -> Result<Resumed, ResumeError> {
        let session = match self.shared.sessions.authenticate(&resume.credentials) {
            Known::Living(session) => session,
            Known::Ended(reason) => return Err(ResumeError::Reset(reset_reason(reason))),
            Known::Unknown => return Err(ResumeError::Reset(Reason::UnknownSession)),
        };
        if !session.resumable() {
            return Err(ResumeError::Reset(Reason::UnknownSession));
        }
        check_token(now, &session, resume.token.as_ref())?;
        let mut delivered = Vec::new();
        // `sender` stays locked, so that no frame of the old epoch takes effect between raising the epoch and reading
        // `applied`.
        let sender = lock(&session.sender);
        let (outcome, waker, was_reconnecting) = {
            let mut state = session.state();
            state.mark_used(session.used_epoch.load(Ordering::Acquire));
            let outcome = state.resume(resume.epoch, resume.last_seq, |origin| delivered.push(origin));
            if let Ok(epoch) = outcome {
                if let Some(token) = resume.token {
                    session.set_grants(token.grants);
                }
                state.set_known_versions(|room| resume.room_versions.get(room.as_str()).copied());
                self.shared.set_attached_epoch(&session, epoch);
                session.last_activity_ms.fetch_max(now.mono_ms, Ordering::Relaxed);
            }
            (outcome, state.take_waker(), outcome.is_ok() && state.set_reconnecting(false))
        };
        let applied = session.applied.load(Ordering::Acquire);
        drop(sender);
        wake(waker);
        let epoch = match outcome {
            Ok(epoch) => epoch,
            Err(ResumeError::Reset(reason)) => {
                self.shared.end_session(now, &session, reason);
                return Err(ResumeError::Reset(reset_reason(reason)));
            }
            Err(error) => return Err(error),
        };
        self.shared.detached.remove(&session);
        self.shared.counters.resumed.fetch_add(1, Ordering::Relaxed);
        self.shared.note(now, &session.peer, SessionChange::Resumed);
        delivered.retain(|origin| origin.receipt);
        self.shared.send_receipts(now, delivered, &session.peer, Delivery::Delivered);
        if was_reconnecting {
            self.shared.publish_presence(&session);
        }
        Ok(Resumed { attachment: self.attach(session, epoch), applied })
    }

    pub(super) fn find_attachment(&self, credentials: &Credentials, epoch: u32) -> Result<Arc<dyn Uplink>, FindError> {
        match self.shared.sessions.authenticate(credentials) {
            Known::Living(session) if !session.resumable() => Err(FindError::NotResumable),
            Known::Living(session) => {
                let over = session.state().detach_reason(epoch);
                match over {
                    None => Ok(self.attach(session, epoch)),
                    Some(reason) => Err(FindError::Detached(reason)),
                }
            }
            Known::Ended(reason) => Err(FindError::Detached(DetachReason::Ended(reason))),
            Known::Unknown => Err(FindError::UnknownSession),
        }
    }

    /// Ends the session with these credentials, unless it has begun a newer epoch.
    pub(super) fn end_authenticated_in(&self, now: Now, credentials: &Credentials, epoch: u32) -> bool {
        let Known::Living(session) = self.shared.sessions.authenticate(credentials) else { return false };
        let newest = |state: &SessionState<_>| state.epoch() == epoch;
        self.shared.end_session_if(now, &session, Reason::Left, newest)
    }

    /// Ends the session with these credentials.
    pub(super) fn end_authenticated(&self, now: Now, credentials: &Credentials, reason: Reason) -> bool {
        let Known::Living(session) = self.shared.sessions.authenticate(credentials) else { return false };
        self.shared.end_session(now, &session, reason);
        true
    }
}

impl Shared {
    /// Ends the attachment of `epoch`: a resumable session waits for its client to return, a live one ends.
    pub(super) fn detach_session(&self, now: Now, session: &Arc<Session>, epoch: u32, reason: DetachReason) {
        let slow = reason == DetachReason::SlowConsumer;
        if !session.resumable() {
            let reason = if slow { Reason::SlowConsumer } else { Reason::ConnectionLost };
            if self.end_session_if(now, session, reason, |_| true) && slow {
                self.counters.slow_consumers.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        let (detached, waker) = {
            let mut state = session.state();
            let detached = state.detach(epoch, reason, now);
            if detached {
                self.set_attached_epoch(session, 0);
            }
            (detached, state.take_waker())
        };
        wake(waker);
        if detached {
            if slow {
                self.counters.slow_consumers.fetch_add(1, Ordering::Relaxed);
            }
            self.note(now, &session.peer, SessionChange::Detached(reason));
            let (peer, reason) = (session.peer.as_str(), reason.as_str());
            tracing::info!(namespace = self.logged_namespace(), peer.id = peer, epoch, reason, "session detached");
            self.start_grace(now, session);
        }
    }

    /// Ends a session: leaves its rooms, sends receipts for what it did not acknowledge, wakes its connection.
    pub(super) fn end_session(&self, now: Now, session: &Arc<Session>, reason: Reason) {
        self.end_session_if(now, session, reason, |_| true);
    }

    /// Ends a session if `condition` holds, checked in the same step. Returns `false` if the session did not end now.
    pub(super) fn end_session_if(
        &self,
        now: Now,
        session: &Arc<Session>,
        reason: Reason,
        condition: impl FnOnce(&SessionState<Arc<Room>>) -> bool,
    ) -> bool {
        let mut written = Vec::new();
        let (ended, waker) = {
            let mut state = session.state();
            if !condition(&state) {
                return false;
            }
            state.confirm(session.written(), |origin| written.push(origin));
            let ended = state.end(reason);
            self.set_attached_epoch(session, 0);
            (ended, state.take_waker())
        };
        let Some((rooms, origins)) = ended else { return false };
        session.release_account();
        let duration_ms = now.mono_ms.saturating_sub(session.opened_ms);
        tracing::info!(
            namespace = self.logged_namespace(),
            peer.id = session.peer.as_str(),
            reason = reason.as_str(),
            duration_ms,
            "session ended"
        );
        self.note(now, &session.peer, SessionChange::Ended(reason));
        self.detached.remove(session);
        // The reason is remembered for a client that resumes too late. A live session cannot be resumed.
        let remembered_ms = match session.kind {
            SessionKind::Live => 0,
            SessionKind::Resumable { grace_ms } => (2 * u64::from(grace_ms)).max(self.limits.tombstone_ms),
        };
        if self.sessions.remove(session, (remembered_ms > 0).then_some(reason)) {
            self.tombstones.set(now.mono_ms + remembered_ms, session.peer.clone());
        }
        for joined in rooms {
            self.release(now, &joined.room, session, reason);
        }
        written.retain(|origin| origin.receipt);
        self.send_receipts(now, written, &session.peer, Delivery::Written);
        self.send_receipts(now, origins, &session.peer, Delivery::Undeliverable(reason));
        wake(waker);
        true
    }

    /// Publishes whether a session is connected to all its rooms. Reads that only once the room is locked: if the session
    /// was lost and resumed at the same moment, the later state is the one that stays.
    pub(super) fn publish_presence(&self, session: &Arc<Session>) {
        let rooms: Vec<_> = session.state().rooms().iter().map(|joined| joined.room.clone()).collect();
        for room in rooms {
            let mut state = lock(&room.state);
            let reconnecting = session.state().reconnecting();
            let presence = if reconnecting { Presence::Reconnecting } else { Presence::Online };
            if let Some(event) = state.set_presence(&session.peer, presence) {
                self.publish(&state, &event, Some(&session.peer));
            }
        }
    }
}

/// Checks that a session may be resumed with this token, or without one.
fn check_token(now: Now, session: &Session, token: Option<&FreshToken>) -> Result<(), ResumeError> {
    let grants = match token {
        Some(token) if session.verified && token.user != session.user => return Err(ResumeError::OtherUser),
        Some(token) => token.grants.clone(),
        None => session.grants(),
    };
    match grants.expires_at_ms {
        Some(at) if at <= now.unix_ms => Err(ResumeError::GrantsExpired),
        _ => Ok(()),
    }
}

/// Returns the reason to give a client whose session is gone: reasons that mean nothing to it become `Ended`.
fn reset_reason(reason: Reason) -> Reason {
    match reason {
        Reason::Expired | Reason::MailboxOverflow | Reason::SeqMismatch | Reason::UnknownSession => reason,
        _ => Reason::Ended,
    }
}
