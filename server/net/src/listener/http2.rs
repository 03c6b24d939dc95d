//! HTTP/2 on a connection: its bytes and its clock.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::AsyncWrite as _;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep};

use super::interrupts::Graceful;
use super::io::ConnectionIo;
use super::{ListenerConfig, Transport};
use wigwag_http2::{Connection, Service, sources};
use wigwag_poll::WakeSet;

/// Turns of the loop before other tasks get theirs.
const ROUNDS: usize = 32;

/// How long the other end may be silent at the end before the connection is closed under it.
const LINGER: Duration = Duration::from_millis(250);

/// How long it may take for the last bytes of a connection that ended in peace: what is left of a response is for it to
/// read at its own pace.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection with its bytes. Ends when the connection is closed.
pub(super) struct Http2<I: Transport, S: Service> {
    io: ConnectionIo<I>,
    connection: Connection<S>,
    wakes: Arc<WakeSet>,
    /// Where to look, a set of [`sources`].
    due: u64,
    /// Rings for the input.
    input: Waker,
    /// Rings when the other end has taken what was sent.
    room: Waker,
    /// What is to be sent is not taken.
    blocked: bool,
    keepalive: Option<Keepalive>,
    ending: Option<Ending>,
}

/// All is said: the last bytes are sent, then what still comes is thrown away. Else the system would answer it with a
/// reset, which overtakes what was sent.
struct Ending {
    patience: Pin<Box<Sleep>>,
    /// Nobody is waited for beyond this.
    until: Instant,
    sent: bool,
    result: Result<(), Box<dyn StdError + Send + Sync>>,
}

/// Asks a silent peer for a sign of life, and gives up without one.
struct Keepalive {
    clock: Waker,
    sleep: Pin<Box<Sleep>>,
    interval: Duration,
    timeout: Duration,
    asked: bool,
}

impl<I: Transport, S: Service> Http2<I, S> {
    /// A connection behind its preface.
    pub(super) fn new(io: ConnectionIo<I>, service: S, settings: &ListenerConfig) -> Self {
        let wakes = Arc::new(WakeSet::default());
        let connection = Connection::new(service, settings.http2(), wakes.clone());
        let keepalive = settings.keepalive_interval.map(|interval| Keepalive {
            clock: wakes.waker(sources::TIMER),
            sleep: Box::pin(sleep(interval)),
            interval,
            timeout: settings.keepalive_timeout,
            asked: false,
        });
        let (input, room) = (wakes.waker(sources::READABLE), wakes.waker(sources::WRITABLE));
        let due = sources::READABLE | sources::TIMER;
        Self { io, connection, wakes, due, input, room, blocked: false, keepalive, ending: None }
    }

