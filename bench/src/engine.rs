//! The generator's event loop: one thread, one epoll, thousands of connections.

mod line;

use std::{io, net::SocketAddr, time::Duration};

use mio::{Events, Interest, Poll, Token};

use self::line::Line;
use crate::{
    dialect::{Dialect, Heard},
    signal::Shape,
    transport::{Broken, Transport},
};

/// Bytes read at once, and the largest frame that can be received: the roster of a large room.
const BUFFER: usize = 1 << 20;

/// Why a measurement could not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// The machine's fault.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A connection was lost or its peer broke the protocol.
    #[error("connection {0}: {1}")]
    Lost(usize, Broken),
}

/// A session by its number, from 0 in the order in which they were dialed.
pub(crate) type SessionId = usize;

/// All connections to one server.
pub(crate) struct Engine {
    server: SocketAddr,
    poll: Poll,
    events: Events,
    lines: Vec<Line>,
    /// The line of each session, and its place there.
    sessions: Vec<(usize, usize)>,
    buffer: Vec<u8>,
    message: Vec<u8>,
    heard: Vec<(SessionId, Heard)>,
    dirty: Vec<usize>,
}

impl Engine {
    /// No connections yet.
    pub(crate) fn new(server: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            server,
            poll: Poll::new()?,
            events: Events::with_capacity(1_024),
            lines: Vec::new(),
            sessions: Vec::new(),
            buffer: vec![0; BUFFER],
            message: Vec::new(),
            heard: Vec::new(),
            dirty: Vec::new(),
        })
    }

    /// Opens a connection with these sessions on it, whose numbers follow those before.
    pub(crate) fn dial(&mut self, transport: Box<dyn Transport>, sessions: Vec<Box<dyn Dialect>>) -> io::Result<()> {
        let at = self.lines.len();
        let first = self.sessions.len();
        self.sessions.extend((0..sessions.len()).map(|place| (at, place)));
        let mut line = Line::connect(self.server, transport, sessions, first)?;
        self.poll.registry().register(&mut line.socket, Token(at), Interest::READABLE | Interest::WRITABLE)?;
        self.lines.push(line);
        Ok(())
    }

    /// Writes what was said, waits for bytes at most this long, and gives what was heard to `each`, which may speak.
    pub(crate) fn turn(
        &mut self,
        wait: Duration,
        mut each: impl FnMut(&mut Self, SessionId, Heard),
    ) -> Result<(), EngineError> {
        self.flush()?;
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            done => done?,
        }
        for event in &self.events {
            let at = event.token().0;
            let line = &mut self.lines[at];
            let result = line.ready(
                event.is_readable() || event.is_read_closed(),
                event.is_writable(),
                &mut self.buffer,
                &mut self.message,
                &mut self.heard,
            );
            result.map_err(|broken| EngineError::Lost(at, broken))?;
            if line.wants_to_write() {
                self.dirty.push(at);
            }
        }
        let mut heard = std::mem::take(&mut self.heard);
        for (session, what) in heard.drain(..) {
            each(self, session, what);
        }
        self.heard = heard;
        Ok(())
    }

    /// Has a session send the signal with this number, with the next [`Self::turn`].
    pub(crate) fn speak(&mut self, session: SessionId, number: u32) {
        self.say(session, |dialect, say| dialect.speak(number, say));
    }

    /// Has a session acknowledge what it heard.
    pub(crate) fn settle(&mut self, session: SessionId) {
        self.say(session, |dialect, say| dialect.settle(say));
    }

    /// Lets two sessions speak to each other.
    pub(crate) fn pair(&mut self, one: SessionId, other: SessionId, shape: Shape) {
        let (to_one, to_other) = (self.dialect(one).id().to_owned(), self.dialect(other).id().to_owned());
        self.dialect(one).aim(&to_other, shape);
        self.dialect(other).aim(&to_one, shape);
    }

    fn dialect(&mut self, session: SessionId) -> &mut dyn Dialect {
        let (line, place) = self.sessions[session];
        self.lines[line].dialect(place)
    }

    fn say(&mut self, session: SessionId, what: impl FnOnce(&mut dyn Dialect, &mut crate::dialect::Say<'_>)) {
        let (at, place) = self.sessions[session];
        let line = &mut self.lines[at];
        if !line.wants_to_write() {
            self.dirty.push(at);
        }
        line.say(place, &mut self.message, what);
    }

    fn flush(&mut self) -> Result<(), EngineError> {
        for at in self.dirty.drain(..) {
            self.lines[at].flush().map_err(|broken| EngineError::Lost(at, broken))?;
        }
        Ok(())
    }
}
