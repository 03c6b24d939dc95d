//! An open WebSocket, read and written by one task.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use futures_util::Sink;
use tokio::{
    io::{AsyncRead, ReadBuf},
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, Utf8Bytes},
};

use super::Settings;
use crate::listener::{ByteStream, ConnectionHandle};

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A text message, whole whatever its fragments.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
    /// Bytes after which nothing more can be read. The other direction still works.
    Violation(Violation),
}

/// How a client breaks RFC 6455, or our limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A message, or the length a frame announces, is over the limit.
    TooLong,
    /// A text message is not UTF-8.
    NotUtf8,
    /// Anything else: a reserved bit, a missing mask, a wrong fragment.
    Protocol,
}

/// An open WebSocket.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(super) link: Link,
    pub(super) settings: Settings,
    /// The TCP connection, when it carries nothing else.
    pub(super) connection: Option<ConnectionHandle>,
}

impl Socket {
    pub(super) fn new(stream: Upstream, settings: Settings, connection: Option<ConnectionHandle>) -> Self {
        let shared = Shared { stream, heard: Instant::now(), fresh: false, ended: false };
        Self { link: Link(Arc::new(Mutex::new(shared))), settings, connection }
    }

    /// What comes in. To be polled by the task that carries the socket, and once only.
    pub(crate) fn incoming(&self) -> Incoming {
        Incoming(self.link.clone())
    }
}

pub(super) type Upstream = WebSocketStream<ByteStream>;

#[derive(Debug)]
struct Shared {
    stream: Upstream,
    heard: Instant,
    /// Something has come in since `heard`.
    fresh: bool,
    /// Nothing more can be read.
    ended: bool,
}

/// Both directions in one place. They belong to one task, so the lock is never contended; it stands in for the split
/// that a socket with a single state cannot have.
#[derive(Clone, Debug)]
pub(super) struct Link(Arc<Mutex<Shared>>);

impl Link {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When something came in last. The clock is read here, once for all that came together.
    pub(super) fn heard(&self) -> Instant {
        let shared = &mut *self.lock();
        if std::mem::take(&mut shared.fresh) {
            shared.heard = Instant::now();
        }
        shared.heard
    }

    /// Whether nothing more can be read.
    pub(super) fn ended(&self) -> bool {
        self.lock().ended
    }

    /// Writes out what waits until there is room for a message.
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.lock().stream).poll_ready(cx)
    }

    /// Queues a message. To be called when there is room.
    pub(super) fn feed(&self, message: Message) -> Result<(), Error> {
        Pin::new(&mut self.lock().stream).start_send(message)
    }

    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.lock().stream).poll_flush(cx)
    }

    /// Reads and throws away, so that the system does not answer unread bytes with a reset that would overtake the
    /// close frame. Ready when the other end has closed.
    pub(super) fn poll_discard(&self, cx: &mut Context<'_>) -> Poll<()> {
        let shared = &mut *self.lock();
        while !shared.ended {
            shared.ended = match ready!(Pin::new(&mut shared.stream).poll_next(cx)) {
                None => return Poll::Ready(()),
                Some(Ok(_)) => false,
                Some(Err(_)) => true,
            };
        }
        let mut buffer = [0; 1024];
        loop {
            let mut read = ReadBuf::new(&mut buffer);
            let result = ready!(Pin::new(shared.stream.get_mut()).poll_read(cx, &mut read));
            if result.is_err() || read.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

/// What comes in. Ends when the socket is closed or lost, or after a violation.
#[derive(Debug)]
pub(crate) struct Incoming(Link);

impl Stream for Incoming {
    type Item = Received;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Received>> {
        let shared = &mut *self.0.lock();
        while !shared.ended {
            let message = ready!(Pin::new(&mut shared.stream).poll_next(cx));
            shared.fresh = true;
            let received = match message {
                Some(Ok(Message::Text(text))) => Received::Text(text),
                Some(Ok(Message::Binary(bytes))) => Received::Binary(bytes),
                // The socket answers pings and closes by itself, the next time it is read.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => {
                    shared.ended = true;
                    match violation(&error) {
                        Some(violation) => Received::Violation(violation),
                        None => break,
                    }
                }
                None => break,
            };
            return Poll::Ready(Some(received));
        }
        shared.ended = true;
        Poll::Ready(None)
    }
}

/// `None`: the connection is gone.
fn violation(error: &Error) -> Option<Violation> {
    use tokio_tungstenite::tungstenite::error::ProtocolError::{ResetWithoutClosingHandshake, SendAfterClosing};
    match error {
        Error::Capacity(_) => Some(Violation::TooLong),
        Error::Utf8(_) => Some(Violation::NotUtf8),
        Error::Protocol(ResetWithoutClosingHandshake | SendAfterClosing) => None,
        Error::Protocol(_) => Some(Violation::Protocol),
        _ => None,
    }
}
