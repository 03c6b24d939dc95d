//! Drives an HTTP/2 connection: moves its bytes, runs its timers and polls its streams.

use std::{
    error::Error as StdError,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use tokio::{
    io::AsyncWrite as _,
    task::coop::has_budget_remaining,
    time::{Instant, Sleep, sleep},
};
use wigwag_http2::{Connection, Service, TICK, sources};
use wigwag_poll::WakeSet;

use self::keepalive::PingTimer;
use super::{
    AcceptedIo, ListenerConfig, ListenerStats, fairness::wake_after_events, interrupts::Graceful, io::ConnectionIo,
};

mod keepalive;
mod stats;
#[cfg(test)]
mod tests;

pub use stats::Http2Stats;

/// Steps per poll before the task yields to others, and to the system's events: at most 128 KiB of input.
const MAX_STEPS_PER_POLL: usize = 8;

/// How long the peer may be silent during a close before the socket is closed.
const SILENCE_TIMEOUT: Duration = Duration::from_millis(250);

/// How long a graceful close may take to write the rest of the responses to a peer that reads slowly.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);

/// Drives an HTTP/2 connection over a byte stream. Completes when the connection is closed.
pub(super) struct Http2Driver<I: AcceptedIo, S: Service> {
    io: ConnectionIo<I>,
    connection: Connection<S>,
    wakes: Arc<WakeSet>,
    /// The sources to poll, a set of [`sources`].
    ready: u64,
    /// Wakes for input.
    readable: Waker,
    /// Wakes when writing is possible again.
    writable: Waker,
    /// Wakes when a timer expires.
    timer: Waker,
    /// Writing is not possible until the peer reads.
    blocked: bool,
    /// The peer has sent its SETTINGS, and the deadline of the handshake no longer applies.
    established: bool,
    ping_timer: Option<PingTimer>,
    /// Expires once a second while the connection has something that depends on time.
    ticks: Option<Pin<Box<Sleep>>>,
    stats: Arc<ListenerStats>,
    closing: Option<Closing>,
}

/// The end of a connection: its last bytes are written, then input is discarded until the peer closes. If the socket
/// were closed with unread input, the kernel would send a reset, which could overtake the last bytes.
struct Closing {
    timer: Pin<Box<Sleep>>,
    /// The timer is never extended beyond this.
    deadline: Instant,
    /// The last bytes are written and the write side is shut down.
    sent: bool,
    result: Result<(), Box<dyn StdError + Send + Sync>>,
}

impl<I: AcceptedIo, S: Service> Http2Driver<I, S> {
    /// Creates the driver of a connection whose client preface has been read.
    pub(super) fn new(io: ConnectionIo<I>, service: S, settings: &ListenerConfig, stats: Arc<ListenerStats>) -> Self {
        let wakes = Arc::new(WakeSet::default());
        let mut connection = Connection::new(service, settings.http2(), wakes.clone());
        connection.track_sent(io.progress());
        let ping_timer =
            settings.keepalive_interval.map(|interval| PingTimer::new(interval, settings.keepalive_timeout));
        Self {
            io,
            connection,
            ready: sources::READABLE | sources::TIMER,
            readable: wakes.waker(sources::READABLE),
            writable: wakes.waker(sources::WRITABLE),
            timer: wakes.waker(sources::TIMER),
            wakes,
            blocked: false,
            established: false,
            ping_timer,
            ticks: None,
            stats,
            closing: None,
        }
    }

    /// Polls each source that is ready once.
    fn step(&mut self) -> io::Result<()> {
        let was_blocked = self.blocked;
        if self.ready & sources::WRITABLE != 0 {
            self.ready &= !sources::WRITABLE;
            self.blocked = false;
        }
        if self.ready & sources::TIMER != 0 {
            self.ready &= !sources::TIMER;
            // While writing was blocked, no input was read: then progress in writing shows that the peer is alive.
            let write_progress = self.io.take_write_progress() && was_blocked;
            let cx = &mut Context::from_waker(&self.timer);
            if let Some(ping_timer) = &mut self.ping_timer
                && ping_timer.poll(cx, &mut self.connection, write_progress).is_ready()
            {
                self.connection.ping_timed_out();
                return Ok(());
            }
            self.poll_ticks();
        }
        if !self.connection.is_full() && self.ready & sources::READABLE != 0 {
            match self.io.poll_chunk(&mut Context::from_waker(&self.readable)) {
                Poll::Pending => self.ready &= !sources::READABLE,
                Poll::Ready(chunk) => match chunk? {
                    end if end.is_empty() => self.connection.input_ended(),
                    chunk => {
                        self.connection.receive(chunk.freeze());
                        if !self.established && self.connection.is_established() {
                            self.established = true;
                            self.io.end_handshake();
                        }
                    }
                },
            }
            // Streams that the input has woken are polled in the same step.
            self.ready |= self.wakes.unpark();
        }
        if !self.connection.is_full() {
            let streams = self.ready & !sources::ALL;
            self.ready &= !streams;
            self.connection.poll(streams);
        }
        if self.ticks.is_none() && self.connection.needs_tick() {
            self.poll_ticks();
        }
        Ok(())
    }

    /// Passes the time on to the connection.
    fn poll_ticks(&mut self) {
        while let Some(ticks) = &mut self.ticks {
            if ticks.as_mut().poll(&mut Context::from_waker(&self.timer)).is_pending() {
                return;
            }
            // While nothing can be written, nothing is read either: not even what would show that the peer is in time.
            if !self.blocked {
                self.connection.tick();
            }
            self.stats.http2().add(self.connection.take_counts());
            if !self.connection.needs_tick() {
                self.ticks = None;
                return;
            }
            ticks.as_mut().reset(Instant::now() + TICK);
        }
        if self.connection.needs_tick() {
            self.ticks = Some(Box::pin(sleep(TICK)));
            self.poll_ticks();
        }
    }

    fn has_more(&self) -> bool {
        !self.blocked && (self.ready != 0 || self.connection.has_more())
    }

    /// Passes pending output to the byte stream.
    fn send(&mut self) -> io::Result<()> {
        if self.blocked || (self.connection.out().is_empty() && I::CAN_TRY_WRITE) {
            return Ok(());
        }
        let cx = &mut Context::from_waker(&self.writable);
        let mut writable = self.io.poll_write_ready(cx);
        if let Poll::Ready(Ok(())) = writable {
            self.io.put(self.connection.out());
            if !I::CAN_TRY_WRITE {
                writable = self.io.poll_write_ready(cx);
            }
        }
        match writable {
            Poll::Pending => self.blocked = true,
            Poll::Ready(writable) => writable?,
        }
        Ok(())
    }

    fn start_closing(&mut self, result: Result<(), Box<dyn StdError + Send + Sync>>) {
        let timeout = if result.is_ok() { FLUSH_TIMEOUT } else { SILENCE_TIMEOUT };
        let deadline = Instant::now() + timeout;
        self.closing = Some(Closing { timer: Box::pin(sleep(timeout)), deadline, sent: false, result });
        self.blocked = false;
    }

    /// Writes the last bytes, then waits until the peer has closed or the timer expires.
    fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(closing) = &mut self.closing else { return Poll::Pending };
        if closing.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if !closing.sent {
            let writable = ready!(self.io.poll_write_ready(cx));
            self.io.put(self.connection.out());
            if writable.is_err() || ready!(Pin::new(&mut self.io).poll_shutdown(cx)).is_err() {
                return Poll::Ready(());
            }
            closing.sent = true;
            closing.extend_timer();
        }
        while let Poll::Ready(chunk) = self.io.poll_chunk(cx) {
            match chunk {
                // WINDOW_UPDATE and other frames show that the peer is still reading.
                Ok(chunk) if !chunk.is_empty() => closing.extend_timer(),
                _ => return Poll::Ready(()),
            }
        }
        closing.timer.as_mut().poll(cx)
    }
}

