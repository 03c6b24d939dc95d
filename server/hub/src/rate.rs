//! Rate limits: token buckets, and which limit a frame or request has exceeded.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::time::Now;

/// How much may happen: on average, and at once after a pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Tokens per second; 0 = no limit.
    pub per_second: u32,
    /// Tokens that may be taken at once, in addition to those.
    pub burst: u32,
}

impl Rate {
    /// Makes a rate. 0 per second: no limit.
    #[must_use]
    pub const fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second, burst }
    }

    /// Returns whether there is a limit.
    #[must_use]
    pub const fn is_limited(self) -> bool {
        self.per_second > 0
    }
}

/// A token bucket, as the generic cell rate algorithm keeps it: one number, which says when the tokens that were taken will
/// all have been returned. Starts full.
///
/// A bucket may be overdrawn: what has happened is always counted, and the next one waits until the excess is paid back. So
/// the average holds whatever one costs, and threads that take at the same time lose nothing.
#[derive(Debug, Default)]
pub struct Bucket {
    /// In thousandths of a token since the clock began. Saturates after two years at the highest rate, and admits from then
    /// on.
    paid_at: AtomicU64,
}

impl Bucket {
    /// Returns the milliseconds until something more may happen; 0 = it may now.
    #[must_use]
    pub fn wait_ms(&self, rate: Rate, now: Now) -> u32 {
        if !rate.is_limited() {
            return 0;
        }
        let ahead = self.paid_at.load(Ordering::Relaxed).saturating_sub(clock(rate, now));
        let excess = ahead.saturating_sub(u64::from(rate.burst) * 1_000);
        if excess == 0 {
            return 0;
        }
        u32::try_from(excess.div_ceil(rate.per_second.into())).unwrap_or(u32::MAX)
    }

    /// Takes this many tokens, whether or not they are there.
    pub fn charge(&self, rate: Rate, now: Now, tokens: u32) {
        if !rate.is_limited() {
            return;
        }
        let (clock, cost) = (clock(rate, now), u64::from(tokens) * 1_000);
        let mut paid_at = self.paid_at.load(Ordering::Relaxed);
        while let Err(other) = self.paid_at.compare_exchange_weak(
            paid_at,
            paid_at.max(clock).saturating_add(cost),
            Ordering::Relaxed,
            Ordering::Relaxed,
        ) {
            paid_at = other;
        }
    }

    /// Takes one token and returns 0, or the milliseconds until there is one.
    pub fn take(&self, rate: Rate, now: Now) -> u32 {
        let wait_ms = self.wait_ms(rate, now);
        if wait_ms == 0 {
            self.charge(rate, now, 1);
        }
        wait_ms
    }

    /// Returns whether every token is there, so that the bucket is like a new one.
    #[must_use]
    pub fn is_full(&self, rate: Rate, now: Now) -> bool {
        self.paid_at.load(Ordering::Relaxed) <= clock(rate, now)
    }
}

/// Returns the time in thousandths of the tokens that come in a second.
fn clock(rate: Rate, now: Now) -> u64 {
    now.mono_ms.saturating_mul(rate.per_second.into())
}

/// A rate limit of the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitKind {
    /// Frames of a session.
    SessionFrames,
    /// Bytes of a session's frames.
    SessionBytes,
    /// What a session's broadcasts and updates of its entry put into mailboxes.
    SessionDeliveries,
    /// Joins of a session.
    SessionJoins,
    /// Joins of a room.
    RoomJoins,
    /// What broadcasts and updates in a room put into mailboxes.
    RoomDeliveries,
    /// Sessions that a user opens.
    UserOpens,
    /// Joins of all sessions of a user.
    UserJoins,
}

impl RateLimitKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::SessionFrames,
        Self::SessionBytes,
        Self::SessionDeliveries,
        Self::SessionJoins,
        Self::RoomJoins,
        Self::RoomDeliveries,
        Self::UserOpens,
        Self::UserJoins,
    ];

    /// Returns its number, from 0.
    #[must_use]
    pub const fn number(self) -> usize {
        self as usize
    }
}

/// A limit that was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Which limit.
    pub kind: RateLimitKind,
    /// Its rate per second.
    pub per_second: u32,
    /// When to try again, in milliseconds from now.
    pub retry_after_ms: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono_ms: u64) -> Now {
        Now { mono_ms, unix_ms: 0 }
    }

    /// Takes at each of these times as often as it can, and returns how often that was.
    fn taken(bucket: &Bucket, rate: Rate, times: impl Iterator<Item = u64>) -> u64 {
        let mut taken = 0;
        for now in times {
            while bucket.take(rate, at(now)) == 0 {
                taken += 1;
            }
        }
        taken
    }

    #[test]
    fn the_burst_and_then_the_rate() {
        for rate in [Rate::new(1, 1), Rate::new(7, 3), Rate::new(1_000, 20), Rate::new(999_983, 1_000_000)] {
            let bucket = Bucket::default();
            let first = taken(&bucket, rate, std::iter::once(50_000));
            assert_eq!(first, u64::from(rate.burst) + 1, "{rate:?}");
            let then = taken(&bucket, rate, 50_000..60_000);
            let expected = u64::from(rate.per_second) * 10;
            assert!(then <= expected && then + u64::from(rate.per_second) / 500 + 1 >= expected, "{rate:?}: {then}");
            // A pause fills it, and no more than that.
            assert!(!bucket.is_full(rate, at(60_000)) && bucket.is_full(rate, at(10_000_000)));
            assert_eq!(taken(&bucket, rate, std::iter::once(10_000_000)), first);
        }
    }

    #[test]
    fn the_wait_is_exact_and_never_too_short() {
        let (bucket, rate) = (Bucket::default(), Rate::new(3, 2));
        assert_eq!(taken(&bucket, rate, std::iter::once(0)), 3);
        let wait = bucket.take(rate, at(0));
        assert_eq!(wait, 334);
        assert_eq!(bucket.take(rate, at(333)), 1);
        assert_eq!(bucket.take(rate, at(334)), 0);
    }

    #[test]
    fn what_it_is_overdrawn_by_is_paid_back() {
        let (bucket, rate) = (Bucket::default(), Rate::new(100, 50));
        bucket.charge(rate, at(1_000), 1_050);
        assert_eq!(bucket.wait_ms(rate, at(1_000)), 10_000);
        assert_eq!(bucket.wait_ms(rate, at(10_999)), 1);
        assert_eq!(bucket.wait_ms(rate, at(11_000)), 0);
    }

    #[test]
    fn no_limit_and_no_overflow() {
        let bucket = Bucket::default();
        bucket.charge(Rate::default(), at(1), u32::MAX);
        assert_eq!(bucket.wait_ms(Rate::default(), at(1)), 0);
        let most = Rate::new(u32::MAX, u32::MAX);
        bucket.charge(most, at(u64::MAX), u32::MAX);
        assert_eq!(bucket.wait_ms(most, at(u64::MAX)), 0);
        assert!(RateLimitKind::ALL.iter().enumerate().all(|(number, kind)| kind.number() == number));
    }

    #[test]
    fn threads_that_take_together_lose_nothing() {
        let (bucket, rate) = (Bucket::default(), Rate::new(1, 1_000_000));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| bucket.charge(rate, at(0), 1)));
            }
        });
        bucket.charge(rate, at(0), 960_001);
        assert_eq!(bucket.wait_ms(rate, at(0)), 1_000);
    }
}
