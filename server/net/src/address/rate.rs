//! How often a source may do something.

use std::{
    fmt,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference as _},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

use super::source_of;

/// The most sources that are remembered at a time. One is forgotten once it may again do all that its burst allows, so that
/// only those that were busy within the last ten seconds count.
const MAX_SOURCES: usize = 65_536;

/// Seconds' worth of the rate that a source may use at once.
const BURST_SECONDS: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// The least time between two searches for sources that can be forgotten, each of which looks at all of them.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A token bucket for each source, which holds ten seconds' worth of the rate.
///
/// If more sources are busy than are remembered, further ones are not limited: a limit per source does not help against so
/// many, and those that are honest must not pay for it. The limits of all connections and sessions together hold. (Calls
/// without a session have no such limit: there, sources that are too many share a bucket. See `CallRate` in
/// `wigwag-node`, which this crate does not know and which does not know this one.)
pub struct SourceRate<C: Clock = DefaultClock> {
    buckets: RateLimiter<IpAddr, HashMapStateStore<IpAddr>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    // Locked for each check while so many sources are remembered. Never held across an await.
    swept: Mutex<Option<C::Instant>>,
    max_sources: usize,
}

impl SourceRate {
    /// Creates the buckets. `None` if `per_second` is 0, which means that there is no limit.
    pub fn new(per_second: u32) -> Option<Self> {
        Some(Self::with(NonZeroU32::new(per_second)?, DefaultClock::default(), MAX_SOURCES))
    }
}

impl<C: Clock + Clone> SourceRate<C> {
    fn with(per_second: NonZeroU32, clock: C, max_sources: usize) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(per_second.saturating_mul(BURST_SECONDS));
        let buckets = RateLimiter::new(quota, HashMapStateStore::default(), clock.clone());
        Self { buckets, clock, swept: Mutex::new(None), max_sources }
    }

    /// Takes one from the bucket of an address's source.
    ///
    /// # Errors
    ///
    /// The time until there is one again, if there is none.
    pub fn check(&self, ip: IpAddr) -> Result<(), Duration> {
        if !self.has_room() {
            return Ok(());
        }
        let checked = self.buckets.check_key(&source_of(ip));
        checked.map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// Returns whether another source can be remembered. Forgets those whose bucket is full if there are too many.
    fn has_room(&self) -> bool {
        if self.buckets.len() < self.max_sources {
            return true;
        }
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        if swept.is_none_or(|at| Duration::from(now.duration_since(at)) >= SWEEP_INTERVAL) {
            *swept = Some(now);
            self.buckets.retain_recent();
        }
        self.buckets.len() < self.max_sources
    }
}

impl<C: Clock> fmt::Debug for SourceRate<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the addresses.
        f.debug_struct("SourceRate").field("sources", &self.buckets.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rate(per_second: u32, max_sources: usize) -> (SourceRate<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (SourceRate::with(NonZeroU32::new(per_second).expect("not zero"), clock.clone(), max_sources), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_source_has_ten_seconds_worth_at_once_and_then_its_rate() {
        let (rate, clock) = rate(5, 100);
        let source = ip("192.0.2.1");
        assert_eq!((0..60).filter(|_| rate.check(source).is_ok()).count(), 50);
        let wait = rate.check(source).expect_err("used up");
        assert_eq!(wait, Duration::from_millis(200));
        clock.advance(wait);
        assert!(rate.check(source).is_ok() && rate.check(source).is_err());
        clock.advance(Duration::from_secs(100));
        assert_eq!((0..60).filter(|_| rate.check(source).is_ok()).count(), 50, "not more than the bucket holds");
    }

    #[test]
    fn sources_have_a_bucket_each() {
        let (rate, _) = rate(1, 100);
        assert_eq!((0..20).filter(|_| rate.check(ip("2001:db8::1")).is_ok()).count(), 10);
        assert!(rate.check(ip("2001:db8::2")).is_err(), "the same network");
        assert!(rate.check(ip("2001:db8:0:1::1")).is_ok());
        assert!(rate.check(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn no_more_sources_are_remembered_than_fit() {
        let (rate, clock) = rate(1, 1_000);
        let nth = |n: u32| IpAddr::V4(Ipv4Addr::from(n));
        for n in 0..5_000 {
            assert!(rate.check(nth(n)).is_ok(), "{n}");
        }
        assert_eq!(rate.buckets.len(), 1_000);
        // Each had used one, which is back now.
        clock.advance(Duration::from_secs(2));
        assert!(rate.check(nth(9_999)).is_ok());
        assert_eq!(rate.buckets.len(), 1);
    }

    #[test]
    fn zero_is_no_limit() {
        assert!(SourceRate::new(0).is_none() && SourceRate::new(1).is_some());
    }
}
