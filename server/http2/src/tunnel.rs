//! Extended CONNECT: a stream that carries bytes in both directions, such as a WebSocket (RFC 8441).

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use wigwag_poll::SendProgress;

use crate::limits::SEND_BUFFER_LIMIT;
use crate::request_body::BodyBuffer;

/// Turns the stream of an extended CONNECT into a [`Tunnel`]. The request has it among its extensions.
///
/// A service that does not want the tunnel answers as it would any other request.
#[derive(Clone, Debug)]
pub struct ConnectUpgrade {
    protocol: Arc<str>,
    recv: Arc<BodyBuffer>,
    send: Arc<TunnelBuffers>,
}

impl ConnectUpgrade {
    pub(crate) fn new(protocol: Arc<str>, recv: Arc<BodyBuffer>, send: Arc<TunnelBuffers>) -> Self {
        Self { protocol, recv, send }
    }

    /// Returns `:protocol` of the request, such as `websocket`.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// Returns a handle that can reset the stream while another task owns the tunnel.
    pub fn handle(&self) -> TunnelHandle {
        TunnelHandle(self.send.clone())
    }

    /// Accepts the tunnel. It opens when the service answers the request with a 2xx status, whose body is ignored; bytes
    /// written before that are sent after the response.
    pub fn accept(self) -> Tunnel {
        self.send.lock().accepted = true;
        Tunnel { recv: self.recv, send: self.send, unread: Bytes::new() }
    }
}

/// Resets a tunnel that another task owns.
#[derive(Clone, Debug)]
pub struct TunnelHandle(Arc<TunnelBuffers>);

impl TunnelHandle {
    /// Resets the stream with CANCEL as soon as bytes written to it cannot be sent because the client does not read. Call
    /// it before dropping a tunnel that must not linger.
    pub fn abort(&self) {
        self.0.lock().aborted = true;
        self.0.stream.wake_by_ref();
    }
}

/// A stream that carries bytes in both directions. Dropping it ends the stream once what was written is sent.
///
/// At most 16 KiB wait to be sent, and at most [`Http2Limits::stream_window`](crate::Http2Limits::stream_window) to be
/// read.
#[derive(Debug)]
pub struct Tunnel {
    recv: Arc<BodyBuffer>,
    send: Arc<TunnelBuffers>,
    /// The rest of a chunk that was larger than the reader's buffer.
    unread: Bytes,
}

/// The sending direction of a tunnel: its owner fills it, the connection empties it.
#[derive(Debug)]
pub(crate) struct TunnelBuffers {
    state: Mutex<TunnelState>,
    /// Wakes the stream.
    stream: Waker,
    /// Counts the bytes that were sent as DATA, within the client's windows.
    progress: Arc<SendProgress>,
}

#[derive(Debug, Default)]
struct TunnelState {
    accepted: bool,
    bytes: Vec<u8>,
    /// The owner will not write any more.
    closed: bool,
    /// The stream is closed.
    failed: bool,
    /// The stream is to be reset rather than wait for a window.
    aborted: bool,
    writer: Option<Waker>,
}

/// What [`TunnelBuffers::take`] returns.
pub(crate) enum TunnelOutput {
    /// Nothing to send at present.
    Pending,
    Bytes(Vec<u8>),
    /// Everything was sent and the owner has closed the tunnel.
    End,
}

impl TunnelBuffers {
    pub(crate) fn new(stream: Waker) -> Self {
        Self { state: Mutex::default(), stream, progress: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, TunnelState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.lock().accepted
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.lock().aborted
    }

    /// Takes the bytes to send, and wakes a writer that waits for space.
    pub(crate) fn take(&self) -> TunnelOutput {
        let (bytes, writer) = {
            let state = &mut *self.lock();
            if state.bytes.is_empty() {
                return if state.closed { TunnelOutput::End } else { TunnelOutput::Pending };
            }
            (std::mem::take(&mut state.bytes), state.writer.take())
        };
        if let Some(writer) = writer {
            writer.wake();
        }
        TunnelOutput::Bytes(bytes)
    }

    /// Closes the tunnel because its stream is closed.
    pub(crate) fn fail(&self) {
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

    /// Counts bytes that were sent.
    pub(crate) fn add_sent(&self, bytes: usize) {
        self.progress.add_sent(bytes);
    }

    fn close(&self) {
        self.lock().closed = true;
        self.stream.wake_by_ref();
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.recv.discard();
        self.send.close();
    }
}

impl Tunnel {
    /// Reads at most `max` bytes from the client. Returns empty `Bytes` once the client has ended the stream.
    ///
    /// # Errors
    ///
    /// `ConnectionReset` when the stream was reset or its connection closed.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, max: usize) -> Poll<io::Result<Bytes>> {
        while self.unread.is_empty() {
            match ready!(self.recv.poll_frame(cx)) {
                // Trailers have no meaning in a tunnel.
                Some(Ok(frame)) => self.unread = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, error))),
                None => return Poll::Ready(Ok(Bytes::new())),
            }
        }
        let read = self.unread.split_to(self.unread.len().min(max));
        if self.unread.is_empty() {
            // An emptied `Bytes` would keep its memory.
            self.unread = Bytes::new();
        }
        Poll::Ready(Ok(read))
    }

    /// Accepts bytes to send, as many as the buffer of 16 KiB has space for, and returns their number. Pending while the
    /// buffer is full.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after [`close`](Self::close), or when the stream is closed.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        {
            let state = &mut *self.send.lock();
            if state.failed || state.closed {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let space = SEND_BUFFER_LIMIT.saturating_sub(state.bytes.len());
            if space == 0 {
                state.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            let fits = space.min(bytes.len());
            let was_empty = state.bytes.is_empty();
            state.bytes.extend_from_slice(&bytes[..fits]);
            if !was_empty {
                return Poll::Ready(Ok(fits));
            }
        }
        self.send.stream.wake_by_ref();
        Poll::Ready(Ok(bytes.len().min(SEND_BUFFER_LIMIT)))
    }

    /// Returns the counts of the tunnel's bytes. Those that the client's windows have admitted are counted as sent here;
    /// the writer counts those that were put.
    pub fn progress(&self) -> &Arc<SendProgress> {
        &self.send.progress
    }

    /// Returns whether the stream is open, so that written bytes can still be sent.
    pub fn is_open(&self) -> bool {
        !self.send.lock().failed
    }

    /// Closes the sending direction: END_STREAM follows what was written. Once it is sent the stream is closed, and reading
    /// fails unless the client had ended its direction before.
    pub fn close(&mut self) {
        self.send.close();
    }
}
