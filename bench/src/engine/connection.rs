//! One connection with its sessions.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    sync::Arc,
};

use rustls::ClientConfig;

use super::{SessionId, socket::Socket};
use crate::{
    protocol::{Client, Event, Sender},
    transport::{ConnectionError, Received, Transport},
};

pub(super) struct Connection {
    pub(super) socket: Socket,
    transport: Box<dyn Transport>,
    sessions: Vec<Session>,
    first: SessionId,
    connected: bool,
    /// No write has returned EWOULDBLOCK since the socket was last writable.
    writable: bool,
    /// The beginning of a frame of which the rest has not arrived.
    partial: Vec<u8>,
    /// Bytes to be written.
    out: Vec<u8>,
}

struct Session {
    client: Box<dyn Client>,
    stream: u32,
}

impl Connection {
    pub(super) fn connect(
        server: SocketAddr,
        tls: Option<&Arc<ClientConfig>>,
        transport: Box<dyn Transport>,
        clients: Vec<Box<dyn Client>>,
        first: SessionId,
    ) -> io::Result<Self> {
        Ok(Self {
            socket: Socket::connect(server, tls)?,
            transport,
            sessions: clients.into_iter().map(|client| Session { client, stream: 0 }).collect(),
            first,
            connected: false,
            writable: false,
            partial: Vec::new(),
            out: Vec::new(),
        })
    }

    pub(super) fn client(&mut self, index: usize) -> &mut dyn Client {
        &mut *self.sessions[index].client
    }

    pub(super) fn wants_to_write(&self) -> bool {
        !self.out.is_empty() || self.socket.wants_to_write()
    }

    pub(super) fn send(
        &mut self,
        index: usize,
        message: &mut Vec<u8>,
        send: impl FnOnce(&mut dyn Client, &mut Sender<'_>),
    ) {
        let Session { client, stream } = &mut self.sessions[index];
        let transport = &mut *self.transport;
        send(&mut **client, &mut Sender { transport, stream: *stream, buffer: &mut self.out, message });
    }

    /// Handles readiness of the socket.
    pub(super) fn ready(
        &mut self,
        readable: bool,
        writable: bool,
        buffer: &mut [u8],
        message: &mut Vec<u8>,
        events: &mut Vec<(SessionId, Event)>,
    ) -> Result<(), ConnectionError> {
        self.writable |= writable;
        if !self.connected {
            if let Some(error) = self.socket.tcp.take_error().map_err(lost)? {
                return Err(lost(error));
            }
            if !writable {
                return Ok(());
            }
            self.connected = true;
            self.socket.tcp.set_nodelay(true).map_err(lost)?;
            if self.transport.start(&mut self.out) {
                self.start(message);
            }
        }
        if readable { self.read(buffer, message, events) } else { Ok(()) }
    }

    fn start(&mut self, message: &mut Vec<u8>) {
        for Session { client, stream } in &mut self.sessions {
            *stream = self.transport.open(&mut self.out);
            let (transport, buffer) = (&mut *self.transport, &mut self.out);
            client.start(&mut Sender { transport, stream: *stream, buffer, message });
        }
    }

    fn read(
        &mut self,
        buffer: &mut [u8],
        message: &mut Vec<u8>,
        events: &mut Vec<(SessionId, Event)>,
    ) -> Result<(), ConnectionError> {
        loop {
            let kept = self.partial.len();
            buffer[..kept].copy_from_slice(&self.partial);
            let space = buffer.len() - kept;
            let read = match self.socket.read(&mut buffer[kept..]) {
                Ok(0) => return Err(ConnectionError::new("closed by the server")),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(lost(error)),
            };
            let input = &buffer[..kept + read];
            let mut at = 0;
            loop {
                match self.transport.next(input, &mut at, &mut self.out)? {
                    Received::Incomplete => break,
                    Received::Open => self.start(message),
                    Received::Message(stream, range) => self.receive(stream, &input[range], message, events)?,
                    Received::Assembled(stream, bytes) => self.receive(stream, &bytes, message, events)?,
                }
            }
            self.partial.clear();
            self.partial.extend_from_slice(&input[at..]);
            // A short read emptied the socket; bytes that arrive later raise a new event.
            if read < space && self.socket.is_emptied_by_short_reads() {
                return Ok(());
            }
        }
    }

    fn receive(
        &mut self,
        stream: u32,
        bytes: &[u8],
        message: &mut Vec<u8>,
        events: &mut Vec<(SessionId, Event)>,
    ) -> Result<(), ConnectionError> {
        let index = (stream / 2) as usize;
        let Some(Session { client, .. }) = self.sessions.get_mut(index) else {
            return Err(ConnectionError::new(format!("a message on stream {stream}, which was not opened")));
        };
        let mut out = Sender { transport: &mut *self.transport, stream, buffer: &mut self.out, message };
        if let Some(event) = client.receive(bytes, &mut out)? {
            events.push((self.first + index, event));
        }
        Ok(())
    }

    /// Writes as much as the socket takes.
    pub(super) fn flush(&mut self) -> Result<(), ConnectionError> {
        while self.writable && self.wants_to_write() {
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

fn lost(error: io::Error) -> ConnectionError {
    ConnectionError::new(error.to_string())
}
