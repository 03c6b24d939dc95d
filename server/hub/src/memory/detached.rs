//! The sessions that have no connection, by source, so that one source cannot hold so many that others suffer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, Weak, atomic::Ordering},
};

use super::{entities::Session, lock::lock};
use crate::limits::Limits;

#[derive(Debug, Default)]
pub(super) struct DetachedSessions {
    // Locked when a session loses its connection, resumes or ends; no other lock is taken while it is held.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next_order: u64,
    total: usize,
    /// The sessions of each source, in the order in which they lost their connection.
    sources: HashMap<u64, BTreeMap<u64, Weak<Session>>>,
    /// The sources by number of sessions.
    by_count: BTreeSet<(usize, u64)>,
}

impl DetachedSessions {
    /// Adds a session that lost its connection. Returns the session that is one too many, if there is one: the oldest of
    /// the source if that has too many, else the oldest of the source with most.
    pub(super) fn insert(&self, session: &Arc<Session>, limits: &Limits) -> Option<Arc<Session>> {
        let mut state = lock(&self.state);
        state.next_order += 1;
        let order = state.next_order;
        let earlier = session.detached_order.swap(order, Ordering::AcqRel);
        state.remove(session.source, earlier);
        let count = state.add(session, order);
        let from = if count > limits.detached_per_source {
            session.source
        } else if state.total > limits.detached_sessions {
            state.by_count.last()?.1
        } else {
            return None;
        };
        let (&oldest, victim) = state.sources.get(&from)?.first_key_value()?;
        let victim = victim.upgrade();
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

impl State {
    /// Adds a session and returns how many its source has.
    fn add(&mut self, session: &Arc<Session>, order: u64) -> usize {
        let sessions = self.sources.entry(session.source).or_default();
        let before = sessions.len();
        sessions.insert(order, Arc::downgrade(session));
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
