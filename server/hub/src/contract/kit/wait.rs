//! Waiting for a backend from a test thread.

use std::{
    pin::pin,
    sync::{Arc, Condvar, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use crate::backend::Submitted;

/// How long a test waits for something that must happen.
pub(in crate::contract) const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// Waits for the result of an operation. Panics after ten seconds.
pub fn answer<T>(submitted: Submitted<T>) -> T {
    let submitted = match submitted {
        Submitted::Done(answer) => return answer,
        pending => pending,
    };
    let mut future = pin!(submitted.wait());
    let signal = Arc::new(BlockingWaker::default());
    let waker = Waker::from(signal.clone());
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return answer;
        }
        assert!(signal.wait(WAIT_LIMIT), "the backend did not answer");
    }
}

/// A waker that a thread can wait for.
#[derive(Debug, Default)]
pub struct BlockingWaker {
    // Whether it was woken since the last wait.
    woken: Mutex<bool>,
    changed: Condvar,
}

impl BlockingWaker {
    /// Waits until it is woken. Returns `false` if that takes longer than `limit`.
    #[must_use]
    pub fn wait(&self, limit: Duration) -> bool {
        let woken = self.woken.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut woken, _) =
            self.changed.wait_timeout_while(woken, limit, |woken| !*woken).unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut woken)
    }
}

impl Wake for BlockingWaker {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}
