//! Rate limits of callers that have no session yet, by where they come from.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use wigwag_hub::{
    Now,
    rate::{Bucket, Rate},
};

use crate::{
    auth::Caller,
    config::NodeConfig,
    error::ApiError,
    rate_settings::{AUTH_FAILURES, ROOM_CALLS, SETTINGS},
};

/// Sources whose buckets are not full that are remembered at a time. Further ones share one bucket.
const MAX_SOURCES: usize = 65_536;

/// Limits what callers do that have no session yet.
#[derive(Debug)]
pub(crate) struct CallRates {
    auth_failures: CallRate,
    room_calls: CallRate,
}

impl CallRates {
    pub(crate) fn new(config: &NodeConfig) -> Self {
        Self { auth_failures: CallRate::new(config.auth_failures), room_calls: CallRate::new(config.room_calls) }
    }

    /// Counts an authentication that failed. Returns the error for the caller: the given one, or RATE_LIMITED if there were
    /// too many from its source.
    ///
    /// A token is verified all the same: a good one is never refused because of what others behind the same proxy do.
    pub(crate) fn failed(&self, caller: &Caller, now: Now, error: ApiError) -> ApiError {
        match self.auth_failures.take(caller.source(), now) {
            0 => error,
            wait_ms => ApiError::rate_limited(AUTH_FAILURES, self.auth_failures.rate.per_second, wait_ms),
        }
    }

    /// Counts a call to RoomService without a token.
    ///
    /// # Errors
    ///
    /// RATE_LIMITED.
    pub(crate) fn admit_room_call(&self, caller: &Caller, now: Now) -> Result<(), ApiError> {
        match self.room_calls.take(caller.source(), now) {
            0 => Ok(()),
            wait_ms => Err(ApiError::rate_limited(ROOM_CALLS, self.room_calls.rate.per_second, wait_ms)),
        }
    }

    /// Returns how often each limit was exceeded, by its setting: those of the backend, then those of this node.
    pub(crate) fn exceeded(&self, backend: &[u64]) -> Vec<(&'static str, u64)> {
        let own = [(AUTH_FAILURES, &self.auth_failures), (ROOM_CALLS, &self.room_calls)];
        let own = own.map(|(setting, limit)| (setting, limit.exceeded.load(Ordering::Relaxed)));
        SETTINGS.into_iter().zip(backend.iter().copied()).chain(own).collect()
    }
}

/// A rate limit of calls for each source.
///
/// Not the `SourceRate` of `wigwag-net`, which limits connections and sessions. There, sources beyond those that are remembered
/// are not limited, because the limits of all connections together hold then; no other limit holds here, so that they
/// share one bucket. This one has a burst that is set, counts what exceeds it for the metrics, and takes the time as an
/// argument, as everything of a node does. Neither crate may depend on the other.
#[derive(Debug)]
struct CallRate {
    rate: Rate,
    sources: Mutex<Sources>,
    exceeded: AtomicU64,
}

#[derive(Debug, Default)]
struct Sources {
    buckets: HashMap<u64, Bucket>,
    /// For sources that find no place.
    shared: Bucket,
    /// When full buckets were last forgotten, so that a flood of sources does not search them each time.
    pruned_ms: u64,
}

impl CallRate {
    fn new(rate: Rate) -> Self {
        Self { rate, sources: Mutex::default(), exceeded: AtomicU64::new(0) }
    }

    /// Counts one for this source and returns 0, or the milliseconds to wait.
    fn take(&self, source: u64, now: Now) -> u32 {
        if !self.rate.is_limited() {
            return 0;
        }
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let Sources { buckets, shared, pruned_ms } = &mut *sources;
        let full = buckets.len() >= MAX_SOURCES;
        if full && now.mono_ms.saturating_sub(*pruned_ms) >= 1_000 {
            *pruned_ms = now.mono_ms;
            buckets.retain(|_, bucket| !bucket.is_full(self.rate, now));
        }
        let bucket = if buckets.len() < MAX_SOURCES {
            buckets.entry(source).or_default()
        } else {
            buckets.get_mut(&source).unwrap_or(shared)
        };
        let wait_ms = bucket.take(self.rate, now);
        drop(sources);
        if wait_ms > 0 {
            self.exceeded.fetch_add(1, Ordering::Relaxed);
        }
        wait_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_ms: u64) -> Now {
        Now { mono_ms, unix_ms: 0 }
    }

    #[test]
    fn each_source_has_its_own_limit_and_comes_back() {
        let limit = CallRate::new(Rate::new(10, 1));
        assert_eq!((limit.take(1, at(0)), limit.take(1, at(0)), limit.take(1, at(0))), (0, 0, 100));
        assert_eq!(limit.take(2, at(0)), 0);
        assert_eq!(limit.take(1, at(100)), 0);
        assert_eq!(limit.exceeded.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn so_many_sources_are_remembered_and_those_with_full_buckets_forgotten() {
        let limit = CallRate::new(Rate::new(1, 0));
        for source in 0..MAX_SOURCES as u64 {
            assert_eq!(limit.take(source, at(5_000)), 0);
        }
        assert_eq!(limit.take(u64::MAX, at(5_000)), 0, "the first in the shared bucket");
        assert_eq!(limit.take(u64::MAX - 1, at(5_000)), 1_000, "the next shares it");
        assert_eq!(limit.take(7, at(5_000)), 1_000, "those that have a place keep it");
        assert_eq!(limit.take(u64::MAX - 1, at(6_000)), 0);
        assert_eq!(limit.sources.lock().expect("not poisoned").buckets.len(), 1, "the others are forgotten");
    }

    #[test]
    fn every_limit_is_counted_under_its_setting() {
        let rates = CallRates::new(&NodeConfig::default());
        let exceeded = rates.exceeded(&[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!((exceeded.len(), exceeded[0], exceeded[9]), (10, ("session.frames_per_second", 1), (ROOM_CALLS, 0)));
    }
}
