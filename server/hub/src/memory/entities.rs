//! Sessions and rooms as the memory backend stores them. They refer to each other: a room to the sessions of its members,
//! a session to the rooms it is in.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, Weak,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use super::{
    lock::lock,
    rates::{SessionRates, User},
    timers::TimerId,
};
use crate::{
    backend::{Grants, Open, WrittenFrames},
    error::{DetachReason, StepError},
    id::{PeerId, RoomName},
    member::Metadata,
    rate::Bucket,
    reason::Reason,
    room::RoomState,
    session::{SessionKind, SessionState},
    time::Now,
};

#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: RoomName,
    // When it was created, on the monotonic clock.
    pub(super) created_ms: u64,
    // Guards the room's settings and members. Held while a change is published, so that all members receive changes in one
    // order.
    pub(super) state: Mutex<RoomState<MemberHandle>>,
    // What broadcasts and joins have used of the room's limits.
    pub(super) deliveries: Bucket,
    pub(super) joins: Bucket,
    // The timer set when the room last became empty.
    pub(super) empty_timer: Mutex<Option<TimerId>>,
}

impl Room {
    pub(super) fn new(state: RoomState<MemberHandle>, now: Now) -> Self {
        Self {
            name: state.name().clone(),
            created_ms: now.mono_ms,
            state: Mutex::new(state),
            deliveries: Bucket::default(),
            joins: Bucket::default(),
            empty_timer: Mutex::new(None),
        }
    }
}

/// The handle that a room stores with each member.
#[derive(Clone, Debug)]
pub(super) struct MemberHandle {
    pub(super) session: Arc<Session>,
    pub(super) membership: Arc<Membership>,
}

/// The right of a member to act in a room. It is revoked before any other member is told of the leave, so that no member
/// receives anything from it afterwards.
#[derive(Debug, Default)]
pub(super) struct Membership {
    revoked: AtomicBool,
}

impl Membership {
    pub(super) fn revoke(&self) {
        self.revoked.store(true, Ordering::Release);
    }

    pub(super) fn is_active(&self) -> bool {
        !self.revoked.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) peer: PeerId,
    // Distinguishes it from earlier sessions with the same peer id.
    pub(super) incarnation: u64,
    pub(super) secret_digest: [u8; 32],
    pub(super) user: Arc<str>,
    pub(super) verified: bool,
    // What it may do; none without authentication. Locked for a copy, by its connections and operators.
    grants: Mutex<Option<Box<Grants>>>,
    /// Changes with `grants`, so that a connection can see that without the lock.
    pub(super) grants_version: AtomicU32,
    pub(super) display_name: Arc<str>,
    pub(super) metadata: Metadata,
    pub(super) kind: SessionKind,
    // When it was opened, on the monotonic clock.
    pub(super) opened_ms: u64,
    pub(super) source: u64,
    // Names the request that opened it.
    pub(super) request: u64,
    // Its place among the detached sessions, 0 if it has none.
    pub(super) detached_order: AtomicU64,
    // Serializes this client's frames. Taken by its own attachments and by a resume, never by other sessions.
    pub(super) sender: Mutex<SenderState>,
    // The last client frame that took effect. Written under `sender`, read by the connection for its acks.
    pub(super) applied: AtomicU32,
    // The epoch that is attached, 0 if none is. Written under `state`.
    pub(super) attached_epoch: AtomicU32,
    // The highest epoch in which a client frame arrived, and when the last frame did. Not under a lock: read on resume.
    pub(super) used_epoch: AtomicU32,
    pub(super) last_activity_ms: AtomicU64,
    pub(super) rates: SessionRates,
    // Its user, if that is verified: counts the user's sessions. Given back when the session ends.
    pub(super) account: Option<Arc<User>>,
    // The timers set when it last lost its connection.
    pub(super) grace_timers: Mutex<Option<[TimerId; 2]>>,
    // Tells which frames of a live session were written. Set once, by its connection.
    pub(super) written: OnceLock<Arc<dyn WrittenFrames>>,
    // Whether the sender of a frame that a live session has handed out waits for a receipt. Written under `state`.
    pub(super) awaits_written: AtomicBool,
    // Pings that no pong has answered.
    pub(super) awaited_pongs: AtomicU32,
    // Set by the registry when the peer id no longer refers to this session.
    pub(super) unlisted: AtomicBool,
    // Guards the mailbox and the presence queue. The one lock that senders contend for.
    pub(super) state: Mutex<SessionState<Arc<Room>>>,
}

