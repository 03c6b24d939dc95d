//! The timers of a connection: heartbeat pings, delayed acknowledgments, and the deadline of the first frame.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

/// Unacknowledged client frames after which the server acknowledges at once: an eighth of what a client may send ahead.
const ACK_FRAMES: u32 = 128;

/// Unacknowledged bytes of envelopes after which the server acknowledges at once: a quarter of what a client may send ahead.
const ACK_BYTES: usize = 256 * 1024;

/// How long an acknowledgment may wait for a frame that carries it. Long, since with a few signals a second each would
/// otherwise be followed by a frame that says nothing else.
const ACK_DELAY: Duration = Duration::from_secs(2);

/// Pings and acknowledgments on a single timer, which may fire early but never late: resetting it for each frame would
/// cost more than an occasional early wake-up.
pub(super) struct Timers {
    sleep: Pin<Box<Sleep>>,
    /// The deadline of `sleep`, kept here because reading it from the boxed timer would touch another cache line.
    deadline: Instant,
    ping_at: Instant,
    heartbeat: Option<Duration>,
    acked: u32,
    ack_at: Option<Instant>,
    /// Bytes of envelopes since the last acknowledgment.
    bytes: usize,
}

/// What the connection has to send now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TimerEvent {
    pub(super) ping: bool,
    pub(super) ack: bool,
}

impl Timers {
    /// Creates timers that fire if no session is attached by `deadline`.
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

    /// Starts the heartbeats of an attached session, whose welcome acknowledges `applied`.
    pub(super) fn start_heartbeats(&mut self, applied: u32, now: Instant, heartbeat: Duration) {
        self.heartbeat = Some(heartbeat);
        self.acked = applied;
        self.ping_at = now + heartbeat;
        self.set(self.ping_at);
    }

    /// Notes that a frame written to the client acknowledges frames up to `ack`.
    pub(super) fn wrote_ack(&mut self, ack: u32) {
        self.acked = ack;
        self.ack_at = None;
        self.bytes = 0;
    }

    /// Counts an envelope of this size towards the next acknowledgment.
    pub(super) fn received_envelope(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Notes that frames up to `applied` have taken effect. Returns whether [`poll`](Self::poll) must be called: to
    /// acknowledge at once, or because the deadline has moved forward.
    pub(super) fn applied_frames(&mut self, applied: u32, now: Instant) -> bool {
        if self.must_ack(applied) {
            return true;
        }
        if applied <= self.acked || self.ack_at.is_some() {
            return false;
        }
        let at = now + ACK_DELAY;
        self.ack_at = Some(at);
        let moved = self.deadline > at;
        if moved {
            self.set(at);
        }
        moved
    }

    fn set(&mut self, deadline: Instant) {
        self.deadline = deadline;
        self.sleep.as_mut().reset(deadline);
    }

    fn must_ack(&self, applied: u32) -> bool {
        let unacked = applied.saturating_sub(self.acked);
        unacked >= ACK_FRAMES || (unacked > 0 && self.bytes >= ACK_BYTES)
    }

    /// Returns what is due, or `None`. To be called when there is no other frame to write.
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
