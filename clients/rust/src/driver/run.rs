//! The life of a session from connection to connection: open, reconnect, end.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep, sleep_until},
};
use wigwag_proto::v1::{Hello, Welcome};

use super::{
    Driver,
    attach::{Connection, attach},
    backlog::EventBacklog,
    backoff::Backoff,
    connected::Disconnect,
    handle::{Handle, Snapshot},
    pending::Pending,
    recovery::{NextStep, Progress},
    rooms::Rooms,
};
use crate::{
    core::{Core, Violation, Welcomed},
    error::{Code, Error, reason},
    event::Event,
    sealing::Seals,
    server_info::IceServers,
    session_state::SessionState,
    transport::{ConnectionError, Transport},
};

/// Capacity of the queue of commands. When it is full, the calls of the handles wait.
const COMMANDS: usize = 64;
/// A connection that lasted this long resets the back-off, even if it carried nothing.
const STABLE_AFTER: Duration = Duration::from_secs(8);

impl Driver {
    /// Opens a session with one attempt, so that a wrong address fails at once. A task then keeps it connected.
    pub(crate) async fn start<T: Transport>(
        mut transport: T,
        hello: Hello,
        event_queue: usize,
        seals: Seals,
    ) -> Result<Handle, Error> {
        let attached = attach(&mut transport, None, hello.clone()).await.map_err(|lost| lost.error)?;
        let (commands, command_queue) = mpsc::channel(COMMANDS);
        let (events, event_reader) = async_channel::bounded(event_queue);
        let (snapshot, snapshot_reader) = watch::channel(Snapshot::default());
        let close = Arc::new(Notify::new());
        let mut driver = Self {
            core: Core::default(),
            rooms: Rooms::new(event_queue),
            pending: Pending::default(),
            seals,
            backlog: EventBacklog::default(),
            backoff: Backoff::default(),
            progress: Progress::default(),
            hello,
            snapshot,
            events,
            commands: command_queue,
            close: close.clone(),
            closing: None,
            delivering: None,
            rejoin: None,
            endpoint: None,
            heartbeat: Duration::ZERO,
        };
        driver
            .welcomed(attached.welcome, attached.ack, false)
            .map_err(|violation| ConnectionError::violation(violation).error)?;
        tokio::spawn(driver.run(transport, attached.connection));
        Ok(Handle::new(commands, snapshot_reader, close, event_reader))
    }

    async fn run<T: Transport>(mut self, mut transport: T, first: Connection<T::Frames>) {
        let mut connection = first;
        let end = loop {
            let since = Instant::now();
            let disconnect = self.connected(&mut connection).await;
            // Nothing may be read from or written to the old connection while a new one is being opened.
            drop(connection);
            if self.progress.made(self.position()) || since.elapsed() > STABLE_AFTER {
                self.backoff.succeeded();
            }
            let (next, wait) = match disconnect {
                Disconnect::Closed => break None,
                Disconnect::Moved => (NextStep::Resume(None), !self.backoff.is_fresh()),
                Disconnect::Lost(lost) => match self.next_step(lost) {
                    NextStep::Stop(error) => break Some(error),
                    next => (next, true),
                },
            };
            match self.reconnect(&mut transport, next, wait).await {
                Ok(new) => connection = new,
                Err(end) => break end,
            }
        };
        self.finish(end).await;
    }

    /// Tries until a connection is open. `Err`: the session has ended, with the reason unless it was closed.
    async fn reconnect<T: Transport>(
        &mut self,
        transport: &mut T,
        mut next: NextStep,
        mut wait: bool,
    ) -> Result<Connection<T::Frames>, Option<Error>> {
        self.snapshot.send_modify(|snapshot| snapshot.state = SessionState::Reconnecting);
        self.backlog.offer(&self.events, Event::Reconnecting);
        loop {
            let retry_after = match next {
                NextStep::Stop(error) => return Err(Some(error)),
                NextStep::Resume(retry_after) => retry_after,
                NextStep::Rejoin(reason) => {
                    self.rejoin = Some(reason);
                    None
                }
            };
            let pause = self.backoff.next(retry_after);
            if std::mem::replace(&mut wait, true) {
                self.serve_until(sleep(pause)).await?;
            }
            let mut hello = self.hello.clone();
            if self.rejoin.is_none() {
                hello.resume = self.core.resume(self.rooms.versions());
            }
            let resuming = hello.resume.is_some();
            let endpoint = self.endpoint.take();
            self.progress.begin(self.position(), resuming);
            let lost = match self.serve_until(attach(transport, endpoint.as_deref(), hello)).await? {
                Ok(attached) => match self.welcomed(attached.welcome, attached.ack, resuming) {
                    Ok(()) => return Ok(attached.connection),
                    Err(violation) => ConnectionError::violation(violation),
                },
                Err(lost) => lost,
            };
            next = self.next_step(lost);
        }
    }

