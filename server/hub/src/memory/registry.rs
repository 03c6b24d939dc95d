//! Sessions by peer id, in shards, and the ends of sessions for a while.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, RwLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use subtle::ConstantTimeEq;

use super::{Session, read, write};
use crate::{backend::Credentials, id::PeerId, reason::Reason};

const SHARDS: usize = 64;

/// Ends remembered in each shard at a time. Of those beyond it nothing is known any more.
const MAX_ENDED: usize = if cfg!(test) { 16 } else { 4_096 };

#[derive(Debug)]
pub(super) struct Sessions {
    hasher: RandomState,
    // Read for each directed envelope, written when sessions come and go.
    shards: [RwLock<Shard>; SHARDS],
    count: AtomicUsize,
}

#[derive(Debug, Default)]
struct Shard {
    living: HashMap<PeerId, Arc<Session>>,
    ended: HashMap<PeerId, ([u8; 32], Reason)>,
}

/// What is known of a session.
pub(super) enum Known {
    Living(Arc<Session>),
    Ended(Reason),
    Unknown,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| RwLock::default()),
            count: AtomicUsize::new(0),
        }
    }
}

impl Sessions {
    pub(super) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Adds a session. `false` when its peer id is in use.
    pub(super) fn insert(&self, session: Arc<Session>) -> bool {
        let mut shard = write(self.shard(session.peer.as_str()));
        if shard.living.contains_key(&session.peer) {
            return false;
        }
        shard.ended.remove(&session.peer);
        shard.living.insert(session.peer.clone(), session);
        self.count.fetch_add(1, Ordering::Relaxed);
        true
    }

    pub(super) fn get(&self, peer: &str) -> Option<Arc<Session>> {
        read(self.shard(peer)).living.get(peer).cloned()
    }

    /// The same as [`get`](Self::get), for who asks for one peer again and again and remembers the `last` answer.
    pub(super) fn get_again(&self, peer: &PeerId, last: &mut Option<(PeerId, Weak<Session>)>) -> Option<Arc<Session>> {
        if let Some((last, session)) = last
            && last == peer
            && let Some(session) = session.upgrade()
            && (!session.unlisted.load(Ordering::Acquire) || sabotaged!("old-owner-of-an-id-found"))
        {
            return Some(session);
        }
        let session = self.get(peer.as_str())?;
        *last = Some((peer.clone(), Arc::downgrade(&session)));
        Some(session)
    }

    /// The session with these credentials. A wrong secret and an unknown session look the same.
    pub(super) fn prove(&self, credentials: &Credentials) -> Known {
        let shard = read(self.shard(credentials.peer.as_str()));
        let right = |digest: &[u8; 32]| {
            sabotaged!("secret-not-compared") || bool::from(digest.ct_eq(&credentials.secret_digest))
        };
        if let Some(session) = shard.living.get(&credentials.peer) {
            return if right(&session.secret_digest) { Known::Living(session.clone()) } else { Known::Unknown };
        }
        match shard.ended.get(&credentials.peer) {
            Some((digest, reason)) if right(digest) => Known::Ended(*reason),
            _ => Known::Unknown,
        }
    }

    /// Removes a session, and remembers why it ended when there is a reason to. `true` when it is to be forgotten later.
    pub(super) fn remove(&self, session: &Arc<Session>, reason: Option<Reason>) -> bool {
        let mut shard = write(self.shard(session.peer.as_str()));
        if shard.living.get(&session.peer).is_some_and(|s| Arc::ptr_eq(s, session)) {
            shard.living.remove(&session.peer);
            session.unlisted.store(true, Ordering::Release);
            self.count.fetch_sub(1, Ordering::Relaxed);
            let full = shard.ended.len() >= MAX_ENDED;
            if let Some(reason) = reason.filter(|_| !full && !sabotaged!("end-forgotten")) {
                shard.ended.insert(session.peer.clone(), (session.secret_digest, reason));
                return true;
            }
        }
        false
    }

    /// Forgets why a session ended.
    pub(super) fn forget(&self, peer: &PeerId) {
        write(self.shard(peer.as_str())).ended.remove(peer);
    }

    /// All sessions, as they are now.
    pub(super) fn all(&self) -> Vec<Arc<Session>> {
        self.shards.iter().flat_map(|s| read(s).living.values().cloned().collect::<Vec<_>>()).collect()
    }

    /// All sessions by peer id, so that what is done to all of them can be repeated.
    pub(super) fn in_order(&self) -> Vec<Arc<Session>> {
        let mut sessions = self.all();
        sessions.sort_unstable_by(|one, other| one.peer.cmp(&other.peer));
        sessions
    }

    fn shard(&self, peer: &str) -> &RwLock<Shard> {
        let hash = self.hasher.hash_one(peer);
        &self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, MemoryBackend, backend::Open, member::Metadata, session::Grade, time::Now};

    #[test]
    fn the_ends_that_are_remembered_have_a_limit() {
        let backend = MemoryBackend::new(Limits { sessions: 1, ..Limits::default() });
        let now = Now { mono_ms: 0, unix_ms: 0 };
        let ended = || backend.shared.sessions.shards.iter().map(|shard| read(shard).ended.len()).sum::<usize>();
        for number in 0..5_000_u128 {
            let open = Open {
                credentials: Credentials { peer: PeerId::from_random(number), secret_digest: [0; 32] },
                user: "".into(),
                verified: false,
                display_name: "".into(),
                metadata: Metadata::default(),
                grade: Grade::Resumable { grace_ms: 600_000 },
            };
            backend.open_session(now, open).expect("one at a time").close(now, Reason::Left);
        }
        assert!((1..=SHARDS * MAX_ENDED).contains(&ended()), "{} ends of one session at a time", ended());
        backend.shared.tick(now.plus(1_200_000));
        assert_eq!(ended(), 0);
    }
}
