//! The task behind a session: it keeps the connection, feeds the [`Core`] and serves the handles.
//!
//! One task owns everything, so nothing here is locked. `attached` is its life with a connection, this file its
//! life between two of them.

mod attached;
pub(crate) mod backoff;
mod dial;
mod dispatch;
mod handle;
mod outlet;
mod pending;
mod rooms;
#[cfg(feature = "seal")]
pub(crate) mod sealing;
#[cfg(not(feature = "seal"))]
#[path = "driver/unsealed.rs"]
pub(crate) mod sealing;
#[cfg(test)]
mod tests;
mod verdict;

use std::{future::Future, sync::Arc, time::Duration};

use prost::Message;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep, sleep_until},
};
use wigwag_proto::v1::{Bye, ClientFrame, Envelope, Hello, Welcome, client_frame};

use self::{
    attached::End,
    backoff::Backoff,
    dial::{Link, attach},
    handle::Command,
    outlet::Outlet,
    pending::Pending,
    rooms::Rooms,
    verdict::{Next, Progress},
};
pub(crate) use self::{
    dial::Dial,
    handle::{Facts, Handle},
    pending::Reply,
    sealing::Seals,
    verdict::Lost,
};
use crate::{
    core::{Core, Violation, Welcomed},
    error::{Code, Error, reason},
    event::{EnvelopeId, Event},
    server_info::IceServers,
    session::SessionState,
};

/// Calls of the application waiting for the driver. When they are this many, the next one waits outside.
const COMMANDS: usize = 64;
/// How long a session that was closed may take to say so to the server.
const CLOSE_WAIT: Duration = Duration::from_secs(3);
/// A connection that lived this long was good, whatever came over it.
const GOOD_LIFE: Duration = Duration::from_secs(8);

/// The state of one session, apart from its connection.
pub(crate) struct Driver {
    core: Core,
    rooms: Rooms,
    pending: Pending,
    seals: Seals,
    outlet: Outlet,
    backoff: Backoff,
    progress: Progress,
    hello: Hello,
    facts: watch::Sender<Facts>,
    events: async_channel::Sender<Event>,
    commands: mpsc::Receiver<Command>,
    close: Arc<Notify>,
    /// Set when the session is being closed: until when.
    closing: Option<Instant>,
    /// The numbered frame whose events are in the outlet, with its size.
    in_hand: Option<(u32, usize)>,
    /// Set when the old session is not to be resumed: why.
    rejoin: Option<String>,
    /// Where the server asked to connect next.
    endpoint: Option<String>,
    heartbeat: Duration,
}

impl Driver {
    /// Opens a session: one attempt, so that a wrong address is told at once. Afterwards it is kept by a task.
    pub(crate) async fn start<D: Dial>(
        mut dial: D,
        hello: Hello,
        event_queue: usize,
        seals: Seals,
    ) -> Result<Handle, Error> {
        let attached = attach(&mut dial, None, hello.clone()).await.map_err(|lost| lost.error)?;
        let (commands, command_queue) = mpsc::channel(COMMANDS);
        let (events, event_reader) = async_channel::bounded(event_queue);
        let (facts, fact_reader) = watch::channel(Facts::default());
        let close = Arc::new(Notify::new());
        let mut driver = Self {
            core: Core::default(),
            rooms: Rooms::new(event_queue),
            pending: Pending::default(),
            seals,
            outlet: Outlet::default(),
            backoff: Backoff::default(),
            progress: Progress::default(),
            hello,
            facts,
            events,
            commands: command_queue,
            close: close.clone(),
            closing: None,
            in_hand: None,
            rejoin: None,
            endpoint: None,
            heartbeat: Duration::ZERO,
        };
        driver.welcomed(attached.welcome, attached.ack, false).map_err(|violation| Lost::violation(violation).error)?;
        tokio::spawn(driver.run(dial, attached.link));
        Ok(Handle::new(commands, fact_reader, close, event_reader))
    }

    async fn run<D: Dial>(mut self, mut dial: D, first: Link<D::Down>) {
        let mut link = first;
        let end = loop {
            let since = Instant::now();
            let end = self.attached(&mut link).await;
            // Nothing of an old connection may be read or written once a new one is being opened.
            drop(link);
            if self.progress.made(self.position()) || since.elapsed() > GOOD_LIFE {
                self.backoff.succeeded();
            }
            let (next, wait) = match end {
                End::Closed => break None,
                End::Moved => (Next::Resume(None), !self.backoff.is_fresh()),
                End::Lost(lost) => match self.judge(lost) {
                    Next::Stop(error) => break Some(error),
                    next => (next, true),
                },
            };
            match self.come_back(&mut dial, next, wait).await {
                Ok(new) => link = new,
                Err(end) => break end,
            }
        };
        self.finish(end).await;
    }

