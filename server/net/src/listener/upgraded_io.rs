//! The byte stream of an upgraded connection, or of an HTTP/2 stream opened with extended CONNECT.

use std::{
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use wigwag_http2::Tunnel;
use wigwag_poll::SendProgress;

use super::{AcceptedIo, TlsStream, io::ConnectionIo};

/// A bidirectional byte stream after the upgrade of a request.
pub enum UpgradedIo {
    /// A TCP connection, detached from hyper.
    Tcp(Box<ConnectionIo<TcpStream>>),
    /// A TLS connection, detached from hyper.
    Tls(Box<ConnectionIo<TlsStream>>),
    /// A connection or HTTP/2 stream of another kind, still wrapped by hyper.
    Upgraded(TokioIo<Upgraded>),
    /// A stream of an HTTP/2 connection (RFC 8441).
    Tunnel(TunnelIo),
}

impl fmt::Debug for UpgradedIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UpgradedIo")
    }
}

impl From<Upgraded> for UpgradedIo {
    fn from(upgraded: Upgraded) -> Self {
        match detach(upgraded) {
            Ok(io) => Self::Tcp(io),
            Err(upgraded) => match detach(upgraded) {
                Ok(io) => Self::Tls(io),
                Err(upgraded) => Self::Upgraded(TokioIo::new(upgraded)),
            },
        }
    }
}

/// Returns the connection itself if it is of this kind.
fn detach<I: AcceptedIo>(upgraded: Upgraded) -> Result<Box<ConnectionIo<I>>, Upgraded> {
    let parts = upgraded.downcast::<TokioIo<ConnectionIo<I>>>()?;
    let mut io = parts.io.into_inner();
    io.stop_lingering();
    // Bytes read together with the request belong to the upgraded protocol.
    io.unread(parts.read_buf);
    Ok(Box::new(io))
}

impl From<Tunnel> for UpgradedIo {
    fn from(tunnel: Tunnel) -> Self {
        Self::Tunnel(TunnelIo(tunnel))
    }
}

impl UpgradedIo {
    /// Returns the counts of the stream's bytes, if what carries them counts those that are sent.
    pub(crate) fn progress(&self) -> Option<Arc<SendProgress>> {
        match self {
            Self::Tcp(io) => Some(io.progress()),
            Self::Tls(io) => Some(io.progress()),
            Self::Tunnel(TunnelIo(tunnel)) => Some(tunnel.progress().clone()),
            Self::Upgraded(_) => None,
        }
    }
}

impl AsyncRead for UpgradedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_read(cx, buf),
            Self::Tls(io) => Pin::new(io).poll_read(cx, buf),
            Self::Upgraded(io) => Pin::new(io).poll_read(cx, buf),
            Self::Tunnel(io) => Pin::new(io).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for UpgradedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_write(cx, buf),
            Self::Tls(io) => Pin::new(io).poll_write(cx, buf),
            Self::Upgraded(io) => Pin::new(io).poll_write(cx, buf),
            Self::Tunnel(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_flush(cx),
            Self::Tls(io) => Pin::new(io).poll_flush(cx),
            Self::Upgraded(io) => Pin::new(io).poll_flush(cx),
            Self::Tunnel(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(io) => Pin::new(io).poll_shutdown(cx),
            Self::Tls(io) => Pin::new(io).poll_shutdown(cx),
            Self::Upgraded(io) => Pin::new(io).poll_shutdown(cx),
            Self::Tunnel(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}

/// A tunnel with tokio's I/O traits.
pub struct TunnelIo(Tunnel);

impl AsyncRead for TunnelIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_read(cx, buf.remaining()).map_ok(|bytes| buf.put_slice(&bytes))
    }
}

impl AsyncWrite for TunnelIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The connection's driver writes what the tunnel has taken.
        Poll::Ready(if self.0.is_open() { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.close();
        Poll::Ready(Ok(()))
    }
}
