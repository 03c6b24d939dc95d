//! A TLS connection over TCP.
//!
//! rustls is used without its buffers: records are read into memory that all connections of a thread share, and encrypted
//! into such memory too. An idle connection holds none; a record of which the rest is missing, and records that the
//! kernel does not take, are the connection's own.

use std::{
    cell::RefCell,
    fmt,
    io::{self, ErrorKind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use rustls::{
    server::{ServerConnectionData, UnbufferedServerConnection},
    unbuffered::{ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::rejection::Rejection;
use crate::{
    listener::{AcceptedIo, Handshake, fairness::wake_after_events},
    tls::{ALPN_HTTP2, PeerCertificate, TlsContext},
};

/// The most bytes read with one system call: a record of the largest size (RFC 8446, section 5.2).
const READ_SIZE: usize = 16 * 1024 + 512;

/// The most bytes of a message, or of records, of which the rest is missing. A ClientHello has 1.5 KiB; a chain of client
/// certificates rarely 10.
const MAX_INCOMPLETE: usize = 48 * 1024;

/// The most bytes encrypted before the kernel is asked to take them.
const WRITE_SIZE: usize = 16 * 1024;

/// Room for what TLS adds to a record. If it is too little, rustls says how much it needs.
const OVERHEAD: usize = 64;

/// Steps of rustls before it lets records be written. Two are enough.
const MAX_ATTEMPTS: usize = 16;

/// Reads without application data before others of the thread run.
const MAX_READS_PER_POLL: usize = 8;

thread_local! {
    /// Records are read into this and decrypted in it.
    static RECEIVED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// Records are encrypted into this.
    static ENCRYPTED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes records; returns their length.
type Write<'a> = dyn FnMut(&mut WriteTraffic<'_, ServerConnectionData>, &mut [u8]) -> Result<usize, EncryptError> + 'a;

/// The server's end of a TLS connection.
///
/// Writing has the rule of OpenSSL's `SSL_write`: bytes count as written once the kernel has taken the records that carry
/// them. Until then the next write begins with the same bytes.
pub struct TlsStream {
    tcp: TcpStream,
    context: Arc<TlsContext>,
    /// `None` until the first byte: a socket that stays silent costs no TLS.
    connection: Option<Box<UnbufferedServerConnection>>,
    /// Records or messages of which the rest has not arrived.
    incomplete: Vec<u8>,
    /// Decrypted bytes that did not fit into the reader's buffer.
    decrypted: Vec<u8>,
    /// Records that the kernel has not taken yet.
    outgoing: Vec<u8>,
    /// How many of the bytes of the next write `outgoing` carries.
    carried: usize,
    /// The peer has closed its side with a close_notify alert.
    peer_closed: bool,
    close_sent: bool,
    /// The peer violated the protocol, and nothing more is read.
    failed: bool,
    /// The handshake has failed, or there is none.
    rejection: Option<Rejection>,
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsStream")
    }
}

impl TlsStream {
    pub(super) fn new(tcp: TcpStream, context: Arc<TlsContext>) -> Self {
        Self {
            tcp,
            context,
            connection: None,
            incomplete: Vec::new(),
            decrypted: Vec::new(),
            outgoing: Vec::new(),
            carried: 0,
            peer_closed: false,
            close_sent: false,
            failed: false,
            rejection: None,
        }
    }

    /// Reads records and passes what they carry to `sink`. Ready with the number of bytes read; 0 at the end of TCP.
    fn poll_records(&mut self, cx: &mut Context<'_>, sink: &mut dyn FnMut(&[u8])) -> Poll<io::Result<usize>> {
        RECEIVED.with_borrow_mut(|received| {
            let kept = self.incomplete.len();
            if self.failed {
                return Poll::Ready(Err(ErrorKind::InvalidData.into()));
            }
            if kept > MAX_INCOMPLETE {
                return Poll::Ready(Err(invalid("a message is too long")));
            }
            if received.len() < kept + READ_SIZE {
                received.resize(kept + READ_SIZE, 0);
            }
            let mut buf = ReadBuf::new(&mut received[kept..kept + READ_SIZE]);
            ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut buf))?;
            let read = buf.filled().len();
            if read == 0 {
                return Poll::Ready(Ok(0));
            }
            received[..kept].copy_from_slice(&self.incomplete);
            let input = &mut received[..kept + read];
            if self.connection.is_none() {
                self.rejection = Rejection::of_http(input);
                if self.rejection.is_some() {
                    return Poll::Ready(Ok(read));
                }
                let connection = UnbufferedServerConnection::new(self.context.current()).map_err(failed)?;
                self.connection = Some(Box::new(connection));
            }
            let used = self.process(input, sink)?;
            let rest = &input[used..];
            if rest.is_empty() || self.peer_closed {
                self.incomplete = Vec::new();
            } else {
                self.incomplete.clear();
                self.incomplete.extend_from_slice(rest);
            }
            Poll::Ready(Ok(read))
        })
    }

    /// Passes records to rustls, what they carry to `sink`, and what is to be answered to `outgoing`. Returns how many bytes
    /// of `input` are used up.
    fn process(&mut self, input: &mut [u8], sink: &mut dyn FnMut(&[u8])) -> io::Result<usize> {
        let Some(connection) = &mut self.connection else { return Ok(0) };
        let mut used = 0;
        loop {
            let UnbufferedStatus { mut discard, state } = connection.process_tls_records(&mut input[used..]);
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(failed)?;
                        discard += record.discard;
                        sink(record.payload);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(data)) => encode(data, &mut self.outgoing)?,
                // What was encoded is sent in its order.
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.peer_closed = true,
                // More input is needed, or there is none. Early data is switched off.
                Ok(_) => return Ok(used + discard),
                Err(error) => {
                    self.failed = true;
                    self.encode_alert(&mut input[used + discard..]);
                    return Err(failed(error));
                }
            }
            used += discard;
        }
    }

    /// Puts the alert that tells the peer of an error into `outgoing`.
    fn encode_alert(&mut self, input: &mut [u8]) {
        let Some(connection) = &mut self.connection else { return };
        // rustls hands out the alert before it looks at the input again.
        while let Ok(ConnectionState::EncodeTlsData(data)) = connection.process_tls_records(&mut *input).state {
            if encode(data, &mut self.outgoing).is_err() {
                break;
            }
        }
    }

    /// Sends the records in `outgoing`. Counts what they carry as taken.
    fn try_flush(&mut self) -> io::Result<()> {
        let mut sent = 0;
        let result = loop {
            if sent == self.outgoing.len() {
                break Ok(());
            }
            match self.tcp.try_write(&self.outgoing[sent..]) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(written) => sent += written,
                Err(error) => break Err(error),
            }
        };
        if sent == self.outgoing.len() {
            self.outgoing = Vec::new();
        } else {
            self.outgoing.drain(..sent);
        }
        result
    }

    fn poll_outgoing(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match self.try_flush() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => ready!(self.tcp.poll_write_ready(cx))?,
                result => return Poll::Ready(result),
            }
        }
    }

    /// Encrypts `plain` and asks the kernel to take the records. Returns whether it took all; the rest is in `outgoing`,
    /// which is empty before.
    fn encrypt(&mut self, plain: &[u8]) -> io::Result<bool> {
        ENCRYPTED.with_borrow_mut(|encrypted| {
            let size = plain.len() + OVERHEAD;
            let len = self.write_records(encrypted, size, &mut |traffic, out| traffic.encrypt(plain, out))?;
            // Not empty if rustls had other records to send before.
            let sent = if self.outgoing.is_empty() {
                match self.tcp.try_write(&encrypted[..len]) {
                    Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                    sent => sent?,
                }
            } else {
                0
            };
            if sent < len {
                self.outgoing.extend_from_slice(&encrypted[sent..len]);
                self.carried = plain.len();
            }
            Ok(sent == len)
        })
    }

    /// Has `write` write records into `out`, which grows to what it needs. Returns their length.
    fn write_records(&mut self, out: &mut Vec<u8>, mut size: usize, write: &mut Write<'_>) -> io::Result<usize> {
        for _ in 0..MAX_ATTEMPTS {
            let Some(connection) = self.connection.as_mut().filter(|_| !self.failed) else { break };
            if out.len() < size {
                out.resize(size, 0);
            }
            let UnbufferedStatus { discard, state } = connection.process_tls_records(&mut self.incomplete);
            match state.map_err(failed)? {
                ConnectionState::WriteTraffic(mut traffic) => match write(&mut traffic, out) {
                    Ok(len) => return Ok(len),
                    Err(EncryptError::InsufficientSize(needed)) => size = needed.required_size,
                    Err(error) => return Err(io::Error::other(error)),
                },
                ConnectionState::EncodeTlsData(data) => encode(data, &mut self.outgoing)?,
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::PeerClosed => self.peer_closed = true,
                _ => break,
            }
            self.incomplete.drain(..discard);
        }
        Err(ErrorKind::BrokenPipe.into())
    }

    /// Puts a close_notify alert into `outgoing`, once.
    fn encode_end(&mut self) {
        if std::mem::replace(&mut self.close_sent, true) {
            return;
        }
        let mut alert = Vec::new();
        // Before the end of the handshake there is nothing to close.
        if let Ok(len) = self.write_records(&mut alert, OVERHEAD, &mut |traffic, out| traffic.queue_close_notify(out)) {
            self.outgoing.extend_from_slice(&alert[..len]);
        }
    }

    /// Moves decrypted bytes into the reader's buffer.
    fn take_decrypted(&mut self, buf: &mut ReadBuf<'_>) {
        let fits = self.decrypted.len().min(buf.remaining());
        buf.put_slice(&self.decrypted[..fits]);
        if fits == self.decrypted.len() {
            self.decrypted = Vec::new();
        } else {
            self.decrypted.drain(..fits);
        }
    }
}