    /// Connects until it works. `Err`: the session is over, with the reason if it was not closed.
    async fn come_back<D: Dial>(
        &mut self,
        dial: &mut D,
        mut next: Next,
        mut wait: bool,
    ) -> Result<Link<D::Down>, Option<Error>> {
        self.facts.send_modify(|facts| facts.state = SessionState::Reconnecting);
        self.outlet.offer(&self.events, Event::Reconnecting);
        loop {
            let asked = match next {
                Next::Stop(error) => return Err(Some(error)),
                Next::Resume(asked) => asked,
                Next::Rejoin(reason) => {
                    self.rejoin = Some(reason);
                    None
                }
            };
            let pause = self.backoff.next(asked);
            if std::mem::replace(&mut wait, true) {
                self.meanwhile(sleep(pause)).await?;
            }
            let mut hello = self.hello.clone();
            if self.rejoin.is_none() {
                hello.resume = self.core.resume(self.rooms.versions());
            }
            let resuming = hello.resume.is_some();
            let endpoint = self.endpoint.take();
            self.progress.begin(self.position(), resuming);
            let lost = match self.meanwhile(attach(dial, endpoint.as_deref(), hello)).await? {
                Ok(attached) => match self.welcomed(attached.welcome, attached.ack, resuming) {
                    Ok(()) => return Ok(attached.link),
                    Err(violation) => Lost::violation(violation),
                },
                Err(lost) => lost,
            };
            next = self.judge(lost);
        }
    }

    /// Does what is awaited, and serves the application meanwhile. `Err`: closing has taken too long.
    async fn meanwhile<F: Future>(&mut self, awaited: F) -> Result<F::Output, Option<Error>> {
        tokio::pin!(awaited);
        loop {
            let until = self.closing;
            tokio::select! {
                output = &mut awaited => return Ok(output),
                command = self.commands.recv(), if self.takes_commands() => self.command(command),
                () = self.outlet.flush(), if !self.outlet.is_empty() => self.handed_on(),
                () = self.close.notified(), if until.is_none() => self.begin_close(),
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return Err(None),
            }
        }
    }

    /// Takes the first frame of a connection.
    fn welcomed(&mut self, welcome: Welcome, ack: u32, resuming: bool) -> Result<(), Violation> {
        let outcome = self.core.welcomed(&welcome, ack, resuming)?;
        self.heartbeat = Duration::from_millis(match welcome.heartbeat_ms {
            0 => 10_000,
            heartbeat => heartbeat.into(),
        });
        let peer_id = welcome.peer_id.as_str().into();
        tracing::info!(peer.id = %peer_id, outcome = ?outcome, epoch = welcome.epoch, "attached");
        self.facts.send_modify(|facts| {
            facts.state = SessionState::Online;
            facts.peer_id.clone_from(&peer_id);
            facts.session_token.clone_from(&welcome.session_token);
            facts.token.clone_from(&self.hello.token);
            facts.limits = welcome.limits.unwrap_or_default().into();
            facts.grace = Duration::from_millis(welcome.grace_ms.into());
            facts.ice_servers = IceServers::new(welcome.ice_servers, welcome.ice_expires_at);
        });
        let rejoined = self.rejoin.take();
        match outcome {
            Welcomed::New => {}
            Welcomed::Resumed => self.outlet.offer(&self.events, Event::Resumed),
            Welcomed::Reset => {
                let reason = rejoined.unwrap_or(welcome.reset_reason);
                self.in_hand = None;
                self.pending.fail_all(&Error::reset(&reason));
                self.seals.reset();
                self.rooms.left_all(&reason, &mut self.outlet);
                self.outlet.push(&self.events, Event::Reset { reason, peer_id });
                if self.closing.is_some() {
                    self.say_bye();
                }
            }
        }
        Ok(())
    }

