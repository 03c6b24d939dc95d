//! The set of sources that have woken a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::{Wake, Waker};

use atomic_waker::AtomicWaker;

/// Marks the task as running, so that it need not be woken.
const RUNNING: u64 = 1 << 63;

/// Records, with one bit each, which of the sources a task waits for have woken it.
///
/// Each source gets a [`waker`](Self::waker) for its bit. Waking it adds the bit to the set, and wakes the task if the set
/// was empty. The task then polls only the sources in the set, mostly one of several. Bits 0 to 62 are available.
///
/// A task reads the set in one of two ways. [`take`](Self::take) suits a task that reads the set once in each poll: any
/// source woken later wakes the task again. [`unpark`](Self::unpark) and [`park`](Self::park) suit a task that loops: while
/// it runs, sources only add their bits and do not wake it.
///
/// ```
/// use std::sync::Arc;
/// use std::task::Waker;
///
/// use wigwag_poll::WakeSet;
///
/// const SOCKET: u64 = 1;
/// const TIMER: u64 = 1 << 1;
///
/// let set = Arc::new(WakeSet::default());
/// let (socket, timer) = (set.waker(SOCKET), set.waker(TIMER));
/// set.register(Waker::noop());
/// timer.wake_by_ref();
/// assert_eq!(set.take(), TIMER);
/// assert_eq!(set.take(), 0);
/// socket.wake();
/// assert_eq!(set.take(), SOCKET);
/// ```
#[derive(Debug, Default)]
pub struct WakeSet {
    woken: AtomicU64,
    task: AtomicWaker,
}

impl WakeSet {
    /// Creates a set that contains the sources `woken`, so that the first poll of the task polls them.
    pub fn new(woken: u64) -> Self {
        Self { woken: AtomicU64::new(woken & !RUNNING), task: AtomicWaker::new() }
    }

    /// Returns a waker for the sources in `bits`.
    pub fn waker(self: &Arc<Self>, bits: u64) -> Waker {
        Arc::new(Source { bits, set: self.clone() }).into()
    }

    /// Sets the waker of the task. Call it in each poll before reading the set: a source woken in between is then either in
    /// the set or wakes the task.
    pub fn register(&self, task: &Waker) {
        self.task.register(task);
    }

    /// Adds `bits`; wakes the task if it is not running and the set was empty.
    pub fn wake(&self, bits: u64) {
        if self.woken.fetch_or(bits, SeqCst) == 0 {
            self.task.wake();
        }
    }

    /// Returns whether no source is in the set.
    pub fn is_empty(&self) -> bool {
        self.woken.load(SeqCst) & !RUNNING == 0
    }

    /// Removes and returns all sources in the set. Sources woken later wake the task.
    pub fn take(&self) -> u64 {
        // Load first: the set is mostly empty, and a write would take the cache line from the next source to wake.
        if self.woken.load(SeqCst) == 0 { 0 } else { self.woken.swap(0, SeqCst) & !RUNNING }
    }

    /// Removes and returns those of `bits` that are in the set, and leaves the others.
    pub fn take_only(&self, bits: u64) -> u64 {
        if self.woken.load(SeqCst) & bits == 0 { 0 } else { self.woken.fetch_and(!bits, SeqCst) & bits }
    }

    /// Removes and returns all sources in the set, and marks the task as running until [`park`](Self::park).
    pub fn unpark(&self) -> u64 {
        self.woken.swap(RUNNING, SeqCst) & !RUNNING
    }

    /// Marks the task as waiting and returns `true`. Returns `false` if a source was woken since
    /// [`unpark`](Self::unpark): the task is still running and must read the set again.
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
    fn task_is_woken_once_until_it_takes() {
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
        assert_eq!(count.get(), 1, "the other source is still in the set");
        set.register(&task);
        assert_eq!(set.take(), INPUT | LAST);
        set.wake(CLOCK);
        assert_eq!(count.get(), 2);
    }

    #[test]
    fn running_task_is_not_woken_and_cannot_park_with_woken_sources() {
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
