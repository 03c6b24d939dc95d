//! The event queue of a watcher of rooms.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    task::Waker,
};

use crate::{
    frame::{Change, RoomEvent},
    id::RoomName,
    snapshot::Snapshot,
};

/// An event for a watcher.
#[derive(Clone, Debug)]
pub enum WatchEvent {
    /// A room that existed when the watch began.
    Snapshot(Arc<Snapshot>),
    /// All snapshots have been delivered.
    Synced,
    /// A change.
    Change(Arc<RoomEvent>),
}

/// The result of [`Watch::poll`].
#[derive(Debug)]
pub enum WatchPoll {
    /// The next event.
    Event(WatchEvent),
    /// Nothing is ready; the waker is stored.
    Idle,
    /// The watcher was too slow and missed events: start a new watch.
    TooSlow,
    /// The backend was away from its store and may have missed events: start a new watch.
    Lost,
}

/// Where a watch gets the rooms that exist, some at a time.
pub trait SnapshotPages: Send + Sync {
    /// Queues the next snapshots, in byte order of the rooms' names after `after`, with [`Watch::snapshot`], and then calls
    /// [`Watch::end_page`]: before this returns, or later. Called once for each page, when its reader has read the one
    /// before.
    fn request(&self, watch: &Watch, after: Option<&RoomName>);
}

/// Pages of rooms that are read in one poll at most: the watcher may see none of their rooms.
const PAGES_PER_POLL: usize = 4;

/// Returns whether a watch shows a room.
type Shows = Box<dyn Fn(&RoomName) -> bool + Send + Sync>;

/// A watch of all rooms, or of one. Owned by its reader; the backend keeps a weak reference.
pub struct Watch {
    only: Option<RoomName>,
    /// Of these rooms, those for which it holds.
    shows: OnceLock<Shows>,
    capacity: usize,
    pages: Box<dyn SnapshotPages>,
    // Guards the queue and the reader's waker. A std mutex: critical sections are short and never span an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<WatchEvent>,
    /// How many of the queued events are snapshots. They do not count towards the capacity.
    snapshots: usize,
    /// Changes that happened while the snapshots were taken; delivered after `Synced`.
    early: VecDeque<WatchEvent>,
    known: HashSet<RoomName>,
    /// The last room of the pages that were read.
    cursor: Option<RoomName>,
    /// A page was requested and is not complete.
    requested: bool,
    synced: bool,
    overflowed: bool,
    lost: bool,
    waker: Option<Waker>,
}

impl Watch {
    /// Makes a watch that queues at most `capacity` events, not counting the snapshots of a page.
    #[must_use]
    pub fn new(only: Option<RoomName>, capacity: usize, pages: Box<dyn SnapshotPages>) -> Self {
        Self { only, shows: OnceLock::new(), capacity, pages, state: Mutex::default() }
    }

    /// Leaves out the rooms for which `shows` does not hold: from now on they take no place in the queue. Called once, before
    /// the first poll; it is called with rooms locked, and must not block.
    pub fn restrict(&self, shows: impl Fn(&RoomName) -> bool + Send + Sync + 'static) {
        // A second call would change nothing.
        let _ = self.shows.set(Box::new(shows));
    }

    /// Returns the next event, or stores the waker. After [`PAGES_PER_POLL`] pages without an event other tasks run first.
    pub fn poll(&self, waker: &Waker) -> WatchPoll {
        let mut pages = 0;
        loop {
            let mut state = self.state();
            if state.lost {
                return WatchPoll::Lost;
            }
            if state.overflowed {
                return WatchPoll::TooSlow;
            }
            if let Some(event) = state.queue.pop_front() {
                state.snapshots -= usize::from(matches!(event, WatchEvent::Snapshot(_)));
                return WatchPoll::Event(event);
            }
            if state.synced || state.requested {
                state.waker = Some(waker.clone());
                return WatchPoll::Idle;
            }
            if pages == PAGES_PER_POLL {
                waker.wake_by_ref();
                return WatchPoll::Idle;
            }
            pages += 1;
            state.requested = true;
            let after = state.cursor.clone();
            drop(state); // Snapshots are taken while their rooms are locked, which comes first.
            self.pages.request(self, after.as_ref());
        }
    }

    /// Returns whether this watch covers the room.
    #[must_use]
    pub fn wants(&self, room: &RoomName) -> bool {
        self.only.as_ref().is_none_or(|only| only == room) && self.shows.get().is_none_or(|shows| shows(room))
    }

    /// Queues the snapshot of an existing room. The caller holds the room's lock.
    pub fn snapshot(&self, snapshot: impl FnOnce() -> Snapshot, room: &RoomName) {
        let mut state = self.state();
        if self.wants(room) && state.known.insert(room.clone()) {
            let snapshot = Arc::new(snapshot());
            self.push(&mut state, WatchEvent::Snapshot(snapshot));
        }
    }

    /// Returns the room that is watched, if it is one.
    #[must_use]
    pub fn only(&self) -> Option<&RoomName> {
        self.only.as_ref()
    }

    /// Marks the end of a page of snapshots. `last`: the last room that was looked at; `None` if no rooms follow.
    pub fn end_page(&self, last: Option<RoomName>) {
        let mut state = self.state();
        state.requested = false;
        if last.is_some() {
            state.cursor = last;
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
            return;
        }
        state.synced = true;
        self.push(&mut state, WatchEvent::Synced);
        for event in std::mem::take(&mut state.early) {
            self.push(&mut state, event);
        }
    }

    /// Ends the watch, since events may be missing. Wakes its reader.
    pub fn lose(&self) {
        {
            let mut state = self.state();
            *state = State { lost: true, waker: state.waker.take(), ..State::default() };
        }
        self.wake();
    }

    /// Queues a change. The caller holds the room's lock, so a room's changes are queued in order and none precedes the
    /// room's snapshot.
    pub fn change(&self, event: &Arc<RoomEvent>) {
        if !self.wants(&event.room) {
            return;
        }
        let mut state = self.state();
        if state.lost || state.overflowed {
            return;
        }
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
            self.overflow(&mut state);
        }
    }

    /// Wakes the reader, for instance because the node is going away.
    pub fn wake(&self) {
        let waker = self.state().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn push(&self, state: &mut State, event: WatchEvent) {
        let snapshot = matches!(event, WatchEvent::Snapshot(_));
        if !snapshot && state.queue.len() - state.snapshots >= self.capacity {
            return self.overflow(state);
        }
        if !state.overflowed {
            state.snapshots += usize::from(snapshot);
            state.queue.push_back(event);
        }
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    /// Cuts off a watcher that is too slow, and frees what it has not read.
    fn overflow(&self, state: &mut State) {
        *state = State { overflowed: true, waker: state.waker.take(), ..State::default() };
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("only", &self.only).finish_non_exhaustive()
    }
}
