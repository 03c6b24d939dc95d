//! Where connections live: the runtimes they are spread over.
//!
//! A connection stays where it was put for its whole life, so that its task, its timers and its socket belong to one
//! thread, and nothing of it is ever stolen by another.

use std::future::Future;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::Transport;
use super::write_batch::WriteBatcher;

/// The runtimes of a listener's connections. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RuntimePool {
    // The listener's own is not among them.
    others: Arc<[Handle]>,
    // Connections living in each: first the listener's own, then the others.
    open: Arc<[AtomicUsize]>,
}

impl RuntimePool {
    /// Everything lives where the listener runs. The default.
    pub fn here() -> Self {
        Self::default()
    }

    /// Connections are spread over the listener's runtime and these.
    pub fn with(others: Vec<Handle>) -> Self {
        let open = (0..=others.len()).map(|_| AtomicUsize::new(0)).collect();
        Self { others: others.into(), open }
    }

    /// An outbox for each: the first for the listener's own runtime, which is the one this is called in.
    pub(super) fn batchers(&self) -> Vec<WriteBatcher> {
        iter::once(&Handle::current()).chain(&*self.others).map(WriteBatcher::of).collect()
    }

    /// Runs the life of a connection in the home with the fewest, with the outbox of that home.
    pub(super) fn spawn_on_least_loaded<I, F>(
        &self,
        tracker: &TaskTracker,
        batchers: &[WriteBatcher],
        io: I,
        life: impl FnOnce(I, WriteBatcher) -> F + Send + 'static,
    ) where
        I: Transport,
        F: Future<Output = ()> + Send + 'static,
    {
        if self.others.is_empty() {
            tracker.spawn(life(io, batchers[0].clone()));
            return;
        }
        let slot = self.least_loaded();
        let batcher = batchers[slot.index].clone();
        match slot.index.checked_sub(1) {
            None => {
                tracker.spawn(async move {
                    let _slot = slot;
                    life(io, batcher).await;
                });
            }
            Some(other) => {
                let moved = async move {
                    let _slot = slot;
                    match io.reregister() {
                        Ok(io) => life(io, batcher).await,
                        Err(error) => tracing::warn!(%error, "a connection could not be moved to its thread"),
                    }
                };
                tracker.spawn_on(moved, &self.others[other]);
            }
        }
    }

    fn least_loaded(&self) -> Slot {
        let counts = self.open.iter().map(|open| open.load(Relaxed)).enumerate();
        // Only the listener adds, so that nobody comes in between.
        let index = counts.min_by_key(|(_, open)| *open).map_or(0, |(index, _)| index);
        self.open[index].fetch_add(1, Relaxed);
        Slot { open: self.open.clone(), index }
    }
}

/// A connection's stay in a home.
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