impl Closing {
    /// Restarts the timer, up to the deadline.
    fn extend_timer(&mut self) {
        self.timer.as_mut().reset(self.deadline.min(Instant::now() + SILENCE_TIMEOUT));
    }
}

impl<I: AcceptedIo, S: Service> Drop for Http2Driver<I, S> {
    fn drop(&mut self) {
        self.stats.http2().add(self.connection.take_counts());
    }
}

// No field is pinned.
impl<I: AcceptedIo, S: Service> Unpin for Http2Driver<I, S> {}

impl<I: AcceptedIo, S: Service> Future for Http2Driver<I, S> {
    type Output = Result<(), Box<dyn StdError + Send + Sync>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.closing.is_none() {
            this.wakes.register(cx.waker());
        }
        for _ in 0..MAX_STEPS_PER_POLL {
            if this.closing.is_some() {
                ready!(this.poll_closing(cx));
                let result = this.closing.take().map_or(Ok(()), |closing| closing.result);
                return Poll::Ready(result);
            }
            let woken = this.wakes.unpark();
            this.ready |= woken;
            if this.blocked {
                this.connection.poll_resets(woken & !sources::ALL);
            }
            if this.blocked && this.ready & (sources::WRITABLE | sources::TIMER) == 0
                || this.ready == 0 && !this.has_more()
            {
                if this.wakes.park() {
                    return Poll::Pending;
                }
                continue;
            }
            this.step()?;
            if this.connection.is_closed() {
                let error = this.connection.error().cloned();
                if let Some(error) = &error {
                    this.stats.http2().count_error(error);
                }
                this.start_closing(error.map_or(Ok(()), |error| Err(error.into())));
                continue;
            }
            if this.connection.is_full() || !this.has_more() {
                this.send()?;
            }
            if !has_budget_remaining() {
                break;
            }
        }
        this.send()?;
        // Wake-ups from here on are handled by the next poll, which is scheduled.
        wake_after_events(cx);
        Poll::Pending
    }
}

impl<I: AcceptedIo, S: Service> Graceful for Http2Driver<I, S> {
    fn graceful_shutdown(self: Pin<&mut Self>) {
        let this = self.get_mut();
        this.connection.graceful_shutdown();
        this.wakes.wake(sources::WRITABLE);
    }
}
