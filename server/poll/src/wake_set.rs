//! Which of the sources a task waits for have woken it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::{Wake, Waker};

use atomic_waker::AtomicWaker;

/// The bit that says that the task is running and need not be woken.
const RUNNING: u64 = 1 << 63;

/// A set of sources, one bit each, between what a task waits for and the task.
///
/// Each source gets a [`waker`](Self::waker) for its bit. Waking it adds the bit and wakes the task, unless the task has
/// been woken already and has not looked yet. The task then polls only the sources whose bits it finds, which for most
/// turns is one of several. Bits 0 to 62 are free to use.
///
/// A task reads the set in one of two ways. [`take`](Self::take) suits one that looks once in a turn: whatever is woken
/// from then on wakes the task again. [`unpark`](Self::unpark) and [`park`](Self::park) suit one that loops: while it
/// runs, sources only add their bits, which costs no wake-up.
#[derive(Debug, Default)]
pub struct WakeSet {
    woken: AtomicU64,
    task: AtomicWaker,
}

impl WakeSet {
    /// Creates a set in which the sources `woken` count as woken already.
    pub fn new(woken: u64) -> Self {
        Self { woken: AtomicU64::new(woken & !RUNNING), task: AtomicWaker::new() }
    }

    /// Returns a waker for the sources in `bits`.
    pub fn waker(self: &Arc<Self>, bits: u64) -> Waker {
        Arc::new(Source { bits, set: self.clone() }).into()
    }

    /// Sets the task that the next wake-up is for. Call it once in each turn, before reading the set: a source woken in
    /// between is then found by the read or wakes the task.
    pub fn register(&self, task: &Waker) {
        self.task.register(task);
    }

    /// Adds `bits`; wakes the task if it is not running and nothing was in the set.
    pub fn wake(&self, bits: u64) {
        if self.woken.fetch_or(bits, SeqCst) == 0 {
            self.task.wake();
        }
    }

    /// Removes and returns what is in the set. Sources woken later wake the task.
    pub fn take(&self) -> u64 {
        // Read first: the set is mostly empty, and a write would take the cache line from the next source to wake.
        if self.woken.load(SeqCst) == 0 { 0 } else { self.woken.swap(0, SeqCst) & !RUNNING }
    }

    /// Removes and returns those of `bits` that are in the set, and leaves the others.
    pub fn take_only(&self, bits: u64) -> u64 {
        if self.woken.load(SeqCst) & bits == 0 { 0 } else { self.woken.fetch_and(!bits, SeqCst) & bits }
    }

    /// Removes and returns what is in the set, and marks the task as running until [`park`](Self::park).
    pub fn unpark(&self) -> u64 {
        self.woken.swap(RUNNING, SeqCst) & !RUNNING
    }

    /// Marks the task as waiting, and returns `true`. Returns `false` when a source was woken since
    /// [`unpark`](Self::unpark): then the task still counts as running and must look again.
    pub fn park(&self) -> bool {
        self.woken.compare_exchange(RUNNING, 0, SeqCst, SeqCst).is_ok()
    }
}

struct Source {
    bits: u64,
    set: Arc<WakeSet>,
}

impl Wake for Source {
    fn wake(self: Arc<Self>) {
        self.set.wake(self.bits);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.set.wake(self.bits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WakeCount;

    const INPUT: u64 = 1;
    const CLOCK: u64 = 1 << 1;
    const LAST: u64 = 1 << 62;

    #[test]
    fn a_task_that_takes_is_woken_once_for_all_and_again_after_it() {
        let (set, (count, task)) = (Arc::new(WakeSet::new(INPUT | CLOCK)), WakeCount::new());
        set.register(&task);
        assert_eq!((set.take(), set.take()), (INPUT | CLOCK, 0));
        set.waker(INPUT).wake();
        set.waker(LAST).wake_by_ref();
        set.waker(INPUT).wake_by_ref();
        assert_eq!(count.get(), 1);
        assert_eq!(set.take_only(INPUT), INPUT);
        assert_eq!(set.take_only(INPUT), 0);
        set.wake(INPUT);
        assert_eq!(count.get(), 1, "the task has not looked at the other source yet");
        set.register(&task);
        assert_eq!(set.take(), INPUT | LAST);
        set.wake(CLOCK);
        assert_eq!(count.get(), 2);
    }

    #[test]
    fn a_running_task_is_not_woken_and_cannot_park_over_a_wake() {
        let (set, (count, task)) = (Arc::new(WakeSet::default()), WakeCount::new());
        set.register(&task);
        set.waker(INPUT).wake();
        set.waker(LAST).wake_by_ref();
        assert_eq!(count.get(), 1);
        assert_eq!(set.unpark(), INPUT | LAST);
        set.waker(CLOCK).wake();
        assert_eq!(count.get(), 1);
        assert!(!set.park());
        assert_eq!(set.unpark(), CLOCK);
        assert!(set.park());
        set.register(&task);
        set.waker(CLOCK).wake();
        assert_eq!(count.get(), 2);
    }
}
