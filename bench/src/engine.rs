//! The generator's event loop: one thread, one epoll, thousands of connections.

mod connection;
mod socket;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use mio::{Events, Interest, Poll, Token};
use rustls::ClientConfig;

use self::connection::Connection;
use crate::{
    protocol::{Client, Event, Sender},
    signal::Shape,
    transport::{ConnectionError, Transport},
};

/// Bytes read at once, and the largest frame that can be received: the roster of a large room.
const BUFFER: usize = 1 << 20;

/// Why the connections cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// A system call failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A connection was lost, or the server violated the protocol on it.
    #[error("connection {0}: {1}")]
    Lost(usize, ConnectionError),
}

/// A session by its number, from 0 in the order in which they were connected.
pub(crate) type SessionId = usize;

/// All connections to one server.
pub(crate) struct Engine {
    server: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    poll: Poll,
    readiness: Events,
    connections: Vec<Connection>,
    /// The connection of each session, and its index there.
    sessions: Vec<(usize, usize)>,
    buffer: Vec<u8>,
    message: Vec<u8>,
    events: Vec<(SessionId, Event)>,
    /// Connections that have something to write.
    dirty: Vec<usize>,
}

impl Engine {
    /// Creates an engine without connections. They speak TLS if there is a configuration for it.
    pub(crate) fn new(server: SocketAddr, tls: Option<Arc<ClientConfig>>) -> io::Result<Self> {
        Ok(Self {
            server,
            tls,
            poll: Poll::new()?,
            readiness: Events::with_capacity(1_024),
            connections: Vec::new(),
            sessions: Vec::new(),
            buffer: vec![0; BUFFER],
            message: Vec::new(),
            events: Vec::new(),
            dirty: Vec::new(),
        })
    }

    /// Opens a connection with these sessions on it. They are numbered after the sessions that exist.
    pub(crate) fn connect(&mut self, transport: Box<dyn Transport>, clients: Vec<Box<dyn Client>>) -> io::Result<()> {
        let at = self.connections.len();
        let first = self.sessions.len();
        self.sessions.extend((0..clients.len()).map(|index| (at, index)));
        let mut connection = Connection::connect(self.server, self.tls.as_ref(), transport, clients, first)?;
        self.poll.registry().register(
            &mut connection.socket.tcp,
            Token(at),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        self.connections.push(connection);
        Ok(())
    }

    /// Writes what was sent, waits for bytes at most this long, and passes the events to `each`, which may send.
    pub(crate) fn poll(
        &mut self,
        wait: Duration,
        mut each: impl FnMut(&mut Self, SessionId, Event),
    ) -> Result<(), EngineError> {
        self.flush()?;
        match self.poll.poll(&mut self.readiness, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            done => done?,
        }
        for event in &self.readiness {
            let at = event.token().0;
            let connection = &mut self.connections[at];
            let result = connection.ready(
                event.is_readable() || event.is_read_closed(),
                event.is_writable(),
                &mut self.buffer,
                &mut self.message,
                &mut self.events,
            );
            result.map_err(|error| EngineError::Lost(at, error))?;
            if connection.wants_to_write() {
                self.dirty.push(at);
            }
        }
        let mut events = std::mem::take(&mut self.events);
        for (session, event) in events.drain(..) {
            each(self, session, event);
        }
        self.events = events;
        Ok(())
    }

    /// Sends the signal with this number from a session. It is written by the next [`Self::poll`].
    pub(crate) fn send_signal(&mut self, session: SessionId, number: u32) {
        self.send(session, |client, out| client.send_signal(number, out));
    }

    /// Acknowledges what a session received. Returns whether that took a frame.
    pub(crate) fn acknowledge(&mut self, session: SessionId) -> bool {
        let mut sent = false;
        self.send(session, |client, out| sent = client.acknowledge(out));
        sent
    }

    /// Makes two sessions each other's target.
    pub(crate) fn pair(&mut self, one: SessionId, other: SessionId, shape: Shape) {
        let (to_one, to_other) = (self.client(one).id().to_owned(), self.client(other).id().to_owned());
        self.client(one).set_target(&to_other, shape);
        self.client(other).set_target(&to_one, shape);
    }

    fn client(&mut self, session: SessionId) -> &mut dyn Client {
        let (connection, index) = self.sessions[session];
        self.connections[connection].client(index)
    }

    fn send(&mut self, session: SessionId, send: impl FnOnce(&mut dyn Client, &mut Sender<'_>)) {
        let (at, index) = self.sessions[session];
        let connection = &mut self.connections[at];
        if !connection.wants_to_write() {
            self.dirty.push(at);
        }
        connection.send(index, &mut self.message, send);
    }

    fn flush(&mut self) -> Result<(), EngineError> {
        for at in self.dirty.drain(..) {
            self.connections[at].flush().map_err(|error| EngineError::Lost(at, error))?;
        }
        Ok(())
    }
}