    /// Serves the handles until the future completes. `Err`: closing has taken too long.
    async fn serve_until<F: Future>(&mut self, awaited: F) -> Result<F::Output, Option<Error>> {
        tokio::pin!(awaited);
        loop {
            let until = self.closing;
            tokio::select! {
                output = &mut awaited => return Ok(output),
                command = self.commands.recv(), if self.takes_commands() => self.command(command),
                () = self.rooms.unclaimed(), if until.is_none() => self.give_back(),
                () = self.backlog.flush(), if !self.backlog.is_empty() => self.mark_delivered(),
                () = self.close.notified(), if until.is_none() => self.start_closing(),
                () = sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => return Err(None),
            }
        }
    }

    /// Applies the first frame of a connection.
    fn welcomed(&mut self, welcome: Welcome, ack: u32, resuming: bool) -> Result<(), Violation> {
        let outcome = self.core.welcomed(&welcome, ack, resuming)?;
        self.heartbeat = Duration::from_millis(match welcome.heartbeat_ms {
            0 => 10_000,
            heartbeat => heartbeat.into(),
        });
        let peer_id = welcome.peer_id.as_str().into();
        tracing::info!(peer.id = %peer_id, outcome = ?outcome, epoch = welcome.epoch, "attached");
        self.snapshot.send_modify(|snapshot| {
            snapshot.state = SessionState::Online;
            snapshot.peer_id.clone_from(&peer_id);
            snapshot.session_token.clone_from(&welcome.session_token);
            snapshot.token.clone_from(&self.hello.token);
            snapshot.limits = welcome.limits.unwrap_or_default().into();
            snapshot.grace = Duration::from_millis(welcome.grace_ms.into());
            snapshot.ice_servers = IceServers::new(welcome.ice_servers, welcome.ice_expires_at);
            snapshot.features = welcome.features;
        });
        let rejoined = self.rejoin.take();
        match outcome {
            Welcomed::New => {}
            Welcomed::Resumed => self.backlog.offer(&self.events, Event::Resumed),
            Welcomed::Reset => {
                let reason = rejoined.unwrap_or(welcome.reset_reason);
                self.delivering = None;
                self.pending.fail_all(&Error::reset(&reason));
                self.seals.reset();
                self.rooms.left_all(&reason, &mut self.backlog);
                self.backlog.push(&self.events, Event::Reset { reason, peer_id });
                if self.closing.is_some() {
                    self.queue_bye();
                }
            }
        }
        Ok(())
    }

    fn next_step(&mut self, lost: ConnectionError) -> NextStep {
        let position = self.position();
        tracing::info!(reason = %lost.error.reason, code = ?lost.error.code, "connection lost");
        if self.progress.is_stuck(position, lost.by_frame) {
            let (received, acknowledged) = position;
            return NextStep::Stop(Error::new(
                Code::DataLoss,
                reason::STUCK,
                format!(
                    "resuming failed twice at the same frame (received {received}, acknowledged {acknowledged}): {}",
                    lost.error
                ),
            ));
        }
        lost.into()
    }

    /// Ends every stream of events and fails every waiting call.
    async fn finish(mut self, end: Option<Error>) {
        self.commands.close();
        let error = end.clone().unwrap_or_else(Error::closed);
        tracing::info!(peer.id = %self.snapshot.borrow().peer_id, reason = %error.reason, "session ended");
        self.snapshot.send_modify(|snapshot| {
            snapshot.state = SessionState::Closed;
            snapshot.end.clone_from(&end);
        });
        self.pending.fail_all(&error);
        self.rooms.left_all(end.as_ref().map_or("LEFT", |error| &error.reason), &mut self.backlog);
        self.backlog.push(&self.events, Event::Closed(end));
        // Returns when the application has read the events, or dropped everything it could read them with.
        self.backlog.flush().await;
    }
}
