//! Where connections come from, and what to do when none can be taken.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// A source of connections. Implemented for tokio's [`TcpListener`]; tests and simulated networks bring their own.
pub trait Accept: Send + 'static {
    /// One connection.
    type Io: Transport;

    /// Waits for the next connection and tells where it comes from. Cancel safe.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Io, SocketAddr)>> + Send;
}

/// A connection's byte stream, with what only its kind knows.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Sets the options a signaling connection wants. Called once, before the first read.
    fn tune(&self) {}

    /// Moves to the runtime this is called in. Called before the first read, if at all.
    fn reregister(self) -> io::Result<Self>
    where
        Self: Sized,
    {
        Ok(self)
    }

    /// Whether [`try_write`](Self::try_write) does anything. If not, each write is made by itself.
    const TRIES: bool = false;

    /// Writes what can be written without waiting, as [`TcpStream::try_write`] does.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let _ = bytes;
        Err(ErrorKind::WouldBlock.into())
    }

    /// Makes the coming close immediate: what the peer has not read yet is thrown away.
    fn discard_unsent(&self) {}
}

impl Accept for TcpListener {
    type Io = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

/// A dead peer is noticed after this long without an answer to sent data.
const USER_TIMEOUT: Duration = Duration::from_secs(20);
/// A silent connection is probed after this long.
const KEEPALIVE: Duration = Duration::from_secs(30);

impl Transport for TcpStream {
    fn tune(&self) {
        let socket = socket2::SockRef::from(self);
        let keepalive = socket2::TcpKeepalive::new().with_time(KEEPALIVE);
        // Signals are small and each is waited for: never hold one back to fill a packet.
        let set = self.set_nodelay(true).and_then(|()| socket.set_tcp_keepalive(&keepalive));
        #[cfg(target_os = "linux")]
        let set = set.and_then(|()| socket.set_tcp_user_timeout(Some(USER_TIMEOUT)));
        if let Err(error) = set {
            // The peer is gone already: the first read says so too.
            tracing::debug!(%error, "socket options could not be set");
        }
    }

    fn reregister(self) -> io::Result<Self> {
        Self::from_std(self.into_std()?)
    }

    const TRIES: bool = true;

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        Self::try_write(self, bytes)
    }

    fn discard_unsent(&self) {
        // With a zero linger the kernel resets the connection and frees its buffers at once, rather than going on
        // for minutes with a peer that does not read.
        if let Err(error) = socket2::SockRef::from(self).set_linger(Some(Duration::ZERO)) {
            tracing::debug!(%error, "linger could not be set");
        }
    }
}

/// How long to wait after a failed accept, so that a lack of file descriptors does not become a busy loop.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    last: Option<Duration>,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(1);

    /// The pause after `error`: none when it concerns one connection only, else 50 ms, doubled each time up to 1 s.
    pub(super) fn after(&mut self, error: &io::Error) -> Option<Duration> {
        if concerns_one_connection(error) {
            return None;
        }
        let pause = self.last.map_or(Self::FIRST, |last| (last * 2).min(Self::LONGEST));
        self.last = Some(pause);
        Some(pause)
    }

    /// A connection was accepted: the next failure starts from the shortest pause.
    pub(super) fn reset(&mut self) {
        self.last = None;
    }
}

/// accept(2) reports an error that waits on the new connection as its own; the listener itself is fine.
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
