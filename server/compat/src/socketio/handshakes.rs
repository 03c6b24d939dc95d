//! Bounds Engine.IO sessions whose clients have not connected to a namespace: until then they are not counted as sessions.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Most of them at a time, and most from one source. Each takes about 10 KiB, for as long as a client has for its first
/// frame (`session.hello_timeout_ms`). An honest client needs one for a round trip.
const MAX_HANDSHAKES: usize = 4_096;
const MAX_PER_SOURCE: usize = 1_024;

/// The Engine.IO sessions that are counted. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Handshakes {
    // A plain mutex: held for one map operation, never across an await.
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_source: HashMap<u64, usize>,
}

impl Handshakes {
    /// Counts a session from a source, or returns `None` if there are too many.
    pub(super) fn begin(&self, source: u64) -> Option<Handshake> {
        let mut counts = self.lock();
        if counts.total >= MAX_HANDSHAKES || counts.by_source.get(&source).is_some_and(|count| *count >= MAX_PER_SOURCE)
        {
            return None;
        }
        counts.add(source);
        drop(counts);
        let counted = Counted { handshakes: self.clone(), source, is_counted: Mutex::new(true) };
        Some(Handshake(Arc::new(counted)))
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add(&mut self, source: u64) {
        self.total += 1;
        *self.by_source.entry(source).or_default() += 1;
    }

    fn remove(&mut self, source: u64) {
        self.total -= 1;
        if let Some(count) = self.by_source.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
    }
}

/// The place of one Engine.IO session. It is with the request that opened the session, which is kept as long as that.
#[derive(Clone, Debug)]
pub(super) struct Handshake(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    handshakes: Handshakes,
    source: u64,
    is_counted: Mutex<bool>,
}

impl Handshake {
    /// The client has connected: it has a session of the node, which has its own limits.
    pub(super) fn connected(&self) {
        self.0.set_counted(false);
    }

    /// The client has left the namespace: the Engine.IO session may stay.
    pub(super) fn left(&self) {
        self.0.set_counted(true);
    }
}

impl Counted {
    fn set_counted(&self, counted: bool) {
        let mut is_counted = self.is_counted.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_counted != counted {
            *is_counted = counted;
            let mut counts = self.handshakes.lock();
            if counted { counts.add(self.source) } else { counts.remove(self.source) }
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.set_counted(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_a_share_and_all_together_have_a_limit() {
        let handshakes = Handshakes::default();
        let mut held: Vec<_> = (0..MAX_PER_SOURCE).map(|_| handshakes.begin(1).expect("a place")).collect();
        assert!(handshakes.begin(1).is_none());
        held[0].connected();
        let another = handshakes.begin(1).expect("the place of the connected one");
        held[0].connected();
        assert!(handshakes.begin(1).is_none(), "a place is given back once");
        held[0].left();
        held.push(another);
        for source in 2.. {
            let more: Vec<_> = (0..MAX_PER_SOURCE).map_while(|_| handshakes.begin(source)).collect();
            if more.is_empty() {
                break;
            }
            held.extend(more);
        }
        // One more than the limit: the client that came back was there before.
        assert_eq!(handshakes.lock().total, MAX_HANDSHAKES);
        held.clear();
        assert!(handshakes.lock().total == 0 && handshakes.lock().by_source.is_empty());
    }
}
