//! How long to wait before the next attempt to connect.

use std::time::Duration;

const BASE: Duration = Duration::from_millis(250);
const CAP: Duration = Duration::from_secs(8);

/// Exponential back-off with full jitter: the wait is uniformly random between zero and the bound, so that clients that
/// lost the same node do not reconnect at the same moment.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Returns the wait before the next attempt: below 250 ms at first, below 8 s in the end. `retry_after`, when the
    /// server gave one, is the minimum; jitter is added to it, since the server gave other clients the same value.
    pub(crate) fn next(&mut self, retry_after: Option<Duration>) -> Duration {
        let wait = Self::bound(self.attempts).mul_f64(fastrand::f64());
        self.attempts = self.attempts.saturating_add(1);
        match retry_after {
            None => wait,
            Some(retry_after) => wait.max(retry_after + BASE.mul_f64(fastrand::f64())),
        }
    }

    /// Returns whether no attempt was made since the last success.
    pub(crate) fn is_fresh(&self) -> bool {
        self.attempts == 0
    }

    pub(crate) fn succeeded(&mut self) {
        self.attempts = 0;
    }

    fn bound(attempts: u32) -> Duration {
        // 250 ms doubled five times is 8 s.
        (BASE * (1 << attempts.min(5))).min(CAP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_below_a_bound_that_doubles_up_to_the_cap() {
        let bounds: Vec<u128> = (0..8).map(|attempts| Backoff::bound(attempts).as_millis()).collect();
        assert_eq!(bounds, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        for _ in 0..100 {
            let mut backoff = Backoff::default();
            assert!(backoff.is_fresh());
            for attempts in 0..8 {
                assert!(backoff.next(None) <= Backoff::bound(attempts));
            }
            backoff.succeeded();
            assert!(backoff.next(None) <= BASE);
        }
    }

    #[test]
    fn retry_after_is_the_minimum() {
        let asked = Duration::from_secs(3);
        let wait = Backoff::default().next(Some(asked));
        assert!((asked..=asked + BASE).contains(&wait), "{wait:?}");
    }
}
