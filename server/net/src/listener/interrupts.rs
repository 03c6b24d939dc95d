//! Runs a future together with futures that may interrupt it, in one task.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use wigwag_poll::WakeSet;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The only source in the wake set, shared by all interrupts.
const WOKEN: u64 = 1;

/// A future that can be asked to finish.
pub(super) trait Graceful: Future {
    /// Notifies the peer, and completes when the requests in progress have.
    fn graceful_shutdown(self: Pin<&mut Self>);
}

/// The output of [`Interruptible`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Waited<T, W> {
    /// The main future completed.
    Completed(T),
    /// An interrupt completed. The others remain.
    Interrupted(W),
}

/// A main future with its interrupts. The interrupts are polled only when one of them was woken, so that polling the
/// main future costs nothing more.
pub(super) struct Interruptible<'a, M, W> {
    main: Pin<&'a mut M>,
    interrupts: &'a mut Interrupts<W>,
}

/// Futures that interrupt a main future when they complete.
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

    /// Adds an interrupt.
    pub(super) fn add(&mut self, future: Boxed<W>) {
        self.futures.push(future);
        self.wakes.wake(WOKEN);
    }

    /// Waits for `main` or the next interrupt.
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
                // The others have not been polled yet.
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
    async fn an_interrupt_completes_and_the_others_remain() {
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