/// The state of a session as a sender.
#[derive(Debug, Default)]
pub(super) struct SenderState {
    /// The rooms the session joined. May contain rooms it was removed from; their membership is revoked.
    pub(super) memberships: Vec<(RoomName, Arc<Room>, Arc<Membership>)>,
    /// The recipient of the last envelope: the next envelope usually has the same one.
    pub(super) last_recipient: Option<(PeerId, Weak<Session>)>,
}

/// The locked state of a session.
pub(super) type SessionGuard<'a> = MutexGuard<'a, SessionState<Arc<Room>>>;

impl Session {
    /// Makes a session that is attached in epoch 1.
    pub(super) fn new(now: Now, open: Open, incarnation: u64, account: Option<Arc<User>>) -> Self {
        Self {
            peer: open.credentials.peer,
            incarnation,
            secret_digest: open.credentials.secret_digest,
            user: open.user,
            verified: open.verified,
            grants: Mutex::new(boxed(open.grants)),
            grants_version: AtomicU32::new(0),
            display_name: open.display_name,
            metadata: open.metadata,
            kind: open.kind,
            opened_ms: now.mono_ms,
            source: open.source,
            request: open.request,
            detached_order: AtomicU64::new(0),
            sender: Mutex::default(),
            applied: AtomicU32::new(0),
            attached_epoch: AtomicU32::new(1),
            used_epoch: AtomicU32::new(0),
            last_activity_ms: AtomicU64::new(now.mono_ms),
            rates: SessionRates::default(),
            account,
            grace_timers: Mutex::new(None),
            written: OnceLock::new(),
            awaits_written: AtomicBool::new(false),
            awaited_pongs: AtomicU32::new(0),
            unlisted: AtomicBool::new(false),
            state: Mutex::new(SessionState::new(open.kind)),
        }
    }

    /// Notes that the session is no longer one of its user's. To be called once.
    pub(super) fn release_account(&self) {
        if let Some(user) = &self.account {
            user.closed();
        }
    }

    pub(super) fn state(&self) -> SessionGuard<'_> {
        lock(&self.state)
    }

    pub(super) fn grants(&self) -> Grants {
        lock(&self.grants).as_deref().cloned().unwrap_or_default()
    }

    /// Returns whether the session has grants, and they match.
    pub(super) fn has_grants(&self, matches: impl FnOnce(&Grants) -> bool) -> bool {
        lock(&self.grants).as_deref().is_some_and(matches)
    }

    pub(super) fn set_grants(&self, grants: Grants) {
        *lock(&self.grants) = boxed(grants);
        // Afterwards: who sees the new number sees the new grants.
        self.grants_version.fetch_add(1, Ordering::Release);
    }

    /// Returns up to which number the frames of a live session were written; 0 if its connection does not tell.
    pub(super) fn written(&self) -> u32 {
        self.written.get().map_or(0, |written| written.written())
    }

    pub(super) fn resumable(&self) -> bool {
        matches!(self.kind, SessionKind::Resumable { .. })
    }

    /// Checks that a client frame is the next one. The caller holds `sender`, and calls [`Self::mark_applied`] once the
    /// frame has taken effect.
    pub(super) fn check_next<E>(&self, epoch: u32, cseq: u32) -> Result<(), StepError<E>> {
        if self.attached_epoch.load(Ordering::Acquire) != epoch {
            let reason = self.state().detach_reason(epoch).unwrap_or(DetachReason::ConnectionLost);
            return Err(StepError::Detached(reason));
        }
        if self.resumable() {
            let applied = self.applied.load(Ordering::Relaxed);
            if cseq == u32::MAX {
                return Err(StepError::Detached(DetachReason::Ended(Reason::SeqExhausted)));
            }
            if cseq != 0 && cseq <= applied {
                return Err(StepError::Seen);
            }
            if cseq != applied + 1 {
                return Err(StepError::Gap { applied });
            }
        }
        Ok(())
    }

    /// Records that a client frame took effect. The caller holds `sender`.
    pub(super) fn mark_applied(&self, cseq: u32) {
        if self.resumable() {
            self.applied.store(cseq, Ordering::Release);
        }
    }
}

fn boxed(grants: Grants) -> Option<Box<Grants>> {
    (grants != Grants::default()).then(|| Box::new(grants))
}