    /// Looks once at everything that is due.
    fn look(&mut self) -> io::Result<()> {
        let held_up = self.blocked;
        if self.due & sources::WRITABLE != 0 {
            self.due &= !sources::WRITABLE;
            self.blocked = false;
        }
        if self.due & sources::TIMER != 0 {
            self.due &= !sources::TIMER;
            // Held up, nothing was read: then it is a sign of life that bytes were taken.
            let takes = self.io.take_moved() && held_up;
            if let Some(keepalive) = &mut self.keepalive
                && keepalive.poll(&mut self.connection, takes).is_ready()
            {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        if !self.connection.is_full() && self.due & sources::READABLE != 0 {
            match self.io.poll_chunk(&mut Context::from_waker(&self.input)) {
                Poll::Pending => self.due &= !sources::READABLE,
                Poll::Ready(chunk) => match chunk? {
                    end if end.is_empty() => self.connection.input_ended(),
                    chunk => self.connection.receive(chunk.freeze()),
                },
            }
            // What has come is worked on at once.
            self.due |= self.wakes.unpark();
        }
        if !self.connection.is_full() {
            let streams = self.due & !sources::ALL;
            self.due &= !streams;
            self.connection.poll(streams);
        }
        Ok(())
    }

    fn has_more(&self) -> bool {
        !self.blocked && (self.due != 0 || self.connection.has_more())
    }

    /// Hands over what is to be sent.
    fn send(&mut self) -> io::Result<()> {
        if self.blocked || (self.connection.out().is_empty() && I::TRIES) {
            return Ok(());
        }
        let cx = &mut Context::from_waker(&self.room);
        let mut room = self.io.poll_room(cx);
        if let Poll::Ready(Ok(())) = room {
            self.io.put(self.connection.out());
            if !I::TRIES {
                room = self.io.poll_room(cx);
            }
        }
        match room {
            Poll::Pending => self.blocked = true,
            Poll::Ready(room) => room?,
        }
        Ok(())
    }

    fn end(&mut self, result: Result<(), Box<dyn StdError + Send + Sync>>) {
        let patience = if result.is_ok() { PATIENCE } else { LINGER };
        let until = Instant::now() + patience;
        self.ending = Some(Ending { patience: Box::pin(sleep(patience)), until, sent: false, result });
        self.blocked = false;
    }

    /// Sends the last bytes and waits until the other end has closed, or for as long as it may take.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(ending) = &mut self.ending else { return Poll::Pending };
        if ending.patience.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if !ending.sent {
            let room = ready!(self.io.poll_room(cx));
            self.io.put(self.connection.out());
            if room.is_err() || ready!(Pin::new(&mut self.io).poll_shutdown(cx)).is_err() {
                return Poll::Ready(());
            }
            ending.sent = true;
            ending.linger();
        }
        while let Poll::Ready(chunk) = self.io.poll_chunk(cx) {
            match chunk {
                // It says what it has read.
                Ok(chunk) if !chunk.is_empty() => ending.linger(),
                _ => return Poll::Ready(()),
            }
        }
        ending.patience.as_mut().poll(cx)
    }
}

impl Ending {
    /// Waits for another while.
    fn linger(&mut self) {
        self.patience.as_mut().reset(self.until.min(Instant::now() + LINGER));
    }
}

/// Nothing in it is pinned.
impl<I: Transport, S: Service> Unpin for Http2<I, S> {}

impl<I: Transport, S: Service> Future for Http2<I, S> {
    type Output = Result<(), Box<dyn StdError + Send + Sync>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.ending.is_none() {
            this.wakes.register(cx.waker());
        }
        for _ in 0..ROUNDS {
            if this.ending.is_some() {
                ready!(this.poll_end(cx));
                let result = this.ending.take().map_or(Ok(()), |ending| ending.result);
                return Poll::Ready(result);
            }
            this.due |= this.wakes.unpark();
            if this.blocked && this.due & (sources::WRITABLE | sources::TIMER) == 0 || this.due == 0 && !this.has_more()
            {
                if this.wakes.park() {
                    return Poll::Pending;
                }
                continue;
            }
            this.look()?;
            if this.connection.is_closed() {
                let error = this.connection.error().cloned();
                this.end(error.map_or(Ok(()), |error| Err(error.into())));
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
        // Whoever is woken from here on is found by the next poll, which is under way.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<I: Transport, S: Service> Graceful for Http2<I, S> {
    fn graceful_shutdown(self: Pin<&mut Self>) {
        let this = self.get_mut();
        this.connection.graceful_shutdown();
        this.wakes.wake(sources::WRITABLE);
    }
}

impl Keepalive {
    /// Ready when the peer has not answered. `takes`: it has taken something of what was sent.
    fn poll<S: Service>(&mut self, connection: &mut Connection<S>, takes: bool) -> Poll<()> {
        while self.sleep.as_mut().poll(&mut Context::from_waker(&self.clock)).is_ready() {
            if connection.take_received() || takes {
                self.asked = false;
            } else if self.asked {
                return Poll::Ready(());
            } else {
                self.asked = true;
                connection.ping();
            }
            let wait = if self.asked { self.timeout } else { self.interval };
            self.sleep.as_mut().reset(Instant::now() + wait);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
