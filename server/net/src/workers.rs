//! The worker threads of a server, each with a current-thread runtime.
//!
//! A multi-thread runtime would be slower: the work of a connection comes in small pieces, and moving it between
//! threads costs more than the better balance gains. See bench/README.md for the comparison.

use std::{
    future, io,
    num::NonZeroUsize,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
};

use crate::listener::RuntimePool;

/// How long a stopped worker waits for blocking tasks. None of them needs to finish.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(100);

/// The worker threads besides the calling one. Dropping this stops them.
#[derive(Debug)]
pub struct Workers {
    pool: RuntimePool,
    threads: Vec<Worker>,
    // The names of threads that have ended.
    ended: mpsc::Receiver<String>,
}

#[derive(Debug)]
struct Worker {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Workers {
    /// Starts workers for `count` threads in total, including the calling one; 0 = one per available processor.
    ///
    /// # Errors
    ///
    /// When a thread or an epoll instance cannot be created.
    pub fn start(count: usize) -> io::Result<Self> {
        let count = match NonZeroUsize::new(count) {
            Some(count) => count,
            None => thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        };
        let (mut handles, mut threads) = (Vec::new(), Vec::new());
        let (tell, ended) = mpsc::channel(count.get());
        for n in 1..count.get() {
            let runtime = runtime()?;
            handles.push(runtime.handle().clone());
            let (stop, stopped) = oneshot::channel();
            let name = format!("wigwag-{n}");
            let guard = EndGuard { name: name.clone(), tell: tell.clone() };
            let thread = thread::Builder::new().name(name).spawn(move || {
                let _guard = guard;
                // Resolves also when the sender is dropped.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
            })?;
            threads.push(Worker { stop, thread });
        }
        Ok(Self { pool: RuntimePool::with(handles), threads, ended })
    }

    /// Returns the runtimes over which a listener on the calling thread spreads its connections.
    pub fn pool(&self) -> RuntimePool {
        self.pool.clone()
    }

    /// Waits until a thread ends, which none does unless it panics, and returns its name. Cancel safe.
    pub async fn ended(&mut self) -> String {
        match self.ended.recv().await {
            Some(name) => name,
            // There are no threads besides the calling one.
            None => future::pending().await,
        }
    }
}

/// Tells the name of a thread when it ends, also by a panic.
struct EndGuard {
    name: String,
    tell: mpsc::Sender<String>,
}

impl Drop for EndGuard {
    fn drop(&mut self) {
        let _ = self.tell.try_send(std::mem::take(&mut self.name));
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for Worker { stop, thread } in self.threads.drain(..) {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// The most socket events per epoll batch. With few events the tasks of senders, those of receivers and the writes of
/// both find the data of the step before in the processor's cache.
const MAX_IO_EVENTS: usize = 64;

/// Task polls before epoll is called again: more than an epoll batch usually causes, so that one batch is finished
/// before the next.
const EVENT_INTERVAL: u32 = 512;

/// Creates a current-thread runtime.
///
/// # Errors
///
/// When an epoll instance cannot be created.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .max_io_events_per_tick(MAX_IO_EVENTS)
        .event_interval(EVENT_INTERVAL)
        .build()
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn a_thread_that_ends_is_named() {
        let mut workers = Workers::start(3).expect("threads");
        assert!(pin!(workers.ended()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
        drop(workers.threads.remove(1).stop);
        assert_eq!(runtime().expect("a runtime").block_on(workers.ended()), "wigwag-2");
    }

    #[test]
    fn a_thread_that_panics_is_named() {
        let (tell, mut ended) = mpsc::channel(1);
        let guard = EndGuard { name: "wigwag-1".to_owned(), tell };
        let thread = thread::spawn(move || {
            let _guard = guard;
            panic!("a defect");
        });
        thread.join().expect_err("a panic");
        assert_eq!(ended.try_recv().as_deref(), Ok("wigwag-1"));
    }

    #[test]
    fn without_other_threads_none_ends() {
        let mut workers = Workers::start(1).expect("no threads");
        assert!(pin!(workers.ended()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
}
