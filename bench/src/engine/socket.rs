//! The socket of a connection, in clear text or with TLS.

use std::{
    io::{self, ErrorKind, Read as _, Write as _},
    net::SocketAddr,
    sync::Arc,
};

use mio::net::TcpStream;
use rustls::{ClientConfig, ClientConnection};

pub(super) struct Socket {
    pub(super) tcp: TcpStream,
    tls: Option<Box<ClientConnection>>,
}

impl Socket {
    pub(super) fn connect(server: SocketAddr, tls: Option<&Arc<ClientConfig>>) -> io::Result<Self> {
        let tls = tls.map(|config| ClientConnection::new(config.clone(), server.ip().into()).map(Box::new));
        let mut tls = tls.transpose().map_err(io::Error::other)?;
        if let Some(tls) = &mut tls {
            // The engine bounds what is on its way.
            tls.set_buffer_limit(None);
        }
        Ok(Self { tcp: TcpStream::connect(server)?, tls })
    }

    /// Reads as [`Read::read`](io::Read::read) does.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.tcp.read(buffer) };
        loop {
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if tls.read_tls(&mut self.tcp)? == 0 {
                return Ok(0);
            }
            tls.process_new_packets().map_err(io::Error::other)?;
        }
    }

    /// Whether a read that did not fill its buffer has emptied the socket.
    pub(super) fn is_emptied_by_short_reads(&self) -> bool {
        self.tls.is_none()
    }

    /// Whether TLS has bytes to write.
    pub(super) fn wants_to_write(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.wants_write())
    }

    /// Writes as [`Write::write`](io::Write::write) does. TLS takes all bytes; they are sent by this call or a later one,
    /// which may have none.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.tcp.write(bytes) };
        let taken = tls.writer().write(bytes)?;
        while tls.wants_write() {
            match tls.write_tls(&mut self.tcp) {
                Err(error) if error.kind() == ErrorKind::WouldBlock && taken > 0 => break,
                written => drop(written?),
            }
        }
        Ok(taken)
    }
}
