//! What a connection does, and what may interrupt it, in one task.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use atomic_waker::AtomicWaker;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What can be asked to come to an end.
pub(super) trait Graceful: Future {
    /// Tells the other end, and ends when what is under way has.
    fn graceful_shutdown(self: Pin<&mut Self>);
}

/// What ended a wait for [`Watched`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended<T, W> {
    /// The main future did.
    Main(T),
    /// A watch did. The others go on.
    Watch(W),
}

/// A main future, and what is to interrupt it: looked at only when it was woken itself, so that it costs the main future
/// nothing.
pub(super) struct Watched<'a, M, W> {
    main: Pin<&'a mut M>,
    watches: &'a mut Watches<W>,
}

/// Futures that interrupt another.
pub(super) struct Watches<W> {
    futures: Vec<Boxed<W>>,
    bell: Arc<Bell>,
    waker: Waker,
}

#[derive(Default)]
struct Bell {
    rung: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, SeqCst);
        self.task.wake();
    }
}

impl<W> Watches<W> {
    pub(super) fn new(futures: Vec<Boxed<W>>) -> Self {
        let bell = Arc::new(Bell { rung: AtomicBool::new(true), task: AtomicWaker::new() });
        Self { futures, waker: bell.clone().into(), bell }
    }

    /// Waits for `main`, or for the next interruption.
    pub(super) fn over<'a, M>(&'a mut self, main: Pin<&'a mut M>) -> Watched<'a, M, W> {
        Watched { main, watches: self }
    }

    fn poll(&mut self, task: &Waker) -> Poll<W> {
        self.bell.task.register(task);
        if !self.bell.rung.load(SeqCst) {
            return Poll::Pending;
        }
        self.bell.rung.store(false, SeqCst);
        let cx = &mut Context::from_waker(&self.waker);
        for at in (0..self.futures.len()).rev() {
            if let Poll::Ready(output) = self.futures[at].as_mut().poll(cx) {
                drop(self.futures.swap_remove(at));
                // The others have not been asked yet.
                self.bell.rung.store(true, SeqCst);
                return Poll::Ready(output);
            }
        }
        Poll::Pending
    }
}

impl<M: Future, W> Future for Watched<'_, M, W> {
    type Output = Ended<M::Output, W>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = self.main.as_mut().poll(cx) {
            return Poll::Ready(Ended::Main(output));
        }
        self.watches.poll(cx.waker()).map(Ended::Watch)
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
        let watches: Vec<Boxed<u32>> = vec![
            Box::pin(std::future::pending()),
            Box::pin(async { 5 }),
            Box::pin(async { comes_later.await.unwrap_or_default() }),
        ];
        let mut watches = Watches::new(watches);
        assert_eq!(watches.over(main.as_mut()).await, Ended::Watch(5));
        tokio::spawn(async move { later.send(6) });
        assert_eq!(watches.over(main.as_mut()).await, Ended::Watch(6));
        send.send(7).expect("waited for");
        assert_eq!(watches.over(main.as_mut()).await, Ended::Main(Ok(7)));
    }
}
