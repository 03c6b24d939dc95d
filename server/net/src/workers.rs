//! The worker threads of a server, each with a current-thread runtime.
//!
//! A multi-thread runtime would be slower: the work of a connection comes in small pieces, and moving it between
//! threads costs more than the better balance gains. See bench/README.md for the comparison.

use std::{
    io,
    num::NonZeroUsize,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};

use crate::listener::RuntimePool;

/// How long a stopped worker waits for blocking tasks. None of them needs to finish.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(100);

/// The worker threads besides the calling one. Dropping this stops them.
#[derive(Debug)]
pub struct Workers {
    pool: RuntimePool,
    threads: Vec<Worker>,
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
        for n in 1..count.get() {
            let runtime = runtime()?;
            handles.push(runtime.handle().clone());
            let (stop, stopped) = oneshot::channel();
            let thread = thread::Builder::new().name(format!("wigwag-{n}")).spawn(move || {
                // Resolves also when the sender is dropped.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
            })?;
            threads.push(Worker { stop, thread });
        }
        Ok(Self { pool: RuntimePool::with(handles), threads })
    }

    /// Returns the runtimes over which a listener on the calling thread spreads its connections.
    pub fn pool(&self) -> RuntimePool {
        self.pool.clone()
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
