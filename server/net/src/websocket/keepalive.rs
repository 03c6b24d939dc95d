//! When to ask whether the other end is still there, and when to stop waiting for it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    task::coop::has_budget_remaining,
    time::{Instant, Sleep},
};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepaliveEvent {
    /// Send a ping.
    Ping,
    /// Nothing came since the ping.
    Dead,
    /// The other end has not taken a byte for too long.
    Stuck,
}

/// One timer for a socket. It is moved only when it fires or a deadline comes before it, not with each message.
#[derive(Debug)]
pub(super) struct Keepalive {
    sleep: Pin<Box<Sleep>>,
    /// When `sleep` ends, and whom it wakes then. Kept here because a look at a timer costs more than one at the clock.
    at: Instant,
    waker: Option<Waker>,
    interval: Option<Duration>,
    timeout: Duration,
    pinged: Option<Instant>,
    blocked: Option<Instant>,
}

/// Stands for "never" where there are no pings.
const FAR: Duration = Duration::from_secs(86_400);

impl Keepalive {
    /// Pings after `interval` of silence; waits `timeout` for a sign of life, and for a blocked write to get on.
    pub(super) fn new(interval: Option<Duration>, timeout: Duration) -> Self {
        let sleep = Box::pin(tokio::time::sleep(interval.unwrap_or(FAR)));
        Self { at: sleep.deadline(), sleep, waker: None, interval, timeout, pinged: None, blocked: None }
    }

    /// There is room to write again, or nothing is waiting to be written.
    pub(super) fn unblocked(&mut self) {
        self.blocked = None;
    }

    /// A write did not get through. `moved`: more of it than before.
    pub(super) fn blocked(&mut self, moved: bool) {
        if self.blocked.is_none() || moved {
            let now = Instant::now();
            self.blocked = Some(now);
            if self.at > now + self.timeout {
                self.sleep_until(now + self.timeout);
            }
        }
    }

    fn sleep_until(&mut self, at: Instant) {
        self.sleep.as_mut().reset(at);
        (self.at, self.waker) = (at, None);
    }

    /// What is due `now`, when the other end was last heard at `heard`. Pending while nothing is.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: Instant, heard: Instant) -> Poll<KeepaliveEvent> {
        if now < self.at && self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        loop {
            if self.sleep.as_mut().poll(cx).is_pending() {
                // At the end of a busy turn the timer was not even looked at, and knows nobody to wake.
                self.waker = has_budget_remaining().then(|| cx.waker().clone());
                return Poll::Pending;
            }
            let now = Instant::now();
            if self.pinged.is_some_and(|pinged| heard > pinged) {
                self.pinged = None;
            }
            let (at, due) = match (self.blocked, self.pinged, self.interval) {
                (Some(since), ..) => (since + self.timeout, KeepaliveEvent::Stuck),
                (None, Some(pinged), _) => (pinged + self.timeout, KeepaliveEvent::Dead),
                (None, None, Some(interval)) => (heard + interval, KeepaliveEvent::Ping),
                (None, None, None) => (now + FAR, KeepaliveEvent::Ping),
            };
            if now < at {
                self.sleep_until(at);
                continue;
            }
            if due == KeepaliveEvent::Ping {
                self.pinged = Some(now);
                self.sleep_until(now + self.timeout);
            }
            return Poll::Ready(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(20);
    const TIMEOUT: Duration = Duration::from_secs(10);

    async fn next(keepalive: &mut Keepalive, heard: Instant) -> (KeepaliveEvent, Duration) {
        let started = Instant::now();
        (poll_fn(|cx| keepalive.poll(cx, Instant::now(), heard)).await, started.elapsed())
    }

    fn about(duration: Duration, seconds: u64) -> bool {
        duration.abs_diff(Duration::from_secs(seconds)) < Duration::from_millis(10)
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_asked_about_and_then_given_up() {
        let mut keepalive = Keepalive::new(Some(INTERVAL), TIMEOUT);
        let heard = Instant::now();
        let (due, after) = next(&mut keepalive, heard).await;
        assert!(due == KeepaliveEvent::Ping && about(after, 20), "{due:?} after {after:?}");
        let (due, after) = next(&mut keepalive, heard).await;
        assert!(due == KeepaliveEvent::Dead && about(after, 10), "{due:?} after {after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_starts_the_wait_anew() {
        let mut keepalive = Keepalive::new(Some(INTERVAL), TIMEOUT);
        assert_eq!(next(&mut keepalive, Instant::now()).await.0, KeepaliveEvent::Ping);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (due, after) = next(&mut keepalive, Instant::now()).await;
        assert!(due == KeepaliveEvent::Ping && about(after, 20), "{due:?} after {after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_blocked_write_is_waited_for_from_its_first_moment() {
        let mut keepalive = Keepalive::new(None, TIMEOUT);
        keepalive.blocked(false);
        tokio::time::sleep(Duration::from_secs(4)).await;
        keepalive.blocked(false);
        let (due, after) = next(&mut keepalive, Instant::now()).await;
        assert!(due == KeepaliveEvent::Stuck && about(after, 6), "{due:?} after {after:?}");
    }

    /// Uses up what a task may do in one turn.
    fn exhaust(cx: &mut Context<'_>) {
        while let Poll::Ready(turn) = tokio::task::coop::poll_proceed(cx) {
            turn.made_progress();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_turn_leaves_the_timer_armed() {
        let task = tokio::spawn(async {
            let mut keepalive = Keepalive::new(Some(INTERVAL), TIMEOUT);
            let heard = Instant::now();
            let mut first = true;
            poll_fn(|cx| {
                if std::mem::take(&mut first) {
                    exhaust(cx);
                }
                keepalive.poll(cx, Instant::now(), heard)
            })
            .await
        });
        let due = tokio::time::timeout(Duration::from_secs(3_600), task).await.expect("is asked within an hour");
        assert_eq!(due.expect("no panic"), KeepaliveEvent::Ping);
    }
}
