//! A stream that carries bytes both ways, such as a WebSocket (RFC 8441).

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::inbox::Inbox;
use super::limits::FULL;

/// Whether a request's stream may become a tunnel: a request extension of an extended CONNECT.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    protocol: Arc<str>,
    inbox: Arc<Inbox>,
    pipe: Arc<Pipe>,
}

impl Offer {
    pub(super) fn new(protocol: Arc<str>, inbox: Arc<Inbox>, pipe: Arc<Pipe>) -> Self {
        Self { protocol, inbox, pipe }
    }

    /// `:protocol` of the request.
    pub(crate) fn protocol(&self) -> &str {
        &self.protocol
    }

    /// Means to end the tunnel from outside.
    pub(crate) fn handle(&self) -> TunnelHandle {
        TunnelHandle(self.pipe.clone())
    }

    /// The tunnel. Open once the request is answered with success; what is written before waits.
    pub(crate) fn accept(self) -> Tunnel {
        self.pipe.lock().accepted = true;
        Tunnel { inbox: self.inbox, pipe: self.pipe, ahead: Bytes::new() }
    }
}

/// Ends a tunnel from outside.
#[derive(Clone, Debug)]
pub(crate) struct TunnelHandle(Arc<Pipe>);

impl TunnelHandle {
    /// Resets the stream when what was written to it cannot be sent, because its client does not read. To be called by
    /// who drops the tunnel.
    pub(crate) fn abort(&self) {
        self.0.lock().aborted = true;
        self.0.stream.wake_by_ref();
    }
}

/// Bytes both ways on a stream. The stream ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Tunnel {
    inbox: Arc<Inbox>,
    pipe: Arc<Pipe>,
    /// What was taken from the inbox and did not fit into the reader's buffer.
    ahead: Bytes,
}

/// What is to be sent through a tunnel. Filled by its owner, emptied by the connection.
#[derive(Debug)]
pub(super) struct Pipe {
    state: Mutex<State>,
    /// Rings for the stream.
    stream: Waker,
}

#[derive(Debug, Default)]
struct State {
    accepted: bool,
    bytes: Vec<u8>,
    /// Nothing more is written.
    closed: bool,
    /// Nothing more is sent.
    broken: bool,
    /// What cannot be sent at once is not worth waiting for.
    aborted: bool,
    writer: Option<Waker>,
}

/// What a pipe has for its stream.
pub(super) enum Piped {
    Nothing,
    Bytes(Vec<u8>),
    End,
}

impl Pipe {
    pub(super) fn new(stream: Waker) -> Self {
        Self { state: Mutex::default(), stream }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the request's stream has become a tunnel.
    pub(super) fn is_accepted(&self) -> bool {
        self.lock().accepted
    }

    pub(super) fn is_aborted(&self) -> bool {
        self.lock().aborted
    }

    /// Takes what is to be sent.
    pub(super) fn take(&self) -> Piped {
        let (bytes, writer) = {
            let state = &mut *self.lock();
            if state.bytes.is_empty() {
                return if state.closed { Piped::End } else { Piped::Nothing };
            }
            (std::mem::take(&mut state.bytes), state.writer.take())
        };
        if let Some(writer) = writer {
            writer.wake();
        }
        Piped::Bytes(bytes)
    }

    /// The stream is gone.
    pub(super) fn breaks(&self) {
        let writer = {
            let state = &mut *self.lock();
            state.broken = true;
            state.bytes = Vec::new();
            state.writer.take()
        };
        if let Some(writer) = writer {
            writer.wake();
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.stream.wake_by_ref();
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.inbox.leave();
        self.pipe.close();
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.ahead.is_empty() {
            match ready!(self.inbox.poll_frame(cx)) {
                // Trailers say nothing here.
                Some(Ok(frame)) => self.ahead = frame.into_data().unwrap_or_default(),
                Some(Err(broken)) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, broken))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let fits = self.ahead.len().min(buf.remaining());
        buf.put_slice(&self.ahead[..fits]);
        self.ahead.advance(fits);
        if self.ahead.is_empty() {
            // An emptied `Bytes` would hold its memory.
            self.ahead = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        {
            let state = &mut *self.pipe.lock();
            if state.broken || state.closed {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let room = FULL.saturating_sub(state.bytes.len());
            if room == 0 {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            let fits = room.min(buf.len());
            let was_empty = state.bytes.is_empty();
            state.bytes.extend_from_slice(&buf[..fits]);
            if !was_empty {
                return Poll::Ready(Ok(fits));
            }
        }
        self.pipe.stream.wake_by_ref();
        Poll::Ready(Ok(buf.len().min(FULL)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // What was taken is on its way.
        let broken = self.pipe.lock().broken;
        Poll::Ready(if broken { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) })
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe.close();
        Poll::Ready(Ok(()))
    }
}
