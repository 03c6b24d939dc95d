//! Whether there is a reason to look.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Wake, Waker},
};

use atomic_waker::AtomicWaker;

/// Stands between what a connection waits for and its task. A connection is asked for more whenever its transport has room
/// for more, which is far more often than there is anything new; then a look at this takes the place of a look at the
/// session, the input and the clock.
pub(super) struct Alarm {
    bell: Arc<Bell>,
    waker: Waker,
}

struct Bell {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Who comes second finds the task woken already.
        if !self.rung.swap(true, SeqCst) {
            self.task.wake();
        }
    }
}

impl Alarm {
    /// Rung: nobody has looked yet.
    pub(super) fn new() -> Self {
        let bell = Arc::new(Bell { rung: AtomicBool::new(true), task: AtomicWaker::new() });
        Self { waker: bell.clone().into(), bell }
    }

    /// Whether it rang since the last time. If it has not, the task of `cx` is woken when it does.
    pub(super) fn take(&self, cx: &Context<'_>) -> bool {
        self.bell.task.register(cx.waker());
        // Read first: it is mostly silent, and a write would take the line from whoever rings next.
        self.bell.rung.load(SeqCst) && self.bell.rung.swap(false, SeqCst)
    }

    /// Rings it.
    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[test]
    fn it_wakes_once_for_all_that_rang_and_again_after_a_look() {
        let count = Arc::new(Count::default());
        let task: Waker = count.clone().into();
        let cx = Context::from_waker(&task);
        let alarm = Alarm::new();
        assert!(alarm.take(&cx));
        assert!(!alarm.take(&cx));
        alarm.waker().wake();
        alarm.waker().wake();
        assert_eq!(count.0.load(SeqCst), 1);
        assert!(alarm.take(&cx));
        alarm.waker().wake();
        assert_eq!(count.0.load(SeqCst), 2);
    }
}
