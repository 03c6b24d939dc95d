//! What other tasks can see of a connection's writing.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
};

use wigwag_hub::backend::WrittenFrames;
use wigwag_poll::{SendMarks, WakeSet};

/// Whether a connection has something to write, and whether its transport takes it. Written by the connection, read by the
/// task that closes connections whose client does not read: a transport does not poll such a connection.
#[derive(Debug)]
pub struct WriteActivity {
    wakes: Arc<WakeSet>,
    /// There are frames that the transport does not take at present.
    blocked: AtomicBool,
    /// Counts the times that the transport took something, or found nothing to take.
    polls: AtomicU32,
}

impl WriteActivity {
    pub(super) fn new(wakes: Arc<WakeSet>) -> Arc<Self> {
        Arc::new(Self { wakes, blocked: AtomicBool::new(false), polls: AtomicU32::new(0) })
    }

    /// Notes that the transport polled for frames, or took a part of one.
    pub(super) fn polled(&self) {
        // One task writes: a load and a store suffice.
        self.polls.store(self.polls.load(Relaxed).wrapping_add(1), Relaxed);
        if self.blocked.load(Relaxed) {
            self.blocked.store(false, Relaxed);
        }
    }

    /// Notes that the transport takes nothing at present although there is something to write.
    pub(super) fn set_blocked(&self) {
        self.blocked.store(true, Relaxed);
    }

    /// Returns whether something waits to be written.
    pub(crate) fn is_waiting(&self) -> bool {
        self.blocked.load(Relaxed) || !self.wakes.is_empty()
    }

    /// Returns a number that changes whenever the transport takes something.
    pub(crate) fn polls(&self) -> u32 {
        self.polls.load(Relaxed)
    }
}

/// The marks of a live session's connection.
#[derive(Debug, Default)]
pub(super) struct Written(pub(super) SendMarks);

impl WrittenFrames for Written {
    fn written(&self) -> u32 {
        self.0.sent()
    }
}
