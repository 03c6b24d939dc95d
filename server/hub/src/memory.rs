//! The in-memory backend: all state in this process, guarded by short locks.
//!
//! # Locks
//!
//! Taken in this order, and never two of one kind at a time:
//!
//! 1. `Session::sender` — serializes the frames of one client, so that detecting a frame that was already applied and
//!    applying a new one are one step.
//! 2. `Room::state` — the members of a room; serializes the room's changes.
//! 3. `Session::state` — one receiver's mailbox and presence queue.
//!
//! Registries (sessions by peer id, rooms by name) are read-write locks held for a lookup only. Wakers are called after
//! the session's lock is released. A directed envelope takes a single lock that other threads contend for: the receiver's
//! `Session::state`.

mod attachment;
mod backend;
mod delivery;
mod detached;
mod drain;
mod entities;
mod events;
mod expiry;
mod lifecycle;
mod lock;
mod memberships;
mod namespaces;
mod rates;
mod registry;
mod responses;
mod room_requests;
mod rooms;
mod run_once;
mod sessions;
mod shared;
#[cfg(test)]
mod tests;
mod timers;
mod watchers;

use std::sync::Arc;

use self::{attachment::MemoryAttachment, entities::Session, shared::Shared};
use crate::limits::Limits;

/// The backend of a single node, in one of its namespaces. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MemoryBackend {
    // Of its namespace.
    shared: Arc<Shared>,
    // Of the empty one, which knows the others.
    root: Arc<Shared>,
}

impl MemoryBackend {
    /// Makes an empty backend.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let root = Shared::new(limits);
        Self { shared: root.clone(), root }
    }

    fn attach(&self, session: Arc<Session>, epoch: u32) -> Arc<MemoryAttachment> {
        Arc::new(MemoryAttachment { shared: self.shared.clone(), session, epoch })
    }
}
