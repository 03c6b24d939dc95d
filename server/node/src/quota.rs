//! A bounded number of places, of which each key has a share.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Places that are taken for a while, such as those of clients that have not said who they are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Quota<K: Clone + Eq + Hash> {
    // A plain mutex: held for one map operation, never across an await.
    counts: Arc<Mutex<Counts<K>>>,
    max: usize,
    max_per_key: usize,
}

#[derive(Debug)]
struct Counts<K> {
    total: usize,
    by_key: HashMap<K, usize>,
}

impl<K: Clone + Eq + Hash> Quota<K> {
    /// Makes `max` places, of which a key can take `max_per_key`.
    pub fn new(max: usize, max_per_key: usize) -> Self {
        Self { counts: Arc::new(Mutex::new(Counts { total: 0, by_key: HashMap::new() })), max, max_per_key }
    }

    /// Takes a place, or returns `None` if there is none for the key.
    pub fn take(&self, key: &K) -> Option<Place<K>> {
        let counts = self.lock();
        let full = counts.total >= self.max || counts.by_key.get(key).is_some_and(|count| *count >= self.max_per_key);
        (!full).then(|| self.add(counts, key))
    }

    /// Takes a place even if there is none: for what was there before.
    pub fn take_anyway(&self, key: &K) -> Place<K> {
        self.add(self.lock(), key)
    }

    fn add(&self, mut counts: MutexGuard<'_, Counts<K>>, key: &K) -> Place<K> {
        counts.total += 1;
        *counts.by_key.entry(key.clone()).or_default() += 1;
        Place { quota: self.clone(), key: key.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, Counts<K>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place that is taken. It is free again when this is dropped.
#[derive(Debug)]
pub struct Place<K: Clone + Eq + Hash> {
    quota: Quota<K>,
    key: K,
}

impl<K: Clone + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut counts = self.quota.lock();
        counts.total -= 1;
        if let Some(count) = counts.by_key.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.by_key.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_share_and_all_together_have_a_limit() {
        let quota = Quota::new(5, 3);
        let mut taken: Vec<_> = (0..3).map(|_| quota.take(&'a').expect("a place")).collect();
        assert!(quota.take(&'a').is_none());
        taken.extend((0..2).map(|_| quota.take(&'b').expect("a place")));
        assert!(quota.take(&'b').is_none() && quota.take(&'c').is_none());
        taken.push(quota.take_anyway(&'c'));
        drop(taken.remove(0));
        assert!(quota.take(&'a').is_none(), "one is there that was taken beyond the limit");
        taken.clear();
        assert!(quota.take(&'a').is_some());
        assert!(quota.lock().total == 0 && quota.lock().by_key.is_empty());
    }
}
