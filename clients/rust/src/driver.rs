//! The task that runs a session: it keeps the connection, feeds the [`Core`] and serves the handles.
//!
//! One task owns the whole state, so nothing here is locked. `run` opens connections and reconnects, `connected` reads
//! and writes one connection, `dispatch` applies each frame; this file has the state and the commands of the handles.

mod attach;
mod backlog;
pub(crate) mod backoff;
mod connected;
mod dispatch;
mod handle;
mod pending;
mod recovery;
mod rooms;
mod run;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use prost::Message;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::Instant,
};
use wigwag_proto::v1::{Bye, ClientFrame, Envelope, Hello, client_frame};

use self::{
    backlog::EventBacklog,
    backoff::Backoff,
    handle::{Command, Snapshot},
    pending::{MAX_RECEIPTS, Pending},
    recovery::Progress,
    rooms::Rooms,
};
pub(crate) use self::{handle::Handle, pending::Reply};
use crate::{
    core::Core,
    error::{Code, Error, reason},
    event::{EnvelopeId, Event},
    sealing::Seals,
};

/// How long closing may take, including the `bye` to the server.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// The state of one session, apart from its connection.
pub(crate) struct Driver {
    core: Core,
    rooms: Rooms,
    pending: Pending,
    seals: Seals,
    backlog: EventBacklog,
    backoff: Backoff,
    progress: Progress,
    hello: Hello,
    snapshot: watch::Sender<Snapshot>,
    events: async_channel::Sender<Event>,
    commands: mpsc::Receiver<Command>,
    close: Arc<Notify>,
    /// The deadline for closing, once the session is being closed.
    closing: Option<Instant>,
    /// The numbered frame whose events are being delivered to the application, and its size.
    delivering: Option<(u32, usize, bool)>,
    /// Why the next connection opens a new session instead of resuming the old one.
    rejoin: Option<String>,
    /// The address the server named for the next connection.
    endpoint: Option<String>,
    heartbeat: Duration,
}

impl Driver {
    fn command(&mut self, command: Option<Command>) {
        match command {
            // All handles were dropped.
            None => self.start_closing(),
            Some(Command::Request { body, reply, keys }) => {
                if let client_frame::Body::Refresh(refresh) = &body {
                    self.hello.token.clone_from(&refresh.token);
                    self.snapshot.send_modify(|snapshot| snapshot.token.clone_from(&refresh.token));
                }
                match self.enqueue(body) {
                    Ok(seq) => {
                        self.pending.request(seq, reply);
                        self.seals.join_requested(seq, keys);
                    }
                    Err(error) => reply.fail(error),
                }
            }
            Some(Command::Send { envelope, room, queued, receipt }) => {
                // A caller that gave up waiting must not find the envelope sent later.
                if queued.is_closed() {
                    return;
                }
                let result = match room.as_deref() {
                    Some(room) if !self.rooms.is_member(room) => Err(Error::new(
                        Code::FailedPrecondition,
                        reason::NOT_JOINED,
                        format!("this session is not a member of the room {room:?}: join it first"),
                    )),
                    _ if receipt.is_some() && !self.pending.may_await_receipt() => Err(Error::new(
                        Code::ResourceExhausted,
                        reason::LIMIT_EXCEEDED,
                        format!("{MAX_RECEIPTS} receipts are awaited already: wait for some of them first"),
                    )),
                    _ => self.send(envelope),
                };
                if let Ok(seq) = result {
                    match receipt {
                        Some(receipt) => self.pending.request(seq, Reply::Receipt(receipt)),
                        None => self.pending.envelope(seq, room),
                    }
                }
                // The envelope is queued, even if the caller stopped waiting for its number.
                let _ = queued.send(result.map(EnvelopeId));
            }
        }
    }

    fn send(&mut self, mut envelope: Envelope) -> Result<u32, Error> {
        // Sealed here and not in the handle: a reset changes the peer id that the seal binds.
        let me = self.snapshot.borrow().peer_id.clone();
        self.seals.seal(&me, &mut envelope)?;
        self.enqueue(client_frame::Body::Envelope(envelope))
    }

    fn enqueue(&mut self, body: client_frame::Body) -> Result<u32, Error> {
        // Measured with the largest `seq` and `ack`: those it is written with are not known yet.
        let frame = ClientFrame { seq: u32::MAX, ack: u32::MAX, body: Some(body) };
        let limit = match self.snapshot.borrow().limits.max_frame_bytes {
            0 => 65_536,
            limit => limit,
        };
        let size = frame.encoded_len();
        if size > limit as usize {
            let message = format!("the frame has {size} bytes, the server's limit is {limit}: send less at once");
            return Err(Error::new(Code::ResourceExhausted, reason::FRAME_TOO_LARGE, message));
        }
        let body = frame.body.expect("set above");
        self.core.send_buffer.push(body).map_err(|_| {
            let message = "this session has used all 2^32-1 sequence numbers: connect again";
            Error::new(Code::ResourceExhausted, reason::SEQ_EXHAUSTED, message)
        })
    }

    fn takes_commands(&self) -> bool {
        self.closing.is_none() && self.core.send_buffer.has_room()
    }

    /// Marks the last frame as delivered: all of its events are in the application's queues.
    fn mark_delivered(&mut self) {
        if let Some((seq, bytes, receipt)) = self.delivering.take() {
            self.core.receive_state.delivered(seq, bytes, receipt);
        }
    }

    fn start_closing(&mut self) {
        self.closing = Some(Instant::now() + CLOSE_TIMEOUT);
        self.commands.close();
        self.queue_bye();
    }

    fn queue_bye(&mut self) {
        // Fails only when all sequence numbers are used, and then the server ends the session anyway.
        let _ = self.core.send_buffer.push(client_frame::Body::Bye(Bye {}));
    }

    /// Returns the last frame received and the last frame the server acknowledged.
    fn position(&self) -> (u32, u32) {
        (self.core.receive_state.received(), self.core.send_buffer.acked())
    }
}
