//! Engine.IO sessions, the transports below Socket.IO, and how the server ends them.
//!
//! socketioxide can only disconnect a client from a namespace, which tells the client not to reconnect. When its
//! transport ends instead, the client reconnects by itself. A WebSocket ends with its stream; long polling ends when a
//! poll is answered with the packet "close".

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use socketioxide::socket::Sid;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// How long a client that reads slowly may take to receive what was written before its transport ended.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The transports that can be ended, by the id of their session. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Transports {
    // A plain mutex: held for one map operation, never across an await.
    by_sid: Arc<Mutex<HashMap<Sid, Weak<TransportEnd>>>>,
}

impl Transports {
    /// Returns the end of a session's transport. A WebSocket that replaces polling may request it before the session
    /// has connected to its namespace, or after.
    pub(super) fn of(&self, sid: Sid) -> Arc<TransportEnd> {
        let mut by_sid = self.lock();
        if let Some(end) = by_sid.get(&sid).and_then(Weak::upgrade) {
            return end;
        }
        let end = Arc::new(TransportEnd {
            token: CancellationToken::new(),
            entry: Some((self.clone(), sid)),
            posting: AtomicBool::new(false),
        });
        by_sid.insert(sid, Arc::downgrade(&end));
        end
    }

    /// Returns the end of a session's transport, if something holds it.
    pub(super) fn get(&self, sid: Sid) -> Option<Arc<TransportEnd>> {
        self.lock().get(&sid).and_then(Weak::upgrade)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Sid, Weak<TransportEnd>>> {
        self.by_sid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends one transport. It is registered as long as somebody holds it.
#[derive(Debug, Default)]
pub(super) struct TransportEnd {
    token: CancellationToken,
    entry: Option<(Transports, Sid)>,
    /// Whether a POST is being received.
    posting: AtomicBool,
}

impl TransportEnd {
    /// Ends the transport, after what is written already.
    pub(super) fn end(&self) {
        self.token.cancel();
    }

    /// Begins to receive a POST. `None` while another one is received.
    pub(super) fn begin_post(&self) -> Option<Posting<'_>> {
        (!self.posting.swap(true, Ordering::AcqRel)).then_some(Posting(self))
    }

    /// Waits until the transport is to end.
    pub(super) async fn ended(&self) {
        self.token.cancelled().await;
    }
}

/// A POST that is being received.
pub(super) struct Posting<'a>(&'a TransportEnd);

impl Drop for Posting<'_> {
    fn drop(&mut self) {
        self.0.posting.store(false, Ordering::Release);
    }
}

impl Drop for TransportEnd {
    fn drop(&mut self) {
        let Some((transports, sid)) = &self.entry else { return };
        let mut by_sid = transports.lock();
        // Another one may have been registered since the last holder of this one let go of it.
        if by_sid.get(sid).is_some_and(|end| end.strong_count() == 0) {
            by_sid.remove(sid);
        }
    }
}

/// The query of a request of Engine.IO.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EngineQuery {
    pub(super) websocket: bool,
    /// The session, unless the request opens one.
    pub(super) sid: Option<Sid>,
}

impl EngineQuery {
    /// Reads a query as socketioxide does. `None` if it is not valid for version 4, so that socketioxide refuses it.
    pub(super) fn read(query: &str) -> Option<Self> {
        let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let websocket = match value("transport")? {
            "websocket" => true,
            "polling" => false,
            _ => return None,
        };
        let sid = value("sid").map(str::parse).transpose().ok()?;
        (value("EIO")? == "4").then_some(Self { websocket, sid })
    }
}

/// A stream under a WebSocket that ends with its [`TransportEnd`].
pub(super) struct EndableStream<S> {
    stream: S,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    writes: Writes,
    _registered: Arc<TransportEnd>,
}

/// Whether writing goes on. Reading and writing are polled by different tasks, so each waits for the end itself.
enum Writes {
    Open(Pin<Box<WaitForCancellationFutureOwned>>),
    Ending(Pin<Box<Sleep>>),
}

impl<S> EndableStream<S> {
    pub(super) fn new(stream: S, end: Arc<TransportEnd>) -> Self {
        let ended = || Box::pin(end.token.clone().cancelled_owned());
        Self { stream, ended: ended(), writes: Writes::Open(ended()), _registered: end }
    }

    /// Makes an error of a write that is still blocked some time after the end.
    fn unless_too_late<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            return written;
        }
        if let Writes::Open(ended) = &mut self.writes {
            ready!(ended.as_mut().poll(cx));
            self.writes = Writes::Ending(Box::pin(sleep(CLOSE_TIMEOUT)));
        }
        if let Writes::Ending(deadline) = &mut self.writes {
            ready!(deadline.as_mut().poll(cx));
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for EndableStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.ended.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for EndableStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.unless_too_late(cx, written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.unless_too_late(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shut_down = Pin::new(&mut this.stream).poll_shutdown(cx);
        this.unless_too_late(cx, shut_down)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn a_transport_is_registered_while_it_is_held() {
        let transports = Transports::default();
        let sid = Sid::new();
        assert!(transports.get(sid).is_none());
        let (first, second) = (transports.of(sid), transports.of(sid));
        first.end();
        second.ended().await;
        drop((first, second));
        assert!(transports.get(sid).is_none() && transports.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_ends_and_a_blocked_write_is_given_up() {
        let end = Arc::new(TransportEnd::default());
        let (near, mut far) = duplex(4);
        let mut near = EndableStream::new(near, end.clone());
        near.write_all(b"abcd").await.expect("written");
        end.end();
        assert_eq!(near.read(&mut [0; 8]).await.expect("the end"), 0);
        let mut read = [0; 4];
        far.read_exact(&mut read).await.expect("read");
        near.write_all(b"efgh").await.expect("written after the end");
        assert_eq!(near.write_all(b"x").await.expect_err("is given up").kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn only_valid_queries_are_read() {
        let sid = Sid::new();
        let read = EngineQuery::read(&format!("EIO=4&transport=polling&sid={sid}&t=1"));
        assert_eq!(read, Some(EngineQuery { websocket: false, sid: Some(sid) }));
        let read = EngineQuery::read("EIO=4&transport=websocket");
        assert_eq!(read, Some(EngineQuery { websocket: true, sid: None }));
        for invalid in [
            "",
            "EIO=3&transport=websocket",
            "transport=websocket",
            "EIO=4&transport=x",
            "EIO=4&transport=websocket&sid=x",
        ] {
            assert_eq!(EngineQuery::read(invalid), None, "{invalid}");
        }
    }
}
