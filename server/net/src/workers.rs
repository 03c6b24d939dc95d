//! The threads connections live on: one current-thread runtime each.
//!
//! Not one runtime over all threads: a connection is small work that comes often, and handing it between threads costs
//! more than it evens out. Measured beside it, see bench/README.md.

use std::io;
use std::num::NonZeroUsize;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::listener::RuntimePool;

/// How long a worker waits for what still runs on it when it is stopped. Nothing of it must be finished.
const LEAVE: Duration = Duration::from_millis(100);

/// The worker threads beside the calling one. Stopped when dropped.
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
    /// Workers for `count` threads in all, the calling one included; 0 = one for each processor this process may use.
    ///
    /// # Errors
    ///
    /// When the system gives no thread or no event queue.
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
                runtime.shutdown_timeout(LEAVE);
            })?;
            threads.push(Worker { stop, thread });
        }
        Ok(Self { pool: RuntimePool::with(handles), threads })
    }

    /// Where a listener on the calling thread may put connections.
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

/// Events of sockets that are taken up together. What they cause, the turns of senders, those of receivers and the writes
/// of both, then still finds in the processor's cache what the step before has touched.
const EVENTS: usize = 64;

/// Turns of tasks before the system is asked for events again: more than one lot of events causes, so that mostly one is
/// done with before the next.
const TURNS: u32 = 512;

/// A runtime for one thread.
///
/// # Errors
///
/// When the system gives no event queue.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_io_events_per_tick(EVENTS).event_interval(TURNS).build()
}
