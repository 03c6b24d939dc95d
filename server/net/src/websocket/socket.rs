//! An open WebSocket, read and written by one task.

use std::{
    io, mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Instant;
use wigwag_http2::TunnelHandle;
use wigwag_poll::SendProgress;

use super::{
    FrameWriter, SocketConfig,
    frames::{Message, Opcode, Reader, Text, Violation},
    stream::ByteStream,
};
use crate::listener::{ConnectionHandle, ListenerStats, wake_after_events};

/// An item of the [`MessageStream`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A text message, with all of its fragments.
    Text(Text),
    /// A binary message, with all of its fragments.
    Binary(Bytes),
    /// The client violated the protocol: nothing more can be read, but messages can still be written. The close frame has
    /// the code of the violation, and the reason that the source returns.
    Violation(Violation),
}

/// An open WebSocket.
pub struct Socket {
    pub(super) socket: SharedSocket,
    pub(super) settings: SocketConfig,
    pub(super) abort_target: Option<AbortTarget>,
    pub(super) stats: Arc<ListenerStats>,
}

/// What to abort when the client does not read: a connection or stream that carries this socket only.
pub(super) enum AbortTarget {
    /// A TCP connection.
    Connection(ConnectionHandle),
    /// A stream of an HTTP/2 connection.
    Tunnel(TunnelHandle),
}

impl Socket {
    pub(super) fn new(
        stream: impl ByteStream + 'static,
        settings: SocketConfig,
        abort_target: Option<AbortTarget>,
        stats: Arc<ListenerStats>,
    ) -> Self {
        let reader = Reader::new(settings.max_message);
        let shared = SocketState {
            reader,
            pending_control: None,
            last_received: Instant::now(),
            received: false,
            ended: false,
            received_close: false,
            violation: None,
            reads: 0,
            stream,
        };
        Self { socket: SharedSocket(Arc::new(Mutex::new(shared))), settings, abort_target, stats }
    }

    /// Returns the received messages. To be called once, and polled by the task that runs [`pump`](Self::pump).
    pub fn incoming(&self) -> MessageStream {
        MessageStream(self.socket.clone())
    }
}

/// A control frame to be sent in answer to one of the client. Only the latest is kept, so a flood of pings uses no
/// memory.
enum PendingControl {
    /// Answers a ping.
    Pong(Bytes),
    /// Answers a close frame. No frame may follow.
    Close(Bytes),
}

struct SocketState<W: ?Sized> {
    reader: Reader,
    pending_control: Option<PendingControl>,
    last_received: Instant,
    /// Input was received since `last_received`, which is updated once per flush.
    received: bool,
    /// Nothing more can be read.
    ended: bool,
    /// The client has sent a close frame.
    received_close: bool,
    /// How it ended, if with a violation, which the reader has received too.
    violation: Option<Violation>,
    /// Chunks read since the last flush.
    reads: usize,
    stream: W,
}

/// Chunks read per poll before the task yields to others, and to the system's events: at most 128 KiB of input.
const MAX_READS_PER_POLL: usize = 8;

impl<W: ByteStream + ?Sized> SocketState<W> {
    /// Returns the next message; `None` when nothing more can be read.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Violation>>> {
        while !self.ended {
            let message = match self.reader.next() {
                Ok(None) if self.reads == MAX_READS_PER_POLL => {
                    wake_after_events(cx);
                    return Poll::Pending;
                }
                Ok(None) => match ready!(self.stream.poll_chunk(cx)) {
                    Ok(chunk) if !chunk.is_empty() => {
                        // Parts of a long message count as well, because no pong can arrive within a frame.
                        self.received = true;
                        self.reads += 1;
                        self.reader.feed(chunk);
                        continue;
                    }
                    Ok(_) | Err(_) => break,
                },
                Ok(Some(message)) => Ok(message),
                Err(violation) => Err(violation),
            };
            // Pongs of a rate-limited client may wait after messages that are not read yet.
            self.received = true;
            self.violation = message.as_ref().err().copied();
            self.received_close |= matches!(message, Ok(Message::Close(_)));
            self.ended = self.violation.is_some() || self.received_close;
            return Poll::Ready(Some(message));
        }
        self.ended = true;
        Poll::Ready(None)
    }

    /// Puts `out` and a pending pong to the stream. Returns whether there were any bytes.
    fn put_pending(&mut self, out: &mut FrameWriter) -> bool {
        if let Some(PendingControl::Pong(payload)) = &self.pending_control {
            out.control(Opcode::Pong, payload);
            self.pending_control = None;
        }
        let any = !out.bytes().is_empty();
        if any {
            self.stream.put(out.bytes());
        }
        any
    }
}

