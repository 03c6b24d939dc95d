//! How long to wait before the next attempt to connect.

use std::time::Duration;

const BASE: Duration = Duration::from_millis(250);
const CAP: Duration = Duration::from_secs(8);

/// Exponential back-off with full jitter: any moment between now and the bound is as likely as any other, so that
/// clients which lost the same node do not come back in step.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The wait before the next attempt: below 250 ms at first, below 8 s in the end. A server that asked for a time
    /// gets it, plus a little of one's own, since it asked others for the same.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let wait = Self::bound(self.attempts).mul_f64(fastrand::f64());
        self.attempts = self.attempts.saturating_add(1);
        match asked {
            None => wait,
            Some(asked) => wait.max(asked + BASE.mul_f64(fastrand::f64())),
        }
    }

    /// Whether an attempt was made since the last success.
    pub(crate) fn is_fresh(&self) -> bool {
        self.attempts == 0
    }

    pub(crate) fn succeeded(&mut self) {
        self.attempts = 0;
    }

    fn bound(attempts: u32) -> Duration {
        // 250 ms doubled five times is the cap.
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
    fn a_time_the_server_asks_for_is_kept() {
        let asked = Duration::from_secs(3);
        let wait = Backoff::default().next(Some(asked));
        assert!((asked..=asked + BASE).contains(&wait), "{wait:?}");
    }
}
