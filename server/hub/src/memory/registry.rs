//! The registry of sessions by peer id, in shards, which also remembers for a while why sessions ended.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, RwLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use subtle::ConstantTimeEq;

use super::{
    entities::Session,
    lock::{read, write},
};
use crate::{backend::Credentials, id::PeerId, reason::Reason};

pub(super) const SHARDS: usize = 64;

/// Tombstones per shard at a time. Ends beyond that are not remembered.
pub(super) const MAX_TOMBSTONES: usize = if cfg!(test) { 16 } else { 4_096 };

#[derive(Debug)]
pub(super) struct Sessions {
    hasher: RandomState,
    // Read for each directed envelope, written when sessions begin and end.
    shards: [RwLock<Shard>; SHARDS],
    count: AtomicUsize,
    node: Arc<NodeCounts>,
}

/// What the registries of all namespaces hold together, which is limited.
#[derive(Debug, Default)]
pub(super) struct NodeCounts {
    pub(super) sessions: AtomicUsize,
    pub(super) rooms: AtomicUsize,
    tombstones: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    living: HashMap<PeerId, Arc<Session>>,
    tombstones: HashMap<PeerId, ([u8; 32], Reason)>,
}

/// What the registry knows of a session.
pub(super) enum Known {
    Living(Arc<Session>),
    Ended(Reason),
    Unknown,
}

impl Sessions {
    /// Makes an empty registry.
    pub(super) fn new(node: Arc<NodeCounts>) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| RwLock::default()),
            count: AtomicUsize::new(0),
            node,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Returns how many sessions all namespaces have.
    pub(super) fn len_of_node(&self) -> usize {
        self.node.sessions.load(Ordering::Relaxed)
    }

    /// Adds a session. Returns `false` if its peer id is in use.
    pub(super) fn insert(&self, session: Arc<Session>) -> bool {
        let mut shard = write(self.shard(session.peer.as_str()));
        if shard.living.contains_key(&session.peer) {
            return false;
        }
        self.remove_tombstone(&mut shard, &session.peer);
        shard.living.insert(session.peer.clone(), session);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.node.sessions.fetch_add(1, Ordering::Relaxed);
        true
    }

    pub(super) fn get(&self, peer: &str) -> Option<Arc<Session>> {
        read(self.shard(peer)).living.get(peer).cloned()
    }

    /// Like [`get`](Self::get), for a caller that looks up the same peer repeatedly: `last` caches the previous result.
    pub(super) fn get_cached(&self, peer: &PeerId, last: &mut Option<(PeerId, Weak<Session>)>) -> Option<Arc<Session>> {
        if let Some((last, session)) = last
            && last == peer
            && let Some(session) = session.upgrade()
            && !session.unlisted.load(Ordering::Acquire)
        {
            return Some(session);
        }
        let session = self.get(peer.as_str())?;
        *last = Some((peer.clone(), Arc::downgrade(&session)));
        Some(session)
    }

    /// Returns the session with these credentials. A wrong secret is indistinguishable from an unknown session.
    pub(super) fn authenticate(&self, credentials: &Credentials) -> Known {
        let shard = read(self.shard(credentials.peer.as_str()));
        let matches = |digest: &[u8; 32]| bool::from(digest.ct_eq(&credentials.secret_digest));
        if let Some(session) = shard.living.get(&credentials.peer) {
            return if matches(&session.secret_digest) { Known::Living(session.clone()) } else { Known::Unknown };
        }
        match shard.tombstones.get(&credentials.peer) {
            Some((digest, reason)) if matches(digest) => Known::Ended(*reason),
            _ => Known::Unknown,
        }
    }

    /// Removes a session, and remembers why it ended if `reason` is given. Returns `true` if it left a tombstone, which the
    /// caller removes later with [`Self::forget`].
    pub(super) fn remove(&self, session: &Arc<Session>, reason: Option<Reason>) -> bool {
        let mut shard = write(self.shard(session.peer.as_str()));
        if shard.living.get(&session.peer).is_some_and(|s| Arc::ptr_eq(s, session)) {
            shard.living.remove(&session.peer);
            session.unlisted.store(true, Ordering::Release);
            self.count.fetch_sub(1, Ordering::Relaxed);
            self.node.sessions.fetch_sub(1, Ordering::Relaxed);
            let full = shard.tombstones.len() >= MAX_TOMBSTONES
                || self.node.tombstones.load(Ordering::Relaxed) >= SHARDS * MAX_TOMBSTONES;
            if let Some(reason) = reason.filter(|_| !full) {
                shard.tombstones.insert(session.peer.clone(), (session.secret_digest, reason));
                self.node.tombstones.fetch_add(1, Ordering::Relaxed);
                return true;
            }
        }
        false
    }

    /// Removes the tombstone of a session.
    pub(super) fn forget(&self, peer: &PeerId) {
        self.remove_tombstone(&mut write(self.shard(peer.as_str())), peer);
    }

    fn remove_tombstone(&self, shard: &mut Shard, peer: &PeerId) {
        if shard.tombstones.remove(peer).is_some() {
            self.node.tombstones.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Returns all sessions.
    pub(super) fn all(&self) -> Vec<Arc<Session>> {
        self.shards.iter().flat_map(|s| read(s).living.values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Returns all sessions in order of their peer ids, so that an operation on all of them is reproducible.
    pub(super) fn in_order(&self) -> Vec<Arc<Session>> {
        let mut sessions = self.all();
        sessions.sort_unstable_by(|one, other| one.peer.cmp(&other.peer));
        sessions
    }

    /// Returns how many tombstones there are.
    #[cfg(test)]
    pub(super) fn tombstones(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).tombstones.len()).sum()
    }

    fn shard(&self, peer: &str) -> &RwLock<Shard> {
        let hash = self.hasher.hash_one(peer);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or(0)]
    }
}
