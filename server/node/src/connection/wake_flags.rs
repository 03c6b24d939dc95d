//! Tracks which event sources of a connection were woken.

use std::{
    sync::Arc,
    task::{Context, Waker},
};

use wigwag_poll::WakeSet;

/// The event sources of a connection, as bits of a set.
pub(super) mod source {
    /// The client's frames, and the frame that is being applied.
    pub(in super::super) const INPUT: u64 = 1;
    /// The session's mailbox.
    pub(in super::super) const SESSION: u64 = 1 << 1;
    /// The timers.
    pub(in super::super) const TIMERS: u64 = 1 << 2;
    /// All sources.
    pub(in super::super) const ALL: u64 = INPUT | SESSION | TIMERS;
}

/// A waker for each event source, which records the source and wakes the connection's task.
///
/// Only woken sources are polled: polling all of them would cost more than handling a frame, and a transport polls the
/// connection whenever it can write, which is far more often than there is anything new.
pub(super) struct WakeFlags {
    set: Arc<WakeSet>,
    wakers: [Waker; 3],
}

impl WakeFlags {
    /// Creates the set with all sources marked as woken, since none has been polled yet.
    pub(super) fn new() -> Self {
        let set = Arc::new(WakeSet::new(source::ALL));
        Self { wakers: [source::INPUT, source::SESSION, source::TIMERS].map(|source| set.waker(source)), set }
    }

    /// Returns the set itself.
    pub(super) fn set(&self) -> &Arc<WakeSet> {
        &self.set
    }

    /// Removes and returns the sources woken since the last call. Those woken later wake the task of `cx`.
    pub(super) fn take(&self, cx: &Context<'_>) -> u64 {
        self.set.register(cx.waker());
        self.set.take()
    }

    /// Removes and returns those of `sources` that were woken. Not for the input, which may be woken while it is
    /// polled: it has to wait for the next poll, so that other tasks can run.
    pub(super) fn take_only(&self, sources: u64) -> u64 {
        self.set.take_only(sources)
    }

    /// Takes the waker for the input, which [`put_input_waker`](Self::put_input_waker) must return.
    pub(super) fn take_input_waker(&mut self) -> Waker {
        std::mem::replace(&mut self.wakers[0], Waker::noop().clone())
    }

    /// Puts back the waker that [`take_input_waker`](Self::take_input_waker) took. Moving it out and back is cheaper than a clone, whose reference count is in
    /// another cache line.
    pub(super) fn put_input_waker(&mut self, waker: Waker) {
        self.wakers[0] = waker;
    }

    /// Returns the waker for the session.
    pub(super) fn session_waker(&self) -> &Waker {
        &self.wakers[1]
    }

    /// Returns a waker for the timers.
    pub(super) fn timer_waker(&self) -> Waker {
        self.wakers[2].clone()
    }
}

#[cfg(test)]
mod tests {
    use wigwag_poll::WakeCount;

    use super::*;

    #[test]
    fn the_task_is_woken_once_until_the_sources_are_taken() {
        let (count, task) = WakeCount::new();
        let cx = Context::from_waker(&task);
        let mut wakes = WakeFlags::new();
        assert_eq!(wakes.take(&cx), source::ALL);
        assert_eq!(wakes.take(&cx), 0);
        wakes.session_waker().wake_by_ref();
        wakes.session_waker().wake_by_ref();
        wakes.timer_waker().wake();
        assert_eq!(count.get(), 1);
        assert_eq!(wakes.take(&cx), source::SESSION | source::TIMERS);
        let waker = wakes.take_input_waker();
        waker.wake_by_ref();
        wakes.put_input_waker(waker);
        assert_eq!(count.get(), 2);
        wakes.session_waker().wake_by_ref();
        assert_eq!(wakes.take_only(source::SESSION), source::SESSION);
        assert_eq!(wakes.take_only(source::SESSION), 0);
        wakes.session_waker().wake_by_ref();
        assert_eq!(count.get(), 2, "the task has not taken its input yet");
        assert_eq!(wakes.take(&cx), source::INPUT | source::SESSION);
    }
}
