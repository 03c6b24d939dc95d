//! Keepalive pings, and the timeouts of a silent peer and of a blocked write.

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

use crate::late_timer::LateTimer;

/// What the socket has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepaliveEvent {
    /// Send a ping.
    Ping,
    /// Close: nothing was received since the ping.
    Dead,
    /// Close: the peer has not read a byte for too long.
    Stuck,
}

/// The timer of a socket. It is reset only when it fires or an earlier deadline is set, not for each message.
#[derive(Debug)]
pub(super) struct Keepalive {
    sleep: Pin<Box<Sleep>>,
    /// The deadline of `sleep` and the waker registered with it, kept here because polling a timer costs more than
    /// comparing two times.
    at: Instant,
    waker: Option<Waker>,
    interval: Option<Duration>,
    timeout: Duration,
    pinged: Option<Instant>,
    blocked: Option<Instant>,
    late: LateTimer,
}

/// The interval if no pings are sent.
const NEVER: Duration = Duration::from_secs(86_400);

impl Keepalive {
    /// Creates a timer that pings after `interval` without input, and waits `timeout` for input after a ping, and for
    /// progress of a blocked write.
    pub(super) fn new(interval: Option<Duration>, timeout: Duration) -> Self {
        let sleep = Box::pin(tokio::time::sleep(interval.unwrap_or(NEVER)));
        Self {
            at: sleep.deadline(),
            sleep,
            waker: None,
            interval,
            timeout,
            pinged: None,
            blocked: None,
            late: LateTimer::default(),
        }
    }

    /// Notes that no write is blocked.
    pub(super) fn write_ready(&mut self) {
        if self.blocked.take().is_some() {
            self.late.reset();
        }
    }

    /// Notes that a write is blocked. `write_progress`: some bytes were written since the last call.
    pub(super) fn write_blocked(&mut self, write_progress: bool) {
        if self.blocked.is_none() || write_progress {
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

    /// Ready when there is something to do at `now`. `last_received` is when input was last received.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: Instant, last_received: Instant) -> Poll<KeepaliveEvent> {
        if now < self.at && self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        loop {
            if self.sleep.as_mut().poll(cx).is_pending() {
                // When the task's cooperative budget is used up, the timer was not polled and has not registered the
                // waker.
                self.waker = has_budget_remaining().then(|| cx.waker().clone());
                return Poll::Pending;
            }
            let now = Instant::now();
            if self.pinged.is_some_and(|pinged| last_received > pinged) {
                self.pinged = None;
            }
            let (at, event) = match (self.blocked, self.pinged, self.interval) {
                (Some(since), ..) => (since + self.timeout, KeepaliveEvent::Stuck),
                (None, Some(pinged), _) => (pinged + self.timeout, KeepaliveEvent::Dead),
                (None, None, Some(interval)) => (last_received + interval, KeepaliveEvent::Ping),
                (None, None, None) => (now + NEVER, KeepaliveEvent::Ping),
            };
            if now < at {
                self.sleep_until(at);
                continue;
            }
            if event != KeepaliveEvent::Ping && self.late.excuses(now - at) {
                (self.pinged, self.blocked) = (self.pinged.map(|_| now), self.blocked.map(|_| now));
                continue;
            }
            if event == KeepaliveEvent::Ping {
                self.late.reset();
                self.pinged = Some(now);
                self.sleep_until(now + self.timeout);
            }
            return Poll::Ready(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(20);
    const TIMEOUT: Duration = Duration::from_secs(10);

    async fn next(keepalive: &mut Keepalive, last_received: Instant) -> (KeepaliveEvent, Duration) {
        let started = Instant::now();
        (poll_fn(|cx| keepalive.poll(cx, Instant::now(), last_received)).await, started.elapsed())
    }

    fn about(duration: Duration, seconds: u64) -> bool {
        duration.abs_diff(Duration::from_secs(seconds)) < Duration::from_millis(10)
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_is_pinged_and_then_given_up() {
        let mut keepalive = Keepalive::new(Some(INTERVAL), TIMEOUT);
        let last_received = Instant::now();
        let (event, after) = next(&mut keepalive, last_received).await;
        assert!(event == KeepaliveEvent::Ping && about(after, 20), "{event:?} after {after:?}");
        let (event, after) = next(&mut keepalive, last_received).await;
        assert!(event == KeepaliveEvent::Dead && about(after, 10), "{event:?} after {after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pong_restarts_the_interval() {
        let mut keepalive = Keepalive::new(Some(INTERVAL), TIMEOUT);
        assert_eq!(next(&mut keepalive, Instant::now()).await.0, KeepaliveEvent::Ping);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (event, after) = next(&mut keepalive, Instant::now()).await;
        assert!(event == KeepaliveEvent::Ping && about(after, 20), "{event:?} after {after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_timeout_of_a_blocked_write_starts_when_it_blocks() {
        let mut keepalive = Keepalive::new(None, TIMEOUT);
        keepalive.write_blocked(false);
        tokio::time::sleep(Duration::from_secs(4)).await;
        keepalive.write_blocked(false);
        let (event, after) = next(&mut keepalive, Instant::now()).await;
        assert!(event == KeepaliveEvent::Stuck && about(after, 6), "{event:?} after {after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_fires_late_judges_again_later() {
        let mut keepalive = Keepalive::new(Some(INTERVAL), TIMEOUT);
        let last_received = Instant::now();
        assert_eq!(next(&mut keepalive, last_received).await.0, KeepaliveEvent::Ping);
        tokio::time::advance(Duration::from_secs(40)).await;
        let (event, after) = next(&mut keepalive, last_received).await;
        assert!(event == KeepaliveEvent::Dead && about(after, 10), "{event:?} after {after:?}");
    }

    /// Uses up the task's cooperative budget.
    fn exhaust(cx: &mut Context<'_>) {
        while let Poll::Ready(restore) = tokio::task::coop::poll_proceed(cx) {
            restore.made_progress();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_exhausted_budget_leaves_the_timer_armed() {
        let task = tokio::spawn(async {
            let mut keepalive = Keepalive::new(Some(INTERVAL), TIMEOUT);
            let last_received = Instant::now();
            let mut first = true;
            poll_fn(|cx| {
                if std::mem::take(&mut first) {
                    exhaust(cx);
                }
                keepalive.poll(cx, Instant::now(), last_received)
            })
            .await
        });
        let event = tokio::time::timeout(Duration::from_secs(3_600), task).await.expect("a ping within an hour");
        assert_eq!(event.expect("no panic"), KeepaliveEvent::Ping);
    }
}
