//! Keeps a connection with endless input from starving the others of its thread.
//!
//! A task that wakes itself while it runs goes to the end of the queue of tasks that are ready, and the runtime asks the
//! system for events only once that queue is empty, or after hundreds of polls: two such tasks keep each other in the
//! queue, and no other socket is read meanwhile. Tasks that have more to do therefore wait until the system was asked.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};

use wigwag_poll::WakeSet;

use super::interrupts::Graceful;

/// Wakes the task of `cx` once the tasks that are ready have run and the runtime has asked the system for events. To be
/// called before returning [`Poll::Pending`] with more to do.
pub(crate) fn wake_after_events(cx: &mut Context<'_>) {
    // The first poll passes the waker to the runtime, which defers it.
    let _ = pin!(tokio::task::yield_now()).poll(cx);
}

/// The only source in the wake set.
const WOKEN: u64 = 1;

/// A future that wakes itself when it has more to do, as hyper's connections do. Such wake-ups wait until the system was
/// asked for events; all others are immediate.
pub(super) struct Fair<F> {
    future: Pin<Box<F>>,
    wakes: Arc<WakeSet>,
    waker: Waker,
}

impl<F> Fair<F> {
    pub(super) fn new(future: F) -> Self {
        let wakes = Arc::new(WakeSet::default());
        Self { future: Box::pin(future), waker: wakes.waker(WOKEN), wakes }
    }
}

impl<F: Future> Future for Fair<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        this.wakes.register(cx.waker());
        this.wakes.unpark();
        let polled = this.future.as_mut().poll(&mut Context::from_waker(&this.waker));
        if polled.is_pending() && !this.wakes.park() {
            wake_after_events(cx);
        }
        polled
    }
}

impl<F: Graceful> Graceful for Fair<F> {
    fn graceful_shutdown(mut self: Pin<&mut Self>) {
        self.future.as_mut().graceful_shutdown();
    }
}
