//! What a watcher of rooms has not read yet.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
};

use crate::{
    frame::{Change, RoomEvent},
    id::RoomName,
    member::Snapshot,
};

/// One thing for a watcher.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// A room that was there when the watch began.
    Snapshot(Arc<Snapshot>),
    /// All snapshots have been given.
    Synced,
    /// A change.
    Change(Arc<RoomEvent>),
}

/// The answer to [`Watch::poll`].
#[derive(Debug)]
pub enum Watched {
    /// The next event.
    Event(WatchEvent),
    /// Nothing now; the waker is kept.
    Idle,
    /// The watcher was too slow and missed something: watch again.
    TooSlow,
}

/// A watch of all rooms, or of one. Held by its reader; the backend keeps a weak reference.
#[derive(Debug)]
pub struct Watch {
    only: Option<RoomName>,
    capacity: usize,
    // Short critical sections, never across an await: a std mutex. Guards the queue and the reader's waker.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<WatchEvent>,
    /// How many of the queued are snapshots: they do not count as lag.
    snapshots: usize,
    /// Changes that came while the snapshots were being taken; they follow behind `synced`.
    early: VecDeque<WatchEvent>,
    known: HashSet<RoomName>,
    synced: bool,
    overflowed: bool,
    waker: Option<Waker>,
}

impl Watch {
    /// A watch that may be `capacity` events behind, the rooms there are at its beginning aside.
    #[must_use]
    pub fn new(only: Option<RoomName>, capacity: usize) -> Self {
        Self { only, capacity, state: Mutex::default() }
    }

    /// The next event, or leaves the waker.
    pub fn poll(&self, waker: &Waker) -> Watched {
        let mut state = self.state();
        if state.overflowed {
            return Watched::TooSlow;
        }
        if let Some(event) = state.queue.pop_front() {
            state.snapshots -= usize::from(matches!(event, WatchEvent::Snapshot(_)));
            return Watched::Event(event);
        }
        state.waker = Some(waker.clone());
        Watched::Idle
    }

    /// Whether this watch is about that room.
    #[must_use]
    pub fn wants(&self, room: &RoomName) -> bool {
        self.only.as_ref().is_none_or(|only| only == room)
    }

    /// Tells of a room that exists. The caller holds the room's lock.
    pub fn snapshot(&self, snapshot: impl FnOnce() -> Snapshot, room: &RoomName) {
        let mut state = self.state();
        if self.wants(room) && state.known.insert(room.clone()) {
            let snapshot = Arc::new(snapshot());
            self.push(&mut state, WatchEvent::Snapshot(snapshot));
        }
    }

    /// Tells that all existing rooms have been told of.
    pub fn synced(&self) {
        let mut state = self.state();
        state.synced = true;
        self.push(&mut state, WatchEvent::Synced);
        for event in std::mem::take(&mut state.early) {
            self.push(&mut state, event);
        }
    }

    /// Tells of a change. The caller holds the room's lock, so a room's changes come in order, and none comes before
    /// the room's snapshot.
    pub fn change(&self, event: &Arc<RoomEvent>) {
        if !self.wants(&event.room) {
            return;
        }
        let mut state = self.state();
        match event.change {
            Change::Created(_) => drop(state.known.insert(event.room.clone())),
            Change::Ended(_) if !state.known.remove(&event.room) => return,
            _ if !matches!(event.change, Change::Ended(_)) && !state.known.contains(&event.room) => return,
            _ => {}
        }
        let event = WatchEvent::Change(event.clone());
        if state.synced {
            self.push(&mut state, event);
        } else if state.early.len() < self.capacity {
            state.early.push_back(event);
        } else {
            state.overflowed = true;
        }
    }

    /// Makes the reader look again, for instance because the node is going away.
    pub fn wake(&self) {
        let waker = self.state().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn push(&self, state: &mut State, event: WatchEvent) {
        let snapshot = matches!(event, WatchEvent::Snapshot(_));
        if !snapshot && state.queue.len() - state.snapshots >= self.capacity {
            state.overflowed = true;
            (state.queue, state.snapshots) = (VecDeque::new(), 0);
        } else if !state.overflowed {
            state.snapshots += usize::from(snapshot);
            state.queue.push_back(event);
        }
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
