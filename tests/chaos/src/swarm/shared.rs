//! State that the sessions of a run share: peer ids, the phase, and how much is in transit to each session.

use std::{
    collections::HashMap,
    sync::{
        OnceLock, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
};

use tokio::sync::watch;

use crate::history::{RoomPlan, UNKNOWN, Where, Who};

/// Maximum number of envelopes in transit to one session. Less than the capacity of a detached mailbox, with space for
/// receipts, so that nothing is undeliverable.
const MAX_ON_THE_WAY: i64 = 150;
/// Maximum number of bytes in transit to one session.
const MAX_BYTES_ON_THE_WAY: i64 = 128 << 10;

/// Phase of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Sessions open and join their rooms.
    Gather,
    /// Sessions send, and their connections break.
    Talk,
    /// Sending has ended: every session requests the rosters of its rooms again.
    Compare,
    /// Finished or given up.
    Over,
}

/// The shared state.
#[derive(Debug)]
pub(super) struct Shared {
    phase: watch::Sender<Phase>,
    rooms: Vec<RoomPlan>,
    names: HashMap<String, Where>,
    ids: Vec<OnceLock<String>>,
    // Written once per session, read for each envelope.
    by_id: RwLock<HashMap<String, Who>>,
    on_the_way: Vec<OnTheWay>,
    /// Number of sessions that have completed the phase.
    ready: AtomicUsize,
    progress: AtomicU64,
}

#[derive(Debug, Default)]
struct OnTheWay {
    envelopes: AtomicI64,
    bytes: AtomicI64,
}

impl Shared {
    pub(super) fn new(sessions: u32, rooms: Vec<RoomPlan>) -> Self {
        let names = (0..).zip(&rooms).map(|(index, room)| (room.name.clone(), index)).collect();
        Self {
            phase: watch::Sender::new(Phase::Gather),
            rooms,
            names,
            ids: (0..sessions).map(|_| OnceLock::new()).collect(),
            by_id: RwLock::default(),
            on_the_way: (0..sessions).map(|_| OnTheWay::default()).collect(),
            ready: AtomicUsize::new(0),
            progress: AtomicU64::new(0),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Starts a phase, which no session has completed yet.
    pub(super) fn enter(&self, phase: Phase) {
        self.ready.store(0, SeqCst);
        self.phase.send_replace(phase);
    }

    pub(super) fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Notes that a session has completed the phase.
    pub(super) fn done(&self) {
        self.ready.fetch_add(1, SeqCst);
        self.note_progress();
    }

    /// Returns whether all sessions have completed the phase and nothing is in transit.
    pub(super) fn all_ready(&self) -> bool {
        self.ready.load(SeqCst) == self.ids.len()
            && self.on_the_way.iter().all(|on_the_way| on_the_way.envelopes.load(SeqCst) == 0)
    }

    pub(super) fn note_progress(&self) {
        self.progress.fetch_add(1, SeqCst);
    }

    pub(super) fn progress(&self) -> u64 {
        self.progress.load(SeqCst)
    }

    pub(super) fn sessions(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    /// Stores the peer id of a session. Returns `false` if the session had another one before.
    pub(super) fn introduce(&self, who: Who, id: &str) -> bool {
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), who);
        self.ids[who as usize].get_or_init(|| id.to_owned()) == id
    }

    pub(super) fn who(&self, id: &str) -> Who {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(id).copied().unwrap_or(UNKNOWN)
    }

    pub(super) fn id(&self, who: Who) -> &str {
        self.ids[who as usize].get().map_or("", String::as_str)
    }

    pub(super) fn rooms(&self) -> &[RoomPlan] {
        &self.rooms
    }

    pub(super) fn room(&self, room: Where) -> &RoomPlan {
        &self.rooms[usize::from(room)]
    }

    /// Returns the room with that name, or an index out of range if there is none.
    pub(super) fn room_named(&self, name: &str) -> Where {
        self.names.get(name).copied().unwrap_or(Where::MAX)
    }

    /// Returns whether a session accepts one more envelope.
    pub(super) fn has_room(&self, who: Who) -> bool {
        let OnTheWay { envelopes, bytes } = &self.on_the_way[who as usize];
        envelopes.load(SeqCst) < MAX_ON_THE_WAY && bytes.load(SeqCst) < MAX_BYTES_ON_THE_WAY
    }

    /// Notes that an envelope of this size is in transit.
    pub(super) fn depart(&self, to: Who, bytes: usize) {
        self.on_the_way[to as usize].envelopes.fetch_add(1, SeqCst);
        self.on_the_way[to as usize].bytes.fetch_add(bytes as i64, SeqCst);
    }

    /// Notes that it has arrived or is undeliverable.
    pub(super) fn arrive(&self, to: Who, bytes: usize) {
        self.on_the_way[to as usize].envelopes.fetch_sub(1, SeqCst);
        self.on_the_way[to as usize].bytes.fetch_sub(bytes as i64, SeqCst);
        self.note_progress();
    }
}
