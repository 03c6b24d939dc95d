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

use super::{
    FrameWriter, SocketConfig,
    frames::{Message, Opcode, Reader, Text, Violation},
    stream::ByteStream,
};
use wigwag_http2::TunnelHandle;

use crate::listener::ConnectionHandle;

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A text message, whole whatever its fragments.
    Text(Text),
    /// A binary message.
    Binary(Bytes),
    /// Bytes after which nothing more can be read. The other direction still works.
    Violation(Violation),
}

/// An open WebSocket.
pub struct Socket {
    pub(super) socket: SharedSocket,
    pub(super) settings: SocketConfig,
    pub(super) by: Option<AbortTarget>,
}

/// What carries a socket and nothing else, to be ended when its client does not read.
pub(super) enum AbortTarget {
    /// A TCP connection.
    Connection(ConnectionHandle),
    /// A stream of an HTTP/2 connection.
    Tunnel(TunnelHandle),
}

impl Socket {
    pub(super) fn new(stream: impl ByteStream + 'static, settings: SocketConfig, by: Option<AbortTarget>) -> Self {
        let reader = Reader::new(settings.max_message);
        let shared = SocketState {
            reader,
            answer: None,
            heard: Instant::now(),
            fresh: false,
            ended: false,
            violated: false,
            stream,
        };
        Self { socket: SharedSocket(Arc::new(Mutex::new(shared))), settings, by }
    }

    /// What comes in. To be polled by the task that carries the socket, and once only.
    pub fn incoming(&self) -> MessageStream {
        MessageStream(self.socket.clone())
    }
}

/// What the protocol itself has to say. The latest stands for all: a flood of pings costs no memory.
enum Answer {
    /// To a ping.
    Pong(Bytes),
    /// To a close. Nothing may follow.
    Close(Bytes),
}

struct SocketState<W: ?Sized> {
    reader: Reader,
    answer: Option<Answer>,
    heard: Instant,
    /// Something has come in since `heard`.
    fresh: bool,
    /// Nothing more can be read.
    ended: bool,
    /// It ended by a violation: who reads has been told, and has the last word.
    violated: bool,
    stream: W,
}

impl<W: ByteStream + ?Sized> SocketState<W> {
    /// The next message; `None` when nothing more can be read.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Violation>>> {
        while !self.ended {
            let message = match self.reader.next() {
                Ok(None) => match ready!(self.stream.poll_chunk(cx)) {
                    Ok(chunk) if !chunk.is_empty() => {
                        // Of a long message, too: no pong can come in the middle of a frame.
                        self.fresh = true;
                        self.reader.feed(chunk);
                        continue;
                    }
                    Ok(_) | Err(_) => break,
                },
                Ok(Some(message)) => Ok(message),
                Err(violation) => Err(violation),
            };
            // A client that is held to its pace has pongs behind what is not read yet.
            self.fresh = true;
            self.violated = message.is_err();
            self.ended = self.violated || matches!(message, Ok(Message::Close(_)));
            return Poll::Ready(Some(message));
        }
        self.ended = true;
        Poll::Ready(None)
    }

    /// Gives the wire what there is to write. `true` when there was something.
    fn give(&mut self, out: &mut FrameWriter) -> bool {
        if let Some(Answer::Pong(payload)) = &self.answer {
            out.control(Opcode::Pong, payload);
            self.answer = None;
        }
        let any = !out.bytes().is_empty();
        if any {
            self.stream.put(out.bytes());
        }
        any
    }
}

/// How things stand after a turn of writing.
pub(super) struct FlushState {
    /// Ready: all is written.
    pub(super) flushed: Poll<io::Result<()>>,
    /// Something was, since a turn that could not write all.
    pub(super) moved: bool,
    pub(super) now: Instant,
    /// When something came in last.
    pub(super) heard: Instant,
    /// Nothing more can be read, and nobody is to have a last word about it.
    pub(super) ended: bool,
}

/// Both directions in one place. They belong to one task, so the lock is never contended: it lets what is read be polled
/// from inside of what is written.
#[derive(Clone)]
pub(super) struct SharedSocket(Arc<Mutex<SocketState<dyn ByteStream>>>);

impl SharedSocket {
    fn lock(&self) -> MutexGuard<'_, SocketState<dyn ByteStream + 'static>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes `out` until there is room for more.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<io::Result<()>> {
        let shared = &mut *self.lock();
        ready!(shared.stream.poll_room(cx))?;
        shared.give(out);
        shared.stream.poll_room(cx)
    }

    /// Ends a turn: writes `out` and a pong, unless there is no room for it. `unflushed`: something was written before.
    pub(super) fn turn(&self, cx: &mut Context<'_>, out: Option<&mut FrameWriter>, unflushed: bool) -> FlushState {
        let shared = &mut *self.lock();
        let flushed = match out {
            None => Poll::Pending,
            Some(out) => {
                let given = shared.give(out);
                if given || unflushed { shared.stream.poll_flush(cx) } else { Poll::Ready(Ok(())) }
            }
        };
        let now = Instant::now();
        if mem::take(&mut shared.fresh) {
            shared.heard = now;
        }
        // Asked for only then: it takes a lock.
        let moved = flushed.is_pending() && shared.stream.take_moved();
        FlushState { flushed, moved, now, heard: shared.heard, ended: shared.ended && !shared.violated }
    }

    /// Writes all there is and nothing else. Ready when it is sent whatever becomes of the socket.
    pub(super) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().stream.poll_sent(cx)
    }

    /// The payload of the client's close, if there was one that is not answered yet.
    pub(super) fn take_close(&self) -> Option<Bytes> {
        match self.lock().answer.take() {
            Some(Answer::Close(payload)) => Some(payload),
            Some(Answer::Pong(_)) | None => None,
        }
    }

    /// Reads and throws away, so that the system does not answer unread bytes with a reset that would overtake the
    /// close frame. Ready when the other end has closed.
    pub(super) fn poll_discard(&self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = &mut *self.lock();
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

/// What comes in. Ends when the socket is closed or lost, or after a violation.
pub struct MessageStream(SharedSocket);

impl Stream for MessageStream {
    type Item = Received;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        let shared = &mut *self.0.lock();
        loop {
            let received = match ready!(shared.poll_message(cx)) {
                Some(Ok(Message::Text(text))) => Received::Text(text),
                Some(Ok(Message::Binary(bytes))) => Received::Binary(bytes),
                // Copied: it may wait, and must not hold what it was read into.
                Some(Ok(Message::Ping(payload))) => {
                    shared.answer = Some(Answer::Pong(Bytes::copy_from_slice(&payload)));
                    continue;
                }
                Some(Ok(Message::Pong(_))) => continue,
                Some(Ok(Message::Close(payload))) => {
                    shared.answer = Some(Answer::Close(Bytes::copy_from_slice(&payload)));
                    return Poll::Ready(None);
                }
                Some(Err(violation)) => Received::Violation(violation),
                None => return Poll::Ready(None),
            };
            return Poll::Ready(Some(received));
        }
    }
}
