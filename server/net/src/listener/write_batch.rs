//! Batches the socket writes of an epoll batch.
//!
//! A signal read on one connection is written to another, and a change in a room to all of its members. Instead of
//! making a system call in the middle of each of their tasks, the tasks enqueue their sockets, which are all written
//! once the tasks have run.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
};

use atomic_waker::AtomicWaker;
use tokio::runtime::Handle;

/// The most sockets in a batch, so that the first write does not wait for the last of many tasks.
const MAX_BATCH: usize = 64;

/// A socket with bytes to write.
pub(super) trait Flush: Send + Sync {
    /// Writes them without waiting. Called in the runtime of the batcher.
    fn send(self: Arc<Self>);
}

/// Collects the sockets of one runtime that have bytes to write. Cheap to clone.
#[derive(Clone)]
pub(super) struct WriteBatcher(Arc<CloseGuard>);

/// Ends the flush task when the last [`WriteBatcher`] is dropped.
struct CloseGuard(Arc<Batch>);

#[derive(Default)]
struct Batch {
    sockets: Mutex<Vec<Arc<dyn Flush>>>,
    task: AtomicWaker,
    closed: AtomicBool,
}

impl WriteBatcher {
    /// Creates a batcher for the tasks of a runtime, and spawns its flush task there.
    pub(super) fn for_runtime(runtime: &Handle) -> Self {
        let batch = Arc::new(Batch::default());
        runtime.spawn(flush_task(batch.clone()));
        Self(Arc::new(CloseGuard(batch)))
    }

    /// Writes to `socket` once the tasks that are scheduled now have run. The caller must not hold a lock that
    /// [`Flush::send`] takes.
    pub(super) fn enqueue(&self, socket: Arc<dyn Flush>) {
        let batch = &self.0.0;
        let full = {
            let mut sockets = batch.lock();
            sockets.push(socket);
            if sockets.len() == 1 {
                batch.task.wake();
            }
            if sockets.len() < MAX_BATCH {
                return;
            }
            std::mem::take(&mut *sockets)
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
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket whose write panics is left out: one defect must not end the task that writes for all connections of a thread.
fn send_all(sockets: Vec<Arc<dyn Flush>>) {
    let mut sockets = sockets.into_iter();
    while catch_unwind(AssertUnwindSafe(|| sockets.by_ref().for_each(|socket| socket.send()))).is_err() {}
}

/// Writes the batch. Woken by the first socket of a batch, it runs after the tasks that were scheduled before.
fn flush_task(batch: Arc<Batch>) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        batch.task.register(cx.waker());
        let sockets = std::mem::take(&mut *batch.lock());
        send_all(sockets);
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
    async fn writes_are_batched_until_the_tasks_have_run_or_the_batch_is_full() {
        let batcher = WriteBatcher::for_runtime(&Handle::current());
        let sent = Arc::new(Count::default());
        yield_now().await;
        batcher.enqueue(sent.clone());
        batcher.enqueue(sent.clone());
        assert_eq!(sent.0.load(SeqCst), 0);
        yield_now().await;
        assert_eq!(sent.0.load(SeqCst), 2);
        for _ in 0..MAX_BATCH {
            batcher.enqueue(sent.clone());
        }
        assert_eq!(sent.0.load(SeqCst), 2 + MAX_BATCH);
    }

    #[tokio::test]
    async fn the_last_batch_is_written_and_the_flush_task_ends() {
        let batcher = WriteBatcher::for_runtime(&Handle::current());
        let sent = Arc::new(Count::default());
        yield_now().await;
        batcher.enqueue(sent.clone());
        let batch = Arc::downgrade(&batcher.0.0);
        drop(batcher);
        yield_now().await;
        assert_eq!(sent.0.load(SeqCst), 1);
        yield_now().await;
        assert!(batch.upgrade().is_none(), "the flush task has ended");
    }
    struct Defect;

    impl Flush for Defect {
        fn send(self: Arc<Self>) {
            panic!("a defect");
        }
    }

    #[tokio::test]
    async fn a_socket_whose_write_panics_holds_up_no_other() {
        let batcher = WriteBatcher::for_runtime(&Handle::current());
        let sent = Arc::new(Count::default());
        for _ in 0..2 {
            yield_now().await;
            batcher.enqueue(Arc::new(Defect));
            batcher.enqueue(sent.clone());
            batcher.enqueue(Arc::new(Defect));
            yield_now().await;
        }
        assert_eq!(sent.0.load(SeqCst), 2);
    }
}
