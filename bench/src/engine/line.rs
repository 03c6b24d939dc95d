//! One connection with its sessions.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::SocketAddr,
};

use mio::net::TcpStream;

use super::SessionId;
use crate::{
    dialect::{Dialect, Heard, Say},
    transport::{Arrived, Broken, Transport},
};

pub(super) struct Line {
    pub(super) socket: TcpStream,
    transport: Box<dyn Transport>,
    sessions: Vec<Session>,
    first: SessionId,
    connected: bool,
    /// The socket took everything so far.
    writable: bool,
    /// The beginning of something that is not whole yet.
    partial: Vec<u8>,
    out: Vec<u8>,
}

struct Session {
    dialect: Box<dyn Dialect>,
    stream: u32,
}

impl Line {
    pub(super) fn connect(
        server: SocketAddr,
        transport: Box<dyn Transport>,
        sessions: Vec<Box<dyn Dialect>>,
        first: SessionId,
    ) -> io::Result<Self> {
        Ok(Self {
            socket: TcpStream::connect(server)?,
            transport,
            sessions: sessions.into_iter().map(|dialect| Session { dialect, stream: 0 }).collect(),
            first,
            connected: false,
            writable: false,
            partial: Vec::new(),
            out: Vec::new(),
        })
    }

    pub(super) fn dialect(&mut self, place: usize) -> &mut dyn Dialect {
        &mut *self.sessions[place].dialect
    }

    pub(super) fn wants_to_write(&self) -> bool {
        !self.out.is_empty()
    }

    pub(super) fn say(
        &mut self,
        place: usize,
        message: &mut Vec<u8>,
        what: impl FnOnce(&mut dyn Dialect, &mut Say<'_>),
    ) {
        let Session { dialect, stream } = &mut self.sessions[place];
        what(
            &mut **dialect,
            &mut Say { transport: &mut *self.transport, stream: *stream, out: &mut self.out, message },
        );
    }

    /// The socket can be read or written.
    pub(super) fn ready(
        &mut self,
        readable: bool,
        writable: bool,
        buffer: &mut [u8],
        message: &mut Vec<u8>,
        heard: &mut Vec<(SessionId, Heard)>,
    ) -> Result<(), Broken> {
        self.writable |= writable;
        if !self.connected {
            if let Some(error) = self.socket.take_error().map_err(lost)? {
                return Err(lost(error));
            }
            if !writable {
                return Ok(());
            }
            self.connected = true;
            self.socket.set_nodelay(true).map_err(lost)?;
            if self.transport.start(&mut self.out) {
                self.begin(message);
            }
        }
        if readable { self.read(buffer, message, heard) } else { Ok(()) }
    }

    fn begin(&mut self, message: &mut Vec<u8>) {
        for Session { dialect, stream } in &mut self.sessions {
            *stream = self.transport.open(&mut self.out);
            let (transport, out) = (&mut *self.transport, &mut self.out);
            dialect.begin(&mut Say { transport, stream: *stream, out, message });
        }
    }

    fn read(
        &mut self,
        buffer: &mut [u8],
        message: &mut Vec<u8>,
        heard: &mut Vec<(SessionId, Heard)>,
    ) -> Result<(), Broken> {
        loop {
            let kept = self.partial.len();
            buffer[..kept].copy_from_slice(&self.partial);
            let space = buffer.len() - kept;
            let read = match self.socket.read(&mut buffer[kept..]) {
                Ok(0) => return Err(Broken::new("closed by the server")),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(lost(error)),
            };
            let input = &buffer[..kept + read];
            let mut at = 0;
            loop {
                match self.transport.next(input, &mut at, &mut self.out)? {
                    Arrived::Nothing => break,
                    Arrived::Up => self.begin(message),
                    Arrived::Whole(stream, range) => self.hear(stream, &input[range], message, heard)?,
                    Arrived::Pieced(stream, bytes) => self.hear(stream, &bytes, message, heard)?,
                }
            }
            self.partial.clear();
            self.partial.extend_from_slice(&input[at..]);
            // A short read emptied the socket; what comes after it makes a new event.
            if read < space {
                return Ok(());
            }
        }
    }

    fn hear(
        &mut self,
        stream: u32,
        bytes: &[u8],
        message: &mut Vec<u8>,
        heard: &mut Vec<(SessionId, Heard)>,
    ) -> Result<(), Broken> {
        let place = (stream / 2) as usize;
        let Some(Session { dialect, .. }) = self.sessions.get_mut(place) else {
            return Err(Broken::new("a message for nobody"));
        };
        let mut say = Say { transport: &mut *self.transport, stream, out: &mut self.out, message };
        if let Some(what) = dialect.hear(bytes, &mut say)? {
            heard.push((self.first + place, what));
        }
        Ok(())
    }

    /// Writes what there is, as far as the socket takes it.
    pub(super) fn flush(&mut self) -> Result<(), Broken> {
        while self.writable && !self.out.is_empty() {
            match self.socket.write(&self.out) {
                Ok(written) if written == self.out.len() => self.out.clear(),
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(lost(error)),
            }
        }
        Ok(())
    }
}

fn lost(error: io::Error) -> Broken {
    Broken::new(error.to_string())
}
