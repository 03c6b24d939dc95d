//! What a connection does, and what may interrupt it, in one task.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wigwag_poll::WakeSet;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The one source in the set: any of the interrupts.
const WOKEN: u64 = 1;

/// What can be asked to come to an end.
pub(super) trait Graceful: Future {
    /// Tells the other end, and ends when what is under way has.
    fn graceful_shutdown(self: Pin<&mut Self>);
}

/// What ended a wait for [`Interruptible`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Waited<T, W> {
    /// The main future did.
    Completed(T),
    /// A watch did. The others go on.
    Interrupted(W),
}

/// A main future, and what is to interrupt it: looked at only when it was woken itself, so that it costs the main future
/// nothing.
pub(super) struct Interruptible<'a, M, W> {
    main: Pin<&'a mut M>,
    interrupts: &'a mut Interrupts<W>,
}

/// Futures that interrupt another.
pub(super) struct Interrupts<W> {
    futures: Vec<Boxed<W>>,
    wakes: Arc<WakeSet>,
    waker: Waker,
}

impl<W> Interrupts<W> {
    pub(super) fn new(futures: Vec<Boxed<W>>) -> Self {
        let wakes = Arc::new(WakeSet::new(WOKEN));
        Self { futures, waker: wakes.waker(WOKEN), wakes }
    }

    /// Waits for `main`, or for the next interruption.
    pub(super) fn over<'a, M>(&'a mut self, main: Pin<&'a mut M>) -> Interruptible<'a, M, W> {
        Interruptible { main, interrupts: self }
    }

    fn poll(&mut self, task: &Waker) -> Poll<W> {
        self.wakes.register(task);
        if self.wakes.take() == 0 {
            return Poll::Pending;
        }
        let cx = &mut Context::from_waker(&self.waker);
        for at in (0..self.futures.len()).rev() {
            if let Poll::Ready(output) = self.futures[at].as_mut().poll(cx) {
                drop(self.futures.swap_remove(at));
                // The others have not been asked yet.
                self.wakes.wake(WOKEN);
                return Poll::Ready(output);
            }
        }
        Poll::Pending
    }
}

impl<M: Future, W> Future for Interruptible<'_, M, W> {
    type Output = Waited<M::Output, W>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = self.main.as_mut().poll(cx) {
            return Poll::Ready(Waited::Completed(output));
        }
        self.interrupts.poll(cx.waker()).map(Waited::Interrupted)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_watch_interrupts_and_the_rest_goes_on() {
        let (send, receive) = oneshot::channel();
        let mut main = pin!(receive);
        let (later, comes_later) = oneshot::channel::<u32>();
        let interrupts: Vec<Boxed<u32>> = vec![
            Box::pin(std::future::pending()),
            Box::pin(async { 5 }),
            Box::pin(async { comes_later.await.unwrap_or_default() }),
        ];
        let mut interrupts = Interrupts::new(interrupts);
        assert_eq!(interrupts.over(main.as_mut()).await, Waited::Interrupted(5));
        tokio::spawn(async move { later.send(6) });
        assert_eq!(interrupts.over(main.as_mut()).await, Waited::Interrupted(6));
        send.send(7).expect("waited for");
        assert_eq!(interrupts.over(main.as_mut()).await, Waited::Completed(Ok(7)));
    }
}
