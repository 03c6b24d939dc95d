//! A stream that carries bytes both ways, such as a WebSocket (RFC 8441).

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;

use super::limits::FULL;
use super::request_body::BodyBuffer;

/// Whether a request's stream may become a tunnel: a request extension of an extended CONNECT.
#[derive(Clone, Debug)]
pub struct ConnectUpgrade {
    protocol: Arc<str>,
    buffer: Arc<BodyBuffer>,
    tunnel_buffers: Arc<TunnelBuffers>,
}

impl ConnectUpgrade {
    pub(super) fn new(protocol: Arc<str>, buffer: Arc<BodyBuffer>, tunnel_buffers: Arc<TunnelBuffers>) -> Self {
        Self { protocol, buffer, tunnel_buffers }
    }

    /// `:protocol` of the request.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// Means to end the tunnel from outside.
    pub fn handle(&self) -> TunnelHandle {
        TunnelHandle(self.tunnel_buffers.clone())
    }

    /// The tunnel. Open once the request is answered with success; what is written before waits.
    pub fn accept(self) -> Tunnel {
        self.tunnel_buffers.lock().accepted = true;
        Tunnel { buffer: self.buffer, tunnel_buffers: self.tunnel_buffers, ahead: Bytes::new() }
    }
}

/// Ends a tunnel from outside.
#[derive(Clone, Debug)]
pub struct TunnelHandle(Arc<TunnelBuffers>);

impl TunnelHandle {
    /// Resets the stream when what was written to it cannot be sent, because its client does not read. To be called by
    /// who drops the tunnel.
    pub fn abort(&self) {
        self.0.lock().aborted = true;
        self.0.stream.wake_by_ref();
    }
}

/// Bytes both ways on a stream. The stream ends when this is dropped.
#[derive(Debug)]
pub struct Tunnel {
    buffer: Arc<BodyBuffer>,
    tunnel_buffers: Arc<TunnelBuffers>,
    /// What was taken from the buffer and did not fit into the reader's buffer.
    ahead: Bytes,
}

/// What is to be sent through a tunnel. Filled by its owner, emptied by the connection.
#[derive(Debug)]
pub(super) struct TunnelBuffers {
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
    failed: bool,
    /// What cannot be sent at once is not worth waiting for.
    aborted: bool,
    writer: Option<Waker>,
}

/// What a tunnel_buffers has for its stream.
pub(super) enum TunnelOutput {
    Nothing,
    Bytes(Vec<u8>),
    End,
}

impl TunnelBuffers {
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
    pub(super) fn take(&self) -> TunnelOutput {
        let (bytes, writer) = {
            let state = &mut *self.lock();
            if state.bytes.is_empty() {
                return if state.closed { TunnelOutput::End } else { TunnelOutput::Nothing };
            }
            (std::mem::take(&mut state.bytes), state.writer.take())
        };
        if let Some(writer) = writer {
            writer.wake();
        }
        TunnelOutput::Bytes(bytes)
    }

    /// The stream is gone.
    pub(super) fn fail(&self) {
        let writer = {
            let state = &mut *self.lock();
            state.failed = true;
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
        self.buffer.leave();
        self.tunnel_buffers.close();
    }
}

impl Tunnel {
    /// Reads what the client sent, at most `max` bytes at a time. Empty at the end of what it sends.
    ///
    /// # Errors
    ///
    /// `ConnectionReset` when the stream was reset or its connection is gone.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, max: usize) -> Poll<io::Result<Bytes>> {
        while self.ahead.is_empty() {
            match ready!(self.buffer.poll_frame(cx)) {
                // Trailers carry nothing in a tunnel.
                Some(Ok(frame)) => self.ahead = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, error))),
                None => return Poll::Ready(Ok(Bytes::new())),
            }
        }
        let read = self.ahead.split_to(self.ahead.len().min(max));
        if self.ahead.is_empty() {
            // An emptied `Bytes` would hold its memory.
            self.ahead = Bytes::new();
        }
        Poll::Ready(Ok(read))
    }

    /// Takes bytes to send, as many as there is room for (16 KiB wait at most), and returns their number.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` when the stream is gone or this side was closed.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        {
            let state = &mut *self.tunnel_buffers.lock();
            if state.failed || state.closed {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let room = FULL.saturating_sub(state.bytes.len());
            if room == 0 {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            let fits = room.min(bytes.len());
            let was_empty = state.bytes.is_empty();
            state.bytes.extend_from_slice(&bytes[..fits]);
            if !was_empty {
                return Poll::Ready(Ok(fits));
            }
        }
        self.tunnel_buffers.stream.wake_by_ref();
        Poll::Ready(Ok(bytes.len().min(FULL)))
    }

    /// Whether what was written can still be sent.
    pub fn is_open(&self) -> bool {
        !self.tunnel_buffers.lock().failed
    }

    /// Ends this side: END_STREAM follows what was written.
    pub fn close(&mut self) {
        self.tunnel_buffers.close();
    }
}
