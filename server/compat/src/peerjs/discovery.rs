//! The PeerJS ids in use on this node, for clients that may list them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The ids in use, by key (PeerServer's term). Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Realm {
    // A plain mutex: held for one map operation, never across an await. Counted, since the id of a client that
    // reconnects is registered twice until its old connection is closed.
    keys: Arc<Mutex<BTreeMap<String, BTreeMap<String, usize>>>>,
}

impl Realm {
    /// Registers an id until the returned guard is dropped.
    pub(super) fn register(&self, key: &str, id: &str) -> Registration {
        *self.lock().entry(key.to_owned()).or_default().entry(id.to_owned()).or_default() += 1;
        Registration { realm: self.clone(), key: key.to_owned(), id: id.to_owned() }
    }

    /// Returns the ids of a key in byte order.
    pub(super) fn ids(&self, key: &str) -> Vec<String> {
        self.lock().get(key).map(|ids| ids.keys().cloned().collect()).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, usize>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps an id registered.
#[derive(Debug)]
pub(super) struct Registration {
    realm: Realm,
    key: String,
    id: String,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut keys = self.realm.lock();
        let Some(ids) = keys.get_mut(&self.key) else { return };
        if let Some(count) = ids.get_mut(&self.id) {
            *count -= 1;
            if *count == 0 {
                ids.remove(&self.id);
            }
        }
        if ids.is_empty() {
            keys.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_listed_while_a_client_has_it() {
        let realm = Realm::default();
        let first = realm.register("key", "ada");
        let second = realm.register("key", "ada");
        let bob = realm.register("key", "Bob");
        let _other = realm.register("other", "eve");
        assert_eq!(realm.ids("key"), ["Bob", "ada"]);
        drop(first);
        assert_eq!(realm.ids("key"), ["Bob", "ada"]);
        drop((second, bob));
        assert!(realm.ids("key").is_empty());
        assert_eq!(realm.lock().len(), 1);
    }
}
