//! Wakes a stream, and resets it from outside its connection.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use std::task::{Wake, Waker};

use http::Extensions;
use wigwag_poll::WakeSet;

/// Resets the stream of a request. Each request has one among its extensions; it is cheap to clone and may outlive the
/// stream.
#[derive(Clone, Debug)]
pub struct StreamHandle(Arc<StreamSignal>);

impl StreamHandle {
    pub(crate) fn new(signal: Arc<StreamSignal>) -> Self {
        Self(signal)
    }

    /// Returns the handle of a request's stream.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().cloned()
    }

    /// Resets the stream with CANCEL at once, and discards what was not sent: for a client that does not read. Other
    /// streams of the connection are not affected. Does nothing once the stream is closed.
    pub fn reset(&self) {
        self.0.reset.store(true, Release);
        self.0.notify();
    }
}

/// The waker of a stream. Several streams share a bit of the connection's [`WakeSet`]; the flag tells which was woken.
#[derive(Debug)]
pub(crate) struct StreamSignal {
    bit: u64,
    wakes: Arc<WakeSet>,
    woken: AtomicBool,
    reset: AtomicBool,
}

impl StreamSignal {
    /// Creates the signal of a stream that is to be polled.
    pub(crate) fn new(bit: u64, wakes: Arc<WakeSet>) -> Arc<Self> {
        Arc::new(Self { bit, wakes, woken: AtomicBool::new(true), reset: AtomicBool::new(false) })
    }

    pub(crate) fn waker(self: &Arc<Self>) -> Waker {
        self.clone().into()
    }

    fn notify(&self) {
        self.set_woken();
        self.wakes.wake(self.bit);
    }

    /// Has the stream polled the next time its bit is.
    pub(crate) fn set_woken(&self) {
        self.woken.store(true, Release);
    }

    /// Returns whether the stream was woken since the last call.
    pub(crate) fn take_woken(&self) -> bool {
        // Load first: most streams that share a bit were not woken.
        self.woken.load(Relaxed) && self.woken.swap(false, AcqRel)
    }

    /// Returns whether the stream is to be reset.
    pub(crate) fn is_reset(&self) -> bool {
        self.reset.load(Acquire)
    }
}

impl Wake for StreamSignal {
    fn wake(self: Arc<Self>) {
        self.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify();
    }
}
