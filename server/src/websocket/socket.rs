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
    Outgoing, Settings,
    frames::{Message, Opcode, Reader, Text, Violation},
    wire::Wire,
};
use crate::{http2::TunnelHandle, listener::ConnectionHandle};

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A text message, whole whatever its fragments.
    Text(Text),
    /// A binary message.
    Binary(Bytes),
    /// Bytes after which nothing more can be read. The other direction still works.
    Violation(Violation),
}

/// An open WebSocket.
pub(crate) struct Socket {
    pub(super) link: Link,
    pub(super) settings: Settings,
    pub(super) by: Option<Carried>,
}

/// What carries a socket and nothing else, to be ended when its client does not read.
pub(super) enum Carried {
    /// A TCP connection.
    Connection(ConnectionHandle),
    /// A stream of an HTTP/2 connection.
    Tunnel(TunnelHandle),
}

impl Socket {
    pub(super) fn new(wire: impl Wire + 'static, settings: Settings, by: Option<Carried>) -> Self {
        let reader = Reader::new(settings.max_message);
        let shared =
            Shared { reader, answer: None, heard: Instant::now(), fresh: false, ended: false, violated: false, wire };
        Self { link: Link(Arc::new(Mutex::new(shared))), settings, by }
    }

    /// What comes in. To be polled by the task that carries the socket, and once only.
    pub(crate) fn incoming(&self) -> Incoming {
        Incoming(self.link.clone())
    }
}

/// What the protocol itself has to say. The latest stands for all: a flood of pings costs no memory.
enum Answer {
    /// To a ping.
    Pong(Bytes),
    /// To a close. Nothing may follow.
    Close(Bytes),
}

struct Shared<W: ?Sized> {
    reader: Reader,
    answer: Option<Answer>,
    heard: Instant,
    /// Something has come in since `heard`.
    fresh: bool,
    /// Nothing more can be read.
    ended: bool,
    /// It ended by a violation: who reads has been told, and has the last word.
    violated: bool,
    wire: W,
}

impl<W: Wire + ?Sized> Shared<W> {
    /// The next message; `None` when nothing more can be read.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Violation>>> {
        while !self.ended {
            let message = match self.reader.next() {
                Ok(None) => match ready!(self.wire.poll_chunk(cx)) {
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
    fn give(&mut self, out: &mut Outgoing) -> bool {
        if let Some(Answer::Pong(payload)) = &self.answer {
            out.control(Opcode::Pong, payload);
            self.answer = None;
        }
        let any = !out.bytes().is_empty();
        if any {
            self.wire.put(out.bytes());
        }
        any
    }
}

/// How things stand after a turn of writing.
pub(super) struct Turn {
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
pub(super) struct Link(Arc<Mutex<Shared<dyn Wire>>>);

impl Link {
    fn lock(&self) -> MutexGuard<'_, Shared<dyn Wire + 'static>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes `out` until there is room for more.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>, out: &mut Outgoing) -> Poll<io::Result<()>> {
        let shared = &mut *self.lock();
        ready!(shared.wire.poll_room(cx))?;
        shared.give(out);
        shared.wire.poll_room(cx)
    }

    /// Ends a turn: writes `out` and a pong, unless there is no room for it. `unflushed`: something was written before.
    pub(super) fn turn(&self, cx: &mut Context<'_>, out: Option<&mut Outgoing>, unflushed: bool) -> Turn {
        let shared = &mut *self.lock();
        let flushed = match out {
            None => Poll::Pending,
            Some(out) => {
                let given = shared.give(out);
                if given || unflushed { shared.wire.poll_flush(cx) } else { Poll::Ready(Ok(())) }
            }
        };
        let now = Instant::now();
        if mem::take(&mut shared.fresh) {
            shared.heard = now;
        }
        // Asked for only then: it takes a lock.
        let moved = flushed.is_pending() && shared.wire.take_moved();
        Turn { flushed, moved, now, heard: shared.heard, ended: shared.ended && !shared.violated }
    }

    /// Writes all there is and nothing else. Ready when it is sent whatever becomes of the socket.
    pub(super) fn poll_sent(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().wire.poll_sent(cx)
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
        while let Ok(chunk) = ready!(shared.wire.poll_chunk(cx)) {
            if chunk.is_empty() {
                break;
            }
        }
        Poll::Ready(())
    }
}

/// What comes in. Ends when the socket is closed or lost, or after a violation.
pub(crate) struct Incoming(Link);

impl Stream for Incoming {
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
