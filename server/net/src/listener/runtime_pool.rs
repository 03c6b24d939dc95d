//! Spreads connections over runtimes, one per thread.
//!
//! A connection stays on its runtime until it ends, so that its task, its timers and its socket belong to one thread
//! and no work moves between threads.

use std::{
    future::Future,
    iter,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::{AcceptedIo, write_batch::WriteBatcher};

/// The runtimes of a listener's connections. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RuntimePool {
    // Without the listener's own runtime.
    others: Arc<[Handle]>,
    // Connections per runtime: first the listener's own, then the others.
    open: Arc<[AtomicUsize]>,
}

impl RuntimePool {
    /// Returns a pool of only the listener's own runtime. The default.
    pub fn here() -> Self {
        Self::default()
    }

    /// Returns a pool of the listener's runtime and these.
    pub fn with(others: Vec<Handle>) -> Self {
        let open = (0..=others.len()).map(|_| AtomicUsize::new(0)).collect();
        Self { others: others.into(), open }
    }

    /// Creates a write batcher per runtime: the first for the listener's own, which is the current one.
    pub(super) fn batchers(&self) -> Vec<WriteBatcher> {
        iter::once(&Handle::current()).chain(&*self.others).map(WriteBatcher::for_runtime).collect()
    }

    /// Spawns `serve` on the runtime with the fewest connections, with the write batcher of that runtime.
    pub(super) fn spawn_on_least_loaded<I, F>(
        &self,
        tracker: &TaskTracker,
        batchers: &[WriteBatcher],
        io: I,
        serve: impl FnOnce(I, WriteBatcher) -> F + Send + 'static,
    ) where
        I: AcceptedIo,
        F: Future<Output = ()> + Send + 'static,
    {
        if self.others.is_empty() {
            tracker.spawn(serve(io, batchers[0].clone()));
            return;
        }
        let slot = self.least_loaded();
        let batcher = batchers[slot.index].clone();
        match slot.index.checked_sub(1) {
            None => {
                tracker.spawn(async move {
                    let _slot = slot;
                    serve(io, batcher).await;
                });
            }
            Some(other) => {
                let moved = async move {
                    let _slot = slot;
                    match io.reregister() {
                        Ok(io) => serve(io, batcher).await,
                        Err(error) => {
                            tracing::warn!(%error, "connection dropped: its socket could not be moved")
                        }
                    }
                };
                tracker.spawn_on(moved, &self.others[other]);
            }
        }
    }

    fn least_loaded(&self) -> Slot {
        let counts = self.open.iter().map(|open| open.load(Relaxed)).enumerate();
        // Only the listener increments, so there is no race between the load and the increment.
        let index = counts.min_by_key(|(_, open)| *open).map_or(0, |(index, _)| index);
        self.open[index].fetch_add(1, Relaxed);
        Slot { open: self.open.clone(), index }
    }
}

/// Counts a connection on its runtime until it is dropped.
struct Slot {
    open: Arc<[AtomicUsize]>,
    index: usize,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.open[self.index].fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_are_spread_evenly() {
        let pool = RuntimePool::with(vec![Handle::current(), Handle::current()]);
        let mut slots: Vec<Slot> = (0..6).map(|_| pool.least_loaded()).collect();
        let counts = |pool: &RuntimePool| pool.open.iter().map(|open| open.load(Relaxed)).collect::<Vec<_>>();
        assert_eq!(counts(&pool), [2, 2, 2]);
        slots.retain(|slot| slot.index != 1);
        assert_eq!(counts(&pool), [2, 0, 2]);
        slots.push(pool.least_loaded());
        assert_eq!(counts(&pool), [2, 1, 2]);
    }
}
