//! Which of a connection's sources have something to look at.

use std::sync::Arc;
use std::task::{Context, Waker};

use wigwag_poll::WakeSet;

/// What a connection waits for. Together: a set of them.
pub(super) mod source {
    /// The client's frames, and the effect of one that is under way.
    pub(in super::super) const INPUT: u64 = 1;
    /// What the session holds for the client.
    pub(in super::super) const SESSION: u64 = 1 << 1;
    /// The clock.
    pub(in super::super) const TIME: u64 = 1 << 2;
    /// All of it.
    pub(in super::super) const ALL: u64 = INPUT | SESSION | TIME;
}

/// Stands between what a connection waits for and its task, and says which source woke it: polling the others would cost
/// more than handling a frame. A transport also asks a connection for more whenever it has room, which is far more often
/// than there is anything new.
pub(super) struct WakeFlags {
    set: Arc<WakeSet>,
    wakers: [Waker; 3],
}

impl WakeFlags {
    /// All sources count as woken: none has been polled yet.
    pub(super) fn new() -> Self {
        let set = Arc::new(WakeSet::new(source::ALL));
        Self { wakers: [source::INPUT, source::SESSION, source::TIME].map(|source| set.waker(source)), set }
    }

    /// Removes and returns the sources woken since the last call. Those woken later wake the task of `cx`.
    pub(super) fn take(&self, cx: &Context<'_>) -> u64 {
        self.set.register(cx.waker());
        self.set.take()
    }

    /// Removes and returns those of `sources` that were woken. Only for sources that cannot be woken while they are
    /// polled: the input is not, so that other tasks get their turn.
    pub(super) fn take_only(&self, sources: u64) -> u64 {
        self.set.take_only(sources)
    }

    /// Lends the waker for the input, which must be given back.
    pub(super) fn lend_for_input(&mut self) -> Waker {
        std::mem::replace(&mut self.wakers[0], Waker::noop().clone())
    }

    /// Takes back what was lent. A clone would cost more: its reference count lies in another cache line.
    pub(super) fn give_back(&mut self, for_input: Waker) {
        self.wakers[0] = for_input;
    }

    /// The waker for the session.
    pub(super) fn for_session(&self) -> &Waker {
        &self.wakers[1]
    }

    /// A waker for the clock.
    pub(super) fn for_time(&self) -> Waker {
        self.wakers[2].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wigwag_poll::WakeCount;

    #[test]
    fn it_wakes_once_for_all_that_rang_and_again_after_a_look() {
        let (count, task) = WakeCount::new();
        let cx = Context::from_waker(&task);
        let mut wakes = WakeFlags::new();
        assert_eq!(wakes.take(&cx), source::ALL);
        assert_eq!(wakes.take(&cx), 0);
        wakes.for_session().wake_by_ref();
        wakes.for_session().wake_by_ref();
        wakes.for_time().wake();
        assert_eq!(count.get(), 1);
        assert_eq!(wakes.take(&cx), source::SESSION | source::TIME);
        let waker = wakes.lend_for_input();
        waker.wake_by_ref();
        wakes.give_back(waker);
        assert_eq!(count.get(), 2);
        wakes.for_session().wake_by_ref();
        assert_eq!(wakes.take_only(source::SESSION), source::SESSION);
        assert_eq!(wakes.take_only(source::SESSION), 0);
        wakes.for_session().wake_by_ref();
        assert_eq!(count.get(), 2, "the task is still to come for its input");
        assert_eq!(wakes.take(&cx), source::INPUT | source::SESSION);
    }
}
