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
use super::outbox::Outbox;

/// The runtimes of a listener's connections. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Homes {
    // The listener's own is not among them.
    others: Arc<[Handle]>,
    // Connections living in each: first the listener's own, then the others.
    open: Arc<[AtomicUsize]>,
}

impl Homes {
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
    pub(super) fn outboxes(&self) -> Vec<Outbox> {
        iter::once(&Handle::current()).chain(&*self.others).map(Outbox::of).collect()
    }

    /// Runs the life of a connection in the home with the fewest, with the outbox of that home.
    pub(super) fn settle<I, F>(
        &self,
        tracker: &TaskTracker,
        outboxes: &[Outbox],
        io: I,
        life: impl FnOnce(I, Outbox) -> F + Send + 'static,
    ) where
        I: Transport,
        F: Future<Output = ()> + Send + 'static,
    {
        if self.others.is_empty() {
            tracker.spawn(life(io, outboxes[0].clone()));
            return;
        }
        let stay = self.emptiest();
        let outbox = outboxes[stay.home].clone();
        match stay.home.checked_sub(1) {
            None => {
                tracker.spawn(async move {
                    let _stay = stay;
                    life(io, outbox).await;
                });
            }
            Some(other) => {
                let moved = async move {
                    let _stay = stay;
                    match io.rehome() {
                        Ok(io) => life(io, outbox).await,
                        Err(error) => tracing::warn!(%error, "a connection could not be moved to its thread"),
                    }
                };
                tracker.spawn_on(moved, &self.others[other]);
            }
        }
    }

    fn emptiest(&self) -> Stay {
        let counts = self.open.iter().map(|open| open.load(Relaxed)).enumerate();
        // Only the listener adds, so that nobody comes in between.
        let home = counts.min_by_key(|(_, open)| *open).map_or(0, |(home, _)| home);
        self.open[home].fetch_add(1, Relaxed);
        Stay { open: self.open.clone(), home }
    }
}

/// A connection's stay in a home.
struct Stay {
    open: Arc<[AtomicUsize]>,
    home: usize,
}

impl Drop for Stay {
    fn drop(&mut self) {
        self.open[self.home].fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn connections_are_spread_evenly() {
        let homes = Homes::with(vec![Handle::current(), Handle::current()]);
        let mut stays: Vec<Stay> = (0..6).map(|_| homes.emptiest()).collect();
        let counts = |homes: &Homes| homes.open.iter().map(|open| open.load(Relaxed)).collect::<Vec<_>>();
        assert_eq!(counts(&homes), [2, 2, 2]);
        stays.retain(|stay| stay.home != 1);
        assert_eq!(counts(&homes), [2, 0, 2]);
        stays.push(homes.emptiest());
        assert_eq!(counts(&homes), [2, 1, 2]);
    }
}