    fn judge(&mut self, lost: Lost) -> Next {
        let position = self.position();
        tracing::info!(reason = %lost.error.reason, code = ?lost.error.code, "connection lost");
        if self.progress.is_stuck(position, lost.by_frame) {
            let (received, acknowledged) = position;
            return Next::Stop(Error::new(
                Code::DataLoss,
                reason::STUCK,
                format!(
                    "resuming broke twice at the same frame (received {received}, acknowledged {acknowledged}): {}",
                    lost.error
                ),
            ));
        }
        lost.next()
    }

    fn command(&mut self, command: Option<Command>) {
        match command {
            // No handle is left that could close the session.
            None => self.begin_close(),
            Some(Command::Request { body, reply, keys }) => {
                if let client_frame::Body::Refresh(refresh) = &body {
                    self.hello.token.clone_from(&refresh.token);
                    self.facts.send_modify(|facts| facts.token.clone_from(&refresh.token));
                }
                match self.enqueue(body) {
                    Ok(seq) => {
                        self.pending.request(seq, reply);
                        self.seals.asked(seq, keys);
                    }
                    Err(error) => reply.fail(error),
                }
            }
            Some(Command::Send { envelope, room, queued, receipt }) => {
                // Whoever gave up waiting must not find it sent later.
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
                        format!("{} receipts are awaited already: wait for some of them", pending::MAX_RECEIPTS),
                    )),
                    _ => self.send(envelope),
                };
                if let Ok(seq) = result {
                    match receipt {
                        Some(receipt) => self.pending.request(seq, Reply::Receipt(receipt)),
                        None => self.pending.envelope(seq, room),
                    }
                }
                // The envelope is on its way, whether or not its sender still wants to know its number.
                let _ = queued.send(result.map(EnvelopeId));
            }
        }
    }

    fn send(&mut self, mut envelope: Envelope) -> Result<u32, Error> {
        // Here and not earlier, since a reset changes the peer id that is bound.
        let me = self.facts.borrow().peer_id.clone();
        self.seals.seal(&me, &mut envelope)?;
        self.enqueue(client_frame::Body::Envelope(envelope))
    }

    fn enqueue(&mut self, body: client_frame::Body) -> Result<u32, Error> {
        // With the largest numbers, since those of the moment it is written are not known.
        let frame = ClientFrame { seq: u32::MAX, ack: u32::MAX, body: Some(body) };
        let limit = match self.facts.borrow().limits.max_frame_bytes {
            0 => 65_536,
            limit => limit,
        };
        let size = frame.encoded_len();
        if size > limit as usize {
            let message = format!("the frame has {size} bytes and the server takes {limit}: send less at once");
            return Err(Error::new(Code::ResourceExhausted, reason::FRAME_TOO_LARGE, message));
        }
        let body = frame.body.expect("set above");
        self.core.outbox.push(body).map_err(|_| {
            let message = "all sequence numbers of this session are used: connect again";
            Error::new(Code::ResourceExhausted, reason::SEQ_EXHAUSTED, message)
        })
    }

    fn takes_commands(&self) -> bool {
        self.closing.is_none() && self.core.outbox.has_room()
    }

    /// Everything in the outlet is with the application.
    fn handed_on(&mut self) {
        if let Some((seq, bytes)) = self.in_hand.take() {
            self.core.inbox.handed(seq, bytes);
        }
    }

    fn begin_close(&mut self) {
        self.closing = Some(Instant::now() + CLOSE_WAIT);
        self.commands.close();
        self.say_bye();
    }

    fn say_bye(&mut self) {
        // With all numbers used up the server ends the session by itself.
        let _ = self.core.outbox.push(client_frame::Body::Bye(Bye {}));
    }

    /// How far both directions have come.
    fn position(&self) -> (u32, u32) {
        (self.core.inbox.received(), self.core.outbox.acked())
    }

    /// Tells everybody that it is over.
    async fn finish(mut self, end: Option<Error>) {
        self.commands.close();
        let error = end.clone().unwrap_or_else(Error::closed);
        tracing::info!(peer.id = %self.facts.borrow().peer_id, reason = %error.reason, "session ended");
        self.facts.send_modify(|facts| {
            facts.state = SessionState::Closed;
            facts.end.clone_from(&end);
        });
        self.pending.fail_all(&error);
        self.rooms.left_all(end.as_ref().map_or("LEFT", |error| &error.reason), &mut self.outlet);
        self.outlet.push(&self.events, Event::Closed(end));
        // Waits for the application, or for it to drop what it could read with.
        self.outlet.flush().await;
    }
}
