//! The embedded backend: everything in this process, behind short locks.
//!
//! # Locks
//!
//! In this order, and never two of one kind at a time:
//!
//! 1. `Session::inlet` — serializes the frames of one client: recognizing a frame and giving it effect are one step.
//! 2. `Room::state` — who is in the room; serializes the room's changes.
//! 3. `Session::state` — one receiver's mailbox and presence.
//!
//! Registries (sessions by peer id, rooms by name) are read-write locks held for a look-up only. Wakers are called after
//! the session's lock is released. A directed envelope takes one lock that is shared with anybody else: the receiver's.

mod attachment;
mod backend;
mod delivery;
mod lifecycle;
mod registry;
mod rooms;
mod seats;
mod timers;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use self::{
    attachment::MemoryAttachment,
    registry::Sessions,
    timers::{TimerId, Timers},
};
use crate::{
    backend::Reached,
    error::{Cut, StepError},
    id::{PeerId, RoomName},
    limits::Limits,
    member::{Metadata, RoomInfo},
    reason::Reason,
    room::RoomState,
    session::{Grade, SessionState},
    time::Now,
    watch::Watch,
};

/// Answers remembered by request id at a time. Beyond it a repetition runs again.
const MAX_ANSWERS: usize = 100_000;

/// The backend of a single node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MemoryBackend {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: Limits,
    sessions: Sessions,
    // Ordered by name, so that pages of rooms have a stable order. Written when rooms come and go.
    rooms: RwLock<BTreeMap<RoomName, Arc<Room>>>,
    timers: Timers,
    // Written when watchers come; read at every change of a room.
    watches: RwLock<Vec<Weak<Watch>>>,
    // Answers by request id. Held while a call with such an id runs, so that its repetition waits for the answer.
    answers: Mutex<BTreeMap<String, Answer>>,
    counters: Counters,
    // Of the session that is opened next.
    incarnation: AtomicU64,
}

#[derive(Clone, Debug)]
enum Answer {
    Created(RoomInfo),
    Sent(Reached),
}

#[derive(Debug, Default)]
struct Counters {
    delivered: AtomicU64,
    undeliverable: AtomicU64,
    resumed: AtomicU64,
    slow_consumers: AtomicU64,
}

#[derive(Debug)]
struct Room {
    name: RoomName,
    // Guards who is in the room. Held while a change is told to all members, so that all hear changes in one order.
    state: Mutex<RoomState<Chair>>,
    // That which was set when it last became empty.
    timer: Mutex<Option<TimerId>>,
}

/// What the room keeps with each seat.
#[derive(Clone, Debug)]
struct Chair {
    session: Arc<Session>,
    ticket: Arc<Ticket>,
}

/// The right to act in a room. Torn before anybody hears that the member left, so that nobody hears from it after.
#[derive(Debug, Default)]
struct Ticket {
    torn: AtomicBool,
}

impl Ticket {
    fn tear(&self) {
        self.torn.store(!sabotaged!("ticket-not-torn"), Ordering::Release);
    }

    fn valid(&self) -> bool {
        !self.torn.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
struct Session {
    peer: PeerId,
    // Tells it from others that had the same peer id.
    incarnation: u64,
    secret_digest: [u8; 32],
    user: Arc<str>,
    verified: bool,
    display_name: Arc<str>,
    metadata: Metadata,
    grade: Grade,
    // Serializes this client's frames. Nobody else takes it, except a resume.
    inlet: Mutex<Inlet>,
    // The last client frame that took effect. Written under `inlet`, read by the connection for its acks.
    applied: AtomicU32,
    // The epoch that is attached, 0 when none is. Written under `state`.
    live_epoch: AtomicU32,
    // The highest epoch a client frame was heard in, and when the last one was. No lock: read when it resumes.
    used_epoch: AtomicU32,
    heard_ms: AtomicU64,
    // The client's pace: when, in microseconds, it will have used up what it sent so far (generic cell rate algorithm).
    paced_us: AtomicU64,
    // Those that were set when it last lost its connection.
    timers: Mutex<Option<[TimerId; 2]>>,
    // Whether the peer id still leads here. Written by the registry, when it does no longer.
    unlisted: AtomicBool,
    // Guards the mailbox and presence. The one lock a sender takes.
    state: Mutex<SessionState<Arc<Room>>>,
}

/// Where a client's frames come in.
#[derive(Debug, Default)]
struct Inlet {
    /// The rooms the session joined. May name some it was removed from: their ticket is torn.
    tickets: Vec<(RoomName, Arc<Room>, Arc<Ticket>)>,
    /// Whom the last envelope was for: the next one mostly is for them too.
    last: Option<(PeerId, Weak<Session>)>,
}

impl Session {
    fn state(&self) -> MutexGuard<'_, SessionState<Arc<Room>>> {
        lock(&self.state)
    }

    fn resumable(&self) -> bool {
        matches!(self.grade, Grade::Resumable { .. })
    }

    /// Checks that a client frame is the next one. To be called with the inlet locked; [`Self::applied`] follows when the
    /// frame has taken effect.
    fn next<E>(&self, epoch: u32, cseq: u32) -> Result<(), StepError<E>> {
        if self.live_epoch.load(Ordering::Acquire) != epoch && !sabotaged!("older-epoch-heard") {
            return Err(StepError::Cut(self.state().cut(epoch).unwrap_or(Cut::Detached)));
        }
        if self.resumable() && !sabotaged!("frames-applied-twice") {
            let applied = self.applied.load(Ordering::Relaxed);
            if cseq == u32::MAX {
                return Err(StepError::Cut(Cut::Ended(Reason::SeqExhausted)));
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

    /// Uses a client frame's number up.
    fn used(&self, cseq: u32) {
        if self.resumable() {
            self.applied.store(cseq, Ordering::Release);
        }
    }
}

impl MemoryBackend {
    /// An empty backend.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                sessions: Sessions::default(),
                rooms: RwLock::default(),
                timers: Timers::default(),
                watches: RwLock::default(),
                answers: Mutex::default(),
                counters: Counters::default(),
                incarnation: AtomicU64::new(0),
            }),
        }
    }

    fn attach(&self, session: Arc<Session>, epoch: u32) -> Arc<MemoryAttachment> {
        Arc::new(MemoryAttachment { shared: self.shared.clone(), session, epoch })
    }
}

impl Shared {
    /// Runs a request once per request id: a repetition gets the first answer. Requests without an id always run.
    /// Failures are not remembered.
    fn once<T: Clone, E>(
        &self,
        now: Now,
        request_id: &str,
        unwrap: impl FnOnce(&Answer) -> Option<T>,
        wrap: impl FnOnce(T) -> Answer,
        run: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if request_id.is_empty() {
            return run();
        }
        let mut answers = lock(&self.answers);
        if let Some(answer) = answers.get(request_id).filter(|_| !sabotaged!("request-id-forgotten")).and_then(unwrap) {
            return Ok(answer);
        }
        let answer = run()?;
        if answers.len() < MAX_ANSWERS {
            answers.insert(request_id.to_owned(), wrap(answer.clone()));
            self.timers.at(now.mono_ms + self.limits.request_id_ms, timers::Due::Answer(request_id.to_owned()));
        }
        Ok(answer)
    }
}

/// A lock whose holder panicked is used on: every critical section here leaves its state whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    #[cfg(wigwag_sabotage)]
    crate::sabotage::stumble();
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    #[cfg(wigwag_sabotage)]
    crate::sabotage::stumble();
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    #[cfg(wigwag_sabotage)]
    crate::sabotage::stumble();
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
