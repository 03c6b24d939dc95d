//! Who was woken: a bit for each place, in one number.
//!
//! A signal takes two turns of the scheduler: the sender's connection and the receiver's. Streams run inside their
//! connection's task, and only those that were woken are looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::{Wake, Waker};

use atomic_waker::AtomicWaker;

/// The bytes that come in.
pub(crate) const INPUT: u64 = 1;
/// Room for the bytes that go out.
pub(crate) const ROOM: u64 = 1 << 1;
/// The clock.
pub(crate) const CLOCK: u64 = 1 << 2;
/// Where the streams' places begin.
const FIRST: usize = 3;
/// How many there are. Streams beyond share them.
const PLACES: usize = 60;
/// The task is at it: it needs no waking.
const ATTENDED: u64 = 1 << 63;

/// The bit of a stream's place.
pub(super) fn of(slot: usize) -> u64 {
    1 << (FIRST + slot % PLACES)
}

/// The slots below `len` whose place is among `woken`.
pub(super) fn slots(woken: u64, len: usize) -> impl Iterator<Item = usize> {
    let mut places = (woken & !ATTENDED) >> FIRST;
    let next = move || {
        let place = places.trailing_zeros() as usize;
        places &= places.wrapping_sub(1);
        (place < PLACES).then_some(place)
    };
    std::iter::from_fn(next).flat_map(move |place| (place..len).step_by(PLACES))
}

/// Whether [`slots`] gives this slot after another.
pub(super) fn is_behind(slot: usize, other: usize) -> bool {
    (slot % PLACES, slot) > (other % PLACES, other)
}

/// One behind which there is none as long as there are no more slots than places.
pub(super) const LAST_SLOT: usize = PLACES - 1;

/// Rung by whatever a connection waits for.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    woken: AtomicU64,
    task: AtomicWaker,
}

impl Bell {
    /// Rings for these places.
    pub(crate) fn waker(self: &Arc<Self>, places: u64) -> Waker {
        Arc::new(Rope { places, bell: self.clone() }).into()
    }

    /// From now on the task of this waker is woken.
    pub(crate) fn register(&self, task: &Waker) {
        self.task.register(task);
    }

    /// Who was woken since the last call. From now on the task needs no waking.
    pub(crate) fn attend(&self) -> u64 {
        self.woken.swap(ATTENDED, SeqCst) & !ATTENDED
    }

    /// From now on the task must be woken. `false` when somebody was in the meantime.
    pub(crate) fn leave(&self) -> bool {
        self.woken.compare_exchange(ATTENDED, 0, SeqCst, SeqCst).is_ok()
    }

    /// Wakes places.
    pub(crate) fn ring(&self, places: u64) {
        // The first to be woken wakes the task.
        if self.woken.fetch_or(places, SeqCst) == 0 {
            self.task.wake();
        }
    }
}

struct Rope {
    places: u64,
    bell: Arc<Bell>,
}

impl Wake for Rope {
    fn wake(self: Arc<Self>) {
        self.bell.ring(self.places);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.bell.ring(self.places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wake_count::WakeCount;

    #[test]
    fn the_task_is_woken_once_and_not_while_it_attends() {
        let (bell, (count, task)) = (Arc::new(Bell::default()), WakeCount::new());
        bell.register(&task);
        bell.waker(INPUT).wake();
        bell.waker(of(2)).wake_by_ref();
        assert_eq!(count.get(), 1);
        assert_eq!(bell.attend(), INPUT | of(2));
        bell.waker(CLOCK).wake();
        assert_eq!(count.get(), 1);
        assert!(!bell.leave());
        assert_eq!(bell.attend(), CLOCK);
        assert!(bell.leave());
        bell.register(&task);
        bell.waker(ROOM).wake();
        assert_eq!(count.get(), 2);
    }

    #[test]
    fn slots_beyond_the_places_share_them() {
        assert_eq!(slots(of(0) | of(5), 4).collect::<Vec<_>>(), [0]);
        assert_eq!(slots(of(1) | of(62) | INPUT | ROOM | CLOCK, 130).collect::<Vec<_>>(), [1, 61, 121, 2, 62, 122]);
        assert_eq!(slots(u64::MAX, 200).count(), 200);
        assert!(slots(u64::MAX, 200).is_sorted_by(|slot, next| is_behind(*next, *slot)));
    }
}
