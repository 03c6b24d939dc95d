//! The byte stream of one connection, and the means to watch and cut it from outside.
//!
//! What the system has is taken in one go, and what is to go out is given to it in one piece: a system call costs as much
//! as copying tens of kilobytes, and the libraries above read into buffers that are kept small for the sake of memory.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, ready};

use atomic_waker::AtomicWaker;
use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use super::Transport;

/// What the task of a connection, its requests and its byte stream share.
#[derive(Debug, Default)]
pub(super) struct Link {
    heard: AtomicBool,
    dispatched: AtomicBool,
    cut: AtomicBool,
    discard: AtomicBool,
    // Two wakers: an upgraded connection may be read in one task and written in another.
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Link {
    /// Whether a byte has come in.
    pub(super) fn heard(&self) -> bool {
        self.heard.load(SeqCst)
    }

    /// Whether a request has reached the service.
    pub(super) fn dispatched(&self) -> bool {
        self.dispatched.load(SeqCst)
    }

    pub(super) fn set_dispatched(&self) {
        // Read first: this runs for every request, and a shared line that is only read stays in every core's cache.
        if !self.dispatched() {
            self.dispatched.store(true, SeqCst);
        }
    }

    /// Makes every read and write fail from now on, wherever the byte stream is. `discard` throws unsent bytes away.
    pub(super) fn cut(&self, discard: bool) {
        self.discard.fetch_or(discard, SeqCst);
        self.cut.store(true, SeqCst);
        self.reader.wake();
        self.writer.wake();
    }

    fn check(&self) -> io::Result<()> {
        if self.cut.load(SeqCst) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

/// Bytes that are read or written in one go.
const GULP: usize = 16 * 1024;

thread_local! {
    /// What is read or written passes through here. One for each thread: it is never in use across two polls.
    static SCRATCH: RefCell<[u8; GULP]> = const { RefCell::new([0; GULP]) };
}

/// A transport on its [`Link`].
pub(super) struct LinkedIo<I: Transport> {
    io: I,
    link: Arc<Link>,
    /// What was read and did not fit into the reader's buffer. Mostly nothing.
    ahead: Bytes,
    // Dropped with the byte stream, also when an upgrade has carried it elsewhere: the connection's task waits for it.
    _open: oneshot::Sender<Infallible>,
}

impl<I: Transport> LinkedIo<I> {
    pub(super) fn new(io: I, link: Arc<Link>, open: oneshot::Sender<Infallible>) -> Self {
        Self { io, link, ahead: Bytes::new(), _open: open }
    }

    /// Reads as much as there is, up to a gulp; what does not fit is kept for the next read.
    fn read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buf.remaining() >= GULP {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let mut gulp = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut gulp))?;
            let (now, ahead) = gulp.filled().split_at(gulp.filled().len().min(buf.remaining()));
            buf.put_slice(now);
            if !ahead.is_empty() {
                self.ahead = Bytes::copy_from_slice(ahead);
            }
            Poll::Ready(Ok(()))
        })
    }

    fn write_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut I>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.link.check()?;
        let result = write(Pin::new(&mut self.io), cx);
        if result.is_pending() {
            self.link.writer.register(cx.waker());
            // A cut between the check and the registration woke nobody.
            self.link.check()?;
        }
        result
    }
}

impl<I: Transport> Drop for LinkedIo<I> {
    fn drop(&mut self) {
        if self.link.discard.load(SeqCst) {
            self.io.discard_unsent();
        }
    }
}

impl<I: Transport> AsyncRead for LinkedIo<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.link.check()?;
        if !self.ahead.is_empty() {
            let fits = self.ahead.len().min(buf.remaining());
            buf.put_slice(&self.ahead[..fits]);
            // Without this branch an emptied `Bytes` would hold its memory.
            if fits == self.ahead.len() {
                self.ahead = Bytes::new();
            } else {
                self.ahead.advance(fits);
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let result = self.read(cx, buf);
        if result.is_pending() {
            self.link.reader.register(cx.waker());
            self.link.check()?;
        }
        ready!(result)?;
        if buf.filled().len() > before && !self.link.heard() {
            self.link.heard.store(true, SeqCst);
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: Transport> AsyncWrite for LinkedIo<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write_with(cx, |io, cx| io.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let len: usize = bufs.iter().map(|buf| buf.len()).sum();
        if len > GULP {
            return self.write_with(cx, |io, cx| io.poll_write_vectored(cx, bufs));
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let mut at = 0;
            for buf in bufs {
                scratch[at..at + buf.len()].copy_from_slice(buf);
                at += buf.len();
            }
            self.write_with(cx, |io, cx| io.poll_write(cx, &scratch[..at]))
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(cx, |io, cx| io.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(cx, |io, cx| io.poll_shutdown(cx))
    }
}