impl AcceptedIo for TlsStream {
    fn set_options(&self, send_timeout: Duration) {
        self.tcp.set_options(send_timeout);
    }

    fn reregister(self) -> io::Result<Self> {
        Ok(Self { tcp: self.tcp.reregister()?, ..self })
    }

    fn poll_read_plain(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>, heard: &mut bool) -> Poll<io::Result<Handshake>> {
        loop {
            if let Some(rejection) = &mut self.rejection {
                return rejection.poll(&mut self.tcp, cx).map(Err);
            }
            ready!(self.poll_outgoing(cx))?;
            if let Some(connection) = &self.connection
                && !connection.is_handshaking()
            {
                let http2 = connection.alpn_protocol().map(|protocol| protocol == ALPN_HTTP2);
                let certificate = connection.peer_certificates().and_then(<[_]>::first).map(PeerCertificate::parse);
                return Poll::Ready(Ok(Handshake { http2, certificate }));
            }
            // Application data may follow the end of the handshake at once.
            let mut decrypted = std::mem::take(&mut self.decrypted);
            let read = self.poll_records(cx, &mut |bytes| decrypted.extend_from_slice(bytes));
            self.decrypted = decrypted;
            match ready!(read) {
                Ok(0) => return Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
                Ok(_) => *heard = true,
                Err(error) if self.failed => {
                    *heard = true;
                    self.rejection = Some(Rejection::new(std::mem::take(&mut self.outgoing), error));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    const CAN_TRY_WRITE: bool = true;

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            if !self.outgoing.is_empty() {
                match self.try_flush() {
                    Err(error) if error.kind() == ErrorKind::WouldBlock && taken > 0 => return Ok(taken),
                    result => result?,
                }
                taken += std::mem::take(&mut self.carried);
            }
            let Some(rest @ [_, ..]) = bytes.get(taken..) else { return Ok(taken) };
            let piece = &rest[..rest.len().min(WRITE_SIZE)];
            if self.encrypt(piece)? {
                taken += piece.len();
            }
        }
    }

    fn send_end(&mut self) {
        self.encode_end();
        let _ = self.try_flush();
    }

    fn discard_unsent(&self) {
        self.tcp.discard_unsent();
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        for _ in 0..MAX_READS_PER_POLL {
            if !this.decrypted.is_empty() {
                this.take_decrypted(buf);
                return Poll::Ready(Ok(()));
            }
            if this.peer_closed {
                return Poll::Ready(Ok(()));
            }
            let (before, mut decrypted) = (buf.filled().len(), Vec::new());
            let read = this.poll_records(cx, &mut |bytes| {
                let (now, later) = bytes.split_at(bytes.len().min(buf.remaining()));
                buf.put_slice(now);
                decrypted.extend_from_slice(later);
            });
            this.decrypted = decrypted;
            // What came before an error is read first. The next read finds the error again.
            if buf.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            // Without a close_notify alert, somebody else may have cut the connection (RFC 8446, section 6.1).
            if ready!(read).inspect_err(|_| drop(this.try_flush()))? == 0 && !this.peer_closed {
                return Poll::Ready(Err(ErrorKind::UnexpectedEof.into()));
            }
        }
        wake_after_events(cx);
        Poll::Pending
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.try_write(buf) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => ready!(self.tcp.poll_write_ready(cx))?,
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_outgoing(cx)
    }

    /// Sends a close_notify alert, then shuts down TCP.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.encode_end();
        ready!(this.poll_outgoing(cx))?;
        Pin::new(&mut this.tcp).poll_shutdown(cx)
    }
}

/// Appends records of rustls to `out`.
fn encode(mut data: EncodeTlsData<'_, ServerConnectionData>, out: &mut Vec<u8>) -> io::Result<()> {
    let end = out.len();
    if let Err(EncodeError::InsufficientSize(needed)) = data.encode(&mut []) {
        out.resize(end + needed.required_size, 0);
        let len = data.encode(&mut out[end..]).map_err(io::Error::other)?;
        out.truncate(end + len);
    }
    Ok(())
}

fn failed(error: rustls::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}
