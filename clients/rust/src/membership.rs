//! This session's membership in a room, as the driver keeps it up to date and the handles read it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{Notify, watch};

use crate::{core::roster::Roster, event::Event, member::Member};

/// What all handles to one joined room share.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) room: Arc<str>,
    pub(crate) roster: watch::Receiver<Roster>,
    pub(crate) events: async_channel::Receiver<Event>,
    /// Whether joining created the room.
    pub(crate) created: bool,
    /// The members that were there when this session joined.
    pub(crate) found: Vec<Member>,
    pub(crate) claim: Claim,
}

/// Whether a caller has got the membership. One that no caller got is given back: the client leaves the room.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    taken: Arc<AtomicBool>,
    /// Wakes the driver when a membership is dropped that no caller got.
    unclaimed: Arc<Notify>,
}

impl Claim {
    pub(crate) fn new(unclaimed: Arc<Notify>) -> Self {
        Self { taken: Arc::default(), unclaimed }
    }

    /// Records that a caller has got the membership, and is responsible for leaving the room.
    pub(crate) fn take(&self) {
        self.taken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if !self.claim.is_taken() {
            self.claim.unclaimed.notify_one();
        }
    }
}
