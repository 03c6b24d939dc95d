//! A result that is available now or later.

use std::{fmt, future::Future, pin::Pin};

/// The result of an operation, available now or later. The operation has begun and runs to its end, whether or not the
/// result is waited for.
#[must_use = "wait for the result, or say that it is of no interest with `forget`"]
pub enum Submitted<T> {
    /// Available now.
    Done(T),
    /// Available when the future resolves. Dropping the future neither undoes nor stops the operation.
    Pending(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Submitted<T> {
    /// Waits for the result.
    pub async fn wait(self) -> T {
        match self {
            Self::Done(answer) => answer,
            Self::Pending(future) => future.await,
        }
    }

    /// Does not wait for the result. For callers that cannot, such as those that are dropped.
    pub fn forget(self) {}
}

impl<T: fmt::Debug> fmt::Debug for Submitted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(answer) => f.debug_tuple("Done").field(answer).finish(),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}
