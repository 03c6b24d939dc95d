//! The source of connections, and the backoff after a failed accept.

use std::{
    future::Future,
    io::{self, ErrorKind},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use crate::tls::PeerCertificate;

/// A source of connections. Implemented for tokio's [`TcpListener`]; tests and simulated networks implement it
/// themselves.
pub trait Accept: Send + 'static {
    /// The byte stream of an accepted connection.
    type Io: AcceptedIo;

    /// Waits for the next connection and returns it with the address of its peer. Cancel safe.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, SocketAddr)>> + Send;
}

/// The byte stream of an accepted connection, with the operations that depend on the kind of socket.
pub trait AcceptedIo: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Sets socket options for small messages in both directions. Called once, before the first read. `send_timeout`: for how
    /// long sent data may stay unacknowledged, or the peer's receive window closed, before the connection fails.
    fn set_options(&self, send_timeout: Duration) {
        let _ = send_timeout;
    }

    /// Registers the socket with the current runtime. Called before the first read, if at all.
    fn reregister(self) -> io::Result<Self>
    where
        Self: Sized,
    {
        Ok(self)
    }

    /// Reads bytes that come before the handshake, at most as many as fit. Called before [`poll_handshake`](Self::poll_handshake),
    /// if at all.
    fn poll_read_plain(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(self).poll_read(cx, buf)
    }

    /// Performs the handshake of what carries the bytes, if it has one. To be called until it is ready, before the first
    /// read. Sets `heard` once bytes have arrived.
    fn poll_handshake(&mut self, cx: &mut Context<'_>, heard: &mut bool) -> Poll<io::Result<Handshake>> {
        let _ = (cx, heard);
        Poll::Ready(Ok(Handshake::default()))
    }

    /// Whether [`try_write`](Self::try_write) is supported. If not, writes are not batched.
    const CAN_TRY_WRITE: bool = false;

    /// Writes as many bytes as possible without waiting, as [`TcpStream::try_write`] does. Bytes that are not taken must
    /// come first in the next call: they may be encrypted already.
    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = bytes;
        Err(ErrorKind::WouldBlock.into())
    }

    /// Tells the peer that this is the end, if what carries the bytes has a way to. Called before a close that discards
    /// nothing. Must not wait.
    fn send_end(&mut self) {}

    /// Makes the following close discard unsent bytes and reset the connection.
    fn discard_unsent(&self) {}
}

/// What the handshake of TLS has settled.
#[derive(Debug, Default)]
pub struct Handshake {
    /// Whether ALPN chose HTTP/2. `None`: the client did not offer any protocol, or there is no TLS.
    pub http2: Option<bool>,
    /// The client's certificate, if it has shown one.
    pub certificate: Option<PeerCertificate>,
}

impl Accept for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

/// An idle connection is probed after this time (TCP_KEEPIDLE).
const TCP_KEEPALIVE_TIME: Duration = Duration::from_secs(30);

/// Bytes that the kernel takes before it has sent those before them (TCP_NOTSENT_LOWAT). Without a bound it would hold 4 MiB
/// (tcp_wmem) for each peer that does not read, where no limit of the server counts them.
#[cfg(target_os = "linux")]
const TCP_UNSENT_BYTES: u32 = 64 * 1024;

impl AcceptedIo for TcpStream {
    fn set_options(&self, send_timeout: Duration) {
        let socket = socket2::SockRef::from(self);
        let keepalive = socket2::TcpKeepalive::new().with_time(TCP_KEEPALIVE_TIME);
        // Nagle's algorithm would delay small messages to fill a packet.
        let set = self.set_nodelay(true).and_then(|()| socket.set_tcp_keepalive(&keepalive));
        #[cfg(target_os = "linux")]
        // The kernel also applies it to a peer that acknowledges and does not read (since Linux 5.11): who may leave data unread
        // for longer must have as much time here.
        let set = set
            .and_then(|()| socket.set_tcp_user_timeout(Some(send_timeout)))
            .and_then(|()| socket.set_tcp_notsent_lowat(TCP_UNSENT_BYTES));
        #[cfg(not(target_os = "linux"))]
        let _ = send_timeout;
        if let Err(error) = set {
            // The peer has closed the connection already, which the first read reports too.
            tracing::debug!(%error, "socket options could not be set");
        }
    }

    fn reregister(self) -> io::Result<Self> {
        Self::from_std(self.into_std()?)
    }

    const CAN_TRY_WRITE: bool = true;

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::try_write(self, bytes)
    }

    fn discard_unsent(&self) {
        // With SO_LINGER zero the kernel resets the connection and frees its buffers at once. Otherwise it would retain
        // them for minutes if the peer does not read.
        if let Err(error) = socket2::SockRef::from(self).set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "SO_LINGER could not be set");
        }
    }
}

/// The pause after a failed accept, so that a lack of file descriptors does not cause a busy loop.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    last: Option<Duration>,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const MAX: Duration = Duration::from_secs(1);

    /// Returns the pause after `error`: `None` if the error concerns one connection only, else 50 ms, doubled each time
    /// up to 1 s.
    pub(super) fn after(&mut self, error: &io::Error) -> Option<Duration> {
        if concerns_one_connection(error) {
            return None;
        }
        let pause = self.last.map_or(Self::FIRST, |last| (last * 2).min(Self::MAX));
        self.last = Some(pause);
        Some(pause)
    }

    /// Makes the next pause the shortest one. Called after a successful accept.
    pub(super) fn reset(&mut self) {
        self.last = None;
    }
}

/// Returns whether an error is that of the new connection, which accept(2) reports as its own, rather than the
/// listener's.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_peer_that_does_not_read_has_the_time_that_it_is_given() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let _client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connects");
        let (accepted, _) = Accept::accept(&mut { listener }).await.expect("accepted");
        accepted.set_options(Duration::from_secs(600));
        let set = socket2::SockRef::from(&accepted).tcp_user_timeout().expect("an option");
        assert_eq!(set, Some(Duration::from_secs(600)));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_kernel_holds_little_for_a_peer_that_does_not_read() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let client = tokio::net::TcpSocket::new_v4().expect("a socket");
        client.set_recv_buffer_size(4_096).expect("sets");
        let _client = client.connect(listener.local_addr().expect("bound")).await.expect("connects");
        let (mut accepted, _) = Accept::accept(&mut { listener }).await.expect("accepted");
        accepted.set_options(Duration::from_secs(600));
        accepted.writable().await.expect("writable");
        let mut taken = 0;
        while let Ok(bytes) = AcceptedIo::try_write(&mut accepted, &[0; 16 * 1024]) {
            taken += bytes;
        }
        assert!(taken < 256 * 1024, "the kernel took {taken} bytes");
    }

    /// EMFILE on Linux and the BSDs.
    const TOO_MANY_OPEN_FILES: i32 = 24;

    #[test]
    fn waits_longer_each_time_and_starts_over_after_a_success() {
        let mut backoff = Backoff::default();
        let error = io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES);
        let pauses: Vec<u128> = (0..7).filter_map(|_| backoff.after(&error)).map(|d| d.as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        backoff.reset();
        assert_eq!(backoff.after(&error), Some(Backoff::FIRST));
    }

    #[test]
    fn a_connection_that_died_early_costs_no_pause() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.after(&ErrorKind::ConnectionAborted.into()), None);
        assert_eq!(backoff.after(&ErrorKind::ConnectionReset.into()), None);
    }
}
