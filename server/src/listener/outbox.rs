//! The writes of one turn, made together.
//!
//! A signal read on one connection is written to another, and a change in a room to all of its members. Writing to each as
//! its turn comes would jump between this program and the system for every one of them; here their tasks leave what they
//! have to say, and it is sent when they all have.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use atomic_waker::AtomicWaker;
use tokio::runtime::Handle;

/// As many are sent at once at most, so that the first of many does not wait for the last.
const BATCH: usize = 64;

/// Something with bytes to send.
pub(super) trait Parcel: Send + Sync {
    /// Sends them, without waiting. Called in the runtime of the outbox.
    fn send(self: Arc<Self>);
}

/// Where the connections of one runtime leave what they have to send. Cheap to clone.
#[derive(Clone)]
pub(super) struct Outbox(Arc<Lid>);

/// Closes the outbox when the last who could use it is gone.
struct Lid(Arc<Pile>);

#[derive(Default)]
struct Pile {
    parcels: Mutex<Vec<Arc<dyn Parcel>>>,
    carrier: AtomicWaker,
    closed: AtomicBool,
}

impl Outbox {
    /// An outbox for the tasks of this runtime.
    pub(super) fn of(runtime: &Handle) -> Self {
        let pile = Arc::new(Pile::default());
        runtime.spawn(carry(pile.clone()));
        Self(Arc::new(Lid(pile)))
    }

    /// Sends it when those whose turn it is have had theirs. To be called without a lock that sending takes.
    pub(super) fn post(&self, parcel: Arc<dyn Parcel>) {
        let pile = &self.0.0;
        let full = {
            let mut parcels = pile.lock();
            parcels.push(parcel);
            if parcels.len() == 1 {
                pile.carrier.wake();
            }
            if parcels.len() < BATCH {
                return;
            }
            std::mem::take(&mut *parcels)
        };
        send_all(full);
    }
}

impl Drop for Lid {
    fn drop(&mut self) {
        self.0.closed.store(true, SeqCst);
        self.0.carrier.wake();
    }
}

impl Pile {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<dyn Parcel>>> {
        self.parcels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn send_all(parcels: Vec<Arc<dyn Parcel>>) {
    for parcel in parcels {
        parcel.send();
    }
}

/// Its turn comes behind those who were woken before the first parcel was left.
fn carry(pile: Arc<Pile>) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        pile.carrier.register(cx.waker());
        let parcels = std::mem::take(&mut *pile.lock());
        send_all(parcels);
        if pile.closed.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::task::yield_now;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Parcel for Count {
        fn send(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[tokio::test]
    async fn parcels_go_together_after_the_turn_or_when_there_are_many() {
        let outbox = Outbox::of(&Handle::current());
        let sent = Arc::new(Count::default());
        yield_now().await;
        outbox.post(sent.clone());
        outbox.post(sent.clone());
        assert_eq!(sent.0.load(SeqCst), 0);
        yield_now().await;
        assert_eq!(sent.0.load(SeqCst), 2);
        for _ in 0..BATCH {
            outbox.post(sent.clone());
        }
        assert_eq!(sent.0.load(SeqCst), 2 + BATCH);
    }

    #[tokio::test]
    async fn what_was_left_last_is_sent_and_the_carrier_ends() {
        let outbox = Outbox::of(&Handle::current());
        let sent = Arc::new(Count::default());
        yield_now().await;
        outbox.post(sent.clone());
        let pile = Arc::downgrade(&outbox.0.0);
        drop(outbox);
        yield_now().await;
        assert_eq!(sent.0.load(SeqCst), 1);
        yield_now().await;
        assert!(pile.upgrade().is_none(), "nobody carries any more");
    }
}
