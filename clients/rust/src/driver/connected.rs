//! One connection: reads and writes frames, acknowledges in time, and notices a silent server.

use std::{pin::pin, time::Duration};

use tokio::{
    sync::mpsc::error::TrySendError,
    time::{Instant, sleep_until},
};
use tokio_stream::{Stream, StreamExt};
use wigwag_proto::v1::ServerFrame;

use super::{Driver, attach::Connection};
use crate::transport::ConnectionError;

/// Why [`Driver::connected`] returned.
pub(super) enum Disconnect {
    /// The application closed the session; the server confirmed it, or the time for that is over.
    Closed,
    /// The server asked the client to move, and the time it named has come.
    Moved,
    /// The connection broke, or was given up.
    Lost(ConnectionError),
}

/// Deadlines of the present connection.
struct Timers {
    /// When an acknowledgment must be written.
    ack: Option<Instant>,
    /// When the last frame from the server was read.
    last_frame: Instant,
    /// When to move, as the server asked in `go_away`.
    move_at: Option<Instant>,
}

impl Driver {
    pub(super) async fn connected<F>(&mut self, connection: &mut Connection<F>) -> Disconnect
    where
        F: Stream<Item = Result<ServerFrame, ConnectionError>> + Unpin,
    {
        let mut timers = Timers { ack: None, last_frame: Instant::now(), move_at: None };
        let mut timer = pin!(sleep_until(timers.last_frame));
        // When the connection breaks, the transport drops its end of this queue first; the error follows in `frames`.
        let mut can_write = true;
        loop {
            // Write first what can be written at once: a due acknowledgment must not wait for its turn among the
            // branches below.
            while can_write && self.core.has_frame() {
                match connection.outgoing.try_reserve() {
                    Ok(permit) => {
                        if let Some(frame) = self.core.next_frame() {
                            permit.send(frame);
                        }
                    }
                    Err(TrySendError::Full(())) => break,
                    Err(TrySendError::Closed(())) => can_write = false,
                }
            }
            timers.ack = self.core.receive_state.ack_delay().map(|delay| {
                let latest = Instant::now() + delay;
                timers.ack.map_or(latest, |armed| armed.min(latest))
            });
            let due = self.next_due(&timers);
            // A timer that fires early costs less than resetting it for every frame.
            if timer.is_elapsed() || due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            tokio::select! {
                // The queue has room again, or is closed: the loop above finds out which.
                _ = connection.outgoing.reserve(), if can_write && self.core.has_frame() => {}
                // Reads no frame before all events of the last one are in the application's queues. This is the
                // backpressure: an application that does not read its events makes the server wait.
                frame = connection.frames.next(), if self.backlog.is_empty() => match frame {
                    Some(Ok(frame)) => {
                        timers.last_frame = Instant::now();
                        if let Err(lost) = self.frame(frame, &mut timers.move_at) {
                            return Disconnect::Lost(lost);
                        }
                    }
                    Some(Err(lost)) => return Disconnect::Lost(lost),
                    None if self.closing.is_some() => return Disconnect::Closed,
                    None => {
                        let lost = ConnectionError::unreachable("the server closed the stream without a status");
                        return Disconnect::Lost(lost);
                    }
                },
                command = self.commands.recv(), if self.takes_commands() => self.command(command),
                () = self.rooms.unclaimed(), if self.closing.is_none() => self.give_back(),
                () = self.backlog.flush(), if !self.backlog.is_empty() => {
                    self.mark_delivered();
                    // Nothing was read meanwhile, so the time since the last frame says nothing about the server.
                    timers.last_frame = Instant::now();
                }
                () = self.close.notified(), if self.closing.is_none() => self.start_closing(),
                () = &mut timer => {
                    if let Some(disconnect) = self.timer_elapsed(&timers) {
                        return disconnect;
                    }
                }
            }
        }
    }

    fn next_due(&self, timers: &Timers) -> Instant {
        let mut due = timers.last_frame + self.heartbeat_timeout();
        if !self.backlog.is_empty() {
            // The heartbeat timeout does not run while no frame is read.
            due = Instant::now() + self.heartbeat_timeout();
        }
        [timers.ack, timers.move_at, self.closing].into_iter().flatten().fold(due, Instant::min)
    }

    fn timer_elapsed(&mut self, timers: &Timers) -> Option<Disconnect> {
        let now = Instant::now();
        if self.closing.is_some_and(|until| until <= now) {
            return Some(Disconnect::Closed);
        }
        if timers.move_at.is_some_and(|at| at <= now) {
            return Some(Disconnect::Moved);
        }
        if self.backlog.is_empty() && timers.last_frame + self.heartbeat_timeout() <= now {
            return Some(Disconnect::Lost(ConnectionError::timeout("the server missed two heartbeats")));
        }
        if timers.ack.is_some_and(|at| at <= now) {
            self.core.ack_now();
        }
        None
    }

    /// Two heartbeat intervals, and half of one for the network.
    fn heartbeat_timeout(&self) -> Duration {
        self.heartbeat.mul_f32(2.5)
    }
}
