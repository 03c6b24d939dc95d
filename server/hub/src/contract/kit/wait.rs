//! Waiting for a backend from a test thread.

use std::{
    pin::pin,
    sync::{Arc, Condvar, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use crate::{
    backend::Submitted,
    error::{AckError, FindError, OpenError, ResumeError, RoomError, StepError, StoreError},
};

/// How long a test waits for something that must happen.
pub(in crate::contract) const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// Repetitions of an operation before its store counts as gone for good.
const MAX_REPETITIONS: usize = 100;

/// Submits an operation and waits for the result, for ten seconds at most. While the store does not answer, submits it
/// again, as a transport does: the result is that of an operation that took effect once.
pub fn answer<T: Answer>(submit: impl Fn() -> Submitted<T>) -> T {
    let first = wait(submit());
    if first.is_unreachable() { repeat(submit).after_repetition() } else { first }
}

/// Does the same, and returns the result of the last submission: one whose first answer was lost is seen.
pub fn repeat<T: Answer>(submit: impl Fn() -> Submitted<T>) -> T {
    let answers = (0..MAX_REPETITIONS).map(|_| wait(submit()));
    answers.into_iter().find(|answer| !answer.is_unreachable()).expect("the store answers in the end")
}

/// Waits for the result of an operation that is not repeated. Panics after ten seconds.
pub fn wait<T>(submitted: Submitted<T>) -> T {
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

/// A result that may say that the store did not answer.
pub trait Answer: Sized {
    /// Returns whether the store did not answer.
    fn is_unreachable(&self) -> bool;

    /// Returns the result of an operation whose store failed.
    #[must_use]
    fn failed(error: StoreError) -> Self;

    /// Returns the result of an operation that was repeated.
    #[must_use]
    fn after_repetition(self) -> Self {
        self
    }
}

fn is_unreachable(error: StoreError) -> bool {
    matches!(error, StoreError::Unreachable { .. })
}

impl<E> Answer for Result<(), StepError<E>> {
    fn is_unreachable(&self) -> bool {
        matches!(self, Err(StepError::Store(error)) if is_unreachable(*error))
    }

    fn failed(error: StoreError) -> Self {
        Err(StepError::Store(error))
    }

    fn after_repetition(self) -> Self {
        // The first submission took effect, and its answer was lost.
        if matches!(self, Err(StepError::Seen)) { Ok(()) } else { self }
    }
}

impl<T> Answer for Result<T, StoreError> {
    fn is_unreachable(&self) -> bool {
        matches!(self, Err(error) if is_unreachable(*error))
    }

    fn failed(error: StoreError) -> Self {
        Err(error)
    }
}

macro_rules! answers {
    ($($error:ident),+) => {
        $(impl<T> Answer for Result<T, $error> {
            fn is_unreachable(&self) -> bool {
                matches!(self, Err($error::Store(error)) if is_unreachable(*error))
            }

            fn failed(error: StoreError) -> Self {
                Err($error::Store(error))
            }
        })+
    };
}

answers!(AckError, FindError, OpenError, ResumeError, RoomError);

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
