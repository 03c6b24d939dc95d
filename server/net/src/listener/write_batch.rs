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
pub(super) trait Flush: Send + Sync {
    /// Sends them, without waiting. Called in the runtime of the outbox.
    fn send(self: Arc<Self>);
}

/// Where the connections of one runtime leave what they have to send. Cheap to clone.
#[derive(Clone)]
pub(super) struct WriteBatcher(Arc<CloseGuard>);

/// Closes the outbox when the last who could use it is gone.
struct CloseGuard(Arc<Batch>);

#[derive(Default)]
struct Batch {
    waiting: Mutex<Vec<Arc<dyn Flush>>>,
    task: AtomicWaker,
    closed: AtomicBool,
}

impl WriteBatcher {
    /// An outbox for the tasks of this runtime.
    pub(super) fn of(runtime: &Handle) -> Self {
        let batch = Arc::new(Batch::default());
        runtime.spawn(flush_task(batch.clone()));
        Self(Arc::new(CloseGuard(batch)))
    }

    /// Sends it when those whose turn it is have had theirs. To be called without a lock that sending takes.
    pub(super) fn enqueue(&self, socket: Arc<dyn Flush>) {
        let batch = &self.0.0;
        let full = {
            let mut waiting = batch.lock();
            waiting.push(socket);
            if waiting.len() == 1 {
                batch.task.wake();
            }
            if waiting.len() < BATCH {
                return;
            }
            std::mem::take(&mut *waiting)
        };
        send_all(full);
    }
}

impl Drop for CloseGuard {
    fn drop(&mut self) {
        self.0.closed.store(true, SeqCst);
        self.0.task.wake();
    }
}

impl Batch {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<dyn Flush>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn send_all(waiting: Vec<Arc<dyn Flush>>) {
    for socket in waiting {
        socket.send();
    }
}

/// Its turn comes behind those who were woken before the first parcel was left.
fn flush_task(batch: Arc<Batch>) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        batch.task.register(cx.waker());
        let waiting = std::mem::take(&mut *batch.lock());
        send_all(waiting);
        if batch.closed.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::task::yield_now;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Flush for Count {
        fn send(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    #[tokio::test]
    async fn parcels_go_together_after_the_turn_or_when_there_are_many() {
        let batcher = WriteBatcher::of(&Handle::current());
        let sent = Arc::new(Count::default());
        yield_now().await;
        batcher.enqueue(sent.clone());
        batcher.enqueue(sent.clone());
        assert_eq!(sent.0.load(SeqCst), 0);
        yield_now().await;
        assert_eq!(sent.0.load(SeqCst), 2);
        for _ in 0..BATCH {
            batcher.enqueue(sent.clone());
        }
        assert_eq!(sent.0.load(SeqCst), 2 + BATCH);
    }

    #[tokio::test]
    async fn what_was_left_last_is_sent_and_the_carrier_ends() {
        let batcher = WriteBatcher::of(&Handle::current());
        let sent = Arc::new(Count::default());
        yield_now().await;
        batcher.enqueue(sent.clone());
        let batch = Arc::downgrade(&batcher.0.0);
        drop(batcher);
        yield_now().await;
        assert_eq!(sent.0.load(SeqCst), 1);
        yield_now().await;
        assert!(batch.upgrade().is_none(), "nobody carries any more");
    }
}
