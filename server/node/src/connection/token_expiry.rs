//! When the token of a session expires: a warning before, the end of the connection then.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};
use wigwag_hub::Now;

/// How long before the expiry the warning comes; for a token that is valid for less, at half of the time.
const WARNING_MS: u64 = 60_000;

/// The longest sleep, so that a wall clock that was set is followed.
const MAX_SLEEP_MS: u64 = 60_000;

/// The timer of a token.
pub struct TokenExpiry {
    sleep: Pin<Box<Sleep>>,
    expires_at_ms: u64,
    /// When the warning is due. `None`: it was given, or the client does not know it.
    warns_at_ms: Option<u64>,
    warns: bool,
}

/// What a token's timer asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    /// To tell the client that the token expires.
    Warning,
    /// To end the connection.
    End,
}

impl TokenExpiry {
    /// Creates the timer of a token that expires at this time, in milliseconds since 1970. `warns`: the client knows the
    /// warning.
    pub fn new(expires_at_ms: u64, warns: bool, now: Now) -> Self {
        let sleep = Box::pin(tokio::time::sleep_until(Instant::now()));
        let mut expiry = Self { sleep, expires_at_ms, warns_at_ms: None, warns };
        expiry.set(expires_at_ms, now);
        expiry
    }

    /// Sets the timer for another token.
    pub fn set(&mut self, expires_at_ms: u64, now: Now) {
        self.expires_at_ms = expires_at_ms;
        let left = expires_at_ms.saturating_sub(now.unix_ms);
        self.warns_at_ms = self.warns.then(|| expires_at_ms - WARNING_MS.min(left / 2));
        self.sleep_until_due(now);
    }

    fn sleep_until_due(&mut self, now: Now) {
        let due = self.warns_at_ms.unwrap_or(self.expires_at_ms);
        let ms = due.saturating_sub(now.unix_ms).min(MAX_SLEEP_MS);
        self.sleep.as_mut().reset(Instant::now() + Duration::from_millis(ms));
    }

    /// Returns what is due.
    pub fn poll(&mut self, cx: &mut Context<'_>, now: Now) -> Poll<Due> {
        loop {
            if self.expires_at_ms <= now.unix_ms {
                return Poll::Ready(Due::End);
            }
            if self.warns_at_ms.is_some_and(|at| at <= now.unix_ms) {
                self.warns_at_ms = None;
                self.sleep_until_due(now);
                return Poll::Ready(Due::Warning);
            }
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.sleep_until_due(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn at(unix_ms: u64) -> Now {
        Now { mono_ms: unix_ms, unix_ms }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_is_warned_and_then_cut_off() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut expiry = TokenExpiry::new(1_200_000, true, at(1_000_000));
        assert_eq!(expiry.poll(&mut cx, at(1_000_000)), Poll::Pending);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(expiry.poll(&mut cx, at(1_060_000)), Poll::Pending);
        assert_eq!(expiry.poll(&mut cx, at(1_140_000)), Poll::Ready(Due::Warning));
        assert_eq!(expiry.poll(&mut cx, at(1_140_001)), Poll::Pending, "once");
        assert_eq!(expiry.poll(&mut cx, at(1_200_000)), Poll::Ready(Due::End));
        expiry.set(1_300_000, at(1_199_000));
        assert_eq!(expiry.poll(&mut cx, at(1_200_000)), Poll::Pending, "refreshed");
        assert_eq!(expiry.poll(&mut cx, at(1_249_500)), Poll::Ready(Due::Warning), "at half of its time");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_know_the_warning_gets_none() {
        let mut cx = Context::from_waker(Waker::noop());
        let mut expiry = TokenExpiry::new(1_200_000, false, at(1_000_000));
        assert_eq!(expiry.poll(&mut cx, at(1_199_999)), Poll::Pending);
        assert_eq!(expiry.poll(&mut cx, at(1_200_000)), Poll::Ready(Due::End));
    }

    #[tokio::test(start_paused = true)]
    async fn the_timer_wakes_in_time() {
        let mut expiry = TokenExpiry::new(1_200_000, true, at(1_000_000));
        let (mut now, begun) = (1_000_000, Instant::now());
        let due = std::future::poll_fn(|cx| {
            now = 1_000_000 + u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            expiry.poll(cx, at(now))
        });
        assert_eq!(due.await, Due::Warning);
        assert!((1_140_000..1_141_000).contains(&now), "{now}");
    }
}
