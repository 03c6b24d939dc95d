//! When a connection must say something although nothing happens: pings, acks, and the deadline of the first frame.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

/// Client frames after which the server acknowledges at once: an eighth of what a client may have unacknowledged.
const ACK_FRAMES: u32 = 128;

/// Bytes of envelopes after which it does, a quarter of what a client may have unacknowledged.
const ACK_BYTES: usize = 256 * 1024;

/// How long an acknowledgement may wait for a frame to ride on.
const ACK_DELAY: Duration = Duration::from_millis(200);

/// One timer for all of it. It may fire early, never late: moving it for each frame would cost more than it saves.
pub(super) struct Timers {
    sleep: Pin<Box<Sleep>>,
    /// When it fires: known here as well, since the timer lies somewhere else.
    deadline: Instant,
    ping_at: Instant,
    heartbeat: Option<Duration>,
    acked: u32,
    ack_at: Option<Instant>,
    /// Bytes of envelopes since the last acknowledgement.
    bytes: usize,
}

/// What is due.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TimerEvent {
    pub(super) ping: bool,
    pub(super) ack: bool,
}

impl Timers {
    /// Waits for the first frame until `deadline`.
    pub(super) fn new(deadline: Instant) -> Self {
        Self {
            sleep: Box::pin(tokio::time::sleep_until(deadline)),
            deadline,
            ping_at: deadline,
            heartbeat: None,
            acked: 0,
            ack_at: None,
            bytes: 0,
        }
    }

    /// From now on there are heartbeats. The welcome acknowledges `applied`.
    pub(super) fn attached(&mut self, applied: u32, now: Instant, heartbeat: Duration) {
        self.heartbeat = Some(heartbeat);
        self.acked = applied;
        self.ping_at = now + heartbeat;
        self.set(self.ping_at);
    }

    /// A frame has told the client this much.
    pub(super) fn acked(&mut self, ack: u32) {
        self.acked = ack;
        self.ack_at = None;
        self.bytes = 0;
    }

    /// An envelope of this size has come.
    pub(super) fn took(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Frames up to `applied` have taken effect. `true` when there is more to do about it than to wait: then
    /// [`poll`](Self::poll) must be called.
    pub(super) fn applied(&mut self, applied: u32, now: Instant) -> bool {
        if self.must_ack(applied) {
            return true;
        }
        if applied <= self.acked || self.ack_at.is_some() {
            return false;
        }
        let at = now + ACK_DELAY;
        self.ack_at = Some(at);
        let late = self.deadline > at;
        if late {
            self.set(at);
        }
        late
    }

    fn set(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.sleep.as_mut().reset(deadline);
    }

    fn must_ack(&self, applied: u32) -> bool {
        let untold = applied.saturating_sub(self.acked);
        untold >= ACK_FRAMES || (untold > 0 && self.bytes >= ACK_BYTES)
    }

    /// What is due, if anything is. To be called when there is nothing else to write.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, applied: u32) -> Option<TimerEvent> {
        if self.must_ack(applied) {
            return Some(TimerEvent { ack: true, ..TimerEvent::default() });
        }
        loop {
            if self.sleep.as_mut().poll(cx) == Poll::Pending {
                return None;
            }
            let now = Instant::now();
            let ping = now >= self.ping_at;
            let ack = applied > self.acked && self.ack_at.is_some_and(|at| now >= at);
            if ping && let Some(heartbeat) = self.heartbeat {
                self.ping_at = now + heartbeat;
            }
            let next = self.ack_at.filter(|_| !ack).map_or(self.ping_at, |at| at.min(self.ping_at));
            self.set(next);
            if ping || ack {
                return Some(TimerEvent { ping, ack });
            }
        }
    }
}
