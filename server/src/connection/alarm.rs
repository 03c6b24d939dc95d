//! Whether there is a reason to look, and where.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
};

use atomic_waker::AtomicWaker;

/// What a connection waits for. Together: a set of them.
pub(super) mod on {
    /// The client's frames, and the effect of one that is under way.
    pub(in super::super) const INPUT: u8 = 1;
    /// What the session holds for the client.
    pub(in super::super) const SESSION: u8 = 1 << 1;
    /// The clock.
    pub(in super::super) const TIME: u8 = 1 << 2;
    /// All of it.
    pub(in super::super) const ALL: u8 = INPUT | SESSION | TIME;
}

/// Stands between what a connection waits for and its task, and tells what rang: the others need no look, which would cost
/// more than handling a frame. A connection is also asked for more whenever its transport has room for more, which is far
/// more often than there is anything new.
pub(super) struct Alarm {
    bell: Arc<Bell>,
    wakers: [Waker; 3],
}

struct Bell {
    rung: AtomicU8,
    task: AtomicWaker,
}

/// Rings for one of the things a connection waits for.
struct Rope {
    bell: Arc<Bell>,
    what: u8,
}

impl Wake for Rope {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Who comes second finds the task woken already.
        if self.bell.rung.fetch_or(self.what, SeqCst) == 0 {
            self.bell.task.wake();
        }
    }
}

impl Alarm {
    /// Rung for all: nobody has looked yet.
    pub(super) fn new() -> Self {
        let bell = Arc::new(Bell { rung: AtomicU8::new(on::ALL), task: AtomicWaker::new() });
        let rope = |what| Waker::from(Arc::new(Rope { bell: bell.clone(), what }));
        Self { wakers: [rope(on::INPUT), rope(on::SESSION), rope(on::TIME)], bell }
    }

    /// What rang since the last time. When something does from now on, the task of `cx` is woken.
    pub(super) fn take(&self, cx: &Context<'_>) -> u8 {
        self.bell.task.register(cx.waker());
        // Read first: it is mostly silent, and a write would take the line from whoever rings next.
        if self.bell.rung.load(SeqCst) == 0 { 0 } else { self.bell.rung.swap(0, SeqCst) }
    }

    /// Whether it rang for this since the last time. Only what cannot ring while it is looked at may be asked for: the input
    /// does so to leave others their turn.
    pub(super) fn take_only(&self, what: u8) -> u8 {
        if self.bell.rung.load(SeqCst) & what == 0 { 0 } else { self.bell.rung.fetch_and(!what, SeqCst) & what }
    }

    /// Lends what rings it for the input; it is to be given back.
    pub(super) fn lend_for_input(&mut self) -> Waker {
        std::mem::replace(&mut self.wakers[0], Waker::noop().clone())
    }

    /// Takes back what was lent. A clone would cost more: its count lies somewhere else.
    pub(super) fn give_back(&mut self, for_input: Waker) {
        self.wakers[0] = for_input;
    }

    /// Rings it for the session.
    pub(super) fn for_session(&self) -> &Waker {
        &self.wakers[1]
    }

    /// Rings it for the clock.
    pub(super) fn for_time(&self) -> Waker {
        self.wakers[2].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wake_count::WakeCount;

    #[test]
    fn it_wakes_once_for_all_that_rang_and_again_after_a_look() {
        let (count, task) = WakeCount::new();
        let cx = Context::from_waker(&task);
        let mut alarm = Alarm::new();
        assert_eq!(alarm.take(&cx), on::ALL);
        assert_eq!(alarm.take(&cx), 0);
        alarm.for_session().wake_by_ref();
        alarm.for_session().wake_by_ref();
        alarm.for_time().wake();
        assert_eq!(count.get(), 1);
        assert_eq!(alarm.take(&cx), on::SESSION | on::TIME);
        let waker = alarm.lend_for_input();
        waker.wake_by_ref();
        alarm.give_back(waker);
        assert_eq!(count.get(), 2);
        alarm.for_session().wake_by_ref();
        assert_eq!(alarm.take_only(on::SESSION), on::SESSION);
        assert_eq!(alarm.take_only(on::SESSION), 0);
        alarm.for_session().wake_by_ref();
        assert_eq!(count.get(), 2, "the task is still to come for its input");
        assert_eq!(alarm.take(&cx), on::INPUT | on::SESSION);
    }
}
