//! The byte stream of one connection, and the means to watch and cut it from outside.
//!
//! What the system has is taken in one go, and what is to go out is given to it in one piece, by the [`WriteBatcher`]: a system
//! call costs as much as copying tens of kilobytes, and the libraries above read into buffers that are kept small for the
//! sake of memory.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use atomic_waker::AtomicWaker;
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::Transport;
use super::read_buffer::{READ_SIZE, poll_read_buffer};
use super::write_batch::{Flush, WriteBatcher};

/// What the task of a connection, its requests and its byte stream share.
#[derive(Debug, Default)]
pub(super) struct ConnectionFlags {
    heard: AtomicBool,
    dispatched: AtomicBool,
    cut: AtomicBool,
    discard: AtomicBool,
    // Two wakers: an upgraded connection may be read in one task and written in another.
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl ConnectionFlags {
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

/// A transport on its [`ConnectionFlags`].
pub struct ConnectionIo<I: Transport> {
    shared: Arc<SharedIo<I>>,
    flags: Arc<ConnectionFlags>,
    batcher: WriteBatcher,
    /// What was read and did not fit into the reader's buffer. Mostly nothing.
    ahead: Bytes,
    // Dropped with the byte stream, also when an upgrade has carried it elsewhere: the connection's task waits for it.
    _open: oneshot::Sender<Infallible>,
}

/// The transport and what is to be written to it, shared with the outbox.
struct SharedIo<I> {
    state: Mutex<IoState<I>>,
    /// Who waits until there is room again.
    writer: AtomicWaker,
}

struct IoState<I> {
    io: I,
    /// Up to a [`READ_SIZE`]. Holds no memory while it is empty.
    out: Vec<u8>,
    /// It is in the outbox.
    enqueued: bool,
    /// Writes what is there as the other end takes it. Nothing more is taken until it is done.
    drain: Option<AbortHandle>,
    failed: Option<ErrorKind>,
    /// Something was taken by the system since this was last asked for.
    moved: bool,
}

impl<I: Transport> SharedIo<I> {
    fn lock(&self) -> MutexGuard<'_, IoState<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The other end must read before more can be written: waits for it beside the connection, which may have nothing
    /// more to write and would not come back to this.
    fn drain(self: Arc<Self>, state: &mut IoState<I>) {
        let drained = poll_fn(move |cx| {
            {
                let state = &mut *self.lock();
                ready!(state.poll_out(cx));
                state.drain = None;
            }
            self.writer.wake();
            Poll::Ready(())
        });
        state.drain = Some(tokio::spawn(drained).abort_handle());
    }
}

impl<I: Transport> Flush for SharedIo<I> {
    fn send(self: Arc<Self>) {
        let shared = self.clone();
        let state = &mut *self.lock();
        state.enqueued = false;
        if state.drain.is_none() && !state.write_out() {
            shared.drain(state);
        }
    }
}

impl<I: Transport> IoState<I> {
    /// Takes the beginning of `bufs`, as much as there is room for.
    fn take(&mut self, bufs: &[IoSlice<'_>]) -> usize {
        let before = self.out.len();
        for buf in bufs {
            let fits = buf.len().min(READ_SIZE.saturating_sub(self.out.len()));
            self.out.extend_from_slice(&buf[..fits]);
        }
        self.out.len() - before
    }

    /// Writes what can be written at once. `true` when nothing is left.
    fn write_out(&mut self) -> bool {
        if !self.out.is_empty() {
            let written = self.io.try_write(&self.out);
            self.written(written);
        }
        self.out.is_empty()
    }

    /// Writes all there is, or finds out that it never will.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.out));
            self.written(if matches!(written, Ok(0)) { Err(ErrorKind::WriteZero.into()) } else { written });
        }
        Poll::Ready(())
    }

    fn written(&mut self, result: io::Result<usize>) {
        self.moved |= matches!(result, Ok(1..));
        match result {
            Ok(all) if all == self.out.len() => self.out = Vec::new(),
            Ok(part) => drop(self.out.drain(..part)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => {
                self.failed = Some(error.kind());
                self.out = Vec::new();
            }
        }
    }
}

impl<I: Transport> ConnectionIo<I> {
    pub(super) fn new(
        io: I,
        flags: Arc<ConnectionFlags>,
        batcher: WriteBatcher,
        open: oneshot::Sender<Infallible>,
    ) -> Self {
        let state = IoState { io, out: Vec::new(), enqueued: false, drain: None, failed: None, moved: false };
        let shared = Arc::new(SharedIo { state: Mutex::new(state), writer: AtomicWaker::new() });
        Self { shared, flags, batcher, ahead: Bytes::new(), _open: open }
    }

    /// Reads as much as there is, up to a gulp; what does not fit is kept for the next read.
    fn poll_gulp(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let state = &mut *self.shared.lock();
        if buf.remaining() >= READ_SIZE {
            return Pin::new(&mut state.io).poll_read(cx, buf);
        }
        let gulp = ready!(poll_read_buffer(&mut state.io, cx))?;
        let (now, ahead) = gulp.split_at(gulp.len().min(buf.remaining()));
        buf.put_slice(now);
        if !ahead.is_empty() {
            self.ahead = Bytes::copy_from_slice(ahead);
        }
        Poll::Ready(Ok(()))
    }

    /// What has come, up to a gulp, without a buffer of the reader's own. Nothing at the end. To be dropped soon: it
    /// holds memory that is shared with all that comes in on this thread.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<BytesMut>> {
        self.flags.check()?;
        if !self.ahead.is_empty() {
            return Poll::Ready(Ok(std::mem::take(&mut self.ahead).into()));
        }
        let chunk = {
            let state = &mut *self.shared.lock();
            poll_read_buffer(&mut state.io, cx)
        };
        if chunk.is_pending() {
            self.flags.reader.register(cx.waker());
            self.flags.check()?;
        }
        let chunk = ready!(chunk)?;
        if !chunk.is_empty() && !self.flags.heard() {
            self.flags.heard.store(true, SeqCst);
        }
        Poll::Ready(Ok(chunk))
    }

    /// Gives back what was read too early: it is read again, before anything else.
    pub(super) fn unread(&mut self, bytes: Bytes) {
        // Nothing may still hold the memory it was read into.
        if bytes.is_empty() {
            return;
        }
        self.ahead = if self.ahead.is_empty() { bytes } else { [bytes, self.ahead.clone()].concat().into() };
    }

    /// Ready when there is room for more: when the other end takes what was sent before.
    pub fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flags.check()?;
        let full = {
            let state = &mut *self.shared.lock();
            let full = if state.drain.is_some() {
                self.shared.writer.register(cx.waker());
                true
            } else if !I::TRIES {
                state.poll_out(cx).is_pending()
            } else if state.out.len() >= READ_SIZE && !state.write_out() && state.out.len() >= READ_SIZE {
                self.shared.writer.register(cx.waker());
                self.shared.clone().drain(state);
                true
            } else {
                false
            };
            if let Some(error) = state.failed {
                return Poll::Ready(Err(error.into()));
            }
            full
        };
        if full {
            self.flags.writer.register(cx.waker());
            // A cut between the check and the registration woke nobody.
            self.flags.check()?;
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }

    /// Ready when the system has all that was taken.
    pub fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(cx, |state, cx| {
            ready!(state.poll_out(cx));
            Poll::Ready(state.failed.map_or(Ok(()), |error| Err(error.into())))
        })
    }

