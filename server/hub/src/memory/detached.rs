//! The sessions of all namespaces that have no connection, by source, so that one source cannot hold so many that others suffer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, Weak, atomic::Ordering},
};

use super::{entities::Session, lock::lock};
use crate::limits::Limits;

/// With each session is kept what ends it, in its namespace.
#[derive(Debug)]
pub(super) struct DetachedSessions<O> {
    // Locked when a session loses its connection, resumes or ends; no other lock is taken while it is held.
    state: Mutex<State<O>>,
}

#[derive(Debug)]
struct State<O> {
    next_order: u64,
    total: usize,
    /// The sessions of each source, in the order in which they lost their connection.
    sources: HashMap<u64, BTreeMap<u64, (Weak<Session>, O)>>,
    /// The sources by number of sessions.
    by_count: BTreeSet<(usize, u64)>,
}

impl<O> Default for DetachedSessions<O> {
    fn default() -> Self {
        let state = State { next_order: 0, total: 0, sources: HashMap::new(), by_count: BTreeSet::new() };
        Self { state: Mutex::new(state) }
    }
}

impl<O: Clone> DetachedSessions<O> {
    /// Adds a session that lost its connection. Returns the session that is one too many, if there is one: the oldest of
    /// the source if that has too many, else the oldest of the source with most.
    pub(super) fn insert(&self, session: &Arc<Session>, owner: O, limits: &Limits) -> Option<(Arc<Session>, O)> {
        let mut state = lock(&self.state);
        state.next_order += 1;
        let order = state.next_order;
        let earlier = session.detached_order.swap(order, Ordering::AcqRel);
        state.remove(session.source, earlier);
        let count = state.add(session, owner, order);
        let from = if count > limits.detached_per_source {
            session.source
        } else if state.total > limits.detached_sessions {
            state.by_count.last()?.1
        } else {
            return None;
        };
        let (&oldest, (victim, owner)) = state.sources.get(&from)?.first_key_value()?;
        let victim = victim.upgrade().zip(Some(owner.clone()));
        state.remove(from, oldest);
        victim
    }

    /// Removes a session that was resumed or has ended, if it is there.
    pub(super) fn remove(&self, session: &Session) {
        let order = session.detached_order.swap(0, Ordering::AcqRel);
        if order != 0 {
            lock(&self.state).remove(session.source, order);
        }
    }
}

impl<O> State<O> {
    /// Adds a session and returns how many its source has.
    fn add(&mut self, session: &Arc<Session>, owner: O, order: u64) -> usize {
        let sessions = self.sources.entry(session.source).or_default();
        let before = sessions.len();
        sessions.insert(order, (Arc::downgrade(session), owner));
        self.by_count.remove(&(before, session.source));
        self.by_count.insert((before + 1, session.source));
        self.total += 1;
        before + 1
    }

    fn remove(&mut self, source: u64, order: u64) {
        let Some(sessions) = self.sources.get_mut(&source) else { return };
        let before = sessions.len();
        if sessions.remove(&order).is_none() {
            return;
        }
        self.total -= 1;
        self.by_count.remove(&(before, source));
        if before > 1 {
            self.by_count.insert((before - 1, source));
        } else {
            self.sources.remove(&source);
        }
    }
}
