//! Life with a connection: frames both ways, acknowledgments in time, and a silent server noticed.

use std::{pin::pin, time::Duration};

use tokio::{
    sync::mpsc::error::TrySendError,
    time::{Instant, sleep_until},
};
use tokio_stream::{Stream, StreamExt};
use wigwag_proto::v1::ServerFrame;

use super::{Driver, Lost, dial::Link};

/// How long an acknowledgment waits for company. The contract allows 500 ms; a sender that asked for a receipt
/// waits for it, so this is less.
const ACK_DELAY: Duration = Duration::from_millis(100);

/// How life with a connection ends.
pub(super) enum End {
    /// This application closed the session, and the server knows or had time enough to.
    Closed,
    /// The server asked to move, and the moment has come.
    Moved,
    /// The connection broke, or had to be given up.
    Lost(Lost),
}

/// What is due and when.
struct Timers {
    /// When an acknowledgment must be written.
    ack: Option<Instant>,
    /// When the server was last heard of.
    heard: Instant,
    /// When to move, as the server asked.
    depart: Option<Instant>,
}

impl Driver {
    pub(super) async fn attached<D>(&mut self, link: &mut Link<D>) -> End
    where
        D: Stream<Item = Result<ServerFrame, Lost>> + Unpin,
    {
        let mut timers = Timers { ack: None, heard: Instant::now(), depart: None };
        let mut timer = pin!(sleep_until(timers.heard));
        // The transport lets go of its end first when the connection breaks; the reason then comes down.
        let mut up_open = true;
        loop {
            // First what can be written at once: an acknowledgment that is due must not wait for its turn among the
            // branches below.
            while up_open && self.core.has_frame() {
                match link.up.try_reserve() {
                    Ok(permit) => {
                        if let Some(frame) = self.core.next_frame() {
                            permit.send(frame);
                        }
                    }
                    Err(TrySendError::Full(())) => break,
                    Err(TrySendError::Closed(())) => up_open = false,
                }
            }
            timers.ack = match timers.ack {
                _ if !self.core.inbox.owes_ack() => None,
                None => Some(Instant::now() + ACK_DELAY),
                armed => armed,
            };
            let due = self.next_due(&timers);
            // A timer that rings early costs less than one that is set anew for every frame.
            if timer.is_elapsed() || due < timer.deadline() {
                timer.as_mut().reset(due);
            }
            tokio::select! {
                // The transport has room again, or is gone: both show above.
                _ = link.up.reserve(), if up_open && self.core.has_frame() => {}
                // A frame is read when all events of the one before are with the application: this is how an
                // application that does not read makes the server wait.
                frame = link.down.next(), if self.outlet.is_empty() => match frame {
                    Some(Ok(frame)) => {
                        timers.heard = Instant::now();
                        if let Err(lost) = self.frame(frame, &mut timers.depart) {
                            return End::Lost(lost);
                        }
                    }
                    Some(Err(lost)) => return End::Lost(lost),
                    None if self.closing.is_some() => return End::Closed,
                    None => return End::Lost(Lost::unreachable("the server closed the stream without a word")),
                },
                command = self.commands.recv(), if self.takes_commands() => self.command(command),
                () = self.outlet.flush(), if !self.outlet.is_empty() => {
                    self.handed_on();
                    // The server may have spoken all the time; nobody listened.
                    timers.heard = Instant::now();
                }
                () = self.close.notified(), if self.closing.is_none() => self.begin_close(),
                () = &mut timer => {
                    if let Some(end) = self.ring(&timers) {
                        return end;
                    }
                }
            }
        }
    }

    fn next_due(&self, timers: &Timers) -> Instant {
        let mut due = timers.heard + self.patience();
        if !self.outlet.is_empty() {
            // Silence means nothing while nobody listens.
            due = Instant::now() + self.patience();
        }
        [timers.ack, timers.depart, self.closing].into_iter().flatten().fold(due, Instant::min)
    }

    fn ring(&mut self, timers: &Timers) -> Option<End> {
        let now = Instant::now();
        if self.closing.is_some_and(|until| until <= now) {
            return Some(End::Closed);
        }
        if timers.depart.is_some_and(|at| at <= now) {
            return Some(End::Moved);
        }
        if self.outlet.is_empty() && timers.heard + self.patience() <= now {
            return Some(End::Lost(Lost::timeout("two heartbeats of the server did not come")));
        }
        if timers.ack.is_some_and(|at| at <= now) {
            self.core.ack_now();
        }
        None
    }

    /// Two heartbeats, and half of one for the way.
    fn patience(&self) -> Duration {
        self.heartbeat.mul_f32(2.5)
    }
}