    /// Whether the system has taken anything since the last call.
    pub fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.shared.lock().moved)
    }

    /// Takes all of `bytes`, to be sent when the others on this thread have had their turn. To be called when there is
    /// room. A transport that cannot be tried sends them as [`poll_room`](Self::poll_room) is called again.
    pub fn put(&mut self, bytes: &mut Vec<u8>) {
        let post = {
            let state = &mut *self.shared.lock();
            if state.out.is_empty() {
                std::mem::swap(&mut state.out, bytes);
            } else {
                state.out.append(bytes);
                *bytes = Vec::new();
            }
            let idle = I::TRIES && !state.out.is_empty() && state.drain.is_none();
            idle && !std::mem::replace(&mut state.enqueued, true)
        };
        if post {
            self.batcher.enqueue(self.shared.clone());
        }
    }

    /// Runs what writes, once what was taken before is out of its way.
    fn write_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut IoState<I>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.flags.check()?;
        let result = {
            let state = &mut *self.shared.lock();
            match state.failed {
                Some(error) => return Poll::Ready(Err(error.into())),
                None if state.drain.is_some() => {
                    self.shared.writer.register(cx.waker());
                    Poll::Pending
                }
                None => {
                    let result = write(state, cx);
                    if result.is_pending() {
                        // A parcel may yet find that it must wait, and then it is who waits for the system.
                        self.shared.writer.register(cx.waker());
                    }
                    result
                }
            }
        };
        if result.is_pending() {
            self.flags.writer.register(cx.waker());
            // A cut between the check and the registration woke nobody.
            self.flags.check()?;
        }
        result
    }

    fn poll_put(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let (shared, mut post) = (self.shared.clone(), false);
        let result = self.write_with(cx, |state, cx| {
            if !I::TRIES {
                return Pin::new(&mut state.io).poll_write_vectored(cx, bufs);
            }
            if state.out.len() >= READ_SIZE && !state.write_out() && state.out.len() >= READ_SIZE {
                shared.writer.register(cx.waker());
                shared.clone().drain(state);
                return Poll::Pending;
            }
            if let Some(error) = state.failed {
                return Poll::Ready(Err(error.into()));
            }
            let taken = state.take(bufs);
            post = taken > 0 && !std::mem::replace(&mut state.enqueued, true);
            Poll::Ready(Ok(taken))
        });
        if post {
            self.batcher.enqueue(shared);
        }
        result
    }
}

impl<I: Transport> Drop for ConnectionIo<I> {
    fn drop(&mut self) {
        let state = &mut *self.shared.lock();
        if self.flags.discard.load(SeqCst) {
            state.io.discard_unsent();
        } else if state.drain.is_none() {
            state.write_out();
        }
        state.out = Vec::new();
        if let Some(drain) = state.drain.take() {
            drain.abort();
        }
    }
}

impl<I: Transport> AsyncRead for ConnectionIo<I> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.flags.check()?;
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
        let result = self.poll_gulp(cx, buf);
        if result.is_pending() {
            self.flags.reader.register(cx.waker());
            self.flags.check()?;
        }
        ready!(result)?;
        if buf.filled().len() > before && !self.flags.heard() {
            self.flags.heard.store(true, SeqCst);
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: Transport> AsyncWrite for ConnectionIo<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_put(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_put(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(cx, |state, cx| {
            // What was taken is on its way.
            if I::TRIES { Poll::Ready(Ok(())) } else { Pin::new(&mut state.io).poll_flush(cx) }
        })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write_with(cx, |state, cx| {
            ready!(state.poll_out(cx));
            match state.failed {
                Some(error) => Poll::Ready(Err(error.into())),
                None => Pin::new(&mut state.io).poll_shutdown(cx),
            }
        })
    }
}

#[cfg(test)]
mod tests;