/// The state of a socket after [`SharedSocket::flush`].
pub(super) struct FlushState {
    /// Ready when all is written.
    pub(super) flushed: Poll<io::Result<()>>,
    /// Some bytes were written since the last flush that could not write all.
    pub(super) write_progress: bool,
    pub(super) now: Instant,
    /// When input was last received.
    pub(super) last_received: Instant,
    /// Nothing more can be read, and not because of a violation.
    pub(super) ended: bool,
}

/// Both directions of a socket. They are polled by one task, so the lock is never contended: it allows the message
/// source, which is polled by the pump, to read from the same socket.
#[derive(Clone)]
pub(super) struct SharedSocket(Arc<Mutex<SocketState<dyn ByteStream>>>);

impl SharedSocket {
    fn lock(&self) -> MutexGuard<'_, SocketState<dyn ByteStream + 'static>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the counts of the bytes that were put, and of those that were sent.
    pub(super) fn progress(&self) -> Arc<SendProgress> {
        self.lock().stream.progress()
    }

    /// Ready when more can be written. Puts `out` to the stream.
    pub(super) fn poll_write_ready(&self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<io::Result<()>> {
        let shared = &mut *self.lock();
        ready!(shared.stream.poll_write_ready(cx))?;
        shared.put_pending(out);
        shared.stream.poll_write_ready(cx)
    }

    /// Flushes the socket: writes `out` and a pending pong. `out` is `None` if writing is blocked; `unflushed` says
    /// whether earlier bytes may not be flushed yet.
    pub(super) fn flush(&self, cx: &mut Context<'_>, out: Option<&mut FrameWriter>, unflushed: bool) -> FlushState {
        let shared = &mut *self.lock();
        let flushed = match out {
            None => Poll::Pending,
            Some(out) => {
                let given = shared.put_pending(out);
                if given || unflushed { shared.stream.poll_flush(cx) } else { Poll::Ready(Ok(())) }
            }
        };
        shared.reads = 0;
        let now = Instant::now();
        if mem::take(&mut shared.received) {
            shared.last_received = now;
        }
        // Only if pending, because it takes a lock.
        let write_progress = flushed.is_pending() && shared.stream.take_write_progress();
        FlushState {
            flushed,
            write_progress,
            now,
            last_received: shared.last_received,
            ended: shared.ended && shared.violation.is_none(),
        }
    }

    /// Ready when all bytes are sent even if the socket is dropped.
    pub(super) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().stream.poll_sent(cx)
    }

    /// Takes the payload of the client's close frame, if there was one that is not answered yet.
    pub(super) fn take_close(&self) -> Option<Bytes> {
        match self.lock().pending_control.take() {
            Some(PendingControl::Close(payload)) => Some(payload),
            Some(PendingControl::Pong(_)) | None => None,
        }
    }

    /// Returns how the client has violated the protocol, if it has.
    pub(super) fn violation(&self) -> Option<Violation> {
        self.lock().violation
    }

    /// Reads and discards input: closing a socket with unread input makes the kernel send a reset, which could overtake
    /// the close frame. Ready when the peer has closed.
    pub(super) fn poll_discard(&self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = &mut *self.lock();
        shared.reads = 0;
        while let Some(message) = ready!(shared.poll_message(cx)) {
            if let Ok(Message::Close(_)) = message {
                return Poll::Ready(());
            }
        }
        while let Ok(chunk) = ready!(shared.stream.poll_chunk(cx)) {
            if chunk.is_empty() {
                break;
            }
        }
        Poll::Ready(())
    }
}

/// The received messages of a socket. Ends when the socket is closed or lost, or after a violation.
pub struct MessageStream(SharedSocket);

impl MessageStream {
    /// Returns whether the client has sent a close frame: it left, rather than losing its connection.
    pub fn received_close(&self) -> bool {
        self.0.lock().received_close
    }
}

impl Stream for MessageStream {
    type Item = Received;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        let shared = &mut *self.0.lock();
        loop {
            let received = match ready!(shared.poll_message(cx)) {
                Some(Ok(Message::Text(text))) => Received::Text(text),
                Some(Ok(Message::Binary(bytes))) => Received::Binary(bytes),
                // Copied, because it may wait and must not keep the read buffer alive.
                Some(Ok(Message::Ping(payload))) => {
                    shared.pending_control = Some(PendingControl::Pong(Bytes::copy_from_slice(&payload)));
                    continue;
                }
                Some(Ok(Message::Pong(_))) => continue,
                Some(Ok(Message::Close(payload))) => {
                    shared.pending_control = Some(PendingControl::Close(Bytes::copy_from_slice(&payload)));
                    return Poll::Ready(None);
                }
                Some(Err(violation)) => Received::Violation(violation),
                None => return Poll::Ready(None),
            };
            return Poll::Ready(Some(received));
        }
    }
}
